//! An independent reader of orders: whether an order of operations proves a history linearizable.
//!
//! It shares nothing with the models, the fast paths and the search, and knows only plain states: whoever does not
//! trust those can read this file and believe the orders that it accepts. Herlihy and Wing's definition, line by line:
//! the order respects real time, the object allows each answer where it stands, and the order has every operation that
//! is known to have happened once, of those of unknown outcome any, and none that failed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::history::{History, Operation, Outcome, Value};
use crate::object::Object;
use crate::{append, kv, queue, set};

/// An object as a plain value, for all keys together.
pub trait Plain: Object {
    /// What the keys hold; at first the default.
    type State: Default;

    /// Lets the operation happen; false if the object would not have answered that. An operation of unknown outcome
    /// (`output` is `None`) happens whatever it would have answered.
    fn happen(&self, key: u64, output: Option<&Self::Output>, state: &mut Self::State) -> bool;
}

/// Why an order proves nothing; the numbers are indices into the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such operation.
    Nobody(usize),
    /// The operation comes twice.
    Twice(usize),
    /// It is known not to have happened.
    Failed(usize),
    /// It is known to have happened and is not there.
    Missing(usize),
    /// The first of the two stands behind the second, but ended before that was called.
    TooLate(usize, usize),
    /// The object would not have answered that there.
    Answer(usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Refusal::Nobody(index) => write!(f, "there is no operation {index}"),
            Refusal::Twice(index) => write!(f, "operation {index} comes twice"),
            Refusal::Failed(index) => write!(f, "operation {index} failed and cannot have happened"),
            Refusal::Missing(index) => write!(f, "operation {index} happened and is missing"),
            Refusal::TooLate(index, before) => {
                write!(f, "operation {index} ended before operation {before} was called, and comes after it")
            }
            Refusal::Answer(index) => write!(f, "operation {index} would have been answered differently"),
        }
    }
}

/// Whether the order proves that the operations for which `is_about` holds are linearizable.
pub fn replay<K: Plain>(
    history: &History<K>,
    is_about: impl Fn(&Operation<K>) -> bool,
    order: &[usize],
) -> Result<(), Refusal> {
    let operations = history.operations();
    let mut seen = vec![false; operations.len()];
    let mut state = K::State::default();
    let mut called_last: Option<usize> = None;
    for &index in order {
        let operation = operations.get(index).ok_or(Refusal::Nobody(index))?;
        if std::mem::replace(&mut seen[index], true) {
            return Err(Refusal::Twice(index));
        }
        let output = match &operation.outcome {
            Outcome::Ok(output) => Some(output),
            Outcome::Unknown => None,
            Outcome::Failed => return Err(Refusal::Failed(index)),
        };
        if let (Some(_), Some(ret), Some(before)) = (output, operation.ret, called_last)
            && ret < operations[before].call
        {
            return Err(Refusal::TooLate(index, before));
        }
        if called_last.is_none_or(|before| operations[before].call < operation.call) {
            called_last = Some(index);
        }
        if !operation.kind.happen(operation.key, output, &mut state) {
            return Err(Refusal::Answer(index));
        }
    }
    let is_missing =
        |&index: &usize| operations[index].is_ok() && is_about(&operations[index]) && !seen[index];
    match (0..operations.len()).find(is_missing) {
        Some(index) => Err(Refusal::Missing(index)),
        None => Ok(()),
    }
}

impl Plain for kv::Kind {
    type State = BTreeMap<u64, Value>;

    fn happen(&self, key: u64, output: Option<&kv::Output>, state: &mut BTreeMap<u64, Value>) -> bool {
        let there = state.get(&key).copied();
        let answer = match *self {
            kv::Kind::Get => kv::Output::Value(there),
            kv::Kind::Put { value } => {
                state.insert(key, value);
                kv::Output::Done
            }
            kv::Kind::Delete => {
                state.remove(&key);
                kv::Output::Done
            }
            kv::Kind::Cas { expect, value } if expect == there => {
                state.insert(key, value);
                kv::Output::Swapped
            }
            kv::Kind::Cas { .. } if output == Some(&kv::Output::Mismatch) => kv::Output::Mismatch,
            kv::Kind::Cas { .. } => kv::Output::Differs(there),
        };
        output.is_none_or(|output| *output == answer)
    }
}

impl Plain for append::Kind {
    type State = BTreeMap<u64, String>;

    fn happen(&self, key: u64, output: Option<&append::Output>, state: &mut BTreeMap<u64, String>) -> bool {
        let there = state.entry(key).or_default();
        match self {
            append::Kind::Get => {
                return output.is_none_or(|output| *output == append::Output::Text(there.clone()));
            }
            append::Kind::Put { text } => there.clone_from(text),
            append::Kind::Append { text } => there.push_str(text),
        }
        true
    }
}

impl Plain for set::Kind {
    type State = BTreeMap<u64, BTreeSet<Value>>;

    fn happen(
        &self,
        key: u64,
        output: Option<&set::Output>,
        state: &mut BTreeMap<u64, BTreeSet<Value>>,
    ) -> bool {
        let there = state.entry(key).or_default();
        let answer = match *self {
            set::Kind::Add { value } => set::Output::Added(there.insert(value)),
            set::Kind::Remove { value } => set::Output::Removed(there.remove(&value)),
            set::Kind::Contains { value } => set::Output::Is(there.contains(&value)),
            set::Kind::Members => set::Output::Members(there.iter().copied().collect()),
        };
        match output {
            None | Some(set::Output::Done) => true,
            Some(set::Output::Members(members)) => {
                let mut members = members.clone();
                members.sort_unstable();
                set::Output::Members(members) == answer
            }
            Some(output) => *output == answer,
        }
    }
}

impl Plain for queue::Kind {
    type State = BTreeMap<u64, VecDeque<Value>>;

    fn happen(
        &self,
        key: u64,
        output: Option<&queue::Output>,
        state: &mut BTreeMap<u64, VecDeque<Value>>,
    ) -> bool {
        let there = state.entry(key).or_default();
        match *self {
            queue::Kind::Enqueue { value } => {
                there.push_back(value);
                true
            }
            queue::Kind::Dequeue => {
                let answer = there.pop_front().map_or(queue::Output::Empty, queue::Output::Took);
                output.is_none_or(|output| *output == answer)
            }
        }
    }
}
