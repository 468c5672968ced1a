//! The runs: all protocols under all plans, on every core, folded in order of seeds.

use std::path::PathBuf;

use rayon::prelude::*;
use reports::compare::{Comparison, Digest, Frame};
use sim::plan::Plan;

use super::Arguments;
use crate::engine::{self, Protocol, Run, RunOptions, Scenario};
use crate::exit::Failure;
use crate::render::Rerun;
use crate::seeds::Seeds;
use crate::terminal::Terminal;
use crate::{bug, select};

/// Seeds between two folds: enough to keep all jobs busy, few enough to hold in memory.
const CHUNK_SEEDS: u64 = 64;
/// More could not be drawn, and would not fit in memory: some numbers are kept of every seed.
const SEEDS_MAX: u64 = 100_000;

/// What is to be done.
pub(super) struct Work {
    pub(super) subjects: Vec<Subject>,
    pub(super) seeds: Seeds,
    pub(super) without: Vec<String>,
    pub(super) set: Vec<(String, String)>,
    files: Vec<PathBuf>,
    protocol: Vec<Protocol>,
}

/// A scenario and the protocols that it is run under.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    /// Its name in files; empty if it is the only one.
    pub(super) name: String,
    pub(super) scenario: Scenario,
    pub(super) protocols: Vec<Protocol>,
    pub(super) rerun: Rerun,
}

impl Work {
    /// Selects the work.
    pub(super) fn new(arguments: &Arguments, terminal: &Terminal) -> Result<Work, Failure> {
        let Arguments { seeds, without, set, protocol, .. } = arguments;
        let files = select::files(&arguments.files)?;
        let scenarios = select::scenarios(&files, set, terminal)?;
        let is_only = scenarios.len() == 1;
        let mut subjects = Vec::new();
        for (path, scenario) in files.into_iter().zip(scenarios) {
            let protocols = select::protocols(&scenario, protocol);
            if protocols.is_empty() {
                terminal.note(&format!("{}: is for none of the chosen protocols, left out", scenario.file));
                continue;
            }
            let name = if is_only { String::new() } else { slug(&scenario.file) };
            let rerun = Rerun { file: scenario.file.clone(), without: without.clone(), set: set.clone() };
            subjects.push(Subject { path, name, scenario, protocols, rerun });
        }
        if subjects.is_empty() {
            return Err(Failure::nothing("no scenario is left to run"));
        }
        if seeds.count == 0 {
            return Err(Failure::nothing("the range holds no seed"));
        }
        if SEEDS_MAX < seeds.count {
            return Err(Failure::usage(format!("at most {SEEDS_MAX} seeds can be compared at once")));
        }
        Ok(Work {
            subjects,
            seeds: *seeds,
            without: without.clone(),
            set: set.clone(),
            files: arguments.files.clone(),
            protocol: protocol.clone(),
        })
    }

    /// The command line that gives the same report. The folder is left open: no byte of the report depends on it.
    pub(super) fn line(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        let last = self.seeds.from + (self.seeds.count - 1);
        let mut line = format!("quorate compare {} --seeds {}..={last}", files.join(" "), self.seeds.from);
        if !self.protocol.is_empty() {
            let names: Vec<&str> = self.protocol.iter().map(|protocol| protocol.name()).collect();
            line.push_str(&format!(" --protocol {}", names.join(",")));
        }
        self.without.iter().for_each(|rule| line.push_str(&format!(" --without {rule}")));
        self.set.iter().for_each(|(key, value)| line.push_str(&format!(" --set '{key}={value}'")));
        line + " --out DIR"
    }

    /// Runs a scenario over all seeds.
    pub(super) fn compare(&self, subject: &Subject) -> Result<Comparison, Failure> {
        let options = RunOptions { measuring: true, ..RunOptions::default() };
        let plan = subject.scenario.plan(self.seeds.at(0), &self.without);
        let first = run(subject.protocols[0], &plan, &options, &subject.rerun)?;
        let frame = Frame::new(&subject.name, &plan, &first);
        let names: Vec<&str> = subject.protocols.iter().map(|protocol| protocol.name()).collect();
        let mut comparison = Comparison::new(frame, &names);
        let mut from = 0;
        while from < self.seeds.count {
            let to = self.seeds.count.min(from + CHUNK_SEEDS);
            let digest = |index: u64| {
                let plan = subject.scenario.plan(self.seeds.at(index), &self.without);
                let one = |protocol: &Protocol| {
                    let run = run(*protocol, &plan, &options, &subject.rerun)?;
                    Ok(Digest::of(comparison.frame(), &run))
                };
                subject.protocols.iter().map(one).collect::<Result<Vec<Digest>, Failure>>()
            };
            let digests: Vec<_> = (from..to).into_par_iter().map(digest).collect();
            for digests in digests {
                for (place, digest) in digests?.into_iter().enumerate() {
                    comparison.add(place, digest);
                }
            }
            from = to;
        }
        Ok(comparison)
    }
}

/// One run. A panic is reported with the line that shows it again.
pub(super) fn run(
    protocol: Protocol,
    plan: &Plan,
    options: &RunOptions,
    rerun: &Rerun,
) -> Result<Run, Failure> {
    match bug::catch(|| engine::run(protocol, plan, options)) {
        Ok(Ok(run)) => Ok(run),
        Ok(Err(refused)) => Err(Failure::usage(format!("{}: {}: {refused}", rerun.file, protocol.name()))),
        Err(said) => Err(super::bug(&said, rerun, protocol, plan.seed)),
    }
}

/// A file's name as part of another's.
fn slug(file: &str) -> String {
    let plain = file.strip_suffix(".toml").unwrap_or(file);
    let mut slug: String = plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug.trim_matches('-').to_owned()
}
