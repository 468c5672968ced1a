//! An order of operations, carried out on a plain object. Independent of the checker and of its verifier.

use checker::Operation;

use crate::oracle::{choices, end, happens};
use crate::plain::Plain;

/// Whether the witness of a part of a history is one: no operation is there twice, none comes after one that was called
/// after its end, and the object can answer like that.
pub(crate) fn check<K: Plain>(operations: &[Operation<K>], witness: &[usize]) -> Result<(), String> {
    let mut is_in = vec![false; operations.len()];
    let mut call_latest = 0;
    for &index in witness {
        let operation = &operations[index];
        if std::mem::replace(&mut is_in[index], true) {
            return Err(format!("{index} comes twice"));
        }
        if end(operation) < call_latest {
            return Err(format!("{index} comes after one that was called after its end"));
        }
        call_latest = call_latest.max(operation.call);
    }
    let keys = operations.iter().map(|operation| operation.key as usize + 1).max().unwrap_or(0);
    if can_follow(operations, witness, vec![K::State::default(); keys]) {
        Ok(())
    } else {
        Err("the object does not answer like that".to_owned())
    }
}

/// Whether the operations can happen one after the other. What nobody was told may have turned out in several ways.
fn can_follow<K: Plain>(operations: &[Operation<K>], order: &[usize], mut world: Vec<K::State>) -> bool {
    for (place, &index) in order.iter().enumerate() {
        let operation = &operations[index];
        let mut ways = choices(operation, &world);
        if ways.end - ways.start > 1 {
            return ways.any(|choice| {
                let mut after = world.clone();
                happens(operation, &mut after, choice) && can_follow(operations, &order[place + 1..], after)
            });
        }
        if !ways.any(|choice| happens(operation, &mut world, choice)) {
            return false;
        }
    }
    true
}

/// Whether the witnesses of all parts leave out nothing that is known to have happened.
pub(crate) fn is_complete<K: Plain>(operations: &[Operation<K>], witnesses: &[&[usize]]) -> bool {
    let mut is_in = vec![false; operations.len()];
    for &index in witnesses.iter().copied().flatten() {
        is_in[index] = true;
    }
    operations.iter().zip(is_in).all(|(operation, is_in)| is_in || !operation.is_ok())
}
