//! What a node's disk says in neutral words: the image that claims are judged against.
//!
//! The image holds every record written, durable or not, each with its number; it can answer "as of write w" for any
//! `w` from the durable one to the newest. What a later record overwrote or cut is kept aside until that later record
//! is durable, because until then an answer as of an earlier write may need it. A crash rebuilds the image from what
//! the disk kept.

use std::collections::{BTreeMap, VecDeque};

use replica::digest::chain;
use replica::{Claim, Fact, NodeId, Round, Slot, WriteId};

/// An accepted entry, and the hash chain of the log up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Accepted {
    slot: Slot,
    round: Round,
    digest: u64,
    chain: u64,
    id: WriteId,
}

/// A value that only grows, with the writes that are on their way.
#[derive(Clone, Debug, Default)]
struct Growing {
    /// The value as of the durable image.
    durable: Round,
    /// Later values, in order of write. Pruned as they harden.
    pending: VecDeque<(WriteId, Round)>,
}

impl Growing {
    fn newest(&self) -> Round {
        self.pending.back().map_or(self.durable, |&(_, round)| round)
    }

    fn as_of(&self, write: WriteId) -> Round {
        self.pending.iter().rev().find(|&&(id, _)| id <= write).map_or(self.durable, |&(_, round)| round)
    }

    fn harden(&mut self, upto: WriteId) {
        while let Some(&(id, round)) = self.pending.front()
            && id <= upto
        {
            self.durable = round;
            self.pending.pop_front();
        }
    }
}

/// The image of one node's disk.
#[derive(Clone, Debug, Default)]
pub struct Image {
    genesis: bool,
    durable: WriteId,
    promised: Growing,
    epoch: Growing,
    votes: BTreeMap<Round, (NodeId, WriteId)>,
    /// The log in order of slot.
    log: Vec<Accepted>,
    /// What a record not yet durable took out of the log: (that record, what it took).
    undo: VecDeque<(WriteId, Accepted)>,
}

/// A fact that contradicts what the disk said before.
pub type Regression = String;

impl Image {
    /// Whether the disk belongs to a member.
    pub fn is_member(&self) -> bool {
        self.genesis
    }

    /// The highest round promised, durable or on its way.
    pub fn promised(&self) -> Round {
        self.promised.newest()
    }

    /// The last slot of the log, durable or on its way.
    pub fn last_slot(&self) -> Slot {
        self.log.last().map_or(Slot::ZERO, |entry| entry.slot)
    }

    /// A record with this fact was written. The error says which promise it breaks.
    pub fn write(&mut self, id: WriteId, fact: Fact) -> Result<(), Regression> {
        match fact {
            Fact::Genesis => self.genesis = true,
            Fact::Promised { round } => return self.promise(id, round),
            Fact::Voted { round, candidate } => return self.vote(id, round, candidate),
            Fact::Epoch { round } => {
                let before = self.epoch.newest();
                self.epoch.pending.push_back((id, round));
                if round < before {
                    return Err(format!("epoch {round} adopted after epoch {before}"));
                }
            }
            Fact::Accepted { slot, round, digest } => self.accept(id, slot, round, digest),
            Fact::Cut { after } => {
                let keep = self.log.partition_point(|entry| entry.slot <= after);
                let cut = self.log.drain(keep..);
                self.undo.extend(cut.map(|entry| (id, entry)));
            }
            // The log below a snapshot stays in the image: what it held is still true of the node.
            Fact::Snapshot { .. } | Fact::Leads { .. } => {}
        }
        Ok(())
    }

    fn promise(&mut self, id: WriteId, round: Round) -> Result<(), Regression> {
        let before = self.promised.newest();
        if round != before {
            self.promised.pending.push_back((id, round));
        }
        if round < before { Err(format!("round {round} promised after round {before}")) } else { Ok(()) }
    }

    fn vote(&mut self, id: WriteId, round: Round, candidate: NodeId) -> Result<(), Regression> {
        match self.votes.insert(round, (candidate, id)) {
            Some((before, _)) if before != candidate => {
                Err(format!("the vote of round {round} went to {before} and then to {candidate}"))
            }
            _ => Ok(()),
        }
    }

    fn accept(&mut self, id: WriteId, slot: Slot, round: Round, digest: u64) {
        let entry =
            |before| Accepted { slot, round, digest, chain: chain(before, slot.0, round.0, digest), id };
        let last = self.log.last();
        if last.is_none_or(|last| last.slot < slot) {
            let before = last.map_or(0, |last| last.chain);
            self.log.push(entry(before));
            return;
        }
        // Out of order or over another entry: only a log with holes does it, and no prefix is ever claimed of that.
        match self.find(slot) {
            Ok(place) => {
                let old = self.log[place];
                if self.durable < id {
                    self.undo.push_back((id, old));
                }
                self.log[place] = entry(old.chain);
            }
            Err(place) => self.log.insert(place, entry(0)),
        }
    }

    fn find(&self, slot: Slot) -> Result<usize, usize> {
        // Slots are dense in most logs: guess, then search.
        if let Some(first) = self.log.first()
            && let Some(guess) = slot.0.checked_sub(first.slot.0)
            && self.log.get(guess as usize).is_some_and(|entry| entry.slot == slot)
        {
            return Ok(guess as usize);
        }
        self.log.binary_search_by_key(&slot, |entry| entry.slot)
    }

    /// Records up to `upto` are durable.
    pub fn harden(&mut self, upto: WriteId) {
        self.durable = upto;
        self.promised.harden(upto);
        self.epoch.harden(upto);
        while self.undo.front().is_some_and(|&(by, _)| by <= upto) {
            self.undo.pop_front();
        }
    }

    /// Starts over from what a disk kept, all of it durable.
    pub fn rebuild(&mut self, facts: impl Iterator<Item = (WriteId, Fact)>) {
        *self = Image { durable: WriteId(u64::MAX), ..Image::default() };
        let mut last = WriteId::ZERO;
        for (id, fact) in facts {
            // A regression was reported when it was written.
            let _ = self.write(id, fact);
            last = id;
        }
        self.harden(last);
    }

    /// Whether a claim is true of the durable image.
    pub fn holds_now(&self, claim: Claim) -> bool {
        self.holds(claim, self.durable)
    }

    /// Whether a claim is true of the image as of `write`, `durable <= write`.
    pub fn holds(&self, claim: Claim, write: WriteId) -> bool {
        match claim {
            Claim::Promised { round } => round <= self.promised.as_of(write),
            Claim::Epoch { round } => round <= self.epoch.as_of(write),
            Claim::Voted { round, candidate } => {
                self.votes.get(&round).is_some_and(|&(whom, id)| whom == candidate && id <= write)
            }
            Claim::Accepted { slot, round, digest } => self.any_at(slot, write, |entry| {
                entry.round == round && digest.is_none_or(|digest| digest == entry.digest)
            }),
            Claim::Prefix { slot: Slot::ZERO, .. } => true,
            Claim::Prefix { slot, chain } => self.any_at(slot, write, |entry| entry.chain == chain),
            Claim::Report { from, count, chain } => self.report_matches(from, count, chain, write),
        }
    }

    /// Whether the entry that stood at `slot` as of `write` is as described.
    fn any_at(&self, slot: Slot, write: WriteId, is: impl Fn(&Accepted) -> bool) -> bool {
        if let Ok(place) = self.find(slot)
            && self.log[place].id <= write
        {
            return is(&self.log[place]);
        }
        let then =
            |&&(by, ref entry): &&(WriteId, Accepted)| write < by && entry.slot == slot && entry.id <= write;
        self.undo.iter().find(then).is_some_and(|(_, entry)| is(entry))
    }

    fn report_matches(&self, from: Slot, count: u32, expected: u64, write: WriteId) -> bool {
        let start = self.log.partition_point(|entry| entry.slot < from);
        let report = |entries: &mut dyn Iterator<Item = &Accepted>| {
            entries.fold((0, 0), |(n, hash), entry| {
                (n + 1, chain(hash, entry.slot.0, entry.round.0, entry.digest))
            })
        };
        let then: (u32, u64) = if self.undo.is_empty() {
            report(&mut self.log[start..].iter().filter(|entry| entry.id <= write))
        } else {
            let mut log: BTreeMap<Slot, &Accepted> = BTreeMap::new();
            let current = self.log[start..].iter().filter(|entry| entry.id <= write);
            log.extend(current.map(|entry| (entry.slot, entry)));
            for (by, entry) in self.undo.iter().rev() {
                if write < *by && entry.id <= write && from <= entry.slot {
                    log.insert(entry.slot, entry);
                }
            }
            report(&mut log.into_values())
        };
        then == (count, expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(slot: u64, round: u64) -> Fact {
        Fact::Accepted { slot: Slot(slot), round: Round(round), digest: slot * 100 + round }
    }

    fn claims(slot: u64, round: u64) -> Claim {
        Claim::Accepted { slot: Slot(slot), round: Round(round), digest: Some(slot * 100 + round) }
    }

    #[test]
    fn a_claim_is_judged_as_of_the_write_it_waited_for() {
        let mut image = Image::default();
        image.write(WriteId(1), accepted(1, 1)).unwrap();
        image.write(WriteId(2), accepted(1, 2)).unwrap();
        assert!(!image.holds_now(claims(1, 1)), "nothing is durable yet");
        assert!(image.holds(claims(1, 1), WriteId(1)), "one sync hardens an accept and its overwrite: legal");
        assert!(!image.holds(claims(1, 2), WriteId(1)));
        assert!(image.holds(claims(1, 2), WriteId(2)));
        image.harden(WriteId(2));
        assert!(image.holds_now(claims(1, 2)));
        assert!(!image.holds_now(claims(1, 1)));
    }

    #[test]
    fn a_cut_is_undone_for_claims_from_before_it() {
        let mut image = Image::default();
        image.write(WriteId(1), accepted(1, 1)).unwrap();
        image.write(WriteId(2), accepted(2, 1)).unwrap();
        image.harden(WriteId(2));
        image.write(WriteId(3), Fact::Cut { after: Slot(1) }).unwrap();
        assert!(image.holds_now(claims(2, 1)), "the cut is not durable");
        assert!(!image.holds(claims(2, 1), WriteId(3)));
        image.harden(WriteId(3));
        assert!(!image.holds_now(claims(2, 1)));
    }

    #[test]
    fn promises_and_votes_do_not_regress() {
        let mut image = Image::default();
        assert!(image.write(WriteId(1), Fact::Promised { round: Round(3) }).is_ok());
        assert!(image.write(WriteId(2), Fact::Promised { round: Round(2) }).is_err());
        let vote = |candidate| Fact::Voted { round: Round(3), candidate: NodeId(candidate) };
        assert!(image.write(WriteId(3), vote(0)).is_ok());
        assert!(image.write(WriteId(4), vote(0)).is_ok());
        assert!(image.write(WriteId(5), vote(1)).is_err());
    }

    #[test]
    fn a_report_must_be_exact() {
        let mut image = Image::default();
        for slot in 1..=4 {
            image.write(WriteId(slot), accepted(slot, 1)).unwrap();
        }
        image.harden(WriteId(4));
        image.write(WriteId(5), accepted(3, 2)).unwrap();
        let report = |entries: &[(u64, u64)]| Claim::Report {
            from: Slot(2),
            count: entries.len() as u32,
            chain: entries.iter().fold(0, |h, &(slot, round)| chain(h, slot, round, slot * 100 + round)),
        };
        assert!(image.holds_now(report(&[(2, 1), (3, 1), (4, 1)])));
        assert!(image.holds(report(&[(2, 1), (3, 2), (4, 1)]), WriteId(5)));
        assert!(!image.holds_now(report(&[(2, 1), (4, 1)])), "a report that omits a slot is a lie");
        assert!(!image.holds_now(report(&[(2, 1), (3, 2), (4, 1)])));
    }
}
