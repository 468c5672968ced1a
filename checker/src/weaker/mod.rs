//! The weaker promises of weaker read modes, each under its own name.
//!
//! All of them are relative to one log: updates take effect in the order of their delivery positions, and a read
//! shows what some prefix of the log leaves. What differs is which prefixes a read may show:
//!
//! | promise | the prefix of a read |
//! |---|---|
//! | [`stale`] | any that existed when the read returned |
//! | [`monotonic_reads`] | moreover none shorter than what the same client has read before |
//! | [`read_your_writes`] | moreover none that lacks what the same client has written before |
//! | [`sequential`], [`sync`] | both, and what a client writes comes after all that it has read or written |
//! | [`bounded_staleness`] | moreover none shorter than what anybody had been told of some time before the read's call |
//!
//! A read is here an operation that changes nothing, a compare-and-set that failed among them; a write is one that
//! changed something. A prefix *existed* when the read returned if all its updates had been called by then. The order
//! of the updates is checked too: each compare-and-set must have found at its position what it says, no two updates may
//! claim one position, and none may stand behind an update that was called only after it had returned.
//!
//! What follows from what: *linearizable*, by the order of the positions, is bounded staleness with a bound of zero;
//! that implies *sequential*, and sequential implies both session guarantees. All imply *stale*.
//!
//! The position that a *read* claims is not used. A client sees values: whether some prefix explains them is decided
//! from the updates alone, by giving every read the shortest prefix that does. That choice is the best for all that
//! follow, since it only ever bounds them from below.
//!
//! Histories of other systems have no positions. Where values that are written once leave only one order of the updates,
//! that order is taken; otherwise an update without a position may be anywhere in the log, or nowhere if its
//! outcome is unknown. A read that only such an update could explain leaves its key *unknown*; so does an acknowledged
//! update without a position.
//!
//! None of these promises but the last says that reads respect real time, and none that updates do beyond the order of
//! their positions. Ask [`linearizable`](crate::linearizable()) about [`History::updates`] for that.

mod bounded_staleness;
mod court;
mod log;
mod monotonic_reads;
mod order;
mod read_your_writes;
mod sequential;
mod stale;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::history::{History, Operation, Outcome};
use crate::kv::{Kind, Output};
use crate::verdict::Report;

pub use bounded_staleness::bounded_staleness;
pub use monotonic_reads::monotonic_reads;
pub use read_your_writes::read_your_writes;
pub use sequential::{sequential, sync};
pub use stale::stale;

use court::Court;
use log::{Log, Sight, sight, written};

/// What makes one promise differ from the others: which earlier operations an operation has to know of.
trait Promise {
    /// The session of an operation. Only operations of one session have to know of each other.
    fn session(&self, operation: &Operation) -> u64 {
        operation.client
    }

    /// For how long after an operation has ended nobody has to know of it.
    fn grace(&self) -> u64 {
        0
    }

    /// Whether later operations of the session have to know of this one.
    fn binds(&self, operation: &Operation) -> bool;

    /// Whether this operation has to know of earlier ones.
    fn is_bound(&self, operation: &Operation) -> bool;

    /// Why the session has to know of an earlier operation, in words that follow it.
    fn knew(&self, earlier: &Operation) -> &'static str;
}

/// Whether an operation that happened changed something.
fn is_write(operation: &Operation) -> bool {
    operation.is_ok() && written(operation).is_some()
}

/// Whether an operation that happened only looked.
fn is_read(operation: &Operation) -> bool {
    operation.is_ok() && written(operation).is_none()
}

/// Lower bounds on the prefix of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Bound {
    /// If every update without a position is left out: what the proof of an *ok* is built with.
    shown: usize,
    /// Wherever such updates are: what a violation is claimed from. `certain <= shown`.
    certain: usize,
    /// The operation that `certain` comes from.
    by: Option<usize>,
}

impl Bound {
    /// The tighter of two bounds.
    fn and(self, other: Bound) -> Bound {
        let shown = self.shown.max(other.shown);
        let tighter = if self.certain < other.certain { other } else { self };
        Bound { shown, ..tighter }
    }
}

fn judge(history: &History, promise: &impl Promise) -> Report {
    let mut court = Court::new(history);
    let log = Log::new(history, &mut court);
    let mut sessions: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, operation) in history.operations().iter().enumerate() {
        if operation.is_ok() {
            sessions.entry(promise.session(operation)).or_default().push(index);
        }
    }
    for mut operations in sessions.into_values() {
        operations.sort_by_key(|&index| history.operations()[index].call);
        judge_session(&log, &mut court, promise, &operations);
    }
    court.close()
}

/// Gives each operation of a session the shortest prefix that explains it, in the order of their calls: what an
/// operation has to know of was called before it.
fn judge_session(log: &Log, court: &mut Court<'_>, promise: &impl Promise, operations: &[usize]) {
    let history = court.history;
    let mut known = Bound::default();
    // The operations that nobody has to know of yet, the earliest end on top.
    let mut recent: BinaryHeap<(Reverse<u64>, Bound)> = BinaryHeap::new();
    for &index in operations {
        let operation = &history.operations()[index];
        while let Some(&(Reverse(ret), bound)) = recent.peek()
            && ret.saturating_add(promise.grace()) < operation.call
        {
            known = known.and(bound);
            recent.pop();
        }
        let from = if promise.is_bound(operation) { known } else { Bound::default() };
        let bound = match log.places.get(&index) {
            Some(&prefix) => judge_placed(court, promise, index, prefix, from),
            None => judge_read(log, court, promise, index, from),
        };
        if promise.binds(operation) {
            let ret = operation.ret.expect("a history is validated: what is ok has returned");
            recent.push((Reverse(ret), bound));
        }
    }
}

/// An operation with a place in the log must stand there after everything that it has to know of.
fn judge_placed(
    court: &mut Court<'_>,
    promise: &impl Promise,
    index: usize,
    prefix: usize,
    from: Bound,
) -> Bound {
    if prefix < from.certain {
        let earlier = from.by.expect("a bound comes from somewhere");
        let knew = promise.knew(&court.history.operations()[earlier]);
        court.illegal(index, &[earlier], &format!("{{0}}, stands in the log before {{1}}, {knew}"));
    } else if prefix < from.shown {
        let reason = "its position is early, unless an update without a position explains what came before";
        court.doubt(index, reason);
    }
    if is_nonsense(&court.history.operations()[index]) {
        court.illegal(index, &[], NONSENSE);
    }
    Bound { shown: prefix, certain: prefix, by: Some(index) }
}

/// What is said of an operation that contradicts itself.
const NONSENSE: &str = "{0}, and yet failed although that is what it expected";

/// Whether a compare-and-set failed although it found what it expected.
fn is_nonsense(operation: &Operation) -> bool {
    matches!((operation.kind, operation.outcome),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Differs(seen))) if expect == seen)
}

/// A read must show a prefix that existed when it returned and that holds all that the read has to know of.
fn judge_read(log: &Log, court: &mut Court<'_>, promise: &impl Promise, index: usize, from: Bound) -> Bound {
    let operation = court.history.operations()[index];
    let key = operation.key;
    let Some(sight) = sight(&operation).filter(|_| is_read(&operation)) else { return from };
    if is_nonsense(&operation) {
        court.illegal(index, &[], NONSENSE);
        return from;
    }
    let longest = log.longest(operation.ret.expect("a history is validated: what is ok has returned"));
    let find = |shortest: usize| log.find(key, sight, shortest).filter(|&prefix| prefix <= longest);
    let is_unplaced = log.is_unplaced(key, sight);
    let certain = find(from.certain).filter(|&prefix| !is_unplaced && from.certain < prefix);
    let bound = certain.map_or(from, |certain| Bound { certain, by: Some(index), ..from });
    if let Some(shown) = find(from.shown) {
        return Bound { shown, ..bound };
    }
    if is_unplaced || find(from.certain).is_some() {
        court.doubt(index, "only an update without a position could explain it");
    } else {
        say_what_is_missing(log, court, promise, (index, sight), from);
    }
    bound
}

/// Says why no prefix explains a read.
fn say_what_is_missing(
    log: &Log,
    court: &mut Court<'_>,
    promise: &impl Promise,
    (index, sight): (usize, Sight),
    from: Bound,
) {
    let key = court.history.operations()[index].key;
    let has_been = log.find(key, sight, 0).is_some_and(|prefix| prefix <= from.certain);
    let Some((earlier, newer)) = from.by.zip(log.last_change(key, from.certain)).filter(|_| has_been) else {
        let sentence = match log.find(key, sight, 0) {
            None => "{0}, and no prefix of the log ever left that",
            Some(_) => "{0}, and the log left that only after it had returned",
        };
        return court.illegal(index, &[], sentence);
    };
    let knew = promise.knew(&court.history.operations()[earlier]);
    if earlier == newer {
        let sentence = format!("{{0}}, which is older than {{1}}, {knew}");
        return court.illegal(index, &[earlier], &sentence);
    }
    let sentence = format!("{{0}}, which is older than {{2}}; and {{1}}, {knew}, shows a log that holds it");
    court.illegal(index, &[earlier, newer], &sentence);
}
