//! R4, Leader Completeness (paper figure 3; 5.4). It differs from the published formulas: entries are asked about by the
//! term they were *committed* in, at the moment a leader is elected. With the entry's own term, or asked of a leader that
//! was deposed without knowing it, a legal run trips it. Mutants that show it: `raft/5.4.1`, `raft/5.4.2`.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R4, RaftInvariants};
use crate::{Index, Term};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R4",
    sentence: "Leader Completeness: a server that wins a term holds all that was committed in earlier terms.",
};

impl RaftInvariants {
    /// At the moment a server wins a term. What its snapshot covers, it holds.
    pub(super) fn check_complete(&mut self, node: NodeId, term: Term, findings: &mut Findings) {
        // The commit terms go up along the log but for stale servers that learn late: the last index that was
        // committed before this term stands near the end, and its chain stands for all before it.
        let earlier = self.chosen.iter().rposition(|chosen| chosen.commit_term < term);
        let Some(place) = earlier else { return };
        let (index, chosen) = (Index(place as u64 + 1), self.chosen[place]);
        let log = &self.ghosts[node.index()].log;
        findings.check(R4, node, log.holds(index, chosen.chain), || {
            format!(
                "leads term {term} without the entry at {index} committed in term {}; its log ends at {}",
                chosen.commit_term,
                log.last()
            )
        });
    }
}
