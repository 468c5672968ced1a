//! P4. Partial connectivity: some links are cut and nobody is alone. Topologies of OmniPaxos (EuroSys 2023, section 2 and
//! figure 7) and of Howard and Abraham (2020); a column is a protocol with a named way to notice failures, because the
//! outcome hangs on it: never "Paxos deadlocks", but this detector under that topology.

use reports::compare::connectivity::{self, Fate, Found, TOPOLOGIES, Tried};
use reports::figure::{Cell, Figure, Table};
use reports::plot::{Chart, Ink, Shape};
use reports::stats::quantile;
use sim::measure::{Ended, Measures};

use super::draw::{figure, log_axis, panel, series};
use super::row::{Row, SHAPE};
use super::runs::{scenario, trials};
use super::{Effort, Made};
use crate::engine::Protocol;

/// The files of [`TOPOLOGIES`], in their order.
const FILES: [&str; 5] =
    ["p4-quorum-loss", "p4-constrained", "p4-chained", "p4-howard-abraham-a", "p4-howard-abraham-b"];
const QUORUM_LOSS: usize = 0;
const CONSTRAINED: usize = 1;
const CHAINED: usize = 2;
const CASE_A: usize = 3;
const CASE_B: usize = 4;

/// A protocol and how it notices failures.
struct Column {
    name: &'static str,
    protocol: Protocol,
    set: &'static [(&'static str, &'static str)],
}

const PAXOS: usize = 0;
const PAXOS_CONNECTED: usize = 1;
const RAFT: usize = 2;
const RAFT_PRE_VOTE: usize = 3;
const RAFT_CHECK_QUORUM: usize = 4;

const COLUMNS: [Column; 6] = [
    Column {
        name: "Multi-Paxos, heartbeat",
        protocol: Protocol::Paxos,
        set: &[("settings.paxos.detector", "heartbeat")],
    },
    Column {
        name: "Multi-Paxos, quorum-connected",
        protocol: Protocol::Paxos,
        set: &[("settings.paxos.detector", "quorum-connected")],
    },
    Column { name: "Raft", protocol: Protocol::Raft, set: &[] },
    Column { name: "Raft, PreVote", protocol: Protocol::Raft, set: &[("settings.raft.pre_vote", "on")] },
    Column {
        name: "Raft, PreVote + CheckQuorum",
        protocol: Protocol::Raft,
        set: &[("settings.raft.pre_vote", "on"), ("settings.raft.check_quorum", "on")],
    },
    Column { name: "Zab", protocol: Protocol::Zab, set: &[] },
];

/// Seeds a cell.
const SEEDS: u64 = 9;
/// Seeds of the runs of minutes.
const LONG_SEEDS: u64 = 3;
/// The election timeouts of OmniPaxos' figure 7, in milliseconds, and its partitions, in minutes.
const TIMEOUTS: [u64; 3] = [50, 500, 5_000];
const MINUTES: [u64; 3] = [1, 2, 4];
/// Longest downtime of Multi-Paxos under a constrained election, in timeouts: read off a bar chart.
const CONSTRAINED_PAXOS: f64 = 3.2;

/// When the links are cut, in detections: the first leader has long been elected.
const CUT_AT_DETECTIONS: u64 = 20;

/// What was seen of a run.
struct Seen {
    found: Found,
    /// Writes answered while the links were cut.
    decided: usize,
}

/// Runs of a topology and column, links cut for so many milliseconds.
fn runs(topology: usize, column: &Column, detection_ms: u64, cut_ms: u64, seeds: u64) -> Vec<Seen> {
    let at = CUT_AT_DETECTIONS * detection_ms;
    let file = FILES[topology];
    let count = scenario(file, &[]).faults.len();
    let mut set: Vec<(String, String)> = Vec::new();
    let mut put = |key: String, value: String| set.push((key, value));
    put("cluster.detection".into(), format!("{detection_ms}ms"));
    put("workload.retry".into(), format!("{detection_ms}ms"));
    put("workload.timeout".into(), format!("{}ms", 20 * detection_ms));
    put("workload.rate".into(), format!("{}/min", 60_000 * 10 / detection_ms));
    put("workload.for".into(), format!("{}ms", at + cut_ms + 1));
    // The file's faults come in the order in which they stand there; the first of a constrained election comes early.
    for place in 0..count {
        let is_early = topology == CONSTRAINED && place == 0;
        let starts = if is_early { at - detection_ms } else { at };
        put(format!("fault.{place}.at"), format!("{starts}ms"));
        let is_crash = topology == CASE_B && place + 1 == count;
        if is_early {
            put(format!("fault.{place}.heal_at"), format!("{}ms", at + cut_ms));
        } else if !is_crash {
            put(format!("fault.{place}.heal_after"), format!("{cut_ms}ms"));
        }
    }
    let mut set: Vec<(&str, &str)> = set.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    set.extend(column.set);
    let (from, until) = (at * 1_000_000, (at + cut_ms) * 1_000_000);
    trials(&scenario(file, &set), column.protocol, seeds, |_, run| Seen {
        found: connectivity::classify(&run.measures, from, until, detection_ms * 1_000_000),
        decided: decided(&run.measures, from, until),
    })
}

/// Runs of the chained topology with clients that ask again at once, so that what is decided depends on the protocol.
fn busy(column: &Column, seeds: u64) -> Vec<Seen> {
    let scenario = scenario("p4-chained-load", column.set);
    let (from, until) = (BUSY_FROM, BUSY_UNTIL);
    trials(&scenario, column.protocol, seeds, |plan, run| Seen {
        found: connectivity::classify(&run.measures, from, until, plan.detection),
        decided: decided(&run.measures, from, until),
    })
}

/// When links are cut under load, in nanoseconds: as the file says.
const BUSY_FROM: u64 = 1_000_000_000;
const BUSY_UNTIL: u64 = 6_000_000_000;

fn decided(measures: &Measures, from: u64, until: u64) -> usize {
    let is_in = |at: u64| from <= at && at < until;
    measures.operations.iter().filter(|one| one.ending == Ended::Ok && one.ended.is_some_and(is_in)).count()
}

pub(super) fn make(effort: Effort) -> Made {
    let seeds = effort.long_runs(SEEDS);
    let cells: Vec<Vec<Vec<Seen>>> = (0..FILES.len())
        .map(|topology| COLUMNS.iter().map(|column| runs(topology, column, 50, 30_000, seeds)).collect())
        .collect();
    let mut made = Made::default();
    rows(&cells, &mut made.rows);
    made.figures.push(matrix(&cells));
    made.figures.push(downtimes(effort, &mut made.rows));
    made
}

fn matrix(cells: &[Vec<Vec<Seen>>]) -> Figure {
    let tried: Vec<Tried> = cells
        .iter()
        .enumerate()
        .flat_map(|(topology, row)| {
            row.iter().zip(&COLUMNS).map(move |(runs, column)| Tried {
                topology,
                protocol: column.name.to_string(),
                runs: runs.iter().map(|seen| seen.found).collect(),
                settings: column
                    .set
                    .iter()
                    .map(|(key, value)| format!("{key} = {value}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            })
        })
        .collect();
    let mut figure = connectivity::matrix(&tried, "Nobody had measured Zab here.", "");
    figure.id = "p4-partial-connectivity".to_string();
    figure.title = "P4. Partial connectivity".to_string();
    figure
}

/// The median of what runs gave.
fn median(runs: &[Seen], of: impl Fn(&Seen) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5).unwrap_or(f64::NAN)
}

/// The mean of what runs gave.
fn mean(runs: &[Seen], of: impl Fn(&Seen) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len() as f64
}

/// Fates in words: how many runs of how many, and the leaders.
fn words(runs: &[Seen]) -> String {
    let count = |fate| runs.iter().filter(|seen| seen.found.fate == fate).count();
    let fates = [(Fate::Recovered, "recovered"), (Fate::Deadlock, "deadlock"), (Fate::Livelock, "livelock")];
    let told = fates.into_iter().filter(|(fate, _)| 0 < count(*fate));
    let told: Vec<String> =
        told.map(|(fate, name)| format!("{name} {}/{}", count(fate), runs.len())).collect();
    format!("{}, down {:.1}", told.join(", "), median(runs, |seen| seen.found.downtime))
}

/// What was published of a cell.
enum Published {
    Recovers,
    /// Not, whether by deadlock or by livelock.
    Never,
    Livelock,
    Deadlock,
    /// Published one way and contested by others.
    Contested(&'static str),
    Nothing,
}

const PUBLISHED: [(usize, usize, Published); 19] = [
    (QUORUM_LOSS, RAFT, Published::Recovers),
    (QUORUM_LOSS, RAFT_CHECK_QUORUM, Published::Recovers),
    (QUORUM_LOSS, PAXOS, Published::Contested("deadlock, contested")),
    (QUORUM_LOSS, PAXOS_CONNECTED, Published::Contested("recovers, re-evaluation")),
    (QUORUM_LOSS, 5, Published::Nothing),
    (CONSTRAINED, PAXOS, Published::Recovers),
    (CONSTRAINED, PAXOS_CONNECTED, Published::Nothing),
    (CONSTRAINED, RAFT, Published::Never),
    (CONSTRAINED, RAFT_CHECK_QUORUM, Published::Never),
    (CONSTRAINED, 5, Published::Nothing),
    (CHAINED, RAFT, Published::Nothing),
    (CHAINED, RAFT_CHECK_QUORUM, Published::Nothing),
    (CHAINED, PAXOS, Published::Nothing),
    (CHAINED, 5, Published::Nothing),
    (CASE_A, RAFT, Published::Livelock),
    (CASE_A, RAFT_PRE_VOTE, Published::Recovers),
    (CASE_A, 5, Published::Nothing),
    (CASE_B, RAFT_PRE_VOTE, Published::Deadlock),
    (CASE_B, RAFT_CHECK_QUORUM, Published::Recovers),
];

fn rows(cells: &[Vec<Vec<Seen>>], rows: &mut Vec<Row>) {
    for (topology, column, published) in &PUBLISHED {
        let runs = &cells[*topology][*column];
        let what = format!("{}: {}", TOPOLOGIES[*topology].name, COLUMNS[*column].name);
        let all = |fate| runs.iter().all(|seen| seen.found.fate == fate);
        let held = |told: &str, is_true| Row::holds(what.clone(), told, words(runs), told, is_true);
        rows.push(match published {
            Published::Recovers => held("recovers", all(Fate::Recovered)),
            Published::Never => held("never", runs.iter().all(|seen| seen.found.fate != Fate::Recovered)),
            Published::Livelock => held("churns for ever", all(Fate::Livelock)),
            Published::Deadlock => held("deadlock", all(Fate::Deadlock)),
            Published::Contested(told) => Row::told(what, *told, words(runs), "contested, not asserted"),
            Published::Nothing => Row::told(what, "-", words(runs), super::row::NEW),
        });
    }
    let leaders = |column: usize| mean(&cells[CHAINED][column], |seen| seen.found.leaders as f64);
    let (plain, steady) = (leaders(RAFT), leaders(RAFT_CHECK_QUORUM));
    let ours = format!("{plain:.1} against {steady:.1} leaders");
    let told = "flip-flops: more than PV+CQ";
    rows.push(Row::holds("chained: Raft, leaders", "flip-flops", ours, told, steady < plain));
    let seeds = cells[CHAINED][PAXOS].len() as u64;
    let decided = |column: usize| mean(&busy(&COLUMNS[column], seeds), |seen| seen.decided as f64);
    let (paxos, raft) = (decided(PAXOS), decided(RAFT_CHECK_QUORUM));
    let ours = format!("{paxos:.0} against {raft:.0}");
    let told = "Multi-Paxos fewer than Raft PV+CQ";
    rows.push(Row::holds("chained: decided under load", "Multi-Paxos fewer", ours, told, paxos < raft));
}

/// OmniPaxos' figure 7: the longest downtime by timeout and length of the partition.
fn downtimes(effort: Effort, rows: &mut Vec<Row>) -> Figure {
    let is_quick = effort.is_quick();
    let timeouts = if is_quick { &TIMEOUTS[..2] } else { &TIMEOUTS[..] };
    let minutes = if is_quick { &MINUTES[..1] } else { &MINUTES[..] };
    let mut data =
        Table::new(&["topology", "column", "timeout_ms", "partition_min", "downtime_ms", "leaders"]);
    let mut panels = Vec::new();
    for topology in [QUORUM_LOSS, CONSTRAINED] {
        let mut all = Vec::new();
        for (place, column) in COLUMNS.iter().enumerate() {
            let mut points = Vec::new();
            for &timeout in timeouts {
                for &minute in minutes {
                    let seen = runs(topology, column, timeout, minute * 60_000, effort.long_runs(LONG_SEEDS));
                    let down = median(&seen, |seen| seen.found.downtime) * timeout as f64;
                    let leaders = median(&seen, |seen| seen.found.leaders as f64);
                    data.push(vec![
                        TOPOLOGIES[topology].name.into(),
                        Cell::from(column.name),
                        timeout.into(),
                        minute.into(),
                        down.into(),
                        leaders.into(),
                    ]);
                    if minute == minutes[0] {
                        points.push((timeout as f64, down));
                        if (topology, place) == (CONSTRAINED, PAXOS) {
                            let what = format!("constrained, Multi-Paxos, {timeout} ms: downtime");
                            let ours = down / timeout as f64;
                            rows.push(Row::free(what, "timeouts", Some(CONSTRAINED_PAXOS), ours, SHAPE));
                        }
                    }
                }
            }
            all.push(series(column.name, Ink(place), Shape::MarkedLine, points));
        }
        if topology == CONSTRAINED {
            let points = TIMEOUTS
                .iter()
                .map(|timeout| (*timeout as f64, CONSTRAINED_PAXOS * *timeout as f64))
                .collect();
            all.push(series("published, Multi-Paxos", Ink(PAXOS), Shape::Hollow, points));
        }
        let name = TOPOLOGIES[topology].name;
        let chart = Chart {
            title: format!("Longest downtime in a minute of {name}"),
            description: "By election timeout, for each protocol and way to notice failures.".to_string(),
            x: log_axis("election timeout", "ms"),
            y: log_axis("longest downtime", "ms"),
            series: all,
            ..Chart::default()
        };
        panels.push(panel(name, &chart));
    }
    let how = "How long clients were without an answer, by election timeout: a protocol that gets out of it needs a few \
               timeouts, one that does not stays down for the whole minute, whatever its timeout. The table behind it has \
               partitions of two and four minutes too.";
    figure("p4-downtime", "P4. Downtime under partial connectivity", how, panels, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_in_the_order_of_the_topologies() {
        for (file, topology) in FILES.iter().zip(&TOPOLOGIES) {
            assert_eq!(scenario(file, &[]).nodes, topology.nodes, "{file} is not {}", topology.name);
        }
    }

    #[test]
    fn raft_churns_where_a_server_cannot_hear_the_leader() {
        let seen = runs(CASE_A, &COLUMNS[RAFT], 50, 5_000, 1);
        assert_eq!(seen[0].found.fate, Fate::Livelock);
        let seen = runs(CASE_A, &COLUMNS[RAFT_PRE_VOTE], 50, 5_000, 1);
        assert_eq!(seen[0].found.fate, Fate::Recovered);
    }
}
