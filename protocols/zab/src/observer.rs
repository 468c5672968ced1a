//! Observers: servers that are told what is committed and are asked for nothing (ZooKeeper `Observer`,
//! `ObserverZooKeeperServer`, `Leader.inform`).
//!
//! An observer finds the leader by asking the voters, goes through discovery and synchronization like a follower, and
//! then gets INFORM, which carries the whole transaction, in place of PROPOSAL and COMMIT. No quorum counts it: every
//! count here is of a set, and [`replica::Members::is_quorum`] looks at voters only. It is synchronized only when the
//! leader serves, and only with what is committed; so an observer never holds what may be given up again.

use alloc::format;

use replica::{LocalTime, NodeId, SharedEntry, Slot};

use crate::discovery::FollowingStage;
use crate::relation::{LearnerStage, Stage};
use crate::{Out, Phase, Zab, rules};

impl Zab {
    /// Whether a node is told everything and asked nothing.
    pub(crate) fn is_observer(&self, node: NodeId) -> bool {
        self.members.learners.contains(node)
    }

    /// Whether a node may vote and be voted for.
    pub(crate) fn may_vote(&self, node: NodeId) -> bool {
        self.members.voters.contains(node) || !self.config.rules.obeys(rules::OBSERVER_NOT_ELECTED)
    }

    /// Whether a learner must wait with its synchronization: an observer, until the leader serves.
    pub(crate) fn is_kept_waiting(&mut self, node: NodeId, last: Slot) -> bool {
        let is_observer = self.is_observer(node);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        let waits = is_observer && !matches!(leading.stage, Stage::Broadcast(_));
        if waits {
            leading.learner_mut(node).stage = LearnerStage::Acked { last };
        }
        waits
    }

    /// A committed transaction. It is delivered once the observer is up to date, at once from then on.
    pub(crate) fn on_inform(&mut self, now: LocalTime, zxid: Slot, entry: SharedEntry, out: &mut Out<'_>) {
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        let stage = following.stage;
        if !self.is_observer(self.node) {
            return out.narrate("", || format!("INFORM {zxid} to one that votes: ignored"));
        }
        if stage < FollowingStage::Synchronized || !self.take(zxid, entry, out) {
            return self.leave_gap(now, zxid, out);
        }
        if stage == FollowingStage::Broadcast {
            self.deliver_upto(self.log.len(), out);
        }
    }
}
