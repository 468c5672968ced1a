//! Linearizability: every operation takes effect at one instant between its call and its return.
//!
//! Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 12(3), 1990. The
//! property is local: a history is linearizable if and only if it is so key by key, so that keys are judged alone.
//!
//! For each key, cheapest first:
//! 1. the order by delivery position, if every operation that is known to have happened has one, is verified;
//! 2. failing that, the object's own fast path is asked ([`Model::monitor`]): near-linear, where values are unique;
//! 3. failing that, the key waits for the search. The budget is shared by all waiting keys in rounds of growing
//!    slices, so that one hard key does not keep the others from a verdict.
//!
//! What a key may spend in a round is settled before the round begins, and nothing is decided before it ends: so the
//! verdict and every word of the report are the same for any number of threads.

use crate::explain;
use crate::history::History;
use crate::model::{Contradiction, Model, Monitored, Span};
use crate::object::Object;
use crate::options::Options;
use crate::search::{OPEN_MAX, Progress, Pruning, Search};
use crate::threads::Threads;
use crate::verdict::{By, Explanation, KeyReport, Report, Verdict, Why};
use crate::witness;

/// Configurations that a key may visit in the first round; doubles from round to round.
const SLICE_FIRST: u64 = 1_000;

/// States that an explanation lists before it only counts them.
const STATES_LISTED_MAX: usize = 6;

/// Judges a history of any object.
pub fn linearizable<K: Object>(history: &History<K>, options: impl Into<Options>) -> Report {
    let options = options.into();
    let mut report = judge(K::parts(history), &options, &|operation| history.words(operation));
    if options.explain && report.counts.illegal > 0 {
        explain::explain(history, &mut report, &options);
    }
    report
}

/// One key of a history of any object, ready to be judged.
#[derive(Clone, Debug)]
pub struct Part<M: Model> {
    /// The key.
    pub key: u64,
    /// The model, in its initial state.
    pub model: M,
    /// The actions.
    pub spans: Vec<Span<M::Action>>,
    /// For each span, the index of its operation in the history.
    pub operations: Vec<u32>,
    /// An order of spans to try first, untrusted.
    pub proposal: Option<Vec<u32>>,
    /// Operations that are known to have happened.
    pub known_outcomes: u64,
    /// Operations of unknown outcome, those left out of `spans` included.
    pub unknown_outcomes: u64,
}

impl<M: Model> Part<M> {
    /// A key without operations.
    pub fn new(key: u64, model: M) -> Part<M> {
        Part {
            key,
            model,
            spans: Vec::new(),
            operations: Vec::new(),
            proposal: None,
            known_outcomes: 0,
            unknown_outcomes: 0,
        }
    }

    /// Counts an operation by whether it is known to have happened.
    pub fn count(&mut self, is_known: bool) {
        if is_known {
            self.known_outcomes += 1;
        } else {
            self.unknown_outcomes += 1;
        }
    }

    /// Adds an action with the index of its operation in the history.
    pub fn push(&mut self, span: Span<M::Action>, operation: u32) {
        self.spans.push(span);
        self.operations.push(operation);
    }
}

/// What was found out about a key, in spans.
#[derive(Clone, Debug)]
enum Finding {
    NotChecked,
    Ok { by: By, order: Option<Vec<u32>> },
    Contradiction(Contradiction),
    Stuck { span: u32, states: Vec<String> },
    Unknown { why: Why },
}

/// A key on its way to a verdict.
#[derive(Debug)]
enum Stage<M: Model> {
    Decided(Finding),
    Searching(Box<Search<M>>),
}

/// A key, and what is known of it.
#[derive(Debug)]
struct Case<M: Model> {
    key: u64,
    known_outcomes: u64,
    unknown_outcomes: u64,
    operations: Vec<u32>,
    configurations: u64,
    /// The span whose end no order got past, once a search has been given up.
    deepest: Option<usize>,
    /// What it may spend in this round: configurations, and bytes in all.
    allotted: (u64, u64),
    stage: Stage<M>,
}

/// Judges parts of a history of any object. `words` says what an index into the history stands for.
pub fn judge<M: Model>(parts: Vec<Part<M>>, options: &Options, words: &dyn Fn(usize) -> String) -> Report {
    let operations = parts.iter().map(|part| part.spans.len()).sum();
    let threads = Threads::new(options.threads, operations);
    let mut cases = threads.map(parts, |part| open(part, options));
    search_in_rounds(&mut cases, options, &threads);
    Report::new(cases.into_iter().map(|case| close(case, words)).collect())
}

/// Decides a key without a search, or prepares one.
fn open<M: Model>(mut part: Part<M>, options: &Options) -> Case<M> {
    let stage = match decide_at_once(&mut part, options) {
        Some(finding) => Stage::Decided(finding),
        None => match Search::new(part.model, part.spans, Pruning::ALL) {
            Ok(search) => Stage::Searching(Box::new(search)),
            Err(_) => Stage::Decided(Finding::Unknown { why: Why::TooWide }),
        },
    };
    Case {
        key: part.key,
        known_outcomes: part.known_outcomes,
        unknown_outcomes: part.unknown_outcomes,
        operations: part.operations,
        configurations: 0,
        deepest: None,
        allotted: (0, 0),
        stage,
    }
}

fn decide_at_once<M: Model>(part: &mut Part<M>, options: &Options) -> Option<Finding> {
    if part.known_outcomes == 0 {
        return Some(Finding::NotChecked);
    }
    if let Some(order) = part.proposal.take()
        && witness::verify(&mut part.model, &part.spans, &order).is_ok()
    {
        let model = &mut part.model;
        let order = options.witness.then(|| witness::happening(model, &part.spans, &order));
        return Some(Finding::Ok { by: By::Witness, order });
    }
    match part.model.monitor(&part.spans, options.witness) {
        Monitored::HandOver => None,
        Monitored::Illegal(contradiction) => Some(Finding::Contradiction(contradiction)),
        Monitored::Ok { order } => {
            if let Some(order) = &order {
                let verified = witness::verify(&mut part.model, &part.spans, order);
                assert_eq!(verified, Ok(()), "a fast path believes in an order that is none");
            }
            Some(Finding::Ok { by: By::Monitor, order })
        }
    }
}

/// Spends the budget on the keys that need a search, in rounds, until all are decided or nothing is left.
fn search_in_rounds<M: Model>(cases: &mut [Case<M>], options: &Options, threads: &Threads) {
    let mut left = options.budget.configurations;
    let mut slice = SLICE_FIRST;
    loop {
        let spent: u64 = cases.iter().map(|case| case.configurations).sum();
        let is_over = options.first_only && cases.iter().any(Case::is_illegal);
        if is_over {
            give_up(cases, Why::Elsewhere);
        }
        if !allot(cases, slice, left, options.memory) {
            return;
        }
        threads.for_each(cases, |case| case.search(options));
        left -= cases.iter().map(|case| case.configurations).sum::<u64>() - spent;
        slice *= 2;
    }
}

/// Settles what each waiting key may spend in the coming round; false if none waits. Keys for which nothing is left
/// are given up.
fn allot<M: Model>(cases: &mut [Case<M>], slice: u64, mut left: u64, memory: u64) -> bool {
    let waiting = cases.iter().filter(|case| case.is_waiting()).count() as u64;
    let held: u64 = cases.iter().map(Case::memory).sum();
    for case in cases.iter_mut().filter(|case| case.is_waiting()) {
        if left == 0 {
            case.give_up(Why::Budget);
            continue;
        }
        let configurations = slice.min(left);
        left -= configurations;
        case.allotted = (configurations, case.memory() + memory.saturating_sub(held) / waiting);
    }
    cases.iter().any(Case::is_waiting)
}

fn give_up<M: Model>(cases: &mut [Case<M>], why: Why) {
    for case in cases.iter_mut().filter(|case| case.is_waiting()) {
        case.give_up(why);
    }
}

impl<M: Model> Case<M> {
    fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Searching(_))
    }

    fn is_illegal(&self) -> bool {
        matches!(self.stage, Stage::Decided(Finding::Contradiction(_) | Finding::Stuck { .. }))
    }

    /// Bytes that its search holds.
    fn memory(&self) -> u64 {
        match &self.stage {
            Stage::Searching(search) => search.memory(),
            Stage::Decided(_) => 0,
        }
    }

    fn give_up(&mut self, why: Why) {
        if let Stage::Searching(search) = &self.stage {
            self.deepest = search.deepest();
            self.stage = Stage::Decided(Finding::Unknown { why });
        }
    }

    /// Spends what is allotted to it, or less.
    fn search(&mut self, options: &Options) {
        let Stage::Searching(search) = &mut self.stage else { return };
        let (configurations, memory) = self.allotted;
        let limit = self.configurations + configurations;
        let mut why = None;
        let mut progress = Progress::Pending;
        while progress == Progress::Pending && why.is_none() && search.configurations() < limit {
            // Looked at before, not after: ten thousand keys that wait must not take a stride each past the deadline.
            if options.deadline.is_some_and(|deadline| deadline <= std::time::Instant::now()) {
                why = Some(Why::Deadline);
                break;
            }
            let stride = (limit - search.configurations()).min(Options::STRIDE);
            progress = search.run(stride);
            if search.memory() > memory {
                why = Some(Why::Memory);
            }
        }
        self.configurations = search.configurations();
        match (progress, why) {
            (Progress::Ok { order }, _) => {
                let order = options.witness.then(|| order.into_iter().map(|span| span as u32).collect());
                self.stage = Stage::Decided(Finding::Ok { by: By::Search, order });
            }
            (Progress::Illegal { span, states }, _) => {
                let states = states.iter().map(|&state| search.model().describe(state)).collect();
                self.stage = Stage::Decided(Finding::Stuck { span: span as u32, states });
            }
            (Progress::Pending, Some(why)) => self.give_up(why),
            (Progress::Pending, None) => {}
        }
    }
}

/// What is reported of a key.
fn close<M: Model>(case: Case<M>, words: &dyn Fn(usize) -> String) -> KeyReport {
    let Stage::Decided(finding) = &case.stage else { unreachable!("rounds end when no key waits") };
    let operation = |span: u32| case.operations[span as usize] as usize;
    let (verdict, order) = match finding {
        Finding::NotChecked => (Verdict::NotChecked, None),
        Finding::Ok { by, order } => (Verdict::Ok { by: *by }, order.as_ref()),
        Finding::Contradiction(contradiction) => {
            (Verdict::Illegal { explanation: spell_out(&case, contradiction, words) }, None)
        }
        Finding::Stuck { span, states } => {
            let operation = operation(*span);
            let sentence = format!(
                "no order of the operations before it explains {}; just before, the state can only have been {}",
                words(operation),
                list_states(states),
            );
            (Verdict::Illegal { explanation: Explanation::at(case.key, operation, sentence) }, None)
        }
        Finding::Unknown { why } => (gave_up(&case, *why, words), None),
    };
    let witness = order.map(|order| order.iter().map(|&span| operation(span)).collect());
    KeyReport {
        key: case.key,
        operations: case.known_outcomes,
        unknown_outcomes: case.unknown_outcomes,
        configurations: case.configurations,
        verdict,
        witness,
    }
}

/// Puts the operations into the sentence of a contradiction.
fn spell_out<M: Model>(
    case: &Case<M>,
    contradiction: &Contradiction,
    words: &dyn Fn(usize) -> String,
) -> Explanation {
    let core: Vec<usize> =
        contradiction.spans.iter().map(|&span| case.operations[span as usize] as usize).collect();
    let mut sentence = contradiction.sentence.clone();
    for (place, &operation) in core.iter().enumerate() {
        sentence = sentence.replace(&format!("{{{place}}}"), &words(operation));
    }
    let operation = *core.last().expect("a contradiction has spans");
    Explanation { core, ..Explanation::at(case.key, operation, sentence) }
}

fn list_states(states: &[String]) -> String {
    let listed = states.iter().take(STATES_LISTED_MAX).cloned().collect::<Vec<_>>().join(" or ");
    match states.len().saturating_sub(STATES_LISTED_MAX) {
        0 => listed,
        more => format!("{listed} or one of {more} more"),
    }
}

/// Why a key has no verdict, and how far the search came.
fn gave_up<M: Model>(case: &Case<M>, why: Why, words: &dyn Fn(usize) -> String) -> Verdict {
    let cause = match why {
        Why::Budget => "the budget is spent".to_owned(),
        Why::Deadline => "the deadline has passed".to_owned(),
        Why::Memory => "the memory cap is reached".to_owned(),
        Why::TooWide => format!("more than {OPEN_MAX} operations are open at once, which is too many"),
        Why::Elsewhere => "another key is illegal".to_owned(),
        Why::Doubt => "the history does not say enough".to_owned(),
    };
    let reason = match case.deepest {
        Some(span) => {
            format!("{cause}; no order got past {}", words(case.operations[span] as usize))
        }
        None => cause,
    };
    Verdict::Unknown { configurations: case.configurations, why, reason }
}
