//! Raft as a pure state machine, in the words of its paper: D. Ongaro and J. Ousterhout, *In Search of an
//! Understandable Consensus Algorithm* (USENIX ATC 2014), and of Ongaro's thesis (2014) for what the paper leaves out.
//!
//! ```text
//!                  times out                 votes of a majority
//!   ┌──────────┐ ────────────► ┌───────────┐ ─────────────────► ┌────────┐
//!   │ follower │               │ candidate │ ◄─┐ times out:     │ leader │
//!   └──────────┘ ◄──────────── └───────────┘ ──┘ next term      └────────┘
//!        ▲        leader or higher term                              │
//!        └───────────────────────── higher term ─────────────────────┘
//! ```
//!
//! In reading order: `rules` (what must hold), `message` and `record` (what is said and what is kept), `log`, `role`
//! (who it is, the only place where that changes), `election` (5.2, 5.4.1), `follow` (5.3, a follower's side),
//! `progress` and `replicate` (5.3, the leader's side), `commit` (5.4.2), `read` and `read_follow` (thesis 6.4),
//! `restart`. Then what a setting turns on: `prevote` (thesis 9.6), `lease` (4.2.3, 6.2, 6.4.1); what an operator asks
//! for: `transfer` (3.10); what the state machine offers: `snapshot` and `install` (paper section 7); and what people
//! may see: `inspect`.
//!
//! Three things differ from the paper's figure 2. A message that depends on a write leaves once that write is durable,
//! while the step that sends it returns at once (thesis 10.2.1). The leader replicates before its own write is durable
//! and counts itself when told that it is. A heartbeat is an empty AppendEntries at the follower's *acknowledged* index
//! instead of at the newest one: its answer waits for no write, so a read's round costs no sync.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod commit;
mod config;
mod election;
mod follow;
pub mod gates;
mod inspect;
mod install;
mod invariants;
mod lease;
mod log;
mod message;
mod prevote;
mod progress;
mod read;
mod read_follow;
mod record;
mod replicate;
mod restart;
mod role;
pub mod rules;
mod snapshot;
mod transfer;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{
    Boot, Durable, Input, Knobs, Link, LocalTime, Members, NodeId, OutputOf, Position, ReadMode, Refusal,
    Replica, Request, RuleText, Setting, Span, Status, WriteId,
};

pub use config::{Config, ReadPath};
pub use invariants::RaftInvariants;
pub use message::{LogEntry, Message};
pub use record::Record;
/// A term: the neutral round, in the paper's word.
pub use replica::Round as Term;
/// A log index: the neutral slot, in the paper's word. The first entry has index 1.
pub use replica::Slot as Index;

use log::Log;
use read_follow::Questions;
use role::{Cause, Role};
use snapshot::Snapshots;

/// One server of a Raft cluster.
#[derive(Clone)]
pub struct Raft {
    node: NodeId,
    config: Config,
    /// From the genesis record; of nobody while unformed.
    members: Members,
    /// The latest term seen. Written by `become_*`; never goes down. A message in it waits for `ballot_write`.
    term: Term,
    /// Whom this server voted for in `term`. Written with `term`, and once more when it votes.
    vote: Option<NodeId>,
    /// The record that holds (term, vote). Written by `save_ballot`.
    ballot_write: WriteId,
    /// Whether the term was raised by a leader's message in this step and is not written yet. False between steps.
    is_term_unsaved: bool,
    /// The log, as it will be on disk once all writes are done.
    log: Log,
    /// The last index of which the log up to it is on disk. Written by `on_durable`, lowered by a cut. `<= log.last()`.
    durable: Index,
    /// The highest index known to be committed; all up to it is delivered in the same step. `<= log.last()`.
    commit: Index,
    role: Role,
    /// The writes of entries that a cut took away, kept only by the mutant that confuses them with their successors'.
    replaced: VecDeque<WriteId>,
    /// Its own snapshot, the one that it is sent, and the ones on their way to disk.
    snapshots: Snapshots,
    /// The reads for which a follower has asked the leader.
    questions: Questions,
    /// When a leader was last heard; at boot, if leases are to be respected, now.
    heard_at: Option<LocalTime>,
    /// When a follower or candidate starts an election. Written whenever a leader is heard or a vote granted.
    election_at: LocalTime,
    /// The timeout drawn at the last change of role: one draw a role, not one a message.
    election_timeout: Span,
}

/// What a step writes to.
pub(crate) type Out<'a> = OutputOf<'a, Raft>;

/// States what is believed. Mutants (runs that leave a rule out) break beliefs by design, and it is for the judges to
/// say so, not for a panic.
macro_rules! sound {
    ($rules:expr, $holds:expr, $($text:tt)+) => {
        assert!($holds || !$rules.is_whole(), $($text)+)
    };
}
pub(crate) use sound;

impl Replica for Raft {
    type Message = Message;
    type Record = Record;
    type Config = Config;
    type Invariants = RaftInvariants;

    const NAME: &'static str = "raft";
    const LINK: Link = Link::Datagram;
    const RULES: &'static [RuleText] = rules::ALL;
    const GATES: &'static [&'static str] = gates::ALL;
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const READS: &'static [ReadMode] = &[ReadMode::Linearizable];

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
    ) -> Raft {
        restart::boot(boot, config, durable, now, out)
    }

    fn step(&mut self, now: LocalTime, input: Input<Message>, out: &mut Out<'_>) {
        if matches!(self.role, Role::Unformed) {
            return self.on_input_unformed(input, out);
        }
        match input {
            Input::Deadline => self.on_deadline(now, out),
            Input::Message { from, session: _, message } => self.on_message(now, from, message, out),
            Input::SessionUp { peer, session: _ } => self.on_session_up(now, peer, out),
            Input::SessionDown { peer } => self.on_session_down(peer),
            Input::Durable { upto } => self.on_durable(now, upto, out),
            Input::Propose { entry } => self.on_propose(now, entry, out),
            Input::Read { read, mode } => self.on_read(now, read, mode, out),
            Input::Snapshot { position, bytes } => self.on_snapshot_offered(now, position, bytes, out),
            Input::BlobDurable { blob } => self.on_blob_durable(blob, out),
            Input::BlobBytes { blob, offset, bytes } => self.on_blob_bytes(now, blob, offset, &bytes, out),
            Input::HandOver { to } => self.on_hand_over(now, to, out),
        }
        assert!(!self.is_term_unsaved, "a new term is written in the step that sees it");
        sound!(self.config.rules, self.commit <= self.log.last(), "commit beyond the log");
        sound!(self.config.rules, self.durable <= self.log.last(), "durable beyond the log");
    }

    fn deadline(&self) -> Option<LocalTime> {
        match &self.role {
            Role::Unformed => None,
            _ if !self.is_voter() => None,
            Role::Follower { .. } | Role::PreCandidate { .. } | Role::Candidate { .. } => {
                Some(self.election_at)
            }
            Role::Leader(leader) => Some(leader.deadline()),
        }
    }

    fn status(&self) -> Status {
        Status {
            role: match self.role {
                Role::Unformed => replica::Role::Unformed,
                Role::Follower { .. } => replica::Role::Follower,
                Role::PreCandidate { .. } | Role::Candidate { .. } => replica::Role::Candidate,
                Role::Leader(_) => replica::Role::Leader,
            },
            round: self.term,
            leader: self.leader(),
            position: Position(self.commit.0),
            last: self.log.last(),
        }
    }

    fn inspect(&self, see: &mut dyn FnMut(&'static str, String)) {
        self.show(see);
    }
}

impl Raft {
    fn on_message(&mut self, now: LocalTime, from: NodeId, message: Message, out: &mut Out<'_>) {
        assert_ne!(from, self.node, "a server does not write to itself");
        if !self.members.contains(from) {
            out.narrate("", || alloc::format!("ignores {from}, who is no member"));
            return;
        }
        match message {
            Message::AppendEntries { term, prev_index, prev_term, commit, token, entries } => {
                let append = follow::Append { term, prev_index, prev_term, commit, token };
                self.on_append_entries(now, from, append, entries, out);
            }
            Message::Appended { term, matched, chain: _, token } => {
                self.on_appended(now, from, term, matched, token, out);
            }
            Message::Rejected { term, prev_index, hint_index, hint_term, token } => {
                let rejected = replicate::Rejected { term, prev_index, hint_index, hint_term, token };
                self.on_rejected(now, from, rejected, out);
            }
            Message::RequestVote { term, last_index, last_term, transfer } => {
                let cause = if transfer { Cause::Transfer } else { Cause::Silence };
                self.on_request_vote(now, from, term, (last_term, last_index), cause, out);
            }
            Message::VoteReply { term, granted } => self.on_vote_reply(now, from, term, granted, out),
            Message::PreVote { term, last_index, last_term } => {
                self.on_pre_vote(now, from, term, (last_term, last_index), out);
            }
            Message::PreVoteReply { asked, term, granted } => {
                self.on_pre_vote_reply(now, from, asked, term, granted, out);
            }
            Message::TimeoutNow { term } => self.on_timeout_now(now, from, term, out),
            Message::InstallSnapshot { term, index, last_term, chain, offset, bytes, done } => {
                let chunk = install::Chunk { term, index, last_term, chain, offset, done };
                self.on_install_snapshot(now, from, chunk, bytes, out);
            }
            Message::InstallReply { term, index, received } => {
                self.on_install_reply(now, from, term, index, received, out);
            }
            Message::ReadIndex { token } => self.on_read_index(now, from, token, out),
            Message::ReadIndexReply { token, index } => self.on_read_index_reply(token, index, out),
        }
    }

    fn on_deadline(&mut self, now: LocalTime, out: &mut Out<'_>) {
        match self.role {
            Role::Unformed => unreachable!("an unformed server has no deadline"),
            _ if !self.is_voter() => {}
            Role::Follower { .. } | Role::PreCandidate { .. } | Role::Candidate { .. } => {
                self.on_election_timeout(now, out);
            }
            Role::Leader(_) => self.on_leader_timers(now, out),
        }
    }

    /// A wiped member takes part in nothing: what it has forgotten, it might say again differently.
    fn on_input_unformed(&mut self, input: Input<Message>, out: &mut Out<'_>) {
        assert!(self.log.last() == Index::ZERO, "an unformed server holds nothing");
        match input {
            Input::Propose { entry } => out.refuse_entry(&entry, Refusal::Unformed, None),
            Input::Read { read, .. } => out.refuse(Request::Read(read), Refusal::Unformed, None),
            _ => {}
        }
    }

    /// All records up to `upto` are durable. Called for every sync, so it costs what the sync covered and no more.
    fn on_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out<'_>) {
        // An entry that replaced another has a later write of its own: the completion of the replaced one's write
        // cannot pass for it (the ABA race of asynchronous storage).
        let base = self.log.base();
        if self.durable < base.index && base.write <= upto {
            self.durable = base.index;
        }
        while base.index <= self.durable
            && self.durable < self.log.last()
            && self.log.write_at(self.durable.next()) <= upto
        {
            self.durable = self.durable.next();
        }
        self.forget_compacted(upto, out);
        match self.role {
            Role::Candidate { .. } => self.on_own_vote_durable(now, upto, out),
            Role::Leader(_) => self.advance_commit(now, out),
            Role::Unformed | Role::Follower { .. } | Role::PreCandidate { .. } => {}
        }
    }

    /// Whom this server believes to lead.
    fn leader(&self) -> Option<NodeId> {
        match self.role {
            Role::Unformed | Role::PreCandidate { .. } | Role::Candidate { .. } => None,
            Role::Follower { leader } => leader,
            Role::Leader(_) => Some(self.node),
        }
    }
}
