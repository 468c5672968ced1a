//! Bounded staleness: everybody may lag, but not for longer than so.

use super::{Promise, is_read, judge};
use crate::history::{History, Operation};
use crate::verdict::Report;

/// Each read shows a state no older than the newest one that was complete `bound` before the read was called. `bound`
/// is in the unit of the history's times. A state is *complete* as soon as anybody has been told of it: when the last
/// update of its prefix is acknowledged, or when a read that shows it returns.
///
/// The time bound is the *t-visibility* of Bailis, Venkataraman, Franklin, Hellerstein, Stoica, "Probabilistically
/// bounded staleness for practical partial quorums", VLDB 2012, asked of every read and not of most. With a bound of
/// zero reads are as fresh as linearizable ones: together with the order of the updates that makes an order of all
/// operations that respects real time.
pub fn bounded_staleness(history: &History, bound: u64) -> Report {
    judge(history, &BoundedStaleness { bound })
}

struct BoundedStaleness {
    bound: u64,
}

impl Promise for BoundedStaleness {
    fn session(&self, _operation: &Operation) -> u64 {
        0
    }

    fn grace(&self) -> u64 {
        self.bound
    }

    fn binds(&self, _operation: &Operation) -> bool {
        true
    }

    fn is_bound(&self, operation: &Operation) -> bool {
        // What a read has shown had been called by then: an update that is called later stands behind it anyway.
        is_read(operation)
    }

    fn knew(&self, _earlier: &Operation) -> &'static str {
        "more than the bound before it"
    }
}
