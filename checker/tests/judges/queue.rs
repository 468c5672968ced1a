//! Queues: the monitor and the search against brute force.

use std::collections::VecDeque;

use checker::history::{History, Operation, Outcome};
use checker::queue::{Kind, Output};

use crate::generated::Random;
use crate::objects::{Tally, agree, has_order, intervals, is_decided_at_length, long, trials};

type Contents = VecDeque<u64>;

/// The sequential specification once more, over plain values.
fn apply(operation: &Operation<Kind>, contents: &Contents) -> Option<Contents> {
    let mut after = contents.clone();
    match (operation.kind, operation.outcome) {
        (Kind::Enqueue { value }, _) => after.push_back(value),
        (Kind::Dequeue, Outcome::Ok(Output::Took(value))) => {
            if after.pop_front() != Some(value) {
                return None;
            }
        }
        (Kind::Dequeue, Outcome::Ok(_)) => {
            if !after.is_empty() {
                return None;
            }
        }
        (Kind::Dequeue, _) => drop(after.pop_front()),
    }
    Some(after)
}

fn of(call: u64, ret: u64, kind: Kind, outcome: Outcome<Output>) -> Operation<Kind> {
    Operation { client: call, key: 0, call, ret: Some(ret), kind, outcome, position: None }
}

fn enqueue(call: u64, ret: u64, value: u64) -> Operation<Kind> {
    of(call, ret, Kind::Enqueue { value }, Outcome::Ok(Output::Done))
}

fn took(call: u64, ret: u64, value: u64) -> Operation<Kind> {
    of(call, ret, Kind::Dequeue, Outcome::Ok(Output::Took(value)))
}

fn empty(call: u64, ret: u64) -> Operation<Kind> {
    of(call, ret, Kind::Dequeue, Outcome::Ok(Output::Empty))
}

fn unknown(operation: Operation<Kind>) -> Operation<Kind> {
    Operation { outcome: Outcome::Unknown, ret: None, ..operation }
}

fn history(operations: &[Operation<Kind>]) -> History<Kind> {
    History::new(operations.to_vec()).expect("the test's history is valid")
}

/// A history that ran on a real queue at hidden instants. `values`: how many there are, zero for all different;
/// `enqueues`: of a hundred operations, how many.
fn ran(
    random: &mut Random,
    count: u64,
    values: u64,
    unknown_percent: u64,
    enqueues: u64,
) -> Vec<Operation<Kind>> {
    let mut contents = Contents::new();
    let mut fresh = 0;
    let spans = intervals(random, count);
    let step = |(call, ret): (u64, u64)| {
        let is_unknown = random.percent(unknown_percent);
        let happens = !is_unknown || random.percent(60);
        let (kind, output) = if random.percent(enqueues) {
            fresh += 1;
            let value = if values == 0 { fresh } else { random.below(values) };
            if happens {
                contents.push_back(value);
            }
            (Kind::Enqueue { value }, Output::Done)
        } else {
            let front = if happens { contents.pop_front() } else { None };
            (Kind::Dequeue, front.map_or(Output::Empty, Output::Took))
        };
        let outcome = if is_unknown { Outcome::Unknown } else { Outcome::Ok(output) };
        of(call, ret, kind, outcome)
    };
    spans.into_iter().map(step).collect()
}

/// Changes a history a little, so that it may become wrong.
fn disturb(random: &mut Random, operations: &mut [Operation<Kind>]) {
    let (left, right) =
        (random.below(operations.len() as u64) as usize, random.below(operations.len() as u64) as usize);
    match random.below(5) {
        0 => {
            let (call, ret) = (operations[left].call, operations[left].ret);
            (operations[left].call, operations[left].ret) = (operations[right].call, operations[right].ret);
            (operations[right].call, operations[right].ret) = (call, ret);
        }
        1 => operations[left].ret = Some(operations[left].call),
        2 => operations[left].call = operations[left].ret.unwrap(),
        3 if operations[left].kind == operations[right].kind => {
            let outcome = operations[left].outcome;
            operations[left].outcome = operations[right].outcome;
            operations[right].outcome = outcome;
        }
        _ if operations[left].kind == Kind::Dequeue => {
            operations[left].outcome = Outcome::Ok(match random.below(4) {
                0 => Output::Empty,
                _ => Output::Took(random.below(operations.len() as u64)),
            });
        }
        _ => operations[left].outcome = Outcome::Unknown,
    }
}

/// Random small histories; returns what was seen.
fn compare(seeds: std::ops::Range<u64>, values: u64, count_max: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let mut random = Random(seed);
        let count = 2 + random.below(count_max - 1);
        let unknown_percent = [0, 0, 15, 40][random.below(4) as usize];
        let enqueues = 30 + random.below(50);
        let mut operations = ran(&mut random, count, values, unknown_percent, enqueues);
        for _ in 0..random.below(6) {
            disturb(&mut random, &mut operations);
        }
        let expected = has_order(&operations, Contents::new(), &apply);
        agree(&history(&operations), expected, &mut tally);
    }
    println!("{tally:?}");
    tally
}

#[test]
fn queues_of_different_values_are_decided_by_the_monitor_alone() {
    let tally = compare(trials(60_000), 0, 8);
    assert!(tally.ok > 10_000 && tally.illegal > 10_000, "both sides are seen: {tally:?}");
    assert_eq!(tally.handed_over, 0, "{tally:?}");
}

#[test]
fn queues_of_any_values_get_the_verdict_of_brute_force() {
    let tally = compare(trials(30_000), 3, 7);
    assert!(tally.ok > 5_000 && tally.illegal > 5_000, "both sides are seen: {tally:?}");
    assert!(tally.handed_over > 5_000, "{tally:?}");
}

#[test]
fn a_long_queue_is_decided_by_the_monitor() {
    let operations = ran(&mut Random(1), long(), 0, 2, 50);
    is_decided_at_length(&history(&operations));
}

/// The sentence of a history that breaks the promise.
fn sentence(operations: &[Operation<Kind>]) -> String {
    let report = checker::linearizable(&history(operations), crate::AMPLE);
    let checker::Verdict::Illegal { explanation } = report.verdict else { panic!("{:?}", report.verdict) };
    explanation.sentence
}

#[test]
fn a_queue_that_takes_the_second_value_first_is_told_so() {
    let found = sentence(&[enqueue(1, 2, 7), enqueue(3, 4, 8), took(5, 6, 8), took(7, 8, 7)]);
    assert!(
        found.starts_with("first in, first out is broken: one value was put in by client 1's"),
        "{found}"
    );
    let found = sentence(&[enqueue(1, 2, 7), enqueue(3, 4, 8), took(5, 6, 8)]);
    assert!(found.ends_with("and nobody is left who can have taken the first"), "{found}");
    let found = sentence(&[enqueue(1, 2, 7), enqueue(3, 4, 8), took(5, 6, 8), unknown(took(7, 8, 0))]);
    assert!(found.contains("before anybody asked who can have taken the first"), "{found}");
}

#[test]
fn a_queue_that_gives_what_it_cannot_have_is_told_so() {
    let found = sentence(&[enqueue(1, 2, 7), took(3, 4, 8)]);
    assert!(found.starts_with("nobody ever put into the queue what was taken by client 3's"), "{found}");
    let found = sentence(&[enqueue(1, 2, 7), took(3, 4, 7), took(5, 6, 7)]);
    assert!(found.starts_with("one value was taken twice"), "{found}");
    let found = sentence(&[took(3, 4, 7), enqueue(5, 6, 7)]);
    assert!(found.starts_with("a value was taken before it was put in"), "{found}");
}

#[test]
fn a_queue_that_is_called_empty_while_it_holds_one_value_after_another_is_told_so() {
    // The values overlap: at no moment is the queue empty, and yet none of them is inside during all of the dequeue.
    let mut operations = vec![empty(10, 40)];
    for value in 0..8 {
        operations.push(enqueue(5 + 5 * value, 6 + 5 * value, value));
        operations.push(took(12 + 5 * value, 13 + 5 * value, value));
    }
    let found = sentence(&operations);
    assert!(found.starts_with("the queue cannot have been empty at any moment of client 10's"), "{found}");
    // A gap between two of them is enough.
    operations.retain(|operation| operation.kind != Kind::Enqueue { value: 3 });
    operations.retain(|operation| operation.outcome != Outcome::Ok(Output::Took(3)));
    let report = checker::linearizable(&history(&operations), crate::AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
}
