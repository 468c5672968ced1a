//! P7. What a committed write costs: messages, bytes, syncs; and how many one-way delays until the leader commits and until
//! a follower applies. Exact: one write at a time, a stable leader, one latency for all links.
//!
//! Counted in a steady stretch, from when one write is sent to when another is, in messages of the kinds that carry,
//! acknowledge and commit entries. Heartbeats are none of these; Raft's are AppendEntries too, and none is sent while a
//! write comes more often than a heartbeat. Raft tells followers of a commit by a timer that does not wait for the next
//! write; where the news is to ride on that, the timer is set beyond the stretch.

use std::collections::BTreeMap;

use reports::figure::{Cell, Figure, Table};
use reports::plot::{Axis, Chart, Ink, Shape};
use sim::trace::TraceKind;

use super::draw::{axis, figure, panel, series};
use super::row::{NEW, Row};
use super::runs::scenario;
use super::traced::{Traced, Write, traced};
use super::{Effort, Made};
use crate::engine::Protocol;

/// The steady stretch: from this operation to before that one.
const STRETCH: std::ops::Range<usize> = 20..70;
/// One way, and a sync, as the scenario has them.
const ONE_WAY: u64 = 1_000_000;
const SYNC: u64 = 300_000;

/// How often a client writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// The next write comes before a leader would tell of a commit by itself.
    Steady,
    /// The leader tells of each commit by itself.
    Idle,
}

/// A protocol's ledger.
struct Ledger {
    protocol: Protocol,
    nodes: u64,
    pace: Pace,
    /// Messages a write by kind, in the stretch; of heartbeats too.
    kinds: BTreeMap<String, f64>,
    /// Messages a write of the protocol's own kinds.
    messages: f64,
    /// Bytes a write, of everything sent while there were writes, by the run's totals.
    bytes: f64,
    /// Syncs a write, of all nodes together.
    syncs: f64,
    /// From the proposal to the leader's delivery: least and most, in nanoseconds.
    commit: (u64, u64),
    /// From the proposal to a follower's delivery, least and most.
    apply: (u64, u64),
}

/// The kinds that carry, acknowledge and commit.
fn own_kinds(protocol: Protocol, pace: Pace) -> &'static [&'static str] {
    match (protocol, pace) {
        (Protocol::Raft, _) => &["AppendEntries", "Appended"],
        (Protocol::Zab, _) => &["PROPOSAL", "ACK", "COMMIT"],
        (Protocol::Paxos, Pace::Steady) => &["accept", "accepted"],
        // The leader's watermark, told by itself: an explicit commit.
        (Protocol::Paxos, Pace::Idle) => &["accept", "accepted", "heartbeat"],
    }
}

/// What was derived: messages a write, in units of n - 1.
fn derived(protocol: Protocol, pace: Pace) -> Option<u64> {
    match (protocol, pace) {
        (Protocol::Zab, _) | (Protocol::Paxos, Pace::Idle) => Some(3),
        (Protocol::Raft | Protocol::Paxos, Pace::Steady) => Some(2),
        (Protocol::Raft, Pace::Idle) => None,
    }
}

pub(super) fn make(_: Effort) -> Made {
    let mut made = Made::default();
    let mut ledgers = Vec::new();
    for pace in [Pace::Steady, Pace::Idle] {
        for protocol in Protocol::ALL {
            ledgers.extend([3, 5, 7].map(|nodes| ledger(protocol, nodes, pace)));
        }
    }
    for ledger in &ledgers {
        made.rows.extend(rows(ledger));
    }
    made.figures.push(drawn(&ledgers));
    made
}

fn ledger(protocol: Protocol, nodes: u64, pace: Pace) -> Ledger {
    let count = nodes.to_string();
    let pace_set: &[(&str, &str)] = match pace {
        Pace::Steady => &[("workload.think", "2ms"), ("settings.raft.commit_delay_parts", "1")],
        Pace::Idle => &[("workload.think", "400ms")],
    };
    let set = [&[("cluster.nodes", count.as_str())], pace_set].concat();
    let scenario = scenario("p7-ledger", &set);
    let traced = traced(&scenario, protocol, 0);
    let writes = STRETCH.len() as f64;
    let (mut kinds, mut syncs) = (BTreeMap::new(), 0u64);
    for event in traced.between(STRETCH.start, STRETCH.end) {
        match event.kind {
            TraceKind::Send if event.peer.is_some() && !event.message.is_empty() => {
                *kinds.entry(event.message.clone()).or_insert(0.0) += 1.0 / writes;
            }
            TraceKind::Durable => syncs += 1,
            _ => {}
        }
    }
    for count in kinds.values_mut() {
        // Sums of fiftieths: whole again, if they are whole.
        *count = (*count * 1e9).round() / 1e9;
    }
    let own = own_kinds(protocol, pace);
    let messages = own.iter().filter_map(|kind| kinds.get(*kind)).sum();
    let proposal = own[0];
    let all: Vec<Write> = STRETCH.map(|index| traced.write(index, proposal)).collect();
    let commits = all.iter().map(|write| write.committed - write.proposed);
    let applies = all.iter().flat_map(|write| write.applied.iter().map(|at| at - write.proposed));
    Ledger {
        protocol,
        nodes,
        pace,
        messages,
        bytes: bytes(&traced, own),
        syncs: syncs as f64 / writes,
        commit: ends(commits),
        apply: ends(applies),
        kinds,
    }
}

/// The mean size of a message of each kind, times how many a write takes: from the run's totals.
fn bytes(traced: &Traced, own: &[&str]) -> f64 {
    let kinds = &traced.run.measures.kinds;
    let total: u64 = kinds.iter().filter(|(name, _)| own.contains(name)).map(|(_, sent)| sent.bytes).sum();
    total as f64 / traced.run.measures.operations.len() as f64
}

fn ends(values: impl Iterator<Item = u64> + Clone) -> (u64, u64) {
    (values.clone().min().unwrap_or(0), values.max().unwrap_or(0))
}

/// How a protocol is named, with its pace where that matters.
fn name(ledger: &Ledger) -> String {
    let protocol = match ledger.protocol {
        Protocol::Raft => "Raft",
        Protocol::Zab => "Zab",
        Protocol::Paxos => "Multi-Paxos",
    };
    match (ledger.protocol, ledger.pace) {
        (_, Pace::Steady) => protocol.to_string(),
        (Protocol::Zab, Pace::Idle) => format!("{protocol}, idle between"),
        (_, Pace::Idle) => format!("{protocol}, explicit commit"),
    }
}

fn rows(ledger: &Ledger) -> Vec<Row> {
    let (name, nodes) = (name(ledger), ledger.nodes);
    let what = format!("{name}, n = {nodes}: messages a write");
    let Some(times) = derived(ledger.protocol, ledger.pace) else {
        return vec![Row::free(what, "", None, ledger.messages, NEW)];
    };
    let exact = (times * (nodes - 1)) as f64;
    let mut rows = vec![Row::between(what, "", ledger.messages, exact, exact).published(exact)];
    if nodes == 5 && ledger.pace == Pace::Steady {
        let (least, most) = ledger.commit;
        // Two ways and one sync: the leader's own is done while the message is on its way.
        let told = format!("{} to {} us", least / 1_000, most / 1_000);
        let expected = 2 * ONE_WAY + SYNC;
        rows.push(Row::holds(
            format!("{name}, n = 5: leader commits after"),
            "2 one-way delays + 1 sync",
            told,
            format!("exactly {} us", expected / 1_000),
            (least, most) == (expected, expected),
        ));
        if ledger.protocol == Protocol::Zab {
            let (least, most) = ledger.apply;
            let expected = 3 * ONE_WAY + SYNC;
            rows.push(Row::holds(
                format!("{name}, n = 5: followers apply after"),
                "3 one-way delays + 1 sync",
                format!("{} to {} us", least / 1_000, most / 1_000),
                format!("exactly {} us", expected / 1_000),
                (least, most) == (expected, expected),
            ));
        } else {
            let mean = (ledger.apply.0 + ledger.apply.1) as f64 / 2.0 / 1e3;
            let what = format!("{name}, n = 5: followers apply, with the next write");
            rows.push(Row::free(what, "us", None, mean, NEW));
        }
        rows.push(Row::free(format!("{name}, n = 5: bytes a write"), "B", None, ledger.bytes, NEW));
        rows.push(Row::free(format!("{name}, n = 5: syncs a write, all nodes"), "", None, ledger.syncs, NEW));
    }
    rows
}

fn drawn(ledgers: &[Ledger]) -> Figure {
    let mut data = Table::new(&[
        "protocol",
        "pace",
        "nodes",
        "kind",
        "messages_per_write",
        "derived_messages_per_write",
        "bytes_per_write",
        "syncs_per_write",
        "commit_us_min",
        "commit_us_max",
        "apply_us_min",
        "apply_us_max",
    ]);
    let us = |nanos: u64| Cell::from(nanos as f64 / 1e3);
    for l in ledgers {
        let pace = if l.pace == Pace::Steady { "steady" } else { "idle" };
        let derived = derived(l.protocol, l.pace).map(|times| times * (l.nodes - 1));
        let mut row = |kind: &str, messages: f64, derived: Cell| {
            data.push(vec![
                l.protocol.name().into(),
                pace.into(),
                l.nodes.into(),
                kind.into(),
                messages.into(),
                derived,
                l.bytes.into(),
                l.syncs.into(),
                us(l.commit.0),
                us(l.commit.1),
                us(l.apply.0),
                us(l.apply.1),
            ]);
        };
        row("all", l.messages, derived.into());
        for (kind, count) in &l.kinds {
            row(kind, *count, Cell::Nothing);
        }
    }
    let chart = |pace: Pace, title: &str| {
        let mut all = Vec::new();
        for protocol in Protocol::ALL {
            let mine: Vec<&Ledger> =
                ledgers.iter().filter(|l| l.protocol == protocol && l.pace == pace).collect();
            let points = mine.iter().map(|l| (l.nodes as f64, l.messages)).collect();
            all.push(series(protocol.name(), Ink::of(protocol.name()), Shape::MarkedLine, points));
        }
        Chart {
            title: title.to_string(),
            description: "Messages a committed write by cluster size; Raft and Multi-Paxos coincide where commits ride on writes."
                .to_string(),
            x: Axis { range: Some((2.0, 8.0)), ..axis("cluster size", "nodes") },
            y: Axis { range: Some((0.0, 26.0)), ..axis("messages", "a write") },
            series: all,
            ..Chart::default()
        }
    };
    let how = "Each write goes to every follower and is acknowledged: 2(n-1) messages. Zab tells of each commit at once, n-1 \
               more. Raft and Multi-Paxos let the news ride on the next write (left); if none comes in time they tell it by \
               itself (right): n-1 messages of Multi-Paxos, and 2(n-1) of Raft, whose followers answer every AppendEntries. \
               The counts are exact. A client waits for two one-way delays and one sync whichever the protocol: the leader \
               syncs while its message is on its way.";
    figure(
        "p7-ledger",
        "P7. What a write costs",
        how,
        vec![
            panel("write after write", &chart(Pace::Steady, "Write after write")),
            panel("idle between", &chart(Pace::Idle, "Idle between writes")),
        ],
        data,
    )
}
