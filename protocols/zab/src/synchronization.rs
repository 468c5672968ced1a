//! Synchronization, phase 2 of Zab: the leader brings a quorum to one history, its own, before it proposes anything
//! (DSN 2011, section IV.B; ZooKeeper `LearnerHandler.syncFollower`, `Learner.syncWithLeader`).
//!
//! A zxid names a prefix: whoever holds (e, c) was synchronized with the one primary of e and then took its proposals
//! one by one. So if the leader's log holds the follower's last zxid, what the follower has is a prefix of it. If
//! not, the follower has something that the leader does not, and that is cut off, and nothing else.
//!
//! ```text
//!  leader    (1,1) (1,2) (3,1)          TRUNC to (1,2): the leader's last zxid below (2,3)
//!  follower  (1,1) (2,1) (2,2) (2,3)    cuts (2,1)..; its log really ends at (1,1): TRUNCATED (1,1)
//!                                       DIFF (1,2) (3,1) after (1,1), NEWLEADER
//! ```

use alloc::format;

use replica::{Few, LocalTime, NodeId, Round, SharedEntry, Slot};

use crate::discovery::FollowingStage;
use crate::message::Message;
use crate::relation::{LearnerStage, Stage};
use crate::zxid::{epoch as epoch_of, follows};
use crate::{Out, Phase, Record, Zab, gates, rules};

/// The most transactions of one DIFF: some hundred kilobytes of usual entries, so that pings are not held up.
const DIFF_MAX: usize = 256;

/// The most bytes of transactions in one DIFF, but for one that alone is larger.
const DIFF_BYTES: usize = 1 << 18;

impl Zab {
    /// The leader brings a follower whose log ends at `last` to its own history, a step at a time.
    pub(crate) fn synchronize(&mut self, to: NodeId, last: Slot, out: &mut Out<'_>) {
        if self.is_kept_waiting(to, last) {
            return;
        }
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader synchronizes") };
        assert!(leading.established().is_some(), "only the one leader of an epoch may cut logs");
        let stage = leading.learner(to).stage;
        if let Some(snapshot) = self.snapshot_for(last, stage) {
            return self.send_snapshot(to, snapshot, out);
        }
        if !self.is_held(last) {
            return self.send_trunc(to, last, out);
        }
        if matches!(stage, LearnerStage::Truncating { .. }) && last < self.log.last() {
            out.reached(gates::TRUNCATED_THEN_DIFF);
        }
        self.send_history(to, last, out);
    }

    /// By membership in the leader's history, never by its range: a transaction between two of the leader's, or above
    /// them all, may be one that nobody committed.
    fn is_held(&self, last: Slot) -> bool {
        let rules = self.config.rules;
        let is_within = last < self.log.last();
        self.log.contains(last)
            || !rules.obeys(rules::TRUNCATE_EXTRA) && is_within
            || !rules.obeys(rules::TRUNCATE_ABOVE) && !is_within
    }

    fn send_trunc(&mut self, to: NodeId, last: Slot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        let learner = leading.learner_mut(to);
        let after = self.log.floor(last);
        let rounds = match learner.stage {
            LearnerStage::Truncating { rounds } => rounds + 1,
            _ => 1,
        };
        if rounds > 1 {
            out.reached(gates::TRUNCATED_AGAIN);
        }
        learner.stage = LearnerStage::Truncating { rounds };
        out.send(to, Message::Trunc { attempt: learner.attempt, after });
        out.narrate("zab/sync-trunc", || format!("{to} has {last}, truncates it to {after}"));
    }

    /// DIFF of everything after `last`, then NEWLEADER.
    fn send_history(&mut self, to: NodeId, last: Slot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        let outstanding =
            matches!(&leading.stage, Stage::Broadcast(broadcast) if broadcast.outstanding() > 0);
        if outstanding {
            out.reached(gates::JOINED_WHILE_PROPOSING);
        }
        if last == Slot::ZERO && !self.log.is_empty() {
            out.reached(gates::WHOLE_LOG);
        }
        let next = self.log.count_upto(last);
        leading.learner_mut(to).stage = LearnerStage::Diffing { next, after: last, waiting: 0 };
        out.narrate("", || format!("{to} has {last}, gets the history after it"));
        self.send_diffs(to, out);
    }

    /// Sends as much of the difference as may be on its way. NEWLEADER follows the last of it; from there on the
    /// learner gets every proposal, or is told every commit if it observes.
    fn send_diffs(&mut self, to: NodeId, out: &mut Out<'_>) {
        let end = if self.is_observer(to) { self.committed_count() } else { self.log.len() };
        let window = self.config.sync_window;
        let rules = self.config.rules;
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        let learner = leading.learner_mut(to);
        let attempt = learner.attempt;
        let LearnerStage::Diffing { next, after, waiting } = &mut learner.stage else {
            unreachable!("the caller saw it")
        };
        while *next < end {
            if window <= *waiting {
                return out.reached(gates::DIFF_WAITED);
            }
            let (from, mut bytes) = (*next, 0);
            let mut until = from;
            while until < end && until < from + DIFF_MAX && bytes < DIFF_BYTES {
                bytes += self.log.at(until).entry.bytes().len();
                until += 1;
            }
            let kept = (from..until).map(|place| self.log.at(place));
            let served = kept.filter(|txn| txn.served || rules.obeys(rules::WHOLE_LOG));
            let txns: Few<_> = served.map(|txn| (txn.zxid, txn.entry.clone())).collect();
            let answer = until < end;
            out.send(to, Message::Diff { attempt, after: *after, txns, answer });
            *waiting += u64::from(answer);
            *after = self.log.at(until - 1).zxid;
            *next = until;
        }
        let last = if end == 0 { Slot::ZERO } else { self.log.place(end).zxid };
        // A follower that keeps more than the leader has is told that this is where the history ends.
        let last = if rules.obeys(rules::TRUNCATE_ABOVE) { last } else { last.max(*after) };
        learner.stage = LearnerStage::Syncing { upto: last };
        let epoch = leading.established().expect("asserted when it began");
        out.send(to, Message::NewLeader { attempt, epoch, last });
        if self.members.learners.contains(to) {
            leading.informing.insert(to);
        } else {
            leading.forwarding.insert(to);
            self.repeat_outstanding(to, out);
        }
    }

    /// A learner has taken a part of what it is being sent. The init limit is for each such step: a quorum that can
    /// only be brought up to date slowly is a quorum all the same.
    pub(crate) fn prolong_stage(&mut self, now: LocalTime) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        if matches!(leading.stage, Stage::Synchronization(_)) {
            leading.stage_ends = now + self.config.init_limit;
        }
    }

    /// The learner has taken a DIFF: the next may go.
    pub(crate) fn on_diff_ack(&mut self, now: LocalTime, from: NodeId, out: &mut Out<'_>) {
        self.prolong_stage(now);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("the guard saw a leader") };
        // Those of the last DIFFs come when NEWLEADER is on its way already.
        if let LearnerStage::Diffing { waiting, .. } = &mut leading.learner_mut(from).stage {
            *waiting = waiting.saturating_sub(1);
            self.send_diffs(from, out);
        }
    }

    pub(crate) fn on_trunc(&mut self, now: LocalTime, after: Slot, out: &mut Out<'_>) {
        if !self.begin_synchronization(now, out) {
            return;
        }
        believe!(self, self.log.base().zxid <= after, "what a snapshot stands for is committed");
        let stays = self.log.floor(after);
        if stays < self.log.last() {
            let count = self.log.count_upto(stays);
            believe!(self, self.delivered <= count, "what is delivered is never truncated");
            let cut = self.log.truncate(stays);
            out.write(Record::Truncate { after: stays });
            out.reached(gates::TRUNCATED);
            out.narrate("zab/sync-trunc", || format!("truncates {cut} transactions after {stays}"));
        }
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        // Where the log ends needs no disk: if this is lost in a crash, so is the attempt.
        out.send(following.leader, Message::Truncated { attempt: following.attempt, last: stays });
    }

    /// TRUNCATED or SNAPPED: the follower's log ends at `last` now.
    pub(crate) fn on_learner_end(&mut self, from: NodeId, last: Slot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { unreachable!("the guard saw a leader") };
        match leading.learner(from).stage {
            LearnerStage::Truncating { .. } | LearnerStage::Snapping { .. } => {
                self.synchronize(from, last, out);
            }
            _ => out.narrate("", || format!("{from} was asked for nothing: ignored")),
        }
    }

    pub(crate) fn on_diff(
        &mut self,
        now: LocalTime,
        after: Slot,
        txns: &[(Slot, SharedEntry)],
        answer: bool,
        out: &mut Out<'_>,
    ) {
        if !self.begin_synchronization(now, out) {
            return;
        }
        if after != self.log.last() && self.config.rules.obeys(rules::WHOLE_LOG) {
            return self.leave_gap(now, after, out);
        }
        for (zxid, entry) in txns {
            if !self.take(*zxid, entry.clone(), out) {
                return self.leave_gap(now, *zxid, out);
            }
        }
        if answer {
            let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
            out.send(following.leader, Message::DiffAck { attempt: following.attempt });
        }
    }

    /// Appends a transaction of the leader's history, to the log and to the disk. False if it is not the next one.
    pub(crate) fn take(&mut self, zxid: Slot, entry: SharedEntry, out: &mut Out<'_>) -> bool {
        let (last, rules) = (self.log.last(), self.config.rules);
        let stage = if let Phase::Following(following) = &self.phase { Some(following.stage) } else { None };
        // What stands against a hole: each of these, and the second is about what a leader serves.
        let takes_gaps = !rules.obeys(rules::CONTIGUOUS)
            || !rules.obeys(rules::FIFO)
            || !rules.obeys(rules::WHOLE_LOG) && stage == Some(FollowingStage::Synchronization);
        let next = follows(last, zxid) || (takes_gaps && last < zxid);
        if !next || self.accepted_epoch < epoch_of(zxid) {
            return false;
        }
        // The first transaction of epoch k: what stands before it is exactly k's initial history, so k is adopted,
        // in this order on disk.
        if self.current_epoch < epoch_of(zxid) && self.config.rules.obeys(rules::EPOCH_AT_NEWLEADER) {
            self.adopt(epoch_of(zxid), out);
        }
        self.log.append(zxid, entry.clone());
        if !rules.obeys(rules::WHOLE_LOG) && stage == Some(FollowingStage::Synchronized) {
            self.log.leave_hole();
        }
        out.write(Record::Txn { zxid, entry });
        true
    }

    fn adopt(&mut self, epoch: Round, out: &mut Out<'_>) {
        believe!(self, epoch <= self.accepted_epoch, "an epoch is adopted only once accepted");
        if self.current_epoch < epoch {
            self.current_epoch = epoch;
            out.write(Record::CurrentEpoch { epoch });
        }
    }

    /// Whether the leader's history may come now.
    pub(crate) fn begin_synchronization(&mut self, now: LocalTime, out: &mut Out<'_>) -> bool {
        let Phase::Following(following) = &mut self.phase else { unreachable!("the guard saw a follower") };
        let epoch = following.epoch;
        if epoch == Round::ZERO || FollowingStage::Synchronization < following.stage {
            self.become_looking(now, "is synchronized out of turn", out);
            return false;
        }
        following.stage = FollowingStage::Synchronization;
        if !self.config.rules.obeys(rules::EPOCH_AFTER_TXNS) {
            self.adopt(epoch, out);
        }
        true
    }

    pub(crate) fn on_new_leader(&mut self, now: LocalTime, epoch: Round, last: Slot, out: &mut Out<'_>) {
        if !self.begin_synchronization(now, out) {
            return;
        }
        let Phase::Following(following) = &mut self.phase else { unreachable!("the guard saw a follower") };
        let ends_there = last == self.log.last() || !self.config.rules.obeys(rules::WHOLE_LOG);
        if epoch != following.epoch || !ends_there {
            return self.leave_gap(now, last, out);
        }
        following.stage = FollowingStage::Synchronized;
        let (leader, attempt) = (following.leader, following.attempt);
        // First the transactions, then the epoch, then the acknowledgment: a crash in between leaves a server that
        // knows less than it could, never one that boasts an epoch whose history it lacks.
        if self.config.rules.obeys(rules::EPOCH_AT_NEWLEADER) {
            self.adopt(epoch, out);
        }
        let message = Message::AckNewLeader { attempt, epoch, last, chain: self.log.chain() };
        if self.config.rules.obeys(rules::SYNC_DURABLE) {
            out.send_durable(leader, message);
        } else {
            out.send(leader, message);
        }
        out.narrate("zab/epoch-after-txns", || format!("adopts epoch {epoch} with history up to {last}"));
    }

    pub(crate) fn on_ack_new_leader(
        &mut self,
        now: LocalTime,
        from: NodeId,
        epoch: Round,
        last: Slot,
        out: &mut Out<'_>,
    ) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("the guard saw a leader") };
        let expected = LearnerStage::Syncing { upto: last };
        if leading.established() != Some(epoch) || leading.learner(from).stage != expected {
            return out.narrate("", || format!("ACK(NEWLEADER) of {from} out of turn: ignored"));
        }
        let learner = leading.learner_mut(from);
        learner.stage = LearnerStage::Synced;
        learner.acked = last;
        match &mut leading.stage {
            Stage::Synchronization(acks) => {
                acks.from.insert(from);
                self.count_own_phase(now, out);
            }
            Stage::Broadcast(_) if self.members.learners.contains(from) => {
                out.reached(gates::OBSERVER_SYNCED);
                self.send_up_to_date(from, out);
            }
            Stage::Broadcast(_) => {
                self.send_up_to_date(from, out);
                // It holds everything up to `last`, outstanding proposals included: an ACK of each of them.
                self.count_acks_upto(now, from, last, out);
            }
            Stage::Discovery | Stage::Announced(_) => unreachable!("the epoch is established"),
        }
    }

    /// A learner that holds the leader's history may serve.
    pub(crate) fn send_up_to_date(&mut self, to: NodeId, out: &mut Out<'_>) {
        let committed = self.committed();
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader says so") };
        assert!(matches!(leading.stage, Stage::Broadcast(_)), "a quorum holds the history");
        let learner = leading.learner(to);
        assert_eq!(learner.stage, LearnerStage::Synced);
        out.send(to, Message::UpToDate { attempt: learner.attempt, committed });
        leading.up_to_date.insert(to);
    }

    pub(crate) fn on_up_to_date(&mut self, now: LocalTime, committed: Slot, out: &mut Out<'_>) {
        let Phase::Following(following) = &mut self.phase else { unreachable!("the guard saw a follower") };
        if following.stage != FollowingStage::Synchronized {
            return out.narrate("", || "UPTODATE out of turn: ignored".into());
        }
        following.stage = FollowingStage::Broadcast;
        let epoch = following.epoch;
        if !self.config.rules.obeys(rules::EPOCH_AT_NEWLEADER) {
            self.adopt(epoch, out);
        }
        believe!(self, self.current_epoch == epoch, "the epoch was adopted at NEWLEADER");
        if !self.config.rules.obeys(rules::DELIVER_COMMITTED) {
            // As it was: what came in synchronization counts as committed, proposals that are outstanding included.
            return self.deliver_upto(self.log.len(), out);
        }
        self.commit_upto(now, committed, out);
    }
}
