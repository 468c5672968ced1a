//! Histories as files: our own JSON lines, and the formats of other systems.
//!
//! | [`Format`] | what it is | real time |
//! |---|---|---|
//! | [`Format::Jsonl`] | an operation a line, with call and return: [`Operation`](crate::Operation) | the times |
//! | [`Format::Edn`] | Jepsen's `history.edn`: an event a map | `:time`, or the order of events |
//! | [`Format::JepsenLog`] | the lines in which Jepsen logs its operations | the order of lines |
//! | [`Format::PorcupineKv`] | the key-value histories with append that Porcupine hands around | the order of lines |
//!
//! Whatever a file holds that is not understood is a fault, with line and column; nothing is skipped but blank lines and,
//! by rule, what Jepsen's nemesis did. All faults of a file come at once ([`Faults`]).

mod append;
mod edn;
mod events;
mod faults;
mod form;
mod jepsen_log;
mod json_lines;
mod kv;
mod lock;
mod names;
mod naming;
mod queue;
mod registry;
mod set;
mod subject;

pub use faults::{FAULTS_MAX, Fault, Faults};
pub use subject::{About, Subject};

use crate::append as texts;
use crate::history::History;
use crate::kv::Kind;
use crate::object::Object;
use events::{Phase, Spoken, Word};
use faults::{Draft, Drafts};
use form::{Form, What};

/// A way to write histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object an operation, one a line.
    Jsonl,
    /// Jepsen's `history.edn`.
    Edn,
    /// Lines that Jepsen logged.
    JepsenLog,
    /// Maps with `:key`, in which every operation completes.
    PorcupineKv,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Jsonl, Format::Edn, Format::JepsenLog, Format::PorcupineKv];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Edn => "edn",
            Format::JepsenLog => "jepsen-log",
            Format::PorcupineKv => "porcupine-kv",
        }
    }

    /// What a file seems to be, by its beginning; `None` if it is like no format. A file without anything in it is
    /// taken for JSON lines.
    pub fn guess(text: &str) -> Option<Format> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let line = text.lines().next().unwrap_or_default();
        if text.is_empty() || line.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"')) {
            return Some(Format::Jsonl);
        }
        if line.starts_with("INFO") {
            return Some(Format::JepsenLog);
        }
        if line.starts_with(['{', '[', '(', '#', ';']) {
            let is_of_porcupine = line.starts_with('{') && line.contains(":key \"");
            return Some(if is_of_porcupine { Format::PorcupineKv } else { Format::Edn });
        }
        None
    }
}

/// A history, and where in its file it comes from.
#[derive(Clone, Debug)]
pub struct Loaded<K: Object> {
    /// The history.
    pub history: History<K>,
    /// For each operation, its lines.
    pub places: Vec<Span>,
    /// Events of others than clients, which were left out.
    pub skipped: usize,
}

/// The lines of an operation, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it was called.
    pub call: usize,
    /// Where it ended; the same line in JSON lines.
    pub end: Option<usize>,
}

/// An object that files can be about.
#[expect(private_bounds, reason = "how files speak of an object is nobody else's business")]
pub trait Importable: Object + Spoken {}

impl<K: Spoken> Importable for K {}

/// Reads a history of an object.
pub fn load<K: Importable>(text: &str, format: Format) -> Result<Loaded<K>, Faults> {
    let mut drafts = Drafts::default();
    let loaded = match format {
        Format::Jsonl => json_lines::load(text, &mut drafts),
        Format::Edn => events::load(text, &edn::Edn, edn::RULES, &mut drafts),
        Format::JepsenLog => events::load(text, &jepsen_log::JepsenLog, jepsen_log::RULES, &mut drafts),
        Format::PorcupineKv => events::load(text, &edn::Edn, edn::RULES_OF_PORCUPINE, &mut drafts),
    };
    drafts.settle(text, loaded, |line| advise(line, format))
}

/// What to do about a line that is in another format than its file.
fn advise(line: &str, format: Format) -> String {
    let is_edn = |format| matches!(format, Format::Edn | Format::PorcupineKv);
    match Format::guess(line) {
        Some(other) if !line.trim().is_empty() && other != format && !(is_edn(other) && is_edn(format)) => {
            format!("the line looks like {}: a file has one format", other.name())
        }
        _ => String::new(),
    }
}

/// Reads a Jepsen log of registers with compare-and-set.
pub fn jepsen_log(text: &str) -> Result<History<Kind>, Faults> {
    load(text, Format::JepsenLog).map(|loaded| loaded.history)
}

/// Reads a key-value history with append.
pub fn append_history(text: &str) -> Result<History<texts::Kind>, Faults> {
    load(text, Format::PorcupineKv).map(|loaded| loaded.history)
}

/// What to do about a function that the object does not have.
fn model_with(function: &str) -> &'static str {
    match function {
        "read" | "write" | "cas" | "get" | "put" | "delete" => "--model register or kv has it",
        "append" => "--model append has it",
        "add" | "remove" | "contains" | "contains?" => "--model set has it",
        "enqueue" | "dequeue" => "--model queue has it",
        "acquire" | "release" => "--model lock has it",
        "list" => "--model registry has it",
        _ => "",
    }
}

/// The process of an event.
fn process(form: &Form<'_>) -> Result<u64, Draft> {
    let process = match form.what {
        What::Integer(process) => u64::try_from(process).ok(),
        _ => None,
    };
    process.ok_or_else(|| {
        Draft::new(
            form.span.clone(),
            format!("{} is no process", form.name()),
            "a number from 0 on, or :nemesis",
        )
    })
}

/// The type of an event.
fn phase(form: &Form<'_>) -> Result<Phase, Draft> {
    let phase = match form.what {
        What::Keyword(word) => Phase::parse(word),
        _ => None,
    };
    phase.ok_or_else(|| {
        Draft::new(form.span.clone(), format!("{} is no type", form.name()), ":invoke, :ok, :fail or :info")
    })
}

/// The function of an event.
fn function<'a>(form: &Form<'a>) -> Result<Word<'a>, Draft> {
    match form.what {
        What::Keyword(text) => Ok(Word { text, span: form.span.clone() }),
        _ => Err(Draft::new(
            form.span.clone(),
            format!("{} is no function", form.name()),
            "a keyword, as in :read",
        )),
    }
}
