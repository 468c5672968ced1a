//! P7, in order; P8, only what a quorum's disks hold: what reaches the state machine.

use alloc::format;

use replica::{Findings, NodeId, Position, Slot};

use super::{Invariants, P7, P8};

impl Invariants {
    /// An entry is delivered.
    pub(super) fn on_deliver(
        &mut self,
        node: NodeId,
        slot: Slot,
        position: Position,
        digest: u64,
        findings: &mut Findings,
    ) {
        let last = core::mem::replace(&mut self.nodes[node.index()].delivered, slot);
        let in_order = slot == last.next() && position.0 == slot.0;
        findings.check(P7, node, in_order, || {
            format!("{node} delivers {slot} at position {position} after {last}")
        });
        let chosen = self.place(slot).chosen;
        let holds = chosen.is_some_and(|(value, _)| value == digest);
        findings.check(P8, node, holds, || match chosen {
            None => format!("{node} delivers {slot}, where no quorum's disks hold a value"),
            Some((_, ballot)) => {
                format!("{node} delivers at {slot} another value than was chosen in {ballot}")
            }
        });
    }
}
