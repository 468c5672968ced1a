//! Counting answers towards a quorum. *Paxos Made Simple*, 2.1: "any two majorities have at least one acceptor in
//! common"; PMMC, figure 6: an acceptor leaves `waitfor` once.

use replica::{Members, NodeId, NodeSet, Rules};

use crate::{Config, rules};

/// How many acceptors each phase needs: any quorum of phase 1 meets any of phase 2. Howard, Malkhi and Spiegelman,
/// *Flexible Paxos* (2016): that, and not that both are majorities, is what safety needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quorums {
    /// For a ballot to be led.
    pub(crate) q1: usize,
    /// For a value to be chosen, and for a leader to be confirmed.
    pub(crate) q2: usize,
}

impl Quorums {
    /// As the settings say, majorities by default; one that is not given follows from the other.
    pub(crate) fn of(members: &Members, config: &Config) -> Quorums {
        let voters = members.voters.len();
        let (q1, q2) = match (config.q1, config.q2) {
            (0, 0) => (members.majority(), members.majority()),
            (q1, 0) => (q1.min(voters), (voters + 1).saturating_sub(q1).max(1)),
            (0, q2) => ((voters + 1).saturating_sub(q2).max(1), q2.min(voters)),
            (q1, q2) => (q1.min(voters), q2.min(voters)),
        };
        if q1 + q2 <= voters && config.rules.obeys(rules::FLEXIBLE_BOUND) {
            return Quorums { q1: voters + 1 - q2, q2 };
        }
        Quorums { q1, q2 }
    }

    /// One fewer in each phase: what the mutant without `majority` is content with.
    pub(crate) fn short(self) -> Quorums {
        Quorums { q1: (self.q1 - 1).max(1), q2: (self.q2 - 1).max(1) }
    }
}

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

    /// Whether `enough` voters were counted.
    #[inline]
    pub(crate) fn reaches(&self, enough: usize, members: &Members) -> bool {
        enough <= members.voters.and(self.from).len() + self.again as usize
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
                assert_eq!(tally.reaches(members.majority(), &members), majority <= id as usize);
                assert!(tally.count(NodeId(id), Rules::ALL));
                assert!(!tally.count(NodeId(id), Rules::ALL));
            }
        }
    }
}
