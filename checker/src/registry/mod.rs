//! A registry: keys with put, get, delete and compare-and-set, and lists of many keys at once.
//!
//! A list breaks the independence of keys, on which everything else rests. So a history is judged twice:
//! 1. Key by key, where a list counts as a read of each of its keys. A violation there is final, and most are found
//!    there.
//! 2. As a whole, for the keys under lists. Here a list must have seen all its keys at one instant
//!    ([`instants`](self::instants) finds the simplest contradictions; the rest is searched).
//!
//! Lists of different prefixes, neither of which begins with the other, have no key in common and are judged apart.

mod instants;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::kv;
use crate::linearizable::Part;
use crate::model::Span;
use crate::object::Object;
use crate::register::{self, Register};
use crate::witness;

pub use model::{Action, Registry, Shelf};

/// What an operation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read all present keys with their values, whatever key the operation names.
    List {
        /// Only keys whose text begins with the text of this number; a number without a text stands for its digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<u64>,
    },
    /// Something of one key.
    #[serde(untagged)]
    Key(kv::Kind),
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A list saw these keys with these values, in any order, and no other.
    List(Vec<(u64, Value)>),
    /// What an operation of one key returned.
    #[serde(untagged)]
    Key(kv::Output),
}

impl Object for Kind {
    type Output = Output;
    type Model = Registry;

    const NAME: &'static str = "registry";

    fn fits(&self, output: &Output) -> bool {
        match (self, output) {
            (Kind::List { .. }, Output::List(_)) => true,
            (Kind::Key(kind), Output::Key(output)) => kind.fits(output),
            _ => false,
        }
    }

    fn is_update(&self) -> bool {
        matches!(self, Kind::Key(kind) if kind.is_update())
    }

    fn ask(&self, key: &str, names: &Names) -> String {
        match self {
            Kind::Key(kind) => kind.ask(key, names),
            Kind::List { prefix: None } => "list of all keys".to_owned(),
            Kind::List { prefix: Some(prefix) } => format!("list of keys from {}", names.value(*prefix)),
        }
    }

    fn answer(output: &Output, names: &Names) -> String {
        match output {
            Output::Key(output) => kv::Kind::answer(output, names),
            Output::List(entries) => {
                let entry =
                    |&(key, value): &(u64, Value)| format!("{}: {}", names.value(key), names.value(value));
                let listed: Vec<String> = entries.iter().take(ENTRIES_LISTED_MAX).map(entry).collect();
                let listed = listed.join(", ");
                match entries.len().saturating_sub(ENTRIES_LISTED_MAX) {
                    0 => format!("returned {{{listed}}}"),
                    more => format!("returned {{{listed}, and {more} more}}"),
                }
            }
        }
    }

    fn parts(history: &History<Kind>) -> Vec<Part<Registry>> {
        let split = Split::new(history);
        let keys = register::partition(&split.by_key);
        let mut parts: Vec<Part<Registry>> = keys.iter().map(|key| split.key_part(history, key)).collect();
        parts.extend(split.shelves(history, &keys));
        parts.sort_by_key(|part| part.key);
        parts
    }
}

/// Entries of a list that are spelled out before they are only counted.
const ENTRIES_LISTED_MAX: usize = 8;

/// A history with its lists taken apart.
struct Split {
    /// The operations of keys, and for each list a read of each of its keys.
    by_key: History,
    /// For each operation of `by_key`, its index in the history.
    origins: Vec<u32>,
    /// The lists, by the prefix that contains all that they have in common with others.
    lists: BTreeMap<String, Vec<u32>>,
}

/// What a key or a prefix is called: its text, or its digits.
fn text(names: &Names, number: u64) -> String {
    names.text(number).map_or_else(|| number.to_string(), str::to_owned)
}

fn prefix_of(history: &History<Kind>, list: u32) -> String {
    match history.operations()[list as usize].kind {
        Kind::List { prefix } => prefix.map_or_else(String::new, |prefix| text(history.names(), prefix)),
        Kind::Key(_) => unreachable!("not a list"),
    }
}

fn entries(operation: &Operation<Kind>) -> &[(u64, Value)] {
    match &operation.outcome {
        Outcome::Ok(Output::List(entries)) => entries,
        _ => &[],
    }
}

impl Split {
    fn new(history: &History<Kind>) -> Split {
        let mut keys: BTreeSet<u64> = BTreeSet::new();
        let mut lists: Vec<u32> = Vec::new();
        let mut operations = Vec::new();
        let mut origins = Vec::new();
        for (index, operation) in (0..).zip(history.operations()) {
            match operation.kind {
                Kind::List { .. } if operation.is_ok() => {
                    lists.push(index);
                    keys.extend(entries(operation).iter().map(|&(key, _)| key));
                }
                Kind::List { .. } => {}
                Kind::Key(kind) if operation.outcome != Outcome::Failed => {
                    keys.insert(operation.key);
                    origins.push(index);
                    operations.push(of_key(operation, kind));
                }
                Kind::Key(_) => {}
            }
        }
        let keys: Vec<(u64, String)> =
            keys.into_iter().map(|key| (key, text(history.names(), key))).collect();
        for &list in &lists {
            for read in reads(history, list, &keys) {
                origins.push(list);
                operations.push(read);
            }
        }
        let by_key = History::new(operations).expect("what was valid before is valid now");
        let by_key = by_key.with_names(Names::clone(history.names()));
        Split { by_key, origins, lists: by_widest_prefix(history, &lists) }
    }

    fn key_part(&self, history: &History<Kind>, key: &Part<Register>) -> Part<Registry> {
        let mut part = Part::new(key.key, Registry::Key(Box::new(key.model.clone())));
        for (span, &index) in key.spans.iter().zip(&key.operations) {
            part.push(span_as(span, Action::One(span.action)), self.origins[index as usize]);
        }
        part.proposal.clone_from(&key.proposal);
        let is_list =
            |&&operation: &&u32| matches!(history.operations()[operation as usize].kind, Kind::List { .. });
        let known = part.spans.iter().filter(|span| span.ret.is_some()).count();
        let listed = part.operations.iter().filter(is_list).count();
        // A list is counted where it is judged as a whole; but a key that only lists have seen is judged here as well.
        part.known_outcomes = (if known > listed { known - listed } else { known }) as u64;
        part.unknown_outcomes = key.unknown_outcomes;
        part
    }

    /// The parts in which keys are judged together.
    fn shelves(&self, history: &History<Kind>, keys: &[Part<Register>]) -> Vec<Part<Registry>> {
        let shelf = |(prefix, lists): (&String, &Vec<u32>)| self.shelf(history, keys, prefix, lists);
        self.lists.iter().map(shelf).collect()
    }

    fn shelf(
        &self,
        history: &History<Kind>,
        keys: &[Part<Register>],
        prefix: &str,
        lists: &[u32],
    ) -> Part<Registry> {
        let is_within = |key: &&Part<Register>| text(history.names(), key.key).starts_with(prefix);
        let keys: Vec<&Part<Register>> = keys.iter().filter(is_within).collect();
        let numbers: Vec<u64> = keys.iter().map(|key| key.key).collect();
        // Without keys every list is empty, or has keys that it was not asked for.
        let first = numbers.first().copied().unwrap_or(history.operations()[lists[0] as usize].key);
        let registers = keys.iter().map(|key| key.model.clone()).collect();
        let mut shelf = Shelf::new(numbers, registers, history.names().clone());
        let mut seen: BTreeMap<u32, Vec<(u32, u32)>> = lists.iter().map(|&list| (list, Vec::new())).collect();
        let mut spans = Vec::new();
        for (place, key) in (0..).zip(&keys) {
            for (span, &index) in key.spans.iter().zip(&key.operations) {
                let operation = &self.by_key.operations()[index as usize];
                let hint = operation.position.map(|position| (position, !operation.kind.is_update()));
                let origin = self.origins[index as usize];
                if let Some(seen) = seen.get_mut(&origin) {
                    let state = span.action.observed().expect("a list reads its keys");
                    seen.push((place, state));
                } else {
                    spans.push((span_as(span, Action::Key(place, span.action)), origin, hint));
                }
            }
        }
        for (list, seen) in seen {
            let operation = &history.operations()[list as usize];
            let number = shelf.list(seen, is_possible(history, list));
            let span = Span { call: operation.call, ret: operation.ret, action: Action::List(number) };
            spans.push((span, list, operation.position.map(|position| (position, true))));
        }
        let mut part = Part::new(first, Registry::Shelf(Box::new(shelf)));
        part.known_outcomes = lists.len() as u64;
        let hints: Vec<_> = spans.iter().map(|&(.., hint)| hint).collect();
        for (span, origin, _) in spans {
            part.push(span, origin);
        }
        part.proposal = witness::by_position(&part.spans, |span| hints[span]);
        part
    }
}

fn span_as(span: &Span<register::Action>, action: Action) -> Span<Action> {
    Span { call: span.call, ret: span.ret, action }
}

fn of_key(operation: &Operation<Kind>, kind: kv::Kind) -> Operation {
    let outcome = match operation.outcome {
        Outcome::Ok(Output::Key(output)) => Outcome::Ok(output),
        Outcome::Ok(Output::List(_)) => unreachable!("a history is validated: only a list returns a list"),
        Outcome::Failed => Outcome::Failed,
        Outcome::Unknown => Outcome::Unknown,
    };
    let Operation { client, key, call, ret, position, .. } = *operation;
    Operation { client, key, call, ret, kind, outcome, position }
}

/// A list as reads of each of its keys.
fn reads(history: &History<Kind>, list: u32, keys: &[(u64, String)]) -> Vec<Operation> {
    let operation = &history.operations()[list as usize];
    let prefix = prefix_of(history, list);
    let seen: BTreeMap<u64, Value> = entries(operation).iter().copied().collect();
    let read = |&(key, _): &(u64, String)| Operation {
        client: operation.client,
        key,
        call: operation.call,
        ret: operation.ret,
        kind: kv::Kind::Get,
        outcome: Outcome::Ok(kv::Output::Value(seen.get(&key).copied())),
        position: operation.position,
    };
    keys.iter().filter(|(_, text)| text.starts_with(&prefix)).map(read).collect()
}

/// Whether a list has every key once, and only keys that it was asked for.
fn is_possible(history: &History<Kind>, list: u32) -> bool {
    let entries = entries(&history.operations()[list as usize]);
    let prefix = prefix_of(history, list);
    let different: BTreeSet<u64> = entries.iter().map(|&(key, _)| key).collect();
    different.len() == entries.len()
        && different.iter().all(|&key| text(history.names(), key).starts_with(&prefix))
}

/// Lists by the shortest of their prefixes with which theirs begins.
fn by_widest_prefix(history: &History<Kind>, lists: &[u32]) -> BTreeMap<String, Vec<u32>> {
    let mut prefixes: Vec<(String, u32)> =
        lists.iter().map(|&list| (prefix_of(history, list), list)).collect();
    // A prefix comes right before all texts that begin with it.
    prefixes.sort_unstable();
    let mut widest: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut current: Option<String> = None;
    for (prefix, list) in prefixes {
        let root = current.take().filter(|root| prefix.starts_with(root)).unwrap_or(prefix);
        widest.entry(root.clone()).or_default().push(list);
        current = Some(root);
    }
    widest
}
