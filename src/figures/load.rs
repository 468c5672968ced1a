//! How much a cluster gets done, measured in the middle of a run: neither while it elects nor while clients run dry.

use reports::stats;
use sim::measure::{Ended, Measures};

/// The middle of a run: from a fifth of its operations' time to four fifths.
const FROM: f64 = 0.2;
const TO: f64 = 0.8;

/// Operations that ended ok in a second of the middle of the run.
pub(super) fn throughput(measures: &Measures) -> f64 {
    let ended =
        || measures.operations.iter().filter(|one| one.ending == Ended::Ok).filter_map(|one| one.ended);
    let (Some(first), Some(last)) = (ended().min(), ended().max()) else { return 0.0 };
    let at = |share: f64| first + ((last - first) as f64 * share) as u64;
    let (from, to) = (at(FROM), at(TO));
    if from == to {
        return 0.0;
    }
    ended().filter(|ended| (from..to).contains(ended)).count() as f64 * 1e9 / (to - from) as f64
}

/// The quantile of latency over all operations that ended ok, in milliseconds.
pub(super) fn latency(measures: &Measures, share: f64) -> f64 {
    let mut all: Vec<f64> =
        measures.operations.iter().filter_map(|one| one.latency()).map(super::runs::ms).collect();
    all.sort_by(f64::total_cmp);
    stats::quantile(&all, share).unwrap_or(f64::NAN)
}
