//! Runs for other tools: Jepsen, ShiViz, Perfetto, Mermaid, Graphviz. `docs/exports.md` says how to open each.
//!
//! Files in reading order: [`jsonl`] (a trace as it is), `causality` (who did what, and what came before what),
//! [`shiviz`], [`dot`], [`mermaid`], [`perfetto`] (drawn from a trace), [`edn`] and [`history`] (from what clients saw).
//!
//! The tools differ in how much they can take. Each format has a bound, and what is beyond it is cut off with a notice in
//! the file: a viewer that never comes back helps nobody.

mod causality;
pub mod dot;
pub mod edn;
pub mod history;
pub mod jsonl;
pub mod mermaid;
pub mod perfetto;
pub mod shiviz;

use sim::trace::{TraceEvent, TraceHeader};

/// A part of a trace, and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a> {
    /// What the trace is of.
    pub header: &'a TraceHeader,
    /// The events, in order, without gaps.
    pub events: &'a [TraceEvent],
    /// How many events were asked for and left out behind the last one, since there were too many.
    pub cut: usize,
}

impl<'a> Excerpt<'a> {
    /// The events from `from` to `to`, both included, and no more than `most` of them.
    pub fn of(
        header: &'a TraceHeader,
        events: &'a [TraceEvent],
        (from, to): (u64, u64),
        most: usize,
    ) -> Excerpt<'a> {
        let first = events.partition_point(|event| event.time < from);
        let end = events.partition_point(|event| event.time <= to).max(first);
        let asked = &events[first..end];
        let events = &asked[..asked.len().min(most)];
        Excerpt { header, events, cut: asked.len() - events.len() }
    }

    /// What a reader must be told who sees only a part; none if everything asked for is there.
    fn notice(&self) -> Option<String> {
        let last = self.events.last().filter(|_| 0 < self.cut)?;
        let (shown, cut) = (self.events.len(), self.cut);
        Some(format!(
            "cut after {shown} events at {}: {cut} more were asked for; choose a later --from or an earlier --to-time",
            seconds(last.time)
        ))
    }

    /// The run in a line.
    fn title(&self) -> String {
        let TraceHeader { title, protocol, nodes, seed, without, .. } = self.header;
        let mutant =
            if without.is_empty() { String::new() } else { format!(", without {}", without.join(", ")) };
        format!("{title} ({protocol}, {nodes} nodes, seed {seed}{mutant})")
    }
}

/// A time as people read it: `3.000125s`.
fn seconds(nanoseconds: u64) -> String {
    format!("{}.{:06}s", nanoseconds / 1_000_000_000, nanoseconds / 1_000 % 1_000_000)
}

/// The first letters of a text, and dots if there are more.
fn shortened(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}..", &text[..end]),
    }
}

/// A text on one line: every control character and line separator becomes a space.
fn on_one_line(text: &str) -> String {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    text.chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests;
