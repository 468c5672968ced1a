//! P1. How long a first election takes on a wide network (Raft dissertation, section 9.4: AvailSim), as a distribution.
//! One way 30 to 40 ms, timeouts 300 to 600 ms, all timers fresh; it is over when a candidate holds a majority.

use reports::figure::{Cell, Table};
use reports::plot::{Chart, Ink, Shape};

use super::draw::{axis, figure, log_axis, panel, series};
use super::row::{NEW, Row};
use super::runs::{Sorted, first_leader, ms, planned, scenario, trials, without_clients};
use super::{Effort, Made};
use crate::engine::Protocol;

const TRIALS: u64 = 10_000;
/// Different logs take seconds to come about.
const TRIALS_OF_LOGS: u64 = 2_000;
/// When the servers with five logs have started anew.
const RESTARTED: u64 = 7_500_000_000;

/// What was published of a case: its mean and quantiles, in milliseconds.
struct Case {
    name: &'static str,
    down: &'static str,
    mean: f64,
    quantiles: [f64; 7],
}

const SHARES: [(f64, &str); 7] =
    [(0.1, "p10"), (0.25, "p25"), (0.5, "p50"), (0.75, "p75"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];

const CASES: [Case; 2] = [
    Case {
        name: "0 of 5 down",
        down: "",
        mean: 430.0,
        quantiles: [375.0, 387.0, 410.0, 446.0, 489.0, 833.0, 985.0],
    },
    Case {
        name: "2 of 5 down",
        down: "[\"n3\", \"n4\"]",
        mean: 631.0,
        quantiles: [387.0, 411.0, 469.0, 798.0, 1074.0, 1929.0, 2853.0],
    },
];

/// By how many percent a quantile may be off: a naive simulator is within 1 % up to p75, and 5 % in the tail.
fn band(share: f64) -> f64 {
    if share <= 0.75 {
        2.0
    } else if share <= 0.99 {
        6.0
    } else {
        10.0
    }
}

pub(super) fn make(effort: Effort) -> Made {
    let mut made = Made::default();
    let mut curves = Vec::new();
    for case in &CASES {
        let times = elections(Protocol::Raft, case.down, effort.trials(TRIALS));
        rows_of(case, &times, &mut made.rows);
        curves.push((format!("Raft, {}", case.name), times));
    }
    let logs = elections_with_five_logs(effort.trials(TRIALS_OF_LOGS));
    made.rows.push(likeness(&curves[0].1, &logs));
    curves.push(("Raft, five logs".to_string(), logs));
    for protocol in [Protocol::Paxos, Protocol::Zab] {
        for case in &CASES {
            let times = elections(protocol, case.down, effort.trials(TRIALS / 5));
            let what = format!("{} {}, p50", protocol.name(), case.name);
            made.rows.push(Row::free(what, "ms", None, times.quantile(0.5), NEW));
            curves.push((format!("{}, {}", title(protocol), case.name), times));
        }
    }
    made.figures.push(drawn(&curves));
    made
}

fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Paxos => "Multi-Paxos",
        Protocol::Zab => "Zab",
        Protocol::Raft => "Raft",
    }
}

/// When the first leader was elected, in milliseconds.
fn elections(protocol: Protocol, down: &str, count: u64) -> Sorted {
    let mut set = Vec::new();
    if !down.is_empty() {
        set.extend([("fault.0.at", "0s"), ("fault.0.crash", down)]);
    }
    if protocol == Protocol::Zab {
        set.extend([("network.links", "session"), ("cluster.protocols", "[\"zab\"]")]);
    }
    let scenario = scenario("p1-election-wan", &set);
    let times = planned(&scenario, protocol, count, without_clients, |_, run| first_leader(&run.measures, 0));
    Sorted::new(times.into_iter().flatten().map(|(at, _)| ms(at)).collect())
}

fn elections_with_five_logs(count: u64) -> Sorted {
    let scenario = scenario("p1-five-logs", &[]);
    let times = trials(&scenario, Protocol::Raft, count, |_, run| first_leader(&run.measures, RESTARTED));
    Sorted::new(times.into_iter().flatten().map(|(at, _)| ms(at - RESTARTED)).collect())
}

fn rows_of(case: &Case, times: &Sorted, rows: &mut Vec<Row>) {
    let what = |name: &str| format!("raft {}, {name}", case.name);
    let (low, high) = times.mean_interval();
    rows.push(Row::near(what("mean"), "ms", case.mean, times.mean(), 4.0).sampled(low, high));
    for ((share, name), published) in SHARES.into_iter().zip(case.quantiles) {
        let (low, high) = times.quantile_interval(share);
        let row = Row::near(what(name), "ms", published, times.quantile(share), band(share));
        rows.push(row.sampled(low, high));
    }
}

/// By how much different logs may move the mean: the published curves lie close, and no numbers were given.
const LIKE_PERCENT: f64 = 15.0;

fn likeness(same: &Sorted, different: &Sorted) -> Row {
    let off = (different.mean() / same.mean() - 1.0) * 100.0;
    let ours = format!("mean {:.0} ms, {off:+.1} %", different.mean());
    let band = format!("mean within {LIKE_PERCENT} %");
    Row::holds("raft five different logs", "as with equal logs", ours, band, off.abs() <= LIKE_PERCENT)
}

fn drawn(curves: &[(String, Sorted)]) -> reports::figure::Figure {
    const STEPS: usize = 200;
    let mut data = Table::new(&["curve", "election_ms", "share_elected"]);
    let (mut cdf, mut tail) = (Vec::new(), Vec::new());
    for (place, (name, times)) in curves.iter().enumerate() {
        let ink = Ink(place);
        let points = times.cdf(STEPS);
        for &(time, share) in &points {
            data.push(vec![Cell::from(name.as_str()), time.into(), share.into()]);
        }
        // The tail by single trials: the last two percent are what it is about.
        let fine =
            (1..1000).map(|step| step as f64 / 1000.0).map(|share| (times.quantile(share), 1.0 - share));
        cdf.push(series(name, ink, Shape::Line, points));
        tail.push(series(name, ink, Shape::Line, fine.collect()));
    }
    for (place, case) in CASES.iter().enumerate() {
        let points = || SHARES.into_iter().zip(case.quantiles).map(|((share, _), time)| (time, share));
        let name = format!("published, {}", case.name);
        cdf.push(series(&name, Ink(place), Shape::Hollow, points().collect()));
        tail.push(series(
            &name,
            Ink(place),
            Shape::Hollow,
            points().map(|(time, share)| (time, 1.0 - share)).collect(),
        ));
    }
    let x = || reports::plot::Axis { range: Some((150.0, 2_000.0)), ..axis("time to elect a leader", "ms") };
    let chart = |title: &str, description: &str, y, series| Chart {
        title: title.to_string(),
        description: description.to_string(),
        x: x(),
        y,
        series,
        ..Chart::default()
    };
    let y = reports::plot::Axis { range: Some((0.0, 1.0)), ..axis("share of elections over", "") };
    let left = chart("Elections on a wide network", "Cumulative distribution of election times.", y, cdf);
    let y = reports::plot::Axis { range: Some((0.001, 1.0)), ..log_axis("share of elections still on", "") };
    let right =
        chart("The same: the tail", "What is left of each distribution, on a logarithmic axis.", y, tail);
    let how = "Each curve says which share of elections was over by a time; on the right, which share was still on. \
               Hollow marks are published. The median and the tail are different stories: with two servers down, half of \
               the elections take as long as with none, and one in a hundred takes twice as long, because a vote was \
               split and a whole timeout must pass. Multi-Paxos and Zab are our measurements, nobody's figures.";
    figure(
        "p1-election-times",
        "P1. Election times on a wide network",
        how,
        vec![panel("cdf", &left), panel("tail", &right)],
        data,
    )
}
