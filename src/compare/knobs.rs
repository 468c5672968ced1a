//! Runs against a knob: loss, offered load, cluster size, and topologies of partial connectivity. They take the
//! scenario's cluster, network, disks, clocks and clients, but not its faults, and they are short: they cost little beside
//! the runs of the seeds.

use rayon::prelude::*;
use reports::compare::connectivity::{self, TOPOLOGIES, Tried};
use reports::compare::sweeps::{Measured, Point, Sweep};
use sim::measure::Ended;
use sim::plan::{PPM_ONE, Plan};

use super::work::{self, Subject, Work};
use crate::engine::{Protocol, RunOptions, Scenario};
use crate::exit::Failure;

/// Loss in percent.
const LOSS: [u32; 7] = [0, 1, 2, 5, 10, 20, 30];
const LOSS_SEEDS: u64 = 10;
/// Offered load in parts of the scenario's, times four.
const LOAD_QUARTERS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
const LOAD_SEEDS: u64 = 3;
/// No cluster here answers more, and every operation has to be simulated.
const LOAD_MAX: u64 = 4_000;
const SIZES: [u8; 4] = [3, 5, 7, 9];
const SIZE_SEEDS: u64 = 3;
/// The loads that a cluster of a size is asked: what it can carry lies between, and the best counts, because a cluster
/// that is asked far too much may answer less than it could.
const SIZE_LOADS: [u64; 6] = [250, 500, 1_000, 1_500, 2_000, 3_000];
/// What a message costs where the scenario gives it no time: without any, nothing saturates.
const PER_MESSAGE: u64 = 100_000;
/// What is measured, after a first leader had time to be elected.
const MEASURED: u64 = 1_000_000_000;
const WARM_MIN: u64 = 1_000_000_000;

const TOPOLOGY_SEEDS: u64 = 3;
/// When links are cut and for how long, in detection times.
const TOPOLOGY_AT: u64 = 10;
const TOPOLOGY_FOR: u64 = 30;
/// Operations a second are enough to see who is answered.
const TOPOLOGY_LOAD: u64 = 100;

/// The runs of a scenario against knobs.
pub(super) struct Knobs<'a> {
    work: &'a Work,
    subject: &'a Subject,
}

impl<'a> Knobs<'a> {
    pub(super) fn new(work: &'a Work, subject: &'a Subject) -> Knobs<'a> {
        Knobs { work, subject }
    }

    /// Goodput against loss.
    pub(super) fn loss(&self) -> Result<Sweep, Failure> {
        let points = LOSS.map(|percent| (f64::from(percent), percent)).to_vec();
        let plan = |percent: u32, seed: u64| {
            let mut plan = calm(self.subject.scenario.plan(seed, &self.work.without));
            plan.network.loss = PPM_ONE / 100 * percent;
            Some(plan)
        };
        let differs =
            format!("{} Loss is set on every link, and everything else is the scenario's.", self.differs());
        self.sweep(&points, LOSS_SEEDS, plan, differs)
    }

    /// Latency against offered load.
    pub(super) fn load(&self) -> Result<Sweep, Failure> {
        let plan = self.subject.scenario.plan(self.work.seeds.at(0), &self.work.without);
        if plan.workload.closed {
            let nothing = "the scenario's clients wait for their answers before they ask again (a closed loop), so there is \
                           no offered load to vary";
            return Ok(none(nothing, self.differs()));
        }
        let own = rate(&plan);
        let mut rates: Vec<u64> =
            LOAD_QUARTERS.iter().map(|quarters| (own * quarters / 4).clamp(1, LOAD_MAX)).collect();
        rates.dedup();
        let points: Vec<(f64, u64)> = rates.into_iter().map(|rate| (rate as f64, rate)).collect();
        let scenarios: Vec<Option<Scenario>> =
            points.iter().map(|(_, rate)| self.with(&[("workload.rate", format!("{rate}/s"))])).collect();
        let at = |rate: u64| points.iter().position(|point| point.1 == rate).expect("a rate of the list");
        let plan = |rate: u64, seed: u64| {
            let scenario = scenarios[at(rate)].as_ref()?;
            Some(busy(calm(scenario.plan(seed, &self.work.without))))
        };
        self.sweep(&points, LOAD_SEEDS, plan, self.differs_busy(&plan_cpu(self.subject, self.work)))
    }

    /// Throughput against cluster size.
    pub(super) fn size(&self) -> Result<Sweep, Failure> {
        let first = self.subject.scenario.plan(self.work.seeds.at(0), &self.work.without);
        if first.workload.closed {
            let nothing = "the scenario's clients wait for their answers before they ask again (a closed loop), so they \
                           cannot be made to ask for more than a cluster can answer";
            return Ok(none(nothing, self.differs()));
        }
        let one = |(nodes, load): (u8, u64)| {
            let set = [("cluster.nodes", nodes.to_string()), ("workload.rate", format!("{load}/s"))];
            self.with(&set).map(|scenario| (nodes, scenario))
        };
        let all = SIZES.iter().flat_map(|nodes| SIZE_LOADS.map(|load| (*nodes, load)));
        let scenarios: Vec<(u8, Scenario)> = all.filter_map(one).collect();
        let points: Vec<(f64, usize)> =
            scenarios.iter().enumerate().map(|(place, (nodes, _))| (f64::from(*nodes), place)).collect();
        let plan = |place: usize, seed: u64| {
            let scenario = &scenarios.get(place)?.1;
            Some(busy(calm(scenario.plan(seed, &self.work.without))))
        };
        let mut differs = self.differs_busy(&plan_cpu(self.subject, self.work));
        let loads = SIZE_LOADS.map(|load| load.to_string()).join(", ");
        differs.push_str(&format!(" Clients ask {loads} times a second, and the best answer counts."));
        let left: Vec<String> = SIZES
            .iter()
            .filter(|size| scenarios.iter().all(|(nodes, _)| nodes != *size))
            .map(|size| size.to_string())
            .collect();
        if !left.is_empty() {
            let sizes = left.join(", ");
            differs.push_str(&format!(
                " With {sizes} nodes the scenario is not valid (it names nodes), so they are left out."
            ));
        }
        let mut sweep = self.sweep(&points, SIZE_SEEDS, plan, differs)?;
        let seeds = self.seeds(SIZE_SEEDS).count();
        sweep.points.iter_mut().for_each(|point| best_of(point, seeds));
        Ok(sweep)
    }

    /// Every topology under every protocol, or why there is none.
    pub(super) fn connectivity(&self) -> Result<(Vec<Tried>, String), Failure> {
        let plan = self.subject.scenario.plan(self.work.seeds.at(0), &self.work.without);
        let (from, until) = span(plan.detection);
        let length = format!("{}ns", until);
        let mut jobs: Vec<(usize, Protocol, u64, Plan)> = Vec::new();
        for (place, topology) in TOPOLOGIES.iter().enumerate() {
            let mut set = vec![("cluster.nodes", topology.nodes.to_string())];
            if plan.workload.end < until {
                set.push(("workload.for", length.clone()));
            }
            let Some(scenario) = self.with(&set) else { continue };
            for protocol in &self.subject.protocols {
                for seed in self.seeds(TOPOLOGY_SEEDS) {
                    let mut plan = scenario.plan(seed, &self.work.without);
                    thin(&mut plan, until);
                    plan.faults = topology.faults(from, plan.detection / 2, until - from);
                    jobs.push((place, *protocol, seed, plan));
                }
            }
        }
        if jobs.is_empty() {
            return Ok((Vec::new(), "the scenario is valid for neither three nor five nodes".to_owned()));
        }
        let options = RunOptions { measuring: true, ..RunOptions::default() };
        let one = |(place, protocol, _, plan): &(usize, Protocol, u64, Plan)| {
            let run = work::run(*protocol, plan, &options, &self.subject.rerun)?;
            let found = connectivity::classify(&run.measures, from, until, plan.detection);
            let settings = run.outcome.settings.iter().map(|(name, value)| format!("{name} {value}"));
            Ok((*place, protocol.name(), found, settings.collect::<Vec<_>>().join(", ")))
        };
        let found: Vec<Result<_, Failure>> = jobs.par_iter().map(one).collect();
        let mut tried: Vec<Tried> = Vec::new();
        for found in found {
            let (topology, protocol, found, settings) = found?;
            match tried.iter_mut().find(|one| one.topology == topology && one.protocol == protocol) {
                Some(one) => one.runs.push(found),
                None => {
                    let protocol = protocol.to_owned();
                    tried.push(Tried { topology, protocol, runs: vec![found], settings });
                }
            }
        }
        Ok((tried, String::new()))
    }

    pub(super) fn connectivity_differs(&self) -> String {
        format!(
            "The runs have the scenario's settings, network, disks and clocks, five nodes (chained: three), none of its \
             faults, and about {TOPOLOGY_LOAD} operations a second; links are cut after {TOPOLOGY_AT} detection times for \
             {TOPOLOGY_FOR}."
        )
    }

    fn differs(&self) -> String {
        let of = if self.work.subjects.len() == 1 {
            String::new()
        } else {
            format!(" of {}", self.subject.scenario.file)
        };
        format!(
            "These are short runs{of} of their own, without the scenario's faults, measured once a leader had time to be elected."
        )
    }

    fn differs_busy(&self, cpu: &str) -> String {
        format!("{} {cpu}", self.differs())
    }

    /// The scenario with more keys set; none if it is not valid so.
    fn with(&self, set: &[(&str, String)]) -> Option<Scenario> {
        let own = self.work.set.iter().cloned();
        let more = set.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Scenario::read_with(&self.subject.path, &own.chain(more).collect::<Vec<_>>()).ok()
    }

    fn seeds(&self, most: u64) -> impl Iterator<Item = u64> + use<> {
        let seeds = self.work.seeds;
        (0..seeds.count.min(most)).map(move |index| seeds.at(index))
    }

    /// Runs every point with the first seeds under every protocol.
    fn sweep<T: Copy + Sync>(
        &self,
        points: &[(f64, T)],
        seeds: u64,
        plan: impl Fn(T, u64) -> Option<Plan> + Sync,
        differs: String,
    ) -> Result<Sweep, Failure> {
        let mut jobs: Vec<(Protocol, usize, u64)> = Vec::new();
        for protocol in &self.subject.protocols {
            for place in 0..points.len() {
                jobs.extend(self.seeds(seeds).map(|seed| (*protocol, place, seed)));
            }
        }
        let options = RunOptions { measuring: true, ..RunOptions::default() };
        let one = |(protocol, place, seed): &(Protocol, usize, u64)| {
            let Some(plan) = plan(points[*place].1, *seed) else { return Ok(None) };
            let run = work::run(*protocol, &plan, &options, &self.subject.rerun)?;
            Ok(Some(measured(&plan, &run.measures.operations)))
        };
        let runs: Vec<Result<Option<Measured>, Failure>> = jobs.par_iter().map(one).collect();
        let mut sweep = none("", differs);
        for ((protocol, place, _), run) in jobs.iter().zip(runs) {
            let Some(run) = run? else { continue };
            let x = points[*place].0;
            match sweep.points.last_mut().filter(|point| point.x == x && point.protocol == protocol.name()) {
                Some(point) => point.runs.push(run),
                None => sweep.points.push(Point { x, protocol: protocol.name().to_owned(), runs: vec![run] }),
            }
        }
        if sweep.points.is_empty() {
            sweep.nothing = "the scenario is not valid with these values".to_owned();
        }
        Ok(sweep)
    }
}

/// Of each seed, the run with the most goodput. A point has its runs load by load, each in order of seeds.
fn best_of(point: &mut Point, seeds: usize) {
    assert!(point.runs.len().is_multiple_of(seeds), "every load was run with the same seeds");
    let best = |seed: usize| {
        let runs = point.runs.iter().skip(seed).step_by(seeds).copied();
        runs.max_by(|a, b| a.goodput.total_cmp(&b.goodput)).expect("there are loads")
    };
    point.runs = (0..seeds).map(best).collect();
}

fn none(nothing: &str, differs: String) -> Sweep {
    Sweep { points: Vec::new(), nothing: nothing.to_owned(), differs }
}

/// What a message costs there, in words.
fn plan_cpu(subject: &Subject, work: &Work) -> String {
    let plan = subject.scenario.plan(work.seeds.at(0), &work.without);
    if plan.cpu.per_message == 0 {
        let micros = PER_MESSAGE / 1_000;
        format!(
            "The scenario gives messages no time at a node, and so nothing would saturate: here each takes {micros} us."
        )
    } else {
        format!("A message takes {} us at a node, as in the scenario.", plan.cpu.per_message / 1_000)
    }
}

/// Operations a second.
fn rate(plan: &Plan) -> u64 {
    let operations = plan.workload.operations.len() as u64;
    (operations * 1_000).div_ceil((plan.workload.end / 1_000_000).max(1)).max(1)
}

/// How long until a first leader had time to be elected.
fn warm(plan: &Plan) -> u64 {
    WARM_MIN.max(5 * plan.detection)
}

/// A plan without faults, and short.
fn calm(mut plan: Plan) -> Plan {
    let end = plan.workload.end.min(warm(&plan) + MEASURED);
    plan.faults.clear();
    plan.fates.clear();
    shorten(&mut plan, end);
    plan
}

/// Ends the workload there. The times of a closed loop are think times, and it ends by itself.
fn shorten(plan: &mut Plan, end: u64) {
    if !plan.workload.closed {
        plan.workload.operations.retain(|operation| operation.at < end);
    }
    plan.workload.end = end;
    plan.horizon = end + plan.workload.timeout;
}

/// A plan whose messages take time.
fn busy(mut plan: Plan) -> Plan {
    if plan.cpu.per_message == 0 {
        plan.cpu.per_message = PER_MESSAGE;
    }
    plan
}

/// When topologies begin and end.
fn span(detection: u64) -> (u64, u64) {
    (TOPOLOGY_AT * detection, (TOPOLOGY_AT + TOPOLOGY_FOR) * detection)
}

/// No more operations than are needed to see who is answered.
fn thin(plan: &mut Plan, until: u64) {
    let every = (rate(plan) / TOPOLOGY_LOAD).max(1) as usize;
    if !plan.workload.closed {
        plan.workload.operations = plan.workload.operations.iter().step_by(every).copied().collect();
    }
    plan.fates.clear();
    shorten(plan, until);
}

/// What was measured after the first leader had time to be elected.
fn measured(plan: &Plan, operations: &[sim::measure::Measured]) -> Measured {
    let (from, until) = (warm(plan).min(plan.workload.end / 2), plan.workload.end);
    let asked: Vec<_> =
        operations.iter().filter(|one| from <= one.intended && one.intended < until).collect();
    let answered = |one: &&sim::measure::Measured| one.ending == Ended::Ok;
    let inside =
        |one: &&sim::measure::Measured| one.ended.is_some_and(|ended| from <= ended && ended < until);
    let good = operations.iter().filter(answered).filter(inside).count() as f64;
    let mut latencies: Vec<u64> = asked.iter().filter_map(|one| one.latency()).collect();
    latencies.sort_unstable();
    let quantile = |share: f64| {
        let rank = ((latencies.len() as f64 * share).ceil() as usize).max(1);
        latencies.get(rank - 1).map_or(f64::NAN, |latency| *latency as f64 / 1e6)
    };
    Measured {
        goodput: good / ((until - from) as f64 / 1e9),
        share: latencies.len() as f64 / asked.len().max(1) as f64,
        p50: quantile(0.5),
        p99: quantile(0.99),
    }
}
