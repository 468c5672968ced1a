//! `quorate contrast`: the questions that teachers ask of the three protocols, each answered by a measurement.

mod rows;
mod sample;

use clap::Args;

use crate::exit::{self, Exit, Failure};
use crate::terminal::Terminal;

/// Answers the questions by which the protocols differ, each from runs, as a table in Markdown
///
/// Every number is measured: small scenarios, the same seeds for all three. docs/comparison.md is what it prints.
///
/// Example: quorate contrast --seeds 40 > docs/comparison.md
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// How many seeds for each measurement
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
}

/// Measures and prints.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.emit(&rows::page(arguments.seeds))?;
    Ok(Exit::Held)
}
