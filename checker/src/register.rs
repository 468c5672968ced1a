//! The register with compare-and-set: the model of one key of [`History`].

use std::sync::Arc;

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::keys::by_key;
use crate::kv::{Kind, Output};
use crate::model::{Model, Monitored, Span, State};
use crate::table::Interner;
use crate::zones;

/// The state of a key that is absent. Values follow it, in order of appearance.
pub const ABSENT: State = 0;

/// A key that holds a value or nothing.
#[derive(Clone, Debug)]
pub struct Register {
    /// Value `v` of the history is state `v`'s number here, plus one.
    values: Interner<Value>,
    /// For each state, whether it comes at most once. Written when a history is partitioned.
    once: Vec<bool>,
    /// For each state, whether nobody in the history can tell it from another. Written together with `once`.
    unseen: Vec<bool>,
    /// What values are called.
    names: Arc<Names>,
}

/// An operation on a key together with what it returned, over interned states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A put, or a delete if the state is [`ABSENT`].
    Write {
        /// The state afterwards.
        state: State,
    },
    /// A get.
    Read {
        /// The state that it saw.
        state: State,
    },
    /// A compare-and-set that succeeded, or one of unknown outcome: that one changes nothing unless it succeeds, and
    /// one that changes nothing might as well never have happened.
    Swap {
        /// The state that it needs.
        expect: State,
        /// The state afterwards.
        value: State,
    },
    /// A compare-and-set that found something else.
    Differs {
        /// The state that it did not find.
        expect: State,
        /// The state that it saw instead.
        seen: State,
    },
    /// A compare-and-set that found something else and does not say what.
    Mismatch {
        /// The state that it did not find.
        expect: State,
    },
}

impl Action {
    /// The state that the action makes, if it makes one.
    pub fn written(&self) -> Option<State> {
        match *self {
            Action::Write { state } => Some(state),
            Action::Swap { value, .. } => Some(value),
            Action::Read { .. } | Action::Differs { .. } | Action::Mismatch { .. } => None,
        }
    }

    /// The one state in which the action can happen, if there is only one.
    pub fn observed(&self) -> Option<State> {
        match *self {
            Action::Read { state } => Some(state),
            Action::Swap { expect, .. } => Some(expect),
            Action::Differs { seen, .. } => Some(seen),
            Action::Write { .. } | Action::Mismatch { .. } => None,
        }
    }
}

impl Model for Register {
    type Action = Action;

    fn initial(&mut self) -> State {
        ABSENT
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        match *action {
            Action::Write { state } => Some(state),
            Action::Read { state: seen } => (state == seen).then_some(state),
            Action::Swap { expect, value } => (state == expect).then_some(value),
            Action::Differs { expect, seen } => (state == seen && state != expect).then_some(state),
            Action::Mismatch { expect } => (state != expect).then_some(state),
        }
    }

    fn is_pure(action: &Action) -> bool {
        action.written().is_none()
    }

    fn needs(&self, action: &Action) -> Option<State> {
        action.observed()
    }

    fn comes_once(&self, state: State) -> bool {
        self.once.get(state as usize).copied().unwrap_or(false)
    }

    fn is_write(action: &Action) -> bool {
        matches!(action, Action::Write { .. })
    }

    fn is_unseen(&self, action: &Action) -> bool {
        let Action::Write { state } = *action else { return false };
        self.unseen.get(state as usize).copied().unwrap_or(false)
    }

    fn useful(&self, spans: &[Span<Action>]) -> Vec<bool> {
        useful(spans, self.states()).unwrap_or_else(|| vec![true; spans.len()])
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        zones::decide(spans, self.states(), want_order, &|state| self.describe(state))
    }

    fn describe(&self, state: State) -> String {
        self.names.held(self.value(state))
    }
}

impl Register {
    fn new(names: Arc<Names>) -> Register {
        Register { values: Interner::new(), once: Vec::new(), unseen: Vec::new(), names }
    }

    fn state(&mut self, value: Option<Value>) -> State {
        value.map_or(ABSENT, |value| self.values.intern(value) + 1)
    }

    fn value(&self, state: State) -> Option<Value> {
        (state != ABSENT).then(|| *self.values.get(state - 1))
    }

    /// How many states there are, the absent one included.
    pub(crate) fn states(&self) -> usize {
        self.values.len() + 1
    }

    /// Learns which states come once and which nobody sees, from all the spans that will be judged.
    fn survey(&mut self, spans: &[Span<Action>]) {
        let mut makers = vec![0; self.states()];
        // The key begins absent: that counts as making it.
        makers[ABSENT as usize] = 1;
        let has_mismatch = spans.iter().any(|span| matches!(span.action, Action::Mismatch { .. }));
        self.unseen = vec![!has_mismatch; self.states()];
        for span in spans {
            if let Some(state) = span.action.written() {
                makers[state as usize] += 1;
            }
            if let Some(state) = span.action.observed() {
                self.unseen[state as usize] = false;
            }
        }
        self.once = makers.into_iter().map(|makers| makers <= 1).collect();
    }

    /// The action of an operation, or `None` if the operation constrains nothing and changes nothing.
    fn action(&mut self, operation: &Operation) -> Option<Action> {
        let action = match (operation.kind, operation.outcome) {
            (_, Outcome::Failed) | (Kind::Get, Outcome::Unknown) => return None,
            (Kind::Put { value }, _) => Action::Write { state: self.state(Some(value)) },
            (Kind::Delete, _) => Action::Write { state: ABSENT },
            (Kind::Get, Outcome::Ok(Output::Value(seen))) => Action::Read { state: self.state(seen) },
            (Kind::Cas { expect, value }, outcome) => {
                let expect = self.state(expect);
                match outcome {
                    Outcome::Ok(Output::Differs(seen)) => Action::Differs { expect, seen: self.state(seen) },
                    Outcome::Ok(Output::Mismatch) => Action::Mismatch { expect },
                    _ => Action::Swap { expect, value: self.state(Some(value)) },
                }
            }
            (Kind::Get, Outcome::Ok(_)) => unreachable!("a history is validated: a get returns a value"),
        };
        Some(action)
    }
}

/// One key of a history, ready to be judged.
#[derive(Clone, Debug)]
pub struct KeyHistory {
    /// The key.
    pub key: u64,
    /// The model with the key's values interned.
    pub model: Register,
    /// The actions that matter.
    pub spans: Vec<Span<Action>>,
    /// For each span, the operation's index in the history.
    pub operations: Vec<u32>,
    /// For each span, the delivery position and whether it is a read (served after the update at that position).
    pub hints: Vec<Option<(u64, bool)>>,
    /// Operations of unknown outcome, those left out included.
    pub unknown_outcomes: u64,
}

/// Splits a history by key, in ascending order, and leaves out what cannot matter.
pub fn partition(history: &History) -> Vec<KeyHistory> {
    by_key(history).into_iter().map(|(key, indices)| key_history(history, key, &indices)).collect()
}

fn key_history(history: &History, key: u64, indices: &[u32]) -> KeyHistory {
    let mut model = Register::new(history.names().clone());
    let mut spans = Vec::with_capacity(indices.len());
    let mut operations = Vec::with_capacity(indices.len());
    let mut unknown_outcomes = 0;
    for &index in indices {
        let operation = &history.operations()[index as usize];
        unknown_outcomes += u64::from(!operation.is_ok());
        let Some(action) = model.action(operation) else { continue };
        let ret = if operation.is_ok() { operation.ret } else { None };
        spans.push(Span { call: operation.call, ret, action });
        operations.push(index);
    }
    if let Some(kept) = useful(&spans, model.states()) {
        let mut keep = kept.iter();
        spans.retain(|_| *keep.next().expect("one flag a span"));
        let mut keep = kept.iter();
        operations.retain(|_| *keep.next().expect("one flag a span"));
    }
    model.survey(&spans);
    let hint = |&index: &u32| {
        let operation = &history.operations()[index as usize];
        operation.position.map(|position| (position, !operation.kind.is_update()))
    };
    let hints = operations.iter().map(hint).collect();
    KeyHistory { key, model, spans, operations, hints, unknown_outcomes }
}

/// Which spans can matter: all that are known to have happened, and of the unknown ones those that write something
/// that somebody needs. `None` if all can.
///
/// Why an unknown write of a state `s` that nobody needs may be left out: take any order in which it took effect, and
/// take it out. Until the next write the key now holds something else instead of `s`. The actions in between happened
/// in `s`, and none of them needs `s`: so they are writes, or swaps of unknown outcome that changed nothing. Only a
/// mismatch could have happened in `s` and not in what was there before; with one in the history everything is kept.
fn useful(spans: &[Span<Action>], states: usize) -> Option<Vec<bool>> {
    let is_mismatch = |span: &Span<Action>| matches!(span.action, Action::Mismatch { .. });
    if spans.iter().all(|span| span.ret.is_some()) || spans.iter().any(is_mismatch) {
        return None;
    }
    let mut kept: Vec<bool> = spans.iter().map(|span| span.ret.is_some()).collect();
    let mut needed = vec![false; states];
    let mut writers: Vec<Vec<usize>> = vec![Vec::new(); states];
    let mut fresh = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        if kept[index] {
            fresh.extend(span.action.observed());
        } else if let Some(state) = span.action.written() {
            writers[state as usize].push(index);
        }
    }
    while let Some(state) = fresh.pop() {
        if std::mem::replace(&mut needed[state as usize], true) {
            continue;
        }
        for index in std::mem::take(&mut writers[state as usize]) {
            kept[index] = true;
            fresh.extend(spans[index].action.observed());
        }
    }
    Some(kept)
}
