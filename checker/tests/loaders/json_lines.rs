//! Our own format.

use checker::generate::{Random, RegisterMix, Shape, registers};
use checker::import::Format;
use checker::{History, Kind, Outcome, Output, append};

use crate::{faults, one, read, wrong};

#[test]
fn keys_and_values_are_numbers_or_texts() {
    let text = r#"{"client":1,"key":"a","call":1,"ret":2,"kind":{"put":{"value":"x"}},"outcome":{"ok":"done"}}
{"client":1,"key":"a","call":3,"ret":4,"kind":{"cas":{"expect":"x","value":7}},"outcome":{"ok":{"differs":"y"}}}
{"client":1,"key":3,"call":5,"ret":6,"kind":"get","outcome":{"ok":{"value":null}}}
"#;
    let loaded = read::<Kind>(text, Format::Jsonl);
    let history = &loaded.history;
    assert_eq!(
        history.words(0),
        "client 1's put of \"x\" to key \"a\" (called at 1, ended at 2), which was acknowledged"
    );
    assert!(history.words(1).contains("from \"x\" to 7"), "{}", history.words(1));
    assert!(history.words(1).ends_with("which found \"y\""), "{}", history.words(1));
    assert_eq!(history.operations()[2].key, 3);
    assert_eq!(history.operations()[2].outcome, Outcome::Ok(Output::Value(None)));
}

#[test]
fn a_number_is_not_the_text_of_its_digits() {
    let write = |value: &str| {
        format!(
            r#"{{"client":1,"call":1,"ret":2,"kind":{{"put":{{"value":{value}}}}},"outcome":{{"ok":"done"}}}}"#
        )
    };
    let values = ["1", "\"1\"", "-1", "\"-1\"", "9223372036854775808", "\"9223372036854775808\""];
    let text: Vec<String> = values.iter().map(|value| write(value)).collect();
    let loaded = read::<Kind>(&text.join("\n"), Format::Jsonl);
    let mut kinds: Vec<Kind> = loaded.history.operations().iter().map(|operation| operation.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), values.len());
}

#[test]
fn texts_of_an_object_with_texts_stay_texts() {
    let text =
        r#"{"client":1,"key":"k","call":1,"ret":2,"kind":{"append":{"text":"x"}},"outcome":{"ok":"done"}}"#;
    let loaded = read::<append::Kind>(text, Format::Jsonl);
    assert_eq!(loaded.history.operations()[0].kind, append::Kind::Append { text: "x".into() });
}

#[test]
fn what_we_write_is_what_we_read() {
    let text = r#"{"client":1,"key":0,"call":1,"ret":2,"kind":{"put":{"value":3}},"outcome":{"ok":"done"},"position":7}
{"client":4,"key":0,"call":4,"kind":"get","outcome":"unknown"}
"#;
    let loaded = read::<Kind>(text, Format::Jsonl);
    assert_eq!(loaded.history.to_jsonl(), text);
    assert_eq!(loaded.history.operations(), History::<Kind>::from_jsonl(text).unwrap().operations());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let good = r#"{"client":1,"key":0,"call":4,"ret":5,"kind":"get","outcome":"unknown"}"#;
    let cases: [(String, usize, usize, &str); 10] = [
        (format!("{good}\n\n{{"), 3, 1, "EOF while parsing an object"),
        ("{}".into(), 1, 2, "missing field `client`"),
        (good.replace("client", "customer"), 1, 2, "unknown field `customer`"),
        (good.replace("\"get\"", "\"enqueue\""), 1, 45, "unknown variant `enqueue`"),
        (good.replace("\"call\":4", "\"call\":\"x\""), 1, 28, "invalid type: string \"x\""),
        (good.replace("\"call\":4", "\"call\":-4"), 1, 28, "invalid value: integer `-4`"),
        (good.replace("\"call\":4", "\"call\":4,\"call\":4"), 1, 37, "duplicate field `call`"),
        (good.replace("\"call\":4", "\"call\":9"), 1, 30, "the operation returned before it was called"),
        (
            good.replace("\"unknown\"", "{\"ok\":\"done\"}"),
            1,
            51,
            "the output belongs to another kind of operation",
        ),
        (
            good.replace("\"unknown\"", "{\"ok\":{\"value\":1}}").replace("\"ret\":5,", ""),
            1,
            43,
            "the operation is ok and has no return",
        ),
    ];
    for (text, line, column, problem) in cases {
        assert_eq!(one::<Kind>(&text, Format::Jsonl), (line, column, problem.to_owned()), "{text}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let text = "{}\nnonsense\n{:process 0}\n";
    let lines: Vec<usize> = wrong::<Kind>(text, Format::Jsonl).into_iter().map(|(line, ..)| line).collect();
    assert_eq!(lines, [1, 2, 3]);
    assert_eq!(
        faults::<Kind>(text, Format::Jsonl).faults[2].help,
        "the line looks like edn: a file has one format"
    );
}

/// Not a test but a measurement: `cargo test -p checker --release --test loaders -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn measure_a_million_lines() {
    let shape = Shape {
        operations: 1_000_000,
        clients: 16,
        keys: 1_000,
        pause_max: 1_000,
        width_max: 10_000,
        unknown_permille: 1,
    };
    let mix = RegisterMix { gets_permille: 400, cas_permille: 200, values: 0, says_what_differs: true };
    let text = History::new(registers(&mut Random(7), &shape, &mix)).unwrap().to_jsonl();
    let start = std::time::Instant::now();
    let loaded = read::<Kind>(&text, Format::Jsonl);
    println!("{} bytes, read in {:?}", text.len(), start.elapsed());
    let report =
        checker::linearizable(&loaded.history, checker::Options { threads: 0, ..Default::default() });
    println!("read and judged in {:?}: {:?}", start.elapsed(), report.counts);
}
