//! What the judge remembers of all servers together: what was proposed, by whom and in which epoch, and what was
//! delivered at which position.

use alloc::vec::Vec;

use replica::digest::chain;
use replica::{NodeId, Round, Slot};

use crate::zxid::{counter, epoch};

/// The history of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Every delivered transaction, its digest, and the hash chain up to it, by position less one.
    delivered: Vec<(Slot, u64, u64)>,
    /// The established epochs, in order of epoch.
    epochs: Vec<Epoch>,
}

#[derive(Clone, Debug)]
struct Epoch {
    round: Round,
    leader: NodeId,
    /// The initial history: how long it is, and its hash chain.
    history: (usize, u64),
    /// The digests of what its primary proposed, by counter less one.
    proposed: Vec<u64>,
    /// How many transactions the primary had delivered when it first proposed.
    delivered_at_first: u64,
}

/// What stands at a position of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing did: it is the next.
    New,
    /// The same transaction.
    Same,
    /// Another one, or nothing although it is not the next.
    Taken,
}

impl Ledger {
    fn find(&self, round: Round) -> Option<&Epoch> {
        // Nearly always the newest.
        self.epochs.iter().rev().find(|epoch| epoch.round == round)
    }

    /// An epoch is established. Who had established it before, if anybody.
    pub(super) fn establish(
        &mut self,
        round: Round,
        leader: NodeId,
        len: usize,
        chain: u64,
    ) -> Option<NodeId> {
        if let Some(before) = self.find(round) {
            return Some(before.leader);
        }
        let place = self.epochs.partition_point(|epoch| epoch.round < round);
        let epoch =
            Epoch { round, leader, history: (len, chain), proposed: Vec::new(), delivered_at_first: 0 };
        self.epochs.insert(place, epoch);
        None
    }

    /// The initial history of an epoch. That of an epoch which nobody established is one that nobody holds.
    pub(super) fn initial_history(&self, round: Round) -> (usize, u64) {
        self.find(round).map_or((usize::MAX, 0), |epoch| epoch.history)
    }

    /// A primary proposes. What is not the next of an epoch that it established is not noted, and so never delivered
    /// in accord with Z2.
    pub(super) fn propose(&mut self, leader: NodeId, zxid: Slot, digest: u64, delivered: u64) {
        let Some(at) = self.epochs.iter().rposition(|known| known.round == epoch(zxid)) else { return };
        let known = &mut self.epochs[at];
        if known.leader == leader && counter(zxid) == known.proposed.len() as u64 + 1 {
            if known.proposed.is_empty() {
                known.delivered_at_first = delivered;
            }
            known.proposed.push(digest);
        }
    }

    /// Whether the primary of its epoch proposed this transaction.
    pub(super) fn is_proposed(&self, zxid: Slot, digest: u64) -> bool {
        let proposed = self.find(epoch(zxid)).map(|epoch| &epoch.proposed);
        counter(zxid) > 0 && proposed.is_some_and(|all| all.get(counter(zxid) as usize - 1) == Some(&digest))
    }

    /// A transaction is delivered.
    pub(super) fn deliver(&mut self, position: u64, zxid: Slot, digest: u64) -> Place {
        match self.delivered.get(position as usize - 1) {
            Some((there, said, _)) if (*there, *said) == (zxid, digest) => Place::Same,
            Some(_) => Place::Taken,
            None if position as usize == self.delivered.len() + 1 => {
                let before = self.delivered.last().map_or(0, |(_, _, chain)| *chain);
                self.delivered.push((zxid, digest, chain(before, zxid.0, epoch(zxid).0, digest)));
                Place::New
            }
            None => Place::Taken,
        }
    }

    /// The hash chain of what is delivered up to a position, if so much is.
    pub(super) fn chain_at(&self, position: u64) -> Option<u64> {
        match position.checked_sub(1) {
            None => Some(0),
            Some(place) => self.delivered.get(place as usize).map(|(_, _, chain)| *chain),
        }
    }

    /// The zxid that is delivered at a position, zero at none.
    pub(super) fn zxid_at(&self, position: u64) -> Slot {
        let place = position.checked_sub(1).and_then(|place| self.delivered.get(place as usize));
        place.map_or(Slot::ZERO, |(zxid, _, _)| *zxid)
    }

    /// A primary of a later epoch that had not delivered `position` when it first proposed.
    pub(super) fn primary_that_missed(&self, round: Round, position: u64) -> Option<(NodeId, Round)> {
        let later = self.epochs.iter().rev().take_while(|epoch| round < epoch.round);
        later
            .filter(|epoch| !epoch.proposed.is_empty() && epoch.delivered_at_first < position)
            .map(|epoch| (epoch.leader, epoch.round))
            .next()
    }
}
