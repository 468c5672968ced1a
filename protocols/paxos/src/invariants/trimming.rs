//! P9, trim safety: to every chosen slot a path stays, a vote or a snapshot. Source: omnipaxos #131 (decided is not
//! applied). Its mutant is the one without `paxos/trim-covered`, which trims before its snapshot is on the disk.

use alloc::format;

use replica::{BlobId, Findings, NodeId, Slot};

use super::{Invariants, P9};

impl Invariants {
    /// The last bytes of a blob were handed to the disk.
    pub(super) fn on_blob(&mut self, node: NodeId, blob: BlobId) {
        self.nodes[node.index()].blob = Some((blob, self.steps));
    }

    /// A record names a snapshot, and drops the votes up to `trimmed`.
    pub(super) fn on_trim(
        &mut self,
        node: NodeId,
        blob: BlobId,
        (slot, trimmed): (Slot, Slot),
        findings: &mut Findings,
    ) {
        let (ghost, now) = (&self.nodes[node.index()], self.steps);
        let (applied, written) = (ghost.delivered, ghost.blob);
        // A blob is durable in a later step than the one that writes it.
        let holds = trimmed <= slot
            && slot <= applied
            && written.is_some_and(|(named, step)| named == blob && step < now);
        findings.check(P9, node, holds, || {
            format!("{node} trims up to {trimmed} by a snapshot of {slot}: it had applied {applied}, and wrote {written:?} in this step or before")
        });
    }
}
