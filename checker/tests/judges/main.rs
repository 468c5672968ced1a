//! Tests of the checkers. A checker is trusted as far as it has been seen to fail, so most of these hold it against
//! something that shares no code with it: an oracle that tries everything, or a history whose verdict is known because
//! of how it was made.

/// Every way to a verdict against the oracle, on very many small histories.
mod campaign;
/// Small histories of any object, drawn at random.
mod drawn;
/// Long histories of known verdict; witness and search against each other.
mod families;
/// Histories as files.
mod format;
/// A seeded generator, and histories that are right or wrong by construction.
mod generated;
/// Histories that cost as much as they can.
mod hard;
/// Histories too large for brute force.
mod large;
/// Locks and the stores behind them: monitor, search and brute force.
mod lock;
/// Brute force for the weaker promises.
mod logs;
/// Long histories of any object, right and wrong by construction.
mod long;
/// Several threads against one.
mod many;
/// Changes to a history that may change its verdict in one direction only.
mod metamorphic;
/// What the tests of all objects share.
mod objects;
/// Brute force: every order, every subset of unknown outcomes.
/// Fed event by event, against every prefix.
mod online;
/// Brute force: every order, every subset of unknown outcomes, every prefix.
mod oracle;
/// The objects, as plain as they can be.
mod plain;
/// Files of other systems, with their published verdicts.
mod porcupine;
/// The weaker promises, one story each.
mod promises;
/// Queues: monitor, search and brute force.
mod queue;
/// Registries with lists: checker and brute force.
mod registry;
/// A witness carried out on a plain object.
mod replay;
/// Session guarantees and bounded staleness.
mod sessions;
/// Sets: monitor, search and brute force.
mod set;
/// The checkers against the oracle, on all small histories and on many random ones.
mod small;
/// Every verdict path, seen to fail.
mod verdicts;
/// The near-linear judge of registers against the oracle.
mod zones;

use checker::{Budget, History, Kind, Operation, Outcome, Output};

/// An operation on key 0 by a client of its own.
fn operation(call: u64, ret: u64, kind: Kind, output: Output) -> Operation {
    let outcome = Outcome::Ok(output);
    Operation { client: call, key: 0, call, ret: Some(ret), kind, outcome, position: None }
}

fn put(call: u64, ret: u64, value: u64) -> Operation {
    operation(call, ret, Kind::Put { value }, Output::Done)
}

fn get(call: u64, ret: u64, seen: Option<u64>) -> Operation {
    operation(call, ret, Kind::Get, Output::Value(seen))
}

fn cas(call: u64, ret: u64, expect: Option<u64>, value: u64, output: Output) -> Operation {
    operation(call, ret, Kind::Cas { expect, value }, output)
}

fn unknown(operation: Operation) -> Operation {
    Operation { outcome: Outcome::Unknown, ret: None, ..operation }
}

fn failed(operation: Operation) -> Operation {
    Operation { outcome: Outcome::Failed, ..operation }
}

fn at(position: u64, operation: Operation) -> Operation {
    Operation { position: Some(position), ..operation }
}

fn of(client: u64, operation: Operation) -> Operation {
    Operation { client, ..operation }
}

fn on(key: u64, operation: Operation) -> Operation {
    Operation { key, ..operation }
}

fn history(operations: &[Operation]) -> History {
    History::new(operations.to_vec()).expect("the test's history is valid")
}

/// More than any small history needs.
const AMPLE: Budget = Budget { configurations: 1_000_000 };
