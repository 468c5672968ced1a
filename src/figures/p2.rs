//! P2. How often the first vote of an election is split (Raft dissertation, section 9.4): a closed form, and our runs
//! held against it within three standard deviations; and what splits cost, the knee.

use reports::figure::{Cell, Table};
use reports::plot::{Chart, Ink, Shape};

use super::draw::{axis, figure, log_axis, panel, series};
use super::row::Row;
use super::runs::{first_leader, planned, scenario, without_clients};
use super::{Effort, Made};
use crate::engine::Protocol;

const TRIALS: u64 = 20_000;
/// The range that timeouts are drawn from, and the least timeout: a second each.
const RANGE: f64 = 1e9;

/// Cluster size, servers that run, one-way latency in parts of the timeout range.
const POINTS: [(u8, u8, f64); 14] = [
    (5, 4, 0.01),
    (5, 4, 0.05),
    (5, 4, 0.1),
    (5, 4, 0.2),
    (5, 5, 0.05),
    (5, 5, 0.1),
    (5, 5, 0.2),
    (5, 3, 0.01),
    (5, 3, 0.1),
    (5, 3, 0.2),
    (3, 2, 0.1),
    (3, 3, 0.2),
    (9, 8, 0.1),
    (9, 5, 0.1),
];

/// The values that the dissertation gives, of five servers with four running.
const PUBLISHED: [(f64, f64); 3] = [(0.01, 0.0006), (0.1, 0.052), (0.2, 0.181)];

/// The probability that enough servers stand within `latency` of the first to leave nobody a majority.
fn split(nodes: u8, live: u8, latency: f64) -> f64 {
    let rivals = i32::from(live) - i32::from(nodes) / 2 + 1;
    let term = |k: i32| {
        let rest = i32::from(live) - k;
        choose(u32::from(live), k as u32) * latency.powi(k) * (1.0 - latency).powi(rest)
    };
    (rivals - 1..=i32::from(live)).map(term).sum()
}

fn choose(of: u32, count: u32) -> f64 {
    (0..count).map(|i| f64::from(of - i) / f64::from(i + 1)).product()
}

/// The expected time of an election with fresh timers, in timeout ranges: each vote waits for the first of `live` timers
/// and for the request to arrive, a split one costs as much again, and the last waits for the answer.
fn expected(nodes: u8, live: u8, latency: f64) -> f64 {
    let vote = 1.0 + 1.0 / (f64::from(live) + 1.0) + latency;
    vote / (1.0 - split(nodes, live, latency)) + latency
}

/// What runs of a point gave.
struct Sampled {
    nodes: u8,
    live: u8,
    latency: f64,
    splits: f64,
    trials: u64,
    /// Mean time to a leader, in timeout ranges.
    time: f64,
}

pub(super) fn make(effort: Effort) -> Made {
    let trials = effort.trials(TRIALS);
    let sampled: Vec<Sampled> =
        POINTS.into_iter().map(|(nodes, live, latency)| sample(nodes, live, latency, trials)).collect();
    let mut made = Made::default();
    made.rows.extend(PUBLISHED.into_iter().map(|(latency, published)| {
        let what = format!("closed form, 4 of 5, l = {latency}");
        // The dissertation rounds to a tenth of a percent, the least to a hundredth.
        let step = if published < 0.01 { 0.00005 } else { 0.0005 };
        let ours = split(5, 4, latency);
        Row::between(what, "", ours, published - step, published + step).published(published)
    }));
    made.rows.extend(sampled.iter().map(row));
    made.figures.push(drawn(&sampled));
    made
}

fn sample(nodes: u8, live: u8, latency: f64, trials: u64) -> Sampled {
    let one_way = format!("{}us", (latency * RANGE / 1e3).round());
    let count = nodes.to_string();
    let down: Vec<String> = (live..nodes).map(|node| format!("\"n{node}\"")).collect();
    let down = format!("[{}]", down.join(", "));
    let mut set = vec![("cluster.nodes", count.as_str()), ("network.latency.base", one_way.as_str())];
    if live < nodes {
        set.extend([("fault.0.at", "0s"), ("fault.0.crash", down.as_str())]);
    }
    let scenario = scenario("p2-split-votes", &set);
    let leaders = planned(&scenario, Protocol::Raft, trials, without_clients, |_, run| {
        first_leader(&run.measures, 0).expect("somebody is elected in the end")
    });
    // Servers are born in term 0, so the first vote is of term 1.
    let splits = leaders.iter().filter(|(_, round)| *round != 1).count() as f64;
    let time = leaders.iter().map(|&(at, _)| at as f64 / RANGE).sum::<f64>() / trials as f64;
    Sampled { nodes, live, latency, splits: splits / trials as f64, trials, time }
}

/// Three standard deviations of a share of trials.
fn three_sigma(share: f64, trials: u64) -> f64 {
    3.0 * (share * (1.0 - share) / trials as f64).sqrt()
}

fn row(sampled: &Sampled) -> Row {
    let Sampled { nodes, live, latency, .. } = *sampled;
    let exact = split(nodes, live, latency);
    let by = three_sigma(exact, sampled.trials);
    let what = format!("{} runs, {live} of {nodes}, l = {latency}", sampled.trials);
    Row::between(what, "", sampled.splits, exact - by, exact + by).published(exact)
}

fn drawn(sampled: &[Sampled]) -> reports::figure::Figure {
    let columns =
        ["nodes", "live", "latency_in_timeout_ranges", "split_closed_form", "split_measured", "trials"];
    let mut data = Table::new(&[&columns[..], &["election_expected", "election_measured"]].concat());
    for s in sampled {
        data.push(vec![
            u64::from(s.nodes).into(),
            u64::from(s.live).into(),
            s.latency.into(),
            split(s.nodes, s.live, s.latency).into(),
            s.splits.into(),
            s.trials.into(),
            expected(s.nodes, s.live, s.latency).into(),
            Cell::from(s.time),
        ]);
    }
    let (mut splits, mut knee) = (Vec::new(), Vec::new());
    for (place, (nodes, live)) in [(5, 5), (5, 4), (5, 3), (9, 8)].into_iter().enumerate() {
        let name = format!("{live} of {nodes}");
        let of = |value: &dyn Fn(f64) -> f64, from: u32| -> Vec<(f64, f64)> {
            (from..=30).map(|step| f64::from(step) / 100.0).map(|latency| (latency, value(latency))).collect()
        };
        splits.push(series(&name, Ink(place), Shape::Line, of(&|l| 100.0 * split(nodes, live, l), 0)));
        let of_range = |range: f64| 1.0 / range;
        let curve = (4..=200).map(|range| f64::from(range) / 2.0).map(|range| {
            // The range in one-way latencies: the least timeout stays ten latencies, as if detection were given.
            let latency = of_range(range);
            let vote = 10.0 + range / (f64::from(live) + 1.0) + 1.0;
            (range, vote / (1.0 - split(nodes, live, latency)) + 1.0)
        });
        knee.push(series(&name, Ink(place), Shape::Line, curve.collect()));
        let mine = sampled.iter().filter(|s| (s.nodes, s.live) == (nodes, live));
        let points = mine.map(|s| (s.latency, 100.0 * s.splits)).collect();
        splits.push(series(&format!("{name}, runs"), Ink(place), Shape::Points, points));
    }
    let published = PUBLISHED.into_iter().map(|(latency, split)| (latency, 100.0 * split)).collect();
    splits.push(series("published, 4 of 5", Ink(1), Shape::Hollow, published));
    let left = Chart {
        title: "How often the first vote is split".to_string(),
        description: "Lines are the closed form, marks are runs, hollow marks are published.".to_string(),
        x: axis("one-way latency", "timeout ranges"),
        y: axis("split first votes", "%"),
        series: splits,
        ..Chart::default()
    };
    let right = Chart {
        title: "What the range costs: the knee".to_string(),
        description: "Expected time to a leader, least timeout ten latencies, by the range above it."
            .to_string(),
        x: log_axis("timeout range", "one-way latencies"),
        y: log_axis("election", "one-way latencies"),
        series: knee,
        ..Chart::default()
    };
    let how = "Left: the share of first votes that nobody wins, because too many servers stood before the first request \
               reached them. It has a closed form, and runs of the protocol itself fall on it. Right: what follows for the \
               timeout range. Too narrow, and votes split again and again; too wide, and everybody waits. The knee is \
               where a range is a few times ten latencies.";
    figure(
        "p2-split-votes",
        "P2. Split votes",
        how,
        vec![panel("splits", &left), panel("knee", &right)],
        data,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_gives_the_published_values() {
        assert!((split(5, 4, 0.1) - 0.0523).abs() < 1e-9);
        assert!((split(5, 4, 0.2) - 0.1808).abs() < 1e-9);
        assert!(
            (split(3, 2, 0.5) - 0.75).abs() < 1e-9,
            "two servers split unless half a range lies between them"
        );
    }
}
