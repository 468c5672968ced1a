//! Zxids: a transaction's epoch in the upper half of a [`Slot`], its counter within the epoch in the lower half
//! (ZooKeeper internals, "Guarantees, Properties, and Definitions"). The first transaction of an epoch has counter 1.

use replica::{Round, Slot};

/// The largest counter that fits into a zxid.
pub const COUNTER_MAX: u64 = u32::MAX as u64;

/// The zxid of a transaction.
pub const fn zxid(epoch: Round, counter: u64) -> Slot {
    assert!(counter <= COUNTER_MAX);
    Slot(epoch.0 << 32 | counter)
}

/// The epoch in which a transaction was first proposed.
pub const fn epoch(zxid: Slot) -> Round {
    Round(zxid.0 >> 32)
}

/// A transaction's number within its epoch.
pub const fn counter(zxid: Slot) -> u64 {
    zxid.0 & COUNTER_MAX
}

/// Whether a log may go on from `last` with `next`: the next of the same epoch, or the first of a later one.
pub const fn follows(last: Slot, next: Slot) -> bool {
    if epoch(next).0 == epoch(last).0 {
        counter(next) == counter(last) + 1
    } else {
        epoch(last).0 < epoch(next).0 && counter(next) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zxid_is_its_epoch_and_counter() {
        let z = zxid(Round(3), 7);
        assert_eq!(epoch(z), Round(3));
        assert_eq!(counter(z), 7);
        assert!(follows(z, zxid(Round(3), 8)));
        assert!(follows(z, zxid(Round(5), 1)));
        assert!(follows(Slot::ZERO, zxid(Round(1), 1)));
        assert!(!follows(z, zxid(Round(3), 9)));
        assert!(!follows(z, zxid(Round(5), 2)));
        assert!(!follows(z, zxid(Round(2), 1)));
        assert!(!follows(z, z));
    }
}
