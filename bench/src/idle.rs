//! A server that does nothing, above the replicas of the mesh.

use replica::{LocalTime, Moment, NodeId, Position, Service, ServiceInput, ServiceOutput};

/// No clients, no state.
#[derive(Clone)]
pub struct Idle;

impl Service for Idle {
    type Request = u8;
    type Reply = u8;
    type Frame = u8;
    type Options = ();

    fn boot(_node: NodeId, _options: &(), _now: LocalTime) -> Idle {
        Idle
    }

    fn step(&mut self, _at: Moment, _input: ServiceInput<Self>, _out: &mut ServiceOutput<'_, Self>) {}

    fn deadline(&self) -> Option<LocalTime> {
        None
    }

    fn position(&self) -> Position {
        Position::ZERO
    }

    fn state_hash(&self) -> u64 {
        0
    }
}
