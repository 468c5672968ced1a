//! The leader's side of replication (paper 5.3): proposals, AppendEntries, acknowledgments, heartbeats, retries.

use replica::{Few, LocalTime, NodeId, NodeSet, Refusal, SharedEntry};

use crate::config::ReadPath;
use crate::log::Log;
use crate::progress::{Flow, Progress};
use crate::role::{Leader, Role};
use crate::snapshot::Snapshots;
use crate::transfer::Transfer;
use crate::{Config, Index, LogEntry, Message, Out, Raft, Record, Term, gates, rules, sound};

/// The most entries that a leader takes without a commit. One that is cut off goes on taking proposals until it is
/// deposed; this bounds what it gathers.
const UNCOMMITTED_MAX: u64 = 1 << 16;

/// A rejection, as it came.
#[derive(Clone, Copy)]
pub(crate) struct Rejected {
    pub(crate) term: Term,
    pub(crate) prev_index: Index,
    pub(crate) hint_index: Index,
    pub(crate) hint_term: Term,
    pub(crate) token: u64,
}

/// What every AppendEntries of a step has in common.
#[derive(Clone, Copy)]
struct Header {
    term: Term,
    commit: Index,
    token: u64,
}

impl Raft {
    /// The server proposes: only a leader takes it.
    pub(crate) fn on_propose(&mut self, now: LocalTime, entry: SharedEntry, out: &mut Out<'_>) {
        match &self.role {
            Role::Leader(leader) if leader.transfer != Transfer::None => {
                // Its successor is to have everything. Nobody else may serve yet.
                out.refuse_entry(&entry, Refusal::NoLeader, None);
            }
            Role::Leader(_)
                if UNCOMMITTED_MAX <= self.log.last().0 - self.commit.0.min(self.log.last().0) =>
            {
                out.refuse_entry(&entry, Refusal::Busy, Some(self.node));
            }
            Role::Leader(_) => {
                self.append_own(entry, out);
                self.replicate_to_all(now, out);
                if !self.config.rules.obeys(rules::OWN_DURABLE) {
                    self.advance_commit(now, out);
                }
            }
            _ => {
                let leader = self.leader();
                let reason = if leader.is_some() { Refusal::NotLeader } else { Refusal::NoLeader };
                out.refuse_entry(&entry, reason, leader);
            }
        }
    }

    /// Appends to the leader's own log. The write runs beside the sending (thesis 10.2.1).
    pub(crate) fn append_own(&mut self, entry: SharedEntry, out: &mut Out<'_>) {
        assert!(matches!(self.role, Role::Leader(_)), "only a leader appends of its own");
        sound!(self.config.rules, self.log.last_term() <= self.term, "no entry is of a later term");
        let index = self.log.last().next();
        let entries = Few::One(LogEntry { term: self.term, entry: entry.clone() });
        let write = out.write(Record::Append { index, entries });
        self.log.push(self.term, entry, write);
    }

    /// Sends every follower what its window has room for.
    pub(crate) fn replicate_to_all(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
        for row in leader.peers.iter_mut() {
            pump(row, &self.log, &self.snapshots, header, &self.config, now, out);
        }
    }

    /// A follower holds the log up to `matched`.
    pub(crate) fn on_appended(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        matched: Index,
        token: u64,
        out: &mut Out<'_>,
    ) {
        if self.term < term {
            self.see_higher_term(now, term, None, out);
            self.save_ballot(out);
            return;
        }
        if self.is_stale_reply(from, term, out) {
            return;
        }
        let place = self.place(from);
        let snapshots = &self.snapshots;
        let Role::Leader(leader) = &mut self.role else {
            // It led this term, and restarted.
            return out.narrate("", || alloc::format!("ignores an answer of {from}: it leads no more"));
        };
        sound!(self.config.rules, matched <= self.log.last(), "a follower matches what the leader has");
        let row = &mut leader.peers[place];
        assert_eq!(row.peer, from);
        row.hear(token, now);
        let is_news = row.acknowledge(matched.min(self.log.last()), now);
        let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
        if row.next <= self.log.last() {
            pump(row, &self.log, snapshots, header, &self.config, now, out);
        }
        if is_news {
            self.drive_transfer(out);
            self.advance_commit(now, out);
        }
        self.on_confirmation(now, from, token, out);
    }

    /// A follower's log does not hold what came before the entries, or the term is over.
    pub(crate) fn on_rejected(
        &mut self,
        now: LocalTime,
        from: NodeId,
        rejected: Rejected,
        out: &mut Out<'_>,
    ) {
        if self.term < rejected.term {
            self.see_higher_term(now, rejected.term, None, out);
            self.save_ballot(out);
            return;
        }
        if self.is_stale_reply(from, rejected.term, out) {
            return;
        }
        let place = self.place(from);
        let snapshots = &self.snapshots;
        let Role::Leader(leader) = &mut self.role else {
            // It led this term, and restarted.
            return out.narrate("", || alloc::format!("ignores an answer of {from}: it leads no more"));
        };
        let row = &mut leader.peers[place];
        assert_eq!(row.peer, from);
        row.hear(rejected.token, now);
        if back_up(row, &self.log, &rejected, out) {
            let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
            pump(row, &self.log, snapshots, header, &self.config, now, out);
        } else {
            out.narrate("", || alloc::format!("ignores a rejection of {from} that is overtaken"));
        }
        // A rejection in this term is an answer of a follower all the same: this server still leads.
        self.on_confirmation(now, from, rejected.token, out);
    }

    /// Heartbeats, retries, and the news of a commit.
    pub(crate) fn on_leader_timers(&mut self, now: LocalTime, out: &mut Out<'_>) {
        self.abort_transfer(now, out);
        let Role::Leader(leader) = &self.role else { panic!("asked of leaders only") };
        if leader.heartbeat_at <= now && self.config.check_quorum && !self.hears_majority(now) {
            out.reached(gates::QUORUM_LOST);
            out.narrate("raft/6.2", || "steps down: hears no majority".into());
            return self.become_follower(now, self.term, None, out);
        }
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        if leader.heartbeat_at <= now && self.config.reads == ReadPath::Lease {
            let token = leader.reads.next_token();
            leader.lease.start(token, now);
        }
        let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
        if leader.commit_at <= now {
            leader.commit_at = LocalTime::NEVER;
            tell_commit(leader, &self.log, header, out);
        }
        if now < leader.heartbeat_at {
            return;
        }
        leader.heartbeat_at = now + self.config.heartbeat;
        let Leader { peers, reads, .. } = &mut **leader;
        let is_steady = self.config.steady_heartbeats;
        for row in peers.iter_mut() {
            if is_steady {
                heartbeat(row, &self.log, header, out);
            }
            if let Flow::Replicate { inflight } = &row.flow
                && !inflight.is_empty()
                && self.config.retry <= now.since(row.moved_at)
            {
                out.reached(gates::RETRIED);
                out.narrate("raft/5.3", || {
                    alloc::format!("probes {} again: its pipeline is silent", row.peer)
                });
                row.probe_again();
            }
            if let Flow::Probe { sent } = &mut row.flow {
                *sent = false;
                pump(row, &self.log, &self.snapshots, header, &self.config, now, out);
            } else if self.config.retry <= now.since(row.moved_at)
                && matches!(row.flow, Flow::Snapshot { .. })
            {
                out.reached(gates::CHUNK_RESENT);
                self.snapshots.read_chunk(row, &self.config, out);
            } else if !is_steady && (!row.spoken || reads.waits_for(row.peer)) {
                heartbeat(row, &self.log, header, out);
            }
            row.spoken = false;
        }
    }

    /// A session came up: a leader probes anew, a candidate asks again.
    pub(crate) fn on_session_up(&mut self, now: LocalTime, peer: NodeId, out: &mut Out<'_>) {
        assert_ne!(peer, self.node);
        if !self.members.contains(peer) {
            return;
        }
        let place = self.place(peer);
        match &mut self.role {
            Role::Leader(leader) => {
                let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
                let row = &mut leader.peers[place];
                row.probe_again();
                pump(row, &self.log, &self.snapshots, header, &self.config, now, out);
            }
            Role::PreCandidate { .. } => self.ask_again_before_standing(peer, out),
            Role::Candidate { .. } => self.ask_again(peer, out),
            Role::Follower { .. } | Role::Unformed => {}
        }
    }

    /// A session broke: what was in flight may be lost.
    pub(crate) fn on_session_down(&mut self, peer: NodeId) {
        assert_ne!(peer, self.node);
        if !self.members.contains(peer) {
            return;
        }
        let place = self.place(peer);
        if let Role::Leader(leader) = &mut self.role {
            let row = &mut leader.peers[place];
            row.probe_again();
            // Nothing leaves while no session is up: wait for the next, not for the heartbeat.
            row.flow = Flow::Probe { sent: true };
        }
    }

    /// Sends the newest round's token to every follower at once.
    pub(crate) fn ask_all(&mut self, out: &mut Out<'_>) {
        let Role::Leader(leader) = &mut self.role else { panic!("asked of leaders only") };
        let header = Header { term: self.term, commit: self.commit, token: leader.reads.token() };
        for row in leader.peers.iter_mut() {
            heartbeat(row, &self.log, header, out);
        }
    }

    /// An answer of an earlier term says nothing about the log of this one: the follower may have cut it since.
    fn is_stale_reply(&self, from: NodeId, term: Term, out: &mut Out<'_>) -> bool {
        assert!(term <= self.term);
        let is_stale = term < self.term && self.config.rules.obeys(rules::STALE_REPLY);
        if is_stale {
            out.reached(gates::STALE_REPLY_IGNORED);
            out.narrate("raft/stale-reply", || {
                alloc::format!("ignores an answer of {from} in term {term}: it is term {} now", self.term)
            });
        }
        is_stale
    }

    /// A follower's row: how many other members have a lower id.
    #[inline]
    pub(crate) fn place(&self, peer: NodeId) -> usize {
        let below = (1u64 << peer.0) - 1;
        let members = NodeSet(self.members.voters.0 | self.members.learners.0);
        (members.without(self.node).0 & below).count_ones() as usize
    }
}

/// Sends to one follower what its window has room for; the snapshot, if what comes next is compacted away.
#[inline]
fn pump(
    row: &mut Progress,
    log: &Log,
    snapshots: &Snapshots,
    header: Header,
    config: &Config,
    now: LocalTime,
    out: &mut Out<'_>,
) {
    if row.next <= log.base().index {
        return snapshots.begin_sending(row, config, now, out);
    }
    match &mut row.flow {
        Flow::Probe { sent: true } | Flow::Snapshot { .. } => {}
        Flow::Probe { sent } => {
            *sent = true;
            send(row, row.next, config.append_max, log, header, out);
        }
        Flow::Replicate { .. } => {
            while row.next <= log.last() {
                let Flow::Replicate { inflight } = &mut row.flow else { unreachable!("just matched") };
                if inflight.is_full(config.inflight_max, config.inflight_bytes) {
                    out.reached(gates::WINDOW_FULL);
                    return;
                }
                if inflight.is_empty() {
                    row.moved_at = now;
                }
                let end = Index((row.next.0 + config.append_max as u64 - 1).min(log.last().0));
                let bytes = send(row, row.next, config.append_max, log, header, out);
                let Flow::Replicate { inflight } = &mut row.flow else {
                    unreachable!("sending changes no flow")
                };
                inflight.push(end, bytes);
                row.next = end.next();
            }
        }
    }
}

/// Speaks to a follower at the index that it has acknowledged: the answer waits for no write there. Of an index that is
/// compacted away the term is not known; at zero all logs agree.
fn heartbeat(row: &mut Progress, log: &Log, header: Header, out: &mut Out<'_>) {
    let is_compacted = row.matched < log.base().index;
    let at = if is_compacted { Index::ZERO } else { row.matched };
    send(row, at.next(), 0, log, header, out);
}

/// Sends up to `count` entries from `next` on; how many bytes they have.
#[inline]
fn send(row: &mut Progress, next: Index, count: usize, log: &Log, header: Header, out: &mut Out<'_>) -> u64 {
    let prev_index = next.previous();
    let prev_term = match log.term_at(prev_index) {
        Some(term) => term,
        None => {
            assert_eq!((prev_index, count), (Index::ZERO, 0), "a leader's rows stay within its log");
            Term::ZERO
        }
    };
    let entries: Few<LogEntry> = if count == 0 { Few::None } else { log.from(next, count).collect() };
    let bytes = entries.iter().map(|held| held.entry.bytes().len() as u64).sum();
    let reach = Index(prev_index.0 + entries.len() as u64);
    row.commit_told = row.commit_told.max(header.commit.min(reach));
    row.spoken = true;
    let Header { term, commit, token } = header;
    // No wait: a leader's term and vote were durable before it could win, and of its log it asserts nothing.
    out.send(row.peer, Message::AppendEntries { term, prev_index, prev_term, commit, token, entries });
    bytes
}

/// Tells idle followers of the commit. Busy ones hear of it with their next entries, silent ones at the heartbeat.
fn tell_commit(leader: &mut Leader, log: &Log, header: Header, out: &mut Out<'_>) {
    for row in leader.peers.iter_mut() {
        if row.is_idle() && row.commit_told < header.commit.min(row.matched) {
            heartbeat(row, log, header, out);
        }
    }
}

/// Moves `next` back to where the logs may agree; false if the rejection is overtaken by what is known since.
fn back_up(row: &mut Progress, log: &Log, rejected: &Rejected, out: &mut Out<'_>) -> bool {
    match row.flow {
        Flow::Replicate { .. } => {
            if rejected.prev_index <= row.matched {
                return false;
            }
            // Something was lost or overtaken: start again from what is acknowledged.
            row.probe_again();
        }
        // It is sent a snapshot: of its log nothing is asked.
        Flow::Snapshot { .. } => return false,
        Flow::Probe { .. } => {
            if rejected.prev_index != row.next.previous() || rejected.prev_index <= row.matched {
                return false;
            }
            // Of the leader's own entries of terms above the hint's none can match either.
            let agree = log.last_not_above(rejected.hint_index, rejected.hint_term);
            let next = agree.next().min(rejected.prev_index).max(row.matched.next());
            if next < rejected.prev_index {
                out.reached(gates::HINT_SKIPPED);
            }
            out.narrate("raft/5.3-prev", || {
                alloc::format!("backs up for {} from {} to {next}", row.peer, row.next)
            });
            row.next = next;
            row.flow = Flow::Probe { sent: false };
        }
    }
    assert!(row.matched < row.next);
    true
}
