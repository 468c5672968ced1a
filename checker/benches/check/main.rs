//! How fast histories are judged: tables of times, beside Porcupine's where they are known.
//!
//! `cargo bench -p checker` prints everything; `cargo bench -p checker -- NAME` only the rows whose name
//! contains NAME.

/// How fast this machine is just now.
mod calibration;
/// The files that Porcupine redistributes.
mod files;
/// Generated histories.
mod generated;
/// Timing.
mod timing;

fn main() {
    // Cargo passes `--bench`; what does not begin with a dash is a filter.
    let wanted: Option<String> = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| name.contains(wanted));
    let scale = calibration::scale();
    files::print(scale, &is_wanted);
    generated::print(&is_wanted);
}
