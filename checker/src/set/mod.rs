//! Sets: add, remove, look for one element, or read them all.
//!
//! As long as nobody reads all members of a set at once, its elements are objects of their own, and a history is
//! linearizable if and only if it is so element by element (Horn and Kroening, "Faster linearizability checking via
//! P-compositionality", FORTE 2015). The monitor ([`monitor`](self::monitor)) decides elements that are added once, or
//! never removed, and whole reads of sets from which nothing is removed; the rest is searched.

mod chain;
mod life;
mod model;
mod monitor;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::linearizable::Part;
use crate::model::Span;
use crate::object::Object;

pub use model::{Action, Set};

/// What an operation asks of its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Put an element in.
    Add {
        /// The element.
        value: Value,
    },
    /// Take an element out.
    Remove {
        /// The element.
        value: Value,
    },
    /// Ask whether an element is in.
    Contains {
        /// The element.
        value: Value,
    },
    /// Ask for all elements.
    Members,
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// An add or a remove took effect; whether it changed anything is not told.
    Done,
    /// The element is in now; whether it was not before.
    Added(bool),
    /// The element is out now; whether it was in before.
    Removed(bool),
    /// Whether the element was in.
    Is(bool),
    /// All elements, in any order.
    Members(Vec<Value>),
}

impl Object for Kind {
    type Output = Output;
    type Model = Set;

    const NAME: &'static str = "set";

    fn fits(&self, output: &Output) -> bool {
        match self {
            Kind::Add { .. } => matches!(output, Output::Done | Output::Added(_)),
            Kind::Remove { .. } => matches!(output, Output::Done | Output::Removed(_)),
            Kind::Contains { .. } => matches!(output, Output::Is(_)),
            Kind::Members => matches!(output, Output::Members(_)),
        }
    }

    fn is_update(&self) -> bool {
        matches!(self, Kind::Add { .. } | Kind::Remove { .. })
    }

    fn ask(&self, key: &str, names: &Names) -> String {
        match *self {
            Kind::Add { value } => format!("add of {} to {key}", names.value(value)),
            Kind::Remove { value } => format!("remove of {} from {key}", names.value(value)),
            Kind::Contains { value } => format!("look for {} in {key}", names.value(value)),
            Kind::Members => format!("read of all of {key}"),
        }
    }

    fn answer(output: &Output, names: &Names) -> String {
        match output {
            Output::Done => "was acknowledged".to_owned(),
            Output::Added(true) => "added it".to_owned(),
            Output::Added(false) => "found it there already".to_owned(),
            Output::Removed(true) => "removed it".to_owned(),
            Output::Removed(false) | Output::Is(false) => "did not find it".to_owned(),
            Output::Is(true) => "found it".to_owned(),
            Output::Members(values) => {
                let listed: Vec<String> =
                    values.iter().take(MEMBERS_LISTED_MAX).map(|&value| names.value(value)).collect();
                let more = values.len() - listed.len();
                let listed = listed.join(", ");
                if more == 0 {
                    format!("returned {{{listed}}}")
                } else {
                    format!("returned {{{listed}, and {more} more}}")
                }
            }
        }
    }

    fn label(&self, output: Option<&Output>, names: &Names) -> String {
        match (*self, output) {
            (Kind::Add { value }, _) => format!("add {}", names.value(value)),
            (Kind::Remove { value }, _) => format!("remove {}", names.value(value)),
            (Kind::Contains { value }, Some(Output::Is(false))) => format!("no {}", names.value(value)),
            (Kind::Contains { value }, _) => format!("has {}", names.value(value)),
            (Kind::Members, Some(Output::Members(values))) => {
                let values: Vec<String> = values.iter().map(|&value| names.value(value)).collect();
                format!("all {{{}}}", values.join(", "))
            }
            (Kind::Members, _) => "all".to_owned(),
        }
    }

    fn parts(history: &History<Kind>) -> Vec<Part<Set>> {
        let mut keys: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (index, operation) in history.operations().iter().enumerate() {
            if operation.outcome != Outcome::Failed {
                keys.entry(operation.key).or_default().push(index as u32);
            }
        }
        keys.into_iter().flat_map(|(key, indices)| key_parts(history, key, &indices)).collect()
    }
}

/// Members of a set that are spelled out before they are only counted.
const MEMBERS_LISTED_MAX: usize = 8;

/// The parts of one set. If nobody reads it as a whole, elements that the monitor hands over are parts of their own.
fn key_parts(history: &History<Kind>, key: u64, indices: &[u32]) -> Vec<Part<Set>> {
    let operation = |index: u32| &history.operations()[index as usize];
    let is_whole =
        indices.iter().any(|&index| matches!(operation(index).outcome, Outcome::Ok(Output::Members(_))));
    let mut alone: BTreeMap<Value, Vec<u32>> =
        if is_whole { BTreeMap::new() } else { hard_elements(history, indices) };
    let mut together = Vec::new();
    for &index in indices {
        let element = element(&operation(index).kind).and_then(|element| alone.get_mut(&element));
        element.unwrap_or(&mut together).push(index);
    }
    let mut parts = Vec::with_capacity(alone.len() + 1);
    if !together.is_empty() {
        parts.push(part(history, key, &together));
    }
    parts.extend(alone.into_values().map(|indices| part(history, key, &indices)));
    parts
}

fn element(kind: &Kind) -> Option<Value> {
    match *kind {
        Kind::Add { value } | Kind::Remove { value } | Kind::Contains { value } => Some(value),
        Kind::Members => None,
    }
}

/// The elements that are added more than once and also removed, as far as anybody knows.
fn hard_elements(history: &History<Kind>, indices: &[u32]) -> BTreeMap<Value, Vec<u32>> {
    let removed = |&index: &u32| match history.operations()[index as usize].kind {
        Kind::Remove { value } => Some((value, 0)),
        _ => None,
    };
    let mut adds: BTreeMap<Value, u32> = indices.iter().filter_map(removed).collect();
    if adds.is_empty() {
        return BTreeMap::new();
    }
    for &index in indices {
        if let Kind::Add { value } = history.operations()[index as usize].kind {
            adds.entry(value).and_modify(|adds| *adds += 1);
        }
    }
    adds.into_iter().filter(|&(_, adds)| adds > 1).map(|(value, _)| (value, Vec::new())).collect()
}

fn part(history: &History<Kind>, key: u64, indices: &[u32]) -> Part<Set> {
    let mut part = Part::new(key, Set::new(history.names().clone()));
    let found = found(history, indices);
    for &index in indices {
        let operation = &history.operations()[index as usize];
        part.count(operation.is_ok());
        // An add of unknown outcome can as well never have happened if nobody ever found its element.
        let is_idle = |value: Value| !operation.is_ok() && !found.contains(&value);
        if matches!(operation.kind, Kind::Add { value } if is_idle(value)) {
            continue;
        }
        let Some(action) = action(&mut part.model, operation) else { continue };
        let ret = operation.ret.filter(|_| operation.is_ok());
        part.push(Span { call: operation.call, ret, action }, index);
    }
    part.model.survey(&part.spans);
    part
}

/// The elements of adds of unknown outcome that somebody found.
fn found(history: &History<Kind>, indices: &[u32]) -> BTreeSet<Value> {
    let operations = || indices.iter().map(|&index| &history.operations()[index as usize]);
    let added =
        operations().filter(|operation| !operation.is_ok()).filter_map(|operation| element(&operation.kind));
    let added: BTreeSet<Value> = added.collect();
    let seen = operations().flat_map(|operation| match (&operation.kind, &operation.outcome) {
        (_, Outcome::Ok(Output::Members(values))) => values.as_slice(),
        (
            Kind::Add { value } | Kind::Remove { value } | Kind::Contains { value },
            Outcome::Ok(Output::Added(false) | Output::Removed(true) | Output::Is(true)),
        ) => std::slice::from_ref(value),
        _ => &[],
    });
    if added.is_empty() { added } else { seen.copied().filter(|value| added.contains(value)).collect() }
}

/// The action of an operation, or `None` for a read of unknown outcome, which says nothing.
fn action(model: &mut Set, operation: &Operation<Kind>) -> Option<Action> {
    Some(match (operation.kind, &operation.outcome) {
        (Kind::Add { value }, Outcome::Ok(Output::Added(true))) => Action::Insert(model.intern(value)),
        (Kind::Add { value }, Outcome::Ok(Output::Added(false))) => Action::Is(model.intern(value), true),
        (Kind::Add { value }, _) => Action::Add(model.intern(value)),
        (Kind::Remove { value }, Outcome::Ok(Output::Removed(true))) => Action::Delete(model.intern(value)),
        (Kind::Remove { value }, Outcome::Ok(Output::Removed(false))) => {
            Action::Is(model.intern(value), false)
        }
        (Kind::Remove { value }, _) => Action::Remove(model.intern(value)),
        (Kind::Contains { value }, Outcome::Ok(Output::Is(is))) => Action::Is(model.intern(value), *is),
        (Kind::Members, Outcome::Ok(Output::Members(values))) => Action::Members(model.list(values)),
        (Kind::Contains { .. } | Kind::Members, _) => return None,
    })
}
