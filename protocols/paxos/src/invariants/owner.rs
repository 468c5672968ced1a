//! P2', one owner a ballot. *Paxos Made Simple*, 2.5 (disjoint sets of numbers). Its mutant is the one without
//! `paxos/ballot-unique`.

use alloc::format;

use replica::{Findings, NodeId};

use super::{Invariants, P2_OWNER};
use crate::Ballot;

impl Invariants {
    /// P2'.
    pub(super) fn check_owner(&mut self, node: NodeId, ballot: Ballot, findings: &mut Findings) {
        findings
            .check(P2_OWNER, node, ballot.owner() == node, || format!("{node} speaks for ballot {ballot}"));
    }
}
