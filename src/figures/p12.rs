//! P12. Flexible quorums (Howard, Malkhi, Spiegelman, *Flexible Paxos*, 2016): every pair of quorum sizes with q1 + q2 > n,
//! and what it buys. A commit waits for the (q2 - 1)-th fastest follower, exactly; n - q2 failures leave a leader that
//! commits, n - q1 leave a cluster that elects.

use reports::figure::{Figure, Table};
use reports::plot::{Axis, Chart, Ink, Shape};
use sim::measure::Ended;

use super::draw::{axis, figure, panel, series};
use super::row::{Row, short};
use super::runs::{Sorted, first_leader, scenario};
use super::traced::{Traced, Write, traced};
use super::{Effort, Made};
use crate::engine::Protocol;

/// Seeds a pair: each draws other latencies, and another leader may win.
const SEEDS: u64 = 20;
/// The operations looked at: after the first, whose leader may still be catching up.
const STEADY: std::ops::Range<usize> = 10..40;

/// A pair of quorum sizes.
struct Pair {
    nodes: u64,
    q1: u64,
    q2: u64,
    /// By seed: the median commit, and the (q2 - 1)-th fastest follower's round trip, in nanoseconds.
    runs: Vec<(u64, u64)>,
}

pub(super) fn make(effort: Effort) -> Made {
    let seeds = effort.trials(SEEDS).clamp(1, SEEDS);
    let mut made = Made::default();
    let mut pairs = Vec::new();
    for nodes in [4, 5] {
        for q2 in 1..=nodes {
            // The smallest first phase that is safe, and any larger one, which changes nothing here.
            pairs.extend((nodes + 1 - q2..=nodes).map(|q1| pair(nodes, q1, q2, seeds)));
        }
    }
    made.rows.extend(pairs.iter().map(row));
    made.rows.extend(pairs.iter().filter_map(tolerance));
    made.figures.push(drawn(&pairs));
    made
}

fn pair(nodes: u64, q1: u64, q2: u64, seeds: u64) -> Pair {
    let [count, first, second] = [nodes, q1, q2].map(|number| number.to_string());
    let set = [
        ("cluster.nodes", count.as_str()),
        ("settings.paxos.q1", first.as_str()),
        ("settings.paxos.q2", second.as_str()),
    ];
    let scenario = scenario("p12-flexible-quorums", &set);
    Pair { nodes, q1, q2, runs: (0..seeds).map(|seed| run(&scenario, q2, seed)).collect() }
}

fn run(scenario: &scenarios::Scenario, q2: u64, seed: u64) -> (u64, u64) {
    let traced = traced(scenario, Protocol::Paxos, seed);
    let writes: Vec<Write> = STEADY.map(|index| traced.write(index, "accept")).collect();
    let leader = writes[0].leader;
    assert!(writes.iter().all(|write| write.leader == leader), "seed {seed}: the leader is stable");
    let mut commits: Vec<u64> = writes.iter().map(|write| write.committed - write.proposed).collect();
    commits.sort_unstable();
    let (nodes, leader) = (usize::from(traced.plan.nodes), usize::from(leader));
    let base = &traced.plan.network.base;
    let mut trips: Vec<u64> = (0..nodes)
        .filter(|other| *other != leader)
        .map(|other| base[leader * nodes + other] + base[other * nodes + leader])
        .collect();
    trips.sort_unstable();
    // With q2 = 1 the leader's own disk is enough, and that takes no time here.
    let expected = if q2 == 1 { 0 } else { trips[q2 as usize - 2] };
    (commits[commits.len() / 2], expected)
}

fn row(pair: &Pair) -> Row {
    let Pair { nodes, q1, q2, runs } = pair;
    let equal = runs.iter().filter(|(commit, expected)| commit == expected).count();
    let of = match q2 {
        1 => "its own disk alone".to_string(),
        _ => format!("round trip of follower {} by speed", q2 - 1),
    };
    let p50 = Sorted::new(runs.iter().map(|(commit, _)| *commit as f64 / 1e6).collect()).quantile(0.5);
    Row::holds(
        format!("n = {nodes}, q1 = {q1}, q2 = {q2}: commit p50"),
        of,
        format!("equal in {equal} of {} runs; median {} ms", runs.len(), short(p50)),
        "exact, in every run",
        equal == runs.len(),
    )
}

/// When nodes crash, in a run that looks at what is left.
const CRASH: u64 = 8_000_000_000;

/// What so many nodes down leave: the leader and followers, or followers alone.
fn after_crash(pair: &Pair, down: u64, with_leader: bool) -> Traced {
    let [count, first, second] = [pair.nodes, pair.q1, pair.q2].map(|number| number.to_string());
    let followers =
        (1..=if with_leader { down - 1 } else { down }).map(|place| format!("\"follower-{place}\""));
    let leader = with_leader.then(|| "\"leader\"".to_string());
    let who = leader.into_iter().chain(followers).collect::<Vec<_>>().join(", ");
    let (at, who) = (format!("{}ns", CRASH), format!("[{who}]"));
    let set = [
        ("cluster.nodes", count.as_str()),
        ("settings.paxos.q1", first.as_str()),
        ("settings.paxos.q2", second.as_str()),
        ("workload.think", "100ms"),
        ("workload.operations", "80"),
        ("workload.timeout", "4s"),
        ("fault.0.at", at.as_str()),
        ("fault.0.crash", who.as_str()),
    ];
    traced(&scenario("p12-flexible-quorums", &set), Protocol::Paxos, 0)
}

/// Whether a write that was sent after the crash was answered.
fn commits(pair: &Pair, down: u64) -> bool {
    let traced = after_crash(pair, down, false);
    let operations = &traced.run.measures.operations;
    operations.iter().any(|one| one.called.is_some_and(|called| CRASH < called) && one.ending == Ended::Ok)
}

/// Whether anybody came to lead after the crash, which took the leader.
fn elects(pair: &Pair, down: u64) -> bool {
    first_leader(&after_crash(pair, down, true).run.measures, CRASH).is_some()
}

/// The failures that a pair tolerates are runs, not arithmetic: with so many down it goes on, with one more it does not.
/// Of each size of phase 2, with the smallest phase 1.
fn tolerance(pair: &Pair) -> Option<Row> {
    let Pair { nodes, q1, q2, .. } = *pair;
    if q1 + q2 != nodes + 1 {
        return None;
    }
    let (commit, elect) = (nodes - q2, nodes - q1);
    // All followers may be down, but not one more; and an election is of those that run.
    let commits_as_derived =
        (commit == 0 || commits(pair, commit)) && (commit == nodes - 1 || !commits(pair, commit + 1));
    let elects_as_derived =
        (elect == 0 || elects(pair, elect)) && (elect == nodes - 1 || !elects(pair, elect + 1));
    let told = |is_so: bool| if is_so { "so" } else { "NOT so" };
    Some(Row::holds(
        format!("n = {nodes}, q1 = {q1}, q2 = {q2}: failures tolerated"),
        format!("commits with {commit} down, elects with {elect}; not with one more"),
        format!("commits: {}; elects: {}", told(commits_as_derived), told(elects_as_derived)),
        "exact",
        commits_as_derived && elects_as_derived,
    ))
}

fn drawn(pairs: &[Pair]) -> Figure {
    let mut data = Table::new(&[
        "nodes",
        "q1",
        "q2",
        "seed",
        "commit_p50_ms",
        "follower_round_trip_ms",
        "failures_to_commit",
        "failures_to_elect",
    ]);
    for pair in pairs {
        for (seed, (commit, expected)) in pair.runs.iter().enumerate() {
            data.push(vec![
                pair.nodes.into(),
                pair.q1.into(),
                pair.q2.into(),
                (seed as u64).into(),
                (*commit as f64 / 1e6).into(),
                (*expected as f64 / 1e6).into(),
                (pair.nodes - pair.q2).into(),
                (pair.nodes - pair.q1).into(),
            ]);
        }
    }
    let chart = |title: &str, name: &str, failures: &dyn Fn(&Pair) -> u64| {
        let mut all = Vec::new();
        for (place, nodes) in [4u64, 5].into_iter().enumerate() {
            // Of each q2 the smallest q1: the pairs that waste nothing.
            let mine = pairs.iter().filter(|pair| pair.nodes == nodes && pair.q1 + pair.q2 == nodes + 1);
            let mut points: Vec<(f64, f64)> = mine
                .map(|pair| {
                    let commits = pair.runs.iter().map(|(commit, _)| *commit as f64 / 1e6).collect();
                    (failures(pair) as f64, Sorted::new(commits).quantile(0.5))
                })
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            all.push(series(&format!("n = {nodes}"), Ink(place), Shape::MarkedLine, points));
        }
        Chart {
            title: title.to_string(),
            description: "Median over seeds of the time from proposal to commit, by failures tolerated."
                .to_string(),
            x: Axis { range: Some((-0.5, 4.5)), ..axis(name, "nodes") },
            y: Axis { range: Some((0.0, 80.0)), ..axis("commit p50", "ms") },
            series: all,
            ..Chart::default()
        }
    };
    let how = "Links take 1 to 40 ms one way, drawn for each seed. A commit waits for the quorum of phase 2, so the smaller it \
               is, the sooner a write is committed and the more nodes may be down meanwhile (left). What it saves phase 1 \
               pays: with q1 = n + 1 - q2, a smaller q2 leaves fewer failures after which anybody can be elected (right). \
               Every commit takes exactly as long as the round trip of the leader's (q2 - 1)-th fastest follower.";
    figure(
        "p12-flexible-quorums",
        "P12. Flexible quorums",
        how,
        vec![
            panel(
                "to commit",
                &chart("Failures that leave a leader committing", "failures tolerated to commit", &|p| {
                    p.nodes - p.q2
                }),
            ),
            panel(
                "to elect",
                &chart("Failures that leave somebody electable", "failures tolerated to elect", &|p| {
                    p.nodes - p.q1
                }),
            ),
        ],
        data,
    )
}
