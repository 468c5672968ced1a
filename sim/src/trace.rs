//! A trace: every event of a run in order, each with the event that caused it, so that happens-before is a graph.
//! Made only on request; the fingerprint is the same with and without.

use std::collections::BTreeMap;

use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};
use serde::{Deserialize, Serialize};

/// What a trace is of. The first line of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The version of the file format.
    pub quorate_trace: u32,
    /// The scenario's title.
    pub title: String,
    /// The protocol's name.
    pub protocol: String,
    /// How many nodes.
    pub nodes: u8,
    /// The seed of the plan.
    pub seed: u64,
    /// Ids of the rules left out.
    pub without: Vec<String>,
}

/// The version of the trace file format that this build writes.
pub const TRACE_VERSION: u32 = 2;

/// One event. The other lines of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When, in nanoseconds of simulated time.
    pub time: u64,
    /// Where; none for the world itself (faults, clients, verdicts).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u8>,
    /// What kind of event.
    pub kind: TraceKind,
    /// The event that led to this one; none for those that the plan starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// The other node of a message or session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<u8>,
    /// The client that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// The operation that it concerns: its place in the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<u64>,
    /// The kind of message, in its protocol's words, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The rule applied, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The event in words, short enough for a column.
    pub text: String,
    /// What is different at the node from this event on: fields of `replica::Replica::inspect` and their new values.
    /// After a boot all fields are here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<(String, String)>,
}

impl TraceEvent {
    /// An event of this kind, about which nothing else is known yet.
    pub fn of(kind: TraceKind) -> TraceEvent {
        TraceEvent {
            seq: 0,
            time: 0,
            node: None,
            kind,
            cause: None,
            peer: None,
            client: None,
            operation: None,
            message: String::new(),
            rule: String::new(),
            text: String::new(),
            state: Vec::new(),
        }
    }
}

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceKind {
    /// A process started.
    Boot,
    /// A process ended.
    Crash,
    /// A deadline passed.
    Timer,
    /// A message left.
    Send,
    /// A message arrived.
    Receive,
    /// A message was lost.
    Drop,
    /// A session came up or broke.
    Session,
    /// A record was handed to the disk.
    Write,
    /// Records became durable.
    Durable,
    /// An entry was delivered to the state machine.
    Deliver,
    /// A step in a replica's or server's own words.
    Note,
    /// A client's operation began, was sent again or ended.
    Client,
    /// A fault began or ended.
    Fault,
    /// A judge found a violation.
    Violation,
}

impl TraceKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [TraceKind; 14] = [
        TraceKind::Boot,
        TraceKind::Crash,
        TraceKind::Timer,
        TraceKind::Send,
        TraceKind::Receive,
        TraceKind::Drop,
        TraceKind::Session,
        TraceKind::Write,
        TraceKind::Durable,
        TraceKind::Deliver,
        TraceKind::Note,
        TraceKind::Client,
        TraceKind::Fault,
        TraceKind::Violation,
    ];
}

/// Happens-before over a trace: an edge from each event to the next one at its node, and to each that it caused. No
/// vector clocks: reachability says it all.
pub struct HappensBefore {
    graph: DiGraph<u64, ()>,
}

impl HappensBefore {
    /// The graph of a trace, whose events are in order and numbered from 1 without gaps.
    pub fn of(events: &[TraceEvent]) -> HappensBefore {
        let mut graph = DiGraph::with_capacity(events.len(), 2 * events.len());
        let mut last_at: BTreeMap<u8, NodeIndex> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            assert_eq!(event.seq, place as u64 + 1, "a trace is numbered without gaps");
            let here = graph.add_node(event.seq);
            if let Some(cause) = event.cause {
                assert!(cause < event.seq, "a cause comes before what it causes");
                graph.add_edge(index_of(cause), here, ());
            }
            if let Some(node) = event.node
                && let Some(before) = last_at.insert(node, here)
            {
                graph.update_edge(before, here, ());
            }
        }
        HappensBefore { graph }
    }

    /// Whether `earlier` can have had any influence on `later`.
    pub fn precedes(&self, earlier: u64, later: u64) -> bool {
        earlier != later && has_path_connecting(&self.graph, index_of(earlier), index_of(later), None)
    }

    /// Every event that can have had any influence on `seq`, in order; `seq` itself is the last.
    pub fn past(&self, seq: u64) -> Vec<u64> {
        let mut past = Vec::new();
        let reversed = Reversed(&self.graph);
        let mut walk = Dfs::new(reversed, index_of(seq));
        while let Some(event) = walk.next(reversed) {
            past.push(self.graph[event]);
        }
        past.sort_unstable();
        past
    }
}

/// The chain of causes of an event, first cause first; the event itself is the last.
pub fn causes(events: &[TraceEvent], seq: u64) -> Vec<u64> {
    let mut chain = vec![seq];
    let mut at = seq;
    while let Some(cause) = events.get(at as usize - 1).and_then(|event| event.cause) {
        chain.push(cause);
        at = cause;
    }
    chain.reverse();
    chain
}

fn index_of(seq: u64) -> NodeIndex {
    NodeIndex::new(seq as usize - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, node: u8, cause: Option<u64>) -> TraceEvent {
        let kind = TraceKind::Note;
        TraceEvent { seq, time: seq, node: Some(node), cause, ..TraceEvent::of(kind) }
    }

    #[test]
    fn influence_travels_by_messages_and_along_a_node() {
        // n0: 1 sends; n1: 2 does something of its own, 3 receives 1; n2: 4 knows nothing of any of them.
        let events = [event(1, 0, None), event(2, 1, None), event(3, 1, Some(1)), event(4, 2, None)];
        let order = HappensBefore::of(&events);
        assert!(order.precedes(1, 3));
        assert!(order.precedes(2, 3));
        assert!(!order.precedes(3, 1));
        assert!(!order.precedes(1, 2));
        assert!(!order.precedes(3, 4));
        assert_eq!(order.past(3), [1, 2, 3]);
        assert_eq!(causes(&events, 3), [1, 3]);
    }
}
