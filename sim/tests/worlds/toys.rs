//! A replica, a server and clients that do what a script says, and a journal of all that they were told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use replica::{
    BlobId, Boot, Claim, ClientSession, Cluster, Durable, Effect, Entry, Fact, Findings, Input, Invariant,
    Knobs, Link, LocalTime, Members, Message, Moment, NodeId, Observe, OutputOf, Position, ReadMode, Record,
    Replica, Role, Round, RuleText, Sequence, Service, ServiceEffect, ServiceInput, ServiceOutput, Setting,
    Slot, Status, Step, WriteId,
};
use sim::clients::{ClientEffect, Clients};
use sim::outcome::FaultReport;
use sim::plan::{
    Between, Clock, Cpu, CrashKind, Disk, Expect, Fate, FateKey, Fault, FaultKind, LinkKind, Network, Plan,
    ReadMode as Reads, Who, Workload,
};
use sim::world::{World, WorldOptions};

/// A millisecond.
pub(crate) const MS: u64 = 1_000_000;
/// The latency of every link of a [`Story`], unless it says otherwise.
pub(crate) const LATENCY: u64 = MS;
/// What a sync takes.
pub(crate) const SYNC: u64 = 4 * MS;
/// After what silence a session breaks.
pub(crate) const SESSION_TIMEOUT: u64 = 300 * MS;
/// How often a broken session is tried again.
pub(crate) const RECONNECT: u64 = 100 * MS;
/// What node 0's monotonic clock shows at the start; each further node is as much ahead.
const LOCAL_EPOCH: u64 = 1_000_000_000;

/// What a toy does at a time of its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    /// Sends a number.
    Send { to: u8, n: u64 },
    /// Sends a number once everything written is durable.
    SendDurable { to: u8, n: u64 },
    /// Writes a record.
    Write { n: u64 },
    /// Breaks a session.
    Reset { peer: u8 },
    /// Writes bytes of a blob.
    Blob { id: u64, offset: u64, bytes: &'static [u8], last: bool },
    /// Reads bytes of a blob.
    ReadBlob { id: u64, offset: u64, len: u64 },
    /// Forgets the records before this one.
    ForgetBefore { write: u64 },
    /// Claims to lead a round.
    Lead { round: u64 },
    /// Nothing but to wake up.
    Wake,
}

/// What a toy or its server was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Its process started on these records and blobs.
    Boot { first: u64, records: Vec<u64>, blobs: Vec<(u64, u64)> },
    /// A session came up.
    Up { peer: u8, session: u64 },
    /// A session broke.
    Down { peer: u8 },
    /// A number arrived.
    Got { from: u8, n: u64, session: u64 },
    /// Records are durable.
    Durable { upto: u64 },
    /// A blob is durable.
    BlobDurable { id: u64 },
    /// Bytes of a blob.
    Bytes { id: u64, offset: u64, bytes: Vec<u8> },
    /// The line of the script that is due.
    Due(Do),
    /// A client asked the server.
    Asked { n: u64 },
    /// A client connected to the server, or its connection is gone.
    Connected(bool),
}

/// A line of the journal. Time is the node's monotonic clock since the start of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: u64,
    pub(crate) node: u8,
    pub(crate) told: Told,
}

type Journal = Arc<Mutex<Vec<Line>>>;

/// What all toys of a run share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// By node, in order of time.
    lines: BTreeMap<u8, Vec<(u64, Do)>>,
    /// Whom every toy believes to lead, unless it does.
    leader: Option<u8>,
    journal: Journal,
}

impl Script {
    fn write_down(&self, node: NodeId, now: LocalTime, told: Told) {
        let at = elapsed(node, now);
        self.journal.lock().expect("nobody panics with it").push(Line { at, node: node.0, told });
    }
}

fn elapsed(node: NodeId, now: LocalTime) -> u64 {
    now.0 - LOCAL_EPOCH * (u64::from(node.0) + 1)
}

/// A replica that agrees on nothing.
#[derive(Clone)]
pub(crate) struct Toy {
    node: NodeId,
    script: Script,
    /// The next line.
    next: usize,
    is_member: bool,
    leads: Option<u64>,
}

/// What toys say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Say {
    n: u64,
}
replica::wire!(struct Say { n });

/// What they write. Zero: the genesis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    n: u64,
}
replica::wire!(struct Note { n });

impl Message for Say {
    const KINDS: &'static [&'static str] = &["say"];
    fn kind(&self) -> usize {
        0
    }
    fn claims(&self, _from: NodeId, _to: NodeId, _claim: &mut impl FnMut(Claim)) {}
}

impl Record for Note {
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        if self.n == 0 {
            fact(Fact::Genesis);
        }
    }
}

/// Judges nothing.
#[derive(Clone)]
pub(crate) struct Nobody;

impl Observe<Toy> for Nobody {
    const INVARIANTS: &'static [Invariant] = &[];
    fn new(_members: &Members, _config: &Script) -> Nobody {
        Nobody
    }
    fn stepped(&mut self, _: &Step<'_, Toy>, _: &impl Cluster<Toy>, _: &mut Findings) {}
    fn hardened(&mut self, _: NodeId, _: WriteId, _: &mut Findings) {}
    fn crashed(&mut self, _: NodeId, _: WriteId, _: &mut Findings) {}
}

impl Replica for Toy {
    type Message = Say;
    type Record = Note;
    type Config = Script;
    type Invariants = Nobody;

    const NAME: &'static str = "toy";
    const LINK: Link = Link::Datagram;
    const RULES: &'static [RuleText] = &[];
    const GATES: &'static [&'static str] = &[];
    const SETTINGS: &'static [Setting] = &[];
    const READS: &'static [ReadMode] = &[];

    fn config(_knobs: &Knobs) -> Result<Script, String> {
        Ok(Script::default())
    }

    fn describe(_config: &Script) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn genesis(_members: &Members) -> Note {
        Note { n: 0 }
    }

    fn boot(
        boot: Boot,
        config: &Script,
        durable: Durable<'_, Note>,
        now: LocalTime,
        _out: &mut OutputOf<'_, Toy>,
    ) -> Toy {
        let records = durable.records.iter().map(|note| note.n).collect();
        let blobs = durable.blobs.iter().map(|&(id, len)| (id.0, len)).collect();
        config.write_down(boot.node, now, Told::Boot { first: durable.first.0, records, blobs });
        let lines = config.lines.get(&boot.node.0);
        let past = |lines: &Vec<(u64, Do)>| lines.partition_point(|&(at, _)| at < elapsed(boot.node, now));
        Toy {
            node: boot.node,
            script: config.clone(),
            next: lines.map_or(0, past),
            is_member: !durable.records.is_empty(),
            leads: None,
        }
    }

    fn step(&mut self, now: LocalTime, input: Input<Say>, out: &mut OutputOf<'_, Toy>) {
        let told = match input {
            Input::Deadline => return self.act(now, out),
            Input::Message { from, session, message } => {
                Told::Got { from: from.0, n: message.n, session: session.0 }
            }
            Input::SessionUp { peer, session } => Told::Up { peer: peer.0, session: session.0 },
            Input::SessionDown { peer } => Told::Down { peer: peer.0 },
            Input::Durable { upto } => Told::Durable { upto: upto.0 },
            Input::BlobDurable { blob } => Told::BlobDurable { id: blob.0 },
            Input::BlobBytes { blob, offset, bytes } => {
                Told::Bytes { id: blob.0, offset, bytes: bytes.to_vec() }
            }
            Input::Propose { .. } | Input::Read { .. } | Input::Snapshot { .. } | Input::HandOver { .. } => {
                return;
            }
        };
        self.script.write_down(self.node, now, told);
    }

    fn deadline(&self) -> Option<LocalTime> {
        let &(at, _) = self.script.lines.get(&self.node.0)?.get(self.next)?;
        Some(LocalTime(LOCAL_EPOCH * (u64::from(self.node.0) + 1) + at))
    }

    fn status(&self) -> Status {
        let leader = if self.leads.is_some() { Some(self.node.0) } else { self.script.leader };
        let role = match () {
            () if !self.is_member => Role::Unformed,
            () if leader == Some(self.node.0) => Role::Leader,
            () => Role::Follower,
        };
        Status {
            role,
            round: Round(self.leads.unwrap_or(1)),
            leader: leader.map(NodeId).filter(|_| self.is_member),
            position: Position::ZERO,
            last: Slot::ZERO,
        }
    }
}

impl Toy {
    fn act(&mut self, now: LocalTime, out: &mut OutputOf<'_, Toy>) {
        let lines = self.script.lines.get(&self.node.0).cloned().unwrap_or_default();
        while let Some((at, line)) = lines.get(self.next)
            && *at <= elapsed(self.node, now)
        {
            self.next += 1;
            self.script.write_down(self.node, now, Told::Due(line.clone()));
            match *line {
                Do::Send { to, n } => out.send(NodeId(to), Say { n }),
                Do::SendDurable { to, n } => out.send_durable(NodeId(to), Say { n }),
                Do::Write { n } => {
                    out.write(Note { n });
                }
                Do::Reset { peer } => out.effect(Effect::ResetSession { peer: NodeId(peer) }),
                Do::Blob { id, offset, bytes, last } => {
                    out.effect(Effect::WriteBlob { blob: BlobId(id), offset, bytes: bytes.into(), last });
                }
                Do::ReadBlob { id, offset, len } => {
                    out.effect(Effect::ReadBlob { blob: BlobId(id), offset, len });
                }
                Do::ForgetBefore { write } => out.effect(Effect::ForgetBefore(WriteId(write))),
                Do::Lead { round } => self.leads = Some(round),
                Do::Wake => {}
            }
        }
    }
}

/// A server that echoes, and proposes what it was asked so that its wall clock is looked at.
#[derive(Clone)]
pub(crate) struct Echo {
    node: NodeId,
    script: Script,
}

/// A question, its answer with the server's wall clock, and what servers would say to each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    n: u64,
}
replica::wire!(struct Ask { n });

/// The answer to [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    n: u64,
    wall: u64,
}
replica::wire!(struct Answer { n, wall });

impl Service for Echo {
    type Request = Ask;
    type Reply = Answer;
    type Frame = Ask;
    type Options = Script;

    fn boot(node: NodeId, options: &Script, _now: LocalTime) -> Echo {
        Echo { node, script: options.clone() }
    }

    fn step(&mut self, at: Moment, input: ServiceInput<Echo>, out: &mut ServiceOutput<'_, Echo>) {
        match input {
            ServiceInput::Request { connection, request: Ask { n } } => {
                self.script.write_down(self.node, at.now, Told::Asked { n });
                let entry = Entry::new(self.node, ClientSession(1), Sequence(n), at.wall, &[]);
                out.effect(ServiceEffect::Propose(entry));
                out.effect(ServiceEffect::Reply { connection, reply: Answer { n, wall: at.wall.0 } });
            }
            ServiceInput::Connected(_) => {
                self.script.write_down(self.node, at.now, Told::Connected(true));
            }
            ServiceInput::Disconnected(_) => {
                self.script.write_down(self.node, at.now, Told::Connected(false));
            }
            _ => {}
        }
    }

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

/// What came to a client: when, to whom, the number and the server's wall clock; or none: the connection is gone.
type Came = (u64, u32, Option<(u64, u64)>);

/// Clients that ask at given times and write down what comes.
#[derive(Clone, Default)]
pub(crate) struct Askers {
    /// (when, client, node, number).
    asks: Vec<(u64, u32, u8, u64)>,
    /// No run is over before.
    until: u64,
    now: u64,
    pub(crate) came: Vec<Came>,
}

const THE_END: u64 = u64::MAX;

impl Clients<Echo> for Askers {
    fn start(&mut self, out: &mut Vec<ClientEffect<Echo>>) {
        for (index, &(at, client, ..)) in self.asks.iter().enumerate() {
            out.push(ClientEffect::Wake { client, at, ticket: index as u64 });
        }
        out.push(ClientEffect::Wake { client: 0, at: self.until, ticket: THE_END });
    }

    fn wake(&mut self, now: u64, client: u32, ticket: u64, out: &mut Vec<ClientEffect<Echo>>) {
        self.now = now;
        if ticket != THE_END {
            let (_, _, node, n) = self.asks[ticket as usize];
            out.push(ClientEffect::Send { client, node: NodeId(node), request: Ask { n } });
        }
    }

    fn reply(&mut self, now: u64, client: u32, _: NodeId, reply: Answer, _: &mut Vec<ClientEffect<Echo>>) {
        self.came.push((now, client, Some((reply.n, reply.wall))));
    }

    fn gone(&mut self, now: u64, client: u32, _: NodeId, _: &mut Vec<ClientEffect<Echo>>) {
        self.came.push((now, client, None));
    }

    fn done(&self) -> bool {
        self.until <= self.now
    }
}

/// The world of toys.
pub(crate) type ToyWorld = World<Toy, Echo, Askers>;

/// A world in the making. Links take a millisecond and lose nothing, syncs take four, clocks are right.
pub(crate) struct Story {
    pub(crate) plan: Plan,
    pub(crate) options: WorldOptions,
    script: Script,
    clients: Askers,
}

impl Story {
    /// A story of `nodes` nodes that ends after two seconds.
    pub(crate) fn new(nodes: u8) -> Story {
        let clients = 2;
        let links = usize::from(nodes);
        let plan = Plan {
            title: "a story".into(),
            seed: 0,
            key: 7,
            nodes,
            learners: 0,
            snapshot_every: 0,
            detection: 300 * MS,
            settings: BTreeMap::new(),
            without: Vec::new(),
            links: LinkKind::Session,
            network: Network {
                base: vec![LATENCY; links * links],
                client_base: vec![LATENCY; clients as usize * links],
                jitter: Between { from: 0, to: 0 },
                loss: 0,
                duplicate: 0,
                reorder: 0,
                reorder_by: 10 * MS,
                bandwidth: 0,
                retransmit: 5 * MS,
                session_timeout: SESSION_TIMEOUT,
                reconnect: RECONNECT,
            },
            cpu: Cpu { per_message: 0, per_request: 0, per_byte_ps: 0 },
            disk: Disk { sync: Between { from: SYNC, to: SYNC } },
            clocks: vec![Clock { drift_ppb: 0, wall_offset: 0, wall_drift_ppb: 0 }; links],
            workload: Workload {
                clients,
                reads: Reads::Linearizable,
                timeout: MS,
                retry: MS,
                value_bytes: 8,
                session_timeout: MS,
                closed: false,
                operations: Vec::new(),
                end: 0,
            },
            faults: Vec::new(),
            fates: BTreeMap::new(),
            horizon: 2_000 * MS,
            expect: Expect {
                linearizable: false,
                staleness_at_most: None,
                unavailable_at_most: None,
                converges_within: None,
            },
        };
        Story {
            plan,
            options: WorldOptions::default(),
            script: Script::default(),
            clients: Askers::default(),
        }
    }

    /// The same with datagram links.
    pub(crate) fn of_datagrams(nodes: u8) -> Story {
        let mut story = Story::new(nodes);
        story.plan.links = LinkKind::Datagram;
        story
    }

    /// A line of a node's script. Lines of one time keep their order.
    pub(crate) fn at(&mut self, at: u64, node: u8, line: Do) -> &mut Story {
        let lines = self.script.lines.entry(node).or_default();
        lines.push((at, line));
        lines.sort_by_key(|&(at, _)| at);
        self
    }

    /// A node sends the numbers of a range, one every `every`.
    pub(crate) fn stream(&mut self, from: u8, to: u8, at: u64, every: u64, numbers: std::ops::Range<u64>) {
        let lines = self.script.lines.entry(from).or_default();
        lines.extend(numbers.enumerate().map(|(i, n)| (at + every * i as u64, Do::Send { to, n })));
        lines.sort_by_key(|&(at, _)| at);
    }

    /// Something goes wrong.
    pub(crate) fn fault(&mut self, at: u64, what: FaultKind) -> &mut Story {
        self.plan.faults.push(Fault { at, what, explicit: true });
        self
    }

    /// A node crashes, and may come back.
    pub(crate) fn crash(
        &mut self,
        at: u64,
        node: u8,
        kind: CrashKind,
        back_after: Option<u64>,
    ) -> &mut Story {
        self.fault(at, FaultKind::Crash { who: vec![Who::Node(node)], kind, restart_after: back_after })
    }

    /// A node's process stands still.
    pub(crate) fn pause(&mut self, at: u64, node: u8, duration: u64) -> &mut Story {
        self.fault(at, FaultKind::Pause { who: vec![Who::Node(node)], duration })
    }

    /// What a node sends to another is lost or held back.
    pub(crate) fn cut(&mut self, at: u64, from: u8, to: u8, duration: u64) -> &mut Story {
        let (from, to) = (vec![Who::Node(from)], vec![Who::Node(to)]);
        self.fault(at, FaultKind::Cut { from, to, both_ways: false, duration })
    }

    /// A client asks a node.
    pub(crate) fn ask(&mut self, at: u64, client: u32, node: u8, n: u64) -> &mut Story {
        self.clients.asks.push((at, client, node, n));
        self
    }

    /// Every toy believes this one to lead.
    pub(crate) fn led_by(&mut self, node: u8) -> &mut Story {
        self.script.leader = Some(node);
        self
    }

    /// The run is not over before.
    pub(crate) fn until(&mut self, at: u64) -> &mut Story {
        self.clients.until = at;
        self
    }

    /// Fixes what becomes of a message.
    pub(crate) fn fate(
        &mut self,
        from: u8,
        to: u8,
        millisecond: u64,
        ordinal: u32,
        fate: Fate,
    ) -> &mut Story {
        self.plan.fates.insert(FateKey { from, to, millisecond, ordinal }, fate);
        self
    }

    /// The world at its start, with a journal of its own.
    pub(crate) fn world(&self) -> (ToyWorld, Journal) {
        let script = Script { journal: Journal::default(), ..self.script.clone() };
        let journal = script.journal.clone();
        let plan = Arc::new(self.plan.clone());
        let world = World::new(plan, self.options.clone(), script.clone(), script, self.clients.clone());
        (world, journal)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Ran {
        let (mut world, journal) = self.world();
        world.run();
        world.finish();
        let journal = journal.lock().expect("nobody panics with it").clone();
        Ran { journal, world }
    }
}

/// A story that has been run.
pub(crate) struct Ran {
    pub(crate) journal: Vec<Line>,
    pub(crate) world: ToyWorld,
}

impl Ran {
    /// What a node was told that `choose` chooses, with the times.
    pub(crate) fn told<T>(&self, node: u8, choose: impl Fn(&Told) -> Option<T>) -> Vec<(u64, T)> {
        let mine = self.journal.iter().filter(|line| line.node == node);
        mine.filter_map(|line| Some((line.at, choose(&line.told)?))).collect()
    }

    /// The numbers that a node got, with the times.
    pub(crate) fn got(&self, node: u8) -> Vec<(u64, u64)> {
        self.told(node, |told| match *told {
            Told::Got { n, .. } => Some(n),
            _ => None,
        })
    }

    /// The numbers that a node got.
    pub(crate) fn numbers(&self, node: u8) -> Vec<u64> {
        self.got(node).into_iter().map(|(_, n)| n).collect()
    }

    /// When a node's session with a peer came up (true) and broke (false).
    pub(crate) fn sessions(&self, node: u8, with: u8) -> Vec<(u64, bool)> {
        self.told(node, |told| match *told {
            Told::Up { peer, .. } if peer == with => Some(true),
            Told::Down { peer } if peer == with => Some(false),
            _ => None,
        })
    }

    /// The records that a node found at each boot.
    pub(crate) fn boots(&self, node: u8) -> Vec<(u64, Vec<u64>)> {
        self.told(node, |told| match told {
            Told::Boot { records, .. } => Some(records.clone()),
            _ => None,
        })
    }

    /// When which line of its script was done.
    pub(crate) fn done(&self, node: u8) -> Vec<(u64, Do)> {
        self.told(node, |told| match told {
            Told::Due(line) => Some(line.clone()),
            _ => None,
        })
    }

    /// A fault's report.
    pub(crate) fn fault(&self, index: usize) -> FaultReport {
        self.world.fault_reports()[index].clone()
    }
}
