//! The report of a sweep: a row a file and protocol, then what to look at first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::units::count;
use super::{Rerun, settings, table};
use crate::exit::Exit;
use crate::seeds::Seeds;
use crate::tally::{Failing, Tally};

/// The version of the JSON document that `quorate sweep` prints.
const SCHEMA: u32 = 1;

/// Everything the report is made of.
pub(crate) struct Report<'a> {
    /// The seeds.
    pub(crate) seeds: Seeds,
    /// Rules left out by the command line.
    pub(crate) without: &'a [String],
    /// Keys of the files set by the command line, with their values.
    pub(crate) set: &'a [(String, String)],
    /// Files that leave out rules themselves, each with its rules.
    pub(crate) mutants: &'a [(String, Vec<String>)],
    /// A tally a file and protocol, in order.
    pub(crate) tallies: &'a [Tally],
}

impl Report<'_> {
    /// How a command with these tallies ends.
    pub(crate) fn exit(&self) -> Exit {
        let start = if self.untouched().is_empty() { Exit::Held } else { Exit::Usage };
        self.tallies.iter().fold(start, |exit, tally| exit.worse(tally.exit()))
    }

    /// The explicit faults, with their file, that touched nothing in any run of it.
    pub(crate) fn untouched(&self) -> Vec<(&str, &str)> {
        let mut runs: BTreeMap<(&str, usize), (&str, u64)> = BTreeMap::new();
        let mut files: Vec<&str> = Vec::new();
        for tally in self.tallies {
            if files.last() != Some(&tally.file.as_str()) {
                files.push(&tally.file);
            }
            for (index, (what, touched)) in tally.faults.iter().enumerate() {
                runs.entry((&tally.file, index)).or_insert((what, 0)).1 += touched;
            }
        }
        let of_file = |file: &str| runs.iter().filter(move |((of, _), _)| *of == file).collect::<Vec<_>>();
        let all = files.iter().flat_map(|file| of_file(file));
        all.filter(|(_, (_, touched))| *touched == 0).map(|((file, _), (what, _))| (*file, *what)).collect()
    }

    /// The report for people.
    pub(crate) fn human(&self) -> String {
        let mut text = String::new();
        if !self.without.is_empty() {
            text.push_str(&format!("THIS SWEEP LEAVES OUT {}\n", self.without.join(", ")));
        }
        if !self.set.is_empty() {
            text.push_str(&format!("Set: {}\n", settings(self.set).join(", ")));
        }
        for (file, rules) in self.mutants {
            text.push_str(&format!("{file}: THIS FILE LEAVES OUT {}\n", rules.join(", ")));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&self.table());
        text.push('\n');
        for (file, what) in self.untouched() {
            text.push_str(&format!("{file}: the fault '{what}' TOUCHED NOTHING in any run.\n"));
        }
        text.push_str(&self.rare_paths());
        let failures: Vec<String> = self.tallies.iter().flat_map(|tally| self.failures(tally)).collect();
        if failures.is_empty() && self.exit() == Exit::Held {
            let runs = self.tallies.iter().map(|tally| tally.seeds).sum();
            text.push_str(&format!("All held: {} runs.\n", count(runs)));
        }
        text.push_str(&failures.join("\n"));
        text
    }

    fn table(&self) -> String {
        let repeated = self.tallies.iter().any(|tally| tally.repeated > 0);
        let mut head = vec!["file", "protocol", "seeds", "ok", "VIOLATED", "UNKNOWN", "bugs"];
        if repeated {
            head.extend(["run twice", "differed"]);
        }
        head.push("lowest failing seed");
        let row = |tally: &Tally| {
            let mut row = vec![tally.file.clone(), tally.protocol.clone()];
            row.extend([tally.seeds, tally.ok, tally.violated, tally.unknown, tally.bugs].map(count));
            if repeated {
                row.extend([tally.repeated, tally.differed].map(count));
            }
            row.push(
                tally.first_violated.as_ref().map_or("-".into(), |f| format!("{} ({})", f.seed, f.judge)),
            );
            row
        };
        // In the head these are names of columns and nothing to be alarmed about.
        let head: Vec<String> = head.into_iter().map(str::to_lowercase).collect();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        table::listing(&head, self.tallies.iter().map(row).collect())
    }

    /// The rare paths that no run of a protocol reached, over all files.
    fn rare_paths(&self) -> String {
        let mut runs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for tally in self.tallies {
            for (gate, reached) in &tally.gates {
                *runs.entry((&tally.protocol, gate)).or_default() += reached;
            }
        }
        let missed = runs.iter().filter(|(_, reached)| **reached == 0);
        let mut text: String =
            missed.map(|((protocol, gate), _)| format!("  {protocol}: {gate}\n")).collect();
        if !text.is_empty() {
            text.insert_str(0, "Rare paths that no run reached:\n");
            text.push('\n');
        }
        text
    }

    /// What went wrong first under a tally: bugs, differences, violations, undecided runs.
    fn failures(&self, tally: &Tally) -> Vec<String> {
        let found = [
            (&tally.first_bug, "this is a bug in Quorate"),
            (&tally.first_differed, "the run is not deterministic"),
            (&tally.first_violated, ""),
            (&tally.first_unknown, ""),
        ];
        let rerun = self.rerun(tally);
        let told = |(failing, comment): (&Option<Failing>, &str)| {
            failing.as_ref().map(|failing| failure(failing, comment, tally, &rerun))
        };
        found.into_iter().filter_map(told).collect()
    }

    /// The line that reproduces a run of a tally.
    fn rerun(&self, tally: &Tally) -> Rerun {
        Rerun { file: tally.file.clone(), without: self.without.to_vec(), set: self.set.to_vec() }
    }

    /// The report for programs: one document.
    pub(crate) fn json(&self) -> String {
        super::json(&Document {
            schema: SCHEMA,
            command: "sweep",
            seeds_from: self.seeds.from,
            seeds_count: self.seeds.count,
            without: self.without,
            set: settings(self.set),
            mutants: self.mutants,
            exit: self.exit().code(),
            untouched_faults: self.untouched(),
            rows: self.tallies.iter().map(|tally| row(tally, &self.rerun(tally))).collect(),
        })
    }
}

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    command: &'static str,
    seeds_from: u64,
    seeds_count: u64,
    without: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    set: Vec<String>,
    mutants: &'a [(String, Vec<String>)],
    exit: u8,
    untouched_faults: Vec<(&'a str, &'a str)>,
    rows: Vec<Row<'a>>,
}

/// A row of it.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    protocol: &'a str,
    seeds: u64,
    ok: u64,
    violated: u64,
    unknown: u64,
    bugs: u64,
    run_twice: u64,
    differed: u64,
    events: u64,
    first_violated: Option<First<'a>>,
    first_unknown: Option<First<'a>>,
    first_bug: Option<First<'a>>,
    first_differed: Option<First<'a>>,
    gates: BTreeMap<&'a str, u64>,
}

/// The lowest seed of its kind.
#[derive(Serialize)]
struct First<'a> {
    seed: u64,
    judge: &'a str,
    sentence: &'a str,
    fingerprint: &'a str,
    reproduce: String,
}

fn row<'a>(tally: &'a Tally, rerun: &Rerun) -> Row<'a> {
    let first = |failing: &'a Option<Failing>| {
        failing.as_ref().map(|failing| First {
            seed: failing.seed,
            judge: &failing.judge,
            sentence: &failing.sentence,
            fingerprint: &failing.fingerprint,
            reproduce: rerun.line(&tally.protocol, failing.seed),
        })
    };
    Row {
        file: &tally.file,
        protocol: &tally.protocol,
        seeds: tally.seeds,
        ok: tally.ok,
        violated: tally.violated,
        unknown: tally.unknown,
        bugs: tally.bugs,
        run_twice: tally.repeated,
        differed: tally.differed,
        events: tally.events,
        first_violated: first(&tally.first_violated),
        first_unknown: first(&tally.first_unknown),
        first_bug: first(&tally.first_bug),
        first_differed: first(&tally.first_differed),
        gates: tally.gates.iter().copied().collect(),
    }
}

/// A failure: file, sentence, seed, fingerprint, the line to copy.
fn failure(failing: &Failing, comment: &str, tally: &Tally, rerun: &Rerun) -> String {
    let mut text = format!("{}: {}.\n", tally.file, failing.sentence);
    if !comment.is_empty() {
        text.push_str(&format!("  {comment}\n"));
    }
    text.push_str(&format!("  seed {}\n", failing.seed));
    if !failing.fingerprint.is_empty() {
        text.push_str(&format!("  fingerprint {}\n", failing.fingerprint));
    }
    text + &format!("  {}\n", rerun.line(&tally.protocol, failing.seed))
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::tally::Glance;

    fn tallies() -> Vec<Tally> {
        let mut good = Tally::new("scenarios/crash/one.toml", "paxos");
        let mut bad = Tally::new("scenarios/crash/one.toml", "raft");
        for seed in 0..1_500 {
            good.add(seed, Glance::of(&made_up::outcome("paxos", 'P')));
            let outcome = if seed == 417 { made_up::violated() } else { made_up::outcome("raft", 'R') };
            bad.add(seed, Glance::of(&outcome));
        }
        vec![good, bad]
    }

    fn check(name: &str, text: &str) {
        insta::with_settings!({snapshot_path => "../../tests/snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, text);
        });
    }

    #[test]
    fn the_lowest_failing_seed_stands_in_its_row_and_at_the_end() {
        let report = Report {
            seeds: Seeds { from: 0, count: 1_500 },
            without: &[],
            set: &[],
            mutants: &[],
            tallies: &tallies(),
        };
        assert_eq!(report.exit(), Exit::Violated);
        let text = report.human();
        assert!(text.ends_with("  quorate run scenarios/crash/one.toml --protocol raft --seed 417\n"));
        check("sweep_violated", &text);
        let value: serde_json::Value = serde_json::from_str(&report.json()).expect("it is JSON");
        assert_eq!(value["rows"][1]["first_violated"]["seed"], 417);
        assert_eq!(value["exit"], 1);
    }

    #[test]
    fn a_fault_that_missed_everywhere_is_an_error_of_its_file() {
        let mut tallies = vec![tallies().swap_remove(0)];
        let seeds = Seeds { from: 0, count: 1_500 };
        assert_eq!(
            Report { seeds, without: &[], set: &[], mutants: &[], tallies: &tallies }.exit(),
            Exit::Held
        );
        tallies[0].faults[1].1 = 0;
        let mutants = [("scenarios/crash/one.toml".to_string(), vec!["paxos/P2c".to_string()])];
        let report =
            Report { seeds, without: &["raft/noop".into()], set: &[], mutants: &mutants, tallies: &tallies };
        assert_eq!(report.exit(), Exit::Usage);
        check("sweep_untouched", &report.human());
    }
}
