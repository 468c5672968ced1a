//! Runs looked at event by event: what one write cost, and when it was committed.

use scenarios::Scenario;
use sim::plan::Plan;
use sim::trace::{TraceEvent, TraceKind};

use crate::engine::{self, Protocol, Run, RunOptions};

/// A run with its trace and measures.
pub(super) struct Traced {
    pub(super) plan: Plan,
    pub(super) run: Run,
}

/// Runs a seed of a scenario.
pub(super) fn traced(scenario: &Scenario, protocol: Protocol, seed: u64) -> Traced {
    let plan = scenario.plan(seed);
    let options = RunOptions { tracing: true, measuring: true, ..RunOptions::default() };
    let run = engine::run(protocol, &plan, &options).unwrap_or_else(|refused| panic!("{refused}"));
    Traced { plan, run }
}

/// A write by itself, with nothing else going on.
pub(super) struct Write {
    /// Who proposed it.
    pub(super) leader: u8,
    /// When the leader proposed it.
    pub(super) proposed: u64,
    /// When the leader delivered it.
    pub(super) committed: u64,
    /// When each other node delivered it, in order of time; nodes that had not by the next write's end are left out.
    pub(super) applied: Vec<u64>,
}

impl Traced {
    /// When operation `index` of the plan was first sent.
    pub(super) fn called(&self, index: usize) -> u64 {
        self.run.measures.operations[index].called.expect("a client that waits sends all it has")
    }

    /// The events from when one operation was sent to when another was.
    pub(super) fn between(&self, first: usize, end: usize) -> &[TraceEvent] {
        let trace = &self.run.trace;
        let place = |index| trace.partition_point(|event| event.time < self.called(index));
        &trace[place(first)..place(end)]
    }

    /// Operation `index`, proposed by messages of this kind.
    pub(super) fn write(&self, index: usize, proposal: &str) -> Write {
        let since = self.run.trace.partition_point(|event| event.time < self.called(index));
        let events = &self.run.trace[since..];
        let sent = |event: &&TraceEvent| event.kind == TraceKind::Send && event.message == proposal;
        let proposal = events.iter().find(sent).expect("somebody leads, and proposes it");
        let (leader, proposed) = (proposal.node, proposal.time);
        let delivered = |event: &&TraceEvent| event.kind == TraceKind::Deliver && event.node == leader;
        let commit = events.iter().find(delivered).expect("its leader delivers it");
        // Every node's words for a delivery are the same: slot, position, operation.
        let applied = events
            .iter()
            .filter(|event| event.kind == TraceKind::Deliver && event.node != leader)
            .filter(|event| event.text == commit.text);
        Write {
            leader: leader.expect("a node sent it"),
            proposed,
            committed: commit.time,
            applied: applied.map(|event| event.time).collect(),
        }
    }
}
