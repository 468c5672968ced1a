//! Paxos quorum reads: any replica asks a quorum how far it has voted, and answers once that much is applied here.
//! Charapko, Ailijiang and Demirbas, *Linearizable Quorum Reads in Paxos* (HotStorage'19): the rinse.
//!
//! Why it is enough: what was answered before the read came was chosen, so a quorum of phase 2 voted for it, and every
//! quorum that reads meets that. The highest slot may hold a value that was never chosen and never will be; then the
//! leader is asked to fill it.

use alloc::vec::Vec;

use replica::{LocalTime, NodeId, Position, ReadId, Refusal, Request, Slot};

use crate::paxos::{Out, Role};
use crate::tally::Tally;
use crate::{Message, Paxos, gates, rules};

/// The most quorum reads that wait at once; more are refused as busy.
const PROBES_MAX: usize = 4096;

/// Quorum reads at a replica.
#[derive(Clone)]
pub(crate) struct Probes {
    /// The newest round.
    token: u64,
    /// Who has answered it, and the highest slot that was told.
    heard: (Tally, Slot),
    /// The reads of the round under way; if there are none, there is no round.
    asking: Vec<ReadId>,
    /// The reads that came since it started.
    waiting: Vec<ReadId>,
    /// When to ask again.
    repeat_at: LocalTime,
    /// The highest slot that an answered read waits for, and when to ask the leader to see to it.
    rinse: (Slot, LocalTime),
}

impl Default for Probes {
    fn default() -> Probes {
        let never = LocalTime::NEVER;
        Probes {
            token: 0,
            heard: (Tally::default(), Slot::ZERO),
            asking: Vec::new(),
            waiting: Vec::new(),
            repeat_at: never,
            rinse: (Slot::ZERO, never),
        }
    }
}

impl Probes {
    #[inline]
    pub(crate) fn deadline(&self) -> LocalTime {
        self.repeat_at.min(self.rinse.1)
    }
}

impl Paxos {
    /// A client of this node's server reads.
    pub(crate) fn on_quorum_read(&mut self, now: LocalTime, read: ReadId, out: &mut Out) {
        if PROBES_MAX <= self.probes.asking.len() + self.probes.waiting.len() {
            return out.refuse(Request::Read(read), Refusal::Busy, None);
        }
        self.probes.waiting.push(read);
        if self.probes.asking.is_empty() {
            self.start_probe(now, out);
        }
    }

    fn start_probe(&mut self, now: LocalTime, out: &mut Out) {
        let (is_voter, known) = (self.is_voter(), self.acceptor.last().max(self.learner.delivered()));
        let probes = &mut self.probes;
        core::mem::swap(&mut probes.asking, &mut probes.waiting);
        probes.token += 1;
        probes.heard = (Tally::default(), known);
        if is_voter {
            probes.heard.0.count(self.node, self.config.rules);
        }
        self.send_probes(now, out);
        self.finish_probe(now, out);
    }

    fn send_probes(&mut self, now: LocalTime, out: &mut Out) {
        self.probes.repeat_at = now + self.config.resend;
        let (token, heard) = (self.probes.token, self.probes.heard.0.from());
        for to in self.members.others(self.node).filter(|to| !heard.contains(*to)) {
            out.send(to, Message::Probe { token });
        }
    }

    /// A replica reads.
    pub(crate) fn on_probe(&self, from: NodeId, token: u64, out: &mut Out) {
        if self.is_voter() {
            let upto = self.acceptor.last().max(self.learner.delivered());
            out.send(from, Message::Voted { token, upto });
        }
    }

    /// An acceptor tells how far it has voted.
    pub(crate) fn on_voted(&mut self, now: LocalTime, from: NodeId, token: u64, upto: Slot, out: &mut Out) {
        let probes = &mut self.probes;
        if token != probes.token || probes.asking.is_empty() || !self.members.voters.contains(from) {
            return out.narrate("", || alloc::format!("has no use for the answer of {from}"));
        }
        probes.heard.0.count(from, self.config.rules);
        probes.heard.1 = probes.heard.1.max(upto);
        self.finish_probe(now, out);
    }

    /// A quorum has told. The server waits until the position is applied: that is the rinse.
    fn finish_probe(&mut self, now: LocalTime, out: &mut Out) {
        // Any quorum of phase 1 meets every one of phase 2.
        if !self.probes.heard.0.reaches(self.quorums.q1, &self.members) {
            return;
        }
        let (delivered, seen) = (self.learner.delivered(), self.probes.heard.1);
        let position = if self.config.rules.obeys(rules::PQR_RINSE) { seen } else { delivered };
        self.probes.repeat_at = LocalTime::NEVER;
        for read in self.probes.asking.drain(..) {
            out.read_at(read, Position(position.0));
        }
        if delivered < position {
            out.reached(gates::RINSED);
            self.probes.rinse = (position.max(self.probes.rinse.0), now + self.config.resend);
        }
        if !self.probes.waiting.is_empty() {
            self.start_probe(now, out);
        }
    }

    /// A round or a rinse takes long.
    pub(crate) fn on_probe_deadline(&mut self, now: LocalTime, out: &mut Out) {
        if self.probes.repeat_at <= now {
            self.send_probes(now, out);
        }
        let (upto, at) = self.probes.rinse;
        if now < at {
            return;
        }
        if upto <= self.learner.delivered() {
            self.probes.rinse.1 = LocalTime::NEVER;
            return;
        }
        self.probes.rinse.1 = now + self.config.heartbeat;
        match &self.role {
            Role::Leader(_) => self.on_rinse(now, upto, out),
            Role::Follower(follower) if follower.leader.is_some() => {
                out.send(follower.leader.expect("it is there"), Message::Rinse { upto })
            }
            Role::Follower(_) | Role::Candidate(_) | Role::Unformed => {}
        }
    }

    /// A read waits for `upto`. If nothing is on its way there, a no-op is: no more than the window holds.
    pub(crate) fn on_rinse(&mut self, now: LocalTime, upto: Slot, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { return };
        while leader.next_free() <= upto && leader.queue_noop(self.config.window, self.node).is_some() {}
        self.drive(now, out);
    }
}
