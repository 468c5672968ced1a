//! Our protocols in our world: clocks, links, disks, fingerprint and judges, one command a message.

use std::marker::PhantomData;
use std::sync::Arc;

use replica::{Knobs, NodeId, Replica, Rules, Span};
use sim::clients::NoClients;
use sim::plan::LinkKind;
use sim::world::World;

use crate::clock::CpuClock;
use crate::commit_omnipaxos::Omni;
use crate::commit_raft::TikvRaft;
use crate::feed::{Feed, Options};
use crate::harness::{Against, Contestant, Group, Measure};
use crate::mesh_quorate::Without;
use crate::plans::{self, DETECTION, MILLISECOND};
use crate::workload::{COMMITS, Digest, LATENCY_MAX, LATENCY_MIN};

/// More simulated time than any run needs.
const SPAN: u64 = 60_000 * MILLISECOND;
/// Commits that are not measured: the election lies before them.
const WARM_UP: u64 = 1;
/// The number of applied commands is looked at after so many events.
const LOOK_EVERY: u64 = 16;
/// How many more messages a commit than the protocol's own number are allowed: heartbeats and the like.
const EXTRA_MESSAGES: f64 = 1.05;

/// How long a sync takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskKind {
    /// No time.
    Off,
    /// Between 0.1 and 1 ms.
    Slow,
}

/// One of our protocols.
pub struct Quorate<R> {
    /// Nodes of the cluster.
    pub nodes: u64,
    /// Commands that the leader has proposed and not yet applied.
    pub in_flight: u64,
    /// The disk.
    pub disk: DiskKind,
    /// What is left out of the world.
    pub without: Without,
    /// The protocol.
    pub protocol: PhantomData<R>,
}

impl<R: Replica> Quorate<R> {
    fn row(&self, disk: DiskKind, without: Without) -> String {
        let disk = if disk == DiskKind::Off { "" } else { "/disk" };
        format!("{}/n{}/w{}{disk}{}", R::NAME, self.nodes, self.in_flight, without.suffix())
    }
}

impl<R: Replica> Contestant for Quorate<R> {
    fn name(&self) -> String {
        self.row(self.disk, self.without)
    }

    fn group(&self) -> Group {
        Group::Commit
    }

    fn against(&self) -> Vec<Against> {
        if self.without == Without::Fingerprint {
            return vec![Against::at_most(self.row(self.disk, Without::Nothing), 1.0 / 0.9)];
        }
        if self.without != Without::Nothing || self.disk != DiskKind::Off {
            return vec![Against::of(self.row(DiskKind::Off, Without::Nothing))];
        }
        let (nodes, in_flight) = (self.nodes, self.in_flight);
        match R::NAME {
            "raft" => vec![Against::goal(TikvRaft::row(nodes, in_flight), 3.0, 5.0)],
            "paxos" => vec![Against::goal(Omni::row(nodes, in_flight), 0.9, 1.3)],
            "zab" => vec![Against::goal(Omni::row(nodes, in_flight), 0.7, 1.0)],
            name => unreachable!("nothing is set for {name}"),
        }
    }

    fn messages_at_most(&self) -> Option<f64> {
        let rounds = if R::NAME == "zab" { 3.0 } else { 2.0 };
        (self.in_flight == 64).then(|| rounds * (self.nodes - 1) as f64 * EXTRA_MESSAGES)
    }

    fn run(&self) -> Measure {
        let mut world = self.world();
        let leader = run_to_first_commit(&mut world, self.nodes);
        let (applied_before, messages_before) = (applied(&world, leader), world.counters().messages);
        let clock = CpuClock::start();
        run_until(&mut world, |world| COMMITS <= applied(world, leader));
        let cpu = clock.elapsed();
        let messages = world.counters().messages - messages_before;
        let units = applied(&world, leader) - applied_before;
        run_until(&mut world, |world| (0..self.nodes).all(|node| COMMITS == applied(world, node)));
        for node in 0..self.nodes {
            let feed = world.service(NodeId(node as u8)).expect("nothing crashes");
            assert_eq!(feed.digest, Digest::expected(COMMITS));
        }
        assert_eq!(world.counters().leaders, 1, "one election, before the measuring");
        plans::assert_clean(&world, self.without == Without::FingerprintAndJudges);
        Measure { units, messages, cpu }
    }
}

type FeedWorld<R> = World<R, Feed, NoClients>;

impl<R: Replica> Quorate<R> {
    fn world(&self) -> FeedWorld<R> {
        let (least, most) = (LATENCY_MIN.as_nanos() as u64, LATENCY_MAX.as_nanos() as u64);
        let sync = match self.disk {
            DiskKind::Off => (0, 0),
            DiskKind::Slow => (MILLISECOND / 10, MILLISECOND),
        };
        let latency = (least, most - least);
        let plan = plans::calm(self.nodes as u8, LinkKind::Session, latency, sync, SPAN);
        let settings = match R::NAME {
            // Batch size one.
            "raft" => [("append_max".to_owned(), "1".to_owned())].into(),
            _ => Default::default(),
        };
        let knobs = Knobs { detection: Span(DETECTION), rules: Rules::ALL, settings };
        let config = R::config(&knobs).expect("the settings are its own");
        let feed = Options { in_flight: self.in_flight, commits: COMMITS };
        World::new(Arc::new(plan), self.without.options(), config, feed, NoClients)
    }
}

/// Elects a leader and lets it commit; who it is.
fn run_to_first_commit<R: Replica>(world: &mut FeedWorld<R>, nodes: u64) -> u64 {
    let warm = |world: &FeedWorld<R>, node: u64| WARM_UP <= applied(world, node);
    run_until(world, |world| (0..nodes).any(|node| warm(world, node)));
    // The leader applies first.
    (0..nodes).max_by_key(|&node| applied(world, node)).expect("there are nodes")
}

fn run_until<R: Replica>(world: &mut FeedWorld<R>, done: impl Fn(&FeedWorld<R>) -> bool) {
    while !done(world) {
        for _ in 0..LOOK_EVERY {
            assert!(world.step(), "the run is over at {} ns", world.now());
        }
    }
}

fn applied<R: Replica>(world: &FeedWorld<R>, node: u64) -> u64 {
    world.service(NodeId(node as u8)).expect("nothing crashes").digest.applied
}
