//! One offline page about a history and what was found: the verdict, the core, and the whole history to walk through.
//!
//! The page loads nothing and sends nothing: its policy allows neither. What comes from the history is data, in one
//! JSON block or escaped text, never markup. The same history and report give the same bytes.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::explain::drawing::{self, Bar, Drawing};
use crate::explain::markup::{escape, escape_json, filled};
use crate::history::{History, Outcome};
use crate::object::Object;
use crate::table::Interner;
use crate::verdict::{Explanation, KeyReport, Report, Verdict};

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Operations in a page; of a longer history only the keys that break the promise are in it, and of a longer key only
/// the neighborhood of its contradiction.
const OPERATIONS_MAX: usize = 200_000;

/// Letters of a text from the history that a page shows.
const LETTERS_MAX: usize = 400;

/// Pixels a column and a lane of the drawing.
const COLUMN: usize = 9;
const LANE: usize = 34;

/// Something on the time axis that is no operation: a fault, a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// When it began, in the unit of the history.
    pub at: u64,
    /// When it ended, if it took any time.
    pub until: Option<u64>,
    /// What it was.
    pub text: String,
}

/// The page.
pub fn page<K: Object>(
    history: &History<K>,
    report: &Report,
    title: &str,
    annotations: &[Annotation],
) -> String {
    let data = data(history, report, annotations).to_string();
    let parts = [
        ("{{title}}", escape(title)),
        ("{{style}}", STYLE.to_owned()),
        ("{{verdict}}", escape(&verdict_in_words(history, report))),
        ("{{state}}", state(&report.verdict).to_owned()),
        ("{{core}}", core(history, report)),
        ("{{data}}", escape_json(&data)),
        ("{{script}}", SCRIPT.to_owned()),
    ];
    filled(HTML, &parts)
}

fn state(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Ok { .. } => "ok",
        Verdict::Illegal { .. } => "illegal",
        Verdict::Unknown { .. } => "unknown",
        Verdict::NotChecked => "not-checked",
    }
}

fn verdict_in_words<K: Object>(history: &History<K>, report: &Report) -> String {
    let operations = history.operations().len();
    match &report.verdict {
        Verdict::Ok { .. } => {
            format!(
                "Linearizable: the answers of all {operations} operations have an order that explains them."
            )
        }
        Verdict::Illegal { explanation } => format!("Not linearizable: {}.", explanation.sentence),
        Verdict::Unknown { reason, .. } => format!("Unknown: {reason}."),
        Verdict::NotChecked => "Not checked: no operation is known to have happened.".to_owned(),
    }
}

/// The first contradiction as it is seen without a script: a drawing, and its operations in words.
fn core<K: Object>(history: &History<K>, report: &Report) -> String {
    let Verdict::Illegal { explanation } = &report.verdict else { return String::new() };
    if explanation.core.is_empty() {
        return String::new();
    }
    let drawing = drawing::draw(history, explanation);
    let mut html = svg(&drawing, &history.names().key(explanation.key));
    html.push_str("<ol class=\"words\">");
    let mut shown: Vec<usize> = explanation.core.iter().chain(&explanation.beside).copied().collect();
    shown.sort_by_key(|&index| (history.operations()[index].call, index));
    for index in shown {
        let class = match (index == explanation.operation, explanation.core.contains(&index)) {
            (true, _) => "last",
            (false, true) => "core",
            (false, false) => "beside",
        };
        let words = escape(&drawing::cut(&history.words(index), LETTERS_MAX));
        let _ = write!(html, "<li class=\"{class}\">{words}</li>");
    }
    html.push_str("</ol>");
    html.push_str(&remarks(explanation));
    html
}

/// What else is known of a contradiction.
fn remarks(explanation: &Explanation) -> String {
    let mut remarks = Vec::new();
    if explanation.is_minimal {
        remarks.push(
            "These operations contradict each other whatever the others did; without any one of them they would not."
                .to_owned(),
        );
    }
    match explanation.fine_until {
        Some(time) => remarks.push(format!("Until {time} all was fine.")),
        None if explanation.is_first => remarks.push("It is the first to end.".to_owned()),
        None => {}
    }
    if !explanation.states.is_empty() {
        let states: Vec<String> =
            explanation.states.iter().map(|state| drawing::cut(state, LETTERS_MAX)).collect();
        let more = explanation.states_in_all - states.len();
        let more = if more > 0 { format!(" or one of {more} more") } else { String::new() };
        remarks.push(format!(
            "Just before it ended, the state could only have been {}{more}.",
            states.join(" or ")
        ));
    }
    format!("<p class=\"remarks\">{}</p>", escape(&remarks.join(" ")))
}

fn svg(drawing: &Drawing, key: &str) -> String {
    let left = 90;
    let width = left + drawing.width * COLUMN + 20;
    let height = drawing.lanes.len() * LANE + 10;
    let mut svg = format!(
        "<svg class=\"core\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Operations on {} that contradict each other, a lane a client\"><defs><linearGradient \
         id=\"fade\"><stop offset=\"0.5\" class=\"from\"/><stop offset=\"1\" class=\"to\"/></linearGradient></defs>",
        escape(key),
    );
    for (place, (client, bars)) in drawing.lanes.iter().enumerate() {
        let y = place * LANE + 5;
        let middle = y + LANE / 2;
        let _ = write!(
            svg,
            "<text x=\"4\" y=\"{}\" class=\"lane\">client {client}</text><line x1=\"{left}\" y1=\"{middle}\" \
             x2=\"{}\" y2=\"{middle}\" class=\"lane\"/>",
            middle + 4,
            width - 10,
        );
        for bar in bars {
            svg.push_str(&svg_bar(bar, left, y));
        }
    }
    svg.push_str("</svg>");
    svg
}

fn svg_bar(bar: &Bar, left: usize, y: usize) -> String {
    let x = left + bar.from * COLUMN;
    let width = (bar.to - bar.from) * COLUMN;
    let class = match (bar.is_last, bar.is_core) {
        (true, _) => "bar last",
        (false, true) => "bar",
        (false, false) => "bar beside",
    };
    let fade = if bar.is_open { " open" } else { "" };
    format!(
        "<g><rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\" rx=\"3\" class=\"{class}{fade}\"/><text x=\"{}\" \
         y=\"{}\" class=\"label\">{}</text></g>",
        y + 4,
        LANE - 8,
        x + COLUMN,
        y + LANE / 2 + 5,
        escape(&bar.label),
    )
}

/// Texts, each once.
struct Texts(Interner<String>);

impl Texts {
    fn number(&mut self, text: String) -> u32 {
        self.0.intern(drawing::cut(&text, LETTERS_MAX))
    }
}

/// Everything that the script draws.
fn data<K: Object>(history: &History<K>, report: &Report, annotations: &[Annotation]) -> Json {
    let operations = history.operations();
    let base = operations.iter().map(|operation| operation.call).min().unwrap_or(0);
    let mut clients: Vec<u64> = operations.iter().map(|operation| operation.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let mut of_key: Vec<(u64, usize)> =
        operations.iter().enumerate().map(|(index, operation)| (operation.key, index)).collect();
    of_key.sort_by_key(|&(key, index)| (key, operations[index].call, index));
    let is_long = operations.len() > OPERATIONS_MAX;
    let mut texts = Texts(Interner::new());
    let mut keys = Vec::new();
    for group in of_key.chunk_by(|left, right| left.0 == right.0) {
        let key = group[0].0;
        let found: Vec<&KeyReport> = report.keys.iter().filter(|report| report.key == key).collect();
        let worst = found.iter().find(|report| report.verdict.is_illegal()).or(found.first()).copied();
        if is_long && !worst.is_some_and(|report| report.verdict.is_illegal()) {
            continue;
        }
        let indices: Vec<usize> = group.iter().map(|&(_, index)| index).collect();
        keys.push(key_data(history, key, &neighborhood(&indices, worst), worst, base, &clients, &mut texts));
    }
    let marks: Vec<Json> = annotations
        .iter()
        .map(|mark| {
            let until = mark.until.map(|until| until.saturating_sub(base));
            json!([mark.at.saturating_sub(base), until, drawing::cut(&mark.text, LETTERS_MAX)])
        })
        .collect();
    let texts: Vec<&String> = (0..texts.0.len() as u32).map(|number| texts.0.get(number)).collect();
    let clients: Vec<String> = clients.iter().map(u64::to_string).collect();
    json!({
        "base": base.to_string(),
        "clients": clients,
        "texts": texts,
        "keys": keys,
        "marks": marks,
        "leftOut": is_long,
    })
}

/// The operations of a key that are shown: all, or those around the contradiction.
fn neighborhood(indices: &[usize], report: Option<&KeyReport>) -> Vec<usize> {
    if indices.len() <= OPERATIONS_MAX {
        return indices.to_vec();
    }
    let bad = match report.map(|report| &report.verdict) {
        Some(Verdict::Illegal { explanation }) => explanation.operation,
        _ => indices[0],
    };
    let place = indices.iter().position(|&index| index == bad).unwrap_or(0);
    let from = place.saturating_sub(OPERATIONS_MAX / 2).min(indices.len() - OPERATIONS_MAX);
    indices[from..from + OPERATIONS_MAX].to_vec()
}

/// One key, in columns.
fn key_data<K: Object>(
    history: &History<K>,
    key: u64,
    indices: &[usize],
    report: Option<&KeyReport>,
    base: u64,
    clients: &[u64],
    texts: &mut Texts,
) -> Json {
    let names = history.names();
    let key_name = names.key(key);
    let mut columns: [Vec<i64>; 6] = Default::default();
    let mut before = base;
    for &index in indices {
        let operation = &history.operations()[index];
        let lane = clients.binary_search(&operation.client).expect("it is one of them");
        let (length, answer) = match &operation.outcome {
            Outcome::Ok(output) => {
                (operation.ret.map_or(-1, |ret| (ret - operation.call) as i64), K::answer(output, names))
            }
            Outcome::Failed => (-2, "failed: it did not happen".to_owned()),
            Outcome::Unknown => (-1, "never ended: it may have happened or not".to_owned()),
        };
        columns[0].push(lane as i64);
        columns[1].push((operation.call - before) as i64);
        columns[2].push(length);
        columns[3].push(i64::from(texts.number(drawing::label(history, index))));
        columns[4].push(i64::from(texts.number(operation.kind.ask(&key_name, names))));
        columns[5].push(i64::from(texts.number(answer)));
        before = operation.call;
    }
    let mut place: Vec<(usize, usize)> =
        indices.iter().enumerate().map(|(place, &index)| (index, place)).collect();
    place.sort_unstable();
    let local = |index: &usize| {
        place.binary_search_by_key(index, |&(index, _)| index).ok().map(|found| place[found].1)
    };
    let locals = |list: &[usize]| list.iter().filter_map(local).collect::<Vec<usize>>();
    let (mut core, mut beside, mut order) = (Vec::new(), Vec::new(), Vec::new());
    let mut bad = None;
    let says = match report.map(|report| &report.verdict) {
        Some(Verdict::Illegal { explanation }) => {
            core = locals(&explanation.core);
            beside = locals(&explanation.beside);
            order = locals(&explanation.longest);
            bad = local(&explanation.operation);
            format!("not linearizable: {}", explanation.sentence)
        }
        Some(Verdict::Ok { .. }) => "linearizable".to_owned(),
        Some(Verdict::Unknown { reason, .. }) => format!("unknown: {reason}"),
        Some(Verdict::NotChecked) | None => "not checked".to_owned(),
    };
    if let Some(witness) = report.and_then(|report| report.witness.as_ref()) {
        order = locals(witness);
    }
    let state = report.map_or("not-checked", |report| state(&report.verdict));
    json!({
        "name": drawing::cut(&key_name, LETTERS_MAX),
        "state": state,
        "says": says,
        "columns": columns,
        "core": core,
        "beside": beside,
        "bad": bad,
        "order": order,
    })
}
