//! Z9, contiguity: ZOOKEEPER-4925, `enforceContinuousProposal`.
//!
//! Shown by the mutants without `zab/contiguous`, `zab/fifo` (Z-28) and `zab/whole-log` (Z-17).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Slot};

use super::{Judge, Z9};
use crate::Record;
use crate::zxid::follows;

/// See the module.
pub(super) const INVARIANT: Invariant =
    Invariant { id: "zab/Z9", sentence: "Zxids of an epoch are consecutive in every log" };

/// A record is written.
pub(super) fn on_write(judge: &Judge, node: NodeId, record: &Record, findings: &mut Findings) {
    let last = judge.ghosts[node.index()].last;
    match record {
        Record::Txn { zxid, .. } => check(node, last, *zxid, findings),
        Record::Checkpoint { base, txns, .. } => {
            let mut last = base.zxid;
            for (zxid, _) in txns.iter() {
                check(node, last, *zxid, findings);
                last = *zxid;
            }
        }
        _ => {}
    }
}

fn check(node: NodeId, last: Slot, zxid: Slot, findings: &mut Findings) {
    findings.check(Z9, node, follows(last, zxid), || format!("{node} logs {zxid} after {last}"));
}
