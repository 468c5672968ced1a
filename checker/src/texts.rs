//! Texts with get, put and append: the model of one key of a history of [`append`](crate::append) operations.

use crate::model::{Model, State};
use crate::table::Interner;

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
