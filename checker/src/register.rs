//! The register with compare-and-set: the model of one key of [`History`](crate::History).

use std::sync::Arc;

use crate::history::{Names, Value};
use crate::model::{Model, Monitored, Span, State};
use crate::partition;
use crate::zones;

pub use crate::partition::partition;

/// The state of a key that is absent. Values follow it, in order of appearance.
pub const ABSENT: State = 0;

/// A key that holds a value or nothing.
#[derive(Clone, Debug)]
pub struct Register {
    /// The values that the key held or was expected to hold; the first is state one.
    values: Vec<Value>,
    /// For each state, whether it comes at most once. Written by [`Register::survey`].
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
        partition::useful(spans, self.states())
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        zones::decide(spans, self.states(), want_order, &|state| self.describe(state))
    }

    fn describe(&self, state: State) -> String {
        self.names.held(self.value(state))
    }
}

impl Register {
    /// A register that knows no value yet.
    pub(crate) fn new(names: Arc<Names>) -> Register {
        Register { values: Vec::new(), once: Vec::new(), unseen: Vec::new(), names }
    }

    /// The values, for whoever splits a history.
    pub(crate) fn values_mut(&mut self) -> &mut Vec<Value> {
        &mut self.values
    }

    /// Learns which states come once and which nobody sees, from all the spans that will be judged.
    pub(crate) fn survey(&mut self, spans: &[Span<Action>]) {
        let mut makers = vec![0u8; self.states()];
        // The key begins absent: that counts as making it.
        makers[ABSENT as usize] = 1;
        let has_mismatch = spans.iter().any(|span| matches!(span.action, Action::Mismatch { .. }));
        self.unseen = vec![!has_mismatch; self.states()];
        for span in spans {
            if let Some(state) = span.action.written() {
                let makers = &mut makers[state as usize];
                *makers = makers.saturating_add(1);
            }
            if let Some(state) = span.action.observed() {
                self.unseen[state as usize] = false;
            }
        }
        self.once = makers.into_iter().map(|makers| makers <= 1).collect();
    }

    fn value(&self, state: State) -> Option<Value> {
        (state != ABSENT).then(|| self.values[state as usize - 1])
    }

    /// How many states there are, the absent one included.
    pub(crate) fn states(&self) -> usize {
        self.values.len() + 1
    }
}
