//! R5, State Machine Safety (paper figure 3; 5.4.3). A snapshot that takes the place of the state machine stands for
//! exactly what was delivered up to there. Mutants that show it: `raft/commit-matched`, `raft/5.3-pages`.

use alloc::format;

use replica::{Findings, Invariant, Position, SharedEntry, Step};

use super::{Chosen, R5, R11, RaftInvariants};
use crate::{Index, Raft};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R5",
    sentence: "State Machine Safety: all servers deliver the same entry at an index, in order, without gaps.",
};

impl RaftInvariants {
    /// At each delivery.
    pub(super) fn check_delivered(
        &mut self,
        step: &Step<'_, Raft>,
        slot: Index,
        position: Position,
        entry: &SharedEntry,
        findings: &mut Findings,
    ) {
        let node = step.node;
        let ghost = &mut self.ghosts[node.index()];
        let expected = ghost.commit.next();
        let is_next = slot == expected && position.0 == slot.0;
        findings.check(R5, node, is_next, || {
            format!("delivers {slot} at position {position}; {expected} is next")
        });
        ghost.commit = slot;
        let place = slot.0 as usize - 1;
        let term = step.replica.term;
        let Some(mark) = ghost.log.at(slot) else {
            findings.check(R11, node, false, || format!("delivers {slot}, beyond its log"));
            return;
        };
        let (chain, digest) = (mark.chain, entry.digest());
        let is_first = place == self.chosen.len();
        match self.chosen.get_mut(place) {
            Some(chosen) => {
                let holds = chosen.digest == digest && chosen.chain == chain;
                findings.check(R5, node, holds, || {
                    format!("delivers at {slot} another entry than was committed there")
                });
                chosen.commit_term = chosen.commit_term.min(term);
            }
            None if is_first => {
                self.chosen.push(Chosen { chain, digest, commit_term: term });
            }
            None => {}
        }
    }

    /// When a snapshot takes the state machine's place.
    pub(super) fn check_restored(
        &mut self,
        step: &Step<'_, Raft>,
        position: Position,
        findings: &mut Findings,
    ) {
        let ghost = &mut self.ghosts[step.node.index()];
        ghost.commit = Index(position.0);
        let mark = ghost.log.at(ghost.commit);
        let chosen = self.chosen.get((position.0 as usize).wrapping_sub(1));
        let holds = match (mark, chosen) {
            (Some(mark), Some(chosen)) => mark.chain == chosen.chain,
            _ => false,
        };
        findings.check(R5, step.node, holds, || {
            format!("restores a snapshot up to {position} that is not of what was committed")
        });
    }
}
