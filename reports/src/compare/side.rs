//! One protocol's side of a comparison: digests folded in order of seeds. Its size does not depend on their number, but
//! for a few numbers a seed, which pairs and order statistics need.

use sim::measure::{Sample, Sent};
use sim::outcome::Verdict;

use super::changes::LeaderChange;
use super::digest::BINS;
use super::{Digest, Frame};

/// What was seen of a protocol.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) protocol: String,
    pub(super) seeds: usize,
    /// Of each bin, over seeds: the sum of shares answered by then, and of their squares.
    pub(super) shares: Vec<(f64, f64)>,
    /// Of each window, counts of latencies by bin.
    pub(super) latencies: Vec<Vec<(u16, u64)>>,
    /// Of each window, over seeds: the sum of answers and of their squares.
    pub(super) answers: Vec<(f64, f64)>,
    /// Outages in milliseconds: the fault's number, the length.
    pub(super) outages: Vec<(usize, f64)>,
    pub(super) changes: Vec<LeaderChange>,
    /// By kind of message, what was sent.
    pub(super) kinds: Vec<(&'static str, Sent)>,
    /// Whether a fault that somebody wrote down touched anything in any run.
    pub(super) touched: Vec<bool>,
    pub(super) syncs: u64,
    pub(super) committed: u64,
    pub(super) intended: u64,
    pub(super) answered: u64,
    /// Of each seed: the verdict and what was wrong.
    pub(super) verdicts: Vec<(u64, Verdict, String)>,
    /// Of each seed, the numbers that are compared in pairs; `NaN` where there is none.
    pub(super) scores: Vec<Scores>,
    pub(super) samples: Vec<Sample>,
    pub(super) violations: Vec<(u64, String)>,
    pub(super) settings: Vec<(&'static str, String)>,
}

/// A run in a few numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) outage: f64,
    pub(super) goodput: f64,
    pub(super) messages: f64,
    pub(super) bytes: f64,
    pub(super) syncs: f64,
}

impl Side {
    pub(super) fn new(protocol: &str, frame: &Frame) -> Side {
        Side {
            protocol: protocol.to_owned(),
            seeds: 0,
            shares: vec![(0.0, 0.0); BINS],
            latencies: vec![Vec::new(); frame.windows()],
            answers: vec![(0.0, 0.0); frame.windows()],
            outages: Vec::new(),
            changes: Vec::new(),
            kinds: Vec::new(),
            touched: vec![false; frame.faults.len()],
            syncs: 0,
            committed: 0,
            intended: 0,
            answered: 0,
            verdicts: Vec::new(),
            scores: Vec::new(),
            samples: Vec::new(),
            violations: Vec::new(),
            settings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, digest: Digest) {
        self.add_latencies(&digest);
        for (sum, count) in self.answers.iter_mut().zip(&digest.answers) {
            let count = f64::from(*count);
            *sum = (sum.0 + count, sum.1 + count * count);
        }
        for (kind, sent) in &digest.kinds {
            let known = self.kinds.iter().position(|(name, _)| name == kind);
            let place = known.unwrap_or_else(|| {
                self.kinds.push((kind, Sent::default()));
                self.kinds.len() - 1
            });
            let total = &mut self.kinds[place].1;
            total.messages += sent.messages;
            total.bytes += sent.bytes;
            total.entries += sent.entries;
        }
        for (any, this) in self.touched.iter_mut().zip(&digest.touched) {
            *any |= this;
        }
        self.scores.push(scores(&digest));
        self.outages.extend(digest.outages.iter().map(|outage| (outage.fault, outage.ms)));
        self.changes.extend(&digest.changes);
        self.seeds += 1;
        self.syncs += digest.syncs;
        self.committed += digest.committed;
        self.intended += digest.intended;
        self.answered += digest.answered;
        self.verdicts.push((digest.seed, digest.verdict, digest.sentence));
        if self.seeds == 1 {
            self.samples = digest.samples;
            self.violations = digest.violations;
            self.settings = digest.settings;
        }
    }

    fn add_latencies(&mut self, digest: &Digest) {
        let mut bins = vec![0u64; BINS];
        for (window, bin, count) in &digest.latencies {
            bins[usize::from(*bin)] += u64::from(*count);
            let window = &mut self.latencies[usize::from(*window)];
            match window.binary_search_by_key(bin, |known| known.0) {
                Ok(place) => window[place].1 += u64::from(*count),
                Err(place) => window.insert(place, (*bin, u64::from(*count))),
            }
        }
        let mut below = 0;
        for (sum, count) in self.shares.iter_mut().zip(bins) {
            below += count;
            let share = below as f64 / digest.intended.max(1) as f64;
            *sum = (sum.0 + share, sum.1 + share * share);
        }
    }

    /// How many runs have the verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|one| one.1 == verdict).count()
    }
}

/// A run that violated something has none: it ended at that moment, and how fast it was wrong is no merit.
fn scores(digest: &Digest) -> Scores {
    if digest.verdict == Verdict::Violated {
        let none = f64::NAN;
        return Scores {
            p50: none,
            p99: none,
            outage: none,
            goodput: none,
            messages: none,
            bytes: none,
            syncs: none,
        };
    }
    let messages: u64 = digest.kinds.iter().map(|(_, sent)| sent.messages).sum();
    let bytes: u64 = digest.kinds.iter().map(|(_, sent)| sent.bytes).sum();
    let a_write = |number: u64| {
        if digest.committed == 0 { f64::NAN } else { number as f64 / digest.committed as f64 }
    };
    Scores {
        p50: digest.p50.unwrap_or(f64::NAN),
        p99: digest.p99.unwrap_or(f64::NAN),
        outage: digest.longest_outage,
        goodput: digest.goodput,
        messages: a_write(messages),
        bytes: a_write(bytes),
        syncs: a_write(digest.syncs),
    }
}
