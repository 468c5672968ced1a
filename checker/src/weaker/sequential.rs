//! Sequential consistency, and what Zab promises for `sync`: one check under two names.

use super::{Promise, judge};
use crate::history::{History, Operation};
use crate::verdict::Report;

/// Sequential consistency relative to the log: every client sees prefixes of one log, in its program order never
/// going backward, its own completed updates included. Program order holds between two operations of a client of
/// which one ended before the other was called. Clients may lag behind each other without bound.
///
/// Lamport, "How to make a multiprocessor computer that correctly executes multiprocess programs", IEEE Trans. Comput.
/// C-28(9), 1979; here with the order of all updates given.
pub fn sequential(history: &History) -> Report {
    judge(history, &Sequential)
}

/// What Zab promises for `sync` followed by a local read: a prefix of the log that holds everything the same client
/// has read or written before.
///
/// It does *not* promise what its name suggests, that the read shows everything acknowledged before the sync began:
/// the sync is answered by whoever takes itself for the leader, without asking a quorum, and a leader that was
/// deposed and does not know it yet answers with the past. So it is judged as [`sequential`], by the same check, under
/// its own name.
pub fn sync(history: &History) -> Report {
    judge(history, &Sequential)
}

struct Sequential;

impl Promise for Sequential {
    fn binds(&self, _operation: &Operation) -> bool {
        true
    }

    fn is_bound(&self, _operation: &Operation) -> bool {
        true
    }

    fn knew(&self, _earlier: &Operation) -> &'static str {
        "before it in the same client's program"
    }
}
