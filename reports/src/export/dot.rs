//! Happens-before as a Graphviz drawing: a column a process, time downward in each, an arrow a message. What follows from
//! other arrows is not drawn (the transitive reduction).

use std::fmt::Write;

use petgraph::algo::tred::{dag_to_toposorted_adjacency_list, dag_transitive_reduction_closure};
use petgraph::graph::{DiGraph, NodeIndex};
use sim::trace::{TraceEvent, TraceKind};

use super::causality::{Before, Process, before, processes};
use super::{Excerpt, on_one_line, seconds, shortened};

/// The most events: Graphviz takes minutes for some thousands, and nobody can read them.
pub const EVENTS_MAX: usize = 400;

/// Letters of an event's text.
const LETTERS_MAX: usize = 60;

/// The drawing of an excerpt of at most [`EVENTS_MAX`] events.
pub fn graph(excerpt: &Excerpt<'_>) -> String {
    let events = excerpt.events;
    let notice = excerpt.notice().map(|notice| format!("\\n{}", escaped(&notice))).unwrap_or_default();
    let title = format!("{}{notice}", escaped(&excerpt.title()));
    let mut dot = format!(
        "digraph \"happens-before\" {{\n  label=\"{title}\";\n  labelloc=t;\n  rankdir=LR;\n  newrank=true;\n  \
         node [shape=box, style=filled, fillcolor=white, fontname=\"Helvetica\", fontsize=9, margin=\"0.06,0.03\"];\n  \
         edge [arrowsize=0.6];\n"
    );
    columns(&mut dot, events);
    arrows(&mut dot, events);
    dot.push_str("}\n");
    dot
}

/// A column for each process: its name, then its events. Graphviz lays a rank out as a column, since ranks go to the right.
fn columns(dot: &mut String, events: &[TraceEvent]) {
    let processes = processes(events);
    for process in &processes {
        writeln!(dot, "  subgraph \"{process}\" {{\n    rank=same;").expect("a string takes everything");
        writeln!(dot, "    \"{process}\" [shape=plaintext, fontsize=12, label=\"{process}\"];")
            .expect("a string takes everything");
        for event in events.iter().filter(|event| Process::of(event) == *process) {
            let text = escaped(&shortened(&on_one_line(&event.text), LETTERS_MAX));
            let fill = fill(event.kind);
            let rule = if event.rule.is_empty() {
                String::new()
            } else {
                format!(", tooltip=\"{}\"", escaped(&event.rule))
            };
            writeln!(
                dot,
                "    e{} [label=\"{} at {}\\n{text}\"{fill}{rule}];",
                event.seq,
                event.seq,
                seconds(event.time)
            )
            .expect("a string takes everything");
        }
        dot.push_str("  }\n");
    }
    // Columns stand in this order.
    let names: Vec<String> = processes.iter().map(|process| format!("\"{process}\"")).collect();
    if 1 < names.len() {
        writeln!(dot, "  {} [style=invis];", names.join(" -> ")).expect("a string takes everything");
    }
}

/// The arrows that do not follow from others, and from each column's name to its first event.
fn arrows(dot: &mut String, events: &[TraceEvent]) {
    let relation = before(events);
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(events.len(), 2 * events.len());
    for _ in events {
        graph.add_node(());
    }
    for (place, Before { here, there }) in relation.iter().enumerate() {
        for earlier in [here, there].into_iter().flatten() {
            graph.update_edge(NodeIndex::new(*earlier), NodeIndex::new(place), ());
        }
    }
    // Events are in an order that no arrow goes against, so places in the sorted list are places in the excerpt.
    let order: Vec<NodeIndex> = graph.node_indices().collect();
    let (sorted, _) = dag_to_toposorted_adjacency_list::<_, NodeIndex>(&graph, &order);
    let (reduced, _) = dag_transitive_reduction_closure(&sorted);
    for (place, (event, Before { here, there })) in events.iter().zip(&relation).enumerate() {
        match here {
            None => {
                writeln!(dot, "  \"{}\" -> e{} [arrowhead=none, color=gray];", Process::of(event), event.seq)
            }
            Some(here) => writeln!(dot, "  e{} -> e{} [weight=8, color=gray];", events[*here].seq, event.seq),
        }
        .expect("a string takes everything");
        if let Some(there) =
            there.filter(|there| reduced.contains_edge(NodeIndex::new(*there), NodeIndex::new(place)))
        {
            // Arrows between columns go either way: they do not decide which column comes first.
            writeln!(
                dot,
                "  e{} -> e{} [constraint=false, color=\"#0072b2\"];",
                events[there].seq, event.seq
            )
            .expect("a string takes everything");
        }
    }
}

/// What stands out: ends and beginnings of processes, faults, violations.
fn fill(kind: TraceKind) -> &'static str {
    match kind {
        TraceKind::Crash | TraceKind::Drop => ", fillcolor=\"#d9d9d9\"",
        TraceKind::Fault | TraceKind::Boot => ", fillcolor=\"#f0e442\"",
        TraceKind::Violation => ", fillcolor=\"#d55e00\", fontcolor=white, penwidth=2",
        TraceKind::Client => ", shape=ellipse",
        TraceKind::Timer
        | TraceKind::Send
        | TraceKind::Receive
        | TraceKind::Session
        | TraceKind::Write
        | TraceKind::Durable
        | TraceKind::Deliver
        | TraceKind::Note => "",
    }
}

/// A text inside quotes of DOT.
fn escaped(text: &str) -> String {
    on_one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
