//! Runs that are looked at once a millisecond: who leads, in which round, and how far everybody is.

use rayon::prelude::*;
use replica::{NodeId, Replica, Role, Status};
use scenarios::{Protocol, Scenario, Visit, visit};
use sim::outcome::Outcome;
use sim::run::RunOptions;

/// Between two looks, in nanoseconds.
pub(super) const EVERY: u64 = 1_000_000;

/// The cluster at an instant.
pub(super) struct Sample {
    /// When, in nanoseconds.
    pub(super) at: u64,
    /// The nodes; none: not running.
    pub(super) nodes: Vec<Option<Status>>,
    /// Records written by all nodes so far.
    pub(super) records: u64,
}

impl Sample {
    /// The highest position delivered anywhere.
    pub(super) fn front(&self) -> u64 {
        self.nodes.iter().flatten().map(|status| status.position.0).max().unwrap_or(0)
    }

    /// Who leads the highest round.
    pub(super) fn leader(&self) -> Option<(NodeId, u64)> {
        let nodes = self.nodes.iter().enumerate();
        let leaders = nodes.filter_map(|(index, status)| {
            let status = status.as_ref().filter(|status| status.role == Role::Leader)?;
            Some((NodeId(index as u8), status.round.0))
        });
        leaders.max_by_key(|&(_, round)| round)
    }

    /// How many nodes believe to lead.
    pub(super) fn leaders(&self) -> usize {
        self.nodes.iter().flatten().filter(|status| status.role == Role::Leader).count()
    }
}

/// A run and what was seen of it.
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    pub(super) samples: Vec<Sample>,
    /// Entries delivered, the protocol's own included.
    pub(super) entries: u64,
}

/// Runs a scenario under a protocol with the seeds `0..seeds`.
pub(super) fn watch(text: &str, protocol: Protocol, seeds: u64) -> Vec<Seen> {
    let scenario = Scenario::parse("a scenario of `quorate contrast`", text)
        .unwrap_or_else(|errors| panic!("{}", errors.plain()));
    let scenario = &scenario;
    (0..seeds).into_par_iter().map(|seed| visit(protocol, Watch { scenario, seed })).collect()
}

struct Watch<'a> {
    scenario: &'a Scenario,
    seed: u64,
}

impl Visit for Watch<'_> {
    type Output = Seen;

    fn visit<R: Replica>(self) -> Seen {
        let plan = self.scenario.plan(self.seed);
        let options = RunOptions::default();
        let mut world = sim::run::world::<R>(&plan, &options).expect("the plan runs under every protocol");
        let mut samples: Vec<Sample> = Vec::new();
        while world.step() {
            if samples.last().is_none_or(|last| last.at + EVERY <= world.now()) {
                let nodes = (0..plan.nodes).map(|node| world.replica(NodeId(node)).map(R::status)).collect();
                let records = world.counters().records;
                samples.push(Sample { at: world.now(), nodes, records });
            }
        }
        let entries = world.ledger().end().0;
        Seen { outcome: sim::run::conclude(&plan, &options, world, None).outcome, samples, entries }
    }
}
