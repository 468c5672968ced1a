//! A follower's side of InstallSnapshot (paper section 7 and figure 13): chunks go into a blob of its own, in order; once
//! that is durable a record takes the place of the log, or of the part of it that agrees; once the record is durable the
//! leader hears that the follower holds everything up to there.

use alloc::sync::Arc;
use alloc::vec::Vec;

use replica::{BlobId, Effect, Few, LocalTime, NodeId, Position};

use crate::log::Base;
use crate::snapshot::Snapshot;
use crate::{Index, LogEntry, Message, Out, Raft, Term, gates, rules};

/// An InstallSnapshot without its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) term: Term,
    pub(crate) index: Index,
    pub(crate) last_term: Term,
    pub(crate) chain: u64,
    pub(crate) offset: u64,
    pub(crate) done: bool,
}

/// A snapshot that a leader sends.
#[derive(Clone, Copy)]
pub(crate) struct Incoming {
    from: NodeId,
    /// The leader's term: another leader starts over, whatever it sends.
    term: Term,
    index: Index,
    last_term: Term,
    chain: u64,
    pub(crate) blob: BlobId,
    /// How many bytes of it have come, in order.
    received: u64,
    /// Whether they are all; then the blob is on its way to disk.
    is_complete: bool,
}

impl Raft {
    /// A part of the leader's snapshot.
    pub(crate) fn on_install_snapshot(
        &mut self,
        now: LocalTime,
        from: NodeId,
        chunk: Chunk,
        bytes: Vec<u8>,
        out: &mut Out<'_>,
    ) {
        if chunk.term < self.term {
            out.reached(gates::STALE_LEADER_REJECTED);
            return self.reject_leader(from, out);
        }
        if !self.accept_leader(now, from, chunk.term, out) {
            return;
        }
        self.save_new_term(out);
        self.hear_leader(now);
        if chunk.index <= self.commit {
            // It is not that far behind: what it has committed, the leader has too.
            let (matched, chain) = (self.commit, self.log.chain_at(self.commit));
            let reply = Message::Appended { term: self.term, matched, chain, token: 0 };
            return out.send_after(from, reply, self.log.write_at(matched).max(self.ballot_write));
        }
        let mut incoming = self.incoming(from, &chunk, out);
        if chunk.offset == incoming.received && !incoming.is_complete {
            let bytes: Arc<[u8]> = bytes.into();
            incoming.received += bytes.len() as u64;
            incoming.is_complete = chunk.done;
            let offset = chunk.offset;
            out.effect(Effect::WriteBlob { blob: incoming.blob, offset, bytes, last: chunk.done });
        }
        self.snapshots.incoming = Some(incoming);
        if !incoming.is_complete {
            let Incoming { term, index, received, .. } = incoming;
            out.send(from, Message::InstallReply { term, index, received });
        }
    }

    /// What has come of this snapshot; of another one, begun before, nothing is kept.
    fn incoming(&mut self, from: NodeId, chunk: &Chunk, out: &mut Out<'_>) -> Incoming {
        if let Some(begun) = self.snapshots.incoming.take() {
            if (begun.from, begun.term, begun.index) == (from, chunk.term, chunk.index) {
                return begun;
            }
            out.effect(Effect::ForgetBlob(begun.blob));
        }
        Incoming {
            from,
            term: chunk.term,
            index: chunk.index,
            last_term: chunk.last_term,
            chain: chunk.chain,
            blob: self.snapshots.next_blob(),
            received: 0,
            is_complete: false,
        }
    }

    /// The snapshot is on disk. Where the log holds its last entry, what follows stays; else all of it goes (figure 13,
    /// steps 6 and 7).
    pub(crate) fn install(&mut self, incoming: Incoming, out: &mut Out<'_>) {
        assert!(incoming.is_complete);
        let Incoming { from, term, index, last_term, chain, blob, received, .. } = incoming;
        if index <= self.commit || term != self.term {
            // Entries came first, or the leader's term is over and the next one sends its own.
            out.effect(Effect::ForgetBlob(blob));
            return;
        }
        let agrees = self.log.term_at(index) == Some(last_term);
        if !agrees && self.log.base().index < self.log.last() && self.commit < self.log.last() {
            out.reached(gates::INSTALLED_OVER_CONFLICT);
        }
        let keeps = agrees || !self.config.rules.obeys(rules::SNAPSHOT_CONFLICT);
        let kept: Few<LogEntry> =
            if keeps { self.log.from(index.next(), usize::MAX).collect() } else { Few::None };
        let snapshot = Snapshot { index, term: last_term, chain, blob, len: received };
        let write = self.write_snapshot(snapshot, !keeps, kept.clone(), out);
        self.log.reset(Base { index, term: last_term, chain, write });
        for held in kept.iter() {
            self.log.push(held.term, held.entry.clone(), write);
        }
        self.durable = self.durable.min(index.previous());
        self.commit = index;
        out.reached(gates::INSTALLED);
        out.narrate("raft/7-conflict", || alloc::format!("goes on from {from}'s snapshot up to {index}"));
        out.effect(Effect::Restore { blob, position: Position(index.0) });
        let reply = Message::Appended { term, matched: index, chain, token: 0 };
        out.send_after(from, reply, write);
    }
}
