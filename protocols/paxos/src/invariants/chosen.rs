//! P8, chosen: what reaches a state machine, by entry or by snapshot, is on the disks of a quorum of phase 2 that voted in
//! one ballot. *Paxos Made Simple*, 2.3. Its mutants: those without `paxos/own-durable` or `paxos/majority`.

use alloc::format;

use replica::{Findings, NodeId, Position, Slot};

use super::{Invariants, P8};

impl Invariants {
    /// An entry is delivered.
    pub(super) fn check_chosen(&mut self, node: NodeId, slot: Slot, digest: u64, findings: &mut Findings) {
        let chosen = self.place(slot).chosen;
        let holds = chosen.is_some_and(|(value, _)| value == digest);
        findings.check(P8, node, holds, || match chosen {
            None => format!("{node} delivers {slot}, where no quorum's disks hold a value"),
            Some((_, ballot)) => {
                format!("{node} delivers at {slot} another value than was chosen in {ballot}")
            }
        });
    }

    /// P8 for a snapshot: all that it covers is chosen.
    pub(super) fn on_restore(&mut self, node: NodeId, position: Position, findings: &mut Findings) {
        while self.places.get(self.chosen_upto.0 as usize).is_some_and(|place| place.chosen.is_some()) {
            self.chosen_upto = self.chosen_upto.next();
        }
        let upto = self.chosen_upto;
        findings.check(P8, node, position.0 <= upto.0, || {
            format!("{node} restores a snapshot of {position}, and only the slots up to {upto} are chosen")
        });
        self.nodes[node.index()].delivered = Slot(position.0);
    }
}
