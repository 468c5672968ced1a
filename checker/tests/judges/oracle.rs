//! Brute force. Shares no code with the checkers: carries operations out on plain objects, knows no interned states, no
//! slots, no hints, and prunes nothing but orders that real time forbids.

use checker::{Operation, Outcome};

use crate::plain::{KEYS, Plain};

/// Operations that brute force can be asked about.
const OPERATIONS_MAX: usize = 16;

/// Whether some of the operations of unknown outcome, together with all that are ok, have an order that respects real
/// time and the object.
pub(crate) fn is_linearizable<K: Plain>(operations: &[Operation<K>]) -> bool {
    let happened = |o: &&Operation<K>| !matches!(o.outcome, Outcome::Failed);
    let operations: Vec<&Operation<K>> = operations.iter().filter(happened).collect();
    assert!(operations.len() <= OPERATIONS_MAX, "brute force is for small histories");
    let before = operations.iter().map(|o| bits(&operations, |other| end(other) < o.call)).collect();
    let known = bits(&operations, Operation::is_ok);
    let left = bits(&operations, |_| true);
    let world: [K::State; KEYS] = Default::default();
    Orders { operations, before, known }.exist(left, &world)
}

/// The operations of one history; sets of them are bits.
struct Orders<'a, K: Plain> {
    operations: Vec<&'a Operation<K>>,
    /// For each operation, those that ended before it was called.
    before: Vec<u32>,
    /// Those that are ok.
    known: u32,
}

impl<K: Plain> Orders<'_, K> {
    /// Whether what is left can happen in some order. What is of unknown outcome may stay left for ever.
    fn exist(&self, left: u32, world: &[K::State; KEYS]) -> bool {
        if left & self.known == 0 {
            return true;
        }
        (0..self.operations.len()).any(|next| {
            let can_be_next = left >> next & 1 == 1 && self.before[next] & left == 0;
            let mut after = world.clone();
            can_be_next
                && happens(self.operations[next], &mut after)
                && self.exist(left & !(1 << next), &after)
        })
    }
}

/// Carries an operation out; false if it cannot have ended as it did.
pub(crate) fn happens<K: Plain>(operation: &Operation<K>, world: &mut [K::State]) -> bool {
    let came = operation.kind.perform(operation.key as usize, world);
    match &operation.outcome {
        Outcome::Ok(told) => K::agrees(&came, told),
        Outcome::Unknown => true,
        Outcome::Failed => false,
    }
}

/// When an operation must have happened.
pub(crate) fn end<K: Plain>(operation: &Operation<K>) -> u64 {
    match operation.outcome {
        Outcome::Ok(_) => operation.ret.expect("what is ok has returned"),
        _ => u64::MAX,
    }
}

fn bits<K: Plain>(operations: &[&Operation<K>], is: impl Fn(&Operation<K>) -> bool) -> u32 {
    (0..operations.len()).map(|place| u32::from(is(operations[place])) << place).sum()
}
