//! The mesh in our own world: replicas that only ping, with fingerprint, judges and the machinery for faults on.
//!
//! A fault is planned beyond the end of the run, so that every event is handled as in a run that is not over.

use std::sync::Arc;

use replica::{
    Boot, Claim, Cluster, Durable, Fact, Findings, Input, Invariant, Knobs, Link, LocalTime, Members, NodeId,
    Observe, OutputOf, Position, ReadMode, Replica, Role, RuleText, Setting, Slot, Status, Step, WriteId,
    wire,
};
use sim::clients::NoClients;
use sim::plan::{LinkKind, Plan};
use sim::world::{World, WorldOptions};

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::idle::Idle;
use crate::plans::{self, MILLISECOND};
use crate::workload::{LATENCY_MAX, LATENCY_MIN, MESH_NODES, PING_BYTES};

/// Simulated time of one run.
const SPAN: u64 = 2_000 * MILLISECOND;

/// What is left out of the world, to see what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// Nothing: the world as it runs.
    Nothing,
    /// The fingerprint.
    Fingerprint,
    /// Fingerprint and judges.
    FingerprintAndJudges,
}

impl Without {
    /// What the name of a row ends with.
    pub fn suffix(self) -> &'static str {
        match self {
            Without::Nothing => "",
            Without::Fingerprint => "/no-fingerprint",
            Without::FingerprintAndJudges => "/bare",
        }
    }

    /// The options of a world.
    pub fn options(self) -> WorldOptions {
        WorldOptions {
            without_fingerprint: self != Without::Nothing,
            bare: self == Without::FingerprintAndJudges,
            ..WorldOptions::default()
        }
    }
}

/// Our world with replicas that only ping.
pub struct Mesh {
    /// What the messages travel over.
    pub link: LinkKind,
    /// What is left out.
    pub without: Without,
}

impl Mesh {
    fn row(link: LinkKind, without: Without) -> String {
        let link = match link {
            LinkKind::Datagram => "",
            LinkKind::Session => "/session",
        };
        format!("quorate{link}{}", without.suffix())
    }
}

impl Contestant for Mesh {
    fn name(&self) -> String {
        Mesh::row(self.link, self.without)
    }

    fn group(&self) -> Group {
        Group::Mesh
    }

    fn against(&self) -> Vec<Against> {
        let whole = || Mesh::row(self.link, Without::Nothing);
        match (self.without, self.link) {
            (Without::Nothing, LinkKind::Datagram) => {
                vec![Against::goal("madsim", 12.0, 18.0), Against::of("turmoil"), Against::of("floor")]
            }
            (Without::Nothing, LinkKind::Session) => {
                vec![Against::of("madsim/stream"), Against::of("turmoil")]
            }
            (Without::Fingerprint, _) => vec![Against::at_most(whole(), 1.0 / 0.9)],
            (Without::FingerprintAndJudges, _) => vec![Against::of(whole())],
        }
    }

    fn run(&self) -> Measure {
        let plan = plan(self.link);
        let mut world: World<Pinger, Idle, NoClients> =
            World::new(Arc::new(plan), self.without.options(), (), (), NoClients);
        let clock = CpuClock::start();
        world.run();
        let cpu = clock.elapsed();
        let delivered = (0..MESH_NODES).map(|node| heard(&world, node)).sum();
        let sent = world.counters().messages;
        // All but the few still in flight arrived.
        assert!(delivered <= sent);
        assert!(sent <= delivered + (MESH_NODES * MESH_NODES) as u64);
        assert_eq!(world.counters().bytes, sent * PING_BYTES as u64);
        plans::assert_clean(&world, self.without == Without::FingerprintAndJudges);
        Measure { units: delivered, messages: delivered, cpu }
    }
}

fn heard(world: &World<Pinger, Idle, NoClients>, node: usize) -> u64 {
    world.replica(NodeId(node as u8)).expect("nothing crashes").heard
}

fn plan(links: LinkKind) -> Plan {
    let (least, most) = (LATENCY_MIN.as_nanos() as u64, LATENCY_MAX.as_nanos() as u64);
    plans::calm(MESH_NODES as u8, links, (least, most - least), (0, 0), SPAN)
}

/// A ping or its answer: 16 bytes.
#[derive(Clone, Debug)]
struct Message {
    /// Zero for a ping, one for a pong.
    answers: u64,
    /// How often the ball has been over the net.
    hops: u64,
}
wire!(struct Message { answers, hops });

impl replica::Message for Message {
    const KINDS: &'static [&'static str] = &["ping", "pong"];

    fn kind(&self) -> usize {
        self.answers as usize
    }

    fn claims(&self, _from: NodeId, _to: NodeId, _claim: &mut impl FnMut(Claim)) {}
}

/// All that a pinger keeps: that it is a member.
#[derive(Clone, Debug)]
enum Record {
    Genesis { members: Members },
}
wire!(enum Record { 0 => Genesis { members } });

impl replica::Record for Record {
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { .. } => fact(Fact::Genesis),
        }
    }
}

/// A replica that answers.
#[derive(Clone)]
struct Pinger {
    /// Messages that have arrived here.
    heard: u64,
}

impl Replica for Pinger {
    type Message = Message;
    type Record = Record;
    type Config = ();
    type Invariants = Hops;

    const NAME: &'static str = "ping";
    const LINK: Link = Link::Datagram;
    const RULES: &'static [RuleText] = &[];
    const GATES: &'static [&'static str] = &[];
    const SETTINGS: &'static [Setting] = &[];
    const READS: &'static [ReadMode] = &[];

    fn config(_knobs: &Knobs) -> Result<(), String> {
        Ok(())
    }

    fn describe(_config: &()) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn genesis(members: &Members) -> Record {
        Record::Genesis { members: *members }
    }

    fn boot(
        boot: Boot,
        _config: &(),
        durable: Durable<'_, Record>,
        _now: LocalTime,
        out: &mut OutputOf<'_, Self>,
    ) -> Pinger {
        let [Record::Genesis { members }] = durable.records else { panic!("a disk with one record") };
        for peer in members.others(boot.node) {
            // On session links this is lost: none is up yet.
            out.send(peer, Message { answers: 0, hops: 0 });
        }
        Pinger { heard: 0 }
    }

    fn step(&mut self, _now: LocalTime, input: Input<Message>, out: &mut OutputOf<'_, Self>) {
        match input {
            Input::Message { from, message, .. } => {
                self.heard += 1;
                let answer = Message { answers: 1 - message.answers, hops: message.hops + 1 };
                out.send(from, answer);
            }
            Input::SessionUp { peer, .. } => {
                out.send(peer, Message { answers: 0, hops: 0 });
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<LocalTime> {
        None
    }

    fn status(&self) -> Status {
        Status {
            role: Role::Follower,
            round: Default::default(),
            leader: None,
            position: Position::ZERO,
            last: Slot::ZERO,
        }
    }
}

/// The pingers' judge: whoever steps has heard something, and sends what it was asked for.
#[derive(Clone)]
struct Hops;

impl Observe<Pinger> for Hops {
    const INVARIANTS: &'static [Invariant] =
        &[Invariant { id: "ping/answers", sentence: "A message heard is answered by one message." }];

    fn new(_members: &Members, _config: &()) -> Hops {
        Hops
    }

    fn stepped(&mut self, step: &Step<'_, Pinger>, _cluster: &impl Cluster<Pinger>, findings: &mut Findings) {
        let holds = step.replica.heard == 0 || step.effects.len() == 1;
        findings.check(0, step.node, holds, || format!("{} effects", step.effects.len()));
    }

    fn hardened(&mut self, _node: NodeId, _upto: WriteId, _findings: &mut Findings) {}

    fn crashed(&mut self, _node: NodeId, _survived: WriteId, _findings: &mut Findings) {}
}
