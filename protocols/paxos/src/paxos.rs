//! The replica: acceptor, learner and proposer of one node in one value, the dispatch of inputs to their handlers, and
//! the changes of role. PMMC calls such co-location a replica; *Paxos Made Simple*, 2.5: "each process plays the role
//! of proposer, acceptor, and learner".

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{
    Boot, Durable, Fact, Input, Knobs, Link, LocalTime, Members, NodeId, NodeSet, OutputOf, Position,
    ReadMode, Refusal, Replica, Request, RuleText, Setting, Slot, Span, Status,
};

use crate::acceptor::Acceptor;
use crate::config::{Backoff, Detector, SETTINGS};
use crate::connected::{Heard, Rounds};
use crate::leader::Leader;
use crate::learner::Learner;
use crate::proposer::{Candidate, Promised};
use crate::quorum_reads::Probes;
use crate::snapshot::{Snapshot, Snapshots};
use crate::tally::Quorums;
use crate::{Ballot, Config, Invariants, Message, Record, gates, restart, rules};

/// Where a step of Multi-Paxos puts its effects.
pub(crate) type Out<'a> = OutputOf<'a, Paxos>;

/// Multi-Paxos on one node.
#[derive(Clone)]
pub struct Paxos {
    pub(crate) node: NodeId,
    /// From the genesis record. Nobody on a disk without one.
    pub(crate) members: Members,
    pub(crate) config: Config,
    /// What this node has promised and accepted: the image in memory of its disk, unsynced records included.
    pub(crate) acceptor: Acceptor,
    /// What this node knows to be chosen, and has delivered.
    pub(crate) learner: Learner,
    /// What stands for the part of the log that is trimmed.
    pub(crate) snapshots: Snapshots,
    /// How many answers each phase needs.
    pub(crate) quorums: Quorums,
    /// The lease that this node's acceptor keeps: to the leader of which ballot, and until when.
    pub(crate) leased: (Ballot, LocalTime),
    /// Quorum reads of this node's own clients.
    pub(crate) probes: Probes,
    /// The second failure detector's rounds.
    pub(crate) rounds: Rounds,
    /// Whether this incarnation has stood for leader.
    pub(crate) has_stood: bool,
    /// The highest ballot that this node has heard of: the next one it uses is above it. `acceptor.promised <= highest`.
    pub(crate) highest: Ballot,
    /// How often in a row this node was pre-empted. Zero again when anybody, itself included, leads.
    pub(crate) preemptions: u32,
    /// How many answers of others it has counted, towards any quorum, in this incarnation. For judges.
    pub(crate) counted: u64,
    pub(crate) role: Role,
}

/// What the node's proposer is doing.
#[derive(Clone)]
pub(crate) enum Role {
    /// The disk has no genesis: the node takes part in nothing.
    Unformed,
    /// It proposes nothing, and waits for a leader to fall silent.
    Follower(Follower),
    /// Phase 1.
    Candidate(Box<Candidate>),
    /// Phase 2: the distinguished proposer, or so it believes.
    Leader(Box<Leader>),
}

/// A node that proposes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Follower {
    /// Who was last heard to lead, and not since known to be pre-empted.
    pub(crate) leader: Option<NodeId>,
    /// The highest ballot of which a leader was heard, or a prepare promised, in this role.
    pub(crate) ballot: Ballot,
    /// When the leader was last heard, or the role began.
    pub(crate) heard_at: LocalTime,
    /// How long after `heard_at` the node stands. Drawn when the role begins.
    pub(crate) patience: Span,
}

impl Replica for Paxos {
    type Message = Message;
    type Record = Record;
    type Config = Config;
    type Invariants = Invariants;

    const NAME: &'static str = "paxos";
    const LINK: Link = Link::Datagram;
    const RULES: &'static [RuleText] = rules::ALL;
    const GATES: &'static [&'static str] = gates::ALL;
    const SETTINGS: &'static [Setting] = SETTINGS;
    const READS: &'static [ReadMode] = &[ReadMode::Linearizable];

    fn config(knobs: &Knobs) -> Result<Config, String> {
        Config::new(knobs)
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
        out: &mut Out,
    ) -> Paxos {
        restart::boot(boot, config, durable, now, out)
    }

    fn step(&mut self, now: LocalTime, input: Input<Message>, out: &mut Out) {
        if matches!(self.role, Role::Unformed) {
            return refuse_unformed(input, out);
        }
        match input {
            Input::Message { from, message, .. } => self.on_message(now, from, message, out),
            Input::Durable { upto } => self.on_durable(now, upto, out),
            Input::Deadline => self.on_deadline(now, out),
            Input::Propose { entry } => self.on_propose(now, entry, out),
            Input::Read { read, mode } => self.on_read(now, read, mode, out),
            // Every question is repeated until it is answered, whatever the links: sessions add nothing.
            Input::SessionUp { .. } | Input::SessionDown { .. } => {}
            Input::Snapshot { position, bytes } => self.on_snapshot(now, position, bytes, out),
            Input::BlobDurable { blob } => self.on_blob_durable(now, blob, out),
            Input::BlobBytes { blob, offset, bytes } => self.on_blob_bytes(blob, offset, &bytes, out),
            Input::HandOver { to } => self.on_hand_over_wish(to, out),
        }
    }

    #[inline]
    fn deadline(&self) -> Option<LocalTime> {
        let role = match &self.role {
            Role::Unformed => return None,
            Role::Follower(follower) => follower.stands_at().max(self.leased.1).min(self.learner.ask_at),
            Role::Candidate(candidate) => candidate.repeat_at,
            Role::Leader(leader) => leader.deadline(),
        };
        let others = self.probes.deadline().min(self.rounds.deadline());
        Some(role.min(self.snapshots.ask_at()).min(others))
    }

    fn status(&self) -> Status {
        let (role, leader) = match &self.role {
            Role::Unformed => (replica::Role::Unformed, None),
            Role::Follower(follower) => (replica::Role::Follower, follower.leader),
            Role::Candidate(_) => (replica::Role::Candidate, None),
            Role::Leader(_) => (replica::Role::Leader, Some(self.node)),
        };
        Status {
            role,
            round: self.acceptor.promised().round(),
            leader,
            position: Position(self.learner.delivered().0),
            // Who was not asked to vote, by a thrifty leader or as a learner, may have a snapshot and no vote after it.
            last: self.acceptor.last().max(self.snapshots.covered()),
        }
    }

    fn inspect(&self, see: &mut dyn FnMut(&'static str, String)) {
        self.show(see);
    }
}

impl Paxos {
    /// Whether this node votes. A learner is told everything and counts for nothing.
    #[inline]
    pub(crate) fn is_voter(&self) -> bool {
        self.members.voters.contains(self.node)
    }
}

// What a judge may see.
impl Paxos {
    /// What the acceptor has promised, durable or about to be.
    pub fn promised(&self) -> Ballot {
        self.acceptor.promised()
    }

    /// The highest slot up to which everything is delivered in this incarnation.
    pub fn delivered(&self) -> Slot {
        self.learner.delivered()
    }

    /// How many answers this incarnation has counted, of others and towards any quorum.
    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// In phase 1: the ballot and who has promised it.
    pub fn promises(&self) -> Option<(Ballot, NodeSet)> {
        match &self.role {
            Role::Candidate(candidate) => Some((candidate.ballot, candidate.promises.from())),
            _ => None,
        }
    }

    /// In phase 2: the ballot, and who has accepted at `slot` if it is in flight.
    pub fn acceptances(&self, slot: Slot) -> Option<(Ballot, Option<NodeSet>)> {
        match &self.role {
            Role::Leader(leader) => Some((leader.ballot, leader.acceptances(slot))),
            _ => None,
        }
    }
}

impl Follower {
    /// When it stands for leader if it hears nothing.
    #[inline]
    pub(crate) fn stands_at(&self) -> LocalTime {
        self.heard_at + self.patience
    }
}

// Dispatch.
impl Paxos {
    fn on_message(&mut self, now: LocalTime, from: NodeId, message: Message, out: &mut Out) {
        assert_ne!(from, self.node, "nobody writes to itself");
        if !self.members.contains(from) {
            return out.narrate("", || format!("ignores a message of {from}, which is no member"));
        }
        match message {
            Message::Accept { ballot, slot, chosen, entry } => {
                self.on_accept(now, from, ballot, (slot, entry), chosen, out)
            }
            Message::Accepted { ballot, slot } => self.on_accepted(now, from, ballot, slot, out),
            Message::Prepare { ballot, from: first, released } => {
                self.on_prepare(now, from, ballot, (first, released), out)
            }
            Message::Promise { ballot, from: first, trimmed, votes, next, .. } => {
                let promise = Promised { ballot, first, trimmed, votes: &votes, next };
                self.on_promise(now, from, promise, out)
            }
            Message::Nack { ballot } => self.on_nack(now, from, ballot, out),
            Message::Heartbeat { ballot, chosen, token, lease } => {
                self.on_heartbeat(now, from, ballot, chosen, (token, lease), out)
            }
            Message::Confirm { ballot, token, lease } => {
                self.on_confirm(now, from, ballot, (token, lease), out)
            }
            Message::CatchUp { from: first } => self.on_catch_up(from, first, out),
            Message::Chosen { from: first, chosen, entries } => {
                self.on_chosen(now, from, first, chosen, &entries, out)
            }
            Message::Offer { ballot, slot, chain, len } => {
                self.on_offer(now, from, ballot, Snapshot { slot, chain, len }, out)
            }
            Message::Fetch { slot, offset } => self.on_fetch(now, from, slot, offset, out),
            Message::Chunk { slot, offset, bytes } => self.on_chunk(now, slot, offset, bytes, out),
            Message::Probe { token } => self.on_probe(from, token, out),
            Message::Voted { token, upto } => self.on_voted(now, from, token, upto, out),
            Message::Rinse { upto } => self.on_rinse(now, upto, out),
            Message::HandOver { ballot } => self.on_hand_over(now, from, ballot, out),
            Message::HeartbeatRequest { round } => self.on_heartbeat_request(from, round, out),
            Message::HeartbeatReply { round, ballot, connected, lacks } => {
                self.on_heartbeat_reply(round, Heard { from, ballot, connected, lacks }, out)
            }
        }
    }
}

// Changes of role: the only places that assign `role`.
impl Paxos {
    /// Back to proposing nothing, following `leader` if one is known. `wait` comes on top of a drawn time-out.
    pub(crate) fn become_follower(
        &mut self,
        now: LocalTime,
        leader: Option<NodeId>,
        ballot: Ballot,
        wait: Span,
        out: &mut Out,
    ) {
        assert_ne!(leader, Some(self.node));
        assert!(ballot <= self.highest);
        // A learner never stands, and in rounds only who is elected does.
        let waits = self.is_voter() && self.config.detector == Detector::Heartbeat;
        let patience = match waits {
            true => out.draw_span(self.config.timeout_min, self.config.timeout_max) + wait,
            false => Span(u64::MAX),
        };
        let follower = Follower { leader, ballot, heard_at: now, patience };
        let before = core::mem::replace(&mut self.role, Role::Follower(follower));
        if let Role::Leader(deposed) = before {
            deposed.refuse_what_waits(leader, out);
        }
        if leader.is_some() {
            self.preemptions = 0;
        }
    }

    /// Phase 1 begins: a ballot above all that were heard of, reserved by promising it to the own acceptor.
    pub(crate) fn become_candidate(&mut self, now: LocalTime, out: &mut Out) {
        assert!(!matches!(self.role, Role::Unformed | Role::Leader(_)));
        assert!(self.acceptor.promised() <= self.highest);
        let owner = if self.config.rules.obeys(rules::BALLOT_UNIQUE) { self.node } else { NodeId(0) };
        let promised = self.acceptor.promised();
        let again = !self.has_stood && promised == self.highest && promised.owner() == self.node;
        let ballot = match again && promised != Ballot::ZERO && !self.config.rules.obeys(rules::BALLOT_FRESH)
        {
            true => promised,
            false => self.ballot_to_stand_in(owner),
        };
        self.has_stood = true;
        assert!(promised < ballot || !self.config.rules.is_whole());
        self.highest = self.highest.max(ballot);
        self.note_own(ballot);
        self.acceptor.promise(ballot);
        let reserved = out.write(Record::Promise { ballot });
        let repeat_at = now + self.config.heartbeat;
        let candidate = Candidate::new(ballot, self.learner.next(), reserved, repeat_at);
        self.role = Role::Candidate(Box::new(candidate));
        out.narrate("paxos/reserve-durable", || format!("stands in ballot {ballot}"));
        self.send_prepares(out);
        if !self.config.rules.obeys(rules::OWN_DURABLE) {
            self.count_own_promise(now, out);
        }
    }

    /// Phase 1 is done: a quorum has promised, and what it reported is inherited.
    pub(crate) fn become_leader(&mut self, now: LocalTime, out: &mut Out) {
        let Role::Candidate(candidate) = &mut self.role else { panic!("only a candidate becomes leader") };
        assert!(candidate.promises.reaches(self.quorums.q1, &self.members));
        let (ballot, from) = (candidate.ballot, candidate.from);
        let reported = core::mem::take(&mut candidate.reported);
        let inherited = self.inherit(from, reported, out);
        let upto = Slot(self.learner.delivered().0 + inherited.len() as u64);
        let leader = Leader::new(ballot, self.learner.next(), inherited, upto);
        self.role = Role::Leader(Box::new(leader));
        self.preemptions = 0;
        // A leader learns from its own quorums only; what a former leader's watermark said is void.
        self.learner.forget_watermark();
        out.fact(Fact::Leads { round: ballot.round() });
        out.narrate("paxos/P2c", || format!("leads ballot {ballot}, and inherits the slots up to {upto}"));
        self.send_heartbeats(now, 0, out);
        self.drive(now, out);
    }

    /// A higher ballot is about: whoever proposes below it can choose nothing any more.
    pub(crate) fn preempt(&mut self, now: LocalTime, by: Ballot, leader: Option<NodeId>, out: &mut Out) {
        match &self.role {
            Role::Candidate(_) => out.reached(gates::CANDIDATE_PREEMPTED),
            Role::Leader(leader) if leader.has_flight() => out.reached(gates::LEADER_PREEMPTED),
            Role::Leader(_) => {}
            Role::Unformed | Role::Follower(_) => panic!("only a proposer is pre-empted"),
        }
        self.preemptions = self.preemptions.saturating_add(1);
        out.narrate("", || format!("is pre-empted by ballot {by}"));
        if self.config.detector == Detector::QuorumConnected {
            self.note_given_up(by);
            return self.become_follower(now, leader, by, Span::ZERO, out);
        }
        match self.config.backoff {
            Backoff::Exponential if self.config.rules.obeys(rules::BACKOFF) => {
                let wait = self.backoff(out);
                self.become_follower(now, leader, by, wait, out);
            }
            Backoff::Exponential | Backoff::None => {
                self.become_follower(now, leader, by, Span::ZERO, out);
                if leader.is_none() && self.leased.1 <= now {
                    self.become_candidate(now, out);
                }
            }
        }
    }
}

/// A node without a genesis answers its own server, and nobody else.
fn refuse_unformed(input: Input<Message>, out: &mut Out) {
    match input {
        Input::Propose { entry } => out.refuse_entry(&entry, Refusal::Unformed, None),
        Input::Read { read, .. } => out.refuse(Request::Read(read), Refusal::Unformed, None),
        _ => {}
    }
}
