//! stub
use crate::{Config, Paxos};
use replica::{Cluster, Findings, Invariant, Members, NodeId, Observe, Step, WriteId};
/// stub
#[derive(Clone)]
pub struct Invariants;
impl Observe<Paxos> for Invariants {
    const INVARIANTS: &'static [Invariant] = &[];
    fn new(_: &Members, _: &Config) -> Self {
        Invariants
    }
    fn stepped(&mut self, _: &Step<'_, Paxos>, _: &impl Cluster<Paxos>, _: &mut Findings) {}
    fn hardened(&mut self, _: NodeId, _: WriteId, _: &mut Findings) {}
    fn crashed(&mut self, _: NodeId, _: WriteId, _: &mut Findings) {}
}
