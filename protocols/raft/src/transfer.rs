//! Leadership transfer (thesis 3.10): the leader takes no more proposals, brings its successor up to date, and asks it to
//! stand at once. If nothing comes of it within an election timeout it goes on leading.

use replica::{LocalTime, NodeId};

use crate::role::{Cause, Leader, Role};
use crate::{Message, Out, Raft, Term, gates, rules};

/// A leader's wish to hand its office over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// There is none.
    None,
    /// The successor lacks entries.
    CatchingUp {
        /// The successor.
        to: NodeId,
        /// When the leader gives up.
        until: LocalTime,
    },
    /// The successor was asked to stand.
    Asked {
        /// When the leader gives up.
        until: LocalTime,
    },
}

impl Transfer {
    pub(crate) fn deadline(&self) -> LocalTime {
        match self {
            Transfer::None => LocalTime::NEVER,
            Transfer::CatchingUp { until, .. } | Transfer::Asked { until } => *until,
        }
    }
}

impl Raft {
    /// An operator's wish. Without a name the leader chooses the voter that holds most.
    pub(crate) fn on_hand_over(&mut self, now: LocalTime, to: Option<NodeId>, out: &mut Out<'_>) {
        let voters = self.members.voters.without(self.node);
        let until = now + self.config.election_timeout_min;
        let Role::Leader(leader) = &mut self.role else { return };
        let rows = leader.peers.iter().filter(|row| voters.contains(row.peer));
        let fullest = || rows.max_by_key(|row| (row.matched, core::cmp::Reverse(row.peer)));
        let chosen = to.or_else(|| fullest().map(|row| row.peer));
        let Some(to) = chosen.filter(|to| voters.contains(*to)) else { return };
        leader.transfer = Transfer::CatchingUp { to, until };
        out.narrate("raft/3.10", || alloc::format!("wants {to} to lead"));
        self.drive_transfer(out);
    }

    /// The successor may have caught up.
    pub(crate) fn drive_transfer(&mut self, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Leader { peers, transfer, lease, .. } = &mut **leader;
        let Transfer::CatchingUp { to, until } = *transfer else { return };
        let row = peers.iter().find(|row| row.peer == to).expect("a successor is a voter");
        if row.matched < self.log.last() {
            return;
        }
        out.reached(gates::HANDED_OVER);
        out.narrate("raft/3.10", || alloc::format!("asks {to} to stand: it has everything"));
        *transfer = Transfer::Asked { until };
        // Voters will not protect this leader from the one it asks.
        if self.config.rules.obeys(rules::LEASE_TRANSFER) {
            lease.give_up();
        }
        out.send(to, Message::TimeoutNow { term: self.term });
    }

    /// The transfer takes too long: proposals are taken again.
    pub(crate) fn abort_transfer(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        if leader.transfer.deadline() <= now {
            out.reached(gates::HAND_OVER_ABORTED);
            out.narrate("raft/3.10", || "gives up handing over".into());
            leader.transfer = Transfer::None;
        }
    }

    /// The leader asks this server to stand.
    pub(crate) fn on_timeout_now(&mut self, now: LocalTime, from: NodeId, term: Term, out: &mut Out<'_>) {
        if term < self.term || !self.is_voter() {
            return out.narrate("", || alloc::format!("does not stand for {from}"));
        }
        if self.term < term {
            self.see_higher_term(now, term, Some(from), out);
            self.save_ballot(out);
        }
        if matches!(self.role, Role::Follower { .. } | Role::PreCandidate { .. }) {
            self.stand(now, Cause::Transfer, out);
        }
    }
}
