//! Linearizability: every operation takes effect at one instant between its call and its return.
//!
//! Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 12(3), 1990. The
//! property is local: a history is linearizable if and only if it is so key by key, so that keys are judged alone.
//!
//! For each key, cheapest first:
//! 1. the order by delivery position, if every operation that is known to have happened has one, is verified;
//! 2. failing that, contradictions between values written once are looked for ([`zones`]);
//! 3. failing that, the key waits for the search. The budget is shared by all waiting keys in rounds of growing
//!    slices, so that one hard key does not keep the others from a verdict.

use crate::history::History;
use crate::model::{Model, Span, State};
use crate::register::{self, KeyHistory};
use crate::search::{OPEN_MAX, Progress, Pruning, Search};
use crate::verdict::{Budget, By, Explanation, KeyReport, Report, Verdict};
use crate::witness;
use crate::zones::{self, Conflict, Contradiction};

/// Configurations that a key may visit in the first round; doubles from round to round.
const SLICE_FIRST: u64 = 1_000;

/// States that an explanation lists before it only counts them.
const STATES_LISTED_MAX: usize = 6;

/// Judges a history of registers with compare-and-set.
pub fn linearizable(history: &History, budget: Budget) -> Report {
    let parts = register::partition(history).into_iter().map(|key| key_part(history, key)).collect();
    judge(parts, budget, &|operation| history.operations()[operation].to_string())
}

/// One key of a history of any model, ready to be judged.
#[derive(Clone, Debug)]
pub struct Part<M: Model> {
    /// The key.
    pub key: u64,
    /// The model, in its initial state.
    pub model: M,
    /// The actions.
    pub spans: Vec<Span<M::Action>>,
    /// For each span, the index of its operation in the history.
    pub operations: Vec<usize>,
    /// An order of spans to try first, untrusted.
    pub proposal: Option<Vec<usize>>,
    /// A contradiction found without a search: the operation at which it closes, and a sentence. Asked for only when
    /// the proposal proves nothing. The operation is given as an index into `spans`.
    pub contradiction: fn(&Part<M>) -> Option<(usize, String)>,
    /// Operations that are known to have happened.
    pub known_outcomes: u64,
    /// Operations of unknown outcome, those left out of `spans` included.
    pub unknown_outcomes: u64,
}

fn key_part(history: &History, key: KeyHistory) -> Part<register::Register> {
    let proposal = witness::by_position(&key.spans, &key.hints);
    let known_outcomes = key.spans.iter().filter(|span| span.ret.is_some()).count() as u64;
    assert!(key.operations.iter().all(|&operation| history.operations()[operation].key == key.key));
    Part {
        key: key.key,
        model: key.model,
        spans: key.spans,
        operations: key.operations,
        proposal,
        contradiction: |part| zones::contradiction(&part.spans).map(|found| spell_out(part, &found)),
        known_outcomes,
        unknown_outcomes: key.unknown_outcomes,
    }
}

/// Where a contradiction of zones closes, and what it says.
fn spell_out(part: &Part<register::Register>, found: &Contradiction) -> (usize, String) {
    let closes = |&&span: &&usize| (part.spans[span].ret, part.spans[span].call);
    let last = *found.spans.iter().max_by_key(closes).expect("a contradiction has spans");
    let describe = |state| part.model.describe(state);
    let sentence = match found.conflict {
        Conflict::NeverWritten { state } => format!("nobody ever wrote {}", describe(state)),
        Conflict::BeforeItsWrite { state } => {
            format!("{} was seen by an operation that ended before its write was called", describe(state))
        }
        Conflict::ReplacedTwice { state } => {
            format!("{} was written at most once, and two compare-and-sets both replaced it", describe(state))
        }
        Conflict::Both { left, right } => {
            let (left, right) = (describe(left), describe(right));
            format!("the key must have held {left} and {right} at the same time, each written at most once")
        }
    };
    (last, sentence)
}

/// A key on its way to a verdict.
#[derive(Debug)]
enum Stage<M: Model> {
    Decided(Verdict),
    Searching(Box<Search<M>>),
}

/// A key, what is known of it, and the indices by which its spans are explained.
#[derive(Debug)]
struct Case<M: Model> {
    report: KeyReport,
    operations: Vec<usize>,
    stage: Stage<M>,
}

/// Judges keys of any model, in ascending order. `describe` says in words what an index into the history stands for.
pub fn judge<M: Model>(parts: Vec<Part<M>>, budget: Budget, describe: &dyn Fn(usize) -> String) -> Report {
    let mut cases: Vec<Case<M>> = parts.into_iter().map(|part| open(part, describe)).collect();
    search_in_rounds(&mut cases, budget, describe);
    Report::new(cases.into_iter().map(|case| close(case, describe)).collect())
}

/// Decides a key without a search, or prepares one.
fn open<M: Model>(mut part: Part<M>, describe: &dyn Fn(usize) -> String) -> Case<M> {
    let report = KeyReport {
        key: part.key,
        operations: part.known_outcomes,
        unknown_outcomes: part.unknown_outcomes,
        configurations: 0,
        verdict: Verdict::NotChecked,
    };
    let stage = match decide_at_once(&mut part, describe) {
        Some(verdict) => Stage::Decided(verdict),
        None => match Search::new(part.model, part.spans, Pruning::ALL) {
            Ok(search) => Stage::Searching(Box::new(search)),
            Err(open) => {
                let reason = format!("{open} operations open at once, and the search supports {OPEN_MAX}");
                Stage::Decided(Verdict::Unknown { configurations: 0, reason })
            }
        },
    };
    Case { report, operations: part.operations, stage }
}

fn decide_at_once<M: Model>(part: &mut Part<M>, describe: &dyn Fn(usize) -> String) -> Option<Verdict> {
    if part.known_outcomes == 0 {
        return Some(Verdict::NotChecked);
    }
    if let Some(order) = part.proposal.take()
        && witness::verify(&mut part.model, &part.spans, &order).is_ok()
    {
        return Some(Verdict::Ok { by: By::Witness });
    }
    let (span, reason) = (part.contradiction)(part)?;
    let operation = part.operations[span];
    let sentence = format!("{reason}; the contradiction closes with {}", describe(operation));
    Some(Verdict::Illegal { explanation: Explanation { key: part.key, operation, sentence } })
}

/// Spends the budget on the keys that need a search, in rounds, until all are decided or nothing is left.
fn search_in_rounds<M: Model>(cases: &mut [Case<M>], budget: Budget, describe: &dyn Fn(usize) -> String) {
    let mut left = budget.configurations;
    let mut slice = SLICE_FIRST;
    let mut is_waiting = true;
    while is_waiting && left > 0 {
        is_waiting = false;
        for case in cases.iter_mut() {
            let Stage::Searching(search) = &mut case.stage else { continue };
            let before = search.configurations();
            let progress = search.run(slice.min(left));
            case.report.configurations = search.configurations();
            left = left.saturating_sub(search.configurations() - before);
            match progress {
                Progress::Pending => is_waiting = true,
                Progress::Ok { .. } => case.stage = Stage::Decided(Verdict::Ok { by: By::Search }),
                Progress::Illegal { span, states } => {
                    let operation = case.operations[span];
                    let states = list_states(search.model(), &states);
                    let sentence = format!(
                        "no order of the operations before it explains {}; until then key {} can only have held {states}",
                        describe(operation),
                        case.report.key,
                    );
                    let explanation = Explanation { key: case.report.key, operation, sentence };
                    case.stage = Stage::Decided(Verdict::Illegal { explanation });
                }
            }
        }
        slice *= 2;
    }
}

fn list_states<M: Model>(model: &M, states: &[State]) -> String {
    let listed: Vec<String> =
        states.iter().take(STATES_LISTED_MAX).map(|&state| model.describe(state)).collect();
    let listed = listed.join(" or ");
    match states.len().saturating_sub(STATES_LISTED_MAX) {
        0 => listed,
        more => format!("{listed} or one of {more} more"),
    }
}

/// What is found out when the budget is spent.
fn close<M: Model>(case: Case<M>, describe: &dyn Fn(usize) -> String) -> KeyReport {
    let verdict = match case.stage {
        Stage::Decided(verdict) => verdict,
        Stage::Searching(search) => {
            let span = search.deepest().expect("a search that waits has an end to pass");
            let reason =
                format!("the budget is spent; no order got past {}", describe(case.operations[span]));
            Verdict::Unknown { configurations: search.configurations(), reason }
        }
    };
    KeyReport { verdict, ..case.report }
}
