//! The sequential specification of a queue: a sequence of values, at first the empty one.

use std::sync::Arc;

use crate::history::{Names, Value};
use crate::model::{Model, Monitored, Span, State};
use crate::queue::monitor;
use crate::table::Interner;

/// An operation on a queue together with what it returned. Values are interned by the [`Queue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The value is put at the end.
    Enqueue(u32),
    /// The value at the front was this one, and was taken.
    Took(u32),
    /// There was nothing to take.
    Empty,
    /// Whatever is at the front is taken: a dequeue of unknown outcome.
    Dequeue,
}

/// A queue, at first empty.
#[derive(Clone, Debug)]
pub struct Queue {
    values: Interner<Value>,
    /// States: the values inside, from the front to the end.
    contents: Interner<Box<[u32]>>,
    names: Arc<Names>,
}

impl Queue {
    /// An empty queue.
    pub fn new(names: Arc<Names>) -> Queue {
        Queue { values: Interner::new(), contents: Interner::new(), names }
    }

    /// The number of a value.
    pub fn intern(&mut self, value: Value) -> u32 {
        self.values.intern(value)
    }

    /// How many different values there are.
    pub fn values(&self) -> usize {
        self.values.len()
    }

    fn put(&mut self, state: State, value: u32) -> State {
        let behind = &self.contents.get(state);
        let contents = behind.iter().copied().chain([value]).collect();
        self.contents.intern(contents)
    }

    fn take(&mut self, state: State) -> State {
        let contents = self.contents.get(state).iter().skip(1).copied().collect();
        self.contents.intern(contents)
    }
}

impl Model for Queue {
    type Action = Action;

    fn initial(&mut self) -> State {
        self.contents.intern(Box::default())
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        let front = self.contents.get(state).first().copied();
        match *action {
            Action::Enqueue(value) => Some(self.put(state, value)),
            Action::Took(value) => (front == Some(value)).then(|| self.take(state)),
            Action::Empty => front.is_none().then_some(state),
            Action::Dequeue => Some(self.take(state)),
        }
    }

    fn is_pure(action: &Action) -> bool {
        *action == Action::Empty
    }

    /// What nobody took can have been left out, and who took it then too.
    fn useful(&self, spans: &[Span<Action>]) -> Vec<bool> {
        let mut is_taken = vec![false; self.values()];
        for span in spans.iter().filter(|span| span.ret.is_some()) {
            if let Action::Took(value) = span.action {
                is_taken[value as usize] = true;
            }
        }
        let mut is_there = vec![false; self.values()];
        let is_enqueue = |span: &Span<Action>, is_taken: &[bool]| match span.action {
            Action::Enqueue(value) => (span.ret.is_some() || is_taken[value as usize]).then_some(value),
            _ => None,
        };
        for span in spans {
            if let Some(value) = is_enqueue(span, &is_taken) {
                is_there[value as usize] = true;
            }
        }
        let may_matter = |span: &Span<Action>| match span.action {
            Action::Enqueue(value) => is_taken[value as usize],
            Action::Took(value) => is_there[value as usize],
            Action::Dequeue => is_there.contains(&true),
            Action::Empty => false,
        };
        spans.iter().map(|span| span.ret.is_some() || may_matter(span)).collect()
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        monitor::decide(spans, self.values(), want_order)
    }

    fn describe(&self, state: State) -> String {
        let value = |&value: &u32| self.names.value(*self.values.get(value));
        let values: Vec<String> = self.contents.get(state).iter().map(value).collect();
        if values.is_empty() { "nothing".to_owned() } else { format!("[{}]", values.join(", ")) }
    }
}
