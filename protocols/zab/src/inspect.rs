//! A server's state for people, in ZooKeeper's words. Zxids are written epoch:counter. Called after every event of a
//! traced run, so it costs a few short texts and never a walk along the log.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, Slot};

use crate::discovery::FollowingStage;
use crate::relation::{Leading, LearnerStage, Stage};
use crate::zxid::{counter, epoch};
use crate::{Phase, Vote, Zab};

/// How many transactions from the end of the log, and how many outstanding proposals, are shown.
const SHOWN: usize = 4;

/// What a field holds that means nothing at the moment.
const NOTHING: &str = "-";

impl Zab {
    /// Every field every time, so that two looks can be compared field by field.
    pub(crate) fn show(&self, see: &mut dyn FnMut(&'static str, String)) {
        let leading = match &self.phase {
            Phase::Leading(leading) => Some(&**leading),
            _ => None,
        };
        see("state", self.state_in_words().into());
        see("phase", self.phase_in_words().into());
        see("acceptedEpoch", format!("{}", self.accepted_epoch));
        see("currentEpoch", format!("{}", self.current_epoch));
        see("leader", self.leader().map_or_else(|| "none".into(), |leader| format!("{leader}")));
        see("logicalclock", format!("{}", self.clock));
        see("vote", vote(&self.vote));
        see("votes", self.votes_in_words());
        see("lastZxid", zxid(self.log.last()));
        see("last txns", self.last_txns());
        see("committed", zxid(self.log.place(self.delivered).zxid));
        see("delivered", format!("{}", self.delivered));
        see("epoch acks", self.epoch_acks(leading));
        see("learners", leading.map_or_else(|| NOTHING.into(), learners));
        see("outstanding", self.outstanding_in_words(leading));
        see("lease", self.lease_in_words(leading));
        see("log begins", format!("after {}", zxid(self.log.base().zxid)));
    }

    fn state_in_words(&self) -> &'static str {
        match &self.phase {
            Phase::Unformed => "unformed",
            Phase::Looking(_) => "LOOKING",
            Phase::Following(_) if self.is_observer(self.node) => "OBSERVING",
            Phase::Following(_) => "FOLLOWING",
            Phase::Leading(_) => "LEADING",
        }
    }

    fn phase_in_words(&self) -> &'static str {
        match &self.phase {
            Phase::Unformed => NOTHING,
            Phase::Looking(_) => "election",
            Phase::Following(following) => match following.stage {
                FollowingStage::Discovery => "discovery",
                FollowingStage::Synchronization => "synchronization",
                FollowingStage::Synchronized => "synchronization, acknowledged",
                FollowingStage::Broadcast => "broadcast",
            },
            Phase::Leading(leading) => match &leading.stage {
                Stage::Discovery => "discovery",
                Stage::Announced(_) => "discovery, epoch announced",
                Stage::Synchronization(_) => "synchronization",
                Stage::Broadcast(_) => "broadcast",
            },
        }
    }

    /// Who votes for whom in this election, as far as this server has heard.
    fn votes_in_words(&self) -> String {
        let Phase::Looking(election) = &self.phase else { return NOTHING.into() };
        joined(election.votes().map(|(from, vote)| format!("{from} for {}", vote.leader)))
    }

    /// Zxid and name of the newest ones.
    fn last_txns(&self) -> String {
        let first = self.log.len().saturating_sub(SHOWN).max(self.log.base().position as usize);
        let shown = (first..self.log.len()).map(|place| self.log.at(place));
        joined(shown.map(|txn| format!("{} {}", zxid(txn.zxid), txn.entry)))
    }

    fn epoch_acks(&self, leading: Option<&Leading>) -> String {
        match leading.map(|leading| &leading.stage) {
            Some(Stage::Announced(acks) | Stage::Synchronization(acks)) => {
                format!("epoch {}: {} (needs {})", acks.epoch, acks.from, self.members.majority())
            }
            Some(Stage::Discovery | Stage::Broadcast(_)) | None => NOTHING.into(),
        }
    }

    fn outstanding_in_words(&self, leading: Option<&Leading>) -> String {
        let Some(Stage::Broadcast(broadcast)) = leading.map(|leading| &leading.stage) else {
            return NOTHING.into();
        };
        let count = broadcast.outstanding();
        let shown = broadcast.waiting().take(SHOWN);
        let mut words = joined(shown.map(|(name, acks)| format!("{} acked by {acks}", zxid(name))));
        if SHOWN < count {
            words.push_str(&format!(", and {} more", count - SHOWN));
        }
        words
    }

    fn lease_in_words(&self, leading: Option<&Leading>) -> String {
        let (what, ends) = match leading.map(|leading| &leading.stage) {
            Some(Stage::Broadcast(broadcast)) => ("reads", broadcast.lease.ends()),
            _ => ("promised", self.promise.ends()),
        };
        match ends {
            LocalTime::NEVER | LocalTime(0) => NOTHING.into(),
            LocalTime(ends) => format!("{what} until {}us by its clock", ends / 1_000),
        }
    }
}

fn zxid(zxid: Slot) -> String {
    format!("{}:{}", epoch(zxid), counter(zxid))
}

fn vote(vote: &Vote) -> String {
    format!("{} (peerEpoch {}, zxid {})", vote.leader, vote.epoch, zxid(vote.zxid))
}

/// How far each has come that follows.
fn learners(leading: &Leading) -> String {
    let rows = leading.learners.iter().enumerate();
    joined(rows.filter_map(|(index, learner)| {
        let learner = learner.as_ref()?;
        let stage = match learner.stage {
            LearnerStage::Informed => "FOLLOWERINFO came".into(),
            LearnerStage::Acked { last } => format!("ACKEPOCH came, ends at {}", zxid(last)),
            LearnerStage::Truncating { .. } => "gets TRUNC".into(),
            LearnerStage::Snapping { next, .. } => format!("gets SNAP from byte {next}"),
            LearnerStage::Diffing { after, .. } => format!("gets DIFF after {}", zxid(after)),
            LearnerStage::Syncing { upto } => format!("NEWLEADER sent, up to {}", zxid(upto)),
            LearnerStage::Synced => format!("synced, acked {}", zxid(learner.acked)),
        };
        Some(format!("{} {stage}", NodeId(index as u8)))
    }))
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}
