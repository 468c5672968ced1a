//! Changes to a history of any object that may change its verdict in one direction only.

use checker::{History, Operation, Outcome, linearizable};

use crate::generated::Random;
use crate::plain::{KEYS, Plain, for_every_object};
use crate::{AMPLE, drawn};

const SEEDS: u64 = 4_000;

/// Operations of the largest: more than brute force could judge.
const OPERATIONS_MAX: u64 = 14;

fn is_ok<K: Plain>(operations: &[Operation<K>]) -> bool {
    let history = History::new(operations.to_vec()).expect("changed histories are valid");
    let verdict = linearizable(&history, AMPLE).verdict;
    assert!(!verdict.is_unknown(), "{verdict:?}\n{operations:#?}");
    !verdict.is_illegal()
}

/// For many histories and a change to each: `holds(before, after)`.
fn change<K: Plain>(
    holds: impl Fn(bool, bool) -> bool,
    change: impl Fn(&mut Random, &mut Vec<Operation<K>>),
) {
    let mut seen = [0; 2];
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let (before, _) = drawn::history::<K>(&mut random, OPERATIONS_MAX);
        let mut after = before.clone();
        change(&mut random, &mut after);
        let verdicts = (is_ok(&before), is_ok(&after));
        let name = K::NAME;
        assert!(holds(verdicts.0, verdicts.1), "{name}, seed {seed}: {verdicts:?}\n{before:#?}\n{after:#?}");
        seen[usize::from(verdicts.0)] += 1;
    }
    assert!(seen.iter().all(|&count| count > SEEDS / 8), "{}: both sides are seen: {seen:?}", K::NAME);
}

fn one_of<'a, K: Plain>(random: &mut Random, operations: &'a mut [Operation<K>]) -> &'a mut Operation<K> {
    let place = random.below(operations.len() as u64) as usize;
    &mut operations[place]
}

/// Whether a change only weakened the history, or only made it stronger.
fn stays_right(before: bool, after: bool) -> bool {
    !before || after
}

fn stays_wrong(before: bool, after: bool) -> bool {
    before || !after
}

fn stays_the_same(before: bool, after: bool) -> bool {
    before == after
}

#[test]
fn names_of_values_and_clients_do_not_matter() {
    fn trial<K: Plain>() {
        change::<K>(stays_the_same, |_, operations| {
            let name = |value| 40 - value;
            for operation in operations {
                operation.client = 100 - operation.client;
                operation.kind = operation.kind.rename(name);
                if let Outcome::Ok(output) = &mut operation.outcome {
                    *output = K::rename_output(output, name);
                }
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn names_of_keys_do_not_matter() {
    fn trial<K: Plain>() {
        change::<K>(stays_the_same, |_, operations| {
            for operation in operations {
                operation.key = KEYS as u64 - operation.key;
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn order_of_lines_and_scale_of_time_do_not_matter() {
    fn trial<K: Plain>() {
        change::<K>(stays_the_same, |_, operations| {
            operations.reverse();
            for operation in operations {
                operation.call = 17 + 1_000 * operation.call;
                operation.ret = operation.ret.map(|ret| 17 + 1_000 * ret);
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn a_copy_on_other_keys_does_not_matter() {
    fn trial<K: Plain>() {
        change::<K>(stays_the_same, |_, operations| {
            let copy = |o: &Operation<K>| Operation { key: o.key + KEYS as u64, ..o.clone() };
            let copies: Vec<Operation<K>> = operations.iter().map(copy).collect();
            operations.extend(copies);
        });
    }
    for_every_object!(trial);
}

#[test]
fn positions_do_not_matter() {
    fn trial<K: Plain>() {
        change::<K>(stays_the_same, |random, operations| {
            for operation in operations {
                operation.position = random.percent(80).then(|| random.below(20));
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn a_wider_interval_keeps_a_right_history_right() {
    fn trial<K: Plain>() {
        change::<K>(stays_right, |random, operations| {
            let operation = one_of(random, operations);
            operation.call = operation.call.saturating_sub(random.below(5));
            operation.ret = operation.ret.map(|ret| ret + random.below(5));
        });
    }
    for_every_object!(trial);
}

#[test]
fn a_narrower_interval_keeps_a_wrong_history_wrong() {
    fn trial<K: Plain>() {
        change::<K>(stays_wrong, |random, operations| {
            let operation = one_of(random, operations);
            let Some(ret) = operation.ret else { return };
            operation.call += random.below(ret - operation.call + 1);
        });
    }
    for_every_object!(trial);
}

#[test]
fn forgetting_an_outcome_keeps_a_right_history_right() {
    fn trial<K: Plain>() {
        change::<K>(stays_right, |random, operations| {
            let operation = one_of(random, operations);
            if operation.is_ok() {
                operation.outcome = Outcome::Unknown;
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn leaving_out_what_changes_nothing_keeps_a_right_history_right() {
    fn trial<K: Plain>() {
        change::<K>(stays_right, |_, operations| {
            operations.retain(|operation| operation.kind.is_update() || operation.client % 2 == 0);
        });
    }
    for_every_object!(trial);
}

#[test]
fn leaving_out_an_unknown_outcome_keeps_a_wrong_history_wrong() {
    fn trial<K: Plain>() {
        change::<K>(stays_wrong, |_, operations| {
            if let Some(place) = operations.iter().position(|o| o.outcome == Outcome::Unknown) {
                operations.remove(place);
            }
        });
    }
    for_every_object!(trial);
}

#[test]
fn a_prefix_of_a_right_history_is_right() {
    // What had not returned by then has an unknown outcome, what had not been called is gone.
    fn trial<K: Plain>() {
        change::<K>(stays_right, |random, operations| {
            let now = random.below(14);
            operations.retain(|operation| operation.call <= now);
            let is_open = |o: &&mut Operation<K>| o.is_ok() && o.ret.expect("it is ok") > now;
            for operation in operations.iter_mut().filter(is_open) {
                operation.outcome = Outcome::Unknown;
            }
        });
    }
    for_every_object!(trial);
}
