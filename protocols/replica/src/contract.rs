//! The contract: what goes into a replica and what comes out of it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Debug;

use crate::{
    BlobId, Claim, ClientSession, Fact, LocalTime, Members, NodeId, Observe, Position, ReadId, Round,
    RuleText, Rules, Sequence, SessionNo, SharedEntry, Slot, Span, Wire, WriteId,
};

/// A consensus protocol's state machine on one node: a value that only [`Replica::step`] changes. It sees no socket,
/// disk, clock or entropy; everything comes in as an [`Input`] and leaves as an [`Effect`].
pub trait Replica: Sized {
    /// What replicas of this protocol say to each other.
    type Message: Message;
    /// What they keep on disk, in order.
    type Record: Record;
    /// Time-outs, rules and settings, fixed for an incarnation.
    type Config: Clone + Debug;
    /// The protocol's own judge.
    type Invariants: Observe<Self>;

    /// The protocol's name, in lower case: `raft`.
    const NAME: &'static str;
    /// The weakest kind of link that it tolerates.
    const LINK: Link;
    /// Its safety rules; a rule's [`crate::RuleBit`] is its place here.
    const RULES: &'static [RuleText];
    /// Rare paths that a campaign must have reached; a gate's number is its place here. At most 64.
    const GATES: &'static [&'static str];
    /// The settings that a scenario may give by name, beside `detection`.
    const SETTINGS: &'static [Setting];
    /// The read modes it serves by a protocol of its own. [`ReadMode::Sequential`] and [`ReadMode::Stale`] are the
    /// server's business and never come here.
    const READS: &'static [ReadMode];

    /// Time-outs and settings from the knobs that all protocols share. The error names the setting and what it takes.
    fn config(knobs: &Knobs) -> Result<Self::Config, String>;
    /// What `config` made of the knobs, for people: (name, value) with units.
    fn describe(config: &Self::Config) -> Vec<(&'static str, String)>;

    /// The record that makes an empty disk a member's disk.
    fn genesis(members: &Members) -> Self::Record;
    /// Starts an incarnation from what its disk kept. On a disk without a genesis record the replica is *unformed*:
    /// it never votes, promises or acknowledges.
    fn boot(
        boot: Boot,
        config: &Self::Config,
        durable: Durable<'_, Self::Record>,
        now: LocalTime,
        out: &mut OutputOf<'_, Self>,
    ) -> Self;
    /// Takes one input. Never re-entered: what an effect brings about comes as a later input.
    fn step(&mut self, now: LocalTime, input: Input<Self::Message>, out: &mut OutputOf<'_, Self>);
    /// When to step it with [`Input::Deadline`] if nothing else comes first. A deadline that has passed is due now.
    fn deadline(&self) -> Option<LocalTime>;
    /// What observers may know of it.
    fn status(&self) -> Status;

    /// Its state for people, field by field in the paper's words: (name, value). Fields keep their order and names, so
    /// that two looks can be compared. Only called when tracing.
    fn inspect(&self, see: &mut dyn FnMut(&'static str, String)) {
        let status = self.status();
        see("role", alloc::format!("{:?}", status.role));
        see("round", alloc::format!("{}", status.round));
        see("leader", status.leader.map_or_else(|| "none".into(), |leader| alloc::format!("{leader}")));
        see("delivered", alloc::format!("{}", status.position));
        see("last slot", alloc::format!("{}", status.last));
    }
}

/// The [`Output`] of a protocol.
pub type OutputOf<'a, R> = Output<'a, <R as Replica>::Message, <R as Replica>::Record>;
/// The [`Effect`] of a protocol.
pub type EffectOf<R> = Effect<<R as Replica>::Message, <R as Replica>::Record>;

/// A message between replicas.
pub trait Message: Wire {
    /// The kinds of message, named in the paper's words.
    const KINDS: &'static [&'static str];
    /// This message's place in [`Message::KINDS`].
    fn kind(&self) -> usize;
    /// How many entries of the log it carries, for the ledger of what an election ships.
    fn entries(&self) -> u64 {
        0
    }
    /// What the message asserts of its sender's disk: an exhaustive match over the protocol's kinds.
    fn claims(&self, from: NodeId, to: NodeId, claim: &mut impl FnMut(Claim));
}

/// A record of a replica's disk.
pub trait Record: Wire {
    /// What the record makes true: an exhaustive match over the protocol's kinds, said in the order in which it
    /// happens.
    fn facts(&self, fact: &mut impl FnMut(Fact));

    /// The blob that the record names, if it names one: it must be durable before the record is written.
    fn blob(&self) -> Option<BlobId> {
        None
    }
}

/// What a link promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Messages may be dropped, duplicated and reordered.
    Datagram,
    /// First in, first out until the session breaks, which both ends come to know; then a prefix has arrived.
    Session,
}

/// The start of an incarnation.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    /// Who the replica is.
    pub node: NodeId,
    /// How many incarnations of it there were before.
    pub incarnation: u64,
}

/// What a disk kept, all of it durable: numbered records without gaps, and complete blobs.
pub struct Durable<'a, R> {
    /// The number of the first record; records before it were forgotten.
    pub first: WriteId,
    /// The records, in the order in which they were written.
    pub records: &'a [R],
    /// The complete blobs and their lengths in bytes.
    pub blobs: &'a [(BlobId, u64)],
}

/// What a replica is told.
#[derive(Clone, Debug)]
pub enum Input<M> {
    /// The deadline has passed. May come early or more than once; then it means nothing.
    Deadline,
    /// A message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// The session on which it came; zero on datagram links.
        session: SessionNo,
        /// What it says.
        message: M,
    },
    /// A session to a peer came up. On datagram links this never comes.
    SessionUp {
        /// The peer.
        peer: NodeId,
        /// The new session.
        session: SessionNo,
    },
    /// The session to a peer broke. Of what was in flight a prefix has arrived, or will never.
    SessionDown {
        /// The peer.
        peer: NodeId,
    },
    /// All records up to and including this one are durable.
    Durable {
        /// The last durable record.
        upto: WriteId,
    },
    /// A blob is complete and durable: a record may name it now.
    BlobDurable {
        /// The blob.
        blob: BlobId,
    },
    /// Bytes of a blob that was read.
    BlobBytes {
        /// The blob.
        blob: BlobId,
        /// Where in it they start.
        offset: u64,
        /// The bytes; fewer than asked at the end of the blob.
        bytes: Arc<[u8]>,
    },
    /// The server asks for an entry to be agreed on. The answer is its delivery, a [`Effect::Refuse`], or silence: an
    /// entry that was taken may be lost with its leader, and the server proposes it again.
    Propose {
        /// The entry.
        entry: SharedEntry,
    },
    /// The server asks when a read may be answered.
    Read {
        /// The server's name for the read.
        read: ReadId,
        /// What the read promises its client.
        mode: ReadMode,
    },
    /// The state machine offers a snapshot of itself, so that the log below it can go.
    Snapshot {
        /// The position it stands for.
        position: Position,
        /// Its bytes.
        bytes: Arc<[u8]>,
    },
    /// An operator asks the leader to hand its office over. A wish: who does not lead, or cannot, does nothing.
    HandOver {
        /// To whom; `None` leaves the choice to the leader.
        to: Option<NodeId>,
    },
}

/// What a read promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadMode {
    /// The newest write that was answered before the read began, or a newer one.
    Linearizable,
    /// Zab's sync + read: what this server had when the leader answered the sync. Not linearizable (ZOOKEEPER-1675):
    /// a leader that was deposed and does not know it still answers.
    Sync,
    /// Any server's state that is not behind what this client has seen: writes in order, never backward.
    Sequential,
    /// Any server's state.
    Stale,
}

impl ReadMode {
    /// Every mode, strongest first.
    pub const ALL: [ReadMode; 4] =
        [ReadMode::Linearizable, ReadMode::Sync, ReadMode::Sequential, ReadMode::Stale];

    /// The mode's name in scenario files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            ReadMode::Linearizable => "linearizable",
            ReadMode::Sync => "sync",
            ReadMode::Sequential => "sequential",
            ReadMode::Stale => "stale",
        }
    }
}

/// What a replica asks of its driver, in order.
#[derive(Clone, Debug)]
pub enum Effect<M, R> {
    /// Append a record to the disk. Its [`WriteId`] is the next one.
    Write(R),
    /// Send a message, now or once a write is durable.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: M,
        /// The write that must be durable before it leaves.
        after: Option<WriteId>,
    },
    /// Hand an entry to the state machine: it is committed and is the next one.
    Deliver {
        /// Where it stands in the log.
        slot: Slot,
        /// How many entries have been delivered with it.
        position: Position,
        /// The entry.
        entry: SharedEntry,
    },
    /// A read may be answered once the state machine has applied this position.
    ReadAt {
        /// The read.
        read: ReadId,
        /// The position.
        position: Position,
    },
    /// A request is refused: it was not proposed here and will not be.
    Refuse {
        /// Which request.
        request: Request,
        /// Why.
        reason: Refusal,
        /// Whom to ask instead, if known.
        leader: Option<NodeId>,
    },
    /// Break the session to a peer. The replica gets no [`Input::SessionDown`] for it: it asked.
    ResetSession {
        /// The peer.
        peer: NodeId,
    },
    /// Forget the records before this one.
    ForgetBefore(WriteId),
    /// Write bytes of a blob.
    WriteBlob {
        /// The blob.
        blob: BlobId,
        /// Where in it.
        offset: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
        /// Whether the blob is complete with them; then [`Input::BlobDurable`] follows in its time.
        last: bool,
    },
    /// Read bytes of a blob; [`Input::BlobBytes`] follows.
    ReadBlob {
        /// The blob.
        blob: BlobId,
        /// From where.
        offset: u64,
        /// How many bytes at most.
        len: u64,
    },
    /// Delete a blob.
    ForgetBlob(BlobId),
    /// Replace the state machine by a snapshot.
    Restore {
        /// The complete blob that holds it.
        blob: BlobId,
        /// The position it stands for; deliveries go on after it.
        position: Position,
    },
    /// A volatile fact, for judges.
    Fact(Fact),
    /// A step in words, for people; only when tracing.
    Narrate {
        /// The rule that the step obeys, or the empty string.
        rule: &'static str,
        /// The sentence.
        text: Box<str>,
    },
}

/// A request that may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A proposal, by the name of its operation.
    Propose {
        /// The client session of the entry.
        session: ClientSession,
        /// Its number in the session.
        sequence: Sequence,
    },
    /// A read.
    Read(ReadId),
}

/// Why a request was refused. Nothing of it was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another node leads.
    NotLeader,
    /// Nobody is known to lead, or the leader may not serve yet.
    NoLeader,
    /// Too much is in flight.
    Busy,
    /// This node is no member: its disk has no genesis.
    Unformed,
}

/// What a replica is doing, in neutral words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its disk has no genesis: it takes part in nothing.
    Unformed,
    /// It follows, or looks for somebody to follow.
    Follower,
    /// It tries to become leader.
    Candidate,
    /// It leads (or believes that it does).
    Leader,
}

/// What observers may know of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub role: Role,
    /// The highest round it has promised, durable or about to be.
    pub round: Round,
    /// Whom it believes to lead, itself included.
    pub leader: Option<NodeId>,
    /// How many entries it has delivered in this incarnation's state machine.
    pub position: Position,
    /// The last slot of its log, durable or about to be.
    pub last: Slot,
}

/// What all protocols are configured from, so that one scenario means the same for each.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// How long until the loss of a leader is noticed. Each protocol maps its own time-outs to it.
    pub detection: Span,
    /// The rules obeyed.
    pub rules: Rules,
    /// Settings by name, of those in [`Replica::SETTINGS`].
    pub settings: BTreeMap<String, String>,
}

/// A setting that a protocol understands.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in a scenario's `[settings.PROTOCOL]`.
    pub name: &'static str,
    /// What it does and what it takes.
    pub help: &'static str,
    /// Its default, as text.
    pub default: &'static str,
}

/// Where randomness comes from: the driver, at the time of the step, so that a fork can draw again and a plan can fix
/// what is drawn.
pub trait Draw {
    /// A number drawn evenly from `0..n`. `0 < n`.
    fn draw(&mut self, n: u64) -> u64;
}

/// Where a step puts its effects.
pub struct Output<'a, M, R> {
    effects: &'a mut Vec<Effect<M, R>>,
    draws: &'a mut dyn Draw,
    last_write: WriteId,
    gates: &'a mut u64,
    tracing: bool,
}

impl<'a, M, R> Output<'a, M, R> {
    /// An output for one step. `last_write` is the number of the newest record on the disk or on its way there.
    pub fn new(
        effects: &'a mut Vec<Effect<M, R>>,
        draws: &'a mut dyn Draw,
        last_write: WriteId,
        gates: &'a mut u64,
        tracing: bool,
    ) -> Output<'a, M, R> {
        Output { effects, draws, last_write, gates, tracing }
    }

    /// Appends a record; the number it gets on disk.
    pub fn write(&mut self, record: R) -> WriteId {
        self.last_write = self.last_write.next();
        self.effects.push(Effect::Write(record));
        self.last_write
    }

    /// The newest record written so far, by this step or an earlier one: the safe write to wait for.
    pub fn last_write(&self) -> WriteId {
        self.last_write
    }

    /// Sends a message that asserts nothing which is not yet durable.
    pub fn send(&mut self, to: NodeId, message: M) {
        self.effects.push(Effect::Send { to, message, after: None });
    }

    /// Sends a message that depends on every record written so far.
    pub fn send_durable(&mut self, to: NodeId, message: M) {
        let after = self.last_write;
        self.send_after(to, message, after);
    }

    /// Sends a message once `after` is durable.
    pub fn send_after(&mut self, to: NodeId, message: M, after: WriteId) {
        assert!(after <= self.last_write, "a message cannot wait for a record that is not written");
        self.effects.push(Effect::Send { to, message, after: Some(after) });
    }

    /// Hands the entry to the state machine.
    pub fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry) {
        self.effects.push(Effect::Deliver { slot, position, entry });
    }

    /// Lets a read be answered once `position` is applied.
    pub fn read_at(&mut self, read: ReadId, position: Position) {
        self.effects.push(Effect::ReadAt { read, position });
    }

    /// Refuses a request.
    pub fn refuse(&mut self, request: Request, reason: Refusal, leader: Option<NodeId>) {
        self.effects.push(Effect::Refuse { request, reason, leader });
    }

    /// Refuses an entry's proposal.
    pub fn refuse_entry(&mut self, entry: &SharedEntry, reason: Refusal, leader: Option<NodeId>) {
        self.refuse(Request::Propose { session: entry.session, sequence: entry.sequence }, reason, leader);
    }

    /// Any other effect.
    pub fn effect(&mut self, effect: Effect<M, R>) {
        assert!(
            !matches!(effect, Effect::Write(_) | Effect::Send { .. } | Effect::Narrate { .. }),
            "these have methods of their own"
        );
        self.effects.push(effect);
    }

    /// States a volatile fact.
    pub fn fact(&mut self, fact: Fact) {
        self.effects.push(Effect::Fact(fact));
    }

    /// A number drawn evenly from `0..n`. `0 < n`.
    pub fn draw(&mut self, n: u64) -> u64 {
        self.draws.draw(n)
    }

    /// A span drawn evenly from `from..=to`.
    pub fn draw_span(&mut self, from: Span, to: Span) -> Span {
        assert!(from <= to);
        Span(from.0 + self.draw(to.0 - from.0 + 1))
    }

    /// Says that a rare path was reached: `gate` is its place in [`Replica::GATES`].
    pub fn reached(&mut self, gate: usize) {
        assert!(gate < 64);
        *self.gates |= 1 << gate;
    }

    /// Tells people what happened and which rule was obeyed. `text` is only made when tracing.
    #[inline]
    pub fn narrate(&mut self, rule: &'static str, text: impl FnOnce() -> String) {
        if self.tracing {
            self.effects.push(Effect::Narrate { rule, text: text().into_boxed_str() });
        }
    }
}
