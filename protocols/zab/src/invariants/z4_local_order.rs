//! Z4, local primary order: DSN 2011, section III.B.
//!
//! The TLA+ specifications write "there are two transactions" where the text says "for all", and so cannot fail. Here
//! each delivery of an epoch must follow the one before it in that epoch, which covers every pair. Shown by the mutants
//! without `zab/contiguous` and `zab/fifo` (Z-28).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z4};
use crate::zxid::{counter, follows};

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/Z4",
    sentence: "Whoever delivers a transaction has delivered all that its primary proposed before it in the epoch",
};

/// A transaction is delivered.
pub(super) fn on_deliver(judge: &Judge, node: NodeId, zxid: Slot, findings: &mut Findings) {
    let last = judge.ghosts[node.index()].delivered_last;
    findings.check(Z4, node, counter(zxid) == 1 || follows(last, zxid), || {
        format!("{node} delivers {zxid} after {last}")
    });
}
