//! A log for ShiViz (Beschastnikh et al., *Debugging distributed systems*, CACM 2016): every event with its vector
//! clock. The first line is the expression by which ShiViz takes an event apart, the second, which separates
//! executions, is empty: the page takes a file like this as it is.

use std::fmt::Write;

use super::causality::{Process, clocks};
use super::{Excerpt, on_one_line, seconds, shortened};

/// The most events: ShiViz counts lines anew for every event, and draws all of them.
pub const EVENTS_MAX: usize = 3_000;

/// The first line.
pub const EXPRESSION: &str = r"(?<host>\S+) (?<clock>\{[^}]*\}) (?<time>\S+) (?<kind>\S+) (?<event>.*)";

/// Letters of an event's text.
const LETTERS_MAX: usize = 160;

/// The log of an excerpt of at most [`EVENTS_MAX`] events. An excerpt of none is an error there: ShiViz wants one.
pub fn log(excerpt: &Excerpt<'_>) -> String {
    let mut log = format!("{EXPRESSION}\n\n");
    let mut told = excerpt.notice();
    for (event, clock) in excerpt.events.iter().zip(clocks(excerpt.events)) {
        let own: Vec<String> = clock.iter().map(|(process, time)| format!("\"{process}\":{time}")).collect();
        let rule = if event.rule.is_empty() { String::new() } else { format!(" [{}]", event.rule) };
        let text = shortened(&on_one_line(&event.text), LETTERS_MAX);
        let notice = told.take().map(|notice| format!("({notice}) ")).unwrap_or_default();
        writeln!(
            log,
            "{} {{{}}} {} {} {notice}{text}{rule}",
            Process::of(event),
            own.join(","),
            seconds(event.time),
            kind(event.kind),
        )
        .expect("a string takes everything");
    }
    log
}

/// The kind of an event as trace files write it.
fn kind(kind: sim::trace::TraceKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("a kind is written as a word"),
    }
}
