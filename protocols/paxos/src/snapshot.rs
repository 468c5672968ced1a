//! Snapshots: one of our own stands for the log below it, which is then trimmed; one of another replica brings a node
//! forward that asks for what others have trimmed. *Paxos Made Live*, 5.5 (snapshots), and section 4 of
//! `docs/paxos.md` for what a trimmed acceptor answers.
//!
//! ```text
//!   server ──Snapshot──► blob written ──BlobDurable──► record that names it, with the votes above it
//!                                                        └──Durable──► older records and the older blob forgotten
//!   lagging ──catch-up──► trimmed   answers  ──offer(S)──► lagging ──fetch(S, 0)──► … ──chunk──► blob, record, Restore
//! ```

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use replica::{BlobId, Effect, Few, LocalTime, NodeId, Position, Slot, WriteId};

use crate::paxos::{Out, Role};
use crate::{Ballot, Message, Paxos, Record, Vote, gates, rules};

/// How often a chunk is asked for before the transfer is given up, and the question put anew.
const TRIES_MAX: u32 = 8;

/// The most chunks asked of this node whose bytes are still being read.
const SERVING_MAX: usize = 64;

/// A snapshot by its name and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The last slot that it covers. The blob is named after it.
    pub(crate) slot: Slot,
    /// The hash chain of the slots that it covers.
    pub(crate) chain: u64,
    /// Its length in bytes.
    pub(crate) len: u64,
}

impl Snapshot {
    /// A blob is written once a slot: one that was not finished is deleted before it is begun again.
    pub(crate) fn blob(&self) -> BlobId {
        BlobId(self.slot.0)
    }
}

/// Snapshots at a node.
#[derive(Clone)]
pub(crate) struct Snapshots {
    /// The one that the newest record names. Its blob is durable.
    pub(crate) held: Option<Snapshot>,
    /// The record that names it is on its way to the disk; with it the older blob can go.
    turning: Option<(WriteId, Option<BlobId>)>,
    /// An own one whose blob is on its way to the disk.
    making: Option<Snapshot>,
    /// Another replica's that is being fetched.
    install: Option<Install>,
    /// Chunks that others asked for and that are being read: whose, of which blob, from where.
    serving: Vec<(NodeId, BlobId, u64)>,
    /// When a chunk was last asked for. A snapshot that is being fetched is not replaced.
    served_at: Option<LocalTime>,
}

/// A snapshot on its way here.
#[derive(Clone)]
struct Install {
    from: NodeId,
    snapshot: Snapshot,
    /// How many bytes of it are written.
    have: u64,
    /// When to ask again. Never once all bytes are there.
    ask_at: LocalTime,
    /// How often the chunk at `have` was asked for.
    tries: u32,
}

impl Snapshots {
    /// The last slot that the snapshot held covers.
    pub(crate) fn covered(&self) -> Slot {
        self.held.map_or(Slot::ZERO, |held| held.slot)
    }

    pub(crate) fn new(held: Option<Snapshot>) -> Snapshots {
        Snapshots { held, turning: None, making: None, install: None, serving: Vec::new(), served_at: None }
    }

    /// When the transfer under way wants to ask again.
    #[inline]
    pub(crate) fn ask_at(&self) -> LocalTime {
        self.install.as_ref().map_or(LocalTime::NEVER, |install| install.ask_at)
    }

    /// Whether one is being fetched.
    pub(crate) fn installing(&self) -> bool {
        self.install.is_some()
    }
}

// An own snapshot.
impl Paxos {
    /// The server offers one. It is declined while another is on its way in or out: the next one comes soon.
    pub(crate) fn on_snapshot(
        &mut self,
        now: LocalTime,
        position: Position,
        bytes: Arc<[u8]>,
        out: &mut Out,
    ) {
        let slot = Slot(position.0);
        assert!(slot <= self.learner.delivered(), "the state machine is not ahead of its log");
        let all = &self.snapshots;
        let fetched = all.served_at.is_some_and(|at| now.since(at) < self.config.timeout_min);
        let busy = all.turning.is_some() || all.making.is_some() || all.install.is_some();
        if busy || fetched || all.held.is_some_and(|held| slot <= held.slot) {
            return out.narrate("", || format!("declines the snapshot at {slot}"));
        }
        let Some(chain) = self.learner.chain_at(slot) else {
            return out.narrate("", || format!("declines the snapshot at {slot}: it is below the log"));
        };
        let snapshot = Snapshot { slot, chain, len: bytes.len() as u64 };
        out.effect(Effect::WriteBlob { blob: snapshot.blob(), offset: 0, bytes, last: true });
        self.snapshots.making = Some(snapshot);
        if !self.config.rules.obeys(rules::TRIM_COVERED) {
            self.name_snapshot(snapshot, out);
        }
    }

    /// A blob is complete and durable.
    pub(crate) fn on_blob_durable(&mut self, now: LocalTime, blob: BlobId, out: &mut Out) {
        if let Some(snapshot) = self.snapshots.making.take_if(|making| making.blob() == blob) {
            if self.snapshots.held != Some(snapshot) {
                self.name_snapshot(snapshot, out);
            }
        } else if let Some(install) =
            self.snapshots.install.take_if(|i| i.snapshot.blob() == blob && i.have == i.snapshot.len)
        {
            self.finish_install(now, install.snapshot, out);
        }
    }

    /// Writes the record that stands for all records before it, and trims: what is covered by the snapshot but for the
    /// last `trailing` slots, which are kept for those who lag a little.
    fn name_snapshot(&mut self, snapshot: Snapshot, out: &mut Out) {
        let Snapshot { slot, chain, len } = snapshot;
        let trimmed = Slot(slot.0.saturating_sub(self.config.trailing)).max(self.acceptor.base());
        self.acceptor.trim(trimmed);
        self.learner.trim(trimmed);
        let is_voter = self.is_voter();
        let votes: Few<Vote> = self
            .acceptor
            .votes_from(trimmed.next())
            .filter(|_| is_voter)
            .map(|(slot, cast)| Vote { slot, ballot: cast.ballot, entry: cast.entry.clone() })
            .collect();
        let (promised, members, blob) = (self.acceptor.promised(), self.members, snapshot.blob());
        out.narrate("paxos/trim-covered", || format!("has a snapshot of {slot}, and trims up to {trimmed}"));
        let write = out.write(Record::Snapshot { blob, len, slot, chain, trimmed, promised, members, votes });
        let old = self.snapshots.held.replace(snapshot);
        self.snapshots.turning = Some((write, old.map(|old| old.blob())));
        out.reached(gates::TRIMMED);
    }

    /// Records up to `upto` are durable: what came before the newest snapshot's record can go.
    pub(crate) fn on_snapshot_durable(&mut self, upto: WriteId, out: &mut Out) {
        if let Some((write, old)) = self.snapshots.turning.take_if(|(write, _)| *write <= upto) {
            out.effect(Effect::ForgetBefore(write));
            if let Some(blob) = old {
                out.effect(Effect::ForgetBlob(blob));
            }
        }
    }
}

// Another's.
impl Paxos {
    /// Tells a node that asks for what is trimmed what there is instead.
    pub(crate) fn offer_snapshot(&self, to: NodeId, ballot: Ballot, out: &mut Out) {
        let Some(Snapshot { slot, chain, len }) = self.snapshots.held else {
            assert!(!self.config.rules.is_whole(), "nothing is trimmed without a snapshot");
            return;
        };
        out.narrate("paxos/trimmed-transfer", || format!("offers {to} the snapshot of {slot}"));
        out.send(to, Message::Offer { ballot, slot, chain, len });
    }

    /// What this node wants to know is trimmed at `from`.
    pub(crate) fn on_offer(
        &mut self,
        now: LocalTime,
        from: NodeId,
        ballot: Ballot,
        snapshot: Snapshot,
        out: &mut Out,
    ) {
        if snapshot.slot <= self.learner.delivered() {
            return out.narrate("", || format!("knows all that the snapshot of {from} covers"));
        }
        if let Role::Leader(leader) = &self.role {
            if ballot != leader.ballot {
                return out.narrate("", || format!("leads: needs no snapshot of {from}"));
            }
            // An acceptor cannot vote in a slot that it has trimmed: this leader proposes what others are done with.
            self.preempt(now, ballot, None, out);
        }
        let all = &mut self.snapshots;
        let better = all.install.as_ref().is_none_or(|install| install.snapshot.slot < snapshot.slot);
        if all.making.is_some() || all.turning.is_some() || !better {
            return out.narrate("", || format!("takes no snapshot of {from} now"));
        }
        if let Some(old) = all.install.take() {
            out.effect(Effect::ForgetBlob(old.snapshot.blob()));
        }
        let ask_at = now + self.config.heartbeat;
        all.install = Some(Install { from, snapshot, have: 0, ask_at, tries: 1 });
        out.narrate("paxos/trimmed-transfer", || {
            format!("fetches the snapshot of {} of {from}", snapshot.slot)
        });
        out.send(from, Message::Fetch { slot: snapshot.slot, offset: 0 });
    }

    /// Somebody fetches the snapshot of `slot`.
    pub(crate) fn on_fetch(&mut self, now: LocalTime, from: NodeId, slot: Slot, offset: u64, out: &mut Out) {
        let all = &mut self.snapshots;
        let Some(held) = all.held else {
            return out.narrate("", || format!("has no snapshot for {from}"));
        };
        if held.slot != slot {
            // It was replaced meanwhile.
            return self.offer_snapshot(from, Ballot::ZERO, out);
        }
        if SERVING_MAX <= all.serving.len() || held.len < offset {
            return;
        }
        all.served_at = Some(now);
        all.serving.push((from, held.blob(), offset));
        out.effect(Effect::ReadBlob { blob: held.blob(), offset, len: self.config.chunk });
    }

    /// Bytes that somebody asked for were read.
    pub(crate) fn on_blob_bytes(&mut self, blob: BlobId, offset: u64, bytes: &[u8], out: &mut Out) {
        let held = self.snapshots.held;
        let asked = |&(_, of, at): &(NodeId, BlobId, u64)| of == blob && at == offset;
        let Some(place) = self.snapshots.serving.iter().position(asked) else { return };
        let (to, ..) = self.snapshots.serving.swap_remove(place);
        let Some(held) = held.filter(|held| held.blob() == blob) else { return };
        if bytes.is_empty() && offset < held.len {
            return out.narrate("", || format!("cannot read the snapshot of {}", held.slot));
        }
        out.send(to, Message::Chunk { slot: held.slot, offset, bytes: bytes.to_vec() });
    }

    /// Bytes of the snapshot that is being fetched.
    pub(crate) fn on_chunk(
        &mut self,
        now: LocalTime,
        slot: Slot,
        offset: u64,
        bytes: Vec<u8>,
        out: &mut Out,
    ) {
        let again = now + self.config.heartbeat;
        let Some(install) = &mut self.snapshots.install else { return };
        let left = install.snapshot.len - install.have;
        let complete = install.ask_at == LocalTime::NEVER;
        if complete || slot != install.snapshot.slot || offset != install.have || left < bytes.len() as u64 {
            return out.narrate("", || {
                format!("has no use for the bytes from {offset} on of the snapshot of {slot}")
            });
        }
        install.have += bytes.len() as u64;
        install.tries = 1;
        let last = install.have == install.snapshot.len;
        out.effect(Effect::WriteBlob { blob: install.snapshot.blob(), offset, bytes: bytes.into(), last });
        if last {
            install.ask_at = LocalTime::NEVER;
        } else {
            install.ask_at = again;
            out.send(install.from, Message::Fetch { slot, offset: install.have });
        }
    }

    /// A chunk did not come.
    pub(crate) fn on_chunk_deadline(&mut self, now: LocalTime, out: &mut Out) {
        let Some(install) = &mut self.snapshots.install else { panic!("nothing is being fetched") };
        if install.tries < TRIES_MAX {
            install.tries += 1;
            install.ask_at = now + self.config.heartbeat;
            let (slot, offset) = (install.snapshot.slot, install.have);
            return out.send(install.from, Message::Fetch { slot, offset });
        }
        out.narrate("", || format!("gives the snapshot of {} up", install.snapshot.slot));
        out.effect(Effect::ForgetBlob(install.snapshot.blob()));
        self.snapshots.install = None;
        if let Role::Follower(_) = self.role {
            self.learner.ask_at = now + self.config.heartbeat;
        }
    }

    /// The snapshot is here, on the disk: the record that names it, and then the state machine.
    fn finish_install(&mut self, now: LocalTime, snapshot: Snapshot, out: &mut Out) {
        if snapshot.slot <= self.learner.delivered() || matches!(self.role, Role::Leader(_)) {
            // What it covers was learned otherwise.
            return out.effect(Effect::ForgetBlob(snapshot.blob()));
        }
        out.reached(gates::INSTALLED);
        self.learner.restore(snapshot.slot, snapshot.chain);
        out.effect(Effect::Restore { blob: snapshot.blob(), position: Position(snapshot.slot.0) });
        self.name_snapshot(snapshot, out);
        match self.role {
            Role::Follower(_) => self.learn(now, out),
            Role::Candidate(_) => self.lead_if_ready(now, out),
            Role::Leader(_) | Role::Unformed => unreachable!("they install nothing"),
        }
    }
}
