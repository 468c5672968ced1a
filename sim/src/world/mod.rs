//! The world: nodes and everything between and below them, driven by one queue of events.
//!
//! ```text
//!   World ── nodes: a Host (replica) and a Service (server) each, or nothing while a process is down
//!         └─ Net ── queue, links, sessions, machines (disk, clocks, inbox), clients, faults, judges, trace
//! ```
//!
//! Hosts and net are separate fields, so that a host can be stepped with the net as its driver, and a world is
//! cloned by cloning both. Files in reading order: this one (the loop and what an event does to a node), [`seat`]
//! (the driver that a host and a server meet), [`links`] and [`machine`] (what is between and below nodes),
//! [`sessions`], [`traffic`] (client links), [`faults`], [`verdict`].

pub mod links;
pub mod machine;

mod faults;
mod seat;
mod sessions;
mod traffic;
mod verdict;

use std::collections::VecDeque;
use std::sync::Arc;

use replica::{
    BlobId, Boot, Findings, Host, HostOptions, Link, LocalTime, Members, Message, Moment, NodeId, Observe,
    Position, ReadMode, Replica, Role, Rules, Service, ServiceEffect, ServiceInput, ServiceOutput, SessionNo,
    Wire, WriteId,
};

pub use verdict::Counters;

use crate::clients::{ClientEffect, Clients};
use crate::fingerprint::Fingerprint;
use crate::judge::{Disks, Ledger, When};
use crate::measure::{Meter, Sample};
use crate::plan::{LinkKind, Plan};
use crate::queue::{Class, Queue};
use crate::rng::SimRng;
use crate::rules::{CHECKSUM, SYNC_ERRORS_STOP, TORN_TAIL, WIPED_STAYS_OUT};
use crate::trace::{TraceEvent, TraceKind};
use faults::FaultState;
use links::{Envelope, NodeLink, Pair, Parcel};
use machine::Machine;
use seat::{Others, Seat};
use traffic::ClientLinks;

/// How a world treats its run; see `run::RunOptions`.
#[derive(Clone, Debug, Default)]
pub struct WorldOptions {
    /// Encode and decode every message and record on its way.
    pub codec: bool,
    /// Keep a trace.
    pub tracing: bool,
    /// Take measures; see [`crate::measure`].
    pub measuring: bool,
    /// Names of judges that stay silent.
    pub without_judges: Vec<String>,
    /// Bits of the message kinds that hosts do not hold back.
    pub unheld_kinds: u64,
    /// The rules that nodes obey below their replicas; see [`crate::rules`].
    pub rules: Rules,
    /// Fold no fingerprint: for measuring what it costs.
    pub without_fingerprint: bool,
    /// Fold no fingerprint and run no judges: for measuring what they cost.
    pub bare: bool,
}

/// Wakes at one instant beyond which a replica's or server's deadline is taken to stand still: a bug in it.
const WAKES_AT_ONE_INSTANT_MAX: u32 = 100_000;

/// A cluster, its clients and everything around them, at one instant.
#[derive(Clone)]
pub struct World<R: Replica, S: Service, C> {
    nodes: Vec<Node<R, S>>,
    net: Net<R, S, C>,
}

/// What runs on a machine. Both or neither.
#[derive(Clone)]
pub(crate) struct Node<R: Replica, S: Service> {
    host: Option<Host<R>>,
    service: Option<S>,
}

/// Everything but the processes.
#[derive(Clone)]
pub(crate) struct Net<R: Replica, S: Service, C> {
    plan: Arc<Plan>,
    options: WorldOptions,
    config: R::Config,
    service_options: S::Options,
    link: Link,
    /// Simulated time in nanoseconds.
    now: u64,
    /// Events handled so far.
    events: u64,
    wakes_at_this_instant: u32,
    queue: Queue<Scheduled<R, S>>,
    links: Vec<NodeLink<R::Message, S::Frame>>,
    pairs: Vec<Pair>,
    machines: Vec<Machine<R::Record, Scheduled<R, S>>>,
    clients: C,
    client_links: ClientLinks,
    client_effects: Vec<ClientEffect<S>>,
    /// What the server of the node at hand is to be told, in order. Empty between events.
    inputs: VecDeque<ServiceInput<S>>,
    /// Effects of the server's step at hand; kept for its capacity.
    service_effects: Vec<ServiceEffect<S>>,
    faults: Vec<FaultState>,
    disks: Disks,
    ledger: Ledger,
    invariants: R::Invariants,
    findings: Findings,
    /// When each violation among the findings showed.
    findings_when: Vec<When>,
    fingerprint: Fingerprint,
    trace: Vec<TraceEvent>,
    /// When tracing: each node's state as its last event left it.
    inspected: Vec<Vec<(&'static str, String)>>,
    meter: Meter,
    /// The trace event being handled: the cause of what follows from it.
    cause: u64,
    counters: Counters,
    /// When workload and faults were over.
    quiet_at: Option<u64>,
    /// When the cluster had converged.
    converged_at: Option<u64>,
}

/// An event in the queue, with the trace event that led to it.
#[derive(Clone)]
pub(crate) struct Scheduled<R: Replica, S: Service> {
    cause: u64,
    what: Happening<R, S>,
}

/// What can happen.
#[derive(Clone)]
enum Happening<R: Replica, S: Service> {
    Fault { index: usize },
    FaultEnd { index: usize },
    Restart { node: NodeId, by: usize },
    SessionUp { node: NodeId, peer: NodeId, session: SessionNo },
    Silent { node: NodeId, peer: NodeId, timer: u64 },
    Stalled { node: NodeId, peer: NodeId, session: SessionNo },
    Reconnect { low: NodeId, high: NodeId, attempt: u64 },
    Synced { node: NodeId, epoch: u64 },
    BlobSynced { node: NodeId, epoch: u64, blob: BlobId },
    BlobRead { node: NodeId, epoch: u64, blob: BlobId, offset: u64, bytes: Arc<[u8]> },
    Parcel { from: NodeId, to: NodeId, parcel: Parcel<R::Message, S::Frame> },
    Request { client: u32, node: NodeId, request: S::Request },
    Closed { client: u32, node: NodeId },
    Reply { client: u32, node: NodeId, reply: S::Reply },
    Gone { client: u32, node: NodeId },
    Cpu { node: NodeId, epoch: u64 },
    Wake { node: NodeId, number: u64 },
    ClientWake { client: u32, ticket: u64 },
}

impl<R: Replica, S: Service, C: Clients<S>> World<R, S, C> {
    /// A world at time zero: members' disks hold their genesis and nothing has booted.
    pub fn new(
        plan: Arc<Plan>,
        options: WorldOptions,
        config: R::Config,
        service_options: S::Options,
        clients: C,
    ) -> World<R, S, C> {
        let count = usize::from(plan.nodes);
        assert!((1..=replica::NODES_MAX).contains(&count));
        let members = Members::with_learners(count, usize::from(plan.learners));
        let silenced = &options.without_judges;
        let mut net = Net {
            link: match plan.links {
                LinkKind::Datagram => Link::Datagram,
                LinkKind::Session => Link::Session,
            },
            now: 0,
            events: 0,
            wakes_at_this_instant: 0,
            queue: Queue::default(),
            links: plan.network.base.iter().map(|&base| NodeLink::new(base, &plan.network)).collect(),
            pairs: vec![Pair::default(); count * count],
            machines: (0..count).map(|node| Machine::new(node, &plan)).collect(),
            clients,
            client_links: ClientLinks::new(&plan),
            client_effects: Vec::new(),
            inputs: VecDeque::new(),
            service_effects: Vec::new(),
            faults: plan.faults.iter().map(FaultState::new).collect(),
            disks: Disks::new(count, silenced),
            ledger: Ledger::new(count, silenced),
            invariants: R::Invariants::new(&members, &config),
            findings: Findings::new(R::Invariants::INVARIANTS.len()),
            findings_when: Vec::new(),
            fingerprint: if options.bare || options.without_fingerprint {
                Fingerprint::disabled()
            } else {
                Fingerprint::default()
            },
            trace: Vec::new(),
            inspected: vec![Vec::new(); count],
            meter: Meter::new(options.measuring, count, plan.horizon),
            cause: 0,
            counters: Counters::new(R::Message::KINDS.len()),
            quiet_at: None,
            converged_at: None,
            config,
            service_options,
            options,
            plan,
        };
        for machine in &mut net.machines {
            machine.disk.write(replica::WriteId(1), R::genesis(&members));
            machine.disk.sync_all();
        }
        let nodes = (0..count).map(|_| Node { host: None, service: None }).collect();
        let mut world = World { nodes, net };
        world.start();
        world
    }

    fn start(&mut self) {
        for index in 0..self.net.faults.len() {
            let at = self.net.plan.faults[index].at;
            self.net.push(at, Class::Fault, index, Happening::Fault { index });
        }
        for node in self.net.nodes() {
            // Nobody's boot is caused by another's.
            self.net.cause = 0;
            self.boot(node);
        }
        self.net.cause = 0;
        let mut effects = std::mem::take(&mut self.net.client_effects);
        self.net.clients.start(&mut effects);
        self.net.client_effects = effects;
        self.net.carry_out_clients();
    }

    /// Runs until workload and faults are over and the cluster has converged, or until the horizon; or until what clients
    /// were answered contradicts itself.
    pub fn run(&mut self) {
        while self.step() {}
    }

    /// Handles one event. False if the run is over.
    pub fn step(&mut self) -> bool {
        let Some((time, order, Scheduled { cause, what })) = self.net.queue.pop() else { return false };
        if self.net.plan.horizon < time {
            self.net.now = self.net.plan.horizon;
            return false;
        }
        debug_assert!(self.net.now <= time);
        if time != self.net.now {
            self.net.wakes_at_this_instant = 0;
        }
        self.net.now = time;
        self.net.events += 1;
        if self.net.meter.is_due(time) {
            self.net.take_sample();
        }
        self.net.cause = cause;
        self.net.fingerprint.record([time, order, 0, 0]);
        self.dispatch(what);
        !self.net.clients.is_contradicted() && !self.is_over()
    }

    /// Simulated time in nanoseconds.
    pub fn now(&self) -> u64 {
        self.net.now
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.net.events
    }

    /// The fingerprint of everything so far.
    pub fn fingerprint(&self) -> String {
        self.net.fingerprint.digest()
    }

    /// The clients.
    pub fn clients(&self) -> &C {
        &self.net.clients
    }

    /// A node's server, if it runs.
    pub fn service(&self, node: NodeId) -> Option<&S> {
        self.nodes[node.index()].service.as_ref()
    }

    /// A node's replica, if it runs.
    pub fn replica(&self, node: NodeId) -> Option<&R> {
        self.nodes[node.index()].host.as_ref().map(Host::replica)
    }

    /// The trace, if one is kept.
    pub fn trace(&self) -> &[TraceEvent] {
        &self.net.trace
    }

    /// What the world itself judges: everything delivered.
    pub fn ledger(&self) -> &Ledger {
        &self.net.ledger
    }

    /// What was measured, if anything was asked for: milestones and samples.
    pub fn measured(&self) -> (Vec<crate::measure::Milestone>, Vec<Sample>) {
        self.net.meter.taken()
    }

    /// What was sent and written.
    pub fn counters(&self) -> &Counters {
        &self.net.counters
    }

    fn dispatch(&mut self, what: Happening<R, S>) {
        if let Some(node) = what.process() {
            let machine = &self.net.machines[node.index()];
            if let Some(&by) = machine.paused_by.last() {
                let scheduled = Scheduled { cause: self.net.cause, what };
                self.net.faults[by].touch_held(&scheduled.what);
                self.net.machines[node.index()].backlog.push_back(scheduled);
                return;
            }
        }
        match what {
            Happening::Fault { index } => self.on_fault(index),
            Happening::FaultEnd { index } => self.on_fault_end(index),
            Happening::Restart { node, by } => self.on_restart(node, by),
            Happening::SessionUp { node, peer, session } => self.on_session_up(node, peer, session),
            Happening::Silent { node, peer, timer } => self.on_silent(node, peer, timer),
            Happening::Stalled { node, peer, session } => self.on_stalled(node, peer, session),
            Happening::Reconnect { low, high, attempt } => self.net.on_reconnect(low, high, attempt),
            Happening::Synced { node, epoch } => self.on_synced(node, epoch),
            Happening::BlobSynced { node, epoch, blob } => self.on_blob_synced(node, epoch, blob),
            Happening::BlobRead { node, epoch, blob, offset, bytes } => {
                if self.net.machines[node.index()].epoch == epoch {
                    self.with_host(node, |host, now, seat| host.blob_bytes(now, blob, offset, bytes, seat));
                    self.settle(node);
                }
            }
            Happening::Parcel { from, to, parcel } if self.is_free(to) => self.on_parcel(from, to, parcel),
            Happening::Parcel { from, to, parcel } => {
                self.on_arrival(to, Happening::Parcel { from, to, parcel })
            }
            Happening::Request { client, node, request } if self.is_free(node) => {
                self.on_request(client, node, request);
            }
            Happening::Request { client, node, request } => {
                self.on_arrival(node, Happening::Request { client, node, request });
            }
            Happening::Cpu { node, epoch } => self.on_cpu(node, epoch),
            Happening::Wake { node, number } => self.on_wake(node, number),
            Happening::Closed { client, node } => self.on_closed(client, node),
            Happening::Reply { client, node, reply } => self.net.on_reply(client, node, reply),
            Happening::Gone { client, node } => self.net.on_gone(client, node),
            Happening::ClientWake { client, ticket } => self.net.on_client_wake(client, ticket),
        }
    }

    /// Whether what arrives at a node is handled at once: messages cost nothing, or nothing runs there.
    #[inline]
    fn is_free(&self, node: NodeId) -> bool {
        let cpu = &self.net.plan.cpu;
        let is_idle = cpu.per_message == 0 && cpu.per_request == 0 && cpu.per_byte_ps == 0;
        is_idle || self.net.machines[node.index()].down.is_some()
    }

    /// A message or request has arrived, and waits for the processor.
    fn on_arrival(&mut self, node: NodeId, what: Happening<R, S>) {
        let cause = self.net.cause;
        let inbox = &mut self.net.machines[node.index()].inbox;
        inbox.push_back(Scheduled { cause, what });
        if inbox.len() == 1 {
            self.net.serve(node);
        }
    }

    /// The processor has served the first of the inbox: it takes effect now.
    fn on_cpu(&mut self, node: NodeId, epoch: u64) {
        if self.net.machines[node.index()].epoch != epoch {
            return;
        }
        let first = self.net.machines[node.index()].inbox.pop_front();
        let Scheduled { cause, what } = first.expect("the processor serves a message");
        self.net.cause = cause;
        self.handle(what);
        let machine = &self.net.machines[node.index()];
        if machine.epoch == epoch && !machine.inbox.is_empty() {
            self.net.serve(node);
        }
    }

    fn handle(&mut self, what: Happening<R, S>) {
        match what {
            Happening::Parcel { from, to, parcel } => self.on_parcel(from, to, parcel),
            Happening::Request { client, node, request } => self.on_request(client, node, request),
            _ => unreachable!("only messages and requests take the processor's time"),
        }
    }

    fn on_parcel(&mut self, from: NodeId, to: NodeId, parcel: Parcel<R::Message, S::Frame>) {
        let Parcel { session, envelope, .. } = parcel;
        if let Some(down) = self.net.machines[to.index()].down {
            self.net.faults[down.by].report.messages += 1;
            self.net.note_about(Some(to), TraceKind::Drop, "", About::peer(from), || {
                format!("from {from}: nothing runs here")
            });
            return;
        }
        match envelope {
            Envelope::Message(message) => {
                let about = About { message: R::Message::KINDS[message.kind()], ..About::peer(from) };
                self.net.note_arrival(to, about, || format!("from {from}: {}", words(&message)));
                let known =
                    self.with_host(to, |host, now, seat| host.message(now, from, session, message, seat));
                if known {
                    self.settle(to);
                } else {
                    self.net.note_about(Some(to), TraceKind::Drop, "", About::peer(from), || {
                        format!("from {from}: of a session that is gone")
                    });
                }
            }
            Envelope::Frame(frame) => {
                let host = self.nodes[to.index()].host.as_ref().expect("a live machine runs a host");
                if self.net.link == Link::Session && host.session(from) != Some(session) {
                    return;
                }
                self.net.note_arrival(to, About::peer(from), || format!("from {from}: {}", words(&frame)));
                self.net.inputs.push_back(ServiceInput::Frame { from, frame });
                self.settle(to);
            }
            Envelope::Reset => self.on_reset(to, from, session),
        }
    }

    fn on_wake(&mut self, node: NodeId, number: u64) {
        let machine = &mut self.net.machines[node.index()];
        if machine.down.is_some() || machine.wake.map(|(_, current)| current) != Some(number) {
            return;
        }
        machine.wake = None;
        let now = machine.clock.local(self.net.now);
        if let Some(&(by, _)) = machine.drifts.last() {
            self.net.faults[by].report.timers += 1;
        }
        self.net.wakes_at_this_instant += 1;
        assert!(
            self.net.wakes_at_this_instant < WAKES_AT_ONE_INSTANT_MAX,
            "{node} has a deadline that stays in the past: {} at {now:?}",
            R::NAME
        );
        let Node { host, service } = &self.nodes[node.index()];
        let due = |deadline: Option<LocalTime>| deadline.is_some_and(|deadline| deadline <= now);
        let host_due = due(host.as_ref().and_then(Host::deadline));
        let service_due = due(service.as_ref().and_then(Service::deadline));
        self.net.note_as_cause(node, TraceKind::Timer, || "deadline".into());
        if host_due {
            self.with_host(node, |host, now, seat| host.deadline_passed(now, seat));
        }
        if service_due {
            self.net.inputs.push_back(ServiceInput::Deadline);
        }
        self.settle(node);
    }

    fn on_synced(&mut self, node: NodeId, epoch: u64) {
        if self.net.machines[node.index()].epoch != epoch {
            return;
        }
        if let Some(&(by, until)) = self.net.machines[node.index()].failing.last() {
            self.net.faults[by].report.writes += 1;
            if self.net.options.rules.obeys(SYNC_ERRORS_STOP) {
                return self.stop_for_disk(by, node, until);
            }
        }
        self.harden(node);
        self.settle(node);
    }

    /// The sync under way ends.
    fn harden(&mut self, node: NodeId) {
        let machine = &mut self.net.machines[node.index()];
        let failed = !machine.failing.is_empty();
        let upto = if failed { machine.disk.end_failed_sync() } else { machine.disk.end_sync() };
        self.net.fingerprint.record([u64::from(node.0) << 8 | 1, upto.0, 0, 0]);
        self.net.note_as_cause(node, TraceKind::Durable, || format!("up to write {upto}"));
        if !self.net.options.bare {
            self.net.disks.hardened(node, upto);
            self.net.invariants.hardened(node, upto, &mut self.net.findings);
            self.net.date_findings();
        }
        self.with_host(node, |host, now, seat| host.durable(now, upto, seat));
    }

    fn on_blob_synced(&mut self, node: NodeId, epoch: u64, blob: BlobId) {
        let machine = &mut self.net.machines[node.index()];
        if machine.epoch == epoch && machine.disk.end_blob_sync(blob) {
            self.with_host(node, |host, now, seat| host.blob_durable(now, blob, seat));
            self.settle(node);
        }
    }

    fn on_request(&mut self, client: u32, node: NodeId, request: S::Request) {
        if self.net.refuse_request(client, node) {
            return;
        }
        let (connection, is_new) = self.net.client_links.connect(client, node);
        if is_new {
            self.net.inputs.push_back(ServiceInput::Connected(connection));
        }
        let about = About { client: Some(client), ..About::default() };
        self.net.note_arrival(node, about, || format!("from client {client}: {}", words(&request)));
        self.net.inputs.push_back(ServiceInput::Request { connection, request });
        self.settle(node);
    }

    fn on_closed(&mut self, client: u32, node: NodeId) {
        let closed = self.net.client_links.close(client, node);
        if let Some(connection) = closed
            && self.net.machines[node.index()].down.is_none()
        {
            self.net.inputs.push_back(ServiceInput::Disconnected(connection));
            self.settle(node);
        }
    }

    /// Reads the disk back before a process starts on it. False if the node cannot start.
    fn read_back(&mut self, node: NodeId) -> bool {
        let net = &mut self.net;
        let rules = net.options.rules;
        let machine = &mut net.machines[node.index()];
        if machine.disk.take_torn() && !rules.obeys(TORN_TAIL) {
            // It is held against the run that it never converges.
            machine.stuck = true;
            net.note(Some(node), TraceKind::Note, "node/torn-tail", || "a torn record: it gives up".into());
        }
        let machine = &mut net.machines[node.index()];
        if machine.stuck {
            return false;
        }
        if let Some(rotten) = machine.disk.rotten() {
            if rules.obeys(CHECKSUM) {
                machine.disk.wipe();
                machine.wiped = true;
                net.disks.wiped(node);
                net.invariants.wiped(node);
            } else {
                machine.disk.cut_before(rotten);
            }
            net.note(Some(node), TraceKind::Note, "node/checksum", || format!("record {rotten} is damaged"));
        }
        let machine = &mut net.machines[node.index()];
        if machine.wiped && machine.disk.last() == WriteId::ZERO && !rules.obeys(WIPED_STAYS_OUT) {
            let members = Members::with_learners(usize::from(net.plan.nodes), usize::from(net.plan.learners));
            machine.disk.write(WriteId(1), R::genesis(&members));
        }
        true
    }

    /// Starts a process on what the disk kept.
    fn boot(&mut self, node: NodeId) {
        if !self.read_back(node) {
            return;
        }
        let (net, index) = (&mut self.net, node.index());
        let machine = &mut net.machines[index];
        machine.down = None;
        machine.disk.sync_all();
        machine.rng = SimRng::stream(net.plan.key, "replica", node.0.into(), machine.incarnation);
        let boot = Boot { node, incarnation: machine.incarnation };
        machine.incarnation += 1;
        let records: Vec<R::Record> = machine.disk.records().map(|(_, record)| record.clone()).collect();
        let blobs = machine.disk.blobs();
        let first = machine.disk.contents(&[]).first;
        let durable = replica::Durable { first, records: &records, blobs: &blobs };
        net.fingerprint.record([u64::from(node.0) << 8 | 2, boot.incarnation, machine.disk.last().0, 0]);
        let now = machine.clock.local(net.now);
        net.note_as_cause(node, TraceKind::Boot, || {
            format!("incarnation {} on {} records", boot.incarnation, records.len())
        });
        if !net.options.bare {
            let disk = &net.machines[index].disk;
            net.disks.restarting(net_when(net.events, net.now), node, disk.records());
            if 0 < boot.incarnation {
                // Only now is it known what survived: the power may have failed after the process did.
                net.invariants.crashed(node, disk.last(), &mut net.findings);
                net.date_findings();
            }
        }
        net.inspected[index].clear();
        net.meter.started(net.now, node, net.counters.sent());
        let options = HostOptions {
            link: net.link,
            tracing: net.options.tracing,
            unheld_kinds: net.options.unheld_kinds,
        };
        self.nodes[index].service = Some(S::boot(node, &net.service_options, now));
        let config = net.config.clone();
        let (others, _) = Others::around(&mut self.nodes, node);
        let mut seat = Seat { net: &mut self.net, node, others };
        let host = Host::boot(boot, &config, durable, options, now, &mut seat);
        let status = host.replica().status();
        self.nodes[index].host = Some(host);
        if !self.net.options.bare {
            let when = self.net.when();
            self.net.disks.restarted(when, node, status);
        }
        self.net.sessions_after_boot(node);
        self.settle(node);
    }

    /// Steps a host with everything else as its driver.
    fn with_host<T>(
        &mut self,
        node: NodeId,
        step: impl FnOnce(&mut Host<R>, LocalTime, &mut Seat<'_, R, S, C>) -> T,
    ) -> T {
        let now = self.net.machines[node.index()].clock.local(self.net.now);
        let (others, me) = Others::around(&mut self.nodes, node);
        let mut seat = Seat { net: &mut self.net, node, others };
        step(me.host.as_mut().expect("a live machine runs a host"), now, &mut seat)
    }

    /// Carries what a step brought about to the server and back until nothing is left to do at this instant, then
    /// starts a sync and sets the wake.
    fn settle(&mut self, node: NodeId) {
        let index = node.index();
        loop {
            if let Some(input) = self.net.inputs.pop_front() {
                self.step_service(node, input);
                continue;
            }
            let machine = &mut self.net.machines[index];
            if machine.disk.wants_sync() && machine.is_instant() {
                // Still an input of its own, never a call from within a step: see the duties of a driver.
                machine.disk.start_sync(0, 0);
                self.harden(node);
                continue;
            }
            let status =
                self.nodes[index].host.as_ref().expect("a live machine runs a host").replica().status();
            if self.net.machines[index].leader_seen == status.leader {
                break;
            }
            self.net.machines[index].leader_seen = status.leader;
            self.net.inputs.push_back(ServiceInput::Leader(status.leader));
        }
        self.net.start_sync(node);
        self.arm(node);
        self.look(node);
    }

    /// Looks at a node that has just settled, for those who watch.
    #[inline]
    fn look(&mut self, node: NodeId) {
        let host = self.nodes[node.index()].host.as_ref().expect("a live machine runs a host");
        if self.net.meter.is_on() {
            let status = host.replica().status();
            let sent = self.net.counters.sent();
            self.net.meter.looks(self.net.now, node, status.role, status.leader, sent);
        }
        if self.net.options.tracing {
            self.net.inspect(node, host.replica());
        }
    }

    fn step_service(&mut self, node: NodeId, input: ServiceInput<S>) {
        let clock = &self.net.machines[node.index()].clock;
        let at = Moment { now: clock.local(self.net.now), wall: clock.wall(self.net.now) };
        let mut effects = std::mem::take(&mut self.net.service_effects);
        let restores = matches!(input, ServiceInput::Restore { .. });
        let service = self.nodes[node.index()].service.as_mut().expect("a live machine runs a server");
        service.step(at, input, &mut ServiceOutput::new(&mut effects, self.net.options.tracing));
        if restores && !self.net.options.bare {
            let (position, state) = (service.position(), service.state_hash());
            let when = net_when(self.net.events, self.net.now);
            self.net.ledger.resumed(when, node, position, state);
        }
        for effect in effects.drain(..) {
            match effect {
                ServiceEffect::Propose(entry) => {
                    self.net.touch_clock(node);
                    self.net.fingerprint.record([u64::from(node.0) << 8 | 3, entry.digest(), 0, 0]);
                    self.with_host(node, |host, now, seat| host.propose(now, entry, seat));
                }
                ServiceEffect::Read { read, mode } => {
                    if mode == ReadMode::Linearizable && !self.net.options.bare {
                        self.net.ledger.asks(node, read);
                    }
                    self.with_host(node, |host, now, seat| host.read(now, read, mode, seat));
                }
                ServiceEffect::Snapshot { position, bytes } => {
                    self.with_host(node, |host, now, seat| host.snapshot(now, position, bytes, seat));
                }
                other => self.net.carry_out_service(node, other),
            }
        }
        self.net.service_effects = effects;
    }

    /// Sets the one queued wake of a node to its earliest deadline. A wake that is queued for earlier stays: it looks
    /// again when it fires.
    fn arm(&mut self, node: NodeId) {
        let Node { host, service } = &self.nodes[node.index()];
        let host = host.as_ref().and_then(Host::deadline).unwrap_or(LocalTime::NEVER);
        let service = service.as_ref().and_then(Service::deadline).unwrap_or(LocalTime::NEVER);
        let deadline = host.min(service);
        let machine = &mut self.net.machines[node.index()];
        if deadline == LocalTime::NEVER || machine.wake.is_some_and(|(queued, _)| queued <= deadline) {
            return;
        }
        machine.wakes += 1;
        machine.wake = Some((deadline, machine.wakes));
        let at = machine.clock.when(deadline, self.net.now);
        let number = machine.wakes;
        self.net.push(at, Class::Wake, node.index(), Happening::Wake { node, number });
    }

    /// Whether everything is over. Remembers when workload and faults were, and when the cluster had converged.
    fn is_over(&mut self) -> bool {
        if self.net.quiet_at.is_none() {
            if !self.net.clients.done() || !self.net.faults.iter().all(FaultState::is_over) {
                return false;
            }
            self.net.quiet_at = Some(self.net.now);
        }
        if !self.has_converged() {
            return false;
        }
        self.net.converged_at = Some(self.net.now);
        true
    }

    /// Whether every running, unwiped node has everything that was ever delivered, in the same state, and all know
    /// one leader, which leads.
    fn has_converged(&self) -> bool {
        let end = self.net.ledger.end();
        let mut common: Option<(Position, u64, NodeId)> = None;
        for (node, machine) in self.nodes.iter().zip(&self.net.machines) {
            if machine.stuck {
                return false;
            }
            if machine.down.is_some() || machine.wiped {
                continue;
            }
            if !machine.paused_by.is_empty() {
                return false;
            }
            let (Some(host), Some(service)) = (&node.host, &node.service) else { return false };
            let Some(leader) = host.replica().status().leader else { return false };
            let mine = (service.position(), service.state_hash(), leader);
            if *common.get_or_insert(mine) != mine {
                return false;
            }
        }
        common.is_some_and(|(position, _, leader)| {
            let leads = |replica: &R| replica.status().role == Role::Leader;
            end <= position && self.replica(leader).is_some_and(leads)
        })
    }
}

impl<R: Replica, S: Service> Happening<R, S> {
    /// The node whose process this is for, if it is for one: a paused process does not see it.
    fn process(&self) -> Option<NodeId> {
        match self {
            Happening::SessionUp { node, .. }
            | Happening::Silent { node, .. }
            | Happening::Stalled { node, .. }
            | Happening::Synced { node, .. }
            | Happening::BlobSynced { node, .. }
            | Happening::BlobRead { node, .. }
            | Happening::Request { node, .. }
            | Happening::Closed { node, .. }
            | Happening::Cpu { node, .. }
            | Happening::Wake { node, .. } => Some(*node),
            Happening::Parcel { to, .. } => Some(*to),
            Happening::Fault { .. }
            | Happening::FaultEnd { .. }
            | Happening::Restart { .. }
            | Happening::Reconnect { .. }
            | Happening::Reply { .. }
            | Happening::Gone { .. }
            | Happening::ClientWake { .. } => None,
        }
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Net<R, S, C> {
    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<R, S, C> {
        (0..self.plan.nodes).map(NodeId)
    }

    fn when(&self) -> When {
        net_when(self.events, self.now)
    }

    fn push(&mut self, time: u64, class: Class, place: usize, what: Happening<R, S>) {
        self.queue.push(time, class, place, Scheduled { cause: self.cause, what });
    }

    /// The processor begins to serve the first of the inbox.
    fn serve(&mut self, node: NodeId) {
        let machine = &self.machines[node.index()];
        let first = machine.inbox.front().expect("there is something to serve");
        let cpu = &self.plan.cpu;
        let (bytes, extra) = match &first.what {
            Happening::Parcel { parcel, .. } => match &parcel.envelope {
                Envelope::Message(message) => (message.size(), 0),
                Envelope::Frame(frame) => (frame.size(), 0),
                Envelope::Reset => (0, 0),
            },
            Happening::Request { request, .. } => (request.size(), cpu.per_request),
            _ => unreachable!("only messages and requests take the processor's time"),
        };
        let cost = cpu.per_message + extra + cpu.per_byte_ps * bytes as u64 / 1000;
        let epoch = machine.epoch;
        self.push(self.now + cost, Class::Cpu, node.index(), Happening::Cpu { node, epoch });
    }

    fn start_sync(&mut self, node: NodeId) {
        let machine = &mut self.machines[node.index()];
        if !machine.disk.wants_sync() {
            return;
        }
        let takes = machine.disk.start_sync(machine.sync.from, machine.sync.to);
        if let Some(&(by, _)) = machine.slowed_by.last() {
            self.faults[by].report.writes += 1;
        }
        let epoch = machine.epoch;
        self.push(self.now + takes, Class::Disk, node.index(), Happening::Synced { node, epoch });
    }

    /// Gives each new violation of the protocol's own judge the time of now.
    #[inline]
    fn date_findings(&mut self) {
        if self.findings_when.len() < self.findings.violations.len() {
            self.date_new_findings();
        }
    }

    #[cold]
    fn date_new_findings(&mut self) {
        while self.findings_when.len() < self.findings.violations.len() {
            let finding = &self.findings.violations[self.findings_when.len()];
            let (node, text) = (finding.node, finding.text.clone());
            let id = R::Invariants::INVARIANTS[finding.invariant].id;
            self.findings_when.push(net_when(self.events, self.now));
            self.note(Some(node), TraceKind::Violation, id, || text);
        }
    }

    /// Adds an event to the trace, if one is kept. Returns its number, or zero.
    fn note(
        &mut self,
        node: Option<NodeId>,
        kind: TraceKind,
        rule: &str,
        text: impl FnOnce() -> String,
    ) -> u64 {
        self.note_about(node, kind, rule, About::default(), text)
    }

    /// The same, of an event that concerns somebody else too.
    fn note_about(
        &mut self,
        node: Option<NodeId>,
        kind: TraceKind,
        rule: &str,
        about: About,
        text: impl FnOnce() -> String,
    ) -> u64 {
        if !self.options.tracing {
            return 0;
        }
        let seq = self.trace.len() as u64 + 1;
        self.trace.push(TraceEvent {
            seq,
            time: self.now,
            node: node.map(|node| node.0),
            cause: (self.cause != 0).then_some(self.cause),
            peer: about.peer.map(|peer| peer.0),
            client: about.client,
            operation: about.operation.map(|operation| operation as u64),
            message: about.message.to_owned(),
            rule: rule.to_owned(),
            text: text(),
            ..TraceEvent::of(kind)
        });
        seq
    }

    /// A message, frame or request has arrived: the cause of what follows.
    fn note_arrival(&mut self, node: NodeId, about: About, text: impl FnOnce() -> String) {
        if self.options.tracing {
            self.cause = self.note_about(Some(node), TraceKind::Receive, "", about, text);
        }
    }

    /// Writes onto the newest event of a node what is different at it now.
    fn inspect(&mut self, node: NodeId, replica: &R) {
        let before = std::mem::take(&mut self.inspected[node.index()]);
        let mut now = Vec::with_capacity(before.len());
        replica.inspect(&mut |name, value| now.push((name, value)));
        let is_new = |field: &&(&'static str, String)| !before.contains(field);
        let changed: Vec<_> =
            now.iter().filter(is_new).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if !changed.is_empty() {
            let newest = self.trace.iter_mut().rev().find(|event| event.node == Some(node.0));
            newest.expect("a node that runs has booted").state.extend(changed);
        }
        self.inspected[node.index()] = now;
    }

    fn take_sample(&mut self) {
        let clocks = || self.machines.iter().map(|machine| &machine.clock);
        let sample = Sample {
            at: self.now,
            sent: self.counters.sent(),
            wall: clocks().map(|clock| clock.wall(self.now).0 as i64 - self.now as i64).collect(),
            monotonic: clocks().map(|clock| clock.local(self.now).0 as i64 - self.now as i64).collect(),
        };
        self.meter.sample(sample);
    }

    /// Adds an event to the trace, and makes it the cause of what follows.
    fn note_as_cause(&mut self, node: NodeId, kind: TraceKind, text: impl FnOnce() -> String) {
        if self.options.tracing {
            self.cause = self.note(Some(node), kind, "", text);
        }
    }
}

/// Whom an event concerns beside its node.
#[derive(Clone, Copy, Default)]
struct About {
    peer: Option<NodeId>,
    client: Option<u32>,
    operation: Option<usize>,
    message: &'static str,
}

impl About {
    fn peer(peer: NodeId) -> About {
        About { peer: Some(peer), ..About::default() }
    }
}

fn net_when(event: u64, at: u64) -> When {
    When { event, at }
}

/// The most characters of a message that a trace shows.
const WORDS_MAX: usize = 160;

/// A message as a trace shows it.
fn words(message: &impl std::fmt::Debug) -> String {
    let mut text = format!("{message:?}");
    if let Some((end, _)) = text.char_indices().nth(WORDS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Encodes and decodes a value, as a socket or a file would, and checks the laws of [`Wire`].
fn through_codec<T: Wire>(value: T) -> T {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    assert_eq!(bytes.len(), value.size(), "size() is not what encode() appends: {value:?}");
    let mut reader = replica::Reader::new(&bytes);
    let back = T::decode(&mut reader).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    assert_eq!(reader.left(), 0, "decode() left bytes over: {value:?}");
    assert_eq!(back.digest(), value.digest(), "decode() made another value: {value:?} {back:?}");
    back
}
