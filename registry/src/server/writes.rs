//! Writes on their way through the log: proposed, forwarded, driven again, and answered when they are applied.

use replica::{
    Entry, LocalTime, Moment, NodeId, NodeSet, Refusal, Sequence, ServiceEffect, SharedEntry, Wire,
};

use super::{
    BTreeMap, ConnectionId, Frame, OWN_LOG_RETRIES, OpName, Out, Outcome, Reason, Reply, Server, Vec,
    Waiting, format, refuse,
};
use crate::rules::UNKNOWN_STAYS_OPEN;
use crate::{Application, Command, Known, Logged};

/// The writes that somebody waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes {
    pending: BTreeMap<OpName, Write>,
}

/// A write that somebody waits for.
#[derive(Clone, Debug)]
struct Write {
    /// Sealed once, by the server whose client asked.
    entry: SharedEntry,
    waiting: Waiting,
    /// Proposals at this node's replica that it has not refused: each may be in a log.
    proposed: u32,
    /// The server's era at the last proposal.
    era: u64,
    /// Whether another server was sent the entry: then it may be in a log, whatever is said here.
    forwarded: bool,
}

impl Writes {
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn take_waiting(&mut self, name: OpName) -> Option<Waiting> {
        if self.pending.is_empty() {
            return None;
        }
        self.pending.remove(&name).map(|write| write.waiting)
    }

    /// A client that is gone waits no more. What it wrote may well be applied; if it comes back, it must not be told
    /// otherwise, so that an exposed write stays until patience ends.
    pub(super) fn forget_connection(&mut self, connection: ConnectionId) {
        self.pending.retain(|_, write| {
            if write.waiting.connection == Some(connection) {
                write.waiting.connection = None;
            }
            write.is_exposed() || !write.waiting.is_nobody()
        });
    }

    fn names(&self, wanted: impl Fn(&Write) -> bool) -> Vec<OpName> {
        self.pending.iter().filter(|(_, write)| wanted(write)).map(|(&name, _)| name).collect()
    }
}

impl Write {
    fn new(entry: SharedEntry, waiting: Waiting) -> Write {
        Write { entry, waiting, proposed: 0, era: 0, forwarded: false }
    }

    /// Whether the entry may be in some log, or come to be in one.
    fn is_exposed(&self) -> bool {
        self.proposed > 0 || self.forwarded
    }

    fn is_clients(&self) -> bool {
        self.waiting.connection.is_some()
    }
}

impl Server {
    pub(super) fn on_write(
        &mut self,
        at: Moment,
        name: OpName,
        acknowledged: Sequence,
        command: Command,
        waiting: Waiting,
        out: Out<'_, '_>,
    ) {
        if let Some(reply) = self.settled_reply(name) {
            return waiting.answer(reply, out);
        }
        if let Some(write) = self.writes.pending.get_mut(&name) {
            let is_driven = write.is_clients();
            write.waiting.join(waiting);
            if !is_driven {
                self.propose(at.now, name, out);
            }
            return;
        }
        if self.is_full() {
            return waiting.answer(refusal(name, Reason::Busy, true), out);
        }
        let logged = Logged { acknowledged, command };
        let mut bytes = Vec::with_capacity(logged.size());
        logged.encode(&mut bytes);
        let entry = Entry::new(self.node, name.session, name.sequence, at.wall, &bytes);
        self.start_write(at.now, name, Write::new(entry, waiting), out);
    }

    pub(super) fn on_forward(&mut self, now: LocalTime, from: NodeId, entry: SharedEntry, out: Out<'_, '_>) {
        if entry.is_noop() {
            // No server forwards a no-op, and this one does not answer for it.
            return;
        }
        let name = OpName { session: entry.session, sequence: entry.sequence };
        let mut waiting = Waiting::server(from, now, now + self.forward_kept());
        if let Some(reply) = self.settled_reply(name) {
            return waiting.answer(reply, out);
        }
        if let Some(write) = self.writes.pending.get_mut(&name) {
            write.waiting.join(waiting);
            if !self.is_in_own_log(name) {
                self.propose(now, name, out);
            }
            return;
        }
        if self.is_full() {
            return waiting.decline_servers(name, None, out);
        }
        self.start_write(now, name, Write::new(entry, waiting), out);
    }

    pub(super) fn on_propose_refused(
        &mut self,
        name: OpName,
        reason: Refusal,
        leader: Option<NodeId>,
        out: Out<'_, '_>,
    ) {
        let Some(write) = self.writes.pending.get_mut(&name) else { return };
        write.proposed = write.proposed.saturating_sub(1);
        write.waiting.decline_servers(name, leader, out);
        let definite = !write.is_exposed();
        let Some(connection) = write.waiting.connection else {
            if definite {
                self.writes.pending.remove(&name);
            }
            return;
        };
        match reason {
            Refusal::NotLeader if !self.options.forwarding => {
                self.writes.pending.remove(&name);
                refuse(out, connection, name, Reason::NotLeader { leader }, definite);
            }
            Refusal::NotLeader => self.forward(name, leader, out),
            // An exposed write goes on: its outcome may still be learned.
            Refusal::Busy if definite => {
                self.writes.pending.remove(&name);
                refuse(out, connection, name, Reason::Busy, true);
            }
            Refusal::Busy | Refusal::NoLeader | Refusal::Unformed => {}
        }
    }

    /// Another server declined the write: it goes where the hint points, or waits for the next retry.
    pub(super) fn on_write_declined(&mut self, name: OpName, hint: Option<NodeId>, out: Out<'_, '_>) {
        self.forward(name, hint, out);
    }

    pub(super) fn on_applied(&mut self, entry: &Entry, application: Application, out: Out<'_, '_>) {
        let name = OpName { session: entry.session, sequence: entry.sequence };
        let Some(waiting) = self.writes.take_waiting(name) else { return };
        let reply = match application.result {
            Ok((answer, position)) => Reply { name, outcome: Outcome::Ok { answer, position } },
            // Another copy may have been, or may yet be, executed.
            Err(reason) => refusal(name, reason, false),
        };
        waiting.answer(reply, out);
    }

    /// Answers the writes that a snapshot has brought in: no delivery of theirs will come.
    pub(super) fn answer_restored_writes(&mut self, out: Out<'_, '_>) {
        for name in self.writes.names(|_| true) {
            if let Some(reply) = self.settled_reply(name)
                && let Some(waiting) = self.writes.take_waiting(name)
            {
                waiting.answer(reply, out);
            }
        }
    }

    pub(super) fn drive_writes_again(&mut self, now: LocalTime, out: Out<'_, '_>) {
        // What others forwarded here, they forward again.
        for name in self.writes.names(Write::is_clients) {
            self.drive(now, name, out);
        }
    }

    pub(super) fn sweep_writes(&mut self, now: LocalTime, out: Out<'_, '_>) {
        for name in self.writes.names(|write| write.waiting.until <= now) {
            self.give_up(name, out);
        }
        let retry = self.options.retry;
        for name in self.writes.names(|write| write.is_clients() && write.waiting.tried_at + retry <= now) {
            let tried_at = self.writes.pending[&name].waiting.tried_at;
            if !self.is_in_own_log(name) || tried_at + retry * OWN_LOG_RETRIES <= now {
                self.drive(now, name, out);
            }
        }
    }

    fn start_write(&mut self, now: LocalTime, name: OpName, write: Write, out: Out<'_, '_>) {
        self.writes.pending.insert(name, write);
        self.expect_sweep(now);
        self.propose(now, name, out);
    }

    /// One more attempt from the start.
    fn drive(&mut self, now: LocalTime, name: OpName, out: Out<'_, '_>) {
        if let Some(write) = self.writes.pending.get_mut(&name) {
            write.waiting.hints = 0;
        }
        self.propose(now, name, out);
    }

    fn propose(&mut self, now: LocalTime, name: OpName, out: Out<'_, '_>) {
        let Some(write) = self.writes.pending.get_mut(&name) else { return };
        write.waiting.tried_at = now;
        write.proposed += 1;
        write.era = self.era;
        out.effect(ServiceEffect::Propose(write.entry.clone()));
    }

    /// Sends the entry to the server of the node that is said to lead.
    fn forward(&mut self, name: OpName, leader: Option<NodeId>, out: Out<'_, '_>) {
        let Some(to) = leader.filter(|&leader| leader != self.node) else { return };
        let Some(write) = self.writes.pending.get_mut(&name) else { return };
        if !write.is_clients() || !self.options.forwarding || !write.waiting.may_follow_hint() {
            return;
        }
        write.forwarded = true;
        out.effect(ServiceEffect::Frame { to, frame: Frame::Forward { entry: write.entry.clone() } });
    }

    fn give_up(&mut self, name: OpName, out: Out<'_, '_>) {
        let Some(mut write) = self.writes.pending.remove(&name) else { return };
        let definite = !write.is_exposed() || !self.options.rules.obeys(UNKNOWN_STAYS_OPEN);
        // Servers have a patience of their own.
        write.waiting.servers = NodeSet::EMPTY;
        if write.is_clients() {
            out.narrate(|| format!("patience ends for {name:?}"));
        }
        write.waiting.answer(refusal(name, Reason::TimedOut, definite), out);
    }

    /// Whether this node leads and its replica has taken the write since it does.
    fn is_in_own_log(&self, name: OpName) -> bool {
        let is_of_now = |write: &Write| write.proposed > 0 && write.era == self.era;
        self.leads() && self.writes.pending.get(&name).is_some_and(is_of_now)
    }

    /// The reply to an operation of which the state already knows the end.
    fn settled_reply(&self, name: OpName) -> Option<Reply> {
        match self.machine.known(name) {
            Known::Nothing => None,
            Known::Answered(answer, position) => {
                Some(Reply { name, outcome: Outcome::Ok { answer, position } })
            }
            Known::Settled => Some(refusal(name, Reason::Settled, false)),
            Known::Ended => Some(refusal(name, Reason::SessionExpired, false)),
        }
    }
}

fn refusal(name: OpName, reason: Reason, definite: bool) -> Reply {
    Reply { name, outcome: Outcome::Refused { reason, definite } }
}
