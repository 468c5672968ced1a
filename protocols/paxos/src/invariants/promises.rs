//! P3, promises: they never go down, across restarts too, and no vote is below one. *Paxos Made Simple*, 2.2, P1a. Its
//! mutants: those without `paxos/promise-rises`, `paxos/P1a` or `paxos/accept-raises`.

use alloc::format;

use replica::{Findings, NodeId, WriteId};

use super::ghost::{Pending, Vote};
use super::{Invariants, P3};
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

    /// P3 for a vote.
    pub(super) fn on_vote(&mut self, node: NodeId, write: WriteId, vote: Vote, findings: &mut Findings) {
        let Vote { promised, ballot, slot, .. } = vote;
        let ghost = &mut self.nodes[node.index()];
        let before = ghost.promised;
        let holds = before <= ballot && before <= promised && ballot <= promised;
        findings.check(P3, node, holds, || {
            format!("{node} votes in {ballot} at {slot}: it had promised {before}, and has now promised {promised}")
        });
        ghost.promised = promised;
        ghost.pending.push_back((write, Pending::Vote(vote)));
    }

    /// P3 across restarts: what the replica believes to have promised is what its records say.
    pub(super) fn check_promise_kept(&mut self, node: NodeId, replica: &Paxos, findings: &mut Findings) {
        let (said, written) = (replica.promised(), self.nodes[node.index()].promised);
        findings.check(P3, node, said == written, || {
            format!("{node} acts as if it had promised {said}, its records say {written}")
        });
    }
}
