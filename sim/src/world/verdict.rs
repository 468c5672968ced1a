//! What a world counts, and what its judges say at the end.

use replica::{Finding, Host, Invariant, Message, NodeId, Observe, Replica, Service};

use super::World;
use super::faults::FaultState;
use crate::clients::Clients;
use crate::judge::Tally;
use crate::measure::Sent;
use crate::outcome::{FaultReport, JudgeReport, Side, Traffic, Verdict};

/// What was sent, written and led.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Messages between replicas that left a node.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages by kind.
    pub by_kind: Vec<u64>,
    /// Their bytes by kind.
    pub bytes_by_kind: Vec<u64>,
    /// Entries of the log in them, by kind.
    pub entries_by_kind: Vec<u64>,
    /// Entries of the log in all of them.
    pub entries: u64,
    /// Frames between servers.
    pub frames: u64,
    /// Their bytes.
    pub frame_bytes: u64,
    /// Records handed to disks.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
    /// How often a node began to lead.
    pub leaders: u64,
    /// Gates reached by incarnations that are over.
    pub(super) gates: u64,
}

impl Counters {
    pub(super) fn new(kinds: usize) -> Counters {
        Counters {
            by_kind: vec![0; kinds],
            bytes_by_kind: vec![0; kinds],
            entries_by_kind: vec![0; kinds],
            ..Counters::default()
        }
    }

    /// What replicas have sent.
    pub(super) fn sent(&self) -> Sent {
        Sent { messages: self.messages, bytes: self.bytes, entries: self.entries }
    }

    /// The same by kind, in the order of kinds.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Sent> {
        let bytes = self.bytes_by_kind.iter().zip(&self.entries_by_kind);
        let kinds = self.by_kind.iter().zip(bytes);
        kinds.map(|(&messages, (&bytes, &entries))| Sent { messages, bytes, entries })
    }
}

impl<R: Replica, S: Service, C: Clients<S>> World<R, S, C> {
    /// What was sent and written.
    pub fn traffic(&self) -> Traffic {
        let counters = &self.net.counters;
        Traffic {
            messages: counters.messages,
            bytes: counters.bytes,
            by_kind: R::Message::KINDS.iter().copied().zip(counters.by_kind.iter().copied()).collect(),
            frames: counters.frames,
            frame_bytes: counters.frame_bytes,
            records: counters.records,
            record_bytes: counters.record_bytes,
            syncs: self.net.machines.iter().map(|machine| machine.disk.syncs).sum(),
            committed_writes: self.net.ledger.client_entries(),
        }
    }

    /// Every fault and what it touched.
    pub fn fault_reports(&self) -> Vec<FaultReport> {
        self.net.faults.iter().map(|fault: &FaultState| fault.report.clone()).collect()
    }

    /// The protocol's rare paths, and which of them were reached.
    pub fn gates(&self) -> Vec<(&'static str, bool)> {
        let running = self.nodes.iter().filter_map(|node| node.host.as_ref()).map(Host::gates);
        let reached = running.fold(self.net.counters.gates, |all, gates| all | gates);
        R::GATES.iter().enumerate().map(|(gate, name)| (*name, reached >> gate & 1 == 1)).collect()
    }

    /// When workload and faults were over, and when the cluster had converged.
    pub fn quiet_and_converged(&self) -> (Option<u64>, Option<u64>) {
        (self.net.quiet_at, self.net.converged_at)
    }

    /// Ends the run: folds the final states into the fingerprint and holds converged nodes to what was acknowledged.
    pub fn finish(&mut self) {
        for index in 0..self.nodes.len() {
            if let Some(service) = &self.nodes[index].service {
                let (position, hash) = (service.position(), service.state_hash());
                self.net.fingerprint.record([(index as u64) << 8 | 15, position.0, hash, self.net.events]);
                if self.net.converged_at.is_some() && !self.net.machines[index].wiped {
                    let when = self.net.when();
                    self.net.ledger.converged(when, NodeId(index as u8), position);
                }
            }
        }
    }

    /// What the judges across protocols and the protocol's own say.
    pub fn judge_reports(&self) -> Vec<JudgeReport> {
        let (disks, ledger) = (&self.net.disks, &self.net.ledger);
        let across: [&Tally; 9] = [
            &disks.visible,
            &disks.rounds,
            &disks.restart,
            &ledger.agreement,
            &ledger.state,
            &ledger.once,
            &ledger.leader,
            &ledger.reads,
            &ledger.acknowledged,
        ];
        let own =
            R::Invariants::INVARIANTS.iter().enumerate().map(|(i, invariant)| self.own_report(i, invariant));
        across.into_iter().map(Tally::report).chain(own).collect()
    }

    fn own_report(&self, index: usize, invariant: &Invariant) -> JudgeReport {
        let silent = self.net.options.without_judges.iter().any(|name| name == invariant.id);
        let observed = if silent { 0 } else { self.net.findings.observed[index] };
        let dated = self.net.findings.violations.iter().zip(&self.net.findings_when);
        let first = dated.into_iter().find(|(finding, _)| finding.invariant == index && !silent);
        let words =
            |finding: &Finding| format!("{}: {} ({})", finding.node, finding.text, invariant.sentence);
        JudgeReport {
            name: invariant.id.to_owned(),
            side: Side::Internal,
            observed,
            verdict: match (first, observed) {
                (Some(_), _) => Verdict::Violated,
                (None, 0) => Verdict::NotChecked,
                (None, _) => Verdict::Ok,
            },
            detail: first.map(|(finding, _)| words(finding)).unwrap_or_default(),
            first_event: first.map(|(_, when)| when.event),
            first_at: first.map(|(_, when)| when.at),
        }
    }
}
