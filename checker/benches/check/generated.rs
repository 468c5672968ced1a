//! Generated histories: shapes that no file has.

use checker::generate::{Random, RegisterMix, Shape, TextMix, registers, texts};
use checker::{Budget, History, Report, linearizable};

use crate::files::word;
use crate::timing::fast_us;

/// More than any of these may need before it counts as too hard.
const BUDGET: Budget = Budget { configurations: 1_000_000 };

/// The seed of all of them.
const SEED: u64 = 1;

/// What fifty busy clients do to ten keys that hold texts.
const TEXTS: Shape =
    Shape { operations: 1_700, clients: 50, keys: 10, pause_max: 2, width_max: 200, unknown_permille: 0 };

/// Half appends, and one put in twenty: what the files of texts have.
const TEXT_MIX: TextMix =
    TextMix { gets_permille: 420, puts_permille: 55, forgotten_permille: 0, repeated_permille: 30 };

/// Compare-and-sets over five values, as in the etcd logs, and 200 outcomes that nobody knows.
const AMBIGUOUS: Shape =
    Shape { operations: 100_000, clients: 5, keys: 1, pause_max: 10, width_max: 30, unknown_permille: 3 };

/// A third each.
const AMBIGUOUS_MIX: RegisterMix =
    RegisterMix { gets_permille: 333, cas_permille: 333, values: 5, says_what_differs: false };

/// Values that are written once.
const UNIQUE_MIX: RegisterMix =
    RegisterMix { gets_permille: 500, cas_permille: 150, values: 0, says_what_differs: true };

/// Prints a row for each shape.
pub(crate) fn print(is_wanted: &dyn Fn(&str) -> bool) {
    println!(
        "\n{:<40} {:>10} {:>8} {:>15} {:>10} {:>12}",
        "generated history", "operations", "unknown", "verdict", "configs", "us"
    );
    let row = |name: &str, judge: &dyn Fn() -> (f64, Report)| {
        if is_wanted(name) {
            let (us, report) = judge();
            let counts = report.counts;
            println!(
                "{name:<40} {:>10} {:>8} {:>15} {:>10} {us:>12.0}   keys: {} ok, {} not, {} unknown",
                counts.operations,
                counts.unknown_outcomes,
                word(&report),
                counts.configurations,
                counts.keys - counts.illegal - counts.unknown,
                counts.illegal,
                counts.unknown,
            );
        }
    };
    row("texts, 50 clients", &|| judge_texts(&TEXT_MIX));
    row("texts, 50 clients, bad", &|| judge_texts(&TextMix { forgotten_permille: 4, ..TEXT_MIX }));
    row("ambiguous cas, 200 unknown", &|| judge_registers(&AMBIGUOUS, &AMBIGUOUS_MIX));
    for clients in [4, 16, 64] {
        let shape = Shape { operations: 1_000_000, clients, keys: 1, unknown_permille: 0, ..AMBIGUOUS };
        row(&format!("unique values, {clients} clients"), &|| judge_registers(&shape, &UNIQUE_MIX));
    }
    let shape = Shape { operations: 1_000_000, clients: 64, keys: 1_000, unknown_permille: 1, ..AMBIGUOUS };
    row("unique values, 1,000 keys", &|| judge_registers(&shape, &UNIQUE_MIX));
}

fn judge_texts(mix: &TextMix) -> (f64, Report) {
    let operations = texts(&mut Random(SEED), &TEXTS, mix);
    let history = History::new(operations).expect("a generated history is valid");
    fast_us(|| linearizable(&history, BUDGET))
}

fn judge_registers(shape: &Shape, mix: &RegisterMix) -> (f64, Report) {
    let operations = registers(&mut Random(SEED), shape, mix);
    let history = History::new(operations).expect("a generated history is valid");
    fast_us(|| linearizable(&history, BUDGET))
}
