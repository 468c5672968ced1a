//! Counting answers towards a quorum. *Paxos Made Simple*, 2.1: "any two majorities have at least one acceptor in
//! common"; PMMC, figure 6: an acceptor leaves `waitfor` once.

use replica::{Members, NodeId, NodeSet, Rules};

use crate::rules;

/// Who has answered one question.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    from: NodeSet,
    /// Answers that came again from the same acceptor: counted only by the mutant without `count-once`.
    again: u8,
}

impl Tally {
    /// Counts an answer; false if it is left uncounted because its sender was counted before.
    #[inline]
    pub(crate) fn count(&mut self, from: NodeId, rules: Rules) -> bool {
        let fresh = self.from.insert(from);
        if !fresh && !rules.obeys(rules::COUNT_ONCE) {
            self.again = self.again.saturating_add(1);
            return true;
        }
        fresh
    }

    /// Who has been counted.
    #[inline]
    pub(crate) fn from(&self) -> NodeSet {
        self.from
    }

    /// Whether those counted are a quorum.
    #[inline]
    pub(crate) fn is_quorum(&self, members: &Members, rules: Rules) -> bool {
        let count = members.voters.and(self.from).len() + self.again as usize;
        let enough =
            if rules.obeys(rules::MAJORITY) { members.majority() } else { (members.majority() - 1).max(1) };
        enough <= count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptor_counts_once_and_quorums_are_majorities() {
        for (nodes, majority) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)] {
            let members = Members::first(nodes);
            let mut tally = Tally::default();
            for id in 0..nodes as u8 {
                assert_eq!(tally.is_quorum(&members, Rules::ALL), majority <= id as usize);
                assert!(tally.count(NodeId(id), Rules::ALL));
                assert!(!tally.count(NodeId(id), Rules::ALL));
            }
        }
    }
}
