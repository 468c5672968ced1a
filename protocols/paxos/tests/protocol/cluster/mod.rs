//! A small deterministic cluster for tests: hosts, datagram links that delay, drop, repeat and reorder, disks that sync
//! late, kills and power losses; one seed, one run. Everything that a run does is judged as it happens: one entry a
//! position, durable before visible by facts and claims, fresh reads, and the protocol's own invariants.

use std::collections::BTreeMap;
use std::sync::Arc;

use paxos::{Config, Invariants, Message, Paxos, Record};
use replica::{
    BlobId, Boot, Claim, ClientSession, Cluster, Draw, Driver, Durable, Entry, Fact, Findings, Host,
    HostOptions, Knobs, Link, LocalTime, Members, Message as _, NodeId, Observe, Position, ReadId, ReadMode,
    Reader, Record as _, Refusal, Replica, Request, Role, Round, Rules, Sequence, SessionNo, SharedEntry,
    Slot, Span, Step, WallTime, Wire, WriteId, digest,
};

/// A nanosecond count in milliseconds.
pub(crate) const MS: u64 = 1_000_000;

/// The detection of every test cluster.
pub(crate) const DETECTION: u64 = 100 * MS;

/// xorshift64*: a test's whole randomness.
#[derive(Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream for a seed.
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(digest::fold(seed, 0x51ed_270b) | 1)
    }

    /// Evenly from `0..n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % n
    }

    /// Evenly from `lo..=hi`.
    pub(crate) fn between(&mut self, (lo, hi): (u64, u64)) -> u64 {
        lo + self.below(hi - lo + 1)
    }

    /// True `permille` times in a thousand.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }
}

impl Draw for Rng {
    fn draw(&mut self, n: u64) -> u64 {
        self.below(n)
    }
}

/// What links and disks do.
#[derive(Clone, Copy)]
pub(crate) struct Weather {
    /// A message's delay, nanoseconds.
    pub(crate) delay: (u64, u64),
    /// How many messages in a thousand take up to `late` instead.
    pub(crate) late_permille: u64,
    /// The longest delay of a late one.
    pub(crate) late: u64,
    /// How many in a thousand are lost.
    pub(crate) loss_permille: u64,
    /// How many in a thousand arrive twice.
    pub(crate) twice_permille: u64,
    /// How long a sync takes.
    pub(crate) sync: (u64, u64),
}

impl Weather {
    /// Nothing is lost, late or twice.
    pub(crate) const CALM: Weather = Weather {
        delay: (MS / 10, MS / 2),
        late_permille: 0,
        late: MS,
        loss_permille: 0,
        twice_permille: 0,
        sync: (MS / 10, MS),
    };

    /// A bit of everything.
    pub(crate) const ROUGH: Weather = Weather {
        delay: (MS / 10, 2 * MS),
        late_permille: 50,
        late: 120 * MS,
        loss_permille: 30,
        twice_permille: 60,
        sync: (MS / 10, 3 * MS),
    };
}

/// How a process dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Crash {
    /// What was written survives.
    Kill,
    /// What was synced survives, and a random part of what was being synced.
    Power,
}

enum Event {
    Message { from: NodeId, to: NodeId, message: Message },
    Synced { node: NodeId, incarnation: u64, upto: WriteId },
    BlobSynced { node: NodeId, incarnation: u64, blob: BlobId },
    BlobRead { node: NodeId, incarnation: u64, blob: BlobId, offset: u64, len: u64 },
    Wake { node: NodeId },
}

/// A blob on a disk.
#[derive(Default, Clone)]
struct Blob {
    bytes: Vec<u8>,
    complete: bool,
    durable: bool,
}

#[derive(Default)]
struct Disk {
    records: Vec<Record>,
    /// How many records before the first of them were forgotten.
    forgotten: usize,
    blobs: BTreeMap<u64, Blob>,
    durable: usize,
    /// The promises in order, with their records' numbers.
    promised: Vec<(u64, Round)>,
    /// The votes of each slot in order.
    votes: BTreeMap<u64, Vec<(u64, Round, u64)>>,
    syncing: u64,
}

impl Disk {
    fn append(&mut self, record: Record) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        assert_eq!(bytes.len(), record.size());
        let back = Record::decode(&mut Reader::new(&bytes)).expect("a record decodes");
        assert_eq!(Wire::digest(&back), Wire::digest(&record));
        self.records.push(record.clone());
        let id = self.last() as u64;
        record.facts(&mut |fact| match fact {
            Fact::Promised { round } => self.promised.push((id, round)),
            Fact::Accepted { slot, round, digest } => {
                self.votes.entry(slot.0).or_default().push((id, round, digest))
            }
            Fact::Genesis | Fact::Snapshot { .. } => {}
            other => panic!("Paxos states no such fact: {other:?}"),
        });
    }

    /// The number of the newest record.
    fn last(&self) -> usize {
        self.forgotten + self.records.len()
    }

    fn forget_before(&mut self, write: usize) {
        assert!(write <= self.durable + 1, "only durable records can be forgotten");
        let gone = (write - 1).saturating_sub(self.forgotten);
        self.records.drain(..gone);
        self.forgotten += gone;
    }

    fn cut(&mut self, keep: usize) {
        self.records.truncate(keep - self.forgotten);
        self.durable = self.durable.min(keep);
        self.promised.retain(|(id, _)| *id <= keep as u64);
        for votes in self.votes.values_mut() {
            votes.retain(|(id, _, _)| *id <= keep as u64);
        }
    }

    /// Whether a claim is true of the disk as it was when record `upto` was the last.
    fn supports(&self, claim: &Claim, upto: u64) -> bool {
        let vote =
            |votes: &Vec<(u64, Round, u64)>| votes.iter().rev().find(|(id, _, _)| *id <= upto).copied();
        match claim {
            Claim::Promised { round } => {
                self.promised.iter().rev().find(|(id, _)| *id <= upto).is_some_and(|(_, held)| round <= held)
            }
            Claim::Accepted { slot, round, .. } => {
                self.votes.get(&slot.0).and_then(vote).is_some_and(|(_, held, _)| held == *round)
            }
            Claim::Report { from, count, chain } => {
                let held = self.votes.range(from.0..).filter_map(|(slot, votes)| Some((*slot, vote(votes)?)));
                let fold = |(count, chain), (slot, (_, round, entry)): (u64, (u64, Round, u64))| {
                    (count + 1, digest::chain(chain, slot, round.0, entry))
                };
                held.fold((0, 0), fold) == (*count, *chain)
            }
            other => panic!("Paxos makes no such claim: {other:?}"),
        }
    }
}

struct Node {
    host: Option<Host<Paxos>>,
    incarnation: u64,
    disk: Disk,
    position: u64,
    paused_until: u64,
    /// The wake that is queued, if it is earlier than any other.
    wake_at: u64,
}

/// The cluster.
pub(crate) struct World {
    /// The time.
    pub(crate) now: u64,
    /// All randomness.
    pub(crate) rng: Rng,
    /// What links and disks do.
    pub(crate) weather: Weather,
    /// What went wrong, in order.
    pub(crate) violations: Vec<String>,
    /// The judges that are on, by the beginnings of what they say; all if none is named.
    pub(crate) judged_by: &'static [&'static str],
    /// The protocol's own judge.
    pub(crate) findings: Findings,
    /// The entries by position, position 1 first.
    pub(crate) ledger: Vec<u64>,
    /// Gates reached so far by anybody.
    pub(crate) gates: u64,
    /// Messages sent, a count a kind.
    pub(crate) sent: Vec<u64>,
    /// How many claims were judged.
    pub(crate) claims: u64,
    /// Reads asked about: the position that the answer must reach.
    pub(crate) reads: BTreeMap<u64, u64>,
    /// Reads that may be answered.
    pub(crate) reads_served: u64,
    /// Requests refused.
    pub(crate) refused: u64,
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    nodes: Vec<Node>,
    cut: Vec<Vec<bool>>,
    judge: Invariants,
    config: Config,
    next_entry: u64,
    next_read: u64,
    /// Whether to print what replicas tell.
    tracing: bool,
}

struct Nobody;

impl Cluster<Paxos> for Nobody {
    fn replica(&self, _node: NodeId) -> Option<&Paxos> {
        None
    }
}

/// What reaches a state machine.
enum Delivered {
    Entry(Slot, Position, SharedEntry),
    Snapshot(BlobId, Position),
}

/// What a host asks of its disk beside records.
enum Storage {
    ForgetBefore(WriteId),
    Write { blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool },
    Read { blob: BlobId, offset: u64, len: u64 },
    Forget(BlobId),
}

/// What a host asked for in one call, to be carried out after it.
struct Ports<'a> {
    node: NodeId,
    now: u64,
    rng: &'a mut Rng,
    judge: &'a mut Invariants,
    findings: &'a mut Findings,
    sent: Vec<(NodeId, Message, Option<WriteId>)>,
    written: Vec<Record>,
    delivered: Vec<Delivered>,
    reads: Vec<(ReadId, Position)>,
    storage: Vec<Storage>,
    refused: u64,
    tracing: bool,
}

impl Draw for Ports<'_> {
    fn draw(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }
}

impl Driver<Paxos> for Ports<'_> {
    fn send(&mut self, to: NodeId, _session: SessionNo, message: Message, waited: Option<WriteId>) {
        if self.tracing {
            println!("{:>12} {} -> {to} {message:?}", self.now, self.node);
        }
        self.sent.push((to, message, waited));
    }
    fn write(&mut self, _id: WriteId, record: Record) {
        self.written.push(record);
    }
    fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry) {
        self.delivered.push(Delivered::Entry(slot, position, entry));
    }
    fn read_at(&mut self, read: ReadId, position: Position) {
        self.reads.push((read, position));
    }
    fn refuse(&mut self, _request: Request, _reason: Refusal, _leader: Option<NodeId>) {
        self.refused += 1;
    }
    fn reset(&mut self, _peer: NodeId) {
        panic!("Paxos resets no session");
    }
    fn forget_before(&mut self, write: WriteId) {
        self.storage.push(Storage::ForgetBefore(write));
    }
    fn write_blob(&mut self, blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool) {
        self.storage.push(Storage::Write { blob, offset, bytes, last });
    }
    fn read_blob(&mut self, blob: BlobId, offset: u64, len: u64) {
        self.storage.push(Storage::Read { blob, offset, len });
    }
    fn forget_blob(&mut self, blob: BlobId) {
        self.storage.push(Storage::Forget(blob));
    }
    fn restore(&mut self, blob: BlobId, position: Position) {
        self.delivered.push(Delivered::Snapshot(blob, position));
    }
    fn receiving(&mut self, replica: &Paxos, from: NodeId, message: &Message) {
        self.judge.receiving(self.node, replica, from, message, self.findings);
    }
    fn stepped(&mut self, step: &Step<'_, Paxos>) {
        self.judge.stepped(step, &Nobody, self.findings);
    }
    fn narrate(&mut self, rule: &'static str, text: &str) {
        if self.tracing {
            println!("{:>12} {} {text} [{rule}]", self.now, self.node);
        }
    }
}

impl World {
    /// A cluster of `nodes`, all running, disks with their genesis.
    pub(crate) fn new(nodes: usize, seed: u64, rules: Rules, weather: Weather) -> World {
        World::with_settings(nodes, seed, rules, weather, &[])
    }

    /// The same, with settings.
    pub(crate) fn with_settings(
        nodes: usize,
        seed: u64,
        rules: Rules,
        weather: Weather,
        settings: &[(&str, &str)],
    ) -> World {
        let own = settings.iter().filter(|(name, _)| *name != "learners");
        let knobs = Knobs {
            detection: Span(DETECTION),
            rules,
            settings: own.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        };
        let config = Paxos::config(&knobs).expect("settings that exist");
        let learners =
            settings.iter().filter(|(name, _)| *name == "learners").map(|(_, n)| n.parse::<usize>().unwrap());
        let members = Members::with_learners(nodes, learners.sum());
        let node = || Node {
            host: None,
            incarnation: 0,
            disk: Disk::default(),
            position: 0,
            paused_until: 0,
            wake_at: u64::MAX,
        };
        let mut world = World {
            now: 0,
            rng: Rng::new(seed),
            weather,
            violations: Vec::new(),
            judged_by: &[],
            findings: Findings::new(Invariants::INVARIANTS.len()),
            ledger: Vec::new(),
            gates: 0,
            sent: vec![0; Message::KINDS.len()],
            claims: 0,
            reads: BTreeMap::new(),
            reads_served: 0,
            refused: 0,
            queue: BTreeMap::new(),
            sequence: 0,
            nodes: (0..nodes).map(|_| node()).collect(),
            cut: vec![vec![false; nodes]; nodes],
            judge: Invariants::new(&members, &config),
            config,
            next_entry: 0,
            next_read: 0,
            tracing: std::env::var_os("PAXOS_TRACE").is_some(),
        };
        for node in 0..nodes as u8 {
            world.nodes[node as usize].disk.append(Paxos::genesis(&members));
            world.nodes[node as usize].disk.durable = 1;
            world.restart(NodeId(node));
        }
        world
    }

    /// All nodes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u8).map(NodeId)
    }

    /// The replica of a node that is running.
    pub(crate) fn replica(&self, node: NodeId) -> Option<&Paxos> {
        self.nodes[node.index()].host.as_ref().map(Host::replica)
    }

    /// Whether a node is running.
    pub(crate) fn is_up(&self, node: NodeId) -> bool {
        self.replica(node).is_some()
    }

    /// The running leader of the highest round, if anybody leads.
    pub(crate) fn leader(&self) -> Option<NodeId> {
        let leads = |node: &NodeId| self.replica(*node).is_some_and(|r| r.status().role == Role::Leader);
        self.ids().filter(leads).max_by_key(|node| self.replica(*node).unwrap().status().round)
    }

    /// How far a node has delivered in this incarnation.
    pub(crate) fn position(&self, node: NodeId) -> u64 {
        self.nodes[node.index()].position
    }

    /// Cuts or mends the link from one node to another.
    pub(crate) fn set_cut(&mut self, from: NodeId, to: NodeId, cut: bool) {
        self.cut[from.index()][to.index()] = cut;
    }

    /// Cuts a node off from all others, or mends it.
    pub(crate) fn isolate(&mut self, node: NodeId, cut: bool) {
        for other in self.ids() {
            self.set_cut(node, other, cut);
            self.set_cut(other, node, cut);
        }
    }

    /// Mends every link.
    pub(crate) fn mend(&mut self) {
        self.cut.iter_mut().flatten().for_each(|cut| *cut = false);
    }

    /// Holds a node still for a span: its clock goes on.
    pub(crate) fn pause(&mut self, node: NodeId, span: u64) {
        self.nodes[node.index()].paused_until = self.now + span;
    }

    /// Ends a process.
    pub(crate) fn crash(&mut self, node: NodeId, crash: Crash) {
        let place = &mut self.nodes[node.index()];
        let Some(host) = place.host.take() else { return };
        self.gates |= host.gates();
        let (written, durable) = (place.disk.last() as u64, place.disk.durable as u64);
        place.disk.blobs.retain(|_, blob| blob.complete && (crash == Crash::Kill || blob.durable));
        let survived = match crash {
            Crash::Kill => written,
            Crash::Power if self.rng.chance(500) => durable,
            Crash::Power => self.rng.between((durable, written)),
        };
        place.disk.cut(survived as usize);
        place.disk.durable = survived as usize;
        place.position = 0;
        self.judge.crashed(node, WriteId(survived), &mut self.findings);
        self.note_findings();
    }

    /// Empties the disk of a node that is down.
    pub(crate) fn wipe(&mut self, node: NodeId) {
        assert!(!self.is_up(node));
        self.nodes[node.index()].disk = Disk::default();
        self.judge.wiped(node);
    }

    /// Starts a node on what its disk kept.
    pub(crate) fn restart(&mut self, node: NodeId) {
        if self.is_up(node) {
            return;
        }
        let (config, tracing, now) = (self.config.clone(), self.tracing, LocalTime(self.now));
        let place = &mut self.nodes[node.index()];
        let incarnation = place.incarnation;
        place.incarnation += 1;
        place.wake_at = u64::MAX;
        place.paused_until = 0;
        let options = HostOptions { link: Link::Datagram, tracing, unheld_kinds: 0 };
        let records = place.disk.records.clone();
        let first = WriteId(place.disk.forgotten as u64 + 1);
        place.disk.blobs.values_mut().for_each(|blob| blob.durable = true);
        let blobs: Vec<(BlobId, u64)> =
            place.disk.blobs.iter().map(|(id, blob)| (BlobId(*id), blob.bytes.len() as u64)).collect();

        let mut host = None;
        self.call(node, |_, ports| {
            let durable = Durable { first, records: &records, blobs: &blobs };
            host = Some(Host::boot(Boot { node, incarnation }, &config, durable, options, now, ports));
        });
        self.nodes[node.index()].host = host;
        self.schedule_wake(node);
    }

    /// Proposes a fresh entry at a node; its digest, if the node is up.
    pub(crate) fn propose(&mut self, node: NodeId) -> u64 {
        self.next_entry += 1;
        let bytes = self.next_entry.to_le_bytes();
        let entry = Entry::new(node, ClientSession(1), Sequence(self.next_entry), WallTime::NONE, &bytes);
        let (digest, now) = (entry.digest(), LocalTime(self.now));
        self.call(node, |host, ports| {
            if let Some(host) = host {
                host.propose(now, entry, ports);
            }
        });
        digest
    }

    /// Asks a node about a read. It must not be answered below what anybody has delivered by now.
    pub(crate) fn read(&mut self, node: NodeId) {
        self.next_read += 1;
        let (read, now) = (ReadId(self.next_read), LocalTime(self.now));
        self.reads.insert(read.0, self.ledger.len() as u64);
        self.call(node, |host, ports| {
            if let Some(host) = host {
                host.read(now, read, ReadMode::Linearizable, ports);
            }
        });
    }

    /// Runs for a span.
    pub(crate) fn run(&mut self, span: u64) {
        let end = self.now + span;
        while self.step_before(end) {}
        self.now = end;
    }

    /// Runs until something holds; false if it does not within a span.
    pub(crate) fn run_until(&mut self, span: u64, mut holds: impl FnMut(&World) -> bool) -> bool {
        let end = self.now + span;
        while !holds(self) {
            if !self.step_before(end) {
                self.now = end;
                return holds(self);
            }
        }
        true
    }

    /// Takes the next event if it comes before `end`.
    fn step_before(&mut self, end: u64) -> bool {
        let Some(first) = self.queue.first_entry().filter(|first| first.key().0 < end) else { return false };
        let ((at, _), event) = first.remove_entry();
        self.now = at;
        self.on_event(event);
        true
    }

    fn on_event(&mut self, event: Event) {
        let now = LocalTime(self.now);
        let (Event::Message { to: node, .. }
        | Event::Synced { node, .. }
        | Event::BlobSynced { node, .. }
        | Event::BlobRead { node, .. }
        | Event::Wake { node }) = event;
        let paused_until = self.nodes[node.index()].paused_until;
        if self.now < paused_until {
            return self.push(paused_until, event);
        }
        match event {
            Event::Message { from, to, message } => self.call(to, |host, ports| {
                if let Some(host) = host {
                    host.message(now, from, SessionNo::ZERO, message, ports);
                }
            }),
            Event::Synced { node, incarnation, upto } => {
                let place = &mut self.nodes[node.index()];
                let stale = upto.0 < place.disk.durable as u64;
                if stale || place.incarnation != incarnation || place.host.is_none() {
                    return;
                }
                place.disk.durable = upto.0 as usize;
                self.judge.hardened(node, upto, &mut self.findings);
                self.call(node, |host, ports| host.expect("it is up").durable(now, upto, ports));
            }
            Event::BlobSynced { node, incarnation, blob } => {
                let place = &mut self.nodes[node.index()];
                let there = place.disk.blobs.get_mut(&blob.0).filter(|_| place.incarnation == incarnation);
                let Some(there) = there.filter(|_| place.host.is_some()) else { return };
                there.durable = true;
                self.call(node, |host, ports| host.expect("it is up").blob_durable(now, blob, ports));
            }
            Event::BlobRead { node, incarnation, blob, offset, len } => {
                let place = &self.nodes[node.index()];
                if place.incarnation != incarnation || place.host.is_none() {
                    return;
                }
                let bytes = place.disk.blobs.get(&blob.0).map_or(&[][..], |blob| &blob.bytes);
                let part = bytes.iter().skip(offset as usize).take(len as usize).copied().collect();
                self.call(node, |host, ports| host.expect("up").blob_bytes(now, blob, offset, part, ports));
            }
            Event::Wake { node } => {
                self.nodes[node.index()].wake_at = u64::MAX;
                self.call(node, |host, ports| {
                    if let Some(host) = host.filter(|host| host.deadline().is_some_and(|at| at <= now)) {
                        host.deadline_passed(now, ports);
                    }
                });
            }
        }
    }

    fn push(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
    }

    fn schedule_wake(&mut self, node: NodeId) {
        let now = self.now;
        let place = &mut self.nodes[node.index()];
        let Some(at) = place.host.as_ref().and_then(Host::deadline) else { return };
        let at = at.0.max(now + 1);
        if at < place.wake_at && at != u64::MAX {
            place.wake_at = at;
            self.push(at, Event::Wake { node });
        }
    }

    /// Calls a host, then carries out what it asked for.
    fn call(&mut self, node: NodeId, f: impl FnOnce(Option<&mut Host<Paxos>>, &mut Ports<'_>)) {
        let mut host = self.nodes[node.index()].host.take();
        let mut ports = Ports {
            node,
            now: self.now,
            rng: &mut self.rng,
            judge: &mut self.judge,
            findings: &mut self.findings,
            sent: Vec::new(),
            written: Vec::new(),
            delivered: Vec::new(),
            reads: Vec::new(),
            storage: Vec::new(),
            refused: 0,
            tracing: self.tracing,
        };
        f(host.as_mut(), &mut ports);
        let Ports { sent, written, delivered, reads, storage, refused, .. } = ports;
        if let Some(host) = &host {
            self.gates |= host.gates();
        }
        self.nodes[node.index()].host = host;
        self.refused += refused;
        self.carry_out(node, sent, written, delivered, reads);
        storage.into_iter().for_each(|wish| self.store(node, wish));
        self.note_findings();
        self.schedule_wake(node);
    }

    fn carry_out(
        &mut self,
        node: NodeId,
        sent: Vec<(NodeId, Message, Option<WriteId>)>,
        written: Vec<Record>,
        delivered: Vec<Delivered>,
        reads: Vec<(ReadId, Position)>,
    ) {
        if !written.is_empty() {
            let sync = self.rng.between(self.weather.sync);
            let place = &mut self.nodes[node.index()];
            written.into_iter().for_each(|record| place.disk.append(record));
            place.disk.syncing = place.disk.syncing.max(self.now) + sync / 4;
            let (at, incarnation) = ((self.now + sync).max(place.disk.syncing), place.incarnation);
            place.disk.syncing = at;
            let upto = WriteId(place.disk.last() as u64);
            self.push(at, Event::Synced { node, incarnation, upto });
        }
        for (to, message, waited) in sent {
            self.judge_claims(node, to, &message, waited);
            self.transmit(node, to, message);
        }
        for delivered in delivered {
            match delivered {
                Delivered::Entry(slot, position, entry) => self.judge_delivery(node, slot, position, &entry),
                Delivered::Snapshot(blob, position) => self.judge_restore(node, blob, position),
            }
        }
        for (read, position) in reads {
            self.reads_served += 1;
            let floor = self.reads.remove(&read.0).expect("a read is answered once");
            if position.0 < floor {
                self.violations
                    .push(format!("read: {node} serves {read} at {position}, {floor} was delivered before"));
            }
        }
    }

    fn store(&mut self, node: NodeId, wish: Storage) {
        let (now, sync) = (self.now, self.rng.between(self.weather.sync));
        let place = &mut self.nodes[node.index()];
        let incarnation = place.incarnation;
        match wish {
            Storage::ForgetBefore(write) => place.disk.forget_before(write.0 as usize),
            Storage::Forget(blob) => drop(place.disk.blobs.remove(&blob.0)),
            Storage::Write { blob, offset, bytes, last } => {
                let there = place.disk.blobs.entry(blob.0).or_default();
                assert!(!there.complete, "a complete blob is not written to");
                assert_eq!(there.bytes.len() as u64, offset, "blobs are written in order here");
                there.bytes.extend_from_slice(&bytes);
                there.complete = last;
                if last {
                    self.push(now + sync, Event::BlobSynced { node, incarnation, blob });
                }
            }
            Storage::Read { blob, offset, len } => {
                self.push(now + sync, Event::BlobRead { node, incarnation, blob, offset, len });
            }
        }
    }

    /// Asks whoever leads for another leader.
    pub(crate) fn hand_over(&mut self, to: NodeId) {
        let now = LocalTime(self.now);
        let leads = |node: &NodeId| self.replica(*node).is_some_and(|r| r.status().role == Role::Leader);
        for node in self.ids().filter(leads).collect::<Vec<_>>() {
            self.call(node, |host, ports| host.expect("it is up").hand_over(now, Some(to), ports));
        }
    }

    /// Offers a node the snapshot that its state machine is at: the ledger's digest up to there.
    pub(crate) fn snapshot(&mut self, node: NodeId) {
        let (position, now) = (self.position(node), LocalTime(self.now));
        if position == 0 {
            return;
        }
        let bytes = self.state_at(position);
        self.call(node, |host, ports| {
            if let Some(host) = host {
                host.snapshot(now, Position(position), bytes, ports);
            }
        });
    }

    /// What a state machine at a position comes to: a few hundred bytes that follow from the ledger.
    fn state_at(&self, position: u64) -> Arc<[u8]> {
        let sum =
            self.ledger[..position as usize].iter().fold(position, |sum, entry| digest::fold(sum, *entry));
        (0..40u64).flat_map(|part| digest::fold(sum, part).to_le_bytes()).collect()
    }

    /// A snapshot is the ledger up to its position.
    fn judge_restore(&mut self, node: NodeId, blob: BlobId, position: Position) {
        let expected = self.state_at(position.0);
        let place = &mut self.nodes[node.index()];
        let there =
            place.disk.blobs.get(&blob.0).is_some_and(|blob| blob.durable && blob.bytes[..] == expected[..]);
        assert!(place.position <= position.0, "a snapshot brings forward");
        place.position = position.0;
        if !there {
            self.violations.push(format!("ledger: {node} restores another state at {position}"));
        }
    }

    fn transmit(&mut self, from: NodeId, to: NodeId, message: Message) {
        self.sent[message.kind()] += 1;
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        assert_eq!(bytes.len(), message.size());
        let back = Message::decode(&mut Reader::new(&bytes)).expect("a message decodes");
        assert_eq!(Wire::digest(&back), Wire::digest(&message));
        let copies = 1 + self.rng.chance(self.weather.twice_permille) as u64;
        for _ in 0..copies {
            let lost = self.rng.chance(self.weather.loss_permille);
            let late = self.rng.chance(self.weather.late_permille);
            let delay = match late {
                true => self.rng.between((self.weather.delay.0, self.weather.late)),
                false => self.rng.between(self.weather.delay),
            };
            if !lost && !self.cut[from.index()][to.index()] {
                self.push(self.now + delay, Event::Message { from, to, message: message.clone() });
            }
        }
    }

    /// Durable before visible: what the message asserts is on its sender's disk.
    fn judge_claims(&mut self, from: NodeId, to: NodeId, message: &Message, waited: Option<WriteId>) {
        let disk = &self.nodes[from.index()].disk;
        let upto = waited.map_or(disk.durable as u64, |write| write.0);
        let (claims, violations) = (&mut self.claims, &mut self.violations);
        message.claims(from, to, &mut |claim| {
            *claims += 1;
            if !disk.supports(&claim, upto) {
                let kind = Message::KINDS[message.kind()];
                violations.push(format!("claim: {from}'s {kind} to {to} claims {claim:?} against its disk"));
            }
        });
    }

    /// One entry a position.
    fn judge_delivery(&mut self, node: NodeId, slot: Slot, position: Position, entry: &SharedEntry) {
        let place = &mut self.nodes[node.index()];
        assert_eq!(position.0, place.position + 1, "positions are counted");
        assert_eq!(slot.0, position.0, "a slot is a position");
        place.position = position.0;
        let index = position.0 as usize - 1;
        match self.ledger.get(index) {
            None => self.ledger.push(entry.digest()),
            Some(first) if *first == entry.digest() => {}
            Some(_) => self.violations.push(format!("ledger: {node} delivers another entry at {position}")),
        }
    }

    fn note_findings(&mut self) {
        for finding in self.findings.violations.drain(..) {
            let id = Invariants::INVARIANTS[finding.invariant].id;
            self.violations.push(format!("{id}: {}", finding.text));
        }
        let on = self.judged_by;
        self.violations.retain(|text| on.is_empty() || on.iter().any(|by| text.starts_with(by)));
    }

    /// Heals everything, and requires that a new proposal is delivered by all within a bounded time. Nodes that were
    /// wiped are left out. What goes wrong is noted as a violation.
    pub(crate) fn must_converge(&mut self) {
        self.mend();
        self.weather = Weather::CALM;
        for node in self.ids() {
            self.nodes[node.index()].paused_until = 0;
            self.restart(node);
        }
        let formed: Vec<NodeId> =
            self.ids().filter(|n| self.replica(*n).unwrap().status().role != Role::Unformed).collect();
        // The longest back-off is 18 detections.
        self.run_until(40 * DETECTION, |world| world.leader().is_some());
        for _ in 0..40 {
            if !self.violations.is_empty() {
                return;
            }
            self.run(DETECTION);
            let Some(leader) = self.leader() else { continue };
            let digest = self.propose(leader);
            self.run(DETECTION);
            let end = self.ledger.len() as u64;
            let told = formed.iter().all(|node| {
                self.position(*node) == end && self.replica(*node).unwrap().status().leader == Some(leader)
            });
            if told && self.ledger.last() == Some(&digest) {
                let served = self.reads_served;
                self.read(leader);
                self.run(DETECTION / 2);
                if self.reads_served == served + 1 {
                    return;
                }
            }
        }
        let positions: Vec<u64> = self.ids().map(|node| self.position(node)).collect();
        self.violations.push(format!("liveness: no convergence, positions {positions:?}"));
        self.note_findings();
    }
}

/// What a fuzz run does, and how often in a thousand turns.
#[derive(Clone, Copy)]
pub(crate) struct Profile {
    /// How many turns.
    pub(crate) turns: u64,
    /// The longest turn.
    pub(crate) turn: u64,
    /// The links and disks.
    pub(crate) weather: Weather,
    /// Cuts, mends.
    pub(crate) cuts: u64,
    /// Kills and power losses.
    pub(crate) crashes: u64,
    /// Of the crashes, how many in a thousand are power losses.
    pub(crate) power: u64,
    /// Pauses.
    pub(crate) pauses: u64,
    /// Snapshots that a state machine offers.
    pub(crate) snapshots: u64,
    /// How many runs in a thousand have learners, thrifty accepts, flexible quorums and other reads.
    pub(crate) features: u64,
    /// The sizes of quorums; empty draws them.
    pub(crate) q1: &'static str,
    /// See `q1`.
    pub(crate) q2: &'static str,
    /// How reads are served; empty draws it.
    pub(crate) reads: &'static str,
    /// The cluster's size; zero draws it.
    pub(crate) nodes: usize,
}

impl Profile {
    /// A bit of everything.
    pub(crate) const MIXED: Profile = Profile {
        turns: 60,
        turn: 60 * MS,
        weather: Weather::ROUGH,
        cuts: 150,
        crashes: 120,
        power: 500,
        pauses: 50,
        snapshots: 250,
        features: 0,
        reads: "",
        q1: "",
        q2: "",
        nodes: 0,
    };
}

/// One fuzz run: what went wrong, and the world at its end.
pub(crate) fn fuzz(seed: u64, rules: Rules, profile: &Profile) -> World {
    fuzz_judged_by(seed, rules, profile, &[])
}

/// The same, with only some of the judges on.
pub(crate) fn fuzz_judged_by(
    seed: u64,
    rules: Rules,
    profile: &Profile,
    judged_by: &'static [&'static str],
) -> World {
    let mut rng = Rng::new(seed ^ 0xabcd);
    let nodes = match profile.nodes {
        0 => [3, 3, 5, 3, 4, 1, 2, 5, 3, 7][rng.below(10) as usize],
        nodes => nodes,
    };
    let window = ["256", "4", "16"][rng.below(3) as usize];
    let trailing = ["0", "3", "64"][rng.below(3) as usize];
    let report = if profile.snapshots == 0 { "256" } else { "5" };
    let rich = profile.snapshots != 0 && rng.chance(profile.features);
    let pick = |rng: &mut Rng, of: &[&'static str]| {
        if rich { of[rng.below(of.len() as u64) as usize] } else { of[0] }
    };
    let learners = if nodes < 4 { "0" } else { pick(&mut rng, &["0", "1"]) };
    let reads = match profile.reads {
        "" => pick(&mut rng, &["quorum", "log", "pqr", "lease"]),
        reads => reads,
    };
    let thrifty = pick(&mut rng, &["off", "on"]);
    let q2 = if nodes == 5 && learners == "0" { pick(&mut rng, &["0", "2", "4"]) } else { "0" };
    let (q1, q2) = if profile.q1.is_empty() { ("0", q2) } else { (profile.q1, profile.q2) };
    let detector = pick(&mut rng, &["heartbeat", "quorum-connected"]);
    let settings = [
        ("window", window),
        ("trailing", trailing),
        ("chunk", "100"),
        ("report", report),
        ("learners", learners),
        ("reads", reads),
        ("thrifty", thrifty),
        ("q1", q1),
        ("q2", q2),
        ("detector", detector),
    ];
    let mut world = World::with_settings(nodes, seed, rules, profile.weather, &settings);
    world.judged_by = judged_by;
    for _ in 0..profile.turns {
        turn(&mut world, &mut rng, profile);
        let span = rng.between((MS / 10, profile.turn));
        world.run(span);
        if !world.violations.is_empty() {
            return world;
        }
    }
    world.must_converge();
    world
}

fn turn(world: &mut World, rng: &mut Rng, profile: &Profile) {
    let nodes = world.ids().count() as u64;
    let anyone = NodeId(rng.below(nodes) as u8);
    let target = if rng.chance(400) { world.leader().unwrap_or(anyone) } else { anyone };
    for _ in 0..rng.below(6) {
        // Everybody who believes that it leads gets work, also the deposed.
        for node in world.ids() {
            if world.replica(node).is_some_and(|r| r.status().role == Role::Leader) {
                world.propose(node);
                if rng.chance(400) {
                    world.read(node);
                }
            }
        }
        if rng.chance(300) {
            world.run(MS / 2);
        }
    }
    if rng.chance(100 + profile.features / 2) {
        world.propose(anyone);
        world.read(anyone);
    }
    if rng.chance(profile.features / 20) {
        world.hand_over(anyone);
    }
    if rng.chance(profile.snapshots) {
        world.snapshot(target);
    }
    if rng.chance(profile.cuts) {
        match rng.below(5) {
            0 => world.isolate(target, true),
            1 => {
                let other = NodeId(rng.below(nodes) as u8);
                world.set_cut(target, other, true);
            }
            2 => {
                let side = rng.below(1 << nodes);
                for from in world.ids() {
                    for to in world.ids() {
                        world.set_cut(from, to, side >> from.0 & 1 != side >> to.0 & 1);
                    }
                }
            }
            _ => world.mend(),
        }
    }
    if rng.chance(profile.crashes) {
        let crash = if rng.chance(profile.power) { Crash::Power } else { Crash::Kill };
        if rng.chance(60) {
            world.ids().for_each(|node| world.crash(node, crash));
        } else {
            world.crash(target, crash);
        }
    }
    if rng.chance(300) {
        let down = world.ids().find(|node| !world.is_up(*node));
        down.into_iter().for_each(|node| world.restart(node));
    }
    if rng.chance(profile.pauses) {
        let span = rng.below(3 * DETECTION);
        world.pause(target, span);
    }
}
