//! `quorate export`: every format from a real run, histories that come to the run's verdict, errors that say what to do.

use crate::{Ended, folder, quorate};

const CALM: [&str; 7] = [
    "scenarios/leader-crash.toml",
    "--seed",
    "3",
    "--set",
    "workload.for=4s",
    "--set",
    "fault.1={ at = \"3.9s\", clock = \"n4\", jump = \"+1ms\" }",
];
/// A rule left out that lets a leader answer what it should not.
const BROKEN: [&str; 7] = [
    "scenarios/mutants/profiles/local-reads.toml",
    "--seed",
    "0",
    "--protocol",
    "zab",
    "--without",
    "zab/read-quorum",
];

fn export(what: &[&str], more: &[&str]) -> Ended {
    quorate(&[&["export"], what, more].concat())
}

fn ok(ended: Ended) -> String {
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out
}

#[test]
fn every_format_is_the_same_from_a_run_and_from_its_trace_and_the_same_twice() {
    let folder = folder("every_format_is_the_same");
    let path = folder.join("run.jsonl");
    let path = path.to_str().expect("the path is UTF-8");
    let run = |more: &[&str]| ok(export(&[&CALM[..], &["--protocol", "raft"]].concat(), more));
    assert_eq!(run(&["--to", "jsonl", "--out", path]), "", "the result is in the file");
    let trace = std::fs::read_to_string(path).expect("it was written");
    assert_eq!(ok(export(&[path], &["--to", "jsonl"])), trace);
    let window = ["--from", "2.999s", "--to-time", "3.01s"];
    for format in ["shiviz", "perfetto", "mermaid", "dot"] {
        let more = [&["--to", format][..], &window].concat();
        let of_run = run(&more);
        assert_eq!(of_run, ok(export(&[path], &more)), "{format}");
        assert_eq!(of_run, run(&more), "{format}");
        assert!(of_run.contains("power loss"), "{format} shows the fault in its window");
    }
    serde_json::from_str::<serde_json::Value>(&run(&["--to", "perfetto"])).expect("it is JSON");
}

/// The file that Jepsen reads comes to the verdict of the run, good or bad.
#[test]
fn an_exported_history_is_judged_as_its_run_was() {
    let folder = folder("an_exported_history_is_judged");
    for (what, protocol, expected) in
        [(&CALM[..], "raft", 0), (&CALM[..], "paxos", 0), (&CALM[..], "zab", 0), (&BROKEN[..], "", 1)]
    {
        let what = match protocol {
            "" => what.to_vec(),
            protocol => [what, &["--protocol", protocol]].concat(),
        };
        let path = folder.join(format!("{protocol}.edn"));
        let path = path.to_str().expect("the path is UTF-8");
        ok(export(&what, &["--to", "edn", "--out", path]));
        let checked = quorate(&["check", path, "--model", "kv"]);
        assert_eq!(checked.code, Some(expected), "{protocol}: {}{}", checked.out, checked.err);
        let page = ok(export(&what, &["--to", "history"]));
        assert_eq!(page.contains("<h1>Not linearizable: "), expected == 1, "{protocol}");
    }
}

#[test]
fn what_cannot_be_exported_says_what_to_do() {
    let folder = folder("what_cannot_be_exported");
    let path = folder.join("trace.jsonl");
    let header = r#"{"quorate_trace":2,"title":"t","protocol":"raft","nodes":3,"seed":7,"without":[]}"#;
    let event =
        |seq: u64| format!("{{\"seq\":{seq},\"time\":5,\"node\":0,\"kind\":\"boot\",\"text\":\"b\"}}");
    let refused = |what: &[&str], more: &[&str], code: i32, message: &str| {
        let ended = export(what, more);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
        assert!(ended.err.contains(message), "{}", ended.err);
        assert_eq!(ended.out, "");
    };
    let file = path.to_str().expect("the path is UTF-8");
    std::fs::write(&path, format!("{header}\n{}\n{}\n", event(1), event(3))).unwrap();
    refused(&[file], &["--to", "dot"], 2, "trace.jsonl:3: expected event 2, found event 3");
    std::fs::write(&path, format!("{header}\n{}\n", event(1))).unwrap();
    refused(&[file], &["--to", "edn"], 2, "give the scenario file");
    refused(&[file], &["--to", "dot", "--seed", "1"], 2, "go with a scenario file");
    refused(&[file], &["--to", "dot", "--from", "1s"], 4, "no event is selected");
    refused(&[file], &["--to", "jsonl", "--from", "0s", "--to-time", "1s"], 2, "leave out --from");
    refused(&["nowhere.jsonl"], &["--to", "dot"], 2, "nowhere.jsonl");
    refused(&CALM, &["--to", "dot"], 2, "choose one with --protocol");
    refused(
        &CALM,
        &["--to", "edn", "--protocol", "raft", "--from", "1s"],
        2,
        "a part of one can be judged wrongly",
    );
}
