//! Who a server is, and the only places where that changes (paper figure 4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use replica::{Entry, Fact, LocalTime, NodeId, NodeSet, Refusal, Request};

use crate::lease::Lease;
use crate::progress::Progress;
use crate::read::{Reader, Reads};
use crate::transfer::Transfer;
use crate::{Out, Raft, Record, Term, gates, rules, sound};

/// A server's role. What exists only in a role lives in it.
#[derive(Clone)]
pub(crate) enum Role {
    /// The disk has no genesis record. For ever: a genesis comes before the boot or never.
    Unformed,
    /// Follows the term's leader, or waits to hear of one.
    Follower {
        /// The leader of the term, once heard.
        leader: Option<NodeId>,
    },
    /// Asks who would vote for it, in the term that it is still in (thesis 9.6).
    PreCandidate {
        /// Who would, itself among them.
        votes: NodeSet,
    },
    /// Asks for votes.
    Candidate {
        /// Who voted for this server; itself too, once its vote is durable.
        votes: NodeSet,
        /// Why it stands.
        cause: Cause,
    },
    /// Leads the term.
    Leader(Box<Leader>),
}

/// Why a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It heard no leader for an election timeout.
    Silence,
    /// The leader asked it to: voters need not protect that leader.
    Transfer,
}

/// What a leader keeps.
#[derive(Clone)]
pub(crate) struct Leader {
    /// A row for each other member, voting or not, in order of id.
    pub(crate) peers: Vec<Progress>,
    /// Reads that wait for a confirmation.
    pub(crate) reads: Reads,
    /// Until when it may read without asking.
    pub(crate) lease: Lease,
    /// Its wish to hand its office over.
    pub(crate) transfer: Transfer,
    /// When followers are next spoken to for no other reason.
    pub(crate) heartbeat_at: LocalTime,
    /// When idle followers are told of the commit; never, if they know it.
    pub(crate) commit_at: LocalTime,
}

impl Leader {
    pub(crate) fn deadline(&self) -> LocalTime {
        self.heartbeat_at.min(self.commit_at).min(self.transfer.deadline())
    }
}

impl Raft {
    /// Follows `leader`, or nobody yet, in `term`. The caller saves the ballot if the term is new.
    pub(crate) fn become_follower(
        &mut self,
        now: LocalTime,
        term: Term,
        leader: Option<NodeId>,
        out: &mut Out<'_>,
    ) {
        assert!(self.term <= term);
        assert!(!matches!(self.role, Role::Unformed));
        if let Role::Leader(office) = &mut self.role {
            if self.commit < self.log.last() {
                out.reached(gates::DEPOSED_WITH_SUFFIX);
            }
            let reason = if leader.is_some() { Refusal::NotLeader } else { Refusal::NoLeader };
            for reader in office.reads.drain() {
                out.reached(gates::READS_DROPPED);
                // A follower that asks where to read hears nothing, and asks the next leader.
                if let Reader::Here(read) = reader {
                    out.refuse(Request::Read(read), reason, leader);
                }
            }
        }
        if self.leader() != leader {
            self.drop_questions(leader, out);
        }
        let forgets = self.term == term && self.vote.is_some() && !self.config.rules.obeys(rules::VOTE_KEPT);
        if forgets && matches!(self.role, Role::Leader(_) | Role::Candidate { .. }) {
            self.vote = None;
            self.save_ballot(out);
        }
        if self.term < term {
            self.term = term;
            // One vote a term: it is forgotten with its term and never before. A candidate that follows the leader of
            // its own term keeps the vote it gave itself.
            self.vote = None;
        }
        // Who only learns of a higher term goes on waiting, follower or candidate: a timer restarts when its server hears
        // a leader, grants a vote or stands, and for nothing else (5.2). Else a candidate whose log is too short to win
        // could keep those that can win from standing, election after election. Published times need this: with timeouts
        // of 150 to 155 ms, figure 16 has a median of 287 ms; this gives 295 ms, and candidates that start anew, 394 ms.
        let goes_on_waiting = !matches!(self.role, Role::Leader(_) | Role::Unformed) && leader.is_none();
        self.role = Role::Follower { leader };
        if !goes_on_waiting || self.election_at == LocalTime::NEVER {
            self.restart_election_timer(now, out);
        }
        out.narrate("raft/5.1-step-down", || match leader {
            Some(leader) => alloc::format!("follows {leader} in term {term}"),
            None => alloc::format!("is a follower in term {term}"),
        });
    }

    /// Asks who would vote for it. Neither its term nor its vote changes.
    pub(crate) fn become_pre_candidate(&mut self, now: LocalTime, out: &mut Out<'_>) {
        assert!(!matches!(self.role, Role::Unformed | Role::Leader(_)));
        assert!(self.is_voter(), "a learner never stands");
        self.drop_questions(None, out);
        self.role = Role::PreCandidate { votes: NodeSet::EMPTY.with(self.node) };
        self.restart_election_timer(now, out);
        out.narrate("raft/9.6-pure", || {
            alloc::format!("asks who would elect it in term {}", self.term.next())
        });
    }

    /// Starts an election in the next term, with its own vote for itself.
    pub(crate) fn become_candidate(&mut self, now: LocalTime, cause: Cause, out: &mut Out<'_>) {
        assert!(!matches!(self.role, Role::Unformed | Role::Leader(_)));
        assert!(self.is_voter(), "a learner never stands");
        if matches!(self.role, Role::Candidate { .. }) {
            out.reached(gates::SPLIT_VOTE);
        }
        self.drop_questions(None, out);
        self.term = self.term.next();
        self.vote = Some(self.node);
        self.save_ballot(out);
        // Its own vote counts once it is durable, like anybody's.
        let own = if self.config.rules.obeys(rules::VOTE_DURABLE) {
            NodeSet::EMPTY
        } else {
            NodeSet::EMPTY.with(self.node)
        };
        self.role = Role::Candidate { votes: own, cause };
        self.restart_election_timer(now, out);
        out.narrate("raft/5.2-one-vote", || alloc::format!("is a candidate in term {}", self.term));
    }

    /// Leads its term, which a majority has voted it into.
    pub(crate) fn become_leader(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Role::Candidate { votes, .. } = self.role else { panic!("only a candidate becomes leader") };
        assert!(self.is_quorum(votes), "a leader has the votes of a majority");
        sound!(self.config.rules, self.vote == Some(self.node), "a candidate votes for itself");
        let next = self.log.last().next();
        let peers = self.members.everyone_but(self.node).map(|peer| Progress::new(peer, next, now)).collect();
        self.role = Role::Leader(Box::new(Leader {
            peers,
            reads: Reads::default(),
            lease: Lease::default(),
            transfer: Transfer::None,
            heartbeat_at: now + self.config.heartbeat,
            commit_at: LocalTime::NEVER,
        }));
        out.fact(Fact::Leads { round: self.term });
        out.narrate("raft/5.2-one-vote", || {
            alloc::format!("leads term {} by the votes of {votes:?}", self.term)
        });
        if self.config.rules.obeys(rules::NOOP) {
            self.append_own(Entry::noop(self.node), out);
        }
        self.replicate_to_all(now, out);
        self.advance_commit(now, out);
    }

    /// Sees a term above its own: whatever it was, it is a follower now (5.1). The caller saves the ballot.
    pub(crate) fn see_higher_term(
        &mut self,
        now: LocalTime,
        term: Term,
        leader: Option<NodeId>,
        out: &mut Out<'_>,
    ) {
        assert!(self.term < term);
        let in_office = matches!(self.role, Role::Candidate { .. } | Role::Leader(_));
        if in_office && !self.config.rules.obeys(rules::STEP_DOWN) {
            self.term = term;
            self.vote = None;
            return;
        }
        self.become_follower(now, term, leader, out);
    }

    /// Writes (term, vote), in one record. What is said in this term waits for it.
    pub(crate) fn save_ballot(&mut self, out: &mut Out<'_>) {
        if self.vote.is_none() && !self.config.rules.obeys(rules::TERM_DURABLE) {
            return;
        }
        self.ballot_write = out.write(Record::Ballot { term: self.term, vote: self.vote });
    }

    /// A learner waits for ever; a voter of low priority waits longer than one of high priority.
    fn restart_election_timer(&mut self, now: LocalTime, out: &mut Out<'_>) {
        if !self.is_voter() {
            self.election_at = LocalTime::NEVER;
            return;
        }
        let drawn = out.draw_span(self.config.election_timeout_min, self.config.election_timeout_max);
        self.election_timeout = drawn + self.config.penalty(self.node);
        self.election_at = now + self.election_timeout;
    }
}
