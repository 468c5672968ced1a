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
/// See [`ALL`].
pub const SNAP: usize = 16;
/// See [`ALL`].
pub const SNAPPED: usize = 17;
/// See [`ALL`].
pub const SNAP_ABANDONED: usize = 18;
/// See [`ALL`].
pub const RESTORED: usize = 19;
/// See [`ALL`].
pub const DIFF_WAITED: usize = 20;
/// See [`ALL`].
pub const COUNTER_USED_UP: usize = 21;
/// See [`ALL`].
pub const DISK_STALLED: usize = 22;
/// See [`ALL`].
pub const HANDED_OVER: usize = 23;
/// See [`ALL`].
pub const LEASE_READ: usize = 24;
/// See [`ALL`].
pub const LEASE_WAITED: usize = 25;
/// See [`ALL`].
pub const OBSERVER_SYNCED: usize = 26;

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
    "a snapshot is sent",
    "a snapshot is installed",
    "a relation ends in the middle of a snapshot",
    "a server starts from a snapshot",
    "a difference waits until the learner has taken some of it",
    "leader gives up because its counter is used up",
    "leader gives up because its disk is stalled",
    "leader hands over",
    "a read is answered by lease",
    "a new epoch waits for a lease to end",
    "an observer is up to date",
];
