//! Judges in groups: those across protocols, each protocol's own invariants in one cell, the clients' side.

use sim::outcome::{JudgeReport, Outcome, Side, Verdict};

use super::table::SideBySide;
use super::units::{count, of, rough};

/// Adds the judges of all outcomes.
pub(crate) fn add(table: &mut SideBySide, outcomes: &[Outcome]) {
    section(table, outcomes, "judges inside", |judge| judge.side == Side::Internal && !is_own(judge));
    if outcomes.iter().any(|outcome| outcome.judges.iter().any(is_own)) {
        table.row("own invariants", outcomes.iter().map(own));
    }
    section(table, outcomes, "judges at the clients", |judge| judge.side == Side::Client && !is_own(judge));
}

/// A section with a row a judge, in the order in which the first protocol that has one names it.
fn section(table: &mut SideBySide, outcomes: &[Outcome], name: &str, chosen: impl Fn(&JudgeReport) -> bool) {
    let mut names: Vec<&str> = Vec::new();
    for judge in outcomes.iter().flat_map(|outcome| &outcome.judges).filter(|judge| chosen(judge)) {
        if !names.contains(&judge.name.as_str()) {
            names.push(&judge.name);
        }
    }
    table.section(name);
    for name in names {
        let cell = |outcome: &Outcome| {
            let found = outcome.judges.iter().find(|judge| judge.name == name && chosen(judge));
            found.map_or("-".to_string(), |judge| verdict(judge.verdict, judge.observed))
        };
        table.row(name, outcomes.iter().map(cell));
    }
}

/// Whether a judge is one of a protocol's own: its name has the protocol's prefix.
fn is_own(judge: &JudgeReport) -> bool {
    judge.name.contains('/')
}

/// A protocol's own invariants in one cell: `raft/R1-R11: 10 judges, 1.2M checks, ok`, then those that are not ok.
fn own(outcome: &Outcome) -> String {
    let judges: Vec<&JudgeReport> = outcome.judges.iter().filter(|judge| is_own(judge)).collect();
    let Some(first) = judges.first() else { return "-".to_string() };
    let prefix = first.name.split('/').next().unwrap_or_default();
    let ids: Vec<&str> = judges.iter().map(|judge| id(judge)).collect();
    let checks = judges.iter().map(|judge| judge.observed).sum();
    let worst = worst(judges.iter().map(|judge| judge.verdict));
    let mut cell = format!(
        "{prefix}/{}: {}, {} checks, {}",
        span(&ids),
        of(judges.len() as u64, "judge", "judges"),
        rough(checks),
        word(worst)
    );
    for judge in judges.iter().filter(|judge| judge.verdict != Verdict::Ok) {
        cell.push_str(&format!("\n{} {}", id(judge), word(judge.verdict)));
    }
    cell
}

/// A judge's name without its protocol.
fn id(judge: &JudgeReport) -> &str {
    judge.name.split_once('/').map_or(judge.name.as_str(), |(_, id)| id)
}

/// The worst of several verdicts. *Not checked* is not the worst: one judge that saw nothing does not undo the others.
fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::NotChecked => 0,
        Verdict::Ok => 1,
        Verdict::Unknown => 2,
        Verdict::Violated => 3,
    };
    verdicts.max_by_key(rank).unwrap_or(Verdict::NotChecked)
}

/// Ids of one letter and numbers as a span, `R1-R11`, gaps allowed (the count beside it tells); others in full.
fn span(ids: &[&str]) -> String {
    let number = |id: &str| {
        let digits = id.strip_prefix(|c: char| c.is_ascii_uppercase())?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse::<u64>().ok()
    };
    let letter = ids.iter().find(|id| number(id).is_some()).map_or("", |id| &id[..1]);
    let in_span = |id: &&&str| !letter.is_empty() && id.starts_with(letter) && number(id).is_some();
    let numbers: Vec<u64> = ids.iter().filter(in_span).filter_map(|id| number(id)).collect();
    let mut parts = Vec::new();
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(low), Some(high)) if low < high => parts.push(format!("{letter}{low}-{letter}{high}")),
        (Some(only), _) => parts.push(format!("{letter}{only}")),
        _ => {}
    }
    parts.extend(ids.iter().filter(|id| !in_span(id)).map(|id| id.to_string()));
    parts.join(" ")
}

/// A verdict with its count.
pub(crate) fn verdict(verdict: Verdict, observed: u64) -> String {
    match verdict {
        Verdict::NotChecked => word(verdict).to_string(),
        _ => format!("{} {}", word(verdict), count(observed)),
    }
}

/// A verdict in a word.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Violated => "VIOLATED",
        Verdict::Unknown => "UNKNOWN",
        Verdict::NotChecked => "not checked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_kind_become_a_span() {
        assert_eq!(span(&["R1", "R2", "R11"]), "R1-R11");
        assert_eq!(span(&["R10", "R9"]), "R9-R10");
        assert_eq!(span(&["R1"]), "R1");
        assert_eq!(span(&["P1", "P2", "P2'", "P10"]), "P1-P10");
        assert_eq!(span(&["R1", "Z2"]), "R1 Z2");
        assert_eq!(span(&["read", "R2", "R4"]), "R2-R4 read");
        assert_eq!(span(&["read"]), "read");
    }
}
