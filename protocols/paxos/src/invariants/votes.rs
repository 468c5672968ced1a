//! P1, agreement; P3, promises; P6, votes for proposals only: what reaches the disks.

use alloc::format;

use replica::{Findings, NodeId, Slot, WriteId};

use super::ghost::{Pending, Vote};
use super::{Invariants, P1, P3, P6};
use crate::{Ballot, Paxos};

impl Invariants {
    /// P3 for a promise.
    pub(super) fn on_promised(
        &mut self,
        node: NodeId,
        write: WriteId,
        ballot: Ballot,
        findings: &mut Findings,
    ) {
        let ghost = &mut self.nodes[node.index()];
        let before = ghost.promised;
        findings.check(P3, node, before <= ballot, || {
            format!("{node} promises {ballot} after it promised {before}")
        });
        ghost.promised = ballot;
        ghost.pending.push_back((write, Pending::Promise { ballot }));
        if ballot.owner() == node {
            ghost.phase1 = (ballot, replica::NodeSet::EMPTY);
        }
    }

    /// P3 and P6 for a vote.
    pub(super) fn on_vote(&mut self, node: NodeId, write: WriteId, vote: Vote, findings: &mut Findings) {
        let Vote { promised, ballot, slot, digest } = vote;
        let ghost = &mut self.nodes[node.index()];
        let before = ghost.promised;
        let holds = before <= ballot && before <= promised && ballot <= promised;
        findings.check(P3, node, holds, || {
            format!("{node} votes in {ballot} at {slot}: it had promised {before}, and has now promised {promised}")
        });
        ghost.promised = promised;
        ghost.pending.push_back((write, Pending::Vote(vote)));
        self.check_one_value(node, slot, ballot, digest, findings);
        let proposal = self.place(slot).proposal(ballot, digest);
        proposal.written.insert(node);
        let proposed = proposal.proposed;
        findings.check(P6, node, proposed, || {
            format!("{node} votes in {ballot} at {slot} for a value that {} never proposed", ballot.owner())
        });
    }

    /// P3 across restarts: what the replica believes to have promised is what its records say.
    pub(super) fn check_promise_kept(&mut self, node: NodeId, replica: &Paxos, findings: &mut Findings) {
        let (said, written) = (replica.promised(), self.nodes[node.index()].promised);
        findings.check(P3, node, said == written, || {
            format!("{node} acts as if it had promised {said}, its records say {written}")
        });
    }

    /// Records of `node` up to `upto` are durable: promises bind from here on, votes count.
    pub(super) fn harden(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        loop {
            let ghost = &mut self.nodes[node.index()];
            let Some(&(write, pending)) = ghost.pending.front() else { return };
            if upto < write {
                return;
            }
            ghost.pending.pop_front();
            match pending {
                Pending::Promise { ballot } => ghost.promised_durable = ballot,
                Pending::Vote(Vote { promised, ballot, slot, digest }) => {
                    ghost.promised_durable = promised;
                    self.harden_vote(node, slot, ballot, digest, findings);
                }
            }
        }
    }

    /// P1: counted when some quorum's votes of one ballot have been durable, whoever knows.
    fn harden_vote(
        &mut self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let vote = self.place(slot).proposal(ballot, digest);
        let (new, durable) = (vote.durable.insert(node), vote.durable);
        if !new || !self.is_q2(durable) {
            return;
        }
        let place = self.place(slot);
        let (other, first) = *place.chosen.get_or_insert((digest, ballot));
        findings.check(P1, node, other == digest, || {
            format!(
                "{slot} was chosen in {first}, and with {node}'s vote another value is chosen in {ballot}"
            )
        });
    }
}
