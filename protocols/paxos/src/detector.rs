//! The failure detector and the timers: a leader is heard at least every heartbeat; a follower that hears none for a
//! time drawn between one detection and two stands itself; who is pre-empted waits longer each time. *Paxos Made
//! Simple*, 2.4 (progress needs one distinguished proposer; randomness or real time must elect it); PMMC, 3.

use alloc::format;

use replica::{LocalTime, NodeId, Slot, Span, WriteId};

use crate::paxos::{Out, Role};
use crate::{Ballot, Message, Paxos};

/// The back-off doubles at most so often: 16 detections.
const BACKOFF_DOUBLINGS_MAX: u32 = 4;

impl Paxos {
    /// A timer may be due.
    pub(crate) fn on_deadline(&mut self, now: LocalTime, out: &mut Out) {
        if self.snapshots.ask_at() <= now {
            self.on_chunk_deadline(now, out);
        }
        if self.probes.deadline() <= now {
            self.on_probe_deadline(now, out);
        }
        if self.rounds.deadline() <= now {
            self.on_rounds_deadline(now, out);
        }
        match &self.role {
            Role::Unformed => unreachable!("an unformed node is not stepped"),
            Role::Follower(follower) if follower.stands_at().max(self.leased.1) <= now => {
                let silent = now.since(follower.heard_at);
                out.narrate("", || format!("has heard no leader for {silent}"));
                self.become_candidate(now, out);
            }
            Role::Follower(_) if self.learner.ask_at <= now => self.on_gap_deadline(now, out),
            Role::Follower(_) => {}
            Role::Candidate(_) => self.on_candidate_deadline(now, out),
            Role::Leader(_) => self.on_leader_deadline(now, out),
        }
    }

    /// Own records are durable up to `upto`.
    #[inline]
    pub(crate) fn on_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out) {
        self.on_snapshot_durable(upto, out);
        self.acceptor.harden(upto);
        match &self.role {
            Role::Candidate(_) => self.on_reservation_durable(now, upto, out),
            Role::Leader(_) => self.on_votes_durable(now, upto, out),
            // The host releases what an acceptor's answers waited for.
            Role::Follower(_) | Role::Unformed => {}
        }
    }

    /// A leader is heard.
    pub(crate) fn on_heartbeat(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        chosen: Slot,
        (token, lease): (u64, LocalTime),
        out: &mut Out,
    ) {
        self.highest = self.highest.max(ballot);
        let promised = self.acceptor.promised();
        if ballot < promised {
            out.narrate("paxos/read-quorum", || format!("tells {from} that {promised} is promised"));
            return out.send(from, Message::Nack { ballot: promised });
        }
        // A heartbeat promises nothing: it asks for nothing that a promise would make safe.
        self.follow(now, from, ballot, out);
        let lease = self.grant_lease(now, from, ballot, lease);
        if self.is_voter() && (token != 0 || lease != LocalTime(0)) {
            out.send(from, Message::Confirm { ballot, token, lease });
        }
        self.hear_chosen(now, ballot, chosen, out);
    }

    /// Follows whoever leads the highest ballot heard. `ballot` is not below what is promised.
    #[inline]
    pub(crate) fn follow(&mut self, now: LocalTime, from: NodeId, ballot: Ballot, out: &mut Out) {
        match &mut self.role {
            Role::Follower(follower) => {
                // An older leader whose ballot is not yet refused here: its accepts count, its life does not.
                if ballot < follower.ballot {
                    return;
                }
                follower.heard_at = now;
                if follower.leader != Some(from) || follower.ballot != ballot {
                    follower.leader = Some(from);
                    follower.ballot = ballot;
                    self.preemptions = 0;
                    out.narrate("", || format!("follows {from} in ballot {ballot}"));
                }
            }
            Role::Candidate(candidate) if candidate.ballot < ballot => {
                self.preempt(now, ballot, Some(from), out)
            }
            Role::Leader(leader) if leader.ballot < ballot => self.preempt(now, ballot, Some(from), out),
            // Nobody else proposes in an own ballot, and none below is accepted: only mutants come here.
            Role::Candidate(_) | Role::Leader(_) => assert!(!self.config.rules.is_whole()),
            Role::Unformed => unreachable!("an unformed node is not stepped"),
        }
    }

    /// How much longer than a time-out a pre-empted proposer waits: up to a detection, doubled with each pre-emption.
    pub(crate) fn backoff(&self, out: &mut Out) -> Span {
        assert!(0 < self.preemptions);
        let doublings = (self.preemptions - 1).min(BACKOFF_DOUBLINGS_MAX);
        out.draw_span(Span::ZERO, self.config.timeout_min * (1 << doublings))
    }
}
