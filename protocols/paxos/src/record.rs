//! What a replica keeps on disk, in order, and the facts that each record makes true.

use replica::{BlobId, Fact, Few, Members, SharedEntry, Slot};

use crate::{Ballot, Vote};

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
    /// Every slot up to this one is chosen, and this node's vote in it is for the chosen value. A hint by which a
    /// restart delivers at once what it would else have to learn again; nothing waits for it.
    Chosen {
        /// The slot.
        slot: Slot,
    },
    /// A snapshot stands for the log up to `slot`, and this record for all before it: it holds again what is needed.
    Snapshot {
        /// The complete blob.
        blob: BlobId,
        /// Its length in bytes.
        len: u64,
        /// The last slot that it covers.
        slot: Slot,
        /// The hash chain of the slots that it covers.
        chain: u64,
        /// The last slot whose vote is dropped, at most `slot`.
        trimmed: Slot,
        /// What is promised.
        promised: Ballot,
        /// The members.
        members: Members,
        /// The votes above `trimmed`.
        votes: Few<Vote>,
    },
}

replica::wire!(enum Record {
    0 => Genesis { members },
    1 => Promise { ballot },
    2 => Accept { promised, ballot, slot, entry },
    3 => Chosen { slot },
    4 => Snapshot { blob, len, slot, chain, trimmed, promised, members, votes },
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
            Record::Chosen { .. } => {}
            Record::Snapshot { slot, chain, promised, votes, .. } => {
                fact(Fact::Genesis);
                fact(Fact::Promised { round: promised.round() });
                fact(Fact::Snapshot { slot: *slot, chain: *chain });
                for Vote { slot, ballot, entry } in votes.iter() {
                    fact(Fact::Accepted { slot: *slot, round: ballot.round(), digest: entry.digest() });
                }
            }
        }
    }

    fn blob(&self) -> Option<BlobId> {
        match self {
            Record::Snapshot { blob, .. } => Some(*blob),
            _ => None,
        }
    }
}
