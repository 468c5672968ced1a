//! Z6, primary integrity: DSN 2011, section III.B; zookeeper-specifications, `PrimaryIntegrity`.
//!
//! "Or will ever deliver" is judged when it happens: whenever somebody delivers what nobody had, every primary of a
//! later epoch that had proposed before it delivered that position has broken its promise. Shown by the mutant without
//! `zab/order-by-epoch` (Z-31), and by nothing that clients see.

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z6};
use crate::zxid::epoch;

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/Z6",
    sentence: "A primary that proposes in an epoch has delivered all of earlier epochs that is ever delivered",
};

/// Somebody delivers what nobody had delivered.
pub(super) fn on_first_delivery(
    judge: &Judge,
    node: NodeId,
    zxid: Slot,
    position: u64,
    findings: &mut Findings,
) {
    let missed = judge.ledger.primary_that_missed(epoch(zxid), position);
    findings.check(Z6, node, missed.is_none(), || {
        let (primary, round) = missed.expect("it is some");
        format!("{node} delivers {zxid}, which {primary} had not when it first proposed in {round}")
    });
}
