//! Monotonic reads: nobody sees time go backward.

use super::{Promise, is_read, judge};
use crate::history::{History, Operation};
use crate::verdict::Report;

/// Each read of a client shows a prefix of the log no shorter than any that the same client's reads had shown before it
/// was called. A client may still miss what it has written itself.
///
/// Terry, Demers, Petersen, Spreitzer, Theimer, Welch, "Session guarantees for weakly consistent replicated data", PDIS
/// 1994: if a read came before another in a session, the second is served by a state that holds every write that is
/// relevant to the first. Here states are prefixes of one log.
pub fn monotonic_reads(history: &History) -> Report {
    judge(history, &MonotonicReads)
}

struct MonotonicReads;

impl Promise for MonotonicReads {
    fn binds(&self, operation: &Operation) -> bool {
        is_read(operation)
    }

    fn is_bound(&self, operation: &Operation) -> bool {
        is_read(operation)
    }

    fn knew(&self, _earlier: &Operation) -> &'static str {
        "before it in the same session"
    }
}
