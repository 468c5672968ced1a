//! Faults: whom they mean when they fire, what they do to machines, links and clocks, and what they touched.

use std::fmt::Write;

use replica::{NodeId, NodeSet, Observe, Replica, Role, Service};

use super::links::Weather;
use super::machine::Down;
use super::{Happening, Net, World};
use crate::clients::Clients;
use crate::outcome::FaultReport;
use crate::plan::{ClockFault, CrashKind, Fault, FaultKind, Who};
use crate::queue::Class;
use crate::trace::TraceKind;

/// A role that nobody holds is awaited for so many detections.
const DETECTIONS_AWAITED: u64 = 10;
/// How often in a detection an awaited role is looked for.
const LOOKS_A_DETECTION: u64 = 4;

/// A fault of the plan as a run goes on.
#[derive(Clone)]
pub(super) struct FaultState {
    pub(super) report: FaultReport,
    phase: Phase,
    /// How often its role was looked for in vain.
    looked: u64,
    /// What it has done and must undo.
    done: Vec<Undo>,
    /// Restarts still to come.
    restarts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Planned,
    On,
    Over,
}

#[derive(Clone, Copy)]
enum Undo {
    Link(NodeId, NodeId),
    ClientLink(NodeId),
    Sieve(NodeId, NodeId),
    Weather(NodeId, NodeId),
    Pause(NodeId),
    Drift(NodeId),
    Freeze(NodeId),
    Disk(NodeId),
    Failing(NodeId),
}

impl FaultState {
    pub(super) fn new(fault: &Fault) -> FaultState {
        let report = FaultReport {
            at: fault.at,
            what: describe(&fault.what),
            explicit: fault.explicit,
            who: String::new(),
            messages: 0,
            timers: 0,
            writes: 0,
            operations: 0,
            processes: 0,
        };
        FaultState { report, phase: Phase::Planned, looked: 0, done: Vec::new(), restarts: 0 }
    }

    /// Whether nothing of it is still to come.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over && self.restarts == 0
    }

    /// Counts what a paused process does not see yet.
    pub(super) fn touch_held<R: Replica, S: Service>(&mut self, what: &Happening<R, S>) {
        match what {
            Happening::Parcel { .. } | Happening::SessionUp { .. } => self.report.messages += 1,
            Happening::Synced { .. } | Happening::BlobSynced { .. } => self.report.writes += 1,
            Happening::Request { .. } => self.report.operations += 1,
            _ => self.report.timers += 1,
        }
    }
}

impl<R: Replica, S: Service, C: Clients<S>> World<R, S, C> {
    pub(super) fn on_fault(&mut self, index: usize) {
        let plan = self.net.plan.clone();
        let fault = &plan.faults[index];
        let Some(cast) = self.cast(&fault.what) else {
            self.await_role(index);
            return;
        };
        let state = &mut self.net.faults[index];
        state.phase = Phase::On;
        state.report.at = self.net.now;
        state.report.who = cast.words();
        let words = format!("{} {}", state.report.what, state.report.who);
        self.net.cause = self.net.note(None, TraceKind::Fault, "", || words);
        self.net.fingerprint.record([13, index as u64, cast.digest(), 0]);
        let ends_at = self.begin(index, &fault.what, &cast);
        match ends_at {
            Some(at) => self.net.push(at, Class::Fault, index, Happening::FaultEnd { index }),
            None => self.net.faults[index].phase = Phase::Over,
        }
    }

    fn await_role(&mut self, index: usize) {
        let detection = self.net.plan.detection;
        let state = &mut self.net.faults[index];
        state.looked += 1;
        if DETECTIONS_AWAITED * LOOKS_A_DETECTION < state.looked {
            state.phase = Phase::Over;
            state.report.who = "found nobody".into();
            return;
        }
        let again = self.net.now + (detection / LOOKS_A_DETECTION).max(1);
        self.net.push(again, Class::Fault, index, Happening::Fault { index });
    }

    /// Who plays which part, or none if a role is vacant.
    fn cast(&self, what: &FaultKind) -> Option<Cast> {
        let lists: Vec<&[Who]> = match what {
            FaultKind::Crash { who, .. }
            | FaultKind::Pause { who, .. }
            | FaultKind::Clock { who, .. }
            | FaultKind::SlowDisk { who, .. }
            | FaultKind::FailDisk { who, .. }
            | FaultKind::Rot { who } => vec![who],
            FaultKind::HandOver { who, to } => vec![who, to.as_slice()],
            FaultKind::Cut { from, to, .. }
            | FaultKind::Sieve { from, to, .. }
            | FaultKind::Weather { from, to, .. } => vec![from, to],
            FaultKind::Partition { groups, .. } => groups.iter().map(Vec::as_slice).collect(),
        };
        let all = NodeSet::first(self.nodes.len());
        let mut cast = Cast::default();
        for list in &lists {
            let mut part = Part::default();
            for who in *list {
                match *who {
                    Who::Node(node) => part.nodes = part.nodes.with(NodeId(node)),
                    Who::Leader => part.nodes = part.nodes.with(self.leader()?),
                    Who::Follower(nth) => part.nodes = part.nodes.with(self.follower(nth)?),
                    Who::All => part.nodes = all,
                    Who::Rest => part.rest = true,
                    Who::Clients => part.clients = true,
                }
            }
            cast.parts.push(part);
        }
        let named = cast.parts.iter().fold(NodeSet::EMPTY, |named, part| NodeSet(named.0 | part.nodes.0));
        for part in cast.parts.iter_mut().filter(|part| part.rest) {
            part.nodes = NodeSet(part.nodes.0 | (all.0 & !named.0));
        }
        if let FaultKind::Weather { from, to, .. } = what {
            for (part, list) in cast.parts.iter_mut().zip([from, to]) {
                if list.is_empty() {
                    part.nodes = all;
                }
            }
        }
        Some(cast)
    }

    /// The leader of the highest round.
    fn leader(&self) -> Option<NodeId> {
        let running = self.net.nodes().filter_map(|node| Some((node, self.replica(node)?.status())));
        let leaders = running.filter(|(_, status)| status.role == Role::Leader);
        leaders.max_by_key(|&(node, status)| (status.round, node)).map(|(node, _)| node)
    }

    /// The `nth` of the running voters that do not lead.
    fn follower(&self, nth: u8) -> Option<NodeId> {
        let leader = self.leader();
        let voters = self.net.plan.nodes - self.net.plan.learners;
        let followers: Vec<NodeId> = (0..voters)
            .map(NodeId)
            .filter(|&node| self.net.machines[node.index()].is_live() && Some(node) != leader)
            .collect();
        (!followers.is_empty()).then(|| followers[usize::from(nth) % followers.len()])
    }

    /// Begins a fault; when it ends, if it does.
    fn begin(&mut self, index: usize, what: &FaultKind, cast: &Cast) -> Option<u64> {
        let now = self.net.now;
        let nodes = || cast.parts[0].nodes.iter();
        match what {
            FaultKind::Crash { kind, restart_after, .. } => {
                for node in nodes() {
                    self.crash(index, node, *kind, *restart_after);
                }
                None
            }
            FaultKind::Pause { duration, .. } => {
                for node in nodes() {
                    self.net.pause(index, node);
                }
                Some(now + duration)
            }
            FaultKind::Partition { duration, .. } => {
                for (i, a) in cast.parts.iter().enumerate() {
                    for (j, b) in cast.parts.iter().enumerate() {
                        if i != j {
                            self.net.cut_all(index, a, b);
                        }
                    }
                }
                Some(now + duration)
            }
            FaultKind::Cut { both_ways, duration, .. } => {
                self.net.cut_all(index, &cast.parts[0], &cast.parts[1]);
                if *both_ways {
                    self.net.cut_all(index, &cast.parts[1], &cast.parts[0]);
                }
                Some(now + duration)
            }
            FaultKind::Sieve { duration, .. } => {
                self.net.begin_sieve(index, cast.parts[0].nodes, cast.parts[1].nodes);
                Some(now + duration)
            }
            FaultKind::Weather { duration, .. } => {
                self.net.begin_weather(index, cast.parts[0].nodes, cast.parts[1].nodes);
                Some(now + duration)
            }
            FaultKind::Clock { how, .. } => {
                nodes().filter_map(|node| self.net.upset_clock(index, node, *how)).max()
            }
            FaultKind::FailDisk { duration, .. } => {
                for node in nodes() {
                    self.net.machines[node.index()].failing.push((index, now + duration));
                    self.net.faults[index].done.push(Undo::Failing(node));
                }
                Some(now + duration)
            }
            FaultKind::Rot { .. } => {
                for node in nodes() {
                    let hit = self.net.machines[node.index()].disk.rot();
                    self.net.faults[index].report.writes += u64::from(hit);
                }
                None
            }
            FaultKind::HandOver { .. } => {
                let to = cast.parts[1].nodes.iter().next();
                for node in nodes() {
                    self.hand_over(index, node, to);
                }
                None
            }
            FaultKind::SlowDisk { sync, duration, .. } => {
                for node in nodes() {
                    let machine = &mut self.net.machines[node.index()];
                    machine.slowed_by.push((index, *sync));
                    machine.sync = *sync;
                    self.net.faults[index].done.push(Undo::Disk(node));
                }
                Some(now + duration)
            }
        }
    }

    /// Asks a node to hand its office over. It touches a process if the node leads.
    fn hand_over(&mut self, index: usize, node: NodeId, to: Option<NodeId>) {
        if !self.net.machines[node.index()].is_live() {
            return;
        }
        let leads = self.replica(node).is_some_and(|replica| replica.status().role == Role::Leader);
        self.net.faults[index].report.processes += u64::from(leads);
        self.with_host(node, |host, now, seat| host.hand_over(now, to, seat));
        self.settle(node);
    }

    /// A sync has failed: the process stops, and what it had not synced is gone. It starts again when the fault is over.
    pub(super) fn stop_for_disk(&mut self, index: usize, node: NodeId, until: u64) {
        self.crash(index, node, CrashKind::Power, Some(until.saturating_sub(self.net.now) + 1));
    }

    fn crash(&mut self, index: usize, node: NodeId, kind: CrashKind, restart_after: Option<u64>) {
        let net = &mut self.net;
        let machine = &mut net.machines[node.index()];
        let was_running = machine.down.is_none();
        // A machine without power has no kernel that a second fault could leave alive.
        let is_off = machine.down.is_some_and(|down| down.kind != CrashKind::Process);
        if !(is_off && kind == CrashKind::Process) {
            machine.down = Some(Down { kind, by: index });
        }
        machine.holds += 1;
        machine.epoch += 1;
        machine.wake = None;
        machine.backlog.clear();
        machine.inbox.clear();
        machine.paused_by.clear();
        machine.leader_seen = None;
        let lost = match kind {
            CrashKind::Process => {
                machine.disk.lose_process();
                0
            }
            CrashKind::Power => machine.disk.lose_power(),
            CrashKind::Wipe => {
                let held = machine.disk.last().0;
                machine.disk.wipe();
                machine.wiped = true;
                held
            }
        };
        let survived = machine.disk.last();
        net.faults[index].report.writes += lost;
        net.fingerprint.record([u64::from(node.0) << 8 | 14, survived.0, 0, 0]);
        if !net.options.bare && kind == CrashKind::Wipe {
            net.disks.wiped(node);
            net.invariants.wiped(node);
        }
        if was_running {
            let text = || format!("{kind:?}: {lost} records lost");
            net.note_as_cause(node, TraceKind::Crash, text);
            net.meter.ended(net.now, node, net.counters.sent());
            net.faults[index].report.processes += 1;
            net.counters.gates |= self.nodes[node.index()].host.as_ref().map_or(0, replica::Host::gates);
            net.ledger.crashed(node);
            let kernel_lives = kind == CrashKind::Process;
            net.sessions_after_crash(node, kernel_lives);
            net.connections_after_crash(node, kernel_lives);
            self.nodes[node.index()] = super::Node { host: None, service: None };
        }
        if let Some(after) = restart_after {
            net.faults[index].restarts += 1;
            let at = net.now + after;
            net.push(at, Class::Process, node.index(), Happening::Restart { node, by: index });
        }
    }

    /// A fault lets go of a node, which starts again once nothing else holds it down: it is down whenever any of its
    /// crashes says so.
    pub(super) fn on_restart(&mut self, node: NodeId, by: usize) {
        self.net.faults[by].restarts -= 1;
        let machine = &mut self.net.machines[node.index()];
        assert!(machine.down.is_some(), "{node} runs although a fault holds it down");
        machine.holds -= 1;
        if machine.holds == 0 {
            self.boot(node);
        }
    }

    pub(super) fn on_fault_end(&mut self, index: usize) {
        let state = &mut self.net.faults[index];
        state.phase = Phase::Over;
        let words = format!("over: {} {}", state.report.what, state.report.who);
        let undo = std::mem::take(&mut state.done);
        self.net.cause = self.net.note(None, TraceKind::Fault, "", || words);
        for undo in undo {
            match undo {
                Undo::Link(from, to) => self.net.mend_link(index, from, to),
                Undo::ClientLink(node) => {
                    remove(&mut self.net.client_links.cut_by[node.index()], index);
                }
                Undo::Sieve(from, to) => {
                    let place = self.net.link_place(from, to);
                    remove(&mut self.net.links[place].sieved_by, index);
                }
                Undo::Weather(from, to) => self.net.clear_weather(index, from, to),
                Undo::Pause(node) => self.resume(index, node),
                Undo::Drift(node) => self.net.end_drift(index, node),
                Undo::Freeze(node) => {
                    let machine = &mut self.net.machines[node.index()];
                    remove(&mut machine.freezes, index);
                    if machine.freezes.is_empty() {
                        machine.clock.thaw_wall();
                    }
                }
                Undo::Failing(node) => {
                    self.net.machines[node.index()].failing.retain(|&(by, _)| by != index);
                }
                Undo::Disk(node) => {
                    let machine = &mut self.net.machines[node.index()];
                    machine.slowed_by.retain(|&(by, _)| by != index);
                    machine.sync =
                        machine.slowed_by.last().map_or(self.net.plan.disk.sync, |&(_, sync)| sync);
                }
            }
        }
    }

    /// A process goes on: what came meanwhile is handled in a burst, in the order in which it came. A process that
    /// crashed meanwhile does not: another one may run here, or be paused by another fault.
    fn resume(&mut self, index: usize, node: NodeId) {
        let machine = &mut self.net.machines[node.index()];
        if !remove(&mut machine.paused_by, index) || !machine.paused_by.is_empty() {
            return;
        }
        assert!(machine.down.is_none(), "a crash ends every pause");
        for peer in self.net.nodes().filter(|&peer| peer != node) {
            self.net.update_hearing(peer, node);
        }
        let backlog = std::mem::take(&mut self.net.machines[node.index()].backlog);
        for scheduled in backlog {
            self.net.cause = scheduled.cause;
            self.dispatch(scheduled.what);
        }
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Net<R, S, C> {
    fn pause(&mut self, index: usize, node: NodeId) {
        let machine = &mut self.machines[node.index()];
        if machine.down.is_some() {
            return;
        }
        machine.paused_by.push(index);
        self.faults[index].done.push(Undo::Pause(node));
        self.faults[index].report.processes += 1;
        for peer in self.nodes().filter(|&peer| peer != node) {
            self.update_hearing(peer, node);
        }
    }

    /// Cuts every link from a part to another, one way.
    fn cut_all(&mut self, index: usize, from: &Part, to: &Part) {
        for a in from.nodes.iter() {
            for b in to.nodes.iter().filter(|&b| b != a) {
                let place = self.link_place(a, b);
                self.links[place].cut_by.push(index);
                self.faults[index].done.push(Undo::Link(a, b));
                self.update_hearing(b, a);
            }
        }
        // A client's connection needs both ways, so either cuts it.
        if from.clients != to.clients {
            let nodes = if from.clients { to.nodes } else { from.nodes };
            for node in nodes.iter() {
                self.client_links.cut_by[node.index()].push(index);
                self.faults[index].done.push(Undo::ClientLink(node));
            }
        }
    }

    fn mend_link(&mut self, index: usize, from: NodeId, to: NodeId) {
        let place = self.link_place(from, to);
        remove(&mut self.links[place].cut_by, index);
        if self.links[place].cut_by.is_empty() {
            self.resend_stalled(from, to);
            self.update_hearing(to, from);
        }
    }

    fn begin_sieve(&mut self, index: usize, from: NodeSet, to: NodeSet) {
        for a in from.iter() {
            for b in to.iter().filter(|&b| b != a) {
                let place = self.link_place(a, b);
                self.links[place].sieved_by.push(index);
                self.faults[index].done.push(Undo::Sieve(a, b));
            }
        }
    }

    fn begin_weather(&mut self, index: usize, from: NodeSet, to: NodeSet) {
        for a in from.iter() {
            for b in to.iter().filter(|&b| b != a) {
                self.faults[index].done.push(Undo::Weather(a, b));
                let weather = self.weather_of(index, Weather::of(&self.plan.network));
                let place = self.link_place(a, b);
                self.links[place].storms.push(index);
                self.links[place].weather = weather;
            }
        }
    }

    fn weather_of(&self, index: usize, own: Weather) -> Weather {
        let FaultKind::Weather { loss, duplicate, reorder, delay, .. } = &self.plan.faults[index].what else {
            unreachable!("only weather makes weather")
        };
        Weather {
            loss: loss.unwrap_or(own.loss),
            duplicate: duplicate.unwrap_or(own.duplicate),
            reorder: reorder.unwrap_or(own.reorder),
            delay: *delay,
            by: Some(index),
        }
    }

    fn clear_weather(&mut self, index: usize, from: NodeId, to: NodeId) {
        let place = self.link_place(from, to);
        // The newest weather wins; when it ends, older weather that lasts longer is back.
        remove(&mut self.links[place].storms, index);
        let own = Weather::of(&self.plan.network);
        let weather = self.links[place].storms.last().map_or(own, |&older| self.weather_of(older, own));
        self.links[place].weather = weather;
    }

    /// Upsets a clock; when it is to be set right, if it is.
    fn upset_clock(&mut self, index: usize, node: NodeId, how: ClockFault) -> Option<u64> {
        let now = self.now;
        let machine = &mut self.machines[node.index()];
        match how {
            ClockFault::Jump { by } => {
                machine.jumped_by = Some(index);
                machine.clock.jump_wall(now, by);
                None
            }
            ClockFault::Drift { ppb, duration } => {
                machine.drifts.push((index, ppb));
                machine.clock.set_drift(now, ppb);
                self.faults[index].done.push(Undo::Drift(node));
                self.requeue_wake(node);
                Some(now + duration)
            }
            ClockFault::Freeze { duration } => {
                machine.freezes.push(index);
                machine.clock.freeze_wall(now);
                self.faults[index].done.push(Undo::Freeze(node));
                Some(now + duration)
            }
        }
    }

    fn end_drift(&mut self, index: usize, node: NodeId) {
        let machine = &mut self.machines[node.index()];
        machine.drifts.retain(|&(by, _)| by != index);
        let own = self.plan.clocks[node.index()].drift_ppb;
        let drift = machine.drifts.last().map_or(own, |&(_, ppb)| ppb);
        machine.clock.set_drift(self.now, drift);
        self.requeue_wake(node);
    }

    /// The queued wake was computed at the old rate: queue it again at the new one.
    fn requeue_wake(&mut self, node: NodeId) {
        let machine = &mut self.machines[node.index()];
        let Some((deadline, _)) = machine.wake else { return };
        machine.wakes += 1;
        let number = machine.wakes;
        machine.wake = Some((deadline, number));
        let at = machine.clock.when(deadline, self.now);
        self.push(at, Class::Wake, node.index(), Happening::Wake { node, number });
    }

    /// A server stamps an entry: a fault of its wall clock is felt.
    pub(super) fn touch_clock(&mut self, node: NodeId) {
        let machine = &self.machines[node.index()];
        let drift = machine.drifts.last().map(|&(by, _)| by);
        for by in [machine.freezes.last().copied(), drift, machine.jumped_by].into_iter().flatten() {
            self.faults[by].report.operations += 1;
        }
    }
}

/// Takes a fault out of a list of those that are on; false if it is not there.
fn remove(on: &mut Vec<usize>, fault: usize) -> bool {
    let place = on.iter().position(|&other| other == fault);
    place.map(|place| on.remove(place)).is_some()
}

/// Who plays which part in a fault.
#[derive(Default)]
struct Cast {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Default)]
struct Part {
    nodes: NodeSet,
    rest: bool,
    clients: bool,
}

impl Cast {
    fn words(&self) -> String {
        let mut words = String::new();
        for (i, part) in self.parts.iter().enumerate() {
            if part.nodes.is_empty() && !part.clients {
                continue;
            }
            if 0 < i {
                words.push_str(" | ");
            }
            for (j, node) in part.nodes.iter().enumerate() {
                let _ = write!(words, "{}{node}", if j == 0 { "" } else { " " });
            }
            if part.clients {
                words.push_str(" clients");
            }
        }
        words
    }

    fn digest(&self) -> u64 {
        let words = self.parts.iter().map(|part| part.nodes.0 << 1 | u64::from(part.clients));
        words.fold(0, replica::digest::fold)
    }
}

fn describe(what: &FaultKind) -> String {
    match what {
        FaultKind::Crash { kind, restart_after, .. } => {
            let kind = match kind {
                CrashKind::Process => "process kill",
                CrashKind::Power => "power loss",
                CrashKind::Wipe => "wiped disk",
            };
            restart_after
                .map_or(format!("{kind}, for good"), |after| format!("{kind}, back after {}", span(after)))
        }
        FaultKind::Pause { duration, .. } => format!("pause for {}", span(*duration)),
        FaultKind::Partition { duration, .. } => format!("partition for {}", span(*duration)),
        FaultKind::Cut { both_ways: true, duration, .. } => format!("cut both ways for {}", span(*duration)),
        FaultKind::Cut { both_ways: false, duration, .. } => format!("cut one way for {}", span(*duration)),
        FaultKind::Sieve { kinds, entries, duration, .. } => {
            let which = if kinds.is_empty() { "messages".to_owned() } else { kinds.join(", ") };
            let with = if *entries { " with entries" } else { "" };
            format!("cut one way for {which}{with} for {}", span(*duration))
        }
        FaultKind::Weather { loss, duplicate, reorder, delay, duration, .. } => {
            let mut words = String::from("weather:");
            for (name, ppm) in [("loss", loss), ("duplication", duplicate), ("reordering", reorder)] {
                if let Some(ppm) = ppm {
                    let _ = write!(words, " {name} {ppm} ppm,");
                }
            }
            if 0 < *delay {
                let _ = write!(words, " {} later,", span(*delay));
            }
            format!("{words} for {}", span(*duration))
        }
        FaultKind::Clock { how: ClockFault::Jump { by }, .. } => {
            format!("wall clock jumps by {}{}", if *by < 0 { "-" } else { "+" }, span(by.unsigned_abs()))
        }
        FaultKind::Clock { how: ClockFault::Drift { ppb, duration }, .. } => {
            format!("clock off by {} ppm for {}", ppb / 1000, span(*duration))
        }
        FaultKind::Clock { how: ClockFault::Freeze { duration }, .. } => {
            format!("wall clock stands still for {}", span(*duration))
        }
        FaultKind::FailDisk { duration, .. } => format!("syncs fail for {}", span(*duration)),
        FaultKind::Rot { .. } => "a record on disk rots".into(),
        FaultKind::HandOver { to: None, .. } => "asked to hand over".into(),
        FaultKind::HandOver { .. } => "asked to hand over to the last named".into(),
        FaultKind::SlowDisk { sync, duration, .. } => {
            format!("syncs take {} to {} for {}", span(sync.from), span(sync.to), span(*duration))
        }
    }
}

/// A span in its largest unit with at most three decimals, cut off: a drawn duration has more digits than anyone reads.
fn span(nanos: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let (unit, name) = UNITS.into_iter().find(|&(unit, _)| unit <= nanos).unwrap_or((1, "ns"));
    let decimals = format!("{:03}", nanos % unit * 1_000 / unit);
    match decimals.trim_end_matches('0') {
        "" => format!("{}{name}", nanos / unit),
        decimals => format!("{}.{decimals}{name}", nanos / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_shown_as_people_say_them() {
        let shown = [0, 7, 1_500, 250_000_000, 1_219_054_178, 2_000_000_000].map(span);
        assert_eq!(shown, ["0ns", "7ns", "1.5us", "250ms", "1.219s", "2s"]);
    }
}
