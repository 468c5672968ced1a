//! The leader's phase 2: many slots in flight, each chosen by a quorum of its own, in any order; delivered in order.
//! *Paxos Made Simple*, 2.2 (phase 2) and section 3 (pipelining); PMMC, 4.1 (the window).

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

use replica::{Entry, LocalTime, Members, NodeId, NodeSet, Refusal, SharedEntry, Slot, Span, WriteId};

use crate::paxos::{Out, Role};
use crate::reads::Reads;
use crate::tally::Tally;
use crate::{Ballot, Message, Paxos, gates, rules};

/// The most accepts that one tick of the resend timer repeats: enough to get a window's front moving again, few enough
/// not to drown links that drop because they are full.
const RESEND_MAX: usize = 64;

/// A proposer in phase 2.
#[derive(Clone)]
pub(crate) struct Leader {
    /// Its ballot: what its own acceptor has promised last.
    pub(crate) ballot: Ballot,
    /// The last slot inherited from phase 1: no read is served before it is delivered.
    pub(crate) inherited_upto: Slot,
    /// What phase 1 left to propose and is not in flight yet. Goes before any proposal of a client.
    inherited: VecDeque<Option<SharedEntry>>,
    /// Proposals of clients that wait for the window. At most `window`.
    queue: VecDeque<SharedEntry>,
    /// The slots in flight, from the first undelivered one (`base`) on, without gaps. At most `window`.
    flight: VecDeque<Flight>,
    /// The slot at the front of `flight`, or the next one if it is empty: always the learner's next.
    base: Slot,
    /// The own votes on their way to the disk, in order of both.
    own: VecDeque<(WriteId, Slot)>,
    /// When to be heard next; every accept puts it off.
    pub(crate) heartbeat_at: LocalTime,
    /// When to look for unanswered accepts. Never while nothing is in flight.
    resend_at: LocalTime,
    /// When to tell the watermark although nothing is proposed. Never while the next accept will.
    announce_at: LocalTime,
    /// Reads and the rounds that confirm them.
    pub(crate) reads: Reads,
    /// Who has promised a higher ballot and votes in this one no more.
    nacked: NodeSet,
    /// When the first of them said so.
    nacked_at: LocalTime,
    /// Who has accepted anything lately: whom thrifty accepts go to first.
    answered: NodeSet,
    /// Until when accepts go to everybody, though they are thrifty.
    wide_until: LocalTime,
}

/// A slot in flight.
#[derive(Clone)]
struct Flight {
    /// What is proposed; none in a hole that a mutant leaves open.
    entry: Option<SharedEntry>,
    /// Who has accepted. The node itself once its vote is durable.
    votes: Tally,
    /// Whether a quorum has accepted.
    chosen: bool,
    /// When the accept was last sent.
    sent_at: LocalTime,
}

impl Leader {
    pub(crate) fn new(
        ballot: Ballot,
        base: Slot,
        inherited: VecDeque<Option<SharedEntry>>,
        inherited_upto: Slot,
    ) -> Leader {
        assert!(base <= inherited_upto.next());
        Leader {
            ballot,
            inherited_upto,
            inherited,
            queue: VecDeque::new(),
            flight: VecDeque::new(),
            base,
            own: VecDeque::new(),
            heartbeat_at: LocalTime::NEVER,
            resend_at: LocalTime::NEVER,
            announce_at: LocalTime::NEVER,
            reads: Reads::default(),
            nacked: NodeSet::EMPTY,
            nacked_at: LocalTime::NEVER,
            answered: NodeSet::EMPTY,
            wide_until: LocalTime(0),
        }
    }

    #[inline]
    pub(crate) fn deadline(&self) -> LocalTime {
        self.heartbeat_at.min(self.resend_at).min(self.announce_at).min(self.reads.repeat_at())
    }

    /// Whether a quorum of phase 2 is left without those who have promised a higher ballot: one of them alone is no
    /// reason to give up, since whoever it promised has no quorum yet. After a detection it is: if nobody else leads by
    /// then, only a higher ballot brings them back.
    pub(crate) fn survives_nack(
        &mut self,
        now: LocalTime,
        from: NodeId,
        (q2, detection): (usize, Span),
        members: &Members,
    ) -> bool {
        self.nacked.insert(from);
        self.nacked_at = self.nacked_at.min(now);
        now.since(self.nacked_at) < detection
            && q2 <= members.voters.len() - members.voters.and(self.nacked).len()
    }

    /// The slot that the next proposal gets.
    pub(crate) fn next_free(&self) -> Slot {
        Slot(self.base.0 + (self.flight.len() + self.inherited.len() + self.queue.len()) as u64)
    }

    /// Proposes a no-op after all that waits, unless too much does; its slot.
    pub(crate) fn queue_noop(&mut self, window: usize, node: NodeId) -> Option<Slot> {
        let slot = self.next_free();
        (self.queue.len() < window).then(|| {
            self.queue.push_back(Entry::noop(node));
            slot
        })
    }

    /// Whom a thrifty accept goes to: enough for a quorum with the node itself, first those who answered lately.
    fn thrifty_targets(&self, node: NodeId, enough: usize, members: &Members) -> NodeSet {
        let (first, second): (Vec<NodeId>, Vec<NodeId>) =
            members.others(node).partition(|other| self.answered.contains(*other));
        first.into_iter().chain(second).take(enough - 1).collect()
    }

    pub(crate) fn has_flight(&self) -> bool {
        !self.flight.is_empty()
    }

    /// How many slots are in flight, and how many values wait for the window. For people.
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.flight.len(), self.inherited.len() + self.queue.len())
    }

    /// The slots in flight in order, and who has accepted at each. For people.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = (Slot, NodeSet)> {
        (self.base.0..).map(Slot).zip(self.flight.iter().map(|flight| flight.votes.from()))
    }

    /// Who has accepted at a slot in flight.
    pub(crate) fn acceptances(&self, slot: Slot) -> Option<NodeSet> {
        let index = slot.0.checked_sub(self.base.0)?;
        Some(self.flight.get(index as usize)?.votes.from())
    }

    /// A deposed leader's promises to its server: what was never proposed is refused, so that the server need not
    /// wait for a time-out. What is in flight may still be chosen, and gets no answer.
    pub(crate) fn refuse_what_waits(self, leader: Option<NodeId>, out: &mut Out) {
        let reason = if leader.is_some() { Refusal::NotLeader } else { Refusal::NoLeader };
        for entry in &self.queue {
            out.refuse_entry(entry, reason, leader);
        }
        self.reads.refuse_all(reason, leader, out);
    }
}

impl Paxos {
    /// A client's entry.
    #[inline]
    pub(crate) fn on_propose(&mut self, now: LocalTime, entry: SharedEntry, out: &mut Out) {
        match &mut self.role {
            Role::Leader(leader) if leader.queue.len() < self.config.window => {
                leader.queue.push_back(entry);
                self.drive(now, out);
            }
            Role::Leader(_) => out.refuse_entry(&entry, Refusal::Busy, None),
            Role::Follower(follower) if follower.leader.is_some() => {
                out.refuse_entry(&entry, Refusal::NotLeader, follower.leader)
            }
            Role::Follower(_) | Role::Candidate(_) => out.refuse_entry(&entry, Refusal::NoLeader, None),
            Role::Unformed => unreachable!("an unformed node is not stepped"),
        }
    }

    /// Proposes what fits into the window and delivers what is chosen, until neither makes room for the other.
    pub(crate) fn drive(&mut self, now: LocalTime, out: &mut Out) {
        loop {
            self.fill_window(now, out);
            if !self.deliver_chosen(now, out) {
                return;
            }
        }
    }

    fn fill_window(&mut self, now: LocalTime, out: &mut Out) {
        loop {
            let Role::Leader(leader) = &mut self.role else { panic!("only a leader proposes") };
            if self.config.window <= leader.flight.len() {
                return;
            }
            if let Some(entry) = leader.inherited.pop_front() {
                self.begin_slot(now, entry, out);
            } else if let Some(entry) = leader.queue.pop_front() {
                self.begin_slot(now, Some(entry), out);
            } else {
                return;
            }
        }
    }

    /// P2a: the own vote, and an accept to everybody else. The accepts do not wait for the own vote: they claim nothing
    /// of this disk, and the vote counts only once it is durable.
    #[inline]
    fn begin_slot(&mut self, now: LocalTime, entry: Option<SharedEntry>, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader proposes") };
        assert_eq!(leader.base, self.learner.next());
        let (ballot, slot) = (leader.ballot, Slot(leader.base.0 + leader.flight.len() as u64));
        let flight = Flight { entry: entry.clone(), votes: Tally::default(), chosen: false, sent_at: now };
        leader.flight.push_back(flight);
        let Some(entry) = entry else { return };
        let thrifty = self.config.thrifty && leader.wide_until <= now;
        if !self.config.thrifty && self.config.lease == Span::ZERO {
            leader.heartbeat_at = now + self.config.heartbeat;
        }
        leader.announce_at = LocalTime::NEVER;
        if leader.resend_at == LocalTime::NEVER {
            leader.resend_at = now + self.config.resend;
        }
        let chosen = self.learner.delivered();
        let targets = match thrifty {
            true => leader.thrifty_targets(self.node, self.quorums.q2, &self.members),
            false => self.members.everyone_but(self.node).collect(),
        };
        for to in targets.iter() {
            out.send(to, Message::Accept { ballot, slot, chosen, entry: entry.clone() });
        }
        let write = self.cast(ballot, slot, entry, out);
        let Role::Leader(leader) = &mut self.role else { unreachable!() };
        leader.own.push_back((write, slot));
        if !self.config.rules.obeys(rules::OWN_DURABLE) {
            self.count_vote(self.node, slot, out);
        }
    }

    /// The own votes up to `upto` are durable: they count now.
    pub(crate) fn on_votes_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out) {
        let mut chosen = false;
        loop {
            let Role::Leader(leader) = &mut self.role else { panic!("only a leader counts votes") };
            let Some(&(write, slot)) = leader.own.front() else { break };
            if upto < write {
                break;
            }
            leader.own.pop_front();
            // Chosen and delivered without the own vote: nothing to count.
            if leader.base <= slot {
                chosen |= self.count_vote(self.node, slot, out);
            }
        }
        if chosen {
            self.drive(now, out);
        }
    }

    /// P2b.
    #[inline]
    pub(crate) fn on_accepted(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        slot: Slot,
        out: &mut Out,
    ) {
        let Role::Leader(leader) = &self.role else {
            out.reached(gates::STALE_ACCEPTED);
            return out
                .narrate("paxos/accepted-exact", || format!("leads no more: ignores {ballot} at {slot}"));
        };
        if ballot != leader.ballot && self.config.rules.obeys(rules::ACCEPTED_EXACT) {
            out.reached(gates::STALE_ACCEPTED);
            return out.narrate("paxos/accepted-exact", || format!("does not count {ballot} at {slot}"));
        }
        if slot < leader.base {
            // The usual fate of the slowest acceptor's answer: the slot was chosen without it.
            return;
        }
        if self.count_vote(from, slot, out) {
            self.drive(now, out);
        }
    }

    /// Counts a vote; true if the slot became chosen by it.
    #[inline]
    fn count_vote(&mut self, from: NodeId, slot: Slot, out: &mut Out) -> bool {
        let rules = self.config.rules;
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader counts votes") };
        let index = slot.0.checked_sub(leader.base.0).expect("the slot is not delivered yet") as usize;
        let Some(flight) = leader.flight.get_mut(index) else {
            assert!(!rules.is_whole(), "a vote for what was never proposed");
            return false;
        };
        if flight.entry.is_none() {
            assert!(!rules.obeys(rules::FILL_HOLES));
            return false;
        }
        if !flight.votes.count(from, rules) {
            out.reached(gates::STALE_ACCEPTED);
            out.narrate("paxos/count-once", || format!("has counted the vote of {from} at {slot} already"));
            return false;
        }
        if from != self.node {
            self.counted += 1;
            leader.answered.insert(from);
        }
        if flight.chosen || !flight.votes.reaches(self.quorums.q2, &self.members) {
            return false;
        }
        flight.chosen = true;
        if 0 < index && !leader.flight[index - 1].chosen {
            out.reached(gates::OUT_OF_ORDER);
        }
        out.narrate("paxos/majority", || format!("{slot} is chosen"));
        true
    }

    /// Delivers the chosen slots at the front; whether there were any.
    fn deliver_chosen(&mut self, now: LocalTime, out: &mut Out) -> bool {
        let before = self.learner.delivered();
        while let Some((slot, entry)) = self.take_chosen() {
            self.deliver(slot, entry, out);
        }
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader delivers by its quorums") };
        assert_eq!(leader.base, self.learner.next());
        if self.learner.delivered() == before {
            return false;
        }
        leader.reads.answer_log(self.learner.delivered(), out);
        if leader.flight.is_empty() {
            leader.resend_at = LocalTime::NEVER;
            leader.announce_at = now + self.config.grace;
        }
        true
    }

    /// The slot at the front of those in flight, if it is chosen.
    fn take_chosen(&mut self) -> Option<(Slot, SharedEntry)> {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader has slots in flight") };
        let flight = leader.flight.pop_front_if(|front| front.chosen)?;
        let slot = leader.base;
        leader.base = slot.next();
        Some((slot, flight.entry.expect("holes are not chosen")))
    }

    /// Whichever of the leader's timers is due.
    pub(crate) fn on_leader_deadline(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Leader(leader) = &self.role else { panic!("only a leader has these timers") };
        let (heartbeat, announce) = (leader.heartbeat_at <= now, leader.announce_at <= now);
        let (resend, repeat) = (leader.resend_at <= now, leader.reads.repeat_at() <= now);
        if heartbeat || announce || repeat {
            let token = leader.reads.token_asked();
            self.send_heartbeats(now, token, out);
        }
        if resend {
            self.resend_accepts(now, out);
        }
    }

    /// Tells everybody who leads, and what is chosen.
    pub(crate) fn send_heartbeats(&mut self, now: LocalTime, token: u64, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader is heard") };
        leader.heartbeat_at = now + self.config.heartbeat;
        leader.announce_at = LocalTime::NEVER;
        leader.reads.asked(now + self.config.resend);
        let (ballot, chosen) = (leader.ballot, self.learner.delivered());
        let lease = if leader.reads.wants_lease(self.config.lease) { now } else { LocalTime(0) };
        for to in self.members.everyone_but(self.node) {
            out.send(to, Message::Heartbeat { ballot, chosen, token, lease });
        }
    }

    /// Repeats, from the oldest slot on, the accepts that were not answered in time, to those who did not answer.
    fn resend_accepts(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Leader(leader) = &mut self.role else { panic!("only a leader repeats accepts") };
        let (ballot, chosen) = (leader.ballot, self.learner.delivered());
        let slots = (leader.base.0..).map(Slot);
        let late = slots
            .zip(leader.flight.iter_mut())
            .filter(|(_, flight)| !flight.chosen && flight.sent_at + self.config.resend <= now)
            .take(RESEND_MAX);
        for (slot, flight) in late {
            let Some(entry) = &flight.entry else { continue };
            flight.sent_at = now;
            // A thrifty leader does not know who is there: it asks everybody for a while.
            leader.wide_until = now + self.config.timeout_min;
            leader.answered = flight.votes.from();
            let silent = NodeSet(flight.votes.from().0 | leader.nacked.0);
            for to in self.members.others(self.node).filter(|to| !silent.contains(*to)) {
                out.reached(gates::ACCEPT_RESENT);
                out.send(to, Message::Accept { ballot, slot, chosen, entry: entry.clone() });
            }
        }
        leader.resend_at = now + self.config.resend;
    }
}
