//! One self-contained, offline HTML page about runs.

use checker::History;
use sim::measure::Measures;
use sim::outcome::Outcome;
use sim::trace::{TraceEvent, TraceHeader};

use crate::figure::Figure;

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

/// The page: the same input gives the same bytes.
pub fn page(_page: &Page<'_>) -> String {
    todo!("being written")
}
