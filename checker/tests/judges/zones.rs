//! The near-linear judge of registers against the oracle.
//!
//! That blocks of compare-and-sets may be sorted like zones is our own theorem, so it has to stand up to brute force:
//! a hundred thousand histories each time, and as many as one likes with `ZONES_HISTORIES=3000000 cargo test`.

use std::collections::BTreeSet;

use checker::model::{Contradiction, Model, Monitored};
use checker::{Kind, Operation, Outcome, Output, register, witness};

use crate::generated::Random;
use crate::{cas, get, history, oracle, put, unknown};

fn delete(call: u64, ret: u64) -> Operation {
    Operation { kind: Kind::Delete, ..put(call, ret, 0) }
}

/// How often each answer was given.
#[derive(Debug, Default)]
struct Answers {
    ok: u64,
    illegal: u64,
    handed_over: u64,
}

/// Holds the answer for a history of one key against the oracle.
fn agree(operations: &[Operation], answers: &mut Answers) {
    let expected = oracle::is_linearizable(operations);
    let history = history(operations);
    let Some(mut key) = register::partition(&history).pop() else { return };
    match key.model.monitor(&key.spans, true) {
        Monitored::Ok { order } => {
            assert!(expected, "zones accept what is wrong: {operations:#?}");
            let order = order.expect("it was wanted");
            assert_eq!(witness::verify(&mut key.model, &key.spans, &order), Ok(()), "{operations:#?}");
            answers.ok += 1;
        }
        Monitored::Illegal(found) => {
            assert!(!expected, "zones refute what is fine: {found:?} {operations:#?}");
            stands_alone(operations, &key, &found);
            answers.illegal += 1;
        }
        Monitored::HandOver => answers.handed_over += 1,
    }
}

/// The named operations, together with whoever may have written what they saw, are wrong by themselves.
fn stands_alone(operations: &[Operation], key: &register::KeyHistory, found: &Contradiction) {
    let mut left: Vec<usize> = found.spans.iter().map(|&span| span as usize).collect();
    assert_eq!(left.len(), left.iter().collect::<BTreeSet<_>>().len(), "{found:?}");
    for place in 0..left.len() {
        assert!(found.sentence.contains(&format!("{{{place}}}")), "{found:?}");
    }
    assert!(!found.sentence.contains(&format!("{{{}}}", left.len())), "{found:?}");
    let mut taken = BTreeSet::new();
    while let Some(span) = left.pop() {
        if taken.insert(span) {
            let seen = key.spans[span].action.observed();
            let writes = |other: &usize| seen.is_some() && key.spans[*other].action.written() == seen;
            left.extend((0..key.spans.len()).filter(writes));
        }
    }
    let few: Vec<Operation> = taken.iter().map(|&span| operations[key.operations[span] as usize]).collect();
    assert!(!oracle::is_linearizable(&few), "{found:?} is no contradiction in {operations:#?}");
}

/// What a random history may hold besides reads, writes and compare-and-sets of values of their own.
#[derive(Clone, Copy)]
struct Spice {
    /// Of a hundred operations, how many are of unknown outcome.
    unknown: u64,
    /// Of a hundred operations, how many delete.
    deletes: u64,
    /// Of a hundred operations, how many are compare-and-sets that failed and do not say what they saw.
    mismatches: u64,
    /// Of a hundred writes, how many write what somebody else writes too.
    repeats: u64,
}

const PLAIN: Spice = Spice { unknown: 0, deletes: 0, mismatches: 0, repeats: 0 };

/// Runs the register at hidden instants in an order that is drawn, and then perhaps changes a time or what was seen.
fn nearly_right(random: &mut Random, spice: Spice) -> Vec<Operation> {
    let count = 2 + random.below(6);
    let width = 1 + random.below(8);
    let swaps = random.below(100);
    let mut state = None;
    let mut operations: Vec<Operation> = (0..count)
        .map(|place| {
            let (call, ret) = (random.below(width), random.below(width));
            let (call, ret) = ((2 * place + 6).saturating_sub(call), 2 * place + 6 + ret);
            draw(random, spice, swaps, place, &mut state, (call, ret))
        })
        .collect();
    while random.percent(70) {
        let place = random.below(count) as usize;
        let operation = &mut operations[place];
        match (random.below(4), &mut operation.kind, &mut operation.outcome) {
            (0, _, _) => operation.call = operation.call.saturating_sub(random.below(9)),
            (1, _, _) => operation.ret = operation.ret.map(|ret| ret + random.below(9)),
            (2, Kind::Cas { expect, .. }, Outcome::Ok(Output::Swapped) | Outcome::Unknown) => {
                *expect = random.below(count + 1).checked_sub(1);
            }
            (2, _, Outcome::Ok(Output::Value(seen) | Output::Differs(seen))) => {
                *seen = random.below(count + 1).checked_sub(1);
            }
            _ => {
                let call = random.below(2 * count);
                (operation.call, operation.ret) = (call, Some(call + random.below(5)));
            }
        }
    }
    operations
}

fn draw(
    random: &mut Random,
    spice: Spice,
    swaps: u64,
    place: u64,
    state: &mut Option<u64>,
    (call, ret): (u64, u64),
) -> Operation {
    let value = if random.percent(spice.repeats) { random.below(place + 1) } else { place };
    let before = *state;
    let is_unknown = random.percent(spice.unknown);
    let happens = !is_unknown || random.percent(60);
    let mut write = |after: Option<u64>| {
        if happens {
            *state = after;
        }
    };
    let operation = if random.percent(spice.deletes) {
        write(None);
        delete(call, ret)
    } else if random.percent(spice.mismatches) {
        cas(call, ret, random.below(place + 1).checked_sub(1), value, Output::Mismatch)
    } else if random.percent(35) {
        get(call, ret, before)
    } else if random.percent(swaps) {
        write(Some(value));
        cas(call, ret, before, value, Output::Swapped)
    } else if random.percent(10) {
        cas(call, ret, random.below(place + 1).checked_sub(1), value, Output::Differs(before))
    } else {
        write(Some(value));
        put(call, ret, value)
    };
    if is_unknown { unknown(operation) } else { operation }
}

fn histories() -> u64 {
    std::env::var("ZONES_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000)
}

fn run(spice: Spice, seeds: std::ops::Range<u64>) -> Answers {
    let mut answers = Answers::default();
    for seed in seeds {
        agree(&nearly_right(&mut Random(seed), spice), &mut answers);
    }
    println!("{answers:?}");
    answers
}

#[test]
fn values_of_their_own_are_always_decided_and_as_the_oracle_says() {
    let half = histories() / 2;
    let plain = run(PLAIN, 0..half);
    let unknown = run(Spice { unknown: 25, ..PLAIN }, half..2 * half);
    for answers in [plain, unknown] {
        assert_eq!(answers.handed_over, 0, "{answers:?}");
        assert!(answers.ok > half / 4 && answers.illegal > half / 4, "both sides are seen: {answers:?}");
    }
}

#[test]
fn whatever_is_decided_beside_deletes_repeats_and_mismatches_is_as_the_oracle_says() {
    let count = histories();
    let spice = Spice { unknown: 15, deletes: 10, mismatches: 10, repeats: 10 };
    let answers = run(spice, 0..count);
    assert!(answers.ok > count / 20 && answers.illegal > count / 20, "both sides are seen: {answers:?}");
}
