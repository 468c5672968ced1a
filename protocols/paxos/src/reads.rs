//! Linearizable reads at the leader, without the log: a round of heartbeats that starts after the read came, answered
//! by a quorum that has promised no higher ballot. The danger is in *Paxos Made Live*, 5.2: a master that was replaced
//! and does not know it.
//!
//! Why it is enough: what was answered to a client before the read came was chosen, at this ballot or below it, or
//! above it. Above it is impossible: a higher leader needs a quorum of promises, and some member of the confirming
//! quorum would have promised before it confirmed. At this ballot the leader knows of it (nobody else could have
//! answered). Below it, phase 1 reported it, and the leader serves nothing before all of that is chosen again.

use alloc::format;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, NodeSet, Position, ReadId, ReadMode, Refusal, Request, Slot, Span};

use crate::config::Reads as Mode;
use crate::paxos::{Out, Role};
use crate::tally::Tally;
use crate::{Ballot, Paxos, gates, rules};

/// The most reads that wait at once; more are refused as busy.
const READS_MAX: usize = 4096;

/// Reads at a leader.
#[derive(Clone)]
pub(crate) struct Reads {
    /// The token of the newest round. Never used again in this ballot; the ballot is never used again at all.
    token: u64,
    /// Who has confirmed the round under way.
    confirmed: Tally,
    /// The reads of the round under way; if there are none, there is no round.
    asking: Vec<(ReadId, Position)>,
    /// The reads that came since it started: a round says nothing about reads that are younger than it.
    waiting: Vec<(ReadId, Position)>,
    /// When to ask again. Never without a round.
    repeat_at: LocalTime,
    /// Reads through the log: each with the slot of a no-op that was proposed after it came.
    logged: Vec<(ReadId, Slot)>,
    /// Leases granted: by whom, and when this leader had asked, by its own clock.
    granted: Vec<(NodeId, LocalTime)>,
    /// Handed over: the lease is off for good.
    released: bool,
}

impl Default for Reads {
    fn default() -> Reads {
        Reads {
            token: 0,
            confirmed: Tally::default(),
            asking: Vec::new(),
            waiting: Vec::new(),
            repeat_at: LocalTime::NEVER,
            logged: Vec::new(),
            granted: Vec::new(),
            released: false,
        }
    }
}

impl Reads {
    #[inline]
    pub(crate) fn repeat_at(&self) -> LocalTime {
        self.repeat_at
    }

    /// Who has granted a lease, for people. Whether it has run out is not looked at.
    pub(crate) fn granted(&self) -> NodeSet {
        self.granted.iter().map(|(node, _)| *node).collect()
    }

    /// The token to put into a heartbeat; zero if no round is under way.
    pub(crate) fn token_asked(&self) -> u64 {
        if self.asking.is_empty() { 0 } else { self.token }
    }

    /// The question was put; it is due again at `repeat_at`.
    pub(crate) fn asked(&mut self, repeat_at: LocalTime) {
        if !self.asking.is_empty() {
            self.repeat_at = repeat_at;
        }
    }

    /// Everything up to `delivered` was delivered by this leader's own quorums: reads whose no-op is among it are done.
    #[inline]
    pub(crate) fn answer_log(&mut self, delivered: Slot, out: &mut Out) {
        if !self.logged.is_empty() {
            self.logged.retain(|&(read, slot)| {
                if slot <= delivered {
                    out.read_at(read, Position(slot.0));
                }
                delivered < slot
            });
        }
    }

    /// Whether the next heartbeat asks for a lease.
    pub(crate) fn wants_lease(&self, lease: Span) -> bool {
        lease != Span::ZERO && !self.released
    }

    /// No read is served by this lease any more.
    pub(crate) fn release(&mut self) {
        self.released = true;
        self.granted.clear();
    }

    fn granted_by(&mut self, from: NodeId, asked_at: LocalTime) {
        match self.granted.iter_mut().find(|(who, _)| *who == from) {
            Some((_, at)) => *at = asked_at.max(*at),
            None => self.granted.push((from, asked_at)),
        }
    }

    /// Whether `others` other acceptors keep a lease at `now` that was asked for less than `trusted` ago.
    pub(crate) fn is_leased(&self, now: LocalTime, trusted: Span, others: usize) -> bool {
        let runs = |&&(_, at): &&(NodeId, LocalTime)| now.since(at) < trusted;
        !self.released && others <= self.granted.iter().filter(runs).count()
    }

    /// The leader is deposed.
    pub(crate) fn refuse_all(&self, reason: Refusal, leader: Option<NodeId>, out: &mut Out) {
        let rounds = self.asking.iter().chain(&self.waiting).map(|(read, _)| *read);
        for read in rounds.chain(self.logged.iter().map(|(read, _)| *read)) {
            out.reached(gates::READS_LOST);
            out.refuse(Request::Read(read), reason, leader);
        }
    }
}

impl Paxos {
    /// The server asks when a read may be answered.
    pub(crate) fn on_read(&mut self, now: LocalTime, read: ReadId, mode: ReadMode, out: &mut Out) {
        assert_eq!(mode, ReadMode::Linearizable, "the server serves the weaker modes itself");
        let rules = self.config.rules;
        if self.config.reads == Mode::Pqr {
            return self.on_quorum_read(now, read, out);
        }
        let position = Position(self.learner.delivered().0);
        let leader = match &mut self.role {
            Role::Leader(leader) => leader,
            Role::Follower(follower) if follower.leader.is_some() => {
                return out.refuse(Request::Read(read), Refusal::NotLeader, follower.leader);
            }
            Role::Follower(_) | Role::Candidate(_) => {
                return out.refuse(Request::Read(read), Refusal::NoLeader, None);
            }
            Role::Unformed => unreachable!("an unformed node is not stepped"),
        };
        if self.learner.delivered() < leader.inherited_upto && rules.obeys(rules::READ_INHERITED) {
            out.narrate("paxos/read-inherited", || format!("serves no read yet: {position} is not the end"));
            return out.refuse(Request::Read(read), Refusal::NoLeader, None);
        }
        if !rules.obeys(rules::READ_QUORUM) {
            return out.read_at(read, position);
        }
        if READS_MAX <= leader.reads.asking.len() + leader.reads.waiting.len() {
            return out.refuse(Request::Read(read), Refusal::Busy, None);
        }
        match self.config.reads {
            Mode::Lease if leader.reads.is_leased(now, self.config.lease_led, self.quorums.q2 - 1) => {
                out.reached(gates::LEASE_READ);
                return out.read_at(read, position);
            }
            Mode::Log => return self.read_by_log(now, read, out),
            Mode::Quorum | Mode::Lease | Mode::Pqr => {}
        }
        leader.reads.waiting.push((read, position));
        if leader.reads.asking.is_empty() {
            self.start_read_round(now, out);
        }
    }

    /// A no-op, proposed after the read came. If it is chosen in this ballot, no higher leader had a quorum's promises
    /// when the read came, and all that was chosen before has a lower slot.
    fn read_by_log(&mut self, now: LocalTime, read: ReadId, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader reads") };
        match leader.queue_noop(self.config.window, self.node) {
            Some(slot) => {
                leader.reads.logged.push((read, slot));
                self.drive(now, out);
            }
            None => out.refuse(Request::Read(read), Refusal::Busy, None),
        }
    }

    /// A round for every read that waits.
    fn start_read_round(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader reads") };
        let reads = &mut leader.reads;
        assert!(reads.asking.is_empty() && !reads.waiting.is_empty());
        core::mem::swap(&mut reads.asking, &mut reads.waiting);
        reads.token += 1;
        reads.confirmed = Tally::default();
        // The own acceptor has promised nothing above: else this node would not be leader any more.
        reads.confirmed.count(self.node, self.config.rules);
        if 1 < reads.asking.len() {
            out.reached(gates::READS_SHARED);
        }
        let token = reads.token;
        self.send_heartbeats(now, token, out);
        self.finish_read_round(now, out);
    }

    /// Somebody had promised no higher ballot when the heartbeat came.
    pub(crate) fn on_confirm(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        (token, lease): (u64, LocalTime),
        out: &mut Out,
    ) {
        let rules = self.config.rules;
        let Role::Leader(leader) = &mut self.role else {
            return out.narrate("", || format!("leads no more: ignores the confirmation of {from}"));
        };
        if ballot == leader.ballot && lease != LocalTime(0) {
            let since = if rules.obeys(rules::LEASE_SENT) { lease } else { now };
            leader.reads.granted_by(from, since);
        }
        if ballot != leader.ballot || leader.reads.asking.is_empty() {
            return out.narrate("", || format!("has no use for the confirmation of {from}"));
        }
        if token != leader.reads.token && rules.obeys(rules::READ_FRESH) {
            return out.narrate("paxos/read-fresh", || format!("ignores {from}: it confirms an older round"));
        }
        if !leader.reads.confirmed.count(from, rules) {
            return out.narrate("paxos/count-once", || format!("{from} has confirmed already"));
        }
        self.counted += 1;
        self.finish_read_round(now, out);
    }

    fn finish_read_round(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader reads") };
        let reads = &mut leader.reads;
        if !reads.confirmed.reaches(self.quorums.q2, &self.members) {
            return;
        }
        reads.repeat_at = LocalTime::NEVER;
        for (read, position) in reads.asking.drain(..) {
            out.read_at(read, position);
        }
        if !reads.waiting.is_empty() {
            self.start_read_round(now, out);
        }
    }
}
