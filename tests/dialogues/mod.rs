//! Golden dialogues: a few commands drive a small cluster message by message, and exactly what happens stands below
//! them. They are read by people, next to the paper; a changed line is a changed protocol.
//!
//! A file is a sequence of blocks with an empty line between them. A block is commands, one a line (lines that begin
//! with `#` tell the story), then `----`, then what happens. `QUORATE_REWRITE=1 cargo test --test tests dialogues`
//! writes what happens into the files; read the difference before you commit it. Commands:
//!
//! | command | what it does |
//! |---|---|
//! | `cluster VOTERS [learners=N] [link=session] [detection=100ms] [draw=PERCENT] [without=RULE,..] [NAME=VALUE ..]` | boots a cluster; other names are the protocol's settings; first in a file. Draws are all the same: `draw` percent of the range, 0 by default |
//! | `timeout NODE` | moves the clock to the node's deadline, if it is ahead, and lets it pass |
//! | `wait SPAN [NODE..]` | moves the clocks of the nodes named (else all); no deadline passes by itself |
//! | `deliver FROM TO [KIND or NUMBER]` | the next message on that link (of that kind, or the so-manyth: on datagram links it may overtake) arrives |
//! | `drop FROM TO ..`, `repeat FROM TO ..` | it is lost, or arrives and stays in flight too |
//! | `drop NODE`, `drop all` | everything in flight from or to a node, or anywhere, is lost |
//! | `sync NODE..` | everything the nodes have written becomes durable |
//! | `settle [NODE..]` | delivers and syncs among the nodes named (else all) until nothing is left |
//! | `propose NODE WORD`, `read NODE [sync]`, `snapshot NODE`, `hand-over NODE [TO]` | what servers and operators ask |
//! | `kill NODE`, `power NODE`, `wipe NODE`, `restart NODE [alone]` | a process ends; with power, what was not synced is lost; begins again (`alone`: no session comes up) |
//! | `break A B`, `connect A B` | a session breaks at both ends, or comes up |
//! | `who [NODE..]`, `show [NODE..]`, `disk NODE` | who the nodes are; that and what is in flight; what a disk holds |
//! | `COMMAND quietly` | as the command, and shows nothing but what a judge found |

/// The cluster that the commands drive.
mod cluster;

use std::path::{Path, PathBuf};

use replica::Replica;
use scenarios::{Protocol, Visit, visit};

use cluster::Cluster;

/// The least number of dialogues for each protocol.
const FILES_MIN: usize = 12;

#[test]
fn raft_speaks_as_written() {
    speaks_as_written(Protocol::Raft);
}

#[test]
fn zab_speaks_as_written() {
    speaks_as_written(Protocol::Zab);
}

#[test]
fn paxos_speaks_as_written() {
    speaks_as_written(Protocol::Paxos);
}

fn speaks_as_written(protocol: Protocol) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues").join(protocol.name());
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let rewrite = std::env::var_os("QUORATE_REWRITE").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).expect("the file is readable");
        let spoken = visit(protocol, Speak { path, text: &text });
        if let Some(error) = spoken.lines().find(|line| line.starts_with("ERROR ")) {
            wrong.push(error.to_owned());
        }
        if spoken == text {
            continue;
        }
        if rewrite {
            std::fs::write(path, spoken).expect("the file is writable");
        } else {
            wrong.push(first_difference(path, &text, &spoken));
        }
    }
    assert!(wrong.is_empty(), "{}\nQUORATE_REWRITE=1 writes what happens into the files", wrong.join("\n"));
    assert!(FILES_MIN <= files.len(), "{} dialogues of {FILES_MIN}", files.len());
}

/// The first line that differs, with its number.
fn first_difference(path: &Path, text: &str, spoken: &str) -> String {
    let (mut written, mut happened) = (text.lines(), spoken.lines());
    for number in 1.. {
        match (written.next(), happened.next()) {
            (None, None) => break,
            (one, other) if one != other => {
                let (one, other) = (one.unwrap_or("(the end)"), other.unwrap_or("(the end)"));
                return format!("{}:{number}:\n  written:  {one}\n  happened: {other}", path.display());
            }
            _ => {}
        }
    }
    format!("{}: the files differ in their last line's end", path.display())
}

/// Carries out a command; what happened.
fn carry_out<R: Replica>(cluster: &mut Option<Cluster<R>>, words: &[&str]) -> Result<Vec<String>, String> {
    match (words, &mut *cluster) {
        (["cluster", options @ ..], _) => {
            let is_quiet = options.last() == Some(&"quietly");
            let (booted, lines) = Cluster::boot(options.strip_suffix(&["quietly"]).unwrap_or(options))?;
            *cluster = Some(booted);
            Ok(if is_quiet { Vec::new() } else { lines })
        }
        (_, Some(cluster)) => cluster.command(words),
        (_, None) => Err("the first command is `cluster`".to_owned()),
    }
}

/// Carries out a file.
struct Speak<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Visit for Speak<'_> {
    type Output = String;

    /// The file as it should be.
    fn visit<R: Replica>(self) -> String {
        let mut cluster: Option<Cluster<R>> = None;
        let mut page = String::new();
        let mut is_outcome = false;
        let mut happened: Vec<String> = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            let command = line.trim();
            if command.is_empty() {
                (is_outcome, happened) = (false, Vec::new());
            } else if is_outcome {
                continue;
            } else if command == "----" {
                is_outcome = true;
            } else if !command.starts_with('#') {
                let words: Vec<&str> = command.split_whitespace().collect();
                let lines = carry_out(&mut cluster, &words);
                let lines = lines.unwrap_or_else(|why| {
                    vec![format!("ERROR {}:{}: {why}", self.path.display(), index + 1)]
                });
                happened.extend(lines);
            }
            page.push_str(line);
            page.push('\n');
            if is_outcome {
                let lines = if happened.is_empty() {
                    vec!["(nothing)".to_owned()]
                } else {
                    std::mem::take(&mut happened)
                };
                for line in lines {
                    page.push_str(&line);
                    page.push('\n');
                }
            }
        }
        page
    }
}
