//! R7, commit on a quorum's disks (paper 5.3, 5.4.2), asked of entries of the leader's own term: older ones are committed
//! with them and were counted by another. Mutants that show it: `raft/append-durable`, `raft/own-durable`,
//! `raft/5.3-majority`, `raft/voters-only`, `raft/stale-reply`.

use alloc::format;

use replica::{Findings, Invariant, Step};

use super::{R7, RaftInvariants};
use crate::Raft;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R7",
    sentence: "Commit on a quorum: a leader commits an entry of its term only when a majority's disks hold it.",
};

impl RaftInvariants {
    /// After a step that delivered.
    pub(super) fn check_quorum_holds(&self, step: &Step<'_, Raft>, findings: &mut Findings) {
        let node = step.node;
        let commit = step.replica.commit;
        let ghost = &self.ghosts[node.index()];
        let mark = ghost.log.at(commit);
        let Some(mark) = mark.filter(|mark| ghost.leads == Some(mark.term)) else { return };
        // A wiped node's answer may be counted: it was true when it was given.
        let holds = |peer: &replica::NodeId| {
            let peer = &self.ghosts[peer.index()];
            peer.disk.holds(commit, mark.chain) || peer.lost.holds(commit, mark.chain)
        };
        let holders = self.members.voters.iter().filter(holds).count();
        findings.check(R7, node, self.members.majority() <= holders, || {
            format!("commits {commit} in its term {}: {holders} disks hold it", mark.term)
        });
    }
}
