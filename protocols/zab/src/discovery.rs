//! Discovery, phase 1 of Zab: a quorum promises a new epoch to the elected leader, and with it to follow nobody of an
//! earlier one (DSN 2011, section IV.A; ZooKeeper `Learner.registerWithLeader`, `Leader.getEpochToPropose` and
//! `waitForEpochAck`).

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;

use replica::{Fact, LocalTime, NodeId, NodeSet, ReadId, Round, Slot, WriteId};

use crate::message::{Attempt, Message};
use crate::relation::{Leading, Learner, LearnerStage, Stage};
use crate::zxid::epoch as epoch_of;
use crate::{Out, Phase, Record, Zab, gates, rules};

/// A follower's relation to its leader: one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Following {
    pub(crate) leader: NodeId,
    pub(crate) attempt: Attempt,
    /// When the leader was last heard in this attempt, at first when it began.
    pub(crate) heard: LocalTime,
    /// The epoch acknowledged in this attempt. `epoch == accepted_epoch` once set.
    pub(crate) epoch: Round,
    pub(crate) stage: FollowingStage,
    /// Reads that wait for SYNCED, in the order of their SYNCs.
    pub(crate) syncs: VecDeque<ReadId>,
    /// An epoch that may not be acknowledged before a lease ends that was granted to another leader.
    pub(crate) held: Option<Round>,
}

/// How far a follower has come, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FollowingStage {
    /// FOLLOWERINFO is sent; no part of the leader's history has come.
    Discovery,
    /// The leader's history is coming.
    Synchronization,
    /// NEWLEADER is acknowledged; proposals are taken, nothing is delivered yet.
    Synchronized,
    /// Up to date.
    Broadcast,
}

/// An epoch that a leader has announced or established, and who has acknowledged it.
#[derive(Clone, Debug)]
pub(crate) struct Acks {
    pub(crate) epoch: Round,
    /// The leader's own write of the epoch: it counts itself once that is durable.
    pub(crate) write: WriteId,
    /// The servers that acknowledged, durably.
    pub(crate) from: NodeSet,
}

impl Zab {
    /// Begins an attempt to follow an elected leader.
    pub(crate) fn become_following(&mut self, now: LocalTime, leader: NodeId, out: &mut Out<'_>) {
        assert!(matches!(self.phase, Phase::Looking(_)), "only a looking server begins to follow");
        assert_ne!(leader, self.node);
        for (node, attempt, _) in self.take_early() {
            out.send(node, Message::Close { attempt });
        }
        self.attempt = Attempt(self.attempt.0 + 1);
        self.phase = Phase::Following(Following {
            leader,
            attempt: self.attempt,
            heard: now,
            epoch: Round::ZERO,
            stage: FollowingStage::Discovery,
            syncs: VecDeque::new(),
            held: None,
        });
        out.narrate("", || format!("follows {leader}"));
        self.send_follower_info(leader, out);
    }

    /// Sent when the attempt begins, and when the session to the leader comes up after that.
    pub(crate) fn send_follower_info(&self, leader: NodeId, out: &mut Out<'_>) {
        out.send(leader, Message::FollowerInfo { attempt: self.attempt, accepted: self.accepted_epoch });
    }

    pub(crate) fn on_leader_info(&mut self, now: LocalTime, epoch: Round, out: &mut Out<'_>) {
        let rules = self.config.rules;
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        let is_bound = self.is_bound(now, following.leader, out);
        let Phase::Following(following) = &mut self.phase else { unreachable!("the guard saw a follower") };
        if following.stage != FollowingStage::Discovery {
            // An epoch is raised only before it is established, and only then does synchronization begin.
            return out.narrate("", || format!("LEADERINFO {epoch} after synchronization began: ignored"));
        }
        // As it was: with no acceptedEpoch a follower takes any epoch, and takes it for new.
        let forgets = !rules.obeys(rules::EPOCH_RECORDED);
        if epoch < self.accepted_epoch && !forgets {
            return self.become_looking(now, "has accepted a later epoch than its leader's", out);
        }
        let fresh = self.accepted_epoch < epoch;
        if fresh && is_bound {
            following.held = Some(epoch);
            return;
        }
        following.epoch = epoch;
        let (leader, attempt) = (following.leader, following.attempt);
        if fresh {
            self.accepted_epoch = epoch;
            out.write(Record::AcceptedEpoch { epoch });
        } else {
            // An epoch may have been promised to another leader that announced the same number: a second vote for it
            // could establish both.
            out.reached(gates::ACCEPTED_BEFORE);
        }
        let vote = fresh || forgets || !rules.obeys(rules::ACCEPT_ONCE);
        let message =
            Message::AckEpoch { attempt, epoch, vote, current: self.current_epoch, last: self.log.last() };
        if rules.obeys(rules::ACCEPT_DURABLE) {
            out.send_durable(leader, message);
        } else {
            out.send(leader, message);
        }
        out.narrate("zab/accept-durable", || format!("acknowledges epoch {epoch}, as a vote: {vote}"));
    }

    /// Begins to lead: an elected leader waits for a quorum of FOLLOWERINFO.
    pub(crate) fn become_leading(&mut self, now: LocalTime, out: &mut Out<'_>) {
        assert!(matches!(self.phase, Phase::Looking(_)), "only a looking server begins to lead");
        assert_eq!(self.vote.leader, self.node);
        let early = self.take_early();
        let places = self.places();
        self.phase = Phase::Leading(Box::new(Leading::new(places, now, &self.config)));
        out.narrate("", || format!("is elected in election {}", self.clock));
        for (node, attempt, accepted) in early {
            out.reached(gates::EARLY_FOLLOWER);
            self.on_follower_info(now, node, attempt, accepted, out);
        }
        self.announce_if_quorum(now, out);
    }

    pub(crate) fn on_follower_info(
        &mut self,
        now: LocalTime,
        from: NodeId,
        attempt: Attempt,
        accepted: Round,
        out: &mut Out<'_>,
    ) {
        let rules = self.config.rules;
        let leading = match &mut self.phase {
            Phase::Looking(election) => return election.keep_early(from, attempt, accepted),
            Phase::Following(_) | Phase::Unformed => return out.send(from, Message::Close { attempt }),
            Phase::Leading(leading) => leading,
        };
        let forgets = !rules.obeys(rules::EPOCH_RECORDED);
        leading.remove(from);
        leading.learners[from.index()] =
            Some(Learner { attempt, heard: now, accepted, stage: LearnerStage::Informed, acked: Slot::ZERO });
        match &leading.stage {
            Stage::Discovery => self.announce_if_quorum(now, out),
            Stage::Announced(acks) => {
                let epoch = acks.epoch;
                // It cannot vote for this epoch any more, unless its vote is counted already.
                let spent = accepted == epoch && rules.obeys(rules::ACCEPT_ONCE) && !acks.from.contains(from);
                if (epoch < accepted || spent) && !forgets {
                    out.reached(gates::EPOCH_RAISED);
                    self.announce(now, accepted.next(), out);
                } else {
                    self.send_leader_info(from, out);
                }
            }
            Stage::Synchronization(_) | Stage::Broadcast(_) => {
                let epoch = leading.established().expect("established in these stages");
                if epoch < accepted && !forgets {
                    out.reached(gates::DEPOSED_BY_EPOCH);
                    self.become_looking(now, "has a follower that accepted a later epoch", out);
                } else {
                    self.send_leader_info(from, out);
                }
            }
        }
    }

    pub(crate) fn announce_if_quorum(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { return };
        if !matches!(leading.stage, Stage::Discovery) {
            return;
        }
        let informed: NodeSet = leading.nodes().collect();
        if self.members.is_quorum(informed.with(self.node)) && !self.is_bound(now, self.node, out) {
            if !self.config.rules.obeys(rules::EPOCH_RECORDED) {
                // As it was: the epoch that the log ends in, plus one, though another may have been given that one.
                return self.announce(now, epoch_of(self.log.last()).next(), out);
            }
            let Phase::Leading(leading) = &self.phase else { unreachable!("seen above") };
            let highest = leading.learners.iter().flatten().map(|learner| learner.accepted).max();
            let epoch = highest.unwrap_or_default().max(self.accepted_epoch).next();
            self.announce(now, epoch, out);
        }
    }

    /// Announces a new epoch, in place of one that was announced but never established: no transaction and no
    /// NEWLEADER of that one can exist, and its acknowledgments carry its number.
    fn announce(&mut self, now: LocalTime, epoch: Round, out: &mut Out<'_>) {
        believe!(self, self.accepted_epoch < epoch, "an epoch is announced once");
        self.accepted_epoch = epoch;
        let write = out.write(Record::AcceptedEpoch { epoch });
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader announces") };
        assert!(leading.established().is_none(), "an established epoch stays");
        leading.announced = write;
        leading.stage = Stage::Announced(Acks { epoch, write, from: NodeSet::EMPTY });
        leading.stage_ends = now + self.config.init_limit;
        out.narrate("zab/announce-durable", || format!("announces epoch {epoch}"));
        let nodes: NodeSet = leading.nodes().collect();
        for node in nodes.iter() {
            self.send_leader_info(node, out);
        }
    }

    /// LEADERINFO leaves once the leader's own acceptedEpoch is durable: a leader that restarts must not announce the
    /// same epoch a second time, to another quorum.
    fn send_leader_info(&mut self, to: NodeId, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader announces") };
        let epoch = self.accepted_epoch;
        let write = leading.announced;
        assert_ne!(write, WriteId::ZERO, "there is an epoch to announce");
        let attempt = leading.learner(to).attempt;
        let message = Message::LeaderInfo { attempt, epoch };
        if self.config.rules.obeys(rules::ANNOUNCE_DURABLE) {
            out.send_after(to, message, write);
        } else {
            out.send(to, message);
        }
    }

    /// `report` is the follower's (currentEpoch, last zxid).
    pub(crate) fn on_ack_epoch(
        &mut self,
        now: LocalTime,
        from: NodeId,
        epoch: Round,
        vote: bool,
        report: (Round, Slot),
        out: &mut Out<'_>,
    ) {
        let is_ahead = self.is_ahead(report);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("the guard saw a leader") };
        let last = report.1;
        let established = leading.established();
        match &mut leading.stage {
            Stage::Announced(acks) if acks.epoch == epoch => {
                // The election is a hint, this check is the rule: whoever established an epoch before has left its
                // history at a quorum, so one of this quorum would be ahead of a leader that lacks it.
                if is_ahead && self.config.rules.obeys(rules::NOT_AHEAD) {
                    out.reached(gates::FOLLOWER_AHEAD);
                    return self.become_looking(now, "has a follower that is ahead", out);
                }
                if vote {
                    acks.from.insert(from);
                }
                leading.learner_mut(from).stage = LearnerStage::Acked { last };
                self.count_own_phase(now, out);
            }
            // Once an epoch is established, a follower that is ahead is ahead with what no quorum has: truncated.
            Stage::Synchronization(_) | Stage::Broadcast(_) if established == Some(epoch) => {
                if leading.learner(from).stage == LearnerStage::Informed {
                    self.synchronize(from, last, out);
                }
            }
            _ => out.narrate("", || format!("ACKEPOCH {epoch} of {from} is for an epoch given up: ignored")),
        }
    }

    fn is_ahead(&self, (current, last): (Round, Slot)) -> bool {
        if self.config.rules.obeys(rules::ORDER_BY_EPOCH) {
            (self.current_epoch, self.log.last()) < (current, last)
        } else {
            self.log.last() < last
        }
    }

    /// Counts the leader itself if its own write is durable, and goes on if a quorum has acknowledged.
    pub(crate) fn count_own_phase(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let own_counts_early = !self.config.rules.obeys(rules::LEADER_COUNTS_DURABLE);
        let (node, durable, members) = (self.node, self.durable, self.members);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader counts") };
        let (Stage::Announced(acks) | Stage::Synchronization(acks)) = &mut leading.stage else { return };
        if acks.write <= durable || own_counts_early {
            acks.from.insert(node);
        }
        if members.is_quorum(acks.from) {
            match &leading.stage {
                Stage::Announced(_) => self.establish(now, out),
                Stage::Synchronization(_) => self.begin_broadcast(out),
                Stage::Discovery | Stage::Broadcast(_) => unreachable!("matched above"),
            }
        }
    }

    /// A quorum has acknowledged the epoch: from here on it has exactly one leader, for ever.
    fn establish(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader establishes") };
        let Stage::Announced(acks) = &leading.stage else { unreachable!("an epoch was announced") };
        let epoch = acks.epoch;
        assert_eq!(epoch, self.accepted_epoch);
        believe!(self, self.current_epoch < epoch, "an epoch is established once");
        out.fact(Fact::Leads { round: epoch });
        // The leader's whole log is the epoch's initial history, and it stands before this record.
        self.current_epoch = epoch;
        let write = out.write(Record::CurrentEpoch { epoch });
        leading.stage = Stage::Synchronization(Acks { epoch, write, from: NodeSet::EMPTY });
        leading.stage_ends = now + self.config.init_limit;
        out.narrate("", || format!("leads epoch {epoch}, with history up to {}", self.log.last()));
        let acked: alloc::vec::Vec<(NodeId, Slot)> = leading.acked().collect();
        if !self.config.rules.obeys(rules::SERVE_AFTER_QUORUM) {
            self.begin_broadcast(out);
        }
        for (node, last) in acked {
            self.synchronize(node, last, out);
        }
        self.count_own_phase(now, out);
    }
}
