//! A trace for Perfetto and `chrome://tracing`: Chrome's trace event format. A process a node with a track for its steps
//! and one for its role; a process for all clients with a track for each, and further ones while several of its operations
//! are open at once; arrows for messages; faults and violations across everything.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim::trace::{TraceEvent, TraceKind};

use super::causality::{Before, Process, before};
use super::{Excerpt, seconds, shortened};

/// The most events: about 100 MB, which Perfetto opens.
pub const EVENTS_MAX: usize = 300_000;

/// Letters of an event's text.
const LETTERS_MAX: usize = 160;

/// How long a step is drawn. Steps take no time in a simulated world, but what has no width cannot be clicked.
const STEP: u64 = 1_000;

/// The process of faults, before all others.
const WORLD: u64 = 1;
/// The process of clients.
const CLIENTS: u64 = 2;
/// The process of the first node.
const NODES: u64 = 10;
/// The track of a node's steps, and the one of what it is doing.
const STEPS: u64 = 2;
const ROLE: u64 = 1;
/// Tracks of a client: so many operations of it can be drawn side by side.
const LANES: u64 = 1_000;

/// The trace as a JSON document.
pub fn trace(excerpt: &Excerpt<'_>) -> String {
    let mut drawn = Vec::new();
    names(&mut drawn, excerpt.events);
    steps(&mut drawn, excerpt.events);
    roles(&mut drawn, excerpt.events);
    operations(&mut drawn, excerpt.events);
    if let (Some(notice), Some(last)) = (excerpt.notice(), excerpt.events.last()) {
        drawn.push(instant(&notice, last.time, (WORLD, 1)));
    }
    let header = excerpt.header;
    let mut text = String::from("{\"displayTimeUnit\":\"ns\",\"otherData\":");
    let about = json!({
        "title": header.title,
        "protocol": header.protocol,
        "nodes": header.nodes,
        "seed": header.seed.to_string(),
        "without": header.without,
        "notice": excerpt.notice().unwrap_or_default(),
    });
    text.push_str(&about.to_string());
    text.push_str(",\"traceEvents\":[\n");
    let lines: Vec<String> = drawn.iter().map(Value::to_string).collect();
    text.push_str(&lines.join(",\n"));
    text.push_str("\n]}\n");
    text
}

/// Names of processes and tracks.
fn names(drawn: &mut Vec<Value>, events: &[TraceEvent]) {
    let mut process = |pid: u64, name: String, tracks: &[(u64, &str)]| {
        drawn.push(json!({"ph": "M", "pid": pid, "name": "process_name", "args": {"name": name}}));
        drawn.push(json!({"ph": "M", "pid": pid, "name": "process_sort_index", "args": {"sort_index": pid}}));
        for (tid, name) in tracks {
            let args = json!({"name": name});
            drawn.push(json!({"ph": "M", "pid": pid, "tid": tid, "name": "thread_name", "args": args}));
        }
    };
    for of in super::causality::processes(events) {
        match of {
            Process::World => process(WORLD, "faults".into(), &[(1, "faults")]),
            Process::Client(_) => {}
            Process::Node(node) => {
                let tracks = [(ROLE, "role"), (STEPS, "steps")];
                process(NODES + u64::from(node), format!("n{node}"), &tracks);
            }
        }
    }
    process(CLIENTS, "clients".into(), &[]);
}

/// Where an event is drawn.
fn place(event: &TraceEvent) -> Option<(u64, u64)> {
    match Process::of(event) {
        Process::World => Some((WORLD, 1)),
        Process::Client(_) => None,
        Process::Node(node) => Some((NODES + u64::from(node), STEPS)),
    }
}

/// What a node did at one instant is one step, named after what set it off; an arrow leads from step to step.
fn steps(drawn: &mut Vec<Value>, events: &[TraceEvent]) {
    let mut next: BTreeMap<Process, u64> = BTreeMap::new();
    let mut ends = vec![0; events.len()];
    for (at, event) in events.iter().enumerate().rev() {
        let later = next.insert(Process::of(event), event.time).filter(|later| event.time < *later);
        let same = || ends_of_instant(events, &ends, at);
        ends[at] = later.map_or_else(same, |later| later.min(event.time + STEP));
    }
    let relation = before(events);
    let is_first = |at: usize| relation[at].here.is_none_or(|here| events[here].time < events[at].time);
    let mut open: BTreeMap<Process, (usize, Vec<usize>)> = BTreeMap::new();
    let mut all: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if is_first(at) {
            all.extend(open.insert(Process::of(event), (at, vec![at])));
        } else {
            open.get_mut(&Process::of(event)).expect("something was first").1.push(at);
        }
    }
    all.extend(open.into_values());
    all.sort_unstable_by_key(|(first, _)| *first);
    for (first, members) in all {
        step(drawn, events, first, &members, ends[first]);
    }
    for (at, Before { there, .. }) in relation.iter().enumerate() {
        if let Some(there) = there {
            flow(drawn, &events[*there], &events[at]);
        }
    }
}

/// Where a step ends that has no later event at its process: as the later members of its instant do.
fn ends_of_instant(events: &[TraceEvent], ends: &[u64], at: usize) -> u64 {
    let event = &events[at];
    let of = Process::of(event);
    let later = events[at + 1..].iter().take_while(|later| later.time == event.time);
    let mut places = later.enumerate().filter(|(_, later)| Process::of(later) == of);
    places.next().map_or(event.time + STEP, |(place, _)| ends[at + 1 + place])
}

fn step(drawn: &mut Vec<Value>, events: &[TraceEvent], first: usize, members: &[usize], end: u64) {
    let event = &events[first];
    let Some((pid, tid)) = place(event) else { return };
    let name = match event.message.as_str() {
        "" => shortened(&event.text, 60),
        message => message.to_owned(),
    };
    let loud = members
        .iter()
        .map(|place| &events[*place])
        .filter(|event| matches!(event.kind, TraceKind::Fault | TraceKind::Violation | TraceKind::Crash));
    for event in loud {
        drawn.push(instant(&event.text, event.time, (pid, tid)));
    }
    let told: serde_json::Map<String, Value> = members
        .iter()
        .map(|place| &events[*place])
        .map(|event| {
            let rule = if event.rule.is_empty() { String::new() } else { format!(" [{}]", event.rule) };
            let text = shortened(&event.text, LETTERS_MAX);
            (event.seq.to_string(), Value::String(format!("{text}{rule}")))
        })
        .collect();
    drawn.push(json!({
        "ph": "X", "pid": pid, "tid": tid, "name": name, "cat": "step",
        "ts": micros(event.time), "dur": micros(end - event.time), "args": told,
    }));
}

/// An arrow between the steps that two events are in.
fn flow(drawn: &mut Vec<Value>, from: &TraceEvent, to: &TraceEvent) {
    let (Some(source), Some(target)) = (place(from), place(to)) else { return };
    let name = if to.message.is_empty() { "cause" } else { to.message.as_str() };
    for (ph, (pid, tid), time) in [("s", source, from.time), ("f", target, to.time)] {
        let mut end = json!({
            "ph": ph, "pid": pid, "tid": tid, "id": to.seq, "name": name, "cat": "message", "ts": micros(time),
        });
        if ph == "f" {
            // To the step that it arrives in, not to the next one.
            end["bp"] = json!("e");
        }
        drawn.push(end);
    }
}

/// What each node was doing, from one change to the next: the field of its state that says so.
fn roles(drawn: &mut Vec<Value>, events: &[TraceEvent]) {
    let mut open: BTreeMap<u8, (u64, String)> = BTreeMap::new();
    let end = events.last().map_or(0, |event| event.time);
    let mut close = |node: u8, (since, doing): (u64, String), until: u64| {
        drawn.push(json!({
            "ph": "X", "pid": NODES + u64::from(node), "tid": ROLE, "name": doing, "cat": "role",
            "ts": micros(since), "dur": micros(until - since), "args": {},
        }));
    };
    for event in events {
        let Some(node) = event.node else { continue };
        let doing = event.state.iter().find(|(name, _)| name == "role" || name == "state");
        if event.kind == TraceKind::Crash || doing.is_some() {
            let before = match doing {
                Some((_, doing)) => open.insert(node, (event.time, doing.clone())),
                None => open.remove(&node),
            };
            if let Some(before) = before {
                close(node, before, event.time);
            }
        }
    }
    for (node, role) in open {
        close(node, role, end);
    }
}

/// An operation, from where it is first seen in the excerpt to where it is last.
struct Operation {
    client: u32,
    from: u64,
    until: u64,
    told: Vec<(u64, String)>,
}

/// Operations of clients. Several of one client may be open at once: each gets the first track that is free.
fn operations(drawn: &mut Vec<Value>, events: &[TraceEvent]) {
    let mut all: BTreeMap<u64, Operation> = BTreeMap::new();
    let mut order = Vec::new();
    for event in events.iter().filter(|event| event.kind == TraceKind::Client) {
        let (Some(client), Some(operation)) = (event.client, event.operation) else { continue };
        let operation = all.entry(operation).or_insert_with(|| {
            order.push(operation);
            Operation { client, from: event.time, until: event.time, told: Vec::new() }
        });
        operation.until = event.time;
        operation.told.push((event.seq, shortened(&event.text, LETTERS_MAX)));
    }
    let mut busy: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for number in order {
        let Operation { client, from, until, told } = &all[&number];
        let lanes = busy.entry(*client).or_default();
        let free = lanes.iter().position(|until| until < from).unwrap_or(lanes.len());
        let until = (*until).max(from + 1);
        if free == lanes.len() {
            lanes.push(until);
        } else {
            lanes[free] = until;
        }
        let tid = u64::from(*client) * LANES + free as u64 + 1;
        let last = told.last().map(|(_, text)| text.as_str()).unwrap_or_default();
        let name = last.split_once(": ").map_or(last, |(_, text)| text);
        let args: serde_json::Map<String, Value> =
            told.iter().map(|(seq, text)| (seq.to_string(), Value::String(text.clone()))).collect();
        drawn.push(json!({
            "ph": "X", "pid": CLIENTS, "tid": tid, "name": name, "cat": "operation",
            "ts": micros(*from), "dur": micros(until - from), "args": args,
        }));
    }
    for (client, lanes) in busy {
        for lane in 0..lanes.len() as u64 {
            let name =
                if lane == 0 { format!("client {client}") } else { format!("client {client} +{lane}") };
            let (tid, args) = (u64::from(client) * LANES + lane + 1, json!({"name": name}));
            drawn.push(json!({"ph": "M", "pid": CLIENTS, "tid": tid, "name": "thread_name", "args": args}));
        }
    }
}

/// A mark across all tracks.
fn instant(text: &str, time: u64, (pid, tid): (u64, u64)) -> Value {
    let name = shortened(text, LETTERS_MAX);
    json!({
        "ph": "i", "s": "g", "pid": pid, "tid": tid, "name": name, "cat": "mark", "ts": micros(time),
        "args": {"at": seconds(time)},
    })
}

/// The format counts in microseconds; what is between them comes after the point.
fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1_000.0
}
