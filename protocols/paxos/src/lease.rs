//! Leases: an acceptor that grants one promises nobody else until it has run out on its own clock, so that the leader
//! may answer reads alone; and how an operator's wish ends one early. *Paxos Made Live*, 5.2 (master leases); Gray and
//! Cheriton, *Leases* (1989).
//!
//! Why it is enough: the leader counts from when it asked, and for less than the acceptors count by the most that two
//! clocks may drift apart (`lease_drift_ppm` each). A higher leader needs a quorum of phase 1, which meets the quorum
//! that granted. There is no margin beyond the stated drift.

use alloc::format;

use replica::{LocalTime, NodeId, Span};

use crate::paxos::{Out, Role};
use crate::{Ballot, Message, Paxos, rules};

impl Paxos {
    /// The leader that this node follows asks for a lease: what to confirm, zero if nothing is granted.
    pub(crate) fn grant_lease(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        asked_at: LocalTime,
    ) -> LocalTime {
        let follows = matches!(&self.role, Role::Follower(follower) if follower.leader == Some(from));
        let grants = follows && self.is_voter() && self.elects(ballot);
        if asked_at == LocalTime(0) || !grants || self.config.lease == Span::ZERO {
            return LocalTime(0);
        }
        self.leased = (ballot, now + self.config.lease);
        asked_at
    }

    /// Whether a lease forbids to promise `ballot`. A leader keeps one to itself, as long as it trusts it.
    pub(crate) fn keeps_lease_from(&self, now: LocalTime, ballot: Ballot, released: Ballot) -> bool {
        if self.config.lease == Span::ZERO || !self.config.rules.obeys(rules::LEASE_KEPT) {
            return false;
        }
        let own = matches!(&self.role, Role::Leader(leader)
            if leader.reads.is_leased(now, self.config.lease_led, self.quorums.q2 - 1));
        let (to, until) = self.leased;
        let kept = now < until && to.owner() != ballot.owner() && (to == Ballot::ZERO || released < to);
        own || kept
    }

    /// An operator wishes another leader. Paxos needs nothing handed over but the wish: whoever stands learns the rest.
    pub(crate) fn on_hand_over_wish(&mut self, to: Option<NodeId>, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(to) = to.or_else(|| self.members.others(self.node).next()) else { return };
        if to == self.node || !self.members.voters.contains(to) {
            return;
        }
        leader.reads.release();
        out.narrate("", || format!("asks {to} to lead in its place"));
        out.send(to, Message::HandOver { ballot: leader.ballot });
    }

    /// The leader wishes this node to lead.
    pub(crate) fn on_hand_over(&mut self, now: LocalTime, from: NodeId, ballot: Ballot, out: &mut Out) {
        let follows = matches!(&self.role, Role::Follower(f) if f.leader == Some(from) && f.ballot == ballot);
        if !follows || !self.is_voter() {
            return out.narrate("", || format!("does not follow {from} in {ballot}: does not stand"));
        }
        self.become_candidate(now, out);
        if let Role::Candidate(candidate) = &mut self.role {
            candidate.released = ballot;
        }
    }
}
