//! R3, Log Matching (paper figure 3; 5.3), over all time and not only over what is held now: a term's one leader puts one
//! entry at an index, on one prefix. Hash chains make a prefix one number. Mutants that show it: `raft/5.3-prev`,
//! `raft/7-conflict`.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R3, RaftInvariants, Wrote};
use crate::Index;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R3",
    sentence: "Log Matching: entries of one index and term, wherever and whenever they are held, end equal prefixes.",
};

impl RaftInvariants {
    /// At each record: what it put into the log.
    pub(super) fn check_all_matching(&mut self, node: NodeId, wrote: &Wrote, findings: &mut Findings) {
        let mut index = match wrote {
            Wrote::Nothing | Wrote::Cut => return,
            Wrote::Entries { from, .. } => *from,
            Wrote::Snapshot { index, .. } => *index,
        };
        while index <= self.ghosts[node.index()].log.last() {
            self.check_matching(node, index, findings);
            index = index.next();
        }
    }

    fn check_matching(&mut self, node: NodeId, index: Index, findings: &mut Findings) {
        let mark = self.ghosts[node.index()].log.at(index).expect("just written");
        let place = index.0 as usize - 1;
        if place == self.seen.len() {
            self.seen.push((mark.term, mark.chain));
        }
        let first = match self.seen.get(place) {
            Some((term, chain)) if *term == mark.term => *chain,
            _ => *self.seen_more.entry((index, mark.term)).or_insert(mark.chain),
        };
        findings.check(R3, node, first == mark.chain, || {
            format!("holds at {index} an entry of term {} that ends another prefix than elsewhere", mark.term)
        });
    }
}
