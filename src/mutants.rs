//! `quorate mutants`: the catalogue of protocols with a rule left out, hunted on every core.
//!
//! Rows, a mutant under a protocol each, are hunted in parallel and shown in the order of the catalogue: the result
//! does not depend on the number of jobs.

use std::time::Instant;

use clap::Args;
use rayon::prelude::*;
use scenarios::mutants::{Budget, Mutant, Until, hunt, mutants};

use crate::engine::{self, Protocol};
use crate::exit::{self, Exit, Failure};
use crate::render::mutants::{Report, Row};
use crate::render::units;
use crate::seeds;
use crate::terminal::Terminal;

/// The most jobs: beyond it, threads only wait for each other.
const JOBS_MAX: u64 = 1_024;
/// The most seeds of a row.
const SEEDS_MAX: u64 = 1_000_000;

/// Hunts protocols that leave out a rule, each under a scenario that makes the rule matter
///
/// A mutant is caught by a seed if a judge speaks with the rule left out and none with the rule in. The hunt for each
/// ends at the first such seed. Controls are runs that look wrong and are legal: judges must keep silent.
/// Exit code 1 says that a mutant got away, that a seed was not clean with the rule in, or that a control was not silent.
///
/// Example: quorate mutants --protocol raft R-01 R-02
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Only these protocols' mutants
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// Only these mutants
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// How many seeds each is tried on at most; by default 200, more for those listed as hard, and 50 for a control
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=SEEDS_MAX))]
    budget: Option<u64>,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value = "0", value_parser = seeds::seed)]
    first: u64,
    /// Try every seed of the budget, also after the first catch
    #[arg(long)]
    all: bool,
    /// How many hunts at once; by default one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: Option<u64>,
    /// Print the page of the docs
    #[arg(long)]
    markdown: bool,
}

impl Arguments {
    /// The mutants that are meant, each with the protocols that are.
    fn chosen<'a>(&self, mutants: &'a [Mutant]) -> Vec<(&'a Mutant, Protocol)> {
        let named = |mutant: &&Mutant| self.ids.is_empty() || self.ids.contains(&mutant.id);
        let wanted = |protocol: &Protocol| self.protocol.is_empty() || self.protocol.contains(protocol);
        let rows = |mutant: &'a Mutant| {
            let protocols = mutant.protocols.iter().copied().filter(wanted);
            protocols.map(move |protocol| (mutant, protocol))
        };
        mutants.iter().filter(named).flat_map(rows).collect()
    }

    /// The command line that prints the same.
    fn line(&self) -> String {
        let mut line = String::from("quorate mutants");
        for protocol in &self.protocol {
            line.push_str(&format!(" --protocol {}", protocol.name()));
        }
        for id in &self.ids {
            line.push_str(&format!(" {id}"));
        }
        if let Some(budget) = self.budget {
            line.push_str(&format!(" --budget {budget}"));
        }
        if self.first != 0 {
            line.push_str(&format!(" --first {}", self.first));
        }
        if self.all {
            line.push_str(" --all");
        }
        line + " --markdown"
    }
}

/// Hunts.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mutants = mutants().expect("the catalogue that is built in is right");
    let chosen = arguments.chosen(&mutants);
    if chosen.is_empty() {
        return Err(Failure::nothing("no mutant matches; `quorate mutants` hunts them all"));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.unwrap_or(0) as usize)
        .build()
        .map_err(|error| Failure::usage(format!("the jobs cannot be started: {error}")))?;
    let until = if arguments.all { Until::Spent } else { Until::Caught };
    let budget = Budget { first: arguments.first, seeds: arguments.budget, until };
    let started = Instant::now();
    let row = |&(mutant, protocol): &(_, _)| Row { mutant, protocol, hunted: hunt(mutant, protocol, budget) };
    let rows: Vec<Row> = pool.install(|| chosen.par_iter().map(row).collect());
    let report = Report { rows: &rows, line: arguments.line() };
    let text = if arguments.markdown { report.markdown() } else { report.human() };
    terminal.emit(&text)?;
    let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let runs = report.runs();
    terminal.note(&format!("{} in {}", units::of(runs, "run", "runs"), units::duration(took)));
    Ok(report.exit())
}
