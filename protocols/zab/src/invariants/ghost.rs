//! What the judge remembers of a server and its disk: as written, and as durable.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use replica::digest::chain;
use replica::{Round, SharedEntry, Slot, WriteId};

use super::ledger::Ledger;
use crate::zxid::epoch;
use crate::{Place, Record};

/// A server, seen from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Ghost {
    /// The epochs and the last zxid as written, durable or not.
    pub(super) accepted: Round,
    pub(super) current: Round,
    pub(super) last: Slot,
    /// The disk: epochs, and the log as (zxid, hash chain).
    accepted_durable: Round,
    pub(super) current_durable: Round,
    /// It begins after `base`.
    log: VecDeque<(Slot, u64)>,
    pub(super) base: Place,
    /// The newest write that is durable.
    pub(super) durable: WriteId,
    /// Records that are not durable yet, in order.
    pending: VecDeque<(WriteId, Op)>,
    /// What the log becomes with each checkpoint that is not durable yet, in order.
    checkpoints: VecDeque<(Place, VecDeque<(Slot, u64)>)>,
    /// Acknowledgments of NEWLEADER that wait for their write.
    pub(super) adoptions: VecDeque<Adoption>,
    /// What this incarnation has delivered: how many, and the last.
    pub(super) delivered: u64,
    pub(super) delivered_last: Slot,
    /// The last zxid that it told each follower, as a leader, to be committed.
    pub(super) committed: Vec<Slot>,
}

/// What a record does to a disk.
#[derive(Clone, Copy, Debug)]
enum Op {
    Accept(Round),
    Adopt(Round),
    Append(Slot, u64),
    Cut(Slot),
    /// Both epochs, and the place in `checkpoints` of what the log becomes.
    Checkpoint(Round, Round),
    Nothing,
}

/// An acknowledgment of NEWLEADER.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adoption {
    /// The write it waits for.
    pub(super) after: WriteId,
    pub(super) epoch: Round,
}

impl Ghost {
    /// An empty disk, in a cluster of so many places.
    pub(super) fn new(places: usize) -> Ghost {
        Ghost { committed: vec![Slot::ZERO; places], ..Ghost::default() }
    }

    pub(super) fn write(&mut self, write: WriteId, record: &Record) {
        let op = match record {
            Record::Genesis { .. } => Op::Nothing,
            Record::AcceptedEpoch { epoch } => {
                self.accepted = *epoch;
                Op::Accept(*epoch)
            }
            Record::CurrentEpoch { epoch } => {
                self.current = *epoch;
                Op::Adopt(*epoch)
            }
            Record::Txn { zxid, entry } => {
                self.last = *zxid;
                Op::Append(*zxid, entry.digest())
            }
            Record::Truncate { after } => {
                self.last = *after;
                Op::Cut(*after)
            }
            Record::Checkpoint { accepted, current, base, txns, .. } => {
                (self.accepted, self.current) = (*accepted, *current);
                self.last = txns.last().map_or(base.zxid, |(zxid, _)| *zxid);
                let mut before = base.chain;
                let link = |(zxid, entry): &(Slot, SharedEntry)| {
                    before = chain(before, zxid.0, epoch(*zxid).0, entry.digest());
                    (*zxid, before)
                };
                self.checkpoints.push_back((*base, txns.iter().map(link).collect()));
                Op::Checkpoint(*accepted, *current)
            }
        };
        self.pending.push_back((write, op));
    }

    /// Makes the next record durable, if it is one of those up to `upto`; then also the epoch that it adopts, if any.
    pub(super) fn harden_next(&mut self, upto: WriteId) -> Option<Option<Round>> {
        let (write, op) = self.pending.front().copied().filter(|(write, _)| *write <= upto)?;
        self.pending.pop_front();
        self.durable = write;
        match op {
            Op::Accept(epoch) => self.accepted_durable = epoch,
            Op::Adopt(epoch) => self.current_durable = epoch,
            Op::Append(zxid, digest) => {
                let before = self.log.back().map_or(self.base.chain, |(_, chain)| *chain);
                self.log.push_back((zxid, chain(before, zxid.0, epoch(zxid).0, digest)));
            }
            Op::Cut(after) => self.log.truncate(self.log.partition_point(|(zxid, _)| *zxid <= after)),
            Op::Checkpoint(accepted, current) => {
                (self.base, self.log) = self.checkpoints.pop_front().expect("one for each");
                let adopts = self.current_durable < current;
                (self.accepted_durable, self.current_durable) = (accepted, current);
                return Some(adopts.then_some(current));
            }
            Op::Nothing => {}
        }
        Some(if let Op::Adopt(epoch) = op { Some(epoch) } else { None })
    }

    /// The next acknowledgment of NEWLEADER that may leave now.
    pub(super) fn next_adoption(&mut self) -> Option<Adoption> {
        self.adoptions.pop_front_if(|adoption| adoption.after <= self.durable)
    }

    /// Forgets what was not durable, and what the process knew.
    pub(super) fn crash(&mut self) {
        self.pending.clear();
        self.checkpoints.clear();
        self.adoptions.clear();
        self.accepted = self.accepted_durable;
        self.current = self.current_durable;
        self.last = self.log.back().map_or(self.base.zxid, |(zxid, _)| *zxid);
        self.delivered = 0;
        self.delivered_last = Slot::ZERO;
    }

    /// The hash chain of the durable log up to a count of transactions, if it reaches there. Below the base it is what
    /// was delivered, if that is what the base goes on from.
    pub(super) fn chain_at(&self, count: u64, ledger: &Ledger) -> Option<u64> {
        match count.cmp(&self.base.position) {
            Ordering::Less if ledger.chain_at(self.base.position) == Some(self.base.chain) => {
                ledger.chain_at(count)
            }
            Ordering::Less => None,
            Ordering::Equal => Some(self.base.chain),
            Ordering::Greater => {
                self.log.get((count - self.base.position) as usize - 1).map(|(_, chain)| *chain)
            }
        }
    }

    /// How many transactions are durable.
    pub(super) fn log_len(&self) -> u64 {
        self.base.position + self.log.len() as u64
    }
}
