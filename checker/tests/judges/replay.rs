//! An order of operations, carried out on a plain object. Independent of the checker and of its verifier.

use checker::{Operation, Outcome};

use crate::oracle::{end, happens};
use crate::plain::Plain;

/// Whether the witness of a key proves it: every operation on the key that is ok is there once, none failed, none comes
/// after one that was called after its end, and the object can answer like that.
pub(crate) fn check<K: Plain>(
    operations: &[Operation<K>],
    key: u64,
    witness: &[usize],
) -> Result<(), String> {
    let keys = operations.iter().map(|operation| operation.key as usize + 1).max().unwrap_or(0);
    let mut world = vec![K::State::default(); keys];
    let mut call_latest = 0;
    for (place, &index) in witness.iter().enumerate() {
        let operation = &operations[index];
        if witness[..place].contains(&index) {
            return Err(format!("{index} comes twice"));
        }
        if end(operation) < call_latest {
            return Err(format!("{index} comes after one that was called after its end"));
        }
        call_latest = call_latest.max(operation.call);
        if !happens(operation, &mut world) {
            return Err(format!("{index} cannot happen there"));
        }
    }
    let is_missing = |&index: &usize| {
        let operation = &operations[index];
        let is_due = operation.key == key && matches!(operation.outcome, Outcome::Ok(_));
        is_due && !witness.contains(&index)
    };
    match (0..operations.len()).find(is_missing) {
        Some(index) => Err(format!("{index} is missing")),
        None => Ok(()),
    }
}
