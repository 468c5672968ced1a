//! Measures and traces are what reports are drawn from: they must agree with the outcome, with the history and with the
//! replicas, and change nothing.

use std::collections::BTreeMap;

use replica::{NodeId, Replica};
use scenarios::{Protocol, Scenario, library, run};
use sim::measure::{Change, Ended, SAMPLES};
use sim::plan::Plan;
use sim::run::{Run, RunOptions, world};
use sim::trace::HappensBefore;

const FILES: [&str; 3] = ["leader-crash.toml", "crash/random-crashes.toml", "load/closed-loop.toml"];
const SEED: u64 = 3;

fn plan(path: &str) -> Plan {
    let file = library().iter().find(|file| file.path == path).expect("the file is in the library");
    let scenario =
        Scenario::parse(file.path, file.text).unwrap_or_else(|errors| panic!("{}", errors.plain()));
    scenario.plan(SEED)
}

fn each(check: impl Fn(&Plan, &Run, &str)) {
    for file in FILES {
        let plan = plan(file);
        for protocol in Protocol::ALL {
            let options = RunOptions { measuring: true, ..RunOptions::default() };
            let run = run(protocol, &plan, &options).expect("the plan is for this protocol");
            check(&plan, &run, &format!("{file} under {}", protocol.name()));
        }
    }
}

#[test]
fn measuring_changes_nothing() {
    for file in FILES {
        let plan = plan(file);
        for protocol in Protocol::ALL {
            let once = |options| run(protocol, &plan, &options).expect("the plan is for this protocol");
            let plain = once(RunOptions::default());
            let measured = once(RunOptions { measuring: true, ..RunOptions::default() });
            assert_eq!(plain.outcome, measured.outcome, "{file} under {}", protocol.name());
            assert!(plain.measures.milestones.is_empty() && !measured.measures.milestones.is_empty());
        }
    }
}

#[test]
fn measures_agree_with_the_outcome() {
    each(|plan, Run { outcome, measures, .. }, what| {
        let count = |ending| measures.operations.iter().filter(|one| one.ending == ending).count() as u64;
        let operations = outcome.operations;
        assert_eq!(count(Ended::Ok), operations.ok, "{what}");
        assert_eq!(count(Ended::Failed), operations.failed, "{what}");
        assert_eq!(count(Ended::Unknown), operations.unknown, "{what}");
        let longest = measures.operations.iter().filter_map(|one| one.latency()).max();
        assert_eq!(longest, Some(outcome.latency.max), "{what}");
        let sum =
            |of: fn(&sim::measure::Sent) -> u64| measures.kinds.iter().map(|(_, sent)| of(sent)).sum::<u64>();
        assert_eq!(sum(|sent| sent.messages), outcome.traffic.messages, "{what}");
        assert_eq!(sum(|sent| sent.bytes), outcome.traffic.bytes, "{what}");
        let leads = measures.milestones.iter().filter(|one| matches!(one.what, Change::Leads { .. })).count();
        assert_eq!(leads as u64, outcome.leaders, "{what}");
        let samples = measures.samples.len() as u64;
        let share = SAMPLES * outcome.ended_at / plan.horizon;
        assert!(share / 2 <= samples && samples <= SAMPLES + 1, "{what}: {samples} samples");
        assert!(measures.samples.is_sorted_by_key(|sample| sample.at), "{what}");
    });
}

#[test]
fn measures_agree_with_the_history() {
    each(|_, Run { history, measures, .. }, what| {
        assert_eq!(history.operations().len(), measures.of_history.len(), "{what}");
        for (operation, &place) in history.operations().iter().zip(&measures.of_history) {
            let measured = &measures.operations[place];
            assert_eq!(u64::from(measured.client), operation.client, "{what}");
            assert_eq!(measured.called, Some(operation.call), "{what}");
            assert!(operation.ret.is_none() || measured.ended == operation.ret, "{what}");
        }
    });
}

#[test]
fn whoever_leads_has_stood_and_soon_commits() {
    each(|_, Run { measures, .. }, what| {
        let mut stands = BTreeMap::new();
        let mut uncommitted = 0;
        for milestone in &measures.milestones {
            match milestone.what {
                Change::Stands => stands.insert(milestone.node, true),
                Change::Up | Change::Down | Change::Follows => stands.insert(milestone.node, false),
                Change::Leads { .. } => {
                    assert_eq!(stands.get(&milestone.node), Some(&true), "{what}: {milestone:?}");
                    uncommitted += 1;
                    None
                }
                Change::Commits => {
                    assert!(0 < uncommitted, "{what}: nobody new leads at {milestone:?}");
                    uncommitted = 0;
                    None
                }
                Change::Knows { .. } => None,
            };
        }
        assert_eq!(uncommitted, 0, "{what}: the last leader committed nothing");
    });
}

/// The deltas of a trace, put onto each other, are what the replicas show at the end.
#[test]
fn a_trace_tells_every_change_of_state() {
    fn check<R: Replica>(plan: &Plan) {
        let options = RunOptions { tracing: true, ..RunOptions::default() };
        let mut world = world::<R>(plan, &options).expect("the plan is for this protocol");
        world.run();
        let mut told: BTreeMap<u8, BTreeMap<String, String>> = BTreeMap::new();
        for event in world.trace() {
            if let Some(node) = event.node {
                told.entry(node).or_default().extend(event.state.iter().cloned());
            }
        }
        for node in 0..plan.nodes {
            let Some(replica) = world.replica(NodeId(node)) else { continue };
            replica.inspect(&mut |name, value| {
                assert_eq!(told[&node].get(name), Some(&value), "{} n{node}: {name}", R::NAME);
            });
        }
    }
    for file in FILES {
        let plan = plan(file);
        check::<paxos::Paxos>(&plan);
        check::<zab::Zab>(&plan);
        check::<raft::Raft>(&plan);
    }
}

/// An answer can only come from its question: there is a way from one to the other, across nodes.
#[test]
fn answers_follow_from_questions() {
    /// So many answers between those that are looked at.
    const STEP: usize = 200;
    let plan = plan("leader-crash.toml");
    for protocol in Protocol::ALL {
        let options = RunOptions { tracing: true, ..RunOptions::default() };
        let trace = run(protocol, &plan, &options).expect("the plan is for this protocol").trace;
        let order = HappensBefore::of(&trace);
        let mut asked = BTreeMap::new();
        let mut answers = Vec::new();
        for event in &trace {
            let Some(operation) = event.operation else { continue };
            let first = *asked.entry(operation).or_insert(event.seq);
            if event.text.contains("came to Ok") {
                answers.push((first, event.seq));
            }
        }
        assert_eq!(answers.len(), plan.workload.operations.len(), "{}", protocol.name());
        for (question, answer) in answers.into_iter().step_by(STEP) {
            assert!(order.precedes(question, answer), "{}: {question} and {answer}", protocol.name());
        }
    }
}
