//! Sets: the monitor and the search against brute force.

use std::collections::BTreeSet;

use checker::history::{History, Operation, Outcome};
use checker::set::{Kind, Output};

use crate::generated::Random;
use crate::objects::{Tally, agree, has_order, intervals, is_decided_at_length, long, trials};

type Contents = BTreeSet<u64>;

/// What an operation returns, in the words of the most talkative output that it has.
fn perform(kind: Kind, contents: &mut Contents) -> Output {
    match kind {
        Kind::Add { value } => Output::Added(contents.insert(value)),
        Kind::Remove { value } => Output::Removed(contents.remove(&value)),
        Kind::Contains { value } => Output::Is(contents.contains(&value)),
        Kind::Members => Output::Members(contents.iter().copied().collect()),
    }
}

/// The sequential specification once more, over plain values.
fn apply(operation: &Operation<Kind>, contents: &Contents) -> Option<Contents> {
    let mut after = contents.clone();
    let output = perform(operation.kind, &mut after);
    let fits = match &operation.outcome {
        Outcome::Ok(Output::Done) | Outcome::Unknown => true,
        Outcome::Ok(Output::Members(seen)) => {
            let mut seen = seen.clone();
            seen.sort_unstable();
            output == Output::Members(seen)
        }
        outcome => *outcome == Outcome::Ok(output),
    };
    fits.then_some(after)
}

fn of(call: u64, ret: u64, kind: Kind, outcome: Outcome<Output>) -> Operation<Kind> {
    Operation { client: call, key: 0, call, ret: Some(ret), kind, outcome, position: None }
}

fn ok(call: u64, ret: u64, kind: Kind, output: Output) -> Operation<Kind> {
    of(call, ret, kind, Outcome::Ok(output))
}

fn history(operations: &[Operation<Kind>]) -> History<Kind> {
    History::new(operations.to_vec()).expect("the test's history is valid")
}

/// What a random history is made of.
#[derive(Clone, Copy)]
struct Shape {
    /// Different elements; zero: every add has a new one, and others ask for any.
    values: u64,
    /// Of a hundred operations, how many are removes.
    removes: u64,
    /// Of a hundred operations, how many read the whole set.
    members: u64,
}

/// A history that ran on a real set at hidden instants.
fn ran(random: &mut Random, count: u64, shape: Shape, unknown_percent: u64) -> Vec<Operation<Kind>> {
    let mut contents = Contents::new();
    let mut fresh = 0;
    let spans = intervals(random, count);
    let step = |(call, ret): (u64, u64)| {
        let value = if shape.values == 0 { 1 + random.below(fresh + 1) } else { random.below(shape.values) };
        let kind = match random.below(100) {
            percent if percent < shape.removes => Kind::Remove { value },
            percent if percent < shape.removes + shape.members => Kind::Members,
            percent if percent < 60 => {
                fresh += 1;
                Kind::Add { value: if shape.values == 0 { fresh } else { value } }
            }
            _ => Kind::Contains { value },
        };
        let is_unknown = random.percent(unknown_percent);
        let output =
            if is_unknown && random.percent(40) { Output::Done } else { perform(kind, &mut contents) };
        let is_blind = matches!(output, Output::Added(_) | Output::Removed(_)) && random.percent(60);
        let outcome = match output {
            _ if is_unknown => Outcome::Unknown,
            _ if is_blind => Outcome::Ok(Output::Done),
            output => Outcome::Ok(output),
        };
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
        3 => match &mut operations[left].outcome {
            Outcome::Ok(Output::Is(is) | Output::Added(is) | Output::Removed(is)) => *is = !*is,
            Outcome::Ok(Output::Members(seen)) if random.percent(50) => drop(seen.pop()),
            Outcome::Ok(Output::Members(seen)) => seen.push(random.below(4)),
            _ => {}
        },
        _ => {
            let is_read = matches!(operations[left].kind, Kind::Members | Kind::Contains { .. });
            operations[left].outcome = if is_read { Outcome::Failed } else { Outcome::Unknown };
        }
    }
}

/// Random small histories; returns what was seen.
fn compare(seeds: std::ops::Range<u64>, shape: Shape, count_max: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let mut random = Random(seed);
        let count = 2 + random.below(count_max - 1);
        let unknown_percent = [0, 0, 15, 40][random.below(4) as usize];
        let mut operations = ran(&mut random, count, shape, unknown_percent);
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
fn sets_of_elements_added_once_are_decided_by_the_monitor_alone() {
    let tally = compare(trials(25_000), Shape { values: 0, removes: 25, members: 0 }, 8);
    assert!(tally.ok > 4_000 && tally.illegal > 4_000, "both sides are seen: {tally:?}");
    assert_eq!(tally.handed_over, 0, "{tally:?}");
}

#[test]
fn sets_from_which_nothing_is_removed_are_decided_by_the_monitor_alone() {
    let reads_or_not = [0, 25];
    for members in reads_or_not {
        let tally = compare(trials(20_000), Shape { values: 3, removes: 0, members }, 8);
        assert!(tally.ok > 2_000 && tally.illegal > 2_000, "both sides are seen: {tally:?}");
        assert_eq!(tally.handed_over, 0, "{tally:?}");
    }
}

#[test]
fn sets_get_the_verdict_of_brute_force() {
    for (values, members) in [(1, 0), (2, 0), (2, 25), (0, 25)] {
        let tally = compare(trials(10_000), Shape { values, removes: 25, members }, 7);
        assert!(tally.ok > 1_000 && tally.illegal > 1_000, "both sides are seen: {tally:?}");
        assert!(tally.handed_over > 500, "{tally:?}");
    }
}

#[test]
fn long_sets_are_decided_by_the_monitor() {
    let removed = ran(&mut Random(1), long(), Shape { values: 0, removes: 25, members: 0 }, 2);
    is_decided_at_length(&history(&removed));
    // As many elements in the lists as operations, about.
    let read = ran(&mut Random(1), long().isqrt() * 4, Shape { values: 0, removes: 0, members: 25 }, 2);
    is_decided_at_length(&history(&read));
}

/// Elements that are added once, removed, and all read, at hidden instants.
fn ran_wide(random: &mut Random, count: u64) -> Vec<Operation<Kind>> {
    let mut contents = Contents::new();
    let mut fresh = 0;
    let spans = intervals(random, count);
    let mut operations = Vec::new();
    for (call, ret) in spans {
        let oldest = contents.first().copied().filter(|_| contents.len() > 20);
        let kind = match (oldest, random.below(5)) {
            (_, 0) => Kind::Members,
            (Some(value), 1..3) => Kind::Remove { value },
            _ => {
                fresh += 1;
                Kind::Add { value: fresh }
            }
        };
        let output = match perform(kind, &mut contents) {
            Output::Added(_) | Output::Removed(_) => Output::Done,
            output => output,
        };
        operations.push(ok(call, ret, kind, output));
    }
    operations
}

#[test]
fn whole_reads_of_a_set_with_removes_take_few_configurations() {
    for seed in 0..20 {
        let report = checker::linearizable(&history(&ran_wide(&mut Random(seed), 300)), crate::AMPLE);
        println!("{:?}", report.counts);
        assert!(report.verdict.is_ok(), "{:?}", report.verdict);
        assert!(report.counts.configurations < 2_000, "{:?}", report.counts);
    }
}

#[test]
fn an_element_that_contradicts_whole_reads_is_found_without_a_search() {
    let read = |call, seen: &[u64]| ok(call, call + 1, Kind::Members, Output::Members(seen.to_vec()));
    let operations = [
        ok(1, 2, Kind::Add { value: 7 }, Output::Done),
        ok(3, 4, Kind::Remove { value: 7 }, Output::Done),
        read(5, &[]),
        read(7, &[7]),
    ];
    let report = checker::linearizable(&history(&operations), crate::AMPLE);
    assert!(report.verdict.is_illegal(), "{:?}", report.verdict);
    assert_eq!(report.counts.configurations, 0);
}

#[test]
fn one_hard_element_leaves_the_others_to_the_monitor() {
    let mut operations = vec![
        ok(1, 2, Kind::Add { value: 0 }, Output::Done),
        ok(3, 4, Kind::Remove { value: 0 }, Output::Done),
        ok(5, 6, Kind::Add { value: 0 }, Output::Added(true)),
    ];
    operations.extend((1..100).map(|value| ok(value, value + 9, Kind::Add { value }, Output::Added(true))));
    let report = checker::linearizable(&history(&operations), crate::AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
    assert_eq!(report.keys.len(), 2, "the hard element, and the others");
    assert!(report.keys[0].configurations == 0 && report.keys[1].configurations > 0);
    assert_eq!(report.counts.keys, 1);
}
