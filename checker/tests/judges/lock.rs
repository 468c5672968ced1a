//! Locks and the stores behind them: the monitors and the search against brute force.

use checker::history::{History, Operation, Outcome};
use checker::lock::{Kind, Output};

use crate::generated::Random;
use crate::objects::{Tally, agree, has_order, intervals, is_decided_at_length, long, trials};

/// A lock and a store, over plain values.
#[derive(Clone, Default)]
struct Condition {
    /// Who holds the lock: `Some(None)` is a token that nobody was told.
    holder: Option<Option<u64>>,
    /// Tokens of which somebody found that the lock was not held with them, while it was held with one unknown.
    not: Vec<u64>,
    granted: u64,
    accepted: u64,
}

/// The sequential specification once more. An acquire of unknown outcome is granted a token that is settled when
/// somebody gives it back: one that nobody was told of (`told`) and that is higher than all before it.
fn apply(operation: &Operation<Kind>, condition: &Condition, told: &[u64]) -> Option<Condition> {
    let mut after = condition.clone();
    let can_be = |token: u64| match condition.holder {
        Some(Some(held)) => held == token,
        Some(None) => !told.contains(&token) && condition.granted < token && !condition.not.contains(&token),
        None => false,
    };
    match (operation.kind, operation.outcome) {
        (Kind::Acquire, Outcome::Ok(Output::Granted { token })) => {
            if condition.holder.is_some() || token <= condition.granted {
                return None;
            }
            (after.holder, after.granted) = (Some(Some(token)), token);
        }
        (Kind::Acquire, Outcome::Ok(_)) => condition.holder.map(drop)?,
        (Kind::Acquire, _) => {
            if condition.holder.is_none() {
                (after.holder, after.not) = (Some(None), Vec::new());
            }
        }
        (Kind::Release { token } | Kind::Expire { token }, Outcome::Ok(Output::NotHeld)) => {
            match condition.holder {
                Some(Some(held)) if held == token => return None,
                Some(None) => after.not.push(token),
                _ => {}
            }
        }
        (Kind::Release { token } | Kind::Expire { token }, outcome) => {
            if can_be(token) {
                (after.holder, after.granted) = (None, token);
            } else if outcome != Outcome::Unknown {
                return None;
            }
        }
        (Kind::Use { token }, Outcome::Ok(Output::Refused)) => (condition.accepted > token).then_some(())?,
        (Kind::Use { token }, Outcome::Ok(_)) => {
            (condition.accepted <= token).then_some(())?;
            after.accepted = token;
        }
        (Kind::Use { token }, _) => after.accepted = condition.accepted.max(token),
    }
    Some(after)
}

fn of(call: u64, ret: u64, kind: Kind, outcome: Outcome<Output>) -> Operation<Kind> {
    Operation { client: call, key: 0, call, ret: Some(ret), kind, outcome, position: None }
}

fn ok(call: u64, ret: u64, kind: Kind, output: Output) -> Operation<Kind> {
    of(call, ret, kind, Outcome::Ok(output))
}

fn granted(call: u64, ret: u64, token: u64) -> Operation<Kind> {
    ok(call, ret, Kind::Acquire, Output::Granted { token })
}

fn released(call: u64, ret: u64, token: u64) -> Operation<Kind> {
    ok(call, ret, Kind::Release { token }, Output::Done)
}

fn expired(call: u64, ret: u64, token: u64) -> Operation<Kind> {
    ok(call, ret, Kind::Expire { token }, Output::Done)
}

fn busy(call: u64, ret: u64) -> Operation<Kind> {
    ok(call, ret, Kind::Acquire, Output::Busy)
}

fn unknown(operation: Operation<Kind>) -> Operation<Kind> {
    Operation { outcome: Outcome::Unknown, ret: None, ..operation }
}

fn history(operations: &[Operation<Kind>]) -> History<Kind> {
    History::new(operations.to_vec()).expect("the test's history is valid")
}

/// A history that ran on a real lock at hidden instants.
fn ran(random: &mut Random, count: u64, unknown_percent: u64) -> Vec<Operation<Kind>> {
    let (mut holder, mut granted) = (None, 0);
    let spans = intervals(random, count);
    let mut operations = Vec::new();
    for (call, ret) in spans {
        let is_unknown = random.percent(unknown_percent);
        let happens = !is_unknown || random.percent(60);
        let token = holder.filter(|_| random.percent(80)).unwrap_or(1 + random.below(granted + 1));
        let kind = match random.below(10) {
            0..5 => Kind::Acquire,
            5..8 => Kind::Release { token },
            _ => Kind::Expire { token },
        };
        let output = match kind {
            Kind::Acquire if holder.is_some() => Output::Busy,
            Kind::Acquire if happens => {
                granted += 1 + random.below(2);
                holder = Some(granted);
                Output::Granted { token: granted }
            }
            _ if holder == Some(token) && happens => {
                holder = None;
                Output::Done
            }
            _ => Output::NotHeld,
        };
        operations.push(of(call, ret, kind, if is_unknown { Outcome::Unknown } else { Outcome::Ok(output) }));
    }
    operations
}

/// A history that ran on a real store at hidden instants.
fn ran_store(random: &mut Random, count: u64, unknown_percent: u64) -> Vec<Operation<Kind>> {
    let mut accepted = 0;
    let spans = intervals(random, count);
    let mut operations = Vec::new();
    for (call, ret) in spans {
        let token = 1 + random.below(count);
        let is_unknown = random.percent(unknown_percent);
        let output = if accepted <= token { Output::Accepted } else { Output::Refused };
        if !is_unknown || random.percent(60) {
            accepted = accepted.max(token);
        }
        let outcome = if is_unknown { Outcome::Unknown } else { Outcome::Ok(output) };
        operations.push(of(call, ret, Kind::Use { token }, outcome));
    }
    operations
}

/// Changes a history a little, so that it may become wrong.
fn disturb(random: &mut Random, operations: &mut [Operation<Kind>]) {
    let count = operations.len() as u64;
    let (left, right) = (random.below(count) as usize, random.below(count) as usize);
    let one_or_two = 1 + random.below(3);
    match random.below(5) {
        0 => {
            let (call, ret) = (operations[left].call, operations[left].ret);
            (operations[left].call, operations[left].ret) = (operations[right].call, operations[right].ret);
            (operations[right].call, operations[right].ret) = (call, ret);
        }
        1 => operations[left].ret = Some(operations[left].call),
        2 => operations[left].call = operations[left].ret.unwrap(),
        3 => {
            let (kind, outcome) = match (operations[left].kind, operations[left].outcome) {
                (kind, Outcome::Ok(Output::Granted { .. })) if random.percent(50) => {
                    (kind, Outcome::Ok(Output::Busy))
                }
                (kind, Outcome::Ok(Output::Granted { token })) => {
                    (kind, Outcome::Ok(Output::Granted { token: token + one_or_two }))
                }
                (kind, Outcome::Ok(Output::Busy)) => {
                    (kind, Outcome::Ok(Output::Granted { token: one_or_two }))
                }
                (kind, Outcome::Ok(Output::Done)) => (kind, Outcome::Ok(Output::NotHeld)),
                (kind, Outcome::Ok(Output::NotHeld)) => (kind, Outcome::Ok(Output::Done)),
                (kind, Outcome::Ok(Output::Accepted)) => (kind, Outcome::Ok(Output::Refused)),
                (kind, Outcome::Ok(Output::Refused)) => (kind, Outcome::Ok(Output::Accepted)),
                same => same,
            };
            (operations[left].kind, operations[left].outcome) = (kind, outcome);
        }
        _ => operations[left].outcome = Outcome::Unknown,
    }
}

fn expected(operations: &[Operation<Kind>]) -> bool {
    let token = |o: &Operation<Kind>| match o.outcome {
        Outcome::Ok(Output::Granted { token }) => Some(token),
        _ => None,
    };
    let told: Vec<u64> = operations.iter().filter_map(token).collect();
    has_order(operations, Condition::default(), &|operation, condition| apply(operation, condition, &told))
}

type Generator = fn(&mut Random, u64, u64) -> Vec<Operation<Kind>>;

/// Random small histories; returns what was seen.
fn compare(seeds: std::ops::Range<u64>, generate: Generator, unknown: &[u64], count_max: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let mut random = Random(seed);
        let count = 2 + random.below(count_max - 1);
        let unknown_percent = unknown[random.below(unknown.len() as u64) as usize];
        let mut operations = generate(&mut random, count, unknown_percent);
        for _ in 0..random.below(5) {
            disturb(&mut random, &mut operations);
        }
        agree(&history(&operations), expected(&operations), &mut tally);
    }
    println!("{tally:?}");
    tally
}

#[test]
fn locks_get_the_verdict_of_brute_force() {
    let tally = compare(trials(60_000), ran, &[0, 0, 15, 40], 8);
    assert!(tally.ok > 10_000 && tally.illegal > 10_000, "both sides are seen: {tally:?}");
    assert!(tally.handed_over * 50 < tally.decided, "few are handed over: {tally:?}");
}

#[test]
fn stores_get_the_verdict_of_brute_force_from_the_monitor_alone() {
    let tally = compare(trials(40_000), ran_store, &[0, 0, 15, 40], 8);
    assert!(tally.ok > 5_000 && tally.illegal > 5_000, "both sides are seen: {tally:?}");
    assert_eq!(tally.handed_over, 0, "{tally:?}");
}

#[test]
fn long_locks_and_stores_are_decided_by_the_monitor() {
    for generate in [ran, ran_store] {
        is_decided_at_length(&history(&generate(&mut Random(1), long(), 0)));
    }
}

/// The sentence of a history that breaks the promise.
fn sentence(operations: &[Operation<Kind>]) -> String {
    assert!(!expected(operations));
    let report = checker::linearizable(&history(operations), crate::AMPLE);
    let checker::Verdict::Illegal { explanation } = report.verdict else { panic!("{:?}", report.verdict) };
    explanation.sentence
}

fn is_fine(operations: &[Operation<Kind>]) -> bool {
    checker::linearizable(&history(operations), crate::AMPLE).verdict.is_ok()
}

#[test]
fn a_lock_that_two_hold_at_once_is_told_so() {
    let found = sentence(&[granted(1, 2, 4), granted(3, 4, 5), released(6, 7, 4)]);
    assert!(found.starts_with("two hold the lock at once: the hold of client 1's"), "{found}");
    let found = sentence(&[granted(1, 2, 4), granted(3, 4, 5)]);
    assert!(
        found.starts_with("two hold the lock at once: nobody ever ended the hold of client 1's"),
        "{found}"
    );
    // The session may have ended in between, whenever the client gave up asking.
    assert!(is_fine(&[granted(1, 2, 4), granted(3, 4, 5), unknown(expired(2, 3, 4))]));
    assert!(!is_fine(&[granted(1, 2, 4), granted(3, 4, 5), unknown(expired(5, 6, 4))]));
}

#[test]
fn a_lock_that_is_held_after_its_session_ended_is_told_so() {
    let found = sentence(&[granted(1, 2, 4), expired(3, 4, 4), busy(5, 6)]);
    assert!(found.starts_with("nobody can have held the lock during client 5's"), "{found}");
    let found = sentence(&[granted(1, 2, 4), expired(3, 4, 4), released(5, 6, 4)]);
    assert!(found.starts_with("one grant ended twice"), "{found}");
    // Somebody whose acquire had no answer may have it.
    assert!(is_fine(&[granted(1, 2, 4), expired(3, 4, 4), busy(5, 6), unknown(granted(2, 3, 0))]));
}

#[test]
fn tokens_that_come_again_or_go_backward_are_told_so() {
    let found = sentence(&[granted(1, 2, 4), released(3, 4, 4), granted(5, 6, 4)]);
    assert!(found.starts_with("the same token was granted twice"), "{found}");
    let found = sentence(&[granted(1, 2, 4), released(3, 4, 4), granted(5, 6, 3)]);
    assert!(found.starts_with("tokens went backward"), "{found}");
    let found = sentence(&[released(1, 2, 4)]);
    assert!(found.starts_with("nobody was ever granted the token of client 1's"), "{found}");
}

#[test]
fn a_store_that_accepts_a_token_after_a_higher_one_is_told_so() {
    let used = |call, token, output| ok(call, call + 1, Kind::Use { token }, output);
    let found = sentence(&[used(1, 5, Output::Accepted), used(3, 4, Output::Accepted)]);
    assert!(found.starts_with("the store went back to a lower token: first came client 1's"), "{found}");
    assert!(is_fine(&[used(1, 5, Output::Accepted), used(3, 4, Output::Refused)]));
    assert!(!is_fine(&[used(1, 5, Output::Accepted), used(3, 5, Output::Refused)]));
}
