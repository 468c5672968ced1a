//! What clients did and saw: the input of every checker.
//!
//! The words are Jepsen's: an operation is called, and then it is *ok* (it happened, and this is what it returned),
//! *failed* (known not to have happened) or of *unknown* outcome (a time-out: it may take effect at any time after
//! its call, or never). Intervals are closed: an operation that returns at the very instant at which another is
//! called overlaps it. Porcupine gives the reason: with a coarse clock nobody knows which came first, and a checker
//! must not raise a false alarm.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The identity of a value. Whoever exports a history interns its values; only equality matters here.
pub type Value = u64;

/// What an operation asks of its key. The state of a key is an `Option<Value>`; `None` is *absent*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Replace whatever is there.
    Put {
        /// The new value.
        value: Value,
    },
    /// Read what is there.
    Get,
    /// Make the key absent.
    Delete,
    /// Replace what is there if it is what was expected.
    Cas {
        /// What must be there; `None` expects an absent key.
        expect: Option<Value>,
        /// What is there afterwards.
        value: Value,
    },
}

impl Kind {
    /// Whether the operation can change its key. Updates travel through the log, reads need not.
    pub fn is_update(self) -> bool {
        !matches!(self, Kind::Get)
    }
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A put or a delete took effect.
    Done,
    /// A get saw this; `None` is an absent key.
    Value(Option<Value>),
    /// A compare-and-set found what it expected and replaced it.
    Swapped,
    /// A compare-and-set found this instead of what it expected, and changed nothing.
    Differs(Option<Value>),
    /// A compare-and-set did not find what it expected and does not say what it found (etcd's Jepsen logs).
    Mismatch,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened, between its call and its return.
    Ok(Output),
    /// It is known not to have happened, and never will.
    Failed,
    /// It may take effect at any time after its call, or never, whenever its client gave up.
    Unknown,
}

/// One operation of one client on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
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
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// The delivery position: an update's own place in the log; for a read, the number of entries delivered when it
    /// was served, so that a read at `p` comes after the update at `p` and before the one at `p + 1`. An untrusted
    /// hint for [`linearizable`](crate::linearizable()); the order of updates for the weaker promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

impl Operation {
    /// Whether the operation is known to have happened.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// Checks one operation by itself.
    fn validate(&self) -> Result<(), Defect> {
        if self.ret.is_some_and(|ret| ret < self.call) {
            return Err(Defect::ReturnBeforeCall);
        }
        let Outcome::Ok(output) = self.outcome else { return Ok(()) };
        if self.ret.is_none() {
            return Err(Defect::OkWithoutReturn);
        }
        let fits = match self.kind {
            Kind::Put { .. } | Kind::Delete => output == Output::Done,
            Kind::Get => matches!(output, Output::Value(_)),
            Kind::Cas { .. } => matches!(output, Output::Swapped | Output::Differs(_) | Output::Mismatch),
        };
        if fits { Ok(()) } else { Err(Defect::OutputOfAnotherKind) }
    }
}

/// Says who asked for what, when, and what came back.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}'s ", self.client)?;
        match self.kind {
            Kind::Put { value } => write!(f, "put of {value} to key {}", self.key)?,
            Kind::Get => write!(f, "get of key {}", self.key)?,
            Kind::Delete => write!(f, "delete of key {}", self.key)?,
            Kind::Cas { expect, value } => {
                write!(f, "compare-and-set of key {} from {} to {value}", self.key, held(expect))?;
            }
        }
        match self.ret {
            Some(ret) => write!(f, " (called at {}, ended at {ret})", self.call)?,
            None => write!(f, " (called at {}, never ended)", self.call)?,
        }
        match self.outcome {
            Outcome::Ok(Output::Done) => write!(f, ", which was acknowledged"),
            Outcome::Ok(Output::Value(seen)) => write!(f, ", which returned {}", held(seen)),
            Outcome::Ok(Output::Swapped) => write!(f, ", which succeeded"),
            Outcome::Ok(Output::Differs(seen)) => write!(f, ", which found {}", held(seen)),
            Outcome::Ok(Output::Mismatch) => write!(f, ", which did not find what it expected"),
            Outcome::Failed => write!(f, ", which failed"),
            Outcome::Unknown => write!(f, ", whose outcome is unknown"),
        }
    }
}

/// The state of a key, in words.
pub fn held(state: Option<Value>) -> String {
    state.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

/// A validated list of operations, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    operations: Vec<Operation>,
}

impl History {
    /// Validates each operation by itself. No order among them is asked for: the times say everything.
    pub fn new(operations: Vec<Operation>) -> Result<History, HistoryError> {
        for (index, operation) in operations.iter().enumerate() {
            operation.validate().map_err(|defect| HistoryError { line: index + 1, defect })?;
        }
        Ok(History { operations })
    }

    /// The operations, in the order in which they were given; an [`Explanation`](crate::Explanation) points here.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The updates alone. All three protocols order updates through one log whatever the mode of reads, so a run
    /// with weak reads is asked for this history to be linearizable beside the weaker promise of the reads.
    pub fn updates(&self) -> History {
        let updates = self.operations.iter().filter(|operation| operation.kind.is_update());
        History { operations: updates.copied().collect() }
    }

    /// Reads one JSON object a line; empty lines are skipped.
    pub fn from_jsonl(text: &str) -> Result<History, HistoryError> {
        let mut operations = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let line_number = index + 1;
            let malformed = |error: serde_json::Error| Defect::Malformed(error.to_string());
            let operation: Operation = serde_json::from_str(line)
                .map_err(|error| HistoryError { line: line_number, defect: malformed(error) })?;
            operation.validate().map_err(|defect| HistoryError { line: line_number, defect })?;
            operations.push(operation);
        }
        Ok(History { operations })
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
