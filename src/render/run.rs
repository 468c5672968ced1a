//! The side-by-side report of one scenario and seed: what happened, what each fault touched, what the judges say, and
//! the verdict in a sentence.

use serde::Serialize;
use sim::outcome::{FaultReport, JudgeReport, Outcome, Verdict};

use super::table::SideBySide;
use super::units::{brief, count, duration, milli, of, ratio};
use super::{Rerun, judges, settings};
use crate::exit::Exit;

/// The version of the JSON document that `quorate run` prints.
const SCHEMA: u32 = 1;
/// How many drawn faults the table shows; the JSON document has all of them.
const DRAWN_FAULTS_SHOWN_MAX: usize = 20;

/// Everything the report is made of.
pub(crate) struct Report<'a> {
    /// The scenario's title.
    pub(crate) title: &'a str,
    /// How many nodes.
    pub(crate) nodes: u8,
    /// The seed.
    pub(crate) seed: u64,
    /// Rules left out, by the file or by the command line.
    pub(crate) without: &'a [String],
    /// How to see one of the runs again.
    pub(crate) rerun: &'a Rerun,
    /// The outcomes, in the order of the columns.
    pub(crate) outcomes: &'a [Outcome],
}

impl Report<'_> {
    /// How a command with these outcomes ends.
    pub(crate) fn exit(&self) -> Exit {
        let mut exit = if self.untouched().is_empty() { Exit::Held } else { Exit::Usage };
        for outcome in self.outcomes {
            exit = exit.worse(exit_of(outcome));
        }
        exit
    }

    /// The explicit faults that touched nothing in any run: errors of the scenario. A run that was cut short may not
    /// have come to them.
    pub(crate) fn untouched(&self) -> Vec<&FaultReport> {
        let Some(first) = self.outcomes.first() else { return Vec::new() };
        let missed = |index: usize| {
            self.outcomes.iter().all(|outcome| {
                !outcome.cut_short && outcome.faults.get(index).is_none_or(|fault| !fault.touched())
            })
        };
        let explicit = first.faults.iter().enumerate().filter(|(_, fault)| fault.explicit);
        explicit.filter(|(index, _)| missed(*index)).map(|(_, fault)| fault).collect()
    }

    /// The report for people.
    pub(crate) fn human(&self) -> String {
        let mut text = self.head();
        let columns: Vec<String> = self.outcomes.iter().map(|outcome| outcome.protocol.to_string()).collect();
        let mut table = SideBySide::new(&columns);
        self.add_measures(&mut table);
        self.add_faults(&mut table);
        judges::add(&mut table, self.outcomes);
        self.add_run(&mut table);
        text.push_str(&table.text());
        text.push('\n');
        text.push_str(&self.fingerprints());
        text.push('\n');
        text.push_str(&self.verdict());
        text
    }

    /// Title, file, seed, and what is left out.
    fn head(&self) -> String {
        let mut text = format!("{}\n", self.title);
        let nodes = of(u64::from(self.nodes), "node", "nodes");
        text.push_str(&format!("{}, {nodes}, seed {}\n", self.rerun.file, self.seed));
        if !self.rerun.set.is_empty() {
            text.push_str(&format!("Set: {}\n", settings(&self.rerun.set).join(", ")));
        }
        if !self.without.is_empty() {
            text.push_str(&format!("THIS RUN LEAVES OUT {}\n", self.without.join(", ")));
        }
        text.push('\n');
        text
    }

    /// One measure across all protocols.
    fn measure(&self, table: &mut SideBySide, name: &str, cell: impl Fn(&Outcome) -> String) {
        table.row(name, self.outcomes.iter().map(cell));
    }

    fn add_measures(&self, table: &mut SideBySide) {
        self.measure(table, "operations ok", |o| count(o.operations.ok));
        self.measure(table, "operations failed", |o| count(o.operations.failed));
        self.measure(table, "operations unknown", |o| count(o.operations.unknown));
        self.measure(table, "throughput", |o| format!("{}/s", milli(o.throughput_milli)));
        self.measure(table, "latency p50", |o| duration(o.latency.p50));
        self.measure(table, "latency p99", |o| duration(o.latency.p99));
        self.measure(table, "longest unavailability", unavailability);
        self.measure(table, "leader changes", |o| count(o.leaders.saturating_sub(1)));
        self.measure(table, "converged", converged);

        table.section("cost of a committed write");
        let whole = |o: &Outcome| o.traffic.committed_writes;
        self.measure(table, "messages", |o| ratio(o.traffic.messages, whole(o)));
        self.measure(table, "bytes", |o| ratio(o.traffic.bytes, whole(o)));
        self.measure(table, "frames between servers", |o| ratio(o.traffic.frames, whole(o)));
        self.measure(table, "syncs", |o| ratio(o.traffic.syncs, whole(o)));
        self.measure(table, "committed writes", |o| count(whole(o)));
    }

    fn add_faults(&self, table: &mut SideBySide) {
        let Some(first) = self.outcomes.first().filter(|first| !first.faults.is_empty()) else { return };
        table.section("faults and what they touched");
        let (mut drawn, mut hidden) = (0, 0);
        for (index, fault) in first.faults.iter().enumerate() {
            drawn += usize::from(!fault.explicit);
            if !fault.explicit && drawn > DRAWN_FAULTS_SHOWN_MAX {
                hidden += 1;
                continue;
            }
            let reports =
                || self.outcomes.iter().map(|outcome| (outcome.faults.get(index), outcome.cut_short));
            let at = reports().filter_map(|(report, _)| report).map(|report| report.at).min();
            let at = at.unwrap_or(fault.at);
            let cell = |(report, cut_short)| touched(report, at, cut_short);
            table.row(&format!("{} {}", brief(at), fault.what), reports().map(cell));
        }
        if hidden > 0 {
            let more = of(hidden, "more drawn fault", "more drawn faults");
            table.row(&format!("{more}: see --format json"), self.outcomes.iter().map(|_| String::new()));
        }
    }

    fn add_run(&self, table: &mut SideBySide) {
        table.section("the run");
        if self.outcomes.iter().any(|outcome| !outcome.settings.is_empty()) {
            self.measure(table, "settings", |o| {
                let lines: Vec<String> =
                    o.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
                lines.join("\n")
            });
        }
        if self.outcomes.iter().any(|outcome| !outcome.gates.is_empty()) {
            self.measure(table, "rare paths reached", |o| {
                let reached = o.gates.iter().filter(|(_, reached)| *reached).count();
                format!("{reached} of {}", o.gates.len())
            });
        }
        self.measure(table, "events", |o| count(o.events));
        self.measure(table, "simulated time", |o| duration(o.ended_at));
    }

    /// The fingerprints, a line each: three of them side by side would be too wide, and they are there to be copied.
    fn fingerprints(&self) -> String {
        let width = self.outcomes.iter().map(|outcome| outcome.protocol.len()).max().unwrap_or(0);
        let line = |o: &Outcome| format!("fingerprint {:width$}  {}\n", o.protocol, o.fingerprint);
        self.outcomes.iter().map(line).collect()
    }

    /// The verdict in a sentence, and for every failure the seed, the fingerprint and the line that reproduces it.
    fn verdict(&self) -> String {
        let mut text = String::new();
        for fault in self.untouched() {
            text.push_str(&format!("{}\n", untouched_sentence(fault)));
        }
        let failed: Vec<&Outcome> = self.outcomes.iter().filter(|o| exit_of(o) != Exit::Held).collect();
        if failed.is_empty() {
            let judges: usize = self.outcomes.iter().map(|o| o.judges.len()).sum();
            let observed = self.outcomes.iter().flat_map(|o| &o.judges).map(|judge| judge.observed).sum();
            let runs = of(self.outcomes.len() as u64, "run", "runs");
            let judges = of(judges as u64, "judge", "judges");
            let held = if self.untouched().is_empty() { "All held" } else { "All judges are content" };
            text.push_str(&format!("{held}: {runs}, {judges}, {}.", of(observed, "check", "checks")));
            text.push_str(&not_checked(self.outcomes));
            text.push('\n');
        }
        for (index, outcome) in failed.into_iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&failure(outcome, self.rerun));
        }
        text
    }

    /// The report for programs: one document.
    pub(crate) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: u32,
            command: &'static str,
            file: &'a str,
            title: &'a str,
            nodes: u8,
            seed: u64,
            without: &'a [String],
            #[serde(skip_serializing_if = "Vec::is_empty")]
            set: Vec<String>,
            exit: u8,
            untouched_faults: Vec<&'a str>,
            failures: Vec<Failed<'a>>,
            outcomes: &'a [Outcome],
        }
        #[derive(Serialize)]
        struct Failed<'a> {
            protocol: &'static str,
            sentence: String,
            seed: u64,
            fingerprint: &'a str,
            reproduce: String,
        }
        let failed = self.outcomes.iter().filter(|o| exit_of(o) != Exit::Held);
        let document = Document {
            schema: SCHEMA,
            command: "run",
            file: &self.rerun.file,
            title: self.title,
            nodes: self.nodes,
            seed: self.seed,
            without: self.without,
            set: settings(&self.rerun.set),
            exit: self.exit().code(),
            untouched_faults: self.untouched().iter().map(|fault| fault.what.as_str()).collect(),
            failures: failed
                .map(|outcome| Failed {
                    protocol: outcome.protocol,
                    sentence: sentence(outcome),
                    seed: outcome.seed,
                    fingerprint: &outcome.fingerprint,
                    reproduce: self.rerun.line(outcome.protocol, outcome.seed),
                })
                .collect(),
            outcomes: self.outcomes,
        };
        super::json(&document)
    }
}

/// How a command with this one outcome ends.
pub(crate) fn exit_of(outcome: &Outcome) -> Exit {
    match outcome.verdict() {
        Verdict::Violated => Exit::Violated,
        Verdict::Unknown => Exit::Unknown,
        // Judges that saw nothing have said nothing.
        _ if outcome.judges.iter().all(|judge| judge.verdict == Verdict::NotChecked) => Exit::Unknown,
        _ => Exit::Held,
    }
}

/// What is wrong with an outcome that did not hold, in one sentence.
pub(crate) fn sentence(outcome: &Outcome) -> String {
    let of_verdict = |verdict| outcome.judges.iter().find(|judge| judge.verdict == verdict);
    match (outcome.first_violation(), of_verdict(Verdict::Unknown)) {
        (Some(judge), _) => {
            format!("{} VIOLATED {}{}{}", outcome.protocol, judge.name, place(judge), said(judge))
        }
        (None, Some(judge)) => {
            format!("{} UNKNOWN {}{}{}", outcome.protocol, judge.name, place(judge), said(judge))
        }
        (None, None) => format!("{} UNKNOWN: no judge observed anything", outcome.protocol),
    }
}

/// Where a judge saw it.
fn place(judge: &JudgeReport) -> String {
    let at = judge.first_at.map(|at| format!(" at {}", duration(at))).unwrap_or_default();
    // A judge of the whole run has no event of its own.
    let event = judge.first_event.filter(|event| *event != u64::MAX);
    let event = event.map(|event| format!(" (event {event})")).unwrap_or_default();
    at + &event
}

/// What a judge has to say.
fn said(judge: &JudgeReport) -> String {
    if judge.detail.is_empty() { String::new() } else { format!(": {}", judge.detail.trim_end_matches('.')) }
}

/// A failure: the sentence, the other judges that saw it, seed and fingerprint, the line to copy.
fn failure(outcome: &Outcome, rerun: &Rerun) -> String {
    let first = outcome.first_violation().map(|judge| judge.name.as_str());
    let others: Vec<&str> = outcome
        .judges
        .iter()
        .filter(|judge| judge.verdict == Verdict::Violated && Some(judge.name.as_str()) != first)
        .map(|judge| judge.name.as_str())
        .collect();
    let mut text = format!("{}.\n", sentence(outcome));
    if !others.is_empty() {
        text.push_str(&format!("  also violated: {}\n", others.join(", ")));
    }
    if outcome.cut_short {
        text.push_str(
            "  the run was cut short there: nothing that comes later was judged, nor the run as a whole\n",
        );
    }
    text.push_str(&format!("  seed {}\n  fingerprint {}\n", outcome.seed, outcome.fingerprint));
    text.push_str(&format!("  {}\n", rerun.line(outcome.protocol, outcome.seed)));
    text
}

/// The judges that saw nothing in any run where they sat, named: silence is not a verdict.
fn not_checked(outcomes: &[Outcome]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for judge in outcomes.iter().flat_map(|outcome| &outcome.judges) {
        let all =
            outcomes.iter().flat_map(|outcome| &outcome.judges).filter(|other| other.name == judge.name);
        let seen = all.into_iter().any(|other| other.verdict != Verdict::NotChecked);
        if !seen && !names.contains(&judge.name.as_str()) {
            names.push(&judge.name);
        }
    }
    if names.is_empty() { String::new() } else { format!(" Not checked: {}.", names.join(", ")) }
}

/// The sentence of an explicit fault that touched nothing.
pub(crate) fn untouched_sentence(fault: &FaultReport) -> String {
    format!("The fault '{}' at {} TOUCHED NOTHING in any run: {}.", fault.what, brief(fault.at), hint(fault))
}

/// What to do about a fault that touched nothing.
fn hint(fault: &FaultReport) -> &'static str {
    if fault.who == "found nobody" {
        "nobody held the role it names"
    } else {
        "give it a time or a target at which something happens"
    }
}

/// The longest outage and what caused it.
fn unavailability(outcome: &Outcome) -> String {
    let outage = &outcome.unavailability;
    if outage.longest == 0 {
        return "none".to_string();
    }
    let cause = if outage.cause.is_empty() { "no fault" } else { &outage.cause };
    format!("{}\nfrom {}: {cause}", duration(outage.longest), brief(outage.from))
}

/// When a cluster had converged, counted from the end of workload and faults.
fn converged(outcome: &Outcome) -> String {
    match outcome.converged_at {
        Some(at) => format!("{} after the end", duration(at.saturating_sub(outcome.quiet_at))),
        None if outcome.cut_short => "cut short".to_string(),
        None => "no".to_string(),
    }
}

/// What a fault touched in one run.
fn touched(report: Option<&FaultReport>, at: u64, cut_short: bool) -> String {
    let Some(report) = report else { return "-".to_string() };
    let counts = [
        (report.processes, "process", "processes"),
        (report.messages, "message", "messages"),
        (report.timers, "timer", "timers"),
        (report.writes, "write", "writes"),
        (report.operations, "operation", "operations"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(n, _, _)| *n > 0).map(|(n, one, many)| of(*n, one, many)).collect();
    let what = match (report.touched(), cut_short) {
        (true, _) => parts.join(", "),
        (false, true) => "cut short".to_string(),
        (false, false) => "TOUCHED NOTHING".to_string(),
    };
    let later = if report.at > at { format!("at {} ", brief(report.at)) } else { String::new() };
    let who = if report.who.is_empty() { String::new() } else { format!("{}: ", report.who) };
    format!("{later}{who}{what}")
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    /// The report of these outcomes.
    fn with_report<T>(outcomes: &[Outcome], without: &[String], look: impl Fn(&Report) -> T) -> T {
        let rerun =
            Rerun { file: "scenarios/leader-crash.toml".into(), without: without.to_vec(), set: Vec::new() };
        let title = "The leader loses power in the middle of the work, and the next one is cut off";
        look(&Report { title, nodes: 5, seed: 7, without, rerun: &rerun, outcomes })
    }

    fn human(outcomes: &[Outcome], without: &[String]) -> String {
        let text = with_report(outcomes, without, |report| report.human());
        for line in text.lines() {
            assert!(
                line.len() <= 120 || line.starts_with("  quorate") || line.contains(':'),
                "too wide: {line}"
            );
            assert_eq!(line, line.trim_end());
        }
        text
    }

    fn check(name: &str, text: &str) {
        insta::with_settings!({snapshot_path => "../../tests/snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, text);
        });
    }

    #[test]
    fn three_protocols_stand_side_by_side() {
        check("run_all_held", &human(&made_up::three(), &[]));
    }

    #[test]
    fn a_failure_ends_with_the_line_to_copy() {
        let text = human(&[made_up::outcome("paxos", 'P'), made_up::violated()], &["raft/5.4.2".into()]);
        assert!(text.ends_with(
            "  quorate run scenarios/leader-crash.toml --protocol raft --seed 7 --without raft/5.4.2\n"
        ));
        check("run_violated", &text);
    }

    #[test]
    fn a_drawn_fault_may_miss_and_an_explicit_one_only_in_some_runs() {
        let mut outcomes = made_up::three();
        for outcome in &mut outcomes {
            let fault = &mut outcome.faults[1];
            (fault.messages, fault.timers, fault.writes, fault.operations, fault.processes) = (0, 0, 0, 0, 0);
        }
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Usage);
        check("run_untouched", &human(&outcomes, &[]));
        outcomes[2].faults[1].timers = 1;
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Held);
        outcomes[2].faults[1].timers = 0;
        outcomes.iter_mut().for_each(|outcome| outcome.faults[1].explicit = false);
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Held);
    }

    #[test]
    fn a_run_that_was_cut_short_says_so_and_is_no_evidence_against_a_fault() {
        let mut outcome = made_up::violated();
        (outcome.cut_short, outcome.converged_at) = (true, None);
        outcome.faults[1] = FaultReport {
            messages: 0,
            timers: 0,
            writes: 0,
            operations: 0,
            processes: 0,
            ..outcome.faults[1].clone()
        };
        let text = human(std::slice::from_ref(&outcome), &[]);
        assert!(text.contains("  the run was cut short there: "), "{text}");
        assert!(text.contains("n4: cut short") && !text.contains("TOUCHED NOTHING"), "{text}");
        outcome.cut_short = false;
        let text = human(&[outcome], &[]);
        assert!(text.contains("TOUCHED NOTHING") && !text.contains("cut short"), "{text}");
    }

    #[test]
    fn the_exit_follows_the_worst_verdict() {
        let mut outcomes = made_up::three();
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Held);
        outcomes[0].judges[0].verdict = Verdict::Unknown;
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Unknown);
        outcomes[2] = made_up::violated();
        assert_eq!(with_report(&outcomes, &[], |report| report.exit()), Exit::Violated);
    }

    #[test]
    fn judges_that_saw_nothing_do_not_make_a_run_good() {
        let mut silent = made_up::outcome("zab", 'Z');
        silent.judges[0].verdict = Verdict::NotChecked;
        assert_eq!(exit_of(&silent), Exit::Held);
        let text = human(std::slice::from_ref(&silent), &[]);
        assert!(text.contains("Not checked: ledger."), "{text}");
        silent.judges.iter_mut().for_each(|judge| judge.verdict = Verdict::NotChecked);
        assert_eq!(exit_of(&silent), Exit::Unknown);
        assert!(human(&[silent], &[]).contains("zab UNKNOWN: no judge observed anything."));
    }

    #[test]
    fn many_drawn_faults_are_counted_and_not_all_shown() {
        let mut outcome = made_up::outcome("raft", 'R');
        let drawn = |n: u64| FaultReport { explicit: false, ..made_up::fault(n * 1_000_000, "pause", "n1") };
        outcome.faults.extend((0..30).map(drawn));
        assert!(human(&[outcome], &[]).contains("10 more drawn faults"));
    }

    #[test]
    fn json_is_one_document_with_a_version() {
        let outcomes = [made_up::violated()];
        let text = with_report(&outcomes, &["raft/5.4.2".to_string()], |report| report.json());
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["schema"], 1);
        assert_eq!(value["exit"], 1);
        assert_eq!(value["outcomes"][0]["operations"]["ok"], 4_701);
        assert_eq!(value["failures"][0]["protocol"], "raft");
        assert_eq!(value["without"][0], "raft/5.4.2");
    }
}
