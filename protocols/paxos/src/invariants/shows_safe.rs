//! P4, P2c: a proposal is backed by a quorum of promises, and has the value of its highest vote. *Paxos Made Simple*, 2.2,
//! P2c; Lamport's TLA+ module `Voting`, ShowsSafeAt. Its mutants: those without `paxos/P2c` or `paxos/consult`.

use alloc::format;

use replica::{Findings, NodeId, NodeSet, Slot};

use super::ghost::Place;
use super::{Invariants, P4};
use crate::Ballot;

impl Invariants {
    /// A value is proposed for the first time.
    pub(super) fn check_shown_safe(
        &self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let promised = self.promised_to(node, ballot);
        let place = &self.places[slot.previous().0 as usize];
        let backed = self.is_q1(promised) && self.shows_safe(place, ballot, digest, promised);
        findings.check(P4, node, backed, || {
            format!("{node} proposes in {ballot} at {slot} what the promises of {promised:?} do not allow")
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
}
