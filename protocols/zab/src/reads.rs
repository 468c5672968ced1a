//! Reads that need the leader: `sync` + read as ZooKeeper has it (`Leader.processSync`), and a linearizable read of
//! our own.
//!
//! *Sync*: the leader answers in the stream of its commits, after everything that was outstanding when SYNC came. No
//! quorum is asked, so a leader that was deposed and does not know it answers too: not linearizable (ZOOKEEPER-1675).
//!
//! *Linearizable*: the leader notes what it has committed, and answers when a round of pings that began after the
//! read has come back from a quorum of followers that are up to date. A follower that has promised a later epoch has
//! left this leader and answers no ping of its attempt; so at the time of the read no later epoch was established,
//! and every write that was answered by then was committed here.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

use replica::{Entry, LocalTime, NodeId, NodeSet, Position, ReadId, ReadMode, Refusal, Request, Slot};

use crate::config::Reading;
use crate::discovery::FollowingStage;
use crate::message::{Attempt, Message};
use crate::relation::Stage;
use crate::{Out, Phase, Zab, gates, rules};

/// The most reads that wait at one server; beyond, they are refused. Memory, not safety.
const READS_MAX: usize = 65_536;

/// Reads that wait at a leader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    /// The number of the newest round. A round is confirmed only by pongs that carry its number.
    pub(crate) token: u64,
    /// The round under way.
    pub(crate) round: Option<Confirmation>,
    /// A no-op on its way through the log, and the reads that it was proposed for.
    marker: Option<(Slot, Vec<ReadId>)>,
    /// Reads that came after that round began: they wait for the next one.
    next: Vec<(ReadId, Position)>,
    /// SYNCs that wait for what was outstanding when they came: (its last zxid, who asks, the read).
    syncs: VecDeque<(Slot, Asker, ReadId)>,
}

/// A round of pings.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    /// Its number.
    token: u64,
    /// Who has confirmed it.
    pub(crate) from: NodeSet,
    /// The reads that it will answer, and what was committed when they came.
    reads: Vec<(ReadId, Position)>,
}

/// Who asked for a sync.
#[derive(Clone, Copy, Debug)]
enum Asker {
    /// The leader's own server.
    Own,
    /// A follower, in an attempt.
    Follower(NodeId, Attempt),
}

impl Reads {
    /// Begins a round for the reads that wait; its number.
    pub(crate) fn begin(&mut self, node: NodeId) -> u64 {
        assert!(self.round.is_none(), "one round at a time: later reads share the next one");
        self.token += 1;
        let reads = core::mem::take(&mut self.next);
        self.round = Some(Confirmation { token: self.token, from: NodeSet::EMPTY.with(node), reads });
        self.token
    }

    /// Ends the round and answers its reads. True if others wait for the next.
    pub(crate) fn answer(&mut self, out: &mut Out<'_>) -> bool {
        let round = self.round.take().expect("a round that was confirmed");
        for (read, position) in round.reads {
            out.read_at(read, position);
        }
        !self.next.is_empty()
    }

    /// Refuses the reads whose no-op cannot be proposed.
    pub(crate) fn refuse_marked(&mut self, out: &mut Out<'_>) {
        for read in self.marker.take().into_iter().flat_map(|(_, reads)| reads) {
            out.refuse(Request::Read(read), Refusal::Busy, None);
        }
    }

    /// Refuses everything that waits: the leader gives up.
    pub(crate) fn refuse_all(self, out: &mut Out<'_>) {
        let round = self.round.into_iter().flat_map(|round| round.reads);
        let own = self.syncs.into_iter().filter(|(_, asker, _)| matches!(asker, Asker::Own));
        let marked = self.marker.into_iter().flat_map(|(_, reads)| reads);
        for read in marked {
            out.refuse(Request::Read(read), Refusal::NoLeader, None);
        }
        let all = round.chain(self.next).map(|(read, _)| read).chain(own.map(|(_, _, read)| read));
        for read in all {
            out.refuse(Request::Read(read), Refusal::NoLeader, None);
        }
    }

    fn waiting(&self) -> usize {
        let marked = self.marker.as_ref().map_or(0, |(_, reads)| reads.len());
        marked + self.next.len() + self.syncs.len() + self.round.as_ref().map_or(0, |round| round.reads.len())
    }
}

impl Zab {
    pub(crate) fn on_read(&mut self, now: LocalTime, read: ReadId, mode: ReadMode, out: &mut Out<'_>) {
        let mode = match mode {
            ReadMode::Linearizable if !self.config.rules.obeys(rules::SYNC_IS_WEAK) => ReadMode::Sync,
            mode => mode,
        };
        match (&mut self.phase, mode) {
            (Phase::Leading(leading), ReadMode::Linearizable | ReadMode::Sync) => match &leading.stage {
                Stage::Broadcast(broadcast) if READS_MAX <= broadcast.reads.waiting() => {
                    out.refuse(Request::Read(read), Refusal::Busy, None);
                }
                Stage::Broadcast(_) if mode == ReadMode::Sync => self.sync(Asker::Own, read, out),
                Stage::Broadcast(_) if self.config.reads == Reading::Log => self.read_log(now, read, out),
                Stage::Broadcast(broadcast) if broadcast.lease.holds(now) => {
                    out.reached(gates::LEASE_READ);
                    out.read_at(read, Position(self.delivered as u64));
                }
                Stage::Broadcast(_) => self.read_confirmed(now, read, out),
                _ => out.refuse(Request::Read(read), Refusal::NoLeader, None),
            },
            (Phase::Following(following), ReadMode::Sync) => match following.stage {
                FollowingStage::Broadcast if following.syncs.len() < READS_MAX => {
                    following.syncs.push_back(read);
                    out.send(following.leader, Message::Sync { attempt: following.attempt, read });
                }
                FollowingStage::Broadcast => out.refuse(Request::Read(read), Refusal::Busy, None),
                _ => out.refuse(Request::Read(read), Refusal::NoLeader, None),
            },
            (Phase::Following(following), ReadMode::Linearizable) => {
                out.refuse(Request::Read(read), Refusal::NotLeader, Some(following.leader));
            }
            (Phase::Looking(_) | Phase::Unformed, _) => {
                out.refuse(Request::Read(read), Refusal::NoLeader, None);
            }
            (_, ReadMode::Sequential | ReadMode::Stale) => {
                unreachable!("the server serves weaker reads from its own state")
            }
        }
    }

    /// A read that goes through the log: it waits for a no-op that is proposed after it came. Reads that come while
    /// one is on its way share the next.
    fn read_log(&mut self, now: LocalTime, read: ReadId, out: &mut Out<'_>) {
        let position = Position(self.delivered as u64);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader proposes") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        broadcast.reads.next.push((read, position));
        if broadcast.reads.marker.is_none() {
            self.propose_marker(now, out);
        }
    }

    fn propose_marker(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let (last, node) = (self.log.last(), self.node);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader proposes") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        // What is next in the log is the marker: whatever its zxid, it is above the last.
        let reads = core::mem::take(&mut broadcast.reads.next);
        broadcast.reads.marker = Some((last.next(), reads.into_iter().map(|(read, _)| read).collect()));
        self.propose(now, Entry::noop(node), out);
    }

    /// Answers the reads whose no-op is committed, and proposes one for those that came since.
    pub(crate) fn answer_markers(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let committed = self.committed();
        let position = Position(self.delivered as u64);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader proposes") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        if broadcast.reads.marker.as_ref().is_none_or(|(marker, _)| committed < *marker) {
            return;
        }
        let (_, reads) = broadcast.reads.marker.take().expect("seen above");
        for read in reads {
            out.read_at(read, position);
        }
        if !broadcast.reads.next.is_empty() {
            self.propose_marker(now, out);
        }
    }

    fn read_confirmed(&mut self, now: LocalTime, read: ReadId, out: &mut Out<'_>) {
        let position = Position(self.delivered as u64);
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader confirms") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        if !self.config.rules.obeys(rules::READ_QUORUM) {
            return out.read_at(read, position);
        }
        let reads = &mut broadcast.reads;
        match &mut reads.round {
            Some(round) if !self.config.rules.obeys(rules::READ_FRESH) => round.reads.push((read, position)),
            Some(_) => reads.next.push((read, position)),
            None => {
                reads.next.push((read, position));
                self.begin_confirmation(now, out);
            }
        }
    }

    pub(crate) fn on_ping(
        &mut self,
        now: LocalTime,
        from: NodeId,
        attempt: Attempt,
        token: u64,
        out: &mut Out<'_>,
    ) {
        assert!(matches!(self.phase, Phase::Following(_)), "the guard saw a follower");
        self.grant(now, from);
        out.send(from, Message::Pong { attempt, token });
    }

    pub(crate) fn on_pong(&mut self, now: LocalTime, from: NodeId, token: u64, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("the guard saw a leader") };
        let is_up_to_date = leading.up_to_date.contains(from);
        let Stage::Broadcast(broadcast) = &mut leading.stage else { return };
        if !is_up_to_date {
            return;
        }
        broadcast.lease.answered(from, token, now, &self.members, &self.config);
        // A pong of an earlier round says nothing about reads that came after it.
        if let Some(round) = &mut broadcast.reads.round
            && round.token <= token
            && round.from.insert(from)
        {
            self.end_confirmation_if_quorum(now, out);
        }
    }

    pub(crate) fn on_sync(&mut self, from: NodeId, read: ReadId, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &self.phase else { unreachable!("the guard saw a leader") };
        if !leading.up_to_date.contains(from) {
            return out.narrate("", || format!("SYNC of {from}, which is not up to date: ignored"));
        }
        let attempt = leading.learner(from).attempt;
        self.sync(Asker::Follower(from, attempt), read, out);
    }

    /// Answers in the stream: at once if nothing is outstanding, or right after what is.
    fn sync(&mut self, asker: Asker, read: ReadId, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader syncs") };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
        match broadcast.last_outstanding() {
            Some(last) => broadcast.reads.syncs.push_back((last, asker, read)),
            None => self.answer_sync(asker, read, out),
        }
    }

    fn answer_sync(&self, asker: Asker, read: ReadId, out: &mut Out<'_>) {
        match asker {
            Asker::Own => out.read_at(read, Position(self.delivered as u64)),
            Asker::Follower(node, attempt) => out.send(node, Message::Synced { attempt, read }),
        }
    }

    /// Answers the SYNCs whose outstanding proposals are committed.
    pub(crate) fn answer_syncs(&mut self, out: &mut Out<'_>) {
        let committed = self.committed();
        loop {
            let Phase::Leading(leading) = &mut self.phase else { unreachable!("only a leader syncs") };
            let Stage::Broadcast(broadcast) = &mut leading.stage else { unreachable!("only in this phase") };
            match broadcast.reads.syncs.front() {
                Some((last, asker, read)) if *last <= committed => {
                    let (asker, read) = (*asker, *read);
                    broadcast.reads.syncs.pop_front();
                    self.answer_sync(asker, read, out);
                }
                _ => return,
            }
        }
    }

    pub(crate) fn on_synced(&mut self, read: ReadId, out: &mut Out<'_>) {
        let position = Position(self.delivered as u64);
        let Phase::Following(following) = &mut self.phase else { unreachable!("the guard saw a follower") };
        if following.syncs.front() != Some(&read) {
            return out.narrate("", || format!("SYNCED of {read}, which does not wait: ignored"));
        }
        following.syncs.pop_front();
        out.read_at(read, position);
    }
}
