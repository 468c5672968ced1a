//! Tests of explanations: what is said of a broken history is true, short, and the same every time.

/// Files of other systems.
mod files;
/// Pages: what is in them, and what can never be.
mod pages;
/// Orders that prove something, and orders that do not.
mod replays;
/// The rules that clients see broken, in words.
mod stories;

use checker::{Explanation, History, Kind, Operation, Options, Outcome, Output, Verdict, linearizable};

fn operation(client: u64, call: u64, ret: u64, kind: Kind, output: Output) -> Operation {
    Operation { client, key: 0, call, ret: Some(ret), kind, outcome: Outcome::Ok(output), position: None }
}

fn put(client: u64, call: u64, ret: u64, value: u64) -> Operation {
    operation(client, call, ret, Kind::Put { value }, Output::Done)
}

fn get(client: u64, call: u64, ret: u64, seen: Option<u64>) -> Operation {
    operation(client, call, ret, Kind::Get, Output::Value(seen))
}

fn cas(client: u64, call: u64, ret: u64, expect: Option<u64>, value: u64) -> Operation {
    operation(client, call, ret, Kind::Cas { expect, value }, Output::Swapped)
}

/// Judges with an explanation.
fn explained<K: checker::Object>(history: &History<K>, threads: usize) -> checker::Report {
    linearizable(history, Options { explain: true, threads, ..Options::default() })
}

/// The explanation of a history that is known to be broken.
fn explanation<K: checker::Object>(history: &History<K>) -> Explanation {
    match explained(history, 1).verdict {
        Verdict::Illegal { explanation } => explanation,
        other => panic!("not broken: {other:?}"),
    }
}
