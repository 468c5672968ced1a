//! Z7, epochs: what ZooKeeper asserts at start-up (`QuorumPeer.loadDataBase`), for every record as it is written.
//!
//! Shown by the mutant without `zab/counter-overflow` (Z-29): the counter runs over into an epoch that nobody accepted.

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{Judge, Z7};
use crate::Record;
use crate::zxid::epoch;

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/Z7",
    sentence: "Epochs do not decrease, and acceptedEpoch >= currentEpoch >= epoch of the last zxid, on every disk",
};

/// A record is written.
pub(super) fn on_write(judge: &Judge, node: NodeId, record: &Record, findings: &mut Findings) {
    let ghost = &judge.ghosts[node.index()];
    match record {
        Record::Genesis { .. } | Record::Truncate { .. } => {}
        Record::AcceptedEpoch { epoch } => {
            findings.check(Z7, node, ghost.accepted < *epoch, || {
                format!("{node} accepts {epoch} after {}", ghost.accepted)
            });
        }
        Record::CurrentEpoch { epoch } => {
            findings.check(Z7, node, ghost.current <= *epoch && *epoch <= ghost.accepted, || {
                format!("{node} adopts {epoch} after {}, having accepted {}", ghost.current, ghost.accepted)
            });
        }
        Record::Txn { zxid, .. } => {
            findings.check(Z7, node, epoch(*zxid) <= ghost.current, || {
                format!("{node} logs {zxid} in its epoch {}", ghost.current)
            });
        }
        Record::Checkpoint { accepted, current, .. } => {
            let holds = ghost.accepted == *accepted && ghost.current <= *current && *current <= *accepted;
            findings.check(Z7, node, holds, || {
                format!(
                    "{node} keeps epochs {accepted} and {current} of {} and {}",
                    ghost.accepted, ghost.current
                )
            });
        }
    }
}
