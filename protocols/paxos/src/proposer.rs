//! The proposer's phase 1, once for all open slots: prepare, promise, and what a new leader inherits. *Paxos Made
//! Simple*, 2.2 (phase 1, P2c) and section 3 (a new leader's phase 1 for infinitely many instances; no-ops in gaps).

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

use replica::{Entry, LocalTime, NodeId, SharedEntry, Slot, WriteId};

use crate::acceptor::Cast;
use crate::paxos::{Out, Role};
use crate::tally::Tally;
use crate::{Ballot, Message, Paxos, Vote, gates, rules};

/// A proposer in phase 1.
#[derive(Clone)]
pub(crate) struct Candidate {
    /// Its ballot: what its own acceptor has promised last.
    pub(crate) ballot: Ballot,
    /// The first slot asked about: the first undelivered one when phase 1 began.
    pub(crate) from: Slot,
    /// The record by which its own acceptor promised the ballot.
    reserved: WriteId,
    /// Who has promised. The node itself once `reserved` is durable.
    pub(crate) promises: Tally,
    /// The vote of the highest ballot reported in each slot, `from` at index 0.
    pub(crate) reported: VecDeque<Option<Cast>>,
    /// Who has reported a part of its votes, and from which slot on the next part is.
    partial: Vec<(NodeId, Slot)>,
    /// The highest slot that somebody has trimmed, and who: this node must have delivered it before it leads.
    trimmed: Option<(Slot, NodeId)>,
    /// The ballot whose leader handed its office over to this one, or zero.
    pub(crate) released: Ballot,
    /// When to ask those again who have not answered.
    pub(crate) repeat_at: LocalTime,
}

impl Candidate {
    pub(crate) fn new(ballot: Ballot, from: Slot, reserved: WriteId, repeat_at: LocalTime) -> Candidate {
        assert_ne!(from, Slot::ZERO);
        let (promises, reported) = (Tally::default(), VecDeque::new());
        let (partial, trimmed) = (Vec::new(), None);
        Candidate {
            ballot,
            from,
            reserved,
            promises,
            reported,
            partial,
            trimmed,
            released: Ballot::ZERO,
            repeat_at,
        }
    }

    /// From which slot on `node` has not reported yet.
    fn wanted_of(&self, node: NodeId) -> Slot {
        self.partial.iter().find(|(who, _)| *who == node).map_or(self.from, |(_, next)| *next)
    }
}

impl Paxos {
    /// P1a to all who have not promised yet. "A proposer chooses a new proposal number n and sends a request to each
    /// member of some set of acceptors."
    pub(crate) fn send_prepares(&self, out: &mut Out) {
        let Role::Candidate(candidate) = &self.role else { panic!("only a candidate prepares") };
        for to in self.members.others(self.node).filter(|to| !candidate.promises.from().contains(*to)) {
            candidate.prepare(to, self.config.rules, out);
        }
    }

    /// A candidate nobody pre-empted asks again, in the same ballot: a cut-off node burns no ballots.
    pub(crate) fn on_candidate_deadline(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Candidate(candidate) = &mut self.role else { panic!("only a candidate repeats") };
        if now < candidate.repeat_at {
            return;
        }
        candidate.repeat_at = now + self.config.heartbeat;
        self.send_prepares(out);
        self.ask_for_trimmed(out);
    }

    /// The own promise is durable: it counts now.
    pub(crate) fn on_reservation_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out) {
        let Role::Candidate(candidate) = &self.role else { panic!("only a candidate reserves") };
        if candidate.reserved <= upto {
            self.count_own_promise(now, out);
        }
    }

    pub(crate) fn count_own_promise(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Candidate(candidate) = &mut self.role else { panic!("only a candidate counts promises") };
        if candidate.promises.from().contains(self.node) {
            return;
        }
        candidate.promises.count(self.node, self.config.rules);
        self.lead_if_ready(now, out);
    }

    /// Leads once a quorum has promised and what any of it has trimmed is delivered here.
    pub(crate) fn lead_if_ready(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Candidate(candidate) = &self.role else { panic!("only a candidate becomes leader") };
        let lacks = candidate.trimmed.is_some_and(|(slot, _)| self.learner.delivered() < slot);
        if !lacks && candidate.promises.reaches(self.quorums.q1, &self.members) {
            self.become_leader(now, out);
        }
    }

    /// Slots that somebody trimmed are chosen, and no promise tells their values: they are learned, as a whole if need
    /// be. Left out, they would look like holes, and no-ops would be proposed there.
    pub(crate) fn ask_for_trimmed(&mut self, out: &mut Out) {
        let Role::Candidate(candidate) = &self.role else { panic!("only a candidate lacks trimmed slots") };
        let from = self.learner.next();
        if let Some((_, who)) = candidate.trimmed.filter(|(slot, _)| from <= *slot)
            && !self.snapshots.installing()
        {
            out.narrate("paxos/trimmed-transfer", || format!("asks {who} for what is chosen from {from} on"));
            out.send(who, Message::CatchUp { from });
        }
    }

    /// P1b.
    pub(crate) fn on_promise(&mut self, now: LocalTime, from: NodeId, promise: Promised<'_>, out: &mut Out) {
        let Promised { ballot, first, trimmed, votes, next } = promise;
        let rules = self.config.rules;
        let Role::Candidate(candidate) = &mut self.role else {
            // The quorum is there already, or the candidacy is over.
            out.reached(gates::STALE_PROMISE);
            return out.narrate("paxos/promise-exact", || format!("needs no promise of {ballot} by {from}"));
        };
        if ballot != candidate.ballot && rules.obeys(rules::PROMISE_EXACT) {
            out.reached(gates::STALE_PROMISE);
            let asked = candidate.ballot;
            return out.narrate("paxos/promise-exact", || {
                format!("does not count the promise of {ballot} by {from}: it asked for {asked}")
            });
        }
        if ballot == candidate.ballot && first != candidate.wanted_of(from) {
            return out.narrate("paxos/report-all", || {
                format!("has, or misses, other parts of the report of {from}")
            });
        }
        if next != Slot::ZERO && !candidate.promises.from().contains(from) {
            out.reached(gates::REPORT_IN_PARTS);
            candidate.hear_trimmed(trimmed, from, rules);
            for vote in votes {
                candidate.hear(vote, rules, out);
            }
            candidate.partial.retain(|(who, _)| *who != from);
            candidate.partial.push((from, next));
            return candidate.prepare(from, rules, out);
        }
        if !candidate.promises.count(from, rules) {
            out.reached(gates::STALE_PROMISE);
            return out.narrate("paxos/count-once", || format!("has counted the promise of {from} already"));
        }
        self.counted += 1;
        candidate.hear_trimmed(trimmed, from, rules);
        for vote in votes {
            candidate.hear(vote, rules, out);
        }
        self.ask_for_trimmed(out);
        self.lead_if_ready(now, out);
    }

    /// Somebody has promised a higher ballot.
    pub(crate) fn on_nack(&mut self, now: LocalTime, from: NodeId, ballot: Ballot, out: &mut Out) {
        self.highest = self.highest.max(ballot);
        let own = match &self.role {
            Role::Candidate(candidate) => candidate.ballot,
            Role::Leader(leader) => leader.ballot,
            Role::Follower(_) | Role::Unformed => {
                return out.narrate("", || format!("ignores the nack of {from}: it proposes nothing"));
            }
        };
        if ballot <= own {
            return out.narrate("", || format!("ignores the nack of {from}: {ballot} is not above {own}"));
        }
        if let Role::Leader(leader) = &mut self.role
            && leader.survives_nack(now, from, (self.quorums.q2, self.config.timeout_min), &self.members)
        {
            return out.narrate("", || format!("leads on: {from} promised {ballot}, and a quorum is left"));
        }
        self.preempt(now, ballot, None, out);
    }

    /// What is to be proposed first, from the first undelivered slot on: a value for every slot in which a quorum
    /// reported a vote, a no-op in each hole between. `None` is a hole left open, which only a mutant does.
    pub(crate) fn inherit(
        &self,
        from: Slot,
        mut reported: VecDeque<Option<Cast>>,
        out: &mut Out,
    ) -> VecDeque<Option<SharedEntry>> {
        let rules = self.config.rules;
        // The own acceptor is a member of the quorum. It has voted for nothing since it promised.
        for (slot, own) in self.acceptor.votes_from(from) {
            let heard = at(&mut reported, from, slot);
            match heard {
                Some(other) if !takes_precedence(own.ballot, other.ballot, rules) => {}
                _ => *heard = Some(own.clone()),
            }
        }
        // Slots that were learned during phase 1 are chosen and done with: nothing is proposed there.
        let learned = self.learner.next().0 - from.0;
        let open = (from.0 + learned..).map(Slot).zip(reported.into_iter().skip(learned as usize));
        open.map(|(slot, heard)| match heard {
            Some(cast) => {
                if self.acceptor.vote(slot).is_none_or(|own| own.entry.digest() != cast.entry.digest()) {
                    out.reached(gates::VALUE_FROM_PROMISE);
                }
                Some(cast.entry)
            }
            None if rules.obeys(rules::FILL_HOLES) => {
                out.reached(gates::HOLE_FILLED);
                out.narrate("paxos/fill-holes", || format!("fills the hole at {slot} with a no-op"));
                Some(Entry::noop(self.node))
            }
            None => None,
        })
        .collect()
    }
}

/// A promise as it arrives.
#[derive(Clone, Copy)]
pub(crate) struct Promised<'a> {
    pub(crate) ballot: Ballot,
    /// The slot that was asked for.
    pub(crate) first: Slot,
    pub(crate) trimmed: Slot,
    pub(crate) votes: &'a [Vote],
    /// Where the report goes on, or zero.
    pub(crate) next: Slot,
}

impl Candidate {
    /// P1a, for what `to` has not reported yet.
    fn prepare(&self, to: NodeId, rules: replica::Rules, out: &mut Out) {
        let prepare =
            Message::Prepare { ballot: self.ballot, from: self.wanted_of(to), released: self.released };
        if rules.obeys(rules::RESERVE_DURABLE) {
            out.send_after(to, prepare, self.reserved);
        } else {
            out.send(to, prepare);
        }
    }

    /// An acceptor has trimmed up to `trimmed`.
    fn hear_trimmed(&mut self, trimmed: Slot, from: NodeId, rules: replica::Rules) {
        let news = self.trimmed.is_none_or(|(slot, _)| slot < trimmed);
        if news && self.from <= trimmed && rules.obeys(rules::TRIMMED_TRANSFER) {
            self.trimmed = Some((trimmed, from));
        }
    }

    /// P2c: "the value of the highest-numbered proposal among the responses".
    fn hear(&mut self, vote: &Vote, rules: replica::Rules, out: &mut Out) {
        if vote.slot < self.from || !rules.obeys(rules::CONSULT) {
            assert!(!rules.is_whole(), "nobody was asked about {}", vote.slot);
            return;
        }
        let heard = at(&mut self.reported, self.from, vote.slot);
        if let Some(other) = heard {
            if other.entry.digest() != vote.entry.digest() {
                out.reached(gates::REPORTS_DIFFER);
            }
            if !takes_precedence(vote.ballot, other.ballot, rules) {
                return;
            }
        }
        *heard = Some(Cast { ballot: vote.ballot, entry: vote.entry.clone() });
    }
}

/// Whether a vote in `ballot` decides a slot, against one in `other`.
fn takes_precedence(ballot: Ballot, other: Ballot, rules: replica::Rules) -> bool {
    if rules.obeys(rules::P2C) { other < ballot } else { ballot < other }
}

/// The place of `slot` among reports that begin at `from`, made if need be.
fn at(reported: &mut VecDeque<Option<Cast>>, from: Slot, slot: Slot) -> &mut Option<Cast> {
    assert!(from <= slot);
    let index = (slot.0 - from.0) as usize;
    if reported.len() <= index {
        reported.resize_with(index + 1, || None);
    }
    &mut reported[index]
}
