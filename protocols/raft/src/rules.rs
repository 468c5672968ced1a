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
/// Logs are compared by their last terms before their lengths.
pub const UP_TO_DATE_TERM: RuleBit = RuleBit(18);
/// A term reaches the disk before the entries that are taken in it.
pub const TERM_FIRST: RuleBit = RuleBit(19);
/// Term and vote are one record.
pub const BALLOT_ATOMIC: RuleBit = RuleBit(20);
/// A vote is kept as long as its term.
pub const VOTE_KEPT: RuleBit = RuleBit(21);
/// Quorums are counted among voters.
pub const VOTERS_ONLY: RuleBit = RuleBit(22);
/// A PreVote changes no state.
pub const PREVOTE_PURE: RuleBit = RuleBit(23);
/// A denied PreVote teaches a higher term.
pub const PREVOTE_TERM: RuleBit = RuleBit(24);
/// An entry is durable with its own write.
pub const STABLE_WRITE: RuleBit = RuleBit(25);
/// A follower's read waits for the leader's index.
pub const READ_APPLIED: RuleBit = RuleBit(26);
/// A lease leaves room for drift.
pub const LEASE_DRIFT: RuleBit = RuleBit(27);
/// A transfer ends the lease.
pub const LEASE_TRANSFER: RuleBit = RuleBit(28);
/// A lease starts when its round was sent.
pub const LEASE_SENT: RuleBit = RuleBit(29);
/// Voters protect a leader they hear.
pub const VOTER_LEASE: RuleBit = RuleBit(30);
/// Commit is by the majority's lowest acknowledgment.
pub const MAJORITY: RuleBit = RuleBit(31);
/// A snapshot replaces a log that disagrees.
pub const SNAPSHOT_CONFLICT: RuleBit = RuleBit(32);
/// Compaction waits for the snapshot.
pub const SNAPSHOT_DURABLE: RuleBit = RuleBit(33);
/// No page of deliveries skips an entry.
pub const PAGES: RuleBit = RuleBit(34);

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
    RuleText {
        id: "raft/5.4.1-term",
        sentence: "Of two logs the one with the later last term is more up to date, whatever their lengths.",
        source: "paper 5.4.1, last paragraph",
    },
    RuleText {
        id: "raft/term-first",
        sentence: "A term is on disk no later than the first entry taken in it.",
        source: "paper figure 2, persistent state; openraft, IO ordering",
    },
    RuleText {
        id: "raft/ballot-atomic",
        sentence: "A term and the vote given in it are written in one record.",
        source: "thesis 3.8; hashicorp/raft issue 661",
    },
    RuleText {
        id: "raft/vote-kept",
        sentence: "A vote lasts as long as its term: neither stepping down nor a leader of that term takes it back.",
        source: "paper 5.2; hazelcast PR 16643",
    },
    RuleText {
        id: "raft/voters-only",
        sentence: "Only voters count: a learner has no vote, and its acknowledgment commits nothing.",
        source: "thesis 4.2.1",
    },
    RuleText {
        id: "raft/9.6-pure",
        sentence: "A PreVote changes nobody's term and nobody's vote.",
        source: "thesis 9.6",
    },
    RuleText {
        id: "raft/9.6-term",
        sentence: "A server whose PreVote is denied in a higher term takes that term.",
        source: "thesis 9.6; etcd commit 3c7359d",
    },
    RuleText {
        id: "raft/stable-write",
        sentence: "An entry is durable when its own write is, not when that of an entry it replaced is.",
        source: "thesis 10.2.1; etcd, append ABA race",
    },
    RuleText {
        id: "raft/6.4-applied",
        sentence: "A follower answers a read once it has applied the leader's read index, not before.",
        source: "thesis 6.4, step 4; 6.4, followers",
    },
    RuleText {
        id: "raft/6.4.1-drift",
        sentence: "A lease is shorter than the least election timeout by what two clocks may differ.",
        source: "thesis 6.4.1",
    },
    RuleText {
        id: "raft/6.4.1-transfer",
        sentence: "A leader that has told another to stand has no lease any more.",
        source: "thesis 6.4.1; tikv issue 1593",
    },
    RuleText {
        id: "raft/6.4.1-sent",
        sentence: "A lease is counted from when the round was sent that a majority answered.",
        source: "thesis 6.4.1",
    },
    RuleText {
        id: "raft/4.2.3",
        sentence: "A voter that heard a leader within the least election timeout elects nobody, but at that leader's own wish.",
        source: "thesis 4.2.3, 6.4.1",
    },
    RuleText {
        id: "raft/5.3-majority",
        sentence: "An entry is committed when a majority holds it: by the majority's lowest acknowledgment, not by any higher one.",
        source: "paper 5.3; openraft issue 1802",
    },
    RuleText {
        id: "raft/7-conflict",
        sentence: "A snapshot that conflicts with the log replaces all of it; only a log that agrees at its last entry keeps what follows.",
        source: "paper figure 13, InstallSnapshot steps 6 and 7",
    },
    RuleText {
        id: "raft/7-durable",
        sentence: "The log is compacted only once the snapshot that stands for it is on disk.",
        source: "paper section 7",
    },
    RuleText {
        id: "raft/5.3-pages",
        sentence: "Committed entries are delivered without a gap, however many go at once.",
        source: "paper 5.3; etcd commit 8ecce32",
    },
];

/// The id of a rule, for narration.
pub const fn id(rule: RuleBit) -> &'static str {
    ALL[rule.0 as usize].id
}
