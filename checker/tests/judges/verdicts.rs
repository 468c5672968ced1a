//! Every verdict path of linearizability, seen to fail when it should.

use checker::linearizable::Part;
use checker::model::Span;
use checker::register::{Action, Register};
use checker::witness::{Flaw, verify};
use checker::{By, Verdict, linearizable, register};

use crate::{AMPLE, at, failed, get, history, on, put, unknown};

fn spans(operations: &[checker::Operation]) -> Part<Register> {
    register::partition(&history(operations)).pop().unwrap()
}

fn flaw(operations: &[checker::Operation], order: &[u32]) -> Result<(), Flaw> {
    let mut key = spans(operations);
    verify(&mut key.model, &key.spans, order)
}

#[test]
fn a_verifier_refuses_every_kind_of_bad_order() {
    let operations = [put(0, 1, 1), put(2, 3, 2), get(4, 5, Some(2))];
    assert_eq!(flaw(&operations, &[0, 1, 2]), Ok(()));
    assert_eq!(flaw(&operations, &[0, 1]), Err(Flaw::Missing(2)));
    assert_eq!(flaw(&operations, &[0, 0, 1, 2]), Err(Flaw::Twice(0)));
    assert_eq!(flaw(&operations, &[1, 0, 2]), Err(Flaw::RealTime(0)));
    assert_eq!(flaw(&operations, &[0, 2, 1]), Err(Flaw::Specification(2)));
    // Not only neighbors count: the latest call so far does.
    let far = [put(10, 20, 1), put(0, 20, 2), put(0, 5, 3)];
    assert_eq!(flaw(&far, &[0, 1, 2]), Err(Flaw::RealTime(2)));
}

#[test]
fn an_end_at_the_instant_of_a_call_does_not_precede_it() {
    assert!(linearizable(&history(&[put(0, 5, 1), get(5, 6, None)]), AMPLE).verdict.is_ok());
    assert!(linearizable(&history(&[put(0, 4, 1), get(5, 6, None)]), AMPLE).verdict.is_illegal());
}

#[test]
fn a_proposal_needs_a_position_for_whatever_is_known_to_have_happened() {
    let key = spans(&[at(1, put(0, 1, 1)), get(2, 3, Some(1))]);
    assert_eq!(key.proposal, None);
    // A read comes after the update at its position, wherever it stands in the list.
    let key = spans(&[at(1, get(2, 3, Some(1))), at(2, put(2, 3, 2)), at(1, put(0, 1, 1))]);
    assert_eq!(key.proposal, Some(vec![2, 0, 1]));
}

#[test]
fn a_failed_operation_has_not_happened() {
    let seen = [failed(put(0, 1, 1)), get(2, 3, Some(1))];
    assert!(linearizable(&history(&seen), AMPLE).verdict.is_illegal());
    assert!(linearizable(&history(&[failed(put(0, 1, 1)), get(2, 3, None)]), AMPLE).verdict.is_ok());
}

#[test]
fn an_unknown_outcome_may_come_late_or_never_but_only_once_and_not_before_its_call() {
    let lost = unknown(put(5, 6, 1));
    assert!(linearizable(&history(&[lost, get(100, 101, None)]), AMPLE).verdict.is_ok());
    assert!(
        linearizable(&history(&[lost, get(100, 101, None), get(200, 201, Some(1))]), AMPLE).verdict.is_ok()
    );
    assert!(linearizable(&history(&[lost, get(0, 4, Some(1))]), AMPLE).verdict.is_illegal());
    let twice = [lost, get(10, 11, Some(1)), put(12, 13, 2), get(14, 15, Some(2)), get(16, 17, Some(1))];
    assert!(linearizable(&history(&twice), AMPLE).verdict.is_illegal());
    let both = [lost, lost, get(10, 11, Some(1)), put(12, 13, 2), get(14, 15, Some(2)), get(16, 17, Some(1))];
    assert!(linearizable(&history(&both), AMPLE).verdict.is_ok());
}

#[test]
fn a_search_names_the_first_operation_that_cannot_be_passed() {
    // Values written twice keep the zones away.
    let operations = [
        put(0, 1, 1),
        put(0, 1, 2),
        put(2, 3, 1),
        get(4, 5, Some(2)),
        get(6, 7, Some(9)),
        put(0, 8, 2),
        put(0, 8, 9),
        put(0, 8, 9),
    ];
    assert!(linearizable(&history(&operations), AMPLE).verdict.is_ok());
    let operations = [
        put(0, 1, 1),
        put(0, 1, 2),
        put(2, 3, 1),
        put(2, 3, 2),
        put(4, 5, 1),
        get(6, 7, Some(2)),
        get(8, 9, Some(1)),
    ];
    let report = linearizable(&history(&operations), AMPLE);
    let Verdict::Illegal { explanation } = &report.verdict else { panic!("{:?}", report.verdict) };
    assert_eq!((explanation.key, explanation.operation), (0, 5));
    assert!(explanation.sentence.contains("can only have been 1"), "{}", explanation.sentence);
    assert!(report.counts.configurations > 0);
}

#[test]
fn too_many_open_operations_are_unknown_and_never_ok() {
    let open = checker::search::OPEN_MAX as u64 + 1;
    let mut operations: Vec<_> = (0..open).map(|number| put(0, 10, number / 2)).collect();
    // A value that is written twice keeps the zones away.
    operations.push(get(0, 10, Some(0)));
    let report = linearizable(&history(&operations), AMPLE);
    let Verdict::Unknown { reason, .. } = &report.verdict else { panic!("{:?}", report.verdict) };
    assert!(reason.contains("more than 1024 operations are open"), "{reason}");
}

#[test]
fn the_worst_key_decides_and_all_are_counted() {
    let operations = [
        on(1, at(1, put(0, 1, 1))),
        on(2, put(0, 1, 1)),
        on(3, get(0, 1, Some(9))),
        on(4, unknown(put(0, 1, 1))),
        on(5, failed(put(0, 1, 1))),
    ];
    let report = linearizable(&history(&operations), AMPLE);
    assert!(report.verdict.is_illegal());
    let counts = report.counts;
    assert_eq!((counts.keys, counts.operations, counts.unknown_outcomes), (4, 3, 1));
    assert_eq!((counts.by_witness, counts.by_monitor, counts.illegal, counts.unknown), (1, 1, 1, 0));
    assert_eq!(report.keys[3].verdict, Verdict::NotChecked);
    let fine = linearizable(&history(&operations[..2]), AMPLE);
    assert_eq!(fine.verdict, Verdict::Ok { by: By::Monitor });
}

#[test]
fn an_empty_order_proves_an_empty_history_only() {
    let mut key = spans(&[put(0, 1, 1)]);
    assert_eq!(verify(&mut key.model, &[] as &[Span<Action>], &[]), Ok(()));
    assert_eq!(verify(&mut key.model, &key.spans, &[]), Err(Flaw::Missing(0)));
}
