//! What `quorate check` found out about histories: the verdict in a sentence, where it is broken, how it was decided.

use checker::{By, Explanation, KeyReport, Verdict, Why};
use serde::Serialize;

use super::units::{count, of};
use crate::check::{Checked, Model, Promise};
use crate::exit::Exit;

/// The version of the JSON document that `quorate check` prints.
const SCHEMA: u32 = 1;
/// Keys that a list shows before it only counts them; the JSON document has all of them.
const KEYS_SHOWN_MAX: usize = 20;

/// Everything the report is made of.
pub(crate) struct Report<'a> {
    /// What the histories are about.
    pub(crate) model: Model,
    /// What was promised.
    pub(crate) promise: Promise,
    /// The histories, in order.
    pub(crate) checked: &'a [Checked],
}

impl Report<'_> {
    /// How a command with these verdicts ends.
    pub(crate) fn exit(&self) -> Exit {
        let exits = self.checked.iter().map(|checked| exit_of(&checked.report.verdict));
        exits.fold(Exit::Held, Exit::worse)
    }

    /// The report for people.
    pub(crate) fn human(&self, explain: bool) -> String {
        let texts: Vec<String> = self.checked.iter().map(|checked| self.one(checked, explain)).collect();
        let mut text = texts.join("\n");
        if 1 < self.checked.len() {
            text.push_str(&format!("\n{}\n", self.sum()));
        }
        text
    }

    /// One history.
    fn one(&self, checked: &Checked, explain: bool) -> String {
        let mut text = format!("{}\n", self.sentence(checked));
        let illegal = checked.report.keys.iter().filter(|key| key.verdict.is_illegal());
        list(&mut text, illegal, |text, key| violated(text, checked, key, explain));
        // That a violation elsewhere was answer enough is not news.
        let elsewhere = |key: &KeyReport| matches!(key.verdict, Verdict::Unknown { why: Why::Elsewhere, .. });
        let undecided = checked.report.keys.iter();
        let undecided = undecided.filter(|key| key.verdict.is_unknown() && !elsewhere(key));
        list(&mut text, undecided, |text, key| {
            let Verdict::Unknown { reason, .. } = &key.verdict else { unreachable!("filtered") };
            let spent = of(key.configurations, "configuration", "configurations");
            text.push_str(&format!("  {}: undecided after {spent}: {reason}\n", checked.names.key(key.key)));
        });
        text.push_str(&format!("  {}\n", read_as(checked, self.model)));
        text.push_str(&format!("  {}\n", decided(checked)));
        text
    }

    /// The verdict.
    fn sentence(&self, checked: &Checked) -> String {
        let (name, promise) = (&checked.name, self.promise.adjective());
        let counts = &checked.report.counts;
        let keys = of(counts.keys, "key", "keys");
        match &checked.report.verdict {
            Verdict::Ok { .. } => format!("{name}: ok: {promise}, every one of {keys}"),
            Verdict::Illegal { .. } => {
                format!(
                    "{name}: VIOLATED: not {promise}: {} of {keys} {} it",
                    count(counts.illegal),
                    breaks(counts.illegal)
                )
            }
            Verdict::Unknown { why, .. } => {
                let left = count(counts.unknown);
                format!(
                    "{name}: UNKNOWN: whether it is {promise} was not decided: {} ({left} of {keys})",
                    ran_out(*why)
                )
            }
            Verdict::NotChecked => {
                format!("{name}: nothing was judged: no operation is known to have happened")
            }
        }
    }

    /// All histories in a sentence.
    fn sum(&self) -> String {
        let number = |is: fn(&Verdict) -> bool| {
            self.checked.iter().filter(|checked| is(&checked.report.verdict)).count() as u64
        };
        let ok = number(Verdict::is_ok);
        let all = self.checked.len() as u64;
        if ok == all {
            return format!("All held: {} are {}", of(all, "history", "histories"), self.promise.adjective());
        }
        let parts = [
            (number(Verdict::is_illegal), "VIOLATED"),
            (number(Verdict::is_unknown), "UNKNOWN"),
            (number(|verdict| *verdict == Verdict::NotChecked), "not judged"),
            (ok, "ok"),
        ];
        let parts = parts.iter().filter(|(number, _)| 0 < *number);
        let parts: Vec<String> = parts.map(|(number, word)| format!("{} {word}", count(*number))).collect();
        format!("{}: {}", of(all, "history", "histories"), parts.join(", "))
    }

    /// The report for programs.
    pub(crate) fn json(&self, explain: bool) -> String {
        super::json(&Document {
            schema: SCHEMA,
            model: self.model.name(),
            promise: self.promise.name(),
            exit: self.exit().code(),
            histories: self.checked.iter().map(|checked| history(checked, explain)).collect(),
        })
    }
}

fn exit_of(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Ok { .. } => Exit::Held,
        Verdict::Illegal { .. } => Exit::Violated,
        Verdict::Unknown { .. } | Verdict::NotChecked => Exit::Unknown,
    }
}

fn breaks(keys: u64) -> &'static str {
    if keys == 1 { "breaks" } else { "break" }
}

fn ran_out(why: Why) -> &'static str {
    match why {
        Why::Budget => "the budget is spent",
        Why::Deadline => "the deadline has passed",
        Why::Memory => "the memory cap is reached",
        Why::TooWide => "too many operations are open at once",
        Why::Elsewhere => "another key is illegal",
        Why::Doubt => "the history does not say enough",
    }
}

/// Adds the first keys, and how many more there are.
fn list<'a>(
    text: &mut String,
    keys: impl Iterator<Item = &'a KeyReport>,
    mut add: impl FnMut(&mut String, &'a KeyReport),
) {
    let mut more = 0;
    for (index, key) in keys.enumerate() {
        if index < KEYS_SHOWN_MAX {
            add(text, key);
        } else {
            more += 1;
        }
    }
    if 0 < more {
        text.push_str(&format!("  and {}: see --format-out json\n", of(more, "more key", "more keys")));
    }
}

/// A key that breaks the promise.
fn violated(text: &mut String, checked: &Checked, key: &KeyReport, explain: bool) {
    let Verdict::Illegal { explanation } = &key.verdict else { unreachable!("filtered") };
    text.push_str(&format!("  {}: {}\n", checked.names.key(key.key), explanation.sentence));
    if !explain {
        return;
    }
    for (operation, told) in checked.words.iter().filter(|(operation, _)| is_in_core(explanation, *operation))
    {
        text.push_str(&format!("    operation {operation}, line {}: {}\n", told.line, told.words));
    }
    if explanation.is_minimal {
        text.push_str("    without any one of these the history would be fine\n");
    }
    if let Some(time) = explanation.fine_until {
        text.push_str(&format!("    all that had ended by {time} was fine\n"));
    }
    if !explanation.states.is_empty() {
        let listed = explanation.states.join(" or ");
        let more = explanation.states_in_all - explanation.states.len();
        let more = if more == 0 { String::new() } else { format!(" or one of {} more", count(more as u64)) };
        text.push_str(&format!("    just before it can only have been {listed}{more}\n"));
    }
}

/// Whether an operation is one of those that contradict each other; the one at which it closes, if there are no others.
fn is_in_core(explanation: &Explanation, operation: usize) -> bool {
    let is_alone = explanation.core.is_empty() && explanation.operation == operation;
    is_alone || explanation.core.contains(&operation)
}

/// What the file held.
fn read_as(checked: &Checked, model: Model) -> String {
    let counts = &checked.report.counts;
    let operations = of(checked.operations as u64, "operation", "operations");
    let mut text = format!("read as {}, {}: {operations}", checked.format.name(), model.name());
    text.push_str(&format!(
        ", {} judged, {} of unknown outcome",
        count(counts.operations),
        count(counts.unknown_outcomes)
    ));
    if 0 < checked.skipped {
        text.push_str(&format!(
            "; {} of the nemesis left out",
            of(checked.skipped as u64, "event", "events")
        ));
    }
    text
}

/// What convinced the checker.
fn decided(checked: &Checked) -> String {
    let counts = &checked.report.counts;
    let ways = [
        (counts.by_witness, "ok by the order of positions"),
        (counts.by_monitor, "ok by a fast path"),
        (counts.by_search, "ok by search"),
        (counts.illegal, "violated"),
        (counts.unknown, "undecided"),
    ];
    let ways = ways.iter().filter(|(keys, _)| 0 < *keys);
    let ways: Vec<String> = ways.map(|(keys, how)| format!("{} {how}", of(*keys, "key", "keys"))).collect();
    let spent = of(counts.configurations, "configuration", "configurations");
    if ways.is_empty() {
        format!("decided: nothing; {spent}")
    } else {
        format!("decided: {}; {spent}", ways.join(", "))
    }
}

/// The document.
#[derive(Serialize)]
struct Document {
    schema: u32,
    model: &'static str,
    promise: &'static str,
    exit: u8,
    histories: Vec<HistoryEntry>,
}

#[derive(Serialize)]
struct HistoryEntry {
    file: String,
    format: &'static str,
    verdict: &'static str,
    operations: usize,
    left_out: usize,
    counts: checker::Counts,
    keys: Vec<KeyEntry>,
}

#[derive(Serialize)]
struct KeyEntry {
    /// A number or a text, as in the file.
    key: serde_json::Value,
    verdict: &'static str,
    operations: u64,
    unknown_outcomes: u64,
    configurations: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    core: Vec<Told>,
    /// Whether the history would be fine without any one of the core.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_minimal: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fine_until: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    states: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Vec<usize>>,
}

#[derive(Serialize)]
struct Told {
    operation: usize,
    line: usize,
    words: String,
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Ok { .. } => "ok",
        Verdict::Illegal { .. } => "violated",
        Verdict::Unknown { .. } => "unknown",
        Verdict::NotChecked => "not_checked",
    }
}

fn history(checked: &Checked, explain: bool) -> HistoryEntry {
    HistoryEntry {
        file: checked.name.clone(),
        format: checked.format.name(),
        verdict: word(&checked.report.verdict),
        operations: checked.operations,
        left_out: checked.skipped,
        counts: checked.report.counts,
        keys: checked.report.keys.iter().map(|key| entry(checked, key, explain)).collect(),
    }
}

fn entry(checked: &Checked, key: &KeyReport, explain: bool) -> KeyEntry {
    let (mut by, mut why, mut sentence, mut core) = (None, None, None, Vec::new());
    let (mut is_minimal, mut fine_until, mut states) = (None, None, Vec::new());
    match &key.verdict {
        Verdict::Ok { by: what } => by = Some(*what),
        Verdict::Unknown { why: what, reason, .. } => {
            why = Some(*what);
            sentence = Some(reason.clone());
        }
        Verdict::Illegal { explanation } => {
            sentence = Some(explanation.sentence.clone());
            let is_told = |operation: &usize| is_in_core(explanation, *operation);
            is_minimal = explain.then_some(explanation.is_minimal);
            fine_until = explanation.fine_until;
            states.clone_from(&explanation.states);
            let told = checked.words.iter().filter(|(operation, _)| is_told(operation));
            core = told
                .map(|(operation, told)| Told {
                    operation: *operation,
                    line: told.line,
                    words: told.words.clone(),
                })
                .collect();
        }
        Verdict::NotChecked => {}
    }
    KeyEntry {
        key: checked.names.text(key.key).map_or_else(|| key.key.into(), Into::into),
        verdict: word(&key.verdict),
        operations: key.operations,
        unknown_outcomes: key.unknown_outcomes,
        configurations: key.configurations,
        by,
        why,
        sentence,
        core,
        is_minimal,
        fine_until,
        states,
        witness: key.witness.clone(),
    }
}
