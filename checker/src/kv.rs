//! Keys that hold a value or nothing: put, get, delete and compare-and-set. What the simulator's clients do, and what
//! most histories of other systems are about; a single register is one key of it.

use serde::{Deserialize, Serialize};

use crate::explain::story::tell_kv;
use crate::explain::{Scene, Told};
use crate::history::{History, Names, Value};
use crate::linearizable::Part;
use crate::object::Object;
use crate::options::Options;
use crate::register::{self, Register};
use crate::verdict::Report;

/// [`linearizable`](crate::linearizable()) for keys, compiled once, here.
pub fn linearizable(history: &History, options: Options) -> Report {
    crate::linearizable(history, options)
}

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

    /// What the operation is called when one speaks of it again.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::Put { .. } => "put",
            Kind::Get => "get",
            Kind::Delete => "delete",
            Kind::Cas { .. } => "compare-and-set",
        }
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

impl Object for Kind {
    type Output = Output;
    type Model = Register;

    const NAME: &'static str = "kv";

    fn fits(&self, output: &Output) -> bool {
        match self {
            Kind::Put { .. } | Kind::Delete => *output == Output::Done,
            Kind::Get => matches!(output, Output::Value(_)),
            Kind::Cas { .. } => matches!(output, Output::Swapped | Output::Differs(_) | Output::Mismatch),
        }
    }

    fn is_update(&self) -> bool {
        Kind::is_update(*self)
    }

    fn ask(&self, key: &str, names: &Names) -> String {
        match *self {
            Kind::Put { value } => format!("put of {} to {key}", names.value(value)),
            Kind::Get => format!("get of {key}"),
            Kind::Delete => format!("delete of {key}"),
            Kind::Cas { expect, value } => {
                format!("compare-and-set of {key} from {} to {}", names.held(expect), names.value(value))
            }
        }
    }

    fn answer(output: &Output, names: &Names) -> String {
        match *output {
            Output::Done => "was acknowledged".to_owned(),
            Output::Value(seen) => format!("returned {}", names.held(seen)),
            Output::Swapped => "succeeded".to_owned(),
            Output::Differs(seen) => format!("found {}", names.held(seen)),
            Output::Mismatch => "did not find what it expected".to_owned(),
        }
    }

    fn label(&self, output: Option<&Output>, names: &Names) -> String {
        match (*self, output) {
            (Kind::Put { value }, _) => format!("put {}", names.value(value)),
            (Kind::Get, Some(Output::Value(seen))) => format!("get {}", names.held(*seen)),
            (Kind::Get, _) => "get".to_owned(),
            (Kind::Delete, _) => "delete".to_owned(),
            (Kind::Cas { expect, value }, Some(Output::Differs(_) | Output::Mismatch)) => {
                format!("cas {}\u{2260}{}", names.held(expect), names.value(value))
            }
            (Kind::Cas { expect, value }, _) => {
                format!("cas {}\u{2192}{}", names.held(expect), names.value(value))
            }
        }
    }

    fn tell(scene: &Scene<'_, Kind>) -> Option<Told> {
        tell_kv(scene)
    }

    fn parts(history: &History) -> Vec<Part<Register>> {
        register::partition(history)
    }
}
