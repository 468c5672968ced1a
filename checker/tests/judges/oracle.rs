//! Brute force. Shares no code with the checkers: carries operations out on plain objects, knows no interned states, no
//! slots, no hints, and prunes nothing but orders that real time forbids.

use std::ops::Range;

use checker::{Operation, Outcome};

use crate::plain::{KEYS, Plain};

/// Operations that brute force can be asked about.
const OPERATIONS_MAX: usize = 16;

/// Whether some of the operations of unknown outcome, together with all that are ok, have an order that respects real
/// time and the object.
pub(crate) fn is_linearizable<K: Plain>(operations: &[Operation<K>]) -> bool {
    is_linearizable_from(operations, &Default::default())
}

/// The same for objects that hold something at first.
pub(crate) fn is_linearizable_from<K: Plain>(operations: &[Operation<K>], world: &[K::State; KEYS]) -> bool {
    has_order(operations, world, |_, operation| match operation.outcome {
        Outcome::Ok(_) => Role::Must,
        Outcome::Unknown => Role::May,
        Outcome::Failed => Role::Out,
    })
}

/// What is asked of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It happened in its interval.
    Must,
    /// It happened at some time after its call, or never. If it did, it came out as it did.
    May,
    /// It happened at any time, or never.
    Anytime,
    /// It is not there.
    Out,
}

/// Whether the operations have an order in these roles.
pub(crate) fn has_order<K: Plain>(
    operations: &[Operation<K>],
    world: &[K::State; KEYS],
    role: impl Fn(usize, &Operation<K>) -> Role,
) -> bool {
    let cast = operations.iter().enumerate().map(|(index, o)| (o, role(index, o)));
    let cast: Vec<(&Operation<K>, Role)> = cast.filter(|&(_, role)| role != Role::Out).collect();
    assert!(cast.len() <= OPERATIONS_MAX, "brute force is for small histories");
    let set = |is: &dyn Fn(&Operation<K>, Role) -> bool| -> u32 {
        (0..cast.len()).map(|place| u32::from(is(cast[place].0, cast[place].1)) << place).sum()
    };
    let earlier = |&(operation, role): &(&Operation<K>, Role)| {
        let call = if role == Role::Anytime { 0 } else { operation.call };
        set(&|other, role| role == Role::Must && end(other) < call)
    };
    let before = cast.iter().map(earlier).collect();
    let (known, left) = (set(&|_, role| role == Role::Must), set(&|_, _| true));
    let operations = cast.iter().map(|&(operation, _)| operation).collect();
    Orders { operations, before, known }.exist(left, world)
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
            can_be_next
                && choices(self.operations[next], world).any(|choice| {
                    let mut after = world.clone();
                    happens(self.operations[next], &mut after, choice)
                        && self.exist(left & !(1 << next), &after)
                })
        })
    }
}

/// The choices with which an operation may have turned out as it did.
pub(crate) fn choices<K: Plain>(operation: &Operation<K>, world: &[K::State]) -> Range<u64> {
    let told = match &operation.outcome {
        Outcome::Ok(told) => Some(told),
        _ => None,
    };
    operation.kind.choices(operation.key as usize, world, told)
}

/// Carries an operation out; false if it cannot have ended as it did.
pub(crate) fn happens<K: Plain>(operation: &Operation<K>, world: &mut [K::State], choice: u64) -> bool {
    let came = operation.kind.perform(operation.key as usize, world, choice);
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
