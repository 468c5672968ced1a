//! Rules left out one at a time, each under a scenario that makes it matter: a judge inside the world must notice, and,
//! with every such judge off, one that sees no more than clients do. With the rule in, the same seeds are clean.
//!
//! A dozen of the catalogue, by the code of `quorate mutants`, which hunts them all.

/// Nasty but legal runs, on which every judge is silent.
mod controls;
/// Messages that leave before the write they wait for.
mod waits;

use rayon::prelude::*;
use scenarios::mutants::{Budget, Hunted, Mutant, Until, hunt, mutants};
use scenarios::{Protocol, Scenario, run};
use sim::outcome::{Outcome, Side, Verdict};
use sim::plan::Plan;
use sim::run::RunOptions;

use crate::quorate;

/// The same sin in three protocols, and the classics.
const DOZEN: [&str; 12] = [
    // A vote, a promise or the acknowledgment of an epoch that is not durable.
    "R-06", "P-03", "Z-05", // An entry that is acknowledged before it is synced.
    "R-21", "P-04", "Z-33", // A leader that answers reads from itself alone.
    "R-26", "P-23",
    "Z-36", // Figure 8; a vote below the promise; a history that is acknowledged before it is synced.
    "R-01", "P-05", "Z-01",
];
/// How many seeds it may take until clients notice: some accidents are rare (one run in fifteen comes to figure 8),
/// and which runs come to them changes with every draw.
const SEEDS_MAX: u64 = 100;

#[test]
fn every_rule_left_out_is_found_from_inside_and_by_clients_and_left_in_is_clean() {
    // Each rule is there because some accident needs it. The danger is a testbed that would not notice: judges that
    // pass everything, or that only look where clients never do. So each mutant must be caught twice, and what
    // catches it must keep silent on the same seeds when nothing is left out.
    let mutants = mutants().expect("the catalogue is right");
    let dozen =
        DOZEN.map(|id| mutants.iter().find(|mutant| mutant.id == id).expect("it is in the catalogue"));
    dozen.par_iter().for_each(|mutant| {
        let protocol = mutant.protocols[0];
        let budget = Budget { first: 0, seeds: Some(SEEDS_MAX), until: Until::Noticed };
        let hunted = hunt(mutant, protocol, budget);
        assert_eq!(hunted.unclean, [], "{}", mutant.id);
        let caught = hunted.caught.as_ref().unwrap_or_else(|| panic!("{} got away", mutant.id));
        assert!(caught.inside.is_some(), "{} is found by no judge inside: {hunted:#?}", mutant.id);
        seen_by_clients(mutant, protocol, &hunted);
    });
}

/// The run on which clients noticed once more, with every judge off that looks from inside.
fn seen_by_clients(mutant: &Mutant, protocol: Protocol, hunted: &Hunted) {
    let noticed = hunted.noticed.as_ref().unwrap_or_else(|| panic!("{} is found by no client", mutant.id));
    let plan = mutant.broken(&mutant.legal(protocol, noticed.seed));
    let before = outcome(protocol, &plan, &RunOptions::default());
    let inside = before.judges.iter().filter(|judge| judge.side == Side::Internal);
    let without_judges = inside.map(|judge| judge.name.clone()).collect();
    let again = outcome(protocol, &plan, &RunOptions { without_judges, ..RunOptions::default() });
    assert_eq!(again.fingerprint, before.fingerprint, "{}: judges change what happens", mutant.id);
    let found = again.first_violation().unwrap_or_else(|| panic!("{}: clients saw nothing", mutant.id));
    assert_eq!((found.side, found.verdict), (Side::Client, Verdict::Violated), "{}", mutant.id);
}

#[test]
fn the_table_does_not_depend_on_the_jobs_and_its_exit_code_says_what_became_of_it() {
    // Rows are hunted in parallel. The danger: a table in order of arrival, or one that says 0 when a mutant got away.
    let hunt = |more: &[&str]| quorate(&[&["mutants", "R-02", "P-05", "X-01"], more].concat());
    let (one, many) = (hunt(&["--jobs", "1"]), hunt(&["--jobs", "7"]));
    assert_eq!((one.code, &one.out), (Some(0), &many.out), "{}", one.err);
    assert!(one.out.contains("3 of 3 mutants caught"), "{}", one.out);
    // Figure 8 takes more than a seed.
    let away = quorate(&["mutants", "R-01", "--budget", "1"]);
    assert_eq!(away.code, Some(1), "{}", away.out);
    assert!(away.out.contains("R-01 under raft: got away on 1 seeds"), "{}", away.out);
    assert_eq!(quorate(&["mutants", "--protocol", "zab", "R-01"]).code, Some(4));
    assert_eq!(quorate(&["mutants", "--budget", "0"]).code, Some(2));
    assert_eq!(hunt(&["--first", "100000"]).code, Some(0));
}

/// A page that is generated and not looked at again. The danger: mutants that it does not list.
#[test]
fn the_page_of_the_docs_lists_the_catalogue() {
    let page = include_str!("../../docs/mutants.md");
    for mutant in mutants().expect("the catalogue is right") {
        for protocol in &mutant.protocols {
            let name = protocol.name();
            let listed = page.lines().any(|line| {
                let mut cells = line.split('|').map(str::trim).skip(1);
                let id = cells.next().and_then(|cell| cell.split(' ').next());
                id == Some(&mutant.id) && cells.next() == Some(name)
            });
            assert!(listed, "{} under {name} is not in docs/mutants.md", mutant.id);
        }
    }
}

fn scenario(text: &str) -> Scenario {
    Scenario::parse("a scenario of the tests", text).unwrap_or_else(|errors| panic!("{}", errors.plain()))
}

fn outcome(protocol: Protocol, plan: &Plan, options: &RunOptions) -> Outcome {
    run(protocol, plan, options).expect("the plan runs under the protocol").outcome
}
