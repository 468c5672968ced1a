//! R9: a vote implies a log that is up to date (paper 5.4.1). Mutants that show it: `raft/5.4.1`, `raft/5.4.1-term`.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R9, RaftInvariants};
use crate::{Index, Message, Term};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R9",
    sentence: "A vote goes to a log that is at least as up to date as the voter's.",
};

impl RaftInvariants {
    /// At each vote that answers the request at hand.
    pub(super) fn check_vote(
        &self,
        node: NodeId,
        to: NodeId,
        message: &Message,
        asked: Option<(NodeId, Term, Index)>,
        findings: &mut Findings,
    ) {
        let (Message::VoteReply { granted: true, .. }, Some((from, last_term, last_index))) =
            (message, asked)
        else {
            return;
        };
        if from != to {
            return;
        }
        let ours = self.ghosts[node.index()].log.up_to_date();
        let theirs = (last_term, last_index);
        findings.check(R9, node, ours <= theirs, || {
            format!("votes for {to}, whose log ends in {theirs:?}, while its own ends in {ours:?}")
        });
    }
}
