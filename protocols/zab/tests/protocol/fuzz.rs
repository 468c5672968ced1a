//! Seeded fuzz: short runs under delays, spikes, one-way cuts, kills, power losses and pauses, then everything heals
//! and the cluster must converge.

use replica::{NodeId, ReadMode, Rules};

use crate::cluster::{DETECTION, MS, Random, Weather, World, knobs};

/// How a run is biased.
#[derive(Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) nodes: (u64, u64),
    pub(crate) actions: (u64, u64),
    /// The longest pause between two actions.
    pub(crate) calm: u64,
    /// Whether every disk is slow at times.
    pub(crate) slow_disks: bool,
    pub(crate) counter_max: &'static str,
    /// Whether servers take snapshots and some of them observe.
    pub(crate) full: bool,
    pub(crate) reads: &'static str,
    /// By how much clocks drift, in parts per million of real time, either way.
    pub(crate) drift_ppm: u64,
    /// Whether links are datagram links.
    pub(crate) datagrams: bool,
}

pub(crate) const BROAD: Profile = Profile {
    nodes: (1, 7),
    actions: (10, 60),
    calm: 2 * DETECTION,
    slow_disks: false,
    counter_max: "4294967295",
    full: false,
    reads: "quorum",
    drift_ppm: 1000,
    datagrams: false,
};

/// Everything on: snapshots, small windows, observers.
pub(crate) const FULL: Profile = Profile { nodes: (2, 6), full: true, ..BROAD };

pub(crate) fn run(seed: u64, rules: Rules, profile: Profile) -> World {
    let mut random = Random::new(seed ^ 0x5eed);
    let n = random.between(profile.nodes.0, profile.nodes.1) as usize;
    let weather = Weather {
        latency: (MS / 10, random.between(MS / 5, 10 * MS)),
        spike: random.between(1, 2 * DETECTION),
        spikes_per_mille: random.below(30),
        sync: (MS / 10, if profile.slow_disks || random.percent(20) { 200 * MS } else { 3 * MS }),
        datagrams: profile.datagrams,
    };
    let (mut observers, mut every) = (0, 0);
    let mut settings = vec![("counter_max", profile.counter_max), ("reads", profile.reads)];
    if profile.full {
        observers = random.below((n as u64).min(3)) as usize;
        every = random.between(1, 12);
        settings.push(("trailing", ["0", "1", "5"][random.below(3) as usize]));
        settings.push(("chunk", ["16", "40", "65536"][random.below(3) as usize]));
        settings.push(("sync_window", ["1", "4"][random.below(2) as usize]));
        settings.push(("always_snap", ["true", "false"][random.below(2) as usize]));
        settings.push(("propose_twice", ["true", "false"][random.below(2) as usize]));
    }
    let mut world = World::with_observers(n, observers, seed, weather, &knobs(rules, &settings));
    world.snapshot_every = every;
    if profile.reads == "lease" {
        for node in world.all() {
            let from_slowest = random.below(2 * profile.drift_ppm + 1) as i64;
            world.drift(node, from_slowest - profile.drift_ppm as i64);
        }
    }
    for _ in 0..random.between(profile.actions.0, profile.actions.1) {
        act(&mut world, &mut random, profile);
        if !world.verdict().is_empty() {
            return world;
        }
    }
    world.converge(60 * DETECTION);
    world
}

fn someone(world: &World, random: &mut Random) -> NodeId {
    match world.leader() {
        Some(leader) if random.percent(50) => leader,
        _ => NodeId(random.below(world.len() as u64) as u8),
    }
}

fn act(world: &mut World, random: &mut Random, profile: Profile) {
    let node = someone(world, random);
    let peer = NodeId(random.below(world.len() as u64) as u8);
    match random.below(20) {
        0 => world.kill(node, false),
        1 => world.kill(node, true),
        2 => {
            let power = random.percent(70);
            for node in world.all() {
                if random.percent(80) {
                    world.kill(node, power);
                }
            }
        }
        3..=6 => {
            for node in world.all() {
                if !world.is_running(node) && random.percent(60) {
                    world.boot(node);
                }
            }
        }
        7 if node != peer => world.cut(node, peer),
        8 if node != peer => world.cut_both(node, peer),
        9 => world.isolate(node),
        10..=12 => world.heal(),
        13 => {
            let span = random.below(3 * DETECTION);
            world.pause(node, span);
        }
        14 if profile.full => {
            let to = (peer != node).then_some(peer);
            world.hand_over(node, to);
        }
        _ => {
            for _ in 0..random.between(1, 6) {
                let node = someone(world, random);
                world.propose(node);
            }
        }
    }
    for _ in 0..random.below(4) {
        let node = someone(world, random);
        let mode = if random.percent(70) { ReadMode::Linearizable } else { ReadMode::Sync };
        world.read(node, mode);
        let wait = random.below(20 * MS);
        world.run_for(wait);
    }
    let wait = if random.percent(50) { random.below(20 * MS) } else { random.below(profile.calm) };
    world.run_for(wait);
}

/// Runs seeds and reports the first that finds something.
pub(crate) fn sweep(
    seeds: std::ops::Range<u64>,
    rules: Rules,
    profile: Profile,
) -> Result<(u64, Vec<u64>), String> {
    let mut gates = 0;
    let mut observed = vec![0; zab_invariants()];
    for seed in seeds {
        let world = run(seed, rules, profile);
        let verdict = world.verdict();
        if !verdict.is_empty() {
            return Err(format!("seed {seed}: {verdict:#?}"));
        }
        gates |= world.all_gates();
        for (all, one) in observed.iter_mut().zip(&world.findings.observed) {
            *all += one;
        }
    }
    Ok((gates, observed))
}

fn zab_invariants() -> usize {
    <zab::Judge as replica::Observe<zab::Zab>>::INVARIANTS.len()
}

fn seeds_from_environment(default: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("ZAB_FIRST").unwrap_or(0);
    first..first + number("ZAB_SEEDS").unwrap_or(default)
}

#[test]
fn any_seed_is_safe_and_converges() {
    let (gates, observed) = sweep(seeds_from_environment(250), Rules::ALL, BROAD).unwrap();
    println!("gates {gates:b} observed {observed:?}");
    assert!(observed.iter().all(|count| *count > 0), "not checked: {observed:?}");
    for (number, gate) in zab::gates::ALL.iter().enumerate() {
        println!("{} {gate}", if gates >> number & 1 == 1 { "reached" } else { "NOT REACHED" });
    }
}

#[test]
fn snapshots_observers_and_hand_overs_are_safe_and_converge() {
    let (gates, _) = sweep(seeds_from_environment(200), Rules::ALL, FULL).unwrap();
    for (number, gate) in zab::gates::ALL.iter().enumerate() {
        println!("{} {gate}", if gates >> number & 1 == 1 { "reached" } else { "NOT REACHED" });
    }
}

#[test]
fn reads_by_lease_and_through_the_log_are_linearizable() {
    for reads in ["lease", "log"] {
        sweep(seeds_from_environment(150), Rules::ALL, Profile { reads, nodes: (3, 5), ..FULL }).unwrap();
    }
}

#[test]
fn a_small_counter_makes_new_epochs_and_loses_nothing() {
    let profile = Profile { counter_max: "3", ..BROAD };
    sweep(seeds_from_environment(60), Rules::ALL, profile).unwrap();
}
