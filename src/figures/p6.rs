//! P6. Throughput over time under numbered failures (ZooKeeper, ATC 2010, figure 8): five servers, three requests in ten
//! are writes. Windows of 100 ms: those of six seconds in the paper hide that there was an outage at all.

use reports::figure::{Cell, Table};
use reports::plot::{Axis, Chart, Ink, Shape};
use sim::measure::Ended;

use super::draw::{axis, figure, panel, series};
use super::failures::{Story, runs};
use super::row::{NEW, Row};
use super::runs::Sorted;
use super::{Effort, Made};
use crate::engine::Protocol;

const SEEDS: u64 = 20;
/// A window, in nanoseconds.
const WINDOW: u64 = 100_000_000;
/// How long the file's clients ask, in windows.
const WINDOWS: usize = 140;
/// A leader is elected in less, in milliseconds: detection not counted.
const ELECTED_WITHIN_MS: f64 = 200.0;

pub(super) fn make(effort: Effort) -> Made {
    let mut made = Made::default();
    let mut data = Table::new(&["protocol", "second", "operations_per_second"]);
    let mut panels = Vec::new();
    for protocol in [Protocol::Paxos, Protocol::Zab, Protocol::Raft] {
        let stories = runs(protocol, effort.long_runs(SEEDS));
        made.rows.extend(rows(protocol, &stories));
        let points = over_time(&stories);
        for &(second, rate) in &points {
            data.push(vec![Cell::from(protocol.name()), second.into(), rate.into()]);
        }
        let chart = Chart {
            title: format!("Throughput of {}", protocol.name()),
            description: "Operations answered a second, in windows of 100 ms, with failures numbered."
                .to_string(),
            x: Axis { range: Some((0.0, 14.0)), ..axis("time", "s") },
            y: Axis { range: Some((0.0, 2_500.0)), ..axis("answered", "operations/s") },
            series: vec![series("answered", Ink::of(protocol.name()), Shape::Steps, points)],
            bands: stories[0].bands(),
            marks: stories[0].marks(),
            ..Chart::default()
        };
        panels.push(panel(protocol.name(), &chart));
    }
    let how = "Answers a second in windows of 100 ms, the mean of all runs; shaded while somebody is down. A follower that \
               fails takes its own clients along until they have found another server. When the leader fails, writes stop \
               until the loss is noticed and another leads; reads are answered where they are asked and go on. The \
               burst after it is what clients had been waiting for. A process that dies closes its sessions: Zab takes \
               that for the loss and is back within a window, Raft and Multi-Paxos wait until heartbeats are missed.";
    made.figures.push(figure("p6-throughput", "P6. Throughput over time under failures", how, panels, data));
    made
}

/// Answers a second, by window: the mean over runs.
fn over_time(stories: &[Story]) -> Vec<(f64, f64)> {
    let mut counts = vec![0u64; WINDOWS];
    for story in stories {
        let answered = story.measures.operations.iter().filter(|one| one.ending == Ended::Ok);
        for ended in answered.filter_map(|one| one.ended) {
            if let Some(count) = counts.get_mut((ended / WINDOW) as usize) {
                *count += 1;
            }
        }
    }
    let windows_a_second = 1e9 / WINDOW as f64;
    let rate = |count: &u64| *count as f64 * windows_a_second / stories.len() as f64;
    counts.iter().enumerate().map(|(place, count)| (place as f64 / windows_a_second, rate(count))).collect()
}

fn rows(protocol: Protocol, stories: &[Story]) -> Vec<Row> {
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let elections: Vec<(u64, u64)> = stories.iter().flat_map(Story::elections).collect();
    let elected = Sorted::new(elections.iter().map(|(_, took)| ms(*took)).collect());
    let noticed = Sorted::new(elections.iter().map(|(after, _)| ms(*after)).collect());
    let name = protocol.name();
    let what = format!("{name}: the slowest of {} elections", elections.len());
    let slowest = elected.quantile(1.0);
    // The published bound is ZooKeeper's.
    let first = match protocol {
        Protocol::Zab => {
            Row::between(what, "ms", slowest, 0.0, ELECTED_WITHIN_MS).published(ELECTED_WITHIN_MS)
        }
        _ => Row::free(what, "ms", None, slowest, NEW),
    };
    vec![
        first,
        Row::free(format!("{name}: election, median"), "ms", None, elected.quantile(0.5), NEW),
        Row::free(
            format!("{name}: until the loss is noticed, median"),
            "ms",
            None,
            noticed.quantile(0.5),
            NEW,
        ),
    ]
}
