//! The acceptor: promises and votes. *Paxos Made Simple*, 2.2, phases 1(b) and 2(b), and 2.5 on stable storage.

use alloc::collections::VecDeque;
use alloc::format;

use replica::{Few, LocalTime, NodeId, SharedEntry, Slot, Span, WriteId};

use crate::paxos::{Out, Role};
use crate::{Ballot, Message, Paxos, Record, Vote, gates, rules};

/// What this node has promised and accepted.
#[derive(Clone, Default)]
pub(crate) struct Acceptor {
    /// Nothing below it is promised or accepted any more.
    promised: Ballot,
    /// Every slot up to this one is trimmed: chosen, and covered by a snapshot of this node.
    base: Slot,
    /// The newest vote in each slot, the first after `base` at index 0; the last one is always there.
    votes: VecDeque<Option<Cast>>,
    /// Votes on their way to the disk. Kept by the mutant without `report-current` alone, which does not report them.
    fresh: VecDeque<(WriteId, Slot)>,
}

/// A vote cast: the value, and the ballot it was accepted in.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) ballot: Ballot,
    pub(crate) entry: SharedEntry,
}

impl Acceptor {
    pub(crate) fn promised(&self) -> Ballot {
        self.promised
    }

    /// The last slot that is trimmed.
    pub(crate) fn base(&self) -> Slot {
        self.base
    }

    /// The last slot with a vote, or trimmed.
    pub(crate) fn last(&self) -> Slot {
        Slot(self.base.0 + self.votes.len() as u64)
    }

    /// The newest vote in a slot.
    #[inline]
    pub(crate) fn vote(&self, slot: Slot) -> Option<&Cast> {
        let index = slot.previous().0.checked_sub(self.base.0)?;
        self.votes.get(index as usize)?.as_ref()
    }

    /// All votes from a slot on, in order.
    pub(crate) fn votes_from(&self, first: Slot) -> impl Iterator<Item = (Slot, &Cast)> {
        let (base, skip) = (self.base.0, first.previous().0.saturating_sub(self.base.0) as usize);
        let slots = self.votes.iter().enumerate().skip(skip);
        slots.filter_map(move |(index, cast)| Some((Slot(base + index as u64 + 1), cast.as_ref()?)))
    }

    /// Drops every vote up to `base`.
    pub(crate) fn trim(&mut self, base: Slot) {
        assert!(self.base <= base);
        let gone = (base.0 - self.base.0).min(self.votes.len() as u64);
        self.votes.drain(..gone as usize);
        self.base = base;
    }

    /// Records up to `upto` are durable.
    #[inline]
    pub(crate) fn harden(&mut self, upto: WriteId) {
        while self.fresh.pop_front_if(|(write, _)| *write <= upto).is_some() {}
    }

    /// Whether a promise reports the vote in a slot.
    fn reports(&self, slot: Slot) -> bool {
        self.fresh.iter().all(|(_, fresh)| *fresh != slot)
    }

    pub(crate) fn promise(&mut self, ballot: Ballot) {
        self.promised = ballot;
    }

    #[inline]
    pub(crate) fn accept(&mut self, promised: Ballot, slot: Slot, cast: Cast) {
        assert!(self.base < slot, "what is trimmed is chosen and done with");
        self.promised = promised;
        let index = (slot.previous().0 - self.base.0) as usize;
        if index == self.votes.len() {
            self.votes.push_back(Some(cast));
            return;
        }
        if self.votes.len() < index {
            self.votes.resize_with(index + 1, || None);
        }
        self.votes[index] = Some(cast);
    }
}

impl Paxos {
    /// P1a. "If an acceptor receives a prepare request with number n greater than that of any prepare request to which
    /// it has already responded, then it responds."
    pub(crate) fn on_prepare(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        (first, released): (Slot, Ballot),
        out: &mut Out,
    ) {
        assert_ne!(first, Slot::ZERO);
        if !self.is_voter() {
            return out.narrate("", || format!("is a learner: promises {from} nothing"));
        }
        self.highest = self.highest.max(ballot);
        let promised = self.acceptor.promised();
        if ballot < promised && self.config.rules.obeys(rules::PROMISE_RISES) {
            out.narrate("paxos/promise-rises", || {
                format!("refuses to promise {ballot}: promised {promised}")
            });
            return out.send(from, Message::Nack { ballot: promised });
        }
        if promised < ballot && self.keeps_lease_from(now, ballot, released) {
            out.reached(gates::LEASE_KEPT);
            return out.narrate("paxos/lease-kept", || {
                format!("promises {from} nothing: its lease to another runs")
            });
        }
        if ballot == promised {
            // A repeated question gets the whole answer again, as of now: it may report votes of this very ballot.
            out.reached(gates::REPEATED_PREPARE);
            return self.send_promise(from, ballot, first, out);
        }
        self.acceptor.promise(ballot);
        out.write(Record::Promise { ballot });
        self.send_promise(from, ballot, first, out);
        match &self.role {
            Role::Candidate(_) | Role::Leader(_) => self.preempt(now, ballot, None, out),
            // A leader was heard in a higher ballot: it is the one to follow, this promise comes too late to matter.
            Role::Follower(follower) if ballot < follower.ballot => {}
            // The candidate gets a full time-out to become leader.
            Role::Follower(_) => self.become_follower(now, None, ballot, Span::ZERO, out),
            Role::Unformed => unreachable!("an unformed node is not stepped"),
        }
    }

    /// P2a. "It accepts the proposal unless it has already responded to a prepare request having a number greater
    /// than n."
    #[inline]
    pub(crate) fn on_accept(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        (slot, entry): (Slot, SharedEntry),
        chosen: Slot,
        out: &mut Out,
    ) {
        assert_ne!(slot, Slot::ZERO);
        self.highest = self.highest.max(ballot);
        let promised = self.acceptor.promised();
        if ballot < promised && self.config.rules.obeys(rules::ACCEPT_ABOVE) {
            out.reached(gates::BELOW_PROMISE);
            out.narrate("paxos/P1a", || format!("refuses ballot {ballot} at {slot}: promised {promised}"));
            return out.send(from, Message::Nack { ballot: promised });
        }
        self.follow(now, from, ballot, out);
        if !self.is_voter() {
            self.note(ballot, slot, entry);
            return self.hear_chosen(now, ballot, chosen, out);
        }
        if slot <= self.acceptor.base() {
            // It was chosen, and its vote is gone: nothing can be voted for. Not silence: the leader lags.
            out.reached(gates::BELOW_TRIM);
            return self.offer_snapshot(from, ballot, out);
        }
        if slot <= self.learner.delivered() && self.votes_against_chosen(slot, &entry) {
            // An old leader whose accept comes late, and who will hear of the new one. Or a proposer that should have
            // known: then this vote may be the one that lets it choose twice.
            out.narrate("paxos/known-chosen", || {
                format!("votes for nothing at {slot}: another value is chosen")
            });
            return self.hear_chosen(now, ballot, chosen, out);
        }
        match self.acceptor.vote(slot) {
            // A repeated accept: the vote stands. It may still wait for the disk, and so does the answer.
            Some(cast) if cast.ballot == ballot => {
                let same = cast.entry.digest() == entry.digest();
                assert!(same || !self.config.rules.is_whole(), "{ballot} proposes twice at {slot}");
            }
            _ => {
                self.cast(ballot, slot, entry, out);
            }
        }
        let accepted = Message::Accepted { ballot, slot };
        if self.config.rules.obeys(rules::ACCEPT_DURABLE) {
            out.send_durable(from, accepted);
        } else {
            out.send(from, accepted);
        }
        self.hear_chosen(now, ballot, chosen, out);
    }

    /// Whether a vote at a slot that is known to be chosen would be for another value.
    fn votes_against_chosen(&self, slot: Slot, entry: &SharedEntry) -> bool {
        let known = self.learner.value(slot);
        self.config.rules.obeys(rules::KNOWN_CHOSEN)
            && known.is_some_and(|value| value.digest() != entry.digest())
    }

    /// A learner remembers what is proposed, in memory only, until the watermark says that it is chosen.
    fn note(&mut self, ballot: Ballot, slot: Slot, entry: SharedEntry) {
        let newer = self.acceptor.vote(slot).is_none_or(|noted| noted.ballot <= ballot);
        if newer && self.learner.delivered() < slot {
            self.acceptor.accept(self.acceptor.promised(), slot, Cast { ballot, entry });
        }
    }

    /// Votes, in memory and by a record on its way to the disk; the record's number.
    #[inline]
    pub(crate) fn cast(&mut self, ballot: Ballot, slot: Slot, entry: SharedEntry, out: &mut Out) -> WriteId {
        let rules = self.config.rules;
        assert!(self.acceptor.promised() <= ballot || !rules.obeys(rules::ACCEPT_ABOVE));
        // A vote is a promise too. Were it not: promised 2, vote (3, v3), then a late (2, v2) would replace v3 after
        // v3 was chosen, and the next proposer would be told v2.
        let promised = match rules.obeys(rules::ACCEPT_RAISES) {
            true => self.acceptor.promised().max(ballot),
            false => self.acceptor.promised(),
        };
        if self.acceptor.vote(slot).is_some_and(|old| old.entry.digest() != entry.digest()) {
            out.reached(gates::VOTE_OVERWRITTEN);
        }
        self.acceptor.accept(promised, slot, Cast { ballot, entry: entry.clone() });
        out.narrate("paxos/accept-raises", || format!("votes at {slot} in ballot {ballot}"));
        let write = out.write(Record::Accept { promised, ballot, slot, entry });
        if !rules.obeys(rules::REPORT_CURRENT) {
            self.acceptor.fresh.push_back((write, slot));
        }
        write
    }

    /// P1b, with every vote at or above `first`. Also votes in slots that are known to be chosen: their values are
    /// news to a proposer that lags, and left out they would look like holes to it. Only so many at once: the
    /// proposer asks for the next part. No vote below the ballot is cast between two parts, since it is promised.
    fn send_promise(&self, to: NodeId, ballot: Ballot, first: Slot, out: &mut Out) {
        let chosen = self.learner.delivered();
        let report_from = match self.config.rules.obeys(rules::REPORT_ALL) {
            true => first,
            false => first.max(chosen.next()),
        };
        let mut held = self.acceptor.votes_from(report_from).filter(|(slot, _)| self.acceptor.reports(*slot));
        let votes: Few<Vote> = (&mut held)
            .take(self.config.report)
            .map(|(slot, cast)| Vote { slot, ballot: cast.ballot, entry: cast.entry.clone() })
            .collect();
        let next = held.next().map_or(Slot::ZERO, |(slot, _)| slot);
        let trimmed = self.acceptor.base();
        out.narrate("paxos/report-all", || {
            format!("promises {ballot} to {to} and reports {} votes from {first} on", votes.len())
        });
        let promise = Message::Promise { ballot, from: first, trimmed, chosen, votes, next };
        // Behind every record so far: the votes reported are as much a part of the answer as the promise is.
        if self.config.rules.obeys(rules::PROMISE_DURABLE) {
            out.send_durable(to, promise);
        } else {
            out.send(to, promise);
        }
    }
}
