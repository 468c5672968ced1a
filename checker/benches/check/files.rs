//! The files that Porcupine redistributes (half of those that were published), beside the times of `expected.tsv`:
//! Porcupine in Go on one thread, without parsing.

use std::fs;
use std::path::PathBuf;

use checker::{Budget, Report, import, linearizable};

use crate::timing::{fast_us, median};

/// One line of the table.
#[derive(Clone, Debug)]
struct Row {
    file: String,
    verdict: &'static str,
    configurations: u64,
    us: f64,
    porcupine_us: f64,
}

/// Prints the table of all files, and the sums.
pub(crate) fn print(scale: f64, is_wanted: &dyn Fn(&str) -> bool) {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/porcupine");
    let table = fs::read_to_string(data.join("expected.tsv")).expect("the table of expected verdicts");
    let mut rows = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [file, expected, porcupine_us] = cells[..] else { panic!("three cells: {line}") };
        if expected == "empty-file" || !is_wanted(file) {
            continue;
        }
        let text = fs::read_to_string(data.join(file)).expect("a file of the table");
        let porcupine_us = porcupine_us.parse::<f64>().expect("microseconds") * scale;
        rows.push(measure(file, &text, porcupine_us));
    }
    println!(
        "\n{:<20} {:>15} {:>8} {:>10} {:>12} {:>8}",
        "file", "verdict", "configs", "us", "Porcupine us", "ratio"
    );
    for row in &rows {
        print_row(row);
    }
    summarize(rows.iter().filter(|row| row.file.starts_with("etcd/")).collect());
}

fn measure(file: &str, text: &str, porcupine_us: f64) -> Row {
    let (us, report) = if file.starts_with("etcd/") {
        let history = import::jepsen_log(text).expect("a log");
        fast_us(|| linearizable(&history, Budget::default()))
    } else {
        let history = import::append_history(text).expect("a history of texts");
        fast_us(|| linearizable(&history, Budget::default()))
    };
    let configurations = report.counts.configurations;
    Row { file: file.to_owned(), verdict: word(&report), configurations, us, porcupine_us }
}

/// The verdict in a word.
pub(crate) fn word(report: &Report) -> &'static str {
    match report.verdict {
        checker::Verdict::Ok { .. } => "linearizable",
        checker::Verdict::Illegal { .. } => "not",
        checker::Verdict::Unknown { .. } => "unknown",
        checker::Verdict::NotChecked => "not checked",
    }
}

fn print_row(row: &Row) {
    let Row { file, verdict, configurations, us, porcupine_us } = row;
    let ratio = porcupine_us / us;
    println!("{file:<20} {verdict:>15} {configurations:>8} {us:>10.1} {porcupine_us:>12.1} {ratio:>8.1}");
}

fn summarize(rows: Vec<&Row>) {
    if rows.is_empty() {
        return;
    }
    let ours: f64 = rows.iter().map(|row| row.us).sum();
    let theirs: f64 = rows.iter().map(|row| row.porcupine_us).sum();
    let mut ratios: Vec<f64> = rows.iter().map(|row| row.porcupine_us / row.us).collect();
    let middle = median(&mut ratios);
    println!(
        "{} etcd logs: {ours:.0} us, Porcupine {theirs:.0} us; ratio of the sums {:.0}, of files: median {middle:.1}, least {:.1}",
        rows.len(),
        theirs / ours,
        ratios[0],
    );
}
