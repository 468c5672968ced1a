//! The transaction log in memory: everything that is on disk or on its way there, the uncommitted tail included
//! (a restarting server replays its whole log; ZooKeeper `FileTxnLog`, `ZKDatabase`).

use alloc::vec::Vec;

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
}

/// The log. Its first transaction is delivered at position 1, so a place in it is a position less one.
#[derive(Clone, Debug, Default)]
pub struct Log {
    txns: Vec<Txn>,
}

impl Log {
    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.txns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.txns.is_empty()
    }

    /// The transaction at a place.
    pub fn at(&self, place: usize) -> &Txn {
        &self.txns[place]
    }

    /// The last zxid, zero if the log is empty.
    pub fn last(&self) -> Slot {
        self.txns.last().map_or(Slot::ZERO, |txn| txn.zxid)
    }

    /// The hash chain of the whole log, zero if it is empty.
    pub fn chain(&self) -> u64 {
        self.txns.last().map_or(0, |txn| txn.chain)
    }

    /// Appends a transaction. Zxids grow.
    pub fn append(&mut self, zxid: Slot, entry: SharedEntry) {
        assert!(self.last() < zxid, "a log only grows upward");
        let chain = chain(self.chain(), zxid.0, epoch(zxid).0, entry.digest());
        self.txns.push(Txn { zxid, chain, entry });
    }

    /// How many transactions are at or below `zxid`.
    pub fn count_upto(&self, zxid: Slot) -> usize {
        // Within the newest epoch zxids are consecutive: the place is known without a search.
        let last = self.last();
        if last <= zxid {
            return self.len();
        }
        if epoch(last) == epoch(zxid) {
            let back = (counter(last) - counter(zxid)) as usize;
            if back < self.len() && self.txns[self.len() - 1 - back].zxid == zxid {
                return self.len() - back;
            }
        }
        self.txns.partition_point(|txn| txn.zxid <= zxid)
    }

    /// The last zxid of the log at or below `zxid`; zero if there is none.
    pub fn floor(&self, zxid: Slot) -> Slot {
        match self.count_upto(zxid) {
            0 => Slot::ZERO,
            count => self.txns[count - 1].zxid,
        }
    }

    /// Whether the log holds this very zxid. The empty history, zero, is held by every log.
    pub fn contains(&self, zxid: Slot) -> bool {
        self.floor(zxid) == zxid
    }

    /// Takes off everything above `after`; how many transactions went.
    pub fn truncate(&mut self, after: Slot) -> usize {
        let keep = self.count_upto(after);
        let cut = self.len() - keep;
        self.txns.truncate(keep);
        cut
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
}
