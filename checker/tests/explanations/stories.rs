//! One story a rule, and the sentence that a reader gets.

use checker::{History, Kind, Operation, Outcome};

use crate::{cas, explanation, get, put};

fn told(operations: &[Operation], core: &[usize], sentence: &str) {
    let history: History<Kind> = History::new(operations.to_vec()).expect("the test's history is valid");
    let explanation = explanation(&history);
    assert_eq!(explanation.sentence, sentence);
    assert_eq!(explanation.core, core, "{}", explanation.sentence);
    assert!(explanation.is_minimal && explanation.is_first, "{explanation:?}");
}

#[test]
fn a_stale_read() {
    let operations = [
        put(1, 0, 10, 7),
        put(2, 20, 25, 9),
        get(4, 12, 14, Some(7)),
        get(3, 30, 40, Some(7)),
        put(4, 50, 60, 3),
    ];
    let sentence = "client 3's get of key 0 [30 to 40] returned 7, but 9 had been written after 7 and before the get \
                    began: 7 by client 1's put of 7 to key 0 [0 to 10], and then client 2's put of 9 to key 0 [20 to 25]";
    told(&operations, &[0, 1, 3], sentence);
}

#[test]
fn a_value_that_nobody_wrote() {
    let operations = [put(1, 0, 10, 7), get(3, 30, 40, Some(8))];
    told(&operations, &[1], "client 3's get of key 0 [30 to 40] returned 8, but nobody ever wrote 8");
}

#[test]
fn a_value_before_it_was_written() {
    let operations = [put(1, 0, 10, 7), get(3, 30, 40, Some(8)), put(2, 50, 60, 8)];
    let sentence = "client 3's get of key 0 [30 to 40] returned 8, but 8 was written only after that had ended, by \
                    client 2's put of 8 to key 0 [50 to 60]";
    told(&operations, &[1], sentence);
}

#[test]
fn a_value_whose_write_failed() {
    let failed = Operation { outcome: Outcome::Failed, ..put(2, 0, 5, 8) };
    let operations = [failed, put(1, 0, 10, 7), get(3, 30, 40, Some(8))];
    let sentence = "client 3's get of key 0 [30 to 40] returned 8, but 8 was never written: client 2's put of 8 to \
                    key 0 [from 0] failed";
    told(&operations, &[2], sentence);
}

#[test]
fn a_lost_update() {
    let operations = [put(1, 0, 10, 7), cas(2, 20, 30, Some(7), 8), cas(3, 20, 30, Some(7), 9)];
    let sentence = "lost update: client 2's compare-and-set of key 0 from 7 to 8 [20 to 30] and client 3's \
                    compare-and-set of key 0 from 7 to 9 [20 to 30] both replaced 7, but 7 was written only once, by \
                    client 1's put of 7 to key 0 [0 to 10]";
    told(&operations, &[1, 2], sentence);
}

#[test]
fn a_value_that_got_lost() {
    let operations = [put(1, 0, 10, 7), get(3, 30, 40, None)];
    let sentence = "client 3's get of key 0 [30 to 40] returned nothing, but 7 had been written before the get began, \
                    by client 1's put of 7 to key 0 [0 to 10], and key 0 was never deleted";
    told(&operations, &[0, 1], sentence);
}

#[test]
fn reads_that_go_backward() {
    let operations = [
        put(1, 0, 100, 7),
        put(2, 0, 100, 9),
        get(3, 10, 20, Some(7)),
        get(4, 30, 40, Some(9)),
        get(5, 50, 60, Some(7)),
    ];
    let sentence = "client 5's get of key 0 [50 to 60] returned 7 went backward: before it, client 4's get of key 0 \
                    [30 to 40] returned 9, and before that, client 3's get of key 0 [10 to 20] returned 7; 7 was \
                    written only once, by client 1's put of 7 to key 0 [0 to 100]";
    told(&operations, &[2, 3, 4], sentence);
}

#[test]
fn two_values_at_once() {
    let operations = [
        put(1, 0, 10, 7),
        put(2, 0, 10, 9),
        get(3, 20, 30, Some(7)),
        get(4, 40, 50, Some(9)),
        get(5, 20, 30, Some(9)),
        get(6, 40, 50, Some(7)),
    ];
    let history: History<Kind> = History::new(operations.to_vec()).expect("valid");
    let explanation = explanation(&history);
    assert!(explanation.core.len() <= 5, "{explanation:?}");
    assert!(explanation.is_minimal, "{explanation:?}");
}

#[test]
fn many_writes_of_the_value_and_one_after_all_of_them() {
    let operations = [
        put(1, 0, 10, 7),
        put(1, 20, 30, 8),
        put(1, 40, 50, 7),
        get(2, 52, 53, Some(7)),
        put(2, 60, 70, 9),
        get(3, 80, 90, Some(7)),
    ];
    let history: History<Kind> = History::new(operations.to_vec()).expect("valid");
    let sentence = "client 3's get of key 0 [80 to 90] returned 7, but 9 had been written before the get began, by \
                    client 2's put of 9 to key 0 [60 to 70], after both writes of 7 had ended, the last of which was \
                    client 1's put of 7 to key 0 [40 to 50]";
    assert_eq!(explanation(&history).sentence, sentence);
}
