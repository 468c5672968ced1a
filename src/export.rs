//! `quorate export`: a run or a trace for another tool.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use reports::export::{Excerpt, dot, edn, history, jsonl, mermaid, perfetto, shiviz};
use sim::plan::Plan;
use sim::trace::{TRACE_VERSION, TraceEvent, TraceHeader};

use crate::engine::{self, Protocol, Run, RunOptions};
use crate::exit::{self, Exit, Failure};
use crate::render::units;
use crate::terminal::{Terminal, written};
use crate::{seeds, select};

/// Writes a run for another tool: JSON lines, Jepsen, ShiViz, Perfetto, Mermaid, Graphviz, or a page of its history
///
/// Example: quorate export scenarios/leader-crash.toml --protocol raft --seed 7 --to perfetto --out run.json
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// A scenario file, or a trace that `quorate run --trace` wrote
    file: PathBuf,
    /// For which tool; docs/exports.md says how to open each
    #[arg(long, value_enum)]
    to: Format,
    /// The protocol, if the scenario has several
    #[arg(long, value_name = "P", value_parser = engine::protocol)]
    protocol: Option<Protocol>,
    /// The seed, in decimal
    #[arg(long, value_name = "N", value_parser = seeds::seed)]
    seed: Option<u64>,
    /// Leave out this rule: see `quorate rules`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    without: Vec<String>,
    /// Set a key of the file, lists by number: network.loss=0.1, fault.0.at=3s
    #[arg(long, value_name = "KEY=VALUE", value_parser = select::key_and_value)]
    set: Vec<(String, String)>,
    /// Write to this file, not to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only events at or after this time, as in 2.5s or 300ms
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    from: Option<u64>,
    /// Only events before or at this time
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    to_time: Option<u64>,
}

/// For which tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The trace itself, a JSON object a line
    Jsonl,
    /// Jepsen's history.edn; `quorate check --model kv` reads it back
    Edn,
    /// A log with vector clocks for ShiViz
    Shiviz,
    /// Chrome's trace events for ui.perfetto.dev
    Perfetto,
    /// A Mermaid sequence diagram
    Mermaid,
    /// Happens-before for Graphviz
    Dot,
    /// An offline page of what clients saw
    History,
}

impl Format {
    /// Whether it is made from what clients saw, which a trace does not hold.
    fn is_of_history(self) -> bool {
        matches!(self, Format::Edn | Format::History)
    }

    /// The most events that it takes.
    fn events_max(self) -> usize {
        match self {
            Format::Jsonl | Format::Edn | Format::History => usize::MAX,
            Format::Shiviz => shiviz::EVENTS_MAX,
            Format::Perfetto => perfetto::EVENTS_MAX,
            Format::Mermaid => mermaid::EVENTS_MAX,
            Format::Dot => dot::EVENTS_MAX,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Exports it.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let is_scenario = arguments.file.extension().is_some_and(|extension| extension == "toml");
    let text = if is_scenario { of_scenario(arguments, terminal)? } else { of_trace(arguments, terminal)? };
    match &arguments.out {
        None => written(io::stdout().lock().write_all(text.as_bytes()))?,
        Some(path) => {
            let unwritable =
                |error| Failure::usage(format!("{}: cannot be written: {error}", path.display()));
            let mut file = BufWriter::new(File::create(path).map_err(unwritable)?);
            file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(unwritable)?;
            terminal.note(&format!("{}: {} ({})", arguments.to.name(), path.display(), bytes(text.len())));
            return Ok(Exit::Held);
        }
    };
    Ok(Exit::Held)
}

fn bytes(count: usize) -> String {
    units::of(count as u64, "byte", "bytes")
}

/// Runs the scenario first.
fn of_scenario(arguments: &Arguments, terminal: &Terminal) -> Result<String, Failure> {
    select::known_rules(&arguments.without)?;
    let scenario =
        select::scenarios(std::slice::from_ref(&arguments.file), &arguments.set, terminal)?.remove(0);
    let protocol = match (arguments.protocol, scenario.protocols()) {
        (Some(wanted), all) if all.contains(&wanted) => wanted,
        (Some(wanted), _) => {
            return Err(Failure::nothing(format!("{} is not for {}", scenario.file, wanted.name())));
        }
        (None, [only]) => *only,
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|protocol| protocol.name()).collect();
            return Err(Failure::usage(format!(
                "{} is for {}: choose one with --protocol",
                scenario.file,
                names.join(", ")
            )));
        }
    };
    let plan = scenario.plan(arguments.seed.unwrap_or(0), &arguments.without);
    let is_of_history = arguments.to.is_of_history();
    let options = RunOptions { tracing: !is_of_history, measuring: is_of_history, ..RunOptions::default() };
    let run = engine::run(protocol, &plan, &options)
        .map_err(|refused| Failure::usage(format!("{}: {}: {refused}", scenario.file, protocol.name())))?;
    if is_of_history {
        return of_history(arguments, &plan, &run);
    }
    let header = TraceHeader {
        quorate_trace: TRACE_VERSION,
        title: plan.title.clone(),
        protocol: run.outcome.protocol.to_owned(),
        nodes: plan.nodes,
        seed: plan.seed,
        without: plan.without.clone(),
    };
    of_events(arguments, &header, &run.trace, terminal)
}

/// From what clients saw.
fn of_history(arguments: &Arguments, plan: &Plan, run: &Run) -> Result<String, Failure> {
    if arguments.from.is_some() || arguments.to_time.is_some() {
        return Err(Failure::usage(format!(
            "{} is of a whole history: a part of one can be judged wrongly; leave out --from and --to-time",
            arguments.to.name()
        )));
    }
    let operations = run.history.operations().len();
    if edn::OPERATIONS_MAX < operations {
        let most = units::of(edn::OPERATIONS_MAX as u64, "operation", "operations");
        return Err(Failure::usage(format!(
            "the history has {operations} operations, more than {most}: choose a shorter run"
        )));
    }
    if arguments.to == Format::Edn {
        let measures = &run.measures;
        let gave_up = |place: usize| measures.operations[measures.of_history[place]].ended;
        return Ok(edn::events(&run.history, gave_up));
    }
    let title = format!("{} ({}, seed {})", plan.title, run.outcome.protocol, plan.seed);
    Ok(history::history_page(&title, &run.history, &run.outcome, plan.workload.reads))
}

/// Reads the trace.
fn of_trace(arguments: &Arguments, terminal: &Terminal) -> Result<String, Failure> {
    let path = &arguments.file;
    if arguments.to.is_of_history() {
        return Err(Failure::usage(format!(
            "{}: {} is made from what clients saw, which a trace does not hold; give the scenario file, with --protocol \
             and --seed",
            path.display(),
            arguments.to.name()
        )));
    }
    if arguments.protocol.is_some() || arguments.seed.is_some() || !arguments.without.is_empty() {
        return Err(Failure::usage(format!(
            "{}: a trace is of one protocol and seed already; --protocol, --seed and --without go with a scenario file",
            path.display()
        )));
    }
    let (header, events) = read(path)?;
    of_events(arguments, &header, &events, terminal)
}

fn read(path: &Path) -> Result<(TraceHeader, Vec<TraceEvent>), Failure> {
    let file = File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    jsonl::read(BufReader::new(file)).map_err(|fault| Failure::usage(format!("{}:{fault}", path.display())))
}

/// From the events of a trace.
fn of_events(
    arguments: &Arguments,
    header: &TraceHeader,
    events: &[TraceEvent],
    terminal: &Terminal,
) -> Result<String, Failure> {
    let to = arguments.to;
    let window = (arguments.from.unwrap_or(0), arguments.to_time.unwrap_or(u64::MAX));
    if to == Format::Jsonl {
        if window != (0, u64::MAX) {
            return Err(Failure::usage(
                "jsonl is the whole trace, whose events are numbered without gaps; leave out --from and --to-time",
            ));
        }
        let mut text = Vec::new();
        jsonl::write(&mut text, header, events).expect("memory takes everything");
        return Ok(String::from_utf8(text).expect("JSON is UTF-8"));
    }
    let excerpt = Excerpt::of(header, events, window, to.events_max());
    if excerpt.events.is_empty() {
        return Err(Failure::nothing("no event is selected; choose another --from and --to-time".to_owned()));
    }
    if 0 < excerpt.cut {
        terminal.note(&format!(
            "{} takes {} at most: {} are left out at the end; choose another --from and --to-time",
            to.name(),
            units::of(to.events_max() as u64, "event", "events"),
            excerpt.cut
        ));
    }
    Ok(match to {
        Format::Shiviz => shiviz::log(&excerpt),
        Format::Perfetto => perfetto::trace(&excerpt),
        Format::Mermaid => mermaid::diagram(&excerpt),
        Format::Dot => dot::graph(&excerpt),
        Format::Jsonl | Format::Edn | Format::History => unreachable!("these are made above"),
    })
}
