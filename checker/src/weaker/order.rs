//! The order of updates where a history does not say it: histories of other systems have no delivery positions.
//!
//! If no update has a position, the order is taken from what is certain: an update that was over before another was
//! called stands before it, and so does the one whose value a compare-and-set replaced. An update is *over* when it has
//! returned, and also when somebody who saw its value has, if only this update wrote it: so also one whose own answer
//! was lost. Where that leaves one order and no other, its places serve as positions; where it does not, nothing is
//! guessed, and the updates stay without.

use std::collections::BTreeMap;

use super::log::{Sight, sight, written};
use crate::history::{History, Operation, Outcome, Value};
use crate::kv::{Kind, Output};

/// The position of each operation, as the history gives it or as far as it follows from the rest.
pub(super) fn positions(history: &History) -> Vec<Option<u64>> {
    let operations = history.operations();
    let given = operations.iter().map(|operation| operation.position);
    let has_positions = operations.iter().any(|o| o.kind.is_update() && o.position.is_some());
    let mut positions: Vec<Option<u64>> = given.collect();
    if !has_positions && let Some(order) = only_order(operations) {
        for (place, index) in order.into_iter().enumerate() {
            positions[index] = Some(place as u64 + 1);
        }
    }
    positions
}

/// The updates that took effect, in the only order that they can have, if there is only one.
fn only_order(operations: &[Operation]) -> Option<Vec<usize>> {
    let writers = only_writers(operations);
    let over = over(operations, &writers);
    let took_effect = |&index: &usize| written(&operations[index]).is_some() && over[index] < u64::MAX;
    let mut order: Vec<usize> = (0..operations.len()).filter(took_effect).collect();
    order.sort_by_key(|&index| (over[index], operations[index].call));
    let is_certain = |pair: &[usize]| {
        let (left, right) = (pair[0], pair[1]);
        over[left] < operations[right].call || replaced(&operations[right], &writers) == Some(left)
    };
    order.windows(2).all(is_certain).then_some(order)
}

/// For each key and value, the operation that may have written it, if only one may.
type Writers = BTreeMap<(u64, Value), Option<usize>>;

fn only_writers(operations: &[Operation]) -> Writers {
    let mut writers = Writers::new();
    for (index, operation) in operations.iter().enumerate() {
        if let Some(Some(value)) = written(operation)
            && operation.outcome != Outcome::Failed
        {
            let writer = writers.entry((operation.key, value));
            writer.and_modify(|only| *only = None).or_insert(Some(index));
        }
    }
    writers
}

/// When each operation was over at the latest; `u64::MAX`: perhaps it never happened.
fn over(operations: &[Operation], writers: &Writers) -> Vec<u64> {
    let returned = |operation: &Operation| if operation.is_ok() { operation.ret } else { None };
    let mut over: Vec<u64> =
        operations.iter().map(|operation| returned(operation).unwrap_or(u64::MAX)).collect();
    for operation in operations {
        if let (Some(Sight::Saw(Some(seen))), Some(ret)) = (sight(operation), returned(operation))
            && let Some(&Some(writer)) = writers.get(&(operation.key, seen))
        {
            over[writer] = over[writer].min(ret);
        }
    }
    over
}

/// Whose value a compare-and-set replaced: nothing stands between the two on their key.
fn replaced(operation: &Operation, writers: &Writers) -> Option<usize> {
    match (operation.kind, operation.outcome) {
        (Kind::Cas { expect: Some(expect), .. }, Outcome::Ok(Output::Swapped)) => {
            *writers.get(&(operation.key, expect))?
        }
        _ => None,
    }
}
