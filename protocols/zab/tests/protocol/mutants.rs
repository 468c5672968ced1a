//! Profiles on which rules left out show, and what people run to see which judge catches what.

use replica::{RuleBit, Rules};
use zab::rules;

use crate::cluster::{DETECTION, World};
use crate::fuzz::{BROAD, Profile, run};

/// Small clusters that restart and lose power often: where most mutants show.
pub(crate) const RESTLESS: Profile = Profile {
    nodes: (3, 3),
    actions: (20, 60),
    calm: DETECTION,
    slow_disks: false,
    counter_max: "4294967295",
    full: false,
    reads: "quorum",
    drift_ppm: 1000,
    datagrams: false,
};
/// Snapshots, observers and handing over as well.
pub(crate) const RICH: Profile = Profile { full: true, nodes: (3, 5), ..RESTLESS };
/// Reads by lease.
pub(crate) const LEASES: Profile = Profile { reads: "lease", ..RESTLESS };
/// The same with slow disks, so that what is written stays at risk for long.
pub(crate) const SLOW: Profile = Profile { slow_disks: true, ..RESTLESS };

/// The first seed on which the mutant is caught, and by what.
fn hunt(rules: Rules, profile: Profile, seeds: u64, what: &str) -> Option<(u64, World)> {
    (0..seeds).map(|seed| (seed, run(seed, rules, profile))).find(|(_, world)| {
        let verdict = world.verdict();
        verdict.iter().any(|found| found.contains(what))
    })
}

#[test]
#[ignore = "prints what catches each mutant, for people"]
fn survey() {
    let only = std::env::var("ZAB_RULE").unwrap_or_default();
    let count = std::env::var("ZAB_SEEDS").map_or(400, |text| text.parse().unwrap());
    let datagrams = Profile { datagrams: true, ..RESTLESS };
    for (bit, rule) in rules::ALL.iter().enumerate().filter(|(_, rule)| rule.id.contains(&only)) {
        let profiles = [("broad", BROAD), ("restless", RESTLESS), ("slow", SLOW), ("rich", RICH)];
        for (name, profile) in profiles.into_iter().chain([("leases", LEASES), ("datagrams", datagrams)]) {
            if profile.datagrams && rule.id != "zab/fifo" {
                continue;
            }
            let rules = Rules::ALL.without(RuleBit(bit as u8));
            let mut fired = std::collections::BTreeMap::new();
            let mut first = None;
            for seed in 0..count {
                let Ok(world) = std::panic::catch_unwind(|| run(seed, rules, profile)) else {
                    *fired.entry("panic".to_string()).or_insert(0) += 1;
                    continue;
                };
                if let Some(found) = world.verdict().first() {
                    first.get_or_insert((seed, found.clone()));
                    let key: String = if found.starts_with("zab/") {
                        found.split(':').next().unwrap().into()
                    } else {
                        found.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join(" ")
                    };
                    *fired.entry(key).or_insert(0) += 1;
                }
            }
            println!("{} {name}: {fired:?} first {first:?}", rule.id);
        }
    }
}

/// A gap that a learner would see (the rule that makes none is left out) ends the attempt instead of reaching the log.
#[test]
fn a_gap_ends_the_attempt_and_never_reaches_the_log() {
    let rules = Rules::ALL.without(rules::PROPOSE_TO_SYNCING);
    assert!(hunt(rules, SLOW, 60, "zab/Z9").is_none());
}

#[test]
#[ignore = "minutes: many seeds of every profile with every rule in"]
fn long() {
    let count = std::env::var("ZAB_SEEDS").map_or(20_000, |text| text.parse().unwrap());
    for (name, profile) in [("broad", BROAD), ("restless", RESTLESS), ("slow", SLOW)] {
        let caught = hunt(Rules::ALL, profile, count, "");
        println!("zab {name} {:?}", caught.map(|(seed, world)| (seed, world.verdict())));
    }
    for bit in [rules::ACCEPT_ONCE, rules::ACK_OF_THIS_ATTEMPT, rules::NOT_AHEAD, rules::ORDER_BY_EPOCH] {
        for (name, profile) in [("broad", BROAD), ("restless", RESTLESS), ("slow", SLOW)] {
            let caught = hunt(Rules::ALL.without(bit), profile, count, "");
            println!("zab {bit:?} {name} {:?}", caught.map(|(seed, world)| (seed, world.verdict())));
        }
    }
}
