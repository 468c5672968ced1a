//! What clients saw, as Jepsen's `history.edn`: a map an event, in order, with the nanosecond as its `:time`. Every value
//! is `[key value]`, as in Jepsen's independent tests. `checker::import` reads it back and comes to the same verdict.
//!
//! - A process of Jepsen's has one operation open at most, and none after one of unknown outcome: a client here may have
//!   several, and becomes several processes. `:client` says whose it is.
//! - What a compare-and-set found that did not find what it expected has no place in Jepsen's words (`:fail` says only
//!   that it did nothing). It is a `:read` that saw this, which says the same; `:asked` has the `[old new]` it wanted.
//! - `:position` is the delivery position, for those who want it.

use std::fmt::Write;

use checker::{History, Kind, Operation, Outcome, Output};

/// The most operations: a file that Jepsen's own checkers still read.
pub const OPERATIONS_MAX: usize = 1_000_000;

/// The history. `gave_up` says of an operation of unknown outcome, by its place, when its client gave it up, if that is
/// known; else it ends with the history.
pub fn events(history: &History, gave_up: impl Fn(usize) -> Option<u64>) -> String {
    let operations = history.operations();
    let latest = operations.iter().map(|operation| operation.ret.unwrap_or(operation.call)).max();
    let end_of = |place: usize| {
        let operation = &operations[place];
        let end = operation.ret.or_else(|| gave_up(place)).or(latest).unwrap_or(operation.call);
        end.max(operation.call)
    };
    let processes = processes(operations, end_of);
    let mut events: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * operations.len());
    for (place, operation) in operations.iter().enumerate() {
        events.push((operation.call, false, place));
        events.push((end_of(place), true, place));
    }
    // Intervals are closed: of two events at one instant a call comes first.
    events.sort_unstable();
    let mut text = String::new();
    for (index, (time, is_end, place)) in events.into_iter().enumerate() {
        let (operation, process) = (&operations[place], processes[place]);
        let Said { kind, function, value, asked } = said(operation, is_end);
        let position =
            operation.position.filter(|_| is_end).map(|position| format!(", :position {position}"));
        writeln!(
            text,
            "{{:index {index}, :time {time}, :process {process}, :type {kind}, :f {function}, :value [{} {value}]{asked}, \
             :client {}{}}}",
            operation.key,
            operation.client,
            position.unwrap_or_default(),
        )
        .expect("a string takes everything");
    }
    text
}

/// A process for each operation: the first that is free, of those that never had an operation of unknown outcome.
fn processes(operations: &[Operation], end_of: impl Fn(usize) -> u64) -> Vec<u64> {
    let mut order: Vec<usize> = (0..operations.len()).collect();
    order.sort_by_key(|place| (operations[*place].call, *place));
    let mut busy_until: Vec<Option<u64>> = Vec::new();
    let mut owner: Vec<u64> = Vec::new();
    let mut processes = vec![0; operations.len()];
    for place in order {
        let operation = &operations[place];
        let is_free = |process: usize| {
            owner[process] == operation.client && busy_until[process].is_some_and(|end| end < operation.call)
        };
        let process = (0..owner.len()).find(|process| is_free(*process)).unwrap_or(owner.len());
        let until = Some(end_of(place)).filter(|_| operation.outcome != Outcome::Unknown);
        if process == owner.len() {
            owner.push(operation.client);
            busy_until.push(until);
        } else {
            busy_until[process] = until;
        }
        processes[place] = process as u64;
    }
    processes
}

/// An event in Jepsen's words.
struct Said {
    kind: &'static str,
    function: &'static str,
    value: String,
    /// What a compare-and-set wanted that is told as a read; else empty.
    asked: String,
}

fn said(operation: &Operation, is_end: bool) -> Said {
    let kind = match (is_end, &operation.outcome) {
        (false, _) => ":invoke",
        // Jepsen knows no compare-and-set that looked and found something else without saying what.
        (true, Outcome::Ok(Output::Mismatch) | Outcome::Failed) => ":fail",
        (true, Outcome::Ok(_)) => ":ok",
        (true, Outcome::Unknown) => ":info",
    };
    let mut asked = String::new();
    let (function, value) = match (operation.kind, &operation.outcome) {
        (Kind::Get, Outcome::Ok(Output::Value(seen))) if is_end => (":read", nil_or(*seen)),
        (Kind::Get, _) => (":read", "nil".to_owned()),
        (Kind::Put { value }, _) => (":write", value.to_string()),
        (Kind::Delete, _) => (":delete", "nil".to_owned()),
        (Kind::Cas { expect, value }, Outcome::Ok(Output::Differs(seen))) => {
            asked = format!(", :asked [:cas [{} {value}]]", nil_or(expect));
            (":read", if is_end { nil_or(*seen) } else { "nil".to_owned() })
        }
        (Kind::Cas { expect, value }, _) => (":cas", format!("[{} {value}]", nil_or(expect))),
    };
    Said { kind, function, value, asked }
}

fn nil_or(value: Option<u64>) -> String {
    value.map_or_else(|| "nil".to_owned(), |value| value.to_string())
}
