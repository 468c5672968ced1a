//! Broadcast, phase 3 of Zab: the leader proposes, followers acknowledge what is on their disks, and what a quorum
//! holds is committed in the order of zxids (DSN 2011, section IV.C; ZooKeeper `Leader.propose`, `processAck`,
//! `tryToCommit`, `Follower.processPacket`). Pipelined: a proposal waits for no earlier one.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

use replica::{LocalTime, NodeId, NodeSet, Refusal, Round, SharedEntry, Slot, WriteId};

use crate::config::Reading;
use crate::discovery::FollowingStage;
use crate::handover::Resigning;
use crate::lease::Lease;
use crate::message::{Attempt, Message, Vote};
use crate::reads::{Confirmation, Reads};
use crate::relation::{LearnerStage, Stage, attempt_of};
use crate::zxid::{COUNTER_MAX, counter, epoch as epoch_of, zxid};
use crate::{Out, Phase, Record, Zab, gates, rules};

/// The most proposals that wait for their quorum; beyond, requests are refused. Bounds what a leader holds for
/// followers that have stopped writing but still answer pings.
const OUTSTANDING_MAX: usize = 16_384;

/// A leader's state in this phase. What is committed is what it has delivered.
#[derive(Clone, Debug)]
pub(crate) struct Broadcast {
    /// The epoch led.
    pub(crate) epoch: Round,
    /// How many transactions of the log are committed; all of them are delivered here.
    committed: usize,
    /// Proposals that are not committed yet, in order; their zxids are consecutive.
    pending: VecDeque<Pending>,
    /// How many of `pending`, from the front, are on the leader's own disk and counted as acknowledged by it.
    own: usize,
    /// The leader's newest own write, until it is durable.
    newest: Option<WriteId>,
    /// Since when the leader's disk has not confirmed a proposal that it was given; None if it has confirmed all.
    stalled_since: Option<LocalTime>,
    /// Whether the leader is about to hand over.
    pub(crate) resigning: Option<Resigning>,
    pub(crate) reads: Reads,
    pub(crate) lease: Lease,
}

#[derive(Clone, Debug)]
struct Pending {
    zxid: Slot,
    /// The leader's own write of it.
    write: WriteId,
    /// Who has it on disk.
    acks: NodeSet,
}

impl Broadcast {
    /// A leader begins when its whole log is committed.
    fn new(epoch: Round, committed: usize) -> Broadcast {
        Broadcast {
            epoch,
            committed,
            pending: VecDeque::new(),
            own: 0,
            newest: None,
            stalled_since: None,
            resigning: None,
            reads: Reads::default(),
            lease: Lease::default(),
        }
    }

    /// How many proposals wait for their quorum.
    pub(crate) fn outstanding(&self) -> usize {
        self.pending.len()
    }

    /// The proposals that wait and who has each on disk, in order, for people.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (Slot, NodeSet)> {
        self.pending.iter().map(|pending| (pending.zxid, pending.acks))
    }

    /// The last zxid that waits.
    pub(crate) fn last_outstanding(&self) -> Option<Slot> {
        self.pending.back().map(|pending| pending.zxid)
    }

    /// The leader acknowledges its own proposals once they are on its own disk.
    pub(crate) fn count_own(&mut self, node: NodeId, durable: WriteId, now: LocalTime) {
        if self.newest.is_some_and(|newest| newest <= durable) {
            self.newest = None;
        }
        self.stalled_since = self.newest.map(|_| now);
        while self.own < self.pending.len() && self.pending[self.own].write <= durable {
            self.pending[self.own].acks.insert(node);
            self.own += 1;
        }
    }

    /// Where `zxid` waits. None if it is committed already, or was never proposed here.
    fn place(&self, zxid: Slot) -> Option<usize> {
        let back = zxid.0.checked_sub(self.pending.front()?.zxid.0)? as usize;
        (back < self.pending.len() && self.pending[back].zxid == zxid).then_some(back)
    }
}

impl Zab {
    /// The last zxid that this leader has committed.
    pub(crate) fn committed(&self) -> Slot {
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader commits") };
        let Stage::Broadcast(broadcast) = &leading.stage else { unreachable!("only in this phase") };
        self.log.place(broadcast.committed).zxid
    }

    /// How many transactions this leader has committed.
    pub(crate) fn committed_count(&self) -> usize {
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader commits") };
        let Stage::Broadcast(broadcast) = &leading.stage else { unreachable!("only in this phase") };
        broadcast.committed
    }

    /// A quorum holds the leader's history: it is committed as a whole, and the leader serves.
    pub(crate) fn begin_broadcast(&mut self, out: &mut Out<'_>) {
        self.deliver_upto(self.log.len(), out);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader broadcasts") };
        let Stage::Synchronization(acks) = &leading.stage else { unreachable!("histories come first") };
        leading.stage = Stage::Broadcast(Broadcast::new(acks.epoch, self.log.len()));
        leading.stage_ends = LocalTime::NEVER;
        out.narrate("zab/serve-after-quorum", || format!("serves, history up to {}", self.log.last()));
        let synced: NodeSet = leading.in_stage(|stage| matches!(stage, LearnerStage::Synced)).collect();
        for node in synced.iter() {
            self.send_up_to_date(node, out);
        }
        // Observers waited for this.
        let Phase::Leading(leading) = &self.phase else { unreachable!("it has begun") };
        let waiting: Vec<_> = leading.acked().filter(|(node, _)| self.is_observer(*node)).collect();
        for (node, last) in waiting {
            self.synchronize(node, last, out);
        }
    }

    pub(crate) fn on_propose(&mut self, now: LocalTime, entry: SharedEntry, out: &mut Out<'_>) {
        match &self.phase {
            Phase::Leading(leading) => match &leading.stage {
                Stage::Broadcast(broadcast) if broadcast.resigning.is_none() => self.propose(now, entry, out),
                _ => out.refuse_entry(&entry, Refusal::NoLeader, None),
            },
            Phase::Following(following) if following.stage == FollowingStage::Broadcast => {
                out.send(following.leader, Message::Request { attempt: following.attempt, entry });
            }
            _ => out.refuse_entry(&entry, Refusal::NoLeader, None),
        }
    }

    /// A write that a follower forwards. If it cannot be proposed it is lost here, and its server sends it again.
    pub(crate) fn on_request(&mut self, now: LocalTime, from: NodeId, entry: SharedEntry, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { unreachable!("the guard saw a leader") };
        match &leading.stage {
            Stage::Broadcast(broadcast)
                if broadcast.outstanding() < OUTSTANDING_MAX && broadcast.resigning.is_none() =>
            {
                self.propose(now, entry, out);
            }
            _ => out.narrate("", || format!("REQUEST of {from} cannot be proposed now: dropped")),
        }
    }

    pub(crate) fn propose(&mut self, now: LocalTime, entry: SharedEntry, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader proposes") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        if OUTSTANDING_MAX <= broadcast.outstanding() {
            if entry.is_noop() {
                return broadcast.reads.refuse_marked(out);
            }
            return out.refuse_entry(&entry, Refusal::Busy, None);
        }
        let last = self.log.last();
        let zxid = if epoch_of(last) < self.current_epoch {
            zxid(self.current_epoch, 1)
        } else if counter(last) < self.config.counter_max.min(COUNTER_MAX) {
            last.next()
        } else if self.config.rules.obeys(rules::COUNTER_OVERFLOW) {
            // One more would run over into the epoch. A new epoch begins at 1 again.
            if !entry.is_noop() {
                out.refuse_entry(&entry, Refusal::NoLeader, None);
            }
            out.reached(gates::COUNTER_USED_UP);
            return self.become_looking(now, "has used up its counter", out);
        } else {
            zxid(epoch_of(last).next(), 1)
        };
        let write = out.write(Record::Txn { zxid, entry: entry.clone() });
        broadcast.pending.push_back(Pending { zxid, write, acks: NodeSet::EMPTY });
        broadcast.newest = Some(write);
        broadcast.stalled_since.get_or_insert(now);
        self.log.append(zxid, entry.clone());
        // Proposals leave before the leader's own write is durable; it counts itself only when it is. They go to
        // learners between NEWLEADER and its ACK as well: what comes after their NEWLEADER they learn only this way.
        let to = if self.config.rules.obeys(rules::PROPOSE_TO_SYNCING) {
            leading.forwarding
        } else {
            leading.forwarding.and(leading.up_to_date)
        };
        for node in to.iter() {
            let attempt = attempt_of(&leading.learners, node);
            out.send(node, Message::Proposal { attempt, zxid, entry: entry.clone() });
        }
        if !self.config.rules.obeys(rules::LEADER_COUNTS_DURABLE) {
            broadcast.count_own(self.node, write, now);
            self.commit_ready(now, out);
        }
    }

    /// With `propose_twice`, the proposals that NEWLEADER's history holds already go out again after it, as
    /// ZooKeeper's do (`Leader.startForwarding`). A follower must not mind.
    pub(crate) fn repeat_outstanding(&mut self, to: NodeId, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader proposes") };
        let Stage::Broadcast(broadcast) = &leading.stage else { return };
        if self.config.propose_twice {
            let attempt = leading.learner(to).attempt;
            for place in broadcast.committed..self.log.len() {
                let txn = self.log.at(place);
                out.send(to, Message::Proposal { attempt, zxid: txn.zxid, entry: txn.entry.clone() });
            }
        }
    }

    /// A leader whose own disk does not confirm anything for the sync limit gives up: it still answers pings, and so
    /// nobody else would notice. It votes for the follower that has acknowledged most, not for itself.
    pub(crate) fn check_disk(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader checks") };
        let Stage::Broadcast(broadcast) = &leading.stage else { return };
        let Some(since) = broadcast.stalled_since else { return };
        if now.since(since) <= self.config.sync_limit || !self.config.rules.obeys(rules::SYNC_LIMIT) {
            return;
        }
        out.reached(gates::DISK_STALLED);
        let others = leading.up_to_date.and(self.members.voters).iter();
        let best = others.map(|node| (leading.learner(node).acked, node)).max();
        let epoch = self.current_epoch;
        let wish = best.map(|(zxid, leader)| Vote { leader, zxid, epoch });
        self.look(now, "has a disk that is stalled", wish, out);
    }

    pub(crate) fn on_proposal(&mut self, now: LocalTime, zxid: Slot, entry: SharedEntry, out: &mut Out<'_>) {
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        if following.stage < FollowingStage::Synchronized {
            return self.leave_gap(now, zxid, out);
        }
        let (leader, attempt) = (following.leader, following.attempt);
        if zxid <= self.log.last() && epoch_of(zxid) == following.epoch && self.log.contains(zxid) {
            // A leader may say it again (`propose_twice`): it is on disk or on its way, and counts as it did.
            return self.send_ack(leader, attempt, zxid, out);
        }
        if !self.take(zxid, entry, out) {
            return self.leave_gap(now, zxid, out);
        }
        self.send_ack(leader, attempt, zxid, out);
    }

    fn send_ack(&self, leader: NodeId, attempt: Attempt, zxid: Slot, out: &mut Out<'_>) {
        let ack = Message::Ack { attempt, zxid };
        if self.config.rules.obeys(rules::ACK_DURABLE) {
            out.send_durable(leader, ack);
        } else {
            out.send(leader, ack);
        }
    }

    pub(crate) fn on_ack(&mut self, now: LocalTime, from: NodeId, zxid: Slot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { return };
        if let Some(learner) = &mut leading.learners[from.index()] {
            learner.acked = learner.acked.max(zxid);
        }
        let Stage::Broadcast(broadcast) = &mut leading.stage else { return };
        let place = match broadcast.place(zxid) {
            Some(place) => place,
            None if !self.config.rules.obeys(rules::ACK_OF_THIS_ATTEMPT) => {
                let Some(front) = broadcast.pending.front() else { return };
                let back = counter(zxid).wrapping_sub(counter(front.zxid)) as usize;
                if broadcast.pending.len() <= back {
                    return;
                }
                back
            }
            // Committed without it.
            None => return self.resign_if_drained(now, out),
        };
        broadcast.pending[place].acks.insert(from);
        // Acknowledgments of a follower come in order, so only the front can complete a quorum first.
        if place == 0 || !self.config.rules.obeys(rules::ACK_OF_THIS_ATTEMPT) {
            self.commit_ready(now, out);
        }
    }

    /// ACK(NEWLEADER) of a history that ends among outstanding proposals acknowledges those too.
    pub(crate) fn count_acks_upto(&mut self, now: LocalTime, from: NodeId, last: Slot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader counts") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        for pending in broadcast.pending.iter_mut().take_while(|pending| pending.zxid <= last) {
            pending.acks.insert(from);
        }
        self.commit_ready(now, out);
    }

    /// Commits from the front what a quorum holds.
    pub(crate) fn commit_ready(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader commits") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        let first = broadcast.committed;
        let mut count = first;
        while let Some(front) = broadcast.pending.front() {
            if !self.members.is_quorum(front.acks) {
                break;
            }
            if broadcast.own == 0 {
                out.reached(gates::COMMITTED_WITHOUT_OWN_DISK);
            }
            believe!(self, self.log.at(count).zxid == front.zxid, "proposals are committed in order");
            broadcast.own = broadcast.own.saturating_sub(1);
            broadcast.pending.pop_front();
            count += 1;
        }
        broadcast.committed = count;
        if first < count {
            self.commit(first, count, out);
            self.answer_markers(now, out);
            self.resign_if_drained(now, out);
        }
    }

    /// Delivers transactions `first..count` of the log and tells the followers.
    fn commit(&mut self, first: usize, count: usize, out: &mut Out<'_>) {
        self.deliver_upto(count, out);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader commits") };
        let in_order = self.config.rules.obeys(rules::COMMIT_IN_ORDER);
        for step in 0..count - first {
            let place = if in_order { first + step } else { count - 1 - step };
            let txn = self.log.at(place);
            let zxid = txn.zxid;
            for node in leading.up_to_date.and(self.members.voters).iter() {
                let attempt = attempt_of(&leading.learners, node);
                out.send(node, Message::Commit { attempt, zxid });
            }
            for node in leading.informing.iter() {
                let attempt = attempt_of(&leading.learners, node);
                out.send(node, Message::Inform { attempt, zxid, entry: txn.entry.clone() });
            }
        }
        self.answer_syncs(out);
    }

    pub(crate) fn on_commit(&mut self, now: LocalTime, zxid: Slot, out: &mut Out<'_>) {
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        if following.stage != FollowingStage::Broadcast {
            return out.narrate("", || format!("COMMIT {zxid} before UPTODATE: ignored"));
        }
        self.commit_upto(now, zxid, out);
    }

    /// A follower learns that everything up to `zxid` is committed.
    pub(crate) fn commit_upto(&mut self, now: LocalTime, zxid: Slot, out: &mut Out<'_>) {
        let count = self.log.count_upto(zxid);
        let rules = self.config.rules;
        if self.log.floor(zxid) != zxid && rules.obeys(rules::CONTIGUOUS) && rules.obeys(rules::FIFO) {
            return self.leave_gap(now, zxid, out);
        }
        self.deliver_upto(count, out);
    }

    /// Something came that does not go on from this log: a session does not lose messages, so this server and its
    /// leader disagree about what it holds. A new attempt finds out.
    pub(crate) fn leave_gap(&mut self, now: LocalTime, zxid: Slot, out: &mut Out<'_>) {
        believe!(self, !matches!(self.phase, Phase::Leading(_)), "a follower finds gaps");
        out.narrate("zab/contiguous", || format!("{zxid} does not follow {}", self.log.last()));
        self.become_looking(now, "finds a gap", out);
    }

    /// Starts a round of pings that confirms a quorum, for the reads in `confirmation`.
    pub(crate) fn begin_confirmation(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader confirms") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        let token = broadcast.reads.begin(self.node);
        if self.config.reads == Reading::Lease {
            broadcast.lease.begin(self.node, token, now);
        }
        for node in leading.up_to_date.iter() {
            let attempt = leading.learner(node).attempt;
            out.send(node, Message::Ping { attempt, token });
        }
        self.end_confirmation_if_quorum(now, out);
    }

    /// Answers the reads whose round a quorum has confirmed, and starts the round of those that came since.
    pub(crate) fn end_confirmation_if_quorum(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader confirms") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        let confirmed = |round: &Confirmation| self.members.is_quorum(round.from);
        if broadcast.reads.round.as_ref().is_some_and(confirmed) && broadcast.reads.answer(out) {
            self.begin_confirmation(now, out);
        }
    }
}
