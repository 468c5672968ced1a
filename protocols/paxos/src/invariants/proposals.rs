//! P2, one value a ballot, by its owner; P4, P2c; P5, SafeAt: what proposers say.

use alloc::format;

use replica::{Findings, NodeId, NodeSet, Slot};

use super::ghost::Place;
use super::{Invariants, P2, P2_OWNER, P4, P5};
use crate::Ballot;

impl Invariants {
    /// P2'.
    pub(super) fn check_owner(&mut self, node: NodeId, ballot: Ballot, findings: &mut Findings) {
        findings
            .check(P2_OWNER, node, ballot.owner() == node, || format!("{node} speaks for ballot {ballot}"));
    }

    /// P2, for proposals and votes alike.
    pub(super) fn check_one_value(
        &mut self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let one = self.place(slot).proposals().all(|p| p.ballot != ballot || p.digest == digest);
        findings.check(P2, node, one, || format!("a second value in {ballot} at {slot}, at {node}"));
    }

    /// A value is proposed: by an accept on its way, or by the proposer's own vote. P4 and P5 when it is the first time.
    pub(super) fn on_proposal(
        &mut self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let proposal = self.place(slot).proposal(ballot, digest);
        if core::mem::replace(&mut proposal.proposed, true) {
            return;
        }
        self.check_one_value(node, slot, ballot, digest, findings);
        let promised = self.promised_to(node, ballot);
        let place = &self.places[slot.previous().0 as usize];
        let backed = self.is_q1(promised) && self.shows_safe(place, ballot, digest, promised);
        findings.check(P4, node, backed, || {
            format!("{node} proposes in {ballot} at {slot} what the promises of {promised:?} do not allow")
        });
        let safe = self.is_safe(place, ballot, digest);
        findings.check(P5, node, safe, || {
            format!("{node} proposes in {ballot} at {slot}: another value may be chosen below")
        });
    }

    /// Whose promises of `ballot` its owner may have counted. Its own counts when it is durable.
    fn promised_to(&self, node: NodeId, ballot: Ballot) -> NodeSet {
        let ghost = &self.nodes[node.index()];
        let (stood_in, heard) = ghost.phase1;
        match (stood_in == ballot, ballot <= ghost.promised_durable) {
            (true, true) => heard.with(node),
            (true, false) => heard,
            (false, _) => NodeSet::EMPTY,
        }
    }

    /// P4. Some quorum among `promised` had cast no vote at all below `ballot`, or had cast none higher than one for
    /// this very value, and one of it had cast that. By what these acceptors had really written, not by what their
    /// promises reported: after it promised `ballot` an acceptor casts no vote below (P3), so its votes below are today
    /// what they were when it answered.
    fn shows_safe(&self, place: &Place, ballot: Ballot, digest: u64, promised: NodeSet) -> bool {
        if place.proposals().all(|p| ballot <= p.ballot) {
            return true;
        }
        let none_above = |highest: Option<Ballot>| -> NodeSet {
            promised.iter().filter(|node| place.highest_vote(*node, ballot) <= highest).collect()
        };
        let free = none_above(None);
        let mut same = place.proposals().filter(|p| p.ballot < ballot && p.digest == digest);
        self.is_q1(free)
            || same.any(|p| {
                let quorum = none_above(Some(p.ballot));
                let voted = |node| place.highest_vote(node, ballot) == Some(p.ballot);
                self.is_q1(quorum) && quorum.iter().any(voted)
            })
    }

    /// P5, from the disks alone. A quorum's disks have promised `ballot`, so no unseen ballot below can choose any more;
    /// and no other value that was seen below has, or can still get, the votes of a quorum.
    fn is_safe(&self, place: &Place, ballot: Ballot, digest: u64) -> bool {
        let voters = self.members.voters;
        let by_promise = |holds: &dyn Fn(Ballot) -> bool| -> NodeSet {
            voters.iter().filter(|node| holds(self.nodes[node.index()].promised_durable)).collect()
        };
        let bound = by_promise(&|promised| ballot <= promised);
        let mut rivals = place.proposals().filter(|p| p.ballot < ballot && p.digest != digest);
        self.is_q1(bound)
            && !rivals.any(|p| {
                let may_vote = by_promise(&|promised| promised <= p.ballot);
                self.is_q2(NodeSet(may_vote.0 | p.written.0))
            })
    }
}
