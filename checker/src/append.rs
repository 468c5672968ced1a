//! Keys that hold texts, with get, put and append: the key-value histories that are handed around for testing
//! checkers. An append reads nothing and yet depends on everything before it, which makes it harder than the register.

use serde::{Deserialize, Serialize};

use crate::history::{History, Names, Operation, Outcome};
use crate::keys::by_key;
use crate::linearizable::Part;
use crate::model::Span;
use crate::object::Object;
use crate::texts::{Action, Texts};

/// What an operation asks of its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read the text.
    Get,
    /// Replace the text.
    Put {
        /// The new text.
        text: String,
    },
    /// Add to the text.
    Append {
        /// What is added at the end.
        text: String,
    },
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A put or an append took effect.
    Done,
    /// A get saw this text; the empty one before the first put or append.
    Text(String),
}

impl Object for Kind {
    type Output = Output;
    type Model = Texts;

    const NAME: &'static str = "append";

    fn fits(&self, output: &Output) -> bool {
        matches!(self, Kind::Get) == matches!(output, Output::Text(_))
    }

    fn is_update(&self) -> bool {
        !matches!(self, Kind::Get)
    }

    fn ask(&self, key: &str, _names: &Names) -> String {
        match self {
            Kind::Get => format!("get of {key}"),
            Kind::Put { text } => format!("put of {text:?} to {key}"),
            Kind::Append { text } => format!("append of {text:?} to {key}"),
        }
    }

    fn answer(output: &Output, _names: &Names) -> String {
        match output {
            Output::Done => "was acknowledged".to_owned(),
            Output::Text(text) => format!("returned {text:?}"),
        }
    }

    fn label(&self, output: Option<&Output>, _names: &Names) -> String {
        match (self, output) {
            (Kind::Get, Some(Output::Text(text))) => format!("get {text:?}"),
            (Kind::Get, _) => "get".to_owned(),
            (Kind::Put { text }, _) => format!("put {text:?}"),
            (Kind::Append { text }, _) => format!("append {text:?}"),
        }
    }

    fn parts(history: &History<Kind>) -> Vec<Part<Texts>> {
        by_key(history).into_iter().map(|(key, indices)| part(history, key, &indices)).collect()
    }
}

fn part(history: &History<Kind>, key: u64, indices: &[u32]) -> Part<Texts> {
    let mut part = Part::new(key, Texts::new());
    part.spans.reserve(indices.len());
    part.operations.reserve(indices.len());
    for &index in indices {
        let operation = &history.operations()[index as usize];
        part.count(operation.is_ok());
        let Some(action) = action(&mut part.model, operation) else { continue };
        let ret = operation.ret.filter(|_| operation.is_ok());
        part.push(Span { call: operation.call, ret, action }, index);
    }
    part.model.survey(part.spans.iter().map(|span| &span.action));
    part
}

/// The action of an operation, or `None` for a get of unknown outcome, which says nothing.
fn action(model: &mut Texts, operation: &Operation<Kind>) -> Option<Action> {
    match (&operation.kind, &operation.outcome) {
        (Kind::Get, Outcome::Ok(Output::Text(text))) => Some(Action::Get(model.intern(text))),
        (Kind::Get, _) => None,
        (Kind::Put { text }, _) => Some(Action::Put(model.intern(text))),
        (Kind::Append { text }, _) => Some(Action::Append(model.intern(text))),
    }
}
