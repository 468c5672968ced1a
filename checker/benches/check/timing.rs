//! Timing: the time that one in ten of several runs stays below. On a machine that others use too, the median says
//! more about them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs at most.
const RUNS_MAX: usize = 401;

/// Runs at least, however long they take.
const RUNS_MIN: usize = 3;

/// No further run is begun after this long.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// The time of a fast run, in microseconds, and what the last run gave.
pub(crate) fn fast_us<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let begin = Instant::now();
    let mut times: Vec<Duration> = Vec::new();
    loop {
        let start = Instant::now();
        let result = black_box(run());
        times.push(start.elapsed());
        let is_enough = times.len() >= RUNS_MIN && begin.elapsed() >= LONG_ENOUGH;
        if is_enough || times.len() >= RUNS_MAX {
            times.sort_unstable();
            return (times[times.len() / 10].as_secs_f64() * 1e6, result);
        }
    }
}

/// The value in the middle.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
