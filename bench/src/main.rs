//! `quorate-bench`: how fast Quorate is, beside its peers, in one run.
//!
//! ```text
//!  contestants.rs ── the list, a line each
//!      │
//!  floor · mesh_* · commit_*      one file a contestant, all given the work of workload.rs
//!      │ run() -> Measure { units, messages, cpu }
//!  harness.rs ── interleaved rounds, medians, ratios   (clock.rs: CPU time)
//!      │
//!  report.rs ── table or JSON
//! ```
//!
//! `README.md` of this folder says what each row is and what was done to be fair.

mod checking;
mod clock;
mod commit_omnipaxos;
mod commit_quorate;
mod commit_raft;
mod contestants;
mod feed;
mod floor;
mod harness;
mod idle;
mod leader_crash;
mod mesh_madsim;
mod mesh_quorate;
mod mesh_turmoil;
mod plans;
mod report;
mod workload;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::harness::{Contestant, Schedule};
use crate::report::Report;

/// Nothing was selected: the exit code that `quorate` uses for it, too.
const EXIT_NOTHING_SELECTED: u8 = 4;

/// Measures Quorate beside its peers, in units of work per CPU second.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Rounds; more of them make steadier medians [default: 15, with --quick 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: Option<u16>,
    /// Short slices and few rounds: a look, not a result
    #[arg(long)]
    quick: bool,
    /// Only contestants with NAME in their name; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Run each selected contestant once and print nothing: for a profiler
    #[arg(long)]
    once: bool,
    /// Print the names of the selected contestants and measure nothing
    #[arg(long)]
    list: bool,
}

/// How to print the result.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    Human,
    /// One JSON object.
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let contestants = select(&arguments.only);
    if contestants.is_empty() {
        eprintln!("error: no contestant has {} in its name; --list shows all", arguments.only.join(" or "));
        return ExitCode::from(EXIT_NOTHING_SELECTED);
    }
    if arguments.list {
        for contestant in &contestants {
            println!("{}", contestant.name());
        }
        return ExitCode::SUCCESS;
    }
    if arguments.once {
        for contestant in &contestants {
            contestant.run();
        }
        return ExitCode::SUCCESS;
    }
    let schedule = schedule(&arguments);
    let progress = |round| {
        if std::io::stderr().is_terminal() {
            eprintln!("round {} of {}", round + 1, schedule.rounds);
        }
    };
    let series = harness::measure(&contestants, schedule, progress);
    let report = Report::new(&contestants, &series, schedule);
    match arguments.format {
        Format::Human => print!("{}", report.to_table()),
        Format::Json => {
            println!("{}", serde_json::to_string_pretty(&report).expect("plain data"));
        }
    }
    ExitCode::SUCCESS
}

/// The contestants whose name contains one of `parts`, or all.
fn select(parts: &[String]) -> Vec<Box<dyn Contestant>> {
    let wanted = |name: String| parts.is_empty() || parts.iter().any(|part| name.contains(part));
    contestants::all().into_iter().filter(|contestant| wanted(contestant.name())).collect()
}

/// How long to measure. Many short slices rather than few long ones: what disturbs the machine then falls on all.
fn schedule(arguments: &Arguments) -> Schedule {
    let (rounds, slice_ms) = if arguments.quick { (5, 15) } else { (15, 60) };
    Schedule { rounds: arguments.rounds.map_or(rounds, usize::from), slice: Duration::from_millis(slice_ms) }
}
