//! What clients saw, as one page to look at without a network: every operation as a bar on the time axis, and if no order
//! explains them, the operations that contradict each other (after Porcupine's visualizations).

use checker::explain::{Annotation, explain, page};
use checker::{History, Options, kv};
use sim::outcome::{FaultReport, Outcome};
use sim::plan::ReadMode;

/// The page. If reads are promised less than linearizability, it is about the updates alone.
pub fn history_page(title: &str, history: &History, outcome: &Outcome, reads: ReadMode) -> String {
    let updates;
    let (history, title) = match reads {
        ReadMode::Linearizable => (history, title.to_owned()),
        ReadMode::Sync | ReadMode::Sequential | ReadMode::Stale => {
            updates = history.updates();
            (&updates, format!("{title}: the updates alone, since reads are promised less"))
        }
    };
    let options = Options { explain: true, ..Options::default() };
    let mut report = kv::linearizable(history, options);
    explain(history, &mut report, &options);
    page(history, &report, &title, &annotations(outcome))
}

/// When faults fired, on the time axis.
fn annotations(outcome: &Outcome) -> Vec<Annotation> {
    let text =
        |what: &str, who: &str| if who.is_empty() { what.to_owned() } else { format!("{what}: {who}") };
    let mark =
        |fault: &FaultReport| Annotation { at: fault.at, until: None, text: text(&fault.what, &fault.who) };
    outcome.faults.iter().map(mark).collect()
}
