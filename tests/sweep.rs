//! Runs and sweeps of real scenarios: the same bytes whatever the number of jobs, exit codes by verdict.

use std::path::Path;

use crate::{folder, quorate};

/// A small scenario: a few hundred milliseconds of work and one crash.
const SMALL: &str = r#"title = "The leader is killed early in a little work"
teaches = "A made-up scenario of the tests."

[cluster]
nodes = 3
protocols = ["paxos", "zab", "raft"]
detection = "100ms"

[workload]
clients = 2
keys = 2
rate = "200/s"
for = "500ms"
mix = { read = 50, write = 50 }
reads = "linearizable"
timeout = "1s"

[[fault]]
at = "250ms"
crash = "leader"
kind = "process"
restart_after = "100ms"

[expect]
linearizable = true
converges_within = "5s"
"#;

/// Writes a scenario into a folder of this test's own and names it.
fn scenario(test: &str, text: &str) -> String {
    let path = folder(test).join("small.toml");
    std::fs::write(&path, text).expect("the file can be written");
    path.to_str().expect("the path is UTF-8").to_string()
}

/// Equal inputs give equal bytes: the danger is a result that depends on which thread was first.
#[test]
fn a_sweep_is_the_same_for_any_number_of_jobs() {
    let file = scenario("a_sweep_is_the_same_for_any_number_of_jobs", SMALL);
    for format in ["human", "json"] {
        let sweep = |jobs| quorate(&["sweep", &file, "--seeds", "5..25", "--jobs", jobs, "--format", format]);
        let (one, two, three) = (sweep("1"), sweep("2"), sweep("3"));
        assert_eq!(one.code, Some(0), "{}{}", one.out, one.err);
        assert_eq!(one.out, two.out);
        assert_eq!(one.out, three.out);
        // Rates are not part of the result.
        assert!(one.err.contains("runs/s"), "{}", one.err);
        assert!(!one.out.contains("runs/s"));
    }
}

#[test]
fn a_sweep_may_check_that_runs_are_deterministic() {
    let file = scenario("a_sweep_may_check_that_runs_are_deterministic", SMALL);
    let ended = quorate(&["sweep", &file, "--seeds", "0..=20", "--check-determinism", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let result: serde_json::Value = serde_json::from_str(&ended.out).expect("it is JSON");
    for row in result["rows"].as_array().expect("there are rows") {
        assert_eq!((row["seeds"].as_u64(), row["run_twice"].as_u64()), (Some(21), Some(2)));
        assert_eq!(row["differed"], 0);
    }
}

#[test]
fn a_run_is_the_same_twice_with_codec_and_with_a_trace() {
    let file = scenario("a_run_is_the_same_twice_with_codec_and_with_a_trace", SMALL);
    let trace = Path::new(&file).with_file_name("out.jsonl");
    let plain = quorate(&["run", &file, "--seed", "3"]);
    assert_eq!(plain.code, Some(0), "{}{}", plain.out, plain.err);
    assert!(plain.out.contains("All held: 3 runs"));
    assert_eq!(plain.err, "");
    let traced = quorate(&[
        "run",
        &file,
        "--seed",
        "3",
        "--codec",
        "--trace",
        trace.to_str().expect("the path is UTF-8"),
    ]);
    assert_eq!(plain.out, traced.out);
    for protocol in ["paxos", "zab", "raft"] {
        let path = trace.with_file_name(format!("out.{protocol}.jsonl"));
        let path = path.to_str().expect("the path is UTF-8");
        let page = quorate(&["trace", path]);
        assert_eq!(page.code, Some(0), "{}", page.err);
        assert!(page.out.contains(&format!("{protocol}, seed 3")));
        assert!(page.out.contains("crash"));
    }
    // One protocol: exactly the file that was named.
    assert!(!trace.exists());
    let arguments =
        ["run", &file, "--protocol", "raft", "--trace", trace.to_str().expect("the path is UTF-8")];
    assert_eq!(quorate(&arguments).code, Some(0));
    assert!(trace.exists());
}

#[test]
fn an_expectation_that_is_not_met_is_a_violation_with_a_line_to_copy() {
    let text = SMALL.replace("[expect]", "[expect]\nunavailable_at_most = \"1us\"");
    let file = scenario("an_expectation_that_is_not_met_is_a_violation_with_a_line_to_copy", &text);
    let ended = quorate(&["run", &file, "--protocol", "raft", "--seed", "4"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    let line = format!("quorate run {file} --protocol raft --seed 4");
    assert!(ended.out.ends_with(&format!("  {line}\n")), "{}", ended.out);
    let again = quorate(&line.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!((again.code, again.out), (ended.code, ended.out));
    let sweep = quorate(&["sweep", &file, "--seeds", "4..6"]);
    assert_eq!(sweep.code, Some(1), "{}{}", sweep.out, sweep.err);
    assert!(sweep.out.contains(&format!("  {line}\n")), "{}", sweep.out);
}

/// Stale reads beyond a bound on their age are a violation, and what is within it is not: a minority that is cut off for
/// one and a half seconds serves reads all the while.
#[test]
fn a_bound_on_staleness_is_judged_where_it_is_expected() {
    let stale = include_str!("../scenarios/clients/stale-reads.toml");
    for (bound, code, said) in [("100ms", 1, "VIOLATED bounded-staleness"), ("4s", 0, "bounded-staleness")] {
        let text = stale.replace("[expect]", &format!("[expect]\nstaleness_at_most = \"{bound}\""));
        let file = scenario(&format!("a_bound_on_staleness_{bound}"), &text);
        let ended = quorate(&["run", &file, "--seed", "4"]);
        assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
        assert!(ended.out.contains(said), "{}", ended.out);
    }
    // What is linearizable is not stale at all.
    let text = SMALL.replace("[expect]", "[expect]\nstaleness_at_most = \"1ns\"");
    let ended = quorate(&["run", &scenario("a_bound_on_staleness_of_fresh_reads", &text), "--seed", "4"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
}

#[test]
fn a_rule_left_out_is_said_in_every_output() {
    let file = scenario("a_rule_left_out_is_said_in_every_output", SMALL);
    let run = quorate(&["run", &file, "--protocol", "raft", "--without", "raft/vote-durable"]);
    assert!(run.out.contains("THIS RUN LEAVES OUT raft/vote-durable\n"), "{}{}", run.out, run.err);
    let json =
        quorate(&["run", &file, "--protocol", "raft", "--without", "raft/vote-durable", "--format", "json"]);
    let result: serde_json::Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(result["without"][0], "raft/vote-durable");
    let sweep = quorate(&["sweep", &file, "--seeds", "0..2", "--without", "raft/vote-durable"]);
    let text = SMALL.replace("[cluster]", "without = [\"raft/vote-durable\"]\n[cluster]");
    let file = scenario("a_rule_left_out_is_said_in_every_output", &text);
    let mutant = quorate(&["sweep", &file, "--seeds", "0..2"]);
    let notice = format!("{file}: THIS FILE LEAVES OUT raft/vote-durable\n");
    assert!(mutant.out.starts_with(&notice), "{}{}", mutant.out, mutant.err);
    assert!(sweep.out.starts_with("THIS SWEEP LEAVES OUT raft/vote-durable\n"), "{}{}", sweep.out, sweep.err);
}

/// Nothing is lost, so the weather changes nothing that is sent: a fault that touches nothing is a mistake of the file.
#[test]
fn a_fault_that_touches_nothing_is_an_error_of_the_scenario() {
    let text = SMALL.replace("at = \"250ms\"\ncrash = \"leader\"", "at = \"1us\"\ncrash = \"leader\"");
    let text = text
        .replace("restart_after = \"100ms\"\n", "")
        .replace("crash = \"leader\"\nkind = \"process\"", "weather = { delay = \"1ms\" }\nfor = \"1ns\"");
    let file = scenario("a_fault_that_touches_nothing_is_an_error_of_the_scenario", &text);
    let ended = quorate(&["run", &file]);
    assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("TOUCHED NOTHING in any run"), "{}", ended.err);
}

#[test]
fn a_protocol_that_the_file_is_not_for_selects_nothing() {
    let text = SMALL.replace("\"zab\", ", "");
    let file = scenario("a_protocol_that_the_file_is_not_for_selects_nothing", &text);
    assert_eq!(quorate(&["run", &file, "--protocol", "zab"]).code, Some(4));
    assert_eq!(quorate(&["sweep", &file, "--protocol", "zab", "--seeds", "0..3"]).code, Some(4));
    assert_eq!(quorate(&["sweep", &file, "--seeds", "3..3"]).code, Some(4));
}

#[test]
fn every_error_of_a_file_is_shown_with_its_line_and_nothing_is_run() {
    let text = SMALL.replace("nodes = 3", "nodes = 0").replace("clients = 2", "clients = \"many\"");
    let file = scenario("every_error_of_a_file_is_shown_with_its_line_and_nothing_is_run", &text);
    for arguments in
        [&["run", &file][..], &["sweep", &file, "--seeds", "0..2"], &["scenarios", "check", &file]]
    {
        let ended = quorate(arguments);
        assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
        assert!(ended.err.contains(&format!("{file}:5:")), "{}", ended.err);
        assert!(ended.err.contains(&format!("{file}:10:")), "{}", ended.err);
        assert!(!ended.out.contains("operations"), "{}", ended.out);
    }
}

#[test]
fn the_library_is_listed_and_without_errors() {
    let list = quorate(&["scenarios", "list"]);
    assert_eq!(list.code, Some(0), "{}", list.err);
    assert!(list.out.contains("scenarios/leader-crash.toml "));
    let check = quorate(&["scenarios", "check"]);
    assert_eq!((check.code, check.err.as_str()), (Some(0), ""));
}

#[test]
fn rules_are_listed_by_protocol_and_by_name() {
    let all = quorate(&["rules"]);
    assert!(all.out.contains("raft/5.4.2") && all.out.contains("paxos/"), "{}", all.out);
    let raft = quorate(&["rules", "--protocol", "raft"]);
    assert!(raft.out.contains("raft/5.4.2") && !raft.out.contains("paxos/"));
    let one = quorate(&["rules", "raft/5.4.2"]);
    assert_eq!(one.code, Some(0));
    assert!(!one.out.contains("raft/5.4.1"));
    assert!(raft.out.contains("setting") && !one.out.contains("setting"));
}
