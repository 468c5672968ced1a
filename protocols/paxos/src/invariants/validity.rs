//! P6, validity: an acceptor votes only for what the owner of the ballot proposed. *Paxos Made Simple*, 2.1 (only a value
//! that has been proposed may be chosen). Shown by hand in the tests here: no rule that is left out makes values up.

use alloc::format;

use replica::{Findings, NodeId, Slot};

use super::{Invariants, P6};
use crate::Ballot;

impl Invariants {
    /// A vote, noted as written.
    pub(super) fn check_proposed(
        &mut self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let proposal = self.place(slot).proposal(ballot, digest);
        proposal.written.insert(node);
        let proposed = proposal.proposed;
        findings.check(P6, node, proposed, || {
            format!("{node} votes in {ballot} at {slot} for a value that {} never proposed", ballot.owner())
        });
    }
}
