//! Leader election: RequestVote and its reply (paper 5.2), and the restriction on who may win (5.4.1).

use replica::{LocalTime, NodeId, NodeSet, WriteId};

use crate::role::{Cause, Role};
use crate::{Index, Message, Out, Raft, Record, Term, gates, rules, sound};

impl Raft {
    /// The election timer of a follower or candidate: may come early, and is then not due.
    pub(crate) fn on_election_timeout(&mut self, now: LocalTime, out: &mut Out<'_>) {
        assert!(!matches!(self.role, Role::Unformed | Role::Leader(_)));
        if now < self.election_at {
            return;
        }
        if self.config.pre_vote && !self.is_alone() {
            self.ask_who_would_vote(now, out);
        } else {
            self.stand(now, Cause::Silence, out);
        }
    }

    /// Stands for election in the next term.
    pub(crate) fn stand(&mut self, now: LocalTime, cause: Cause, out: &mut Out<'_>) {
        self.become_candidate(now, cause, out);
        for peer in self.electorate() {
            self.send_request_vote(peer, out);
        }
        self.count_votes(now, out);
    }

    /// Whom a candidate asks: the other voters.
    pub(crate) fn electorate(&self) -> impl Iterator<Item = NodeId> + use<> {
        let rules = self.config.rules;
        let (voters, learners) = (self.members.voters.0, self.members.learners.0);
        let asked = if rules.obeys(rules::VOTERS_ONLY) { voters } else { voters | learners };
        NodeSet(asked).without(self.node).iter()
    }

    /// Whether `set` holds a majority of the voters.
    pub(crate) fn is_quorum(&self, set: NodeSet) -> bool {
        let counted =
            if self.config.rules.obeys(rules::VOTERS_ONLY) { set.and(self.members.voters) } else { set };
        self.members.majority() <= counted.len()
    }

    /// Whether this server votes, and may stand.
    pub(crate) fn is_voter(&self) -> bool {
        self.members.voters.contains(self.node)
    }

    /// Up to date is the one with the later last term; of equal ones, the longer log (5.4.1).
    pub(crate) fn is_up_to_date(&self, theirs: (Term, Index)) -> bool {
        let ours = (self.log.last_term(), self.log.last());
        let rules = self.config.rules;
        let compares_terms = rules.obeys(rules::UP_TO_DATE_TERM);
        !rules.obeys(rules::UP_TO_DATE) || if compares_terms { ours <= theirs } else { ours.1 <= theirs.1 }
    }

    /// A candidate asks for a vote.
    pub(crate) fn on_request_vote(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        theirs: (Term, Index),
        cause: Cause,
        out: &mut Out<'_>,
    ) {
        sound!(self.config.rules, theirs.0 < term, "a candidate's log ends in an earlier term");
        let may_vote = self.is_voter() || !self.config.rules.obeys(rules::VOTERS_ONLY);
        if !may_vote || self.protects_leader(now, term, cause, out) {
            return;
        }
        let before = (self.term, self.vote);
        if before.0 < term {
            self.see_higher_term(now, term, None, out);
        }
        let is_stale = term < self.term;
        let ours = (self.log.last_term(), self.log.last());
        let rules = self.config.rules;
        // Who keeps term and vote apart takes a vote that it finds for one that it has checked (hashicorp/raft 661).
        let is_repeated = self.vote == Some(from) && !rules.obeys(rules::BALLOT_ATOMIC);
        let is_up_to_date = self.is_up_to_date(theirs) || is_repeated;
        let is_free = self.vote.is_none_or(|vote| vote == from) || !rules.obeys(rules::ONE_VOTE);
        let granted = !is_stale && is_up_to_date && is_free && !matches!(self.role, Role::Leader(_));

        if granted {
            let is_new = self.vote != Some(from);
            self.vote = Some(from);
            if is_new {
                if before.0 < term && before.1.is_some() && !rules.obeys(rules::BALLOT_ATOMIC) {
                    out.write(Record::Ballot { term, vote: before.1 });
                }
                self.save_ballot(out);
            }
            if matches!(self.role, Role::PreCandidate { .. }) {
                self.become_follower(now, self.term, None, out);
            }
            // Only a granted vote puts the own election off: else a candidate that cannot win could keep others from
            // standing.
            self.election_at = now + self.election_timeout;
            out.narrate("raft/5.4.1", || {
                alloc::format!("votes for {from} in term {term}: {theirs:?} >= {ours:?}")
            });
        } else {
            if before.0 < self.term {
                self.save_ballot(out);
            }
            if !is_stale && !is_up_to_date {
                out.reached(gates::VOTE_DENIED_BEHIND);
            }
            out.narrate("raft/5.4.1", || {
                alloc::format!(
                    "denies {from} a vote in term {term}: own term {}, vote {:?}, log {ours:?}, theirs {theirs:?}",
                    self.term, self.vote
                )
            });
        }
        let reply = Message::VoteReply { term: self.term, granted };
        if granted && !self.config.rules.obeys(rules::VOTE_DURABLE) {
            out.send(from, reply);
        } else {
            out.send_after(from, reply, self.ballot_write);
        }
    }

    /// A vote, or its denial.
    pub(crate) fn on_vote_reply(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        granted: bool,
        out: &mut Out<'_>,
    ) {
        if self.term < term {
            // Nobody grants a vote above the term it was asked in.
            assert!(!granted || !self.config.rules.is_whole());
            self.see_higher_term(now, term, None, out);
            self.save_ballot(out);
            return;
        }
        let is_stale = term < self.term;
        if is_stale && self.config.rules.obeys(rules::STALE_VOTE) {
            out.reached(gates::STALE_VOTE_IGNORED);
            out.narrate("raft/stale-vote", || {
                alloc::format!("ignores a vote of {from} in term {term}: it is term {} now", self.term)
            });
            return;
        }
        let counts = self.members.voters.contains(from) || !self.config.rules.obeys(rules::VOTERS_ONLY);
        let Role::Candidate { votes, .. } = &mut self.role else {
            out.narrate("", || alloc::format!("ignores a vote reply of {from}: no candidate any more"));
            return;
        };
        if granted && counts {
            votes.insert(from);
        }
        self.count_votes(now, out);
    }

    /// The candidate's own vote counts once it is durable: else it could vote for another after a power loss.
    pub(crate) fn on_own_vote_durable(&mut self, now: LocalTime, upto: WriteId, out: &mut Out<'_>) {
        let Role::Candidate { votes, .. } = &mut self.role else { panic!("asked of candidates only") };
        if self.ballot_write <= upto {
            votes.insert(self.node);
        }
        self.count_votes(now, out);
    }

    /// A new session to a voter: what was asked on the old one may be lost.
    pub(crate) fn ask_again(&mut self, peer: NodeId, out: &mut Out<'_>) {
        let Role::Candidate { votes, .. } = self.role else { panic!("asked of candidates only") };
        if !votes.contains(peer) {
            self.send_request_vote(peer, out);
        }
    }

    fn count_votes(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Role::Candidate { votes, .. } = self.role else { panic!("asked of candidates only") };
        if self.is_quorum(votes) {
            self.become_leader(now, out);
        }
    }

    fn send_request_vote(&self, peer: NodeId, out: &mut Out<'_>) {
        let transfer = matches!(self.role, Role::Candidate { cause: Cause::Transfer, .. });
        sound!(self.config.rules, self.vote == Some(self.node), "a candidate votes for itself");
        let message = Message::RequestVote {
            term: self.term,
            last_index: self.log.last(),
            last_term: self.log.last_term(),
            transfer,
        };
        if self.config.rules.obeys(rules::VOTE_DURABLE) {
            out.send_after(peer, message, self.ballot_write);
        } else {
            out.send(peer, message);
        }
    }
}
