//! First-in-first-out queues: what is put in at one end is taken out at the other.
//!
//! A queue whose values are all different is decided by a near-linear monitor ([`monitor`](self::monitor)), whatever
//! else its history holds; a queue into which somebody puts a value twice is searched.

mod model;
mod monitor;
mod order;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::linearizable::Part;
use crate::model::Span;
use crate::object::Object;

pub use model::{Action, Queue};

/// What an operation asks of its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Put a value at the end.
    Enqueue {
        /// The value.
        value: Value,
    },
    /// Take the value at the front.
    Dequeue,
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// An enqueue took effect.
    Done,
    /// A dequeue took this value.
    Took(Value),
    /// A dequeue found nothing to take.
    Empty,
}

impl Object for Kind {
    type Output = Output;
    type Model = Queue;

    const NAME: &'static str = "queue";

    fn fits(&self, output: &Output) -> bool {
        match self {
            Kind::Enqueue { .. } => *output == Output::Done,
            Kind::Dequeue => matches!(output, Output::Took(_) | Output::Empty),
        }
    }

    fn is_update(&self) -> bool {
        true
    }

    fn ask(&self, key: &str, names: &Names) -> String {
        match *self {
            Kind::Enqueue { value } => format!("enqueue of {} to {key}", names.value(value)),
            Kind::Dequeue => format!("dequeue from {key}"),
        }
    }

    fn answer(output: &Output, names: &Names) -> String {
        match *output {
            Output::Done => "was acknowledged".to_owned(),
            Output::Took(value) => format!("took {}", names.value(value)),
            Output::Empty => "found the queue empty".to_owned(),
        }
    }

    fn label(&self, output: Option<&Output>, names: &Names) -> String {
        match (*self, output) {
            (Kind::Enqueue { value }, _) => format!("enqueue {}", names.value(value)),
            (Kind::Dequeue, Some(&Output::Took(value))) => format!("dequeue {}", names.value(value)),
            (Kind::Dequeue, Some(_)) => "dequeue nothing".to_owned(),
            (Kind::Dequeue, None) => "dequeue".to_owned(),
        }
    }

    fn parts(history: &History<Kind>) -> Vec<Part<Queue>> {
        let mut keys: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (index, operation) in history.operations().iter().enumerate() {
            if operation.outcome != Outcome::Failed {
                keys.entry(operation.key).or_default().push(index as u32);
            }
        }
        keys.into_iter().map(|(key, indices)| part(history, key, &indices)).collect()
    }
}

fn part(history: &History<Kind>, key: u64, indices: &[u32]) -> Part<Queue> {
    let mut part = Part::new(key, Queue::new(history.names().clone()));
    let operations = || indices.iter().map(|&index| (index, &history.operations()[index as usize]));
    for (_, operation) in operations() {
        if let Outcome::Ok(Output::Took(value)) = operation.outcome {
            part.model.intern(value);
        }
    }
    let taken = part.model.values() as u32;
    for (index, operation) in operations() {
        part.count(operation.is_ok());
        let action = action(&mut part.model, operation);
        let ret = operation.ret.filter(|_| operation.is_ok());
        // An enqueue of unknown outcome whose value nobody is known to have taken can as well never have happened. Take
        // any order in which it did: either its value stays in the queue, and then so does everything behind it; or a
        // dequeue of unknown outcome took it, which then never happened either. Without the value the queue is empty
        // more often, and everybody else takes what they took.
        let is_idle = matches!(action, Action::Enqueue(value) if ret.is_none() && value >= taken);
        if !is_idle {
            part.push(Span { call: operation.call, ret, action }, index);
        }
    }
    part
}

fn action(model: &mut Queue, operation: &Operation<Kind>) -> Action {
    match (operation.kind, operation.outcome) {
        (Kind::Enqueue { value }, _) => Action::Enqueue(model.intern(value)),
        (Kind::Dequeue, Outcome::Ok(Output::Took(value))) => Action::Took(model.intern(value)),
        (Kind::Dequeue, Outcome::Ok(_)) => Action::Empty,
        (Kind::Dequeue, Outcome::Unknown | Outcome::Failed) => Action::Dequeue,
    }
}
