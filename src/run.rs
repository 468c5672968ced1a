//! `quorate run`: one scenario file, one seed, its protocols side by side.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use sim::outcome::Outcome;
use sim::plan::Plan;
use sim::trace::{TRACE_VERSION, TraceHeader};

use crate::engine::{self, Protocol, Run, RunOptions, Scenario};
use crate::exit::{self, Exit, Failure};
use crate::render::Rerun;
use crate::render::run::Report;
use crate::render::units;
use crate::terminal::Terminal;
use crate::{bug, seeds, select};

/// Runs a scenario file under its protocols and prints what each made of it, side by side
///
/// Example: quorate run scenarios/leader-crash.toml --protocol raft --seed 7 --trace leader-crash.jsonl
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// The scenario file
    file: PathBuf,
    /// Only these of the file's protocols
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// The seed, in decimal
    #[arg(long, value_name = "N", default_value = "0", value_parser = seeds::seed)]
    seed: u64,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Write the trace to this file; with several protocols, one file each, its name before the extension
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Encode and decode every message and record on its way; the fingerprint is the same
    #[arg(long)]
    codec: bool,
    /// Leave out this rule: see `quorate rules`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    without: Vec<String>,
    /// Set a key of the file, lists by number: network.loss=0.1, fault.0.at=3s
    #[arg(long, value_name = "KEY=VALUE", value_parser = select::key_and_value)]
    set: Vec<(String, String)>,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table.
    Human,
    /// One JSON document with the version of its schema.
    Json,
}

/// Runs it.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    select::known_rules(&arguments.without)?;
    let scenario =
        select::scenarios(std::slice::from_ref(&arguments.file), &arguments.set, terminal)?.remove(0);
    let protocols = select::protocols(&scenario, &arguments.protocol);
    if protocols.is_empty() {
        return Err(Failure::nothing(format!("{} is for none of the chosen protocols", scenario.file)));
    }
    let plan = scenario.plan(arguments.seed, &arguments.without);
    let rerun =
        Rerun { file: scenario.file.clone(), without: arguments.without.clone(), set: arguments.set.clone() };
    let options =
        RunOptions { codec: arguments.codec, tracing: arguments.trace.is_some(), ..RunOptions::default() };
    let (runs, bugs) = all(&protocols, &plan, &options, &rerun)?;
    if let Some(path) = &arguments.trace {
        write_traces(path, protocols.len(), &plan, &runs, terminal)?;
    }
    let exit = print(&scenario, &plan, &rerun, runs, arguments.format, terminal)?;
    for said in &bugs {
        terminal.error(said);
    }
    Ok(if bugs.is_empty() { exit } else { Exit::Bug })
}

/// Runs the plan under every protocol, in parallel: the runs in order, and the reports of those that panicked.
fn all(
    protocols: &[Protocol],
    plan: &Plan,
    options: &RunOptions,
    rerun: &Rerun,
) -> Result<(Vec<Run>, Vec<String>), Failure> {
    let one = |protocol: &Protocol| bug::catch(|| engine::run(*protocol, plan, options));
    let results: Vec<_> = protocols.par_iter().map(one).collect();
    let (mut runs, mut bugs) = (Vec::new(), Vec::new());
    for (protocol, result) in protocols.iter().zip(results) {
        match result {
            Ok(Ok(run)) => runs.push(run),
            Ok(Err(refused)) => {
                return Err(Failure::usage(format!("{}: {}: {refused}", rerun.file, protocol.name())));
            }
            Err(said) => bugs.push(bug::report(&said, &rerun.line(protocol.name(), plan.seed))),
        }
    }
    Ok((runs, bugs))
}

/// Prints the report; nothing if no run came to an end.
fn print(
    scenario: &Scenario,
    plan: &Plan,
    rerun: &Rerun,
    runs: Vec<Run>,
    format: Format,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let outcomes: Vec<Outcome> = runs.into_iter().map(|run| run.outcome).collect();
    if outcomes.is_empty() {
        return Ok(Exit::Bug);
    }
    let report = Report {
        title: scenario.title(),
        nodes: plan.nodes,
        seed: plan.seed,
        without: &plan.without,
        rerun,
        outcomes: &outcomes,
    };
    match format {
        Format::Human => terminal.emit(&report.human())?,
        Format::Json => terminal.emit(&report.json())?,
    };
    for fault in report.untouched() {
        terminal.error(&format!("{}: {}", rerun.file, crate::render::run::untouched_sentence(fault)));
    }
    Ok(report.exit())
}

/// Writes one file a run.
fn write_traces(
    path: &Path,
    protocols: usize,
    plan: &Plan,
    runs: &[Run],
    terminal: &Terminal,
) -> Result<(), Failure> {
    for run in runs {
        let protocol = run.outcome.protocol;
        let path = if protocols == 1 { path.to_path_buf() } else { beside(path, protocol) };
        write_trace(&path, plan, run)
            .map_err(|error| Failure::usage(format!("{}: cannot be written: {error}", path.display())))?;
        let events = units::of(run.trace.len() as u64, "event", "events");
        terminal.note(&format!("trace: {} ({events})", path.display()));
    }
    Ok(())
}

fn write_trace(path: &Path, plan: &Plan, run: &Run) -> std::io::Result<()> {
    let header = TraceHeader {
        quorate_trace: TRACE_VERSION,
        title: plan.title.clone(),
        protocol: run.outcome.protocol.to_string(),
        nodes: plan.nodes,
        seed: plan.seed,
        without: plan.without.clone(),
    };
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, &header)?;
    for event in &run.trace {
        file.write_all(b"\n")?;
        serde_json::to_writer(&mut file, event)?;
    }
    file.write_all(b"\n")?;
    file.flush()
}

/// A path with the protocol's name before its extension: `out.jsonl`, `out.raft.jsonl`.
fn beside(path: &Path, protocol: &str) -> PathBuf {
    match path.extension() {
        Some(extension) => path.with_extension(format!("{protocol}.{}", extension.to_string_lossy())),
        None => path.with_extension(protocol),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_a_trace_of_its_own() {
        assert_eq!(beside(Path::new("a/out.jsonl"), "raft"), Path::new("a/out.raft.jsonl"));
        assert_eq!(beside(Path::new("a.b/out"), "zab"), Path::new("a.b/out.zab"));
    }
}
