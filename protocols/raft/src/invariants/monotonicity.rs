//! R6, Monotonicity of (term, vote), as the server sees itself from step to step and as others heard it over all its
//! restarts (paper figure 2, persistent state; thesis 3.8). Mutants that show it: `raft/vote-durable`,
//! `raft/term-durable`, `raft/5.2-one-vote`, `raft/vote-kept`.

use alloc::format;

use replica::{Findings, Invariant, NodeId, Step, WriteId};

use super::{R6, RaftInvariants};
use crate::{Message, Raft};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R6",
    sentence: "Monotonicity: the term never goes down, and the vote of a term never changes, once others could know.",
};

impl RaftInvariants {
    /// As the server sees itself.
    pub(super) fn check_ballot(&mut self, step: &Step<'_, Raft>, findings: &mut Findings) {
        let now = (step.replica.term, step.replica.vote);
        let ghost = &mut self.ghosts[step.node.index()];
        let was = ghost.ballot;
        if now == was {
            return;
        }
        ghost.ballot = now;
        // A vote of nobody may become a vote; a vote may only go with its term.
        let holds = was.0 < now.0 || was.0 == now.0 && was.1.is_none();
        findings.check(R6, step.node, holds, || format!("(term, vote) went from {was:?} to {now:?}"));
    }

    /// As others see the server.
    pub(super) fn check_said(
        &mut self,
        node: NodeId,
        to: NodeId,
        message: &Message,
        after: Option<WriteId>,
        findings: &mut Findings,
    ) {
        let ghost = &mut self.ghosts[node.index()];
        let before = ghost.spoken;
        let is_consistent = ghost.says(message, to, node, after);
        findings.check(R6, node, is_consistent, || {
            format!("says {message:?} to {to} after it has spoken as {before:?}")
        });
    }
}
