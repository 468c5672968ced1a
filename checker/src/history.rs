//! What clients did and saw: the input of every checker.
//!
//! The words are Jepsen's: an operation is called, and then it is *ok* (it happened, and this is what it returned),
//! *failed* (known not to have happened) or of *unknown* outcome (a time-out: it may take effect at any time after
//! its call, or never). Intervals are closed: an operation that returns at the very instant at which another is
//! called overlaps it. Porcupine gives the reason: with a coarse clock nobody knows which came first, and a checker
//! must not raise a false alarm.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::kv::{Kind, Output};
use crate::object::Object;

/// The identity of a value. Whoever exports a history interns its values; only equality matters here.
pub type Value = u64;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<R = Output> {
    /// It happened, between its call and its return.
    Ok(R),
    /// It is known not to have happened, and never will.
    Failed,
    /// It may take effect at any time after its call, or never, whenever its client gave up.
    Unknown,
}

/// One operation of one client on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Operation<K: Object = Kind> {
    /// Who asked. Program order is judged only between two operations of a client of which one ended before the
    /// other began, so a client may have several open at once.
    pub client: u64,
    /// The key, interned by whoever exports the history.
    pub key: u64,
    /// When it was called, in nanoseconds (or any other unit that orders events).
    pub call: u64,
    /// When it returned. For an unknown outcome: when its client gave up, which constrains nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ret: Option<u64>,
    /// What it asked for.
    pub kind: K,
    /// How it ended.
    pub outcome: Outcome<K::Output>,
    /// The delivery position: an update's own place in the log; for a read, the number of entries delivered when it
    /// was served, so that a read at `p` comes after the update at `p` and before the one at `p + 1`. An untrusted
    /// hint for [`linearizable`](crate::linearizable()); the order of updates for the weaker promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

impl<K: Object> Operation<K> {
    /// Whether the operation is known to have happened.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// Says who asked for what, when, and what came back.
    pub fn words(&self, names: &Names) -> String {
        let asked = self.kind.ask(&names.key(self.key), names);
        let ended = match self.ret {
            Some(ret) => format!("ended at {ret}"),
            None => "never ended".to_owned(),
        };
        let came_back = match &self.outcome {
            Outcome::Ok(output) => format!("which {}", K::answer(output, names)),
            Outcome::Failed => "which failed".to_owned(),
            Outcome::Unknown => "whose outcome is unknown".to_owned(),
        };
        format!("client {}'s {asked} (called at {}, {ended}), {came_back}", self.client, self.call)
    }

    /// Checks one operation by itself.
    pub(crate) fn validate(&self) -> Result<(), Defect> {
        if self.ret.is_some_and(|ret| ret < self.call) {
            return Err(Defect::ReturnBeforeCall);
        }
        let Outcome::Ok(output) = &self.outcome else { return Ok(()) };
        if self.ret.is_none() {
            return Err(Defect::OkWithoutReturn);
        }
        if self.kind.fits(output) { Ok(()) } else { Err(Defect::OutputOfAnotherKind) }
    }
}

/// Says who asked for what, when, and what came back, with values as numbers.
impl<K: Object> fmt::Display for Operation<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.words(&Names::default()))
    }
}

/// What the numbers of a history stand for, where its file had texts.
///
/// Keys and values are numbers, since only equality matters. A number below [`Names::FIRST`] is itself; one from there
/// on is a text of the file, in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    texts: Vec<String>,
}

impl Names {
    /// The number of the first text.
    pub const FIRST: u64 = 1 << 63;

    /// Gives names to the numbers from [`Names::FIRST`] on, in order.
    pub fn new(texts: Vec<String>) -> Names {
        Names { texts }
    }

    /// A value as a reader knows it: a number, or a text in quotes.
    pub fn value(&self, value: Value) -> String {
        self.text(value).map_or_else(|| value.to_string(), |text| format!("{text:?}"))
    }

    /// A key as a reader knows it: "key 3", or "key "accounts"".
    pub fn key(&self, key: u64) -> String {
        format!("key {}", self.value(key))
    }

    /// The state of a key, in words.
    pub fn held(&self, state: Option<Value>) -> String {
        state.map_or_else(|| "nothing".to_owned(), |value| self.value(value))
    }

    /// The text behind a number, if it stands for one.
    pub fn text(&self, number: u64) -> Option<&str> {
        let place = number.checked_sub(Names::FIRST)?;
        self.texts.get(usize::try_from(place).ok()?).map(String::as_str)
    }
}

/// A validated list of operations, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<K: Object = Kind> {
    operations: Vec<Operation<K>>,
    /// Shared with the models, which describe states.
    names: Arc<Names>,
}

impl<K: Object> Default for History<K> {
    fn default() -> History<K> {
        History { operations: Vec::new(), names: Arc::default() }
    }
}

impl<K: Object> History<K> {
    /// Validates each operation by itself. No order among them is asked for: the times say everything.
    pub fn new(operations: Vec<Operation<K>>) -> Result<History<K>, HistoryError> {
        for (index, operation) in operations.iter().enumerate() {
            operation.validate().map_err(|defect| HistoryError { line: index + 1, defect })?;
        }
        Ok(History { operations, names: Arc::default() })
    }

    /// The same history, with texts for some of its numbers.
    #[must_use]
    pub fn with_names(self, names: Names) -> History<K> {
        History { names: Arc::new(names), ..self }
    }

    /// The operations, in the order in which they were given; an [`Explanation`](crate::Explanation) points here.
    pub fn operations(&self) -> &[Operation<K>] {
        &self.operations
    }

    /// What numbers stand for.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// An operation in words.
    pub fn words(&self, operation: usize) -> String {
        self.operations[operation].words(&self.names)
    }

    /// The updates alone. All three protocols order updates through one log whatever the mode of reads, so a run
    /// with weak reads is asked for this history to be linearizable beside the weaker promise of the reads.
    pub fn updates(&self) -> History<K> {
        let updates = self.operations.iter().filter(|operation| operation.kind.is_update());
        History { operations: updates.cloned().collect(), names: self.names.clone() }
    }

    /// Reads one JSON object a line; empty lines are skipped.
    pub fn from_jsonl(text: &str) -> Result<History<K>, HistoryError> {
        let mut operations = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let line_number = index + 1;
            let malformed = |error: serde_json::Error| Defect::Malformed(error.to_string());
            let operation: Operation<K> = serde_json::from_str(line)
                .map_err(|error| HistoryError { line: line_number, defect: malformed(error) })?;
            operation.validate().map_err(|defect| HistoryError { line: line_number, defect })?;
            operations.push(operation);
        }
        Ok(History { operations, names: Arc::default() })
    }

    /// Writes one JSON object a line, in order; [`History::from_jsonl`] reads it back.
    pub fn to_jsonl(&self) -> String {
        let mut text = String::new();
        for operation in &self.operations {
            let line =
                serde_json::to_string(operation).expect("an operation is plain data: it always serializes");
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// Why a list of operations is no history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryError {
    /// The line of the file, or the place in the list, counted from one.
    pub line: usize,
    /// What is wrong there.
    pub defect: Defect,
}

/// What can be wrong with one operation of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It ends before it begins.
    ReturnBeforeCall,
    /// It is ok and yet never returned: nobody can know its output.
    OkWithoutReturn,
    /// Its output belongs to another kind of operation.
    OutputOfAnotherKind,
    /// The line could not be read; what the reader said.
    Malformed(String),
    /// An operation ended that was never called, or was called while its process had one open.
    OutOfTurn,
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation on line {}: ", self.line)?;
        match &self.defect {
            Defect::ReturnBeforeCall => write!(f, "it returned before it was called"),
            Defect::OkWithoutReturn => write!(f, "it is ok but has no return"),
            Defect::OutputOfAnotherKind => write!(f, "its output belongs to another kind of operation"),
            Defect::Malformed(reason) => write!(f, "{reason}"),
            Defect::OutOfTurn => write!(f, "call and end do not pair up for this process"),
        }
    }
}

impl std::error::Error for HistoryError {}
