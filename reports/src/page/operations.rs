//! The clients' side of a run: operations as columns, and for each key what the checker found.

use checker::{History, Object, Options, Outcome as Ending, Verdict};
use serde_json::{Value as Json, json};
use sim::measure::{Ended, Measured};
use sim::trace::TraceEvent;

use crate::page::Story;
use crate::page::texts::Texts;

/// Operations of a run that a page shows at most; those that a contradiction is made of are always shown.
const OPERATIONS_MAX: usize = 4_000;

/// What of a run's history was judged, and where its operations stand in the plan.
struct Judged {
    /// How it is said.
    promise: &'static str,
    history: History,
    /// The place in the plan of each operation of `history`.
    places: Vec<usize>,
}

/// A key and what was found out about it, in places of the plan.
struct Found {
    key: u64,
    state: &'static str,
    sentence: String,
    remarks: Vec<String>,
    bad: Option<usize>,
    core: Vec<usize>,
    beside: Vec<usize>,
    /// An order that explains the key, or as much of it as there is.
    order: Vec<usize>,
}

/// The operations that overlap the events shown, in columns: `place` in the plan, `client`, `key`, `call` and `length`
/// in nanoseconds (`call` since the one before; `length` -1 if it never ended), `end` (0 ok, 1 failed, 2 unknown), and
/// texts for `ask`, `answer` and a short `label`.
pub(super) fn data(story: &Story, events: &[TraceEvent], texts: &mut Texts) -> Json {
    let judged = judged(story);
    let found = judged.as_ref().map_or_else(Vec::new, found);
    let span = events.first().map_or(0, |event| event.time)..=events.last().map_or(0, |event| event.time);
    let is_told =
        |place: usize| found.iter().any(|key| key.core.contains(&place) || key.beside.contains(&place));
    let all = &story.measures.operations;
    let is_near = |operation: &Measured| {
        let is_begun = operation.called.is_some_and(|called| called <= *span.end());
        is_begun && operation.ended.is_none_or(|ended| *span.start() <= ended)
    };
    let mut shown: Vec<usize> = (0..all.len()).filter(|&place| is_near(&all[place])).collect();
    let left_out = shown.len().saturating_sub(OPERATIONS_MAX);
    shown.truncate(OPERATIONS_MAX);
    shown.extend((0..all.len()).filter(|&place| is_told(place)));
    shown.sort_unstable();
    shown.dedup();
    shown.sort_by_key(|&place| (all[place].called, place));
    let mut in_history = vec![None; all.len()];
    for (index, &place) in story.measures.of_history.iter().enumerate() {
        in_history[place] = Some(index);
    }
    let mut columns: [Vec<i64>; 9] = Default::default();
    let mut before = 0;
    for &place in &shown {
        let operation = &all[place];
        let Some(called) = operation.called else { continue };
        let (ask, answer, label) = words(story, in_history[place], operation);
        let cells = [
            place as i64,
            i64::from(operation.client),
            i64::from(operation.key),
            called as i64 - before,
            operation.ended.map_or(-1, |ended| (ended - called) as i64),
            match operation.ending {
                Ended::Ok => 0,
                Ended::Failed => 1,
                Ended::Unknown => 2,
            },
            texts.number(&ask) as i64,
            texts.number(&answer) as i64,
            texts.number(&label) as i64,
        ];
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        before = called as i64;
    }
    let names = ["place", "client", "key", "call", "length", "end", "ask", "answer", "label"];
    let columns: std::collections::BTreeMap<_, _> = names.iter().zip(columns).collect();
    let keys: Vec<Json> = found.iter().map(|key| key.data(texts)).collect();
    let promise = judged.map(|judged| judged.promise);
    json!({ "columns": columns, "keys": keys, "promise": promise, "leftOut": left_out })
}

/// What was promised to be linearizable, as the run's judges say.
fn judged(story: &Story) -> Option<Judged> {
    let has = |name: &str| story.outcome.judges.iter().any(|judge| judge.name == name);
    let places = &story.measures.of_history;
    if has("linearizable") {
        let promise = "Every operation was promised to be linearizable.";
        return Some(Judged { promise, history: story.history.clone(), places: places.clone() });
    }
    if has("linearizable-writes") {
        let promise =
            "Updates were promised to be linearizable; reads were promised less and are not judged here.";
        let all = story.history.operations().iter().zip(places);
        let places =
            all.filter(|(operation, _)| operation.kind.is_update()).map(|(_, &place)| place).collect();
        return Some(Judged { promise, history: story.history.updates(), places });
    }
    None
}

/// What the checker says of each key.
fn found(judged: &Judged) -> Vec<Found> {
    let options = Options { explain: true, witness: true, ..Options::default() };
    let report = checker::kv::linearizable(&judged.history, options);
    let places = |list: &[usize]| list.iter().map(|&index| judged.places[index]).collect::<Vec<_>>();
    let found = |key: &checker::KeyReport| {
        let mut found = Found {
            key: key.key,
            state: "ok",
            sentence: String::new(),
            remarks: Vec::new(),
            bad: None,
            core: Vec::new(),
            beside: Vec::new(),
            order: Vec::new(),
        };
        match &key.verdict {
            Verdict::Ok { .. } => {
                found.order = key.witness.as_deref().map(places).unwrap_or_default();
                found.sentence =
                    format!("The answers of {} operations have an order that explains them", key.operations);
            }
            Verdict::Illegal { explanation } => {
                found.state = "violated";
                found.sentence = explanation.sentence.clone();
                found.bad = Some(judged.places[explanation.operation]);
                found.core = places(&explanation.core);
                found.beside = places(&explanation.beside);
                found.order = places(&explanation.longest);
                found.remarks = remarks(explanation);
            }
            Verdict::Unknown { reason, .. } => (found.state, found.sentence) = ("unknown", reason.clone()),
            Verdict::NotChecked => {
                (found.state, found.sentence) =
                    ("not-checked", "No operation is known to have happened".to_owned());
            }
        }
        found
    };
    report.keys.iter().map(found).collect()
}

/// What else is known of a contradiction.
fn remarks(explanation: &checker::Explanation) -> Vec<String> {
    let mut remarks = Vec::new();
    if explanation.is_minimal {
        remarks.push(format!(
            "These {} operations contradict each other whatever the others did; without any one of them they would not.",
            explanation.core.len()
        ));
    }
    if !explanation.states.is_empty() {
        let more = explanation.states_in_all - explanation.states.len();
        let more = if 0 < more { format!(" or one of {more} more") } else { String::new() };
        remarks.push(format!(
            "Just before, the key could only have held {}{more}.",
            explanation.states.join(" or ")
        ));
    }
    remarks
}

impl Found {
    fn data(&self, texts: &mut Texts) -> Json {
        let mut before = 0;
        let order: Vec<i64> = (self.order.iter())
            .map(|&place| {
                let step = place as i64 - before;
                before = place as i64;
                step
            })
            .collect();
        json!({
            "key": self.key,
            "state": self.state,
            "sentence": texts.number(&self.sentence),
            "remarks": self.remarks,
            "bad": self.bad,
            "core": self.core,
            "beside": self.beside,
            "order": order,
        })
    }
}

/// What was asked, what came back, and both in a word.
fn words(story: &Story, index: Option<usize>, measured: &Measured) -> (String, String, String) {
    let Some(index) = index else {
        return (
            format!("{} of key {}", measured.kind, measured.key),
            String::new(),
            measured.kind.to_owned(),
        );
    };
    let (operation, names) = (&story.history.operations()[index], story.history.names());
    let ask = operation.kind.ask(&names.key(operation.key), names);
    let held = |value: Option<u64>| value.map_or_else(|| "\u{2205}".to_owned(), |value| names.value(value));
    let asked = match operation.kind {
        checker::Kind::Get => "get".to_owned(),
        checker::Kind::Put { value } => format!("put {}", names.value(value)),
        checker::Kind::Delete => "delete".to_owned(),
        checker::Kind::Cas { expect, value } => format!("cas {}\u{2192}{}", held(expect), names.value(value)),
    };
    let (answer, label) = match &operation.outcome {
        Ending::Ok(output) => {
            let label = match *output {
                checker::Output::Value(value) => format!("{asked} \u{2192} {}", held(value)),
                checker::Output::Differs(value) => format!("{asked} \u{2260} {}", held(value)),
                checker::Output::Mismatch => format!("{asked} \u{2260}"),
                checker::Output::Done | checker::Output::Swapped => asked,
            };
            (<checker::Kind as Object>::answer(output, names), label)
        }
        Ending::Failed => ("failed: it did not happen".to_owned(), format!("{asked} \u{2717}")),
        Ending::Unknown => ("never ended: it may have happened or not".to_owned(), format!("{asked} ?")),
    };
    (ask, answer, label)
}
