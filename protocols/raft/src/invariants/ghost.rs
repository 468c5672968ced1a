//! What the judge knows of one server without asking it: its log as its records say, and the part of it on disk.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use replica::digest::chain;
use replica::{NodeId, WriteId};

use crate::{Index, LogEntry, Message, Record, Term};

/// An entry, as far as invariants care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) term: Term,
    /// The chain of the prefix that ends here: equal chains, equal prefixes.
    pub(super) chain: u64,
}

/// A log of marks, from the entry after its base on. The base is the last entry that a snapshot covers.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    base: Index,
    base_mark: Mark,
    entries: Vec<Mark>,
}

impl Marks {
    pub(super) fn last(&self) -> Index {
        Index(self.base.0 + self.entries.len() as u64)
    }

    /// What stands at `index`, the base included; nothing below it.
    pub(super) fn at(&self, index: Index) -> Option<Mark> {
        if index == self.base && Index::ZERO < index {
            return Some(self.base_mark);
        }
        self.entries.get((index.0 as usize).wrapping_sub(self.base.0 as usize + 1)).copied()
    }

    /// (last term, last index): what 5.4.1 compares.
    pub(super) fn up_to_date(&self) -> (Term, Index) {
        (self.entries.last().map_or(self.base_mark.term, |mark| mark.term), self.last())
    }

    /// Whether the prefix that `chain` ends at `index` is here. What a snapshot covers is: it was compared with what is
    /// committed when the snapshot was written.
    pub(super) fn holds(&self, index: Index, chain: u64) -> bool {
        index < self.base || index == Index::ZERO || self.at(index).is_some_and(|mark| mark.chain == chain)
    }

    fn put(&mut self, index: Index, mark: Mark) {
        self.cut(index.previous());
        self.entries.push(mark);
    }

    fn cut(&mut self, after: Index) {
        self.entries.truncate(after.0.saturating_sub(self.base.0) as usize);
    }

    fn begin_after(&mut self, base: Index, base_mark: Mark) {
        *self = Marks { base, base_mark, entries: Vec::new() };
    }
}

/// A change of a disk that is not durable yet.
#[derive(Clone, Copy, Debug)]
enum Change {
    Ballot { term: Term, vote: Option<NodeId> },
    Put { index: Index, mark: Mark },
    Cut { after: Index },
    Snapshot { index: Index, mark: Mark },
}

/// Something said to others: once it has left, it binds the server for ever.
#[derive(Clone, Copy, Debug)]
struct Said {
    after: WriteId,
    term: Term,
    vote: Option<NodeId>,
}

/// What a write did to the log in memory.
pub(super) enum Wrote {
    Nothing,
    Entries {
        from: Index,
        was_last: Index,
    },
    Cut,
    /// A snapshot up to an index, and what is kept above it.
    Snapshot {
        index: Index,
        replaces: bool,
    },
}

/// One server, as the judge follows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ghost {
    /// Its disk was wiped: it holds nothing and votes for nobody.
    pub(super) is_wiped: bool,
    /// The log with all writes done.
    pub(super) log: Marks,
    /// The log on disk.
    pub(super) disk: Marks,
    /// The log on disk when it was wiped: a leader may rightly count an answer that was given before.
    pub(super) lost: Marks,
    /// The term and vote on disk.
    pub(super) disk_ballot: (Term, Option<NodeId>),
    /// The term and vote of the replica after its last step; on disk, if it is down.
    pub(super) ballot: (Term, Option<NodeId>),
    /// The highest term that it has spoken in, and the vote it has given away in it.
    pub(super) spoken: (Term, Option<NodeId>),
    /// The commit index of this incarnation.
    pub(super) commit: Index,
    /// The term it leads, if it does.
    pub(super) leads: Option<Term>,
    /// The newest record on its disk or on its way there.
    pub(super) last_write: WriteId,
    durable: WriteId,
    pending: VecDeque<(WriteId, Change)>,
    /// What is said once a write is durable, in order of saying. Only what goes beyond `spoken` is kept.
    unsaid: Vec<Said>,
}

impl Ghost {
    /// Takes a record that the server writes.
    pub(super) fn write(&mut self, write: WriteId, record: &Record) -> Wrote {
        self.last_write = write;
        match record {
            Record::Genesis { .. } => Wrote::Nothing,
            Record::Ballot { term, vote } => {
                self.pending.push_back((write, Change::Ballot { term: *term, vote: *vote }));
                Wrote::Nothing
            }
            Record::Append { index, entries } => {
                let was_last = self.log.last();
                self.put(write, *index, entries);
                Wrote::Entries { from: *index, was_last }
            }
            Record::Snapshot { term, vote, index, last_term, chain, replaces, entries, .. } => {
                let mark = Mark { term: *last_term, chain: *chain };
                self.log.begin_after(*index, mark);
                self.pending.push_back((write, Change::Ballot { term: *term, vote: *vote }));
                self.pending.push_back((write, Change::Snapshot { index: *index, mark }));
                self.put(write, index.next(), entries);
                Wrote::Snapshot { index: *index, replaces: *replaces }
            }
            Record::Cut { after } => {
                self.log.cut(*after);
                self.pending.push_back((write, Change::Cut { after: *after }));
                Wrote::Cut
            }
        }
    }

    fn put(&mut self, write: WriteId, first: Index, entries: &[LogEntry]) {
        let mut place = first;
        for held in entries {
            let before = self.log.at(place.previous()).map_or(0, |mark| mark.chain);
            let chain = chain(before, place.0, held.term.0, held.entry.digest());
            let mark = Mark { term: held.term, chain };
            self.log.put(place, mark);
            self.pending.push_back((write, Change::Put { index: place, mark }));
            place = place.next();
        }
    }

    /// Takes a message that the server sends; false if it contradicts what it has said before: a lower term, or
    /// another vote in the same term.
    pub(super) fn says(&mut self, message: &Message, to: NodeId, me: NodeId, after: Option<WriteId>) -> bool {
        let vote = match message {
            Message::RequestVote { .. } => Some(me),
            Message::VoteReply { granted: true, .. } => Some(to),
            _ => None,
        };
        let Some(term) = message.term() else { return true };
        let said = Said { after: after.unwrap_or(WriteId::ZERO), term, vote };
        if said.term == self.spoken.0 && (vote.is_none() || vote == self.spoken.1) {
            return true;
        }
        let contradicts = |spoken: (Term, Option<NodeId>)| {
            said.term < spoken.0
                || said.term == spoken.0 && said.vote.is_some() && spoken.1.is_some() && said.vote != spoken.1
        };
        let is_broken =
            contradicts(self.spoken) || self.unsaid.iter().any(|held| contradicts((held.term, held.vote)));
        if said.after <= self.durable {
            self.leave(said)
        } else {
            self.unsaid.push(said)
        }
        !is_broken
    }

    /// Records up to `upto` are on disk; whether the disk lost entries by it.
    pub(super) fn harden(&mut self, upto: WriteId) -> bool {
        let mut was_cut = false;
        self.durable = self.durable.max(upto);
        while let Some((_, change)) = self.pending.pop_front_if(|(write, _)| *write <= upto) {
            match change {
                Change::Ballot { term, vote } => self.disk_ballot = (term, vote),
                Change::Put { index, mark } => self.disk.put(index, mark),
                Change::Cut { after } => {
                    was_cut = true;
                    self.disk.cut(after);
                }
                Change::Snapshot { index, mark } => {
                    was_cut = true;
                    self.disk.begin_after(index, mark);
                }
            }
        }
        let unsaid = core::mem::take(&mut self.unsaid);
        for said in unsaid {
            if said.after <= upto { self.leave(said) } else { self.unsaid.push(said) }
        }
        was_cut
    }

    /// The process is gone; what survived is on disk.
    pub(super) fn crash(&mut self, survived: WriteId) -> bool {
        let was_cut = self.harden(survived);
        self.pending.clear();
        self.unsaid.clear();
        self.last_write = survived;
        self.durable = survived;
        self.log = self.disk.clone();
        self.ballot = self.disk_ballot;
        self.commit = Index::ZERO;
        self.leads = None;
        was_cut
    }

    /// The disk is empty.
    pub(super) fn wipe(&mut self) {
        let lost = core::mem::take(&mut self.disk);
        *self = Ghost { is_wiped: true, lost, ..Ghost::default() };
    }

    fn leave(&mut self, said: Said) {
        if self.spoken.0 < said.term {
            self.spoken = (said.term, said.vote);
        } else if self.spoken.0 == said.term && self.spoken.1.is_none() {
            self.spoken.1 = said.vote;
        }
    }
}
