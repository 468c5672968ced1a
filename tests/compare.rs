//! `quorate compare`: the same bytes at any number of jobs, every file that it promises, and what it refuses.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{folder, quorate};

/// Small, and a closed loop: the runs against offered load, which cost most, then have nothing to vary.
const SMALL: &str = r#"
title = "The leader crashes while <a few> ask & wait"

[cluster]
nodes = 3
protocols = ["zab", "raft"]
detection = "100ms"

[workload]
clients = 2
think = ["5ms", "10ms"]
for = "1s"

[[fault]]
at = "500ms"
crash = "leader"
restart_after = "300ms"
"#;

/// Every file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let read = |path: &Path| std::fs::read(path).expect("the file can be read");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), read(&path)))
        .collect()
}

/// Two comparisons of the same seeds, alone and with two jobs: no byte may differ, or nobody could check a report.
#[test]
fn the_same_comparison_gives_the_same_bytes_at_any_number_of_jobs() {
    let folder = folder("compare");
    let scenario = folder.join("small.toml");
    std::fs::write(&scenario, SMALL).unwrap();
    let (one, two) = (folder.join("one"), folder.join("two"));
    let scenario = scenario.to_str().unwrap();
    let compare = |out: &Path, jobs: &str| {
        quorate(&["compare", scenario, "--seeds", "3..6", "--out", out.to_str().unwrap(), "--jobs", jobs])
    };
    let (first, second) = (compare(&one, "1"), compare(&two, "2"));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.out, first.err);
    assert!(first.out.starts_with("All held in 6 runs."), "{}", first.out);
    let (of_one, of_two) = (files(&one), files(&two));
    assert_eq!(of_one.keys().collect::<Vec<_>>(), of_two.keys().collect::<Vec<_>>());
    for (name, bytes) in &of_one {
        assert!(!bytes.is_empty(), "{name}");
        assert!(bytes == &of_two[name], "{name} differs");
    }
    for name in [
        "report.html",
        "summary.txt",
        "summary.json",
        "latency-cdf.svg",
        "latency-cdf.csv",
        "latency-cdf.json",
        "latency-over-time.raft.svg",
        "throughput-over-time.zab.svg",
        "unavailability.svg",
        "leader-changes.time.svg",
        "cost-per-write.messages.svg",
        "clock-offsets.raft.svg",
        "verdicts.svg",
        "goodput-against-loss.svg",
        "latency-against-load.median.svg",
        "throughput-against-size.svg",
        "partial-connectivity.csv",
    ] {
        assert!(of_one.contains_key(name), "{name} is missing");
    }
    for (name, svg) in of_one.iter().filter(|(name, _)| name.ends_with(".svg")) {
        let svg = std::str::from_utf8(svg).unwrap();
        let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        let heads: Vec<&str> =
            document.root_element().children().map(|node| node.tag_name().name()).collect();
        for head in ["title", "desc"] {
            assert!(heads.contains(&head), "{name} has no <{head}>");
        }
    }
    assert!(of_one.keys().all(|name| !name.ends_with(".part")), "nothing is left half-done");
    // A closed loop has no load to offer, and the figure says so.
    let load = String::from_utf8(of_one["latency-against-load.median.svg"].clone()).unwrap();
    assert!(load.contains("Nothing to draw"), "{load}");
    // A report may be written over a report.
    assert_eq!(compare(&one, "2").code, Some(0));
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let folder = folder("compare-refused");
    std::fs::write(folder.join("thesis.tex"), "years of work").unwrap();
    let out = folder.to_str().unwrap();
    let ended = quorate(&["compare", "scenarios/leader-crash.toml", "--seeds", "0..1", "--out", out]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--force"), "{}", ended.err);
    assert_eq!(files(&folder).len(), 1, "nothing was written");
    let ended =
        quorate(&["compare", "scenarios/leader-crash.toml", "--seeds", "5..5", "--out", "/dev/null/x"]);
    assert_eq!(ended.code, Some(4), "{}", ended.err);
}

/// A protocol without a rule: the runs that it loses are told, not compared, and the page opens where it happened.
#[test]
fn runs_that_violated_something_are_told_and_not_compared() {
    let folder = folder("compare-violated");
    let out = folder.join("report");
    let ended = quorate(&[
        "compare",
        "scenarios/mutants/profiles/local-reads.toml",
        "--seeds",
        "0..2",
        "--without",
        "zab/read-quorum",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.out.starts_with("VIOLATED in 2 of 6 runs; first zab with seed 0: "), "{}", ended.out);
    assert!(
        ended.out.contains("zab violated something in 2 of 2 runs, and these are not compared."),
        "{}",
        ended.out
    );
    assert!(
        ended.out.lines().all(|line| !line.contains("zab was best") && !line.contains("zab had")),
        "{}",
        ended.out
    );
    let page = String::from_utf8(files(&out)["report.html"].clone()).unwrap();
    assert!(page.contains("A mutant: zab runs without the rule"));
    assert!(page.contains("class=\"verdict violated\""));
}
