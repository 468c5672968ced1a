//! Histories that cost as much as they can. A checker has to stop where it was told to, say why, and say how far it
//! came; and what looks hard and is not has to stay cheap.

use std::time::{Duration, Instant};

use checker::{Budget, Operation, Options, Outcome, Output, Report, Verdict, Why, linearizable, queue, set};

use crate::plain::{Plain, for_every_object};
use crate::{AMPLE, cas, failed, get, history, of, on, put, unknown};

/// No limit to speak of.
const BOUNDLESS: Budget = Budget { configurations: u64::MAX / 4 };

fn why(report: &Report) -> (Why, &str) {
    let Verdict::Unknown { why, reason, .. } = &report.verdict else { panic!("{:?}", report.verdict) };
    (*why, reason)
}

/// Writes and compare-and-sets of five values, all open at once, and after them a read of a value that cannot be the
/// last one: exponential in the width, and nothing for a fast path.
fn maze(width: u64) -> Vec<Operation> {
    let mut operations: Vec<Operation> = (0..width)
        .map(|number| {
            let (from, to) = (Some(number * 7 % 5), number * 3 % 5);
            if number % 3 == 0 {
                put(number, 1_000 + number, number % 5)
            } else {
                cas(number, 1_000 + number, from, to, Output::Swapped)
            }
        })
        .collect();
    operations.extend([put(2_000, 2_001, 0), put(2_002, 2_003, 1), get(2_004, 2_005, Some(0))]);
    // A second writer of 0, though not so late: so the fast path does not see it at once.
    operations.push(put(5, 6, 0));
    operations
}

#[test]
fn a_budget_is_honored_and_its_end_explained() {
    for configurations in [1, 1_000, 20_000] {
        let report = linearizable(&history(&maze(60)), Budget { configurations });
        let (why, reason) = why(&report);
        assert_eq!(why, Why::Budget);
        assert!(reason.contains("the budget is spent; no order got past client"), "{reason}");
        let spent = report.counts.configurations;
        assert!(configurations <= spent && spent <= configurations + 1, "{spent}");
    }
}

#[test]
fn a_deadline_is_honored_by_one_key_and_by_many() {
    // Goal: 50 ms past the deadline at most. Ten times that here, since a test machine has other things to do.
    let many: Vec<Operation> =
        (0..1_500).flat_map(|key| maze(40).into_iter().map(move |o| on(key, o))).collect();
    for (name, operations) in [("one key", maze(60)), ("many keys", many)] {
        let history = history(&operations);
        // How long it takes to lay everything out, which no deadline cuts short.
        let start = Instant::now();
        linearizable(&history, Budget { configurations: 1 });
        let laying_out = start.elapsed();
        let deadline = Instant::now() + Duration::from_millis(200);
        let options = Options { deadline: Some(deadline), ..Options::from(BOUNDLESS) };
        let report = linearizable(&history, options);
        let late = deadline.elapsed().saturating_sub(2 * laying_out);
        let (why, reason) = why(&report);
        assert_eq!(why, Why::Deadline, "{name}: {reason}");
        assert!(reason.contains("the deadline has passed; no order got past client"), "{reason}");
        println!("{name}: {late:?} late, {laying_out:?} to lay out");
        assert!(late < Duration::from_millis(500), "{name}: {late:?} late");
    }
}

#[test]
fn a_memory_cap_is_honored() {
    let options = Options { memory: 1 << 20, ..Options::from(BOUNDLESS) };
    let report = linearizable(&history(&maze(60)), options);
    let (why, reason) = why(&report);
    assert_eq!(why, Why::Memory);
    assert!(reason.contains("the memory cap is reached; no order got past client"), "{reason}");
}

/// The most memory that this process has had, in bytes; `None` where the system does not say.
fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}

/// The variable that tells a child of the next test that it is one.
const CHILD: &str = "QUORATE_MEMORY_CHILD";

#[test]
fn a_memory_cap_is_what_the_process_really_takes() {
    // In a process of its own: peaks are a process's.
    const CAP: u64 = 48 << 20;
    let Some(before) = memory_peak() else { return };
    if std::env::var_os(CHILD).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().expect("a test has a file"));
        let name = "hard::a_memory_cap_is_what_the_process_really_takes";
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output();
        let output = output.expect("a test can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{said}{output:?}");
        return;
    }
    let options = Options { memory: CAP, ..Options::from(BOUNDLESS) };
    let report = linearizable(&history(&maze(60)), options);
    assert_eq!(why(&report).0, Why::Memory);
    let taken = memory_peak().expect("it was said before") - before;
    println!("{} MB of {}", taken >> 20, CAP >> 20);
    assert!(CAP / 8 < taken && taken < 3 * CAP, "{taken} bytes were taken where {CAP} are allowed");
}

#[test]
fn a_violation_stops_the_other_keys_if_one_is_enough() {
    // Key 1 needs a search too, or the others would never begin.
    let mut operations = maze(60);
    let wrong = [put(0, 1, 1), put(0, 1, 2), put(2, 3, 1), put(2, 3, 2), put(4, 5, 1), get(6, 7, Some(2))];
    operations.extend(wrong.map(|operation| on(1, operation)));
    let options = Options { first_only: true, ..Options::from(BOUNDLESS) };
    let report = linearizable(&history(&operations), options);
    assert!(report.verdict.is_illegal(), "{:?}", report.verdict);
    let Verdict::Unknown { why, reason, .. } = &report.keys[0].verdict else { panic!("{report:?}") };
    assert_eq!(*why, Why::Elsewhere);
    assert!(reason.contains("another key is illegal"), "{reason}");
}

#[test]
fn writes_all_at_once_are_cheap_where_no_read_tells_them_apart() {
    for width in [2, 63, 64, 65, 300] {
        let operations: Vec<Operation> = (0..width).map(|number| put(5, 5, number % 7)).collect();
        let report = linearizable(&history(&operations), AMPLE);
        assert!(report.verdict.is_ok(), "{width}: {:?}", report.verdict);
        assert!(report.counts.configurations <= 3 * width, "{:?}", report.counts);
    }
}

#[test]
fn unknown_outcomes_of_distinct_values_are_not_tried_in_every_subset() {
    // Two hundred writes may have happened; sixty of them are read, in any order, between writes of two values that
    // come again and again.
    let mut operations: Vec<Operation> =
        (0..200).map(|number| unknown(put(number, 0, 1_000 + number))).collect();
    for number in 0..60 {
        let at = 1_000 + 10 * number;
        operations.push(put(at, at + 3, number % 2));
        operations.push(get(at + 4, at + 5, Some(1_000 + number * 37 % 200)));
    }
    let report = linearizable(&history(&operations), AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
    assert!(report.counts.configurations < 10_000, "{:?}", report.counts);
    // One of them twice, and far apart, is wrong.
    operations.push(get(5_000, 5_001, Some(1_000)));
    assert!(linearizable(&history(&operations), AMPLE).verdict.is_illegal());
}

#[test]
fn one_operation_that_stays_open_costs_nothing() {
    // It overlaps everything; values come again, so that no fast path applies.
    let count = 30_000;
    let mut operations: Vec<Operation> = Vec::new();
    for number in 0..count {
        let at = 10 + 4 * number;
        operations.push(put(at, at + 1, number % 2));
        operations.push(get(at + 2, at + 3, Some(number % 2)));
    }
    let bare = linearizable(&history(&operations), AMPLE);
    assert!(bare.verdict.is_ok(), "{:?}", bare.verdict);
    operations.push(put(0, 5 * count, 1));
    let report = linearizable(&history(&operations), AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
    assert!(report.counts.configurations <= 3 * bare.counts.configurations + 10, "{:?}", report.counts);
}

#[test]
fn ten_thousand_keys_are_ten_thousand_verdicts() {
    let mut operations = Vec::new();
    for key in 0..10_000 {
        let seen = Some(if key == 7_777 { 3 } else { 2 });
        operations.extend([put(0, 2, 1), put(1, 3, 2), get(4, 5, seen)].map(|operation| on(key, operation)));
    }
    let report = linearizable(&history(&operations), Options { threads: 2, ..Options::from(AMPLE) });
    assert_eq!((report.counts.keys, report.counts.illegal, report.counts.unknown), (10_000, 1, 0));
    let Verdict::Illegal { explanation } = &report.verdict else { panic!("{:?}", report.verdict) };
    assert_eq!(explanation.key, 7_777);
}

#[test]
fn no_operation_or_one_is_a_history() {
    fn trial<K: Plain>() {
        let nothing = linearizable(&checker::History::<K>::default(), AMPLE);
        assert_eq!((nothing.verdict, nothing.keys.len()), (Verdict::NotChecked, 0));
    }
    for_every_object!(trial);
    let verdict = |operations: &[Operation]| linearizable(&history(operations), AMPLE).verdict;
    assert!(verdict(&[get(3, 3, None)]).is_ok());
    assert!(verdict(&[get(3, 3, Some(1))]).is_illegal());
    assert_eq!(verdict(&[unknown(put(3, 3, 1))]), Verdict::NotChecked);
    assert_eq!(verdict(&[failed(put(3, 3, 1))]), Verdict::NotChecked);
}

#[test]
fn at_one_instant_anything_goes_that_has_an_order() {
    let at_once = [get(5, 5, Some(2)), cas(5, 5, Some(1), 2, Output::Swapped), put(5, 5, 1), get(5, 5, None)];
    assert!(linearizable(&history(&at_once), AMPLE).verdict.is_ok());
    let twice = [at_once[1], at_once[1], at_once[2]];
    assert!(linearizable(&history(&twice), AMPLE).verdict.is_illegal());
}

#[test]
fn a_client_with_many_open_at_once_is_many_clients() {
    let mut operations = maze(12);
    for number in [9, 0] {
        operations.push(get(3_000, 3_001, Some(number)));
        let one: Vec<Operation> = operations.iter().map(|&operation| of(3, operation)).collect();
        let (several, one) =
            (linearizable(&history(&operations), AMPLE), linearizable(&history(&one), AMPLE));
        assert_eq!(several.counts, one.counts);
        assert_eq!(several.verdict.is_illegal(), one.verdict.is_illegal());
    }
}

#[test]
fn dequeues_of_unknown_outcome_are_interchangeable() {
    let of =
        |call, ret, kind, outcome| Operation { client: 0, key: 0, call, ret, kind, outcome, position: None };
    let enqueue = |call: u64, value: u64| {
        of(call, Some(call + 1), queue::Kind::Enqueue { value }, Outcome::Ok(queue::Output::Done))
    };
    let took = |call: u64, value: u64| {
        of(call, Some(call + 1), queue::Kind::Dequeue, Outcome::Ok(queue::Output::Took(value)))
    };
    // Forty values, each of them twice; forty dequeues that nobody heard of; and then the last value is taken.
    let mut operations: Vec<Operation<queue::Kind>> = (0..40).map(|n| enqueue(10 * n, n % 20)).collect();
    operations.extend((0..40).map(|n| of(n, None, queue::Kind::Dequeue, Outcome::Unknown)));
    operations.push(took(1_000, 19));
    let history = checker::History::new(operations).expect("it is valid");
    let report = linearizable(&history, AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
    assert!(report.counts.configurations < 10_000, "{:?}", report.counts);
}

#[test]
fn elements_of_a_set_do_not_multiply() {
    // Adds and removes of thirty elements, all at once: element by element it is nothing.
    let of =
        |kind, outcome| Operation { client: 0, key: 0, call: 1, ret: Some(9), kind, outcome, position: None };
    let mut operations = Vec::new();
    for value in 0..30 {
        for _ in 0..3 {
            operations.push(of(set::Kind::Add { value }, Outcome::Ok(set::Output::Done)));
            operations.push(of(set::Kind::Remove { value }, Outcome::Ok(set::Output::Removed(true))));
        }
    }
    let history = checker::History::new(operations).expect("it is valid");
    let report = linearizable(&history, AMPLE);
    assert!(report.verdict.is_ok(), "{:?}", report.verdict);
    assert!(report.counts.configurations < 10_000, "{:?}", report.counts);
}
