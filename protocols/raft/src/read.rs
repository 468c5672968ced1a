//! Linearizable reads at the leader (thesis 6.4). ReadIndex: a leader that has committed in its own term notes its
//! commit index, asks everyone whether it still leads, and lets the read be answered there once a majority has said so;
//! a read that comes while a round is out waits for the next one, since the round out began before it came. Under a
//! lease it need not ask (`lease`). Or the read is an entry of the log like any other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use replica::{Entry, LocalTime, NodeId, NodeSet, Position, ReadId, ReadMode, Refusal, Request};

use crate::config::ReadPath;
use crate::role::Role;
use crate::{Index, Message, Out, Raft, gates, rules};

/// The most reads that wait for one round, so that a leader without a majority gathers no more.
pub(crate) const READS_MAX: usize = 1 << 14;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// This node's server.
    Here(ReadId),
    /// A follower, by its own name for the question.
    There(NodeId, u64),
}

/// The reads of a leader.
#[derive(Clone, Default)]
pub(crate) struct Reads {
    /// The newest round of questions in this term, carried by every AppendEntries and repeated by its answer.
    token: u64,
    round: Option<Round>,
    /// The reads that the round out confirms. Empty if none is out.
    asked: Vec<Reader>,
    /// The reads that came since.
    waiting: Vec<Reader>,
    /// The reads that are entries of the log, with their indices, in order.
    logged: VecDeque<(Index, Reader)>,
}

/// A round of questions whether this server still leads.
#[derive(Clone, Copy)]
struct Round {
    /// The leader's commit index when it began: where its reads read.
    index: Index,
    /// Its number, no higher than the newest.
    token: u64,
    /// Who has answered.
    confirmed: NodeSet,
}

impl Reads {
    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    /// Begins the next round.
    pub(crate) fn next_token(&mut self) -> u64 {
        self.token += 1;
        self.token
    }

    /// Whether the round out has no answer of `peer` yet.
    pub(crate) fn waits_for(&self, peer: NodeId) -> bool {
        self.round.is_some_and(|round| !round.confirmed.contains(peer))
    }

    /// All reads; for a leader that is one no more.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Reader> + '_ {
        self.round = None;
        let logged = self.logged.drain(..).map(|(_, reader)| reader);
        self.asked.drain(..).chain(self.waiting.drain(..)).chain(logged)
    }
}

impl Raft {
    /// The server asks when a read may be answered.
    pub(crate) fn on_read(&mut self, now: LocalTime, read: ReadId, mode: ReadMode, out: &mut Out<'_>) {
        assert_eq!(mode, ReadMode::Linearizable, "the only mode that raft lists");
        if !matches!(self.role, Role::Leader(_)) {
            return self.on_read_elsewhere(now, read, out);
        }
        if !self.read_at_leader(now, Reader::Here(read), out) {
            out.refuse(Request::Read(read), Refusal::Busy, Some(self.node));
        }
    }

    /// Serves a read, or has it wait; false if too many wait already.
    pub(crate) fn read_at_leader(&mut self, now: LocalTime, reader: Reader, out: &mut Out<'_>) -> bool {
        if self.may_read_under_lease(now) {
            out.reached(gates::LEASE_READ);
            out.narrate("raft/6.4.1-sent", || alloc::format!("answers at {} under its lease", self.commit));
            answer(reader, self.commit, out);
            return true;
        }
        if self.config.reads == ReadPath::Lease {
            out.reached(gates::LEASE_OVER);
        }
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        if READS_MAX <= leader.reads.waiting.len() + leader.reads.logged.len() {
            return false;
        }
        if self.config.reads == ReadPath::Log {
            self.log_read(now, reader, out);
        } else {
            leader.reads.waiting.push(reader);
            if !self.has_committed_in_term() {
                out.reached(gates::READ_WAITED_FOR_TERM);
            }
            self.start_round(now, out);
        }
        true
    }

    /// A follower answered a message that carried `token`.
    pub(crate) fn on_confirmation(&mut self, now: LocalTime, from: NodeId, token: u64, out: &mut Out<'_>) {
        self.extend_lease(now);
        let Role::Leader(leader) = &mut self.role else { return };
        let reads = &mut leader.reads;
        assert!(token <= reads.token || !self.config.rules.is_whole(), "an answer repeats what was asked");
        let Some(round) = &mut reads.round else { return };
        if token < round.token {
            out.narrate("raft/6.4-token", || {
                alloc::format!("{from} answers an older round: confirms no read")
            });
            return;
        }
        round.confirmed.insert(from);
        let confirmed = round.confirmed;
        if self.is_quorum(confirmed) {
            self.finish_round(out);
            self.start_round(now, out);
        }
    }

    /// Begins the next round if reads wait for it, none is out, and the commit index covers what earlier leaders
    /// committed.
    pub(crate) fn start_round(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let may_serve = self.has_committed_in_term() || !self.config.rules.obeys(rules::READ_OWN_TERM);
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let reads = &mut leader.reads;
        if reads.round.is_some() || reads.waiting.is_empty() || !may_serve {
            return;
        }
        assert!(reads.asked.is_empty());
        core::mem::swap(&mut reads.asked, &mut reads.waiting);
        if self.config.rules.obeys(rules::READ_TOKEN) {
            let token = reads.next_token();
            if self.config.reads == ReadPath::Lease {
                leader.lease.start(token, now);
            }
        }
        let reads = &mut leader.reads;
        let confirmed = NodeSet::EMPTY.with(self.node);
        reads.round = Some(Round { index: self.commit, token: reads.token, confirmed });
        out.narrate("raft/6.4-quorum", || alloc::format!("asks in round {} whether it leads", reads.token));
        if self.is_alone() || !self.config.rules.obeys(rules::READ_QUORUM) {
            self.finish_round(out);
        } else {
            self.ask_all(out);
        }
    }

    /// Answers the reads whose entries are committed now.
    pub(crate) fn answer_logged(&mut self, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        while let Some((index, reader)) = leader.reads.logged.pop_front_if(|(index, _)| *index <= self.commit)
        {
            answer(reader, index, out);
        }
    }

    /// The read becomes an entry: what is delivered before it was committed before it.
    fn log_read(&mut self, now: LocalTime, reader: Reader, out: &mut Out<'_>) {
        self.append_own(Entry::noop(self.node), out);
        let index = self.log.last();
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        leader.reads.logged.push_back((index, reader));
        self.replicate_to_all(now, out);
    }

    /// A majority has answered: no other leader can have committed anything before this round began.
    fn finish_round(&mut self, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let round = leader.reads.round.take().expect("a round is out");
        for reader in leader.reads.asked.drain(..) {
            answer(reader, round.index, out);
        }
    }
}

/// Tells a reader where it may read.
fn answer(reader: Reader, index: Index, out: &mut Out<'_>) {
    match reader {
        Reader::Here(read) => out.read_at(read, Position(index.0)),
        Reader::There(follower, token) => out.send(follower, Message::ReadIndexReply { token, index }),
    }
}
