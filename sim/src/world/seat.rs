//! A node's seat in the world: the driver that its host meets, and what its server asks for.

use std::sync::Arc;

use replica::{
    BlobId, Cluster, Draw, Driver, Fact, Findings, Host, Link, Message, NodeId, Observe, Position, ReadId,
    Refusal, Replica, Request, Service, ServiceEffect, ServiceInput, SessionNo, SharedEntry, Slot, Step,
    Wire, WriteId,
};

use super::links::{Arrival, Envelope, Parcel};
use super::{About, Happening, Net, Node, through_codec, words};
use crate::clients::Clients;
use crate::plan::FaultKind;
use crate::queue::Class;
use crate::trace::TraceKind;

/// All nodes but the one that steps.
pub(super) struct Others<'a, R: Replica, S: Service> {
    below: &'a [Node<R, S>],
    above: &'a [Node<R, S>],
}

impl<'a, R: Replica, S: Service> Others<'a, R, S> {
    /// Splits the nodes into `node` and the others.
    pub(super) fn around(
        nodes: &'a mut [Node<R, S>],
        node: NodeId,
    ) -> (Others<'a, R, S>, &'a mut Node<R, S>) {
        let (below, rest) = nodes.split_at_mut(node.index());
        let (me, above) = rest.split_first_mut().expect("the node is one of them");
        (Others { below, above }, me)
    }
}

/// The cluster as the protocol's judge sees it while one replica has just stepped.
struct Seen<'a, 'b, R: Replica, S: Service> {
    others: &'a Others<'b, R, S>,
    node: NodeId,
    stepped: &'a R,
}

impl<R: Replica, S: Service> Cluster<R> for Seen<'_, '_, R, S> {
    fn replica(&self, node: NodeId) -> Option<&R> {
        let (here, there) = (self.node.index(), node.index());
        let other = match there.cmp(&here) {
            std::cmp::Ordering::Equal => return Some(self.stepped),
            std::cmp::Ordering::Less => self.others.below.get(there),
            std::cmp::Ordering::Greater => self.others.above.get(there - here - 1),
        };
        other?.host.as_ref().map(Host::replica)
    }
}

/// The driver of one node's host for one call.
pub(super) struct Seat<'a, R: Replica, S: Service, C> {
    pub(super) net: &'a mut Net<R, S, C>,
    pub(super) node: NodeId,
    pub(super) others: Others<'a, R, S>,
}

impl<R: Replica, S: Service, C> Draw for Seat<'_, R, S, C> {
    fn draw(&mut self, n: u64) -> u64 {
        self.net.machines[self.node.index()].rng.draw(n)
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Driver<R> for Seat<'_, R, S, C> {
    fn send(&mut self, to: NodeId, session: SessionNo, message: R::Message, waited: Option<WriteId>) {
        if !self.net.options.bare {
            let when = self.net.when();
            self.net.disks.left(when, self.node, to, &message);
        }
        self.net.send_message(self.node, to, session, message, waited);
    }

    fn release(&mut self, to: NodeId, session: SessionNo, message: R::Message, waited: WriteId) {
        if !self.net.options.bare {
            let when = self.net.when();
            let durable = self.net.machines[self.node.index()].disk.durable();
            self.net.disks.released(when, self.node, to, &message, waited, durable);
        }
        self.net.send_message(self.node, to, session, message, Some(waited));
    }

    fn held(&mut self, to: NodeId, message: &R::Message, after: WriteId) {
        if !self.net.options.bare {
            let when = self.net.when();
            self.net.disks.held(when, self.node, to, message, after);
        }
    }

    fn write(&mut self, id: WriteId, record: R::Record) {
        let net = &mut *self.net;
        let node = self.node;
        let record = if net.options.codec { through_codec(record) } else { record };
        net.counters.records += 1;
        net.counters.record_bytes += record.size() as u64;
        net.fingerprint.record([u64::from(node.0) << 8 | 4, id.0, record.digest(), 0]);
        net.note(Some(node), TraceKind::Write, "", || format!("{id}: {}", words(&record)));
        if !net.options.bare {
            let when = super::net_when(net.events, net.now);
            net.disks.wrote(when, node, id, &record);
            if let Some(blob) = replica::Record::blob(&record) {
                let is_durable = net.machines[node.index()].disk.is_blob_durable(blob);
                net.disks.named(when, node, id, blob, is_durable);
            }
        }
        net.machines[node.index()].disk.write(id, record);
    }

    fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry) {
        let net = &mut *self.net;
        net.fingerprint.record([u64::from(self.node.0) << 8 | 5, position.0, slot.0, entry.digest()]);
        net.note(Some(self.node), TraceKind::Deliver, "", || {
            format!(
                "slot {slot} at position {position}: session {} operation {}",
                entry.session, entry.sequence
            )
        });
        let before = net.ledger.client_entries();
        net.ledger.delivered(super::net_when(net.events, net.now), self.node, slot, position, &entry);
        if before < net.ledger.client_entries() {
            net.meter.committed(net.now, self.node, net.counters.sent());
        }
        net.inputs.push_back(ServiceInput::Deliver { position, entry });
    }

    fn read_at(&mut self, read: ReadId, position: Position) {
        self.net.fingerprint.record([u64::from(self.node.0) << 8 | 6, read.0, position.0, 0]);
        let when = self.net.when();
        self.net.ledger.answers(when, self.node, read, position);
        self.net.inputs.push_back(ServiceInput::ReadAt { read, position });
    }

    fn refuse(&mut self, request: Request, reason: Refusal, leader: Option<NodeId>) {
        if let Request::Read(read) = request {
            self.net.ledger.refuses(self.node, read);
        }
        self.net.inputs.push_back(ServiceInput::Refused { request, reason, leader });
    }

    fn reset(&mut self, peer: NodeId) {
        self.net.end_lost(self.node, peer, true);
    }

    fn forget_before(&mut self, write: WriteId) {
        self.net.machines[self.node.index()].disk.forget_before(write);
    }

    fn write_blob(&mut self, blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool) {
        let node = self.node;
        let machine = &mut self.net.machines[node.index()];
        if machine.disk.write_blob(blob, offset, &bytes, last) {
            let takes = machine.disk.blob_latency(machine.sync.from, machine.sync.to);
            let epoch = machine.epoch;
            if let Some(&(by, _)) = machine.slowed_by.last() {
                self.net.faults[by].report.writes += 1;
            }
            let at = self.net.now + takes;
            self.net.push(at, Class::Disk, node.index(), Happening::BlobSynced { node, epoch, blob });
        }
    }

    fn read_blob(&mut self, blob: BlobId, offset: u64, len: u64) {
        let node = self.node;
        let machine = &self.net.machines[node.index()];
        let bytes: Arc<[u8]> = machine.disk.read_blob(blob, offset, len).into();
        let epoch = machine.epoch;
        let happening = Happening::BlobRead { node, epoch, blob, offset, bytes };
        self.net.push(self.net.now, Class::Disk, node.index(), happening);
    }

    fn forget_blob(&mut self, blob: BlobId) {
        self.net.machines[self.node.index()].disk.forget_blob(blob);
    }

    fn restore(&mut self, blob: BlobId, position: Position) {
        let bytes: Arc<[u8]> = self.net.machines[self.node.index()].disk.read_blob(blob, 0, u64::MAX).into();
        let when = self.net.when();
        self.net.fingerprint.record([u64::from(self.node.0) << 8 | 16, blob.0, position.0, 0]);
        self.net.note(Some(self.node), TraceKind::Deliver, "", || {
            format!("blob {blob}, the state at position {position}")
        });
        self.net.ledger.restored(when, self.node, position);
        self.net.inputs.push_back(ServiceInput::Restore { position, bytes });
    }

    fn receiving(&mut self, replica: &R, from: NodeId, message: &R::Message) {
        if !self.net.options.bare {
            let net = &mut *self.net;
            net.invariants.receiving(self.node, replica, from, message, &mut net.findings);
            net.date_findings();
        }
    }

    fn stepped(&mut self, step: &Step<'_, R>) {
        if self.net.options.bare {
            return;
        }
        let seen = Seen { others: &self.others, node: self.node, stepped: step.replica };
        let findings: &mut Findings = &mut self.net.findings;
        self.net.invariants.stepped(step, &seen, findings);
        self.net.date_findings();
    }

    fn fact(&mut self, fact: Fact) {
        if let Fact::Leads { round } = fact {
            let when = self.net.when();
            let is_first = self.net.ledger.leads(when, self.node, round);
            self.net.counters.leaders += u64::from(is_first);
            if is_first {
                let sent = self.net.counters.sent();
                self.net.meter.leads(self.net.now, self.node, round, sent);
            }
            self.net.fingerprint.record([u64::from(self.node.0) << 8 | 7, round.0, 0, 0]);
            self.net.note(Some(self.node), TraceKind::Note, "", || format!("leads round {round}"));
        }
    }

    fn narrate(&mut self, rule: &'static str, text: &str) {
        self.net.note(Some(self.node), TraceKind::Note, rule, || text.to_owned());
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Net<R, S, C> {
    fn send_message(
        &mut self,
        from: NodeId,
        to: NodeId,
        session: SessionNo,
        message: R::Message,
        waited: Option<WriteId>,
    ) {
        let message = if self.options.codec { through_codec(message) } else { message };
        let bytes = message.size();
        self.counters.messages += 1;
        self.counters.bytes += bytes as u64;
        let kind = message.kind();
        self.counters.by_kind[kind] += 1;
        if self.meter.is_on() {
            let entries = message.entries();
            self.counters.bytes_by_kind[kind] += bytes as u64;
            self.counters.entries_by_kind[kind] += entries;
            self.counters.entries += entries;
        }
        let place = u64::from(from.0) << 16 | u64::from(to.0) << 8 | 8;
        self.fingerprint.record([place, message.digest(), session.0, waited.unwrap_or_default().0]);
        let about = About { peer: Some(to), message: R::Message::KINDS[kind], ..About::default() };
        let text = || format!("to {to}: {}", words(&message));
        let cause = self.note_about(Some(from), TraceKind::Send, "", about, text);
        if !self.is_sieved_out(from, to, &message) {
            self.transmit(from, to, Parcel { session, envelope: Envelope::Message(message), cause }, bytes);
        }
    }

    /// Whether a fault loses just this kind of message on its link.
    #[inline]
    fn is_sieved_out(&mut self, from: NodeId, to: NodeId, message: &R::Message) -> bool {
        let place = self.link_place(from, to);
        if self.links[place].sieved_by.is_empty() {
            return false;
        }
        let name = R::Message::KINDS[message.kind()];
        let loses = |by: &usize| match &self.plan.faults[*by].what {
            FaultKind::Sieve { kinds, entries, .. } => {
                (kinds.is_empty() || kinds.iter().any(|kind| kind == name))
                    && (!entries || 0 < message.entries())
            }
            _ => unreachable!("only sieves sieve"),
        };
        let Some(by) = self.links[place].sieved_by.iter().copied().find(loses) else { return false };
        self.faults[by].report.messages += 1;
        self.note_about(Some(from), TraceKind::Drop, "", About::peer(to), || format!("to {to}: sieved out"));
        true
    }

    /// Puts a parcel onto a link.
    pub(super) fn transmit(
        &mut self,
        from: NodeId,
        to: NodeId,
        parcel: Parcel<R::Message, S::Frame>,
        bytes: usize,
    ) {
        let place = self.link_place(from, to);
        let is_session = self.link == Link::Session;
        let link = &mut self.links[place];
        if let Some(&by) = link.cut_by.last() {
            self.faults[by].report.messages += 1;
            if is_session {
                link.stalled.push(parcel);
            } else {
                self.note_about(Some(from), TraceKind::Drop, "", About::peer(to), || {
                    format!("to {to}: the link is cut")
                });
            }
            return;
        }
        let silent_from = link.heard_until(self.now);
        let sent = link.send(&self.plan, (from.0, to.0), self.now, bytes, is_session);
        if let Some(by) = link.weather.by
            && sent.suffered
        {
            self.faults[by].report.messages += 1;
        }
        match sent.arrival {
            Arrival::Once(at) => {
                let patience = self.plan.network.session_timeout;
                if is_session && silent_from + patience < at {
                    let pair = self.link_place(from.min(to), from.max(to));
                    let what = Happening::Stalled { node: to, peer: from, session: parcel.session };
                    self.push(silent_from + patience, Class::Session, pair, what);
                }
                self.schedule_parcel(from, to, at, parcel);
            }
            Arrival::Twice(first, second) => {
                self.schedule_parcel(from, to, first, parcel.clone());
                self.schedule_parcel(from, to, second, parcel);
            }
            Arrival::Never => {
                let about = About::peer(to);
                self.note_about(Some(from), TraceKind::Drop, "", about, || format!("to {to}: lost"));
            }
        }
    }

    pub(super) fn schedule_parcel(
        &mut self,
        from: NodeId,
        to: NodeId,
        at: u64,
        parcel: Parcel<R::Message, S::Frame>,
    ) {
        let cause = parcel.cause;
        let place = usize::from(from.0) * replica::NODES_MAX + usize::from(to.0);
        let what = Happening::Parcel { from, to, parcel };
        self.queue.push(at, Class::Link, place, super::Scheduled { cause, what });
    }

    pub(super) fn link_place(&self, from: NodeId, to: NodeId) -> usize {
        from.index() * usize::from(self.plan.nodes) + to.index()
    }

    /// Carries out what a server asks of anybody but its replica.
    pub(super) fn carry_out_service(&mut self, node: NodeId, effect: ServiceEffect<S>) {
        match effect {
            ServiceEffect::Reply { connection, reply } => self.send_reply(node, connection, reply),
            ServiceEffect::Close(connection) => self.close_connection(node, connection),
            ServiceEffect::Frame { to, frame } => self.send_frame(node, to, frame),
            ServiceEffect::Applied(applied) => {
                let place = u64::from(node.0) << 8 | 9;
                self.fingerprint.record([place, applied.position.0, applied.state, applied.outcome as u64]);
                if !self.options.bare {
                    let when = self.when();
                    self.ledger.applied(when, node, &applied);
                }
            }
            ServiceEffect::Narrate(text) => {
                self.note(Some(node), TraceKind::Note, "", || text.into());
            }
            ServiceEffect::Propose(_) | ServiceEffect::Read { .. } | ServiceEffect::Snapshot { .. } => {
                unreachable!("the replica is asked by the world")
            }
        }
    }

    fn send_frame(&mut self, from: NodeId, to: NodeId, frame: S::Frame) {
        assert_ne!(from, to, "a server does not write to itself");
        let session = match self.link {
            Link::Datagram => SessionNo::ZERO,
            Link::Session => match self.end(from, to).up {
                Some(session) => session,
                None => return, // What is sent with no session up is dropped.
            },
        };
        let frame = if self.options.codec { through_codec(frame) } else { frame };
        let bytes = frame.size();
        self.counters.frames += 1;
        self.counters.frame_bytes += bytes as u64;
        let place = u64::from(from.0) << 16 | u64::from(to.0) << 8 | 10;
        self.fingerprint.record([place, frame.digest(), session.0, 0]);
        let text = || format!("to {to}: {}", words(&frame));
        let cause = self.note_about(Some(from), TraceKind::Send, "", About::peer(to), text);
        self.transmit(from, to, Parcel { session, envelope: Envelope::Frame(frame), cause }, bytes);
    }
}
