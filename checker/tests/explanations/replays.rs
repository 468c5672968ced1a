//! The replayer accepts what proves something, and refuses every other order.

use checker::replay::{Refusal, replay};
use checker::{History, Kind, Operation, Options, Outcome, import, linearizable};

use crate::{cas, get, put};

fn check(operations: &[Operation], order: &[usize], expected: Result<(), Refusal>) {
    let history: History<Kind> = History::new(operations.to_vec()).expect("valid");
    assert_eq!(replay(&history, |_| true, order), expected);
}

#[test]
fn every_kind_of_wrong_order_is_refused() {
    let failed = Operation { outcome: Outcome::Failed, ..put(4, 0, 5, 8) };
    let unknown = Operation { outcome: Outcome::Unknown, ret: None, ..put(5, 12, 12, 9) };
    let operations = [put(1, 0, 10, 7), get(2, 20, 30, Some(7)), failed, unknown, cas(3, 40, 50, Some(7), 6)];
    check(&operations, &[0, 1, 4], Ok(()));
    check(&operations, &[0, 1, 4, 3], Ok(()));
    check(&operations, &[0, 1, 4, 5], Err(Refusal::Nobody(5)));
    check(&operations, &[0, 1, 1, 4], Err(Refusal::Twice(1)));
    check(&operations, &[0, 1, 4, 3, 3], Err(Refusal::Twice(3)));
    check(&operations, &[2, 0, 1, 4], Err(Refusal::Failed(2)));
    check(&operations, &[0, 1], Err(Refusal::Missing(4)));
    check(&operations, &[3, 0, 1, 4], Err(Refusal::TooLate(0, 3)));
    check(&operations, &[0, 3, 1, 4], Err(Refusal::Answer(1)));
    check(&operations, &[0, 1, 3, 4], Err(Refusal::Answer(4)));
    check(&[put(1, 0, 10, 7), get(2, 5, 30, None)], &[1, 0], Ok(()));
}

#[test]
fn every_witness_of_the_files_is_a_proof() {
    let mut count = 0;
    for number in 0..103 {
        let path = format!("{}/tests/data/porcupine/etcd/etcd_{number:03}.log", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let history = import::jepsen_log(&text).expect("the file is well-formed");
        let report = linearizable(&history, Options { witness: true, ..Options::default() });
        let Some(witness) = report.keys.first().and_then(|key| key.witness.as_ref()) else { continue };
        assert_eq!(replay(&history, |_| true, witness), Ok(()), "etcd_{number}");
        count += 1;
    }
    assert!(count >= 10, "{count} orders");
}
