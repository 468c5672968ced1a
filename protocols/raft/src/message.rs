//! What servers say to each other (paper figure 2), and what each message asserts of its sender's disk.

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
}
wire!(enum Message {
    0 => RequestVote { term, last_index, last_term },
    1 => VoteReply { term, granted },
    2 => AppendEntries { term, prev_index, prev_term, commit, token, entries },
    3 => Appended { term, matched, chain, token },
    4 => Rejected { term, prev_index, hint_index, hint_term, token },
});

impl Message {
    /// The sender's term; every message carries one (5.1).
    pub fn term(&self) -> Term {
        match self {
            Message::RequestVote { term, .. }
            | Message::VoteReply { term, .. }
            | Message::AppendEntries { term, .. }
            | Message::Appended { term, .. }
            | Message::Rejected { term, .. } => *term,
        }
    }
}

impl replica::Message for Message {
    const KINDS: &'static [&'static str] =
        &["RequestVote", "VoteReply", "AppendEntries", "Appended", "Rejected"];

    fn kind(&self) -> usize {
        match self {
            Message::RequestVote { .. } => 0,
            Message::VoteReply { .. } => 1,
            Message::AppendEntries { .. } => 2,
            Message::Appended { .. } => 3,
            Message::Rejected { .. } => 4,
        }
    }

    fn claims(&self, from: NodeId, to: NodeId, claim: &mut impl FnMut(Claim)) {
        claim(Claim::Promised { round: self.term() });
        match self {
            Message::RequestVote { term, .. } => claim(Claim::Voted { round: *term, candidate: from }),
            Message::VoteReply { term, granted: true } => claim(Claim::Voted { round: *term, candidate: to }),
            Message::Appended { matched, chain, .. } => {
                claim(Claim::Prefix { slot: *matched, chain: *chain });
            }
            // A leader sends entries before they are on its own disk: of its disk it asserts only the term.
            Message::VoteReply { granted: false, .. }
            | Message::AppendEntries { .. }
            | Message::Rejected { .. } => {}
        }
    }
}
