//! A server is what its disk makes of it: the records that it writes and what it believes may not part.
//!
//! Not in the papers; the refinement that every restart relies on. Shown on hand-made effects
//! (`tests/protocol/judge.rs`), and by the mutant without `zab/snap-whole` (Z-11).

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{Judge, STATE};
use crate::Zab;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/state", sentence: "A server's epochs and last zxid are what its records say" };

/// A step wrote or sent something.
pub(super) fn after_step(judge: &Judge, node: NodeId, replica: &Zab, findings: &mut Findings) {
    let ghost = &judge.ghosts[node.index()];
    let said = (replica.accepted_epoch, replica.current_epoch, replica.log.last());
    let written = (ghost.accepted, ghost.current, ghost.last);
    findings.check(STATE, node, said == written, || {
        format!("{node} is at {said:?}, its records say {written:?}")
    });
}
