//! Histories as files.

use checker::history::Defect;
use checker::{History, Kind, Operation, Outcome, Output};
use proptest::prelude::*;

use crate::generated::{Random, anything};
use crate::{at, get, history, operation, put, unknown};

proptest! {
    #[test]
    fn a_history_survives_being_written_and_read(seed: u64, count in 0u64..20, values in 0u64..4) {
        let before = history(&anything(&mut Random(seed), count, values));
        prop_assert_eq!(History::<Kind>::from_jsonl(&before.to_jsonl()).unwrap(), before);
    }
}

#[test]
fn the_format_is_what_it_is() {
    // Other programs write these lines: a change here breaks them.
    let operations = [at(7, put(1, 2, 3)), unknown(get(4, 5, None)), get(6, 8, None)];
    let text = history(&operations).to_jsonl();
    assert_eq!(
        text,
        r#"{"client":1,"key":0,"call":1,"ret":2,"kind":{"put":{"value":3}},"outcome":{"ok":"done"},"position":7}
{"client":4,"key":0,"call":4,"kind":"get","outcome":"unknown"}
{"client":6,"key":0,"call":6,"ret":8,"kind":"get","outcome":{"ok":{"value":null}}}
"#
    );
}

#[test]
fn a_bad_line_is_named() {
    let good = history(&[put(1, 2, 3)]).to_jsonl();
    let broken = good.replace("\"ret\":2", "\"ret\":0");
    let error = History::<Kind>::from_jsonl(&format!("{good}\n{broken}")).unwrap_err();
    assert_eq!((error.line, error.defect), (3, Defect::ReturnBeforeCall));
    let error = History::<Kind>::from_jsonl("{}").unwrap_err();
    assert!(matches!(error.defect, Defect::Malformed(_)));
    let error = History::<Kind>::from_jsonl(&good.replace("\"client\"", "\"customer\"")).unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
}

#[test]
fn an_operation_that_cannot_be_is_refused() {
    let defect = |operation: Operation| History::new(vec![operation]).unwrap_err().defect;
    assert_eq!(defect(Operation { ret: Some(0), ..put(1, 2, 3) }), Defect::ReturnBeforeCall);
    assert_eq!(defect(Operation { ret: None, ..put(1, 2, 3) }), Defect::OkWithoutReturn);
    assert_eq!(defect(operation(1, 2, Kind::Get, Output::Done)), Defect::OutputOfAnotherKind);
    assert_eq!(defect(operation(1, 2, Kind::Delete, Output::Swapped)), Defect::OutputOfAnotherKind);
    let cas = Kind::Cas { expect: None, value: 1 };
    assert_eq!(defect(operation(1, 2, cas, Output::Done)), Defect::OutputOfAnotherKind);
    assert!(History::new(vec![Operation { outcome: Outcome::Failed, ret: None, ..put(1, 2, 3) }]).is_ok());
}
