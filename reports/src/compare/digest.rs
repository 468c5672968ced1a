//! What is kept of one run: taken where it ran, so that the run itself can be dropped.

use sim::measure::{Ended, Measured, Sample, Sent};
use sim::outcome::{Side, Verdict};
use sim::plan::{ClockFault, FaultKind, Plan};
use sim::run::Run;

use super::changes::{self, LeaderChange};
use super::outages::{self, Outage};

/// Bins of latency in a factor of e: each is two percent wide.
const BINS_PER_E: f64 = 50.0;
/// Bins begin at a microsecond, in nanoseconds.
const FIRST: f64 = 1e3;
/// And end above an hour, which is longer than any operation waits.
pub(super) const BINS: usize = 1_100;
/// The widest window of the plots over time: a wider one hides an outage.
const WINDOW_MAX: u64 = 100_000_000;
/// The most windows.
const WINDOWS_MAX: u64 = 600;
/// Windows are whole multiples of this, so that their edges are round numbers.
const WINDOW_STEP: u64 = 10_000_000;

/// What all runs of a scenario have in common.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its name in files, if there are several; else empty.
    pub name: String,
    /// Its title.
    pub title: String,
    /// How many nodes.
    pub nodes: u8,
    /// The faults that somebody wrote down, in order; drawn ones differ from seed to seed.
    pub faults: Vec<Known>,
    /// Whether there are drawn faults as well.
    pub has_drawn_faults: bool,
    /// How long until the loss of a leader is noticed, in nanoseconds.
    pub detection: u64,
    /// Whether clients wait for an answer before they ask again.
    pub is_closed: bool,
    /// When no operation starts any more, in nanoseconds.
    pub end: u64,
    /// How many operations a run has.
    pub operations: usize,
    /// The windows of plots over time, in nanoseconds.
    pub window: u64,
    /// The first seed, of which clocks are drawn.
    pub first_seed: u64,
    /// What wall clocks without an offset show at the start, in nanoseconds.
    pub(super) wall_epoch: i64,
}

/// A fault of the scenario.
#[derive(Clone, Debug)]
pub struct Known {
    /// When, in nanoseconds.
    pub at: u64,
    /// Until when; none: for good, or at once.
    pub until: Option<u64>,
    /// What it is, in words.
    pub what: String,
}

impl Frame {
    /// From the plan of the first seed and a run of it.
    pub fn new(name: &str, plan: &Plan, run: &Run) -> Frame {
        let words =
            |place: usize| run.outcome.faults.get(place).map_or(String::new(), |fault| fault.what.clone());
        let explicit = plan.faults.iter().enumerate().filter(|(_, fault)| fault.explicit);
        let known = |(place, fault): (usize, &sim::plan::Fault)| Known {
            at: fault.at,
            until: lasts(&fault.what).map(|duration| fault.at + duration),
            what: words(place),
        };
        let end = plan.workload.end.max(1);
        let window = (end / WINDOWS_MAX).div_ceil(WINDOW_STEP).max(5) * WINDOW_STEP;
        Frame {
            name: name.to_owned(),
            title: plan.title.clone(),
            nodes: plan.nodes,
            faults: explicit.map(known).collect(),
            has_drawn_faults: plan.faults.iter().any(|fault| !fault.explicit),
            detection: plan.detection,
            is_closed: plan.workload.closed,
            end,
            operations: plan.workload.operations.len(),
            // A workload of more than a minute has more windows than usual rather than wider ones.
            window: window.min(WINDOW_MAX),
            first_seed: plan.seed,
            wall_epoch: wall_epoch(plan, run),
        }
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.end.div_ceil(self.window) as usize
    }
}

/// What a wall clock showed at the start, without the offset that the plan gave it.
fn wall_epoch(plan: &Plan, run: &Run) -> i64 {
    let shown = run.measures.samples.first().and_then(|sample| sample.wall.first());
    let offset = plan.clocks.first().map_or(0, |clock| clock.wall_offset);
    shown.map_or(0, |shown| shown - offset)
}

/// How long a fault lasts; none: it has no end, or no length.
fn lasts(what: &FaultKind) -> Option<u64> {
    match what {
        FaultKind::Crash { restart_after, .. } => *restart_after,
        FaultKind::Pause { duration, .. }
        | FaultKind::Partition { duration, .. }
        | FaultKind::Cut { duration, .. }
        | FaultKind::Sieve { duration, .. }
        | FaultKind::Weather { duration, .. }
        | FaultKind::FailDisk { duration, .. }
        | FaultKind::SlowDisk { duration, .. } => Some(*duration),
        FaultKind::Clock {
            how: ClockFault::Drift { duration, .. } | ClockFault::Freeze { duration },
            ..
        } => Some(*duration),
        FaultKind::Clock { how: ClockFault::Jump { .. }, .. }
        | FaultKind::Rot { .. }
        | FaultKind::HandOver { .. } => None,
    }
}

/// What is kept of one run.
#[derive(Clone, Debug)]
pub struct Digest {
    /// The seed.
    pub seed: u64,
    /// The worst verdict.
    pub verdict: Verdict,
    /// The first violation, or what is unknown, in a sentence; empty if all held.
    pub sentence: String,
    /// How many operations were meant to start.
    pub intended: u64,
    /// How many were answered.
    pub answered: u64,
    /// Answered operations a second of workload.
    pub goodput: f64,
    /// Latencies of answered operations: window of the intended start, bin, how many.
    pub(super) latencies: Vec<(u16, u16, u32)>,
    /// Quantiles of latency in milliseconds: the median, 99 in 100; none if nothing was answered.
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    /// Answers by window.
    pub(super) answers: Vec<u32>,
    /// The longest span without an answer that somebody waited for, in milliseconds.
    pub(super) longest_outage: f64,
    pub(super) outages: Vec<Outage>,
    pub(super) changes: Vec<LeaderChange>,
    pub(super) kinds: Vec<(&'static str, Sent)>,
    /// The faults that somebody wrote down, in order: whether each touched anything, or would have for all we know.
    pub(super) touched: Vec<bool>,
    pub(super) syncs: u64,
    pub(super) committed: u64,
    /// When judges of reads saw a violation, in nanoseconds, and which.
    pub(super) violations: Vec<(u64, String)>,
    /// Clocks, of the first seed only.
    pub(super) samples: Vec<Sample>,
    /// What the protocol made of the knobs.
    pub(super) settings: Vec<(&'static str, String)>,
}

impl Digest {
    /// Of a run that was measured.
    pub fn of(frame: &Frame, run: &Run) -> Digest {
        let (outcome, measures) = (&run.outcome, &run.measures);
        let operations = &measures.operations;
        let answered = operations.iter().filter(|one| one.ending == Ended::Ok).count() as u64;
        let mut sorted: Vec<u64> = operations.iter().filter_map(Measured::latency).collect();
        sorted.sort_unstable();
        let quantile = |share: f64| {
            let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1);
            sorted.get(rank - 1).map(|latency| *latency as f64 / 1e6)
        };
        let seen = outcome.judges.iter().filter(|judge| judge.verdict == Verdict::Violated);
        let of_reads = seen.filter(|judge| judge.side == Side::Client || judge.name == "reads-miss-nothing");
        let sentence = outcome.first_violation().map(|judge| format!("{}: {}", judge.name, judge.detail));
        let explicit = outcome.faults.iter().filter(|fault| fault.explicit);
        let is_first = outcome.seed == frame.first_seed;
        Digest {
            seed: outcome.seed,
            verdict: outcome.verdict(),
            sentence: sentence.unwrap_or_default(),
            intended: operations.len() as u64,
            answered,
            goodput: answered as f64 / (frame.end as f64 / 1e9),
            latencies: latencies(frame, operations),
            p50: quantile(0.5),
            p99: quantile(0.99),
            answers: answers(frame, operations),
            longest_outage: outcome.unavailability.longest as f64 / 1e6,
            outages: outages::of(frame, run),
            changes: changes::of(run),
            kinds: measures.kinds.clone(),
            touched: explicit.map(|fault| fault.touched() || outcome.cut_short).collect(),
            syncs: outcome.traffic.syncs,
            committed: outcome.traffic.committed_writes,
            violations: of_reads.filter_map(|judge| Some((judge.first_at?, judge.name.clone()))).collect(),
            samples: if is_first { measures.samples.clone() } else { Vec::new() },
            settings: outcome.settings.clone(),
        }
    }
}

fn latencies(frame: &Frame, operations: &[Measured]) -> Vec<(u16, u16, u32)> {
    let last = frame.windows() as u64 - 1;
    let place = |one: &Measured| Some(((one.intended / frame.window).min(last) as u16, bin(one.latency()?)));
    let mut places: Vec<(u16, u16)> = operations.iter().filter_map(place).collect();
    places.sort_unstable();
    places.chunk_by(|a, b| a == b).map(|same| (same[0].0, same[0].1, same.len() as u32)).collect()
}

fn answers(frame: &Frame, operations: &[Measured]) -> Vec<u32> {
    let mut answers = vec![0; frame.windows()];
    for ended in operations.iter().filter(|one| one.ending == Ended::Ok).filter_map(|one| one.ended) {
        if let Some(count) = answers.get_mut((ended / frame.window) as usize) {
            *count += 1;
        }
    }
    answers
}

/// The bin of a latency in nanoseconds.
pub(super) fn bin(latency: u64) -> u16 {
    let place = (libm::log((latency as f64 / FIRST).max(1.0)) * BINS_PER_E).floor();
    (place as usize).min(BINS - 1) as u16
}

/// The upper edge of a bin, in milliseconds.
pub(super) fn edge(bin: usize) -> f64 {
    FIRST * libm::exp((bin as f64 + 1.0) / BINS_PER_E) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_lies_within_two_percent_of_its_bins_edge() {
        for latency in [1_000u64, 1_234, 999_999, 1_000_000, 123_456_789, 59_000_000_000] {
            let edge = edge(usize::from(bin(latency))) * 1e6;
            let latency = latency as f64;
            assert!(latency <= edge && edge <= latency * 1.0203, "{latency}: {edge}");
        }
    }
}
