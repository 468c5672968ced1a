//! The log: consecutive entries, each with the term it was first taken in, the hash chain of the prefix that it ends,
//! and the write that brings it to disk (paper 5.3). It begins after its *base*, the last entry that was compacted away
//! (paper section 7); before any snapshot that is index 0.

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

/// What is known of the last entry before the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) index: Index,
    pub(crate) term: Term,
    /// The chain of the prefix that ends there.
    pub(crate) chain: u64,
    /// The record that stands for it.
    pub(crate) write: WriteId,
}

/// A server's log.
#[derive(Clone, Default)]
pub(crate) struct Log {
    base: Base,
    /// Entry `base.index + i` stands at place `i - 1`. Terms never go down along it (a consequence of 5.3 and of 5.1).
    entries: Vec<Held>,
}

impl Log {
    /// Where the log begins.
    #[inline]
    pub(crate) fn base(&self) -> Base {
        self.base
    }

    /// The index of the last entry, the base's if there is none.
    #[inline]
    pub(crate) fn last(&self) -> Index {
        Index(self.base.index.0 + self.entries.len() as u64)
    }

    /// The term of the last entry; zero if there never was one.
    pub(crate) fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base.term, |held| held.term)
    }

    /// The term of the entry at `index`; zero at zero; nothing beyond the end or below the base.
    #[inline]
    pub(crate) fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index { Some(self.base.term) } else { self.held(index).map(|held| held.term) }
    }

    /// The hash chain of the prefix up to `index`, which is in the log or its base.
    #[inline]
    pub(crate) fn chain_at(&self, index: Index) -> u64 {
        if index == self.base.index { self.base.chain } else { self.held(index).expect("in the log").chain }
    }

    /// The write that brings the entry at `index`, which is in the log or its base, to disk; zero at zero.
    #[inline]
    pub(crate) fn write_at(&self, index: Index) -> WriteId {
        if index == self.base.index { self.base.write } else { self.held(index).expect("in the log").write }
    }

    /// The entry at `index`, which is in the log.
    #[inline]
    pub(crate) fn entry(&self, index: Index) -> &SharedEntry {
        &self.held(index).expect("in the log").entry
    }

    /// Up to `count` entries from `from` on, as messages carry them. Nothing below the base can be had.
    pub(crate) fn from(&self, from: Index, count: usize) -> impl Iterator<Item = LogEntry> + '_ {
        assert!(self.base.index < from);
        let first = self.place(from).min(self.entries.len());
        let end = first.saturating_add(count).min(self.entries.len());
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
        assert!(self.base.index <= after, "what a snapshot stands for is committed");
        self.entries.truncate(self.place(after.next()));
    }

    /// Takes everything up to `upto` off the front.
    pub(crate) fn compact(&mut self, upto: Index) {
        assert!(upto <= self.last());
        if upto <= self.base.index {
            return;
        }
        let base = Base {
            index: upto,
            term: self.term_at(upto).expect("in the log"),
            chain: self.chain_at(upto),
            write: self.write_at(upto),
        };
        self.entries.drain(..self.place(upto.next()));
        self.base = base;
    }

    /// Begins anew after `base`, with nothing.
    pub(crate) fn reset(&mut self, base: Base) {
        self.base = base;
        self.entries.clear();
    }

    /// The last index up to `index` whose term is at most `term`: where a log that has `term` there may still agree.
    /// Terms never go down along a log, so it is found by halving. At the base and below every log agrees.
    pub(crate) fn last_not_above(&self, index: Index, term: Term) -> Index {
        if index <= self.base.index {
            return index;
        }
        let end = self.place(index.next()).min(self.entries.len());
        Index(self.base.index.0 + self.entries[..end].partition_point(|held| held.term <= term) as u64)
    }

    /// Where the entry at `index`, above the base, stands.
    #[inline]
    fn place(&self, index: Index) -> usize {
        (index.0 - self.base.index.0 - 1) as usize
    }

    #[inline]
    fn held(&self, index: Index) -> Option<&Held> {
        self.entries.get((index.0 as usize).wrapping_sub(self.base.index.0 as usize + 1))
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

    #[test]
    fn what_is_compacted_is_known_by_its_base() {
        let mut log = log(&[1, 1, 2, 2]);
        let chain = log.chain_at(Index(4));
        log.compact(Index(2));
        assert_eq!(log.last(), Index(4));
        assert_eq!([log.term_at(Index(1)), log.term_at(Index(2))], [None, Some(Term(1))]);
        assert_eq!(log.chain_at(Index(4)), chain);
        assert_eq!(log.from(Index(3), 9).count(), 2);
        assert_eq!(log.last_not_above(Index(4), Term(1)), Index(2));
        assert_eq!(log.last_not_above(Index(1), Term(0)), Index(1));
        log.cut(Index(2));
        assert_eq!((log.last(), log.last_term()), (Index(2), Term(1)));
    }
}
