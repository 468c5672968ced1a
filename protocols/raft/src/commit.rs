//! Commitment: what a majority holds (paper 5.3), of the leader's own term (5.4.2), is delivered in order.

use replica::{LocalTime, NodeSet, Position};

use crate::role::Role;
use crate::{Index, Out, Raft, Term, gates, rules, sound};

impl Raft {
    /// A leader's own disk or a follower's answer moved: commits what a majority holds now.
    pub(crate) fn advance_commit(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let own = self.own_matched();
        let Role::Leader(leader) = &self.role else { panic!("asked of leaders only") };
        let rules = self.config.rules;
        let wrong = usize::from(!rules.obeys(rules::MAJORITY) && 2 < self.members.majority());
        let majority = self.members.majority() - wrong;
        let counts = |peer| self.members.voters.contains(peer) || !rules.obeys(rules::VOTERS_ONLY);
        let rows = || leader.peers.iter().filter(|row| counts(row.peer));
        let matched = || core::iter::once(own).chain(rows().map(|row| row.matched));
        let mut reached = self.commit;
        for index in matched() {
            if reached < index && majority <= matched().filter(|held| index <= *held).count() {
                reached = index;
            }
        }
        if reached == self.commit {
            return;
        }
        // 5.4.2: an entry of an older term on a majority may still be overwritten by a leader of a term in between
        // (figure 8); counting an entry of the own term rules that out, for it and for all before it.
        if self.log.term_at(reached) != Some(self.term) && self.config.rules.obeys(rules::COMMIT_OWN_TERM) {
            out.reached(gates::OLDER_TERM_NOT_COUNTED);
            out.narrate("raft/5.4.2", || {
                alloc::format!("does not commit {reached} by counting: it is not of term {}", self.term)
            });
            return;
        }
        if self.log.term_at(self.commit.next()).is_some_and(|term| term < self.term) {
            out.reached(gates::OLDER_TERM_COMMITTED);
        }
        if self.durable < reached {
            out.reached(gates::COMMITTED_BEFORE_OWN_DISK);
        }
        self.commit_to(reached, out);
        let Role::Leader(leader) = &mut self.role else { unreachable!("committing deposes nobody") };
        if !leader.peers.is_empty() {
            leader.commit_at = leader.commit_at.min(now + self.config.commit_delay);
        }
        self.answer_logged(out);
        self.start_round(now, out);
    }

    /// Delivers every entry up to `index`, no-ops included: the position of an entry is its index.
    #[inline]
    pub(crate) fn commit_to(&mut self, index: Index, out: &mut Out<'_>) {
        assert!(index <= self.log.last());
        while self.commit < index {
            let page_end = Index(index.0.min(self.commit.0 + self.config.deliver_max));
            while self.commit < page_end {
                self.commit = self.commit.next();
                out.deliver(self.commit, Position(self.commit.0), self.log.entry(self.commit).clone());
            }
            if self.commit < index && !self.config.rules.obeys(rules::PAGES) {
                self.commit = self.commit.next();
            }
        }
    }

    /// Whether this leader has committed in its own term: only then does its commit index cover all that any earlier
    /// leader committed (thesis 6.4).
    pub(crate) fn has_committed_in_term(&self) -> bool {
        sound!(self.config.rules, self.commit <= self.log.last(), "commit beyond the log");
        self.log.term_at(self.commit) == Some(self.term) && Term::ZERO < self.term
    }

    /// Up to where the leader counts itself: its write runs beside the sending, and its disk may lose what it has not
    /// confirmed.
    fn own_matched(&self) -> Index {
        if self.config.rules.obeys(rules::OWN_DURABLE) { self.durable } else { self.log.last() }
    }

    /// Whether this server alone is a majority.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_quorum(NodeSet::EMPTY.with(self.node))
    }
}
