//! The log: the order of updates, and what each of its prefixes leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::court::Court;
use super::order;
use crate::history::{History, Operation, Outcome, Value};
use crate::kv::{Kind, Output};

/// The order of updates, and what every prefix leaves. A prefix is named by its number of updates.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The latest call among the updates of each prefix but the empty one; ascending.
    call_latest: Vec<u64>,
    /// For each key, the prefixes that change it and what it holds from there on; ascending.
    changes: BTreeMap<u64, Vec<(usize, Option<Value>)>>,
    /// For each key and state, the prefixes at which the key comes to hold it; ascending.
    arrivals: BTreeMap<(u64, Option<Value>), Vec<usize>>,
    /// What updates that have no position could write.
    unplaced: BTreeSet<(u64, Option<Value>)>,
    /// The operation that ends each prefix but the empty one.
    operations: Vec<usize>,
    /// For each operation with a place in the log, the prefix that ends with it.
    pub(super) places: BTreeMap<usize, usize>,
}

/// What an operation says about the state in which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It saw this.
    Saw(Option<Value>),
    /// It did not see this.
    SawOther(Option<Value>),
}

impl Sight {
    fn agrees(self, state: Option<Value>) -> bool {
        match self {
            Sight::Saw(seen) => state == seen,
            Sight::SawOther(unseen) => state != unseen,
        }
    }
}

impl Log {
    /// Puts the updates in order and checks what each says about the state in which it happened.
    pub(super) fn new(history: &History, court: &mut Court<'_>) -> Log {
        let mut log = Log::default();
        let mut placed: Vec<(u64, usize)> = Vec::new();
        let positions = order::positions(history);
        for (index, operation) in history.operations().iter().enumerate() {
            if !operation.kind.is_update() || operation.outcome == Outcome::Failed {
                continue;
            }
            match (positions[index], written(operation)) {
                (Some(position), _) => placed.push((position, index)),
                (None, Some(state)) => {
                    log.unplaced.insert((operation.key, state));
                    if operation.is_ok() {
                        court.doubt(index, "its place among the other updates is not known");
                    }
                }
                // A compare-and-set that changed nothing is judged like a read.
                (None, None) => {}
            }
        }
        placed.sort_unstable();
        for pair in placed.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            court.illegal(pair[1].1, &[pair[0].1], "{0} has the position of {1}");
        }
        for (_, index) in placed {
            log.append(history, court, index);
        }
        log
    }

    /// Adds an update at the end.
    fn append(&mut self, history: &History, court: &mut Court<'_>, index: usize) {
        let operation = &history.operations()[index];
        let key = operation.key;
        let prefix = self.call_latest.len() + 1;
        let latest = self.call_latest.last().copied().unwrap_or(0);
        if operation.is_ok() && operation.ret.is_some_and(|ret| ret < latest) {
            let late =
                self.operations.iter().copied().find(|&earlier| history.operations()[earlier].call == latest);
            let late = late.expect("the latest call is one of them");
            court.illegal(
                index,
                &[late],
                "{0} is behind {1} in the log, which was called after it had returned",
            );
        }
        self.call_latest.push(latest.max(operation.call));
        self.operations.push(index);
        self.places.insert(index, prefix);
        let before = self.state(key, prefix - 1);
        if let Some(sight) = sight(operation).filter(|sight| !sight.agrees(before)) {
            if self.is_unplaced(key, sight) {
                court.doubt(index, "only an update without a position could explain it");
            } else {
                let held = history.names().held(before);
                court.illegal(index, &[], &format!("{{0}}, and at its place in the log the key held {held}"));
            }
        }
        let Some(state) = written(operation) else { return };
        if let (Kind::Cas { expect, .. }, Outcome::Unknown) = (operation.kind, operation.outcome)
            && expect != before
        {
            // It changed nothing, unless an update without a position wrote what it needs.
            if self.unplaced.contains(&(key, expect)) {
                self.unplaced.insert((key, state));
            }
            return;
        }
        self.changes.entry(key).or_default().push((prefix, state));
        self.arrivals.entry((key, state)).or_default().push(prefix);
    }

    /// What a prefix leaves in a key.
    fn state(&self, key: u64, prefix: usize) -> Option<Value> {
        let changes = self.changes.get(&key)?;
        let past = changes.partition_point(|&(at, _)| at <= prefix);
        past.checked_sub(1).and_then(|last| changes[last].1)
    }

    /// The longest prefix that existed at this time.
    pub(super) fn longest(&self, time: u64) -> usize {
        self.call_latest.partition_point(|&call| call <= time)
    }

    /// The shortest prefix from `shortest` on that agrees with what was seen.
    pub(super) fn find(&self, key: u64, sight: Sight, shortest: usize) -> Option<usize> {
        if sight.agrees(self.state(key, shortest)) {
            return Some(shortest);
        }
        match sight {
            Sight::Saw(seen) => {
                let arrivals = self.arrivals.get(&(key, seen))?;
                arrivals.get(arrivals.partition_point(|&prefix| prefix < shortest)).copied()
            }
            Sight::SawOther(_) => {
                let changes = self.changes.get(&key)?;
                let next = changes.partition_point(|&(prefix, _)| prefix < shortest);
                let agrees = |&&(_, state): &&(usize, Option<Value>)| sight.agrees(state);
                changes[next..].iter().find(agrees).map(|&(prefix, _)| prefix)
            }
        }
    }

    /// The last update that changed a key in a prefix.
    pub(super) fn last_change(&self, key: u64, prefix: usize) -> Option<usize> {
        let changes = self.changes.get(&key)?;
        let past = changes.partition_point(|&(at, _)| at <= prefix);
        past.checked_sub(1).map(|last| self.operations[changes[last].0 - 1])
    }

    /// Whether an update without a position could have made what was seen.
    pub(super) fn is_unplaced(&self, key: u64, sight: Sight) -> bool {
        match sight {
            Sight::Saw(seen) => self.unplaced.contains(&(key, seen)),
            Sight::SawOther(_) => {
                let mut states = self.unplaced.range((key, None)..=(key, Some(Value::MAX)));
                states.any(|&(_, state)| sight.agrees(state))
            }
        }
    }
}

/// What an update writes, if it takes effect.
pub(super) fn written(operation: &Operation) -> Option<Option<Value>> {
    match (operation.kind, operation.outcome) {
        (Kind::Put { value }, _) => Some(Some(value)),
        (Kind::Delete, _) => Some(None),
        (Kind::Cas { value, .. }, Outcome::Unknown | Outcome::Ok(Output::Swapped)) => Some(Some(value)),
        (Kind::Cas { .. } | Kind::Get, _) => None,
    }
}

/// What an operation saw. A compare-and-set that failed although it found what it expected agrees with no state: that
/// is a contradiction in itself, which the judge asks about.
pub(super) fn sight(operation: &Operation) -> Option<Sight> {
    match (operation.kind, operation.outcome) {
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => Some(Sight::Saw(seen)),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Swapped)) => Some(Sight::Saw(expect)),
        (Kind::Cas { .. }, Outcome::Ok(Output::Differs(seen))) => Some(Sight::Saw(seen)),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Mismatch)) => Some(Sight::SawOther(expect)),
        _ => None,
    }
}
