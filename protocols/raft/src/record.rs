//! What a server keeps on disk, in order (paper figure 2, persistent state).

use replica::{Fact, Few, Members, NodeId, Slot, wire};

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
}
wire!(enum Record {
    0 => Genesis { members },
    1 => Ballot { term, vote },
    2 => Append { index, entries },
    3 => Cut { after },
});

impl replica::Record for Record {
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { members: _ } => fact(Fact::Genesis),
            Record::Ballot { term, vote } => {
                fact(Fact::Promised { round: *term });
                if let Some(candidate) = *vote {
                    fact(Fact::Voted { round: *term, candidate });
                }
            }
            Record::Append { index, entries } => {
                for (slot, held) in (index.0..).zip(entries.iter()) {
                    let digest = held.entry.digest();
                    fact(Fact::Accepted { slot: Slot(slot), round: held.term, digest });
                }
            }
            Record::Cut { after } => fact(Fact::Cut { after: *after }),
        }
    }
}
