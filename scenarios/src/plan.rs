//! Scenario and seed to plan. Every part draws from streams of its own, so that a change of one part moves no other.

use sim::plan::{
    Clock, ClockFault, Fault, FaultKind, Network, Operation, OperationKind, Plan, Who, Workload,
};

use crate::file::{least_turn, operations_at};
use crate::nemesis;
use crate::scenario::{FaultSpec, Mix, Pace, Scenario, WorkloadSpec};
use crate::stream::Stream;

/// Without `converges_within`, a run that has not converged is given up so many detections after all is quiet.
const GIVE_UP_DETECTIONS: u64 = 20;
/// A role that nobody holds is awaited for so many detections.
pub(crate) const AWAIT_DETECTIONS: u64 = 10;

impl Scenario {
    /// The plan of this scenario and seed: the same for every protocol.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut faults: Vec<Fault> =
            self.faults.iter().enumerate().map(|(i, spec)| resolve(spec, i, seed)).collect();
        let drawn = self.nemesis.as_ref().map(|nemesis| nemesis::draw(self, nemesis, &faults, seed));
        faults.extend(drawn.unwrap_or_default());
        faults.sort_by_key(|fault| fault.at);
        let horizon = self.horizon(&faults);
        Plan {
            title: self.title.clone(),
            seed,
            key: Stream::new(seed, "run").draw(),
            nodes: self.nodes,
            learners: self.learners,
            snapshot_every: self.snapshot_every,
            detection: self.detection,
            settings: self.settings.clone(),
            without: self.without.clone(),
            links: self.links,
            network: self.network(seed),
            cpu: self.cpu,
            disk: self.disk,
            clocks: (0..self.nodes).map(|node| self.clock_of(node, seed)).collect(),
            workload: self.workload(seed),
            faults,
            fates: Default::default(),
            horizon,
            expect: self.expect,
        }
    }

    /// The later of the workload's end with its last time-out and the last fault's end, a role awaited in vain
    /// included; plus the time that the cluster has to converge.
    fn horizon(&self, faults: &[Fault]) -> u64 {
        let workload = self.workload.end + self.workload.timeout;
        let end_of = |fault: &Fault| {
            let awaited = if has_role(&fault.what) { AWAIT_DETECTIONS * self.detection } else { 0 };
            fault.at + awaited + length(&fault.what)
        };
        let quiet = faults.iter().map(end_of).fold(workload, u64::max);
        quiet + self.expect.converges_within.unwrap_or(GIVE_UP_DETECTIONS * self.detection)
    }

    fn network(&self, seed: u64) -> Network {
        let spec = &self.network;
        let base = |label: &str| Stream::new(seed, label).between(spec.base.from, spec.base.to);
        let nodes = self.nodes;
        let links = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
        let client_links =
            (0..self.workload.clients).flat_map(|client| (0..nodes).map(move |node| (client, node)));
        let between_nodes = |(from, to)| if from == to { 0 } else { base(&format!("link/{from}/{to}")) };
        Network {
            base: links.map(between_nodes).collect(),
            client_base: client_links
                .map(|(client, node)| base(&format!("client-link/{client}/{node}")))
                .collect(),
            jitter: spec.jitter,
            loss: spec.loss,
            duplicate: spec.duplicate,
            reorder: spec.reorder,
            reorder_by: spec.reorder_by,
            bandwidth: spec.bandwidth,
            retransmit: spec.retransmit,
            session_timeout: spec.session_timeout,
            reconnect: spec.reconnect,
        }
    }

    fn clock_of(&self, node: u8, seed: u64) -> Clock {
        let mut stream = Stream::new(seed, &format!("clock/{node}"));
        Clock {
            drift_ppb: stream.either_side(self.clock.drift_ppb),
            wall_offset: stream.either_side(self.clock.offset),
            wall_drift_ppb: stream.either_side(self.clock.wall_drift_ppb),
        }
    }

    fn workload(&self, seed: u64) -> Workload {
        let spec = &self.workload;
        let mut operations: Vec<Operation> =
            (0..spec.clients).flat_map(|client| self.operations_of(client, seed)).collect();
        let closed = matches!(spec.pace, Pace::Closed { .. });
        if !closed {
            // Stable: what one client starts at one time stays in its order.
            operations.sort_by_key(|operation| (operation.at, operation.client));
        }
        Workload {
            clients: spec.clients,
            reads: spec.reads,
            timeout: spec.timeout,
            retry: spec.retry,
            value_bytes: spec.value_bytes,
            session_timeout: spec.session_timeout,
            closed,
            operations,
            end: spec.end,
        }
    }

    fn operations_of(&self, client: u32, seed: u64) -> Vec<Operation> {
        let spec = &self.workload;
        let mut kinds = Stream::new(seed, &format!("client/{client}/operations"));
        self.times_of(client, seed)
            .into_iter()
            .enumerate()
            .map(|(nth, at)| {
                let kind = kind_of(kinds.below(total(&spec.mix)), &spec.mix);
                let key = kinds.below(u64::from(spec.keys)) as u32;
                Operation { client, at, key, kind, value: value_of(client, nth, kind) }
            })
            .collect()
    }

    /// Open loop: intended starts. Closed loop: think times.
    fn times_of(&self, client: u32, seed: u64) -> Vec<u64> {
        let spec = &self.workload;
        match spec.pace {
            Pace::Open { rate } => {
                let span = spec.end - spec.start;
                let count = share(operations_at(rate, span) as u64, client, spec);
                let arrivals = arrivals(Stream::new(seed, &format!("client/{client}/arrivals")), count, span);
                arrivals.into_iter().map(|at| spec.start + at).collect()
            }
            Pace::Closed { think, operations } => {
                let most = operations.map_or(u64::MAX, |operations| share(operations, client, spec));
                let mut stream = Stream::new(seed, &format!("client/{client}/think"));
                let turn = least_turn(&self.network);
                let mut time = 0;
                let mut times = Vec::new();
                while (times.len() as u64) < most && time < spec.end {
                    let wait = if times.is_empty() { spec.start } else { 0 };
                    let next = wait + stream.between(think.from, think.to);
                    time += next + turn;
                    times.push(next);
                }
                times
            }
        }
    }
}

/// A client's part of `count` operations; the first clients do the ones that are left over.
fn share(count: u64, client: u32, spec: &WorkloadSpec) -> u64 {
    let clients = u64::from(spec.clients);
    count / clients + u64::from(u64::from(client) < count % clients)
}

/// A Poisson process given its count: so many instants, each anywhere in `0..end`, in order. Bursts and gaps come as in
/// a Poisson process, and the mean rate is exact.
fn arrivals(mut stream: Stream, count: u64, end: u64) -> Vec<u64> {
    let mut times: Vec<u64> = (0..count).map(|_| stream.below(end)).collect();
    times.sort_unstable();
    times
}

fn total(mix: &Mix) -> u64 {
    mix.read + mix.write + mix.cas + mix.delete
}

fn kind_of(draw: u64, mix: &Mix) -> OperationKind {
    if draw < mix.read {
        OperationKind::Get
    } else if draw < mix.read + mix.write {
        OperationKind::Put
    } else if draw < mix.read + mix.write + mix.cas {
        OperationKind::Cas
    } else {
        OperationKind::Delete
    }
}

/// Unique in the plan, and not zero: the client and how many operations it had planned before.
fn value_of(client: u32, nth: usize, kind: OperationKind) -> u64 {
    match kind {
        OperationKind::Get | OperationKind::Delete => 0,
        OperationKind::Put | OperationKind::Cas => (u64::from(client) + 1) << 32 | (nth as u64 + 1),
    }
}

/// A fault of the file under a seed: only a jump of either way is open.
fn resolve(spec: &FaultSpec, nth: usize, seed: u64) -> Fault {
    let mut fault = spec.fault.clone();
    if let FaultKind::Clock { how: ClockFault::Jump { by }, .. } = &mut fault.what
        && spec.either_way
        && Stream::new(seed, &format!("fault/{nth}")).below(2) == 1
    {
        *by = -*by;
    }
    fault
}

/// How long a fault lasts; zero if it ends at once or never.
pub(crate) fn length(what: &FaultKind) -> u64 {
    match what {
        FaultKind::Crash { restart_after, .. } => restart_after.unwrap_or(0),
        FaultKind::HandOver { .. } | FaultKind::Rot { .. } => 0,
        FaultKind::Pause { duration, .. }
        | FaultKind::Partition { duration, .. }
        | FaultKind::Cut { duration, .. }
        | FaultKind::Sieve { duration, .. }
        | FaultKind::Weather { duration, .. }
        | FaultKind::SlowDisk { duration, .. }
        | FaultKind::FailDisk { duration, .. } => *duration,
        FaultKind::Clock { how, .. } => match how {
            ClockFault::Jump { .. } => 0,
            ClockFault::Drift { duration, .. } | ClockFault::Freeze { duration } => *duration,
        },
    }
}

/// Whether somebody is named by a role that may have to be awaited.
pub(crate) fn has_role(what: &FaultKind) -> bool {
    let awaited = |who: &[Who]| who.iter().any(|who| matches!(who, Who::Leader | Who::Follower(_)));
    match what {
        FaultKind::Crash { who, .. }
        | FaultKind::Pause { who, .. }
        | FaultKind::Clock { who, .. }
        | FaultKind::SlowDisk { who, .. }
        | FaultKind::FailDisk { who, .. }
        | FaultKind::Rot { who } => awaited(who),
        FaultKind::HandOver { who, to } => awaited(who) || awaited(to.as_slice()),
        FaultKind::Partition { groups, .. } => groups.iter().any(|group| awaited(group)),
        FaultKind::Cut { from, to, .. }
        | FaultKind::Sieve { from, to, .. }
        | FaultKind::Weather { from, to, .. } => awaited(from) || awaited(to),
    }
}
