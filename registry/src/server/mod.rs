//! The server of one node: routes clients' requests to the replica or to the leader's server, applies what the log
//! delivers, and answers whoever waits.
//!
//! A write is *driven* until its entry is applied here, another server answers for it, or patience ends:
//! 1. it is sealed into an entry once, here, with this node's wall clock, and keeps that stamp however often it is
//!    proposed;
//! 2. it is proposed at the local replica; if that says that another node leads, the entry is forwarded to its server;
//! 3. it is driven again when the leader changes, and when nothing was heard for `retry`: frames and proposals may be
//!    lost. The sessions' table makes copies harmless;
//! 4. when patience ends it is *failed* only if no attempt can have reached a log.

mod reads;
mod writes;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use replica::{
    Applied, ConnectionId, Entry, LocalTime, Moment, NodeId, Position, ReadId, Refusal, Rules, Service,
    ServiceEffect, ServiceInput, ServiceOutput, SharedEntry, Span,
};

use crate::machine::is_well_formed;
use crate::rules::{APPLY_DETERMINISTIC, INDEX_WITH_DATA};
use crate::{Frame, Machine, Op, OpName, Outcome, Reason, Reply, Request};
use reads::Reads;
use writes::Writes;

/// How many hints to another leader are followed before the next retry. Two servers that point at each other would
/// otherwise pass an operation to and fro as fast as the link allows.
const HINTS_MAX: u8 = 2;
/// A write that this node's own replica took as leader is proposed again only after this many retries: the replica
/// does not lose what it took without a change of leader, so a copy would only make the log longer.
const OWN_LOG_RETRIES: u64 = 8;
/// What was forwarded here is forgotten after this many retries without another copy: the origin sends one each retry.
const FORWARD_KEPT_RETRIES: u64 = 4;

type Out<'a, 'b> = &'a mut ServiceOutput<'b, Server>;

/// Time-outs and limits of a server, the same on every node.
#[derive(Clone, Debug)]
pub struct Options {
    /// After how long without news an operation is driven again. Longer than a commit takes when all is well.
    pub retry: Span,
    /// How long a server keeps trying when the request does not say. Longer than an election takes.
    pub patience: Span,
    /// The most operations that wait on one server, forwarded ones included. Beyond it, requests are refused as busy.
    pub pending_max: usize,
    /// Whether requests are forwarded to the leader's server. If not, the client is told who leads.
    pub forwarding: bool,
    /// After how many entries each a snapshot is offered to the replica; zero: never.
    pub snapshot_every: u64,
    /// The rules obeyed; see [`crate::rules`].
    pub rules: Rules,
}

impl Options {
    /// For a cluster within one building.
    pub const DEFAULT: Options = Options {
        retry: Span::millis(150),
        patience: Span::seconds(5),
        pending_max: 16_384,
        forwarding: true,
        snapshot_every: 0,
        rules: Rules::ALL,
    };
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}

/// The server of one node.
#[derive(Clone, Debug)]
pub struct Server {
    node: NodeId,
    options: Options,
    machine: Machine,
    /// Whom the replica believes to lead. Written by `on_leader`.
    leader: Option<NodeId>,
    /// How often `leader` has changed: tells whether a proposal was made under the present leader.
    era: u64,
    writes: Writes,
    reads: Reads,
    /// When to look for operations to drive again or give up: every half retry, while any wait.
    sweep_at: Option<LocalTime>,
}

/// Who waits for an operation: a client, servers that forwarded it, or both if the client moved from there to here.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The client's newest connection.
    connection: Option<ConnectionId>,
    /// Servers that forwarded it.
    servers: replica::NodeSet,
    /// When to give up.
    until: LocalTime,
    /// When it was last driven.
    tried_at: LocalTime,
    /// How many hints were followed since the last retry. `hints <= HINTS_MAX`.
    hints: u8,
}

impl Server {
    /// The replicated state.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// How many operations wait.
    pub fn pending(&self) -> usize {
        self.writes.len() + self.reads.len()
    }

    fn on_request(&mut self, at: Moment, connection: ConnectionId, request: Request, out: Out<'_, '_>) {
        let name = request.name();
        if !is_well_formed(name, request.acknowledged) {
            return refuse(out, connection, name, Reason::Malformed, true);
        }
        let patience = if request.patience == Span::ZERO { self.options.patience } else { request.patience };
        let waiting = Waiting::client(connection, at.now, at.now + patience);
        match request.op {
            Op::Write { command } => {
                self.on_write(at, name, request.acknowledged, command, waiting, out);
            }
            Op::Get { key, mode, seen } => self.on_get(name, key, mode, seen, waiting, out),
        }
    }

    fn on_frame(&mut self, at: Moment, from: NodeId, frame: Frame, out: Out<'_, '_>) {
        match frame {
            Frame::Forward { entry } => self.on_forward(at.now, from, entry, out),
            Frame::ForwardRead { name, key, mode } => {
                self.on_forward_read(at.now, from, name, key, mode, out);
            }
            Frame::Answer { reply } => self.on_answer(reply, out),
            Frame::Declined { name, leader } => {
                // A hint to the one that declined, or to nobody, is none: the next retry finds out.
                let hint = leader.filter(|&leader| leader != from);
                self.on_write_declined(name, hint, out);
                self.on_read_declined(name, hint, out);
            }
        }
    }

    fn on_answer(&mut self, reply: Reply, out: Out<'_, '_>) {
        if let Some(waiting) = self.writes.take_waiting(reply.name) {
            waiting.answer(reply, out);
        } else if let Some(waiting) = self.reads.take_waiting(reply.name) {
            waiting.answer(reply, out);
        }
    }

    fn on_leader(&mut self, now: LocalTime, leader: Option<NodeId>, out: Out<'_, '_>) {
        self.leader = leader;
        self.era += 1;
        if leader.is_some() {
            self.drive_writes_again(now, out);
            self.drive_reads_again(now, out);
        }
    }

    fn on_deliver(&mut self, at: Moment, position: Position, entry: SharedEntry, out: Out<'_, '_>) {
        let application = if self.options.rules.obeys(APPLY_DETERMINISTIC) || entry.is_noop() {
            self.machine.apply(&entry)
        } else {
            let Entry { origin, session, sequence, .. } = *entry;
            self.machine.apply(&Entry::new(origin, session, sequence, at.wall, entry.bytes()))
        };
        assert!(position == self.machine.position(), "the log is delivered in order, without gaps");
        if application.expired > 0 {
            out.narrate(|| format!("{} sessions expire at {position}", application.expired));
        }
        out.effect(ServiceEffect::Applied(Applied {
            position,
            session: entry.session,
            sequence: entry.sequence,
            outcome: application.outcome,
            state: self.machine.state_hash(),
        }));
        self.on_applied(&entry, application, out);
        self.release_reads(out);
        self.offer_snapshot(out);
    }

    /// Offers the replica a snapshot at every so many entries: at the same positions on every node, so that two nodes'
    /// snapshots of one position are the same.
    fn offer_snapshot(&self, out: Out<'_, '_>) {
        let (every, position) = (self.options.snapshot_every, self.machine.position());
        if every != 0 && !self.options.rules.obeys(INDEX_WITH_DATA) && position.0 % every == 1 {
            // The position was written down when it was due, and the state an entry later.
            let due = position.previous();
            let bytes = self.machine.snapshot_named(due).into();
            out.effect(ServiceEffect::Snapshot { position: due, bytes });
        } else if every != 0 && self.options.rules.obeys(INDEX_WITH_DATA) && position.0.is_multiple_of(every)
        {
            out.narrate(|| format!("a snapshot is made at {position}"));
            out.effect(ServiceEffect::Snapshot { position, bytes: self.machine.snapshot().into() });
        }
    }

    fn on_restore(&mut self, position: Position, bytes: &Arc<[u8]>, out: Out<'_, '_>) {
        let machine = Machine::restore(bytes, self.options.rules).expect("the replica kept a whole snapshot");
        assert!(machine.position() == position, "a snapshot is of the position it is named for");
        assert!(self.machine.position() <= position, "a snapshot does not lead back");
        self.machine = machine;
        out.narrate(|| format!("the state is restored at {position}"));
        self.answer_restored_writes(out);
        self.release_reads(out);
    }

    fn on_refused(
        &mut self,
        request: replica::Request,
        reason: Refusal,
        leader: Option<NodeId>,
        out: Out<'_, '_>,
    ) {
        let leader = leader.filter(|&leader| leader != self.node);
        match request {
            replica::Request::Propose { session, sequence } => {
                self.on_propose_refused(OpName { session, sequence }, reason, leader, out);
            }
            replica::Request::Read(read) => self.on_read_refused(read, reason, leader, out),
        }
    }

    fn on_disconnected(&mut self, connection: ConnectionId) {
        self.writes.forget_connection(connection);
        self.reads.forget_connection(connection);
    }

    fn on_deadline(&mut self, now: LocalTime, out: Out<'_, '_>) {
        if self.sweep_at.is_none_or(|at| now < at) {
            return;
        }
        self.sweep_writes(now, out);
        self.sweep_reads(now, out);
        self.sweep_at = (self.pending() > 0).then(|| now + self.options.retry / 2);
    }

    /// Makes sure that a sweep comes for an operation that begins to wait.
    fn expect_sweep(&mut self, now: LocalTime) {
        self.sweep_at.get_or_insert(now + self.options.retry / 2);
    }

    fn is_full(&self) -> bool {
        self.pending() >= self.options.pending_max
    }

    fn leads(&self) -> bool {
        self.leader == Some(self.node)
    }

    /// How long what was forwarded here waits for the next copy.
    fn forward_kept(&self) -> Span {
        self.options.retry * FORWARD_KEPT_RETRIES
    }
}

impl Service for Server {
    type Request = Request;
    type Reply = Reply;
    type Frame = Frame;
    type Options = Options;

    fn boot(node: NodeId, options: &Options, _now: LocalTime) -> Server {
        assert!(Span::ZERO < options.retry, "a retry takes time");
        Server {
            node,
            options: options.clone(),
            machine: Machine::new(options.rules),
            leader: None,
            era: 0,
            writes: Writes::default(),
            reads: Reads::default(),
            sweep_at: None,
        }
    }

    fn step(&mut self, at: Moment, input: ServiceInput<Server>, out: &mut ServiceOutput<'_, Server>) {
        match input {
            ServiceInput::Deadline => self.on_deadline(at.now, out),
            ServiceInput::Connected(_) => {}
            ServiceInput::Disconnected(connection) => self.on_disconnected(connection),
            ServiceInput::Request { connection, request } => self.on_request(at, connection, request, out),
            ServiceInput::Frame { from, frame } => self.on_frame(at, from, frame, out),
            ServiceInput::Leader(leader) => self.on_leader(at.now, leader, out),
            ServiceInput::Deliver { position, entry } => self.on_deliver(at, position, entry, out),
            ServiceInput::ReadAt { read, position } => self.on_read_at(read, position, out),
            ServiceInput::Refused { request, reason, leader } => {
                self.on_refused(request, reason, leader, out);
            }
            ServiceInput::Restore { position, bytes } => self.on_restore(position, &bytes, out),
        }
    }

    fn deadline(&self) -> Option<LocalTime> {
        self.sweep_at
    }

    fn position(&self) -> Position {
        self.machine.position()
    }

    fn state_hash(&self) -> u64 {
        self.machine.state_hash()
    }
}

impl Waiting {
    fn client(connection: ConnectionId, now: LocalTime, until: LocalTime) -> Waiting {
        let servers = replica::NodeSet::EMPTY;
        Waiting { connection: Some(connection), servers, until, tried_at: now, hints: 0 }
    }

    fn server(from: NodeId, now: LocalTime, until: LocalTime) -> Waiting {
        let servers = replica::NodeSet::EMPTY.with(from);
        Waiting { connection: None, servers, until, tried_at: now, hints: 0 }
    }

    fn is_nobody(&self) -> bool {
        self.connection.is_none() && self.servers.is_empty()
    }

    /// Another one waits for the same operation: a client's newest connection wins.
    fn join(&mut self, other: Waiting) {
        self.connection = other.connection.or(self.connection);
        self.servers = replica::NodeSet(self.servers.0 | other.servers.0);
        self.until = self.until.max(other.until);
    }

    /// Follows a hint, if not too many were followed already.
    fn may_follow_hint(&mut self) -> bool {
        let may = self.hints < HINTS_MAX;
        self.hints += u8::from(may);
        may
    }

    /// Answers everybody who waits, once.
    fn answer(self, reply: Reply, out: Out<'_, '_>) {
        for to in self.servers.iter() {
            out.effect(ServiceEffect::Frame { to, frame: Frame::Answer { reply: reply.clone() } });
        }
        if let Some(connection) = self.connection {
            out.effect(ServiceEffect::Reply { connection, reply });
        }
    }

    /// Tells the servers that forwarded the operation to look elsewhere; they wait here no longer.
    fn decline_servers(&mut self, name: OpName, leader: Option<NodeId>, out: Out<'_, '_>) {
        for to in self.servers.iter() {
            out.effect(ServiceEffect::Frame { to, frame: Frame::Declined { name, leader } });
        }
        self.servers = replica::NodeSet::EMPTY;
    }
}

fn refuse(out: Out<'_, '_>, connection: ConnectionId, name: OpName, reason: Reason, definite: bool) {
    let reply = Reply { name, outcome: Outcome::Refused { reason, definite } };
    out.effect(ServiceEffect::Reply { connection, reply });
}
