//! Tests of the loaders: what is read, and what is refused, where, and in which words.

/// The examples of the guide.
mod docs;
/// Jepsen's EDN.
mod edn;
/// The lines that Jepsen logs.
mod jepsen_log;
/// Our own format.
mod json_lines;
/// Broken files.
mod mutated;

use checker::import::{Faults, Format, Importable, Loaded, load};

/// Reads a history that is without faults.
fn read<K: Importable>(text: &str, format: Format) -> Loaded<K> {
    load(text, format).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The faults of a history: line, column, and what is wrong.
fn wrong<K: Importable>(text: &str, format: Format) -> Vec<(usize, usize, String)> {
    let faults = faults::<K>(text, format).faults.into_iter();
    faults.map(|fault| (fault.line, fault.column, fault.problem)).collect()
}

fn faults<K: Importable>(text: &str, format: Format) -> Faults {
    match load::<K>(text, format) {
        Ok(loaded) => panic!("read without a fault: {loaded:?}"),
        Err(faults) => faults,
    }
}

/// One fault, in numbers and a word.
fn one<K: Importable>(text: &str, format: Format) -> (usize, usize, String) {
    let mut all = wrong::<K>(text, format);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}
