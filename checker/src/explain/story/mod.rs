//! A contradiction in words that a student understands: by the rule that was broken where an object recognizes it, and
//! in general where it does not.

mod kv;

pub(crate) use kv::tell as tell_kv;

use crate::history::{History, Names, Operation, Outcome};
use crate::object::Object;
use crate::verdict::Explanation;

/// States that a sentence lists before it only counts them.
const STATES_LISTED_MAX: usize = 6;

/// Operations that a sentence lists before it only counts them.
const OTHERS_LISTED_MAX: usize = 6;

/// A core on its stage: what a sentence is made from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a, K: Object> {
    history: &'a History<K>,
    explanation: &'a Explanation,
}

/// A contradiction, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// In a sentence.
    pub sentence: String,
    /// Operations that it names beside the core.
    pub beside: Vec<usize>,
}

impl Told {
    /// A sentence that names nobody else.
    pub fn plainly(sentence: String) -> Told {
        Told { sentence, beside: Vec::new() }
    }
}

impl<'a, K: Object> Scene<'a, K> {
    pub(crate) fn new(history: &'a History<K>, explanation: &'a Explanation) -> Scene<'a, K> {
        assert!(explanation.core.contains(&explanation.operation));
        Scene { history, explanation }
    }

    /// What numbers stand for.
    pub fn names(&self) -> &'a Names {
        self.history.names()
    }

    /// The key in words.
    pub fn key(&self) -> String {
        self.names().key(self.explanation.key)
    }

    /// An operation.
    pub fn operation(&self, index: usize) -> &'a Operation<K> {
        &self.history.operations()[index]
    }

    /// The operations of the core, by their calls.
    pub fn core(&self) -> &'a [usize] {
        &self.explanation.core
    }

    /// The operation of the core at which its contradiction closes.
    pub fn last(&self) -> usize {
        self.explanation.operation
    }

    /// All operations on the key that may have happened, whenever they were called, by index.
    pub fn all(&self) -> impl Iterator<Item = usize> + use<'a, K> {
        let key = self.explanation.key;
        let operations = self.history.operations().iter().enumerate();
        let may_be = move |(_, operation): &(usize, &Operation<K>)| {
            operation.key == key && operation.outcome != Outcome::Failed
        };
        operations.filter(may_be).map(|(index, _)| index)
    }

    /// All operations that were called before the one that cannot be placed had ended.
    pub fn called_in_time(&self) -> impl Iterator<Item = usize> + use<'a, K> {
        let until = self.operation(self.explanation.operation).ret.unwrap_or(u64::MAX);
        let operations = self.history.operations();
        self.all().filter(move |&index| operations[index].call <= until)
    }

    /// Operations on the key that are known not to have happened.
    pub fn failed(&self) -> impl Iterator<Item = usize> + use<'a, K> {
        let key = self.explanation.key;
        let operations = self.history.operations().iter().enumerate();
        let is_failed = move |(_, operation): &(usize, &Operation<K>)| {
            operation.key == key && operation.outcome == Outcome::Failed
        };
        operations.filter(is_failed).map(|(index, _)| index)
    }

    /// Operations in the order of their calls.
    pub fn by_call(&self, operations: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut operations: Vec<usize> = operations.collect();
        operations.sort_by_key(|&index| (self.operation(index).call, index));
        operations
    }

    /// Whether one is known to have ended before the other was called.
    pub fn precedes(&self, left: usize, right: usize) -> bool {
        let left = self.operation(left);
        left.is_ok() && left.ret.is_some_and(|ret| ret < self.operation(right).call)
    }

    /// Who asked for what, and when: "client 3's get of key 0 [17 to 20]".
    pub fn who(&self, index: usize) -> String {
        let operation = self.operation(index);
        let asked = operation.kind.ask(&self.key_of(operation), self.names());
        format!("client {}'s {asked} {}", operation.client, self.when(index))
    }

    /// Who asked for what, when, and what came back: "client 3's get of key 0 [17 to 20] returned 7".
    pub fn did(&self, index: usize) -> String {
        let came_back = match &self.operation(index).outcome {
            Outcome::Ok(output) => K::answer(output, self.names()),
            Outcome::Failed => "failed".to_owned(),
            Outcome::Unknown => "never ended".to_owned(),
        };
        format!("{} {came_back}", self.who(index))
    }

    /// The interval: "[17 to 20]", or "[from 17]" if it never ended.
    pub fn when(&self, index: usize) -> String {
        let operation = self.operation(index);
        match operation.ret.filter(|_| operation.is_ok()) {
            Some(ret) => format!("[{} to {ret}]", operation.call),
            None => format!("[from {}]", operation.call),
        }
    }

    fn key_of(&self, operation: &Operation<K>) -> String {
        self.names().key(operation.key)
    }

    /// The sentence for a contradiction that no rule describes: what there is, and why the last one cannot be placed.
    pub fn in_general(&self) -> Told {
        let last = self.last();
        let others: Vec<usize> = self.core().iter().copied().filter(|&index| index != last).collect();
        let mut listed: Vec<String> =
            others.iter().take(OTHERS_LISTED_MAX).map(|&index| self.did(index)).collect();
        if let more @ 1.. = others.len().saturating_sub(OTHERS_LISTED_MAX) {
            listed.push(format!("and {more} more"));
        }
        let by_then = match self.states() {
            states if states.is_empty() => String::new(),
            states => format!(" by then the state could only have been {states};"),
        };
        let why = match others.len() {
            0 => " no order of the other operations allows that".to_owned(),
            _ => format!(" whatever the others did, this rules it out: {}", listed.join("; ")),
        };
        Told::plainly(format!("{}, but{by_then}{why}", self.did(last)))
    }

    /// The states just before, in words; empty if nothing is known of them.
    fn states(&self) -> String {
        let states = &self.explanation.states;
        let listed = states.iter().take(STATES_LISTED_MAX).cloned().collect::<Vec<_>>().join(" or ");
        match self.explanation.states_in_all.saturating_sub(STATES_LISTED_MAX) {
            0 => listed,
            more => format!("{listed} or one of {more} more"),
        }
    }
}
