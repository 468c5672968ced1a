//! Zab's safety rules, each a bit that a run may leave out. Z-numbers are those of the catalogue of ZooKeeper bugs
//! that each rule answers.

use replica::{RuleBit, RuleText};

/// See [`ALL`].
pub const ACCEPT_DURABLE: RuleBit = RuleBit(0);
/// See [`ALL`].
pub const ACCEPT_ONCE: RuleBit = RuleBit(1);
/// See [`ALL`].
pub const ANNOUNCE_DURABLE: RuleBit = RuleBit(2);
/// See [`ALL`].
pub const NOT_AHEAD: RuleBit = RuleBit(3);
/// See [`ALL`].
pub const ORDER_BY_EPOCH: RuleBit = RuleBit(4);
/// See [`ALL`].
pub const SYNC_DURABLE: RuleBit = RuleBit(5);
/// See [`ALL`].
pub const EPOCH_AFTER_TXNS: RuleBit = RuleBit(6);
/// See [`ALL`].
pub const EPOCH_AT_NEWLEADER: RuleBit = RuleBit(7);
/// See [`ALL`].
pub const TRUNCATE_EXTRA: RuleBit = RuleBit(8);
/// See [`ALL`].
pub const PROPOSE_TO_SYNCING: RuleBit = RuleBit(9);
/// See [`ALL`].
pub const SERVE_AFTER_QUORUM: RuleBit = RuleBit(10);
/// See [`ALL`].
pub const SYNC_LIMIT: RuleBit = RuleBit(11);
/// See [`ALL`].
pub const ACK_DURABLE: RuleBit = RuleBit(12);
/// See [`ALL`].
pub const LEADER_COUNTS_DURABLE: RuleBit = RuleBit(13);
/// See [`ALL`].
pub const COMMIT_IN_ORDER: RuleBit = RuleBit(14);
/// See [`ALL`].
pub const CONTIGUOUS: RuleBit = RuleBit(15);
/// See [`ALL`].
pub const ACK_OF_THIS_ATTEMPT: RuleBit = RuleBit(16);
/// See [`ALL`].
pub const READ_QUORUM: RuleBit = RuleBit(17);
/// See [`ALL`].
pub const READ_FRESH: RuleBit = RuleBit(18);
/// See [`ALL`].
pub const COUNTER_OVERFLOW: RuleBit = RuleBit(19);
/// See [`ALL`].
pub const EPOCH_RECORDED: RuleBit = RuleBit(20);
/// See [`ALL`].
pub const TRUNCATE_ABOVE: RuleBit = RuleBit(21);
/// See [`ALL`].
pub const SNAP_WHOLE: RuleBit = RuleBit(22);
/// See [`ALL`].
pub const WHOLE_LOG: RuleBit = RuleBit(23);
/// See [`ALL`].
pub const DELIVER_COMMITTED: RuleBit = RuleBit(24);
/// See [`ALL`].
pub const SYNC_IS_WEAK: RuleBit = RuleBit(25);
/// See [`ALL`].
pub const OBSERVER_NOT_ELECTED: RuleBit = RuleBit(26);
/// See [`ALL`].
pub const CHECK_LEADER: RuleBit = RuleBit(27);
/// See [`ALL`].
pub const REPEAT_VOTE: RuleBit = RuleBit(28);
/// See [`ALL`].
pub const FIFO: RuleBit = RuleBit(29);
/// See [`ALL`].
pub const LEASE_DRIFT: RuleBit = RuleBit(30);
/// See [`ALL`].
pub const LEASE_FROM_SEND: RuleBit = RuleBit(31);
/// See [`ALL`].
pub const LEASE_PROMISE: RuleBit = RuleBit(32);
/// See [`ALL`].
pub const LEASE_RESTART: RuleBit = RuleBit(33);

/// Every rule, in the order of its bits.
pub const ALL: &[RuleText] = &[
    RuleText {
        id: "zab/accept-durable",
        sentence: "A follower sends ACKEPOCH only after its acceptedEpoch is durable",
        source: "Zab (DSN 2011) section IV.A, step f.1.1; ZooKeeper Learner.registerWithLeader (Z-05)",
    },
    RuleText {
        id: "zab/accept-once",
        sentence: "An epoch that was accepted before is acknowledged again, but not as a vote",
        source: "ZooKeeper Learner.registerWithLeader: \"we cannot ack again\" (Z-05)",
    },
    RuleText {
        id: "zab/announce-durable",
        sentence: "A leader's own acceptedEpoch is durable before LEADERINFO leaves",
        source: "ZOOKEEPER-1291, Leader.getEpochToPropose (Z-04)",
    },
    RuleText {
        id: "zab/not-ahead",
        sentence: "A leader gives up if a follower of its quorum is ahead in (currentEpoch, last zxid)",
        source: "ZooKeeper Leader.waitForEpochAck, StateSummary (Z-07)",
    },
    RuleText {
        id: "zab/order-by-epoch",
        sentence: "Histories are compared by (currentEpoch, last zxid), not by zxid alone",
        source: "ZooKeeper FastLeaderElection.totalOrderPredicate, StateSummary (Z-31)",
    },
    RuleText {
        id: "zab/sync-durable",
        sentence: "ACK(NEWLEADER) leaves only after the synchronized transactions are durable",
        source: "Zab (DSN 2011) section IV.B, step f.2.1; ZOOKEEPER-3911 (Z-01)",
    },
    RuleText {
        id: "zab/epoch-after-txns",
        sentence: "currentEpoch is written after the synchronized transactions, never before them",
        source: "ZOOKEEPER-4643, ZOOKEEPER-4785 (Z-02)",
    },
    RuleText {
        id: "zab/epoch-at-newleader",
        sentence: "currentEpoch is written at NEWLEADER, not at UPTODATE",
        source: "ZOOKEEPER-1282 (Z-03)",
    },
    RuleText {
        id: "zab/sync-trunc",
        sentence: "A transaction that is not in the leader's history is truncated, wherever it falls among the leader's zxids",
        source: "ZOOKEEPER-1154, ZOOKEEPER-1156 (Z-08)",
    },
    RuleText {
        id: "zab/propose-to-syncing",
        sentence: "Proposals go also to learners between NEWLEADER and its ACK",
        source: "ZooKeeper TLA+ specification, issue 1; Leader.startForwarding (Z-14)",
    },
    RuleText {
        id: "zab/serve-after-quorum",
        sentence: "A leader delivers its initial history and serves only after a quorum of ACK(NEWLEADER)",
        source: "Zab (DSN 2011) section IV.B, step l.2.2; Leader.waitForNewLeaderAck (Z-20)",
    },
    RuleText {
        id: "zab/sync-limit",
        sentence: "A leader that does not hear from a quorum within the sync limit gives up",
        source: "ZooKeeper Leader.lead, the tick loop (Z-21)",
    },
    RuleText {
        id: "zab/ack-durable",
        sentence: "ACK of a proposal leaves only after its transaction is durable",
        source: "Zab (DSN 2011) section IV.C, step f.3.1; SyncRequestProcessor",
    },
    RuleText {
        id: "zab/leader-counts-durable",
        sentence: "A leader counts its own acknowledgment only when its own write is durable",
        source: "ZooKeeper AckRequestProcessor",
    },
    RuleText {
        id: "zab/commit-in-order",
        sentence: "Transactions are committed in the order of their zxids",
        source: "Zab (DSN 2011) section IV.C, step l.3.2; Leader.tryToCommit (Z-19)",
    },
    RuleText {
        id: "zab/contiguous",
        sentence: "A follower takes only the next zxid; a gap ends its relation to the leader",
        source: "ZooKeeper enforceContinuousProposal",
    },
    RuleText {
        id: "zab/attempt",
        sentence: "An acknowledgment counts only in the relation and epoch that it was given in",
        source: "ZooKeeper Leader.processAck; relations are connections there (Z-30)",
    },
    RuleText {
        id: "zab/read-quorum",
        sentence: "A linearizable read waits until a quorum confirms that it still follows this leader",
        source: "ours; ZOOKEEPER-1675 says why sync is not enough",
    },
    RuleText {
        id: "zab/read-fresh",
        sentence: "The round of pings that confirms a read began after the read came",
        source: "ours; compare Raft's thesis, section 6.4",
    },
    RuleText {
        id: "zab/counter-overflow",
        sentence: "A leader whose counter is used up gives up, so that a new epoch begins",
        source: "ZOOKEEPER-1277 (Z-29)",
    },
    RuleText {
        id: "zab/epoch-recorded",
        sentence: "A new epoch is above every acceptedEpoch of its quorum, not just above the last zxid that its leader logged",
        source: "Zab (DSN 2011) section IV.A, step l.1.1; ZOOKEEPER-335, 1081, 1082 (Z-06)",
    },
    RuleText {
        id: "zab/sync-trunc-above",
        sentence: "A transaction above the last of the leader is truncated, though the epochs between left none behind",
        source: "ZOOKEEPER-2832 (Z-09)",
    },
    RuleText {
        id: "zab/snap-whole",
        sentence: "A snapshot counts only once it is whole: until then a follower says that it has what it had",
        source: "ZOOKEEPER-3642, ZOOKEEPER-2872 (Z-11)",
    },
    RuleText {
        id: "zab/whole-log",
        sentence: "A leader serves others from its whole log, with what it logged while it was itself synchronized; who is served takes no hole",
        source: "ZOOKEEPER-4925 (Z-17)",
    },
    RuleText {
        id: "zab/deliver-committed",
        sentence: "A learner delivers what is committed, not all that it was sent in synchronization",
        source: "ZOOKEEPER-4394 (Z-18)",
    },
    RuleText {
        id: "zab/sync-is-weak",
        sentence: "A SYNC does not make a read linearizable: that takes a quorum, the log or a lease",
        source: "ZOOKEEPER-1675 (Z-22)",
    },
    RuleText {
        id: "zab/observer-not-elected",
        sentence: "An observer votes for nobody and nobody votes for it",
        source: "ZOOKEEPER-764, FastLeaderElection.validVoter (Z-24)",
    },
    RuleText {
        id: "zab/check-leader",
        sentence: "A looking server believes that somebody leads only when that server says so itself",
        source: "ZOOKEEPER-975, FastLeaderElection.checkLeader (Z-25)",
    },
    RuleText {
        id: "zab/repeat-vote",
        sentence: "A looking server says its vote again: when a session comes up, and now and then",
        source: "ZOOKEEPER-1419, the loop of FastLeaderElection.lookForLeader (Z-26)",
    },
    RuleText {
        id: "zab/fifo",
        sentence: "Messages of a session arrive in the order in which they were sent, none missing: Zab does not run on datagrams",
        source: "ZooKeeper internals, \"FIFO channels\"; Zab (DSN 2011) section III.A (Z-28)",
    },
    RuleText {
        id: "zab/lease-drift",
        sentence: "A leader uses a lease for less than was granted, by as much as two clocks may drift apart",
        source: "ours; compare Raft's thesis, section 6.4.1",
    },
    RuleText {
        id: "zab/lease-from-send",
        sentence: "A lease begins when the ping that it answers was sent, not when the answer comes",
        source: "ours; compare Gray and Cheriton (SOSP 1989)",
    },
    RuleText {
        id: "zab/lease-promise",
        sentence: "Who answered a ping of a leader that reads by lease acknowledges nobody else's epoch until the lease is over",
        source: "ours; compare Paxos Made Live (PODC 2007), section 5.2",
    },
    RuleText {
        id: "zab/lease-restart",
        sentence: "A server that restarts waits for as long as a lease that it may have granted and forgotten",
        source: "ours; compare Gray and Cheriton (SOSP 1989)",
    },
];
