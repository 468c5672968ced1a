//! Reads, each as strong as its mode says: from the state as it is, from a state that is not behind the client, or
//! from one that is not behind what the leader vouched for after the read began. A read has no effect, so that it may
//! be asked again anywhere and its refusal is always definite.

use replica::{LocalTime, NodeId, NodeSet, ReadMode, Refusal, ServiceEffect};

use super::{
    BTreeMap, ConnectionId, Frame, OpName, Out, Outcome, Position, ReadId, Reason, Reply, Server, Vec,
    Waiting, refuse,
};
use crate::rules::{READ_ASKS, READ_SEEN, READ_WAITS};
use crate::{Answer, Key};
use alloc::collections::BTreeSet;

/// The reads that somebody waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    pending: BTreeMap<OpName, Read>,
    /// The reads that the replica was asked about: the ones in `Phase::Asked`.
    asked: BTreeMap<ReadId, OpName>,
    /// The reads that wait for a position: the ones in `Phase::Behind`.
    behind: BTreeSet<(Position, OpName)>,
    /// The last id given to a question. Never given again in this incarnation.
    last: ReadId,
}

/// A read that somebody waits for.
#[derive(Clone, Debug)]
struct Read {
    key: Key,
    mode: ReadMode,
    waiting: Waiting,
    phase: Phase,
}

/// How far a read has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody to ask, or another server is asked: the next change of leader or retry asks again.
    Elsewhere,
    /// The replica was asked.
    Asked(ReadId),
    /// It may be answered once this position is applied.
    Behind(Position),
}

impl Reads {
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn take_waiting(&mut self, name: OpName) -> Option<Waiting> {
        self.remove(name).map(|read| read.waiting)
    }

    /// A client that is gone waits no more.
    pub(super) fn forget_connection(&mut self, connection: ConnectionId) {
        for name in self.names(|read| read.waiting.connection == Some(connection)) {
            let read = self.pending.get_mut(&name).expect("it was just named");
            read.waiting.connection = None;
            if read.waiting.is_nobody() {
                self.remove(name);
            }
        }
    }

    fn remove(&mut self, name: OpName) -> Option<Read> {
        self.set_phase(name, Phase::Elsewhere);
        self.pending.remove(&name)
    }

    /// The one place where a read's phase changes, with the index of that phase.
    fn set_phase(&mut self, name: OpName, phase: Phase) {
        let Some(read) = self.pending.get_mut(&name) else { return };
        match core::mem::replace(&mut read.phase, phase) {
            Phase::Elsewhere => {}
            Phase::Asked(id) => assert!(self.asked.remove(&id).is_some()),
            Phase::Behind(position) => assert!(self.behind.remove(&(position, name))),
        }
        match phase {
            Phase::Elsewhere => {}
            Phase::Asked(id) => assert!(self.asked.insert(id, name).is_none()),
            Phase::Behind(position) => assert!(self.behind.insert((position, name))),
        }
    }

    fn names(&self, wanted: impl Fn(&Read) -> bool) -> Vec<OpName> {
        self.pending.iter().filter(|(_, read)| wanted(read)).map(|(&name, _)| name).collect()
    }
}

impl Read {
    fn is_behind(&self) -> bool {
        matches!(self.phase, Phase::Behind(_))
    }
}

impl Server {
    pub(super) fn on_get(
        &mut self,
        name: OpName,
        key: Key,
        mode: ReadMode,
        seen: Position,
        waiting: Waiting,
        out: Out<'_, '_>,
    ) {
        // Asked again, the read starts again: an answer to the first question would do, and one is enough.
        let servers = self.reads.remove(name).map_or(NodeSet::EMPTY, |read| read.waiting.servers);
        let waiting = Waiting { servers, ..waiting };
        let needs_seen = mode == ReadMode::Sequential && self.options.rules.obeys(READ_SEEN);
        let is_ready = match mode {
            ReadMode::Stale => true,
            ReadMode::Sequential => !needs_seen || seen <= self.machine.position(),
            ReadMode::Linearizable | ReadMode::Sync => self.leads() && !self.options.rules.obeys(READ_ASKS),
        };
        if is_ready {
            return waiting.answer(self.read_reply(name, &key), out);
        }
        if self.is_full() {
            return waiting.answer(refused(name, Reason::Busy), out);
        }
        let now = waiting.tried_at;
        self.reads.pending.insert(name, Read { key, mode, waiting, phase: Phase::Elsewhere });
        self.expect_sweep(now);
        if needs_seen {
            self.reads.set_phase(name, Phase::Behind(seen));
        } else {
            self.ask(now, name, out);
        }
    }

    pub(super) fn on_forward_read(
        &mut self,
        now: LocalTime,
        from: NodeId,
        name: OpName,
        key: Key,
        mode: ReadMode,
        out: Out<'_, '_>,
    ) {
        if !matches!(mode, ReadMode::Linearizable | ReadMode::Sync) {
            // No server forwards what it can serve.
            return;
        }
        let mut waiting = Waiting::server(from, now, now + self.forward_kept());
        if let Some(read) = self.reads.pending.get_mut(&name) {
            if read.key == key && read.mode == mode {
                read.waiting.join(waiting);
            }
            return;
        }
        if self.is_full() {
            return waiting.decline_servers(name, None, out);
        }
        self.reads.pending.insert(name, Read { key, mode, waiting, phase: Phase::Elsewhere });
        self.expect_sweep(now);
        self.ask(now, name, out);
    }

    pub(super) fn on_read_at(&mut self, id: ReadId, position: Position, out: Out<'_, '_>) {
        // An answer to a question that was asked again since is ignored: the newer one is on its way.
        let Some(&name) = self.reads.asked.get(&id) else { return };
        if position <= self.machine.position() || !self.options.rules.obeys(READ_WAITS) {
            self.answer_read(name, out);
        } else {
            self.reads.set_phase(name, Phase::Behind(position));
        }
    }

    pub(super) fn on_read_refused(
        &mut self,
        id: ReadId,
        reason: Refusal,
        leader: Option<NodeId>,
        out: Out<'_, '_>,
    ) {
        let Some(&name) = self.reads.asked.get(&id) else { return };
        self.reads.set_phase(name, Phase::Elsewhere);
        let read = self.reads.pending.get_mut(&name).expect("only pending reads are asked about");
        read.waiting.decline_servers(name, leader, out);
        let Some(connection) = read.waiting.connection else {
            self.reads.remove(name);
            return;
        };
        match reason {
            Refusal::NotLeader if !self.options.forwarding => {
                self.reads.remove(name);
                refuse(out, connection, name, Reason::NotLeader { leader }, true);
            }
            Refusal::NotLeader => self.forward_read(name, leader, out),
            Refusal::Busy => {
                self.reads.remove(name);
                refuse(out, connection, name, Reason::Busy, true);
            }
            Refusal::NoLeader | Refusal::Unformed => {}
        }
    }

    /// Another server declined the read: it goes where the hint points, or waits for the next retry.
    pub(super) fn on_read_declined(&mut self, name: OpName, hint: Option<NodeId>, out: Out<'_, '_>) {
        self.forward_read(name, hint, out);
    }

    /// Answers the reads that waited for a position that is applied now.
    pub(super) fn release_reads(&mut self, out: Out<'_, '_>) {
        while let Some(&(position, name)) = self.reads.behind.first()
            && position <= self.machine.position()
        {
            self.answer_read(name, out);
        }
    }

    pub(super) fn drive_reads_again(&mut self, now: LocalTime, out: Out<'_, '_>) {
        for name in self.reads.names(|read| !read.is_behind() && read.waiting.connection.is_some()) {
            self.ask(now, name, out);
        }
    }

    pub(super) fn sweep_reads(&mut self, now: LocalTime, out: Out<'_, '_>) {
        for name in self.reads.names(|read| read.waiting.until <= now) {
            if let Some(mut waiting) = self.reads.take_waiting(name) {
                // Servers have a patience of their own.
                waiting.servers = NodeSet::EMPTY;
                waiting.answer(refused(name, Reason::TimedOut), out);
            }
        }
        let is_due = |read: &Read| {
            let is_clients = read.waiting.connection.is_some();
            is_clients && !read.is_behind() && read.waiting.tried_at + self.options.retry <= now
        };
        for name in self.reads.names(is_due) {
            self.ask(now, name, out);
        }
    }

    /// Asks the replica from which position on the read may be answered.
    fn ask(&mut self, now: LocalTime, name: OpName, out: Out<'_, '_>) {
        let Some(read) = self.reads.pending.get_mut(&name) else { return };
        assert!(matches!(read.mode, ReadMode::Linearizable | ReadMode::Sync), "the others are served here");
        read.waiting.tried_at = now;
        read.waiting.hints = 0;
        let mode = read.mode;
        self.reads.last = self.reads.last.next();
        let id = self.reads.last;
        self.reads.set_phase(name, Phase::Asked(id));
        out.effect(ServiceEffect::Read { read: id, mode });
    }

    /// Sends the read to the server of the node that is said to lead.
    fn forward_read(&mut self, name: OpName, leader: Option<NodeId>, out: Out<'_, '_>) {
        let Some(to) = leader.filter(|&leader| leader != self.node) else { return };
        let Some(read) = self.reads.pending.get_mut(&name) else { return };
        let is_elsewhere = read.phase == Phase::Elsewhere && read.waiting.connection.is_some();
        if !is_elsewhere || !self.options.forwarding || !read.waiting.may_follow_hint() {
            return;
        }
        let frame = Frame::ForwardRead { name, key: read.key.clone(), mode: read.mode };
        out.effect(ServiceEffect::Frame { to, frame });
    }

    fn answer_read(&mut self, name: OpName, out: Out<'_, '_>) {
        let read = self.reads.remove(name).expect("only pending reads are answered");
        read.waiting.answer(self.read_reply(name, &read.key), out);
    }

    fn read_reply(&self, name: OpName, key: &Key) -> Reply {
        let answer = Answer::Got { found: self.machine.get(key) };
        Reply { name, outcome: Outcome::Ok { answer, position: self.machine.position() } }
    }
}

/// A read that is refused had no effect.
fn refused(name: OpName, reason: Reason) -> Reply {
    Reply { name, outcome: Outcome::Refused { reason, definite: true } }
}
