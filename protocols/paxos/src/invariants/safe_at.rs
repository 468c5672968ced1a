//! P5, SafeAt: when a value is proposed in a ballot, no other was or can still be chosen below it. Lamport's TLA+ module
//! `Voting`, SafeAt. Its mutant is the one without `paxos/flexible-bound`; and a promise that power took shows here.

use alloc::format;

use replica::{Findings, NodeId, NodeSet, Slot};

use super::ghost::Place;
use super::{Invariants, P5};
use crate::Ballot;

impl Invariants {
    /// A value is proposed for the first time.
    pub(super) fn check_safe(
        &self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let safe = self.is_safe(&self.places[slot.previous().0 as usize], ballot, digest);
        findings.check(P5, node, safe, || {
            format!("{node} proposes in {ballot} at {slot}: another value may be chosen below")
        });
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
