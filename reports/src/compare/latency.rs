//! How long operations took: their distribution, and its quantiles over time.

use super::digest::{BINS, edge};
use super::side::Side;
use super::{Frame, THIRD, WHOLE, axis, drawn_faults, figure, id, marked, runs, seconds, time};
use crate::figure::{Figure, Table};
use crate::plot::{Axis, Chart, Ink, Scale, Series, Shape};
use crate::stats::mean_of_sums;

/// Quantiles over time, with the ink of each: the greater, the more it stands out.
const QUANTILES: [(&str, f64, usize); 4] =
    [("median", 0.5, 0), ("95 %", 0.95, 5), ("99 %", 0.99, 3), ("slowest", 1.0, 6)];

/// The distribution of latency.
pub(super) fn cdf(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&["protocol", "latency_ms", "share", "low", "high", "seeds"]);
    let mut series = Vec::new();
    for side in sides {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        let total = side.shares.last().map_or(0.0, |last| last.0);
        let mut before = 0.0;
        for bin in 0..BINS {
            let (sum, squares) = side.shares[bin];
            let is_used = sum > before || (bin + 1 < BINS && before == 0.0 && side.shares[bin + 1].0 > 0.0);
            if is_used && let Some(share) = mean_of_sums(side.seeds, sum, squares) {
                points.push((edge(bin), share.value));
                let (low, high) = (share.low.max(0.0), share.high.min(1.0));
                if share.low.is_finite() {
                    intervals.push((low, high));
                }
                data.push(vec![
                    side.protocol.as_str().into(),
                    edge(bin).into(),
                    share.value.into(),
                    share.low.is_finite().then_some(low).into(),
                    share.high.is_finite().then_some(high).into(),
                    (side.seeds as u64).into(),
                ]);
            }
            before = sum;
        }
        assert!(points.is_empty() || total > 0.0, "what is drawn was answered");
        series.push(Series {
            name: side.protocol.clone(),
            ink: Ink::of(&side.protocol),
            shape: Shape::Steps,
            points,
            intervals,
        });
    }
    let chart = Chart {
        title: "Latency: share of operations answered by then".to_owned(),
        description: "One rising curve a protocol; further to the left is faster.".to_owned(),
        x: axis("latency from the intended start", "ms", Scale::Log),
        y: Axis { range: Some((0.0, 1.0)), ..axis("share of all operations", "", Scale::Linear) },
        series,
        size: WHOLE,
        nothing: "no operation was answered".to_owned(),
        ..Chart::default()
    };
    let how = format!(
        "Each curve says which share of all operations had been answered after so many milliseconds, counted from when the \
         client meant to start, so that waiting in a queue counts too. Further to the left is faster; where a curve ends \
         below 1, the rest was never answered. Look at the bend near the top: two protocols with the same median may \
         differ tenfold there, and that is what the users of a slow hour see. The time axis is logarithmic. The ribbon is \
         the mean over {} with its 95 % confidence interval (Student's t over seeds, not over operations, because the \
         operations of a run are not independent).",
        runs(sides)
    );
    figure(id(frame, "latency-cdf"), "Latency", how, vec![(String::new(), chart)], data)
}

/// Quantiles of latency by the time at which operations were meant to start.
pub(super) fn over_time(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&["protocol", "from_s", "operations", "p50_ms", "p95_ms", "p99_ms", "max_ms"]);
    let mut charts = Vec::new();
    let used =
        sides.iter().flat_map(|side| side.latencies.iter().flatten().map(|(bin, _)| usize::from(*bin)));
    let (low, high) = used.fold((BINS, 0), |(low, high), bin| (low.min(bin), high.max(bin)));
    let y = Axis {
        range: (low <= high).then(|| (below(edge(low)), above(edge(high)))),
        ..axis("latency", "ms", Scale::Log)
    };
    for side in sides {
        let mut series: Vec<Series> = QUANTILES
            .iter()
            .map(|(name, _, ink)| Series {
                name: (*name).to_owned(),
                ink: Ink(*ink),
                shape: Shape::Line,
                points: Vec::new(),
                intervals: Vec::new(),
            })
            .collect();
        for (place, window) in side.latencies.iter().enumerate() {
            let total: u64 = window.iter().map(|(_, count)| count).sum();
            let from = place as u64 * frame.window;
            let middle = seconds(from + frame.window / 2);
            let quantiles = QUANTILES.map(|(_, share, _)| quantile(window, total, share));
            for (series, value) in series.iter_mut().zip(quantiles) {
                series.points.push((middle, value.unwrap_or(f64::NAN)));
            }
            let mut row = vec![side.protocol.as_str().into(), seconds(from).into(), total.into()];
            row.extend(quantiles.map(Into::into));
            data.push(row);
        }
        let chart = Chart {
            title: format!("{}: latency by start", side.protocol),
            description: format!("Quantiles of the latency of operations under {} over time.", side.protocol),
            x: time(frame),
            y: y.clone(),
            series,
            size: THIRD,
            nothing: "no operation was answered".to_owned(),
            ..Chart::default()
        };
        charts.push((side.protocol.clone(), marked(frame, chart)));
    }
    let how = format!(
        "Operations of {} are gathered by when they were meant to start, in windows of {} ms; the four lines are the \
         median, the 95th and 99th of a hundred, and the slowest. Grey spans and numbered lines are faults.{} After a \
         leader is lost the slowest line jumps to the length of the outage, rounded up to when clients ask again, and comes \
         down in steps of that time: who asked later waited less. The median moves only if more than half of the operations \
         of a window had to wait. A gap is a window in which nothing was answered.",
        runs(sides),
        frame.window / 1_000_000,
        drawn_faults(frame)
    );
    figure(id(frame, "latency-over-time"), "Latency over time", how, charts, data)
}

/// A quantile of counted bins.
fn quantile(window: &[(u16, u64)], total: u64, share: f64) -> Option<f64> {
    let rank = ((total as f64 * share).ceil() as u64).max(1);
    let mut below = 0;
    let found = window.iter().find(|(_, count)| {
        below += count;
        rank <= below
    });
    found.map(|(bin, _)| edge(usize::from(*bin)))
}

fn below(value: f64) -> f64 {
    libm::exp10((libm::log10(value) * 2.0).floor() / 2.0)
}

fn above(value: f64) -> f64 {
    libm::exp10((libm::log10(value) * 2.0 + 0.1).ceil() / 2.0)
}
