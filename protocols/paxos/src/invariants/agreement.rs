//! P1, agreement: at most one value is ever chosen in a slot. *Paxos Made Simple*, 2.1. Its mutants: those without
//! `paxos/P2c` or `paxos/majority`, once two leaders have met the same slot.

use alloc::format;

use replica::{Findings, NodeId, Slot};

use super::{Invariants, P1};
use crate::Ballot;

impl Invariants {
    /// P1: counted when some quorum's votes of one ballot have been durable, whoever knows.
    pub(super) fn harden_vote(
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
