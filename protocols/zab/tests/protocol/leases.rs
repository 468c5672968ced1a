//! Leases: a leader is cut off and goes on answering reads from its lease, while the others elect another and write.
//! The danger: it answers what was overwritten.

use replica::{NodeId, ReadMode, RuleBit, Rules};
use zab::{gates, rules};

use crate::cluster::{DETECTION, MS, Weather, World, knobs};

/// What may be different from a calm day.
#[derive(Clone, Copy)]
struct Day {
    /// The bound that the configuration states, and how far clocks really drift, the leader's slow, the others' fast.
    bound: &'static str,
    drift_ppm: i64,
    /// Whether the followers restart as soon as the leader is cut off.
    restarts: bool,
    /// The longest that a message may take at times.
    spike: u64,
}

const CALM: Day = Day { bound: "1000", drift_ppm: 0, restarts: false, spike: 0 };

fn run(seed: u64, rules: Rules, reads: &str, day: Day) -> World {
    let spikes_per_mille = if day.spike > 0 { 200 } else { 0 };
    let weather = Weather { spike: day.spike, spikes_per_mille, ..Weather::CALM };
    let settings = [("reads", reads), ("lease_drift_ppm", day.bound)];
    let mut world = World::new(3, seed, weather, &knobs(rules, &settings));
    for node in world.all() {
        world.drift(node, if node == NodeId(2) { -day.drift_ppm } else { day.drift_ppm });
    }
    world.run_for(3 * DETECTION + seed % 7 * 9 * MS);
    let Some(old) = world.leader() else { return world };
    world.propose(old);
    world.run_for(40 * MS);
    world.isolate(old);
    for node in world.all().filter(|node| *node != old && day.restarts) {
        world.kill(node, false);
        world.boot(node);
    }
    for _ in 0..400 {
        world.run_for(MS);
        if let Some(new) = world.leader().filter(|new| *new != old) {
            world.propose(new);
        }
        world.read(old, ReadMode::Linearizable);
    }
    world
}

/// On how many of the seeds a stale read was seen, and whether one was answered by lease at all.
fn stale(seeds: u64, rules: Rules, reads: &str, day: Day) -> (usize, bool) {
    let runs: Vec<World> = (0..seeds).map(|seed| run(seed, rules, reads, day)).collect();
    for world in &runs {
        let other = world.verdict().into_iter().find(|found| !found.contains("answers a read"));
        assert_eq!(other, None, "only reads go wrong");
    }
    let leases = runs.iter().any(|world| world.all_gates() >> gates::LEASE_READ & 1 == 1);
    (runs.iter().filter(|world| !world.problems.is_empty()).count(), leases)
}

fn shows(left_out: RuleBit, seeds: u64, day: Day) {
    assert_eq!(stale(seeds, Rules::ALL, "lease", day), (0, true), "with every rule");
    let (count, _) = stale(seeds, Rules::ALL.without(left_out), "lease", day);
    assert!(0 < count, "left out, no read is stale");
}

#[test]
fn who_granted_a_lease_keeps_out_of_elections_until_it_is_over() {
    // zab/lease-promise: ours; Paxos Made Live, section 5.2.
    shows(rules::LEASE_PROMISE, 40, CALM);
}

#[test]
fn who_restarts_waits_for_a_lease_that_it_may_have_granted() {
    // zab/lease-restart: ours; Gray and Cheriton (SOSP 1989).
    shows(rules::LEASE_RESTART, 20, Day { restarts: true, ..CALM });
}

#[test]
fn a_lease_is_used_for_less_than_was_granted_by_what_clocks_may_drift() {
    // zab/lease-drift: ours; Raft's thesis, section 6.4.1. Clocks drift as much as the configuration says they may.
    shows(rules::LEASE_DRIFT, 40, Day { bound: "100000", drift_ppm: 100_000, ..CALM });
}

#[test]
fn a_lease_begins_when_the_ping_was_sent() {
    // zab/lease-from-send: ours; Gray and Cheriton (SOSP 1989). Answers are late at times.
    shows(rules::LEASE_FROM_SEND, 60, Day { spike: 250 * MS, ..CALM });
}

/// Clocks drift a hundred times as much as the configuration says. Danger: there is no further margin, so reads by
/// lease are stale. Reads that a quorum confirms, or that go through the log, depend on no clock.
#[test]
fn beyond_the_stated_drift_only_reads_by_lease_are_stale() {
    let wild = Day { drift_ppm: 100_000, ..CALM };
    assert!(0 < stale(40, Rules::ALL, "lease", wild).0);
    for reads in ["quorum", "log"] {
        assert_eq!(stale(40, Rules::ALL, reads, wild), (0, false), "{reads}");
    }
}
