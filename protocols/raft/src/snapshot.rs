//! Log compaction (paper section 7). The state machine offers a snapshot of itself; its bytes become a blob; once that is
//! durable, a record names it and says all else that is still needed; once *that* is durable, what came before is
//! forgotten. A few entries below the snapshot stay in memory for followers that are a little behind. A follower that is
//! further behind is sent the snapshot (see `install` for its side).

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use replica::{BlobId, Effect, Few, LocalTime, NodeId, Position, WriteId};

use crate::install::Incoming;
use crate::progress::{Flow, Progress};
use crate::role::{Leader, Role};
use crate::{Config, Index, LogEntry, Message, Out, Raft, Record, Term, gates, rules, sound};

/// A snapshot: what it covers and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The last index that it covers.
    pub(crate) index: Index,
    /// The term of that entry.
    pub(crate) term: Term,
    /// The chain of the log up to it.
    pub(crate) chain: u64,
    pub(crate) blob: BlobId,
    /// In bytes.
    pub(crate) len: u64,
}

/// What can be forgotten once a record is durable.
#[derive(Clone, Copy)]
struct Outdated {
    record: WriteId,
    blob: Option<BlobId>,
}

/// A server's snapshots.
#[derive(Clone)]
pub(crate) struct Snapshots {
    /// The last name given to a blob: the incarnation and a count, so that no name is ever used twice.
    last_blob: u64,
    /// The one that the newest record names. Its index is the log's base or above it.
    current: Option<Snapshot>,
    /// One that the state machine offered, on its way to disk.
    taking: Option<Snapshot>,
    /// One that a leader sends.
    pub(crate) incoming: Option<Incoming>,
    outdated: VecDeque<Outdated>,
}

impl Snapshots {
    pub(crate) fn new(incarnation: u64) -> Snapshots {
        let last_blob = incarnation << 32;
        Snapshots { last_blob, current: None, taking: None, incoming: None, outdated: VecDeque::new() }
    }

    /// The last index that a snapshot named by a record covers.
    pub(crate) fn index(&self) -> Index {
        self.current.map_or(Index::ZERO, |snapshot| snapshot.index)
    }

    /// A record of the disk names a snapshot. How long it is is known when all records are read.
    pub(crate) fn replay(&mut self, index: Index, blob: BlobId) {
        self.current = Some(Snapshot { index, term: Term::ZERO, chain: 0, blob, len: 0 });
    }

    pub(crate) fn next_blob(&mut self) -> BlobId {
        self.last_blob += 1;
        BlobId(self.last_blob)
    }

    /// Sends a follower the snapshot instead of entries that are compacted away.
    pub(crate) fn begin_sending(
        &self,
        row: &mut Progress,
        config: &Config,
        now: LocalTime,
        out: &mut Out<'_>,
    ) {
        let newest = self.index();
        if matches!(row.flow, Flow::Snapshot { index, .. } if index == newest) {
            return;
        }
        row.flow = Flow::Snapshot { index: newest, offset: 0, is_reading: false };
        row.moved_at = now;
        out.narrate("raft/7-durable", || alloc::format!("sends {} its snapshot up to {newest}", row.peer));
        self.read_chunk(row, config, out);
    }

    /// Reads the chunk that a follower needs next. Of a snapshot that is no longer the newest nothing can be read.
    pub(crate) fn read_chunk(&self, row: &mut Progress, config: &Config, out: &mut Out<'_>) {
        let Some(current) = self.current else { panic!("what is compacted away is in a snapshot") };
        let Flow::Snapshot { index, offset, is_reading } = &mut row.flow else {
            panic!("asked for followers that need it")
        };
        if *index != current.index {
            (*index, *offset) = (current.index, 0);
        }
        *is_reading = true;
        out.effect(Effect::ReadBlob { blob: current.blob, offset: *offset, len: config.chunk });
    }
}

impl Raft {
    /// The state machine offers a snapshot. Declined while another is on its way to disk, or while a follower is being
    /// sent the one there is: each new one would make that start over.
    pub(crate) fn on_snapshot_offered(
        &mut self,
        now: LocalTime,
        position: Position,
        bytes: Arc<[u8]>,
        out: &mut Out<'_>,
    ) {
        let index = Index(position.0);
        assert!(index <= self.commit, "a state machine has applied no more than was delivered");
        let snapshots = &self.snapshots;
        let is_busy =
            snapshots.taking.is_some() || snapshots.incoming.is_some() || !snapshots.outdated.is_empty();
        if is_busy || index <= snapshots.index() || self.is_sending_snapshot(now) {
            return out.narrate("", || alloc::format!("declines a snapshot up to {index}"));
        }
        let blob = self.snapshots.next_blob();
        let term = self.log.term_at(index).expect("it is above the newest snapshot, and that above the base");
        let len = bytes.len() as u64;
        let snapshot = Snapshot { index, term, chain: self.log.chain_at(index), blob, len };
        out.effect(Effect::WriteBlob { blob, offset: 0, bytes, last: true });
        if self.config.rules.obeys(rules::SNAPSHOT_DURABLE) {
            self.snapshots.taking = Some(snapshot);
        } else {
            self.compact(snapshot, out);
        }
    }

    /// A blob is on disk: a record may name it.
    pub(crate) fn on_blob_durable(&mut self, blob: BlobId, out: &mut Out<'_>) {
        if let Some(snapshot) = self.snapshots.taking.take_if(|taken| taken.blob == blob) {
            self.compact(snapshot, out);
        } else if let Some(incoming) = self.snapshots.incoming.take_if(|incoming| incoming.blob == blob) {
            self.install(incoming, out);
        }
    }

    /// Records up to `upto` are durable: what they stand for can go.
    pub(crate) fn forget_compacted(&mut self, upto: WriteId, out: &mut Out<'_>) {
        while let Some(old) = self.snapshots.outdated.pop_front_if(|old| old.record <= upto) {
            out.effect(Effect::ForgetBefore(old.record));
            if let Some(blob) = old.blob {
                out.effect(Effect::ForgetBlob(blob));
            }
        }
    }

    /// A record with a snapshot stands for all before it.
    pub(crate) fn write_snapshot(
        &mut self,
        snapshot: Snapshot,
        replaces: bool,
        entries: Few<LogEntry>,
        out: &mut Out<'_>,
    ) -> WriteId {
        sound!(self.config.rules, self.snapshots.index() < snapshot.index, "snapshots only grow");
        let record = out.write(Record::Snapshot {
            members: self.members,
            term: self.term,
            vote: self.vote,
            index: snapshot.index,
            last_term: snapshot.term,
            chain: snapshot.chain,
            blob: snapshot.blob,
            replaces,
            entries,
        });
        self.ballot_write = record;
        let old = self.snapshots.current.replace(snapshot);
        self.snapshots.outdated.push_back(Outdated { record, blob: old.map(|old| old.blob) });
        record
    }

    /// At boot: the state machine goes on from the snapshot. Blobs that no record names are of no use.
    pub(crate) fn restore(&mut self, blobs: &[(BlobId, u64)], out: &mut Out<'_>) {
        let base = self.log.base();
        let mut is_there = false;
        for (blob, len) in blobs {
            match &mut self.snapshots.current {
                Some(current) if current.blob == *blob => {
                    assert_eq!(current.index, base.index);
                    (current.len, current.term, current.chain) = (*len, base.term, base.chain);
                    is_there = true;
                }
                _ => out.effect(Effect::ForgetBlob(*blob)),
            }
        }
        let Some(current) = self.snapshots.current else { return };
        sound!(self.config.rules, is_there, "a record names only a durable blob");
        self.commit = current.index;
        out.effect(Effect::ForgetBefore(base.write));
        if is_there {
            out.reached(gates::RESTORED);
            out.effect(Effect::Restore { blob: current.blob, position: Position(current.index.0) });
        }
    }

    /// Bytes of the own snapshot, for the followers that wait for them.
    pub(crate) fn on_blob_bytes(
        &mut self,
        now: LocalTime,
        blob: BlobId,
        offset: u64,
        bytes: &[u8],
        out: &mut Out<'_>,
    ) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(current) = self.snapshots.current.filter(|current| current.blob == blob) else { return };
        let done = current.len <= offset + bytes.len() as u64;
        if bytes.is_empty() && !done {
            return;
        }
        for row in &mut leader.peers {
            let Flow::Snapshot { index, offset: wanted, is_reading } = &mut row.flow else { continue };
            if *index != current.index || *wanted != offset || !core::mem::take(is_reading) {
                continue;
            }
            row.spoken = true;
            row.moved_at = now;
            out.send(
                row.peer,
                Message::InstallSnapshot {
                    term: self.term,
                    index: current.index,
                    last_term: current.term,
                    chain: current.chain,
                    offset,
                    bytes: bytes.to_vec(),
                    done,
                },
            );
        }
    }

    /// A follower has so many bytes: the next chunk starts there.
    pub(crate) fn on_install_reply(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        index: Index,
        received: u64,
        out: &mut Out<'_>,
    ) {
        let place = self.place(from);
        let Role::Leader(leader) = &mut self.role else { return };
        if term != self.term {
            return;
        }
        let Leader { peers, .. } = &mut **leader;
        let row = &mut peers[place];
        row.hear(0, now);
        match &mut row.flow {
            Flow::Snapshot { index: sent, offset, .. } if *sent == index && *offset != received => {
                *offset = received;
                row.moved_at = now;
                self.snapshots.read_chunk(row, &self.config, out);
            }
            _ => out.narrate("", || alloc::format!("ignores {from}'s news of a snapshot: overtaken")),
        }
    }

    /// The log goes, up to a few entries below the snapshot.
    fn compact(&mut self, snapshot: Snapshot, out: &mut Out<'_>) {
        if snapshot.index <= self.snapshots.index() {
            // A leader's snapshot came first.
            out.effect(Effect::ForgetBlob(snapshot.blob));
            return;
        }
        out.reached(gates::COMPACTED);
        out.narrate("raft/7-durable", || alloc::format!("compacts its log up to {}", snapshot.index));
        let entries = self.log.from(snapshot.index.next(), usize::MAX).collect();
        self.write_snapshot(snapshot, false, entries, out);
        let keep_from = Index(snapshot.index.0.saturating_sub(self.config.trailing));
        self.log.compact(keep_from);
        assert!(self.log.base().index <= self.snapshots.index(), "what is gone is in the snapshot");
    }

    /// Whether a follower is being sent the snapshot and has lately taken some of it.
    fn is_sending_snapshot(&self, now: LocalTime) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        let patience = self.config.election_timeout_min;
        let takes =
            |row: &Progress| matches!(row.flow, Flow::Snapshot { .. }) && now.since(row.heard_at) < patience;
        leader.peers.iter().any(takes)
    }
}
