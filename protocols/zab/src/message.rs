//! What servers say to each other, in ZooKeeper's words, and what each message asserts of its sender's disk.
//!
//! ```text
//! election         all: NOTIFICATION
//! discovery        follower: FOLLOWERINFO ──► leader: LEADERINFO ──► follower: ACKEPOCH
//! synchronization  leader: [TRUNC ──► follower: TRUNCATED | [SNAP ──► follower: SNAP-ACK]* ──► SNAPPED]*
//!                  leader: [DIFF ──► follower: DIFF-ACK]* NEWLEADER ──► follower: ACK(NEWLEADER)
//!                  leader: UPTODATE
//! broadcast        [follower: REQUEST] leader: PROPOSAL ──► follower: ACK ──► leader: COMMIT, to observers INFORM
//!                  leader: PING ──► follower: PONG    follower: SYNC ──► leader: SYNCED
//!                  leader: HANDOVER
//! ```
//!
//! Election and quorum traffic share one session a pair of servers, where ZooKeeper opens a connection for each
//! attempt to follow. What a connection does there, an *attempt* does here: the follower numbers its attempts, every
//! quorum message carries the number, and CLOSE stands for closing the connection.

use alloc::vec::Vec;

use replica::{
    Claim, Few, Message as MessageContract, NodeId, ReadId, Reader, Round, SharedEntry, Slot, Wire,
    WireError, wire,
};

use crate::log::Place;
use crate::zxid::epoch;

/// The number of one attempt of a follower to follow. Grows within an incarnation and from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u64);

impl Wire for Attempt {
    fn encode(&self, out: &mut replica::Bytes) {
        self.0.encode(out);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        u64::decode(input).map(Attempt)
    }
    fn size(&self) -> usize {
        8
    }
    fn digest(&self) -> u64 {
        self.0
    }
}

/// Whom a server votes for, and the history it judges that candidate by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The candidate.
    pub leader: NodeId,
    /// The last zxid of its log.
    pub zxid: Slot,
    /// Its currentEpoch.
    pub epoch: Round,
}

wire!(struct Vote { leader, zxid, epoch });

/// What the sender of a notification is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It looks for a leader.
    Looking,
    /// It follows the leader it voted for.
    Following,
    /// It leads.
    Leading,
}

impl Wire for State {
    fn encode(&self, out: &mut replica::Bytes) {
        out.push(*self as u8);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        match u8::decode(input)? {
            0 => Ok(State::Looking),
            1 => Ok(State::Following),
            2 => Ok(State::Leading),
            tag => Err(WireError::Tag(tag)),
        }
    }
    fn size(&self) -> usize {
        1
    }
    fn digest(&self) -> u64 {
        *self as u64
    }
}

/// A message.
#[derive(Clone, Debug)]
pub enum Message {
    /// A vote in an election, or the answer of a server that is not looking.
    Notification {
        /// The vote.
        vote: Vote,
        /// The sender's logical clock: the election that the vote belongs to.
        clock: u64,
        /// What the sender is doing.
        state: State,
    },
    /// A follower begins an attempt (CEPOCH in the paper).
    FollowerInfo {
        /// The attempt.
        attempt: Attempt,
        /// The last epoch that the follower accepted.
        accepted: Round,
    },
    /// The leader announces its epoch (NEWEPOCH).
    LeaderInfo {
        /// The attempt.
        attempt: Attempt,
        /// The new epoch.
        epoch: Round,
    },
    /// The follower promises not to follow a leader of an earlier epoch.
    AckEpoch {
        /// The attempt.
        attempt: Attempt,
        /// The epoch that is acknowledged.
        epoch: Round,
        /// Whether it counts. False if the epoch was accepted in an earlier attempt.
        vote: bool,
        /// The follower's currentEpoch.
        current: Round,
        /// The last zxid of its log.
        last: Slot,
    },
    /// Cut the log above `after`, then say where it ends.
    Trunc {
        /// The attempt.
        attempt: Attempt,
        /// The last zxid that may stay.
        after: Slot,
    },
    /// The follower's log ends here after a truncation.
    Truncated {
        /// The attempt.
        attempt: Attempt,
        /// The last zxid of its log.
        last: Slot,
    },
    /// Transactions that the follower lacks.
    Diff {
        /// The attempt.
        attempt: Attempt,
        /// The zxid that they follow.
        after: Slot,
        /// The transactions.
        txns: Few<(Slot, SharedEntry)>,
        /// Whether to answer with DIFF-ACK: there is more, and it is not to pile up on the way.
        answer: bool,
    },
    /// A DIFF was taken.
    DiffAck {
        /// The attempt.
        attempt: Attempt,
    },
    /// A part of a snapshot.
    Snap {
        /// The attempt.
        attempt: Attempt,
        /// What the snapshot stands for.
        at: Place,
        /// How many bytes it has in all.
        total: u64,
        /// Where this part starts.
        offset: u64,
        /// The part.
        bytes: Vec<u8>,
    },
    /// A part of a snapshot was taken.
    SnapAck {
        /// The attempt.
        attempt: Attempt,
        /// Where the next part starts.
        next: u64,
    },
    /// The snapshot is installed: the follower's log is what it stands for.
    Snapped {
        /// The attempt.
        attempt: Attempt,
        /// The last zxid of the follower's log.
        last: Slot,
    },
    /// The follower has all of the leader's history with this.
    NewLeader {
        /// The attempt.
        attempt: Attempt,
        /// The leader's epoch.
        epoch: Round,
        /// The last zxid of the leader's history as it was sent.
        last: Slot,
    },
    /// The follower holds the leader's history, durable.
    AckNewLeader {
        /// The attempt.
        attempt: Attempt,
        /// The epoch adopted.
        epoch: Round,
        /// The last zxid of the history.
        last: Slot,
        /// The hash chain of the history.
        chain: u64,
    },
    /// The follower may serve (COMMIT-LD).
    UpToDate {
        /// The attempt.
        attempt: Attempt,
        /// The last zxid that is committed.
        committed: Slot,
    },
    /// The leader proposes a transaction.
    Proposal {
        /// The attempt.
        attempt: Attempt,
        /// The transaction's name.
        zxid: Slot,
        /// What it says.
        entry: SharedEntry,
    },
    /// The follower has the transaction on disk.
    Ack {
        /// The attempt.
        attempt: Attempt,
        /// The transaction.
        zxid: Slot,
    },
    /// The transaction is committed.
    Commit {
        /// The attempt.
        attempt: Attempt,
        /// The transaction.
        zxid: Slot,
    },
    /// A committed transaction, told to an observer with all that it says.
    Inform {
        /// The attempt.
        attempt: Attempt,
        /// The transaction's name.
        zxid: Slot,
        /// What it says.
        entry: SharedEntry,
    },
    /// The leader resigns, and asks that another be elected.
    HandOver {
        /// The attempt, which ends.
        attempt: Attempt,
        /// Whom to vote for, unless the receiver's own history is ahead of that.
        vote: Vote,
    },
    /// Are you there, and do you still follow me?
    Ping {
        /// The attempt.
        attempt: Attempt,
        /// The number of the leader's newest confirmation round.
        token: u64,
    },
    /// The answer to a ping.
    Pong {
        /// The attempt.
        attempt: Attempt,
        /// The ping's token.
        token: u64,
    },
    /// A write that came to a follower.
    Request {
        /// The attempt.
        attempt: Attempt,
        /// What to propose.
        entry: SharedEntry,
    },
    /// A follower asks the leader to tell it when it has caught up.
    Sync {
        /// The attempt.
        attempt: Attempt,
        /// The follower's name for the read that waits.
        read: ReadId,
    },
    /// The follower has received what was proposed before its SYNC.
    Synced {
        /// The attempt.
        attempt: Attempt,
        /// The follower's name for the read that waits.
        read: ReadId,
    },
    /// The attempt is over. ZooKeeper closes the connection.
    Close {
        /// The attempt.
        attempt: Attempt,
    },
}

wire!(enum Message {
    0 => Notification { vote, clock, state },
    1 => FollowerInfo { attempt, accepted },
    2 => LeaderInfo { attempt, epoch },
    3 => AckEpoch { attempt, epoch, vote, current, last },
    4 => Trunc { attempt, after },
    5 => Truncated { attempt, last },
    6 => Diff { attempt, after, txns, answer },
    7 => NewLeader { attempt, epoch, last },
    8 => AckNewLeader { attempt, epoch, last, chain },
    9 => UpToDate { attempt, committed },
    10 => Proposal { attempt, zxid, entry },
    11 => Ack { attempt, zxid },
    12 => Commit { attempt, zxid },
    13 => Ping { attempt, token },
    14 => Pong { attempt, token },
    15 => Request { attempt, entry },
    16 => Sync { attempt, read },
    17 => Synced { attempt, read },
    18 => Close { attempt },
    19 => DiffAck { attempt },
    20 => Snap { attempt, at, total, offset, bytes },
    21 => SnapAck { attempt, next },
    22 => Snapped { attempt, last },
    23 => Inform { attempt, zxid, entry },
    24 => HandOver { attempt, vote },
});

impl MessageContract for Message {
    const KINDS: &'static [&'static str] = &[
        "NOTIFICATION",
        "FOLLOWERINFO",
        "LEADERINFO",
        "ACKEPOCH",
        "TRUNC",
        "TRUNCATED",
        "DIFF",
        "NEWLEADER",
        "ACK-NEWLEADER",
        "UPTODATE",
        "PROPOSAL",
        "ACK",
        "COMMIT",
        "PING",
        "PONG",
        "REQUEST",
        "SYNC",
        "SYNCED",
        "CLOSE",
        "DIFF-ACK",
        "SNAP",
        "SNAP-ACK",
        "SNAPPED",
        "INFORM",
        "HANDOVER",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Notification { .. } => 0,
            Message::FollowerInfo { .. } => 1,
            Message::LeaderInfo { .. } => 2,
            Message::AckEpoch { .. } => 3,
            Message::Trunc { .. } => 4,
            Message::Truncated { .. } => 5,
            Message::Diff { .. } => 6,
            Message::NewLeader { .. } => 7,
            Message::AckNewLeader { .. } => 8,
            Message::UpToDate { .. } => 9,
            Message::Proposal { .. } => 10,
            Message::Ack { .. } => 11,
            Message::Commit { .. } => 12,
            Message::Ping { .. } => 13,
            Message::Pong { .. } => 14,
            Message::Request { .. } => 15,
            Message::Sync { .. } => 16,
            Message::Synced { .. } => 17,
            Message::Close { .. } => 18,
            Message::DiffAck { .. } => 19,
            Message::Snap { .. } => 20,
            Message::SnapAck { .. } => 21,
            Message::Snapped { .. } => 22,
            Message::Inform { .. } => 23,
            Message::HandOver { .. } => 24,
        }
    }

    fn entries(&self) -> u64 {
        match self {
            Message::Diff { txns, .. } => txns.len() as u64,
            Message::Proposal { .. } | Message::Inform { .. } | Message::Request { .. } => 1,
            // A snapshot is a state, not transactions: the ledger of bytes has it.
            Message::Snap { .. }
            | Message::Notification { .. }
            | Message::FollowerInfo { .. }
            | Message::LeaderInfo { .. }
            | Message::AckEpoch { .. }
            | Message::Trunc { .. }
            | Message::Truncated { .. }
            | Message::DiffAck { .. }
            | Message::SnapAck { .. }
            | Message::Snapped { .. }
            | Message::NewLeader { .. }
            | Message::AckNewLeader { .. }
            | Message::UpToDate { .. }
            | Message::Ack { .. }
            | Message::Commit { .. }
            | Message::HandOver { .. }
            | Message::Ping { .. }
            | Message::Pong { .. }
            | Message::Sync { .. }
            | Message::Synced { .. }
            | Message::Close { .. } => 0,
        }
    }

    fn claims(&self, _from: NodeId, _to: NodeId, claim: &mut impl FnMut(Claim)) {
        match self {
            // A vote is a hint. What an elected leader may do is decided by discovery.
            Message::Notification { .. } => {}
            // FOLLOWERINFO only keeps the new epoch from being too low; a promise is what ACKEPOCH makes.
            Message::FollowerInfo { .. } => {}
            Message::LeaderInfo { epoch, .. } => claim(Claim::Promised { round: *epoch }),
            Message::AckEpoch { epoch, current, .. } => {
                claim(Claim::Promised { round: *epoch });
                claim(Claim::Epoch { round: *current });
            }
            // What a leader sends it need not have on its own disk: it counts itself only when it has.
            Message::Trunc { .. } | Message::Diff { .. } | Message::NewLeader { .. } => {}
            Message::Proposal { .. } => {}
            // Where the log ends decides what is sent next; what is held is claimed by ACK(NEWLEADER).
            Message::Truncated { .. } | Message::Snapped { .. } => {}
            // That a part has come makes no difference to what the follower may say it holds.
            Message::DiffAck { .. } | Message::SnapAck { .. } => {}
            // A snapshot is of what is committed: known by a quorum's disks.
            Message::Snap { .. } | Message::Inform { .. } => {}
            Message::AckNewLeader { epoch, last, chain, .. } => {
                claim(Claim::Epoch { round: *epoch });
                claim(Claim::Prefix { slot: *last, chain: *chain });
            }
            Message::Ack { zxid, .. } => {
                claim(Claim::Accepted { slot: *zxid, round: epoch(*zxid), digest: None });
            }
            // A commit is known by a quorum's disks, not by the sender's.
            Message::UpToDate { .. } | Message::Commit { .. } => {}
            Message::Ping { .. } | Message::Pong { .. } => {}
            Message::Request { .. } | Message::Sync { .. } | Message::Synced { .. } => {}
            Message::Close { .. } | Message::HandOver { .. } => {}
        }
    }
}
