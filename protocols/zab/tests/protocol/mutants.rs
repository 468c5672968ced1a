//! Every rule left out is caught by something, on seeds that are clean with the rule in.

use replica::{RuleBit, Rules};
use zab::rules;

use crate::cluster::{DETECTION, World};
use crate::fuzz::{BROAD, Profile, run};

/// Small clusters that restart and lose power often: where most mutants show.
const RESTLESS: Profile =
    Profile { nodes: (3, 3), actions: (20, 60), calm: DETECTION, slow_disks: false, counter_max: "4294967295" };
/// The same with slow disks, so that what is written stays at risk for long.
const SLOW: Profile = Profile { slow_disks: true, ..RESTLESS };

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
    for (bit, rule) in rules::ALL.iter().enumerate() {
        for (name, profile) in [("broad", BROAD), ("restless", RESTLESS), ("slow", SLOW)] {
            let rules = Rules::ALL.without(RuleBit(bit as u8));
            let mut fired = std::collections::BTreeMap::new();
            let mut first = None;
            for seed in 0..400 {
                let world = run(seed, rules, profile);
                for found in world.verdict().first() {
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
