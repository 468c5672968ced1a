//! `quorate check`: histories of any system, judged by the same checker as our own runs.

mod file;
mod size;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use checker::import::Format as Written;
use checker::{Budget, Options};
use clap::{Args, ValueEnum};

use crate::exit::{self, Exit, Failure};
use crate::render::check::Report;
use crate::render::units;
use crate::run::Format;
use crate::terminal::Terminal;

pub(crate) use file::Checked;

/// Configurations that a history may cost by default: some twenty seconds in the worst case.
const CONFIGURATIONS_DEFAULT: u64 = 16 * Budget::CONFIGURATIONS_DEFAULT;

/// Judges histories: did clients see what their object promises?
///
/// Example: quorate check history.edn --model register --explain
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// The histories; - is standard input
    #[arg(required = true, value_name = "HISTORY")]
    histories: Vec<PathBuf>,
    /// What the histories are about
    #[arg(long, value_enum)]
    model: Model,
    /// What clients were promised
    #[arg(long, value_enum, default_value = "linearizable")]
    promise: Promise,
    /// How old the state may be that a read shows, for bounded-staleness, as in 2s; times of the histories are then in
    /// nanoseconds
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration, required_if_eq("promise", "bounded-staleness"))]
    bound: Option<u64>,
    /// How the histories are written: see docs/histories.md
    #[arg(long, value_enum, default_value = "auto")]
    format: Input,
    /// Configurations that all searches of a history together may visit
    #[arg(long, value_name = "N", default_value_t = CONFIGURATIONS_DEFAULT)]
    budget: u64,
    /// Give up on a history after this time, as in 10s; the result may then differ from machine to machine
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    deadline: Option<u64>,
    /// Memory that all searches of a history together may hold, as in 512MiB
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = size::parse)]
    memory: u64,
    /// Threads; by default one a core. The result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: Option<u64>,
    /// Judge every key, after a violation too
    #[arg(long)]
    all: bool,
    /// Tell which operations contradict each other
    #[arg(long)]
    explain: bool,
    /// Write a page that shows the history and what was found, to look at without a network; for one history
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Give the order that proves that a key is ok
    #[arg(long)]
    witness: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format_out: Format,
}

/// The most threads: beyond it, they only wait for each other.
const JOBS_MAX: u64 = 1_024;

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    /// Registers: read, write, compare-and-set; the same as kv
    Register,
    /// Keys: get, put, delete, compare-and-set
    Kv,
    /// Keys with texts: get, put, append
    Append,
    /// Sets: add, remove, contains, read of all elements
    Set,
    /// Queues, first in first out: enqueue, dequeue
    Queue,
    /// Locks with fencing tokens: acquire, release, expire, use
    Lock,
    /// Keys as in kv, and lists of many keys at once
    Registry,
}

impl Model {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Model::Register => "register",
            Model::Kv => "kv",
            Model::Append => "append",
            Model::Set => "set",
            Model::Queue => "queue",
            Model::Lock => "lock",
            Model::Registry => "registry",
        }
    }
}

/// What clients were promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Promise {
    /// Every operation takes effect at one instant between its call and its return
    Linearizable,
    /// Prefixes of one log, never going backward for one client, its own writes included
    Sequential,
    /// What Zab's sync followed by a local read promises
    Sync,
    /// Some prefix of one log
    Stale,
    /// Prefixes of one log, never going backward for one client
    MonotonicReads,
    /// Prefixes of one log that hold what the client has written
    ReadYourWrites,
    /// Prefixes of one log that are not older than --bound
    BoundedStaleness,
}

impl Promise {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Promise::Linearizable => "linearizable",
            Promise::Sequential => "sequential",
            Promise::Sync => "sync",
            Promise::Stale => "stale",
            Promise::MonotonicReads => "monotonic-reads",
            Promise::ReadYourWrites => "read-your-writes",
            Promise::BoundedStaleness => "bounded-staleness",
        }
    }

    /// What a history is that keeps it.
    pub(crate) fn adjective(self) -> &'static str {
        match self {
            Promise::Linearizable => "linearizable",
            Promise::Sequential => "sequential",
            Promise::Sync => "sync",
            Promise::Stale => "stale",
            Promise::MonotonicReads => "monotonic in its reads",
            Promise::ReadYourWrites => "reading its writes",
            Promise::BoundedStaleness => "of bounded staleness",
        }
    }
}

/// How a history is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Input {
    /// By its beginning
    Auto,
    /// A JSON object an operation, one a line
    Jsonl,
    /// Jepsen's history.edn
    Edn,
    /// The lines in which Jepsen logs its operations
    JepsenLog,
    /// The key-value histories with append that Porcupine hands around
    PorcupineKv,
}

impl Input {
    /// The format, if it is said.
    fn format(self) -> Option<Written> {
        match self {
            Input::Auto => None,
            Input::Jsonl => Some(Written::Jsonl),
            Input::Edn => Some(Written::Edn),
            Input::JepsenLog => Some(Written::JepsenLog),
            Input::PorcupineKv => Some(Written::PorcupineKv),
        }
    }
}

impl Arguments {
    /// What the checker may spend, from now on.
    fn options(&self) -> Options {
        Options {
            budget: Budget { configurations: self.budget },
            deadline: self.deadline.map(|nanoseconds| Instant::now() + Duration::from_nanos(nanoseconds)),
            memory: self.memory,
            threads: self.jobs.unwrap_or(0) as usize,
            first_only: !self.all,
            witness: self.witness,
            explain: self.explain || self.html.is_some(),
        }
    }
}

/// Checks.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if arguments.promise != Promise::Linearizable && !matches!(arguments.model, Model::Register | Model::Kv) {
        let promise = arguments.promise.name();
        return Err(Failure::usage(format!("the promise '{promise}' is judged for registers and keys only")));
    }
    if arguments.bound.is_some() && arguments.promise != Promise::BoundedStaleness {
        return Err(Failure::usage("--bound is for --promise bounded-staleness"));
    }
    if arguments.html.is_some() && arguments.histories.len() != 1 {
        return Err(Failure::usage("--html is for one history"));
    }
    let started = Instant::now();
    let files = file::read_all(arguments, terminal)?;
    let loaded = started.elapsed();
    let checked: Vec<_> = files.iter().map(|file| file.judge(arguments)).collect();
    let took = started.elapsed();
    let report = Report { model: arguments.model, promise: arguments.promise, checked: &checked };
    match arguments.format_out {
        Format::Human => terminal.emit(&report.human(arguments.explain))?,
        Format::Json => terminal.emit(&report.json(arguments.explain))?,
    };
    if let (Some(path), Some(page)) = (&arguments.html, checked.iter().find_map(|one| one.page.as_ref())) {
        std::fs::write(path, page)
            .map_err(|error| Failure::usage(format!("{}: cannot be written: {error}", path.display())))?;
        terminal.note(&format!("page: {}", path.display()));
    }
    let nanoseconds = |time: Duration| units::duration(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    terminal.note(&format!("read in {}, judged in {}", nanoseconds(loaded), nanoseconds(took - loaded)));
    Ok(report.exit())
}
