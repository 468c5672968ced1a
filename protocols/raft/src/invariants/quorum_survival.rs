//! R8, quorum survival: what is committed is on a disk of every majority that could elect a leader. Stronger than what
//! any client can see, and seen long before. Mutants that show it: `raft/append-durable`, `raft/5.3-cut`,
//! `raft/5.1-stale-leader`.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R8, RaftInvariants};
use crate::Index;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R8",
    sentence: "Quorum survival: every majority that could vote has a disk that holds all that is committed.",
};

impl RaftInvariants {
    /// When more is committed, and when a disk loses entries. The longest committed prefix stands for all. A wiped node
    /// votes for nobody, so it is in no majority.
    pub(super) fn check_survival(&self, node: NodeId, findings: &mut Findings) {
        let Some(chosen) = self.chosen.last() else { return };
        let index = Index(self.chosen.len() as u64);
        let lacks = |peer: &NodeId| {
            let peer = &self.ghosts[peer.index()];
            !peer.is_wiped && !peer.disk.holds(index, chosen.chain)
        };
        let without = self.members.voters.iter().filter(lacks).count();
        findings.check(R8, node, without < self.members.majority(), || {
            format!("{without} servers that may vote do not hold {index} on disk, which is committed")
        });
    }
}
