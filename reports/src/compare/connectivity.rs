//! Partial connectivity: clusters in which some still hear each other, and whether a protocol gets out of it.
//!
//! The topologies are those of H. Ng et al., *Omni-Paxos: Breaking the Barriers of Partial Connectivity*, EuroSys 2023
//! (quorum-loss, constrained election, chained), and of H. Howard and I. Abraham, *Raft does not Guarantee Liveness in
//! the face of Network Faults*, 2020 (A and B). What becomes of a protocol depends on how it detects failures, so every
//! cell belongs to the settings it was run with.

use serde::Serialize;
use sim::measure::{Change, Ended, Measures};
use sim::plan::{CrashKind, Fault, FaultKind, Who};

use crate::figure::{Cell, Figure, Panel, Table};
use crate::plot::{Axis, Matrix, Square, Tone};
use crate::stats::quantile;

/// A topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Its name.
    pub name: &'static str,
    /// How many nodes.
    pub nodes: u8,
    /// The pairs that cannot hear each other: 0 is the leader, 1 the first follower, and so on.
    cuts: &'static [(u8, u8)],
    /// Pairs that are cut a little earlier, so that one falls behind.
    early: &'static [(u8, u8)],
    /// Who is down.
    down: Option<u8>,
    /// What it looks like, in a sentence.
    pub says: &'static str,
}

/// The topologies, in the order of the matrix.
pub const TOPOLOGIES: [Topology; 5] = [
    Topology {
        name: "quorum-loss",
        nodes: 5,
        cuts: &[(0, 2), (0, 3), (0, 4), (2, 3), (2, 4), (3, 4)],
        early: &[],
        down: None,
        says: "everybody hears only one follower; the leader has lost its quorum and that follower has one",
    },
    Topology {
        name: "constrained",
        nodes: 5,
        cuts: &[(0, 2), (0, 3), (0, 4), (2, 3), (2, 4), (3, 4)],
        early: &[(0, 1)],
        down: None,
        says: "the leader is cut off, and the only one that still hears a quorum has fallen behind",
    },
    Topology {
        name: "chained",
        nodes: 3,
        cuts: &[(0, 2)],
        early: &[],
        down: None,
        says: "three nodes in a row, the leader at one end",
    },
    Topology {
        name: "Howard-Abraham A",
        nodes: 5,
        cuts: &[(1, 3), (1, 4), (2, 4), (0, 3), (3, 4)],
        early: &[],
        down: None,
        says: "links 1-2, 1-3, 2-3, 2-4 and 3-5 with leader 3: one node hears a quorum but not the leader",
    },
    Topology {
        name: "Howard-Abraham B",
        nodes: 5,
        cuts: &[(1, 0), (3, 0)],
        early: &[],
        down: Some(4),
        says: "links 1-2, 1-3, 2-3 and 2-4 with leader 4 and node 5 down: the leader hears one node only",
    },
];

impl Topology {
    /// The faults that make it, from an instant for a while; early cuts come `lead` before, less than a detection time, so
    /// that nobody stands for election yet. Roles are resolved when they fire, all at one instant.
    pub fn faults(&self, at: u64, lead: u64, duration: u64) -> Vec<Fault> {
        let cut = |pair: &(u8, u8), at: u64, duration: u64| Fault {
            at,
            what: FaultKind::Cut {
                from: vec![who(pair.0)],
                to: vec![who(pair.1)],
                both_ways: true,
                duration,
            },
            explicit: true,
        };
        let early = self.early.iter().map(|pair| cut(pair, at - lead, duration + lead));
        let cuts = self.cuts.iter().map(|pair| cut(pair, at, duration));
        // Last: it changes who the followers are.
        let crash = self.down.map(|node| Fault {
            at,
            what: FaultKind::Crash {
                who: vec![who(node)],
                kind: CrashKind::Process,
                restart_after: Some(duration),
            },
            explicit: true,
        });
        early.chain(cuts).chain(crash).collect()
    }
}

fn who(place: u8) -> Who {
    if place == 0 { Who::Leader } else { Who::Follower(place - 1) }
}

/// What became of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Clients were answered again, under a leader that lasted.
    Recovered,
    /// Nobody was answered any more, and nobody new led.
    Deadlock,
    /// New leaders came and went, to the end.
    Livelock,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its fate.
    pub fate: Fate,
    /// The longest span without an answer while the topology lasted, in detection times.
    pub downtime: f64,
    /// How often somebody began to lead while it lasted.
    pub leaders: usize,
}

/// So many leaders a detection time, in the second half, are too many: a leader that lasts is not deposed by connectivity
/// that does not change.
const DETECTIONS_PER_LEADER: u64 = 8;
/// In the last part of the span, clients of a cluster that recovered are answered.
const LAST_PART: u64 = 5;

/// Reads what became of a run between two instants, in nanoseconds, out of its measures. `detection` is how long until
/// the loss of a leader is noticed.
pub fn classify(measures: &Measures, from: u64, until: u64, detection: u64) -> Found {
    let answered = measures.operations.iter().filter(|one| one.ending == Ended::Ok);
    let mut answers: Vec<u64> =
        answered.filter_map(|one| one.ended).filter(|at| from <= *at && *at < until).collect();
    answers.sort_unstable();
    let ends = [from].into_iter().chain(answers.iter().copied()).chain([until]);
    let ends: Vec<u64> = ends.collect();
    let longest = ends.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    let led = |one: &&sim::measure::Milestone| matches!(one.what, Change::Leads { .. });
    let leads =
        measures.milestones.iter().filter(led).map(|one| one.at).filter(|at| from <= *at && *at < until);
    let leads: Vec<u64> = leads.collect();
    let half = from + (until - from) / 2;
    let late = leads.iter().filter(|at| half <= **at).count() as u64;
    let is_answered = answers.iter().any(|at| until - (until - from) / LAST_PART <= *at);
    let is_churning = late * detection * DETECTIONS_PER_LEADER > until - half;
    let fate = match (is_answered, is_churning) {
        (_, true) => Fate::Livelock,
        (true, false) => Fate::Recovered,
        (false, false) => Fate::Deadlock,
    };
    Found { fate, downtime: longest as f64 / detection.max(1) as f64, leaders: leads.len() }
}

/// One cell: a topology's place, a protocol, and what became of each seed's run, in order of seeds.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The place in [`TOPOLOGIES`].
    pub topology: usize,
    /// The protocol.
    pub protocol: String,
    /// The runs.
    pub runs: Vec<Found>,
    /// The settings that they ran with, in words.
    pub settings: String,
}

/// The matrix; `nothing` says why it is empty, if it is.
pub fn matrix(tried: &[Tried], differs: &str, nothing: &str) -> Figure {
    let mut data = Table::new(&[
        "topology",
        "protocol",
        "runs",
        "recovered",
        "deadlock",
        "livelock",
        "downtime_detections_median",
        "leaders_median",
        "settings",
    ]);
    let mut protocols: Vec<&str> = Vec::new();
    for one in tried {
        if !protocols.contains(&one.protocol.as_str()) {
            protocols.push(&one.protocol);
        }
    }
    let mut cells = vec![Vec::new(); TOPOLOGIES.len()];
    for (place, topology) in TOPOLOGIES.iter().enumerate() {
        for protocol in &protocols {
            let found = tried.iter().find(|one| one.topology == place && one.protocol == *protocol);
            let Some(one) = found.filter(|one| !one.runs.is_empty()) else {
                cells[place].push(Square { text: "not run".into(), tone: Tone::None, link: String::new() });
                continue;
            };
            let count = |fate| one.runs.iter().filter(|run| run.fate == fate).count();
            let (recovered, deadlock, livelock) =
                (count(Fate::Recovered), count(Fate::Deadlock), count(Fate::Livelock));
            let median = |of: fn(&Found) -> f64| {
                let mut values: Vec<f64> = one.runs.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                quantile(&values, 0.5)
            };
            let (down, leaders) = (median(|run| run.downtime), median(|run| run.leaders as f64));
            let (word, tone) = if deadlock + livelock == 0 {
                ("recovered", Tone::Good)
            } else if deadlock >= livelock {
                ("deadlock", Tone::Bad)
            } else {
                ("livelock", Tone::Fair)
            };
            let most = recovered.max(deadlock).max(livelock);
            let share = if most == one.runs.len() {
                String::new()
            } else {
                format!(" {}/{}", deadlock + livelock, one.runs.len())
            };
            let text =
                format!("{word}{share} down {:.1} leaders {}", down.unwrap_or(0.0), leaders.unwrap_or(0.0));
            cells[place].push(Square { text, tone, link: String::new() });
            let whole = |number: usize| Cell::from(number as u64);
            data.push(vec![
                topology.name.into(),
                (*protocol).into(),
                whole(one.runs.len()),
                whole(recovered),
                whole(deadlock),
                whole(livelock),
                down.into(),
                leaders.into(),
                one.settings.as_str().into(),
            ]);
        }
    }
    let is_empty = tried.is_empty();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let rows: Vec<&str> = TOPOLOGIES.iter().map(|topology| topology.name).collect();
    let matrix = Matrix {
        title: "Partial connectivity: what becomes of the cluster".to_owned(),
        description: "A row a topology, a column a protocol; each cell says whether the cluster recovered."
            .to_owned(),
        x: Axis {
            name: "protocol, with the scenario's settings".into(),
            names: names(&protocols),
            ..Axis::default()
        },
        y: Axis {
            name: "topology".into(),
            names: if is_empty { Vec::new() } else { names(&rows) },
            ..Axis::default()
        },
        cells: if is_empty { Vec::new() } else { cells },
        ..Matrix::default()
    };
    let topologies: Vec<String> =
        TOPOLOGIES.iter().map(|topology| format!("{}: {}", topology.name, topology.says)).collect();
    let why = if nothing.is_empty() { String::new() } else { format!("Nothing is drawn: {nothing}. ") };
    let how = format!(
        "{why}Some links are cut and nobody is alone: the case that \"a majority is up\" does not cover. A cell says what \
         became of the cluster while the topology lasted (recovered; deadlock: nobody answered and nobody new led; livelock: \
         new leaders came and went to the end), the longest span without an answer in detection times, and how often \
         somebody began to lead. Medians over seeds; a fraction says in how many runs it did not recover. {}. What a \
         protocol does here depends on how it detects failures: the table has the settings, and another detector gives \
         another matrix. {differs}",
        topologies.join(". ")
    );
    let panels = vec![Panel { name: String::new(), svg: matrix.svg() }];
    Figure {
        id: "partial-connectivity".to_owned(),
        title: "Partial connectivity".to_owned(),
        how_to_read: how,
        panels,
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::measure::{Measured, Milestone, Sent};

    fn run(answers: &[u64], leads: &[u64]) -> Found {
        let operation = |at: &u64| Measured {
            client: 0,
            key: 0,
            kind: "put",
            intended: 0,
            called: Some(0),
            ended: Some(*at),
            ending: Ended::Ok,
        };
        let lead = |at: &u64| Milestone {
            at: *at,
            node: 0,
            what: Change::Leads { round: *at },
            sent: Sent::default(),
        };
        let measures = Measures {
            operations: answers.iter().map(operation).collect(),
            milestones: leads.iter().map(lead).collect(),
            ..Measures::default()
        };
        classify(&measures, 1_000, 2_000, 10)
    }

    #[test]
    fn what_became_of_a_cluster_is_read_out_of_answers_and_leaders() {
        let every = |step: usize| (1_000..2_000).step_by(step).collect::<Vec<u64>>();
        let steady = run(&every(5), &[1_030]);
        assert_eq!((steady.fate, steady.leaders), (Fate::Recovered, 1));
        assert_eq!(run(&[1_001], &[]), Found { fate: Fate::Deadlock, downtime: 99.9, leaders: 0 });
        assert_eq!(run(&[], &every(20)).fate, Fate::Livelock);
        assert_eq!(
            run(&every(5), &every(20)).fate,
            Fate::Livelock,
            "answers between changes are no recovery"
        );
    }

    #[test]
    fn a_topology_cuts_pairs_and_crashes_last() {
        let faults = TOPOLOGIES[4].faults(100, 10, 50);
        assert_eq!(faults.len(), 3);
        assert!(matches!(faults[2].what, FaultKind::Crash { .. }));
        assert_eq!(TOPOLOGIES[1].faults(100, 10, 50)[0].at, 90);
    }
}
