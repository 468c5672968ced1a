//! A history of keys split into parts, one a key, in one pass over the operations.
//!
//! A history may have millions of operations, and next to judging them a careless split would be the dearest part. So
//! no operation is looked at twice, and values get their numbers from a table that is indexed by the value itself as
//! far as possible: most histories count their values.

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::kv::{Kind, Output};
use crate::linearizable::Part;
use crate::model::{Span, State};
use crate::register::{ABSENT, Action, Register};
use crate::table::{AsBytes, Interner, Table};
use crate::witness;

/// Values that [`Numbers`] finds by index, for each operation of the history; and a few for a small one.
const DIRECT_PER_OPERATION: usize = 4;
const DIRECT_MIN: usize = 1024;

/// Operations that are looked at first to guess how many there are of each key.
const SAMPLES: usize = 64;

/// Stands for a key where there is none.
const NO_KEY: u32 = u32::MAX;

/// Splits a history by key, in ascending order, and leaves out what cannot matter.
pub fn partition(history: &History) -> Vec<Part<Register>> {
    let mut split = Split::new(history);
    for (operation, index) in history.operations().iter().zip(0..) {
        if operation.outcome != Outcome::Failed {
            split.add(operation, index);
        }
    }
    let mut parts = split.parts;
    parts.sort_unstable_by_key(|part| part.key);
    for part in &mut parts {
        finish(history, part);
    }
    parts
}

/// A split in the making.
struct Split<'a> {
    history: &'a History,
    keys: Interner<u64>,
    /// The key that the last operation was on, and its number.
    last: Option<(u64, u32)>,
    /// The keys of a few operations, ascending.
    samples: Vec<u64>,
    numbers: Numbers,
    /// By number of the key.
    parts: Vec<Part<Register>>,
}

impl<'a> Split<'a> {
    fn new(history: &'a History) -> Split<'a> {
        let numbers = Numbers::new(history.operations().len());
        Split {
            history,
            keys: Interner::new(),
            last: None,
            samples: samples(history),
            numbers,
            parts: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, operation: &Operation, index: u32) {
        let key = self.key(operation.key);
        let part = &mut self.parts[key as usize];
        part.count(operation.is_ok());
        let (numbers, values) = (&mut self.numbers, part.model.values_mut());
        let mut state =
            |value: Option<Value>| value.map_or(ABSENT, |value| numbers.number(key, value, values));
        if let Some(action) = action(operation, &mut state) {
            let ret = if operation.is_ok() { operation.ret } else { None };
            part.push(Span { call: operation.call, ret, action }, index);
        }
    }

    /// About how many operations are on a key, so that there is room for them from the beginning.
    fn expected(&self, key: u64) -> usize {
        let from = self.samples.partition_point(|&sample| sample < key);
        let hits = self.samples[from..].iter().take_while(|&&sample| sample == key).count();
        self.history.operations().len() * hits / self.samples.len()
    }

    /// The number of a key, and a part for it.
    fn key(&mut self, key: u64) -> u32 {
        if let Some((last, number)) = self.last
            && last == key
        {
            return number;
        }
        let number = self.keys.intern(key);
        if number as usize == self.parts.len() {
            let mut part = Part::new(key, Register::new(self.history.names().clone()));
            let operations = self.expected(key);
            part.spans.reserve(operations);
            part.operations.reserve(operations);
            self.parts.push(part);
        }
        self.last = Some((key, number));
        number
    }
}

/// The keys of a few operations from all over a history.
fn samples(history: &History) -> Vec<u64> {
    let operations = history.operations();
    let stride = operations.len() / SAMPLES + 1;
    let mut samples: Vec<u64> = operations.iter().step_by(stride).map(|operation| operation.key).collect();
    samples.sort_unstable();
    samples
}

/// The action of an operation, or `None` if the operation constrains nothing and changes nothing.
#[inline]
fn action(operation: &Operation, state: &mut impl FnMut(Option<Value>) -> State) -> Option<Action> {
    let action = match (operation.kind, operation.outcome) {
        (_, Outcome::Failed) | (Kind::Get, Outcome::Unknown) => return None,
        (Kind::Put { value }, _) => Action::Write { state: state(Some(value)) },
        (Kind::Delete, _) => Action::Write { state: ABSENT },
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => Action::Read { state: state(seen) },
        (Kind::Cas { expect, value }, outcome) => {
            let expect = state(expect);
            match outcome {
                Outcome::Ok(Output::Differs(seen)) => Action::Differs { expect, seen: state(seen) },
                Outcome::Ok(Output::Mismatch) => Action::Mismatch { expect },
                _ => Action::Swap { expect, value: state(Some(value)) },
            }
        }
        (Kind::Get, Outcome::Ok(_)) => unreachable!("a history is validated: a get returns a value"),
    };
    Some(action)
}

/// Leaves out what cannot matter, and learns what can be known only when all operations have been seen.
fn finish(history: &History, part: &mut Part<Register>) {
    if part.unknown_outcomes > 0 {
        keep_useful(part);
    }
    part.model.survey(&part.spans);
    let hint = |span: usize| {
        let operation = &history.operations()[part.operations[span] as usize];
        operation.position.map(|position| (position, !operation.kind.is_update()))
    };
    part.proposal = witness::by_position(&part.spans, hint);
}

/// Leaves out the spans that cannot matter.
fn keep_useful(part: &mut Part<Register>) {
    let is_kept = useful(&part.spans, part.model.states());
    let mut keep = is_kept.iter();
    part.spans.retain(|_| *keep.next().expect("one flag a span"));
    let mut keep = is_kept.iter();
    part.operations.retain(|_| *keep.next().expect("one flag a span"));
}

/// Which spans can matter: all that are known to have happened, and of the unknown ones those that write something
/// that somebody needs.
///
/// Why an unknown write of a state `s` that nobody needs may be left out: take any order in which it took effect, and
/// take it out. Until the next write the key now holds something else instead of `s`. The actions in between happened
/// in `s`, and none of them needs `s`: so they are writes, or swaps of unknown outcome that changed nothing. Only a
/// mismatch could have happened in `s` and not in what was there before; with one in the history everything is kept.
pub(crate) fn useful(spans: &[Span<Action>], states: usize) -> Vec<bool> {
    if spans.iter().any(|span| matches!(span.action, Action::Mismatch { .. })) {
        return vec![true; spans.len()];
    }
    let mut is_kept: Vec<bool> = spans.iter().map(|span| span.ret.is_some()).collect();
    let mut is_needed = vec![false; states];
    let mut fresh = Vec::new();
    let mut unknown: Vec<(State, usize)> = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        match (span.ret, span.action.written()) {
            (Some(_), _) => fresh.extend(span.action.observed()),
            (None, Some(state)) => unknown.push((state, index)),
            (None, None) => {}
        }
    }
    unknown.sort_unstable();
    while let Some(state) = fresh.pop() {
        if std::mem::replace(&mut is_needed[state as usize], true) {
            continue;
        }
        let writers = unknown.partition_point(|&(written, _)| written < state);
        for &(_, index) in unknown[writers..].iter().take_while(|&&(written, _)| written == state) {
            is_kept[index] = true;
            fresh.extend(spans[index].action.observed());
        }
    }
    is_kept
}

/// Numbers for the values of each key, in order of first appearance.
struct Numbers {
    /// The value at place zero of `direct`: zero, or the first name of an imported history.
    base: Option<Value>,
    /// For values close to the base: the first key that had the value, and its number there.
    direct: Vec<(u32, State)>,
    /// `direct` never grows much longer.
    direct_max: u64,
    /// Where to find the rest in `others`.
    table: Table,
    /// Key, value and number of all that is not in `direct`.
    others: Vec<(u32, Value, State)>,
}

impl Numbers {
    fn new(operations: usize) -> Numbers {
        let direct_max = (operations * DIRECT_PER_OPERATION + DIRECT_MIN) as u64;
        Numbers { base: None, direct: Vec::new(), direct_max, table: Table::new(), others: Vec::new() }
    }

    /// The state that stands for a value on a key; a new value goes to the end of the key's values.
    #[inline]
    fn number(&mut self, key: u32, value: Value, values: &mut Vec<Value>) -> State {
        let base = *self.base.get_or_insert(value & Names::FIRST);
        let place = value.wrapping_sub(base);
        if self.direct_max <= place {
            return self.look_up(key, value, values);
        }
        let place = place as usize;
        if self.direct.len() <= place {
            self.direct.resize((place + 1).next_power_of_two(), (NO_KEY, ABSENT));
        }
        match self.direct[place] {
            (owner, state) if owner == key => state,
            (NO_KEY, _) => {
                let state = add(values, value);
                self.direct[place] = (key, state);
                state
            }
            _ => self.look_up(key, value, values),
        }
    }

    fn look_up(&mut self, key: u32, value: Value, values: &mut Vec<Value>) -> State {
        let hash = (value.hash() ^ u64::from(key)).hash();
        let is_it = |other: u32| {
            let (its_key, its_value, _) = self.others[other as usize];
            (its_key, its_value) == (key, value)
        };
        if let Some(other) = self.table.find(hash, is_it) {
            return self.others[other as usize].2;
        }
        let state = add(values, value);
        self.table.insert(hash, self.others.len() as u32);
        self.others.push((key, value, state));
        state
    }
}

/// Adds a value that the key did not have; the state that stands for it.
fn add(values: &mut Vec<Value>, value: Value) -> State {
    values.push(value);
    u32::try_from(values.len()).expect("fewer than 2^32 different values on a key")
}
