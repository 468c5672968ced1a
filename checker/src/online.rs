//! Judging while the history is still being made: call by call and answer by answer, until an answer cannot be placed.
//!
//! Fed with calls and ends in order of time, [`Online`] says at the first answer whose prefix of the history is not
//! linearizable: *this contradicts everything that was possible so far*. In that prefix every operation that has not
//! ended is of unknown outcome. A simulator stops there, and a reader of its run has nothing after the contradiction
//! to wade through.
//!
//! **The running witness.** For each key the operations that have ended stand in a row, in the order of their delivery
//! positions. An answer is inserted at its place, which is mostly the end of the row, and only its two neighbors are
//! looked at. The row proves the key linearizable if two things hold:
//! 1. *Real time.* No operation stands before one that had ended when it was called. When an operation is called, the
//!    last place taken in the row is written down as its *floor*; it may stand there or later. What ends later was
//!    still open then, so that nothing else has to be compared.
//! 2. *States.* Each operation finds what its left neighbor leaves. Where it does not, updates that have not ended (open,
//!    or given up) have to make the difference: answers overtake each other, and a read may tell of a put before the
//!    put's own answer does. Such a *bridge* is one update that leaves the missing state, or several if compare-and-sets
//!    need each other; each is used once and not before its own floor.
//!
//! Positions are a hint and not trusted: a wrong one can make the row prove nothing, never prove what is wrong. An
//! answer by which the row proves nothing any more puts its key *in doubt*. Then, and after every further end on that
//! key until the doubt is resolved, all of the key's operations go to [`linearizable()`], and only if that says illegal
//! is there an alarm.
//!
//! **What it costs.** An event without a doubt is a binary search in one key's row and an insertion near its end. What
//! doubts may cost is limited by a credit that grows with the events ([`CREDIT_FIRST`], [`CREDIT_PER_EVENT`]); a key
//! that it cannot pay for is left to the check of the whole history, and [`Online::is_proven`] says so.
//!
//! Ties: what is fed later counts as later. Feed a history with a coarse clock so that at one instant the calls come
//! first, and it is judged as its closed intervals are.

use std::collections::BTreeMap;

use crate::history::{History, Operation, Outcome, Value};
use crate::kv::{Kind, Output};
use crate::linearizable::linearizable;
use crate::verdict::{Budget, Explanation, Verdict};

/// What the judging of doubts may cost before the first event, in operations looked at plus configurations: a fraction
/// of a second.
const CREDIT_FIRST: u64 = 1 << 18;
/// By how much each event raises that.
const CREDIT_PER_EVENT: u64 = 16;
/// The longest bridge. A longer one is the search's business.
const BRIDGE_MAX: usize = 16;

/// What no [`Fact`] or [`Entry`] points at.
const NOBODY: u32 = u32::MAX;

/// An operation that was fed, by the order of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle(u32);

/// An answer that cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The operation that ended last.
    pub operation: Handle,
    /// When it ended.
    pub time: u64,
    /// What it contradicts. Its operation is an index into [`Online::operations`].
    pub explanation: Explanation,
}

/// A checker that is fed event by event.
#[derive(Clone, Debug, Default)]
pub struct Online {
    /// Everything fed so far, in order of calls. What has not ended is of unknown outcome.
    operations: Vec<Operation>,
    /// Beside each operation, what the row of its key has to know of it.
    entries: Vec<Entry>,
    keys: BTreeMap<u64, Row>,
    /// The time of the last event.
    now: u64,
    /// Events fed so far.
    events: u64,
    /// What judging doubts has cost so far. At most the credit.
    spent: u64,
}

/// Where an operation may stand: twice its position, and one more for a read, which comes after the update there.
type Place = u64;

/// What a row has to know of an operation.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The last place that was taken when the operation was called: it may stand there or later.
    floor: Place,
    /// The operation whose state this one bridges to, while it is part of a bridge.
    bridges_to: u32,
    /// The update before it in the bridge.
    bridge_before: u32,
}

/// An operation in its place.
#[derive(Clone, Copy, Debug)]
struct Fact {
    place: Place,
    operation: u32,
    /// The last update of the bridge that leads here.
    bridge: u32,
    /// Whether it finds what is left before it, over its bridge if need be.
    is_proven: bool,
    /// What it leaves.
    leaves: Option<Value>,
}

/// One key.
#[derive(Clone, Debug, Default)]
struct Row {
    /// What was called on the key, in order of calls.
    operations: Vec<u32>,
    /// What has ended, by place; at one place, in order of ends.
    facts: Vec<Fact>,
    /// Updates that are open.
    open: Vec<u32>,
    /// Updates that were given up, by what they leave.
    lost: BTreeMap<Option<Value>, Vec<u32>>,
    /// The time of the last end, and the last place taken until then.
    taken: (u64, Place),
    /// The last place taken before that time.
    taken_before: Place,
    /// Facts that are not proven.
    unproven: usize,
    /// Whether something ended that will never have a place in the row.
    is_broken: bool,
    /// Whether the key was too hard and is left to the check of the whole history.
    is_left: bool,
}

impl Online {
    /// A checker that has seen nothing.
    pub fn new() -> Online {
        Online::default()
    }

    /// A checker that has seen nothing, with room for so many operations.
    pub fn with_room(operations: usize) -> Online {
        let (operations, entries) = (Vec::with_capacity(operations), Vec::with_capacity(operations));
        Online { operations, entries, ..Online::default() }
    }

    /// Everything fed so far, in order of calls. What has not ended is of unknown outcome.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Whether the running witness proves everything fed so far linearizable.
    pub fn is_proven(&self) -> bool {
        self.keys.values().all(|row| !row.is_in_doubt())
    }

    /// What judging doubts has cost so far: operations looked at, and configurations.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// An operation is called. Events come in order of time.
    pub fn call(&mut self, client: u64, key: u64, time: u64, kind: Kind) -> Handle {
        self.advance(time);
        let handle = u32::try_from(self.operations.len()).expect("a run has fewer than 2^32 operations");
        let row = self.keys.entry(key).or_default();
        let outcome = Outcome::Unknown;
        self.operations.push(Operation { client, key, call: time, ret: None, kind, outcome, position: None });
        self.entries.push(Entry { floor: row.floor(time), bridges_to: NOBODY, bridge_before: NOBODY });
        row.operations.push(handle);
        if kind.is_update() {
            row.open.push(handle);
        }
        Handle(handle)
    }

    /// An operation that is open turns out to ask for something else: its client had to begin again, and nothing it had
    /// sent before can have an effect.
    pub fn ask_again(&mut self, handle: Handle, time: u64, kind: Kind) {
        self.advance(time);
        let operation = &mut self.operations[handle.0 as usize];
        assert!(operation.ret.is_none() && operation.kind.is_update() == kind.is_update());
        operation.kind = kind;
        let mut bench = Bench { operations: &self.operations, entries: &mut self.entries };
        let row = self.keys.get_mut(&self.operations[handle.0 as usize].key).expect("the key was called");
        row.withdraw(&mut bench, handle.0);
    }

    /// An operation has ended. `position` is a hint: an update's own place in the log, or how many entries were delivered
    /// when a read was served. `Some`: the history up to here is not linearizable.
    pub fn end(
        &mut self,
        handle: Handle,
        time: u64,
        outcome: Outcome,
        position: Option<u64>,
    ) -> Option<Alarm> {
        self.advance(time);
        let index = handle.0;
        let operation = &mut self.operations[index as usize];
        assert!(operation.ret.is_none(), "an operation ends once");
        let key = operation.key;
        (operation.outcome, operation.position) = (outcome, position);
        operation.ret = Some(time).filter(|_| outcome != Outcome::Unknown);
        let row = self.keys.get_mut(&key).expect("the key was called");
        let mut bench = Bench { operations: &self.operations, entries: &mut self.entries };
        match outcome {
            Outcome::Unknown => {
                row.give_up(&bench, index);
                return None;
            }
            Outcome::Failed => row.fail(&mut bench, index),
            Outcome::Ok(_) => row.answer(&mut bench, index, time),
        }
        if row.is_left || !row.is_in_doubt_after_all(&mut bench) {
            return None;
        }
        let explanation = self.judge(key)?;
        Some(Alarm { operation: handle, time, explanation })
    }

    fn advance(&mut self, time: u64) {
        assert!(self.now <= time, "events come in order of time");
        self.now = time;
        self.events += 1;
    }

    /// Judges all of a key. What cannot be decided is left to the check of the whole history.
    fn judge(&mut self, key: u64) -> Option<Explanation> {
        let row = self.keys.get_mut(&key).expect("the key was called");
        let credit = CREDIT_FIRST + CREDIT_PER_EVENT * self.events - self.spent;
        let cost = row.operations.len() as u64;
        if credit <= cost {
            row.is_left = true;
            return None;
        }
        let operations = row.operations.iter().map(|&index| self.operations[index as usize]).collect();
        let history = History::new(operations).expect("operations end after they are called");
        // One key may spend half of what is there, so that others are not left without.
        let report = linearizable(&history, Budget { configurations: (credit - cost) / 2 });
        self.spent += cost + report.counts.configurations;
        match report.verdict {
            Verdict::Illegal { explanation } => {
                let here = |operation: usize| row.operations[operation] as usize;
                let core = explanation.core.iter().map(|&operation| here(operation)).collect();
                Some(Explanation { operation: here(explanation.operation), core, ..explanation })
            }
            Verdict::Unknown { .. } => {
                row.is_left = true;
                None
            }
            Verdict::Ok { .. } | Verdict::NotChecked => None,
        }
    }
}

/// All operations, beside the row at hand.
struct Bench<'a> {
    operations: &'a [Operation],
    entries: &'a mut [Entry],
}

impl Bench<'_> {
    fn operation(&self, index: u32) -> &Operation {
        &self.operations[index as usize]
    }

    fn entry(&mut self, index: u32) -> &mut Entry {
        &mut self.entries[index as usize]
    }
}

impl Row {
    fn is_in_doubt(&self) -> bool {
        self.is_broken || self.unproven > 0
    }

    /// Whether it is in doubt when everything that is not proven has been looked at again: what another bridge held may
    /// be free by now.
    fn is_in_doubt_after_all(&mut self, bench: &mut Bench<'_>) -> bool {
        if self.is_in_doubt() {
            for at in 0..self.facts.len() {
                if !self.facts[at].is_proven {
                    self.settle(bench, at);
                }
            }
        }
        self.is_in_doubt()
    }

    /// The last place taken by what had ended before this time.
    fn floor(&self, time: u64) -> Place {
        if self.taken.0 < time { self.taken.1 } else { self.taken_before }
    }

    /// An update's outcome stays unknown. It may still be part of a bridge, now and later.
    fn give_up(&mut self, bench: &Bench<'_>, index: u32) {
        if let Some(leaves) = leaves(bench.operation(index)) {
            self.close(index);
            self.lost.entry(leaves).or_default().push(index);
        }
    }

    /// An update never happened, so that it bridges nothing.
    fn fail(&mut self, bench: &mut Bench<'_>, index: u32) {
        self.close(index);
        self.withdraw(bench, index);
    }

    /// An operation is known to have happened: it takes its place.
    fn answer(&mut self, bench: &mut Bench<'_>, index: u32, time: u64) {
        self.close(index);
        let operation = bench.operation(index);
        let place = place(operation);
        self.is_broken |= place.is_none_or(|place| place < bench.entry(index).floor);
        self.is_broken |= !can_be_placed(bench.operation(index));
        let Some(place) = place else { return };
        if self.taken.0 < time {
            self.taken_before = self.taken.1;
        }
        self.taken = (time, self.taken.1.max(place));
        let bridged = std::mem::replace(&mut bench.entry(index).bridges_to, NOBODY);
        self.insert(bench, index, place);
        self.settle_again(bench, bridged);
    }

    /// Takes an update that has not ended out of its bridge.
    fn withdraw(&mut self, bench: &mut Bench<'_>, index: u32) {
        let bridged = std::mem::replace(&mut bench.entry(index).bridges_to, NOBODY);
        self.settle_again(bench, bridged);
    }

    fn close(&mut self, index: u32) {
        if let Some(place) = self.open.iter().rposition(|&open| open == index) {
            self.open.remove(place);
        }
    }

    fn insert(&mut self, bench: &mut Bench<'_>, index: u32, place: Place) {
        let at = self.facts.partition_point(|fact| fact.place <= place);
        let leaves = leaves(bench.operation(index)).or(seen(bench.operation(index)));
        let leaves = leaves.unwrap_or_default();
        self.facts.insert(at, Fact { place, operation: index, bridge: NOBODY, is_proven: true, leaves });
        // What bridged the gap that the operation falls into is free to bridge one of its halves.
        if let Some(right) = self.facts.get_mut(at + 1) {
            let bridge = std::mem::replace(&mut right.bridge, NOBODY);
            self.release(bench, bridge);
        }
        self.settle(bench, at);
        if at + 1 < self.facts.len() {
            self.settle(bench, at + 1);
        }
    }

    /// Settles the fact of an operation whose bridge has lost an update.
    fn settle_again(&mut self, bench: &mut Bench<'_>, index: u32) {
        if index == NOBODY {
            return;
        }
        let place = place(bench.operation(index)).expect("it stands in the row");
        let first = self.facts.partition_point(|fact| fact.place < place);
        let at = self.facts[first..].iter().position(|fact| fact.operation == index);
        self.settle(bench, first + at.expect("it stands in the row"));
    }

    /// Looks whether a fact finds what it needs, with a new bridge if need be.
    fn settle(&mut self, bench: &mut Bench<'_>, at: usize) {
        let fact = self.facts[at];
        self.release(bench, fact.bridge);
        let before = at.checked_sub(1).and_then(|left| self.facts[left].leaves);
        let bridge = match seen(bench.operation(fact.operation)) {
            Some(needs) if needs != before => self.bridge(bench, before, needs, fact),
            _ => Some(NOBODY),
        };
        self.unproven -= usize::from(!fact.is_proven);
        self.unproven += usize::from(bridge.is_none());
        self.facts[at].is_proven = bridge.is_some();
        self.facts[at].bridge = bridge.unwrap_or(NOBODY);
    }

    /// Frees the updates of a bridge.
    fn release(&self, bench: &mut Bench<'_>, last: u32) {
        let mut next = last;
        while next != NOBODY {
            let entry = bench.entry(next);
            next = entry.bridge_before;
            (entry.bridges_to, entry.bridge_before) = (NOBODY, NOBODY);
        }
    }

    /// Bridges from a state to another with updates that have not ended, right before a fact. The last update of the
    /// bridge, or `None` if there is none.
    fn bridge(
        &self,
        bench: &mut Bench<'_>,
        from: Option<Value>,
        to: Option<Value>,
        fact: Fact,
    ) -> Option<u32> {
        let mut chain = Vec::new();
        let mut needs = to;
        while chain.len() < BRIDGE_MAX {
            let is_free = |index: u32| {
                let entry = bench.entries[index as usize];
                entry.bridges_to == NOBODY && entry.floor < fact.place && !chain.contains(&index)
            };
            let index = self.unfinished(bench.operations, needs).find(|&index| is_free(index))?;
            chain.push(index);
            match bench.operation(index).kind {
                Kind::Cas { expect, .. } if expect != from => needs = expect,
                _ => return Some(self.take(bench, &chain, fact.operation)),
            }
        }
        None
    }

    /// Makes a chain of updates, the last one first, the bridge to an operation.
    fn take(&self, bench: &mut Bench<'_>, chain: &[u32], operation: u32) -> u32 {
        for (place, &index) in chain.iter().enumerate() {
            let before = chain.get(place + 1).copied().unwrap_or(NOBODY);
            let entry = bench.entry(index);
            assert_eq!(entry.bridges_to, NOBODY, "an update is used once");
            (entry.bridges_to, entry.bridge_before) = (operation, before);
        }
        chain[0]
    }

    /// Updates that have not ended and leave this state, the newest first.
    fn unfinished<'a>(
        &'a self,
        operations: &'a [Operation],
        state: Option<Value>,
    ) -> impl Iterator<Item = u32> + 'a {
        let open = self.open.iter().rev().copied();
        let open = open.filter(move |&index| leaves(&operations[index as usize]) == Some(state));
        open.chain(self.lost.get(&state).into_iter().flat_map(|lost| lost.iter().rev().copied()))
    }
}

fn place(operation: &Operation) -> Option<Place> {
    let position = operation.position?;
    // Nobody counts so far; two such places may well be one.
    Some(position.min(u64::MAX >> 1) << 1 | u64::from(!operation.kind.is_update()))
}

/// What an operation leaves whatever was there before, if it takes effect: nothing is said of one that only looks.
fn leaves(operation: &Operation) -> Option<Option<Value>> {
    match (operation.kind, operation.outcome) {
        (Kind::Put { value }, _) => Some(Some(value)),
        (Kind::Delete, _) => Some(None),
        (Kind::Cas { .. }, Outcome::Ok(Output::Differs(_) | Output::Mismatch)) => None,
        (Kind::Cas { value, .. }, _) => Some(Some(value)),
        (Kind::Get, _) => None,
    }
}

/// What an operation that is known to have happened found.
fn seen(operation: &Operation) -> Option<Option<Value>> {
    match (operation.kind, operation.outcome) {
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => Some(seen),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Swapped)) => Some(expect),
        (Kind::Cas { .. }, Outcome::Ok(Output::Differs(seen))) => Some(seen),
        _ => None,
    }
}

/// Whether a row can hold the operation: not one that does not say what it saw, and not one that contradicts itself.
fn can_be_placed(operation: &Operation) -> bool {
    match (operation.kind, operation.outcome) {
        (Kind::Cas { .. }, Outcome::Ok(Output::Mismatch)) => false,
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Differs(seen))) => seen != expect,
        _ => true,
    }
}
