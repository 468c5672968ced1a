//! Z11, commits on a quorum: DSN 2011, section IV.C, step l.3.2; the disks themselves are looked at.
//!
//! A disk that was wiped is given the benefit of the doubt. A snapshot counts for what it stands for. Observers do not
//! count. Shown by the mutants without `zab/leader-counts-durable`, `zab/serve-after-quorum` (Z-20), `zab/attempt`
//! (Z-30) and `zab/deliver-committed` (Z-18).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::ghost::Ghost;
use super::{Judge, Z11};

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z11", sentence: "What is committed is on the disks of a quorum" };

/// Somebody delivers what nobody had delivered.
pub(super) fn on_first_delivery(
    judge: &Judge,
    node: NodeId,
    zxid: Slot,
    position: u64,
    findings: &mut Findings,
) {
    let chain = judge.ledger.chain_at(position);
    let held = |ghost: &Ghost| ghost.chain_at(position, &judge.ledger) == chain;
    let holders = judge.members.voters.iter().filter(|voter| held(&judge.ghosts[voter.index()])).count();
    findings.check(Z11, node, judge.members.majority() <= holders + judge.wiped, || {
        format!("{node} delivers {zxid}, which is on {holders} disks")
    });
}
