//! One self-contained, offline HTML page about runs.
//!
//! The page loads nothing and sends nothing: its policy allows only the very script and style that are in it, by their
//! hashes. What comes from runs is data, in one JSON block or as escaped text, never markup. The same input gives the
//! same bytes.
//!
//! Files in reading order: [`window`] (which events are shown), [`interest`] (what to jump to, what to collapse),
//! [`story`] and [`operations`] (a run and its clients as columns of numbers), [`sections`] (what a reader without a
//! script sees), [`markup`] (the policy), [`sheet`] (a page of figures alone). The script stands in `js/`, a subject a file.

mod interest;
mod markup;
mod operations;
mod sections;
mod sheet;
mod story;
mod texts;
mod window;

use checker::History;
use checker::explain::markup::{escape, escape_json, filled};
use serde_json::json;
use sim::measure::Measures;
use sim::outcome::Outcome;
use sim::trace::{TraceEvent, TraceHeader};

use crate::figure::Figure;
use crate::page::markup::policy;
use crate::page::texts::Texts;
use crate::page::window::Window;

pub use sheet::{Sheet, sheet};

/// What a page is made of.
pub struct Page<'a> {
    /// The scenario's title.
    pub title: &'a str,
    /// What there is to learn from it; may be empty.
    pub teaches: &'a str,
    /// The verdict in one sentence.
    pub verdict: &'a str,
    /// Whether all held, something was violated, or something is unknown: `ok`, `violated`, `unknown`.
    pub state: &'a str,
    /// The line that reproduces the page.
    pub reproduce: &'a str,
    /// Who was better at what, by how much, and when the difference is not significant: a sentence each.
    pub summary: &'a [String],
    /// The figures, in order.
    pub figures: &'a [Figure],
    /// The runs to walk through, one a protocol, all of one plan. May be empty.
    pub stories: &'a [Story],
    /// The rules that events may name: id, what must hold in a sentence, and where it comes from.
    pub rules: &'a [(String, String, String)],
    /// The scenario file's text.
    pub scenario: &'a str,
    /// What the seed drew, as lines of name and value: clocks, latencies, faults.
    pub drawn: &'a [(String, String)],
}

/// A run to walk through.
pub struct Story {
    /// What it is of.
    pub header: TraceHeader,
    /// Every event, in order.
    pub events: Vec<TraceEvent>,
    /// What came of it.
    pub outcome: Outcome,
    /// Its operations with their times.
    pub measures: Measures,
    /// What clients asked and were told.
    pub history: History,
    /// The line that reproduces this run.
    pub reproduce: String,
}

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const GLOSSARY: &str = include_str!("glossary.html");
/// The script's files share one scope, in this order.
const SCRIPTS: [&str; 13] = [
    include_str!("js/model.js"),
    include_str!("js/causes.js"),
    include_str!("js/moment.js"),
    include_str!("js/scene.js"),
    include_str!("js/arrows.js"),
    include_str!("js/signs.js"),
    include_str!("js/spacetime.js"),
    include_str!("js/inspector.js"),
    include_str!("js/operations.js"),
    include_str!("js/list.js"),
    include_str!("js/address.js"),
    include_str!("js/controls.js"),
    include_str!("js/keys.js"),
];

/// The page: the same input gives the same bytes.
pub fn page(page: &Page<'_>) -> String {
    let windows = window::choose(page.stories);
    let script = format!("\"use strict\";\n(() => {{\n{}\n}})();\n", SCRIPTS.join("\n"));
    let parts = [
        ("{{policy}}", policy(Some(&script), STYLE, page.figures)),
        ("{{title}}", escape(page.title)),
        ("{{style}}", STYLE.to_owned()),
        ("{{heading}}", escape(page.title)),
        ("{{teaches}}", sections::teaches(page.teaches)),
        ("{{state}}", escape(page.state)),
        ("{{verdict}}", escape(page.verdict)),
        ("{{reproduce}}", escape(page.reproduce)),
        ("{{summary}}", sections::summary(page.summary)),
        ("{{figures}}", sections::figures(page.figures)),
        ("{{notice}}", sections::notice(page.stories, &windows, page.rules)),
        ("{{events}}", sections::events(page.stories, &windows)),
        ("{{judges}}", sections::judges(page.stories)),
        ("{{scenario}}", escape(page.scenario)),
        ("{{drawn}}", sections::drawn(page.drawn)),
        ("{{settings}}", sections::settings(page.stories)),
        ("{{glossary}}", GLOSSARY.to_owned()),
        ("{{cut}}", sections::cut(page.stories, &windows)),
        ("{{data}}", escape_json(&data(page, &windows))),
        ("{{script}}", script),
    ];
    filled(HTML, &parts)
}

/// Everything that the script draws.
fn data(page: &Page<'_>, windows: &[Window]) -> String {
    let mut texts = Texts::new();
    let runs: Vec<_> =
        page.stories.iter().zip(windows).map(|(run, window)| story::data(run, window, &mut texts)).collect();
    let named = story::rules_named(page.stories, windows);
    let rules: Vec<_> = page.rules.iter().filter(|rule| named.contains(rule.0.as_str())).collect();
    json!({ "runs": runs, "rules": rules, "texts": texts.list() }).to_string()
}
