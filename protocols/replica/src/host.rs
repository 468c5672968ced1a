//! The driver's core, sans-IO: held messages, write numbers, release, sessions, boot. The simulator and the real node
//! both drive a replica through it, so the part of a deployment where most bugs live is simulated too.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::{
    BlobId, Boot, Draw, Durable, Effect, EffectOf, Fact, Input, Link, LocalTime, Message, NODES_MAX, NodeId,
    Output, Position, ReadId, Refusal, Replica, Request, SessionNo, SharedEntry, Slot, Step, WriteId,
};

/// What surrounds a host: the simulated world, or real sockets and files. Calls come in the order of the replica's
/// effects; none may call back into the host.
pub trait Driver<R: Replica>: Draw {
    /// A message leaves now. `waited` is the write it waited for, if any.
    fn send(&mut self, to: NodeId, session: SessionNo, message: R::Message, waited: Option<WriteId>);
    /// A message that was held leaves now, since `waited` is durable. Judges tell it from one that never waited.
    fn release(&mut self, to: NodeId, session: SessionNo, message: R::Message, waited: WriteId) {
        self.send(to, session, message, Some(waited));
    }
    /// Append a record; [`Host::durable`] is called in its time.
    fn write(&mut self, id: WriteId, record: R::Record);
    /// An entry is the state machine's next.
    fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry);
    /// A read may be answered at a position.
    fn read_at(&mut self, read: ReadId, position: Position);
    /// A request is refused.
    fn refuse(&mut self, request: Request, reason: Refusal, leader: Option<NodeId>);
    /// Break the session to a peer.
    fn reset(&mut self, peer: NodeId);
    /// Forget the records before this one.
    fn forget_before(&mut self, write: WriteId);
    /// Write bytes of a blob.
    fn write_blob(&mut self, blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool);
    /// Read bytes of a blob.
    fn read_blob(&mut self, blob: BlobId, offset: u64, len: u64);
    /// Delete a blob.
    fn forget_blob(&mut self, blob: BlobId);
    /// Replace the state machine by a blob.
    fn restore(&mut self, blob: BlobId, position: Position);

    /// For judges: a message is about to be stepped in.
    fn receiving(&mut self, _replica: &R, _from: NodeId, _message: &R::Message) {}
    /// For judges: a step happened; its effects follow.
    fn stepped(&mut self, _step: &Step<'_, R>) {}
    /// For judges: a message is held until `after` is durable.
    fn held(&mut self, _to: NodeId, _message: &R::Message, _after: WriteId) {}
    /// For judges: a volatile fact.
    fn fact(&mut self, _fact: Fact) {}
    /// For people: a step in words.
    fn narrate(&mut self, _rule: &'static str, _text: &str) {}
}

/// One incarnation of a replica and what its driver must remember of it.
#[derive(Clone)]
pub struct Host<R: Replica> {
    node: NodeId,
    link: Link,
    tracing: bool,
    /// Bits of the message kinds whose wait is ignored: a fault of the host, for testing its judge. Real nodes: zero.
    unheld_kinds: u64,
    replica: R,
    /// The newest record handed to the disk. `durable <= last_write`.
    last_write: WriteId,
    /// The newest record that the disk has confirmed. Written by `durable`.
    durable: WriteId,
    /// The session to each peer that is up. All `None` on datagram links.
    sessions: Vec<Option<SessionNo>>,
    /// Messages that wait for a write, in order of that write and, within it, of sending.
    held: VecDeque<Held<R::Message>>,
    /// Gates reached in this incarnation, a bit each.
    gates: u64,
    /// The effects of the step at hand; empty between steps, kept for its capacity.
    effects: Vec<EffectOf<R>>,
}

#[derive(Clone)]
struct Held<M> {
    after: WriteId,
    to: NodeId,
    /// The session that was up when it was sent: it never leaves on a later one.
    session: SessionNo,
    message: M,
}

/// What a host is started with.
#[derive(Clone, Copy, Debug)]
pub struct HostOptions {
    /// The kind of link that the driver offers.
    pub link: Link,
    /// Whether replicas narrate.
    pub tracing: bool,
    /// Bits of the message kinds (places in `Message::KINDS`) that leave without their wait: a deliberate bug of the
    /// host, by which the durable-before-visible judge is tested. Zero in every real run.
    pub unheld_kinds: u64,
}

impl<R: Replica> Host<R> {
    /// Starts an incarnation on what its disk kept (duty 2 of the driver).
    pub fn boot(
        boot: Boot,
        config: &R::Config,
        durable: Durable<'_, R::Record>,
        options: HostOptions,
        now: LocalTime,
        driver: &mut impl Driver<R>,
    ) -> Host<R> {
        let last_write = WriteId(durable.first.0 + durable.records.len() as u64).previous();
        let mut effects = Vec::new();
        let mut gates = 0;
        let mut out = Output::new(&mut effects, &mut *driver, last_write, &mut gates, options.tracing);
        let replica = R::boot(boot, config, durable, now, &mut out);
        let mut host = Host {
            node: boot.node,
            link: options.link,
            tracing: options.tracing,
            unheld_kinds: options.unheld_kinds,
            replica,
            last_write,
            durable: last_write,
            sessions: vec![None; NODES_MAX],
            held: VecDeque::new(),
            gates,
            effects,
        };
        host.settle(driver);
        host
    }

    /// The replica.
    pub fn replica(&self) -> &R {
        &self.replica
    }

    /// When the driver must call [`Host::deadline_passed`] if it calls nothing else before.
    pub fn deadline(&self) -> Option<LocalTime> {
        self.replica.deadline()
    }

    /// Gates reached in this incarnation, a bit each, in the order of `Replica::GATES`.
    pub fn gates(&self) -> u64 {
        self.gates
    }

    /// The newest record handed to the disk.
    pub fn last_write(&self) -> WriteId {
        self.last_write
    }

    /// The session to `peer`, if one is up.
    pub fn session(&self, peer: NodeId) -> Option<SessionNo> {
        self.sessions[peer.index()]
    }

    /// The deadline has passed.
    pub fn deadline_passed(&mut self, now: LocalTime, driver: &mut impl Driver<R>) {
        self.step(now, Input::Deadline, driver);
    }

    /// A message arrived. False if it belongs to a session that is not up: it is dropped.
    pub fn message(
        &mut self,
        now: LocalTime,
        from: NodeId,
        session: SessionNo,
        message: R::Message,
        driver: &mut impl Driver<R>,
    ) -> bool {
        if self.link == Link::Session && self.sessions[from.index()] != Some(session) {
            return false;
        }
        driver.receiving(&self.replica, from, &message);
        self.step(now, Input::Message { from, session, message }, driver);
        true
    }

    /// A session came up. A session that was up to the same peer is broken first, as the replica must see it.
    pub fn session_up(
        &mut self,
        now: LocalTime,
        peer: NodeId,
        session: SessionNo,
        driver: &mut impl Driver<R>,
    ) {
        assert_eq!(self.link, Link::Session, "datagram links have no sessions");
        if self.sessions[peer.index()].is_some() {
            self.session_down(now, peer, driver);
        }
        self.sessions[peer.index()] = Some(session);
        self.step(now, Input::SessionUp { peer, session }, driver);
    }

    /// The session to a peer broke: what was held for it is dropped, never sent on the next one.
    pub fn session_down(&mut self, now: LocalTime, peer: NodeId, driver: &mut impl Driver<R>) {
        if self.sessions[peer.index()].take().is_none() {
            return;
        }
        self.held.retain(|held| held.to != peer);
        self.step(now, Input::SessionDown { peer }, driver);
    }

    /// Records up to `upto` are durable: releases what waited for them, then tells the replica.
    pub fn durable(&mut self, now: LocalTime, upto: WriteId, driver: &mut impl Driver<R>) {
        assert!(self.durable <= upto);
        assert!(upto <= self.last_write);
        self.durable = upto;
        while self.held.front().is_some_and(|held| held.after <= upto) {
            let Held { after, to, session, message } = self.held.pop_front().expect("there is a front");
            driver.release(to, session, message, after);
        }
        self.step(now, Input::Durable { upto }, driver);
    }

    /// The server proposes an entry.
    pub fn propose(&mut self, now: LocalTime, entry: SharedEntry, driver: &mut impl Driver<R>) {
        self.step(now, Input::Propose { entry }, driver);
    }

    /// The server asks about a read.
    pub fn read(&mut self, now: LocalTime, read: ReadId, mode: crate::ReadMode, driver: &mut impl Driver<R>) {
        self.step(now, Input::Read { read, mode }, driver);
    }

    /// A blob is durable.
    pub fn blob_durable(&mut self, now: LocalTime, blob: BlobId, driver: &mut impl Driver<R>) {
        self.step(now, Input::BlobDurable { blob }, driver);
    }

    /// Bytes of a blob were read.
    pub fn blob_bytes(
        &mut self,
        now: LocalTime,
        blob: BlobId,
        offset: u64,
        bytes: Arc<[u8]>,
        driver: &mut impl Driver<R>,
    ) {
        self.step(now, Input::BlobBytes { blob, offset, bytes }, driver);
    }

    /// The state machine offers a snapshot.
    pub fn snapshot(
        &mut self,
        now: LocalTime,
        position: Position,
        bytes: Arc<[u8]>,
        driver: &mut impl Driver<R>,
    ) {
        self.step(now, Input::Snapshot { position, bytes }, driver);
    }

    /// An operator asks the leader to hand its office over, to `to` or to whom it likes.
    pub fn hand_over(&mut self, now: LocalTime, to: Option<NodeId>, driver: &mut impl Driver<R>) {
        self.step(now, Input::HandOver { to }, driver);
    }

    fn step(&mut self, now: LocalTime, input: Input<R::Message>, driver: &mut impl Driver<R>) {
        debug_assert!(self.effects.is_empty());
        let mut out =
            Output::new(&mut self.effects, &mut *driver, self.last_write, &mut self.gates, self.tracing);
        self.replica.step(now, input, &mut out);
        self.settle(driver);
    }

    /// Carries out the effects of a step, in order.
    fn settle(&mut self, driver: &mut impl Driver<R>) {
        let mut effects = core::mem::take(&mut self.effects);
        driver.stepped(&Step {
            node: self.node,
            replica: &self.replica,
            effects: &effects,
            first_write: self.last_write.next(),
        });
        for effect in effects.drain(..) {
            match effect {
                Effect::Write(record) => {
                    self.last_write = self.last_write.next();
                    driver.write(self.last_write, record);
                }
                Effect::Send { to, message, after } => self.send(to, message, after, driver),
                Effect::Deliver { slot, position, entry } => driver.deliver(slot, position, entry),
                Effect::ReadAt { read, position } => driver.read_at(read, position),
                Effect::Refuse { request, reason, leader } => driver.refuse(request, reason, leader),
                Effect::ResetSession { peer } => self.reset_session(peer, driver),
                Effect::ForgetBefore(write) => driver.forget_before(write),
                Effect::WriteBlob { blob, offset, bytes, last } => {
                    driver.write_blob(blob, offset, bytes, last)
                }
                Effect::ReadBlob { blob, offset, len } => driver.read_blob(blob, offset, len),
                Effect::ForgetBlob(blob) => driver.forget_blob(blob),
                Effect::Restore { blob, position } => driver.restore(blob, position),
                Effect::Fact(fact) => driver.fact(fact),
                Effect::Narrate { rule, text } => driver.narrate(rule, &text),
            }
        }
        self.effects = effects;
    }

    /// The driver's rule: a message that depends on a write leaves only after that write is durable.
    fn send(&mut self, to: NodeId, message: R::Message, after: Option<WriteId>, driver: &mut impl Driver<R>) {
        assert_ne!(to, self.node, "a replica does not write to itself");
        let session = match (self.link, self.sessions[to.index()]) {
            (Link::Datagram, _) => SessionNo::ZERO,
            (Link::Session, Some(session)) => session,
            // What is sent with no session up is dropped.
            (Link::Session, None) => return,
        };
        match after {
            Some(after) if self.durable < after && !self.is_unheld(&message) => {
                driver.held(to, &message, after);
                let place = self.held.iter().rposition(|held| held.after <= after).map_or(0, |i| i + 1);
                self.held.insert(place, Held { after, to, session, message });
            }
            waited => driver.send(to, session, message, waited),
        }
    }

    fn is_unheld(&self, message: &R::Message) -> bool {
        self.unheld_kinds >> message.kind() & 1 == 1
    }

    fn reset_session(&mut self, peer: NodeId, driver: &mut impl Driver<R>) {
        if self.sessions[peer.index()].take().is_some() {
            self.held.retain(|held| held.to != peer);
            driver.reset(peer);
        }
    }
}
