//! P2, one value a ballot. *Paxos Made Simple*, 2.2 (a proposal is a number and a value). Its mutant is the one without
//! `paxos/ballot-fresh`, which uses a ballot again after a restart.

use alloc::format;

use replica::{Findings, NodeId, Slot};

use super::{Invariants, P2};
use crate::Ballot;

impl Invariants {
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
}
