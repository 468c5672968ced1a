//! Explanations: why a history is not linearizable, so that a reader sees it.
//!
//! 1. [`first`]: the first response that cannot be placed, and the last moment at which all was fine.
//! 2. [`shrink`]: a core of a few operations that contradict each other whatever the others did.
//! 3. [`story`]: the contradiction in a sentence, by the rule that was broken.
//! 4. [`text`] draws the core for a terminal, and [`page`] writes the page that shows everything.
//!
//! Everything here is told in operations of the history. The work is bounded by a count, so that the same history gets
//! the same explanation on every machine.

mod drawing;
mod first;
pub mod markup;
mod page;
mod probe;
mod shrink;
pub mod story;

pub use drawing::text;
pub use page::{Annotation, page};
pub use story::{Scene, Told};

use crate::explain::first::{Hint, locate, prefix};
use crate::explain::probe::Prober;
use crate::history::{History, Outcome};
use crate::linearizable::Part;
use crate::model::{Contradiction, Model};
use crate::object::Object;
use crate::options::Options;
use crate::threads::Threads;
use crate::verdict::{Explanation, Report, Verdict};

/// States that an explanation lists at most.
const STATES_LISTED_MAX: usize = 12;

/// Gives every key that breaks the promise its full explanation.
pub fn explain<K: Object>(history: &History<K>, report: &mut Report, options: &Options) {
    let parts = K::parts(history);
    let operations = parts.iter().map(|part| part.spans.len()).sum();
    assert_eq!(parts.len(), report.keys.len(), "a report has every part of its history, in order");
    let mut bad = Vec::new();
    for (place, part) in parts.into_iter().enumerate() {
        if let Verdict::Illegal { explanation } = &report.keys[place].verdict {
            bad.push((place, part, explanation.clone()));
        }
    }
    let threads = Threads::new(options.threads, operations);
    let explain = |(place, part, found)| (place, explain_part(history, part, found));
    for (place, explanation) in threads.map(bad, explain) {
        report.keys[place].verdict = Verdict::Illegal { explanation };
    }
    *report = Report::new(std::mem::take(&mut report.keys));
}

/// Explains one key, of which it is known that it breaks the promise and where that was noticed.
fn explain_part<K: Object>(history: &History<K>, part: Part<K::Model>, found: Explanation) -> Explanation {
    let Part { key, model, spans, operations, .. } = part;
    let span = |operation: usize| operations.iter().position(|&other| other as usize == operation);
    let operation = |span: u32| operations[span as usize] as usize;
    let hinted: Vec<u32> = found.core.iter().filter_map(|&operation| span(operation)).map(as_span).collect();
    let hint = match span(found.operation) {
        _ if !hinted.is_empty() => Hint::Core(Contradiction { spans: hinted, sentence: String::new() }),
        Some(span) if spans[span].ret.is_some() => Hint::Stuck(as_span(span)),
        _ => return found,
    };
    let mut prober = Prober::new(model);
    let first = locate(&mut prober, &spans, &hint);
    let ends = first::ends(&spans);
    let count = ends.iter().position(|&end| end == first.span).expect("it is an end") + 1;
    let before = prefix(&spans, &ends, count);
    let mut explanation = Explanation::at(key, operation(first.span), found.sentence);
    explanation.fine_until = first.fine_until;
    explanation.is_first = first.is_first;
    let last = before.original.binary_search(&first.span).expect("the prefix ends with it");
    if let Some(look) = prober.look_before(&before.spans, as_span(last)) {
        let in_history = |&span: &usize| operation(before.original[span]);
        explanation.longest = look.longest.iter().map(in_history).collect();
        if first.is_first && has_all_updates(history, key, &operations) {
            let listed = look.states.iter().take(STATES_LISTED_MAX);
            explanation.states = listed.map(|&state| look.model.describe(state)).collect();
            explanation.states_in_all = look.states.len();
        }
    }
    let client = |span: u32| history.operations()[operation(span)].client;
    let core = shrink::core(&mut prober, before, first.span, first.contradiction.as_ref(), &client);
    let Some(core) = core else { return explanation };
    explanation.core = core.spans.iter().map(|&span| operation(span)).collect();
    explanation.is_minimal = core.is_minimal;
    let scene = Scene::new(history, &explanation);
    let told = K::tell(&scene).unwrap_or_else(|| scene.in_general());
    explanation.beside = told.beside;
    explanation.sentence = told.sentence;
    explanation
}

/// Whether no update was left out when the key was prepared: states that only those make would be missing.
fn has_all_updates<K: Object>(history: &History<K>, key: u64, operations: &[u32]) -> bool {
    let mut kept = operations.iter().peekable();
    history.operations().iter().enumerate().all(|(index, operation)| {
        let is_kept = kept.next_if(|&&kept| kept as usize == index).is_some();
        let is_lost = operation.outcome == Outcome::Unknown && operation.kind.is_update();
        is_kept || operation.key != key || !is_lost
    })
}

fn as_span(place: usize) -> u32 {
    u32::try_from(place).expect("fewer than 2^32 operations on one key")
}
