//! What servers say to each other (paper figure 2), and what each message asserts of its sender's disk.

use alloc::vec::Vec;

use replica::{Claim, Few, NodeId, SharedEntry, wire};

use crate::{Index, Term};

/// An entry and the term in which a leader first took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The term.
    pub term: Term,
    /// The command.
    pub entry: SharedEntry,
}
wire!(struct LogEntry { term, entry });

/// A message. The sender is the candidate, voter, leader or follower it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A candidate asks for a vote (5.2).
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// Index of the last entry of the candidate's log.
        last_index: Index,
        /// Term of that entry.
        last_term: Term,
        /// Whether the leader asked the candidate to stand: then no voter protects that leader (thesis 3.10, 4.2.3).
        transfer: bool,
    },
    /// The answer to it.
    VoteReply {
        /// The voter's term. If granted, the term of the vote.
        term: Term,
        /// Whether the receiver got the vote.
        granted: bool,
    },
    /// A leader replicates entries; with none, a heartbeat, a probe or the news of a commit (5.3).
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// Index of the entry before the new ones.
        prev_index: Index,
        /// Term of that entry.
        prev_term: Term,
        /// The leader's commit index.
        commit: Index,
        /// The leader's newest round of questions whether it still leads; the answer repeats it (thesis 6.4).
        token: u64,
        /// The entries from `prev_index + 1` on.
        entries: Few<LogEntry>,
    },
    /// A follower's log holds the leader's log up to `matched`, durably.
    Appended {
        /// The follower's term, which is the leader's.
        term: Term,
        /// The last index up to which the logs agree, as far as the answered message shows.
        matched: Index,
        /// The hash chain of the follower's log up to `matched`.
        chain: u64,
        /// From the answered message.
        token: u64,
    },
    /// A follower's log does not hold the entry before the new ones, or the leader's term is over.
    Rejected {
        /// The follower's term.
        term: Term,
        /// From the answered message.
        prev_index: Index,
        /// The last index at which the logs may still agree.
        hint_index: Index,
        /// The term of the follower's entry there.
        hint_term: Term,
        /// From the answered message.
        token: u64,
    },
    /// A server asks who would vote for it in the next term (thesis 9.6).
    PreVote {
        /// The asker's term; it would stand in the one after it.
        term: Term,
        /// Index of the last entry of its log.
        last_index: Index,
        /// Term of that entry.
        last_term: Term,
    },
    /// The answer to it, which binds nobody.
    PreVoteReply {
        /// From the answered message.
        asked: Term,
        /// The voter's term.
        term: Term,
        /// Whether the receiver would get the vote.
        granted: bool,
    },
    /// A leader asks a follower that has all its entries to stand at once (thesis 3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// A leader sends a part of its snapshot (paper figure 13).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// The last index that the snapshot covers.
        index: Index,
        /// The term of that entry.
        last_term: Term,
        /// The hash chain of the log up to it.
        chain: u64,
        /// Where in the snapshot the bytes belong.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether they are the last.
        done: bool,
    },
    /// How much of a snapshot a follower has, in memory: the leader goes on from there.
    InstallReply {
        /// From the answered message.
        term: Term,
        /// From the answered message.
        index: Index,
        /// How many bytes.
        received: u64,
    },
    /// A follower asks the leader where a read may read (thesis 6.4).
    ReadIndex {
        /// The asker's name for the question, never used twice.
        token: u64,
    },
    /// The answer to it.
    ReadIndexReply {
        /// From the answered message.
        token: u64,
        /// The leader's commit index when it began to ask whether it still leads.
        index: Index,
    },
}
wire!(enum Message {
    0 => RequestVote { term, last_index, last_term, transfer },
    1 => VoteReply { term, granted },
    2 => AppendEntries { term, prev_index, prev_term, commit, token, entries },
    3 => Appended { term, matched, chain, token },
    4 => Rejected { term, prev_index, hint_index, hint_term, token },
    5 => PreVote { term, last_index, last_term },
    6 => PreVoteReply { asked, term, granted },
    7 => TimeoutNow { term },
    8 => InstallSnapshot { term, index, last_term, chain, offset, bytes, done },
    9 => InstallReply { term, index, received },
    10 => ReadIndex { token },
    11 => ReadIndexReply { token, index },
});

impl Message {
    /// The term that the sender speaks in (5.1). Some messages bind nobody to a term: what is asked before an
    /// election, how far a snapshot has come, and where to read.
    pub fn term(&self) -> Option<Term> {
        match self {
            Message::RequestVote { term, .. }
            | Message::VoteReply { term, .. }
            | Message::AppendEntries { term, .. }
            | Message::Appended { term, .. }
            | Message::Rejected { term, .. }
            | Message::TimeoutNow { term }
            | Message::InstallSnapshot { term, .. } => Some(*term),
            Message::PreVote { .. }
            | Message::PreVoteReply { .. }
            | Message::InstallReply { .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. } => None,
        }
    }
}

impl replica::Message for Message {
    const KINDS: &'static [&'static str] = &[
        "RequestVote",
        "VoteReply",
        "AppendEntries",
        "Appended",
        "Rejected",
        "PreVote",
        "PreVoteReply",
        "TimeoutNow",
        "InstallSnapshot",
        "InstallReply",
        "ReadIndex",
        "ReadIndexReply",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::RequestVote { .. } => 0,
            Message::VoteReply { .. } => 1,
            Message::AppendEntries { .. } => 2,
            Message::Appended { .. } => 3,
            Message::Rejected { .. } => 4,
            Message::PreVote { .. } => 5,
            Message::PreVoteReply { .. } => 6,
            Message::TimeoutNow { .. } => 7,
            Message::InstallSnapshot { .. } => 8,
            Message::InstallReply { .. } => 9,
            Message::ReadIndex { .. } => 10,
            Message::ReadIndexReply { .. } => 11,
        }
    }

    fn entries(&self) -> u64 {
        match self {
            Message::AppendEntries { entries, .. } => entries.len() as u64,
            // A snapshot is a state, not entries: the ledger of bytes has it.
            Message::InstallSnapshot { .. }
            | Message::RequestVote { .. }
            | Message::VoteReply { .. }
            | Message::Appended { .. }
            | Message::Rejected { .. }
            | Message::PreVote { .. }
            | Message::PreVoteReply { .. }
            | Message::TimeoutNow { .. }
            | Message::InstallReply { .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. } => 0,
        }
    }

    fn claims(&self, from: NodeId, to: NodeId, claim: &mut impl FnMut(Claim)) {
        if let Some(round) = self.term() {
            claim(Claim::Promised { round });
        }
        match self {
            Message::RequestVote { term, .. } => claim(Claim::Voted { round: *term, candidate: from }),
            Message::VoteReply { term, granted: true } => claim(Claim::Voted { round: *term, candidate: to }),
            Message::Appended { matched, chain, .. } => {
                claim(Claim::Prefix { slot: *matched, chain: *chain });
            }
            // A leader sends entries before they are on its own disk: of its disk it asserts only the term.
            Message::VoteReply { granted: false, .. }
            | Message::AppendEntries { .. }
            | Message::Rejected { .. }
            | Message::PreVote { .. }
            | Message::PreVoteReply { .. }
            | Message::TimeoutNow { .. }
            | Message::InstallSnapshot { .. }
            | Message::InstallReply { .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. } => {}
        }
    }
}
