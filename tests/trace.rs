//! `quorate trace`: golden pages, filters, broken files.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{folder, quorate};

/// A made-up trace with every kind of event.
const TRACE: &str = r#"{"quorate_trace":2,"title":"The leader is killed with one entry on its way","protocol":"raft","nodes":3,"seed":7,"without":["raft/5.4.2"]}
{"seq":1,"time":0,"node":0,"kind":"boot","text":"incarnation 1"}
{"seq":2,"time":150200300,"node":0,"kind":"timer","text":"deadline"}
{"seq":3,"time":150200300,"node":0,"kind":"note","cause":2,"rule":"raft/5.2","text":"starts an election in term 1"}
{"seq":4,"time":150200300,"node":0,"kind":"write","cause":2,"text":"1: Vote { term: 1, for: n0 }"}
{"seq":5,"time":150700300,"node":0,"kind":"durable","cause":4,"text":"up to write 1"}
{"seq":6,"time":150700300,"node":0,"kind":"send","cause":5,"rule":"raft/vote-durable","text":"to n1: RequestVote { term: 1, last: (0, 0) }"}
{"seq":7,"time":150700300,"node":0,"kind":"send","cause":5,"rule":"raft/vote-durable","text":"to n2: RequestVote { term: 1, last: (0, 0) }"}
{"seq":8,"time":151200300,"node":1,"kind":"receive","cause":6,"text":"from n0: RequestVote { term: 1, last: (0, 0) }"}
{"seq":9,"time":151300300,"node":2,"kind":"drop","cause":7,"text":"from n0: nothing runs here"}
{"seq":10,"time":160000000,"kind":"client","text":"client 3: put k1 = 17"}
{"seq":11,"time":161000000,"node":2,"kind":"session","text":"the session with n1 broke"}
{"seq":12,"time":170000000,"kind":"fault","text":"crash leader (process): n0, restart after 2 s"}
{"seq":13,"time":170000000,"node":0,"kind":"crash","cause":12,"text":"memory is lost"}
{"seq":14,"time":180000000,"node":1,"kind":"deliver","text":"position 1: put k1 = 17"}
{"seq":15,"time":3180000000,"kind":"violation","rule":"ledger","text":"n1 and n2 delivered different entries at position 1"}
{"seq":16,"time":3180000000,"node":2,"kind":"violation","rule":"raft/R4","text":"the logs of n1 and n2 differ at index 1"}
"#;

fn file(test: &str, text: &str) -> PathBuf {
    let path = folder(test).join("trace.jsonl");
    std::fs::write(&path, text).expect("the file can be written");
    path
}

fn trace(path: &std::path::Path, more: &[&str]) -> crate::Ended {
    quorate(&[&["trace", path.to_str().expect("the path is UTF-8")], more].concat())
}

#[test]
fn a_trace_is_a_column_a_node() {
    let path = file("a_trace_is_a_column_a_node", TRACE);
    let ended = trace(&path, &["--width", "120"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.lines().all(|line| line.chars().count() <= 120));
    insta::assert_snapshot!("trace_page", ended.out);
    let wide = trace(&path, &[]);
    assert!(wide.out.lines().any(|line| 140 < line.chars().count()));
    assert!(wide.out.lines().all(|line| line.chars().count() <= 160));
}

#[test]
fn filters_choose_by_node_kind_and_time() {
    let path = file("filters_choose_by_node_kind_and_time", TRACE);
    let lines = |more: &[&str]| {
        let ended = trace(&path, more);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        // Title, protocol, what is left out, an empty line, the head.
        ended.out.lines().count() - 5
    };
    assert_eq!(lines(&[]), 16);
    assert_eq!(lines(&["--node", "1"]), 2 + 3);
    assert_eq!(lines(&["--node", "n1,2"]), 5 + 3);
    assert_eq!(lines(&["--kind", "send,receive"]), 3);
    assert_eq!(lines(&["--from", "151.3003ms", "--to", "0.17s"]), 5);
    assert_eq!(trace(&path, &["--from", "10s"]).code, Some(4));
}

#[test]
fn a_broken_file_is_refused_with_file_and_line() {
    let check = |text: &str, line: u32, expected: &str| {
        let path = file("a_broken_file_is_refused_with_file_and_line", text);
        let ended = trace(&path, &[]);
        assert_eq!(ended.code, Some(2), "{expected}: {}", ended.err);
        assert!(ended.err.contains(&format!("{}:{line}: ", path.display())), "{expected}: {}", ended.err);
        assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
    };
    let header = TRACE.lines().next().expect("there is one");
    check("", 1, "the file is empty");
    check("hello\n", 1, "expected the header of a trace");
    check(&header.replace(":2,", ":99,"), 1, "the trace is of version 99");
    check(&format!("{header}\n{{\"seq\":1}}\n"), 2, "expected an event of a trace: missing field `time`");
    check(
        &format!("{header}\n{{\"seq\":1,\"time\":0,\"node\":3,\"kind\":\"boot\",\"text\":\"\"}}"),
        2,
        "there is no node 3 among 3",
    );
    check(&TRACE[..TRACE.len() - 9], 17, "expected an event of a trace");
    assert_eq!(quorate(&["trace", "no/such/trace.jsonl"]).code, Some(2));
}

/// A pager is closed after the first page. The danger: an error message, or a panic, for what is no error.
#[test]
fn a_closed_pipe_is_quiet() {
    let event = TRACE.lines().nth(1).expect("there is one");
    let long =
        format!("{}\n{}", TRACE.lines().next().expect("there is one"), format!("{event}\n").repeat(50_000));
    let path = file("a_closed_pipe_is_quiet", &long);
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.arg("trace").arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    out.read_line(&mut first).expect("there is a line");
    drop(out);
    let ended: crate::Ended = child.wait_with_output().expect("it ends").into();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}
