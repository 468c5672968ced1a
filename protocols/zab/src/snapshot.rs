//! Snapshots: a server takes its own, so that the log below can go, and sends them to followers that lack what is no
//! longer in the log (ZooKeeper `SNAP`, `FileSnap`, `Learner.syncWithLeader`).
//!
//! A snapshot is a blob that the state machine made at a position. It counts from the moment that one record, the
//! *checkpoint*, names it, and that record is written only once the blob is durable. Only once the record is durable
//! are earlier records, and the blob that it replaces, forgotten. A follower that is sent a snapshot does the same
//! with it, and until its own record is written it has what it had (rule zab/snap-whole).
//!
//! ZooKeeper sends the state of the moment, and so a snapshot there never lags behind what the follower holds. Ours
//! may, and then it is not sent: a follower must not lose, even for a moment, what it has acknowledged.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use replica::{BlobId, Effect, Few, LocalTime, NodeId, NodeSet, Position, Slot, WriteId};

use crate::log::Place;
use crate::message::Message;
use crate::relation::LearnerStage;
use crate::zxid::epoch as epoch_of;
use crate::{Log, Out, Phase, Record, Snapshot, Zab, gates, rules};

/// The snapshots of a server.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots {
    /// The name of the next blob. Begins anew above all earlier ones with each incarnation.
    next: BlobId,
    /// The one that the newest checkpoint names. `log.base <= current.at <= delivered`.
    current: Option<Snapshot>,
    /// The server's own next one, on its way to the disk.
    taking: Option<Snapshot>,
    /// The one that the leader is sending, in the attempt at hand.
    incoming: Option<Incoming>,
    /// The newest checkpoint, until it is durable: then what was written before it is forgotten.
    checkpoint: Option<WriteId>,
    /// Blobs that `current` has replaced, and the checkpoint that did it.
    retired: Vec<(BlobId, WriteId)>,
}

/// A snapshot that comes in parts.
#[derive(Clone, Copy, Debug)]
struct Incoming {
    snapshot: Snapshot,
    /// Where the next part starts.
    next: u64,
}

impl Snapshots {
    pub(crate) fn new(incarnation: u64) -> Snapshots {
        Snapshots {
            next: BlobId(incarnation << 32),
            current: None,
            taking: None,
            incoming: None,
            checkpoint: None,
            retired: Vec::new(),
        }
    }

    /// A checkpoint on disk names one.
    pub(crate) fn found(&mut self, snapshot: Snapshot) {
        self.current = Some(snapshot);
    }

    /// The one to send.
    pub(crate) fn current(&self) -> Option<Snapshot> {
        self.current
    }

    fn name(&mut self) -> BlobId {
        self.next = BlobId(self.next.0 + 1);
        self.next
    }
}

impl Zab {
    /// At boot: the state machine starts from the snapshot, and blobs that no record names are of no use.
    pub(crate) fn restore(&mut self, blobs: &[(BlobId, u64)], out: &mut Out<'_>) {
        let current = self.snapshots.current;
        for (blob, _) in blobs.iter().filter(|(blob, _)| current.is_none_or(|current| current.blob != *blob))
        {
            out.effect(Effect::ForgetBlob(*blob));
        }
        if let Some(Snapshot { blob, bytes, at }) = current {
            assert!(blobs.contains(&(blob, bytes)), "a record names only a blob that is durable");
            self.delivered = at.position as usize;
            out.effect(Effect::Restore { blob, position: Position(at.position) });
            out.reached(gates::RESTORED);
        }
    }

    /// The state machine offers a snapshot. One at a time; what is not newer is of no use.
    pub(crate) fn on_snapshot(&mut self, position: Position, bytes: Arc<[u8]>, out: &mut Out<'_>) {
        let newest = self.snapshots.current.map_or(0, |current| current.at.position);
        if position.0 <= newest || self.snapshots.taking.is_some() || self.delivered < position.0 as usize {
            return out.narrate("", || format!("a snapshot at {position} is offered: not taken"));
        }
        let at = self.log.place(position.0 as usize);
        let blob = self.snapshots.name();
        self.snapshots.taking = Some(Snapshot { blob, bytes: bytes.len() as u64, at });
        out.effect(Effect::WriteBlob { blob, offset: 0, bytes, last: true });
    }

    pub(crate) fn on_blob_durable(&mut self, now: LocalTime, blob: BlobId, out: &mut Out<'_>) {
        if let Some(own) = self.snapshots.taking
            && own.blob == blob
        {
            self.snapshots.taking = None;
            self.end_own_snapshot(own, out);
        } else if let Some(incoming) = self.snapshots.incoming
            && incoming.snapshot.blob == blob
            && incoming.next == incoming.snapshot.bytes
        {
            self.snapshots.incoming = None;
            self.install(now, incoming.snapshot, out);
        }
    }

    /// The log below the snapshot goes, but for what lagging followers may want, and for what one is being sent.
    fn end_own_snapshot(&mut self, own: Snapshot, out: &mut Out<'_>) {
        if self.snapshots.current.is_some_and(|current| own.at.position <= current.at.position) {
            // One that the leader sent has overtaken it.
            return out.effect(Effect::ForgetBlob(own.blob));
        }
        assert!(own.at.position as usize <= self.delivered, "what is delivered is never truncated");
        let keep = own.at.position.saturating_sub(self.config.trailing).min(self.needed_by_learners());
        if self.log.base().position < keep {
            self.log.compact(keep as usize);
        }
        self.write_checkpoint(own, out);
        out.narrate("zab/snap-whole", || format!("keeps a snapshot up to {}", own.at.zxid));
    }

    /// The first place that a learner may still be sent a difference from.
    fn needed_by_learners(&self) -> u64 {
        let Phase::Leading(leading) = &self.phase else { return u64::MAX };
        let needs = leading.learners.iter().flatten().filter_map(|learner| match learner.stage {
            LearnerStage::Snapping { snapshot, .. } => Some(snapshot.at.position),
            LearnerStage::Diffing { next, .. } => Some(next as u64),
            _ => None,
        });
        needs.min().unwrap_or(u64::MAX)
    }

    fn write_checkpoint(&mut self, snapshot: Snapshot, out: &mut Out<'_>) {
        let base = self.log.base();
        assert!(base.position <= snapshot.at.position, "no hole between a snapshot and the log");
        let kept = base.position as usize..self.log.len();
        let txns: Few<_> = kept
            .map(|place| {
                let txn = self.log.at(place);
                (txn.zxid, txn.entry.clone())
            })
            .collect();
        let (members, accepted, current) = (self.members, self.accepted_epoch, self.current_epoch);
        let write = out.write(Record::Checkpoint { members, accepted, current, snapshot, base, txns });
        if let Some(old) = self.snapshots.current.replace(snapshot) {
            self.snapshots.retired.push((old.blob, write));
        }
        self.snapshots.checkpoint = Some(write);
    }

    /// Forgets what a checkpoint that is durable now stands for, and blobs that nobody is being sent any more.
    pub(crate) fn forget_front(&mut self, out: &mut Out<'_>) {
        if let Some(write) = self.snapshots.checkpoint
            && write <= self.durable
        {
            self.snapshots.checkpoint = None;
            out.effect(Effect::ForgetBefore(write));
        }
        if self.snapshots.retired.is_empty() {
            return;
        }
        let (durable, mut retired) = (self.durable, core::mem::take(&mut self.snapshots.retired));
        retired.retain(|(blob, after)| {
            let is_needed = durable < *after || self.is_sending(*blob);
            if !is_needed {
                out.effect(Effect::ForgetBlob(*blob));
            }
            is_needed
        });
        self.snapshots.retired = retired;
    }

    fn is_sending(&self, blob: BlobId) -> bool {
        let Phase::Leading(leading) = &self.phase else { return false };
        leading.learners.iter().flatten().any(
            |learner| matches!(learner.stage, LearnerStage::Snapping { snapshot, .. } if snapshot.blob == blob),
        )
    }

    /// The snapshot to bring a follower with, whose log ends at `last`: if what it lacks is no longer in the log, or
    /// if that is what the configuration wants. Never one that would take it back.
    pub(crate) fn snapshot_for(&self, last: Slot, stage: LearnerStage) -> Option<Snapshot> {
        let is_below = last < self.log.base().zxid;
        let is_wanted = self.config.always_snap && !matches!(stage, LearnerStage::Snapping { .. });
        let common = self.log.count_upto(last) as u64;
        let current = self.snapshots.current.filter(|current| common <= current.at.position);
        assert!(!is_below || current.is_some(), "what is not in the log is in the snapshot");
        current.filter(|_| is_below || is_wanted)
    }

    /// Begins to send a snapshot, a part at a time: each is read when the one before it was taken.
    pub(crate) fn send_snapshot(&mut self, to: NodeId, snapshot: Snapshot, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader synchronizes") };
        leading.learner_mut(to).stage = LearnerStage::Snapping { snapshot, next: 0, is_reading: true };
        out.reached(gates::SNAP);
        out.narrate("zab/snap-whole", || format!("{to} is sent a snapshot up to {}", snapshot.at.zxid));
        out.effect(Effect::ReadBlob { blob: snapshot.blob, offset: 0, len: self.config.chunk });
    }

    /// Bytes that were read for one learner or more.
    pub(crate) fn on_blob_bytes(&mut self, of: BlobId, offset: u64, bytes: &[u8], out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { return };
        let nodes: NodeSet = leading.nodes().collect();
        for node in nodes.iter() {
            let learner = leading.learner_mut(node);
            if let LearnerStage::Snapping { snapshot, next, is_reading } = &mut learner.stage
                && *is_reading
                && (snapshot.blob, *next) == (of, offset)
            {
                *is_reading = false;
                let (attempt, at, total) = (learner.attempt, snapshot.at, snapshot.bytes);
                out.send(node, Message::Snap { attempt, at, total, offset, bytes: bytes.to_vec() });
            }
        }
    }

    pub(crate) fn on_snap_ack(&mut self, now: LocalTime, from: NodeId, taken: u64, out: &mut Out<'_>) {
        self.prolong_stage(now);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("the guard saw a leader") };
        match &mut leading.learner_mut(from).stage {
            LearnerStage::Snapping { snapshot, next, is_reading } if *next < taken && !*is_reading => {
                *next = taken;
                *is_reading = true;
                let (blob, len) = (snapshot.blob, self.config.chunk);
                out.effect(Effect::ReadBlob { blob, offset: taken, len });
            }
            _ => out.narrate("", || format!("SNAP-ACK of {from} out of turn: ignored")),
        }
    }

    /// A part of the leader's snapshot. It goes to a blob that nothing names yet.
    pub(crate) fn on_snap(
        &mut self,
        now: LocalTime,
        at: Place,
        total: u64,
        (offset, bytes): (u64, &[u8]),
        out: &mut Out<'_>,
    ) {
        if !self.begin_synchronization(now, out) {
            return;
        }
        if offset == 0 {
            self.drop_incoming(out);
            let blob = self.snapshots.name();
            let snapshot = Snapshot { blob, bytes: total, at };
            self.snapshots.incoming = Some(Incoming { snapshot, next: 0 });
        }
        let next = offset + bytes.len() as u64;
        let Some(incoming) = self.snapshots.incoming.as_mut().filter(|incoming| {
            let fits = next <= total && (offset < next || total == 0);
            fits && (incoming.snapshot.at, incoming.snapshot.bytes, incoming.next) == (at, total, offset)
        }) else {
            return self.leave_gap(now, at.zxid, out);
        };
        incoming.next = next;
        let (blob, last) = (incoming.snapshot.blob, next == total);
        out.effect(Effect::WriteBlob { blob, offset, bytes: bytes.into(), last });
        let Phase::Following(following) = &self.phase else { unreachable!("the guard saw a follower") };
        if !last {
            out.send(following.leader, Message::SnapAck { attempt: following.attempt, next });
        }
    }

    /// The leader's snapshot is whole and durable: it takes the place of the log.
    fn install(&mut self, now: LocalTime, snapshot: Snapshot, out: &mut Out<'_>) {
        let at = snapshot.at;
        if (at.position as usize) < self.delivered {
            believe!(self, false, "a snapshot never takes a follower back");
            out.effect(Effect::ForgetBlob(snapshot.blob));
            return self.leave_gap(now, at.zxid, out);
        }
        self.log = Log::after(at);
        // What stands in a snapshot up to epoch k begins with k's initial history: both are taken over at once.
        self.current_epoch = self.current_epoch.max(epoch_of(at.zxid));
        believe!(self, self.current_epoch <= self.accepted_epoch, "an epoch is adopted only once accepted");
        self.write_checkpoint(snapshot, out);
        if self.delivered < at.position as usize {
            self.delivered = at.position as usize;
            out.effect(Effect::Restore { blob: snapshot.blob, position: Position(at.position) });
        }
        out.reached(gates::SNAPPED);
        out.narrate("zab/snap-whole", || format!("installs a snapshot up to {}", at.zxid));
        let Phase::Following(following) = &mut self.phase else { unreachable!("it ends with the attempt") };
        // The follower was busy with the disk, not with its leader.
        following.heard = now;
        // Where the log ends needs no disk, as after TRUNC.
        out.send(following.leader, Message::Snapped { attempt: following.attempt, last: at.zxid });
    }

    /// The attempt is over, or the leader starts over: of a snapshot that came in part nothing counts.
    pub(crate) fn drop_incoming(&mut self, out: &mut Out<'_>) {
        let Some(incoming) = self.snapshots.incoming.take() else { return };
        out.reached(gates::SNAP_ABANDONED);
        out.effect(Effect::ForgetBlob(incoming.snapshot.blob));
        if !self.config.rules.obeys(rules::SNAP_WHOLE) {
            // As it was: what had come was in memory, under the zxid of the whole.
            self.log = Log::after(incoming.snapshot.at);
            self.delivered = self.delivered.max(incoming.snapshot.at.position as usize);
        }
    }
}
