//! The outcome of a run: what happened, what it cost, and what the judges say of it.

use serde::Serialize;

/// The outcome of one run of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The protocol's name.
    pub protocol: &'static str,
    /// The seed of the plan.
    pub seed: u64,
    /// Ids of the rules left out.
    pub without: Vec<String>,
    /// What the protocol made of the knobs.
    pub settings: Vec<(&'static str, String)>,
    /// 128 bits over everything that happened, in hexadecimal.
    pub fingerprint: String,
    /// Events handled.
    pub events: u64,
    /// Simulated time at the end, in nanoseconds.
    pub ended_at: u64,
    /// Operations by what became of them.
    pub operations: Operations,
    /// Operations that ended ok per second of workload, times 1000.
    pub throughput_milli: u64,
    /// Latency from the intended start to the ok answer, in nanoseconds.
    pub latency: Latency,
    /// The longest span with an operation pending and none completing ok.
    pub unavailability: Unavailability,
    /// How often a node began to lead, the first time included.
    pub leaders: u64,
    /// What was sent, by whom it was for.
    pub traffic: Traffic,
    /// Every fault and what it touched, in the order of the plan.
    pub faults: Vec<FaultReport>,
    /// Every judge and what it says.
    pub judges: Vec<JudgeReport>,
    /// When the cluster had converged, in nanoseconds; none: not before the horizon.
    pub converged_at: Option<u64>,
    /// When workload and faults were over, in nanoseconds.
    pub quiet_at: u64,
    /// Rare paths that the protocol names, and whether this run reached them.
    pub gates: Vec<(&'static str, bool)>,
    /// Whether the run was stopped before its end: an answer could not be placed, or a mutant contradicted itself. The
    /// judges of the whole run (`available`, `converges`) were not asked, and the others only until then.
    pub cut_short: bool,
}

impl Outcome {
    /// The worst verdict of all judges.
    pub fn verdict(&self) -> Verdict {
        let worst = |verdict| self.judges.iter().any(|judge| judge.verdict == verdict);
        if worst(Verdict::Violated) {
            Verdict::Violated
        } else if worst(Verdict::Unknown) {
            Verdict::Unknown
        } else {
            Verdict::Ok
        }
    }

    /// The first judge that found a violation, in order of events.
    pub fn first_violation(&self) -> Option<&JudgeReport> {
        self.judges
            .iter()
            .filter(|judge| judge.verdict == Verdict::Violated)
            .min_by_key(|judge| judge.first_event.unwrap_or(u64::MAX))
    }
}

/// Operations by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// Answered: a compare-and-swap that failed is answered too.
    pub ok: u64,
    /// Known not to have happened.
    pub failed: u64,
    /// May have happened, now or later, or never.
    pub unknown: u64,
}

/// Quantiles of latency in nanoseconds; zero if nothing was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// One in a hundred took longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// The longest outage as clients saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unavailability {
    /// Its length in nanoseconds.
    pub longest: u64,
    /// When it began.
    pub from: u64,
    /// The fault that was on or had just begun when it did, in words; empty: none.
    pub cause: String,
}

/// What was sent and written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Messages between replicas that left a node.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages by kind, in the order of the protocol's kinds.
    pub by_kind: Vec<(&'static str, u64)>,
    /// Frames between servers.
    pub frames: u64,
    /// Their bytes.
    pub frame_bytes: u64,
    /// Records written.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
    /// Syncs of all disks.
    pub syncs: u64,
    /// Entries of clients that were committed: the writes that the rest is divided by.
    pub committed_writes: u64,
}

/// A fault and what it touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultReport {
    /// When it fired; later than planned if a role had to be awaited.
    pub at: u64,
    /// What it was, in words.
    pub what: String,
    /// Whether somebody wrote it down.
    pub explicit: bool,
    /// Whom its roles resolved to, in words; `found nobody` if nobody held the role in time.
    pub who: String,
    /// Messages lost, held back, delayed or repeated by it.
    pub messages: u64,
    /// Timers that fired late or early by it.
    pub timers: u64,
    /// Records lost or delayed by it.
    pub writes: u64,
    /// Operations of clients it got in the way of.
    pub operations: u64,
    /// Processes that it ended or stopped.
    pub processes: u64,
}

impl FaultReport {
    /// Whether it touched anything at all.
    pub fn touched(&self) -> bool {
        self.messages + self.timers + self.writes + self.operations + self.processes > 0
    }
}

/// A judge and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgeReport {
    /// The judge's name: `ledger`, `durable-before-visible`, `raft/R4`, `linearizable`.
    pub name: String,
    /// Whether it looks from inside (facts, replicas) or from the clients' side.
    pub side: Side,
    /// How much it observed.
    pub observed: u64,
    /// What it says.
    pub verdict: Verdict,
    /// The first violation in a sentence, or why the verdict is unknown; empty otherwise.
    pub detail: String,
    /// The event at which the first violation showed.
    pub first_event: Option<u64>,
    /// The simulated time of it, in nanoseconds.
    pub first_at: Option<u64>,
}

/// From where a judge looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// At replicas, disks and messages.
    Internal,
    /// At what clients were answered.
    Client,
}

/// What a judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It observed something and all of it held.
    Ok,
    /// Something did not hold.
    Violated,
    /// Its budget ran out.
    Unknown,
    /// It observed nothing.
    NotChecked,
}
