//! P10. Goodput against loss, and latency against offered load: the two curves that every system has, drawn for three
//! protocols on one network. Nobody's numbers are reproduced (the constants of Paxi's figures are not verified); asserted is
//! that the curves have the shape that such curves have.

use reports::figure::{Figure, Table};
use reports::plot::{Axis, Chart, Ink, Shape};

use super::draw::{axis, figure, log_axis, panel, series};
use super::load::{latency, throughput};
use super::p5::title;
use super::row::{NEW, Row};
use super::runs::{scenario, trials};
use super::{Effort, Made};
use crate::engine::Protocol;

/// Loss in percent.
const LOSSES: [u32; 7] = [0, 1, 2, 5, 10, 20, 30];
/// Seeds a point of the first curve.
const TRIALS: u64 = 10;
/// Offered writes a second.
const LOADS: [u32; 8] = [1_000, 4_000, 8_000, 12_000, 14_000, 16_000, 18_000, 22_000];
/// Behind the knee latency is at least so many times that of a tenth of the load.
const KNEE: f64 = 5.0;
/// Until half of the capacity it is at most so many times that.
const FLAT: f64 = 2.0;

pub(super) fn make(effort: Effort) -> Made {
    let mut made = Made::default();
    loss(effort, &mut made);
    load(&mut made);
    made
}

fn loss(effort: Effort, made: &mut Made) {
    let mut data = Table::new(&["protocol", "loss_percent", "goodput_per_second", "low", "high"]);
    let mut all = Vec::new();
    for protocol in Protocol::ALL {
        let mut curve = series(title(protocol), Ink::of(protocol.name()), Shape::MarkedLine, Vec::new());
        for percent in LOSSES {
            let share = format!("{}", f64::from(percent) / 100.0);
            let scenario = scenario("p10-loss", &[("network.loss", share.as_str())]);
            let rates = trials(&scenario, protocol, effort.trials(TRIALS).clamp(3, TRIALS), |_, run| {
                throughput(&run.measures)
            });
            let estimate = reports::stats::mean(&rates).expect("there are trials");
            curve.points.push((f64::from(percent), estimate.value));
            curve.intervals.push((estimate.low, estimate.high));
            data.push(vec![
                protocol.name().into(),
                u64::from(percent).into(),
                estimate.value.into(),
                estimate.low.into(),
                estimate.high.into(),
            ]);
        }
        let goodput = |place: usize| curve.points[place].1;
        // A point may be above the one before it by less than their intervals.
        let falls = (1..LOSSES.len()).all(|place| curve.intervals[place].0 <= curve.intervals[place - 1].1);
        let told = if falls { "falls" } else { "does not" };
        let name = protocol.name();
        made.rows.push(Row::holds(format!("{name}, goodput by loss"), "falls", told, "falls", falls));
        let share = goodput(LOSSES.len() - 1) / goodput(0);
        made.rows.push(Row::free(format!("{name}, goodput at 30 % loss by none"), "", None, share, NEW));
        all.push(curve);
    }
    let chart = Chart {
        title: "Goodput against loss".to_string(),
        description: "Operations a second that were answered, at 0 to 30 % of packets lost.".to_string(),
        x: axis("packets lost", "%"),
        y: log_axis("goodput", "1/s"),
        series: all,
        ..Chart::default()
    };
    let how = "Sixteen clients, each asking again as soon as it is answered. On sessions nothing is lost for good, but what \
               is lost is sent again later, and everything behind it waits: goodput falls far faster than the share of \
               packets that arrive. Whiskers are 95 % intervals of the mean over seeds.";
    made.figures.push(one("p10-loss", "P10. Goodput against loss", how, &chart, data));
}

fn load(made: &mut Made) {
    let mut data = Table::new(&["protocol", "offered_per_second", "p50_ms", "p99_ms", "goodput_per_second"]);
    let mut all = Vec::new();
    for protocol in Protocol::ALL {
        let points: Vec<(f64, f64, f64)> = LOADS
            .into_iter()
            .map(|offered| {
                let rate = format!("{offered}/s");
                let scenario = scenario("p10-load", &[("workload.rate", rate.as_str())]);
                let look = |_: &sim::plan::Plan, run: crate::engine::Run| {
                    let measures = &run.measures;
                    (latency(measures, 0.5), latency(measures, 0.99), throughput(measures))
                };
                trials(&scenario, protocol, 1, look)[0]
            })
            .collect();
        for (offered, &(p50, p99, goodput)) in LOADS.into_iter().zip(&points) {
            let offered = u64::from(offered).into();
            data.push(vec![protocol.name().into(), offered, p50.into(), p99.into(), goodput.into()]);
        }
        let name = protocol.name();
        let at = |place: usize| points[place].0;
        let flat = at(2) / at(0);
        made.rows.push(Row::between(format!("{name}, p50 at 8,000/s by 1,000/s"), "", flat, 0.0, FLAT));
        let knee = at(LOADS.len() - 1) / at(0);
        made.rows.push(Row::between(
            format!("{name}, p50 at 22,000/s by 1,000/s"),
            "",
            knee,
            KNEE,
            f64::INFINITY,
        ));
        let capacity = points.iter().map(|point| point.2).fold(0.0, f64::max);
        made.rows.push(Row::free(format!("{name}, capacity"), "/s", None, capacity, NEW));
        let curve = |of: fn(&(f64, f64, f64)) -> f64| {
            LOADS.into_iter().zip(&points).map(|(offered, point)| (f64::from(offered), of(point))).collect()
        };
        let (ink, title) = (Ink::of(name), title(protocol));
        all.push(series(&format!("{title}, p50"), ink, Shape::MarkedLine, curve(|point| point.0)));
        all.push(series(&format!("{title}, p99"), ink, Shape::Line, curve(|point| point.1)));
    }
    let chart = Chart {
        title: "Latency against offered load".to_string(),
        description:
            "The median and the 99th percentile of latency at 1,000 to 22,000 offered writes a second."
                .to_string(),
        x: Axis { range: Some((0.0, 23_000.0)), ..axis("offered load", "1/s") },
        y: log_axis("latency", "ms"),
        series: all,
        ..Chart::default()
    };
    let how = "Writes of a kilobyte come at intended times, whatever became of earlier ones, and latency counts from the \
               intended start. Below the knee it is the network's; behind it a queue grows for as long as the load lasts. \
               Costs are those of P5, so the knee stands near the throughput of five servers there.";
    made.figures.push(one("p10-load", "P10. Latency against offered load", how, &chart, data));
}

fn one(id: &str, title: &str, how: &str, chart: &Chart, data: Table) -> Figure {
    figure(id, title, how, vec![panel("", chart)], data)
}
