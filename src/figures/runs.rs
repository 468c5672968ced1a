//! Trials: a figure's scenario with keys set, run over seeds, results in order of seed.

use rayon::prelude::*;
use scenarios::Scenario;
use sim::measure::{Change, Measures};
use sim::plan::Plan;

use crate::engine::{self, Protocol, Run, RunOptions};

/// The judges of clients' histories stay silent where only times are asked for; the others cost next to nothing.
const TIMES_ONLY: [&str; 2] = ["linearizable", "linearizable-writes"];

/// A figure's scenario, by its name below `scenarios/figures`, with keys set.
pub(super) fn scenario(name: &str, set: &[(&str, &str)]) -> Scenario {
    let path = format!("figures/{name}.toml");
    let file = scenarios::figures().iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("there is no {path}"));
    let owned = |(key, value): &(&str, &str)| ((*key).to_string(), (*value).to_string());
    let set: Vec<(String, String)> = set.iter().map(owned).collect();
    Scenario::with(file.path, file.text, &set).unwrap_or_else(|errors| panic!("{}", errors.plain()))
}

/// What `look` makes of the runs of so many seeds, in order of seed.
pub(super) fn trials<T: Send>(
    scenario: &Scenario,
    protocol: Protocol,
    count: u64,
    look: impl Fn(&Plan, Run) -> T + Sync,
) -> Vec<T> {
    planned(scenario, protocol, count, |plan| plan, look)
}

/// The same, of plans that are changed before they are run: in what no file can say.
pub(super) fn planned<T: Send>(
    scenario: &Scenario,
    protocol: Protocol,
    count: u64,
    change: impl Fn(Plan) -> Plan + Sync,
    look: impl Fn(&Plan, Run) -> T + Sync,
) -> Vec<T> {
    let options = RunOptions {
        measuring: true,
        without_judges: TIMES_ONLY.map(str::to_owned).to_vec(),
        ..RunOptions::default()
    };
    let trial = |seed| {
        let plan = change(scenario.plan(seed));
        let run = engine::run(protocol, &plan, &options).unwrap_or_else(|refused| panic!("{refused}"));
        look(&plan, run)
    };
    (0..count).into_par_iter().map(trial).collect()
}

/// A plan without its clients' operations: an election has none.
pub(super) fn without_clients(mut plan: Plan) -> Plan {
    plan.workload.operations.clear();
    plan.workload.end = 0;
    plan
}

/// When somebody first led, from `since` on, and in which round.
pub(super) fn first_leader(measures: &Measures, since: u64) -> Option<(u64, u64)> {
    measures.milestones.iter().find_map(|milestone| match milestone.what {
        Change::Leads { round } if since <= milestone.at => Some((milestone.at, round)),
        _ => None,
    })
}

/// Nanoseconds as milliseconds.
pub(super) fn ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// Numbers in order, with what figures ask of them.
pub(super) struct Sorted(Vec<f64>);

impl Sorted {
    pub(super) fn new(mut values: Vec<f64>) -> Sorted {
        values.sort_by(f64::total_cmp);
        Sorted(values)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Three standard deviations of the mean, either side of it.
    pub(super) fn mean_interval(&self) -> (f64, f64) {
        let (mean, count) = (self.mean(), self.0.len() as f64);
        let variance =
            self.0.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let by = 3.0 * (variance / count).sqrt();
        (mean - by, mean + by)
    }

    pub(super) fn quantile(&self, share: f64) -> f64 {
        reports::stats::quantile(&self.0, share).unwrap_or(f64::NAN)
    }

    /// The values at the ranks three standard deviations from the quantile's own: between them it is.
    pub(super) fn quantile_interval(&self, share: f64) -> (f64, f64) {
        let count = self.0.len() as f64;
        let by = 3.0 * (share * (1.0 - share) / count).sqrt();
        (self.quantile((share - by).max(0.0)), self.quantile((share + by).min(1.0)))
    }

    /// The cumulative distribution in so many steps: value, share of values up to it.
    pub(super) fn cdf(&self, steps: usize) -> Vec<(f64, f64)> {
        (1..=steps)
            .map(|step| step as f64 / steps as f64)
            .map(|share| (self.quantile(share), share))
            .collect()
    }
}
