//! Rare paths that a campaign must have reached at least once.

/// See [`ALL`].
pub const FOLLOWER_AHEAD: usize = 0;
/// See [`ALL`].
pub const TRUNCATED: usize = 1;
/// See [`ALL`].
pub const TRUNCATED_AGAIN: usize = 2;
/// See [`ALL`].
pub const TRUNCATED_THEN_DIFF: usize = 3;
/// See [`ALL`].
pub const WHOLE_LOG: usize = 4;
/// See [`ALL`].
pub const JOINED_WHILE_PROPOSING: usize = 5;
/// See [`ALL`].
pub const ACCEPTED_BEFORE: usize = 6;
/// See [`ALL`].
pub const EPOCH_RAISED: usize = 7;
/// See [`ALL`].
pub const QUORUM_LOST: usize = 8;
/// See [`ALL`].
pub const DEPOSED_UNCOMMITTED: usize = 9;
/// See [`ALL`].
pub const DEPOSED_BY_EPOCH: usize = 10;
/// See [`ALL`].
pub const EARLY_FOLLOWER: usize = 11;
/// See [`ALL`].
pub const OLD_ATTEMPT: usize = 12;
/// See [`ALL`].
pub const COMMITTED_WITHOUT_OWN_DISK: usize = 13;
/// See [`ALL`].
pub const VOTE_CHANGED_WHILE_FINALIZING: usize = 14;
/// See [`ALL`].
pub const JOINED_ESTABLISHED: usize = 15;

/// Every gate, by number.
pub const ALL: &[&str] = &[
    "leader gives up because a follower is ahead",
    "transactions that the leader does not have are truncated",
    "one truncation was not enough: the real last zxid was not the leader's either",
    "truncation, then a difference from the real last zxid",
    "the whole log is sent",
    "a learner joins while proposals are outstanding",
    "an epoch accepted before is acknowledged without a vote",
    "an announced epoch is raised before it is established",
    "leader gives up because its quorum is silent",
    "leader gives up with uncommitted transactions",
    "leader gives up because a follower has accepted a later epoch",
    "FOLLOWERINFO comes before its receiver knows that it leads",
    "a message of an old attempt is ignored",
    "a transaction is committed before it is on the leader's own disk",
    "a better vote comes during the finalize wait",
    "a looking server joins an ensemble that is already led",
];
