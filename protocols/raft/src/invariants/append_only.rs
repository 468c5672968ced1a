//! R2, Leader Append-Only (paper figure 3; 5.3). Compacting its log takes nothing from it. No rule's mutant makes a leader
//! cut its log, since a leader takes no entries; `the_judge_sees_a_leader_that_cuts` forges one.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{R2, RaftInvariants, Record, Wrote};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/R2",
    sentence: "Leader Append-Only: while it leads, a server only extends its log.",
};

impl RaftInvariants {
    /// At each record of a server that led before the step and after it.
    pub(super) fn check_append_only(
        &self,
        node: NodeId,
        wrote: &Wrote,
        record: &Record,
        stays_leader: bool,
        findings: &mut Findings,
    ) {
        let holds = match wrote {
            _ if !stays_leader => return,
            Wrote::Nothing => return,
            Wrote::Cut | Wrote::Snapshot { replaces: true, .. } => false,
            Wrote::Snapshot { replaces: false, .. } => true,
            Wrote::Entries { from, was_last } => *from == was_last.next(),
        };
        findings.check(R2, node, holds, || format!("removes entries while it leads: {record:?}"));
    }
}
