//! What clocks showed, and where reads went wrong.

use super::side::Side;
use super::{Frame, THIRD, axis, figure, id, marked, seconds, time};
use crate::figure::{Figure, Table};
use crate::plot::{Axis, Chart, Ink, Mark, Scale, Series, Shape};

/// More nodes would share inks.
const NODES_MAX: usize = 8;

/// Offsets of wall clocks in the first seed.
pub(super) fn offsets(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data = Table::new(&["protocol", "at_s", "node", "wall_offset_ms", "monotonic_offset_ms"]);
    let plain = |nanoseconds: i64| nanoseconds as f64 / 1e6;
    let ms = |wall: i64| plain(wall - frame.wall_epoch);
    let mut charts = Vec::new();
    let all =
        || sides.iter().flat_map(|side| side.samples.iter().flat_map(|sample| sample.wall.iter().copied()));
    let (low, high) = (all().min().unwrap_or(frame.wall_epoch), all().max().unwrap_or(frame.wall_epoch));
    let room = ((high - low) as f64 * 0.05 / 1e6).max(0.5);
    for side in sides {
        let nodes = usize::from(frame.nodes);
        for sample in &side.samples {
            for node in 0..nodes.min(sample.wall.len()) {
                data.push(vec![
                    side.protocol.as_str().into(),
                    seconds(sample.at).into(),
                    format!("n{node}").into(),
                    ms(sample.wall[node]).into(),
                    plain(sample.monotonic[node]).into(),
                ]);
            }
        }
        let line = |node: usize| Series {
            name: format!("n{node}"),
            ink: Ink(node),
            shape: Shape::Line,
            points: side
                .samples
                .iter()
                .filter_map(|sample| Some((seconds(sample.at), ms(*sample.wall.get(node)?))))
                .collect(),
            intervals: Vec::new(),
        };
        let chart = Chart {
            title: format!("{}: wall clocks, seed {}", side.protocol, frame.first_seed),
            description: "How far each node's wall clock was ahead of simulated time.".to_owned(),
            x: time(frame),
            y: Axis {
                range: Some((ms(low) - room, ms(high) + room)),
                ..axis("wall clock ahead by", "ms", Scale::Linear)
            },
            series: (0..nodes.min(NODES_MAX)).map(line).collect(),
            size: THIRD,
            nothing: "nothing was sampled".to_owned(),
            ..Chart::default()
        };
        let mut chart = marked(frame, chart);
        let faults = frame.faults.len() as u32;
        for ((at, judge), number) in side.violations.iter().zip(faults + 1..) {
            chart.marks.push(Mark { at: seconds(*at), number, text: format!("VIOLATED: {judge}") });
        }
        charts.push((side.protocol.clone(), chart));
    }
    let more =
        if usize::from(frame.nodes) > NODES_MAX { " Only the first eight nodes are drawn." } else { "" };
    let how = format!(
        "How far each node's wall clock was ahead of simulated time in seed {}; a slope is drift, a jump a fault. All \
         protocols have the same clocks, because they run the same plan. A node that answers reads under a lease trusts its \
         clock not to run slow against the others' by more than the bound it was given; where a judge of reads saw a \
         violation, a numbered line marks the moment, and {}.{more}",
        frame.first_seed,
        if sides.iter().all(|side| side.violations.is_empty()) { "here none did" } else { "here some did" },
    );
    figure(id(frame, "clock-offsets"), "Clocks", how, charts, data)
}
