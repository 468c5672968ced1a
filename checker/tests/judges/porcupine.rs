//! The histories that Porcupine redistributes, with the verdicts that its own test-suite asserts.

use std::fs;
use std::path::PathBuf;

use checker::register;
use checker::search::{Progress, Pruning, Search};
use checker::{Report, import, linearizable};

use crate::AMPLE;

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/porcupine")
}

fn read(file: &str) -> String {
    fs::read_to_string(data().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn report(file: &str) -> Report {
    let text = read(file);
    if file.starts_with("etcd/") {
        linearizable(&import::jepsen_log(&text).unwrap_or_else(|error| panic!("{file}: {error}")), AMPLE)
    } else {
        let operations = import::append_history(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        linearizable(&operations, AMPLE)
    }
}

/// File and verdict, in the order of the table.
fn expected() -> Vec<(String, String)> {
    let table = read("expected.tsv");
    let rows = table.lines().skip(1).map(|line| {
        let mut cells = line.split('\t');
        (cells.next().unwrap().to_owned(), cells.next().unwrap().to_owned())
    });
    rows.collect()
}

#[test]
fn every_file_gets_its_published_verdict() {
    let (mut ok, mut illegal) = (0, 0);
    for (file, verdict) in expected() {
        let report = report(&file);
        match verdict.as_str() {
            "linearizable" => {
                assert!(report.verdict.is_ok(), "{file}: {:?}", report.verdict);
                ok += 1;
            }
            "not-linearizable" => {
                assert!(report.verdict.is_illegal(), "{file}: {:?}", report.verdict);
                illegal += 1;
            }
            "empty-file" => assert_eq!(report.verdict, checker::Verdict::NotChecked, "{file}"),
            other => panic!("{file}: no such verdict: {other}"),
        }
    }
    assert_eq!((ok, illegal), (13, 41));
}

#[test]
fn no_file_is_forgotten_and_no_line_is_lost() {
    let mut listed: Vec<String> = expected().into_iter().map(|(file, _)| file).collect();
    listed.sort();
    let mut found = Vec::new();
    for folder in ["etcd", "kv"] {
        for entry in fs::read_dir(data().join(folder)).unwrap() {
            found.push(format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    found.sort();
    assert_eq!(found, listed);
    for file in found {
        let text = read(&file);
        let called = text.lines().filter(|line| line.contains(":invoke")).count();
        let loaded = if file.starts_with("etcd/") {
            import::jepsen_log(&text).unwrap().operations().len()
        } else {
            import::append_history(&text).unwrap().operations().len()
        };
        assert_eq!(loaded, called, "{file}");
        assert!(loaded > 0 || text.is_empty(), "{file}");
    }
}

#[test]
fn of_the_ten_keys_of_the_bad_file_two_are_fine() {
    let report = report("kv/c10-bad.txt");
    let fine: Vec<u64> = report.keys.iter().filter(|key| key.verdict.is_ok()).map(|key| key.key).collect();
    assert_eq!(fine, [4, 8]);
    assert_eq!((report.counts.illegal, report.counts.unknown), (8, 0));
}

#[test]
fn no_pruning_rule_changes_the_verdict_of_a_log() {
    for (file, verdict) in expected().into_iter().filter(|(file, _)| file.starts_with("etcd/")) {
        let history = import::jepsen_log(&read(&file)).unwrap();
        for key in register::partition(&history) {
            let without = |pruning: Pruning| {
                let mut search = Search::new(key.model.clone(), key.spans.clone(), pruning).unwrap();
                match search.run(200_000) {
                    Progress::Pending => None,
                    progress => Some(matches!(progress, Progress::Ok { .. })),
                }
            };
            let greedy = without(Pruning { greedy: false, ..Pruning::ALL });
            let symmetry = without(Pruning { symmetry: false, ..Pruning::ALL });
            let dominance = without(Pruning { dominance: false, ..Pruning::ALL });
            for decided in [greedy, symmetry, dominance].into_iter().flatten() {
                assert_eq!(decided, verdict == "linearizable", "{file}");
            }
        }
    }
}

#[test]
fn a_line_that_is_not_understood_is_an_error() {
    let bad_logs = [
        "INFO  jepsen.util - 0\t:invoke\t:read",
        "INFO  jepsen.util - 0\t:invoke\t:write\tnil",
        "INFO  jepsen.util - 0\t:invoke\t:cas\t[1]",
        "INFO  jepsen.util - 0\t:ok\t:read\tnil",
        "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:invoke\t:read\tnil",
        "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:write\t2",
        "WARN  jepsen.util - 0\t:invoke\t:read\tnil",
        "something else",
    ];
    for text in bad_logs {
        assert!(import::jepsen_log(text).is_err(), "{text}");
    }
    let bad_histories = [
        "{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}",
        "{:process 0, :type :invoke, :f :put, :key \"0\", :value nil}",
        "{:process 0, :type :ok, :f :get, :key \"0\", :value \"\"}",
        "{:process 0, :type :invoke, :f :put, :key \"0\", :value \"a\"}\n{:process 0, :type :ok, :f :put, :key \"1\", :value \"a\"}",
        "{:process 0, :type :info, :f :get, :key \"0\", :value nil}",
        "nonsense",
    ];
    for text in bad_histories {
        assert!(import::append_history(text).is_err(), "{text}");
    }
}

/// Not a test but a measurement: `cargo test -p checker -- --ignored --nocapture measure`.
#[test]
#[ignore = "a measurement"]
fn measure_files() {
    let mut total = 0;
    let mut slowest = (0, String::new());
    for (file, _) in expected() {
        let start = std::time::Instant::now();
        let report = report(&file);
        let micros = start.elapsed().as_micros();
        total += micros;
        slowest = slowest.max((micros, format!("{file}, {} configurations", report.counts.configurations)));
    }
    println!("all files, loading included: {total} us; slowest: {slowest:?}");
}
