//! The rules of a node below its replica, as named bits: what its disk and its start must do for any protocol to be
//! safe on it. A run may leave one out, and judges can be seen to notice.

use replica::{RuleBit, RuleText};

/// A node whose disk was wiped stays nobody.
pub const WIPED_STAYS_OUT: RuleBit = RuleBit(0);
/// A sync that failed ends the process.
pub const SYNC_ERRORS_STOP: RuleBit = RuleBit(1);
/// A torn record at the end of the log is cut off.
pub const TORN_TAIL: RuleBit = RuleBit(2);
/// A broken record before the end of the log is no torn tail.
pub const CHECKSUM: RuleBit = RuleBit(3);

/// The rules, each at the place that its bit names.
pub const RULES: &[RuleText] = &[
    RuleText {
        id: "node/wiped-stays-out",
        sentence: "A node that lost its disk is nobody: it is given no membership under its old name.",
        source: "etcd, raft/doc.go: an id is used once; Chandra et al., Paxos Made Live (PODC 2007), 5.1",
    },
    RuleText {
        id: "node/sync-errors-stop",
        sentence: "A failed sync is never taken for a success, nor tried again as one: the process stops.",
        source: "Rebello et al., Can Applications Recover from fsync Failures? (USENIX ATC 2020)",
    },
    RuleText {
        id: "node/torn-tail",
        sentence: "A record that was torn at the end of the log is cut off, and the node starts on what stands before it.",
        source: "Tendermint issue 573: a crash in the middle of a write must not keep a node from starting",
    },
    RuleText {
        id: "node/checksum",
        sentence: "A broken record with sound ones behind it is damage, not a torn tail: nothing is cut there, and the node is nobody.",
        source: "Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage (FAST 2018), 3",
    },
];
