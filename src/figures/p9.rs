//! P9. Latency over time under the failures of P6: quantiles by window, and every operation as a point. After Jepsen's
//! `latency-quantiles` and `latency-raw`; nobody has published numbers, so none are asserted.

use reports::figure::{Cell, Table};
use reports::plot::{Axis, Chart, Ink, Shape};
use sim::measure::{Ended, Measured};

use super::draw::{axis, figure, log_axis, panel, series};
use super::failures::{Story, runs};
use super::row::{NEW, Row};
use super::runs::{Sorted, ms};
use super::{Effort, Made};
use crate::engine::Protocol;

const SEEDS: u64 = 10;
/// A window, in nanoseconds, by intended start.
const WINDOW: u64 = 250_000_000;
const WINDOWS: u64 = 56;
const QUANTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (1.0, "max")];
/// One operation in so many is drawn as a point, and every one that did not end well.
const POINTS_OF: usize = 12;

pub(super) fn make(effort: Effort) -> Made {
    let mut made = Made::default();
    let mut data = Table::new(&["protocol", "second", "p50_ms", "p95_ms", "p99_ms", "max_ms", "operations"]);
    let (mut over_time, mut raw) = (Vec::new(), Vec::new());
    let mut points = Table::new(&["protocol", "second", "latency_ms", "kind", "ending"]);
    for protocol in [Protocol::Paxos, Protocol::Zab, Protocol::Raft] {
        let stories = runs(protocol, effort.long_runs(SEEDS));
        let name = protocol.name();
        let windows = windows(&stories);
        let mut lines = vec![Vec::new(); QUANTILES.len()];
        for (second, window) in &windows {
            let found = QUANTILES.map(|(share, _)| window.quantile(share));
            let mut row = vec![Cell::from(name), (*second).into()];
            row.extend(found.map(Cell::from));
            row.push((window.len() as u64).into());
            data.push(row);
            lines.iter_mut().zip(found).for_each(|(line, value)| line.push((*second, value)));
        }
        let all = Sorted::new(stories.iter().flat_map(latencies).collect());
        made.rows.push(Row::free(
            format!("{name}: p99 over the whole story"),
            "ms",
            None,
            all.quantile(0.99),
            NEW,
        ));
        let quantiles = QUANTILES.iter().zip(lines).enumerate();
        let lines = quantiles.map(|(ink, ((_, name), line))| series(name, Ink(ink), Shape::Line, line));
        over_time.push(panel(name, &chart(&format!("Latency of {name}"), &stories[0], lines.collect())));
        raw.push(panel(name, &scatter(name, &stories[0], &mut points)));
    }
    let how = "Latency from the moment a client meant to ask, so that who waits for a leader counts from the start. While \
               the leader is gone the median hardly moves, because seven requests in ten are reads; the upper quantiles show \
               the outage.";
    made.figures.push(figure("p9-latency-quantiles", "P9. Latency over time", how, over_time, data));
    let how = "One run: a mark an operation, by when it was meant to start. Lines that fall to the right are operations that \
               waited for the same moment. Not every operation is drawn, but every one that did not end well.";
    made.figures.push(figure("p9-latency-raw", "P9. Every operation", how, raw, points));
    made
}

fn chart(title: &str, story: &Story, series: Vec<reports::plot::Series>) -> Chart {
    Chart {
        title: title.to_string(),
        description: "Latency over time, with failures numbered.".to_string(),
        x: Axis { range: Some((0.0, 14.0)), ..axis("intended start", "s") },
        y: Axis { range: Some((0.1, 3_000.0)), ..log_axis("latency", "ms") },
        series,
        bands: story.bands(),
        marks: story.marks(),
        ..Chart::default()
    }
}

fn latencies(story: &Story) -> impl Iterator<Item = f64> {
    story.measures.operations.iter().filter_map(Measured::latency).map(ms)
}

/// The latencies of all runs by window, those that have any: its start in seconds.
fn windows(stories: &[Story]) -> Vec<(f64, Sorted)> {
    let window = |place: u64| {
        let is_in = |one: &&Measured| one.intended / WINDOW == place;
        let of = |story: &Story| -> Vec<f64> {
            let within = story.measures.operations.iter().filter(is_in);
            within.filter_map(Measured::latency).map(ms).collect()
        };
        let all: Vec<f64> = stories.iter().flat_map(of).collect();
        (!all.is_empty()).then(|| ((place * WINDOW) as f64 / 1e9, Sorted::new(all)))
    };
    (0..WINDOWS).filter_map(window).collect()
}

/// One run as points, by what was asked and how it ended.
fn scatter(name: &str, story: &Story, data: &mut Table) -> Chart {
    let mut kinds: [Vec<(f64, f64)>; 4] = Default::default();
    for (place, one) in story.measures.operations.iter().enumerate() {
        if one.ending == Ended::Ok && !place.is_multiple_of(POINTS_OF) {
            continue;
        }
        let Some(ended) = one.ended else { continue };
        let (second, latency) = (one.intended as f64 / 1e9, ms(ended - one.intended));
        let (kind, ending) = match (one.ending, one.is_update()) {
            (Ended::Ok, false) => (0, "ok"),
            (Ended::Ok, true) => (1, "ok"),
            (Ended::Unknown, _) => (2, "unknown"),
            (Ended::Failed, _) => (3, "failed"),
        };
        kinds[kind].push((second, latency));
        data.push(vec![Cell::from(name), second.into(), latency.into(), one.kind.into(), ending.into()]);
    }
    let names = ["read, ok", "write, ok", "outcome unknown", "failed"];
    let drawn = names.into_iter().zip(kinds).enumerate().filter(|(_, (_, points))| !points.is_empty());
    let all = drawn.map(|(ink, (name, points))| series(name, Ink(ink), Shape::Points, points)).collect();
    chart(&format!("Operations of {name}, one run"), story, all)
}
