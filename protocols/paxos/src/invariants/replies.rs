//! P10, stale answers: what counts towards a quorum.

use alloc::format;

use replica::{Findings, NodeId, NodeSet, Slot};

use super::{Invariants, P10};
use crate::{Ballot, Paxos};

impl Invariants {
    /// A P1b, or a part of one, is about to be stepped in.
    pub(super) fn hear_promise(&mut self, node: NodeId, from: NodeId, ballot: Ballot) {
        let ghost = &mut self.nodes[node.index()];
        if ghost.phase1.0 == ballot {
            ghost.phase1.1.insert(from);
        }
    }

    /// It is the last part, or the only one.
    pub(super) fn expect_promise(&mut self, node: NodeId, replica: &Paxos, from: NodeId, ballot: Ballot) {
        let ghost = &mut self.nodes[node.index()];
        let may_count = replica.promises().is_some_and(|asked| is_new(asked, ballot, from));
        ghost.answer = Some((replica.counted(), may_count));
    }

    /// A P2b is about to be stepped in.
    pub(super) fn hear_accepted(
        &mut self,
        node: NodeId,
        replica: &Paxos,
        from: NodeId,
        ballot: Ballot,
        slot: Slot,
    ) {
        let asked = replica.acceptances(slot).and_then(|(own, votes)| Some((own, votes?)));
        let may_count = asked.is_some_and(|asked| is_new(asked, ballot, from));
        self.nodes[node.index()].answer = Some((replica.counted(), may_count));
    }

    /// It was stepped in.
    pub(super) fn check_answer_counted(&mut self, node: NodeId, replica: &Paxos, findings: &mut Findings) {
        let Some((before, may_count)) = self.nodes[node.index()].answer.take() else { return };
        let counted = replica.counted() != before;
        findings.check(P10, node, may_count || !counted, || {
            format!("{node} counts an answer to another question, or one that it had counted")
        });
    }
}

/// Whether an answer in `ballot` is one that was asked for, and the first of its sender.
fn is_new((asked, answered): (Ballot, NodeSet), ballot: Ballot, from: NodeId) -> bool {
    asked == ballot && !answered.contains(from)
}
