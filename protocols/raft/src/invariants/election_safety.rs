//! R1, Election Safety (paper figure 3), over all time and not at one instant: two leaders of one term that never lead
//! at once are two all the same. Mutants that show it: `raft/5.1-step-down`, `raft/stale-vote`.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R1, RaftInvariants};
use crate::Term;

pub(super) const INVARIANT: Invariant =
    Invariant { id: "raft/R1", sentence: "Election Safety: over all time, at most one server leads a term." };

impl RaftInvariants {
    /// At the moment a server wins a term.
    pub(super) fn check_only_leader(&mut self, node: NodeId, term: Term, findings: &mut Findings) {
        let first = *self.leaders.entry(term).or_insert(node);
        findings.check(R1, node, first == node, || format!("leads term {term}, which {first} led"));
    }
}
