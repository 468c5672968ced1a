//! Rare paths that a campaign must have reached, by their places in [`ALL`].

/// See [`ALL`].
pub const LEADER_PREEMPTED: usize = 0;
/// See [`ALL`].
pub const VALUE_FROM_PROMISE: usize = 1;
/// See [`ALL`].
pub const REPORTS_DIFFER: usize = 2;
/// See [`ALL`].
pub const HOLE_FILLED: usize = 3;
/// See [`ALL`].
pub const OUT_OF_ORDER: usize = 4;
/// See [`ALL`].
pub const BELOW_PROMISE: usize = 5;
/// See [`ALL`].
pub const CANDIDATE_PREEMPTED: usize = 6;
/// See [`ALL`].
pub const OTHER_BALLOT: usize = 7;
/// See [`ALL`].
pub const CAUGHT_UP: usize = 8;
/// See [`ALL`].
pub const STALE_PROMISE: usize = 9;
/// See [`ALL`].
pub const STALE_ACCEPTED: usize = 10;
/// See [`ALL`].
pub const ACCEPT_RESENT: usize = 11;
/// See [`ALL`].
pub const READS_SHARED: usize = 12;
/// See [`ALL`].
pub const READS_LOST: usize = 13;
/// See [`ALL`].
pub const REPEATED_PREPARE: usize = 14;
/// See [`ALL`].
pub const VOTE_OVERWRITTEN: usize = 15;
/// See [`ALL`].
pub const BELOW_TRIM: usize = 16;
/// See [`ALL`].
pub const TRIMMED: usize = 17;
/// See [`ALL`].
pub const INSTALLED: usize = 18;
/// See [`ALL`].
pub const REPORT_IN_PARTS: usize = 19;
/// See [`ALL`].
pub const LEASE_KEPT: usize = 20;
/// See [`ALL`].
pub const LEASE_READ: usize = 21;
/// See [`ALL`].
pub const RINSED: usize = 22;
/// See [`ALL`].
pub const RAISED: usize = 23;
/// See [`ALL`].
pub const RAISED_FOR_ANOTHER: usize = 24;
/// See [`ALL`].
pub const NOT_CONNECTED: usize = 25;

/// What each gate is about.
pub const ALL: &[&str] = &[
    "a leader is pre-empted with slots in flight",
    "phase 1 brings a value that the new leader had not accepted",
    "two acceptors report different values of one slot",
    "a hole below the highest reported slot is filled with a no-op",
    "a slot is chosen before the one below it",
    "an acceptor refuses to vote below its promise",
    "a candidate is pre-empted",
    "a learner's vote below the watermark is of another ballot",
    "a learner catches up from what another replica knows to be chosen",
    "a promise of another ballot, or a second one, is left uncounted",
    "an accepted of another ballot, or a second one, is left uncounted",
    "an accept that nobody answered in time is sent again",
    "one round confirms more than one read",
    "a leader is deposed with reads waiting",
    "a prepare that was promised before is answered again",
    "an acceptor votes for another value in a slot at a higher ballot",
    "somebody asks for what is trimmed",
    "a snapshot stands for the log, which is trimmed",
    "a snapshot of another replica is installed",
    "a promise reports its votes in parts",
    "a lease keeps an acceptor from promising another proposer",
    "a leader answers a read by its lease",
    "a quorum read waits for a slot that is not applied yet",
    "a node that hears a quorum and lacks the leader raises its ballot",
    "a node raises its ballot for another that is bound to a leader it lacks",
    "a node that hears no quorum lacks the leader",
];
