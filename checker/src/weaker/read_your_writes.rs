//! Read your writes: nobody misses what they did themselves.

use super::{Promise, is_read, is_write, judge};
use crate::history::{History, Operation};
use crate::verdict::Report;

/// Each read of a client shows a prefix of the log that holds every write of the same client that was acknowledged
/// before the read was called. A client may still see other clients' writes come and go.
///
/// Terry, Demers, Petersen, Spreitzer, Theimer, Welch, "Session guarantees for weakly consistent replicated data", PDIS
/// 1994: if a read follows a write in a session, it is served by a state that holds the write.
pub fn read_your_writes(history: &History) -> Report {
    judge(history, &ReadYourWrites)
}

struct ReadYourWrites;

impl Promise for ReadYourWrites {
    fn binds(&self, operation: &Operation) -> bool {
        is_write(operation)
    }

    fn is_bound(&self, operation: &Operation) -> bool {
        is_read(operation)
    }

    fn knew(&self, _earlier: &Operation) -> &'static str {
        "of the same client, before it"
    }
}
