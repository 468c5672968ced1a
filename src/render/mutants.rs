//! The table of mutants, for people and for the docs.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::Protocol;
use scenarios::mutants::{Hunted, Mutant, Seen, Sighting};

use super::table;
use super::units::{count, ratio};
use crate::exit::Exit;

/// A mutant under one of its protocols.
pub(crate) struct Row<'a> {
    /// The mutant.
    pub(crate) mutant: &'a Mutant,
    /// The protocol.
    pub(crate) protocol: Protocol,
    /// What became of it.
    pub(crate) hunted: Hunted,
}

impl Row<'_> {
    fn is_right(&self) -> bool {
        self.hunted.is_right(self.mutant)
    }

    /// What is wrong, a line each.
    fn wrong(&self) -> Vec<String> {
        let (id, name) = (&self.mutant.id, self.protocol.name());
        let legal = if self.mutant.control { "is legal" } else { "has every rule in" };
        let unclean = self.hunted.unclean.iter();
        let mut wrong: Vec<String> = unclean
            .map(|(seed, said)| format!("{id} under {name}: seed {seed} {legal}, and a judge spoke: {said}"))
            .collect();
        if !self.mutant.control && self.hunted.caught.is_none() {
            wrong.push(format!("{id} under {name}: got away on {} seeds", count(self.hunted.tried)));
        }
        wrong
    }
}

/// Everything the report is made of.
pub(crate) struct Report<'a> {
    /// The rows, in the order of the catalogue.
    pub(crate) rows: &'a [Row<'a>],
    /// The command that prints the page of the docs.
    pub(crate) line: String,
}

impl Report<'_> {
    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        if self.rows.iter().all(Row::is_right) { Exit::Held } else { Exit::Violated }
    }

    /// Seeds tried, each once with the rule left out and once with the rule in.
    pub(crate) fn runs(&self) -> u64 {
        let runs = |row: &Row<'_>| row.hunted.tried * if row.mutant.control { 1 } else { 2 };
        self.rows.iter().map(runs).sum()
    }

    /// For people.
    pub(crate) fn human(&self) -> String {
        let mut sections = Vec::new();
        if self.mutants().next().is_some() {
            let rows = self.mutants().map(cells).collect();
            sections.push(table::columns(&HEAD, rows));
        }
        if self.controls().next().is_some() {
            let rows = self.controls().map(control_cells).collect();
            sections.push(table::columns(&CONTROL_HEAD, rows));
        }
        sections.push(table::columns(&JUDGE_HEAD, self.judges()));
        sections.push(self.summary());
        sections.join("\n")
    }

    /// For the docs.
    pub(crate) fn markdown(&self) -> String {
        let mut text = INTRODUCTION.replace("COMMAND", &self.line);
        text.push_str(&pipes(&MARKDOWN_HEAD, self.mutants().map(markdown_cells).collect()));
        text.push_str("\n## Controls\nRuns that look wrong and are legal. Every judge must keep silent.\n\n");
        let control = |row: &Row<'_>| {
            let mut cells = control_cells(row);
            cells.insert(2, row.mutant.title.clone());
            cells
        };
        let head = ["id", "protocol", "what looks wrong", "profile", "seeds", "silent"];
        text.push_str(&pipes(&head, self.controls().map(control).collect()));
        text.push_str(JUDGES);
        text.push_str(&pipes(&JUDGE_HEAD, self.judges()));
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    fn mutants(&self) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(|row| !row.mutant.control)
    }

    fn controls(&self) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(|row| row.mutant.control)
    }

    /// Every judge that was asked, and the mutants that it was the first to find; those first that never were.
    fn judges(&self) -> Vec<Vec<String>> {
        let mut judges: BTreeMap<&str, [BTreeSet<&str>; 2]> = BTreeMap::new();
        for row in self.mutants() {
            for (judge, tally) in &row.hunted.judges {
                let [first, fired] = judges.entry(judge).or_default();
                first.extend((tally.first > 0).then_some(row.mutant.id.as_str()));
                fired.extend((tally.fired > 0).then_some(row.mutant.id.as_str()));
            }
        }
        let mut judges: Vec<_> = judges.into_iter().collect();
        judges.sort_by_key(|(_, [first, _])| !first.is_empty());
        let row = |(judge, [first, fired]): (&str, [BTreeSet<&str>; 2])| {
            let ids = first.iter().take(EXAMPLES).copied().collect::<Vec<_>>().join(" ");
            let more = if first.len() > EXAMPLES { " .." } else { "" };
            let ids = if first.is_empty() { "never first".into() } else { format!("{ids}{more}") };
            vec![judge.to_owned(), count(first.len() as u64), count(fired.len() as u64), ids]
        };
        judges.into_iter().map(row).collect()
    }

    fn summary(&self) -> String {
        let ids = |rows: Vec<&Row<'_>>| {
            rows.into_iter().map(|row| row.mutant.id.clone()).collect::<BTreeSet<_>>().len() as u64
        };
        let mut text = String::new();
        let (mutants, controls) = (ids(self.mutants().collect()), ids(self.controls().collect()));
        let got_away = ids(self.mutants().filter(|row| !row.is_right()).collect());
        let spoke = ids(self.controls().filter(|row| !row.is_right()).collect());
        text.push_str(&format!("{} of {} mutants caught", count(mutants - got_away), count(mutants)));
        if controls > 0 {
            text.push_str(&format!(", {} of {} controls silent", count(controls - spoke), count(controls)));
        }
        text.push_str(".\n");
        for wrong in self.rows.iter().flat_map(Row::wrong) {
            text.push_str(&format!("{wrong}\n"));
        }
        text
    }
}

/// How many mutants of a judge are named.
const EXAMPLES: usize = 8;
const HEAD: [&str; 10] = [
    "id",
    "protocol",
    "rule left out",
    "tried",
    "fired",
    "seed",
    "first judge",
    "inside",
    "clients",
    "clean",
];
const CONTROL_HEAD: [&str; 5] = ["control", "protocol", "profile", "seeds", "silent"];
const JUDGE_HEAD: [&str; 4] = ["judge", "first", "fired", "first for"];
const MARKDOWN_HEAD: [&str; 11] = [
    "id",
    "protocol",
    "what is wrong",
    "without",
    "profile",
    "fired",
    "first judge",
    "inside",
    "clients",
    "ratio",
    "clean",
];

fn cells(row: &Row<'_>) -> Vec<String> {
    let Row { mutant, protocol, hunted } = row;
    let seed = hunted.caught.as_ref().map_or("-".into(), |caught| caught.seed.to_string());
    let first = hunted.caught.as_ref().map(Sighting::first);
    let inside = hunted.caught.as_ref().and_then(|caught| caught.inside.as_ref());
    let clients = hunted.noticed.as_ref().and_then(|noticed| noticed.clients.as_ref());
    vec![
        mutant.id.clone(),
        protocol.name().into(),
        mutant.without.join(" "),
        count(hunted.tried),
        count(hunted.fired),
        seed,
        first.map_or("got away".into(), |seen| seen.judge.clone()),
        inside.map_or("-".into(), events),
        clients.map_or("-".into(), events),
        clean(hunted),
    ]
}

fn markdown_cells(row: &Row<'_>) -> Vec<String> {
    let Row { mutant, protocol, hunted } = row;
    let first = hunted.caught.as_ref().map(Sighting::first);
    // Where clients noticed, both numbers are of that run, so that they can be compared.
    let run = hunted.noticed.as_ref().or(hunted.caught.as_ref());
    let inside = run.and_then(|run| run.inside.as_ref());
    let clients = run.and_then(|run| run.clients.as_ref());
    let of_both = inside.and_then(|seen| seen.events).zip(clients.and_then(|seen| seen.events));
    let hard = mutant.hard.map_or(String::new(), |seeds| format!(" (*hard*: {} seeds)", count(seeds)));
    let rules: Vec<String> = mutant.without.iter().map(|rule| format!("`{rule}`")).collect();
    vec![
        format!("{}{hard}", mutant.id),
        protocol.name().into(),
        format!("{} *{}*", mutant.title, mutant.source),
        rules.join(" "),
        mutant.profile.into(),
        format!("{} of {}", count(hunted.fired), count(hunted.tried)),
        first.map_or("got away".into(), |seen| seen.judge.clone()),
        inside.map_or("-".into(), events),
        clients.map_or("-".into(), events),
        of_both.map_or("-".into(), |(inside, clients)| ratio(inside, clients)),
        clean(hunted),
    ]
}

fn control_cells(row: &Row<'_>) -> Vec<String> {
    let silent = row.hunted.tried - row.hunted.unclean.len() as u64;
    let (tried, profile) = (count(row.hunted.tried), row.mutant.profile.to_string());
    vec![row.mutant.id.clone(), row.protocol.name().into(), profile, tried, count(silent)]
}

fn events(seen: &Seen) -> String {
    seen.events.map_or("end".into(), count)
}

/// On how many of the seeds no judge spoke with the rule in.
fn clean(hunted: &Hunted) -> String {
    if hunted.unclean.is_empty() { "all".into() } else { format!("not {}", hunted.unclean.len()) }
}

/// A table of Markdown.
fn pipes(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|name| (*name).to_string()).collect());
    text.push_str(&line(head.iter().map(|_| "---".to_string()).collect()));
    text.extend(rows.into_iter().map(line));
    text
}

const INTRODUCTION: &str = "\
# Mutants
This page is generated: `COMMAND > docs/mutants.md`.

A mutant is a protocol that leaves out one of its rules, run under a scenario that makes the rule matter: its profile,
a file in `scenarios/mutants/profiles/` that tells its story at the top. A seed catches it if a judge speaks with the
rule left out and none speaks on the same seed with the rule in. `quorate mutants` hunts each until the first catch;
`quorate mutants --first 100000` finds each again on other seeds.

*fired*: on how many of the seeds a judge spoke. *first judge*: who spoke first on the first of them. *inside*: events
until the first judge inside the world spoke, one that sees disks, messages and states. *clients*: events until the
first answer that no client could have been given by a correct service, of the first seed on which clients noticed.
Both are of one run then, and *ratio* is inside divided by clients: the less it is, the longer the damage was there
before anyone outside could see it. `end`: a matter of the run as a whole. *clean*: on which of the seeds no judge
spoke with the rule in.

";

const JUDGES: &str = "
## Judges
For how many mutants each judge was the first to speak on some seed (at the same event as another counts), and for how
many it spoke at all.

";
