//! The near-linear judge of registers against the oracle.
//!
//! That blocks of compare-and-sets may be sorted like zones is our own theorem, so it has to stand up to brute force:
//! a hundred thousand histories each time, and as many as one likes with `ZONES_HISTORIES=3000000 cargo test`.

use std::collections::BTreeSet;

use checker::linearizable::Part;
use checker::model::{Contradiction, Model, Monitored};
use checker::register::Register;
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
    /// Of those handed over, how many are linearizable.
    handed_over_ok: u64,
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
        Monitored::HandOver => {
            answers.handed_over += 1;
            answers.handed_over_ok += u64::from(expected);
        }
    }
}

/// The named operations, together with whoever may have written what they saw, are wrong by themselves.
fn stands_alone(operations: &[Operation], key: &Part<Register>, found: &Contradiction) {
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

#[test]
fn mismatches_beside_values_of_their_own_find_a_place_nearly_always() {
    let count = histories() / 2;
    let answers = run(Spice { mismatches: 25, unknown: 10, ..PLAIN }, 0..count);
    assert!(answers.handed_over < count / 10, "{answers:?}");
    assert!(answers.ok > count / 4 && answers.illegal > count / 4, "both sides are seen: {answers:?}");
}

/// The spans of the contradiction, and what it says.
fn contradiction(operations: &[Operation]) -> (Vec<u32>, String) {
    agree(operations, &mut Answers::default());
    let key = register::partition(&history(operations)).pop().expect("there is a key");
    match key.model.monitor(&key.spans, false) {
        Monitored::Illegal(found) => (found.spans, found.sentence),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_contradiction_is_told_in_a_sentence_of_its_own() {
    let swap = |call, ret, expect, value| cas(call, ret, expect, value, Output::Swapped);
    let told = |operations: &[Operation], spans: &[u32], sentence: &str| {
        assert_eq!(contradiction(operations), (spans.to_vec(), sentence.to_owned()));
    };
    told(&[get(0, 1, Some(3))], &[0], "nothing can have written 3, and yet it was seen by {0}");
    told(
        &[get(0, 1, Some(3)), put(2, 3, 3)],
        &[0, 1],
        "3 was seen before anybody asked to write it: {0}; its only write is {1}",
    );
    told(
        &[cas(0, 1, Some(3), 4, Output::Differs(Some(3))), put(0, 1, 3)],
        &[0],
        "a compare-and-set failed although it found what it expected: {0}",
    );
    told(
        &[put(0, 1, 1), swap(2, 8, Some(1), 2), swap(2, 9, Some(1), 3)],
        &[1, 2],
        "1 was written only once, and yet two compare-and-sets replaced it: {0}, and {1}",
    );
    told(
        &[swap(2, 8, None, 2), swap(2, 9, None, 3)],
        &[0, 1],
        "nothing makes the key absent again, and yet two compare-and-sets replaced it: {0}, and {1}",
    );
    told(
        &[swap(2, 8, Some(1), 2), swap(2, 9, Some(2), 1)],
        &[0, 1],
        "each of these replaced what the one before it wrote, and the first what the last wrote, so that none can \
         be first: {0}; {1}",
    );
    told(
        &[put(0, 1, 1), cas(2, 3, Some(1), 2, Output::Mismatch), get(4, 5, Some(1))],
        &[0, 1, 2],
        "1 was written only once, so that it was there from the end of {0}, to the call of {2}; but within that time \
         a compare-and-set did not find it: {1}",
    );
    told(
        &[put(0, 9, 1), cas(2, 3, None, 2, Output::Mismatch), get(4, 5, None)],
        &[1, 2],
        "nothing makes the key absent again, but it was absent for {1}; before that was called, it had not been so \
         for {0}",
    );
    told(
        &[put(0, 1, 1), swap(2, 3, Some(1), 2), get(5, 6, Some(1))],
        &[1, 2],
        "1 was written only once, and it was replaced by {0}; after the end of that it was seen by {1}",
    );
    told(
        &[put(0, 1, 1), get(7, 8, Some(1)), swap(2, 9, Some(1), 2), get(3, 4, Some(2))],
        &[1, 3, 2],
        "compare-and-sets put these in this order, with nothing in between: {0}, then {2}, then {1}; but the last of \
         these ended before the first was called",
    );
}

#[test]
fn each_contradiction_between_two_values_is_told_in_a_sentence_of_its_own() {
    let told = |operations: &[Operation], spans: &[u32], sentence: &str| {
        assert_eq!(contradiction(operations), (spans.to_vec(), sentence.to_owned()));
    };
    told(
        &[put(0, 1, 1), put(0, 2, 2), get(9, 10, Some(2)), get(7, 12, Some(1))],
        &[0, 2, 1, 3],
        "1 was written only once, so that it was there from the end of {0}, to the call of {3}; 2 was written only \
         once, so that it was there from the end of {2}, to the call of {1}; and these times overlap",
    );
    told(
        &[put(0, 1, 1), put(0, 2, 2), get(5, 6, Some(1)), get(7, 8, Some(2))],
        &[1, 2, 3],
        "2 was written only once, so that it was there from the end of {0}, to the call of {2}; but within that time \
         something else was seen: {1}",
    );
    told(
        &[put(0, 1, 1), put(3, 4, 2), get(6, 7, Some(1))],
        &[0, 1, 2],
        "1 was written only once, so that it was there from the end of {0}, to the call of {2}; but within that time \
         something else was written: {1}",
    );
    told(
        &[put(0, 1, 1), get(10, 11, Some(1)), put(3, 12, 2), get(0, 5, Some(2))],
        &[0, 1, 3, 2],
        "1 was written only once, so that it was there from the end of {0}, to the call of {1}; 2 was written only \
         once, so that all of it comes before that time or after, but before is too early for {3}, and after is too \
         late for {2}",
    );
    told(
        &[put(0, 1, 1), get(3, 4, None)],
        &[0, 1],
        "nothing makes the key absent again, but it was absent for {1}; before that was called, there had been {0}",
    );
}

#[test]
fn what_is_of_unknown_outcome_is_shown_to_have_happened() {
    let lost = unknown(cas(5, 6, Some(1), 2, Output::Swapped));
    let (spans, sentence) = contradiction(&[put(0, 1, 1), get(2, 3, Some(2)), lost]);
    assert_eq!(spans, [2, 1]);
    assert_eq!(sentence, "2 was seen before anybody asked to write it: {1}; its only write is {0}");
    let (spans, sentence) = contradiction(&[lost, get(7, 8, Some(2))]);
    assert_eq!(spans, [0, 1]);
    assert!(sentence.contains("it did happen, {0}, for what it wrote was seen by {1}"), "{sentence}");
}

#[test]
fn a_million_compare_and_sets_in_a_row_are_one_block() {
    // Each replaces what the one before it wrote, and all overlap their neighbors; then one read too early.
    let step = |number: u64| {
        let expect = number.checked_sub(1);
        cas(10 * number, 10 * number + 15, expect, number, Output::Swapped)
    };
    let mut operations: Vec<Operation> = (0..1_000_000).map(step).collect();
    let monitored = |operations: &[Operation]| {
        let key = register::partition(&history(operations)).pop().expect("there is a key");
        key.model.monitor(&key.spans, false)
    };
    assert_eq!(monitored(&operations), Monitored::Ok { order: None });
    operations.push(get(10, 20, Some(500_000)));
    let Monitored::Illegal(found) = monitored(&operations) else {
        panic!("a read of what was not written yet")
    };
    assert_eq!(found.spans, [1_000_000, 500_000]);
}
