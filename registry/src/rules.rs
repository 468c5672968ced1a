//! The safety rules of the registry as named bits, so that a run may leave one out and judges can be seen to notice.

use replica::{RuleBit, RuleText};

/// An operation that its session's table holds is not executed again.
pub const EXACTLY_ONCE: RuleBit = RuleBit(0);
/// A sequence at or below the acknowledged mark is refused.
pub const SETTLED_REFUSED: RuleBit = RuleBit(1);
/// A read waits for the position that the replica names.
pub const READ_WAITS: RuleBit = RuleBit(2);
/// A sequential read waits for what its client has seen.
pub const READ_SEEN: RuleBit = RuleBit(3);
/// What may have been proposed is not called failed.
pub const UNKNOWN_STAYS_OPEN: RuleBit = RuleBit(4);
/// A linearizable read asks its replica first.
pub const READ_ASKS: RuleBit = RuleBit(5);
/// A snapshot carries the sessions.
pub const SNAPSHOT_SESSIONS: RuleBit = RuleBit(6);
/// A snapshot's state and its position are of one moment.
pub const INDEX_WITH_DATA: RuleBit = RuleBit(7);
/// Applying reads nothing but the entry and the state.
pub const APPLY_DETERMINISTIC: RuleBit = RuleBit(8);

/// The rules, each at the place that its bit names.
pub const RULES: &[RuleText] = &[
    RuleText {
        id: "registry/exactly-once",
        sentence: "An operation that its session's table holds is answered from the table and not executed again.",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 6.3",
    },
    RuleText {
        id: "registry/settled-refused",
        sentence: "A sequence at or below its session's acknowledged mark is refused, since its answer is forgotten.",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 6.3; RIFL (SOSP 2015), 4.3",
    },
    RuleText {
        id: "registry/read-waits",
        sentence: "A read is answered only from a state that has applied the position its replica named.",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 6.4, step 4",
    },
    RuleText {
        id: "registry/read-seen",
        sentence: "A sequential read is answered only from a state that is not behind what its client has seen.",
        source: "ZooKeeper (USENIX ATC 2010), 4.4: a client may not connect to a server behind its last zxid",
    },
    RuleText {
        id: "registry/unknown-stays-open",
        sentence: "An operation that may have been proposed is reported as unknown, not as failed.",
        source: "Jepsen, on indeterminate operations: info, not fail; RedisRaft issue 23",
    },
    RuleText {
        id: "registry/read-asks",
        sentence: "A new leader's server answers no linearizable read before its replica has named a position for it.",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 6.4, steps 1 to 3; RedisRaft issue 14",
    },
    RuleText {
        id: "registry/snapshot-sessions",
        sentence: "A snapshot carries the sessions' table as well as the keys.",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 6.3: the sessions are part of the state machine",
    },
    RuleText {
        id: "registry/index-with-data",
        sentence: "The position that a snapshot names is stored with the state that it names, as of one moment.",
        source: "etcd 3.5, post-mortem of the data inconsistency (etcd issue 13766)",
    },
    RuleText {
        id: "registry/apply-deterministic",
        sentence: "Applying an entry reads the entry and the state and nothing else: no clock, no node's name.",
        source: "Schneider, Implementing Fault-Tolerant Services Using the State Machine Approach (1990), 2",
    },
];
