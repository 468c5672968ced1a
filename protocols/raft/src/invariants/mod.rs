//! Raft's own judge: the properties of the paper's figure 3 and what follows from them, checked from outside after
//! every step. It keeps a ghost of every server's log and disk, made from records alone, and the history that a
//! property needs; each step costs what its effects cost, whatever the log's length.
//!
//! R10 (configurations) waits for membership change. Leader Completeness (R4) differs from the published formulas: it
//! asks about entries by the term they were *committed* in, at the moment a leader is elected. With the entry's own
//! term, or asked of a leader that was deposed without knowing it, a legal run trips it.

mod ghost;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use replica::{
    Cluster, Effect, Findings, Invariant, Members, NODES_MAX, NodeId, Observe, SharedEntry, Step, WriteId,
};

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
        Invariant {
            id: "raft/R1",
            sentence: "Election Safety: over all time, at most one server leads a term.",
        },
        Invariant {
            id: "raft/R2",
            sentence: "Leader Append-Only: while it leads, a server only extends its log.",
        },
        Invariant {
            id: "raft/R3",
            sentence: "Log Matching: entries of one index and term, wherever and whenever they are held, end equal prefixes.",
        },
        Invariant {
            id: "raft/R4",
            sentence: "Leader Completeness: a server that wins a term holds all that was committed in earlier terms.",
        },
        Invariant {
            id: "raft/R5",
            sentence: "State Machine Safety: all servers deliver the same entry at an index, in order, without gaps.",
        },
        Invariant {
            id: "raft/R6",
            sentence: "Monotonicity: the term never goes down, and the vote of a term never changes, once others could know.",
        },
        Invariant {
            id: "raft/R7",
            sentence: "Commit on a quorum: a leader commits an entry of its term only when a majority's disks hold it.",
        },
        Invariant {
            id: "raft/R8",
            sentence: "Quorum survival: every majority that could vote has a disk that holds all that is committed.",
        },
        Invariant {
            id: "raft/R9",
            sentence: "A vote goes to a log that is at least as up to date as the voter's.",
        },
        Invariant { id: "raft/R11", sentence: "Order: durable and committed never pass the end of the log." },
        Invariant {
            id: "raft/read",
            sentence: "A leader answers reads only after it has committed in its own term, and at no later index.",
        },
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
                self.check_elected(node, term, findings);
            }
        }
        let stays_leader = leads.is_some() && led_before == leads;
        let mut write = step.first_write;
        for effect in step.effects {
            match effect {
                Effect::Write(record) => {
                    self.check_written(node, write, record, stays_leader, findings);
                    write = write.next();
                }
                Effect::Send { to, message, after } => {
                    self.check_said(node, *to, message, *after, asked, findings);
                }
                Effect::Deliver { slot, position, entry } => {
                    self.check_delivered(step, *slot, position.0, entry, findings);
                }
                Effect::ReadAt { position, .. } => self.check_read(step, position.0, findings),
                _ => {}
            }
        }
        self.check_committed(step, findings);
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

impl RaftInvariants {
    /// R6, as the server sees itself.
    fn check_ballot(&mut self, step: &Step<'_, Raft>, findings: &mut Findings) {
        let now = (step.replica.term, step.replica.vote);
        let ghost = &mut self.ghosts[step.node.index()];
        let was = ghost.ballot;
        if now == was {
            return;
        }
        ghost.ballot = now;
        // A vote of nobody may become a vote; a vote may only go with its term.
        let holds = was.0 < now.0 || was.0 == now.0 && was.1.is_none();
        findings.check(R6, step.node, holds, || format!("(term, vote) went from {was:?} to {now:?}"));
    }

    /// R1 and R4, at the moment a server wins a term.
    fn check_elected(&mut self, node: NodeId, term: Term, findings: &mut Findings) {
        let first = *self.leaders.entry(term).or_insert(node);
        findings.check(R1, node, first == node, || format!("leads term {term}, which {first} led"));
        // The commit terms go up along the log but for stale servers that learn late: the last index that was
        // committed before this term stands near the end, and its chain stands for all before it.
        let earlier = self.chosen.iter().rposition(|chosen| chosen.commit_term < term);
        let Some(place) = earlier else { return };
        let (index, chosen) = (Index(place as u64 + 1), self.chosen[place]);
        let log = &self.ghosts[node.index()].log;
        findings.check(R4, node, log.holds(index, chosen.chain), || {
            format!(
                "leads term {term} without the entry at {index} committed in term {}; its log ends at {}",
                chosen.commit_term,
                log.last()
            )
        });
    }

    /// R2 and R3.
    fn check_written(
        &mut self,
        node: NodeId,
        write: WriteId,
        record: &Record,
        stays_leader: bool,
        findings: &mut Findings,
    ) {
        match self.ghosts[node.index()].write(write, record) {
            Wrote::Nothing => {}
            Wrote::Cut => {
                if stays_leader {
                    findings.check(R2, node, false, || format!("removes entries while it leads: {record:?}"));
                }
            }
            Wrote::Entries { from, was_last } => {
                if stays_leader {
                    findings.check(R2, node, from == was_last.next(), || {
                        format!("writes over {from} while it leads; its log ended at {was_last}")
                    });
                }
                let mut index = from;
                while index <= self.ghosts[node.index()].log.last() {
                    self.check_matching(node, index, findings);
                    index = index.next();
                }
            }
        }
    }

    /// R3. Over all time and not only over what is held now: a term's one leader puts one entry at an index, on one
    /// prefix.
    fn check_matching(&mut self, node: NodeId, index: Index, findings: &mut Findings) {
        let mark = self.ghosts[node.index()].log.at(index).expect("just written");
        let place = index.0 as usize - 1;
        if place == self.seen.len() {
            self.seen.push((mark.term, mark.chain));
        }
        let first = match self.seen.get(place) {
            Some((term, chain)) if *term == mark.term => *chain,
            _ => *self.seen_more.entry((index, mark.term)).or_insert(mark.chain),
        };
        findings.check(R3, node, first == mark.chain, || {
            format!("holds at {index} an entry of term {} that ends another prefix than elsewhere", mark.term)
        });
    }

    /// R6, as others see the server, and R9.
    fn check_said(
        &mut self,
        node: NodeId,
        to: NodeId,
        message: &Message,
        after: Option<WriteId>,
        asked: Option<(NodeId, Term, Index)>,
        findings: &mut Findings,
    ) {
        let ghost = &mut self.ghosts[node.index()];
        let before = ghost.spoken;
        let is_consistent = ghost.says(message, to, node, after);
        findings.check(R6, node, is_consistent, || {
            format!("says {message:?} to {to} after it has spoken as {before:?}")
        });
        if let (Message::VoteReply { granted: true, .. }, Some((from, last_term, last_index))) =
            (message, asked)
            && from == to
        {
            let ours = ghost.log.up_to_date();
            findings.check(R9, node, ours <= (last_term, last_index), || {
                format!(
                    "votes for {to}, whose log ends in {:?}, while its own ends in {ours:?}",
                    (last_term, last_index)
                )
            });
        }
    }

    /// R5.
    fn check_delivered(
        &mut self,
        step: &Step<'_, Raft>,
        slot: Index,
        position: u64,
        entry: &SharedEntry,
        findings: &mut Findings,
    ) {
        let node = step.node;
        let ghost = &mut self.ghosts[node.index()];
        let expected = ghost.commit.next();
        let is_next = slot == expected && position == slot.0;
        findings.check(R5, node, is_next, || {
            format!("delivers {slot} at position {position}; {expected} is next")
        });
        ghost.commit = slot;
        let place = slot.0 as usize - 1;
        let term = step.replica.term;
        let Some(mark) = ghost.log.at(slot) else {
            findings.check(R11, node, false, || format!("delivers {slot}, beyond its log"));
            return;
        };
        let (chain, digest) = (mark.chain, entry.digest());
        let is_first = place == self.chosen.len();
        match self.chosen.get_mut(place) {
            Some(chosen) => {
                let holds = chosen.digest == digest && chosen.chain == chain;
                findings.check(R5, node, holds, || {
                    format!("delivers at {slot} another entry than was committed there")
                });
                chosen.commit_term = chosen.commit_term.min(term);
            }
            None if is_first => {
                self.chosen.push(Chosen { chain, digest, commit_term: term });
            }
            None => {}
        }
    }

    /// R7, R8 and R11, after everything else of the step.
    fn check_committed(&mut self, step: &Step<'_, Raft>, findings: &mut Findings) {
        let node = step.node;
        let Raft { commit, durable, log, .. } = step.replica;
        let last = log.last();
        findings.check(R11, node, *durable <= last && *commit <= last, || {
            format!("commit {commit}, durable {durable}, last {last}")
        });
        let is_news = step.effects.iter().any(|effect| matches!(effect, Effect::Deliver { .. }));
        if !is_news {
            return;
        }
        let ghost = &self.ghosts[node.index()];
        let mark = ghost.log.at(*commit);
        if ghost.leads.is_some()
            && let Some(mark) = mark.filter(|mark| Some(mark.term) == ghost.leads)
        {
            // A wiped node's answer may be counted: it was true when it was given.
            let holders = self
                .members
                .voters
                .iter()
                .filter(|peer| {
                    let peer = &self.ghosts[peer.index()];
                    peer.disk.holds(*commit, mark.chain) || peer.lost.holds(*commit, mark.chain)
                })
                .count();
            findings.check(R7, node, self.members.majority() <= holders, || {
                format!("commits {commit} in its term {}: {holders} disks hold it", mark.term)
            });
        }
        if commit.0 == self.chosen.len() as u64 {
            self.check_survival(node, findings);
        }
    }

    /// R8. The longest committed prefix stands for all. A wiped node votes for nobody, so it is in no majority.
    fn check_survival(&mut self, node: NodeId, findings: &mut Findings) {
        let Some(chosen) = self.chosen.last() else { return };
        let index = Index(self.chosen.len() as u64);
        let without = self
            .members
            .voters
            .iter()
            .filter(|peer| {
                let peer = &self.ghosts[peer.index()];
                !peer.is_wiped && !peer.disk.holds(index, chosen.chain)
            })
            .count();
        findings.check(R8, node, without < self.members.majority(), || {
            format!("{without} servers that may vote do not hold {index} on disk, which is committed")
        });
    }

    fn check_read(&mut self, step: &Step<'_, Raft>, position: u64, findings: &mut Findings) {
        let raft = step.replica;
        let committed = raft.log.term_at(raft.commit);
        let holds = committed == Some(raft.term) && position <= raft.commit.0;
        findings.check(READ, step.node, holds, || {
            format!(
                "answers a read at {position} in term {}; its last commit, {}, is of {committed:?}",
                raft.term, raft.commit
            )
        });
    }
}
