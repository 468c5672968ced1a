//! A key that holds a text, with get, put and append: the model of the key-value histories that are handed around for
//! testing checkers. An append reads nothing and yet depends on everything before it, which makes it a harder model
//! than the register.

use std::collections::BTreeMap;

use crate::linearizable::{Part, judge};
use crate::model::{Model, Span, State};
use crate::table::Interner;
use crate::verdict::{Budget, Report};

/// An operation on a text together with what it returned. Texts are interned by the [`Texts`] of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A get that saw this text.
    Get(u32),
    /// The text becomes this one.
    Put(u32),
    /// This text is added at the end.
    Append(u32),
}

/// One operation of a history of texts. All of them have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who asked.
    pub client: u64,
    /// The key.
    pub key: u64,
    /// When it was called.
    pub call: u64,
    /// When it returned.
    pub ret: u64,
    /// What it asked for.
    pub kind: Kind,
    /// The argument, or for a get the text that it saw.
    pub text: String,
}

/// What an operation asks of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Read the text.
    Get,
    /// Replace the text.
    Put,
    /// Add to the text.
    Append,
}

/// A key that holds a text, at first the empty one.
#[derive(Clone, Debug)]
pub struct Texts {
    texts: Interner<String>,
    /// What appends lead to: (state, text appended), and at the same place the state afterwards.
    appended: Interner<(u32, u32)>,
    results: Vec<State>,
}

impl Texts {
    /// Knows the empty text only.
    pub fn new() -> Texts {
        let mut texts = Interner::new();
        texts.intern(String::new());
        Texts { texts, appended: Interner::new(), results: Vec::new() }
    }

    /// The number of a text.
    pub fn intern(&mut self, text: String) -> u32 {
        self.texts.intern(text)
    }

    fn append(&mut self, state: State, text: u32) -> State {
        let place = self.appended.intern((state, text)) as usize;
        if place == self.results.len() {
            let joined = format!("{}{}", self.texts.get(state), self.texts.get(text));
            let result = self.texts.intern(joined);
            self.results.push(result);
        }
        self.results[place]
    }
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::new()
    }
}

impl Model for Texts {
    type Action = Action;

    fn initial(&mut self) -> State {
        self.intern(String::new())
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        match *action {
            Action::Get(text) => (text == state).then_some(state),
            Action::Put(text) => Some(text),
            Action::Append(text) => Some(self.append(state, text)),
        }
    }

    fn is_pure(action: &Action) -> bool {
        matches!(action, Action::Get(_))
    }

    fn describe(&self, state: State) -> String {
        format!("{:?}", self.texts.get(state))
    }
}

/// Judges a history of texts by search alone.
pub fn linearizable(operations: &[Operation], budget: Budget) -> Report {
    let mut keys: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        keys.entry(operation.key).or_default().push(index);
    }
    let parts = keys.into_iter().map(|(key, indices)| part(operations, key, indices)).collect();
    judge(parts, budget, &|index| describe(&operations[index]))
}

fn part(history: &[Operation], key: u64, operations: Vec<usize>) -> Part<Texts> {
    let mut model = Texts::new();
    let mut span = |&index: &usize| {
        let Operation { call, ret, kind, ref text, .. } = history[index];
        let text = model.intern(text.clone());
        let action = match kind {
            Kind::Get => Action::Get(text),
            Kind::Put => Action::Put(text),
            Kind::Append => Action::Append(text),
        };
        Span { call, ret: Some(ret), action }
    };
    let spans: Vec<Span<Action>> = operations.iter().map(&mut span).collect();
    Part {
        key,
        model,
        proposal: None,
        contradiction: |_| None,
        known_outcomes: spans.len() as u64,
        unknown_outcomes: 0,
        spans,
        operations,
    }
}

fn describe(operation: &Operation) -> String {
    let Operation { client, key, call, ret, kind, text } = operation;
    let what = match kind {
        Kind::Get => "get of",
        Kind::Put => "put to",
        Kind::Append => "append to",
    };
    format!("client {client}'s {what} key {key} (called at {call}, ended at {ret}): {text:?}")
}
