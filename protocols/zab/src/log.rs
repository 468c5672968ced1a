//! The transaction log in memory: everything that is on disk or on its way there, the uncommitted tail included
//! (a restarting server replays its whole log; ZooKeeper `FileTxnLog`, `ZKDatabase`). What a snapshot stands for may
//! have been taken off its front.

use alloc::collections::VecDeque;

use replica::digest::chain;
use replica::{SharedEntry, Slot};

use crate::zxid::{counter, epoch};

/// A transaction in the log.
#[derive(Clone, Debug)]
pub struct Txn {
    /// Its name. Strictly growing along the log.
    pub zxid: Slot,
    /// The hash chain of the log up to and including it.
    pub chain: u64,
    /// What it says.
    pub entry: SharedEntry,
    /// Whether it is in what ZooKeeper calls the committed log, from which others are served. Always, in a run with
    /// every rule (see `zab/whole-log`).
    pub served: bool,
}

/// A place in a history: everything up to it, in three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// How many transactions there are up to it.
    pub position: u64,
    /// The last of them.
    pub zxid: Slot,
    /// The hash chain up to it.
    pub chain: u64,
}

replica::wire!(struct Place { position, zxid, chain });

/// The log. Its first transaction ever is delivered at position 1, so the count of transactions up to one is that
/// one's position. Counts include what was taken off the front.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Where the log begins: what comes before was taken off. The beginning of everything, at first.
    base: Place,
    txns: VecDeque<Txn>,
}

impl Log {
    /// A log that goes on from `base`.
    pub fn after(base: Place) -> Log {
        Log { base, txns: VecDeque::new() }
    }

    /// Where it begins.
    pub fn base(&self) -> Place {
        self.base
    }

    /// How many transactions there are, from the beginning of everything.
    pub fn len(&self) -> usize {
        self.base.position as usize + self.txns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The transaction after the first `place`. Not before the base.
    pub fn at(&self, place: usize) -> &Txn {
        &self.txns[place - self.base.position as usize]
    }

    /// The place of a count of transactions. Not before the base.
    pub fn place(&self, count: usize) -> Place {
        match count - self.base.position as usize {
            0 => self.base,
            kept => {
                let txn = &self.txns[kept - 1];
                Place { position: count as u64, zxid: txn.zxid, chain: txn.chain }
            }
        }
    }

    /// The last zxid, zero if the log is empty.
    pub fn last(&self) -> Slot {
        self.txns.back().map_or(self.base.zxid, |txn| txn.zxid)
    }

    /// The hash chain of the whole log, zero if it is empty.
    pub fn chain(&self) -> u64 {
        self.txns.back().map_or(self.base.chain, |txn| txn.chain)
    }

    /// Appends a transaction. Zxids grow.
    pub fn append(&mut self, zxid: Slot, entry: SharedEntry) {
        assert!(self.last() < zxid, "a log only grows upward");
        let chain = chain(self.chain(), zxid.0, epoch(zxid).0, entry.digest());
        self.txns.push_back(Txn { zxid, chain, entry, served: true });
    }

    /// Leaves the last transaction out of what others are served from.
    pub(crate) fn leave_hole(&mut self) {
        self.txns.back_mut().expect("there is one").served = false;
    }

    /// How many transactions are at or below `zxid`. Of a zxid below the base that is not known: the base's.
    pub fn count_upto(&self, zxid: Slot) -> usize {
        // Within the newest epoch zxids are consecutive: the place is known without a search.
        let last = self.last();
        if last <= zxid {
            return self.len();
        }
        if epoch(last) == epoch(zxid) {
            let back = (counter(last) - counter(zxid)) as usize;
            if back < self.txns.len() && self.txns[self.txns.len() - 1 - back].zxid == zxid {
                return self.len() - back;
            }
        }
        self.base.position as usize + self.txns.partition_point(|txn| txn.zxid <= zxid)
    }

    /// The last zxid of the log at or below `zxid`, the base's if there is none.
    pub fn floor(&self, zxid: Slot) -> Slot {
        self.place(self.count_upto(zxid)).zxid
    }

    /// Whether the log holds this very zxid, or goes on from it. The empty history, zero, is held by every log that
    /// has not lost its front.
    pub fn contains(&self, zxid: Slot) -> bool {
        self.floor(zxid) == zxid
    }

    /// Takes off everything above `after`; how many transactions went.
    pub fn truncate(&mut self, after: Slot) -> usize {
        let keep = self.count_upto(after);
        let cut = self.len() - keep;
        self.txns.truncate(keep - self.base.position as usize);
        cut
    }

    /// Takes the first `count` transactions off: a snapshot stands for them.
    pub fn compact(&mut self, count: usize) {
        let base = self.place(count);
        self.txns.drain(..count - self.base.position as usize);
        self.base = base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zxid::zxid;
    use replica::{Entry, NodeId, Round};

    fn log(zxids: &[(u64, u64)]) -> Log {
        let mut log = Log::default();
        for &(e, c) in zxids {
            log.append(zxid(Round(e), c), Entry::noop(NodeId(0)));
        }
        log
    }

    #[test]
    fn places_are_found_in_and_between_epochs() {
        let log = log(&[(1, 1), (1, 2), (3, 1), (3, 2)]);
        assert_eq!(log.count_upto(zxid(Round(3), 1)), 3);
        assert_eq!(log.count_upto(zxid(Round(3), 9)), 4);
        assert_eq!(log.count_upto(zxid(Round(2), 5)), 2);
        assert_eq!(log.floor(zxid(Round(2), 5)), zxid(Round(1), 2));
        assert!(log.contains(zxid(Round(1), 1)));
        assert!(!log.contains(zxid(Round(1), 3)));
        assert!(log.contains(Slot::ZERO));
    }

    #[test]
    fn a_cut_and_rewritten_log_hashes_like_one_that_never_was_cut() {
        let mut cut = log(&[(1, 1), (1, 2), (1, 3)]);
        assert_eq!(cut.truncate(zxid(Round(1), 1)), 2);
        cut.append(zxid(Round(2), 1), Entry::noop(NodeId(0)));
        assert_eq!(cut.chain(), log(&[(1, 1), (2, 1)]).chain());
        assert_eq!(cut.truncate(Slot::ZERO), 2);
        assert_eq!(cut.chain(), 0);
    }

    #[test]
    fn a_log_without_its_front_counts_and_hashes_as_before() {
        let whole = log(&[(1, 1), (1, 2), (3, 1), (3, 2)]);
        let mut short = whole.clone();
        short.compact(2);
        assert_eq!(short.base(), whole.place(2));
        assert_eq!((short.len(), short.chain()), (4, whole.chain()));
        assert_eq!(short.at(2).zxid, zxid(Round(3), 1));
        assert!(short.contains(zxid(Round(1), 2)));
        assert!(!short.contains(zxid(Round(1), 1)));
        assert!(!short.contains(Slot::ZERO));
        assert_eq!(short.count_upto(zxid(Round(3), 1)), 3);
        assert_eq!(short.floor(zxid(Round(2), 9)), zxid(Round(1), 2));
    }
}
