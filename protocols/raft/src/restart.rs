//! Restart: the state a server comes back with is exactly what its records say (paper figure 2, persistent state).
//! The commit index is not among them; it is learned again, and the log delivered again from its beginning or, if there
//! is one, from the snapshot on.

use alloc::collections::VecDeque;

use replica::{Boot, Durable, LocalTime, Members, Span, WriteId};

use crate::log::{Base, Log};
use crate::read_follow::Questions;
use crate::role::Role;
use crate::snapshot::Snapshots;
use crate::{Config, Index, Out, Raft, Record, Term, sound};

/// Starts an incarnation on what its disk kept.
pub(crate) fn boot(
    boot: Boot,
    config: &Config,
    durable: Durable<'_, Record>,
    now: LocalTime,
    out: &mut Out<'_>,
) -> Raft {
    let mut raft = Raft {
        node: boot.node,
        config: *config,
        members: Members::default(),
        term: Term::ZERO,
        vote: None,
        ballot_write: WriteId::ZERO,
        log: Log::default(),
        durable: Index::ZERO,
        commit: Index::ZERO,
        role: Role::Unformed,
        is_term_unsaved: false,
        replaced: VecDeque::new(),
        snapshots: Snapshots::new(boot.incarnation),
        questions: Questions::new(boot.incarnation),
        heard_at: None,
        election_at: LocalTime::NEVER,
        election_timeout: Span::ZERO,
    };
    let mut is_member = false;
    for (write, record) in (durable.first.0..).map(WriteId).zip(durable.records) {
        is_member |= matches!(record, Record::Genesis { .. } | Record::Snapshot { .. });
        raft.replay(write, record);
    }
    if !is_member {
        assert!(durable.records.is_empty(), "a disk without a genesis holds nothing");
        out.narrate("", || "has no genesis: takes part in nothing".into());
        return raft;
    }
    assert!(raft.members.contains(boot.node), "a genesis names the member whose disk it is on");
    sound!(config.rules, raft.log.last_term() <= raft.term, "a term is written before its entries");
    raft.durable = raft.log.last();
    raft.restore(durable.blobs, out);
    // It may have heard a leader just before it went down: its lease is to be respected.
    raft.heard_at = config.check_quorum.then_some(now);
    raft.role = Role::Follower { leader: None };
    raft.become_follower(now, raft.term, None, out);
    raft
}

impl Raft {
    fn replay(&mut self, write: WriteId, record: &Record) {
        match record {
            Record::Genesis { members } => {
                assert_eq!(self.log.last(), Index::ZERO, "a genesis comes first");
                self.members = *members;
            }
            Record::Ballot { term, vote } => {
                sound!(self.config.rules, self.term <= *term, "terms never go down");
                self.term = *term;
                self.vote = *vote;
                self.ballot_write = write;
            }
            Record::Append { index, entries } => {
                assert_eq!(*index, self.log.last().next(), "entries follow each other");
                for held in entries.iter() {
                    self.log.push(held.term, held.entry.clone(), write);
                }
            }
            Record::Cut { after } => self.log.cut(*after),
            Record::Snapshot { members, term, vote, index, last_term, chain, blob, replaces: _, entries } => {
                self.members = *members;
                self.term = *term;
                self.vote = *vote;
                self.ballot_write = write;
                // The record holds all that was kept of the log.
                self.log.reset(Base { index: *index, term: *last_term, chain: *chain, write });
                for held in entries.iter() {
                    self.log.push(held.term, held.entry.clone(), write);
                }
                self.snapshots.replay(*index, *blob);
            }
        }
    }
}
