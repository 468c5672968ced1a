//! What it costs to judge clients' answers: runs of the library with the judges at the clients and without them.

use scenarios::{Protocol, Scenario, library};
use sim::outcome::Verdict;
use sim::run::RunOptions;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};

/// A crash, a load that never lets up, one key that everybody wants, and faults all the time.
const FILES: [&str; 4] =
    ["leader-crash.toml", "load/closed-loop.toml", "load/one-hot-key.toml", "crash/random-crashes.toml"];
/// The seed of the plans.
const SEED: u64 = 1;
/// The judges that are fed with what clients saw. The first also judges while a run goes on.
const JUDGES: [&str; 1] = ["linearizable"];
/// Judging may take a tenth of a run's CPU time.
const RATIO_MAX: f64 = 1.11;

/// A run of each file.
pub struct Checking {
    /// Under which protocol.
    pub protocol: Protocol,
    /// Whether clients' answers are judged.
    pub is_on: bool,
}

impl Contestant for Checking {
    fn name(&self) -> String {
        let off = if self.is_on { "" } else { "/unchecked" };
        format!("library/{}{off}", self.protocol.name())
    }

    fn group(&self) -> Group {
        Group::Scenario
    }

    fn against(&self) -> Vec<Against> {
        if self.is_on {
            return Vec::new();
        }
        vec![Against::at_most(format!("library/{}", self.protocol.name()), RATIO_MAX)]
    }

    fn run(&self) -> Measure {
        let mut sum = Measure::default();
        for path in FILES {
            let file = library().iter().find(|file| file.path == path).expect("it is in the library");
            let plan = Scenario::parse(path, file.text).expect("the library is right").plan(SEED);
            let off = if self.is_on { &[][..] } else { &JUDGES };
            let without_judges = off.iter().map(|&name| name.to_owned()).collect();
            let options = RunOptions { without_judges, ..RunOptions::default() };
            let clock = CpuClock::start();
            let run = scenarios::run(self.protocol, &plan, &options).expect("every protocol takes it");
            sum.cpu += clock.elapsed();
            sum.units += run.outcome.events;
            sum.messages += run.outcome.traffic.messages;
            let judge = run.outcome.judges.iter().find(|judge| judge.name == JUDGES[0]);
            assert_eq!(judge.map(|judge| judge.verdict), self.is_on.then_some(Verdict::Ok), "{path}");
        }
        sum
    }
}
