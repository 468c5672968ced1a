//! Curves against a knob: loss, offered load, cluster size.

use super::{THIRD, WHOLE, axis};
use crate::figure::{Figure, Panel, Table};
use crate::plot::{Axis, Chart, Ink, Scale, Series, Shape};
use crate::stats::mean;

/// A point of a sweep: one protocol at one value of the knob.
#[derive(Clone, Debug)]
pub struct Point {
    /// The knob.
    pub x: f64,
    /// The protocol.
    pub protocol: String,
    /// Of each seed: what was measured there.
    pub runs: Vec<Measured>,
}

/// What was measured in a run of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Operations answered a second of workload.
    pub goodput: f64,
    /// The share of operations that were answered.
    pub share: f64,
    /// The median of latency in milliseconds; no number if nothing was answered.
    pub p50: f64,
    /// 99 in 100 took no longer, in milliseconds.
    pub p99: f64,
}

/// A sweep: its points, or why there are none; and how its plans differ from the scenario's.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Points in order of protocols, then of the knob.
    pub points: Vec<Point>,
    /// Why there are none; empty if there are.
    pub nothing: String,
    /// How the plans differ from the scenario's, in a sentence.
    pub differs: String,
}

/// A curve: what it shows, in which unit, on which scale, the number.
struct Curve {
    panel: &'static str,
    title: &'static str,
    name: &'static str,
    unit: &'static str,
    scale: Scale,
    of: fn(&Measured) -> f64,
}

/// Goodput against loss.
pub fn goodput_against_loss(sweep: &Sweep) -> Figure {
    let curves = [Curve {
        panel: "",
        title: "Goodput against loss",
        name: "operations answered",
        unit: "1/s",
        scale: Scale::Linear,
        of: |run| run.goodput,
    }];
    let how = "Each point is the mean over seeds with its 95 % interval, at so much loss on every link. On sessions a lost \
               packet is sent again and costs a time-out that doubles, as on TCP, so loss shows as latency first, and as \
               lost goodput once heartbeats come so late that leaders are deposed. What to look for is the knee, and \
               whether the protocol comes back from leader changes faster than loss causes them.";
    drawn(
        "goodput-against-loss",
        "Goodput against loss",
        how,
        sweep,
        axis("loss on every link", "%", Scale::Linear),
        &curves,
    )
}

/// Latency against offered load.
pub fn latency_against_load(sweep: &Sweep) -> Figure {
    let latency =
        |panel, title, of| Curve { panel, title, name: "latency", unit: "ms", scale: Scale::Log, of };
    let curves = [
        latency("median", "Median latency against offered load", |run| run.p50),
        latency("99th percentile", "99th percentile against offered load", |run| run.p99),
        Curve {
            panel: "goodput",
            title: "Goodput against offered load",
            name: "operations answered",
            unit: "1/s",
            scale: Scale::Linear,
            of: |run| run.goodput,
        },
    ];
    let how = "Clients ask at the rate on the x axis, whatever becomes of earlier questions. Left of the knee latency is \
               that of the network and the disks; right of it the leader's processor is busy all the time, every operation \
               waits for those before it, and goodput stops growing. A closed loop would hide this: its clients ask less \
               when answers come late. Far beyond the knee goodput may even fall: heartbeats wait in the same queue, and leaders \
               are deposed for being busy. Latency is that of the operations that were answered, and has no point where \
               none was. Points are means over seeds with 95 % intervals.";
    drawn(
        "latency-against-load",
        "Latency against offered load",
        how,
        sweep,
        axis("offered load", "1/s", Scale::Log),
        &curves,
    )
}

/// Throughput against cluster size.
pub fn throughput_against_size(sweep: &Sweep) -> Figure {
    let curves = [Curve {
        panel: "",
        title: "Throughput against cluster size",
        name: "operations answered",
        unit: "1/s",
        scale: Scale::Linear,
        of: |run| run.goodput,
    }];
    let how = "Each point is the most that a cluster answered at any of the loads that it was asked: for every write it \
               sends to and hears from every follower, and its time for messages is what runs out. So throughput falls with \
               the number of nodes, and how steeply says how many messages a write costs the leader. Means over seeds with \
               95 % intervals. The shape can be compared with published curves; absolute numbers depend on the time that a \
               message is given.";
    drawn(
        "throughput-against-size",
        "Throughput against cluster size",
        how,
        sweep,
        axis("nodes", "", Scale::Linear),
        &curves,
    )
}

fn drawn(id: &str, title: &str, how: &str, sweep: &Sweep, x: Axis, curves: &[Curve]) -> Figure {
    let mut data = Table::new(&["protocol", "x", "quantity", "mean", "low", "high", "seeds"]);
    let mut panels = Vec::new();
    let mut protocols: Vec<&str> = Vec::new();
    for point in &sweep.points {
        if !protocols.contains(&point.protocol.as_str()) {
            protocols.push(&point.protocol);
        }
    }
    for curve in curves {
        let mut series = Vec::new();
        for protocol in &protocols {
            let (mut points, mut intervals) = (Vec::new(), Vec::new());
            for point in sweep.points.iter().filter(|point| point.protocol == *protocol) {
                let values: Vec<f64> =
                    point.runs.iter().map(curve.of).filter(|value| value.is_finite()).collect();
                let Some(mean) = mean(&values) else { continue };
                points.push((point.x, mean.value));
                intervals.push((mean.low.max(0.0), mean.high));
                data.push(vec![
                    (*protocol).into(),
                    point.x.into(),
                    format!("{} ({})", curve.title, curve.unit).into(),
                    mean.value.into(),
                    mean.low.into(),
                    mean.high.into(),
                    (mean.count as u64).into(),
                ]);
            }
            let ink = Ink::of(protocol);
            series.push(Series {
                name: (*protocol).to_owned(),
                ink,
                shape: Shape::MarkedLine,
                points,
                intervals,
            });
        }
        let chart = Chart {
            title: curve.title.to_owned(),
            description: format!("A curve a protocol: {} over the {}.", curve.name, x.name),
            x: x.clone(),
            y: axis(curve.name, curve.unit, curve.scale),
            series,
            size: if curves.len() == 1 { WHOLE } else { THIRD },
            nothing: sweep.nothing.clone(),
            ..Chart::default()
        };
        panels.push(Panel { name: curve.panel.to_owned(), svg: chart.svg() });
    }
    let why = if sweep.nothing.is_empty() {
        String::new()
    } else {
        format!("Nothing is drawn: {}. ", sweep.nothing)
    };
    let how_to_read = format!("{why}{how} {}", sweep.differs);
    Figure { id: id.to_owned(), title: title.to_owned(), how_to_read, panels, data }
}
