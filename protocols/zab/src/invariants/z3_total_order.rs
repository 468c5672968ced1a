//! Z3, agreement and total order as one: of any two delivered sequences one is a prefix of the other. DSN 2011, section
//! III.B; zookeeper-specifications, `PrefixConsistency`, which looks at memory: here all are held against a ledger of
//! everything that was ever delivered, so that a restart hides nothing. A snapshot that is restored must stand for a
//! prefix of the ledger.
//!
//! Shown by the mutants without `zab/sync-trunc` (Z-08), `zab/sync-trunc-above` (Z-09), `zab/not-ahead` (Z-07) and
//! `zab/snap-whole` (Z-11).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::ledger::Place;
use super::{Judge, Z3};
use crate::Zab;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z3", sentence: "Of any two delivered sequences, one is a prefix of the other" };

/// A transaction is delivered. Whether nobody had delivered one at its position before.
pub(super) fn on_deliver(
    judge: &mut Judge,
    node: NodeId,
    (zxid, position, digest): (Slot, u64, u64),
    findings: &mut Findings,
) -> bool {
    let delivered = judge.ghosts[node.index()].delivered;
    let new = judge.ledger.deliver(position, zxid, digest);
    findings.check(Z3, node, position == delivered + 1 && new != Place::Taken, || {
        format!("{node} delivers {zxid} at {position} after {delivered}, where {new:?}")
    });
    new == Place::New
}

/// A state machine starts from a snapshot: of what was delivered, and of nothing less than it had.
pub(super) fn on_restore(
    judge: &mut Judge,
    node: NodeId,
    replica: &Zab,
    position: u64,
    findings: &mut Findings,
) {
    let said = replica.snapshots.current().map(|snapshot| snapshot.at.chain);
    let ghost = &mut judge.ghosts[node.index()];
    let holds = ghost.delivered < position && said == judge.ledger.chain_at(position);
    findings.check(Z3, node, holds, || {
        format!("{node} restores a snapshot up to {position}, which is not what was delivered")
    });
    ghost.delivered = position;
    ghost.delivered_last = judge.ledger.zxid_at(position);
}
