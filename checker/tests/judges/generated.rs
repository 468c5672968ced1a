//! Histories that are right by construction, and ways to make them wrong.
//!
//! The generator runs the register at hidden instants inside random intervals. Its randomness is splitmix64, so that a
//! seed in a failing assertion is enough to see the history again.

use std::collections::BTreeMap;

use checker::{Kind, Operation, Outcome, Output};

/// splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What a generated history looks like.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) operations: u64,
    pub(crate) clients: u64,
    pub(crate) keys: u64,
    /// How many values there are; zero: every written value is a new one.
    pub(crate) values: u64,
    /// Of a hundred operations, how many get an unknown outcome.
    pub(crate) unknown: u64,
    /// Of a hundred operations, how many are deletes.
    pub(crate) deletes: u64,
}

/// A linearizable history with true positions on everything that took effect. Its clients are closed loops.
pub(crate) fn linearizable(seed: u64, shape: Shape) -> Vec<Operation> {
    let mut random = Random(seed);
    let mut operations = draw(&mut random, shape);
    // The hidden instants, in order.
    let mut instants: Vec<(u64, usize)> = (operations.iter().enumerate())
        .map(|(index, operation)| {
            (operation.call + random.below(operation.ret.unwrap() - operation.call + 1), index)
        })
        .collect();
    instants.sort_unstable();
    let mut states: BTreeMap<u64, Option<u64>> = BTreeMap::new();
    let mut position = 0;
    let mut written = 0;
    for (_, index) in instants {
        let operation = &mut operations[index];
        let state = states.entry(operation.key).or_insert(None);
        let is_unknown = random.percent(shape.unknown);
        if is_unknown && random.percent(50) {
            // It never happens.
            operation.outcome = Outcome::Unknown;
            continue;
        }
        if operation.kind != Kind::Get {
            position += 1;
        }
        operation.position = Some(position);
        written += 1;
        let fresh = if shape.values == 0 { written } else { random.below(shape.values) };
        let output = match &mut operation.kind {
            Kind::Get => Output::Value(*state),
            Kind::Delete => {
                *state = None;
                Output::Done
            }
            Kind::Put { value } => {
                *value = fresh;
                *state = Some(fresh);
                Output::Done
            }
            Kind::Cas { expect, value } => {
                *value = fresh;
                if random.percent(60) {
                    *expect = *state;
                }
                if *expect == *state {
                    *state = Some(fresh);
                    Output::Swapped
                } else {
                    Output::Differs(*state)
                }
            }
        };
        operation.outcome = if is_unknown { Outcome::Unknown } else { Outcome::Ok(output) };
    }
    for operation in &mut operations {
        if operation.outcome == Outcome::Unknown {
            operation.ret = None;
        }
    }
    operations
}

/// Who asks for what and when; outputs come later.
fn draw(random: &mut Random, shape: Shape) -> Vec<Operation> {
    let mut free = vec![0; shape.clients as usize];
    let mut operations = Vec::new();
    for _ in 0..shape.operations {
        let client = random.below(shape.clients);
        let call = free[client as usize] + 1 + random.below(20);
        let ret = call + 1 + random.below(60);
        free[client as usize] = ret;
        let kind = match random.below(100) {
            percent if percent < shape.deletes => Kind::Delete,
            0..50 => Kind::Get,
            50..85 => Kind::Put { value: 0 },
            _ => Kind::Cas { expect: Some(u64::MAX), value: 0 },
        };
        // A put that never happens still has a value of its own.
        let kind = match kind {
            Kind::Put { .. } => Kind::Put { value: 1_000_000_000 + operations.len() as u64 },
            other => other,
        };
        let outcome = Outcome::Failed;
        let key = random.below(shape.keys);
        operations.push(Operation { client, key, call, ret: Some(ret), kind, outcome, position: None });
    }
    operations
}

/// The same without its hints.
pub(crate) fn without_hints(operations: &[Operation]) -> Vec<Operation> {
    operations.iter().map(|operation| Operation { position: None, ..*operation }).collect()
}

/// Arbitrary operations on one key, right or wrong, with ties in time and junk positions.
pub(crate) fn anything(random: &mut Random, operations: u64, values: u64) -> Vec<Operation> {
    let mut fresh = 0;
    (0..operations)
        .map(|client| {
            let call = random.below(12);
            let ret = call + random.below(7);
            let mut value = |random: &mut Random| {
                fresh += 1;
                if values == 0 { fresh } else { random.below(values) }
            };
            let seen_values = if values == 0 { operations } else { values };
            let seen = |random: &mut Random| {
                let drawn = random.below(seen_values + 1);
                (drawn > 0).then(|| if values == 0 { drawn } else { drawn - 1 })
            };
            let (kind, output) = match random.below(10) {
                0..3 => (Kind::Put { value: value(random) }, Output::Done),
                3..6 => (Kind::Get, Output::Value(seen(random))),
                6 => (Kind::Delete, Output::Done),
                7 => (Kind::Cas { expect: seen(random), value: value(random) }, Output::Swapped),
                8 => {
                    let expect = seen(random);
                    (Kind::Cas { expect, value: value(random) }, Output::Differs(seen(random)))
                }
                _ => (Kind::Cas { expect: seen(random), value: value(random) }, Output::Mismatch),
            };
            let outcome = match random.below(10) {
                0 | 1 => Outcome::Unknown,
                2 => Outcome::Failed,
                _ => Outcome::Ok(output),
            };
            let position = random.percent(70).then(|| random.below(operations));
            Operation { client, key: 0, call, ret: Some(ret), kind, outcome, position }
        })
        .collect()
}
