//! The README's example, `leader-crash.toml`, from the plan to the outcome: clients, faults, and every judge.

use scenarios::{Protocol, Scenario};
use sim::outcome::Verdict;
use sim::run::RunOptions;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};

/// The file.
const TEXT: &str = include_str!("../../scenarios/leader-crash.toml");
/// The seed of the plan.
const SEED: u64 = 1;
/// An event may take this many times as long as one of the bare loop.
const TIMES_FLOOR: f64 = 8.0;

/// One run of the scenario.
pub struct LeaderCrash {
    /// Under which protocol.
    pub protocol: Protocol,
}

impl Contestant for LeaderCrash {
    fn name(&self) -> String {
        format!("leader-crash/{}", self.protocol.name())
    }

    fn group(&self) -> Group {
        Group::Scenario
    }

    fn against(&self) -> Vec<Against> {
        vec![Against::goal("floor", 1.0 / TIMES_FLOOR, 1.0 / TIMES_FLOOR)]
    }

    fn run(&self) -> Measure {
        let scenario = Scenario::parse("leader-crash.toml", TEXT).expect("the README's example");
        let plan = scenario.plan(SEED);
        let clock = CpuClock::start();
        let run =
            scenarios::run(self.protocol, &plan, &RunOptions::default()).expect("every protocol takes it");
        let cpu = clock.elapsed();
        for judge in &run.outcome.judges {
            assert_ne!(judge.verdict, Verdict::Violated, "{}: {}", judge.name, judge.detail);
        }
        Measure { units: run.outcome.events, messages: run.outcome.traffic.messages, cpu }
    }
}
