//! What a committed write costs: messages, bytes, syncs.

use sim::measure::Sent;

use super::side::Side;
use super::{Frame, THIRD, axis, figure, id, runs};
use crate::figure::{Figure, Table};
use crate::plot::{Axis, Chart, Ink, Scale, Series, Shape};

/// So many kinds of message of a protocol have a bar of their own; the others share one.
const KINDS: usize = 5;

/// Messages, bytes and syncs a committed write.
pub(super) fn ledger(frame: &Frame, sides: &[Side]) -> Figure {
    let mut data =
        Table::new(&["protocol", "kind", "messages_per_write", "bytes_per_write", "syncs_per_write"]);
    for side in sides.iter().filter(|side| side.committed > 0) {
        let a_write = |number: u64| number as f64 / side.committed as f64;
        for (kind, sent) in &side.kinds {
            let (messages, bytes) = (a_write(sent.messages), a_write(sent.bytes));
            data.push(vec![
                side.protocol.as_str().into(),
                (*kind).into(),
                messages.into(),
                bytes.into(),
                None::<f64>.into(),
            ]);
        }
        data.push(vec![
            side.protocol.as_str().into(),
            "syncs of all disks".into(),
            None::<f64>.into(),
            None::<f64>.into(),
            a_write(side.syncs).into(),
        ]);
    }
    let charts = vec![
        (
            "messages".to_owned(),
            stacked(sides, "Messages a committed write", "messages", "", |sent| sent.messages),
        ),
        ("bytes".to_owned(), stacked(sides, "Bytes a committed write", "bytes", "B", |sent| sent.bytes)),
        ("syncs".to_owned(), syncs(sides)),
    ];
    let how = format!(
        "All that replicas sent and synced in {}, divided by the writes that were committed: elections, heartbeats, reads \
         that ask a quorum and repairs included, so the bars stand above the bare pattern of a write (with five nodes: Raft \
         and Multi-Paxos 8 messages, Zab 12 with its COMMIT). Batching pulls the other way: one message may carry many \
         entries. The most frequent kinds have a piece each, the others share one. Syncs are those of all disks together.",
        runs(sides)
    );
    figure(id(frame, "cost-per-write"), "What a committed write costs", how, charts, data)
}

fn protocols(sides: &[Side]) -> Axis {
    let names = sides.iter().map(|side| side.protocol.clone()).collect();
    Axis { names, ..axis("protocol", "", Scale::Linear) }
}

/// A bar a protocol, a piece a kind.
fn stacked(sides: &[Side], title: &str, name: &str, unit: &str, of: fn(&Sent) -> u64) -> Chart {
    let mut series = Vec::new();
    for (x, side) in sides.iter().enumerate().filter(|(_, side)| side.committed > 0) {
        // By messages in both drawings, so that a kind has the same ink in both.
        let mut kinds: Vec<&(&str, Sent)> = side.kinds.iter().filter(|kind| kind.1.messages > 0).collect();
        kinds.sort_by(|a, b| b.1.messages.cmp(&a.1.messages).then(a.0.cmp(b.0)));
        let (own, rest) = kinds.split_at(KINDS.min(kinds.len()));
        let others = rest.iter().map(|kind| of(&kind.1)).sum::<u64>();
        let own = own.iter().map(|kind| (kind.0.to_owned(), of(&kind.1)));
        let others = (!rest.is_empty()).then(|| ("others".to_owned(), others));
        for (place, (kind, count)) in own.chain(others).enumerate() {
            series.push(Series {
                name: format!("{}: {kind}", side.protocol),
                ink: if kind == "others" { Ink(7) } else { Ink(place) },
                shape: Shape::Stacked,
                points: vec![(x as f64, count as f64 / side.committed as f64)],
                intervals: Vec::new(),
            });
        }
    }
    Chart {
        title: title.to_owned(),
        description: format!("Stacked bars: {name} a committed write by kind of message, a bar a protocol."),
        x: protocols(sides),
        y: axis(&format!("{name} a write"), unit, Scale::Linear),
        series,
        size: THIRD,
        nothing: "no write was committed".to_owned(),
        ..Chart::default()
    }
}

fn syncs(sides: &[Side]) -> Chart {
    let bar = |(x, side): (usize, &Side)| {
        (side.committed > 0).then(|| Series {
            name: String::new(),
            ink: Ink::of(&side.protocol),
            shape: Shape::Stacked,
            points: vec![(x as f64, side.syncs as f64 / side.committed as f64)],
            intervals: Vec::new(),
        })
    };
    Chart {
        title: "Syncs a committed write".to_owned(),
        description: "Bars: syncs of all disks a committed write, by protocol.".to_owned(),
        x: protocols(sides),
        y: axis("syncs a write, all disks", "", Scale::Linear),
        series: sides.iter().enumerate().filter_map(bar).collect(),
        size: THIRD,
        nothing: "no write was committed".to_owned(),
        ..Chart::default()
    }
}
