use std::collections::BTreeMap;

use checker::import::{Format, load};
use checker::{History, Kind, Operation, Options, Outcome, Output, Verdict, kv};
use sim::trace::{TRACE_VERSION, TraceEvent, TraceHeader, TraceKind};

use super::causality::{Process, clocks};
use super::{Excerpt, dot, edn, jsonl, mermaid, perfetto, shiviz};

/// Letters that every format has a use of its own for.
const NASTY: &str = "a \"quote\"; #hash <b> {brace} back\\slash %%{init} \u{2028}line\nend é :colon";

fn header() -> TraceHeader {
    TraceHeader {
        quorate_trace: TRACE_VERSION,
        title: NASTY.into(),
        protocol: "raft".into(),
        nodes: 2,
        seed: u64::MAX,
        without: vec!["raft/vote-durable".into()],
    }
}

fn event(kind: TraceKind, time: u64, node: Option<u8>, cause: Option<u64>) -> TraceEvent {
    TraceEvent { time, node, cause, text: format!("{kind:?} {NASTY}"), ..TraceEvent::of(kind) }
}

/// A client asks n0, which asks n1, which answers; a fault kills n1.
fn events() -> Vec<TraceEvent> {
    use TraceKind::{Boot, Client, Crash, Drop, Fault, Receive, Send, Violation};
    let client =
        |time, cause| TraceEvent { client: Some(3), operation: Some(0), ..event(Client, time, None, cause) };
    let state = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let mut events = vec![
        TraceEvent { state: state("role", "leader"), ..event(Boot, 0, Some(0), None) },
        TraceEvent { state: state("role", "follower"), ..event(Boot, 0, Some(1), None) },
        client(5_000, None),
        TraceEvent { client: Some(3), ..event(Receive, 6_100, Some(0), Some(3)) },
        TraceEvent { peer: Some(1), message: "Ask".into(), ..event(Send, 6_100, Some(0), Some(4)) },
        TraceEvent { peer: Some(0), message: "Ask".into(), ..event(Receive, 7_333, Some(1), Some(5)) },
        TraceEvent { peer: Some(0), message: "Yes".into(), ..event(Send, 7_333, Some(1), Some(6)) },
        TraceEvent { peer: Some(1), message: "Yes".into(), ..event(Receive, 8_000, Some(0), Some(7)) },
        TraceEvent { client: Some(3), ..event(Send, 8_000, Some(0), Some(8)) },
        event(Fault, 8_100, None, None),
        TraceEvent { rule: "node/power".into(), ..event(Crash, 8_100, Some(1), Some(10)) },
        TraceEvent { peer: Some(1), ..event(Drop, 8_200, Some(0), Some(8)) },
        client(9_000, Some(9)),
        event(Violation, 9_500, Some(0), Some(13)),
    ];
    for (place, event) in events.iter_mut().enumerate() {
        event.seq = place as u64 + 1;
    }
    events
}

fn whole<'a>(header: &'a TraceHeader, events: &'a [TraceEvent]) -> Excerpt<'a> {
    Excerpt::of(header, events, (0, u64::MAX), usize::MAX)
}

#[test]
fn a_trace_is_read_back_and_a_broken_one_is_refused_with_its_line() {
    let mut text = Vec::new();
    jsonl::write(&mut text, &header(), &events()).unwrap();
    assert_eq!(jsonl::read(&text[..]).unwrap(), (header(), events()));
    let text = String::from_utf8(text).unwrap();
    let refused = |text: &str, line: u64, message: &str| {
        let fault = jsonl::read(text.as_bytes()).unwrap_err();
        assert_eq!(fault.line, line, "{fault}");
        assert!(fault.message.contains(message), "{fault}");
    };
    refused("", 1, "the file is empty");
    refused(&text.replace("\"quorate_trace\":2", "\"quorate_trace\":1"), 1, "version 1");
    refused(&text.replace("{\"seq\":3,", "{\"seq\":4,"), 4, "expected event 3, found event 4");
    refused(&text.replace("\"time\":7333", "\"time\":1"), 7, "earlier");
    refused(&text.replace("\"cause\":10", "\"cause\":11"), 12, "does not come before");
    refused(&text.replace("\"peer\":1", "\"peer\":7"), 6, "there is no node 7 among 2");
    refused(&text.replacen("\"kind\":\"boot\"", "\"kind\":\"boat\"", 1), 2, "boat");
    refused(&text[..text.len() - 20], 15, "expected an event of a trace");
}

/// The part may begin in the middle; causes before it are left out, and what is cut off is told.
#[test]
fn an_excerpt_is_a_window_and_says_what_is_cut_off() {
    let (header, events) = (header(), events());
    let excerpt = Excerpt::of(&header, &events, (6_100, 8_100), 5);
    let seqs: Vec<u64> = excerpt.events.iter().map(|event| event.seq).collect();
    assert_eq!((seqs, excerpt.cut), (vec![4, 5, 6, 7, 8], 3));
    for text in
        [shiviz::log(&excerpt), dot::graph(&excerpt), mermaid::diagram(&excerpt), perfetto::trace(&excerpt)]
    {
        assert!(text.contains("3 more were asked for"), "{text}");
    }
    assert_eq!(Excerpt::of(&header, &events, (9_501, u64::MAX), 5).events.len(), 0);
    assert_eq!(Excerpt::of(&header, &events, (9, 5), 5).events.len(), 0);
}

#[test]
fn clocks_count_what_comes_before() {
    let clocks = clocks(&events());
    let at = |seq: usize| clocks[seq - 1].clone();
    let (client, n0, n1) = (Process::Client(3), Process::Node(0), Process::Node(1));
    assert_eq!(at(6), BTreeMap::from([(client, 1), (n0, 3), (n1, 2)]));
    assert_eq!(at(8), BTreeMap::from([(client, 1), (n0, 4), (n1, 3)]));
    assert_eq!(at(11), BTreeMap::from([(Process::World, 1), (client, 1), (n0, 3), (n1, 4)]));
    assert_eq!(at(13)[&client], 2);
    assert_eq!(at(13)[&n0], 5, "the answer's sending, and not what n0 did since");
}

/// A line of the log, taken apart as the expression in its first line says.
struct Parsed {
    host: String,
    clock: BTreeMap<String, u64>,
}

fn parsed(line: &str) -> Parsed {
    let (host, rest) = line.split_once(' ').expect("a host");
    let (clock, rest) = rest.split_once("} ").expect("a clock");
    let mut words = rest.splitn(3, ' ');
    assert!(words.next().is_some_and(|time| time.ends_with('s')));
    assert!(words.next().is_some() && words.next().is_some(), "{line}");
    let clock = serde_json::from_str(&format!("{clock}}}")).expect("a clock is JSON");
    Parsed { host: host.to_owned(), clock }
}

/// What ShiViz demands: each host counts its own events from 1 without gaps, and a clock is what those of the events
/// directly before it make it.
#[test]
fn shiviz_takes_the_log() {
    let (header, events) = (header(), events());
    let log = shiviz::log(&whole(&header, &events));
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some(shiviz::EXPRESSION));
    assert_eq!(lines.next(), Some(""), "no separator of executions");
    let lines: Vec<Parsed> = lines.map(parsed).collect();
    assert_eq!(lines.len(), events.len());
    let mut own: BTreeMap<String, u64> = BTreeMap::new();
    let mut all: Vec<(String, BTreeMap<String, u64>)> = Vec::new();
    for line in lines {
        let count = own.entry(line.host.clone()).or_default();
        *count += 1;
        assert_eq!(line.clock[&line.host], *count);
        // Every other entry is an event that there is, and this clock holds all of that event's.
        for (other, time) in line.clock.iter().filter(|(other, _)| **other != line.host) {
            let (_, clock) = all
                .iter()
                .find(|(host, clock)| host == other && clock[host] == *time)
                .expect("what was heard of has happened");
            assert!(clock.iter().all(|(host, time)| line.clock.get(host).is_some_and(|known| time <= known)));
        }
        all.push((line.host, line.clock));
    }
}

#[test]
fn perfettos_tracks_nest_and_every_arrow_has_two_ends_in_steps() {
    let (header, events) = (header(), events());
    let text = perfetto::trace(&whole(&header, &events));
    let trace: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(trace["otherData"]["title"], NASTY);
    let all = trace["traceEvents"].as_array().unwrap();
    let named = |ph: &'static str| all.iter().filter(move |event| event["ph"] == ph);
    let track = |event: &serde_json::Value| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
    let span = |event: &serde_json::Value| {
        let from = event["ts"].as_f64().unwrap();
        (from, from + event["dur"].as_f64().unwrap())
    };
    let mut tracks: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    for slice in named("X") {
        tracks.entry(track(slice)).or_default().push(span(slice));
    }
    for (track, mut spans) in tracks.clone() {
        spans.sort_by(|a, b| a.partial_cmp(b).unwrap());
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0 + 1e-6, "slices of {track:?} overlap: {pair:?}");
        }
    }
    let ends = |ph: &'static str| -> BTreeMap<u64, &serde_json::Value> {
        named(ph).map(|end| (end["id"].as_u64().unwrap(), end)).collect()
    };
    let (sources, targets) = (ends("s"), ends("f"));
    assert_eq!(sources.keys().collect::<Vec<_>>(), targets.keys().collect::<Vec<_>>());
    // Ask, Yes and the crash; what goes to and from clients ends in no step.
    assert_eq!(sources.len(), 3, "{sources:?}");
    for end in sources.values().chain(targets.values()) {
        let at = end["ts"].as_f64().unwrap();
        let steps = &tracks[&track(end)];
        assert!(steps.iter().any(|(from, until)| *from <= at && at < *until), "{end} is in no step");
    }
    // A fault, a crash and a violation; n0 leads to the end, n1 follows until it crashes; one operation.
    assert_eq!(named("i").count(), 3);
    let roles: Vec<&str> = named("X")
        .filter(|slice| slice["cat"] == "role")
        .map(|slice| slice["name"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["follower", "leader"]);
    assert_eq!(
        named("X").filter(|slice| slice["cat"] == "operation").map(span).collect::<Vec<_>>(),
        [(5.0, 9.0)]
    );
    for (pid, tid) in tracks.keys() {
        let is_name = |event: &&serde_json::Value| {
            event["name"] == "thread_name" && event["pid"] == *pid && event["tid"] == *tid
        };
        assert!(named("M").any(|event| is_name(&event)), "track {pid} {tid} has no name");
    }
}

#[test]
fn a_mermaid_diagram_has_only_lines_of_its_grammar() {
    let (header, events) = (header(), events());
    let diagram = mermaid::diagram(&whole(&header, &events));
    let mut lines = diagram.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    assert!(lines.next().unwrap().starts_with("  title "));
    let mut known = Vec::new();
    let (mut arrows, mut notes) = (0, 0);
    for line in lines {
        let line = line.trim_start();
        if let Some(name) = line.strip_prefix("participant ") {
            known.push(name.to_owned());
            continue;
        }
        let (head, said) = line.split_once(": ").expect("everything else says something");
        let text = said.replace("#59;", "").replace("#35;", "");
        let rest: String = text.split('#').skip(1).map(|rest| rest.split_once(';').unwrap().1).collect();
        assert!(!rest.contains([';', '<', '>', '"', '{', '%']), "{said}");
        if let Some(whom) = head.strip_prefix("Note over ") {
            notes += 1;
            assert!(whom.split(',').all(|name| known.iter().any(|known| known == name)), "{line}");
        } else {
            arrows += 1;
            let (from, to) = head.split_once("->>").or_else(|| head.split_once("-x")).expect("an arrow");
            assert!(known.iter().any(|name| name == from) && known.iter().any(|name| name == to), "{line}");
        }
    }
    assert_eq!(known, ["world", "client3", "n0", "n1"]);
    // The request, Ask, Yes, the answer, what was lost; two boots with a role each, fault, crash, violation.
    assert_eq!((arrows, notes), (5, 7), "{diagram}");
}

#[test]
fn a_mermaid_diagram_that_is_too_long_says_so_and_is_one() {
    let header = header();
    let mut events: Vec<TraceEvent> =
        (0..5_000).map(|time| event(TraceKind::Crash, time, Some(0), None)).collect();
    for (place, event) in events.iter_mut().enumerate() {
        event.seq = place as u64 + 1;
    }
    let diagram = mermaid::diagram(&whole(&header, &events));
    assert!(diagram.chars().count() < 50_000, "{}", diagram.len());
    let last = diagram.lines().last().unwrap();
    assert!(last.starts_with("  Note over n0: cut after ") && last.contains("of 5000 steps"), "{last}");
}

#[test]
fn a_drawing_has_every_event_once_and_no_arrow_that_follows_from_others() {
    let (header, mut events) = (header(), events());
    // The client's answer follows the request that n0 sent, which follows from the answer's own path.
    let shortcut = TraceEvent {
        seq: 15,
        client: Some(3),
        operation: Some(1),
        ..event(TraceKind::Client, 9_600, None, Some(4))
    };
    events.push(shortcut);
    let dot = dot::graph(&whole(&header, &events));
    for seq in 1..=15 {
        assert_eq!(dot.matches(&format!("    e{seq} [label=")).count(), 1);
    }
    let messages: Vec<&str> =
        dot.lines().filter(|line| line.contains("constraint=false")).map(str::trim).collect();
    let arrows: Vec<&str> = messages.iter().map(|line| line.split(" [").next().unwrap()).collect();
    assert_eq!(arrows, ["e3 -> e4", "e5 -> e6", "e7 -> e8", "e10 -> e11", "e9 -> e13", "e13 -> e14"]);
    // Inside quotes a quote or a backslash is escaped; outside of them braces balance.
    let (mut is_quoted, mut depth, mut letters) = (false, 0, dot.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted => assert!(matches!(letters.next(), Some('\\' | '"' | 'n'))),
            '"' => is_quoted = !is_quoted,
            '{' if !is_quoted => depth += 1,
            '}' if !is_quoted => depth -= 1,
            '\n' => assert!(!is_quoted, "a text ends on its line"),
            _ => {}
        }
    }
    assert!(!is_quoted && depth == 0);
}

fn operation(client: u64, (call, ret): (u64, u64), kind: Kind, outcome: Outcome) -> Operation {
    let ret = Some(ret).filter(|_| outcome != Outcome::Unknown);
    Operation { client, key: 7, call, ret, kind, outcome, position: Some(1) }
}

fn judged_both_ways(operations: Vec<Operation>) -> (Verdict, Verdict) {
    let history = History::new(operations).unwrap();
    let text = edn::events(&history, |_| None);
    let again = load::<Kind>(&text, Format::Edn).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    assert_eq!(Format::guess(&text), Some(Format::Edn));
    assert_eq!(again.history.operations().len(), history.operations().len());
    let verdict = |history: &History| kv::linearizable(history, Options::default()).verdict;
    (verdict(&history), verdict(&again.history))
}

/// Every kind and ending there is, several operations of a client open at once, and an instant shared by two events.
#[test]
fn a_history_is_read_back_by_the_checker() {
    let (put, get) = (|value| Kind::Put { value }, Kind::Get);
    let cas = |expect, value| Kind::Cas { expect, value };
    let ok = Outcome::Ok;
    let operations = vec![
        operation(1, (10, 20), put(5), ok(Output::Done)),
        operation(1, (12, 22), get, ok(Output::Value(None))),
        operation(1, (20, 30), get, ok(Output::Value(Some(5)))),
        operation(2, (31, 35), cas(Some(5), 6), ok(Output::Swapped)),
        operation(2, (36, 40), cas(Some(5), 8), ok(Output::Differs(Some(6)))),
        operation(2, (41, 45), cas(None, 9), Outcome::Unknown),
        operation(2, (46, 50), put(10), Outcome::Failed),
        operation(3, (46, 60), Kind::Delete, ok(Output::Done)),
        operation(3, (61, 70), get, Outcome::Unknown),
        operation(3, (62, 71), cas(Some(5), 11), ok(Output::Mismatch)),
    ];
    let (before, after) = judged_both_ways(operations.clone());
    assert!(matches!(before, Verdict::Ok { .. }), "{before:?}");
    assert!(matches!(after, Verdict::Ok { .. }), "{after:?}");
    // What a compare-and-set saw is evidence: 77 was never written.
    let mut wrong = operations;
    wrong[4].outcome = ok(Output::Differs(Some(77)));
    let (before, after) = judged_both_ways(wrong);
    assert!(matches!(before, Verdict::Illegal { .. }), "{before:?}");
    assert!(matches!(after, Verdict::Illegal { .. }), "{after:?}");
}
