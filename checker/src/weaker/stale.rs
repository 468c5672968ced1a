//! Stale reads: the weakest promise that is one.

use super::{Promise, judge};
use crate::history::{History, Operation};
use crate::verdict::Report;

/// A read of whatever the nearest node has: some prefix of the log that existed when the read returned. Nothing that
/// was never written, nothing from the future; a client may well see time go backward.
pub fn stale(history: &History) -> Report {
    judge(history, &Stale)
}

struct Stale;

impl Promise for Stale {
    fn binds(&self, _operation: &Operation) -> bool {
        false
    }

    fn is_bound(&self, _operation: &Operation) -> bool {
        false
    }

    fn knew(&self, _earlier: &Operation) -> &'static str {
        unreachable!("no operation has to know of another")
    }
}
