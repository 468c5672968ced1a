//! P5. Throughput against cluster size (ZooKeeper, ATC 2010, table 1: 250 clients, 1 kB). A network alone never saturates;
//! what saturates is the leader's processor, which every message, byte and request costs some time.
//!
//! The three costs are calibrated at five and nine servers of Zab and at a server's local reads; the other sizes, and all of
//! Multi-Paxos and Raft, are predicted. Absolute numbers are those of machines of 2010: only the shape is asserted.

use reports::figure::{Cell, Figure, Table};
use reports::plot::{Axis, Chart, Ink, Shape};

use super::draw::{axis, figure, panel, series};
use super::load::throughput;
use super::row::{NEW, Row, SHAPE};
use super::runs::{scenario, trials};
use super::{Effort, Made};
use crate::engine::Protocol;

/// Servers, and thousands of writes and reads a second.
const PUBLISHED: [(u8, f64, f64); 5] =
    [(3, 21.0, 87.0), (5, 18.0, 165.0), (7, 14.0, 257.0), (9, 12.0, 296.0), (13, 8.0, 460.0)];
/// The sizes at which costs were calibrated.
const CALIBRATED: [u8; 2] = [5, 9];
/// LogCabin with 100 threads on 1 to 5 servers (dissertation, figure 10.2), thousands of writes a second.
const LOG_CABIN: [(f64, f64); 5] = [(1.0, 29.5), (2.0, 21.0), (3.0, 19.6), (4.0, 16.7), (5.0, 14.6)];
/// Writes at thirteen servers by writes at three: 8 to 21, and how far off it may be.
const RATIO: (f64, f64) = (0.38, 0.08);
/// One run a size: nothing is drawn in it but where clients are.
const TRIALS: u64 = 1;
/// Reads a run: many, since servers answer them at once.
const READS: &str = "50000";

/// Thousands a second, by size.
type Curve = Vec<(u8, f64)>;

pub(super) fn make(effort: Effort) -> Made {
    let mut rows = Vec::new();
    let writes: Vec<(Protocol, Curve)> =
        Protocol::ALL.into_iter().map(|protocol| (protocol, curve(protocol, &[], effort))).collect();
    let local = [("workload.mix", "{ read = 100 }"), ("workload.operations", READS)];
    let reads = curve(Protocol::Zab, &local, effort);
    for (protocol, curve) in &writes {
        rows_of(*protocol, curve, &mut rows);
    }
    for (&(servers, _, published), &(_, ours)) in PUBLISHED.iter().zip(&reads) {
        let what = format!("zab, {servers} servers, local reads");
        rows.push(Row::free(what, "k/s", Some(published), ours, SHAPE));
    }
    let grows = reads.is_sorted_by(|(_, fewer), (_, more)| fewer < more);
    rows.push(Row::holds("zab, local reads", "grow", told(grows, "grow"), "with every server", grows));
    Made { figures: vec![drawn(&writes, &reads)], rows }
}

fn told(is_true: bool, verb: &str) -> String {
    if is_true { verb.to_string() } else { format!("do not {verb}") }
}

fn curve(protocol: Protocol, set: &[(&str, &str)], effort: Effort) -> Curve {
    let at = |servers: u8| {
        let servers = servers.to_string();
        let set: Vec<_> = set.iter().copied().chain([("cluster.nodes", servers.as_str())]).collect();
        let count = effort.trials(TRIALS).min(TRIALS);
        let runs =
            trials(&scenario("p5-cluster-size", &set), protocol, count, |_, run| throughput(&run.measures));
        runs.iter().sum::<f64>() / runs.len() as f64 / 1e3
    };
    PUBLISHED.iter().map(|&(servers, ..)| (servers, at(servers))).collect()
}

fn rows_of(protocol: Protocol, curve: &Curve, rows: &mut Vec<Row>) {
    let name = protocol.name();
    for (&(servers, published, _), &(_, ours)) in PUBLISHED.iter().zip(curve) {
        let what = format!("{name}, {servers} servers, writes");
        let (published, why) = match (protocol, CALIBRATED.contains(&servers)) {
            (Protocol::Zab, true) => (Some(published), "calibrated"),
            (Protocol::Zab, false) => (Some(published), SHAPE),
            _ => (None, NEW),
        };
        rows.push(Row::free(what, "k/s", published, ours, why));
    }
    let falls = curve.is_sorted_by(|(_, fewer), (_, more)| fewer > more);
    rows.push(Row::holds(format!("{name}, writes"), "fall", told(falls, "fall"), "with every server", falls));
    let ratio = curve[curve.len() - 1].1 / curve[0].1;
    let what = format!("{name}, 13 servers by 3, writes");
    rows.push(match protocol {
        Protocol::Zab => {
            let (published, by) = RATIO;
            Row::between(what, "", ratio, published - by, published + by).published(published)
        }
        _ => Row::free(what, "", None, ratio, NEW),
    });
}

fn drawn(writes: &[(Protocol, Curve)], reads: &Curve) -> Figure {
    let mut data = Table::new(&["what", "servers", "kilo_operations_per_second", "published"]);
    let points = |curve: &Curve| curve.iter().map(|&(servers, rate)| (f64::from(servers), rate)).collect();
    let mut all = Vec::new();
    for (protocol, curve) in writes {
        for (&(servers, rate), (_, published, _)) in curve.iter().zip(PUBLISHED) {
            let published = (*protocol == Protocol::Zab).then_some(published);
            let what = format!("{} writes", protocol.name());
            data.push(vec![what.into(), u64::from(servers).into(), rate.into(), Cell::from(published)]);
        }
        all.push(series(title(*protocol), Ink::of(protocol.name()), Shape::MarkedLine, points(curve)));
    }
    let published = |of: fn(&(u8, f64, f64)) -> f64| {
        PUBLISHED.iter().map(|point| (f64::from(point.0), of(point))).collect::<Vec<_>>()
    };
    all.push(series("published, ZooKeeper 2010", Ink::of("zab"), Shape::Hollow, published(|point| point.1)));
    all.push(series("published, LogCabin", Ink::of("raft"), Shape::Hollow, LOG_CABIN.to_vec()));
    for (&(servers, rate), (.., published)) in reads.iter().zip(PUBLISHED) {
        data.push(vec!["zab local reads".into(), u64::from(servers).into(), rate.into(), published.into()]);
    }
    let read = vec![
        series("Zab, local reads", Ink::of("zab"), Shape::MarkedLine, points(reads)),
        series("published, ZooKeeper 2010", Ink::of("zab"), Shape::Hollow, published(|point| point.2)),
    ];
    let chart = |title: &str, series| Chart {
        title: title.to_string(),
        description: format!("{title}, thousands a second, on 3 to 13 servers."),
        x: Axis { range: Some((0.0, 14.0)), ..axis("servers", "") },
        y: Axis { range: None, ..axis("throughput", "thousand/s") },
        series,
        ..Chart::default()
    };
    let how = "Every write costs the leader a message from each other server, so writes fall as the cluster grows; local reads \
               ask nobody, so they grow. Costs are calibrated at five and nine servers of Zab: those two points agree because \
               they were made to, the others are predicted. Hollow marks are published: other machines, so only the shape \
               can be compared. Multi-Paxos and Raft on the same costs are our measurements.";
    let panels = vec![panel("writes", &chart("Writes", all)), panel("reads", &chart("Local reads", read))];
    figure("p5-cluster-size", "P5. Throughput against cluster size", how, panels, data)
}

/// A protocol as legends call it.
pub(super) fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Paxos => "Multi-Paxos",
        Protocol::Zab => "Zab",
        Protocol::Raft => "Raft",
    }
}
