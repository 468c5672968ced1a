//! The weaker promises of weaker read modes, each under its own name.
//!
//! All of them are relative to one log: updates take effect in the order of their delivery positions, and a read
//! shows what some prefix of the log leaves. What differs is which prefixes a read may show:
//!
//! | promise | the prefix of a read |
//! |---|---|
//! | [`stale`] | any that existed when the read returned |
//! | [`sequential`], [`sync`] | moreover none shorter than what the same client has read or written before |
//!
//! A prefix *existed* when the read returned if all its updates had been called by then. The order of the updates is
//! checked too: each compare-and-set must have found at its position what it says, no two updates may claim one
//! position, and none may stand behind an update that was called only after it had returned.
//!
//! The position that a *read* claims is not used. A client sees values: whether some prefix explains them is decided
//! from the updates alone, by giving every read the shortest prefix that does. That choice is the best for all that
//! follow, since it only ever bounds them from below.
//!
//! An update without a position may be anywhere in the log, or nowhere if its outcome is unknown. A read that only
//! such an update could explain leaves its key *unknown*; so does an acknowledged update without a position.
//!
//! None of these promises says that updates respect real time. Ask [`linearizable`](crate::linearizable()) about
//! [`History::updates`] for that.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::history::{History, Names, Operation, Outcome, Value};
use crate::kv::{Kind, Output};
use crate::verdict::{By, Explanation, KeyReport, Report, Verdict, Why};

/// Sequential consistency relative to the log: every client sees prefixes of one log, in its program order never
/// going backward, its own completed updates included. Program order holds between two operations of a client of
/// which one ended before the other was called. Clients may lag behind each other without bound.
pub fn sequential(history: &History) -> Report {
    judge(history, Promise::Sequential)
}

/// What Zab promises for `sync` followed by a local read: a prefix of the log that holds everything the same client
/// has read or written before.
///
/// It does *not* promise what its name suggests, that the read shows everything acknowledged before the sync began:
/// the sync is answered by whoever takes itself for the leader, without asking a quorum, and a leader that was
/// deposed and does not know it yet answers with the past. So it is judged as [`sequential`], under its own name.
pub fn sync(history: &History) -> Report {
    judge(history, Promise::Sequential)
}

/// A read of whatever the nearest node has: some prefix of the log that existed when the read returned. Nothing that
/// was never written, nothing from the future; a client may well see time go backward.
pub fn stale(history: &History) -> Report {
    judge(history, Promise::Stale)
}

/// Which prefixes a client may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Stale,
    Sequential,
}

/// The order of updates, and what every prefix leaves. A prefix is named by its number of updates.
#[derive(Debug, Default)]
struct Log {
    /// The latest call among the updates of each prefix but the empty one; ascending.
    call_latest: Vec<u64>,
    /// For each key, the prefixes that change it and what it holds from there on; ascending.
    changes: BTreeMap<u64, Vec<(usize, Option<Value>)>>,
    /// For each key and state, the prefixes at which the key comes to hold it; ascending.
    arrivals: BTreeMap<(u64, Option<Value>), Vec<usize>>,
    /// What updates that have no position could write.
    unplaced: BTreeSet<(u64, Option<Value>)>,
    /// For each operation with a place in the log, the prefix that ends with it.
    places: BTreeMap<usize, usize>,
}

/// What an operation says about the state in which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
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

/// What happened to a key so far.
#[derive(Debug, Default)]
struct Findings {
    operations: u64,
    unknown_outcomes: u64,
    /// The violation that a client could notice first.
    illegal: Option<(u64, Explanation)>,
    doubt: Option<String>,
}

/// All keys.
#[derive(Debug)]
struct Court<'a> {
    history: &'a History,
    keys: BTreeMap<u64, Findings>,
}

impl Court<'_> {
    fn new(history: &History) -> Court<'_> {
        let mut keys: BTreeMap<u64, Findings> = BTreeMap::new();
        for operation in history.operations().iter().filter(|operation| operation.outcome != Outcome::Failed)
        {
            let findings = keys.entry(operation.key).or_default();
            findings.operations += u64::from(operation.is_ok());
            findings.unknown_outcomes += u64::from(!operation.is_ok());
        }
        Court { history, keys }
    }

    fn illegal(&mut self, index: usize, reason: &str) {
        let operation = &self.history.operations()[index];
        let noticed = operation.ret.unwrap_or(u64::MAX);
        let findings = self.keys.get_mut(&operation.key).expect("every judged operation has its key");
        if findings.illegal.as_ref().is_none_or(|&(earlier, _)| noticed < earlier) {
            let sentence = format!("{operation}: {reason}");
            findings.illegal = Some((noticed, Explanation::at(operation.key, index, sentence)));
        }
    }

    fn doubt(&mut self, index: usize, reason: &str) {
        let operation = &self.history.operations()[index];
        let findings = self.keys.get_mut(&operation.key).expect("every judged operation has its key");
        findings.doubt.get_or_insert_with(|| format!("{operation}: {reason}"));
    }

    fn close(self) -> Report {
        let close = |(key, findings): (u64, Findings)| {
            let Findings { operations, unknown_outcomes, illegal, doubt } = findings;
            let verdict = match (illegal, doubt) {
                (Some((_, explanation)), _) => Verdict::Illegal { explanation },
                (None, Some(reason)) => Verdict::Unknown { configurations: 0, why: Why::Doubt, reason },
                (None, None) if operations == 0 => Verdict::NotChecked,
                (None, None) => Verdict::Ok { by: By::Witness },
            };
            KeyReport { key, operations, unknown_outcomes, configurations: 0, verdict, witness: None }
        };
        Report::new(self.keys.into_iter().map(close).collect())
    }
}

fn judge(history: &History, promise: Promise) -> Report {
    let mut court = Court::new(history);
    let log = Log::new(history, &mut court);
    let mut clients: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, operation) in history.operations().iter().enumerate() {
        if operation.is_ok() {
            clients.entry(operation.client).or_default().push(index);
        }
    }
    for mut operations in clients.into_values() {
        operations.sort_by_key(|&index| history.operations()[index].call);
        judge_client(&log, &mut court, promise, &operations);
    }
    court.close()
}

impl Log {
    /// Puts the updates in order and checks what each says about the state in which it happened.
    fn new(history: &History, court: &mut Court<'_>) -> Log {
        let mut log = Log::default();
        let mut placed: Vec<(u64, usize)> = Vec::new();
        for (index, operation) in history.operations().iter().enumerate() {
            if !operation.kind.is_update() || operation.outcome == Outcome::Failed {
                continue;
            }
            match (operation.position, written(operation)) {
                (Some(position), _) => placed.push((position, index)),
                (None, Some(state)) => {
                    log.unplaced.insert((operation.key, state));
                    if operation.is_ok() {
                        court.doubt(index, "it was acknowledged without a position");
                    }
                }
                // A compare-and-set that changed nothing is judged like a read.
                (None, None) => {}
            }
        }
        placed.sort_unstable();
        for pair in placed.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            court.illegal(pair[1].1, "its position belongs to another update");
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
            court.illegal(
                index,
                "its position is behind an update that was called only after it had returned",
            );
        }
        self.call_latest.push(latest.max(operation.call));
        self.places.insert(index, prefix);
        let before = self.state(key, prefix - 1);
        if let Some(sight) = sight(operation).filter(|sight| !sight.agrees(before)) {
            if self.is_unplaced(key, sight) {
                court.doubt(index, "only an update without a position could explain it");
            } else {
                court.illegal(
                    index,
                    &format!("at its position in the log the key held {}", Names::default().held(before)),
                );
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
    fn longest(&self, time: u64) -> usize {
        self.call_latest.partition_point(|&call| call <= time)
    }

    /// The shortest prefix from `shortest` on that agrees with what was seen.
    fn find(&self, key: u64, sight: Sight, shortest: usize) -> Option<usize> {
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

    /// Whether an update without a position could have made what was seen.
    fn is_unplaced(&self, key: u64, sight: Sight) -> bool {
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
fn written(operation: &Operation) -> Option<Option<Value>> {
    match (operation.kind, operation.outcome) {
        (Kind::Put { value }, _) => Some(Some(value)),
        (Kind::Delete, _) => Some(None),
        (Kind::Cas { value, .. }, Outcome::Unknown | Outcome::Ok(Output::Swapped)) => Some(Some(value)),
        (Kind::Cas { .. } | Kind::Get, _) => None,
    }
}

/// What an operation saw. A compare-and-set that failed although it found what it expected agrees with no state: that
/// is a contradiction in itself, and [`judge_client`] and [`Log::append`] both ask.
fn sight(operation: &Operation) -> Option<Sight> {
    match (operation.kind, operation.outcome) {
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => Some(Sight::Saw(seen)),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Swapped)) => Some(Sight::Saw(expect)),
        (Kind::Cas { .. }, Outcome::Ok(Output::Differs(seen))) => Some(Sight::Saw(seen)),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Mismatch)) => Some(Sight::SawOther(expect)),
        _ => None,
    }
}

/// Lower bounds on the prefix of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Bound {
    /// If every update without a position is left out: what the proof of an *ok* is built with.
    shown: usize,
    /// Wherever such updates are: what a violation is claimed from. `certain <= shown`.
    certain: usize,
}

/// Gives each operation of a client the shortest prefix that explains it, in program order.
fn judge_client(log: &Log, court: &mut Court<'_>, promise: Promise, operations: &[usize]) {
    let history = court.history;
    let mut ended = Bound::default();
    // The operations that may still be open, the earliest end on top.
    let mut open: BinaryHeap<(std::cmp::Reverse<u64>, Bound)> = BinaryHeap::new();
    for &index in operations {
        let operation = &history.operations()[index];
        while let Some(&(std::cmp::Reverse(ret), bound)) = open.peek()
            && ret < operation.call
        {
            ended.shown = ended.shown.max(bound.shown);
            ended.certain = ended.certain.max(bound.certain);
            open.pop();
        }
        let from = if promise == Promise::Sequential { ended } else { Bound::default() };
        let bound = match log.places.get(&index) {
            Some(&prefix) => judge_update(court, index, prefix, from),
            None => judge_read(log, court, index, from),
        };
        let ret = operation.ret.expect("a history is validated: what is ok has returned");
        open.push((std::cmp::Reverse(ret), bound));
    }
}

/// An update must come after everything that its client has seen.
fn judge_update(court: &mut Court<'_>, index: usize, prefix: usize, from: Bound) -> Bound {
    if prefix < from.certain {
        court.illegal(index, "its position is before what the same client had seen or written by then");
    } else if prefix < from.shown {
        court.doubt(
            index,
            "its position is early, unless an update without a position explains what came before",
        );
    }
    if let Operation { kind: Kind::Cas { expect, .. }, outcome: Outcome::Ok(Output::Differs(seen)), .. } =
        court.history.operations()[index]
        && expect == seen
    {
        court.illegal(index, "it failed although it found what it expected");
    }
    Bound { shown: prefix, certain: prefix }
}

/// A read must show a prefix that existed when it returned.
fn judge_read(log: &Log, court: &mut Court<'_>, index: usize, from: Bound) -> Bound {
    let operation = court.history.operations()[index];
    let key = operation.key;
    let Some(sight) = sight(&operation) else { return from };
    if operation.kind.is_update() && written(&operation).is_some() {
        return from;
    }
    if let (Kind::Cas { expect, .. }, Sight::Saw(seen)) = (operation.kind, sight)
        && expect == seen
    {
        court.illegal(index, "it failed although it found what it expected");
        return from;
    }
    let longest = log.longest(operation.ret.expect("a history is validated: what is ok has returned"));
    let find = |shortest: usize| log.find(key, sight, shortest).filter(|&prefix| prefix <= longest);
    let is_unplaced = log.is_unplaced(key, sight);
    let certain = find(from.certain);
    let bound = if is_unplaced { from.certain } else { certain.unwrap_or(from.certain) };
    if let Some(shown) = find(from.shown) {
        return Bound { shown, certain: bound };
    }
    if is_unplaced || certain.is_some() {
        court.doubt(index, "only an update without a position could explain it");
    } else {
        court.illegal(index, missing(log, key, sight));
    }
    Bound { shown: from.shown, certain: bound }
}

/// Why no prefix explains a read.
fn missing(log: &Log, key: u64, sight: Sight) -> &'static str {
    match log.find(key, sight, 0) {
        None => "no prefix of the log ever left that",
        // The prefixes that leave it end before the client's past or begin after the read.
        Some(_) => {
            "the log left that only before what the same client had seen or written, or after it returned"
        }
    }
}
