//! The sequential specification of a set, at first the empty one.

use std::sync::Arc;

use crate::history::{Names, Value};
use crate::model::{Model, Monitored, Span, State};
use crate::set::monitor;
use crate::table::Interner;
use crate::trie::Arrays;

/// An operation on a set together with what it returned. Elements are interned by the [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The element is in afterwards.
    Add(u32),
    /// The element was not in, and is afterwards.
    Insert(u32),
    /// The element is not in afterwards.
    Remove(u32),
    /// The element was in, and is not afterwards.
    Delete(u32),
    /// Whether the element was in.
    Is(u32, bool),
    /// The elements were those of this list of the [`Set`].
    Members(u32),
}

/// A set, at first empty.
#[derive(Clone, Debug)]
pub struct Set {
    elements: Interner<Value>,
    /// What reads of the whole set returned, in ascending order; no list comes twice.
    lists: Interner<Box<[u32]>>,
    /// States: an entry is one if the element is in. Made when the first is asked for; all elements are known then.
    states: Option<Arrays>,
    /// The states that the lists stand for, as far as they have been asked for.
    listed: Vec<Option<State>>,
    /// For each element, how many spans may add it, and how many may remove it. Written by [`Set::survey`].
    changes: Vec<(u32, u32)>,
    names: Arc<Names>,
}

/// Elements that all lists together look at, and beyond which a list is not taken apart.
pub(super) const LOOKS_MAX: usize = 1 << 22;

/// What a list with a repetition stands for.
const NO_STATE: State = State::MAX;

impl Set {
    /// An empty set.
    pub fn new(names: Arc<Names>) -> Set {
        Set {
            elements: Interner::new(),
            lists: Interner::new(),
            states: None,
            listed: Vec::new(),
            changes: Vec::new(),
            names,
        }
    }

    /// The number of an element.
    pub fn intern(&mut self, element: Value) -> u32 {
        self.elements.intern(element)
    }

    /// The number of a list of elements.
    pub fn list(&mut self, elements: &[Value]) -> u32 {
        let mut list: Vec<u32> = elements.iter().map(|&element| self.elements.intern(element)).collect();
        list.sort_unstable();
        let number = self.lists.intern(list.into_boxed_slice());
        if self.listed.len() == number as usize {
            self.listed.push(None);
        }
        number
    }

    /// The elements of a list, in ascending order.
    pub(super) fn listed(&self, list: u32) -> &[u32] {
        self.lists.get(list)
    }

    /// How many different elements there are.
    pub fn elements(&self) -> usize {
        self.elements.len()
    }

    /// Counts who may add and remove each element, over all the spans that will be judged.
    pub(super) fn survey(&mut self, spans: &[Span<Action>]) {
        self.changes = vec![(0, 0); self.elements.len()];
        for span in spans {
            match span.action {
                Action::Add(element) | Action::Insert(element) => self.changes[element as usize].0 += 1,
                Action::Remove(element) | Action::Delete(element) => self.changes[element as usize].1 += 1,
                Action::Is(..) | Action::Members(_) => {}
            }
        }
    }

    /// The number of an element's being in, or being out, if that comes once: somebody adds it once, or nobody removes
    /// it.
    fn once(&self, element: u32, is: bool) -> Option<u32> {
        let (adds, removes) = self.changes[element as usize];
        let comes_once = if is { adds == 1 } else { removes == 0 };
        comes_once.then_some(2 * element + u32::from(is))
    }

    fn states(&mut self) -> &mut Arrays {
        self.states.get_or_insert_with(|| Arrays::new(self.elements.len()))
    }

    fn with(&mut self, state: State, element: u32, is: bool) -> State {
        self.states().with(state, element, u32::from(is))
    }

    /// The state that a list stands for.
    fn state_of(&mut self, list: u32) -> State {
        if let Some(state) = self.listed[list as usize] {
            return state;
        }
        let elements = self.lists.get(list).clone();
        let state = if elements.is_sorted_by(|left, right| left < right) {
            elements.iter().fold(Arrays::ZEROS, |state, &element| self.with(state, element, true))
        } else {
            NO_STATE
        };
        self.listed[list as usize] = Some(state);
        state
    }
}

impl Model for Set {
    type Action = Action;

    fn initial(&mut self) -> State {
        Arrays::ZEROS
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        let is_in = |set: &mut Set, element: u32| set.states().get(state, element) == 1;
        match *action {
            Action::Add(element) => Some(self.with(state, element, true)),
            Action::Insert(element) => (!is_in(self, element)).then(|| self.with(state, element, true)),
            Action::Remove(element) => Some(self.with(state, element, false)),
            Action::Delete(element) => is_in(self, element).then(|| self.with(state, element, false)),
            Action::Is(element, is) => (is_in(self, element) == is).then_some(state),
            Action::Members(list) => (self.state_of(list) == state).then_some(state),
        }
    }

    fn is_pure(action: &Action) -> bool {
        matches!(action, Action::Is(..) | Action::Members(_))
    }

    /// Without reads of the whole set, elements have nothing to do with each other.
    fn useful(&self, spans: &[Span<Action>]) -> Vec<bool> {
        let element = |action: &Action| match *action {
            Action::Add(element)
            | Action::Insert(element)
            | Action::Remove(element)
            | Action::Delete(element)
            | Action::Is(element, _) => Some(element),
            Action::Members(_) => None,
        };
        let mut is_known = vec![false; self.elements.len()];
        let mut is_whole = false;
        for span in spans.iter().filter(|span| span.ret.is_some()) {
            match element(&span.action) {
                Some(element) => is_known[element as usize] = true,
                None => is_whole = true,
            }
        }
        let may_matter = |span: &Span<Action>| {
            !Set::is_pure(&span.action)
                && element(&span.action).is_some_and(|element| is_whole || is_known[element as usize])
        };
        spans.iter().map(|span| span.ret.is_some() || may_matter(span)).collect()
    }

    fn needs_once(&self, action: &Action, needs: &mut Vec<u32>) {
        match *action {
            Action::Is(element, is) => needs.extend(self.once(element, is)),
            Action::Insert(element) => needs.extend(self.once(element, false)),
            Action::Delete(element) => needs.extend(self.once(element, true)),
            Action::Members(list) if self.lists.len() * self.elements() <= LOOKS_MAX => {
                let listed = self.listed(list);
                let is = |element: &u32| listed.binary_search(element).is_ok();
                needs.extend(
                    (0..self.elements() as u32).filter_map(|element| self.once(element, is(&element))),
                );
            }
            Action::Members(_) | Action::Add(_) | Action::Remove(_) => {}
        }
    }

    fn ends(&self, _state: State, action: &Action) -> Option<u32> {
        match *action {
            Action::Add(element) | Action::Insert(element) => self.once(element, false),
            Action::Remove(element) | Action::Delete(element) => self.once(element, true),
            Action::Is(..) | Action::Members(_) => None,
        }
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        monitor::decide(self, spans, want_order)
    }

    fn describe(&self, state: State) -> String {
        let entries = self.states.as_ref().map_or_else(Vec::new, |states| states.entries(state));
        let element = |&(element, _): &(u32, u32)| self.names.value(*self.elements.get(element));
        let elements: Vec<String> = entries.iter().map(element).collect();
        format!("{{{}}}", elements.join(", "))
    }
}
