//! Long histories whose verdict is known because of how they were made.

use checker::register;
use checker::search::{Progress, Pruning, Search};
use checker::{Budget, By, Kind, Operation, Outcome, Output, Verdict, linearizable, sequential, stale, sync};

use crate::generated::{self, Random, Shape, without_hints};
use crate::{AMPLE, at, cas, get, history, put, unknown};

/// Values written once, unknown outcomes, compare-and-set: what the simulator's clients do.
const WORKLOAD: Shape = Shape { operations: 600, clients: 8, keys: 3, values: 0, unknown: 5, deletes: 0 };

#[test]
fn true_positions_are_a_witness_and_cost_no_search() {
    for seed in 0..60 {
        for values in [0, 2, 5] {
            let shape = Shape { values, deletes: 5, ..WORKLOAD };
            let report = linearizable(&history(&generated::linearizable(seed, shape)), AMPLE);
            assert_eq!(report.verdict, Verdict::Ok { by: By::Witness }, "seed {seed}");
            assert_eq!((report.counts.by_witness, report.counts.configurations), (3, 0), "seed {seed}");
        }
    }
}

#[test]
fn true_positions_keep_the_weaker_promises_too() {
    for seed in 0..60 {
        let history = history(&generated::linearizable(seed, WORKLOAD));
        for report in [sequential(&history), sync(&history), stale(&history)] {
            assert!(report.verdict.is_ok(), "seed {seed}: {:?}", report.verdict);
        }
    }
}

#[test]
fn search_finds_an_order_where_the_witness_knows_one() {
    for seed in 0..40 {
        for values in [0, 2, 5] {
            let shape = Shape { operations: 200, values, deletes: 5, ..WORKLOAD };
            let operations = generated::linearizable(seed, shape);
            let report = linearizable(&history(&without_hints(&operations)), AMPLE);
            let is_found = matches!(report.verdict, Verdict::Ok { by: By::Search | By::Monitor });
            assert!(is_found, "seed {seed}, {values} values: {:?}", report.verdict);
        }
    }
}

#[test]
fn junk_positions_change_no_verdict() {
    for seed in 0..40 {
        let shape = Shape { operations: 120, ..WORKLOAD };
        let mut operations = generated::linearizable(seed, shape);
        let mut random = Random(seed);
        for operation in &mut operations {
            operation.position = Some(random.below(50));
        }
        let report = linearizable(&history(&operations), AMPLE);
        let is_found = matches!(report.verdict, Verdict::Ok { by: By::Search | By::Monitor });
        assert!(is_found, "seed {seed}: {:?}", report.verdict);
    }
}

/// Reads of a generated history that can be made wrong, with a value overwritten before the read began.
fn overwritten_before(operations: &[Operation], read: &Operation) -> Option<u64> {
    let is_done = |o: &&Operation| o.key == read.key && matches!(o.outcome, Outcome::Ok(Output::Done));
    let mut updates: Vec<&Operation> = operations.iter().filter(is_done).collect();
    updates.sort_by_key(|o| o.position);
    let pair = updates.windows(2).find(|pair| pair[1].ret.unwrap() < read.call)?;
    match pair[0].kind {
        Kind::Put { value } => Some(value),
        _ => None,
    }
}

/// Makes one read of a right history wrong in some way, and checks that every copy is refused, hints or not.
fn refuse_reads(name: &str, wrong: impl Fn(&[Operation], &Operation) -> Option<u64>) {
    let mut refused = 0;
    for seed in 0..40 {
        let shape = Shape { operations: 150, keys: 2, ..WORKLOAD };
        let operations = generated::linearizable(seed, shape);
        let is_read = |&index: &usize| {
            operations[index].kind == Kind::Get && operations[index].outcome != Outcome::Unknown
        };
        for index in (0..operations.len()).filter(is_read).step_by(9) {
            let Some(value) = wrong(&operations, &operations[index]) else { continue };
            let mut broken = operations.clone();
            broken[index].outcome = Outcome::Ok(Output::Value(Some(value)));
            for broken in [without_hints(&broken), broken] {
                let report = linearizable(&history(&broken), AMPLE);
                let Verdict::Illegal { explanation } = &report.verdict else {
                    panic!("{name}, seed {seed}, operation {index}: {:?}", report.verdict);
                };
                assert_eq!(explanation.key, operations[index].key);
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{name}: {refused} histories are few");
}

#[test]
fn a_stale_read_is_refused() {
    refuse_reads("stale read", overwritten_before);
}

#[test]
fn a_read_of_a_value_that_was_never_written_is_refused() {
    refuse_reads("never written", |_, _| Some(u64::MAX));
}

#[test]
fn a_read_from_the_future_is_refused() {
    refuse_reads("future", |operations, read| {
        let is_later = |o: &&Operation| o.key == read.key && o.call > read.ret.unwrap();
        operations.iter().filter(is_later).find_map(|o| match o.kind {
            Kind::Put { value } => Some(value),
            _ => None,
        })
    });
}

#[test]
fn a_lost_update_is_refused_under_many_open_operations() {
    // Two compare-and-sets both replaced 1, while forty other writes were open all the time: without the zones the
    // search would have to try the forty in every subset.
    let mut operations = vec![put(0, 1, 1)];
    operations.push(cas(2, 1_000, Some(1), 2, Output::Swapped));
    operations.push(cas(3, 1_001, Some(1), 3, Output::Swapped));
    operations.extend((0..40).map(|number| put(4 + number, 1_002 + number, 100 + number)));
    let report = linearizable(&history(&operations), AMPLE);
    assert!(report.verdict.is_illegal(), "{:?}", report.verdict);
    assert_eq!(report.counts.configurations, 0);
}

#[test]
fn an_outage_leaves_dozens_open_and_the_witness_does_not_mind() {
    // A hundred puts time out; fifty of them reached the log and were read.
    let mut operations = Vec::new();
    for number in 0..100 {
        let lost = unknown(put(number, number, 1_000 + number));
        operations.push(if number % 2 == 0 { at(number, lost) } else { lost });
    }
    for number in (0..100).step_by(2) {
        operations.push(at(number, get(200, 1_000, Some(1_000 + number))));
    }
    let report = linearizable(&history(&operations), AMPLE);
    assert_eq!(report.verdict, Verdict::Ok { by: By::Witness });
    assert_eq!((report.counts.operations, report.counts.unknown_outcomes), (50, 100));
    // All fifty reads overlap: without hints, too, they may be served one after another.
    let report = linearizable(&history(&without_hints(&operations)), AMPLE);
    assert_eq!(report.verdict, Verdict::Ok { by: By::Monitor });
}

#[test]
fn more_than_a_word_of_open_operations_are_searched() {
    for count in [63, 64, 65, 200, 257, 1_000] {
        // Each value is written twice, so that it takes a search.
        let mut operations: Vec<Operation> =
            (0..count).map(|number| put(number, 10_000 + number, number / 2)).collect();
        operations.push(get(20_000, 20_001, Some(count / 4)));
        let report = linearizable(&history(&operations), AMPLE);
        assert_eq!(report.verdict, Verdict::Ok { by: By::Search }, "{count} open");
    }
}

#[test]
fn search_stops_at_its_budget_and_resumes() {
    // Every value is written twice and read, so that no rule helps, and no order lets two reads after all the writes
    // differ.
    let mut operations: Vec<Operation> =
        (0..12).map(|number| put(number, 100 + number, number % 6)).collect();
    operations.extend((0..6).map(|number| get(200 + 2 * number, 201 + 2 * number, Some(number))));
    let history = history(&operations);
    let small = linearizable(&history, Budget { configurations: 100 });
    let Verdict::Unknown { configurations, reason, .. } = &small.verdict else {
        panic!("{:?}", small.verdict)
    };
    assert!((100..=101).contains(configurations), "{configurations}");
    assert!(reason.contains("budget"), "{reason}");
    let ample = linearizable(&history, AMPLE);
    assert!(ample.verdict.is_illegal(), "{:?}", ample.verdict);
    // In slices of one configuration it comes to the same end by the same way.
    let key = register::partition(&history).pop().unwrap();
    let mut search = Search::new(key.model, key.spans, Pruning::ALL).unwrap();
    let progress = loop {
        match search.run(1) {
            Progress::Pending => {}
            done => break done,
        }
    };
    assert!(matches!(progress, Progress::Illegal { .. }));
    assert_eq!(search.configurations(), ample.counts.configurations);
}

#[test]
fn one_hard_key_does_not_keep_the_others_from_a_verdict() {
    // Key 0: every value is written twice and read, so that no rule helps, and no order lets two reads after all the
    // writes differ.
    let mut operations: Vec<Operation> =
        (0..24).map(|number| put(number, 100 + number, number % 12)).collect();
    operations.extend((0..12).map(|number| get(200 + 2 * number, 201 + 2 * number, Some(number))));
    operations.push(crate::on(1, put(0, 1, 5)));
    operations.push(crate::on(1, get(2, 3, Some(5))));
    let report = linearizable(&history(&operations), Budget { configurations: 20_000 });
    assert!(report.verdict.is_unknown(), "{:?}", report.verdict);
    assert!(report.keys[0].verdict.is_unknown() && report.keys[1].verdict.is_ok());
}

/// Not a test but a measurement: `cargo test -p checker -- --ignored --nocapture measure`.
#[test]
#[ignore = "a measurement"]
fn measure_speed() {
    for keys in [1, 4, 1_000] {
        let shape = Shape { operations: 100_000, clients: 16, keys, values: 0, unknown: 1, deletes: 0 };
        let operations = generated::linearizable(1, shape);
        for (name, operations) in [("witness", operations.clone()), ("search", without_hints(&operations))] {
            let history = history(&operations);
            let start = std::time::Instant::now();
            let report = linearizable(&history, AMPLE);
            let micros = start.elapsed().as_micros();
            let configurations = report.counts.configurations;
            println!(
                "{keys} keys, {name}: {micros} us, {configurations} configurations, {:?}",
                report.verdict
            );
        }
        let history = history(&operations);
        let start = std::time::Instant::now();
        let report = sequential(&history);
        println!("{keys} keys, sequential: {} us, {:?}", start.elapsed().as_micros(), report.verdict);
    }
}
