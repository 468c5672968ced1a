//! Z2, integrity: DSN 2011, section III.B; zookeeper-specifications, `Integrity`.
//!
//! Shown by the mutants that let two primaries propose in one epoch (`zab/accept-once`, `zab/epoch-recorded`): what the
//! second proposes under the first one's epoch is not noted as proposed.

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z2};
use crate::zxid::epoch;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z2", sentence: "What is delivered was proposed by the primary of its epoch" };

/// A transaction is delivered.
pub(super) fn on_deliver(judge: &Judge, node: NodeId, zxid: Slot, digest: u64, findings: &mut Findings) {
    findings.check(Z2, node, judge.ledger.is_proposed(zxid, digest), || {
        format!("{node} delivers {zxid}, which the primary of {} did not propose", epoch(zxid))
    });
}
