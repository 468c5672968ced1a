//! `quorate check`: verdicts, exit codes, errors, streams.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::{Ended, folder, quorate};

const DATA: &str = "checker/tests/data/porcupine";

/// Runs the command with this on its standard input.
fn piped(arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("the command reads");
    child.wait_with_output().expect("the command ends").into()
}

/// An operation of a register.
fn line(client: u64, call: u64, ret: u64, kind: &str, output: &str) -> String {
    format!(r#"{{"client":{client},"call":{call},"ret":{ret},"kind":{kind},"outcome":{{"ok":{output}}}}}"#)
        + "\n"
}

/// A write of 1, and after its end a read that misses it.
fn stale() -> String {
    line(0, 1, 2, r#"{"put":{"value":1}}"#, "\"done\"") + &line(1, 3, 4, "\"get\"", r#"{"value":null}"#)
}

#[test]
fn every_file_ends_with_the_code_of_its_published_verdict() {
    let table = std::fs::read_to_string(format!("{}/{DATA}/expected.tsv", env!("CARGO_MANIFEST_DIR")));
    let (mut files, table) = (0, table.expect("the table is there"));
    for row in table.lines().skip(1) {
        let mut cells = row.split('\t');
        let (file, verdict) = (cells.next().expect("a file"), cells.next().expect("a verdict"));
        let code = match verdict {
            "linearizable" => 0,
            "not-linearizable" => 1,
            _ => 3,
        };
        let model = if file.starts_with("kv/") { "append" } else { "register" };
        let ended = quorate(&["check", &format!("{DATA}/{file}"), "--model", model, "--jobs", "1"]);
        assert_eq!(ended.code, Some(code), "{file}: {}{}", ended.out, ended.err);
        files += 1;
    }
    assert_eq!(files, 55);
}

#[test]
fn the_verdict_comes_first_and_in_a_sentence() {
    let ended = piped(&["check", "-", "--model", "register", "--explain"], &stale());
    assert_eq!(ended.code, Some(1));
    let first = ended.out.lines().next().unwrap_or_default();
    assert_eq!(first, "standard input: VIOLATED: not linearizable: 1 of 1 key breaks it");
    assert!(ended.out.contains("line 2: client 1's get of key 0 (called at 3, ended at 4)"), "{}", ended.out);
    assert!(ended.err.starts_with("read in "), "{}", ended.err);
}

#[test]
fn the_result_is_the_same_bytes_for_any_number_of_threads() {
    let file = format!("{DATA}/kv/c10-bad.txt");
    for format in ["human", "json"] {
        let one = |jobs: &str| {
            quorate(&[
                "check",
                &file,
                "--model",
                "append",
                "--all",
                "--witness",
                "--jobs",
                jobs,
                "--format-out",
                format,
            ])
        };
        assert_eq!(one("1").out, one("2").out);
    }
}

#[test]
fn the_document_has_every_key_and_its_reasons() {
    let ended = quorate(&[
        "check",
        &format!("{DATA}/kv/c10-bad.txt"),
        "--model",
        "append",
        "--all",
        "--format-out",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_str(&ended.out).expect("it is JSON");
    assert_eq!((document["schema"].as_u64(), document["exit"].as_u64()), (Some(1), Some(1)));
    let keys = document["histories"][0]["keys"].as_array().expect("a list").clone();
    let word = |key: &serde_json::Value| key["verdict"].as_str().expect("a word").to_owned();
    let fine: Vec<u64> = keys
        .iter()
        .filter(|key| word(key) == "ok")
        .map(|key| key["key"].as_u64().expect("a number"))
        .collect();
    assert_eq!(fine, [4, 8]);
    for key in keys.iter().filter(|key| word(key) == "violated") {
        assert!(key["sentence"].is_string() && key["core"][0]["line"].is_u64(), "{key}");
    }
}

#[test]
fn several_histories_end_with_the_worst() {
    let (good, bad) = (format!("{DATA}/etcd/etcd_007.log"), format!("{DATA}/etcd/etcd_006.log"));
    let ended = quorate(&["check", &good, &bad, &good, "--model", "register"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.ends_with("3 histories: 1 VIOLATED, 2 ok\n"), "{}", ended.out);
    let ended = quorate(&["check", &good, &good, "--model", "register"]);
    assert!(ended.out.ends_with("All held: 2 histories are linearizable\n"), "{}", ended.out);
}

#[test]
fn what_cannot_be_decided_is_unknown_and_never_ok() {
    // Written many times over, half of it of unknown outcome: one configuration is not enough.
    let file = format!("{DATA}/etcd/etcd_007.log");
    let ended = quorate(&["check", &file, "--model", "register", "--budget", "1"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.out.contains("UNKNOWN") && ended.out.contains("the budget is spent"), "{}", ended.out);
    let ended = piped(&["check", "-", "--model", "register"], "");
    assert_eq!(ended.code, Some(3));
    assert!(ended.out.contains("nothing was judged"), "{}", ended.out);
}

#[test]
fn mistakes_are_told_with_line_and_column_and_nothing_is_judged() {
    let jsonl = stale().replace("\"ret\":4", "\"ret\":2");
    let log = "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:ok\t:read\tnil nil\n";
    let edn = "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :invoke, :f :read}\n";
    let kv = "{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n{:process 0, :type :ok, :f :get, :key \"1\"}\n";
    let cases = [
        (jsonl.as_str(), "register", "standard input:2:22: the operation returned before it was called"),
        (log, "register", "standard input:2:37: 'n' stands behind the value"),
        (edn, "register", "standard input:2:1: process 0 is called while it has an operation open"),
        (kv, "append", "standard input:2:1: the operation ends on another key than it was called on"),
    ];
    for (text, model, said) in cases {
        let ended = piped(&["check", "-", "--model", model], text);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains(said), "{}", ended.err);
        assert!(ended.err.contains("nothing was judged"), "{}", ended.err);
    }
    let colored = piped(&["check", "-", "--model", "register", "--color", "always"], &jsonl);
    assert!(colored.err.contains("call <= ret") && colored.err.contains('\u{1b}'), "{}", colored.err);
}

#[test]
fn the_wrong_model_is_told_which_is_right() {
    let queue = r#"{"client":0,"call":1,"ret":2,"kind":{"enqueue":{"value":1}},"outcome":{"ok":"done"}}"#;
    let ended = piped(&["check", "-", "--model", "register"], queue);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("(--model queue has it)"), "{}", ended.err);
    assert_eq!(piped(&["check", "-", "--model", "queue"], queue).code, Some(0));
}

#[test]
fn a_page_is_written_for_one_history() {
    let folder = folder("a_page_is_written_for_one_history");
    let page = folder.join("page.html");
    let page = page.to_str().expect("the path is UTF-8");
    let ended = piped(&["check", "-", "--model", "kv", "--html", page], &stale());
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let written = std::fs::read_to_string(page).expect("the page is there");
    assert!(written.contains("<title>") && written.contains("standard input"), "{written}");
    let two = format!("{DATA}/etcd/etcd_007.log");
    assert_eq!(quorate(&["check", &two, &two, "--model", "register", "--html", page]).code, Some(2));
}

#[test]
fn a_file_like_no_history_is_refused() {
    let folder = folder("a_file_like_no_history_is_refused");
    let path = folder.join("notes.txt");
    std::fs::write(&path, "three clients, one of them slow\n").expect("it can be written");
    let path = path.to_str().expect("the path is UTF-8");
    let ended = quorate(&["check", path, "--model", "register"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("say which with --format"), "{}", ended.err);
    std::fs::write(path, [b'{', 0xFF, b'}']).expect("it can be written");
    let ended = quorate(&["check", path, "--model", "register"]);
    assert!(ended.err.contains("line 1 is no UTF-8"), "{}", ended.err);
    assert_eq!(quorate(&["check", "no/such/file", "--model", "register"]).code, Some(2));
}

#[test]
fn a_weaker_promise_is_kept_where_the_strong_one_is_broken() {
    // The read is served by a node that lags: some prefix of the log, but an old one.
    let text =
        stale().replace("\"outcome\":{\"ok\":\"done\"}", "\"outcome\":{\"ok\":\"done\"},\"position\":1");
    assert_eq!(piped(&["check", "-", "--model", "kv"], &text).code, Some(1));
    for promise in ["stale", "sequential", "sync"] {
        let ended = piped(&["check", "-", "--model", "kv", "--promise", promise], &text);
        assert_eq!(ended.code, Some(0), "{promise}: {}", ended.out);
    }
    let ended = piped(&["check", "-", "--model", "append", "--promise", "stale"], "");
    assert_eq!(ended.code, Some(2));
}

/// Trust no checker that was not seen to fail: if the model took any read for right, this would see it.
#[test]
fn every_wrong_answer_is_noticed() {
    let wrong = [
        line(1, 3, 4, "\"get\"", r#"{"value":2}"#),
        line(1, 3, 4, "\"get\"", r#"{"value":null}"#),
        line(1, 3, 4, r#"{"cas":{"expect":7,"value":8}}"#, "\"swapped\""),
        line(1, 3, 4, r#"{"cas":{"expect":1,"value":8}}"#, "\"mismatch\""),
        line(1, 3, 4, r#"{"cas":{"expect":1,"value":8}}"#, r#"{"differs":7}"#),
    ];
    let write = line(0, 1, 2, r#"{"put":{"value":1}}"#, "\"done\"");
    for answer in wrong {
        let ended = piped(&["check", "-", "--model", "kv"], &format!("{write}{answer}"));
        assert_eq!(ended.code, Some(1), "{answer}: {}", ended.out);
    }
    let right = line(1, 3, 4, "\"get\"", r#"{"value":1}"#);
    assert_eq!(piped(&["check", "-", "--model", "kv"], &format!("{write}{right}")).code, Some(0));
}
