//! The checkers against the oracle.

use checker::linearizable::Part;
use checker::model::Model;
use checker::register::{self, Register};
use checker::search::{Progress, Pruning, Search};
use checker::{Kind, Operation, Outcome, Output, linearizable, sequential, stale, witness};

use crate::generated::{Random, anything};
use crate::{AMPLE, history, logs, oracle};

/// Every rule alone, and all.
const PRUNINGS: [Pruning; 9] = [
    Pruning::NONE,
    Pruning { greedy: true, ..Pruning::NONE },
    Pruning { symmetry: true, ..Pruning::NONE },
    Pruning { dominance: true, ..Pruning::NONE },
    Pruning { no_return: true, ..Pruning::NONE },
    Pruning { unseen: true, ..Pruning::NONE },
    Pruning { twins: true, ..Pruning::NONE },
    Pruning { purpose: true, ..Pruning::NONE },
    Pruning::ALL,
];

/// Holds every way to a verdict against the oracle, and says what it was.
fn agree(operations: &[Operation]) -> bool {
    let expected = oracle::is_linearizable(operations);
    let history = history(operations);
    let report = linearizable(&history, AMPLE);
    assert!(!report.verdict.is_unknown(), "{operations:#?}");
    assert_eq!(!report.verdict.is_illegal(), expected, "{:?}\n{operations:#?}", report.verdict);
    for key in register::partition(&history) {
        for pruning in PRUNINGS {
            assert_eq!(search_says(&key, pruning), expected, "{pruning:?}\n{operations:#?}");
        }
        if let Some(order) = &key.proposal {
            let proves = witness::verify(&mut key.model.clone(), &key.spans, order).is_ok();
            assert!(!proves || expected, "a witness for what cannot be: {operations:#?}");
        }
    }
    expected
}

fn search_says(key: &Part<Register>, pruning: Pruning) -> bool {
    let mut search = Search::<Register>::new(key.model.clone(), key.spans.clone(), pruning).unwrap();
    match search.run(u64::MAX / 2) {
        Progress::Ok { order } => {
            let order: Vec<u32> = order.iter().map(|&span| span as u32).collect();
            assert_eq!(witness::verify(&mut key.model.clone(), &key.spans, &order), Ok(()));
            true
        }
        Progress::Illegal { span, states } => {
            assert!(!Register::is_pure(&key.spans[span].action) || !states.is_empty());
            false
        }
        Progress::Pending => panic!("the slice was ample"),
    }
}

/// Every way to pair up the ends of `count` intervals: `2 * count` instants, each the call or the return of one.
fn intervals(count: usize) -> Vec<Vec<(u64, u64)>> {
    fn pair_up(free: &[u64], done: &mut Vec<(u64, u64)>, all: &mut Vec<Vec<(u64, u64)>>) {
        let Some((&call, rest)) = free.split_first() else {
            all.push(done.clone());
            return;
        };
        for place in 0..rest.len() {
            let mut left = rest.to_vec();
            done.push((call, left.remove(place)));
            pair_up(&left, done, all);
            done.pop();
        }
    }
    let mut all = Vec::new();
    pair_up(&(0..2 * count as u64).collect::<Vec<u64>>(), &mut Vec::new(), &mut all);
    all
}

const EVERYTHING: [(Kind, Outcome); 15] = [
    (Kind::Put { value: 1 }, Outcome::Ok(Output::Done)),
    (Kind::Put { value: 2 }, Outcome::Ok(Output::Done)),
    (Kind::Put { value: 1 }, Outcome::Unknown),
    (Kind::Get, Outcome::Ok(Output::Value(None))),
    (Kind::Get, Outcome::Ok(Output::Value(Some(1)))),
    (Kind::Get, Outcome::Ok(Output::Value(Some(2)))),
    (Kind::Delete, Outcome::Ok(Output::Done)),
    (Kind::Delete, Outcome::Unknown),
    (Kind::Cas { expect: Some(1), value: 2 }, Outcome::Ok(Output::Swapped)),
    (Kind::Cas { expect: None, value: 1 }, Outcome::Ok(Output::Swapped)),
    (Kind::Cas { expect: Some(1), value: 2 }, Outcome::Ok(Output::Differs(Some(2)))),
    (Kind::Cas { expect: Some(2), value: 1 }, Outcome::Ok(Output::Differs(None))),
    (Kind::Cas { expect: Some(1), value: 1 }, Outcome::Ok(Output::Mismatch)),
    (Kind::Cas { expect: Some(1), value: 2 }, Outcome::Unknown),
    (Kind::Cas { expect: None, value: 2 }, Outcome::Unknown),
];

/// All histories of `count` operations drawn from `kinds`; how many of them are linearizable, and how many not.
fn exhaust(count: usize, kinds: &[(Kind, Outcome)]) -> (u64, u64) {
    let (mut ok, mut illegal) = (0, 0);
    for shape in intervals(count) {
        for number in 0..kinds.len().pow(count as u32) {
            let mut rest = number;
            let operations: Vec<Operation> = (shape.iter().enumerate())
                .map(|(client, &(call, ret))| {
                    let (kind, outcome) = kinds[rest % kinds.len()];
                    rest /= kinds.len();
                    let client = client as u64;
                    Operation { client, key: 0, call, ret: Some(ret), kind, outcome, position: None }
                })
                .collect();
            if agree(&operations) { ok += 1 } else { illegal += 1 }
        }
    }
    (ok, illegal)
}

#[test]
fn every_history_of_three_operations_gets_the_verdict_of_the_oracle() {
    let (ok, illegal) = exhaust(3, &EVERYTHING);
    assert_eq!(ok + illegal, 15 * 15u64.pow(3));
    assert!(ok > 1_000 && illegal > 1_000, "both sides are seen: {ok} and {illegal}");
}

#[test]
fn every_history_of_four_operations_on_two_values_gets_the_verdict_of_the_oracle() {
    let kinds = [0, 1, 2, 4, 5, 8, 13].map(|place| EVERYTHING[place]);
    let (ok, illegal) = exhaust(4, &kinds);
    assert_eq!(ok + illegal, 105 * 7u64.pow(4));
    assert!(ok > 10_000 && illegal > 10_000, "both sides are seen: {ok} and {illegal}");
}

#[test]
fn random_histories_get_the_verdict_of_the_oracle() {
    // Ties in time, junk positions, repeated values as well as values written once, all kinds and outcomes.
    let (mut ok, mut illegal) = (0, 0);
    for seed in 0..60_000 {
        let mut random = Random(seed);
        let values = random.below(4);
        let count = 2 + random.below(6);
        let operations = anything(&mut random, count, values);
        if agree(&operations) { ok += 1 } else { illegal += 1 }
    }
    assert!(ok > 5_000 && illegal > 5_000, "both sides are seen: {ok} and {illegal}");
}

#[test]
fn weaker_promises_get_the_verdict_of_the_oracle() {
    // Unknown is a legal answer only where an update has no position.
    let mut seen = [[0; 3]; 2];
    for seed in 0..40_000 {
        let mut random = Random(seed);
        let values = 1 + random.below(4);
        let count = 2 + random.below(4);
        let mut operations = anything(&mut random, count, values);
        let mut positions: Vec<u64> = (0..count).collect();
        let places_all = random.percent(60);
        for operation in &mut operations {
            let drawn = positions.swap_remove(random.below(positions.len() as u64) as usize);
            operation.position = (places_all || random.percent(70)).then_some(drawn);
            operation.client = random.below(2);
            operation.key = random.below(2);
        }
        let history = history(&operations);
        for (place, report) in [stale(&history), sequential(&history)].into_iter().enumerate() {
            let expected = logs::is_explained_by_a_log(&operations, place == 1);
            if report.verdict.is_illegal() {
                assert!(!expected, "{:?}\n{operations:#?}", report.verdict);
                seen[place][0] += 1;
            } else if report.verdict.is_unknown() {
                assert!(!places_all, "{:?}\n{operations:#?}", report.verdict);
                seen[place][1] += 1;
            } else {
                assert!(expected, "{:?}\n{operations:#?}", report.verdict);
                seen[place][2] += 1;
            }
        }
    }
    assert!(seen.iter().flatten().all(|&count| count > 500), "every verdict is seen: {seen:?}");
}
