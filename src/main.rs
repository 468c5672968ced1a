//! The `quorate` command: scenario files in, verdicts out.
//!
//! One file a subcommand: `run`, `sweep`, `compare`, `figures`, `trace`, `check`, `export`, `scenarios`, `rules`, `mutants`,
//! `contrast`, `completions`. Each selects its work, has `engine` do it, and hands the results to `render`, which is pure.
//! stdout carries the result only, the same bytes for the same input; everything else goes to stderr.

mod check;
mod compare;
mod completions;
mod contrast;
mod export;
mod figures;
mod mutants;
mod rules;
mod run;
mod scenarios;
mod sweep;
mod trace;

mod bug;
mod engine;
mod exit;
mod folder;
mod render;
mod seeds;
mod select;
mod tally;
mod terminal;

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

use exit::{Exit, Failure};
use terminal::Terminal;

/// Consensus protocols in one simulated world: the same accident for Multi-Paxos, Zab and Raft, side by side.
#[derive(Parser)]
#[command(name = "quorate", version, after_help = exit::CODES, propagate_version = true)]
struct Cli {
    /// When to color: results on stdout, diagnostics on stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Sweep(sweep::Arguments),
    Compare(compare::Arguments),
    Figures(figures::Arguments),
    Trace(trace::Arguments),
    Export(export::Arguments),
    Check(check::Arguments),
    Scenarios(scenarios::Arguments),
    Rules(rules::Arguments),
    Mutants(mutants::Arguments),
    Contrast(contrast::Arguments),
    Completions(completions::Arguments),
}

impl Command {
    fn execute(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        match self {
            Command::Run(arguments) => run::execute(arguments, terminal),
            Command::Sweep(arguments) => sweep::execute(arguments, terminal),
            Command::Trace(arguments) => trace::execute(arguments, terminal),
            Command::Check(arguments) => check::execute(arguments, terminal),
            Command::Export(arguments) => export::execute(arguments, terminal),
            Command::Compare(arguments) => compare::execute(arguments, terminal),
            Command::Scenarios(arguments) => scenarios::execute(arguments, terminal),
            Command::Rules(arguments) => rules::execute(arguments, terminal),
            Command::Mutants(arguments) => mutants::execute(arguments, terminal),
            Command::Contrast(arguments) => contrast::execute(arguments, terminal),
            Command::Figures(arguments) => figures::execute(arguments, terminal),
            Command::Completions(arguments) => completions::execute(arguments, terminal),
        }
    }
}

fn main() -> ExitCode {
    bug::install();
    // Help goes to stdout with code 0, usage errors go to stderr with code 2: both are clap's own manners.
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told that the stream is gone.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let terminal = Terminal::new(cli.color);
    match bug::catch(|| cli.command.execute(&terminal)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            terminal.error(&failure.message);
            failure.exit.into()
        }
        Err(said) => {
            let line: Vec<String> = std::env::args().collect();
            terminal.error(&bug::report(&said, &line.join(" ")));
            Exit::Bug.into()
        }
    }
}
