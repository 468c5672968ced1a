//! Rare paths that a campaign must have reached: a gate's number is its place in [`ALL`].

/// A leader loses its office with entries that are not committed.
pub const DEPOSED_WITH_SUFFIX: usize = 0;
/// A follower removes a suffix that conflicts.
pub const SUFFIX_CUT: usize = 1;
/// A candidate's election times out.
pub const SPLIT_VOTE: usize = 2;
/// A vote is denied because the candidate's log is behind.
pub const VOTE_DENIED_BEHIND: usize = 3;
/// A leader's own-term entry commits entries of older terms with it.
pub const OLDER_TERM_COMMITTED: usize = 4;
/// A majority holds an entry of an older term, and the leader does not count it.
pub const OLDER_TERM_NOT_COUNTED: usize = 5;
/// A rejection's hint spares the leader at least one probe.
pub const HINT_SKIPPED: usize = 6;
/// A follower's in-flight window is full.
pub const WINDOW_FULL: usize = 7;
/// The retry timer finds a pipeline that went silent.
pub const RETRIED: usize = 8;
/// A read waits for the first commit of the leader's term.
pub const READ_WAITED_FOR_TERM: usize = 9;
/// A leader loses its office with reads that wait.
pub const READS_DROPPED: usize = 10;
/// A vote of an earlier term arrives.
pub const STALE_VOTE_IGNORED: usize = 11;
/// An acknowledgment of an earlier term arrives.
pub const STALE_REPLY_IGNORED: usize = 12;
/// A message of an older term's leader arrives.
pub const STALE_LEADER_REJECTED: usize = 13;
/// A leader commits an entry that its own disk does not hold yet.
pub const COMMITTED_BEFORE_OWN_DISK: usize = 14;
/// A message repeats entries of which the log holds more.
pub const SHORT_APPEND_KEPT_SUFFIX: usize = 15;
/// A PreVote is denied because a leader is heard.
pub const PRE_VOTE_DENIED: usize = 16;
/// A PreVote is denied in a higher term, which the asker takes.
pub const PRE_VOTE_TAUGHT: usize = 17;
/// A request for a vote is ignored because a leader is heard.
pub const VOTE_IGNORED: usize = 18;
/// A leader steps down because it hears no majority.
pub const QUORUM_LOST: usize = 19;
/// A leader asks another server to stand.
pub const HANDED_OVER: usize = 20;
/// A transfer of leadership takes too long.
pub const HAND_OVER_ABORTED: usize = 21;
/// A read is answered under the lease.
pub const LEASE_READ: usize = 22;
/// A read finds the lease over and asks a majority.
pub const LEASE_OVER: usize = 23;
/// A follower learns where its read may read.
pub const FOLLOWER_READ: usize = 24;
/// A server compacts its log.
pub const COMPACTED: usize = 25;
/// A follower installs a leader's snapshot.
pub const INSTALLED: usize = 26;
/// An installed snapshot replaces a log that conflicts with it.
pub const INSTALLED_OVER_CONFLICT: usize = 27;
/// A chunk of a snapshot is sent again.
pub const CHUNK_RESENT: usize = 28;
/// A server starts from its snapshot.
pub const RESTORED: usize = 29;

/// The gates, in the order of their numbers.
pub const ALL: &[&str] = &[
    "leader deposed with uncommitted suffix",
    "conflicting suffix removed",
    "election timed out",
    "vote denied: candidate's log behind",
    "older-term entries committed with an own-term one",
    "older-term entry on a majority not counted",
    "rejection hint skipped a probe",
    "in-flight window full",
    "silent pipeline retried",
    "read waited for the first commit of the term",
    "leader deposed with reads waiting",
    "stale vote ignored",
    "stale acknowledgment ignored",
    "stale leader rejected",
    "leader committed before its own disk",
    "short append left the suffix in place",
    "pre-vote denied: leader heard",
    "pre-vote denied: higher term taken",
    "vote ignored: leader heard",
    "leader without a majority stepped down",
    "leader handed over",
    "hand-over aborted",
    "read answered under the lease",
    "read found the lease over",
    "follower read at the leader's index",
    "log compacted",
    "snapshot installed",
    "snapshot replaced a conflicting log",
    "snapshot chunk sent again",
    "started from a snapshot",
];
