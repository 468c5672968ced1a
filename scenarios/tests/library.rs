//! The library: every file is listed, parses, says what it teaches, and has a fault to show.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::mutants::{Profile, profiles};
use scenarios::{Protocol, Scenario, figures, library, run};
use sim::outcome::Verdict;
use sim::plan::ReadMode;
use sim::run::RunOptions;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Scenario files on disk, in every folder by subject and at the top. The profiles of mutants are a catalogue of its own.
fn on_disk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the crate's folder can be read") {
        let path = entry.expect("its entries can be read").path();
        let below = path.strip_prefix(top()).expect("it is below the top").to_path_buf();
        let has_its_own_list = ["mutants", "figures"].map(Path::new).contains(&below.as_path());
        if path.is_dir() && !has_its_own_list {
            on_disk(&path, found);
        } else if path.is_file()
            && path.extension().is_some_and(|end| end == "toml")
            && !below.ends_with("Cargo.toml")
        {
            found.insert(below.to_string_lossy().replace('\\', "/"));
        }
    }
}

#[test]
fn every_file_on_disk_is_in_the_embedded_list() {
    let mut found = BTreeSet::new();
    on_disk(&top(), &mut found);
    let listed: BTreeSet<String> = library().iter().map(|file| file.path.to_string()).collect();
    assert_eq!(found, listed);
    assert!(17 <= listed.len());
}

#[test]
fn every_profile_on_disk_is_in_the_embedded_list() {
    let mut found = BTreeSet::new();
    on_disk(&top().join("mutants/profiles"), &mut found);
    let path = |profile: &Profile| format!("mutants/profiles/{}.toml", profile.name);
    assert_eq!(found, profiles().iter().map(path).collect());
}

#[test]
fn every_figure_on_disk_is_in_the_embedded_list_and_parses() {
    let mut found = BTreeSet::new();
    on_disk(&top().join("figures"), &mut found);
    assert_eq!(found, figures().iter().map(|file| file.path.to_string()).collect());
    for file in figures() {
        let scenario =
            Scenario::parse(file.path, file.text).unwrap_or_else(|errors| panic!("{}", errors.plain()));
        assert!(!scenario.teaches.is_empty(), "{} does not say what it teaches", file.path);
    }
}

#[test]
fn every_file_parses_teaches_and_breaks_something() {
    for file in library() {
        let scenario =
            Scenario::parse(file.path, file.text).unwrap_or_else(|errors| panic!("{}", errors.plain()));
        let taught = !scenario.teaches.is_empty() || file.path == "leader-crash.toml";
        assert!(taught, "{} does not say what it teaches", file.path);
        assert!(!scenario.faults.is_empty(), "{} breaks nothing", file.path);
        assert!(scenario.workload.end <= 12_000_000_000, "{} is too long for a sweep", file.path);
        let plan = scenario.plan(0);
        assert!(plan.workload.operations.len() <= 400 * 12, "{} is too much for a sweep", file.path);
    }
}

#[test]
fn the_library_is_varied() {
    let scenarios: Vec<Scenario> =
        library().iter().map(|file| Scenario::parse(file.path, file.text).expect("it parses")).collect();
    for nodes in [1, 3, 4, 5, 7] {
        assert!(scenarios.iter().any(|scenario| scenario.nodes == nodes), "no scenario has {nodes} nodes");
    }
    for reads in [ReadMode::Linearizable, ReadMode::Sequential, ReadMode::Stale] {
        let by_all = |scenario: &&Scenario| scenario.protocols.len() == Protocol::ALL.len();
        assert!(scenarios.iter().filter(by_all).any(|scenario| scenario.workload.reads == reads));
    }
    assert!(scenarios.iter().any(|scenario| scenario.plan(0).workload.closed));
    assert!(scenarios.iter().filter(|scenario| scenario.nemesis.is_some()).count() >= 2);
    let titles: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.title.as_str()).collect();
    assert_eq!(titles.len(), scenarios.len(), "two scenarios have one title");
}

/// The situation: every file, one seed. The danger: a fault that strikes nothing, or a file that asks
/// what no protocol can do. What must hold: every protocol runs it to a clean verdict, and every fault touches somebody.
#[test]
fn every_file_runs_under_every_protocol_and_its_faults_strike() {
    for file in library() {
        let scenario = Scenario::parse(file.path, file.text).expect("it parses");
        let plan = scenario.plan(1);
        let mut touched = vec![false; scenario.faults.len()];
        for &protocol in &scenario.protocols {
            let run = run(protocol, &plan, &RunOptions::default()).expect("the plan runs");
            let verdict = run.outcome.verdict();
            assert_eq!(
                verdict,
                Verdict::Ok,
                "{} under {}: {:#?}",
                file.path,
                protocol.name(),
                run.outcome.judges
            );
            let explicit = run.outcome.faults.iter().filter(|fault| fault.explicit);
            touched.iter_mut().zip(explicit).for_each(|(touched, fault)| *touched |= fault.touched());
        }
        assert!(touched.iter().all(|&touched| touched), "{}: {touched:?}", file.path);
    }
}
