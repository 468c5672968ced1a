//! Z10, commits in order: DSN 2011, section IV.C, step l.3.2; ZooKeeper `Leader.tryToCommit`.
//!
//! To each learner, from UPTODATE on, every COMMIT or INFORM is the next. Shown by the mutant without
//! `zab/commit-in-order` (Z-19).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z10};
use crate::zxid::follows;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z10", sentence: "A transaction is committed only after the one before it" };

/// UPTODATE: everything up to here is committed.
pub(super) fn on_up_to_date(judge: &mut Judge, node: NodeId, to: NodeId, committed: Slot) {
    judge.ghosts[node.index()].committed[to.index()] = committed;
}

/// COMMIT.
pub(super) fn on_commit(judge: &mut Judge, node: NodeId, to: NodeId, zxid: Slot, findings: &mut Findings) {
    let committed = &mut judge.ghosts[node.index()].committed[to.index()];
    findings.check(Z10, node, follows(*committed, zxid), || {
        format!("{node} commits {zxid} after {committed} to {to}")
    });
    *committed = zxid;
}
