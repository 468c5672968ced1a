//! A run as columns of numbers: deltas and numbers of texts, so that ten thousand events are small.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sim::measure::Change;
use sim::outcome::{JudgeReport, Verdict};
use sim::trace::{TraceEvent, TraceKind};

use crate::page::Story;
use crate::page::interest::{Interest, heartbeats, interest};
use crate::page::operations;
use crate::page::texts::Texts;
use crate::page::window::Window;

/// A run: what the script calls a run. Columns are as long as there are events:
///
/// - `time`: nanoseconds since the event before (the first: since `base`);
/// - `node`, `peer`, `client`, `operation`: number + 1, zero for none;
/// - `kind`: place in [`TraceKind::ALL`]; `message`, `rule`: texts;
/// - `cause`: how many events ago, zero for none, and `-seq` if the cause is not shown;
/// - `text`: twice the number of its text, and one more if the peer or client at its head was left out.
pub(super) fn data(story: &Story, window: &Window, texts: &mut Texts) -> Json {
    let events = &story.events[window.range.clone()];
    let base = events.first().map_or(0, |event| event.time);
    let first = events.first().map_or(1, |event| event.seq);
    let mut columns: [Vec<i64>; 10] = Default::default();
    let mut before = base;
    for event in events {
        let text = texts.number(short(event));
        let is_short = short(event).len() < event.text.len();
        let cells = [
            (event.time - before) as i64,
            event.node.map_or(0, |node| i64::from(node) + 1),
            place_of(event.kind),
            event
                .cause
                .map_or(0, |cause| if first <= cause { (event.seq - cause) as i64 } else { -(cause as i64) }),
            event.peer.map_or(0, |peer| i64::from(peer) + 1),
            event.client.map_or(0, |client| i64::from(client) + 1),
            event.operation.map_or(0, |operation| operation as i64 + 1),
            texts.number(&event.message) as i64,
            texts.number(&event.rule) as i64,
            2 * text as i64 + i64::from(is_short),
        ];
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        before = event.time;
    }
    let names = ["time", "node", "kind", "cause", "peer", "client", "operation", "message", "rule", "text"];
    let columns: BTreeMap<_, _> = names.iter().zip(columns).collect();
    json!({
        "protocol": story.header.protocol,
        "nodes": story.header.nodes,
        "seed": story.header.seed.to_string(),
        "without": story.outcome.without,
        "reproduce": story.reproduce,
        "first": first,
        "total": story.events.len(),
        "base": base,
        "anchor": window.anchor,
        "columns": columns,
        "before": state_before(story, window, texts),
        "state": changes(events, texts),
        "beats": places(heartbeats(events).into_iter()),
        "interest": interests(story, events),
        "spans": spans(story),
        "bands": bands(story, texts),
        "violations": violations(story, events),
        "operations": operations::data(story, events, texts),
    })
}

/// The script's list has the same order.
fn place_of(kind: TraceKind) -> i64 {
    TraceKind::ALL.iter().position(|&other| other == kind).expect("every kind is in the list") as i64
}

/// An event's words without the peer or client at their head, which its columns have.
fn short(event: &TraceEvent) -> &str {
    let way = match event.kind {
        TraceKind::Send => "to ",
        TraceKind::Receive | TraceKind::Drop => "from ",
        TraceKind::Client => "",
        _ => return &event.text,
    };
    let head = match (event.peer, event.client) {
        (Some(peer), _) => format!("{way}n{peer}: "),
        (None, Some(client)) => format!("{way}client {client}: "),
        (None, None) => return &event.text,
    };
    event.text.strip_prefix(head.as_str()).unwrap_or(&event.text)
}

/// The rules that the events shown name, and those left out.
pub(super) fn rules_named<'a>(stories: &'a [Story], windows: &[Window]) -> BTreeSet<&'a str> {
    let mut named = BTreeSet::new();
    for (story, window) in stories.iter().zip(windows) {
        named.extend(story.events[window.range.clone()].iter().map(|event| event.rule.as_str()));
        named.extend(story.outcome.without.iter().map(String::as_str));
    }
    named
}

/// What was known of each node just before the window: its fields and their values, as the node orders them.
fn state_before(story: &Story, window: &Window, texts: &mut Texts) -> Json {
    let mut nodes: Vec<Vec<(&str, &str)>> = vec![Vec::new(); usize::from(story.header.nodes)];
    for event in &story.events[..window.range.start] {
        let Some(fields) = event.node.and_then(|node| nodes.get_mut(usize::from(node))) else { continue };
        if matches!(event.kind, TraceKind::Boot | TraceKind::Crash) {
            fields.clear();
        }
        for (name, value) in &event.state {
            match fields.iter_mut().find(|field| field.0 == name) {
                Some(field) => field.1 = value,
                None => fields.push((name, value)),
            }
        }
    }
    let mut pairs = |fields: &Vec<(&str, &str)>| {
        fields
            .iter()
            .map(|(name, value)| json!([texts.number(name), texts.number(value)]))
            .collect::<Vec<_>>()
    };
    nodes.iter().map(&mut pairs).collect()
}

/// What events changed, in one row of numbers: events since the last, how many fields, then name and value of each.
fn changes(events: &[TraceEvent], texts: &mut Texts) -> Vec<usize> {
    let mut row = Vec::new();
    let mut before = 0;
    for (place, event) in events.iter().enumerate().filter(|(_, event)| !event.state.is_empty()) {
        row.extend([place - before, event.state.len()]);
        for (name, value) in &event.state {
            row.extend([texts.number(name), texts.number(value)]);
        }
        before = place;
    }
    row
}

/// The places at which something is so, each since the last.
fn places(is_so: impl Iterator<Item = bool>) -> Vec<usize> {
    let mut before = 0;
    let mut places = Vec::new();
    for place in is_so.enumerate().filter_map(|(place, is_so)| is_so.then_some(place)) {
        places.push(place - before);
        before = place;
    }
    places
}

/// What to jump to: place and why.
fn interests(story: &Story, events: &[TraceEvent]) -> Vec<(usize, u8)> {
    let code = |interest| match interest {
        Interest::Violation => 0,
        Interest::Fault => 1,
        Interest::Crash => 2,
        Interest::Restart => 3,
        Interest::Leads => 4,
        Interest::UnknownAnswer => 5,
    };
    let traced = events.iter().enumerate().filter_map(|(place, event)| Some((place, code(interest(event)?))));
    let judged = violated(story).filter_map(|judge| Some((event_of(judge, events)?, 0)));
    let mut all: Vec<(usize, u8)> = traced.chain(judged).collect();
    all.sort_unstable();
    all.dedup_by_key(|&mut (place, _)| place);
    all
}

fn violated(story: &Story) -> impl Iterator<Item = &JudgeReport> {
    story.outcome.judges.iter().filter(|judge| judge.verdict == Verdict::Violated)
}

/// The event at which a judge's violation shows: one of its own, or the last one by its time.
fn event_of(judge: &JudgeReport, events: &[TraceEvent]) -> Option<usize> {
    let is_own = |event: &TraceEvent| event.kind == TraceKind::Violation && event.rule == judge.name;
    let own = events.iter().position(is_own);
    let at = judge.first_at?;
    let (first, last) = (events.first()?.time, events.last()?.time);
    if own.is_some() || at < first || last < at {
        return own;
    }
    let told =
        events.iter().rposition(|event| event.time == at && interest(event) == Some(Interest::Violation));
    told.or_else(|| events.partition_point(|event| event.time <= at).checked_sub(1))
}

/// When nodes led and when they were down: node, `leads` or `down`, from, until (none: to the end).
fn spans(story: &Story) -> Vec<Json> {
    let mut spans: Vec<(u8, &str, u64, Option<u64>)> = Vec::new();
    for milestone in &story.measures.milestones {
        let begins = match milestone.what {
            Change::Leads { .. } => "leads",
            Change::Down => "down",
            Change::Up | Change::Stands | Change::Follows => "",
            Change::Knows { .. } | Change::Commits => continue,
        };
        let open = spans.iter_mut().find(|span| span.0 == milestone.node && span.3.is_none());
        match open {
            Some(open) if open.1 == begins => continue,
            // It ceases to follow when it is down already.
            Some(open) if open.1 == "down" && milestone.what != Change::Up => continue,
            Some(open) => open.3 = Some(milestone.at),
            None => {}
        }
        if !begins.is_empty() {
            spans.push((milestone.node, begins, milestone.at, None));
        }
    }
    spans.iter().map(|(node, what, from, until)| json!([node, what, from, until])).collect()
}

/// The violations: judge, what it found, and the event and time at which that shows, if there are such.
fn violations(story: &Story, events: &[TraceEvent]) -> Vec<Json> {
    violated(story)
        .map(|judge| json!([judge.name, judge.detail, event_of(judge, events), judge.first_at]))
        .collect()
}

/// The spans of faults: from, until (none: it was over at once), words.
fn bands(story: &Story, texts: &mut Texts) -> Vec<Json> {
    let mut bands: Vec<(u64, Option<u64>, &str)> = Vec::new();
    for event in story.events.iter().filter(|event| event.kind == TraceKind::Fault) {
        match event.text.strip_prefix("over: ") {
            Some(what) => {
                let open = bands.iter_mut().find(|band| band.1.is_none() && band.2 == what);
                if let Some(band) = open {
                    band.1 = Some(event.time);
                }
            }
            None => bands.push((event.time, None, &event.text)),
        }
    }
    // A run that was cut short did not see the end of what was on.
    let end = story.events.last().map_or(0, |event| event.time);
    for band in bands.iter_mut().filter(|band| band.1.is_none() && band.2.contains(" for ")) {
        band.1 = Some(end);
    }
    bands.iter().map(|&(from, until, words)| json!([from, until, texts.number(words)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_the_columns_have_is_not_said_twice() {
        let event = |text: &str| TraceEvent {
            peer: Some(1),
            text: text.into(),
            ..TraceEvent::of(TraceKind::Receive)
        };
        assert_eq!(short(&event("from n1: Ping")), "Ping");
        assert_eq!(short(&event("from n11: Ping")), "from n11: Ping");
        assert_eq!(places([false, true, true, false, true].into_iter()), [1, 1, 2]);
    }
}
