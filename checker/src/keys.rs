//! Which operations are about which key.

use crate::history::{History, Outcome};
use crate::object::Object;
use crate::table::Interner;

/// Room for operations of a key at the start.
const OPERATIONS_MIN: usize = 32;

/// The keys in ascending order, each with the indices of its operations in the history. Operations that are known not
/// to have happened are left out.
pub(crate) fn by_key<K: Object>(history: &History<K>) -> Vec<(u64, Vec<u32>)> {
    let mut keys = Interner::new();
    let mut groups: Vec<(u64, Vec<u32>)> = Vec::new();
    for (index, operation) in history.operations().iter().enumerate() {
        if operation.outcome == Outcome::Failed {
            continue;
        }
        let place = keys.intern(operation.key) as usize;
        if place == groups.len() {
            groups.push((operation.key, Vec::with_capacity(OPERATIONS_MIN)));
        }
        groups[place].1.push(index as u32);
    }
    groups.sort_unstable_by_key(|&(key, _)| key);
    groups
}
