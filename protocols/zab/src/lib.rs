//! Zab 1.0, the atomic broadcast of ZooKeeper, as a pure state machine.
//!
//! After Junqueira, Reed, Serafini: *Zab: High-performance broadcast for primary-backup systems* (DSN 2011), and
//! ZooKeeper's implementation of it ("Zab 1.0"), which differs from the paper: a leader never takes transactions
//! from its followers, but gives up if one of them is ahead.
//!
//! ```text
//!                  ┌───────────────────────────── gives up ◄──────────────────────────┐
//!                  ▼                                                                   │
//!  boot ──► LOOKING ──► FOLLOWING:  discovery ──► synchronization ──► broadcast ───────┤
//!           election ─► LEADING:    discovery ──► synchronization ──► broadcast ───────┘
//!                                   a new epoch   one history at a   PROPOSAL, ACK, COMMIT
//!                                   no one else   quorum             in the order of zxids
//!                                   can have
//! ```
//!
//! Read in this order: [`message`] (the dialogue), `election`, `discovery`, `synchronization`, `broadcast`, `observer`,
//! `snapshot`, `reads`, `lease`, `handover`, `relation` (time-outs, sessions and attempts), [`rules`], [`Judge`], which
//! says what must hold, and `inspect`, what people may see. `docs/zab.md` is the guide beside the paper.
//!
//! # Where it differs from ZooKeeper
//!
//! * One session a pair of servers carries election and quorum traffic; attempts and CLOSE stand for connections.
//! * After a truncation the follower says where its log really ends (TRUNCATED), and the leader goes on from there;
//!   ZooKeeper supposes the zxid it asked for, or falls back to a snapshot at an epoch boundary.
//! * While a difference is taken over, `currentEpoch` rises to k right before the first transaction of epoch k: all
//!   that stands before it is k's initial history, so a crash between any two records leaves a disk on which
//!   `acceptedEpoch >= currentEpoch >= epoch(last zxid)`. ZooKeeper refuses to start on a disk that breaks this.
//! * A leader raises an epoch that it announced but has not established when a follower turns out to have accepted
//!   it elsewhere; ZooKeeper waits for its init limit. A leader to which a server comes that has accepted a later
//!   epoch gives up; ZooKeeper turns the server away, again and again.
//! * A looking server counts itself when it judges whether an ensemble is led, and an election in which everybody
//!   agrees does not wait. Both touch only the election, which is a hint: discovery decides.
//! * A snapshot is of one position, not fuzzy, and the leader sends its newest one and then a difference; ZooKeeper
//!   sends the state of the moment. Where a snapshot would take a follower back it is not sent.
//! * HANDOVER, by which a leader resigns, is ours. So are linearizable reads.
//! * There is no reconfiguration.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

/// Asserts what a replica believes as long as it obeys every rule. A mutant is to be caught by judges, not to panic.
macro_rules! believe {
    ($zab:expr, $holds:expr, $($why:tt)+) => {
        assert!($holds || !$zab.config.rules.is_whole(), $($why)+)
    };
}

mod broadcast;
mod config;
mod discovery;
mod election;
pub mod gates;
mod handover;
mod inspect;
mod invariants;
mod lease;
mod log;
pub mod message;
mod observer;
mod reads;
mod record;
mod relation;
pub mod rules;
mod snapshot;
mod synchronization;
pub mod zxid;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{
    Boot, Durable, Input, Knobs, Link, LocalTime, Members, NodeId, NodeSet, Output, Position, ReadMode,
    Refusal, Replica, Request, Role, Round, RuleText, Setting, Slot, Status, WriteId,
};

pub use config::{Config, Reading};
pub use invariants::Judge;
pub use log::{Log, Place, Txn};
pub use message::{Attempt, Message, State, Vote};
pub use record::{Record, Snapshot};

use discovery::Following;
use election::Election;
use lease::Promise;
use relation::Leading;
use snapshot::Snapshots;

/// Where a step of Zab puts its effects.
type Out<'a> = Output<'a, Message, Record>;

/// A server.
#[derive(Clone, Debug)]
pub struct Zab {
    node: NodeId,
    members: Members,
    config: Config,
    /// The last epoch promised, durable or about to be. Never decreases. `current_epoch <= accepted_epoch`.
    accepted_epoch: Round,
    /// The last epoch whose initial history this log holds, durable or about to be. Never decreases.
    /// `epoch(log.last()) <= current_epoch`.
    current_epoch: Round,
    /// Every transaction on disk or on its way there, committed or not.
    log: Log,
    /// How many transactions from the start of the log this incarnation has delivered. Never decreases;
    /// `delivered <= log.len()`: what is delivered is never truncated.
    delivered: usize,
    /// The newest record that is durable. Written by `on_durable`.
    durable: WriteId,
    /// Snapshots on disk and on their way there.
    snapshots: Snapshots,
    /// What was granted to a leader that reads by lease. Volatile.
    promise: Promise,
    /// The logical clock: the number of the newest election taken part in. Volatile.
    clock: u64,
    /// The vote of the newest election, cast or concluded.
    vote: Vote,
    /// The newest attempt to follow.
    attempt: Attempt,
    /// The peers with a session.
    up: NodeSet,
    phase: Phase,
}

/// What the server is doing.
#[derive(Clone, Debug)]
enum Phase {
    /// Its disk has no genesis: it takes part in nothing.
    Unformed,
    /// It looks for a leader.
    Looking(Election),
    /// It follows one.
    Following(Following),
    /// It was elected.
    Leading(Box<Leading>),
}

impl Replica for Zab {
    type Message = Message;
    type Record = Record;
    type Config = Config;
    type Invariants = Judge;

    const NAME: &'static str = "zab";
    const LINK: Link = Link::Session;
    const RULES: &'static [RuleText] = rules::ALL;
    const GATES: &'static [&'static str] = gates::ALL;
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const READS: &'static [ReadMode] = &[ReadMode::Linearizable, ReadMode::Sync];

    fn config(knobs: &Knobs) -> Result<Config, String> {
        Config::from_knobs(knobs)
    }

    fn describe(config: &Config) -> Vec<(&'static str, String)> {
        config.describe()
    }

    fn genesis(members: &Members) -> Record {
        Record::Genesis { members: *members }
    }

    fn boot(
        boot: Boot,
        config: &Config,
        durable: Durable<'_, Record>,
        now: LocalTime,
        out: &mut Out<'_>,
    ) -> Zab {
        let mut zab = Zab {
            node: boot.node,
            members: Members::default(),
            config: *config,
            accepted_epoch: Round::ZERO,
            current_epoch: Round::ZERO,
            log: Log::default(),
            delivered: 0,
            durable: out.last_write(),
            snapshots: Snapshots::new(boot.incarnation),
            promise: Promise::NONE,
            clock: 0,
            vote: Vote { leader: boot.node, zxid: Slot::ZERO, epoch: Round::ZERO },
            attempt: Attempt(boot.incarnation << 32),
            up: NodeSet::EMPTY,
            phase: Phase::Unformed,
        };
        for record in durable.records {
            zab.replay(record);
        }
        if zab.members.contains(zab.node) {
            believe!(zab, zab.current_epoch <= zab.accepted_epoch, "an epoch is adopted only once accepted");
            believe!(
                zab,
                zxid::epoch(zab.log.last()) <= zab.current_epoch,
                "a log is not ahead of its epoch"
            );
            zab.restore(durable.blobs, out);
            zab.wait_out_promise(now);
            if !config.rules.obeys(rules::FIFO) {
                // Datagram links have no sessions: nobody says that a peer can be reached.
                zab.up = zab.members.everyone_but(zab.node).collect();
            }
            zab.become_looking(now, "boots", out);
        }
        zab
    }

    fn step(&mut self, now: LocalTime, input: Input<Message>, out: &mut Out<'_>) {
        if matches!(self.phase, Phase::Unformed) {
            return refuse_unformed(input, out);
        }
        match input {
            Input::Deadline => self.on_deadline(now, out),
            Input::Message { from, message, .. } => self.on_message(now, from, message, out),
            Input::SessionUp { peer, .. } => self.on_session_up(peer, out),
            Input::SessionDown { peer } => self.on_session_down(now, peer, out),
            Input::Durable { upto } => self.on_durable(now, upto, out),
            Input::Propose { entry } => self.on_propose(now, entry, out),
            Input::Read { read, mode } => self.on_read(now, read, mode, out),
            Input::Snapshot { position, bytes } => self.on_snapshot(position, bytes, out),
            Input::BlobDurable { blob } => self.on_blob_durable(now, blob, out),
            Input::BlobBytes { blob, offset, bytes } => self.on_blob_bytes(blob, offset, &bytes, out),
            Input::HandOver { to } => self.on_hand_over(now, to, out),
        }
    }

    fn deadline(&self) -> Option<LocalTime> {
        match &self.phase {
            Phase::Unformed => None,
            Phase::Looking(election) => Some(election.deadline()),
            Phase::Following(following) => {
                let held = if following.held.is_some() { self.promise.ends() } else { LocalTime::NEVER };
                Some(self.patience_ends(following).min(held))
            }
            Phase::Leading(leading) => {
                let waits = matches!(leading.stage, relation::Stage::Discovery);
                Some(leading.deadline().min(if waits { self.promise.ends() } else { LocalTime::NEVER }))
            }
        }
    }

    fn status(&self) -> Status {
        let role = match &self.phase {
            Phase::Unformed => Role::Unformed,
            Phase::Looking(_) | Phase::Following(_) => Role::Follower,
            Phase::Leading(_) if self.leads().is_some() => Role::Leader,
            Phase::Leading(_) => Role::Candidate,
        };
        Status {
            role,
            round: self.accepted_epoch,
            leader: self.leader(),
            position: Position(self.delivered as u64),
            last: self.log.last(),
        }
    }

    fn inspect(&self, see: &mut dyn FnMut(&'static str, String)) {
        self.show(see);
    }
}

fn refuse_unformed(input: Input<Message>, out: &mut Out<'_>) {
    match input {
        Input::Propose { entry } => out.refuse_entry(&entry, Refusal::Unformed, None),
        Input::Read { read, .. } => out.refuse(Request::Read(read), Refusal::Unformed, None),
        _ => {}
    }
}

impl Zab {
    /// The last epoch promised.
    pub fn accepted_epoch(&self) -> Round {
        self.accepted_epoch
    }

    /// The last epoch adopted.
    pub fn current_epoch(&self) -> Round {
        self.current_epoch
    }

    /// The transaction log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The epoch that it leads: a quorum has acknowledged it.
    pub fn leads(&self) -> Option<Round> {
        match &self.phase {
            Phase::Leading(leading) => leading.established(),
            _ => None,
        }
    }

    /// Whom it believes to lead.
    fn leader(&self) -> Option<NodeId> {
        match &self.phase {
            Phase::Following(following) => Some(following.leader),
            Phase::Leading(_) if self.leads().is_some() => Some(self.node),
            _ => None,
        }
    }

    /// Takes a record in at boot, in the order in which it was written.
    fn replay(&mut self, record: &Record) {
        match record {
            Record::Genesis { members } => self.members = *members,
            Record::AcceptedEpoch { epoch } => self.accepted_epoch = *epoch,
            Record::CurrentEpoch { epoch } => self.current_epoch = *epoch,
            Record::Txn { zxid, entry } => self.log.append(*zxid, entry.clone()),
            Record::Truncate { after } => {
                self.log.truncate(*after);
            }
            Record::Checkpoint { members, accepted, current, snapshot, base, txns } => {
                self.members = *members;
                self.accepted_epoch = *accepted;
                self.current_epoch = *current;
                self.snapshots.found(*snapshot);
                self.log = Log::after(*base);
                for (zxid, entry) in txns.iter() {
                    self.log.append(*zxid, entry.clone());
                }
            }
        }
    }

    fn on_message(&mut self, now: LocalTime, from: NodeId, message: Message, out: &mut Out<'_>) {
        if !self.members.contains(from) {
            return out.narrate("", || alloc::format!("{from} is no member: ignored"));
        }
        match message {
            Message::Proposal { attempt, zxid, entry } if self.follows(now, from, attempt, out) => {
                self.on_proposal(now, zxid, entry, out);
            }
            Message::Commit { attempt, zxid } if self.follows(now, from, attempt, out) => {
                self.on_commit(now, zxid, out);
            }
            Message::Ack { attempt, zxid } if self.counts_ack_of(now, from, attempt, out) => {
                self.on_ack(now, from, zxid, out);
            }
            Message::Request { attempt, entry } if self.leads_learner(now, from, attempt, out) => {
                self.on_request(now, from, entry, out);
            }
            Message::Ping { attempt, token } if self.follows(now, from, attempt, out) => {
                self.on_ping(now, from, attempt, token, out);
            }
            Message::Pong { attempt, token } if self.leads_learner(now, from, attempt, out) => {
                self.on_pong(now, from, token, out);
            }
            Message::Sync { attempt, read } if self.leads_learner(now, from, attempt, out) => {
                self.on_sync(from, read, out);
            }
            Message::Synced { attempt, read } if self.follows(now, from, attempt, out) => {
                self.on_synced(read, out);
            }
            Message::Notification { vote, clock, state } => {
                self.on_notification(now, from, vote, clock, state, out);
            }
            Message::FollowerInfo { attempt, accepted } => {
                self.on_follower_info(now, from, attempt, accepted, out);
            }
            Message::LeaderInfo { attempt, epoch } if self.follows(now, from, attempt, out) => {
                self.on_leader_info(now, epoch, out);
            }
            Message::AckEpoch { attempt, epoch, vote, current, last }
                if self.leads_learner(now, from, attempt, out) =>
            {
                self.on_ack_epoch(now, from, epoch, vote, (current, last), out);
            }
            Message::Trunc { attempt, after } if self.follows(now, from, attempt, out) => {
                self.on_trunc(now, after, out);
            }
            Message::Truncated { attempt, last } if self.leads_learner(now, from, attempt, out) => {
                self.on_learner_end(from, last, out);
            }
            Message::Diff { attempt, after, txns, answer } if self.follows(now, from, attempt, out) => {
                self.on_diff(now, after, &txns, answer, out);
            }
            Message::DiffAck { attempt } if self.leads_learner(now, from, attempt, out) => {
                self.on_diff_ack(now, from, out);
            }
            Message::Snap { attempt, at, total, offset, bytes } if self.follows(now, from, attempt, out) => {
                self.on_snap(now, at, total, (offset, &bytes), out);
            }
            Message::SnapAck { attempt, next } if self.leads_learner(now, from, attempt, out) => {
                self.on_snap_ack(now, from, next, out);
            }
            Message::Snapped { attempt, last } if self.leads_learner(now, from, attempt, out) => {
                self.on_learner_end(from, last, out);
            }
            Message::Inform { attempt, zxid, entry } if self.follows(now, from, attempt, out) => {
                self.on_inform(now, zxid, entry, out);
            }
            Message::HandOver { attempt, vote } if self.follows(now, from, attempt, out) => {
                self.on_resigned(now, from, vote, out);
            }
            Message::NewLeader { attempt, epoch, last } if self.follows(now, from, attempt, out) => {
                self.on_new_leader(now, epoch, last, out);
            }
            Message::AckNewLeader { attempt, epoch, last, .. }
                if self.leads_learner(now, from, attempt, out) =>
            {
                self.on_ack_new_leader(now, from, epoch, last, out);
            }
            Message::UpToDate { attempt, committed } if self.follows(now, from, attempt, out) => {
                self.on_up_to_date(now, committed, out);
            }
            Message::Close { attempt } => self.on_close(now, from, attempt, out),
            // A guard said no: the message is of an attempt that is over, and the guard has narrated it.
            _ => {}
        }
    }

    fn on_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out<'_>) {
        assert!(self.durable <= upto, "durability does not go back");
        self.durable = upto;
        self.forget_front(out);
        if let Phase::Leading(leading) = &mut self.phase {
            match leading.stage_mut() {
                relation::Stage::Broadcast(broadcast) => {
                    broadcast.count_own(self.node, upto, now);
                    self.commit_ready(now, out);
                }
                relation::Stage::Discovery => {}
                relation::Stage::Announced(_) | relation::Stage::Synchronization(_) => {
                    self.count_own_phase(now, out);
                }
            }
        }
    }

    /// Hands the log to the state machine up to `count` transactions. What was delivered before, by an earlier
    /// attempt of this incarnation, is not delivered again.
    fn deliver_upto(&mut self, count: usize, out: &mut Out<'_>) {
        assert!(count <= self.log.len());
        while self.delivered < count {
            let txn = self.log.at(self.delivered);
            self.delivered += 1;
            out.deliver(txn.zxid, Position(self.delivered as u64), txn.entry.clone());
        }
    }
}
