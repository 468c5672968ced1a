//! Seeded random runs under every fault: nothing may go wrong, and everything must come back.

use crate::cluster::{Profile, fuzz};
use paxos::{Invariants, Paxos};
use replica::{Observe, Replica, Rules};

/// How many seeds: `PAXOS_SEEDS` for a hard run by hand.
fn seeds() -> u64 {
    std::env::var("PAXOS_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

fn first() -> u64 {
    std::env::var("PAXOS_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[test]
fn random_faults_break_nothing() {
    // Delays, losses, repetitions, cuts of all shapes, kills, power losses, pauses. The danger: any of the papers' rules
    // applied to a moment too late or to a state that the disk forgot. One entry a position, silent invariants, claims
    // that disks support, fresh reads; and after healing a proposal and a read succeed everywhere.
    let mut gates = 0;
    let mut observed = vec![0; Invariants::INVARIANTS.len()];
    let (mut claims, mut reads, mut entries) = (0, 0, 0);
    for seed in first()..first() + seeds() {
        let world = fuzz(seed, Rules::ALL, &Profile { features: 500, ..Profile::MIXED });
        assert!(world.violations.is_empty(), "seed {seed}: {:#?}", world.violations);
        gates |= world.gates;
        claims += world.claims;
        reads += world.reads_served;
        entries += world.ledger.len();
        for (sum, count) in observed.iter_mut().zip(&world.findings.observed) {
            *sum += count;
        }
    }
    let missed: Vec<_> = Paxos::GATES
        .iter()
        .enumerate()
        .filter(|(gate, _)| gates >> gate & 1 == 0)
        .map(|(_, name)| name)
        .collect();
    assert!(missed.is_empty(), "rare paths never reached: {missed:?}");
    for (invariant, count) in Invariants::INVARIANTS.iter().zip(&observed) {
        assert!(0 < *count, "{} was never checked", invariant.id);
    }
    println!("{entries} entries, {reads} reads, {claims} claims, invariants {observed:?}");
}
