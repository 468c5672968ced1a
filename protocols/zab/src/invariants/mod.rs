//! Zab's own judge: the properties of the paper and of ZooKeeper's TLA+ specifications, checked after every step of
//! any server, from outside. One file an invariant.
//!
//! After DSN 2011, section III, and zookeeper-specifications (`ZabWithFLE`, `zk-3.7`), with two corrections, which
//! [`z3_total_order`] and [`z4_local_order`] explain. [`ghost`] is what the judge remembers of disks, [`ledger`] what it
//! remembers of histories. Both are kept as things happen: a step costs what its effects cost, however long the logs.
//!
//! Not here: Z12, session order (a client never sees an older zxid than it saw). It is about client sessions, which
//! replicas do not know. The server keeps it (`registry`: a read waits until this server has what its client saw), and
//! the checker of sequential reads judges it from the clients' histories (`checker`).

mod ghost;
mod ledger;
mod state;
mod unexpected;
mod z10_commit_order;
mod z11_commit_quorum;
mod z1_leadership;
mod z2_integrity;
mod z3_total_order;
mod z4_local_order;
mod z5_global_order;
mod z6_primary_integrity;
mod z7_epochs;
mod z8_sync_completeness;
mod z9_contiguity;

use alloc::vec;
use alloc::vec::Vec;

use replica::{
    Cluster, Effect, Fact, Findings, Invariant, Members, NODES_MAX, NodeId, Observe, Slot, Step, WriteId,
};

use crate::{Config, Message, Phase, Record, Zab};

use ghost::{Adoption, Ghost};
use ledger::Ledger;

const Z1: usize = 0;
const Z2: usize = 1;
const Z3: usize = 2;
const Z4: usize = 3;
const Z5: usize = 4;
const Z6: usize = 5;
const Z7: usize = 6;
const Z8: usize = 7;
const Z9: usize = 8;
const Z10: usize = 9;
const Z11: usize = 10;
const EXPECTED: usize = 11;
const STATE: usize = 12;

const INVARIANTS: &[Invariant] = &[
    z1_leadership::INVARIANT,
    z2_integrity::INVARIANT,
    z3_total_order::INVARIANT,
    z4_local_order::INVARIANT,
    z5_global_order::INVARIANT,
    z6_primary_integrity::INVARIANT,
    z7_epochs::INVARIANT,
    z8_sync_completeness::INVARIANT,
    z9_contiguity::INVARIANT,
    z10_commit_order::INVARIANT,
    z11_commit_quorum::INVARIANT,
    unexpected::INVARIANT,
    state::INVARIANT,
];

/// The judge: ghosts of all disks, the ledger of all deliveries, and the history of all epochs.
#[derive(Clone, Debug)]
pub struct Judge {
    members: Members,
    ghosts: Vec<Ghost>,
    ledger: Ledger,
    /// Servers whose disk was wiped: what they acknowledged is not on it any more.
    wiped: usize,
}

impl Observe<Zab> for Judge {
    const INVARIANTS: &'static [Invariant] = INVARIANTS;

    fn new(members: &Members, _config: &Config) -> Judge {
        let places = NODES_MAX - (members.voters.0 | members.learners.0).leading_zeros() as usize;
        let ghosts = vec![Ghost::new(places); places];
        Judge { members: *members, ghosts, ledger: Ledger::default(), wiped: 0 }
    }

    fn receiving(
        &mut self,
        node: NodeId,
        replica: &Zab,
        from: NodeId,
        message: &Message,
        findings: &mut Findings,
    ) {
        unexpected::on_receiving(self, node, replica, from, message, findings);
    }

    fn stepped(&mut self, step: &Step<'_, Zab>, _cluster: &impl Cluster<Zab>, findings: &mut Findings) {
        let (node, replica) = (step.node, step.replica);
        let mut write = step.first_write;
        for effect in step.effects {
            match effect {
                Effect::Write(record) => {
                    self.on_write(node, replica, write, record, findings);
                    write = write.next();
                }
                Effect::Deliver { slot, position, entry } => {
                    self.on_deliver(node, (*slot, position.0, entry.digest()), findings);
                }
                Effect::Restore { position, .. } => {
                    z3_total_order::on_restore(self, node, replica, position.0, findings);
                }
                Effect::Fact(Fact::Leads { round }) => {
                    z1_leadership::on_leads(self, node, replica, *round, findings);
                }
                Effect::Send { message: Message::AckNewLeader { epoch, .. }, after, .. } => {
                    let adoption = Adoption { after: after.unwrap_or(WriteId::ZERO), epoch: *epoch };
                    self.ghosts[node.index()].adoptions.push_back(adoption);
                    z8_sync_completeness::judge_adoptions(self, node, findings);
                }
                Effect::Send { to, message: Message::UpToDate { committed, .. }, .. } => {
                    z10_commit_order::on_up_to_date(self, node, *to, *committed);
                }
                Effect::Send { to, message: Message::Commit { zxid, .. }, .. } => {
                    z10_commit_order::on_commit(self, node, *to, *zxid, findings);
                }
                _ => {}
            }
        }
        // Narration is for people, and only there when tracing: what is judged may not depend on it.
        let has_effects = step.effects.iter().any(|effect| !matches!(effect, Effect::Narrate { .. }));
        if !matches!(replica.phase, Phase::Unformed) && has_effects {
            state::after_step(self, node, replica, findings);
        }
    }

    fn hardened(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        while let Some(adopted) = self.ghosts[node.index()].harden_next(upto) {
            if let Some(epoch) = adopted {
                z8_sync_completeness::on_epoch_durable(self, node, epoch, findings);
            }
            z8_sync_completeness::judge_adoptions(self, node, findings);
        }
        self.ghosts[node.index()].durable = upto;
        z8_sync_completeness::judge_adoptions(self, node, findings);
    }

    fn crashed(&mut self, node: NodeId, survived: WriteId, findings: &mut Findings) {
        // What was waiting to be sent dies with the process, even if the write it waited for survives.
        self.ghosts[node.index()].adoptions.clear();
        self.hardened(node, survived, findings);
        self.ghosts[node.index()].crash();
    }

    fn wiped(&mut self, node: NodeId) {
        self.ghosts[node.index()] = Ghost::new(self.ghosts.len());
        self.wiped += 1;
    }
}

impl Judge {
    fn on_write(
        &mut self,
        node: NodeId,
        replica: &Zab,
        write: WriteId,
        record: &Record,
        findings: &mut Findings,
    ) {
        z7_epochs::on_write(self, node, record, findings);
        z9_contiguity::on_write(self, node, record, findings);
        let ghost = &mut self.ghosts[node.index()];
        if let Record::Txn { zxid, entry } = record
            && replica.leads().is_some()
        {
            // A leader logs only what it proposes; what followers log came from one.
            self.ledger.propose(node, *zxid, entry.digest(), ghost.delivered);
        }
        ghost.write(write, record);
    }

    fn on_deliver(
        &mut self,
        node: NodeId,
        (zxid, position, digest): (Slot, u64, u64),
        findings: &mut Findings,
    ) {
        z2_integrity::on_deliver(self, node, zxid, digest, findings);
        let is_new = z3_total_order::on_deliver(self, node, (zxid, position, digest), findings);
        z4_local_order::on_deliver(self, node, zxid, findings);
        z5_global_order::on_deliver(self, node, zxid, findings);
        if is_new {
            z6_primary_integrity::on_first_delivery(self, node, zxid, position, findings);
            z11_commit_quorum::on_first_delivery(self, node, zxid, position, findings);
        }
        let ghost = &mut self.ghosts[node.index()];
        ghost.delivered = position;
        ghost.delivered_last = zxid;
    }
}
