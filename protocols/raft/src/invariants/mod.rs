//! Raft's own judge: the properties of the paper's figure 3 and what follows from them, checked from outside after
//! every step, each in a file of its own. It keeps a ghost of every server's log and disk, made from records alone, and
//! the history that a property needs; each step costs what its effects cost, whatever the log's length.
//!
//! R10 (configurations) waits for membership change.

mod append_only;
mod commit_on_quorum;
mod election_safety;
mod ghost;
mod leader_completeness;
mod log_matching;
mod monotonicity;
mod order;
mod quorum_survival;
mod read_served;
mod state_machine_safety;
mod vote_up_to_date;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use replica::{Cluster, Effect, Findings, Invariant, Members, NODES_MAX, NodeId, Observe, Step, WriteId};

use crate::role::Role;
use crate::{Config, Index, Message, Raft, Record, Term};
use ghost::{Ghost, Wrote};

const R1: usize = 0;
const R2: usize = 1;
const R3: usize = 2;
const R4: usize = 3;
const R5: usize = 4;
const R6: usize = 5;
const R7: usize = 6;
const R8: usize = 7;
const R9: usize = 8;
const R11: usize = 9;
const READ: usize = 10;

/// An entry that some server knew to be committed.
#[derive(Clone, Copy)]
struct Chosen {
    /// The chain of the log up to it.
    chain: u64,
    /// Its digest.
    digest: u64,
    /// The lowest term in which a server was that knew it committed: no less than the term it was committed in.
    commit_term: Term,
}

/// The judge.
#[derive(Clone)]
pub struct RaftInvariants {
    members: Members,
    /// A row a node.
    ghosts: Vec<Ghost>,
    /// Who ever led each term.
    leaders: BTreeMap<Term, NodeId>,
    /// The first entry seen at each index, as (term, chain); the others, of other terms, in `seen_more`.
    seen: Vec<(Term, u64)>,
    seen_more: BTreeMap<(Index, Term), u64>,
    /// What is committed, from index 1.
    chosen: Vec<Chosen>,
    /// The vote that the message at hand asks for: who, and (last term, last index) of its log.
    asked: Option<(NodeId, Term, Index)>,
}

impl Observe<Raft> for RaftInvariants {
    const INVARIANTS: &'static [Invariant] = &[
        election_safety::INVARIANT,
        append_only::INVARIANT,
        log_matching::INVARIANT,
        leader_completeness::INVARIANT,
        state_machine_safety::INVARIANT,
        monotonicity::INVARIANT,
        commit_on_quorum::INVARIANT,
        quorum_survival::INVARIANT,
        vote_up_to_date::INVARIANT,
        order::INVARIANT,
        read_served::INVARIANT,
    ];

    fn new(members: &Members, _config: &Config) -> RaftInvariants {
        RaftInvariants {
            members: *members,
            ghosts: (0..NODES_MAX).map(|_| Ghost::default()).collect(),
            leaders: BTreeMap::new(),
            seen: Vec::new(),
            seen_more: BTreeMap::new(),
            chosen: Vec::new(),
            asked: None,
        }
    }

    fn receiving(&mut self, _: NodeId, _: &Raft, from: NodeId, message: &Message, _: &mut Findings) {
        self.asked = match message {
            Message::RequestVote { last_term, last_index, .. } => Some((from, *last_term, *last_index)),
            _ => None,
        };
    }

    fn stepped(&mut self, step: &Step<'_, Raft>, _: &impl Cluster<Raft>, findings: &mut Findings) {
        let asked = self.asked.take();
        if matches!(step.replica.role, Role::Unformed) {
            return;
        }
        let node = step.node;
        self.check_ballot(step, findings);
        let led_before = self.ghosts[node.index()].leads;
        let leads = matches!(step.replica.role, Role::Leader(_)).then_some(step.replica.term);
        if led_before != leads {
            self.ghosts[node.index()].leads = leads;
            if let Some(term) = leads {
                self.check_only_leader(node, term, findings);
                self.check_complete(node, term, findings);
            }
        }
        let stays_leader = leads.is_some() && led_before == leads;
        let mut write = step.first_write;
        for effect in step.effects {
            match effect {
                Effect::Write(record) => {
                    let wrote = self.ghosts[node.index()].write(write, record);
                    self.check_append_only(node, &wrote, record, stays_leader, findings);
                    self.check_all_matching(node, &wrote, findings);
                    write = write.next();
                }
                Effect::Send { to, message, after } => {
                    self.check_said(node, *to, message, *after, findings);
                    self.check_vote(node, *to, message, asked, findings);
                    if let Message::ReadIndexReply { index, .. } = message {
                        self.check_read(step, *index, findings);
                    }
                }
                Effect::Deliver { slot, position, entry } => {
                    self.check_delivered(step, *slot, *position, entry, findings);
                }
                Effect::Restore { position, .. } => self.check_restored(step, *position, findings),
                Effect::ReadAt { position, .. } => self.check_read(step, Index(position.0), findings),
                _ => {}
            }
        }
        self.check_order(step, findings);
        let is_news = step.effects.iter().any(|effect| matches!(effect, Effect::Deliver { .. }));
        if is_news {
            self.check_quorum_holds(step, findings);
            if step.replica.commit.0 == self.chosen.len() as u64 {
                self.check_survival(node, findings);
            }
        }
    }

    fn hardened(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        if self.ghosts[node.index()].harden(upto) {
            self.check_survival(node, findings);
        }
    }

    fn crashed(&mut self, node: NodeId, survived: WriteId, findings: &mut Findings) {
        if self.ghosts[node.index()].crash(survived) {
            self.check_survival(node, findings);
        }
    }

    fn wiped(&mut self, node: NodeId) {
        self.ghosts[node.index()].wipe();
    }
}
