//! Raft's safety rules, each a bit that a run may leave out. The code asks for a rule where it obeys it.

use replica::{RuleBit, RuleText};

/// A vote is durable, with its term in one record, before anyone hears of it.
pub const VOTE_DURABLE: RuleBit = RuleBit(0);
/// A term is durable before anything is said in it.
pub const TERM_DURABLE: RuleBit = RuleBit(1);
/// Entries are durable before they are acknowledged.
pub const APPEND_DURABLE: RuleBit = RuleBit(2);
/// The leader counts itself only for what is durable on its own disk.
pub const OWN_DURABLE: RuleBit = RuleBit(3);
/// Only entries of the leader's own term are committed by counting.
pub const COMMIT_OWN_TERM: RuleBit = RuleBit(4);
/// A vote goes only to a log at least as up to date as the voter's.
pub const UP_TO_DATE: RuleBit = RuleBit(5);
/// One vote a term.
pub const ONE_VOTE: RuleBit = RuleBit(6);
/// A candidate or leader that sees a higher term becomes a follower.
pub const STEP_DOWN: RuleBit = RuleBit(7);
/// A follower takes entries only after the entry that precedes them in the leader's log.
pub const PREV_LOG: RuleBit = RuleBit(8);
/// Entries are removed only if one conflicts.
pub const CUT_ON_CONFLICT: RuleBit = RuleBit(9);
/// A follower commits no further than the message has matched its log.
pub const COMMIT_MATCHED: RuleBit = RuleBit(10);
/// A leader serves reads only after it has committed in its own term.
pub const READ_OWN_TERM: RuleBit = RuleBit(11);
/// A leader serves a read only after a majority has confirmed that it still leads.
pub const READ_QUORUM: RuleBit = RuleBit(12);
/// The confirmation answers a question asked after the read came.
pub const READ_TOKEN: RuleBit = RuleBit(13);
/// A vote counts only in the term it was given in.
pub const STALE_VOTE: RuleBit = RuleBit(14);
/// An acknowledgment counts only in the term it was given in.
pub const STALE_REPLY: RuleBit = RuleBit(15);
/// Nothing is taken from the leader of an older term.
pub const STALE_LEADER: RuleBit = RuleBit(16);
/// A leader begins its term with a no-op.
pub const NOOP: RuleBit = RuleBit(17);

/// The rules, in the order of their bits.
pub const ALL: &[RuleText] = &[
    RuleText {
        id: "raft/vote-durable",
        sentence: "A vote and its term are on disk, in one record, before the candidate (or the voter itself) counts it.",
        source: "thesis 3.8; paper figure 2, persistent state",
    },
    RuleText {
        id: "raft/term-durable",
        sentence: "A new term is on disk before any message is sent in it.",
        source: "paper figure 2, persistent state",
    },
    RuleText {
        id: "raft/append-durable",
        sentence: "A follower acknowledges entries only once they are on its disk.",
        source: "paper figure 2, persistent state; thesis 3.8",
    },
    RuleText {
        id: "raft/own-durable",
        sentence: "The leader may replicate before its own write, and counts itself only once that write is durable.",
        source: "thesis 10.2.1",
    },
    RuleText {
        id: "raft/5.4.2",
        sentence: "A leader commits by counting only entries of its own term; older ones are committed with them.",
        source: "paper 5.4.2, figure 8",
    },
    RuleText {
        id: "raft/5.4.1",
        sentence: "A server votes only for a candidate whose (last term, last index) is not below its own.",
        source: "paper 5.4.1",
    },
    RuleText {
        id: "raft/5.2-one-vote",
        sentence: "A server gives at most one vote in a term.",
        source: "paper 5.2",
    },
    RuleText {
        id: "raft/5.1-step-down",
        sentence: "A candidate or leader that sees a higher term becomes a follower.",
        source: "paper 5.1",
    },
    RuleText {
        id: "raft/5.3-prev",
        sentence: "A follower takes entries only if its log holds the entry before them, of the same term.",
        source: "paper 5.3, consistency check",
    },
    RuleText {
        id: "raft/5.3-cut",
        sentence: "A follower removes entries only where one conflicts with the leader's, not where a message is short.",
        source: "paper figure 2, AppendEntries step 3",
    },
    RuleText {
        id: "raft/commit-matched",
        sentence: "A follower commits up to the last entry that the message has matched, not to the end of its log.",
        source: "paper figure 2, AppendEntries step 5",
    },
    RuleText {
        id: "raft/6.4-own-term",
        sentence: "A leader serves reads only after an entry of its own term is committed.",
        source: "thesis 6.4, step 1",
    },
    RuleText {
        id: "raft/6.4-quorum",
        sentence: "A leader serves a read only after a majority has answered it: it does not answer from itself alone.",
        source: "thesis 6.4, step 3",
    },
    RuleText {
        id: "raft/6.4-token",
        sentence: "Only answers to a round that was started after the read came confirm it.",
        source: "thesis 6.4, step 3",
    },
    RuleText {
        id: "raft/stale-vote",
        sentence: "A candidate ignores votes given in an earlier term.",
        source: "paper 5.1",
    },
    RuleText {
        id: "raft/stale-reply",
        sentence: "A leader ignores acknowledgments given in an earlier term.",
        source: "paper 5.1",
    },
    RuleText {
        id: "raft/5.1-stale-leader",
        sentence: "A server rejects AppendEntries of an older term.",
        source: "paper 5.1; figure 2, AppendEntries step 1",
    },
    RuleText {
        id: "raft/no-op",
        sentence: "A leader begins its term with a no-op, so that what it inherited is committed without waiting for a client.",
        source: "thesis 6.4, step 1; paper section 8",
    },
];

/// The id of a rule, for narration.
pub const fn id(rule: RuleBit) -> &'static str {
    ALL[rule.0 as usize].id
}
