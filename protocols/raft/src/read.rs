//! Linearizable reads without the log: ReadIndex (thesis 6.4). A leader that has committed in its own term notes its
//! commit index, asks everyone whether it still leads, and lets the read be answered there once a majority has said
//! so. A read that comes while a round is out waits for the next one: the round out began before it came.

use alloc::vec::Vec;

use replica::{NodeId, NodeSet, Position, ReadId, ReadMode, Refusal, Request};

use crate::role::Role;
use crate::{Index, Out, Raft, gates, rules};

/// The most reads that wait for one round, so that a leader without a majority gathers no more.
const READS_MAX: usize = 1 << 14;

/// The reads of a leader.
#[derive(Clone, Default)]
pub(crate) struct Reads {
    /// The newest round of questions in this term, carried by every AppendEntries and repeated by its answer.
    token: u64,
    round: Option<Round>,
    /// The reads that the round out confirms. Empty if none is out.
    asked: Vec<ReadId>,
    /// The reads that came since.
    waiting: Vec<ReadId>,
}

/// A round of questions whether this server still leads.
#[derive(Clone, Copy)]
struct Round {
    /// The leader's commit index when it began: where its reads read.
    index: Index,
    /// Who has answered.
    confirmed: NodeSet,
}

impl Reads {
    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    /// Whether the round out has no answer of `peer` yet.
    pub(crate) fn waits_for(&self, peer: NodeId) -> bool {
        self.round.is_some_and(|round| !round.confirmed.contains(peer))
    }

    /// All reads; for a leader that is one no more.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = ReadId> + '_ {
        self.round = None;
        self.asked.drain(..).chain(self.waiting.drain(..))
    }
}

impl Raft {
    /// The server asks when a read may be answered.
    pub(crate) fn on_read(&mut self, read: ReadId, mode: ReadMode, out: &mut Out<'_>) {
        assert_eq!(mode, ReadMode::Linearizable, "the only mode that raft lists");
        let Role::Leader(leader) = &mut self.role else {
            let leader = self.leader();
            let reason = if leader.is_some() { Refusal::NotLeader } else { Refusal::NoLeader };
            return out.refuse(Request::Read(read), reason, leader);
        };
        if READS_MAX <= leader.reads.waiting.len() {
            return out.refuse(Request::Read(read), Refusal::Busy, Some(self.node));
        }
        leader.reads.waiting.push(read);
        if !self.has_committed_in_term() {
            out.reached(gates::READ_WAITED_FOR_TERM);
        }
        self.start_round(out);
    }

    /// A follower answered a message that carried `token`.
    pub(crate) fn on_confirmation(&mut self, from: NodeId, token: u64, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let reads = &mut leader.reads;
        assert!(token <= reads.token || !self.config.rules.is_whole(), "an answer repeats what was asked");
        let Some(round) = &mut reads.round else { return };
        if token < reads.token {
            out.narrate("raft/6.4-token", || {
                alloc::format!("{from} answers an older round: confirms no read")
            });
            return;
        }
        round.confirmed.insert(from);
        if self.members.is_quorum(round.confirmed) {
            self.finish_round(out);
            self.start_round(out);
        }
    }

    /// Begins the next round if reads wait for it, none is out, and the commit index covers what earlier leaders
    /// committed.
    pub(crate) fn start_round(&mut self, out: &mut Out<'_>) {
        let may_serve = self.has_committed_in_term() || !self.config.rules.obeys(rules::READ_OWN_TERM);
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let reads = &mut leader.reads;
        if reads.round.is_some() || reads.waiting.is_empty() || !may_serve {
            return;
        }
        assert!(reads.asked.is_empty());
        core::mem::swap(&mut reads.asked, &mut reads.waiting);
        let confirmed = NodeSet::EMPTY.with(self.node);
        reads.round = Some(Round { index: self.commit, confirmed });
        if self.config.rules.obeys(rules::READ_TOKEN) {
            reads.token += 1;
        }
        out.narrate("raft/6.4-quorum", || alloc::format!("asks in round {} whether it leads", reads.token));
        if self.is_alone() || !self.config.rules.obeys(rules::READ_QUORUM) {
            self.finish_round(out);
        } else {
            self.ask_all(out);
        }
    }

    /// A majority has answered: no other leader can have committed anything before this round began.
    fn finish_round(&mut self, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let round = leader.reads.round.take().expect("a round is out");
        for read in leader.reads.asked.drain(..) {
            out.read_at(read, Position(round.index.0));
        }
    }
}
