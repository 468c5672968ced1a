//! Nasty but legal runs with every rule in: no judge may say a word. A judge that cries wolf is as useless as one that
//! sleeps.

use rayon::prelude::*;
use scenarios::Protocol;
use sim::outcome::Verdict;
use sim::run::RunOptions;

use super::{outcome, scenario};

/// What all of them share.
const WORK: &str = r#"
[workload]
clients = 6
keys = 3
rate = "200/s"
for = "2s"
mix = { read = 45, write = 40, cas = 10, delete = 5 }
timeout = "600ms"
retry = "80ms"
"#;

/// Every family of faults over sessions, drifting clocks, and a lossy network.
const EVERYTHING: &str = r#"
title = "Every family of faults at once"

[cluster]
nodes = 5
detection = "100ms"

[network]
loss = 0.02

[clock]
offset = "100ms"
drift_ppm = 5000
wall_drift_ppm = 500

[nemesis]
swarm = false
[nemesis.families]
crash = "1/s"
power = "1/s"
wipe = "6/min"
pause = "1/s"
partition = "1/s"
one-way = "1/s"
weather = "1/s"
clock = "1/s"
disk = "1/s"
"#;

/// Power fails everywhere, often, and disks are slow.
const POWER: &str = r#"
title = "Slow disks and power that fails all the time, for everybody"

[cluster]
nodes = 3
detection = "60ms"

[disk]
sync = { uniform = ["2ms", "40ms"] }

[nemesis]
swarm = false
allow_majority = true
families = { power = { rate = "6/s", for = ["1ms", "60ms"] }, crash = { rate = "3/s", for = ["1ms", "60ms"] } }
"#;

/// Datagrams that are lost, repeated and overtaken, between processes that come and go.
const DATAGRAMS: &str = r#"
title = "Datagrams are lost, repeated and overtaken while nodes crash and are cut off"

[cluster]
nodes = 3
protocols = ["paxos", "raft"]
detection = "60ms"

[network]
links = "datagram"
latency = { base = ["1ms", "10ms"], jitter = ["0us", "10ms"] }
loss = 0.1
duplicate = 0.3
reorder = 0.3
reorder_by = "150ms"

[nemesis]
swarm = false
families = { crash = "2/s", power = "2/s", partition = "2/s", one-way = "2/s", weather = "2/s" }
"#;

/// A cluster that is busier with elections than with work, over sessions that break all the time.
const RESTLESS: &str = r#"
title = "Links that are slower than leaders are patient"

[cluster]
nodes = 4
detection = "40ms"

[network]
latency = { base = ["2ms", "12ms"], jitter = ["0us", "10ms"] }
loss = 0.05
reconnect = "5ms"

[cpu]
per_message = "20us"

[nemesis]
swarm = true
allow_majority = true
families = { pause = "4/s", partition = "3/s", one-way = "3/s", clock = "4/s", disk = "3/s", crash = "3/s" }
"#;

/// How many seeds each scenario runs on.
const SEEDS: u64 = 25;

#[test]
fn nasty_but_legal_runs_are_judged_clean_under_every_protocol() {
    // Processes are killed, lose power or their disks, stand still; links are cut, lose, repeat and reorder; clocks
    // jump. None of it is against the rules, so whatever a judge says here is a bug of a protocol or of the judge.
    let scenarios = [EVERYTHING, POWER, DATAGRAMS, RESTLESS].map(|text| scenario(&format!("{text}{WORK}")));
    let runs = scenarios.iter().flat_map(|scenario| {
        let protocols = scenario.protocols.iter();
        protocols.flat_map(move |&protocol| (0..SEEDS).map(move |seed| (scenario, protocol, seed)))
    });
    let runs: Vec<_> = runs.collect();
    let dirty: Vec<String> = runs
        .par_iter()
        .filter_map(|&(scenario, protocol, seed)| {
            let outcome = outcome(protocol, &scenario.plan(seed), &RunOptions::default());
            let found = outcome.first_violation();
            (outcome.verdict() != Verdict::Ok)
                .then(|| format!("{}, {}, seed {seed}: {found:?}", scenario.title, Protocol::name(protocol)))
        })
        .collect();
    assert!(dirty.is_empty(), "{dirty:#?}");
    assert_eq!(runs.len() as u64, SEEDS * (3 + 3 + 2 + 3));
}
