//! What the tests of all objects share: brute force over plain states, hidden instants, and a comparison of every way
//! to a verdict. Nothing here knows a model.

use std::time::Instant;

use checker::history::{History, Operation, Outcome};
use checker::model::{Model, Monitored};
use checker::object::Object;
use checker::search::{Progress, Pruning, Search};
use checker::{linearizable, witness};

use crate::AMPLE;
use crate::generated::Random;

/// Whether the operations have an order that respects real time and `apply`, which gives the state afterwards or
/// `None` if the operation cannot have ended as it did. Those of unknown outcome may be left out.
pub(crate) fn has_order<K: Object, S>(
    operations: &[Operation<K>],
    state: S,
    apply: &impl Fn(&Operation<K>, &S) -> Option<S>,
) -> bool {
    let mut left: Vec<&Operation<K>> = operations.iter().filter(|o| o.outcome != Outcome::Failed).collect();
    extend(&mut left, &state, apply)
}

fn extend<K: Object, S>(
    left: &mut Vec<&Operation<K>>,
    state: &S,
    apply: &impl Fn(&Operation<K>, &S) -> Option<S>,
) -> bool {
    let Some(first_end) = left.iter().filter(|o| o.is_ok()).filter_map(|o| o.ret).min() else { return true };
    for place in 0..left.len() {
        let next = left[place];
        if first_end < next.call {
            continue;
        }
        let Some(after) = apply(next, state) else { continue };
        left.remove(place);
        let is_found = extend(left, &after, apply);
        left.insert(place, next);
        if is_found {
            return true;
        }
    }
    false
}

/// How often what was seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) ok: u64,
    pub(crate) illegal: u64,
    /// Parts that the monitor decided.
    pub(crate) decided: u64,
    /// Parts that it handed over.
    pub(crate) handed_over: u64,
}

/// Holds every way to a verdict against the expected one: the monitor with its order, the search with all its rules and
/// with none, and the whole checker.
pub(crate) fn agree<K: Object>(history: &History<K>, expected: bool, tally: &mut Tally) {
    let report = linearizable(history, AMPLE);
    let show = || history.to_jsonl();
    assert!(!report.verdict.is_unknown(), "{}", show());
    assert_eq!(!report.verdict.is_illegal(), expected, "{:?}\n{}", report.verdict, show());
    let mut by_search = true;
    for mut part in K::parts(history) {
        let searched = search_says(&part.model, &part.spans, Pruning::ALL);
        assert_eq!(search_says(&part.model, &part.spans, Pruning::NONE), searched, "rules\n{}", show());
        by_search &= searched;
        match part.model.monitor(&part.spans, true) {
            Monitored::HandOver => tally.handed_over += 1,
            Monitored::Ok { order } => {
                tally.decided += 1;
                let order = order.expect("an order was wanted");
                assert!(searched, "the monitor accepts what cannot be\n{}", show());
                assert_eq!(witness::verify(&mut part.model, &part.spans, &order), Ok(()), "{}", show());
            }
            Monitored::Illegal(contradiction) => {
                tally.decided += 1;
                assert!(!searched, "the monitor refuses what can be: {contradiction:?}\n{}", show());
                let core =
                    contradiction.spans.iter().map(|&span| part.spans[span as usize].clone()).collect();
                let is_fine = search_says(&part.model, &core_of::<K::Model>(core), Pruning::ALL);
                assert!(!is_fine, "{contradiction:?} contradicts nothing\n{}", show());
                let last = contradiction.spans.len() - 1;
                assert!(
                    contradiction.sentence.contains(&format!("{{{last}}}")) || last > 4,
                    "{contradiction:?}"
                );
                assert!(!contradiction.sentence.contains(&format!("{{{}}}", last + 1)), "{contradiction:?}");
            }
        }
    }
    for part in K::parts(history) {
        let cut = cut_off(&part.spans);
        let searched = search_says(&part.model, &cut, Pruning::ALL);
        match part.model.monitor(&cut, false) {
            Monitored::HandOver => {}
            Monitored::Ok { .. } => assert!(searched, "accepted, cut off\n{cut:#?}"),
            Monitored::Illegal(found) => assert!(!searched, "{found:?}, cut off\n{cut:#?}"),
        }
    }
    assert_eq!(by_search, expected, "the search alone\n{}", show());
    if expected { tally.ok += 1 } else { tally.illegal += 1 }
}

/// The spans up to the end in the middle, those that are still open then of unknown outcome: what an explanation asks
/// about. It is known of them what they returned if they took effect, which nobody can know of a whole history.
fn cut_off<A: Clone>(spans: &[checker::model::Span<A>]) -> Vec<checker::model::Span<A>> {
    let mut ends: Vec<u64> = spans.iter().filter_map(|span| span.ret).collect();
    ends.sort_unstable();
    let Some(&last) = ends.get(ends.len() / 2) else { return Vec::new() };
    let begun = spans.iter().filter(|span| span.call <= last);
    begun
        .map(|span| checker::model::Span { ret: span.ret.filter(|&ret| ret <= last), ..span.clone() })
        .collect()
}

/// The spans of a contradiction by themselves.
fn core_of<M: Model>(spans: Vec<checker::model::Span<M::Action>>) -> Vec<checker::model::Span<M::Action>> {
    spans
}

fn search_says<M: Model>(model: &M, spans: &[checker::model::Span<M::Action>], pruning: Pruning) -> bool {
    let mut search = Search::new(model.clone(), spans.to_vec(), pruning).unwrap();
    match search.run(u64::MAX / 2) {
        Progress::Ok { .. } => true,
        Progress::Illegal { .. } => false,
        _ => panic!("the slice was ample"),
    }
}

/// How many random histories a test looks at: by default this many, in long runs `QUORATE_TRIALS` times as many.
pub(crate) fn trials(default: u64) -> std::ops::Range<u64> {
    let times = std::env::var("QUORATE_TRIALS").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    0..default * times
}

/// How long the long histories are: 20,000 operations, or `QUORATE_LONG`.
pub(crate) fn long() -> u64 {
    std::env::var("QUORATE_LONG").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000)
}

/// Holds that a history that ran on a real object is decided by monitors alone, and that their orders are some. With
/// `QUORATE_LONG` it says how long that took, and leaves the orders alone.
pub(crate) fn is_decided_at_length<K: Object>(history: &History<K>) {
    let begun = Instant::now();
    let parts = K::parts(history);
    let split = begun.elapsed();
    let found: Vec<Monitored> = parts.iter().map(|part| part.model.monitor(&part.spans, false)).collect();
    assert!(found.iter().all(|found| *found == Monitored::Ok { order: None }), "{found:?}");
    let decided = begun.elapsed();
    if std::env::var("QUORATE_LONG").is_ok() {
        println!("{} operations: split in {split:?}, decided after {decided:?}", history.operations().len());
        return;
    }
    for mut part in parts {
        let Monitored::Ok { order: Some(order) } = part.model.monitor(&part.spans, true) else {
            panic!("an order was wanted")
        };
        assert_eq!(witness::verify(&mut part.model, &part.spans, &order), Ok(()));
    }
}

/// Intervals around `count` hidden instants, in the order of the instants: (call, return). Ties in time are frequent.
pub(crate) fn intervals(random: &mut Random, count: u64) -> Vec<(u64, u64)> {
    let spread = 1 + random.below(8);
    let mut instants: Vec<u64> = (0..count).map(|_| 10 + random.below(2 * count)).collect();
    instants.sort_unstable();
    instants.into_iter().map(|at| (at - random.below(spread), at + random.below(spread))).collect()
}
