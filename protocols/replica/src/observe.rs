//! A protocol's own judge: sees every replica, every effect and every write that becomes durable or is lost, and
//! checks the protocol's invariants from outside.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::{EffectOf, Members, NodeId, Replica, WriteId};

/// An invariant of a protocol, for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invariant {
    /// Its short name: `raft/R4`.
    pub id: &'static str,
    /// What must hold, in one sentence.
    pub sentence: &'static str,
}

/// One step of a replica, seen after it happened and before its effects do.
pub struct Step<'a, R: Replica> {
    /// Who stepped.
    pub node: NodeId,
    /// The replica after the step.
    pub replica: &'a R,
    /// What it asks for, in order.
    pub effects: &'a [EffectOf<R>],
    /// The number that the first [`crate::Effect::Write`] among the effects gets; the others follow it.
    pub first_write: WriteId,
}

/// All replicas of a cluster, as a judge sees them.
pub trait Cluster<R: Replica> {
    /// The replica of a node, if it is running.
    fn replica(&self, node: NodeId) -> Option<&R>;
}

/// The judge of one protocol. It must cost a step no more than the step's own effects, whatever the log's length.
/// Hooks that a protocol has no use for may stay empty.
pub trait Observe<R: Replica>: Clone {
    /// The invariants, in the order of their numbers in [`Findings`].
    const INVARIANTS: &'static [Invariant];

    /// A judge at the start of a run.
    fn new(members: &Members, config: &R::Config) -> Self;
    /// A message is about to be stepped into `replica`.
    fn receiving(
        &mut self,
        _node: NodeId,
        _replica: &R,
        _from: NodeId,
        _message: &R::Message,
        _findings: &mut Findings,
    ) {
    }
    /// A replica has booted or stepped.
    fn stepped(&mut self, step: &Step<'_, R>, cluster: &impl Cluster<R>, findings: &mut Findings);
    /// All records of `node` up to `upto` are durable.
    fn hardened(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings);
    /// `node` lost its process some time ago and is about to start again; records above `survived` are gone from its
    /// disk, the others are durable. It comes this late because only now it is known: after a kill the OS cache keeps
    /// what was not synced, until the power fails.
    fn crashed(&mut self, node: NodeId, survived: WriteId, findings: &mut Findings);
    /// The disk of `node` is empty now; its next incarnation has no genesis.
    fn wiped(&mut self, _node: NodeId) {}
}

/// The most violations that are kept: the first tells the story, and a broken run makes millions.
pub const FINDINGS_MAX: usize = 16;

/// What a judge has observed and found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// How often each invariant was checked. Zero is *not checked*, never *ok*.
    pub observed: Vec<u64>,
    /// The first violations, in order.
    pub violations: Vec<Finding>,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place of the invariant in its judge's list.
    pub invariant: usize,
    /// The node at which it showed.
    pub node: NodeId,
    /// What was seen, in a sentence with the numbers.
    pub text: String,
}

impl Findings {
    /// No observation yet of any of `count` invariants.
    pub fn new(count: usize) -> Findings {
        Findings { observed: vec![0; count], violations: Vec::new() }
    }

    /// Counts one observation of `invariant` and, if it does not hold, keeps what `text` says.
    #[inline]
    pub fn check(&mut self, invariant: usize, node: NodeId, holds: bool, text: impl FnOnce() -> String) {
        self.observed[invariant] += 1;
        if !holds && self.violations.len() < FINDINGS_MAX {
            self.violations.push(Finding { invariant, node, text: text() });
        }
    }
}
