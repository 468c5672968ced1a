//! The second failure detector: ballot leader election by quorum-connectedness. Ng, Haridi and Carbone, *Omni-Paxos:
//! Breaking the Barriers of Partial Connectivity* (EuroSys 2023), section 5. In rounds, every voter asks all others for
//! their ballot and whether they hear a quorum. Of those that do, the highest ballot is elected; who finds itself
//! elected runs phase 1. If the leader is not among them, a node that hears a quorum raises its ballot above the
//! leader's, and is elected in the next round.
//!
//! Why nobody needs to be heard by all: one node that hears a quorum is enough to raise a ballot, to be elected by those
//! it hears, and to choose. Why it comes to rest: a ballot is told by its owner only, never by hearsay, so a leader that
//! lost its office to a node it cannot hear does not fight for it, as long as those it hears are content.
//!
//! It elects and promises nothing: a ballot told here binds nobody. The proposer reserves it on its disk before its
//! first prepare, as any other, and safety does not depend on who is elected.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, Span};

use crate::config::Detector;
use crate::paxos::{Out, Role};
use crate::tally::Quorums;
use crate::{Ballot, Message, Paxos, gates, rules};

/// The rounds of one voter.
#[derive(Clone)]
pub(crate) struct Rounds {
    /// The ballot in which this node would lead. It stands in this one.
    own: Ballot,
    /// The ballot elected last.
    elected: Ballot,
    /// The highest ballot among the candidates of the last round.
    best: Ballot,
    /// Whether a quorum was heard in the last round.
    connected: bool,
    /// The ballot of a leader that was not among the candidates of the last round; zero if it was.
    lacks: Ballot,
    /// The round: when it began. An answer to another round is too late.
    round: u64,
    /// Who has answered in this round.
    heard: Vec<Heard>,
    /// When the round ends. Never with the other detector.
    ends_at: LocalTime,
    /// When to ask those again who have not answered: links may lose a question.
    ask_at: LocalTime,
}

/// What a voter says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    /// Who.
    pub(crate) from: NodeId,
    /// The ballot in which it would lead.
    pub(crate) ballot: Ballot,
    /// Whether it heard a quorum in its last round.
    pub(crate) connected: bool,
    /// The ballot of the leader that it lacks, or zero.
    pub(crate) lacks: Ballot,
}

impl Rounds {
    /// With no round under way.
    pub(crate) fn new(node: NodeId, promised: Ballot) -> Rounds {
        let own = match promised.owner() == node && promised != Ballot::ZERO {
            // The former incarnation stood in this one. Never again.
            true => promised.next_of(node),
            false => Ballot::new(1, node),
        };
        Rounds {
            own,
            elected: promised,
            best: Ballot::ZERO,
            // The benefit of the doubt: the first round elects.
            connected: true,
            lacks: Ballot::ZERO,
            round: 0,
            heard: Vec::new(),
            ends_at: LocalTime::NEVER,
            ask_at: LocalTime::NEVER,
        }
    }

    /// Its ballot, who is elected, and whether it hears a quorum. For people.
    pub(crate) fn in_words(&self) -> String {
        let hears = if self.connected { "hears" } else { "does not hear" };
        format!("would lead in {}, elected {}, {hears} a quorum", self.own, self.elected)
    }

    #[inline]
    pub(crate) fn deadline(&self) -> LocalTime {
        self.ends_at.min(self.ask_at)
    }
}

/// How many voters a leader must hear, itself included: those of phase 1, or it cannot be led, and those of phase 2, or
/// it cannot choose. A sitting leader could do with phase 2 alone; that it is held to more deposes nobody in vain,
/// since only a node that hears as many takes its place.
fn enough(quorums: Quorums) -> usize {
    quorums.q1.max(quorums.q2)
}

impl Paxos {
    /// The first round begins, if this is the detector, and this node votes.
    pub(crate) fn begin_rounds(&mut self, now: LocalTime, out: &mut Out) {
        if self.config.detector == Detector::QuorumConnected && self.is_voter() {
            self.begin_round(now, out);
        }
    }

    fn begin_round(&mut self, now: LocalTime, out: &mut Out) {
        self.rounds.round = now.0;
        self.rounds.heard.clear();
        self.rounds.ends_at = now + self.config.round;
        self.ask_ballots(now, out);
    }

    /// Asks those that have not answered in this round.
    fn ask_ballots(&mut self, now: LocalTime, out: &mut Out) {
        self.rounds.ask_at = now + self.config.resend;
        let round = self.rounds.round;
        for to in self.members.others(self.node) {
            if self.rounds.heard.iter().all(|heard| heard.from != to) {
                out.send(to, Message::HeartbeatRequest { round });
            }
        }
    }

    /// Somebody asks.
    pub(crate) fn on_heartbeat_request(&mut self, from: NodeId, round: u64, out: &mut Out) {
        if self.rounds.ends_at == LocalTime::NEVER {
            return out.narrate("", || format!("elects nobody: does not answer {from}"));
        }
        let Rounds { own: ballot, connected, lacks, .. } = self.rounds;
        out.send(from, Message::HeartbeatReply { round, ballot, connected, lacks });
    }

    /// Somebody answers.
    pub(crate) fn on_heartbeat_reply(&mut self, round: u64, heard: Heard, out: &mut Out) {
        let known = self.rounds.heard.iter().any(|other| other.from == heard.from);
        if round != self.rounds.round || known || !self.members.voters.contains(heard.from) {
            let from = heard.from;
            return out.narrate("", || format!("does not count the answer of {from}: it is late, or known"));
        }
        self.rounds.heard.push(heard);
    }

    /// The round's timers.
    pub(crate) fn on_rounds_deadline(&mut self, now: LocalTime, out: &mut Out) {
        if now < self.rounds.ends_at {
            return self.ask_ballots(now, out);
        }
        self.end_round(now, out);
        self.begin_round(now, out);
    }

    /// Counts who was heard, and elects.
    fn end_round(&mut self, now: LocalTime, out: &mut Out) {
        let enough = enough(self.quorums);
        // A promise was asked for by the ballot's owner itself, so it is as good as an election.
        let led = self.rounds.elected.max(self.acceptor.promised());
        let rounds = &mut self.rounds;
        rounds.connected = enough <= rounds.heard.len() + 1;
        let own = rounds.connected.then_some(rounds.own);
        let candidates = rounds.heard.iter().filter(|heard| heard.connected).map(|heard| heard.ballot);
        let best = candidates.chain(own).max().unwrap_or(Ballot::ZERO);
        // Who is bound to a ballot above the leader's, and lacks that one's owner, is lost to the leader.
        let above = rounds.heard.iter().map(|heard| heard.lacks).fold(led, Ballot::max);
        rounds.best = best;
        rounds.lacks = if best < led { led } else { Ballot::ZERO };
        if rounds.lacks != Ballot::ZERO
            && let Role::Follower(follower) = &mut self.role
        {
            follower.leader = None;
        }
        if best < above {
            self.raise_above(above, led, out);
        } else if led < best {
            self.elect(now, best, out);
        }
    }

    /// Nobody heard leads a ballot that is high enough.
    fn raise_above(&mut self, above: Ballot, led: Ballot, out: &mut Out) {
        if !self.rounds.connected {
            out.reached(gates::NOT_CONNECTED);
            return out.narrate("", || format!("lacks the leader of {above}, and hears no quorum itself"));
        }
        if led < above {
            out.reached(gates::RAISED_FOR_ANOTHER);
        }
        assert!(self.rounds.own < above, "it is a candidate itself");
        self.rounds.own = above.next_of(self.node);
        out.reached(gates::RAISED);
        let own = self.rounds.own;
        out.narrate("", || format!("lacks the leader of {above}: raises its ballot to {own}"));
    }

    /// The highest candidate is above the leader so far.
    fn elect(&mut self, now: LocalTime, best: Ballot, out: &mut Out) {
        if best != self.rounds.own {
            self.rounds.elected = best;
            return out.narrate("", || format!("elects {} in ballot {best}", best.owner()));
        }
        if now < self.leased.1 {
            // Its own acceptor promises nobody anything yet. It is elected again in the next round.
            return out.narrate("paxos/lease-kept", || "is elected, and keeps a lease to another".into());
        }
        self.rounds.elected = best;
        out.narrate("", || format!("is elected in ballot {best}"));
        if let Role::Leader(leader) = &self.role {
            let ballot = leader.ballot;
            self.become_follower(now, None, ballot, Span::ZERO, out);
        }
        self.become_candidate(now, out);
    }

    /// The ballot to stand in: the elected one, or else, at an operator's wish, the next above all that were heard of.
    pub(crate) fn ballot_to_stand_in(&self, owner: NodeId) -> Ballot {
        let elected = self.rounds.elected == self.rounds.own && self.acceptor.promised() < self.rounds.own;
        if self.config.detector == Detector::QuorumConnected
            && elected
            && self.config.rules.obeys(rules::BALLOT_UNIQUE)
        {
            return self.rounds.own;
        }
        self.highest.next_of(owner)
    }

    /// It stands in `ballot`, which is the one to tell from now on.
    pub(crate) fn note_own(&mut self, ballot: Ballot) {
        self.rounds.own = ballot;
        self.rounds.elected = self.rounds.elected.max(ballot);
    }

    /// It gives up a ballot. If nobody has a higher one, everybody would wait for it: it takes a higher one itself.
    pub(crate) fn note_given_up(&mut self, by: Ballot) {
        if by <= self.rounds.own {
            self.rounds.own = self.rounds.own.next_of(self.node);
        }
    }

    /// Whether the detector still has the owner of `ballot` for its leader: an acceptor renews no lease to another.
    pub(crate) fn elects(&self, ballot: Ballot) -> bool {
        self.config.detector == Detector::Heartbeat || self.rounds.best <= ballot
    }
}
