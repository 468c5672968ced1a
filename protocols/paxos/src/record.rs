//! What a replica keeps on disk, in order, and the facts that each record makes true.

use replica::{Fact, Members, SharedEntry, Slot};

use crate::Ballot;

/// A record of a replica's disk.
#[derive(Clone, Debug)]
pub enum Record {
    /// The disk belongs to a member.
    Genesis {
        /// The cluster at its beginning.
        members: Members,
    },
    /// The acceptor promises `ballot`; in the proposer's own acceptor this also reserves the ballot.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
    },
    /// The acceptor votes. One record carries the vote and what is promised with it, so that no crash can part them.
    Accept {
        /// What is promised from here on: the vote's own ballot, as long as `accept-raises` is obeyed.
        promised: Ballot,
        /// The ballot of the vote.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
        /// The value.
        entry: SharedEntry,
    },
}

replica::wire!(enum Record {
    0 => Genesis { members },
    1 => Promise { ballot },
    2 => Accept { promised, ballot, slot, entry },
});

impl replica::Record for Record {
    #[inline]
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { .. } => fact(Fact::Genesis),
            Record::Promise { ballot } => fact(Fact::Promised { round: ballot.round() }),
            Record::Accept { promised, ballot, slot, entry } => {
                fact(Fact::Promised { round: promised.round() });
                fact(Fact::Accepted { slot: *slot, round: ballot.round(), digest: entry.digest() });
            }
        }
    }
}
