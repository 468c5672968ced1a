//! Histories too large for brute force, right or wrong by construction: that the search decides them at all, and with
//! how many configurations, which is the same on every machine.

use checker::generate::{Random, RegisterMix, Shape, TextMix, registers, texts};
use checker::model::Span;
use checker::register::{self, Action, Register};
use checker::search::{Progress, Pruning, Search};
use checker::witness::{self, Flaw};
use checker::{Budget, History, Operation, Output, linearizable};

use crate::{cas, get, history, put};

/// Fifty clients that never rest, on ten keys with texts.
const BUSY: Shape =
    Shape { operations: 1_700, clients: 50, keys: 10, pause_max: 2, width_max: 200, unknown_permille: 0 };

const TEXTS: TextMix =
    TextMix { gets_permille: 420, puts_permille: 55, forgotten_permille: 0, repeated_permille: 30 };

/// Compare-and-sets over few values, with lost outcomes.
const AMBIGUOUS: Shape =
    Shape { operations: 10_000, clients: 5, keys: 1, pause_max: 10, width_max: 30, unknown_permille: 5 };

const FEW_VALUES: RegisterMix =
    RegisterMix { gets_permille: 333, cas_permille: 333, values: 5, says_what_differs: false };

fn search(operations: &[Operation], pruning: Pruning) -> Search<Register> {
    let key = register::partition(&history(operations)).pop().expect("one key");
    Search::new(key.model, key.spans, pruning).expect("few are open at once")
}

fn spans(operations: &[Operation]) -> (Register, Vec<Span<Action>>) {
    let key = register::partition(&history(operations)).pop().expect("one key");
    (key.model, key.spans)
}

#[test]
fn busy_clients_of_texts_are_understood_without_trying_all() {
    for seed in 0..5 {
        let history = History::new(texts(&mut Random(seed), &BUSY, &TEXTS)).unwrap();
        let report = linearizable(&history, Budget { configurations: 20_000 });
        assert!(report.verdict.is_ok(), "seed {seed}: {:?}", report.verdict);
    }
}

#[test]
fn every_key_of_a_store_that_forgets_gets_a_verdict() {
    let mut illegal = 0;
    for seed in 0..5 {
        let mix = TextMix { forgotten_permille: 20, ..TEXTS };
        let history = History::new(texts(&mut Random(seed), &BUSY, &mix)).unwrap();
        let report = linearizable(&history, Budget { configurations: 200_000 });
        assert_eq!(report.counts.unknown, 0, "seed {seed}");
        illegal += report.counts.illegal;
    }
    assert!(illegal > 20, "most keys lost something that was read: {illegal}");
}

#[test]
fn lost_compare_and_sets_over_few_values_are_found_or_left_out() {
    for seed in 0..4 {
        let operations = registers(&mut Random(seed), &AMBIGUOUS, &FEW_VALUES);
        let mut search = search(&operations, Pruning::ALL);
        assert!(matches!(search.run(100_000), Progress::Ok { .. }), "seed {seed}");
    }
}

#[test]
fn an_easy_history_costs_a_configuration_an_update_and_leaves_little_behind() {
    let shape = Shape { operations: 50_000, clients: 3, unknown_permille: 0, ..AMBIGUOUS };
    let mix = RegisterMix { values: 0, says_what_differs: true, ..FEW_VALUES };
    let operations = registers(&mut Random(7), &shape, &mix);
    let mut search = search(&operations, Pruning::ALL);
    assert!(matches!(search.run(u64::MAX), Progress::Ok { .. }));
    assert!(search.configurations() < shape.operations, "{}", search.configurations());
    assert!(search.memory() < 200 * shape.operations, "{} bytes", search.memory());
}

#[test]
fn one_operation_may_be_open_while_thousands_come_and_go() {
    // The last put leaves 2.
    let mut operations: Vec<Operation> = (0..19_996)
        .map(|number| {
            let call = 10 + 2 * number;
            if number % 2 == 0 {
                put(call, call + 1, number % 3)
            } else {
                get(call, call + 1, Some((number - 1) % 3))
            }
        })
        .collect();
    operations.push(cas(0, 100_000, Some(2), 7, Output::Swapped));
    operations.push(get(100_001, 100_002, Some(7)));
    let mut long = search(&operations, Pruning::ALL);
    assert!(matches!(long.run(100_000), Progress::Ok { .. }));
    operations.push(get(100_003, 100_004, Some(2)));
    let mut wrong = search(&operations, Pruning::ALL);
    assert!(matches!(wrong.run(100_000), Progress::Illegal { .. }));
}

#[test]
fn the_longest_beginning_is_one_of_an_order() {
    // Whatever is missing from it, what is there respects time and the register.
    let operations = registers(&mut Random(3), &Shape { operations: 400, ..AMBIGUOUS }, &FEW_VALUES);
    let mut operations: Vec<Operation> = operations;
    let last = operations.iter().map(|operation| operation.ret.unwrap_or(operation.call)).max().unwrap();
    operations.push(get(last + 1, last + 2, Some(99)));
    let (mut model, spans) = spans(&operations);
    let mut search = search(&operations, Pruning::ALL);
    assert!(matches!(search.run(1_000_000), Progress::Illegal { .. }));
    let longest: Vec<u32> = search.longest().into_iter().map(|span| span as u32).collect();
    let known = spans.iter().filter(|span| span.ret.is_some()).count();
    assert!(longest.len() + 1 >= known, "only the last read is missing");
    assert_eq!(witness::verify(&mut model, &spans, &longest), Err(Flaw::Missing(spans.len() - 1)));
}
