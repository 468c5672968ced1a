//! Leases and CheckQuorum (thesis 4.2.3, 6.2, 6.4.1): voters that hear a leader elect nobody else for the least election
//! timeout; a leader that hears no majority for that long steps down; and one whose newest round a majority answered may
//! read without asking, counted from when that round was sent and shortened by what two clocks may differ.

use alloc::collections::VecDeque;

use replica::LocalTime;

use crate::config::ReadPath;
use crate::role::{Cause, Leader, Role};
use crate::{Config, Out, Raft, Term, gates, rules};

/// A leader's lease.
#[derive(Clone, Default)]
pub(crate) struct Lease {
    /// When each round was started, of those that a majority has not answered; the last that it has is first.
    rounds: VecDeque<(u64, LocalTime)>,
    state: State,
}

/// How far a lease has come.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is confirmed yet.
    #[default]
    None,
    /// Reads may be answered before then.
    Until(LocalTime),
    /// Another server was asked to stand in this term. It may do so at any time from then on, so this term has no
    /// lease any more, even if the transfer is given up.
    GivenUp,
}

impl Lease {
    /// A round starts: what is sent from now on carries its number.
    pub(crate) fn start(&mut self, round: u64, now: LocalTime) {
        self.rounds.push_back((round, now));
    }

    /// Another server is told to stand.
    pub(crate) fn give_up(&mut self) {
        self.state = State::GivenUp;
    }

    /// How far it has come, for people.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    fn holds(&self, now: LocalTime) -> bool {
        matches!(self.state, State::Until(end) if now < end)
    }

    /// A majority has answered `round`, or one after it.
    fn confirm(&mut self, round: u64, now: LocalTime, config: &Config) {
        while self.rounds.get(1).is_some_and(|(next, _)| *next <= round) {
            self.rounds.pop_front();
        }
        let Some((_, sent_at)) = self.rounds.front().filter(|(first, _)| *first <= round) else { return };
        let from = if config.rules.obeys(rules::LEASE_SENT) { *sent_at } else { now };
        let end = from + config.lease;
        match self.state {
            State::GivenUp => {}
            State::Until(before) if end <= before => {}
            State::None | State::Until(_) => self.state = State::Until(end),
        }
    }
}

impl Raft {
    /// Whether this server leads, or has heard a leader within the least election timeout. A server that has just
    /// started may have heard one and forgotten it.
    pub(crate) fn hears_leader(&self, now: LocalTime) -> bool {
        if !self.config.rules.obeys(rules::VOTER_LEASE) {
            return false;
        }
        let is_recent = self.heard_at.is_some_and(|at| now < at + self.config.election_timeout_min);
        is_recent || matches!(self.role, Role::Leader(_))
    }

    /// Whether a request for a vote is ignored, its term too: the leader that this server hears is not deposed by
    /// somebody who does not hear it (thesis 4.2.3). Its own wish to hand over is not in the way.
    pub(crate) fn protects_leader(
        &self,
        now: LocalTime,
        term: Term,
        cause: Cause,
        out: &mut Out<'_>,
    ) -> bool {
        let protects = self.config.check_quorum
            && cause == Cause::Silence
            && self.term <= term
            && self.hears_leader(now);
        if protects {
            out.reached(gates::VOTE_IGNORED);
            out.narrate("raft/4.2.3", || {
                alloc::format!("ignores a candidate of term {term}: hears a leader")
            });
        }
        protects
    }

    /// Whether a majority, this leader included, has answered within the least election timeout.
    pub(crate) fn hears_majority(&self, now: LocalTime) -> bool {
        let Role::Leader(leader) = &self.role else { panic!("asked of leaders only") };
        let timeout = self.config.election_timeout_min;
        let recent = leader.peers.iter().filter(|row| now.since(row.heard_at) < timeout);
        let heard = recent.map(|row| row.peer).collect::<replica::NodeSet>().with(self.node);
        self.is_quorum(heard)
    }

    /// A follower has answered a round: the lease begins where the newest round that a majority answered began.
    pub(crate) fn extend_lease(&mut self, now: LocalTime) {
        if self.config.reads != ReadPath::Lease {
            return;
        }
        let majority = self.members.majority();
        let voters = self.members.voters;
        let Role::Leader(leader) = &mut self.role else { return };
        let Leader { peers, reads, lease, .. } = &mut **leader;
        let own = reads.token();
        let rows = peers.iter().filter(|row| voters.contains(row.peer));
        let rounds = || core::iter::once(own).chain(rows.clone().map(|row| row.confirmed));
        let answered = |round: u64| majority <= rounds().filter(|confirmed| round <= *confirmed).count();
        let newest = rounds().filter(|round| answered(*round)).max().unwrap_or_default();
        lease.confirm(newest, now, &self.config);
    }

    /// Whether this leader may answer a read at its commit index at once.
    pub(crate) fn may_read_under_lease(&self, now: LocalTime) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        let may_serve = self.has_committed_in_term() || !self.config.rules.obeys(rules::READ_OWN_TERM);
        self.config.reads == ReadPath::Lease && may_serve && leader.lease.holds(now)
    }
}
