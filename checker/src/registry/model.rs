//! The sequential specification of keys that are listed together.

use std::sync::Arc;

use crate::history::Names;
use crate::model::{Model, Monitored, Span, State};
use crate::register::{self, Register};
use crate::registry::instants;
use crate::trie::Arrays;

/// An operation together with what it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// An operation of the only key.
    One(register::Action),
    /// An operation of the key at this place of the [`Shelf`].
    Key(u32, register::Action),
    /// A list that saw what this list of the [`Shelf`] says.
    List(u32),
}

/// One key, or several that are listed together.
#[derive(Clone, Debug)]
pub enum Registry {
    /// A key by itself.
    Key(Box<Register>),
    /// Keys that are listed together.
    Shelf(Box<Shelf>),
}

/// Keys that are listed together.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The keys, in ascending order.
    keys: Vec<u64>,
    /// The model of each key.
    registers: Vec<Register>,
    /// States: the entry of a key is the state of its register.
    states: Arrays,
    /// For each key, where its part of the numbers of values that come once begins.
    values_from: Vec<u32>,
    /// What lists saw.
    lists: Vec<List>,
    names: Arc<Names>,
}

/// What a list saw.
#[derive(Clone, Debug)]
pub(super) struct List {
    /// The keys that it looked at by their places, in order, each with the state that it saw.
    pub(super) seen: Vec<(u32, State)>,
    /// Whether it has every key once, and only keys that it was asked for.
    pub(super) is_possible: bool,
    /// The one state in which all that is so, if the list looked at all keys.
    whole: Option<State>,
}

impl Shelf {
    /// Keys with their models; nothing is present.
    pub(super) fn new(keys: Vec<u64>, registers: Vec<Register>, names: Arc<Names>) -> Shelf {
        assert_eq!(keys.len(), registers.len());
        let states = Arrays::new(keys.len());
        let begin = |next: &mut u32, register: &Register| {
            let from = *next;
            *next += register.states() as u32;
            Some(from)
        };
        let values_from = registers.iter().scan(0, begin).collect();
        Shelf { keys, registers, states, values_from, lists: Vec::new(), names }
    }

    /// Adds what a list saw, and gives its number.
    pub(super) fn list(&mut self, seen: Vec<(u32, State)>, is_possible: bool) -> u32 {
        let is_whole = seen.len() == self.keys.len();
        let whole = is_whole.then(|| {
            seen.iter().fold(Arrays::ZEROS, |state, &(place, entry)| self.states.with(state, place, entry))
        });
        self.lists.push(List { seen, is_possible, whole });
        self.lists.len() as u32 - 1
    }

    /// What lists saw.
    pub(super) fn lists(&self) -> &[List] {
        &self.lists
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of a value of a key, if it comes once.
    fn once(&self, place: u32, value: State) -> Option<u32> {
        let comes_once = self.registers[place as usize].comes_once(value);
        comes_once.then(|| self.values_from[place as usize] + value)
    }

    fn is_seen(&self, state: State, list: u32) -> bool {
        let list = &self.lists[list as usize];
        list.is_possible
            && match list.whole {
                Some(whole) => whole == state,
                None => list.seen.iter().all(|&(place, entry)| self.states.get(state, place) == entry),
            }
    }

    fn step(&mut self, state: State, place: u32, action: &register::Action) -> Option<State> {
        let before = self.states.get(state, place);
        let after = self.registers[place as usize].step(before, action)?;
        Some(if after == before { state } else { self.states.with(state, place, after) })
    }
}

impl Model for Registry {
    type Action = Action;

    fn initial(&mut self) -> State {
        match self {
            Registry::Key(register) => register.initial(),
            Registry::Shelf(_) => Arrays::ZEROS,
        }
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        match (self, action) {
            (Registry::Key(register), Action::One(action)) => register.step(state, action),
            (Registry::Shelf(shelf), Action::Key(place, action)) => shelf.step(state, *place, action),
            (Registry::Shelf(shelf), Action::List(list)) => shelf.is_seen(state, *list).then_some(state),
            _ => unreachable!("one key, or several"),
        }
    }

    fn is_pure(action: &Action) -> bool {
        match action {
            Action::One(action) | Action::Key(_, action) => Register::is_pure(action),
            Action::List(_) => true,
        }
    }

    fn needs_once(&self, action: &Action, needs: &mut Vec<u32>) {
        match (self, action) {
            (Registry::Key(register), Action::One(action)) => register.needs_once(action, needs),
            (Registry::Shelf(shelf), Action::Key(place, action)) => {
                needs.extend(action.observed().and_then(|value| shelf.once(*place, value)));
            }
            (Registry::Shelf(shelf), Action::List(list)) => {
                let seen = &shelf.lists[*list as usize].seen;
                needs.extend(seen.iter().filter_map(|&(place, value)| shelf.once(place, value)));
            }
            _ => unreachable!("one key, or several"),
        }
    }

    fn ends(&self, state: State, action: &Action) -> Option<u32> {
        match (self, action) {
            (Registry::Shelf(shelf), Action::Key(place, _)) => {
                shelf.once(*place, shelf.states.get(state, *place))
            }
            (Registry::Key(_), _) => Some(state),
            (Registry::Shelf(_), _) => None,
        }
    }

    fn is_write(action: &Action) -> bool {
        matches!(action, Action::One(action) if Register::is_write(action))
    }

    fn is_unseen(&self, action: &Action) -> bool {
        match (self, action) {
            (Registry::Key(register), Action::One(action)) => register.is_unseen(action),
            _ => false,
        }
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        match self {
            Registry::Shelf(shelf) => {
                instants::contradiction(shelf, spans).map_or(Monitored::HandOver, Monitored::Illegal)
            }
            Registry::Key(register) => {
                let one = |&Span { call, ret, action }: &Span<Action>| match action {
                    Action::One(action) => Span { call, ret, action },
                    Action::Key(..) | Action::List(_) => unreachable!("one key"),
                };
                let spans: Vec<Span<register::Action>> = spans.iter().map(one).collect();
                register.monitor(&spans, want_order)
            }
        }
    }

    fn describe(&self, state: State) -> String {
        match self {
            Registry::Key(register) => register.describe(state),
            Registry::Shelf(shelf) => {
                let entry = |&(place, entry): &(u32, State)| {
                    let register = &shelf.registers[place as usize];
                    format!("{}: {}", shelf.names.value(shelf.keys[place as usize]), register.describe(entry))
                };
                let entries: Vec<String> = shelf.states.entries(state).iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}
