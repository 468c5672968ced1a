//! Z5, global primary order: DSN 2011, section III.B; zookeeper-specifications, `GlobalPrimaryOrder`.
//!
//! A server never delivers a transaction of an earlier epoch after one of a later. Shown on hand-made effects
//! (`tests/protocol/judge.rs`): the log itself only grows upward, so no single rule left out reaches it first.

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z5};
use crate::zxid::epoch;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z5", sentence: "Epochs of delivered transactions do not decrease" };

/// A transaction is delivered.
pub(super) fn on_deliver(judge: &Judge, node: NodeId, zxid: Slot, findings: &mut Findings) {
    let last = judge.ghosts[node.index()].delivered_last;
    findings.check(Z5, node, epoch(last) <= epoch(zxid), || format!("{node} delivers {zxid} after {last}"));
}
