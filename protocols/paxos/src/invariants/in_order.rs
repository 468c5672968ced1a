//! P7, in order: slots are delivered one by one, none skipped. *Paxos Made Simple*, section 3; PMMC, 4.2. Shown by hand in
//! the tests here: a learner asserts it of itself.

use alloc::format;

use replica::{Findings, NodeId, Position, Slot};

use super::{Invariants, P7};

impl Invariants {
    /// An entry is delivered.
    pub(super) fn check_in_order(
        &mut self,
        node: NodeId,
        slot: Slot,
        position: Position,
        findings: &mut Findings,
    ) {
        let last = core::mem::replace(&mut self.nodes[node.index()].delivered, slot);
        let in_order = slot == last.next() && position.0 == slot.0;
        findings.check(P7, node, in_order, || {
            format!("{node} delivers {slot} at position {position} after {last}")
        });
    }
}
