//! The log: consecutive entries from index 1, each with the term it was first taken in, the hash chain of the prefix
//! that it ends, and the write that brings it to disk (paper 5.3).

use alloc::vec::Vec;

use replica::digest::chain;
use replica::{SharedEntry, WriteId};

use crate::{Index, LogEntry, Term};

/// An entry in its place.
#[derive(Clone)]
struct Held {
    term: Term,
    entry: SharedEntry,
    /// The chain of the prefix that ends here.
    chain: u64,
    /// The record that holds it. Never goes down along the log.
    write: WriteId,
}

/// A server's log.
#[derive(Clone, Default)]
pub(crate) struct Log {
    /// Entry `i` stands at place `i - 1`. Terms never go down along it (a consequence of 5.3 and of 5.1).
    entries: Vec<Held>,
}

impl Log {
    /// The index of the last entry; zero if there is none.
    #[inline]
    pub(crate) fn last(&self) -> Index {
        Index(self.entries.len() as u64)
    }

    /// The term of the last entry; zero if there is none.
    pub(crate) fn last_term(&self) -> Term {
        self.entries.last().map_or(Term::ZERO, |held| held.term)
    }

    /// The term of the entry at `index`; zero at zero; nothing beyond the end.
    #[inline]
    pub(crate) fn term_at(&self, index: Index) -> Option<Term> {
        if index == Index::ZERO { Some(Term::ZERO) } else { self.held(index).map(|held| held.term) }
    }

    /// The hash chain of the prefix up to `index`, which is in the log.
    #[inline]
    pub(crate) fn chain_at(&self, index: Index) -> u64 {
        if index == Index::ZERO { 0 } else { self.held(index).expect("in the log").chain }
    }

    /// The write that brings the entry at `index` to disk; zero at zero.
    #[inline]
    pub(crate) fn write_at(&self, index: Index) -> WriteId {
        if index == Index::ZERO { WriteId::ZERO } else { self.held(index).expect("in the log").write }
    }

    /// The entry at `index`, which is in the log and not zero.
    #[inline]
    pub(crate) fn entry(&self, index: Index) -> &SharedEntry {
        &self.held(index).expect("in the log").entry
    }

    /// Up to `count` entries from `from` on, as messages carry them.
    pub(crate) fn from(&self, from: Index, count: usize) -> impl Iterator<Item = LogEntry> + '_ {
        assert!(Index::ZERO < from);
        let first = (from.0 as usize - 1).min(self.entries.len());
        let end = (first + count).min(self.entries.len());
        self.entries[first..end].iter().map(|held| LogEntry { term: held.term, entry: held.entry.clone() })
    }

    /// Puts an entry onto the end; `write` is the record that holds it.
    #[inline]
    pub(crate) fn push(&mut self, term: Term, entry: SharedEntry, write: WriteId) {
        let index = self.last().next();
        let chain = chain(self.chain_at(self.last()), index.0, term.0, entry.digest());
        self.entries.push(Held { term, entry, chain, write });
    }

    /// Takes everything after `after` off.
    pub(crate) fn cut(&mut self, after: Index) {
        assert!(after < self.last(), "a cut takes something off");
        self.entries.truncate(after.0 as usize);
    }

    /// The last index up to `index` whose term is at most `term`: where a log that has `term` there may still agree.
    /// Terms never go down along a log, so it is found by halving.
    pub(crate) fn last_not_above(&self, index: Index, term: Term) -> Index {
        let end = (index.0 as usize).min(self.entries.len());
        Index(self.entries[..end].partition_point(|held| held.term <= term) as u64)
    }

    #[inline]
    fn held(&self, index: Index) -> Option<&Held> {
        self.entries.get((index.0 as usize).wrapping_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replica::{Entry, NodeId};

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::default();
        for term in terms {
            log.push(Term(*term), Entry::noop(NodeId(0)), WriteId(1));
        }
        log
    }

    #[test]
    fn the_hint_skips_whole_terms() {
        let log = log(&[1, 1, 4, 4, 5]);
        assert_eq!(log.last_not_above(Index(5), Term(4)), Index(4));
        assert_eq!(log.last_not_above(Index(5), Term(3)), Index(2));
        assert_eq!(log.last_not_above(Index(9), Term(9)), Index(5));
        assert_eq!(log.last_not_above(Index(3), Term(0)), Index(0));
    }

    #[test]
    fn zero_is_before_the_first_entry() {
        let log = log(&[1]);
        assert_eq!(log.term_at(Index(0)), Some(Term(0)));
        assert_eq!(log.term_at(Index(1)), Some(Term(1)));
        assert_eq!(log.term_at(Index(2)), None);
        assert_eq!(log.from(Index(1), 8).count(), 1);
        assert_eq!(log.from(Index(2), 8).count(), 0);
    }
}
