//! The judge of Multi-Paxos: sees all disks and all messages, and checks what no node can check alone. *Paxos Made
//! Simple*, 2.1 to 2.3; Lamport's TLA+ module `Voting` (ShowsSafeAt, SafeAt).
//!
//! Not checked here: of P6 (validity) the half that a judge inside the
//! protocol can see, that nothing is voted for that no owner of a ballot proposed. Whether a leader's proposals came
//! from clients is the ledger's business.

// What it remembers, and then an invariant a file.
mod ghost;

mod agreement;
mod chosen;
mod in_order;
mod one_value;
mod owner;
mod promises;
mod replies;
mod safe_at;
mod shows_safe;
mod trimming;
mod validity;

use replica::{Cluster, Effect, Findings, Invariant, Members, NodeId, Observe, Slot, Step, WriteId};

use self::ghost::{Node, Place, Vote};
use crate::tally::Quorums;
use crate::{Ballot, Config, Message, Paxos, Record};

/// The judge's memory: what was voted, promised, proposed, chosen and delivered, kept as it happens.
#[derive(Clone)]
pub struct Invariants {
    members: Members,
    /// How many acceptors each phase needs.
    quorums: Quorums,
    /// What is known of each slot, slot 1 at index 0.
    places: alloc::vec::Vec<Place>,
    /// What is known of each node.
    nodes: alloc::vec::Vec<Node>,
    /// Every slot up to this one is known to be chosen. Brought forward when somebody needs to know.
    chosen_upto: replica::Slot,
    /// How many steps were seen.
    steps: u64,
}

const P1: usize = 0;
const P2: usize = 1;
const P2_OWNER: usize = 2;
const P3: usize = 3;
const P4: usize = 4;
const P5: usize = 5;
const P6: usize = 6;
const P7: usize = 7;
const P8: usize = 8;
const P9: usize = 9;
const P10: usize = 10;

impl Observe<Paxos> for Invariants {
    const INVARIANTS: &'static [Invariant] = &[
        Invariant {
            id: "paxos/P1",
            sentence: "At most one value is ever chosen in a slot, even if nobody has learned it.",
        },
        Invariant {
            id: "paxos/P2",
            sentence: "All proposals and votes of one ballot in one slot name one value.",
        },
        Invariant {
            id: "paxos/P2'",
            sentence: "Only the owner of a ballot prepares, proposes and leads in it.",
        },
        Invariant {
            id: "paxos/P3",
            sentence: "A promise never goes down, across restarts too, and no vote is below it.",
        },
        Invariant {
            id: "paxos/P4",
            sentence: "A proposal is backed by a quorum that promised its ballot, and has the value of the highest vote that \
                       this quorum had cast.",
        },
        Invariant {
            id: "paxos/P5",
            sentence: "When a value is proposed in a ballot, no other was or can still be chosen in a lower one.",
        },
        Invariant {
            id: "paxos/P6",
            sentence: "An acceptor votes only for what the owner of the ballot proposed in that slot.",
        },
        Invariant {
            id: "paxos/P7",
            sentence: "Slots are delivered in order, none skipped, each at its position.",
        },
        Invariant {
            id: "paxos/P8",
            sentence: "What is delivered is on the disks of a quorum that voted in one ballot.",
        },
        Invariant {
            id: "paxos/P9",
            sentence: "What is trimmed is chosen, applied, and covered by a snapshot that was durable before.",
        },
        Invariant {
            id: "paxos/P10",
            sentence: "An answer counts only for the ballot and slot it names, once an acceptor.",
        },
    ];

    fn new(members: &Members, config: &Config) -> Invariants {
        let nodes = (0..replica::NODES_MAX).map(|_| Node::default()).collect();
        let (places, chosen_upto) = (alloc::vec::Vec::new(), replica::Slot::ZERO);
        Invariants {
            members: *members,
            quorums: Quorums::of(members, config),
            places,
            nodes,
            chosen_upto,
            steps: 0,
        }
    }

    fn receiving(
        &mut self,
        node: NodeId,
        replica: &Paxos,
        from: NodeId,
        message: &Message,
        _findings: &mut Findings,
    ) {
        match message {
            Message::Promise { ballot, next, .. } => {
                self.hear_promise(node, from, *ballot);
                // A part of a report is heard and used, and not counted yet.
                if *next == replica::Slot::ZERO {
                    self.expect_promise(node, replica, from, *ballot);
                }
            }
            Message::Accepted { ballot, slot } => self.hear_accepted(node, replica, from, *ballot, *slot),
            _ => {}
        }
    }

    fn stepped(&mut self, step: &Step<'_, Paxos>, _cluster: &impl Cluster<Paxos>, findings: &mut Findings) {
        let node = step.node;
        self.steps += 1;
        let mut write = step.first_write;
        for effect in step.effects {
            match effect {
                Effect::Write(record) => {
                    self.on_write(node, write, record, findings);
                    write = write.next();
                }
                Effect::Send { message, .. } => self.on_send(node, message, findings),
                Effect::Deliver { slot, position, entry } => {
                    self.check_in_order(node, *slot, *position, findings);
                    self.check_chosen(node, *slot, entry.digest(), findings);
                }
                Effect::WriteBlob { blob, last: true, .. } => self.on_blob(node, *blob),
                Effect::Restore { position, .. } => self.on_restore(node, *position, findings),
                _ => {}
            }
        }
        self.check_promise_kept(node, step.replica, findings);
        self.check_answer_counted(node, step.replica, findings);
    }

    fn hardened(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        self.harden(node, upto, findings);
    }

    fn crashed(&mut self, node: NodeId, survived: WriteId, findings: &mut Findings) {
        self.harden(node, survived, findings);
        self.lose(node);
    }

    fn wiped(&mut self, node: NodeId) {
        self.lose(node);
        self.nodes[node.index()] = Node::default();
    }
}

impl Invariants {
    /// Whether these suffice to lead.
    fn is_q1(&self, nodes: replica::NodeSet) -> bool {
        self.quorums.q1 <= self.members.voters.and(nodes).len()
    }

    /// Whether these suffice to choose.
    fn is_q2(&self, nodes: replica::NodeSet) -> bool {
        self.quorums.q2 <= self.members.voters.and(nodes).len()
    }

    fn on_write(&mut self, node: NodeId, write: WriteId, record: &Record, findings: &mut Findings) {
        match record {
            Record::Genesis { .. } => {}
            Record::Promise { ballot } => self.on_promised(node, write, *ballot, findings),
            Record::Accept { promised, ballot, slot, entry } => {
                if ballot.owner() == node {
                    self.on_proposal(node, *slot, *ballot, entry.digest(), findings);
                }
                let vote = Vote { promised: *promised, ballot: *ballot, slot: *slot, digest: entry.digest() };
                self.on_vote(node, write, vote, findings);
                self.check_one_value(node, *slot, *ballot, entry.digest(), findings);
                self.check_proposed(node, *slot, *ballot, entry.digest(), findings);
            }
            Record::Chosen { .. } => {}
            Record::Snapshot { blob, slot, trimmed, .. } => {
                self.on_trim(node, *blob, (*slot, *trimmed), findings)
            }
        }
    }

    /// A value is proposed: by an accept on its way, or by the proposer's own vote. P2, P4 and P5 when it is the first time.
    fn on_proposal(
        &mut self,
        node: NodeId,
        slot: Slot,
        ballot: Ballot,
        digest: u64,
        findings: &mut Findings,
    ) {
        let proposal = self.place(slot).proposal(ballot, digest);
        if core::mem::replace(&mut proposal.proposed, true) {
            return;
        }
        self.check_one_value(node, slot, ballot, digest, findings);
        self.check_shown_safe(node, slot, ballot, digest, findings);
        self.check_safe(node, slot, ballot, digest, findings);
    }

    fn on_send(&mut self, node: NodeId, message: &Message, findings: &mut Findings) {
        match message {
            Message::Accept { ballot, slot, entry, .. } => {
                self.check_owner(node, *ballot, findings);
                self.on_proposal(node, *slot, *ballot, entry.digest(), findings);
            }
            Message::Prepare { ballot, .. } | Message::Heartbeat { ballot, .. } => {
                self.check_owner(node, *ballot, findings)
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
