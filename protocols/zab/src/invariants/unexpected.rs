//! Messages that may not come in the state that their receiver is in: the flags of the system specification
//! (zookeeper-specifications, "this message should never be received").
//!
//! Only messages of the relation at hand are looked at: what comes of one that is over is the world's doing. Cheap, and
//! early: a proposal that was not sent to a learner shows here at the next one, long before anything is lost. Shown by
//! the mutants without `zab/propose-to-syncing` (Z-14) and `zab/whole-log` (Z-17).

use alloc::format;

use replica::{Findings, Invariant, NodeId};

use super::{EXPECTED, Judge};
use crate::discovery::{Following, FollowingStage};
use crate::zxid::follows;
use crate::{Message, Phase, Zab};

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/expected",
    sentence: "No follower is sent what does not go on from its log, or what its stage does not expect",
};

/// A message is about to be stepped in.
pub(super) fn on_receiving(
    judge: &Judge,
    node: NodeId,
    replica: &Zab,
    from: NodeId,
    message: &Message,
    findings: &mut Findings,
) {
    let Phase::Following(following) = &replica.phase else { return };
    let Some((attempt, holds)) = expects(judge, node, replica, following, message) else { return };
    if (following.leader, following.attempt) == (from, attempt) {
        findings.check(EXPECTED, node, holds, || {
            let (stage, last) = (following.stage, replica.log.last());
            format!("{from} sends {message:?} to {node}, whose log ends at {last}, in {stage:?}")
        });
    }
}

/// The attempt of a message of a leader, and whether a follower should be sent it now.
fn expects(
    judge: &Judge,
    node: NodeId,
    replica: &Zab,
    following: &Following,
    message: &Message,
) -> Option<(crate::Attempt, bool)> {
    let (stage, last) = (following.stage, replica.log.last());
    let observes = judge.members.learners.contains(node);
    let repeats = |zxid| replica.config.propose_twice && replica.log.contains(zxid);
    Some(match message {
        Message::Proposal { attempt, zxid, .. } => {
            let is_next = follows(last, *zxid) || repeats(*zxid);
            (*attempt, !observes && FollowingStage::Synchronized <= stage && is_next)
        }
        Message::Commit { attempt, zxid } => {
            let holds = stage == FollowingStage::Broadcast && replica.log.contains(*zxid);
            (*attempt, !observes && holds)
        }
        Message::Inform { attempt, zxid, .. } => {
            let is_next = follows(last, *zxid);
            (*attempt, observes && FollowingStage::Synchronized <= stage && is_next)
        }
        Message::Diff { attempt, after, txns, .. } => {
            let mut before = *after;
            let is_whole =
                txns.iter().all(|(zxid, _)| follows(core::mem::replace(&mut before, *zxid), *zxid));
            (*attempt, stage <= FollowingStage::Synchronization && *after == last && is_whole)
        }
        Message::NewLeader { attempt, last: end, .. } => {
            (*attempt, stage <= FollowingStage::Synchronization && *end == last)
        }
        Message::Trunc { attempt, .. } | Message::Snap { attempt, .. } => {
            (*attempt, stage <= FollowingStage::Synchronization)
        }
        Message::UpToDate { attempt, .. } => (*attempt, stage == FollowingStage::Synchronized),
        _ => return None,
    })
}
