//! R11, the order of a log's marks: compacted, in a snapshot, committed, at its end (etcd and openraft assert the same).
//! The replica delivers in the step that commits, so what is applied is what is committed. Asserts of the replica keep
//! every mutant within it; `the_judge_sees_a_delivery_beyond_the_log` forges a step that is not.

use alloc::format;

use replica::{Findings, Invariant, Step};

use super::{R11, RaftInvariants};
use crate::Raft;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R11",
    sentence: "Order: compacted <= snapshot <= committed <= last, and durable <= last.",
};

impl RaftInvariants {
    /// After each step.
    pub(super) fn check_order(&self, step: &Step<'_, Raft>, findings: &mut Findings) {
        let Raft { commit, durable, log, snapshots, .. } = step.replica;
        let (base, snapshot, last) = (log.base().index, snapshots.index(), log.last());
        let holds = base <= snapshot && snapshot <= *commit && *commit <= last && *durable <= last;
        findings.check(R11, step.node, holds, || {
            format!("compacted {base}, snapshot {snapshot}, commit {commit}, durable {durable}, last {last}")
        });
    }
}
