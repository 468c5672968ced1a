//! P8. What a change of leader costs: from the crash until somebody notices, until somebody leads, until a first new write
//! is committed; in round trips, messages and bytes, and how many entries of the log the election ships.
//!
//! Raft elects who has everything already and ships no entry; promises of Paxos carry what was accepted; a leader of Zab
//! brings its followers to its history.

use reports::figure::{Cell, Figure, Table};
use reports::plot::{Axis, Chart, Ink, Shape};
use sim::measure::{Change, Measures, Milestone, Sent};

use super::draw::{axis, figure, panel, series};
use super::row::{NEW, Row};
use super::runs::{Sorted, scenario, trials};
use super::{Effort, Made};
use crate::engine::Protocol;

const TRIALS: u64 = 100;
/// When the leader loses power, and a round trip, as the scenario has them.
const CRASH: u64 = 1_200_000_000;
const ROUND_TRIP: f64 = 10_000_000.0;

/// A change of leader: the milestones of it.
struct Turn {
    /// The old leader is gone.
    down: Milestone,
    /// A follower stands, or knows no leader any more.
    noticed: Milestone,
    /// The last to begin to lead before the first commit.
    leads: Milestone,
    /// The first entry of a client under it is delivered.
    commits: Milestone,
}

impl Turn {
    /// None if it did not come to an end in the run.
    fn of(measures: &Measures) -> Option<Turn> {
        let after = |from: u64, is: &dyn Fn(&Milestone) -> bool| {
            measures.milestones.iter().find(|m| from <= m.at && is(m)).copied()
        };
        let down = after(CRASH, &|m| m.what == Change::Down)?;
        let notices = |m: &Milestone| {
            m.node != down.node && matches!(m.what, Change::Stands | Change::Knows { leader: None })
        };
        let noticed = after(down.at, &notices)?;
        let commits = after(noticed.at, &|m| m.what == Change::Commits)?;
        let leads = |m: &&Milestone| m.at <= commits.at && matches!(m.what, Change::Leads { .. });
        let leads = measures.milestones.iter().rev().find(leads).copied()?;
        (down.at <= leads.at).then_some(Turn { down, noticed, leads, commits })
    }

    /// The three phases: how long, and what was sent in them.
    fn phases(&self) -> [(u64, Sent); 3] {
        let step = |from: &Milestone, to: &Milestone| {
            let sent = Sent {
                messages: to.sent.messages - from.sent.messages,
                bytes: to.sent.bytes - from.sent.bytes,
                entries: to.sent.entries - from.sent.entries,
            };
            (to.at - from.at, sent)
        };
        [step(&self.down, &self.noticed), step(&self.noticed, &self.leads), step(&self.leads, &self.commits)]
    }
}

const PHASES: [&str; 3] = ["detect", "elect", "first commit"];

/// A protocol's turns.
struct Turns {
    protocol: Protocol,
    turns: Vec<Turn>,
}

pub(super) fn make(effort: Effort) -> Made {
    let scenario = scenario("p8-leader-change", &[]);
    let count = effort.trials(TRIALS);
    let look = |protocol| {
        let turns = trials(&scenario, protocol, count, |_, run| Turn::of(&run.measures));
        Turns { protocol, turns: turns.into_iter().flatten().collect() }
    };
    let all: Vec<Turns> = Protocol::ALL.into_iter().map(look).collect();
    let mut made = Made::default();
    made.rows.extend(all.iter().flat_map(|turns| rows(turns, count)));
    made.figures.push(drawn(&all));
    made
}

fn median(turns: &Turns, value: impl Fn(&Turn) -> f64) -> f64 {
    Sorted::new(turns.turns.iter().map(value).collect()).quantile(0.5)
}

fn rows(turns: &Turns, count: u64) -> Vec<Row> {
    let name = turns.protocol.name();
    let shipped: Vec<u64> = turns.turns.iter().map(|turn| turn.phases()[1].1.entries).collect();
    let with = shipped.iter().filter(|entries| 0 < **entries).count();
    let told =
        format!("in {with} of {} elections, {} at most", shipped.len(), shipped.iter().max().unwrap_or(&0));
    let entries = |published: &str, band: &str, is_true: bool| {
        Row::holds(format!("{name}: entries shipped to elect"), published, told.clone(), band, is_true)
    };
    let all_ended = Row::holds(
        format!("{name}: changes of leader that ended"),
        "all",
        format!("{} of {count}", turns.turns.len()),
        "all",
        turns.turns.len() as u64 == count,
    );
    let mut rows = vec![
        all_ended,
        match turns.protocol {
            Protocol::Raft => entries("0: the log decides who wins", "none, ever", with == 0),
            Protocol::Paxos => entries("promises carry accepted values", "some", 0 < with),
            Protocol::Zab => {
                entries("0: votes carry zxids; DIFF, TRUNC, SNAP come after", "none, ever", with == 0)
            }
        },
    ];
    for (phase, what) in PHASES.into_iter().enumerate() {
        let of = |turn: &Turn| turn.phases()[phase];
        let trips = median(turns, |turn| of(turn).0 as f64 / ROUND_TRIP);
        rows.push(Row::free(format!("{name}: {what}, median"), "round trips", None, trips, NEW));
        if 0 < phase {
            let bytes = median(turns, |turn| of(turn).1.bytes as f64);
            rows.push(Row::free(format!("{name}: {what}, median"), "B", None, bytes, NEW));
            let entries = median(turns, |turn| of(turn).1.entries as f64);
            rows.push(Row::free(format!("{name}: {what}, median"), "entries", None, entries, NEW));
        }
    }
    rows
}

fn drawn(all: &[Turns]) -> Figure {
    let mut data = Table::new(&[
        "protocol",
        "trial",
        "phase",
        "duration_ms",
        "round_trips",
        "messages",
        "bytes",
        "entries",
    ]);
    for Turns { protocol, turns } in all {
        for (trial, turn) in turns.iter().enumerate() {
            for (phase, (span, sent)) in PHASES.into_iter().zip(turn.phases()) {
                data.push(vec![
                    protocol.name().into(),
                    (trial as u64).into(),
                    phase.into(),
                    (span as f64 / 1e6).into(),
                    (span as f64 / ROUND_TRIP).into(),
                    sent.messages.into(),
                    sent.bytes.into(),
                    Cell::from(sent.entries),
                ]);
            }
        }
    }
    let names: Vec<String> = all.iter().map(|turns| turns.protocol.name().to_string()).collect();
    let chart = |title: &str, what: &str, unit: &str, from: usize, value: &dyn Fn((u64, Sent)) -> f64| {
        let bars = (from..3).map(|phase| {
            let points = all.iter().enumerate();
            let points = points
                .map(|(place, turns)| (place as f64, median(turns, |turn| value(turn.phases()[phase]))));
            series(PHASES[phase], Ink(phase), Shape::Stacked, points.collect())
        });
        Chart {
            title: title.to_string(),
            description: format!("Medians over trials, by protocol, one part a phase: {what}."),
            x: Axis { names: names.clone(), ..axis("protocol", "") },
            y: axis(what, unit),
            series: bars.collect(),
            ..Chart::default()
        }
    };
    let how = "The leader loses power under load. To detect: until a follower stands or knows no leader. To elect: until \
               somebody leads. First commit: until the first new write is delivered. Right: entries of the log sent \
               meanwhile. Raft ships none to elect, since only who has everything can win; promises of Paxos carry what was \
               accepted; a leader of Zab brings its followers to its history before it serves. Before the first commit comes, Raft and \
               Multi-Paxos send what clients have waited with meanwhile; Zab commits its own history first.";
    figure(
        "p8-leader-change",
        "P8. What a change of leader costs",
        how,
        vec![
            panel(
                "round trips",
                &chart("How long each phase takes", "time", "round trips", 0, &|(span, _)| {
                    span as f64 / ROUND_TRIP
                }),
            ),
            panel(
                "entries",
                &chart("What each phase ships", "entries sent", "", 1, &|(_, sent)| sent.entries as f64),
            ),
        ],
        data,
    )
}
