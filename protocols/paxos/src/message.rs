//! What replicas say to each other, and what each message asserts of its sender's disk.

use replica::digest::chain;
use replica::{Bytes, Claim, Few, LocalTime, NodeId, SharedEntry, Slot};

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
        /// The proposer's first undelivered slot, or where its report goes on.
        from: Slot,
        /// The ballot whose leader handed its office over to the proposer, and its lease with it; or zero.
        released: Ballot,
    },
    /// P1b: `ballot` is promised; these are my votes at or above `from`.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The slot asked for.
        from: Slot,
        /// Every slot up to this one is chosen, and its vote is gone: only a snapshot tells its value.
        trimmed: Slot,
        /// The acceptor's own watermark: it knows every slot up to this one to be chosen.
        chosen: Slot,
        /// The votes, in order of slot.
        votes: Few<Vote>,
        /// The slot to ask for next, if these are not all; else zero.
        next: Slot,
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
        /// If it asks for a lease: the leader's clock when it asked. Zero if not.
        lease: LocalTime,
    },
    /// When your heartbeat came, I had promised no ballot above yours.
    Confirm {
        /// The heartbeat's ballot.
        ballot: Ballot,
        /// The heartbeat's token.
        token: u64,
        /// The clock reading by which the leader asked for a lease that is granted herewith, or zero.
        lease: LocalTime,
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
    /// What you want to know is below what I have trimmed: fetch my snapshot instead.
    Offer {
        /// The ballot of the accept that came too late, or zero if this answers a catch-up.
        ballot: Ballot,
        /// The last slot that the snapshot covers.
        slot: Slot,
        /// The hash chain of the slots that it covers.
        chain: u64,
        /// Its length in bytes.
        len: u64,
    },
    /// Give me bytes of your snapshot.
    Fetch {
        /// The last slot that it covers.
        slot: Slot,
        /// Where to begin.
        offset: u64,
    },
    /// Bytes of a snapshot.
    Chunk {
        /// The last slot that it covers.
        slot: Slot,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A quorum read: how far have you voted?
    Probe {
        /// The reader's round.
        token: u64,
    },
    /// I have voted in no slot above `upto`, and know of none chosen above it.
    Voted {
        /// The reader's round.
        token: u64,
        /// The slot.
        upto: Slot,
    },
    /// A quorum read waits for `upto`: see to it that it is chosen, if need be with a no-op.
    Rinse {
        /// The slot.
        upto: Slot,
    },
    /// An operator wishes you to lead in my place: stand. My lease of `ballot` is off.
    HandOver {
        /// The ballot in which the sender led.
        ballot: Ballot,
    },
    /// What is your ballot, and do you hear a quorum?
    HeartbeatRequest {
        /// The asker's round.
        round: u64,
    },
    /// I would lead in `ballot`.
    HeartbeatReply {
        /// The asker's round.
        round: u64,
        /// The sender's ballot, which need not be promised by anybody yet.
        ballot: Ballot,
        /// Whether the sender hears a quorum.
        connected: bool,
        /// The ballot that the sender is bound to and whose owner it lacks, or zero.
        lacks: Ballot,
    },
}

replica::wire!(enum Message {
    0 => Prepare { ballot, from, released },
    1 => Promise { ballot, from, trimmed, chosen, votes, next },
    2 => Accept { ballot, slot, chosen, entry },
    3 => Accepted { ballot, slot },
    4 => Nack { ballot },
    5 => Heartbeat { ballot, chosen, token, lease },
    6 => Confirm { ballot, token, lease },
    7 => CatchUp { from },
    8 => Chosen { from, chosen, entries },
    9 => Offer { ballot, slot, chain, len },
    10 => Fetch { slot, offset },
    11 => Chunk { slot, offset, bytes },
    12 => Probe { token },
    13 => Voted { token, upto },
    14 => Rinse { upto },
    15 => HandOver { ballot },
    16 => HeartbeatRequest { round },
    17 => HeartbeatReply { round, ballot, connected, lacks },
});

impl replica::Message for Message {
    const KINDS: &'static [&'static str] = &[
        "prepare",
        "promise",
        "accept",
        "accepted",
        "nack",
        "heartbeat",
        "confirm",
        "catch-up",
        "chosen",
        "offer",
        "fetch",
        "chunk",
        "probe",
        "voted",
        "rinse",
        "hand-over",
        "heartbeat-request",
        "heartbeat-reply",
    ];

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
            Message::Offer { .. } => 9,
            Message::Fetch { .. } => 10,
            Message::Chunk { .. } => 11,
            Message::Probe { .. } => 12,
            Message::Voted { .. } => 13,
            Message::Rinse { .. } => 14,
            Message::HandOver { .. } => 15,
            Message::HeartbeatRequest { .. } => 16,
            Message::HeartbeatReply { .. } => 17,
        }
    }

    #[inline]
    fn entries(&self) -> u64 {
        match self {
            Message::Promise { votes, .. } => votes.len() as u64,
            Message::Accept { .. } => 1,
            Message::Chosen { entries, .. } => entries.len() as u64,
            // A snapshot is a state, not entries: the ledger of bytes has it.
            Message::Chunk { .. }
            | Message::Prepare { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. }
            | Message::Heartbeat { .. }
            | Message::Confirm { .. }
            | Message::CatchUp { .. }
            | Message::Offer { .. }
            | Message::Fetch { .. }
            | Message::Probe { .. }
            | Message::Voted { .. }
            | Message::Rinse { .. }
            | Message::HandOver { .. }
            | Message::HeartbeatRequest { .. }
            | Message::HeartbeatReply { .. } => 0,
        }
    }

    #[inline]
    fn claims(&self, _from: NodeId, _to: NodeId, claim: &mut impl FnMut(Claim)) {
        match self {
            // The reservation: the proposer's own acceptor has promised the ballot.
            Message::Prepare { ballot, .. } => claim(Claim::Promised { round: ballot.round() }),
            Message::Promise { ballot, from, trimmed, votes, next, .. } => {
                claim(Claim::Promised { round: ballot.round() });
                if *next != Slot::ZERO {
                    // A part of the report: it says what was voted for, and not yet that there is nothing else.
                    for Vote { slot, ballot, entry } in votes.iter() {
                        let (round, digest) = (ballot.round(), Some(entry.digest()));
                        claim(Claim::Accepted { slot: *slot, round, digest });
                    }
                    return;
                }
                let count = votes.len() as u32;
                let chain = votes.iter().fold(0, |before, vote| {
                    chain(before, vote.slot.0, vote.ballot.round().0, vote.entry.digest())
                });
                claim(Claim::Report { from: (*from).max(trimmed.next()), count, chain });
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
            | Message::Chosen { .. }
            | Message::Offer { .. }
            | Message::Fetch { .. }
            | Message::Chunk { .. }
            | Message::Probe { .. }
            | Message::Voted { .. }
            | Message::Rinse { .. }
            | Message::HandOver { .. }
            // A ballot that is told is promised by nobody yet: the prepare claims it.
            | Message::HeartbeatRequest { .. }
            | Message::HeartbeatReply { .. } => {}
        }
    }
}
