//! The relation between a leader and its learners: attempts, sessions, pings and patience (ZooKeeper `Leader.lead`'s
//! tick loop, `LearnerHandler`, and the connections that both stand on).

use alloc::format;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, NodeSet, Refusal, Request, Round, Slot, Span, WriteId};

use crate::broadcast::Broadcast;
use crate::config::Reading;
use crate::discovery::{Acks, Following, FollowingStage};
use crate::message::{Attempt, Message};
use crate::{Config, Out, Phase, Snapshot, Zab, gates, rules};

/// An elected leader's state.
#[derive(Clone, Debug)]
pub(crate) struct Leading {
    pub(crate) stage: Stage,
    /// The leader's own write of the newest epoch that it announced: LEADERINFO waits for it.
    pub(crate) announced: WriteId,
    /// When the stage must have ended; never, in broadcast.
    pub(crate) stage_ends: LocalTime,
    /// When to ping and to check the quorum next.
    tick_at: LocalTime,
    /// Those who follow, a place a node.
    pub(crate) learners: Vec<Option<Learner>>,
    /// The learners that NEWLEADER was sent to: they get every proposal.
    pub(crate) forwarding: NodeSet,
    /// The observers that NEWLEADER was sent to: they are told what is committed.
    pub(crate) informing: NodeSet,
    /// The learners that UPTODATE was sent to: the voters among them get every commit. A subset of the two above.
    pub(crate) up_to_date: NodeSet,
}

/// How far a leader has come.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, in a box already")]
pub(crate) enum Stage {
    /// It waits for a quorum of FOLLOWERINFO.
    Discovery,
    /// Its epoch is announced; it waits for a quorum of ACKEPOCH.
    Announced(Acks),
    /// Its epoch is established; it waits for a quorum of ACK(NEWLEADER).
    Synchronization(Acks),
    /// It serves.
    Broadcast(Broadcast),
}

/// What a leader knows of one that follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learner {
    pub(crate) attempt: Attempt,
    /// When it was last heard in this attempt.
    pub(crate) heard: LocalTime,
    /// What it had accepted when it came.
    pub(crate) accepted: Round,
    pub(crate) stage: LearnerStage,
    /// The last zxid that it acknowledged in this attempt.
    pub(crate) acked: Slot,
}

/// How far a learner has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LearnerStage {
    /// FOLLOWERINFO came.
    Informed,
    /// ACKEPOCH came; its log ends at `last`. Waits for the quorum.
    Acked { last: Slot },
    /// TRUNC was sent, so many times.
    Truncating { rounds: u32 },
    /// A snapshot is being sent: it has taken the bytes before `next`, and those from there on are being read, or on
    /// their way.
    Snapping { snapshot: Snapshot, next: u64, is_reading: bool },
    /// A difference is being sent: the transactions from place `next` on, which follow `after`, are still to be sent,
    /// and so many DIFFs wait for DIFF-ACK.
    Diffing { next: usize, after: Slot, waiting: u64 },
    /// NEWLEADER was sent, with a history up to `upto`.
    Syncing { upto: Slot },
    /// ACK(NEWLEADER) came.
    Synced,
}

/// The attempt in which a node follows.
pub(crate) fn attempt_of(learners: &[Option<Learner>], node: NodeId) -> Attempt {
    learners[node.index()].as_ref().expect("it follows").attempt
}

impl Leading {
    pub(crate) fn new(places: usize, now: LocalTime, config: &Config) -> Leading {
        Leading {
            stage: Stage::Discovery,
            announced: WriteId::ZERO,
            stage_ends: now + config.init_limit,
            tick_at: now + config.tick,
            learners: alloc::vec![None; places],
            forwarding: NodeSet::EMPTY,
            informing: NodeSet::EMPTY,
            up_to_date: NodeSet::EMPTY,
        }
    }

    pub(crate) fn deadline(&self) -> LocalTime {
        self.tick_at.min(self.stage_ends)
    }

    pub(crate) fn stage_mut(&mut self) -> &mut Stage {
        &mut self.stage
    }

    /// The epoch, once a quorum has acknowledged it.
    pub(crate) fn established(&self) -> Option<Round> {
        match &self.stage {
            Stage::Discovery | Stage::Announced(_) => None,
            Stage::Synchronization(acks) => Some(acks.epoch),
            Stage::Broadcast(broadcast) => Some(broadcast.epoch),
        }
    }

    /// A learner that is known to follow.
    pub(crate) fn learner(&self, node: NodeId) -> &Learner {
        self.learners[node.index()].as_ref().expect("it follows")
    }

    pub(crate) fn learner_mut(&mut self, node: NodeId) -> &mut Learner {
        self.learners[node.index()].as_mut().expect("it follows")
    }

    /// Everybody who follows, in order of id.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.in_stage(|_| true)
    }

    /// The learners in a stage, in order of id.
    pub(crate) fn in_stage(&self, is: impl Fn(LearnerStage) -> bool) -> impl Iterator<Item = NodeId> {
        let all = self.learners.iter().enumerate();
        all.filter_map(move |(index, learner)| {
            learner.filter(|learner| is(learner.stage)).map(|_| NodeId(index as u8))
        })
    }

    /// Those whose ACKEPOCH came before the quorum, and where their logs end.
    pub(crate) fn acked(&self) -> impl Iterator<Item = (NodeId, Slot)> {
        let all = self.learners.iter().enumerate();
        all.filter_map(|(index, learner)| match learner.as_ref()?.stage {
            LearnerStage::Acked { last } => Some((NodeId(index as u8), last)),
            _ => None,
        })
    }

    /// Ends the relation to one. What it acknowledged stays true of its disk and stays counted.
    pub(crate) fn remove(&mut self, node: NodeId) -> Option<Learner> {
        self.forwarding.remove(node);
        self.informing.remove(node);
        self.up_to_date.remove(node);
        self.learners[node.index()].take()
    }
}

impl Zab {
    /// Whether a message comes from the leader that this server follows, in this attempt.
    pub(crate) fn follows(
        &mut self,
        now: LocalTime,
        from: NodeId,
        attempt: Attempt,
        out: &mut Out<'_>,
    ) -> bool {
        if let Phase::Following(following) = &mut self.phase
            && following.leader == from
            && following.attempt == attempt
        {
            following.heard = now;
            return true;
        }
        // The leader has been told by CLOSE, or will see the session break.
        out.reached(gates::OLD_ATTEMPT);
        out.narrate("zab/attempt", || format!("a message of attempt {} of {from}: ignored", attempt.0));
        false
    }

    /// Whether a message comes from one that follows this server, in this attempt. If it does not, the sender is told
    /// that its attempt is over, in case it believes otherwise.
    pub(crate) fn leads_learner(
        &mut self,
        now: LocalTime,
        from: NodeId,
        attempt: Attempt,
        out: &mut Out<'_>,
    ) -> bool {
        if let Phase::Leading(leading) = &mut self.phase
            && let Some(Some(learner)) = leading.learners.get_mut(from.index())
            && learner.attempt == attempt
        {
            learner.heard = now;
            return true;
        }
        out.reached(gates::OLD_ATTEMPT);
        out.narrate("zab/attempt", || format!("a message of attempt {} of {from}: closed", attempt.0));
        out.send(from, Message::Close { attempt });
        false
    }

    pub(crate) fn counts_ack_of(
        &mut self,
        now: LocalTime,
        from: NodeId,
        attempt: Attempt,
        out: &mut Out<'_>,
    ) -> bool {
        self.leads_learner(now, from, attempt, out) || !self.config.rules.obeys(rules::ACK_OF_THIS_ATTEMPT)
    }

    /// The other end gave up.
    pub(crate) fn on_close(&mut self, now: LocalTime, from: NodeId, attempt: Attempt, out: &mut Out<'_>) {
        match &mut self.phase {
            Phase::Following(following) if (following.leader, following.attempt) == (from, attempt) => {
                self.become_looking(now, "was left by its leader", out);
            }
            Phase::Leading(leading) => {
                if leading.learners[from.index()].is_some_and(|learner| learner.attempt == attempt) {
                    leading.remove(from);
                }
            }
            Phase::Looking(election) => election.drop_early(from),
            Phase::Following(_) | Phase::Unformed => {}
        }
    }

    pub(crate) fn on_session_up(&mut self, peer: NodeId, out: &mut Out<'_>) {
        if !self.members.contains(peer) {
            return;
        }
        self.up.insert(peer);
        match &self.phase {
            Phase::Looking(_) if self.may_vote(peer) => self.notify(peer, out),
            Phase::Looking(_) => {}
            // A session that breaks ends the attempt: this is the first since it began.
            Phase::Following(following) if following.leader == peer => {
                assert_eq!(following.stage, FollowingStage::Discovery);
                self.send_follower_info(peer, out);
            }
            Phase::Following(_) | Phase::Leading(_) | Phase::Unformed => {}
        }
    }

    pub(crate) fn on_session_down(&mut self, now: LocalTime, peer: NodeId, out: &mut Out<'_>) {
        if !self.members.contains(peer) {
            return;
        }
        self.up.remove(peer);
        match &mut self.phase {
            Phase::Looking(_) => self.on_election_session_down(now, peer, out),
            Phase::Following(following) if following.leader == peer => {
                self.become_looking(now, "lost the session to its leader", out);
            }
            Phase::Leading(leading) => {
                leading.remove(peer);
            }
            Phase::Following(_) | Phase::Unformed => {}
        }
    }

    pub(crate) fn on_deadline(&mut self, now: LocalTime, out: &mut Out<'_>) {
        self.end_promise(now, out);
        match &self.phase {
            Phase::Looking(_) => self.on_election_deadline(now, out),
            Phase::Following(following) => {
                if self.patience_ends(following) <= now {
                    self.become_looking(now, "hears nothing of its leader", out);
                }
            }
            Phase::Leading(leading) => {
                if leading.stage_ends <= now {
                    self.become_looking(now, "finds no quorum in time", out);
                } else if leading.tick_at <= now {
                    self.on_tick(now, out);
                }
            }
            Phase::Unformed => {}
        }
    }

    /// When a follower gives up on a leader that stays silent.
    pub(crate) fn patience_ends(&self, following: &Following) -> LocalTime {
        following.heard + self.patience(following.stage == FollowingStage::Broadcast, following.leader)
    }

    fn patience(&self, is_serving: bool, leader: NodeId) -> Span {
        // With no session there is nothing to wait for but the session.
        if is_serving || !self.up.contains(leader) { self.config.sync_limit } else { self.config.init_limit }
    }

    /// Pings the learners, drops the silent ones and checks that a quorum is left (rule zab/sync-limit).
    fn on_tick(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let config = self.config;
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader ticks") };
        leading.tick_at = now + config.tick;
        let token = match &mut leading.stage {
            Stage::Broadcast(broadcast) if config.reads == Reading::Lease => {
                broadcast.reads.token += 1;
                broadcast.lease.begin(self.node, broadcast.reads.token, now);
                broadcast.reads.token
            }
            Stage::Broadcast(broadcast) => broadcast.reads.token,
            _ => 0,
        };
        let nodes: NodeSet = leading.nodes().collect();
        for node in nodes.iter() {
            let Learner { attempt, heard, .. } = *leading.learner(node);
            let limit = if leading.up_to_date.contains(node) { config.sync_limit } else { config.init_limit };
            if limit < now.since(heard) && config.rules.obeys(rules::SYNC_LIMIT) {
                leading.remove(node);
                out.send(node, Message::Close { attempt });
                out.narrate("zab/sync-limit", || format!("{node} is silent: dropped"));
            } else {
                out.send(node, Message::Ping { attempt, token });
            }
        }
        let serves = matches!(leading.stage, Stage::Broadcast(_));
        let has_quorum = self.members.is_quorum(leading.up_to_date.with(self.node));
        if serves && !has_quorum && config.rules.obeys(rules::SYNC_LIMIT) {
            out.reached(gates::QUORUM_LOST);
            return self.become_looking(now, "does not hear from a quorum", out);
        }
        self.check_disk(now, out);
        self.resign_if_drained(now, out);
    }

    /// Closes what the server has open as it stops to follow or to lead.
    pub(crate) fn end_relations(&mut self, out: &mut Out<'_>) {
        self.drop_incoming(out);
        match core::mem::replace(&mut self.phase, Phase::Unformed) {
            Phase::Unformed => {}
            Phase::Looking(mut election) => {
                for (node, attempt, _) in election.early.drain(..) {
                    out.send(node, Message::Close { attempt });
                }
            }
            Phase::Following(following) => {
                out.send(following.leader, Message::Close { attempt: following.attempt });
                for read in following.syncs {
                    out.refuse(Request::Read(read), Refusal::NoLeader, None);
                }
            }
            Phase::Leading(leading) => {
                for node in leading.nodes() {
                    out.send(node, Message::Close { attempt: leading.learner(node).attempt });
                }
                if let Stage::Broadcast(broadcast) = leading.stage {
                    if broadcast.outstanding() > 0 {
                        out.reached(gates::DEPOSED_UNCOMMITTED);
                    }
                    broadcast.reads.refuse_all(out);
                }
            }
        }
    }
}
