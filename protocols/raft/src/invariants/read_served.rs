//! Reads without the log (thesis 6.4, step 1): only a leader that has committed in its own term knows what earlier leaders
//! committed. A follower's read is judged where its leader answers. Mutant that shows it: `raft/6.4-own-term`.

use alloc::format;

use replica::{Findings, Invariant, Step};

use super::{READ, RaftInvariants};
use crate::role::Role;
use crate::{Index, Raft};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "raft/read",
    sentence: "A leader answers reads only after it has committed in its own term, and at no later index.",
};

impl RaftInvariants {
    /// At each answer of a leader.
    pub(super) fn check_read(&self, step: &Step<'_, Raft>, index: Index, findings: &mut Findings) {
        let raft = step.replica;
        if !matches!(raft.role, Role::Leader(_)) {
            return;
        }
        let committed = raft.log.term_at(raft.commit);
        let holds = committed == Some(raft.term) && index <= raft.commit;
        findings.check(READ, step.node, holds, || {
            format!(
                "answers a read at {index} in term {}; its last commit, {}, is of {committed:?}",
                raft.term, raft.commit
            )
        });
    }
}
