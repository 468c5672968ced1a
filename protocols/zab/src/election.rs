//! Fast Leader Election, phase 0 of Zab: the servers of a quorum come to name the same candidate, the one with the
//! most recent history (ZooKeeper `FastLeaderElection.lookForLeader`).
//!
//! It is a heuristic. A server may finish too early, or with a candidate that is dead or behind; discovery then fails
//! or finds a follower ahead, and everybody looks again. So votes are neither facts nor claims, and nothing of an
//! election is on disk.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, NodeSet, Round, Span};

use crate::message::{Attempt, Message, State, Vote};
use crate::{Out, Phase, Zab, gates, rules};

/// A looking server's state. Its own vote is `Zab::vote`, its logical clock `Zab::clock`.
#[derive(Clone, Debug)]
pub(crate) struct Election {
    /// The votes of this election, a place a node. Of the server's own clock only.
    votes: Vec<Option<Vote>>,
    /// What servers that are not looking say: whether they lead, whom they vote for, and their clock.
    outside: Vec<Option<(State, NodeId, u64)>>,
    /// When to repeat the vote, and how long to wait then.
    resend_at: LocalTime,
    resend_after: Span,
    /// When the election ends if no better vote comes; set while a quorum agrees.
    finalize_at: Option<LocalTime>,
    /// Followers that came before this server knows that it leads: ZooKeeper's follower retries to connect.
    pub(crate) early: Vec<(NodeId, Attempt, Round)>,
    /// Whom a leader that resigned asked to vote for. Takes the place of this server's vote for itself.
    wish: Option<Vote>,
}

impl Election {
    pub(crate) fn deadline(&self) -> LocalTime {
        self.finalize_at.map_or(self.resend_at, |at| at.min(self.resend_at))
    }

    /// The votes heard in this election, for people.
    pub(crate) fn votes(&self) -> impl Iterator<Item = (NodeId, Vote)> {
        let places = self.votes.iter().enumerate();
        places.filter_map(|(index, vote)| vote.map(|vote| (NodeId(index as u8), vote)))
    }

    /// Keeps the beginning of an attempt until it is known who leads.
    pub(crate) fn keep_early(&mut self, from: NodeId, attempt: Attempt, accepted: Round) {
        self.drop_early(from);
        self.early.push((from, attempt, accepted));
    }

    /// Forgets what `from` began.
    pub(crate) fn drop_early(&mut self, from: NodeId) {
        self.early.retain(|(node, _, _)| *node != from);
    }
}

impl Zab {
    /// Ends whatever the server was doing, and looks for a leader.
    pub(crate) fn become_looking(&mut self, now: LocalTime, why: &'static str, out: &mut Out<'_>) {
        self.look(now, why, None, out);
    }

    /// The same, with a first vote for another than itself.
    pub(crate) fn look(&mut self, now: LocalTime, why: &'static str, wish: Option<Vote>, out: &mut Out<'_>) {
        self.end_relations(out);
        self.clock += 1;
        self.vote = wish.unwrap_or(self.own_vote());
        let places = self.places();
        assert!(self.node.index() < places, "only a member looks for a leader");
        self.phase = Phase::Looking(Election {
            votes: vec![None; places],
            outside: vec![None; places],
            resend_at: now + self.config.notify_min,
            resend_after: self.config.notify_min,
            finalize_at: None,
            early: Vec::new(),
            wish,
        });
        out.narrate("", || format!("{why}: looks for a leader, election {}", self.clock));
        self.notify_all(out);
        self.conclude_if_agreed(now, out);
    }

    /// How many places a table by node has.
    pub(crate) fn places(&self) -> usize {
        let all = self.members.voters.0 | self.members.learners.0;
        replica::NODES_MAX - all.leading_zeros() as usize
    }

    fn own_vote(&self) -> Vote {
        Vote { leader: self.node, zxid: self.log.last(), epoch: self.current_epoch }
    }

    /// Whether a vote beats another: `totalOrderPredicate`. The epoch comes first (rule zab/order-by-epoch): a longer
    /// log of an older epoch may end in transactions that the later epoch has given up.
    fn beats(&self, a: Vote, b: Vote) -> bool {
        if self.config.rules.obeys(rules::ORDER_BY_EPOCH) {
            (b.epoch, b.zxid, b.leader) < (a.epoch, a.zxid, a.leader)
        } else {
            (b.zxid, b.leader) < (a.zxid, a.leader)
        }
    }

    fn notification(&self) -> Message {
        let state = match &self.phase {
            Phase::Unformed | Phase::Looking(_) => State::Looking,
            Phase::Following(_) => State::Following,
            Phase::Leading(_) => State::Leading,
        };
        Message::Notification { vote: self.vote, clock: self.clock, state }
    }

    fn notify_all(&self, out: &mut Out<'_>) {
        for peer in self.members.everyone_but(self.node).filter(|peer| self.may_vote(*peer)) {
            out.send(peer, self.notification());
        }
    }

    /// Tells a peer the vote: it may have missed it while there was no session.
    pub(crate) fn notify(&self, peer: NodeId, out: &mut Out<'_>) {
        out.send(peer, self.notification());
    }

    pub(crate) fn on_notification(
        &mut self,
        now: LocalTime,
        from: NodeId,
        vote: Vote,
        clock: u64,
        state: State,
        out: &mut Out<'_>,
    ) {
        assert_ne!(from, self.node);
        let is_valid = [from, vote.leader, self.node].into_iter().all(|node| self.may_vote(node));
        match (&self.phase, state) {
            (Phase::Looking(_), State::Looking) if !is_valid => {}
            (Phase::Looking(_), State::Looking) => self.on_vote(now, from, vote, clock, out),
            (Phase::Looking(_), State::Following | State::Leading) => {
                self.on_settled(now, from, vote, clock, state, out);
            }
            // Who is not looking tells those who are whom it follows.
            (_, State::Looking) if self.may_vote(self.node) => self.notify(from, out),
            (_, State::Looking | State::Following | State::Leading) => {}
        }
    }

    /// A vote of another looking server.
    fn on_vote(&mut self, now: LocalTime, from: NodeId, vote: Vote, clock: u64, out: &mut Out<'_>) {
        if clock < self.clock {
            // It will take over our clock and vote again.
            return self.notify(from, out);
        }
        let later = self.clock < clock;
        let Phase::Looking(election) = &self.phase else { unreachable!("only a looking server has votes") };
        let own = election.wish.unwrap_or(self.own_vote());
        let standing = if later { own } else { self.vote };
        let better = self.beats(vote, standing);
        let Phase::Looking(election) = &mut self.phase else {
            unreachable!("only a looking server has votes")
        };
        if later {
            self.clock = clock;
            election.votes.fill(None);
        }
        election.outside[from.index()] = None;
        election.votes[from.index()] = Some(vote);
        if later || better {
            if election.finalize_at.take().is_some() {
                out.reached(gates::VOTE_CHANGED_WHILE_FINALIZING);
            }
            self.vote = if better { vote } else { standing };
            out.narrate("zab/order-by-epoch", || format!("votes for {}", self.vote.leader));
            self.notify_all(out);
        }
        self.conclude_if_agreed(now, out);
    }

    /// The answer of a server that follows or leads.
    fn on_settled(
        &mut self,
        now: LocalTime,
        from: NodeId,
        vote: Vote,
        clock: u64,
        state: State,
        out: &mut Out<'_>,
    ) {
        let Phase::Looking(election) = &mut self.phase else { unreachable!("only a looking server is told") };
        election.outside[from.index()] = Some((state, vote.leader, clock));
        if clock == self.clock {
            // It has settled in the election that is still open here: its vote counts in it.
            election.votes[from.index()] = Some(vote);
        }
        // An ensemble is led if the leader itself says so, and with this server its followers are a quorum. ZooKeeper
        // does not count the one that asks (`termPredicate`); with a quorum that dips to one less than a majority,
        // that would keep server and leader apart until the leader gives up.
        let leader = vote.leader;
        let says_so = match election.outside.get(leader.index()).copied().flatten() {
            Some((State::Leading, _, led)) if leader != self.node => Some(led),
            // As it was: what followers say is enough, though their leader may be gone, or be this server itself.
            _ if !self.config.rules.obeys(rules::CHECK_LEADER) => Some(clock),
            _ => None,
        };
        let Some(led) = says_so else { return self.conclude_if_agreed(now, out) };
        let followers = election.outside.iter().enumerate();
        let followers: NodeSet = followers
            .filter(|(_, said)| said.is_some_and(|(_, whom, _)| whom == leader))
            .map(|(index, _)| NodeId(index as u8))
            .collect();
        if self.members.is_quorum(followers.with(self.node)) {
            self.clock = self.clock.max(led);
            self.vote = Vote { leader, ..vote };
            out.reached(gates::JOINED_ESTABLISHED);
            if leader == self.node {
                return self.become_leading(now, out);
            }
            self.become_following(now, leader, out);
        } else {
            self.conclude_if_agreed(now, out);
        }
    }

    /// Ends the election at once if everybody agrees, or sets the time at which it ends if a quorum does.
    fn conclude_if_agreed(&mut self, now: LocalTime, out: &mut Out<'_>) {
        if !self.may_vote(self.node) {
            // An observer waits until it is told who leads.
            return;
        }
        let agreed = self.agreed();
        let wait = self.config.finalize_wait;
        let Phase::Looking(election) = &mut self.phase else {
            unreachable!("only a looking server concludes")
        };
        if self.members.voters.and(agreed) == self.members.voters {
            return self.conclude(now, out);
        }
        if !self.members.is_quorum(agreed) {
            election.finalize_at = None;
        } else if election.finalize_at.is_none() {
            election.finalize_at = Some(now + wait);
        }
    }

    /// Who votes as this server does.
    fn agreed(&self) -> NodeSet {
        let Phase::Looking(election) = &self.phase else { return NodeSet::EMPTY };
        let same = election.votes.iter().enumerate().filter(|(_, vote)| **vote == Some(self.vote));
        same.map(|(index, _)| NodeId(index as u8)).collect::<NodeSet>().with(self.node)
    }

    fn conclude(&mut self, now: LocalTime, out: &mut Out<'_>) {
        assert!(self.members.is_quorum(self.agreed()), "an election ends with a quorum");
        match self.vote.leader {
            leader if leader == self.node => self.become_leading(now, out),
            leader => self.become_following(now, leader, out),
        }
    }

    /// Takes over the followers that came early.
    pub(crate) fn take_early(&mut self) -> Vec<(NodeId, Attempt, Round)> {
        match &mut self.phase {
            Phase::Looking(election) => core::mem::take(&mut election.early),
            _ => Vec::new(),
        }
    }

    pub(crate) fn on_election_deadline(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let notify_max = self.config.notify_max;
        let Phase::Looking(election) = &mut self.phase else { unreachable!("only a looking server waits") };
        if election.finalize_at.is_some_and(|at| at <= now) {
            return self.conclude(now, out);
        }
        if election.resend_at <= now {
            election.resend_after = (election.resend_after * 2).min(notify_max);
            election.resend_at = now + election.resend_after;
            if self.config.rules.obeys(rules::REPEAT_VOTE) {
                self.notify_all(out);
            }
        }
    }

    /// A looking server lost a peer: its vote may never change again, so it does not count; and a candidate that
    /// cannot be reached cannot be followed.
    pub(crate) fn on_election_session_down(&mut self, now: LocalTime, peer: NodeId, out: &mut Out<'_>) {
        let Phase::Looking(election) = &mut self.phase else {
            unreachable!("only a looking server has votes")
        };
        election.votes[peer.index()] = None;
        election.outside[peer.index()] = None;
        election.drop_early(peer);
        if self.vote.leader == peer {
            return self.become_looking(now, "lost its candidate", out);
        }
        self.conclude_if_agreed(now, out);
    }
}
