//! The page as text: the same bytes for the same input, nothing of a run is markup, and all that a reader without a
//! script needs is there. The browser's side is tested in `tests/browser`.

#[path = "../browser/fixture.rs"]
mod fixture;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fixture::Source;
use reports::figure::{Figure, Panel, Table};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use sim::trace::TraceKind;

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\u{2028}<!--";

fn source() -> Source {
    let text = r#"
        title = "A leader crashes"
        [cluster]
        nodes = 3
        detection = "100ms"
        [workload]
        clients = 3
        keys = 2
        rate = "50/s"
        for = "600ms"
        mix = { read = 50, write = 50 }
        [[fault]]
        at = "300ms"
        crash = "leader"
        kind = "power"
        restart_after = "100ms"
    "#;
    Source { file: "crash.toml".to_owned(), text: text.to_owned(), seed: 7, without: Vec::new() }
}

fn figure() -> Figure {
    let svg =
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><title>T</title></svg>".to_owned();
    let mut data = Table::new(&["protocol", "latency_ms"]);
    data.push(vec!["raft".into(), 1.5.into()]);
    Figure {
        id: "latency".to_owned(),
        title: "Latency".to_owned(),
        how_to_read: "Further left is faster.".to_owned(),
        panels: vec![Panel { name: "raft".to_owned(), svg }],
        data,
    }
}

/// What stands between two marks, the first time.
fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let start = html.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    let length = html[start..].find(to).unwrap_or_else(|| panic!("no {to} after {from}"));
    &html[start..start + length]
}

fn data(html: &str) -> Json {
    let json = between(html, "<script type=\"application/json\" id=\"data\">", "</script>");
    serde_json::from_str(json).expect("the data is JSON")
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let once = source().page(&source().stories(), &[figure()]);
    let again = source().page(&source().stories(), &[figure()]);
    assert!(once == again);
    assert!(!once.contains("{{"), "no place is left unfilled");
    for loads in ["http:", "//cdn", "url("] {
        assert!(!once.replace("http://www.w3.org/2000/svg", "").contains(loads), "the page loads {loads}");
    }
}

/// Clients, files and protocols may say what they want: the page shows it, and does nothing that it says.
#[test]
fn what_runs_say_is_never_markup() {
    let mut stories = source().stories();
    for story in &mut stories {
        story.header.protocol = format!("raft{HOSTILE}");
        story.header.title = HOSTILE.to_owned();
        story.reproduce = HOSTILE.to_owned();
        for event in &mut story.events {
            event.text.push_str(HOSTILE);
            event.rule = HOSTILE.to_owned();
            event.message = HOSTILE.to_owned();
            event.state.push((HOSTILE.to_owned(), HOSTILE.to_owned()));
        }
        for judge in &mut story.outcome.judges {
            judge.name.push_str(HOSTILE);
            judge.detail.push_str(HOSTILE);
        }
    }
    let mut figure = figure();
    for text in [&mut figure.id, &mut figure.title, &mut figure.how_to_read, &mut figure.data.columns[0]] {
        text.push_str(HOSTILE);
    }
    figure.panels[0].name.push_str(HOSTILE);
    let mut source = source();
    source.file = HOSTILE.to_owned();
    source.text = format!("{}# {}", source.text, HOSTILE.replace('\u{2028}', " "));
    let html = source.page(&stories, &[figure]);
    assert!(!html.contains("<img"), "{}", between(&html, "<img", ">"));
    assert!(!html.contains("<!--") && !html.contains('\u{2028}'));
    assert_eq!(html.matches("</script>").count(), 2, "the data's end and the script's");
    assert_eq!(data(&html)["runs"][0]["protocol"], format!("raft{HOSTILE}"));
}

/// The policy allows the one script and the one style by their hashes, and nothing else.
#[test]
fn the_policy_allows_what_is_in_the_page_and_nothing_else() {
    let html = source().page(&source().stories(), &[]);
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\">");
    let hash = |block: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(block.as_bytes())));
    let script = between(&html, "<script>", "</script>");
    let style = between(&html, "<style>", "</style>");
    let expected = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style),
    );
    assert_eq!(policy, expected);
    for inline in [" style=\"", " onclick=", " onload=", "javascript:"] {
        assert!(!html.contains(inline), "the policy forbids {inline}");
    }
}

#[test]
fn a_reader_without_a_script_sees_the_verdict_the_figures_and_the_first_events() {
    let stories = source().stories();
    let html = source().page(&stories, &[figure()]);
    assert!(between(&html, "id=\"verdict\">", "</p>").contains("content with every protocol"));
    assert!(between(&html, "<figcaption>", "</figcaption>").contains("Further left is faster."));
    assert!(html.contains("<div class=\"panel\"><h4>raft</h4><svg"), "the head of the SVG file is left out");
    let listed = html.split("class=\"events\"").skip(1).map(|table| between(table, "<tbody>", "</tbody>"));
    for (table, story) in listed.zip(&stories) {
        assert_eq!(table.matches("<tr>").count(), story.events.len().min(300));
    }
}

/// A run that is longer than a page shows: the window is around what is interesting, and the causes that are outside
/// of it are known by number.
#[test]
fn a_long_run_is_cut_around_its_first_fault_and_says_so() {
    let text = source().text.replace("600ms", "9s").replace("300ms", "6s").replace("50/s", "300/s");
    let source = Source { text, ..source() };
    let stories = source.stories();
    let html = source.page(&stories, &[]);
    for (run, story) in data(&html)["runs"].as_array().expect("runs").iter().zip(&stories) {
        assert!(10_000 < story.events.len());
        let first = run["first"].as_u64().expect("a number");
        let fault = story.events.iter().find(|event| event.kind == TraceKind::Fault).expect("the fault");
        assert!(first < fault.seq && fault.seq < first + 10_000, "the fault is shown");
        assert_eq!(run["columns"]["time"].as_array().map(Vec::len), Some(10_000));
        let causes = run["columns"]["cause"].as_array().expect("a column");
        let outside =
            causes.iter().filter_map(Json::as_i64).find(|&cause| cause < 0).expect("a cause outside");
        assert!((outside.unsigned_abs()) < first);
        let known = run["before"][0].as_array().expect("what was known of n0");
        assert!(!known.is_empty(), "the state at the cut is there");
    }
    let notice = between(&html, "class=\"notice\"", "</p>");
    let total = stories[0].events.len();
    assert!(notice.contains(&format!("10000 of {total} events are shown")), "{notice}");
    assert!(notice.contains("around the first fault") && notice.contains("--trace"), "{notice}");
}

/// What the data says of an event is what the trace says of it: the columns lose nothing.
#[test]
fn the_columns_are_the_trace() {
    let stories = source().stories();
    let data = data(&source().page(&stories, &[]));
    let text =
        |number: &Json| data["texts"][number.as_u64().expect("a number") as usize].as_str().expect("a text");
    for (run, story) in data["runs"].as_array().expect("runs").iter().zip(&stories) {
        let number = |column: &str, place: usize| run["columns"][column][place].as_i64().expect("a number");
        let mut time = run["base"].as_i64().expect("a time");
        for (place, event) in story.events.iter().enumerate() {
            time += number("time", place);
            assert_eq!(time, event.time as i64);
            assert_eq!(number("node", place), event.node.map_or(0, |node| i64::from(node) + 1));
            let cause = event.cause.map_or(0, |cause| (event.seq - cause) as i64);
            assert_eq!(number("cause", place), cause);
            assert_eq!(text(&run["columns"]["message"][place]), event.message);
            assert!(event.text.ends_with(text(&Json::from(number("text", place) / 2))), "{}", event.text);
        }
        let mut place = 0;
        let row: Vec<usize> = (run["state"].as_array().expect("a row").iter())
            .map(|number| number.as_u64().expect("a number") as usize)
            .collect();
        let mut rest = row.as_slice();
        while let [step, count, fields @ ..] = rest {
            place += step;
            let changed: Vec<_> = fields[..2 * count]
                .chunks(2)
                .map(|pair| (text(&Json::from(pair[0])).to_owned(), text(&Json::from(pair[1])).to_owned()))
                .collect();
            assert_eq!(changed, story.events[place].state);
            rest = &fields[2 * count..];
        }
    }
}
