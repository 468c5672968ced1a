//! Random weather, crashes and clients from a seed, then healing: safety all along, liveness at the end.

use replica::{Link, NodeId};

use crate::cluster::{DETECTION, MS, Options, Rng, World};

/// A run's options from its seed: sizes, links, weather and windows vary together.
pub fn options(seed: u64) -> Options {
    let mut rng = Rng::new(seed ^ 0x5eed);
    let nodes = [1, 2, 3, 3, 3, 4, 5, 5, 7][rng.below(9) as usize];
    let mut options = Options::calm(nodes);
    if rng.chance(500) {
        options.link = Link::Datagram;
        options.loss = [0, 5, 50, 200][rng.below(4) as usize];
        options.dup = [0, 10, 100][rng.below(3) as usize];
    }
    options.latency = [(100, 300), (200, 5_000), (1_000, 30_000)][rng.below(3) as usize];
    options.sync = [(0, 0), (100, 1_000), (1_000, 20_000)][rng.below(3) as usize];
    let mut rng = Rng::new(seed ^ 0xfea7);
    if rng.chance(500) {
        options.settings.push(("pre_vote", "on"));
    }
    if rng.chance(500) {
        options.settings.push(("check_quorum", "on"));
    }
    if rng.chance(400) {
        options.settings.push(("follower_reads", "on"));
    }
    match rng.below(4) {
        0 => options.settings.push(("reads", "log")),
        1 => options.settings.push(("reads", "lease")),
        _ => {}
    }
    if rng.chance(300) {
        options.settings.push(("priorities", "n0:1,n1:2"));
    }
    if 3 < nodes && rng.chance(500) {
        options.learners = 1;
    }
    if rng.chance(600) {
        options.snapshot_every = [3, 10, 40][rng.below(3) as usize];
        options.settings.push(("trailing", ["0", "2", "20"][rng.below(3) as usize]));
        options.settings.push(("chunk", ["64", "100", "65536"][rng.below(3) as usize]));
    }
    let mut rng = Rng::new(seed ^ 0x517e);
    if rng.chance(400) {
        options.settings.extend([("append_max", "1"), ("inflight_max", "2")]);
    } else if rng.chance(300) {
        options.settings.extend([("append_max", "3"), ("inflight_max", "1"), ("deliver_max", "2")]);
    }
    options
}

/// How often, per mille of the acts, each thing happens.
#[derive(Clone, Copy)]
pub struct Acts {
    pub propose: u64,
    pub read: u64,
    pub kill: u64,
    pub power: u64,
    pub cut: u64,
    pub heal: u64,
    pub pause: u64,
    pub sever: u64,
    pub hand_over: u64,
}

pub const ACTS: Acts = Acts {
    propose: 500,
    read: 100,
    kill: 20,
    power: 25,
    cut: 30,
    heal: 20,
    pause: 20,
    sever: 20,
    hand_over: 10,
};

/// One run.
pub fn run(options: Options, acts: Acts, seed: u64, tracing: bool) -> World {
    let mut rng = Rng::new(seed ^ 0xac75);
    let mut world = World::traced(options, seed, tracing);
    let nodes = world.hosts.len() as u64;
    let any = |rng: &mut Rng| NodeId(rng.below(nodes) as u8);
    let end = world.net.now + (10 + rng.below(20)) * DETECTION.0;
    while world.net.now < end {
        world.run_for(rng.below(8 * MS));
        let mut act = rng.below(1000);
        let mut is = |share: u64| {
            let hit = act < share;
            act = if hit { u64::MAX } else { act - share.min(act) };
            hit
        };
        if is(acts.propose) {
            // A server forwards to whom its replica names; a cut-off leader has clients of its own.
            let node = if rng.chance(700) { world.leader().unwrap_or(any(&mut rng)) } else { any(&mut rng) };
            for _ in 0..=rng.below(4) {
                world.propose(node);
            }
        } else if is(acts.read) {
            let node = any(&mut rng);
            world.read(node);
            if let Some(leader) = world.leader() {
                world.read(leader);
            }
        } else if is(acts.kill) {
            let node = any(&mut rng);
            world.crash(node, false);
        } else if is(acts.power) {
            if rng.chance(150) {
                for node in world.nodes() {
                    world.crash(node, true);
                }
            } else {
                let node = world.leader().filter(|_| rng.chance(500)).unwrap_or(any(&mut rng));
                world.crash(node, true);
            }
        } else if is(acts.cut) {
            match rng.below(3) {
                0 => {
                    let node = world.leader().filter(|_| rng.chance(600)).unwrap_or(any(&mut rng));
                    world.cut_off(node);
                }
                _ => {
                    let (from, to) = (any(&mut rng), any(&mut rng));
                    if from != to {
                        world.cut(from, to);
                    }
                }
            }
        } else if is(acts.heal) {
            world.net.cuts.clear();
        } else if is(acts.pause) {
            let node = any(&mut rng);
            let span = rng.below(3 * DETECTION.0);
            world.pause(node, span);
        } else if is(acts.hand_over) {
            if let Some(leader) = world.leader() {
                let to = any(&mut rng);
                world.hand_over(leader, rng.chance(600).then_some(to));
            }
        } else if is(acts.sever) && world.net.options.link == Link::Session {
            let (a, b) = (any(&mut rng), any(&mut rng));
            if a != b {
                world.break_session(a, b);
            }
        }
        for node in world.nodes() {
            if !world.is_up(node) && rng.chance(60) {
                world.start(node);
            }
        }
    }
    world.must_serve();
    world
}

fn sweep(seeds: std::ops::Range<u64>) -> u64 {
    let mut gates = 0;
    let mut observed = vec![0; <raft::RaftInvariants as replica::Observe<raft::Raft>>::INVARIANTS.len()];
    let mut claims = 0;
    for seed in seeds {
        let world = run(options(seed), ACTS, seed, false);
        world.demand_clean(&format!("seed {seed}"));
        gates |= world.all_gates();
        claims += world.net.claims_checked;
        for (sum, count) in observed.iter_mut().zip(&world.net.findings.observed) {
            *sum += count;
        }
    }
    assert!(0 < claims);
    assert!(observed.iter().all(|count| 0 < *count), "an invariant was never checked: {observed:?}");
    gates
}

/// Any fault at any time, any size and kind of link. Nothing that was delivered may change, and the healed cluster
/// must serve.
#[test]
fn random_faults_keep_one_log_and_heal() {
    let gates = sweep(0..300);
    for (gate, name) in raft::gates::ALL.iter().enumerate() {
        assert!(gates >> gate & 1 == 1, "never reached: {name}");
    }
}

/// The same, by hand: `RAFT_SEEDS=0..10000 cargo test -p quorate-raft --release -- --ignored`.
#[test]
#[ignore = "by hand, for many seeds"]
fn many_seeds() {
    let text = std::env::var("RAFT_SEEDS").unwrap_or_else(|_| "0..10000".into());
    let (from, to) = text.split_once("..").unwrap();
    sweep(from.parse().unwrap()..to.parse().unwrap());
}

/// One seed in words: `RAFT_SEED=7 cargo test -p quorate-raft one_seed -- --ignored --nocapture`.
#[test]
#[ignore = "by hand, to see what happened"]
fn one_seed() {
    let seed = std::env::var("RAFT_SEED").unwrap_or_else(|_| "0".into()).parse().unwrap();
    run(options(seed), ACTS, seed, true).demand_clean("the seed");
}
