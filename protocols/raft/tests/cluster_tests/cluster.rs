//! A small deterministic cluster: hosts over in-memory links, disks with delayed syncs, kills and power losses, a seeded
//! generator, and the judges that a story or a fuzz needs. One event at a time; the same seed is the same run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

use raft::{Config, Message, Raft, RaftInvariants, Record};
use replica::digest::chain;
use replica::{
    BlobId, Boot, Claim, ClientSession, Draw, Driver, Durable, Entry, Fact, Findings, Host, HostOptions,
    Knobs, Link, LocalTime, Members, Message as _, NodeId, Observe, Position, ReadId, ReadMode, Record as _,
    Refusal, Replica, Request, Role, Rules, Sequence, SessionNo, SharedEntry, Slot, Span, Step, WallTime,
    WriteId,
};

/// A small generator (xorshift64*).
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            rng.next();
        }
        rng
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// What a run is made of. Every field is given by the caller.
#[derive(Clone)]
pub struct Options {
    pub nodes: usize,
    pub link: Link,
    pub rules: Rules,
    pub settings: Vec<(&'static str, &'static str)>,
    /// One-way latency of a message, in microseconds: from, to.
    pub latency: (u64, u64),
    /// Loss and duplication of datagrams, per mille.
    pub loss: u64,
    pub dup: u64,
    /// Time of a sync, in microseconds: from, to.
    pub sync: (u64, u64),
    /// Kinds of messages whose wait the host ignores.
    pub unheld_kinds: u64,
    /// How many of the nodes, the last ones, do not vote.
    pub learners: usize,
    /// After how many deliveries a state machine offers a snapshot; zero: never.
    pub snapshot_every: u64,
    /// How wrong each node's clock rate is, in parts per million.
    pub drift: [i64; 8],
}

impl Options {
    pub fn calm(nodes: usize) -> Options {
        Options {
            nodes,
            link: Link::Session,
            rules: Rules::ALL,
            settings: Vec::new(),
            latency: (200, 800),
            loss: 0,
            dup: 0,
            sync: (100, 1000),
            unheld_kinds: 0,
            learners: 0,
            snapshot_every: 0,
            drift: [0; 8],
        }
    }
    pub fn set(mut self, settings: &[(&'static str, &'static str)]) -> Options {
        self.settings.extend(settings);
        self
    }
    pub fn without(mut self, rule: replica::RuleBit) -> Options {
        self.rules = self.rules.without(rule);
        self
    }
}

pub const DETECTION: Span = Span::millis(100);
pub const MS: u64 = 1_000_000;
const MILLION: i64 = 1_000_000;

#[derive(Clone)]
enum Event {
    Wake { incarnation: u64 },
    Message { from: NodeId, session: SessionNo, message: Message },
    Synced { incarnation: u64, upto: WriteId },
    Reconnect { peer: NodeId },
    SessionUp { peer: NodeId, session: SessionNo },
    SessionDown { peer: NodeId, session: SessionNo },
    BlobSynced { incarnation: u64, blob: BlobId },
    BlobRead { incarnation: u64, blob: BlobId, offset: u64, bytes: Arc<[u8]> },
}

/// What a disk's durable image says, in facts.
#[derive(Clone, Default)]
struct Image {
    upto: WriteId,
    is_member: bool,
    promised: u64,
    votes: BTreeMap<u64, NodeId>,
    chains: Vec<u64>,
}

impl Image {
    fn apply(&mut self, records: &[Record], upto: WriteId) {
        while self.upto < upto {
            let record = &records[self.upto.0 as usize];
            self.upto = self.upto.next();
            record.facts(&mut |fact| match fact {
                Fact::Genesis => self.is_member = true,
                Fact::Promised { round } => self.promised = self.promised.max(round.0),
                Fact::Voted { round, candidate } => {
                    self.votes.insert(round.0, candidate);
                }
                Fact::Accepted { slot, round, digest } => {
                    self.chains.truncate(slot.0 as usize - 1);
                    assert_eq!(self.chains.len() as u64 + 1, slot.0);
                    let before = self.chains.last().copied().unwrap_or(0);
                    self.chains.push(chain(before, slot.0, round.0, digest));
                }
                Fact::Cut { after } => self.chains.truncate(after.0 as usize),
                Fact::Snapshot { slot, chain } => {
                    if self.chains.len() < slot.0 as usize {
                        self.chains.resize(slot.0 as usize, 0);
                    }
                    self.chains[slot.0 as usize - 1] = chain;
                }
                other => panic!("raft says nothing like {other:?}"),
            });
        }
    }

    fn holds(&self, claim: Claim) -> bool {
        self.is_member
            && match claim {
                Claim::Promised { round } => round.0 <= self.promised,
                Claim::Voted { round, candidate } => self.votes.get(&round.0) == Some(&candidate),
                Claim::Prefix { slot, chain } => {
                    slot == Slot::ZERO || self.chains.get(slot.0 as usize - 1) == Some(&chain)
                }
                _ => false,
            }
    }
}

#[derive(Clone, Default)]
struct Blob {
    bytes: Vec<u8>,
    is_complete: bool,
    is_durable: bool,
}

#[derive(Clone, Default)]
struct Disk {
    /// All that was ever written, what was forgotten too.
    records: Vec<Record>,
    /// How many were forgotten.
    forgotten: u64,
    blobs: BTreeMap<BlobId, Blob>,
    durable: WriteId,
    is_syncing: bool,
    image: Image,
}

/// Everything around the hosts.
pub struct Net {
    pub options: Options,
    pub rng: Rng,
    pub now: u64,
    me: NodeId,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, (NodeId, Event)>,
    order: u64,
    disks: Vec<Disk>,
    /// When the last message from a to b arrives: sessions are first in, first out.
    arrivals: BTreeMap<(NodeId, NodeId), u64>,
    next_session: u64,
    /// Directed pairs that let nothing through.
    pub cuts: Vec<(NodeId, NodeId)>,
    /// While set, messages of this kind are kept and not delivered.
    pub kept: VecDeque<(NodeId, NodeId, SessionNo, Message)>,
    pub keep: Option<fn(NodeId, NodeId, &Message) -> bool>,
    ledger: Vec<u64>,
    delivered: Vec<u64>,
    /// Reads: what must be seen at least.
    floors: BTreeMap<(NodeId, u64), u64>,
    pub reads_ok: u64,
    pub refused: Vec<(NodeId, Request, Refusal)>,
    pub judge: RaftInvariants,
    pub findings: Findings,
    /// What the driver's own judges found, in a word and a sentence.
    pub faults: Vec<(&'static str, String)>,
    pub messages: u64,
    pub claims_checked: u64,
    pub restored: u64,
    incarnations: Vec<u64>,
    pub tracing: bool,
    sequence: u64,
}

pub struct Nobody;
impl replica::Cluster<Raft> for Nobody {
    fn replica(&self, _: NodeId) -> Option<&Raft> {
        None
    }
}

impl Net {
    fn at(&mut self, delay: u64, node: NodeId, event: Event) {
        self.at_time(self.now + delay, node, event);
    }
    fn at_time(&mut self, time: u64, node: NodeId, event: Event) {
        self.order += 1;
        self.queue.push(Reverse((time, self.order)));
        self.events.insert(self.order, (node, event));
    }
    fn between(&mut self, (lo, hi): (u64, u64)) -> u64 {
        (lo + self.rng.below(hi - lo + 1)) * 1000
    }
    fn fault(&mut self, judge: &'static str, text: String) {
        if self.tracing {
            println!("{:>12} FAULT {judge}: {text}", self.now);
        }
        self.faults.push((judge, text));
    }
    fn start_sync(&mut self, node: NodeId, incarnation: u64) {
        let disk = &self.disks[node.index()];
        if disk.is_syncing || disk.records.len() as u64 == disk.durable.0 {
            return;
        }
        let upto = WriteId(disk.records.len() as u64);
        self.disks[node.index()].is_syncing = true;
        let delay = self.between(self.options.sync);
        self.at(delay, node, Event::Synced { incarnation, upto });
    }
    /// What a state machine at a position looks like in a snapshot: the position, what was delivered, and padding.
    fn snapshot_bytes(&self, position: u64) -> Vec<u8> {
        let history = self.ledger.iter().take(position as usize).fold(0, |h, digest| chain(h, 0, 0, *digest));
        let words = [position, history].into_iter().chain(0..30);
        words.flat_map(u64::to_le_bytes).collect()
    }
    /// Puts a message on its way.
    pub fn post(&mut self, from: NodeId, to: NodeId, session: SessionNo, message: Message) {
        let delay = self.between(self.options.latency);
        let time = self.now + delay;
        match self.options.link {
            Link::Datagram => {
                let (loss, dup) = (self.options.loss, self.options.dup);
                if self.rng.chance(loss) {
                    return;
                }
                if self.rng.chance(dup) {
                    let later = self.between(self.options.latency) * 5;
                    let copy = Event::Message { from, session, message: message.clone() };
                    self.at(later, to, copy);
                }
                self.at(delay, to, Event::Message { from, session, message });
            }
            Link::Session => {
                let last = self.arrivals.entry((from, to)).or_insert(0);
                let time = time.max(*last + 1);
                *last = time;
                self.at_time(time, to, Event::Message { from, session, message });
            }
        }
    }
}

impl Draw for Net {
    fn draw(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }
}

impl Driver<Raft> for Net {
    fn send(&mut self, to: NodeId, session: SessionNo, message: Message, waited: Option<WriteId>) {
        let from = self.me;
        self.messages += 1;
        let disk = &mut self.disks[from.index()];
        if let Some(waited) = waited {
            // Mutants of the host let a message leave early: its image is then the disk as it is.
            disk.image.apply(&disk.records, waited.min(disk.durable));
        }
        let mut broken = None;
        let mut checked = 0;
        message.claims(from, to, &mut |claim| {
            checked += 1;
            if !disk.image.holds(claim) {
                broken = Some(claim);
            }
        });
        self.claims_checked += checked;
        if let Some(claim) = broken {
            self.fault(
                "claims",
                format!("{from} says {message:?} to {to}: its disk does not hold {claim:?}"),
            );
        }
        if self.tracing {
            println!("{:>12} {from} -> {to} {message:?}", self.now);
        }
        if self.cuts.contains(&(from, to)) {
            return;
        }
        if self.keep.is_some_and(|keep| keep(from, to, &message)) {
            self.kept.push_back((from, to, session, message));
            return;
        }
        self.post(from, to, session, message);
    }
    fn write(&mut self, id: WriteId, record: Record) {
        let disk = &mut self.disks[self.me.index()];
        disk.records.push(record);
        assert_eq!(disk.records.len() as u64, id.0);
    }
    fn deliver(&mut self, _: Slot, position: Position, entry: SharedEntry) {
        let me = self.me;
        let place = position.0 as usize - 1;
        let expected = self.delivered[me.index()];
        if expected != place as u64 {
            self.fault("ledger", format!("{me} delivers position {position} after {expected}"));
        }
        self.delivered[me.index()] = position.0;
        if place == self.ledger.len() {
            self.ledger.push(entry.digest());
        } else if self.ledger.get(place).is_some_and(|digest| *digest != entry.digest()) {
            self.fault("ledger", format!("{me} delivers another entry at position {position}"));
        }
    }
    fn read_at(&mut self, read: ReadId, position: Position) {
        let me = self.me;
        let Some(floor) = self.floors.remove(&(me, read.0)) else {
            return self.fault("reads", format!("{me} answers {read:?} twice or unasked"));
        };
        self.reads_ok += 1;
        if position.0 < floor {
            self.fault("reads", format!("{me} answers {read:?} at {position}; {floor} was delivered before"));
        }
    }
    fn refuse(&mut self, request: Request, reason: Refusal, _: Option<NodeId>) {
        if let Request::Read(read) = request {
            self.floors.remove(&(self.me, read.0));
        }
        self.refused.push((self.me, request, reason));
        if 64 < self.refused.len() {
            self.refused.clear();
        }
    }
    fn reset(&mut self, _: NodeId) {}
    fn forget_before(&mut self, write: WriteId) {
        let disk = &mut self.disks[self.me.index()];
        assert!(write <= disk.durable.next(), "only what is durable is forgotten");
        disk.forgotten = disk.forgotten.max(write.0 - 1);
    }
    fn write_blob(&mut self, blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool) {
        let me = self.me;
        let held = self.disks[me.index()].blobs.entry(blob).or_default();
        assert!(!held.is_complete, "a complete blob is not written to");
        assert_eq!(held.bytes.len() as u64, offset);
        held.bytes.extend_from_slice(&bytes);
        held.is_complete = last;
        if last {
            let delay = self.between(self.options.sync) * 2;
            let incarnation = self.incarnations[me.index()];
            self.at(delay, me, Event::BlobSynced { incarnation, blob });
        }
    }
    fn read_blob(&mut self, blob: BlobId, offset: u64, len: u64) {
        let me = self.me;
        let bytes = match self.disks[me.index()].blobs.get(&blob) {
            Some(held) => held.bytes.iter().skip(offset as usize).take(len as usize).copied().collect(),
            None => Vec::new(),
        };
        let delay = self.between(self.options.sync) / 2;
        let incarnation = self.incarnations[me.index()];
        self.at(delay, me, Event::BlobRead { incarnation, blob, offset, bytes: bytes.into() });
    }
    fn forget_blob(&mut self, blob: BlobId) {
        self.disks[self.me.index()].blobs.remove(&blob);
    }
    fn restore(&mut self, blob: BlobId, position: Position) {
        let me = self.me;
        let expected = self.snapshot_bytes(position.0);
        let held = self.disks[me.index()].blobs.get(&blob);
        if held.is_none_or(|held| !held.is_durable || held.bytes != expected) {
            self.fault("ledger", format!("{me} restores {position} from something else"));
        }
        self.delivered[me.index()] = position.0;
        self.restored += 1;
    }
    fn receiving(&mut self, replica: &Raft, from: NodeId, message: &Message) {
        self.judge.receiving(self.me, replica, from, message, &mut self.findings);
    }
    fn stepped(&mut self, step: &Step<'_, Raft>) {
        self.judge.stepped(step, &Nobody, &mut self.findings);
    }
    fn narrate(&mut self, rule: &'static str, text: &str) {
        println!("{:>12} {} {text} [{rule}]", self.now, self.me);
    }
}

pub struct World {
    pub net: Net,
    pub hosts: Vec<Option<Host<Raft>>>,
    /// Where each node's state machine stood when it last offered a snapshot.
    offered: Vec<u64>,
    /// A paused node takes nothing until then.
    paused: Vec<u64>,
    wakes: Vec<u64>,
    config: Config,
    pub gates: u64,
    pub is_wiped: Vec<bool>,
    reads: u64,
}

pub fn n(id: u8) -> NodeId {
    NodeId(id)
}

impl World {
    pub fn new(options: Options, seed: u64) -> World {
        World::traced(options, seed, false)
    }

    pub fn traced(options: Options, seed: u64, tracing: bool) -> World {
        let settings = options.settings.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let config = Raft::config(&Knobs { detection: DETECTION, rules: options.rules, settings }).unwrap();
        let members = Members::with_learners(options.nodes, options.learners);
        let count = options.nodes;
        let net = Net {
            rng: Rng::new(seed),
            now: 0,
            me: NodeId(0),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            order: 0,
            disks: vec![Disk::default(); count],
            arrivals: BTreeMap::new(),
            next_session: 0,
            cuts: Vec::new(),
            kept: VecDeque::new(),
            keep: None,
            ledger: Vec::new(),
            delivered: vec![0; count],
            floors: BTreeMap::new(),
            reads_ok: 0,
            refused: Vec::new(),
            judge: RaftInvariants::new(&members, &config),
            findings: Findings::new(RaftInvariants::INVARIANTS.len()),
            faults: Vec::new(),
            messages: 0,
            claims_checked: 0,
            restored: 0,
            incarnations: vec![0; count],
            tracing,
            sequence: 0,
            options,
        };
        let mut world = World {
            net,
            hosts: (0..count).map(|_| None).collect(),
            offered: vec![0; count],
            paused: vec![0; count],
            wakes: vec![u64::MAX; count],
            config,
            gates: 0,
            is_wiped: vec![false; count],
            reads: 0,
        };
        for node in world.nodes() {
            let disk = &mut world.net.disks[node.index()];
            disk.records.push(Raft::genesis(&members));
            disk.durable = WriteId(1);
            disk.image.apply(&disk.records, WriteId(1));
            world.start(node);
        }
        world
    }

    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.hosts.len() as u8).map(NodeId)
    }
    fn local(&self, node: NodeId) -> LocalTime {
        let rate = (MILLION + self.net.options.drift[node.index()]) as u128;
        let elapsed = u128::from(self.net.now) * rate / MILLION as u128;
        LocalTime(elapsed as u64 + 7 * MS * u64::from(node.0))
    }
    /// When a node's clock shows a time, rounded up.
    fn global(&self, node: NodeId, local: LocalTime) -> u64 {
        let rate = (MILLION + self.net.options.drift[node.index()]) as u128;
        let elapsed = u128::from(local.0.saturating_sub(7 * MS * u64::from(node.0)));
        (elapsed * MILLION as u128).div_ceil(rate).min(u128::from(u64::MAX)) as u64
    }
    pub fn host(&self, node: NodeId) -> &Host<Raft> {
        self.hosts[node.index()].as_ref().expect("runs")
    }
    pub fn is_up(&self, node: NodeId) -> bool {
        self.hosts[node.index()].is_some()
    }
    pub fn delivered(&self, node: NodeId) -> u64 {
        self.net.delivered[node.index()]
    }

    /// Boots a node that is down.
    pub fn start(&mut self, node: NodeId) {
        assert!(!self.is_up(node));
        self.net.me = node;
        self.net.delivered[node.index()] = 0;
        let incarnation = self.net.incarnations[node.index()];
        self.offered[node.index()] = 0;
        let disk = &self.net.disks[node.index()];
        let records = disk.records[disk.forgotten as usize..].to_vec();
        let whole = disk.blobs.iter().filter(|(_, blob)| blob.is_durable);
        let blobs: Vec<_> = whole.map(|(id, blob)| (*id, blob.bytes.len() as u64)).collect();
        let durable = Durable { first: WriteId(disk.forgotten + 1), records: &records, blobs: &blobs };
        let options = HostOptions {
            link: self.net.options.link,
            tracing: self.net.tracing,
            unheld_kinds: self.net.options.unheld_kinds,
        };
        let now = self.local(node);
        let host = Host::boot(Boot { node, incarnation }, &self.config, durable, options, now, &mut self.net);
        self.hosts[node.index()] = Some(host);
        if self.net.options.link == Link::Session {
            for peer in self.nodes().filter(|peer| *peer != node) {
                self.net.at(MS, node, Event::Reconnect { peer });
            }
        }
        self.after(node);
    }

    /// Kills the process (the cache survives) or cuts the power (what is not synced is lost, up to a random point).
    pub fn crash(&mut self, node: NodeId, power: bool) {
        let Some(host) = self.hosts[node.index()].take() else { return };
        self.gates |= host.gates();
        self.net.incarnations[node.index()] += 1;
        self.wakes[node.index()] = u64::MAX;
        let disk = &mut self.net.disks[node.index()];
        disk.is_syncing = false;
        if power {
            let unsynced = disk.records.len() as u64 - disk.durable.0;
            // Mostly all of it goes; a sync in progress may have brought a part of it to disk.
            let kept = if self.net.rng.chance(700) { 0 } else { self.net.rng.below(unsynced + 1) };
            disk.records.truncate((disk.durable.0 + kept) as usize);
            disk.blobs.retain(|_, blob| blob.is_durable);
        }
        disk.blobs.retain(|_, blob| blob.is_complete);
        for blob in disk.blobs.values_mut() {
            blob.is_durable = true;
        }
        disk.durable = WriteId(disk.records.len() as u64);
        disk.image.apply(&disk.records, disk.durable);
        let survived = disk.durable;
        self.net.judge.crashed(node, survived, &mut self.net.findings);
        self.net.floors.retain(|(reader, _), _| *reader != node);
        for peer in self.nodes().filter(|peer| *peer != node) {
            let delay = self.net.between(self.net.options.latency);
            let session = self.hosts[peer.index()].as_ref().and_then(|host| host.session(node));
            if let Some(session) = session {
                self.net.at(delay, peer, Event::SessionDown { peer: node, session });
            }
        }
    }

    /// Empties the disk of a node that is down.
    pub fn wipe(&mut self, node: NodeId) {
        assert!(!self.is_up(node));
        self.net.disks[node.index()] = Disk::default();
        self.is_wiped[node.index()] = true;
        self.net.judge.wiped(node);
    }

    /// Breaks the session of a pair at both ends.
    pub fn break_session(&mut self, a: NodeId, b: NodeId) {
        for (node, peer) in [(a, b), (b, a)] {
            if let Some(session) = self.hosts[node.index()].as_ref().and_then(|host| host.session(peer)) {
                let delay = self.net.between(self.net.options.latency);
                self.net.at(delay, node, Event::SessionDown { peer, session });
            }
        }
    }

    /// Lets nothing through from a to b; on session links the session breaks in time.
    pub fn cut(&mut self, from: NodeId, to: NodeId) {
        self.net.cuts.push((from, to));
        if self.net.options.link == Link::Session {
            self.break_session(from, to);
        }
    }
    pub fn cut_off(&mut self, node: NodeId) {
        for peer in self.nodes().filter(|peer| *peer != node) {
            self.cut(node, peer);
            self.cut(peer, node);
        }
    }
    pub fn heal(&mut self) {
        self.net.cuts.clear();
        self.net.keep = None;
        for time in &mut self.paused {
            *time = 0;
        }
    }
    pub fn pause(&mut self, node: NodeId, span: u64) {
        self.paused[node.index()] = self.net.now + span;
    }

    pub fn propose(&mut self, node: NodeId) -> bool {
        if !self.is_up(node) || self.net.now < self.paused[node.index()] {
            return false;
        }
        self.net.sequence += 1;
        let bytes = self.net.sequence.to_le_bytes();
        let entry =
            Entry::new(node, ClientSession(1), Sequence(self.net.sequence), WallTime(self.net.now), &bytes);
        let now = self.local(node);
        self.with(node, |host, net| host.propose(now, entry, net));
        true
    }
    pub fn read(&mut self, node: NodeId) {
        if !self.is_up(node) || self.net.now < self.paused[node.index()] {
            return;
        }
        self.reads += 1;
        let floor = self.net.ledger.len() as u64;
        self.net.floors.insert((node, self.reads), floor);
        let read = ReadId(self.reads);
        let now = self.local(node);
        self.with(node, |host, net| host.read(now, read, ReadMode::Linearizable, net));
    }
    /// Reads that no answer came to.
    pub fn reads_open(&self) -> usize {
        self.net.floors.len()
    }
    /// Hands a message in as if it had come just now.
    pub fn hand(&mut self, from: NodeId, to: NodeId, message: Message) {
        let now = self.local(to);
        let session = self.host(to).session(from).unwrap_or(SessionNo::ZERO);
        self.with(to, |host, net| {
            host.message(now, from, session, message, net);
        });
    }
    /// An operator asks a node to hand over its office.
    pub fn hand_over(&mut self, node: NodeId, to: Option<NodeId>) {
        let now = self.local(node);
        self.with(node, |host, net| host.hand_over(now, to, net));
    }
    /// The highest-term leader that runs.
    pub fn leader(&self) -> Option<NodeId> {
        self.nodes()
            .filter(|node| self.is_up(*node))
            .filter(|node| self.host(*node).replica().status().role == Role::Leader)
            .max_by_key(|node| self.host(*node).replica().status().round)
    }
    pub fn term(&self, node: NodeId) -> u64 {
        self.host(node).replica().status().round.0
    }

    fn with(&mut self, node: NodeId, act: impl FnOnce(&mut Host<Raft>, &mut Net)) {
        self.net.me = node;
        let Some(host) = self.hosts[node.index()].as_mut() else { return };
        act(host, &mut self.net);
        let (every, position) = (self.net.options.snapshot_every, self.delivered(node));
        if 0 < every && self.offered[node.index()].max(1) + every <= position {
            self.offered[node.index()] = position;
            let bytes = self.net.snapshot_bytes(position).into();
            let now = self.local(node);
            let host = self.hosts[node.index()].as_mut().expect("just called");
            host.snapshot(now, Position(position), bytes, &mut self.net);
        }
        self.after(node);
    }

    /// After each call of a host: the disk starts to sync, the alarm is set.
    fn after(&mut self, node: NodeId) {
        let incarnation = self.net.incarnations[node.index()];
        self.net.start_sync(node, incarnation);
        let host = self.hosts[node.index()].as_ref().expect("just called");
        let Some(deadline) = host.deadline() else { return };
        let at = self.global(node, deadline).max(self.net.now);
        if at < self.wakes[node.index()] {
            self.wakes[node.index()] = at;
            self.net.at_time(at, node, Event::Wake { incarnation });
        }
    }

    /// Runs one event; false if there is none before `until`.
    pub fn step(&mut self, until: u64) -> bool {
        match self.net.queue.peek() {
            Some(Reverse((time, _))) if *time <= until => {}
            _ => {
                self.net.now = self.net.now.max(until);
                return false;
            }
        }
        let Reverse((time, order)) = self.net.queue.pop().unwrap();
        self.net.now = self.net.now.max(time);
        let (node, event) = self.net.events.remove(&order).unwrap();
        let pause = self.paused[node.index()];
        if self.net.now < pause {
            // The process stops, clocks go on; what came waits in order.
            self.net.at_time(pause, node, event);
            return true;
        }
        let now = self.local(node);
        match event {
            Event::Wake { incarnation } => {
                if incarnation == self.net.incarnations[node.index()] {
                    self.wakes[node.index()] = u64::MAX;
                    let is_due = self.hosts[node.index()]
                        .as_ref()
                        .is_some_and(|host| host.deadline().is_some_and(|at| at <= now));
                    if is_due {
                        self.with(node, |host, net| host.deadline_passed(now, net));
                    } else if self.is_up(node) {
                        self.after(node);
                    }
                }
            }
            Event::Message { from, session, message } => {
                if self.is_up(node) && !self.net.cuts.contains(&(from, node)) {
                    self.with(node, |host, net| {
                        host.message(now, from, session, message, net);
                    });
                }
            }
            Event::Synced { incarnation, upto } => {
                if incarnation == self.net.incarnations[node.index()] && self.is_up(node) {
                    let disk = &mut self.net.disks[node.index()];
                    disk.is_syncing = false;
                    disk.durable = upto;
                    self.net.judge.hardened(node, upto, &mut self.net.findings);
                    self.with(node, |host, net| host.durable(now, upto, net));
                    let disk = &mut self.net.disks[node.index()];
                    disk.image.apply(&disk.records, disk.durable);
                }
            }
            Event::BlobSynced { incarnation, blob } => {
                if incarnation == self.net.incarnations[node.index()] && self.is_up(node) {
                    let held = self.net.disks[node.index()].blobs.get_mut(&blob);
                    let Some(held) = held else { return true };
                    held.is_durable = true;
                    self.with(node, |host, net| host.blob_durable(now, blob, net));
                }
            }
            Event::BlobRead { incarnation, blob, offset, bytes } => {
                if incarnation == self.net.incarnations[node.index()] && self.is_up(node) {
                    self.with(node, |host, net| host.blob_bytes(now, blob, offset, bytes, net));
                }
            }
            Event::SessionDown { peer, session } => {
                let is_current =
                    self.hosts[node.index()].as_ref().is_some_and(|host| host.session(peer) == Some(session));
                if is_current {
                    self.with(node, |host, net| host.session_down(now, peer, net));
                    self.net.at(DETECTION.0 / 3, node, Event::Reconnect { peer });
                }
            }
            Event::Reconnect { peer } => self.reconnect(node, peer),
            Event::SessionUp { peer, session } => {
                if self.is_up(node) && self.host(node).session(peer).is_none_or(|current| current < session) {
                    self.with(node, |host, net| host.session_up(now, peer, session, net));
                }
            }
        }
        true
    }

    fn reconnect(&mut self, node: NodeId, peer: NodeId) {
        if !self.is_up(node) || self.host(node).session(peer).is_some() {
            return;
        }
        let is_cut = self.net.cuts.contains(&(node, peer)) || self.net.cuts.contains(&(peer, node));
        if is_cut || !self.is_up(peer) {
            return self.net.at(DETECTION.0 / 3, node, Event::Reconnect { peer });
        }
        self.net.next_session += 1;
        let session = SessionNo(self.net.next_session);
        // The other end learns first; what it sends then arrives after this end is up.
        self.net.at(1, node, Event::SessionUp { peer, session });
        self.net.at(2, peer, Event::SessionUp { peer: node, session });
    }

    pub fn run_for(&mut self, span: u64) {
        let until = self.net.now + span;
        while self.step(until) {}
    }
    /// Runs until `holds`, at most `span`; whether it came to hold.
    pub fn run_until(&mut self, span: u64, mut holds: impl FnMut(&World) -> bool) -> bool {
        let until = self.net.now + span;
        while !holds(self) {
            if !self.step(until) {
                return holds(self);
            }
        }
        true
    }

    /// Whether all that run are at one position and know one leader.
    pub fn is_converged(&self) -> bool {
        let nodes: Vec<_> =
            self.nodes().filter(|node| self.is_up(*node) && !self.is_wiped[node.index()]).collect();
        let first = self.host(nodes[0]).replica().status();
        first.leader.is_some()
            && nodes.iter().all(|node| {
                let status = self.host(*node).replica().status();
                status.leader == first.leader && status.position == first.position
            })
    }

    /// Heals everything and demands that the cluster serves: all nodes at one position, a new entry on all of them,
    /// a read answered.
    pub fn must_serve(&mut self) {
        if !self.serves() {
            let states: Vec<_> = self
                .nodes()
                .filter(|node| self.is_up(*node))
                .map(|node| self.host(node).replica().status())
                .collect();
            self.net.fault("liveness", format!("does not serve after healing: {states:?}"));
        }
    }

    fn serves(&mut self) -> bool {
        // Windows of one entry over slow links take their time to catch up.
        let patience = 300 * DETECTION.0;
        self.heal();
        for node in self.nodes() {
            if !self.is_up(node) {
                self.start(node);
            }
        }
        if !self.run_until(patience, |world| world.leader().is_some() && world.is_converged()) {
            return false;
        }
        for _ in 0..200 {
            let Some(leader) = self.leader() else {
                self.run_for(2 * DETECTION.0);
                continue;
            };
            let answered = self.net.reads_ok;
            self.read(leader);
            let before = self.delivered(leader);
            self.propose(leader);
            let is_served = self.run_until(4 * DETECTION.0, |world| {
                answered < world.net.reads_ok
                    && world.is_converged()
                    && world
                        .nodes()
                        .all(|node| world.is_wiped[node.index()] || before < world.delivered(node))
            });
            if is_served {
                return true;
            }
        }
        false
    }

    /// Whether any judge has found anything.
    pub fn is_clean(&self) -> bool {
        self.net.faults.is_empty() && self.net.findings.violations.is_empty()
    }
    /// Who found something, first of each: invariant ids and the driver's judges.
    pub fn found(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let inner = self
            .net
            .findings
            .violations
            .iter()
            .map(|finding| RaftInvariants::INVARIANTS[finding.invariant].id.to_string());
        for judge in inner.chain(self.net.faults.iter().map(|(judge, _)| judge.to_string())) {
            if !found.contains(&judge) {
                found.push(judge);
            }
        }
        found
    }
    pub fn demand_clean(&self, what: &str) {
        if !self.is_clean() {
            let first: Vec<_> = self.net.faults.iter().take(4).collect();
            panic!("{what}: {:#?}\n{first:#?}", self.net.findings.violations);
        }
    }
    /// All gates reached so far.
    pub fn all_gates(&self) -> u64 {
        self.hosts.iter().flatten().fold(self.gates, |gates, host| gates | host.gates())
    }
}
