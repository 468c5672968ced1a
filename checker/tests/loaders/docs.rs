//! The examples of `docs/histories.md` are read by the loaders, and judged.

use checker::import::{Format, Importable};
use checker::{Kind, Options, append, linearizable, lock, queue, registry, set};

use crate::read;

/// The blocks of a language, each with the heading above it.
fn blocks(language: &str) -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/histories.md");
    let text = std::fs::read_to_string(path).expect("the guide is there");
    let (mut heading, mut block, mut blocks) = (String::new(), None, Vec::new());
    for line in text.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(begins)) if begins == language => block = Some(String::new()),
            (None, Some(_)) => block = None,
            (Some(_), Some(_)) => blocks.push((heading.clone(), block.take().unwrap_or_default())),
            (Some(block), None) => block.push_str(&format!("{line}\n")),
            (None, None) if line.starts_with('#') => heading = line.to_owned(),
            (None, None) => {}
        }
    }
    blocks
}

/// Reads an example, and holds that it is right.
fn example<K: Importable>(text: &str, format: Format) {
    let history = read::<K>(text, format).history;
    let report = linearizable(&history, Options::default());
    assert!(report.verdict.is_ok(), "{text}{:?}", report.verdict);
    if format == Format::Jsonl {
        assert_eq!(history.operations().len(), text.lines().count());
    }
}

#[test]
fn every_object_has_an_example_that_is_read() {
    let blocks = blocks("jsonl");
    let mut headings = Vec::new();
    for (heading, text) in &blocks {
        headings.push(heading.as_str());
        match heading.as_str() {
            "### `--model register` or `kv`" => example::<Kind>(text, Format::Jsonl),
            "### `--model append`" => example::<append::Kind>(text, Format::Jsonl),
            "### `--model set`" => example::<set::Kind>(text, Format::Jsonl),
            "### `--model lock`" => example::<lock::Kind>(text, Format::Jsonl),
            "### `--model registry`" => example::<registry::Kind>(text, Format::Jsonl),
            "### `--model queue`" => example::<queue::Kind>(text, Format::Jsonl),
            other => panic!("an example of what? {other}"),
        }
    }
    assert_eq!(headings.len(), 6, "{headings:?}");
}

#[test]
fn every_format_has_an_example_that_is_read() {
    let clojure = blocks("clojure");
    assert_eq!(clojure.len(), 2);
    example::<Kind>(&clojure[0].1, Format::Edn);
    example::<append::Kind>(&clojure[1].1, Format::PorcupineKv);
    let logs = blocks("text");
    assert_eq!(logs.len(), 1);
    example::<Kind>(&logs[0].1, Format::JepsenLog);
}
