//! Runs that stop at the first answer that cannot be placed, held against the check of whole histories.

use checker::online::{Handle, Online};
use checker::{Budget, History, Operation, linearizable};
use rayon::prelude::*;
use scenarios::mutants::{Mutant, mutants};
use scenarios::{LibraryFile, Protocol, Scenario, library};
use sim::outcome::{Outcome, Verdict};
use sim::plan::ReadMode;
use sim::run::{Run, RunOptions};

/// Mutants whose clients are lied to early or late, on most seeds, and some that only assertions or judges inside find.
const MUTANTS: [&str; 8] = ["R-26", "P-23", "Z-36", "R-02", "P-05", "Z-08", "P-10", "R-06"];
const SEEDS: u64 = 6;

fn run(mutant: &Mutant, protocol: Protocol, seed: u64, without_judges: &[&str]) -> Run {
    let plan = mutant.broken(&mutant.legal(protocol, seed));
    let without_judges = without_judges.iter().map(|name| (*name).to_owned()).collect();
    let options = RunOptions { without_judges, ..RunOptions::default() };
    scenarios::run(protocol, &plan, &options).expect("the catalogue was checked")
}

fn is_illegal(operations: &[Operation]) -> bool {
    let history = History::new(operations.to_vec()).expect("operations of a run are right");
    let verdict = linearizable(&history, Budget::default()).verdict;
    assert!(!verdict.is_unknown(), "{verdict:?}");
    verdict.is_illegal()
}

#[test]
fn a_run_stops_at_the_first_answer_that_no_order_explains_and_not_before() {
    // What a client was told cannot be taken back, so nothing that comes later is worth the time. The dangers: an alarm
    // that the check of the whole history does not confirm, one that comes too late, and a run that goes on.
    let mutants = mutants().expect("the catalogue is right");
    let chosen = MUTANTS.map(|id| mutants.iter().find(|mutant| mutant.id == id).expect("it is there"));
    let cases: Vec<(&Mutant, u64)> =
        chosen.iter().flat_map(|&mutant| (0..SEEDS).map(move |seed| (mutant, seed))).collect();
    let stopped: usize =
        cases.par_iter().map(|&(mutant, seed)| usize::from(is_stopped_rightly(mutant, seed))).sum();
    assert!(stopped > 15, "{stopped} of {} runs stopped", cases.len());
}

/// Whether the run was stopped, and that it was or was not for good reason.
fn is_stopped_rightly(mutant: &Mutant, seed: u64) -> bool {
    let protocol = mutant.protocols[0];
    let what = format!("{} seed {seed}", mutant.id);
    let Run { outcome, history, .. } = run(mutant, protocol, seed, &[]);
    let whole = run(mutant, protocol, seed, &["linearizable"]);
    assert!(outcome.events <= whole.outcome.events, "{what}");
    assert_eq!(whole.outcome.judges.iter().find(|judge| judge.name == "linearizable"), None);
    let Some(at) = stopped_at(&outcome) else {
        assert!(!is_illegal(whole.history.operations()), "{what}: it should have been stopped");
        assert_eq!(outcome.fingerprint, whole.outcome.fingerprint, "{what}");
        return false;
    };
    assert!(is_illegal(history.operations()), "{what}: an alarm without cause");
    // Take back what ended at that instant, and everything can be explained.
    let mut before = history.operations().to_vec();
    for operation in before.iter_mut().filter(|operation| operation.ret == Some(at)) {
        (operation.ret, operation.outcome) = (None, checker::Outcome::Unknown);
    }
    assert!(!is_illegal(&before), "{what}: the alarm comes late");
    true
}

#[test]
fn the_running_witness_proves_every_run_of_the_library() {
    // What is fed event by event must cost next to nothing. The danger: answers that overtake each other, lost answers
    // and retries put keys in doubt, and each further answer costs as much as all before it.
    let runs: Vec<(&LibraryFile, Protocol)> =
        library().iter().flat_map(|file| Protocol::ALL.map(|protocol| (file, protocol))).collect();
    let watched: usize =
        runs.par_iter().map(|&(file, protocol)| usize::from(is_proven(file, protocol))).sum();
    assert!(watched > 90, "{watched} runs were for the protocol and linearizable");
}

/// Feeds the history of a run; false if there is nothing to feed.
fn is_proven(file: &LibraryFile, protocol: Protocol) -> bool {
    let scenario =
        Scenario::parse(file.path, file.text).unwrap_or_else(|errors| panic!("{}", errors.plain()));
    let plan = scenario.plan(3);
    if !scenario.protocols.contains(&protocol) || plan.workload.reads != ReadMode::Linearizable {
        return false;
    }
    let run = scenarios::run(protocol, &plan, &RunOptions::default()).expect("it is for the protocol");
    let what = format!("{} under {}", file.path, protocol.name());
    let operations = run.history.operations();
    let calls = operations.iter().enumerate().map(|(index, operation)| (operation.call, 0, index));
    let ends = operations.iter().enumerate();
    let ends = ends.filter_map(|(index, operation)| operation.ret.map(|ret| (ret, 1, index)));
    let mut events: Vec<(u64, u64, usize)> = calls.chain(ends).collect();
    events.sort_unstable();
    let mut online = Online::new();
    let mut handles: Vec<Option<Handle>> = vec![None; operations.len()];
    for (time, is_end, index) in events {
        let Operation { client, key, kind, outcome, position, .. } = operations[index];
        if is_end == 0 {
            handles[index] = Some(online.call(client, key, time, kind));
        } else {
            let handle = handles[index].expect("it was called");
            assert_eq!(online.end(handle, time, outcome, position), None, "{what}");
        }
    }
    assert!(online.is_proven(), "{what}");
    true
}

/// When a run was stopped by the judge of answers.
fn stopped_at(outcome: &Outcome) -> Option<u64> {
    let judge = outcome.judges.iter().find(|judge| judge.name == "linearizable")?;
    if judge.verdict != Verdict::Violated {
        return None;
    }
    assert!(outcome.cut_short);
    assert_eq!((judge.first_event, judge.first_at), (Some(outcome.events), Some(outcome.ended_at)));
    assert!(outcome.judges.iter().all(|judge| judge.name != "converges" && judge.name != "available"));
    judge.first_at
}
