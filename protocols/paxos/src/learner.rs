//! The learner: what is chosen, by the leader's watermark or from another learner, delivered in order. *Paxos Made
//! Simple*, 2.3 (learning a chosen value) and section 3; PMMC, 4.2; *Paxos Made Live*, 5.1 (catch-up).

use alloc::collections::VecDeque;
use alloc::format;

use replica::digest::chain;
use replica::{Few, LocalTime, NodeId, Position, SharedEntry, Slot};

use crate::paxos::{Out, Role};
use crate::{Ballot, Message, Paxos, Record, gates, rules};

/// The most entries in one answer to a catch-up.
const CATCH_UP_MAX: usize = 256;

/// How many slots are delivered between two records that tell how far.
const NOTE_EVERY: u64 = 64;

/// What this node knows to be chosen.
#[derive(Clone)]
pub(crate) struct Learner {
    /// Slots up to this one are delivered, and their values forgotten.
    base: Slot,
    /// The hash chain of the slots up to `base`.
    base_chain: u64,
    /// The chosen values, the first after `base` at index 0, all of them delivered, and the hash chain up to each.
    /// Volatile: a restart begins anew. Kept apart from the acceptor's votes: what was learned from others was never
    /// voted for here, and no promise may report it.
    values: VecDeque<(SharedEntry, u64)>,
    /// Up to here this node's own votes are for the chosen values, or a snapshot covers them.
    backed: Slot,
    /// The newest `backed` that a record tells.
    noted: Slot,
    /// The highest watermark heard from the leader of the highest ballot heard.
    watermark: (Ballot, Slot),
    /// When to ask for what the watermark says is chosen and the own votes cannot tell. Never while they can.
    pub(crate) ask_at: LocalTime,
}

impl Learner {
    /// A learner whose state machine is at `base`.
    pub(crate) fn new(base: Slot, base_chain: u64) -> Learner {
        Learner {
            base,
            base_chain,
            values: VecDeque::new(),
            backed: base,
            noted: base,
            watermark: (Ballot::ZERO, Slot::ZERO),
            ask_at: LocalTime::NEVER,
        }
    }

    /// Every slot up to this one is delivered.
    #[inline]
    pub(crate) fn delivered(&self) -> Slot {
        Slot(self.base.0 + self.values.len() as u64)
    }

    /// The first slot that is not.
    #[inline]
    pub(crate) fn next(&self) -> Slot {
        self.delivered().next()
    }

    /// The highest watermark heard from the leader of the highest ballot heard, for people.
    pub(crate) fn watermark(&self) -> (Ballot, Slot) {
        self.watermark
    }

    /// The chosen value of a slot, if it is delivered and kept.
    pub(crate) fn value(&self, slot: Slot) -> Option<&SharedEntry> {
        let index = slot.previous().0.checked_sub(self.base.0)?;
        self.values.get(index as usize).map(|(entry, _)| entry)
    }

    /// The hash chain of the slots up to `slot`, if it is not below what is kept.
    pub(crate) fn chain_at(&self, slot: Slot) -> Option<u64> {
        match slot.0.checked_sub(self.base.0)? {
            0 => Some(self.base_chain),
            n => self.values.get(n as usize - 1).map(|(_, chain)| *chain),
        }
    }

    /// Forgets the values up to `base`.
    pub(crate) fn trim(&mut self, base: Slot) {
        if self.base < base {
            self.base_chain = self.chain_at(base).expect("only what is delivered is trimmed");
            self.values.drain(..(base.0 - self.base.0) as usize);
            self.base = base;
        }
    }

    /// The state machine is replaced by a snapshot of `slot`.
    pub(crate) fn restore(&mut self, slot: Slot, chain: u64) {
        assert!(self.delivered() < slot, "a snapshot brings a node forward");
        let (watermark, ask_at) = (self.watermark, self.ask_at);
        *self = Learner { watermark, ask_at, ..Learner::new(slot, chain) };
    }

    /// Takes the next slot's value. `voted`: whether this node's own vote is for it.
    #[inline]
    fn take(&mut self, slot: Slot, entry: SharedEntry, voted: bool) {
        assert_eq!(slot, self.next(), "slots are delivered in order");
        if voted && self.backed == self.delivered() {
            self.backed = slot;
        }
        let before = self.values.back().map_or(self.base_chain, |(_, chain)| *chain);
        let chain = chain(before, slot.0, 0, entry.digest());
        self.values.push_back((entry, chain));
    }

    pub(crate) fn forget_watermark(&mut self) {
        self.watermark = (Ballot::ZERO, Slot::ZERO);
        self.ask_at = LocalTime::NEVER;
    }
}

impl Paxos {
    /// Delivers the next slot. A slot is a position: no-ops are delivered too.
    #[inline]
    pub(crate) fn deliver(&mut self, slot: Slot, entry: SharedEntry, out: &mut Out) {
        let voted = self.is_voter()
            && self.acceptor.vote(slot).is_some_and(|cast| cast.entry.digest() == entry.digest());
        self.learner.take(slot, entry.clone(), voted);
        out.deliver(slot, Position(slot.0), entry);
        if self.learner.noted.0 + NOTE_EVERY <= self.learner.backed.0 {
            self.learner.noted = self.learner.backed;
            out.write(Record::Chosen { slot: self.learner.backed });
        }
    }

    /// At boot: delivers what the own votes are known to be chosen of.
    pub(crate) fn deliver_noted(&mut self, noted: Slot, out: &mut Out) {
        self.learner.noted = noted;
        while self.learner.next() <= noted {
            let slot = self.learner.next();
            let Some(cast) = self.acceptor.vote(slot) else {
                return assert!(!self.config.rules.is_whole(), "a watermark speaks of own votes");
            };
            let entry = cast.entry.clone();
            self.deliver(slot, entry, out);
        }
    }

    /// The leader of `ballot` says that every slot up to `chosen` is chosen.
    #[inline]
    pub(crate) fn hear_chosen(&mut self, now: LocalTime, ballot: Ballot, chosen: Slot, out: &mut Out) {
        if !matches!(self.role, Role::Follower(_)) {
            // A mutant may vote for another proposer without following it.
            return assert!(!self.config.rules.is_whole());
        }
        let known = &mut self.learner.watermark;
        // Watermarks arrive in any order; one of a lower ballot says nothing about votes at this one.
        *known = match known.0.cmp(&ballot) {
            core::cmp::Ordering::Less => (ballot, chosen),
            core::cmp::Ordering::Equal => (ballot, known.1.max(chosen)),
            core::cmp::Ordering::Greater => return,
        };
        self.learn(now, out);
    }

    /// Delivers what the watermark and the own votes together tell.
    ///
    /// A vote below the watermark is the chosen value only if it was cast at the watermark's own ballot: its leader
    /// proposed one value a slot, and knows that one to be chosen. A vote of another ballot may have lost: A votes x
    /// in ballot 1; ballot 2 never hears of it and chooses y; A hears "chosen up to here" from ballot 2 while the
    /// accept of y is still on its way. Such a slot is asked for.
    #[inline]
    pub(crate) fn learn(&mut self, now: LocalTime, out: &mut Out) {
        let (ballot, chosen) = self.learner.watermark;
        while self.learner.next() <= chosen {
            let slot = self.learner.next();
            let Some(cast) = self.acceptor.vote(slot) else { break };
            if cast.ballot != ballot && self.config.rules.obeys(rules::LEARN_SAME_BALLOT) {
                out.reached(gates::OTHER_BALLOT);
                break;
            }
            let entry = cast.entry.clone();
            self.deliver(slot, entry, out);
        }
        if chosen <= self.learner.delivered() {
            self.learner.ask_at = LocalTime::NEVER;
        } else if self.learner.ask_at == LocalTime::NEVER {
            // Not at once: the accept may be right behind.
            self.learner.ask_at = now + self.config.grace;
        }
    }

    /// The gap has lasted.
    pub(crate) fn on_gap_deadline(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Follower(follower) = &self.role else { panic!("only a follower asks") };
        self.learner.ask_at = match follower.leader {
            // A snapshot is on its way here, and covers it.
            Some(_) if self.snapshots.installing() => now + self.config.heartbeat,
            Some(leader) => {
                let from = self.learner.next();
                out.narrate("paxos/learn-same-ballot", || {
                    format!("asks {leader} for what is chosen from {from} on")
                });
                out.send(leader, Message::CatchUp { from });
                now + self.config.heartbeat
            }
            // Nobody to ask: the next leader's watermark brings the question up again.
            None => LocalTime::NEVER,
        };
    }

    /// Somebody asks what was chosen. Whoever knows may answer, whatever its role.
    pub(crate) fn on_catch_up(&mut self, from: NodeId, first: Slot, out: &mut Out) {
        assert_ne!(first, Slot::ZERO);
        let chosen = self.learner.delivered();
        if chosen < first {
            return out.narrate("", || format!("knows nothing that {from} does not"));
        }
        let Some(skip) = first.previous().0.checked_sub(self.learner.base.0) else {
            out.reached(gates::BELOW_TRIM);
            return self.offer_snapshot(from, Ballot::ZERO, out);
        };
        let values = self.learner.values.iter().skip(skip as usize);
        let entries: Few<SharedEntry> = values.take(CATCH_UP_MAX).map(|(entry, _)| entry.clone()).collect();
        out.send(from, Message::Chosen { from: first, chosen, entries });
    }

    /// Chosen values, from another learner.
    pub(crate) fn on_chosen(
        &mut self,
        now: LocalTime,
        from: NodeId,
        first: Slot,
        chosen: Slot,
        entries: &[SharedEntry],
        out: &mut Out,
    ) {
        assert_ne!(first, Slot::ZERO);
        // A leader delivers by its own quorums only, so that its watermark at ballot b speaks of values chosen at b or
        // before it. Were it to learn from a late answer that slot s was chosen above b, its watermark would cover s,
        // and a follower with its losing vote (b, s) would deliver that.
        if let Role::Leader(_) = self.role {
            return out.narrate("paxos/learn-same-ballot", || format!("leads: learns nothing from {from}"));
        }
        let known = self.learner.next();
        for (slot, entry) in (first.0..).map(Slot).zip(entries) {
            if slot == self.learner.next() {
                out.reached(gates::CAUGHT_UP);
                self.deliver(slot, entry.clone(), out);
            }
        }
        if known == self.learner.next() {
            return out.narrate("", || format!("knew what {from} tells, or misses what comes before it"));
        }
        if let Role::Candidate(_) = self.role {
            self.ask_for_trimmed(out);
            self.lead_if_ready(now, out);
        } else if let Role::Follower(_) = self.role {
            self.learn(now, out);
            if self.learner.ask_at != LocalTime::NEVER && self.learner.next() <= chosen {
                // It was a part of the answer: ask for the next.
                self.on_gap_deadline(now, out);
            }
        }
    }
}
