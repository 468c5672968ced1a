//! A trace as a sequence of events in time: a column a node, a line an event, the rule applied at the right.
//!
//! A text that is wider than its column runs on over the lifelines to its right, and is cut where the rule or the page's edge is.

use sim::trace::{TraceEvent, TraceHeader, TraceKind};

/// Cells of the time at the left: `   12.345678 `.
const TIME_CELLS: usize = 21;
/// Cells of the rule at the right, with the space before it.
const RULE_CELLS: usize = 19;
/// The narrowest column of a node. A narrower page is taken as wide enough for these.
const NODE_CELLS_MIN: usize = 8;
/// Events between two heads, so that a page of a pager has one.
const EVENTS_PER_HEAD: u64 = 50;

/// Draws the lines of one trace.
pub(crate) struct Page {
    nodes: usize,
    node_cells: usize,
    events: u64,
}

impl Page {
    /// A page of `width` cells for this trace.
    pub(crate) fn new(header: &TraceHeader, width: usize) -> Page {
        let nodes = usize::from(header.nodes).max(1);
        let node_cells = width.saturating_sub(TIME_CELLS + RULE_CELLS) / nodes;
        Page { nodes, node_cells: node_cells.max(NODE_CELLS_MIN), events: 0 }
    }

    /// What stands above the first event.
    pub(crate) fn title(&self, header: &TraceHeader) -> String {
        let mut text = format!("{}\n{}, seed {}\n", header.title, header.protocol, header.seed);
        if !header.without.is_empty() {
            text.push_str(&format!("THIS RUN LEAVES OUT {}\n", header.without.join(", ")));
        }
        text
    }

    /// One event: a line, and every so often a head before it.
    pub(crate) fn event(&mut self, event: &TraceEvent) -> String {
        let mut text = String::new();
        if self.events.is_multiple_of(EVENTS_PER_HEAD) {
            text.push('\n');
            text.push_str(&self.head());
        }
        self.events += 1;
        let body = match event.node {
            Some(node) => self.at_node(usize::from(node), event),
            None => self.across(event),
        };
        let line = format!("{:>7} {:>12} {body} {}", event.seq, seconds(event.time), event.rule);
        text.push_str(line.trim_end());
        text.push('\n');
        text
    }

    /// The names of the columns.
    fn head(&self) -> String {
        let mut line = format!("{:>7} {:>12} ", "event", "seconds");
        for node in 0..self.nodes {
            line.push_str(&padded(&format!("n{node}"), self.node_cells));
        }
        line.push_str(" rule\n");
        line
    }

    /// How wide all nodes' columns are.
    fn body_cells(&self) -> usize {
        self.nodes * self.node_cells
    }

    /// An event of a node, in its column; the other columns show their lifelines.
    fn at_node(&self, node: usize, event: &TraceEvent) -> String {
        let lifelines = |columns: usize| padded("\u{b7}", self.node_cells).repeat(columns);
        let before = node.min(self.nodes - 1);
        // Where no rule stands, its column is room too.
        let spare = if event.rule.is_empty() { RULE_CELLS } else { 0 };
        let room = self.body_cells() - before * self.node_cells + spare;
        let text = cut(&with_sign(event), room);
        // Whole columns under the text, and one cell between it and the next lifeline.
        let covered = (text.chars().count() + 1).div_ceil(self.node_cells).min(self.nodes - before);
        let after = self.nodes - before - covered;
        lifelines(before) + &padded(&text, covered * self.node_cells) + &lifelines(after)
    }

    /// An event of the world, across all columns.
    fn across(&self, event: &TraceEvent) -> String {
        let fill = match event.kind {
            TraceKind::Fault => '=',
            TraceKind::Violation => '!',
            _ => '-',
        };
        let room = self.body_cells();
        let text = cut(&event.text, room.saturating_sub(8));
        let mut line = format!("{} {text} ", fill.to_string().repeat(3));
        let rest = room.saturating_sub(line.chars().count());
        line.extend(std::iter::repeat_n(fill, rest));
        line
    }
}

/// The text with the sign of its kind before it: an arrow and the other end, or a word.
fn with_sign(event: &TraceEvent) -> String {
    let word = match event.kind {
        TraceKind::Send | TraceKind::Receive => return arrow(&event.text),
        TraceKind::Drop => return format!("\u{d7} {}", arrow(&event.text)),
        TraceKind::Note | TraceKind::Client | TraceKind::Fault => return event.text.clone(),
        TraceKind::Session if event.text.contains("session") => return event.text.clone(),
        TraceKind::Violation => "!!!",
        kind => kind_name(kind),
    };
    if event.text == word || event.text.starts_with(&format!("{word} ")) {
        event.text.clone()
    } else {
        format!("{word} {}", event.text).trim_end().to_string()
    }
}

/// `to n2: AppendEntries` as `\u{2192}n2 AppendEntries`, `from n1: ..` as `\u{2190}n1 ..`; any other text as it is.
fn arrow(text: &str) -> String {
    for (word, arrow) in [("to ", '\u{2192}'), ("from ", '\u{2190}')] {
        if let Some((other, message)) = text.strip_prefix(word).and_then(|rest| rest.split_once(": ")) {
            return format!("{arrow}{other} {message}");
        }
    }
    text.to_string()
}

/// Nanoseconds as seconds with six decimals, cut off.
fn seconds(time: u64) -> String {
    format!("{}.{:06}", time / 1_000_000_000, time % 1_000_000_000 / 1_000)
}

/// Text of at least `cells` characters.
fn padded(text: &str, cells: usize) -> String {
    format!("{text:<cells$}")
}

/// The first `cells` characters of a text on one line, the last an ellipsis if there were more.
fn cut(text: &str, cells: usize) -> String {
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= cells {
        return text.chars().map(one_line).collect();
    }
    let mut kept: String = text.chars().take(cells.saturating_sub(1)).map(one_line).collect();
    kept.push('\u{2026}');
    kept
}

/// The name of a kind, as the file and the command line write it.
pub(crate) fn kind_name(kind: TraceKind) -> &'static str {
    match kind {
        TraceKind::Boot => "boot",
        TraceKind::Crash => "crash",
        TraceKind::Timer => "timer",
        TraceKind::Send => "send",
        TraceKind::Receive => "receive",
        TraceKind::Drop => "drop",
        TraceKind::Session => "session",
        TraceKind::Write => "write",
        TraceKind::Durable => "durable",
        TraceKind::Deliver => "deliver",
        TraceKind::Note => "note",
        TraceKind::Client => "client",
        TraceKind::Fault => "fault",
        TraceKind::Violation => "violation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_kinds_are_those_of_the_file() {
        for kind in TraceKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a word"), kind_name(kind));
        }
    }

    #[test]
    fn messages_point_at_the_other_end() {
        assert_eq!(arrow("to n2: AppendEntries { term: 3 }"), "\u{2192}n2 AppendEntries { term: 3 }");
        assert_eq!(arrow("from client 3: get k1"), "\u{2190}client 3 get k1");
        assert_eq!(arrow("lost"), "lost");
    }

    #[test]
    fn a_text_is_cut_to_its_room_and_kept_on_one_line() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde\u{2026}");
        assert_eq!(cut("a\nb", 6), "a b");
    }
}
