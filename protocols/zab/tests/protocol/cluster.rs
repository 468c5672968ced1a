//! A small deterministic cluster: hosts, session links, disks with delayed sync, kills, power losses, pauses and
//! cuts, all from one seed; and the judges that see everything.

use std::collections::BTreeMap;

use replica::{
    BlobId, Boot, Claim, Cluster as ClusterView, Draw, Driver, Durable, Entry, Fact, Findings, Host,
    HostOptions, Knobs, Link, LocalTime, Members, Message as _, NodeId, Observe, Position, ReadId, ReadMode,
    Refusal, Replica, Request, Role, Rules, Sequence, SessionNo, SharedEntry, Slot, Span, Step, WallTime,
    WriteId,
};
use zab::{Judge, Message, Record, Zab};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const DETECTION: u64 = 300 * MS;

/// xorshift64*: enough for schedules.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }
    pub(crate) fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

/// Latencies, in nanoseconds.
#[derive(Clone)]
pub(crate) struct Weather {
    pub(crate) latency: (u64, u64),
    /// A message in a thousand that takes up to this long; what follows it on its link waits behind it.
    pub(crate) spike: u64,
    pub(crate) spikes_per_mille: u64,
    pub(crate) sync: (u64, u64),
    /// Whether links are datagram links: no sessions, no order, and one message in fifty is lost.
    pub(crate) datagrams: bool,
}

impl Weather {
    pub(crate) const CALM: Weather = Weather {
        latency: (MS / 2, MS),
        spike: 0,
        spikes_per_mille: 0,
        sync: (MS / 10, MS),
        datagrams: false,
    };
}

#[derive(Clone)]
enum Event {
    Arrive { from: NodeId, to: NodeId, session: u64, message: Message },
    Flushed { node: NodeId, life: u64, upto: usize },
    Wake { node: NodeId, life: u64 },
    Up { node: NodeId, peer: NodeId, session: u64, life: u64 },
    Down { node: NodeId, peer: NodeId, session: u64 },
    Reconnect { a: NodeId, b: NodeId },
    Offer { node: NodeId, life: u64, position: u64 },
    BlobFlushed { node: NodeId, life: u64, blob: BlobId },
    BlobRead { node: NodeId, life: u64, blob: BlobId, offset: u64, bytes: std::sync::Arc<[u8]> },
}

/// A blob on a disk.
#[derive(Default)]
struct Blob {
    bytes: Vec<u8>,
    complete: bool,
    durable: bool,
}

#[derive(Default)]
struct Pair {
    session: u64,
    /// Whether each end (lower id first) holds the session to be up.
    up: [bool; 2],
    /// Whether an end that is not up yet will be.
    coming: [bool; 2],
    /// Whether what each end sends is lost.
    dead: [bool; 2],
    /// When the newest message of each direction arrives.
    last: [u64; 2],
    reconnecting: bool,
}

struct Node {
    host: Option<Host<Zab>>,
    disk: Vec<Record>,
    /// How many records are durable.
    durable: usize,
    /// How many records were forgotten.
    forgotten: usize,
    blobs: BTreeMap<BlobId, Blob>,
    /// How much faster its clock runs than the world's, in parts per million.
    drift_ppm: i64,
    flushing: bool,
    life: u64,
    delivered: u64,
    paused_until: u64,
    wake_at: u64,
    /// Linearizable reads that wait: the lowest position they may be answered at.
    reads: BTreeMap<u64, u64>,
    sync: Option<(u64, u64)>,
}

/// Everything but the host that is being stepped.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    queue: BTreeMap<(u64, u64), Event>,
    ordinal: u64,
    nodes: Vec<Node>,
    pairs: Vec<Pair>,
    cut: Vec<bool>,
    config: zab::Config,
    tracing: bool,
    pub(crate) judge: Judge,
    pub(crate) findings: Findings,
    pub(crate) ledger: Vec<(Slot, u64)>,
    /// What the cluster's own judges found: the ledger, claims, reads, liveness.
    pub(crate) problems: Vec<String>,
    pub(crate) refused: u64,
    pub(crate) reads_answered: u64,
    pub(crate) syncs_answered: u64,
    pub(crate) sent: [u64; 32],
    pub(crate) claims: u64,
    pub(crate) claim_failures: u64,
    pub(crate) gates: u64,
    pub(crate) leads: Vec<(u64, NodeId)>,
    sequence: u64,
    next_read: u64,
    stepping: NodeId,
    pub(crate) judge_claims: bool,
    /// How many deliveries lie between two snapshots of a server. Zero: there are none.
    pub(crate) snapshot_every: u64,
    pub(crate) restored: u64,
}

struct Nobody;
impl ClusterView<Zab> for Nobody {
    fn replica(&self, _node: NodeId) -> Option<&Zab> {
        None
    }
}

pub(crate) fn knobs(rules: Rules, settings: &[(&str, &str)]) -> Knobs {
    let settings = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Knobs { detection: Span(DETECTION), rules, settings }
}

impl World {
    pub(crate) fn new(n: usize, seed: u64, weather: Weather, knobs: &Knobs) -> World {
        World::with_observers(n, 0, seed, weather, knobs)
    }

    /// The last `observers` of `n` do not vote.
    pub(crate) fn with_observers(
        n: usize,
        observers: usize,
        seed: u64,
        weather: Weather,
        knobs: &Knobs,
    ) -> World {
        let genesis = vec![Zab::genesis(&Members::with_learners(n, observers))];
        World::with_disks(vec![genesis; n], seed, weather, knobs)
    }

    /// A cluster whose disks have a history. The protocol's own judge did not see it: look at `problems` only.
    pub(crate) fn with_disks(disks: Vec<Vec<Record>>, seed: u64, weather: Weather, knobs: &Knobs) -> World {
        let config = Zab::config(knobs).expect("knobs are right");
        let n = disks.len();
        let Record::Genesis { members } = disks[0][0] else { panic!("a disk begins with its genesis") };
        let node = |disk: Vec<Record>| Node {
            host: None,
            durable: disk.len(),
            forgotten: 0,
            blobs: BTreeMap::new(),
            drift_ppm: 0,
            disk,
            flushing: false,
            life: 0,
            delivered: 0,
            paused_until: 0,
            wake_at: u64::MAX,
            reads: BTreeMap::new(),
            sync: None,
        };
        let mut world = World {
            now: 0,
            random: Random::new(seed),
            weather,
            queue: BTreeMap::new(),
            ordinal: 0,
            nodes: disks.into_iter().map(node).collect(),
            pairs: (0..n * n).map(|_| Pair::default()).collect(),
            cut: vec![false; n * n],
            config,
            tracing: std::env::var("ZAB_TRACE").is_ok(),
            judge: Judge::new(&members, &config),
            findings: Findings::new(Judge::INVARIANTS.len()),
            ledger: Vec::new(),
            problems: Vec::new(),
            refused: 0,
            reads_answered: 0,
            syncs_answered: 0,
            sent: [0; 32],
            claims: 0,
            claim_failures: 0,
            gates: 0,
            leads: Vec::new(),
            sequence: 0,
            next_read: 0,
            stepping: NodeId(0),
            judge_claims: true,
            snapshot_every: 0,
            restored: 0,
        };
        for node in 0..n {
            world.boot(NodeId(node as u8));
        }
        for a in 0..n as u8 {
            for b in a + 1..n as u8 {
                world.reconnect_later(NodeId(a), NodeId(b), 0);
            }
        }
        world
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    fn at(&mut self, time: u64, event: Event) {
        self.ordinal += 1;
        self.queue.insert((time, self.ordinal), event);
    }

    fn place(&self, a: NodeId, b: NodeId) -> usize {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        low.index() * self.len() + high.index()
    }

    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut[from.index() * self.len() + to.index()]
    }

    fn delay(&mut self) -> u64 {
        let (from, to) = self.weather.latency;
        let delay = self.random.between(from, to);
        if self.random.below(1000) < self.weather.spikes_per_mille {
            delay + self.random.below(self.weather.spike + 1)
        } else {
            delay
        }
    }

    fn timeout(&mut self) -> u64 {
        self.random.between(DETECTION / 2, DETECTION * 3 / 2)
    }

    // ---- nodes

    pub(crate) fn boot(&mut self, node: NodeId) {
        assert!(self.nodes[node.index()].host.is_none());
        let state = &mut self.nodes[node.index()];
        state.life += 1;
        state.durable = state.disk.len();
        state.flushing = false;
        state.delivered = 0;
        state.wake_at = u64::MAX;
        state.reads.clear();
        state.sync = None;
        let life = state.life;
        let disk = state.disk[state.forgotten..].to_vec();
        let first = WriteId(state.forgotten as u64 + 1);
        state.blobs.values_mut().for_each(|blob| blob.durable = true);
        let blobs: Vec<_> = state.blobs.iter().map(|(id, blob)| (*id, blob.bytes.len() as u64)).collect();
        let config = self.config;
        let link = if self.weather.datagrams { Link::Datagram } else { Link::Session };
        let options = HostOptions { link, tracing: self.tracing, unheld_kinds: 0 };
        let now = self.local(node);
        self.stepping = node;
        let host = Host::boot(
            Boot { node, incarnation: life },
            &config,
            Durable { first, records: &disk, blobs: &blobs },
            options,
            now,
            self,
        );
        self.nodes[node.index()].host = Some(host);
        self.reschedule(node);
        for peer in 0..self.len() as u8 {
            if NodeId(peer) != node {
                self.reconnect_later(node, NodeId(peer), DETECTION / 10);
            }
        }
    }

    /// Ends a process; with `power` also what its disk had not synced.
    pub(crate) fn kill(&mut self, node: NodeId, power: bool) {
        let Some(host) = self.nodes[node.index()].host.take() else { return };
        self.gates |= host.gates();
        let blobs = &mut self.nodes[node.index()].blobs;
        blobs.retain(|_, blob| blob.complete && (blob.durable || !power));
        let state = &self.nodes[node.index()];
        let survived = if power {
            let (from, to) = (state.durable as u64, state.disk.len() as u64);
            self.random.between(from, to) as usize
        } else {
            state.disk.len()
        };
        let state = &mut self.nodes[node.index()];
        state.disk.truncate(survived);
        state.durable = survived;
        state.paused_until = 0;
        self.trace(|| format!("{node} dies, power {power}, {survived} records survive"));
        let mut findings = std::mem::replace(&mut self.findings, Findings::new(0));
        self.judge.crashed(node, WriteId(survived as u64), &mut findings);
        self.findings = findings;
        for peer in 0..self.len() as u8 {
            let peer = NodeId(peer);
            if peer != node {
                self.end_session(node, peer);
            }
        }
    }

    /// The end at `node` is gone: the other end comes to know, or times out.
    fn end_session(&mut self, node: NodeId, peer: NodeId) {
        let place = self.place(node, peer);
        let own = usize::from(node > peer);
        let timeout = self.timeout();
        let delay = self.delay();
        let cut = self.is_cut(node, peer);
        let (now, full) = (self.now, self.random.percent(70));
        let arrives = {
            let pair = &mut self.pairs[place];
            pair.up[own] = false;
            pair.coming[own] = false;
            pair.dead = [true, true];
            // Of what is in flight a prefix arrives.
            let at = if full { pair.last[own].max(now + delay) } else { now + delay };
            if cut { now + timeout } else { at + 1 }
        };
        let session = self.pairs[place].session;
        self.at(arrives, Event::Down { node: peer, peer: node, session });
        self.reconnect_later(node, peer, DETECTION / 3);
    }

    pub(crate) fn pause(&mut self, node: NodeId, span: u64) {
        // One at a time: what waits for the end of this one would be overtaken.
        let until = &mut self.nodes[node.index()].paused_until;
        if *until <= self.now {
            *until = self.now + span;
        }
    }

    /// What a node's clock says.
    fn local(&self, node: NodeId) -> LocalTime {
        let drift = self.nodes[node.index()].drift_ppm;
        LocalTime((i128::from(self.now) * i128::from(1_000_000 + drift) / 1_000_000) as u64)
    }

    /// When a node's clock says so.
    fn when(&self, node: NodeId, local: LocalTime) -> u64 {
        let rate = i128::from(1_000_000 + self.nodes[node.index()].drift_ppm);
        u64::try_from((i128::from(local.0) * 1_000_000 + rate - 1) / rate).unwrap_or(u64::MAX)
    }

    /// Lets a clock run faster or slower than real time, from the beginning.
    pub(crate) fn drift(&mut self, node: NodeId, ppm: i64) {
        assert_eq!(self.now, 0, "a clock does not jump");
        self.nodes[node.index()].drift_ppm = ppm;
    }

    pub(crate) fn is_running(&self, node: NodeId) -> bool {
        self.nodes[node.index()].host.is_some()
    }

    pub(crate) fn replica(&self, node: NodeId) -> Option<&Zab> {
        self.nodes[node.index()].host.as_ref().map(Host::replica)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.len() as u8).map(NodeId)
    }

    /// The running leader of the highest epoch.
    pub(crate) fn leader(&self) -> Option<NodeId> {
        let leads =
            |node: &NodeId| self.replica(*node).is_some_and(|replica| replica.status().role == Role::Leader);
        let round = |node: &NodeId| self.replica(*node).map(|replica| replica.status().round);
        self.all().filter(leads).max_by_key(round)
    }

    // ---- links

    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId) {
        let n = self.len();
        self.cut[from.index() * n + to.index()] = true;
        let place = self.place(from, to);
        let timeout = self.timeout();
        let pair = &mut self.pairs[place];
        pair.dead[usize::from(from > to)] = true;
        let session = pair.session;
        self.at(self.now + timeout, Event::Down { node: to, peer: from, session });
    }

    pub(crate) fn cut_both(&mut self, a: NodeId, b: NodeId) {
        self.cut(a, b);
        self.cut(b, a);
    }

    /// Cuts one off from all others.
    pub(crate) fn isolate(&mut self, node: NodeId) {
        for peer in self.all().filter(|peer| *peer != node) {
            self.cut_both(node, peer);
        }
    }

    pub(crate) fn heal(&mut self) {
        self.cut.fill(false);
    }

    fn reconnect_later(&mut self, a: NodeId, b: NodeId, after: u64) {
        let place = self.place(a, b);
        if !self.pairs[place].reconnecting && !self.weather.datagrams {
            self.pairs[place].reconnecting = true;
            let wait = after + self.delay();
            self.at(self.now + wait, Event::Reconnect { a: a.min(b), b: a.max(b) });
        }
    }

    fn on_reconnect(&mut self, a: NodeId, b: NodeId) {
        let place = self.place(a, b);
        self.pairs[place].reconnecting = false;
        let pair = &self.pairs[place];
        if !self.is_running(a) || !self.is_running(b) {
            return; // A boot asks again.
        }
        let busy = pair.up != [false, false] || pair.coming != [false, false];
        let fresh = pair.session == 0;
        if busy && !fresh && pair.dead == [false, false] {
            return; // It is up.
        }
        if busy || self.is_cut(a, b) || self.is_cut(b, a) {
            return self.reconnect_later(a, b, DETECTION / 3);
        }
        let (first, second) = (self.now + self.delay(), self.now + self.delay());
        let lives = [self.nodes[a.index()].life, self.nodes[b.index()].life];
        let pair = &mut self.pairs[place];
        pair.session += 1;
        pair.dead = [false, false];
        pair.coming = [true, true];
        // Nothing arrives before its receiver knows the session.
        pair.last = [second, first];
        let session = pair.session;
        self.at(first, Event::Up { node: a, peer: b, session, life: lives[0] });
        self.at(second, Event::Up { node: b, peer: a, session, life: lives[1] });
    }

    fn on_up(&mut self, node: NodeId, peer: NodeId, session: u64, life: u64) {
        let place = self.place(node, peer);
        let own = usize::from(node > peer);
        let pair = &mut self.pairs[place];
        if pair.session != session || self.nodes[node.index()].life != life || !pair.coming[own] {
            return;
        }
        pair.coming[own] = false;
        pair.up[own] = true;
        self.with(node, |host, now, world| host.session_up(now, peer, SessionNo(session), world));
    }

    fn on_down(&mut self, node: NodeId, peer: NodeId, session: u64) {
        let place = self.place(node, peer);
        let own = usize::from(node > peer);
        let pair = &self.pairs[place];
        if pair.session != session || !(pair.up[own] || pair.coming[own]) {
            return;
        }
        self.end_session(node, peer);
        if self.is_running(node) && !self.weather.datagrams {
            self.with(node, |host, now, world| host.session_down(now, peer, world));
        }
    }

    // ---- clients

    pub(crate) fn entry(&mut self, origin: NodeId) -> SharedEntry {
        self.sequence += 1;
        let session = replica::ClientSession(1 + u64::from(origin.0));
        Entry::new(origin, session, Sequence(self.sequence), WallTime::NONE, &self.sequence.to_le_bytes())
    }

    pub(crate) fn propose(&mut self, node: NodeId) {
        let entry = self.entry(node);
        if self.is_running(node) {
            self.with(node, |host, now, world| host.propose(now, entry, world));
        }
    }

    pub(crate) fn hand_over(&mut self, node: NodeId, to: Option<NodeId>) {
        if self.is_running(node) {
            self.with(node, |host, now, world| host.hand_over(now, to, world));
        }
    }

    pub(crate) fn read(&mut self, node: NodeId, mode: ReadMode) {
        if !self.is_running(node) {
            return;
        }
        self.next_read += 1;
        let read = self.next_read;
        if mode == ReadMode::Linearizable {
            let floor = self.ledger.len() as u64;
            self.nodes[node.index()].reads.insert(read, floor);
        }
        self.with(node, |host, now, world| host.read(now, ReadId(read), mode, world));
    }

    // ---- time

    fn with(&mut self, node: NodeId, step: impl FnOnce(&mut Host<Zab>, LocalTime, &mut World)) {
        let mut host = self.nodes[node.index()].host.take().expect("it runs");
        let now = self.local(node);
        self.stepping = node;
        step(&mut host, now, self);
        self.nodes[node.index()].host = Some(host);
        self.reschedule(node);
    }

    fn reschedule(&mut self, node: NodeId) {
        let state = &self.nodes[node.index()];
        let Some(deadline) = state.host.as_ref().and_then(Host::deadline) else { return };
        let due = self.when(node, deadline).max(self.now);
        // One wake is queued; it looks again when it comes.
        if due < state.wake_at {
            let life = state.life;
            self.nodes[node.index()].wake_at = due;
            self.at(due, Event::Wake { node, life });
        }
    }

    fn target(event: &Event) -> Option<NodeId> {
        match event {
            Event::Arrive { to, .. } => Some(*to),
            Event::Flushed { node, .. } | Event::Wake { node, .. } => Some(*node),
            Event::Up { node, .. } | Event::Down { node, .. } => Some(*node),
            Event::Offer { node, .. } | Event::BlobFlushed { node, .. } | Event::BlobRead { node, .. } => {
                Some(*node)
            }
            Event::Reconnect { .. } => None,
        }
    }

    pub(crate) fn run_until(&mut self, time: u64) {
        while let Some((&(at, ordinal), _)) = self.queue.first_key_value() {
            if time < at {
                break;
            }
            let event = self.queue.remove(&(at, ordinal)).expect("it is there");
            self.now = at;
            if let Some(node) = World::target(&event) {
                let paused = self.nodes[node.index()].paused_until;
                if at < paused && self.is_running(node) {
                    self.at(paused, event);
                    continue;
                }
            }
            self.on_event(event);
        }
        self.now = time;
    }

    pub(crate) fn run_for(&mut self, span: u64) {
        self.run_until(self.now + span);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Arrive { from, to, session, message } => {
                if self.is_running(to) {
                    self.with(to, |host, now, world| {
                        host.message(now, from, SessionNo(session), message, world);
                    });
                }
            }
            Event::Flushed { node, life, upto } => self.on_flushed(node, life, upto),
            Event::Wake { node, life } => {
                let state = &mut self.nodes[node.index()];
                if state.life == life && state.host.is_some() {
                    state.wake_at = u64::MAX;
                    let deadline = state.host.as_ref().and_then(Host::deadline);
                    let due = deadline.is_some_and(|at| at <= self.local(node));
                    if due {
                        self.with(node, |host, now, world| host.deadline_passed(now, world));
                    } else {
                        self.reschedule(node);
                    }
                }
            }
            Event::Up { node, peer, session, life } => self.on_up(node, peer, session, life),
            Event::Down { node, peer, session } => self.on_down(node, peer, session),
            Event::Reconnect { a, b } => self.on_reconnect(a, b),
            Event::Offer { node, life, position } => {
                if self.lives(node, life) {
                    let bytes = self.state(position).into();
                    self.with(node, |host, now, world| host.snapshot(now, Position(position), bytes, world));
                }
            }
            Event::BlobFlushed { node, life, blob } => {
                if !self.lives(node, life) {
                    return;
                }
                let Some(kept) = self.nodes[node.index()].blobs.get_mut(&blob) else { return };
                kept.durable = true;
                self.with(node, |host, now, world| host.blob_durable(now, blob, world));
            }
            Event::BlobRead { node, life, blob, offset, bytes } => {
                if self.lives(node, life) {
                    self.with(node, |host, now, world| host.blob_bytes(now, blob, offset, bytes, world));
                }
            }
        }
    }

    fn lives(&self, node: NodeId, life: u64) -> bool {
        self.is_running(node) && self.nodes[node.index()].life == life
    }

    /// What the state machine looks like at a position: some bytes of which the last part names what was delivered.
    fn state(&self, position: u64) -> Vec<u8> {
        let mut bytes = vec![0xab; 16 * position as usize];
        let chain = self.ledger[..position as usize]
            .iter()
            .fold(0, |hash: u64, (zxid, digest)| replica::digest::chain(hash, zxid.0, 0, *digest));
        bytes.extend_from_slice(&position.to_le_bytes());
        bytes.extend_from_slice(&chain.to_le_bytes());
        bytes
    }

    fn on_flushed(&mut self, node: NodeId, life: u64, upto: usize) {
        let state = &mut self.nodes[node.index()];
        if state.life != life || state.host.is_none() {
            return;
        }
        state.flushing = false;
        state.durable = upto;
        let more = state.durable < state.disk.len();
        let mut findings = std::mem::replace(&mut self.findings, Findings::new(0));
        self.judge.hardened(node, WriteId(upto as u64), &mut findings);
        self.findings = findings;
        if more {
            self.flush_later(node);
        }
        self.with(node, |host, now, world| host.durable(now, WriteId(upto as u64), world));
    }

    fn flush_later(&mut self, node: NodeId) {
        let (from, to) = self.weather.sync;
        let at = self.now + self.random.between(from, to);
        let state = &mut self.nodes[node.index()];
        state.flushing = true;
        let event = Event::Flushed { node, life: state.life, upto: state.disk.len() };
        self.at(at, event);
    }

    // ---- judges

    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        if self.tracing {
            println!("{:>10}us {}", self.now / 1000, text());
        }
    }

    fn problem(&mut self, text: String) {
        self.trace(|| format!("PROBLEM {text}"));
        if self.problems.len() < 16 {
            self.problems.push(text);
        }
    }

    fn judge_claims(&mut self, to: NodeId, message: &Message, waited: Option<WriteId>) {
        let from = self.stepping;
        let state = &self.nodes[from.index()];
        // What was forgotten is in the checkpoint that stands first.
        let upto = waited.map_or(state.durable, |w| w.0 as usize).max(state.forgotten + 1);
        let image = &state.disk[state.forgotten..upto];
        let mut failed = None;
        let mut count = 0;
        message.claims(from, to, &mut |claim| {
            count += 1;
            if !holds(image, claim) {
                failed = Some(claim);
            }
        });
        self.claims += count;
        if let Some(claim) = failed {
            self.claim_failures += 1;
            self.problem(format!("{from} claims {claim:?} to {to} before it is durable"));
        }
    }

    /// Starts everybody, heals everything, and demands progress and convergence.
    pub(crate) fn converge(&mut self, within: u64) {
        self.heal();
        for node in self.all() {
            if !self.is_running(node) {
                self.boot(node);
            }
        }
        let end = self.now + within;
        let floor = self.ledger.len() as u64;
        while self.now < end {
            self.run_for(DETECTION / 3);
            let at = self.random.below(self.len() as u64) as u8;
            self.propose(NodeId(at));
            self.run_for(DETECTION / 3);
            let length = self.ledger.len() as u64;
            let everywhere = self.nodes.iter().all(|node| node.delivered == length);
            if floor < length && everywhere && self.leader().is_some() {
                return;
            }
        }
        let statuses: Vec<_> = self.all().map(|node| self.replica(node).map(|r| r.status())).collect();
        self.problem(format!("no convergence: {statuses:?}"));
    }

    pub(crate) fn all_gates(&self) -> u64 {
        self.nodes.iter().flat_map(|node| &node.host).fold(self.gates, |gates, host| gates | host.gates())
    }

    /// Everything that was found wrong.
    pub(crate) fn verdict(&self) -> Vec<String> {
        let name = |at: usize| Judge::INVARIANTS[at].id;
        let found = self.findings.violations.iter().map(|f| format!("{}: {}", name(f.invariant), f.text));
        found.chain(self.problems.iter().cloned()).collect()
    }
}

/// Whether a disk image makes a claim true.
fn holds(image: &[Record], claim: Claim) -> bool {
    match claim {
        Claim::Promised { round } => {
            let promises = |record: &Record| match record {
                Record::AcceptedEpoch { epoch } => round <= *epoch,
                Record::Checkpoint { accepted, .. } => round <= *accepted,
                _ => false,
            };
            image.iter().rev().any(promises) || round.0 == 0
        }
        Claim::Epoch { round } => {
            let adopts = |record: &Record| match record {
                Record::CurrentEpoch { epoch } => round <= *epoch,
                Record::Checkpoint { current, .. } => round <= *current,
                _ => false,
            };
            image.iter().rev().any(adopts) || round.0 == 0
        }
        Claim::Accepted { slot, .. } => {
            for record in image.iter().rev() {
                match record {
                    Record::Txn { zxid, .. } if *zxid == slot => return true,
                    Record::Truncate { after } if *after < slot => return false,
                    Record::Checkpoint { base, txns, .. } => {
                        return slot <= base.zxid || txns.iter().any(|(zxid, _)| *zxid == slot);
                    }
                    _ => {}
                }
            }
            false
        }
        Claim::Prefix { slot, chain } => {
            let mut log = zab::Log::default();
            for record in image {
                match record {
                    Record::Txn { zxid, entry } => log.append(*zxid, entry.clone()),
                    Record::Truncate { after } => {
                        log.truncate(*after);
                    }
                    Record::Checkpoint { base, txns, .. } => {
                        log = zab::Log::after(*base);
                        txns.iter().for_each(|(zxid, entry)| log.append(*zxid, entry.clone()));
                    }
                    _ => {}
                }
            }
            slot < log.base().zxid
                || log.floor(slot) == slot && log.place(log.count_upto(slot)).chain == chain
        }
        Claim::Voted { .. } | Claim::Report { .. } => unreachable!("Zab makes no such claim"),
    }
}

impl Draw for World {
    fn draw(&mut self, n: u64) -> u64 {
        self.random.below(n)
    }
}

impl Driver<Zab> for World {
    fn send(&mut self, to: NodeId, session: SessionNo, message: Message, waited: Option<WriteId>) {
        let from = self.stepping;
        self.sent[message.kind()] += 1;
        if self.judge_claims {
            self.judge_claims(to, &message, waited);
        }
        let delay = self.delay();
        if self.weather.datagrams {
            if !self.is_cut(from, to) && !self.random.percent(2) {
                self.at(self.now + delay, Event::Arrive { from, to, session: 0, message });
            }
            return;
        }
        let place = self.place(from, to);
        let own = usize::from(from > to);
        let now = self.now;
        let pair = &mut self.pairs[place];
        if pair.session != session.0 || pair.dead[own] {
            return;
        }
        let at = (now + delay).max(pair.last[own] + 1);
        pair.last[own] = at;
        self.trace(|| format!("{from} -> {to} {message:?}"));
        self.at(at, Event::Arrive { from, to, session: session.0, message });
    }

    fn write(&mut self, id: WriteId, record: Record) {
        let node = self.stepping;
        self.trace(|| format!("{node} writes {record:?}"));
        let state = &mut self.nodes[node.index()];
        state.disk.push(record);
        assert_eq!(id.0 as usize, state.disk.len());
        if !state.flushing {
            self.flush_later(node);
        }
    }

    fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry) {
        let node = self.stepping;
        let delivered = self.nodes[node.index()].delivered;
        if position.0 != delivered + 1 {
            self.problem(format!("{node} delivers position {position} after {delivered}"));
        }
        self.nodes[node.index()].delivered = position.0;
        let said = (slot, entry.digest());
        match self.ledger.get(position.0 as usize - 1) {
            Some(there) if *there != said => {
                self.problem(format!("{node} delivers {slot} at {position}, where {} is", there.0));
            }
            Some(_) => {}
            None if position.0 as usize == self.ledger.len() + 1 => self.ledger.push(said),
            None => self.problem(format!("{node} delivers position {position}, before it nothing is")),
        }
        if self.snapshot_every > 0 && position.0.is_multiple_of(self.snapshot_every) {
            let life = self.nodes[node.index()].life;
            self.at(self.now, Event::Offer { node, life, position: position.0 });
        }
    }

    fn read_at(&mut self, read: ReadId, position: Position) {
        let node = self.stepping;
        match self.nodes[node.index()].reads.remove(&read.0) {
            Some(floor) => {
                self.reads_answered += 1;
                if position.0 < floor {
                    self.problem(format!("{node} answers a read at {position}, it began at {floor}"));
                }
            }
            None => self.syncs_answered += 1,
        }
    }

    fn refuse(&mut self, request: Request, _reason: Refusal, _leader: Option<NodeId>) {
        self.refused += 1;
        if let Request::Read(read) = request {
            self.nodes[self.stepping.index()].reads.remove(&read.0);
        }
    }

    fn reset(&mut self, peer: NodeId) {
        let node = self.stepping;
        self.end_session(node, peer);
    }

    fn forget_before(&mut self, write: WriteId) {
        let state = &mut self.nodes[self.stepping.index()];
        assert!(write.0 as usize <= state.durable + 1, "only durable records are forgotten");
        state.forgotten = state.forgotten.max(write.0 as usize - 1);
    }
    fn write_blob(&mut self, id: BlobId, offset: u64, bytes: std::sync::Arc<[u8]>, last: bool) {
        let node = self.stepping;
        let blob = self.nodes[node.index()].blobs.entry(id).or_default();
        assert!(!blob.complete, "a complete blob is not written to");
        assert_eq!(blob.bytes.len() as u64, offset);
        blob.bytes.extend_from_slice(&bytes);
        blob.complete = last;
        if last {
            let (from, to) = self.weather.sync;
            let at = self.now + self.random.between(from, to);
            let life = self.nodes[node.index()].life;
            self.at(at, Event::BlobFlushed { node, life, blob: id });
        }
    }
    fn read_blob(&mut self, id: BlobId, offset: u64, len: u64) {
        let node = self.stepping;
        let state = &self.nodes[node.index()];
        let all = &state.blobs.get(&id).expect("what is read is there").bytes;
        let end = (offset + len).min(all.len() as u64);
        let bytes = all[offset as usize..end as usize].into();
        let life = state.life;
        let at = self.now + self.random.between(1, MS);
        self.at(at, Event::BlobRead { node, life, blob: id, offset, bytes });
    }
    fn forget_blob(&mut self, id: BlobId) {
        self.nodes[self.stepping.index()].blobs.remove(&id);
    }
    fn restore(&mut self, id: BlobId, position: Position) {
        let node = self.stepping;
        let state = &mut self.nodes[node.index()];
        let blob = &state.blobs[&id];
        assert!(blob.complete && blob.durable, "a snapshot is restored from a whole blob");
        let bytes = blob.bytes.clone();
        let delivered = std::mem::replace(&mut state.delivered, position.0);
        self.restored += 1;
        if position.0 <= delivered {
            self.problem(format!("{node} restores position {position} after {delivered}"));
        }
        if self.ledger.len() < position.0 as usize || bytes != self.state(position.0) {
            self.problem(format!("{node} restores what is not the state at {position}"));
        }
    }

    fn receiving(&mut self, replica: &Zab, from: NodeId, message: &Message) {
        let mut findings = std::mem::replace(&mut self.findings, Findings::new(0));
        self.judge.receiving(self.stepping, replica, from, message, &mut findings);
        self.findings = findings;
    }

    fn stepped(&mut self, step: &Step<'_, Zab>) {
        let before = self.findings.violations.len();
        let mut findings = std::mem::replace(&mut self.findings, Findings::new(0));
        self.judge.stepped(step, &Nobody, &mut findings);
        self.findings = findings;
        for found in &self.findings.violations[before..] {
            self.trace(|| format!("FOUND {} {}", Judge::INVARIANTS[found.invariant].id, found.text));
        }
    }

    fn fact(&mut self, fact: Fact) {
        let Fact::Leads { round } = fact else { unreachable!("the only volatile fact") };
        let node = self.stepping;
        if self.leads.iter().any(|(led, _)| *led == round.0) {
            self.problem(format!("{node} leads {round}, which was led before"));
        }
        self.leads.push((round.0, node));
    }

    fn narrate(&mut self, rule: &'static str, text: &str) {
        let node = self.stepping;
        self.trace(|| format!("{node}   {text} [{rule}]"));
    }
}
