//! Throughput over time.

use super::side::Side;
use super::{Frame, THIRD, axis, drawn_faults, figure, id, marked, runs, seconds, time};
use crate::figure::{Figure, Table};
use crate::plot::{Axis, Chart, Ink, Scale, Series, Shape};
use crate::stats::mean_of_sums;

/// What is drawn: places, and values or the ends of intervals.
type Pairs = Vec<(f64, f64)>;

/// Answers a second, in windows.
pub(super) fn throughput(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&["protocol", "from_s", "answers_per_s", "low", "high", "seeds"]);
    let mut drawn = Vec::new();
    let mut most: f64 = 0.0;
    for side in sides {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (place, (sum, squares)) in side.answers.iter().enumerate() {
            let from = place as u64 * frame.window;
            let length = frame.window.min(frame.end - from).max(1);
            let scale = 1e9 / length as f64;
            let Some(mean) = mean_of_sums(side.seeds, *sum, *squares) else { continue };
            let (value, low, high) = (mean.value * scale, mean.low * scale, mean.high * scale);
            // The last window may be cut so short that its rate says nothing.
            if length * 2 >= frame.window {
                points.push((seconds(from), value));
                if low.is_finite() {
                    intervals.push((low.max(0.0), high));
                    most = most.max(high);
                }
                most = most.max(value);
            }
            data.push(vec![
                side.protocol.as_str().into(),
                seconds(from).into(),
                value.into(),
                low.is_finite().then(|| low.max(0.0)).into(),
                high.into(),
                (side.seeds as u64).into(),
            ]);
        }
        drawn.push((side, points, intervals));
    }
    let offered = frame.operations as f64 / seconds(frame.end);
    let levels = if frame.is_closed { vec![] } else { vec![(offered, "offered load".to_owned())] };
    let chart = |(side, points, intervals): (&Side, Pairs, Pairs)| {
        let chart = Chart {
            title: format!("{}: throughput", side.protocol),
            description: format!("Operations answered a second under {} over time.", side.protocol),
            x: time(frame),
            y: Axis {
                range: Some((0.0, top(most.max(offered)))),
                ..axis("operations answered", "1/s", Scale::Linear)
            },
            series: vec![Series {
                name: "mean with 95 % interval".to_owned(),
                ink: Ink::of(&side.protocol),
                shape: Shape::Steps,
                points,
                intervals,
            }],
            levels: levels.clone(),
            size: THIRD,
            ..Chart::default()
        };
        (side.protocol.clone(), marked(frame, chart))
    };
    let charts = drawn.into_iter().map(chart).collect();
    let how = format!(
        "Answers a second in windows of {} ms, the mean of {} with its 95 % confidence interval. Windows are short on \
         purpose: in windows of some seconds an outage of 300 ms cannot be seen. Grey spans and numbered lines are \
         faults.{} The depth of a hole says how many runs stood still at that moment, its width how long; the peak after \
         it is everybody who had been waiting. {}",
        frame.window / 1_000_000,
        runs(sides),
        drawn_faults(frame),
        if frame.is_closed {
            "Clients wait for their answer before they ask again, so there is no offered load to draw: a slow cluster is \
             asked less."
        } else {
            "Clients ask at the dashed rate, whatever becomes of earlier questions."
        }
    );
    figure(id(frame, "throughput-over-time"), "Throughput over time", how, charts, data)
}

/// A round number above.
fn top(value: f64) -> f64 {
    let base = libm::exp10(libm::log10(value.max(1.0)).floor());
    (value * 1.05 / base * 5.0).ceil() / 5.0 * base
}
