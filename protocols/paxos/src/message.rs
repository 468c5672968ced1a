//! What replicas say to each other, and what each message asserts of its sender's disk.

use replica::digest::chain;
use replica::{Claim, Few, NodeId, SharedEntry, Slot};

use crate::Ballot;

/// A vote as a promise reports it: at `slot` the acceptor accepted `entry` in `ballot`, and nothing higher there.
#[derive(Clone, Debug)]
pub struct Vote {
    /// The slot.
    pub slot: Slot,
    /// The ballot of the vote.
    pub ballot: Ballot,
    /// The value.
    pub entry: SharedEntry,
}

replica::wire!(struct Vote { slot, ballot, entry });

/// A message between replicas.
#[derive(Clone, Debug)]
pub enum Message {
    /// P1a: promise me `ballot`, and report your votes from `from` on.
    Prepare {
        /// The ballot.
        ballot: Ballot,
        /// The proposer's first undelivered slot.
        from: Slot,
    },
    /// P1b: `ballot` is promised; these are all my votes at or above `from`.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The slot asked for.
        from: Slot,
        /// The acceptor's own watermark: it knows every slot up to this one to be chosen.
        chosen: Slot,
        /// The votes, in order of slot.
        votes: Few<Vote>,
    },
    /// P2a: vote for `entry` at `slot` in `ballot`.
    Accept {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
        /// The leader's watermark: every slot up to this one is chosen.
        chosen: Slot,
        /// The value.
        entry: SharedEntry,
    },
    /// P2b: I voted in `ballot` at `slot`.
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
    },
    /// What you asked is below `ballot`, which I have promised.
    Nack {
        /// The higher ballot.
        ballot: Ballot,
    },
    /// I lead `ballot`, and every slot up to `chosen` is chosen.
    Heartbeat {
        /// The leader's ballot.
        ballot: Ballot,
        /// The leader's watermark.
        chosen: Slot,
        /// The round of reads that asks for a confirmation; zero if none does.
        token: u64,
    },
    /// When your heartbeat came, I had promised no ballot above yours.
    Confirm {
        /// The heartbeat's ballot.
        ballot: Ballot,
        /// The heartbeat's token.
        token: u64,
    },
    /// Tell me what was chosen from `from` on.
    CatchUp {
        /// The asker's first undelivered slot.
        from: Slot,
    },
    /// These are chosen, from `from` on without gaps.
    Chosen {
        /// The slot of the first entry.
        from: Slot,
        /// The sender's watermark, which may lie above the last entry.
        chosen: Slot,
        /// The values.
        entries: Few<SharedEntry>,
    },
}

replica::wire!(enum Message {
    0 => Prepare { ballot, from },
    1 => Promise { ballot, from, chosen, votes },
    2 => Accept { ballot, slot, chosen, entry },
    3 => Accepted { ballot, slot },
    4 => Nack { ballot },
    5 => Heartbeat { ballot, chosen, token },
    6 => Confirm { ballot, token },
    7 => CatchUp { from },
    8 => Chosen { from, chosen, entries },
});

impl replica::Message for Message {
    const KINDS: &'static [&'static str] =
        &["prepare", "promise", "accept", "accepted", "nack", "heartbeat", "confirm", "catch-up", "chosen"];

    #[inline]
    fn kind(&self) -> usize {
        match self {
            Message::Prepare { .. } => 0,
            Message::Promise { .. } => 1,
            Message::Accept { .. } => 2,
            Message::Accepted { .. } => 3,
            Message::Nack { .. } => 4,
            Message::Heartbeat { .. } => 5,
            Message::Confirm { .. } => 6,
            Message::CatchUp { .. } => 7,
            Message::Chosen { .. } => 8,
        }
    }

    #[inline]
    fn claims(&self, _from: NodeId, _to: NodeId, claim: &mut impl FnMut(Claim)) {
        match self {
            // The reservation: the proposer's own acceptor has promised the ballot.
            Message::Prepare { ballot, .. } => claim(Claim::Promised { round: ballot.round() }),
            Message::Promise { ballot, from, votes, .. } => {
                claim(Claim::Promised { round: ballot.round() });
                let count = votes.len() as u32;
                let chain = votes.iter().fold(0, |before, vote| {
                    chain(before, vote.slot.0, vote.ballot.round().0, vote.entry.digest())
                });
                claim(Claim::Report { from: *from, count, chain });
            }
            Message::Accepted { ballot, slot } => {
                claim(Claim::Promised { round: ballot.round() });
                claim(Claim::Accepted { slot: *slot, round: ballot.round(), digest: None });
            }
            // A leader proposes before its own vote is durable, so an accept claims none. That something is chosen
            // is a claim on a quorum's disks, not on the sender's. A nack and a confirmation speak of what the
            // sender holds in memory, which is never less than what its disk holds.
            Message::Accept { .. }
            | Message::Nack { .. }
            | Message::Heartbeat { .. }
            | Message::Confirm { .. }
            | Message::CatchUp { .. }
            | Message::Chosen { .. } => {}
        }
    }
}
