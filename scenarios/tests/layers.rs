//! The layers that all protocols share, seen from above: a rule of the registry or of nodes that is left out is noticed
//! under the protocols, and the same runs with the rule in are clean.

use scenarios::{Protocol, Scenario, run};
use sim::outcome::Verdict;
use sim::run::RunOptions;

/// Three nodes under a steady load, and what `rest` does to them.
fn scenario(cluster: &str, rest: &str) -> Scenario {
    let text = format!(
        r#"
        title = "Three nodes"
        [cluster]
        nodes = 3
        detection = "100ms"
        {cluster}
        [workload]
        clients = 4
        keys = 2
        rate = "300/s"
        for = "1500ms"
        retry = "30ms"
        mix = {{ read = 40, write = 40, cas = 20 }}
        [expect]
        converges_within = "5s"
        {rest}
        "#
    );
    Scenario::parse("layers.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.plain()))
}

const SEEDS: u64 = 12;

/// Runs the scenario with and without the rule under each protocol: clean with it, and caught without it on some seed,
/// first or not by one of `judges`.
#[track_caller]
fn noticed(scenario: &Scenario, rule: &str, judges: &[&str], protocols: &[Protocol]) {
    for &protocol in protocols {
        let mut caught = Vec::new();
        for seed in 0..SEEDS {
            let mut plan = scenario.plan(seed);
            let whole = run(protocol, &plan, &RunOptions::default()).expect("it runs").outcome;
            let name = protocol.name();
            assert_eq!(whole.verdict(), Verdict::Ok, "{name}, seed {seed}: {:#?}", whole.judges);
            plan.without = vec![rule.to_string()];
            let mutant = run(protocol, &plan, &RunOptions::default()).expect("it runs").outcome;
            assert_eq!(mutant.without, [rule], "an outcome says what it was without");
            let violated = mutant.judges.into_iter().filter(|judge| judge.verdict == Verdict::Violated);
            caught.extend(violated.map(|judge| judge.name));
            if caught.iter().any(|name| judges.contains(&name.as_str())) {
                break;
            }
        }
        let found = caught.iter().any(|name| judges.contains(&name.as_str()));
        assert!(found, "{rule} under {}: {caught:?}", protocol.name());
    }
}

const POWER: &str = r#"
    [disk]
    sync = "20ms"
    [[fault]]
    at = "500ms"
    crash = "follower-1"
    kind = "power"
    restart_after = "200ms"
    [[fault]]
    at = "900ms"
    crash = "follower-2"
    kind = "power"
    restart_after = "200ms"
"#;

#[test]
fn a_wiped_node_that_votes_again_is_noticed() {
    let rest = r#"
        [[fault]]
        at = "500ms"
        cut = { from = "follower-2", to = "rest" }
        heal_after = "400ms"
        [[fault]]
        at = "800ms"
        crash = "follower-1"
        kind = "wipe"
        restart_after = "20ms"
        [[fault]]
        at = "810ms"
        crash = "leader"
        restart_after = "300ms"
    "#;
    let rule = "node/wiped-stays-out";
    let scenario = scenario("", rest);
    let mut caught = 0;
    for protocol in Protocol::ALL {
        for seed in 0..SEEDS {
            let mut plan = scenario.plan(seed);
            plan.without = vec![rule.to_string()];
            let mutant = run(protocol, &plan, &RunOptions::default()).expect("it runs").outcome;
            let unsafe_judge = |name: &str| !["converges", "available"].contains(&name);
            let mut judges = mutant.judges.iter();
            caught += u64::from(judges.any(|j| j.verdict == Verdict::Violated && unsafe_judge(&j.name)));
        }
    }
    assert!(0 < caught);
}

#[test]
fn a_failed_sync_taken_for_a_success_is_noticed() {
    let rest = r#"
        [[fault]]
        at = "500ms"
        disk = "follower-1"
        fails = true
        for = "100ms"
        [[fault]]
        at = "900ms"
        crash = ["n0", "n1", "n2"]
        kind = "power"
        restart_after = "100ms"
    "#;
    noticed(&scenario("", rest), "node/sync-errors-stop", &["restart"], &Protocol::ALL);
}

#[test]
fn a_torn_tail_that_keeps_a_node_from_starting_is_noticed() {
    noticed(&scenario("", POWER), "node/torn-tail", &["converges"], &Protocol::ALL);
}

#[test]
fn damage_in_the_middle_of_a_log_taken_for_a_torn_tail_is_noticed() {
    let rest = r#"
        [[fault]]
        at = "700ms"
        disk = "follower-1"
        rot = true
        [[fault]]
        at = "800ms"
        crash = "follower-1"
        restart_after = "50ms"
    "#;
    noticed(&scenario("", rest), "node/checksum", &["restart"], &Protocol::ALL);
}

#[test]
fn an_apply_that_reads_the_clock_is_noticed() {
    noticed(
        &scenario("", "[clock]\noffset = \"10ms\""),
        "registry/apply-deterministic",
        &["state-hash"],
        &Protocol::ALL,
    );
}

#[test]
fn a_new_leader_that_answers_reads_unasked_is_noticed() {
    let rest = r#"
        [[fault]]
        at = "400ms"
        crash = "leader"
        restart_after = "100ms"
        [[fault]]
        at = "900ms"
        partition = [["leader"], ["rest"]]
        heal_after = "400ms"
    "#;
    // Zab's leader gives up before another can lead, and leads only once it has delivered all that it inherited.
    let protocols = [Protocol::Paxos, Protocol::Raft];
    noticed(&scenario("", rest), "registry/read-asks", &["linearizable"], &protocols);
}

/// Snapshots are taken up by who lags and by who starts again: by the protocols that take them.
const SNAPSHOTS: &str = r#"
    [[fault]]
    at = "300ms"
    crash = "follower-1"
    restart_after = "700ms"
    [[fault]]
    at = "1200ms"
    crash = "leader"
    restart_after = "50ms"
"#;

#[test]
fn a_snapshot_without_its_sessions_is_noticed() {
    let scenario = scenario("snapshot_every = 25", SNAPSHOTS);
    noticed(&scenario, "registry/snapshot-sessions", &["state-hash"], &[Protocol::Paxos, Protocol::Raft]);
}

#[test]
fn a_snapshot_that_is_named_for_another_moment_is_noticed() {
    let scenario = scenario("snapshot_every = 25", SNAPSHOTS);
    noticed(&scenario, "registry/index-with-data", &["state-hash"], &[Protocol::Paxos, Protocol::Raft]);
}
