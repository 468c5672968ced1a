//! Several threads against one: thousands of small histories as the keys of one history, so that the threads have
//! something to share, and equal reports to the last byte.

use checker::{Budget, History, Operation, Options, Report, linearizable};

use crate::generated::Random;
use crate::plain::{KEYS, Plain, for_every_object};
use crate::{AMPLE, drawn, oracle};

/// Small histories in one: more than 2,000 operations, which is what a second thread is worth.
const HISTORIES: u64 = 700;

/// Operations of the largest of them.
const OPERATIONS_MAX: u64 = 7;

/// Many small histories on keys of their own, shuffled, and for each whether it is linearizable.
fn many<K: Plain>(seed: u64) -> (History<K>, Vec<bool>) {
    let mut random = Random(seed);
    let mut operations: Vec<Operation<K>> = Vec::new();
    let mut expected = Vec::new();
    for history in 0..HISTORIES {
        let (few, _) = drawn::history::<K>(&mut random, OPERATIONS_MAX);
        expected.push(oracle::is_linearizable(&few));
        operations.extend(few.into_iter().map(|o| Operation { key: history * KEYS as u64 + o.key, ..o }));
    }
    for place in (1..operations.len()).rev() {
        operations.swap(place, random.below(place as u64 + 1) as usize);
    }
    assert!(operations.len() > 2_000);
    (History::new(operations).expect("drawn histories are valid"), expected)
}

/// The report, equal for one thread, two, and five.
fn judge<K: Plain>(history: &History<K>, options: Options) -> Report {
    let one = linearizable(history, Options { threads: 1, ..options });
    let text = |report: &Report| serde_json::to_string(report).expect("a report is plain data");
    for threads in [2, 5, 0] {
        let several = linearizable(history, Options { threads, ..options });
        assert_eq!(text(&several), text(&one), "{}: {threads} threads", K::NAME);
    }
    one
}

#[test]
fn each_of_many_keys_gets_its_own_verdict_on_any_number_of_threads() {
    fn trial<K: Plain>() {
        let (history, expected) = many::<K>(1);
        let report = judge(&history, Options { witness: true, ..Options::from(AMPLE) });
        for (place, &expected) in expected.iter().enumerate() {
            let is_mine = |key: u64| key / KEYS as u64 == place as u64;
            let mut mine = report.keys.iter().filter(|key| is_mine(key.key));
            assert_eq!(!mine.any(|key| key.verdict.is_illegal()), expected, "{}, {place}", K::NAME);
        }
        assert_eq!(report.counts.unknown, 0, "{}", K::NAME);
        assert!(report.verdict.is_illegal());
    }
    for_every_object!(trial);
}

#[test]
fn where_a_budget_ends_does_not_depend_on_the_number_of_threads() {
    fn trial<K: Plain>() {
        let (history, _) = many::<K>(2);
        let ample = judge(&history, Options::from(AMPLE));
        if ample.counts.configurations < 10 {
            return;
        }
        let configurations = ample.counts.configurations / 3;
        let report = judge(&history, Options::from(Budget { configurations }));
        assert!(report.counts.unknown > 0, "{}: {:?}", K::NAME, report.counts);
    }
    for_every_object!(trial);
}

#[test]
fn what_the_first_violation_stops_does_not_depend_on_the_number_of_threads() {
    fn trial<K: Plain>() {
        let (history, _) = many::<K>(3);
        let report = judge(&history, Options { first_only: true, ..Options::from(AMPLE) });
        assert!(report.verdict.is_illegal(), "{}", K::NAME);
    }
    for_every_object!(trial);
}
