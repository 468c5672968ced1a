//! Determinism as a product: a plan and a protocol come to one fingerprint, whatever is watched, encoded, cloned, run
//! before or run beside. Golden fingerprints and traces notice what changes behavior by accident.
//!
//! A golden file moves whenever a protocol, the world or a scenario changes on purpose: look at the difference, and
//! take it over with `INSTA_UPDATE=always cargo test --test tests determinism` only if it can be explained.

use std::fmt::Write;

use replica::Replica;
use scenarios::{Protocol, Scenario, library, run};
use sim::plan::Plan;
use sim::run::{KvWorld, Run, RunOptions, conclude, world};
use sim::trace::{TraceEvent, TraceKind};

use crate::quorate;

/// Files of the library that between them reach every kind of link trouble, crash, clock and load.
const FILES: [&str; 6] = [
    "leader-crash.toml",
    "clock/fast-and-slow.toml",
    "crash/random-crashes.toml",
    "disk/slow-then-power.toml",
    "load/closed-loop.toml",
    "partition/random-cuts.toml",
];
const SEED: u64 = 1;

fn scenario(path: &str) -> Scenario {
    let file = library().iter().find(|file| file.path == path).expect("the file is in the library");
    Scenario::parse(file.path, file.text).unwrap_or_else(|errors| panic!("{}", errors.plain()))
}

fn once(protocol: Protocol, plan: &Plan, options: &RunOptions) -> Run {
    run(protocol, plan, options).expect("the plan is for this protocol")
}

fn plain(protocol: Protocol, plan: &Plan) -> Run {
    once(protocol, plan, &RunOptions::default())
}

/// Every outcome here is of a process in which other runs have been before, in parallel with other tests. The danger: a
/// draw, an order or a buffer that one run leaves to the next. The command starts a process of its own.
#[test]
fn golden_fingerprints_hold_in_this_process_and_in_a_fresh_one() {
    let mut lines = String::new();
    for file in FILES {
        let plan = scenario(file).plan(SEED);
        let path = format!("scenarios/{file}");
        let seed = SEED.to_string();
        let fresh = quorate(&["run", &path, "--seed", &seed, "--format", "json"]);
        assert_eq!(fresh.code, Some(0), "{}{}", fresh.out, fresh.err);
        for protocol in Protocol::ALL {
            let name = protocol.name();
            let outcome = plain(protocol, &plan).outcome;
            let fingerprint = &outcome.fingerprint;
            assert!(fresh.out.contains(fingerprint.as_str()), "{path} under {name}: not {fingerprint}");
            writeln!(lines, "{path} --protocol {name} --seed {SEED} {fingerprint}").expect("it is a string");
        }
    }
    insta::assert_snapshot!("golden_fingerprints", lines);
}

/// Tracing and the codec must not change anything at all: the whole outcome is compared, judges and counts included.
#[test]
fn a_run_is_the_same_with_tracing_and_with_the_codec() {
    for file in FILES {
        let plan = scenario(file).plan(SEED + 1);
        for protocol in Protocol::ALL {
            let bare = plain(protocol, &plan);
            for (tracing, codec) in [(true, false), (false, true), (true, true)] {
                let options = RunOptions { tracing, codec, ..RunOptions::default() };
                let watched = once(protocol, &plan, &options);
                let what = format!("{file} under {}, tracing {tracing}, codec {codec}", protocol.name());
                assert_eq!(watched.outcome, bare.outcome, "{what}");
                assert_eq!(watched.history.operations(), bare.history.operations(), "{what}");
                assert_eq!(watched.trace.is_empty(), !tracing, "{what}");
            }
        }
    }
}

#[test]
fn two_runs_have_one_trace() {
    let plan = scenario("crash/random-crashes.toml").plan(7);
    let options = RunOptions { tracing: true, ..RunOptions::default() };
    for protocol in Protocol::ALL {
        let (one, other) = (once(protocol, &plan, &options), once(protocol, &plan, &options));
        let differs = one.trace.iter().zip(&other.trace).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{}", protocol.name());
        assert_eq!(one.trace.len(), other.trace.len());
    }
}

/// Another seed is another run: a fingerprint that never changes would pass every other test here.
#[test]
fn another_seed_or_protocol_has_another_fingerprint() {
    let scenario = scenario("leader-crash.toml");
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..3 {
        for protocol in Protocol::ALL {
            assert!(seen.insert(plain(protocol, &scenario.plan(seed)).outcome.fingerprint));
        }
    }
}

/// A world is cloned in the middle of its faults, again and again. Every clone runs on to the same end.
#[test]
fn both_halves_of_a_world_cloned_in_mid_run_end_alike() {
    for file in ["leader-crash.toml", "crash/random-crashes.toml"] {
        let plan = scenario(file).plan(SEED);
        halves_end_alike::<paxos::Paxos>(&plan);
        halves_end_alike::<zab::Zab>(&plan);
        halves_end_alike::<raft::Raft>(&plan);
    }
}

fn halves_end_alike<R: Replica + Clone>(plan: &Plan) {
    let options = RunOptions::default();
    let start = || world::<R>(plan, &options).expect("the plan is for this protocol");
    let finish = |mut world: KvWorld<R>| {
        world.run();
        conclude(plan, &options, world, None).outcome
    };
    let whole = finish(start());
    for part in 1..=4 {
        let mut half = start();
        while half.events() < whole.events * part / 5 {
            assert!(half.step());
        }
        let clone = half.clone();
        assert_eq!(finish(half), whole, "{} at part {part}", R::NAME);
        assert_eq!(finish(clone), whole, "the clone, {} at part {part}", R::NAME);
    }
}

#[test]
fn a_sweep_of_the_library_is_the_same_for_any_number_of_jobs() {
    let files = ["scenarios/crash/random-crashes.toml", "scenarios/partition/random-cuts.toml"];
    let sweep = |jobs| {
        let arguments = [&["sweep"], &files[..], &["--seeds", "0..6", "--format", "json", "--jobs", jobs]];
        quorate(&arguments.concat())
    };
    let (one, two) = (sweep("1"), sweep("2"));
    assert_eq!(one.code, Some(0), "{}{}", one.out, one.err);
    assert_eq!(one.out, two.out);
}

/// Three nodes, one client, a leader that is killed.
const SHORT: &str = r#"
title = "A leader is killed in the middle of a little work"

[cluster]
nodes = 3
detection = "100ms"

[workload]
clients = 1
keys = 1
rate = "50/s"
for = "600ms"
mix = { read = 40, write = 60 }

[[fault]]
at = "400ms"
crash = "leader"
restart_after = "100ms"
"#;

/// Events at the beginning that are kept, and around the change of leader on either side.
const BEGINNING: usize = 150;
const AROUND: usize = 30;

/// What one run looks like event by event: the first moments, and the change of leader.
#[test]
fn golden_traces_hold() {
    let plan =
        Scenario::parse("short.toml", SHORT).unwrap_or_else(|errors| panic!("{}", errors.plain())).plan(SEED);
    let options = RunOptions { tracing: true, ..RunOptions::default() };
    for protocol in Protocol::ALL {
        let trace = once(protocol, &plan, &options).trace;
        let leads =
            |event: &&TraceEvent| event.kind == TraceKind::Note && event.text.starts_with("leads round");
        let killed =
            trace.iter().position(|event| event.kind == TraceKind::Crash).expect("the leader is killed");
        let next = trace[killed..].iter().position(|event| leads(&event)).expect("there is another") + killed;
        let mut page = lines(&trace[..BEGINNING.min(trace.len())]);
        page.push_str("...\n");
        page.push_str(&lines(&trace[killed - 3..killed + AROUND]));
        page.push_str("...\n");
        page.push_str(&lines(&trace[next - AROUND..next + AROUND]));
        insta::assert_snapshot!(format!("golden_trace_{}", protocol.name()), page);
    }
}

fn lines(events: &[TraceEvent]) -> String {
    let mut text = String::new();
    for TraceEvent { seq, time, node, kind, cause, rule, text: words, .. } in events {
        let node = node.map_or("-".into(), |node| format!("n{node}"));
        let cause = cause.map_or(String::new(), |cause| format!(" <{cause}"));
        let rule = if rule.is_empty() { String::new() } else { format!(" [{rule}]") };
        let kind = format!("{kind:?}").to_lowercase();
        writeln!(text, "{seq} {time} {node} {kind}{cause}{rule} {words}").expect("it is a string");
    }
    text
}
