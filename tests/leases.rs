//! Leases and clocks. Within the bound that a lease allows for, reads under it are linearizable: the library sweeps that
//! in `scenarios/leases`. Beyond the bound they are not, which is why the file for that stands here and not there; and
//! a read that asks a quorum, or goes through the log, does not care.

use scenarios::{Protocol, Scenario, run};
use sim::outcome::Verdict;
use sim::run::RunOptions;

const FILE: &str = include_str!("leases/beyond-the-bound.toml");
const SEEDS: u64 = 12;

/// The judges that `reads` violates on some seed under a protocol.
fn violated(protocol: Protocol, reads: &str) -> Vec<String> {
    let scenario = Scenario::parse("beyond-the-bound.toml", FILE).unwrap_or_else(|e| panic!("{}", e.plain()));
    let mut judges = Vec::new();
    for seed in 0..SEEDS {
        let mut plan = scenario.plan(seed);
        let settings = plan.settings.get_mut(protocol.name()).expect("the file sets its reads");
        settings.insert("reads".into(), reads.into());
        let outcome = run(protocol, &plan, &RunOptions::default()).expect("it runs").outcome;
        let found = outcome.judges.into_iter().filter(|judge| judge.verdict == Verdict::Violated);
        judges.extend(found.map(|judge| judge.name));
    }
    judges
}

/// The situation: the leader's clock falls far behind and nobody hears it any more. The danger: it answers under a lease
/// that the others' clocks ended long ago. What must hold: clients see it, and see nothing of it without leases.
#[test]
fn beyond_their_bound_of_drift_leases_break_and_other_reads_do_not() {
    let ways = [(Protocol::Paxos, "quorum"), (Protocol::Zab, "quorum"), (Protocol::Raft, "index")];
    for (protocol, asking) in ways {
        let name = protocol.name();
        let leased = violated(protocol, "lease");
        assert!(leased.iter().any(|judge| judge == "linearizable"), "{name}: {leased:?}");
        for reads in [asking, "log"] {
            assert_eq!(violated(protocol, reads), Vec::<String>::new(), "{name} with reads by {reads}");
        }
    }
}
