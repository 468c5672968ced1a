//! `quorate sweep`: scenario files over a range of seeds, on every core.
//!
//! The work is one list of units, file by file and seed by seed; a unit is one plan under all chosen protocols. Units
//! are run in chunks, whose glances are added to the tallies in order: the result does not depend on the number of
//! jobs, and memory not on the number of seeds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;
use sim::plan::Plan;

use crate::engine::{self, Protocol, RunOptions, Scenario};
use crate::exit::{self, Exit, Failure};
use crate::render::sweep::Report;
use crate::render::units;
use crate::run::Format;
use crate::seeds::Seeds;
use crate::tally::{Glance, Tally};
use crate::terminal::Terminal;
use crate::{bug, select};

/// Units between two additions to the tallies: enough to keep all jobs busy, few enough to hold in memory.
const CHUNK_UNITS: u64 = 1_024;
/// Of so many seeds, one is run twice under `--check-determinism`.
const SEEDS_PER_REPEAT: u64 = 20;
/// The most jobs: beyond it, threads only wait for each other.
const JOBS_MAX: u64 = 1_024;

/// Runs scenario files over a range of seeds and reports the lowest failing one
///
/// Example: quorate sweep scenarios --seeds 0..1000 --jobs 8
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The seeds: A..B without B, or A..=B with it
    #[arg(long, value_name = "A..B")]
    seeds: Seeds,
    /// How many runs at once; by default one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: Option<u64>,
    /// Only these of the files' protocols
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Leave out this rule: see `quorate rules`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    without: Vec<String>,
    /// Set a key of every file, lists by number: network.loss=0.1, fault.0.at=3s
    #[arg(long, value_name = "KEY=VALUE", value_parser = select::key_and_value)]
    set: Vec<(String, String)>,
    /// Run one seed in 20 twice and compare the fingerprints
    #[arg(long)]
    check_determinism: bool,
}

/// Sweeps.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    select::known_rules(&arguments.without)?;
    let sweep = Sweep::new(arguments, terminal)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.unwrap_or(0) as usize)
        .build()
        .map_err(|error| Failure::usage(format!("the jobs cannot be started: {error}")))?;
    let started = Instant::now();
    let tallies = pool.install(|| sweep.tallies())?;
    let mutants = sweep.mutants();
    let report = Report {
        seeds: arguments.seeds,
        without: &arguments.without,
        set: &arguments.set,
        mutants: &mutants,
        tallies: &tallies,
    };
    match arguments.format {
        Format::Human => terminal.emit(&report.human())?,
        Format::Json => terminal.emit(&report.json())?,
    };
    terminal.note(&rates(&tallies, started.elapsed()));
    for (file, what) in report.untouched() {
        terminal.error(&format!("{file}: the fault '{what}' touched nothing in any run"));
    }
    Ok(report.exit())
}

/// The work of a sweep.
struct Sweep {
    /// The files, each with its chosen protocols, at least one.
    scenarios: Vec<(Scenario, Vec<Protocol>)>,
    seeds: Seeds,
    without: Vec<String>,
    check_determinism: bool,
}

impl Sweep {
    /// Selects the work.
    fn new(arguments: &Arguments, terminal: &Terminal) -> Result<Sweep, Failure> {
        let files = select::files(&arguments.files)?;
        let mut scenarios = Vec::new();
        for scenario in select::scenarios(&files, &arguments.set, terminal)? {
            let protocols = select::protocols(&scenario, &arguments.protocol);
            if protocols.is_empty() {
                terminal.note(&format!("{}: is for none of the chosen protocols, left out", scenario.file));
            } else {
                scenarios.push((scenario, protocols));
            }
        }
        if scenarios.is_empty() {
            return Err(Failure::nothing("no scenario is left to run"));
        }
        if arguments.seeds.count == 0 {
            return Err(Failure::nothing("the range holds no seed"));
        }
        if arguments.seeds.count.checked_mul(scenarios.len() as u64).is_none() {
            return Err(Failure::usage("files times seeds is more than can be counted"));
        }
        let (without, check_determinism) = (arguments.without.clone(), arguments.check_determinism);
        Ok(Sweep { scenarios, seeds: arguments.seeds, without, check_determinism })
    }

    /// The files that leave out rules themselves.
    fn mutants(&self) -> Vec<(String, Vec<String>)> {
        let scenarios = self.scenarios.iter().map(|(scenario, _)| scenario);
        let mutants = scenarios.filter(|scenario| !scenario.without().is_empty());
        mutants.map(|scenario| (scenario.file.clone(), scenario.without().to_vec())).collect()
    }

    /// How many units there are.
    fn units(&self) -> u64 {
        self.seeds.count * self.scenarios.len() as u64
    }

    /// Runs everything, chunk by chunk.
    fn tallies(&self) -> Result<Vec<Tally>, Failure> {
        let mut tallies: Vec<Vec<Tally>> = self.scenarios.iter().map(|(file, of)| empty(file, of)).collect();
        let bar = bar(self.units());
        let mut from = 0;
        while from < self.units() {
            let to = self.units().min(from + CHUNK_UNITS);
            let glances: Vec<_> = (from..to)
                .into_par_iter()
                .map(|unit| {
                    let glances = self.unit(unit);
                    bar.inc(1);
                    glances
                })
                .collect();
            for (unit, glances) in (from..to).zip(glances) {
                let (file, seed) = self.place(unit);
                for (tally, glance) in tallies[file].iter_mut().zip(glances?) {
                    tally.add(seed, glance);
                }
            }
            from = to;
        }
        bar.finish_and_clear();
        Ok(tallies.into_iter().flatten().collect())
    }

    /// The file and the seed of a unit.
    fn place(&self, unit: u64) -> (usize, u64) {
        ((unit / self.seeds.count) as usize, self.seeds.at(unit % self.seeds.count))
    }

    /// One plan under all chosen protocols of its file.
    fn unit(&self, unit: u64) -> Result<Vec<Glance>, Failure> {
        let (file, seed) = self.place(unit);
        let (scenario, protocols) = &self.scenarios[file];
        let twice = self.check_determinism && (unit % self.seeds.count).is_multiple_of(SEEDS_PER_REPEAT);
        let plan = match bug::catch(|| scenario.plan(seed, &self.without)) {
            Ok(plan) => plan,
            Err(said) => return Ok(protocols.iter().map(|_| Glance::Bug(said.clone())).collect()),
        };
        let one = |protocol: &Protocol| {
            bug::catch(|| glance(*protocol, &plan, twice))
                .unwrap_or_else(|said| Ok(Glance::Bug(said)))
                .map_err(|refused| {
                    Failure::usage(format!("{}: {}: {refused}", scenario.file, protocol.name()))
                })
        };
        protocols.iter().map(one).collect()
    }
}

/// Runs a plan once, or twice and compares.
fn glance(protocol: Protocol, plan: &Plan, twice: bool) -> Result<Glance, String> {
    let options = RunOptions::default();
    let first = engine::run(protocol, plan, &options)?.outcome;
    let glance = Glance::of(&first);
    if !twice {
        return Ok(glance);
    }
    let again = engine::run(protocol, plan, &options)?.outcome;
    Ok(glance.compared(&first, &again))
}

/// Empty tallies of a file.
fn empty(scenario: &Scenario, protocols: &[Protocol]) -> Vec<Tally> {
    protocols.iter().map(|protocol| Tally::new(&scenario.file, protocol.name())).collect()
}

/// A bar on stderr; nothing if that is no terminal.
fn bar(units: u64) -> ProgressBar {
    // indicatif hides the bar itself when stderr is no terminal.
    let bar = ProgressBar::with_draw_target(Some(units), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len}, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// How fast it went.
fn rates(tallies: &[Tally], took: Duration) -> String {
    let runs: u64 = tallies.iter().map(|tally| tally.seeds + tally.repeated).sum();
    let events: u64 = tallies.iter().map(|tally| tally.events).sum();
    let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
    let rate = |number: u64| (u128::from(number) * 1_000_000_000 / u128::from(nanoseconds)) as u64;
    format!(
        "{} in {}: {} runs/s, {} events/s",
        units::of(runs, "run", "runs"),
        units::duration(nanoseconds),
        units::count(rate(runs)),
        units::rough(rate(events))
    )
}
