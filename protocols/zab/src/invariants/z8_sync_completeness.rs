//! Z8, completeness of synchronization: ZOOKEEPER-3911, 4643, 4646, 4785, which the Remix specifications found.
//!
//! Judged against the disk: when currentEpoch becomes durable, and when an ACK(NEWLEADER) may leave. Shown by the
//! mutants without `zab/sync-durable` (Z-01), `zab/epoch-after-txns` (Z-02) and `zab/epoch-at-newleader` (Z-03).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Round};

use super::ghost::Ghost;
use super::{Judge, Z8};

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/Z8",
    sentence: "A disk holds the initial history of its currentEpoch when that is written and when NEWLEADER is acknowledged",
};

/// The disk says that it holds the initial history of an epoch.
pub(super) fn on_epoch_durable(judge: &Judge, node: NodeId, epoch: Round, findings: &mut Findings) {
    let ghost = &judge.ghosts[node.index()];
    findings.check(Z8, node, holds_history(judge, ghost, epoch), || {
        format!("{node} has epoch {epoch} on disk, but {} transactions of another history", ghost.log_len())
    });
}

/// Judges the acknowledgments of NEWLEADER that may leave now, against the disk as it is now.
pub(super) fn judge_adoptions(judge: &mut Judge, node: NodeId, findings: &mut Findings) {
    while let Some(adoption) = judge.ghosts[node.index()].next_adoption() {
        let ghost = &judge.ghosts[node.index()];
        let holds = holds_history(judge, ghost, adoption.epoch);
        let adopted = adoption.epoch <= ghost.current_durable;
        findings.check(Z8, node, holds && adopted, || {
            format!(
                "{node} acknowledges NEWLEADER {}, its history on disk: {holds}, its epoch on disk: {adopted}",
                adoption.epoch
            )
        });
    }
}

fn holds_history(judge: &Judge, ghost: &Ghost, epoch: Round) -> bool {
    let (len, chain) = judge.ledger.initial_history(epoch);
    ghost.chain_at(len as u64, &judge.ledger) == Some(chain)
}
