//! The nemesis: random faults of a scenario's families, drawn from the seed before the run.
//!
//! Swarm style: a seed first draws how many families are on, then which; with everything slightly on, every run looks
//! alike. Each family draws when and what from a stream of its own, in full, and only then are the faults of all
//! families merged in order of time; one that would leave no majority is dropped and shifts no draw.

use sim::plan::{Between, ClockFault, CrashKind, Fault, FaultKind, Who};

use crate::plan::{AWAIT_DETECTIONS, has_role, length};
use crate::scenario::{Family, FamilySpec, NemesisSpec, Scenario};
use crate::stream::Stream;

const MS: u64 = 1_000_000;
/// One random fault in so many strikes whoever leads at the time, as far as its family can.
const LEADER_ONE_IN: u64 = 3;
/// The farthest that a random jump of a wall clock goes.
const JUMP_MAX: i64 = 1_000_000_000;
/// The most that a random drift is off, in parts per billion: one part in a hundred.
const DRIFT_PPB_MAX: i64 = 10_000_000;
/// The slowest random sync.
const SYNC_MAX: u64 = 50 * MS;
/// What random weather adds to latency at most.
const DELAY_MAX: u64 = 20 * MS;
/// How often random weather loses, repeats or reorders at most, in parts per million.
const WEATHER_MAX: u64 = 300_000;

/// The faults that a seed draws, in order of time. `explicit` are those of the file: they take nodes down, too.
pub(crate) fn draw(scenario: &Scenario, spec: &NemesisSpec, explicit: &[Fault], seed: u64) -> Vec<Fault> {
    let mut candidates: Vec<Fault> =
        chosen(spec, seed).into_iter().flat_map(|family| faults_of(scenario, spec, family, seed)).collect();
    candidates.sort_by_key(|fault| fault.at);
    if spec.allow_majority {
        return candidates;
    }
    let mut downs: Vec<Down> = explicit.iter().filter_map(|fault| down(fault, scenario)).collect();
    candidates.retain(|fault| spares_a_majority(fault, scenario, &mut downs));
    candidates
}

/// The families that are on.
fn chosen(spec: &NemesisSpec, seed: u64) -> Vec<&FamilySpec> {
    if !spec.swarm {
        return spec.families.iter().collect();
    }
    let mut stream = Stream::new(seed, "nemesis/swarm");
    let count = stream.between(1, spec.families.len() as u64) as usize;
    let mut which = stream.shuffled(spec.families.len());
    which.truncate(count);
    which.sort_unstable();
    which.into_iter().map(|index| &spec.families[index]).collect()
}

/// A family's faults: as many as its rate makes of the window, one more or not by chance, each anywhere in the window.
fn faults_of(scenario: &Scenario, spec: &NemesisSpec, family: &FamilySpec, seed: u64) -> Vec<Fault> {
    /// Thousandths of a minute, in nanoseconds.
    const UNIT: u64 = 60_000 * 1_000_000_000;
    let mut stream = Stream::new(seed, &format!("nemesis/{}", family.family.name()));
    let expected = u128::from(family.rate) * u128::from(spec.until - spec.from);
    let (sure, left) = ((expected / u128::from(UNIT)) as u64, (expected % u128::from(UNIT)) as u64);
    let count = sure + u64::from(stream.below(UNIT) < left);
    (0..count)
        .map(|_| {
            let at = spec.from + stream.below(spec.until - spec.from);
            let what = what(family, scenario.nodes, &mut stream);
            Fault { at, what, explicit: false }
        })
        .collect()
}

fn what(family: &FamilySpec, nodes: u8, stream: &mut Stream) -> FaultKind {
    let duration = stream.between(family.duration.from.max(1), family.duration.to.max(1));
    let who = vec![somebody(nodes, stream)];
    let crash = |kind| FaultKind::Crash { who: who.clone(), kind, restart_after: Some(duration) };
    match family.family {
        Family::Crash => crash(CrashKind::Process),
        Family::Power => crash(CrashKind::Power),
        Family::Wipe => crash(CrashKind::Wipe),
        Family::Pause => FaultKind::Pause { who, duration },
        Family::Partition => partition(nodes, duration, stream),
        Family::OneWay => {
            let to = vec![if stream.below(2) == 0 { Who::Rest } else { other(nodes, &who, stream) }];
            FaultKind::Cut { from: who, to, both_ways: false, duration }
        }
        Family::Weather => weather(who, duration, stream),
        Family::Clock => FaultKind::Clock { who, how: clock(duration, stream) },
        Family::Disk => {
            let to = stream.between(MS, SYNC_MAX);
            FaultKind::SlowDisk { who, sync: Between { from: to / 4, to }, duration }
        }
        Family::DiskError => FaultKind::FailDisk { who, duration },
        Family::HandOver => {
            // Whoever leads is asked; every other time, to give way to somebody named.
            let to = (stream.below(2) == 0).then_some(Who::Follower(stream.below(u64::from(nodes)) as u8));
            FaultKind::HandOver { who: vec![Who::Leader], to: to.filter(|_| 1 < nodes) }
        }
    }
}

/// Whoever leads, or a node.
fn somebody(nodes: u8, stream: &mut Stream) -> Who {
    let (role, node) = (stream.below(LEADER_ONE_IN), stream.below(u64::from(nodes)) as u8);
    if role == 0 { Who::Leader } else { Who::Node(node) }
}

/// A node that is not the one in `who`, if there is another.
fn other(nodes: u8, who: &[Who], stream: &mut Stream) -> Who {
    match who {
        [Who::Node(node)] if 1 < nodes => {
            Who::Node((node + 1 + stream.below(u64::from(nodes) - 1) as u8) % nodes)
        }
        _ => Who::Rest,
    }
}

/// A minority without the rest; clients hear both sides, or the rest only.
fn partition(nodes: u8, duration: u64, stream: &mut Stream) -> FaultKind {
    let most = u64::from((nodes.max(1) - 1) / 2).max(1);
    let size = stream.between(1, most) as usize;
    let order = stream.shuffled(usize::from(nodes));
    let leader = stream.below(LEADER_ONE_IN) == 0;
    let minority = match leader {
        true => vec![Who::Leader],
        false => order[..size].iter().map(|&node| Who::Node(node as u8)).collect(),
    };
    let rest = if stream.below(2) == 0 { vec![Who::Rest] } else { vec![Who::Rest, Who::Clients] };
    FaultKind::Partition { groups: vec![minority, rest], duration }
}

/// Weather around one node or everywhere, of one sort or several.
fn weather(who: Vec<Who>, duration: u64, stream: &mut Stream) -> FaultKind {
    let sorts = stream.between(1, 15);
    let mut often = |sort: u64| {
        let ppm = stream.between(1_000, WEATHER_MAX) as u32;
        (sorts & sort != 0).then_some(ppm)
    };
    let (loss, duplicate, reorder) = (often(1), often(2), often(4));
    let delay = stream.between(MS, DELAY_MAX);
    let from = if stream.below(2) == 0 { Vec::new() } else { who };
    let delay = if sorts & 8 != 0 { delay } else { 0 };
    FaultKind::Weather { from, to: Vec::new(), loss, duplicate, reorder, delay, duration }
}

fn clock(duration: u64, stream: &mut Stream) -> ClockFault {
    let (how, by, ppb) = (stream.below(3), stream.either_side(JUMP_MAX), stream.either_side(DRIFT_PPB_MAX));
    match how {
        0 => ClockFault::Jump { by },
        1 => ClockFault::Drift { ppb, duration },
        _ => ClockFault::Freeze { duration },
    }
}

/// Who is down or cut off, and from when to when.
#[derive(Clone)]
struct Down {
    from: u64,
    to: u64,
    who: Vec<Who>,
}

/// Whom a fault takes down or cuts off; none if it does neither. A role may be somebody else than any node named, and
/// may have to be awaited; so it counts as one more, and for as long as it may be awaited.
fn down(fault: &Fault, scenario: &Scenario) -> Option<Down> {
    let who = match &fault.what {
        FaultKind::Crash { who, .. } | FaultKind::Pause { who, .. } => who.clone(),
        // Who stops for its disk is down; who finds damage on it is nobody from its next start on.
        FaultKind::FailDisk { who, .. } | FaultKind::Rot { who } => who.clone(),
        FaultKind::Cut { from, .. } | FaultKind::Sieve { from, .. } => from.clone(),
        // The side with the rest goes on; without one, the first group is the large one by guess.
        FaultKind::Partition { groups, .. } => {
            groups.iter().filter(|group| !group.contains(&Who::Rest)).flatten().copied().collect()
        }
        FaultKind::Weather { .. } | FaultKind::Clock { .. } => return None,
        FaultKind::SlowDisk { .. } | FaultKind::HandOver { .. } => return None,
    };
    let awaited = if has_role(&fault.what) { AWAIT_DETECTIONS * scenario.detection } else { 0 };
    let for_good = match &fault.what {
        FaultKind::Crash { kind, restart_after, .. } => *kind == CrashKind::Wipe || restart_after.is_none(),
        FaultKind::Rot { .. } => true,
        _ => false,
    };
    // One more detection: who comes back must first be heard.
    let back = fault.at + awaited + length(&fault.what) + scenario.detection;
    Some(Down { from: fault.at, to: if for_good { u64::MAX } else { back }, who })
}

/// Whether at most a minority is down at every moment with this fault; then it is noted.
fn spares_a_majority(fault: &Fault, scenario: &Scenario, downs: &mut Vec<Down>) -> bool {
    let Some(new) = down(fault, scenario) else { return true };
    let voters = scenario.nodes - scenario.learners;
    let minority = usize::from((voters - 1) / 2);
    // The number of nodes down only rises where somebody goes down.
    let overlapping: Vec<&Down> = downs.iter().filter(|old| old.from < new.to && new.from < old.to).collect();
    let starts = overlapping.iter().map(|old| old.from.max(new.from)).chain([new.from]);
    let spared = starts.into_iter().all(|at| {
        let on = overlapping.iter().copied().chain([&new]).filter(|down| down.from <= at && at < down.to);
        count(on, voters) <= minority
    });
    if spared {
        downs.push(new);
    }
    spared
}

/// How many voters these are at most: a node once, a role each time.
fn count<'a>(downs: impl Iterator<Item = &'a Down>, voters: u8) -> usize {
    let mut named = 0u64;
    let mut roles = 0;
    for who in downs.flat_map(|down| &down.who) {
        match who {
            Who::Node(node) if voters <= *node => {}
            Who::Node(node) => named |= 1 << node,
            Who::Leader | Who::Follower(_) => roles += 1,
            Who::All | Who::Rest => return usize::from(voters),
            Who::Clients => {}
        }
    }
    named.count_ones() as usize + roles
}
