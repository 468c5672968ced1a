//! What a server keeps on disk, in order (paper figure 2, persistent state).

use replica::{BlobId, Fact, Few, Members, NodeId, Slot, wire};

use crate::{Index, LogEntry, Term};

/// A record of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The disk belongs to a member of this cluster.
    Genesis {
        /// The first membership.
        members: Members,
    },
    /// currentTerm and votedFor, together: with the two in two records, a crash between them could join a new term to
    /// an old vote.
    Ballot {
        /// The term.
        term: Term,
        /// The vote given in it, if any.
        vote: Option<NodeId>,
    },
    /// Entries go onto the end of the log.
    Append {
        /// The index of the first; one more than the last of the log before.
        index: Index,
        /// The entries.
        entries: Few<LogEntry>,
    },
    /// Entries come off the end of the log.
    Cut {
        /// The last index that stays.
        after: Index,
    },
    /// A snapshot stands for the log up to an index. The record says all that the records before it said and that is
    /// still needed, so that they can be forgotten once it is durable; in one, so that no crash finds half of it.
    Snapshot {
        /// The membership.
        members: Members,
        /// The term.
        term: Term,
        /// The vote given in it, if any.
        vote: Option<NodeId>,
        /// The last index that the snapshot covers.
        index: Index,
        /// The term of that entry.
        last_term: Term,
        /// The hash chain of the log up to it.
        chain: u64,
        /// The blob that holds the state machine.
        blob: BlobId,
        /// Whether what the log held above the index is gone.
        replaces: bool,
        /// What the log holds above the index.
        entries: Few<LogEntry>,
    },
}
wire!(enum Record {
    0 => Genesis { members },
    1 => Ballot { term, vote },
    2 => Append { index, entries },
    3 => Cut { after },
    4 => Snapshot { members, term, vote, index, last_term, chain, blob, replaces, entries },
});

impl replica::Record for Record {
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { members: _ } => fact(Fact::Genesis),
            Record::Ballot { term, vote } => ballot(*term, *vote, fact),
            Record::Append { index, entries } => accepted(*index, entries, fact),
            Record::Cut { after } => fact(Fact::Cut { after: *after }),
            Record::Snapshot { term, vote, index, chain, replaces, entries, .. } => {
                fact(Fact::Genesis);
                ballot(*term, *vote, fact);
                fact(Fact::Snapshot { slot: *index, chain: *chain });
                if *replaces {
                    fact(Fact::Cut { after: *index });
                }
                accepted(index.next(), entries, fact);
            }
        }
    }

    fn blob(&self) -> Option<BlobId> {
        match self {
            Record::Snapshot { blob, .. } => Some(*blob),
            Record::Genesis { .. } | Record::Ballot { .. } | Record::Append { .. } | Record::Cut { .. } => {
                None
            }
        }
    }
}

fn ballot(term: Term, vote: Option<NodeId>, fact: &mut impl FnMut(Fact)) {
    fact(Fact::Promised { round: term });
    if let Some(candidate) = vote {
        fact(Fact::Voted { round: term, candidate });
    }
}

fn accepted(first: Index, entries: &Few<LogEntry>, fact: &mut impl FnMut(Fact)) {
    for (slot, held) in (first.0..).zip(entries.iter()) {
        fact(Fact::Accepted { slot: Slot(slot), round: held.term, digest: held.entry.digest() });
    }
}
