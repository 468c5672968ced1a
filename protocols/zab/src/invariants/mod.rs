//! Zab's own judge: the properties of the paper and of ZooKeeper's TLA+ specifications, checked after every step of
//! any server, from outside.
//!
//! After DSN 2011, section III, and zookeeper-specifications (`ZabWithFLE`, `zk-3.7`), with two corrections. Their
//! `LocalPrimaryOrder` quantifies "there are two transactions" where the text says "for all", and so cannot fail:
//! here it is checked at each delivery against the one before it, which covers every pair. And prefixes are compared
//! with a ledger of everything ever delivered, not with the memory of servers that may have restarted.
//!
//! Not here: Z12 (a client never sees an older zxid than it saw) is about client sessions, and so the server's to
//! keep and to judge. [`ghost`] is what the judge remembers of disks, [`ledger`] what it remembers of histories.

mod ghost;
mod ledger;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use replica::{
    Cluster, Effect, Fact, Findings, Invariant, Members, NODES_MAX, NodeId, Observe, Round, Slot, Step,
    WriteId,
};

use crate::discovery::FollowingStage;
use crate::zxid::{counter, epoch, follows};
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
    Invariant { id: "zab/Z1", sentence: "An epoch is established by at most one server, once" },
    Invariant { id: "zab/Z2", sentence: "What is delivered was proposed by the primary of its epoch" },
    Invariant { id: "zab/Z3", sentence: "Of any two delivered sequences, one is a prefix of the other" },
    Invariant {
        id: "zab/Z4",
        sentence: "Whoever delivers a transaction has delivered all that its primary proposed before it in the epoch",
    },
    Invariant { id: "zab/Z5", sentence: "Epochs of delivered transactions do not decrease" },
    Invariant {
        id: "zab/Z6",
        sentence: "A primary that proposes in an epoch has delivered all of earlier epochs that is ever delivered",
    },
    Invariant {
        id: "zab/Z7",
        sentence: "Epochs do not decrease, and acceptedEpoch >= currentEpoch >= epoch of the last zxid, on every disk",
    },
    Invariant {
        id: "zab/Z8",
        sentence: "A disk holds the initial history of its currentEpoch when that is written and when NEWLEADER is acknowledged",
    },
    Invariant { id: "zab/Z9", sentence: "Zxids of an epoch are consecutive in every log" },
    Invariant { id: "zab/Z10", sentence: "A transaction is committed only after the one before it" },
    Invariant { id: "zab/Z11", sentence: "What is committed is on the disks of a quorum" },
    Invariant {
        id: "zab/expected",
        sentence: "No follower is sent a proposal that leaves a gap, or a commit of what it does not hold",
    },
    Invariant { id: "zab/state", sentence: "A server's epochs and last zxid are what its records say" },
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
        let Phase::Following(following) = &replica.phase else { return };
        match message {
            Message::Proposal { attempt, zxid, .. }
                if (following.leader, following.attempt) == (from, *attempt) =>
            {
                let holds = FollowingStage::Synchronized <= following.stage
                    && follows(replica.log.last(), *zxid)
                    || replica.config.propose_twice && replica.log.contains(*zxid);
                findings.check(EXPECTED, node, holds, || {
                    format!("{from} proposes {zxid} to {node}, whose log ends at {}", replica.log.last())
                });
            }
            Message::Commit { attempt, zxid }
                if (following.leader, following.attempt) == (from, *attempt) =>
            {
                let holds = following.stage == FollowingStage::Broadcast && replica.log.contains(*zxid);
                findings.check(EXPECTED, node, holds, || {
                    format!("{from} commits {zxid} to {node}, which does not hold it")
                });
            }
            _ => {}
        }
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
                    self.on_restore(node, replica, position.0, findings);
                }
                Effect::Fact(Fact::Leads { round }) => self.on_leads(node, replica, *round, findings),
                Effect::Send { message: Message::AckNewLeader { epoch, .. }, after, .. } => {
                    let adoption = Adoption { after: after.unwrap_or(WriteId::ZERO), epoch: *epoch };
                    self.ghosts[node.index()].adoptions.push_back(adoption);
                    self.judge_adoptions(node, findings);
                }
                Effect::Send { to, message: Message::UpToDate { committed, .. }, .. } => {
                    self.ghosts[node.index()].committed[to.index()] = *committed;
                }
                Effect::Send { to, message: Message::Commit { zxid, .. }, .. } => {
                    self.on_commit(node, *to, *zxid, findings);
                }
                _ => {}
            }
        }
        let ghost = &self.ghosts[node.index()];
        // Narration is for people, and only there when tracing: what is judged may not depend on it.
        let has_effects = step.effects.iter().any(|effect| !matches!(effect, Effect::Narrate { .. }));
        if !matches!(replica.phase, Phase::Unformed) && has_effects {
            let said = (replica.accepted_epoch, replica.current_epoch, replica.log.last());
            let written = (ghost.accepted, ghost.current, ghost.last);
            findings.check(STATE, node, said == written, || {
                format!("{node} is at {said:?}, its records say {written:?}")
            });
        }
    }

    fn hardened(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        while let Some(adopted) = self.ghosts[node.index()].harden_next(upto) {
            if let Some(epoch) = adopted {
                self.judge_epoch(node, epoch, findings);
            }
            self.judge_adoptions(node, findings);
        }
        self.ghosts[node.index()].durable = upto;
        self.judge_adoptions(node, findings);
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
        let ghost = &mut self.ghosts[node.index()];
        match record {
            Record::Genesis { .. } => {}
            Record::AcceptedEpoch { epoch } => {
                findings.check(Z7, node, ghost.accepted < *epoch, || {
                    format!("{node} accepts {epoch} after {}", ghost.accepted)
                });
            }
            Record::CurrentEpoch { epoch } => {
                findings.check(Z7, node, ghost.current <= *epoch && *epoch <= ghost.accepted, || {
                    format!(
                        "{node} adopts {epoch} after {}, having accepted {}",
                        ghost.current, ghost.accepted
                    )
                });
            }
            Record::Txn { zxid, entry } => {
                findings.check(Z9, node, follows(ghost.last, *zxid), || {
                    format!("{node} logs {zxid} after {}", ghost.last)
                });
                findings.check(Z7, node, epoch(*zxid) <= ghost.current, || {
                    format!("{node} logs {zxid} in its epoch {}", ghost.current)
                });
                // A leader logs only what it proposes; what followers log came from one.
                if replica.leads().is_some() {
                    let delivered = ghost.delivered;
                    self.ledger.propose(node, *zxid, entry.digest(), delivered);
                }
            }
            Record::Truncate { .. } => {}
            Record::Checkpoint { accepted, current, .. } => {
                let holds = ghost.accepted == *accepted && ghost.current <= *current && *current <= *accepted;
                findings.check(Z7, node, holds, || {
                    format!(
                        "{node} keeps epochs {accepted} and {current} of {} and {}",
                        ghost.accepted, ghost.current
                    )
                });
            }
        }
        self.ghosts[node.index()].write(write, record);
    }

    fn on_leads(&mut self, node: NodeId, replica: &Zab, round: Round, findings: &mut Findings) {
        let before = self.ledger.establish(round, node, replica.log.len(), replica.log.chain());
        findings.check(Z1, node, before.is_none(), || {
            format!("{node} establishes {round}, which {} had established", before.expect("it is some"))
        });
    }

    fn on_deliver(
        &mut self,
        node: NodeId,
        (zxid, position, digest): (Slot, u64, u64),
        findings: &mut Findings,
    ) {
        let (last, delivered) = {
            let ghost = &self.ghosts[node.index()];
            (ghost.delivered_last, ghost.delivered)
        };
        findings.check(Z2, node, self.ledger.is_proposed(zxid, digest), || {
            format!("{node} delivers {zxid}, which the primary of {} did not propose", epoch(zxid))
        });
        let is_next = position == delivered + 1;
        let new = self.ledger.deliver(position, zxid, digest);
        findings.check(Z3, node, is_next && new != ledger::Place::Taken, || {
            format!("{node} delivers {zxid} at {position} after {delivered}, where {new:?}")
        });
        // Every pair at once: each delivery of an epoch follows the one before it in that epoch.
        findings.check(Z4, node, counter(zxid) == 1 || follows(last, zxid), || {
            format!("{node} delivers {zxid} after {last}")
        });
        findings
            .check(Z5, node, epoch(last) <= epoch(zxid), || format!("{node} delivers {zxid} after {last}"));
        if new == ledger::Place::New {
            self.judge_first_delivery(node, zxid, position, findings);
        }
        let ghost = &mut self.ghosts[node.index()];
        ghost.delivered = position;
        ghost.delivered_last = zxid;
    }

    /// A state machine starts from a snapshot: of what was delivered, and of nothing less than it had.
    fn on_restore(&mut self, node: NodeId, replica: &Zab, position: u64, findings: &mut Findings) {
        let said = replica.snapshots.current().map(|snapshot| snapshot.at.chain);
        let ghost = &mut self.ghosts[node.index()];
        let holds = ghost.delivered < position && said == self.ledger.chain_at(position);
        findings.check(Z3, node, holds, || {
            format!("{node} restores a snapshot up to {position}, which is not what was delivered")
        });
        ghost.delivered = position;
        ghost.delivered_last = self.ledger.zxid_at(position);
    }

    /// Somebody delivers what nobody had delivered.
    fn judge_first_delivery(&mut self, node: NodeId, zxid: Slot, position: u64, findings: &mut Findings) {
        let missed = self.ledger.primary_that_missed(epoch(zxid), position);
        findings.check(Z6, node, missed.is_none(), || {
            let (primary, round) = missed.expect("it is some");
            format!("{node} delivers {zxid}, which {primary} had not when it first proposed in {round}")
        });
        let chain = self.ledger.chain_at(position);
        let held = |ghost: &Ghost| ghost.chain_at(position, &self.ledger) == chain;
        let holders = self.members.voters.iter().filter(|voter| held(&self.ghosts[voter.index()])).count();
        findings.check(Z11, node, self.members.majority() <= holders + self.wiped, || {
            format!("{node} delivers {zxid}, which is on {holders} disks")
        });
    }

    /// To each follower, from UPTODATE on, every commit is the next.
    fn on_commit(&mut self, node: NodeId, to: NodeId, zxid: Slot, findings: &mut Findings) {
        let committed = &mut self.ghosts[node.index()].committed[to.index()];
        findings.check(Z10, node, follows(*committed, zxid), || {
            format!("{node} commits {zxid} after {committed} to {to}")
        });
        *committed = zxid;
    }

    /// The disk says that it holds the initial history of an epoch.
    fn judge_epoch(&mut self, node: NodeId, epoch: Round, findings: &mut Findings) {
        let ghost = &self.ghosts[node.index()];
        let holds = self.holds_history(ghost, epoch);
        findings.check(Z8, node, holds, || {
            format!(
                "{node} has epoch {epoch} on disk, but {} transactions of another history",
                ghost.log_len()
            )
        });
    }

    fn holds_history(&self, ghost: &Ghost, epoch: Round) -> bool {
        let (len, chain) = self.ledger.initial_history(epoch);
        ghost.chain_at(len as u64, &self.ledger) == Some(chain)
    }

    /// Judges the acknowledgments of NEWLEADER that may leave now, against the disk as it is now.
    fn judge_adoptions(&mut self, node: NodeId, findings: &mut Findings) {
        while let Some(adoption) = self.ghosts[node.index()].next_adoption() {
            let ghost = &self.ghosts[node.index()];
            let holds = self.holds_history(ghost, adoption.epoch);
            let adopted = adoption.epoch <= ghost.current_durable;
            findings.check(Z8, node, holds && adopted, || {
                format!(
                    "{node} acknowledges NEWLEADER {}, its history on disk: {holds}, its epoch on disk: {adopted}",
                    adoption.epoch
                )
            });
        }
    }
}
