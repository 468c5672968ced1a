//! What faults cost: outages, and changes of leadership.

use super::changes::LeaderChange;
use super::side::Side;
use super::{Frame, THIRD, WHOLE, axis, figure, id, runs};
use crate::figure::{Figure, Table};
use crate::plot::{Axis, Chart, Ink, Scale, Series, Shape};
use crate::stats::{Estimate, mean, quantile_estimate};

/// The points that a distribution is drawn with, however many values it has.
const POINTS: usize = 400;

/// The distribution of outages after faults.
pub(super) fn unavailability(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&[
        "protocol", "fault", "what", "outages", "p50_ms", "p50_low", "p50_high", "p90_ms", "max_ms",
    ]);
    let mut series = Vec::new();
    for side in sides {
        let mut all: Vec<f64> = side.outages.iter().map(|outage| outage.1).collect();
        all.sort_by(f64::total_cmp);
        series.push(Series {
            name: side.protocol.clone(),
            ink: Ink::of(&side.protocol),
            shape: Shape::Steps,
            points: distribution(&all),
            intervals: Vec::new(),
        });
        for number in 0..=frame.faults.len() {
            let of_fault = side.outages.iter().filter(|outage| outage.0 == number);
            let mut values: Vec<f64> = of_fault.map(|outage| outage.1).collect();
            values.sort_by(f64::total_cmp);
            let Some(median) = quantile_estimate(&values, 0.5) else { continue };
            let what = number
                .checked_sub(1)
                .map_or("drawn from the seed", |place| frame.faults[place].what.as_str());
            let p90 = quantile_estimate(&values, 0.9).map(|one| one.value);
            data.push(vec![
                side.protocol.as_str().into(),
                (number as u64).into(),
                what.into(),
                (values.len() as u64).into(),
                median.value.into(),
                median.low.into(),
                median.high.into(),
                p90.into(),
                values.last().copied().into(),
            ]);
        }
    }
    let chart = Chart {
        title: "Outage after a fault: share of faults".to_owned(),
        description: "One rising curve a protocol; further to the left is a shorter outage.".to_owned(),
        x: axis("longest span without an answer that somebody waits for", "ms", Scale::Log),
        y: Axis { range: Some((0.0, 1.0)), ..axis("share of faults", "", Scale::Linear) },
        series,
        size: WHOLE,
        nothing: "no fault touched anything while clients were asking".to_owned(),
        ..Chart::default()
    };
    let how = format!(
        "After each fault that touched something, in each of {}: the longest span in which a client was waiting and nobody \
         was answered, until the next fault. Faults that hit no leader stay at the left, with the ordinary latency; those \
         that do begin at the detection time of {} ms, and what lies beyond it is election and recovery. Steps at \
         multiples of the detection time are elections that failed and were tried again. The table has the medians by \
         fault, with distribution-free 95 % intervals.",
        runs(sides),
        frame.detection / 1_000_000
    );
    figure(id(frame, "unavailability"), "Unavailability", how, vec![(String::new(), chart)], data)
}

/// The distribution of sorted values, in a bounded number of points.
fn distribution(sorted: &[f64]) -> Vec<(f64, f64)> {
    let step = sorted.len().div_ceil(POINTS).max(1);
    let share = |rank: usize| (rank + 1) as f64 / sorted.len() as f64;
    let first = sorted.first().map(|value| (value.max(0.01), 0.0));
    let ranks = (0..sorted.len()).filter(|rank| (rank + 1) % step == 0 || rank + 1 == sorted.len());
    first.into_iter().chain(ranks.map(|rank| (sorted[rank].max(0.01), share(rank)))).collect()
}

/// What is told of a change: its name, its unit, its value.
type Told = (&'static str, &'static str, fn(&LeaderChange) -> Option<f64>);

const PHASES: [Told; 3] = [
    ("detect", "ms", |change| change.detect),
    ("elect", "ms", |change| change.elect),
    ("first commit", "ms", |change| change.commit),
];

const SENT: [Told; 3] = [
    ("messages", "", |change| change.elect.map(|_| change.sent.messages as f64)),
    ("bytes", "B", |change| change.elect.map(|_| change.sent.bytes as f64)),
    ("entries", "", |change| change.elect.map(|_| change.sent.entries as f64)),
];

/// The ledger of changes of leadership.
pub(super) fn leader_changes(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&["protocol", "quantity", "unit", "mean", "low", "high", "median", "changes"]);
    for side in sides {
        for (name, unit, of) in PHASES.iter().chain(&SENT) {
            let mut values: Vec<f64> = side.changes.iter().filter_map(of).collect();
            values.sort_by(f64::total_cmp);
            let (Some(mean), Some(median)) = (mean(&values), quantile_estimate(&values, 0.5)) else {
                continue;
            };
            data.push(vec![
                side.protocol.as_str().into(),
                (*name).into(),
                (*unit).into(),
                mean.value.into(),
                mean.low.into(),
                mean.high.into(),
                median.value.into(),
                (mean.count as u64).into(),
            ]);
        }
    }
    let phases = bars(sides, "Time to a new leader's first commit", "time", &PHASES);
    let mut charts = vec![("time".to_owned(), phases)];
    for told in &SENT {
        let title = format!("{} sent during the election", capital(told.0));
        charts.push((told.0.to_owned(), bars(sides, &title, told.0, std::slice::from_ref(told))));
    }
    let changes: Vec<String> =
        sides.iter().map(|side| format!("{} in {}", side.changes.len(), side.protocol)).collect();
    let how = format!(
        "Every change of leadership in {} ({}), the first election left out. Detect: from the fault, or the leader's own \
         resignation, to the first candidacy. Elect: from there until somebody leads. First commit: from there until a \
         client's new entry is delivered anywhere. The other drawings count what replicas sent from the first candidacy \
         until somebody led, heartbeats included. Entries are where the designs differ: a Raft candidate ships none, because \
         only an up-to-date log can win; a Paxos promise carries what its sender has accepted; Zab's new leader learns and \
         repairs histories in its discovery and synchronization. The scale of time is logarithmic, or detection would hide the rest. Bars are means with 95 % intervals (Student's t over \
         changes).",
        runs(sides),
        changes.join(", ")
    );
    figure(id(frame, "leader-changes"), "Changes of leadership", how, charts, data)
}

/// Bars of means, a group a protocol.
fn bars(sides: &[Side], title: &str, name: &str, told: &[Told]) -> Chart {
    let unit = told[0].1;
    let estimate = |side: &Side, of: fn(&LeaderChange) -> Option<f64>| {
        mean(&side.changes.iter().filter_map(of).collect::<Vec<f64>>())
    };
    let one = |(place, (name, _, of)): (usize, &Told)| {
        let of_sides =
            sides.iter().enumerate().filter_map(|(x, side)| Some((x as f64, estimate(side, *of)?)));
        let estimates: Vec<(f64, Estimate)> = of_sides.collect();
        Series {
            name: if told.len() == 1 { String::new() } else { (*name).to_owned() },
            ink: Ink(place),
            shape: Shape::Bars,
            points: estimates.iter().map(|(x, one)| (*x, one.value)).collect(),
            intervals: estimates.iter().map(|(_, one)| (one.low.max(0.0), one.high)).collect(),
        }
    };
    let protocols = sides.iter().map(|side| side.protocol.clone()).collect();
    Chart {
        title: title.to_owned(),
        description: format!("Bars of the mean {name} of a change of leadership, by protocol."),
        x: Axis { names: protocols, ..axis("protocol", "", Scale::Linear) },
        // Detection takes a hundred times as long as the rest, which linear bars would hide.
        y: axis(name, unit, if unit == "ms" { Scale::Log } else { Scale::Linear }),
        series: told.iter().enumerate().map(one).collect(),
        size: THIRD,
        nothing: "leadership never changed".to_owned(),
        ..Chart::default()
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
