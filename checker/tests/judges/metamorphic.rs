//! Changes to a history that may change its verdict in one direction only.

use checker::{Kind, Operation, Outcome, Output, linearizable};

use crate::generated::{Random, anything};
use crate::{AMPLE, history};

const SEEDS: u64 = 8_000;

fn is_ok(operations: &[Operation]) -> bool {
    !linearizable(&history(operations), AMPLE).verdict.is_illegal()
}

/// For many histories and a change to each: `holds(before, after)`.
fn change(holds: impl Fn(bool, bool) -> bool, change: impl Fn(&mut Random, &mut Vec<Operation>)) {
    let mut seen = [0; 2];
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let (count, values) = (3 + random.below(8), random.below(4));
        let before = anything(&mut random, count, values);
        let mut after = before.clone();
        change(&mut random, &mut after);
        let verdicts = (is_ok(&before), is_ok(&after));
        assert!(holds(verdicts.0, verdicts.1), "seed {seed}: {verdicts:?}\n{before:#?}\n{after:#?}");
        seen[usize::from(verdicts.0)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 500), "both sides are seen: {seen:?}");
}

#[test]
fn names_of_values_and_clients_do_not_matter() {
    change(
        |before, after| before == after,
        |_, operations| {
            let rename = |value: u64| 1_000 - 7 * value;
            for operation in operations.iter_mut() {
                operation.client = 100 - operation.client;
                operation.kind = match operation.kind {
                    Kind::Put { value } => Kind::Put { value: rename(value) },
                    Kind::Cas { expect, value } => {
                        Kind::Cas { expect: expect.map(rename), value: rename(value) }
                    }
                    kind => kind,
                };
                operation.outcome = match operation.outcome {
                    Outcome::Ok(Output::Value(seen)) => Outcome::Ok(Output::Value(seen.map(rename))),
                    Outcome::Ok(Output::Differs(seen)) => Outcome::Ok(Output::Differs(seen.map(rename))),
                    outcome => outcome,
                };
            }
        },
    );
}

#[test]
fn order_of_lines_and_scale_of_time_do_not_matter() {
    change(
        |before, after| before == after,
        |_, operations| {
            operations.reverse();
            for operation in operations.iter_mut() {
                operation.call = 17 + 1_000 * operation.call;
                operation.ret = operation.ret.map(|ret| 17 + 1_000 * ret);
            }
        },
    );
}

#[test]
fn a_copy_on_another_key_does_not_matter() {
    change(
        |before, after| before == after,
        |_, operations| {
            let copies: Vec<Operation> = operations.iter().map(|o| Operation { key: 7, ..*o }).collect();
            operations.extend(copies);
        },
    );
}

#[test]
fn a_wider_interval_keeps_a_right_history_right() {
    change(
        |before, after| !before || after,
        |random, operations| {
            let place = random.below(operations.len() as u64) as usize;
            let operation = &mut operations[place];
            operation.call = operation.call.saturating_sub(random.below(5));
            operation.ret = operation.ret.map(|ret| ret + random.below(5));
        },
    );
}

#[test]
fn a_narrower_interval_keeps_a_wrong_history_wrong() {
    change(
        |before, after| before || !after,
        |random, operations| {
            let place = random.below(operations.len() as u64) as usize;
            let operation = &mut operations[place];
            let width = operation.ret.unwrap() - operation.call;
            operation.call += random.below(width + 1);
        },
    );
}

#[test]
fn forgetting_an_outcome_keeps_a_right_history_right() {
    change(
        |before, after| !before || after,
        |random, operations| {
            let place = random.below(operations.len() as u64) as usize;
            let operation = &mut operations[place];
            let changed = !matches!(operation.outcome, Outcome::Failed);
            if changed {
                operation.outcome = Outcome::Unknown;
            }
        },
    );
}

#[test]
fn leaving_out_what_changes_nothing_keeps_a_right_history_right() {
    change(
        |before, after| !before || after,
        |_, operations| operations.retain(|o| o.kind != Kind::Get || o.client % 2 == 0),
    );
}

#[test]
fn leaving_out_an_unknown_outcome_keeps_a_wrong_history_wrong() {
    change(
        |before, after| before || !after,
        |_, operations| {
            if let Some(place) = operations.iter().position(|o| o.outcome == Outcome::Unknown) {
                operations.remove(place);
            }
        },
    );
}

#[test]
fn a_prefix_of_a_right_history_is_right() {
    // What had not returned by then has an unknown outcome, what had not been called is gone.
    change(
        |before, after| !before || after,
        |random, operations| {
            let now = random.below(14);
            operations.retain(|o| o.call <= now);
            for operation in operations.iter_mut().filter(|o| o.ret.unwrap() > now) {
                operation.outcome = Outcome::Unknown;
            }
        },
    );
}
