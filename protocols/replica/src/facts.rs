//! Facts and claims: the small neutral vocabulary by which judges understand every protocol without naming one.

use crate::{NodeId, Round, Slot};

/// What a record makes true of the disk that holds it; and one volatile fact, [`Fact::Leads`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The disk belongs to a member of the cluster (the genesis record).
    Genesis,
    /// The round is promised: nothing will be done in a lower one.
    Promised {
        /// The round promised.
        round: Round,
    },
    /// The one vote of a round is given.
    Voted {
        /// The round of the vote.
        round: Round,
        /// Whom it is for.
        candidate: NodeId,
    },
    /// The history of this round's leader is adopted (Zab's currentEpoch).
    Epoch {
        /// The round.
        round: Round,
    },
    /// An entry is accepted at a slot, in place of what stood there.
    Accepted {
        /// The slot.
        slot: Slot,
        /// The round it was accepted in (Paxos) or first proposed in (Raft, Zab).
        round: Round,
        /// The entry's digest.
        digest: u64,
    },
    /// Everything above a slot is taken off the log.
    Cut {
        /// The last slot that stays.
        after: Slot,
    },
    /// A snapshot stands for the log up to a slot: the log's prefix chains on from it, and what stood below it need not
    /// be on the disk any more. What stands above the slot stays; a log that ends there, or that held something else
    /// there, says so by a [`Fact::Cut`] beside it.
    Snapshot {
        /// The last slot it covers.
        slot: Slot,
        /// The hash chain of the prefix it covers.
        chain: u64,
    },
    /// The replica leads a round. Volatile: said with `Output::fact`, made by no record. In Zab it begins at the
    /// quorum of ACKEPOCH.
    Leads {
        /// The round.
        round: Round,
    },
}

/// What a message asserts of its sender's disk. Judged against the sender's disk image as of the write that the
/// message waited for, or, of a message that waited for none, as the image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The sender has promised this round or a higher one.
    Promised {
        /// The round.
        round: Round,
    },
    /// The sender's vote of this round is for this candidate.
    Voted {
        /// The round of the vote.
        round: Round,
        /// Whom it is for.
        candidate: NodeId,
    },
    /// The sender has adopted the history of this round or of a higher one.
    Epoch {
        /// The round.
        round: Round,
    },
    /// The sender holds, at this slot, the entry of this round.
    Accepted {
        /// The slot.
        slot: Slot,
        /// The round.
        round: Round,
        /// The entry's digest, where the message carries enough to know it.
        digest: Option<u64>,
    },
    /// The sender's log up to and including this slot hashes to this chain (see `digest::chain`).
    Prefix {
        /// The last slot of the prefix. Zero: the empty log, which everyone holds.
        slot: Slot,
        /// Its hash chain.
        chain: u64,
    },
    /// The report of a promise: from this slot on the sender has accepted exactly these entries and no others.
    Report {
        /// The first slot reported on.
        from: Slot,
        /// How many entries are reported.
        count: u32,
        /// `digest::chain` folded over the reported (slot, round, entry digest) in order of slot, from zero.
        chain: u64,
    },
}

impl Claim {
    /// The claim's kind in a word, for reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Claim::Promised { .. } => "promised",
            Claim::Voted { .. } => "voted",
            Claim::Epoch { .. } => "epoch",
            Claim::Accepted { .. } => "accepted",
            Claim::Prefix { .. } => "prefix",
            Claim::Report { .. } => "report",
        }
    }
}
