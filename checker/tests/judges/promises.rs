//! The weaker promises, one story each: what the stronger one refuses and the weaker one allows, and what even the
//! weaker one refuses.

use checker::{Operation, Output, Verdict, linearizable, sequential, stale, sync};

use crate::{AMPLE, at, cas, get, history, of, on, put, unknown};

/// The verdicts as words: linearizable, sequential, sync, stale.
fn verdicts(operations: &[Operation]) -> [&'static str; 4] {
    let history = history(operations);
    let reports = [linearizable(&history, AMPLE), sequential(&history), sync(&history), stale(&history)];
    reports.map(|report| match report.verdict {
        Verdict::Ok { .. } => "ok",
        Verdict::Illegal { .. } => "illegal",
        Verdict::Unknown { .. } => "unknown",
        Verdict::NotChecked => "not checked",
    })
}

#[test]
fn a_client_that_lags_behind_is_sequential() {
    let operations = [
        of(1, at(1, put(0, 1, 10))),
        of(1, at(2, put(2, 3, 20))),
        of(2, get(4, 5, Some(10))),
        of(2, get(6, 7, Some(20))),
    ];
    assert_eq!(verdicts(&operations), ["illegal", "ok", "ok", "ok"]);
}

#[test]
fn a_client_that_sees_time_go_backward_is_only_stale() {
    let operations = [
        of(1, at(1, put(0, 1, 10))),
        of(1, at(2, put(2, 3, 20))),
        of(2, get(4, 5, Some(20))),
        of(2, get(6, 7, Some(10))),
    ];
    assert_eq!(verdicts(&operations), ["illegal", "illegal", "illegal", "ok"]);
}

#[test]
fn time_goes_backward_across_keys_too() {
    // Key 2 was written after key 1. Whoever has seen key 2 must see key 1: no key shows it alone.
    let operations = [
        of(1, at(1, on(1, put(0, 1, 10)))),
        of(1, at(2, on(2, put(2, 3, 20)))),
        of(2, on(2, get(4, 5, Some(20)))),
        of(2, on(1, get(6, 7, None))),
    ];
    assert_eq!(verdicts(&operations), ["illegal", "illegal", "illegal", "ok"]);
}

#[test]
fn a_client_that_misses_its_own_write_is_only_stale() {
    let operations = [of(1, at(1, put(0, 1, 10))), of(1, get(2, 3, None))];
    assert_eq!(verdicts(&operations), ["illegal", "illegal", "illegal", "ok"]);
}

#[test]
fn two_open_operations_of_a_client_have_no_order() {
    let operations = [of(1, at(1, put(0, 1, 10))), of(2, get(2, 6, Some(10))), of(2, get(3, 5, None))];
    assert_eq!(verdicts(&operations), ["illegal", "ok", "ok", "ok"]);
}

#[test]
fn nobody_may_see_the_future() {
    let operations = [of(2, get(0, 1, Some(10))), of(1, at(1, put(2, 3, 10)))];
    assert_eq!(verdicts(&operations), ["illegal"; 4]);
}

#[test]
fn nobody_may_see_what_was_never_written() {
    let operations = [of(1, at(1, put(0, 1, 10))), of(2, get(2, 3, Some(11)))];
    assert_eq!(verdicts(&operations), ["illegal"; 4]);
}

#[test]
fn updates_that_go_backward_in_the_log_break_program_order() {
    let operations = [of(1, at(2, put(0, 1, 10))), of(1, at(1, put(2, 3, 20)))];
    // The first put returned before the second was called, so no log can hold them in this order.
    assert_eq!(verdicts(&operations), ["ok", "illegal", "illegal", "illegal"]);
    let overlapping = [of(1, at(2, put(0, 5, 10))), of(2, at(1, put(2, 3, 20)))];
    assert_eq!(verdicts(&overlapping), ["ok"; 4]);
}

#[test]
fn a_compare_and_set_must_have_found_what_it_says() {
    let swapped = [of(1, at(1, put(0, 1, 10))), of(2, at(2, cas(2, 3, Some(11), 12, Output::Swapped)))];
    assert_eq!(verdicts(&swapped), ["illegal"; 4]);
    let differs =
        [of(1, at(1, put(0, 1, 10))), of(2, at(2, cas(2, 3, Some(11), 12, Output::Differs(Some(10)))))];
    assert_eq!(verdicts(&differs), ["ok"; 4]);
    let nonsense =
        [of(1, at(1, put(0, 1, 10))), of(2, at(2, cas(2, 3, Some(10), 12, Output::Differs(Some(10)))))];
    assert_eq!(verdicts(&nonsense), ["illegal"; 4]);
}

#[test]
fn two_updates_cannot_share_a_position() {
    let operations = [of(1, at(1, put(0, 1, 10))), of(2, at(1, put(0, 1, 20)))];
    assert_eq!(verdicts(&operations), ["ok", "illegal", "illegal", "illegal"]);
}

#[test]
fn an_update_without_a_position_leaves_doubt_where_it_could_matter() {
    // Two puts of one value, both lost: nobody knows which of them landed, and where. Of one alone its reader tells.
    let lost = unknown(of(1, put(0, 1, 10)));
    let read = of(2, get(2, 3, Some(10)));
    assert_eq!(verdicts(&[lost, lost, read]), ["ok", "unknown", "unknown", "unknown"]);
    assert_eq!(verdicts(&[lost, read]), ["ok"; 4]);
    // It cannot explain another value.
    assert_eq!(verdicts(&[lost, of(2, get(2, 3, Some(11)))]), ["illegal"; 4]);
    // Nor is it certain that whoever reads its value has come as far as another put of the same.
    let late = [lost, of(1, at(1, put(0, 1, 1))), of(3, at(2, put(0, 1, 10)))];
    let reads = [of(2, get(2, 3, Some(10))), of(2, get(4, 5, Some(1)))];
    assert_eq!(verdicts(&[&late[..], &reads].concat()), ["illegal", "unknown", "unknown", "ok"]);
    // With a position it explains the read.
    assert_eq!(verdicts(&[at(1, lost), of(2, get(2, 3, Some(10)))]), ["ok"; 4]);
    // And if two are acknowledged that were open at once, somebody has to know which came first.
    let at_once = [of(1, put(0, 9, 10)), of(2, put(1, 8, 20))];
    assert_eq!(verdicts(&at_once), ["ok", "unknown", "unknown", "unknown"]);
    assert_eq!(verdicts(&at_once[..1]), ["ok"; 4]);
}

#[test]
fn a_violation_names_the_operation() {
    let operations = [of(1, at(1, put(0, 1, 10))), of(1, get(2, 3, None))];
    let report = sequential(&history(&operations));
    let Verdict::Illegal { explanation } = report.verdict else { panic!("{:?}", report.verdict) };
    assert_eq!((explanation.key, explanation.operation), (0, 1));
    assert!(explanation.sentence.contains("client 1's get of key 0"), "{}", explanation.sentence);
}

#[test]
fn nothing_to_look_at_is_not_ok() {
    assert_eq!(verdicts(&[]), ["not checked"; 4]);
    assert_eq!(verdicts(&[unknown(put(0, 1, 1))]), ["not checked"; 4]);
}
