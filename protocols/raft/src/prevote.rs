//! PreVote (thesis 9.6): before it stands, a server asks who would vote for it. A server that was cut off and comes back
//! is told that nobody would, and deposes nobody. The question changes no term and no vote, so it waits for no write and
//! its answers bind nobody.

use replica::{LocalTime, NodeId};

use crate::role::{Cause, Role};
use crate::{Index, Message, Out, Raft, Term, gates, rules};

impl Raft {
    /// The election timer ran out.
    pub(crate) fn ask_who_would_vote(&mut self, now: LocalTime, out: &mut Out<'_>) {
        assert!(!self.is_alone(), "who is a majority alone need not ask");
        self.become_pre_candidate(now, out);
        for peer in self.electorate() {
            self.send_pre_vote(peer, out);
        }
    }

    /// A server asks whether it would get this one's vote in the term after its own.
    pub(crate) fn on_pre_vote(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        theirs: (Term, Index),
        out: &mut Out<'_>,
    ) {
        let rules = self.config.rules;
        if !self.is_voter() && rules.obeys(rules::VOTERS_ONLY) {
            return;
        }
        if self.term < term.next() && !rules.obeys(rules::PREVOTE_PURE) {
            self.see_higher_term(now, term.next(), None, out);
            self.save_ballot(out);
        }
        let hears_leader = self.hears_leader(now);
        let granted = self.term <= term && self.is_up_to_date(theirs) && !hears_leader;
        if hears_leader {
            out.reached(gates::PRE_VOTE_DENIED);
        }
        out.narrate("raft/9.6-pure", || {
            let would = if granted { "would" } else { "would not" };
            alloc::format!("{would} vote for {from} in term {}: own term {}", term.next(), self.term)
        });
        out.send(from, Message::PreVoteReply { asked: term, term: self.term, granted });
    }

    /// A voter says whether it would.
    pub(crate) fn on_pre_vote_reply(
        &mut self,
        now: LocalTime,
        from: NodeId,
        asked: Term,
        term: Term,
        granted: bool,
        out: &mut Out<'_>,
    ) {
        if self.term < term && self.config.rules.obeys(rules::PREVOTE_TERM) {
            // Else a server of a lower term would ask for ever, and one of a higher term deny for ever.
            out.reached(gates::PRE_VOTE_TAUGHT);
            out.narrate("raft/9.6-term", || alloc::format!("learns of term {term} from {from}"));
            self.see_higher_term(now, term, None, out);
            self.save_ballot(out);
            return;
        }
        let counts = self.members.voters.contains(from) || !self.config.rules.obeys(rules::VOTERS_ONLY);
        let Role::PreCandidate { votes } = &mut self.role else { return };
        if !granted || asked != self.term || !counts {
            return;
        }
        votes.insert(from);
        let votes = *votes;
        if self.is_quorum(votes) {
            self.stand(now, Cause::Silence, out);
        }
    }

    /// A new session to a voter: what was asked on the old one may be lost.
    pub(crate) fn ask_again_before_standing(&mut self, peer: NodeId, out: &mut Out<'_>) {
        let Role::PreCandidate { votes } = self.role else { panic!("asked of pre-candidates only") };
        if !votes.contains(peer) {
            self.send_pre_vote(peer, out);
        }
    }

    fn send_pre_vote(&self, peer: NodeId, out: &mut Out<'_>) {
        let (last_index, last_term) = (self.log.last(), self.log.last_term());
        out.send(peer, Message::PreVote { term: self.term, last_index, last_term });
    }
}
