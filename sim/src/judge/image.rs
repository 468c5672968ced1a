//! What a node's disk says in neutral words: the image that claims are judged against.
//!
//! The image holds every record written, durable or not, each with its number; it can answer "as of write w" for any
//! `w` from the durable one to the newest. What a later record overwrote or cut is kept aside until that later record
//! is durable, because until then an answer as of an earlier write may need it. A crash rebuilds the image from what
//! the disk kept.
//!
//! A snapshot is the image's *base*: it stands for every slot up to its own. The chain of the log goes on from it, and
//! of a slot below it anything may be claimed that the log kept beside it does not contradict: whatever was there is
//! chosen, and it is the ledger's to say what that was.

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

/// A snapshot that stands for the log up to its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Base {
    slot: Slot,
    chain: u64,
    id: WriteId,
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
    /// Snapshots in order of write: the durable one, then those on their way. None before the first.
    bases: VecDeque<Base>,
    /// What a record not yet durable took out of the log: (that record, what it took).
    undo: VecDeque<(WriteId, Accepted)>,
}

/// A fact that contradicts what the disk said before.
pub type Regression = String;

impl Image {
    /// The newest record that the disk has called durable.
    pub fn durable(&self) -> WriteId {
        self.durable
    }

    /// Whether the disk belongs to a member.
    pub fn is_member(&self) -> bool {
        // Who keeps a snapshot has forgotten the genesis record; nobody but a member has anything to keep.
        self.genesis || !self.bases.is_empty()
    }

    /// The highest round promised, durable or on its way.
    pub fn promised(&self) -> Round {
        self.promised.newest()
    }

    /// The last slot of the log, durable or on its way.
    pub fn last_slot(&self) -> Slot {
        self.last_entry().max(self.base().slot)
    }

    /// The last slot that an entry stands at, whatever a snapshot covers.
    pub fn last_entry(&self) -> Slot {
        self.log.last().map_or(Slot::ZERO, |entry| entry.slot)
    }

    /// The newest snapshot, durable or on its way.
    fn base(&self) -> Base {
        self.bases.back().copied().unwrap_or_default()
    }

    /// The snapshot that stood as of `write`.
    fn base_as_of(&self, write: WriteId) -> Base {
        self.bases.iter().rev().find(|base| base.id <= write).copied().unwrap_or_default()
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
            Fact::Snapshot { slot, chain } => return self.snapshot(id, slot, chain),
            Fact::Leads { .. } => {}
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

    /// The log up to `slot` is in a snapshot. What the log held there stays in the image where it is what the snapshot
    /// says: it is still true of the node. Where it is not, the snapshot took its place.
    fn snapshot(&mut self, id: WriteId, slot: Slot, chain: u64) -> Result<(), Regression> {
        let before = self.base();
        let agrees = self.find(slot).is_ok_and(|place| self.log[place].chain == chain);
        if !agrees {
            let covered = self.log.partition_point(|entry| entry.slot <= slot);
            let covered = self.log.drain(..covered);
            self.undo.extend(covered.map(|entry| (id, entry)));
        }
        self.bases.push_back(Base { slot, chain, id });
        if slot < before.slot {
            return Err(format!("a snapshot up to slot {slot} after one up to slot {}", before.slot));
        }
        Ok(())
    }

    fn accept(&mut self, id: WriteId, slot: Slot, round: Round, digest: u64) {
        let entry =
            |before| Accepted { slot, round, digest, chain: chain(before, slot.0, round.0, digest), id };
        if self.log.last().is_none_or(|last| last.slot < slot) {
            let before = self.chain_before(self.log.len(), slot);
            self.log.push(entry(before));
            return;
        }
        match self.find(slot) {
            // Written again, as before a prefix is forgotten: it was there, and goes on being there.
            Ok(place) if (self.log[place].round, self.log[place].digest) == (round, digest) => {}
            // Out of order or over another entry: only a log with holes does it, and no prefix is ever claimed of that.
            Ok(place) => {
                let old = self.log[place];
                if self.durable < id {
                    self.undo.push_back((id, old));
                }
                self.log[place] = entry(self.chain_before(place, slot));
            }
            Err(place) => self.log.insert(place, entry(0)),
        }
    }

    /// The chain that an entry of `slot` at `place` in the log goes on from: the entry's before it, or the snapshot's.
    fn chain_before(&self, place: usize, slot: Slot) -> u64 {
        let (base, before) = (self.base(), place.checked_sub(1).map(|place| self.log[place]));
        match before {
            Some(before) if slot <= base.slot || base.slot < before.slot => before.chain,
            Some(_) => base.chain,
            None if base.slot < slot => base.chain,
            None => 0,
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
        while 1 < self.bases.len() && self.bases[1].id <= upto {
            self.bases.pop_front();
        }
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
            Claim::Accepted { slot, round, digest } => {
                slot <= self.base_as_of(write).slot
                    || self.any_at(slot, write, |entry| {
                        entry.round == round && digest.is_none_or(|digest| digest == entry.digest)
                    })
            }
            Claim::Prefix { slot: Slot::ZERO, .. } => true,
            Claim::Prefix { slot, chain } => {
                let base = self.base_as_of(write);
                match slot.cmp(&base.slot) {
                    std::cmp::Ordering::Less => true,
                    std::cmp::Ordering::Equal => base.chain == chain,
                    std::cmp::Ordering::Greater => self.any_at(slot, write, |entry| entry.chain == chain),
                }
            }
            Claim::Report { from, count, chain } => {
                // Of the slots below a snapshot the report may be silent.
                let above = Slot(self.base_as_of(write).slot.0 + 1).max(from);
                self.report_matches(from, count, chain, write)
                    || from < above && self.report_matches(above, count, chain, write)
            }
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

    /// The chain of the log that `accepted(1..=slot, 1)` makes.
    fn chained(slot: u64) -> u64 {
        (1..=slot).fold(0, |before, slot| chain(before, slot, 1, slot * 100 + 1))
    }

    fn prefix(slot: u64) -> Claim {
        Claim::Prefix { slot: Slot(slot), chain: chained(slot) }
    }

    #[test]
    fn a_log_goes_on_from_an_installed_snapshot() {
        let mut image = Image::default();
        image.write(WriteId(1), accepted(1, 9)).unwrap();
        image.harden(WriteId(1));
        let installed = Fact::Snapshot { slot: Slot(5), chain: chained(5) };
        image.write(WriteId(2), installed).unwrap();
        image.write(WriteId(3), accepted(6, 1)).unwrap();
        assert!(!image.holds_now(prefix(5)), "the snapshot's record is not durable");
        assert!(image.holds_now(claims(1, 9)), "what it took the place of still is");
        assert!(image.holds(prefix(5), WriteId(2)));
        assert!(!image.holds(Claim::Prefix { slot: Slot(5), chain: 1 }, WriteId(2)));
        assert!(image.holds(prefix(6), WriteId(3)));
        assert!(!image.holds(prefix(6), WriteId(2)));
        image.harden(WriteId(3));
        assert_eq!(image.last_slot(), Slot(6));
        assert!(image.holds_now(prefix(6)));
        assert!(!image.holds_now(prefix(7)));
        assert!(
            image.write(WriteId(4), Fact::Snapshot { slot: Slot(2), chain: 0 }).is_err(),
            "it leads back"
        );
    }

    #[test]
    fn a_disk_that_forgot_a_prefix_still_vouches_for_the_log_above_the_snapshot() {
        let mut image = Image::default();
        for slot in 1..=6 {
            image.write(WriteId(slot), accepted(slot, 1)).unwrap();
        }
        // The snapshot, and what is still needed written again: one entry that it covers, and one above it.
        let kept = [
            (WriteId(7), Fact::Snapshot { slot: Slot(5), chain: chained(5) }),
            (WriteId(8), accepted(5, 1)),
            (WriteId(9), accepted(6, 1)),
        ];
        for (id, fact) in kept {
            image.write(id, fact).unwrap();
        }
        image.harden(WriteId(9));
        for _ in 0..2 {
            assert!(image.is_member());
            assert_eq!(image.last_slot(), Slot(6));
            assert!(image.holds_now(prefix(5)) && image.holds_now(prefix(6)));
            assert!(!image.holds_now(Claim::Prefix { slot: Slot(6), chain: 1 }));
            assert!(!image.holds_now(claims(6, 2)));
            let report = Claim::Report { from: Slot(1), count: 1, chain: chain(0, 6, 1, 601) };
            assert!(image.holds_now(report), "a report may begin above the snapshot");
            image.rebuild(kept.into_iter());
        }
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
