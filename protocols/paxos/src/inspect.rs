//! A node's state for people: what its acceptor, learner and proposer hold. Ballots are written counter.node. Called
//! after every event of a traced run, so it costs a few short texts and never a walk along the log.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, Slot};

use crate::config::Detector;
use crate::paxos::Role;
use crate::{Ballot, Paxos};

/// How many votes from the end of the log, and how many slots in flight, are shown.
const SHOWN: usize = 4;

/// What a field holds that means nothing at the moment.
const NOTHING: &str = "-";

impl Paxos {
    /// Every field every time, so that two looks can be compared field by field.
    pub(crate) fn show(&self, see: &mut dyn FnMut(&'static str, String)) {
        let chosen = self.learner.delivered();
        see("role", self.role_in_words().into());
        see("promised", ballot(self.acceptor.promised()));
        see("ballot", self.own_ballot().map_or_else(|| NOTHING.into(), ballot));
        see("leader", self.leader_known().map_or_else(|| "none".into(), |leader| format!("{leader}")));
        see("highest ballot", ballot(self.highest));
        see("quorums", format!("phase 1: {}, phase 2: {}", self.quorums.q1, self.quorums.q2));
        see("promises", self.promises_in_words());
        see("reported", self.reported_in_words());
        see("chosen", format!("up to {chosen}"));
        see("watermark", self.watermark_in_words());
        see("last votes", self.last_votes());
        see("accepted beyond", beyond(chosen, self.acceptor.last()));
        see("window", self.window_in_words());
        see("lease", self.lease_in_words());
        see("rounds", self.rounds_in_words());
        see("trimmed", format!("up to {}", self.acceptor.base()));
    }

    fn role_in_words(&self) -> &'static str {
        match &self.role {
            Role::Unformed => "unformed",
            Role::Follower(_) if !self.is_voter() => "learner",
            Role::Follower(_) => "follower",
            Role::Candidate(_) => "candidate (phase 1)",
            Role::Leader(_) => "leader (phase 2)",
        }
    }

    fn own_ballot(&self) -> Option<Ballot> {
        match &self.role {
            Role::Candidate(candidate) => Some(candidate.ballot),
            Role::Leader(leader) => Some(leader.ballot),
            Role::Unformed | Role::Follower(_) => None,
        }
    }

    fn leader_known(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower(follower) => follower.leader,
            Role::Leader(_) => Some(self.node),
            Role::Unformed | Role::Candidate(_) => None,
        }
    }

    fn promises_in_words(&self) -> String {
        match &self.role {
            Role::Candidate(candidate) => {
                format!("{} (needs {})", candidate.promises.from(), self.quorums.q1)
            }
            Role::Unformed | Role::Follower(_) | Role::Leader(_) => NOTHING.into(),
        }
    }

    /// The slots of which a promise has told something.
    fn reported_in_words(&self) -> String {
        let Role::Candidate(candidate) = &self.role else { return NOTHING.into() };
        match candidate.reported.len() as u64 {
            0 => format!("nothing from {} on", candidate.from),
            count => format!("slots {}", between(candidate.from.0, candidate.from.0 + count - 1)),
        }
    }

    /// What the leader of which ballot last said to be chosen.
    fn watermark_in_words(&self) -> String {
        match self.learner.watermark() {
            (Ballot::ZERO, _) => NOTHING.into(),
            (of, slot) => format!("{slot} by the leader of {}", ballot(of)),
        }
    }

    /// Slot, ballot and name of the newest ones.
    fn last_votes(&self) -> String {
        let last = self.acceptor.last().0;
        let first = self.acceptor.base().0.max(last.saturating_sub(SHOWN as u64)) + 1;
        let votes = (first..=last).map(Slot).filter_map(|slot| Some((slot, self.acceptor.vote(slot)?)));
        joined(votes.map(|(slot, cast)| format!("{slot} b{} {}", cast.ballot, cast.entry)))
    }

    /// What a leader has in flight, and what waits for room.
    fn window_in_words(&self) -> String {
        let Role::Leader(leader) = &self.role else { return NOTHING.into() };
        let (flight, waiting) = leader.load();
        let mut words = format!("{flight} of {}", self.config.window);
        let in_flight = leader.in_flight().take(SHOWN);
        let slots: Vec<String> =
            in_flight.map(|(slot, votes)| format!("{slot} accepted by {votes}")).collect();
        if !slots.is_empty() {
            words.push_str(&format!(": {}", slots.join(", ")));
        }
        if 0 < waiting {
            words.push_str(&format!("; {waiting} wait"));
        }
        words
    }

    /// The leases that a leader was granted, or the one that this node's acceptor keeps.
    fn lease_in_words(&self) -> String {
        if let Role::Leader(leader) = &self.role
            && !leader.reads.granted().is_empty()
        {
            return format!("granted by {}", leader.reads.granted());
        }
        match self.leased {
            (_, LocalTime(0)) => NOTHING.into(),
            (to, LocalTime(until)) => {
                format!("kept for {} until {}us by its clock", ballot(to), until / 1_000)
            }
        }
    }

    /// The second failure detector's.
    fn rounds_in_words(&self) -> String {
        match self.config.detector {
            Detector::Heartbeat => NOTHING.into(),
            Detector::QuorumConnected => self.rounds.in_words(),
        }
    }
}

fn ballot(ballot: Ballot) -> String {
    if ballot == Ballot::ZERO { "none".into() } else { format!("{ballot}") }
}

fn beyond(chosen: Slot, last: Slot) -> String {
    if last <= chosen { "none".into() } else { format!("slots {}", between(chosen.0 + 1, last.0)) }
}

fn between(first: u64, last: u64) -> String {
    if first == last { format!("{first}") } else { format!("{first}..{last}") }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}
