//! A window of a run as a Mermaid sequence diagram: messages as arrows, drawn when they arrive; crashes, restarts, faults,
//! changes of role and violations as notes.

use std::fmt::Write;

use sim::trace::{TraceEvent, TraceKind};

use super::causality::{Before, Process, before, processes};
use super::{Excerpt, seconds, shortened};

/// The most letters of a diagram: Mermaid refuses more than 50,000 (its `maxTextSize`).
pub const LETTERS_MAX: usize = 48_000;

/// The most events that are looked at: more never fit.
pub const EVENTS_MAX: usize = 20_000;

/// Letters of a message or note.
const LINE_LETTERS_MAX: usize = 90;

/// The diagram. It may end before the excerpt does, and says so then.
pub fn diagram(excerpt: &Excerpt<'_>) -> String {
    let events = excerpt.events;
    let mut head = format!("sequenceDiagram\n  title {}\n", escaped(&excerpt.title()));
    let lines = lines(events);
    let seen = processes(events);
    let spoken: Vec<Process> =
        seen.into_iter().filter(|process| lines.iter().any(|line| line.of.contains(process))).collect();
    for process in &spoken {
        writeln!(head, "  participant {process}").expect("a string takes everything");
    }
    let mut diagram = head;
    let mut letters = diagram.chars().count();
    let everybody = match (spoken.first(), spoken.last()) {
        (Some(first), Some(last)) if first != last => format!("{first},{last}"),
        (Some(first), _) => first.to_string(),
        (None, _) => return diagram,
    };
    for (place, line) in lines.iter().enumerate() {
        letters += line.text.chars().count();
        if LETTERS_MAX < letters {
            let notice = format!(
                "cut after {place} of {} steps: Mermaid takes no more. Choose a shorter --from and --to-time",
                lines.len()
            );
            writeln!(diagram, "  Note over {everybody}: {}", escaped(&notice)).expect("a string takes it");
            return diagram;
        }
        diagram.push_str(&line.text);
    }
    if let Some(notice) = excerpt.notice() {
        writeln!(diagram, "  Note over {everybody}: {}", escaped(&notice)).expect("a string takes it");
    }
    diagram
}

/// A line of the diagram, and whom it is about.
struct Line {
    of: Vec<Process>,
    text: String,
}

fn lines(events: &[TraceEvent]) -> Vec<Line> {
    let relation = before(events);
    let mut lines = Vec::new();
    for (event, Before { there, .. }) in events.iter().zip(relation) {
        let here = Process::of(event);
        let cause = there.map(|there| &events[there]);
        match (cause.map(Process::of), event.kind) {
            (Some(sender), TraceKind::Receive | TraceKind::Client | TraceKind::Drop)
                if sender != Process::World =>
            {
                let head = if event.kind == TraceKind::Drop { "-x" } else { "->>" };
                lines.push(arrow(sender, head, here, event, &said(event, cause)));
            }
            (_, TraceKind::Drop) => {
                // Lost on its way: the sender knows to whom it was.
                let to = event.peer.map_or(Process::World, Process::Node);
                lines.push(arrow(here, "-x", to, event, &said(event, cause)));
            }
            (_, TraceKind::Crash | TraceKind::Boot | TraceKind::Fault | TraceKind::Violation) => {
                let sign = if event.kind == TraceKind::Violation { "VIOLATION: " } else { "" };
                lines.push(note(here, event, &format!("{sign}{}", event.text)));
            }
            _ => {}
        }
        // The first field of a node's state says what the node is doing.
        if let Some((name, doing)) = event.state.iter().find(|(name, _)| name == "role" || name == "state") {
            lines.push(note(here, event, &format!("{name}: {doing}")));
        }
    }
    lines
}

/// What an arrow says: the kind of message if it has one.
fn said(event: &TraceEvent, cause: Option<&TraceEvent>) -> String {
    let sent = cause.map(|cause| format!(" (sent {})", seconds(cause.time))).unwrap_or_default();
    match event.message.as_str() {
        "" => format!("{}{sent}", shortened(&event.text, LINE_LETTERS_MAX)),
        message => format!("{message}{sent}"),
    }
}

fn arrow(from: Process, head: &str, to: Process, event: &TraceEvent, said: &str) -> Line {
    let text = format!("  {from}{head}{to}: {} {}\n", seconds(event.time), escaped(said));
    Line { of: vec![from, to], text }
}

fn note(over: Process, event: &TraceEvent, said: &str) -> Line {
    let said = escaped(&shortened(said, LINE_LETTERS_MAX));
    Line { of: vec![over], text: format!("  Note over {over}: {} {said}\n", seconds(event.time)) }
}

/// A text of Mermaid. `;` and `#` are its own, as are `<`, `>` and what may begin a directive or a wrap.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in super::on_one_line(text).chars() {
        match letter {
            '#' | ';' | '<' | '>' | '"' | '%' | '{' | '}' | '&' | '\\' => {
                write!(out, "#{};", u32::from(letter)).expect("a string takes everything");
            }
            _ => out.push(letter),
        }
    }
    out
}
