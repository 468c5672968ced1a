//! Histories that are right by construction, of any size, for benches and tests.
//!
//! Clients run in closed loops. Each operation gets an interval and, somewhere inside, a hidden instant; the sequential
//! object runs through the instants in order and says what each operation returns. Everything is drawn from
//! [`Random`], so that a seed and a shape are the whole history.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::append;
use crate::history::{Operation, Outcome, Value};
use crate::kv::{Kind, Output};

/// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }
}

/// Who calls how often and how long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Operations in all.
    pub operations: u64,
    /// Clients, each with one operation open at a time, those of unknown outcome aside.
    pub clients: u64,
    /// Keys, all equally popular.
    pub keys: u64,
    /// The longest time between a return and the client's next call.
    pub pause_max: u64,
    /// The longest time from a call to its return. With a short pause and a long width all clients are always busy.
    pub width_max: u64,
    /// Of a thousand updates, how many get an unknown outcome. Half of those never happen.
    pub unknown_permille: u64,
}

/// What becomes of a planned operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happens and returns.
    Known,
    /// It happens if it is an update, and nobody is told.
    Lost,
    /// It never happens, and nobody is told.
    Never,
}

/// An operation of which only the time is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Who calls.
    pub client: u64,
    /// The key.
    pub key: u64,
    /// When it is called.
    pub call: u64,
    /// When it takes effect: within its interval.
    pub instant: u64,
    /// When it returns, or its client gives up.
    pub ret: u64,
    /// What becomes of it.
    pub fate: Fate,
}

/// Plans the operations, in the order in which they take effect.
pub fn plan(random: &mut Random, shape: &Shape) -> Vec<Planned> {
    assert!(shape.clients > 0 && shape.keys > 0 && shape.width_max > 0);
    let mut free: BinaryHeap<Reverse<(u64, u64)>> =
        (0..shape.clients).map(|client| Reverse((random.below(shape.width_max), client))).collect();
    let mut planned: Vec<Planned> = Vec::with_capacity(shape.operations as usize);
    for _ in 0..shape.operations {
        let Reverse((since, client)) = free.pop().expect("there is a client");
        let call = since + 1 + random.below(shape.pause_max + 1);
        let ret = call + 1 + random.below(shape.width_max);
        free.push(Reverse((ret, client)));
        let fate = match (random.permille(shape.unknown_permille), random.below(2)) {
            (false, _) => Fate::Known,
            (true, 0) => Fate::Lost,
            (true, _) => Fate::Never,
        };
        let instant = call + random.below(ret - call + 1);
        planned.push(Planned { client, key: random.below(shape.keys), call, instant, ret, fate });
    }
    planned.sort_by_key(|planned| planned.instant);
    planned
}

/// What clients of registers ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterMix {
    /// Of a thousand operations, how many are gets.
    pub gets_permille: u64,
    /// Of a thousand operations, how many are compare-and-sets. What is left is puts.
    pub cas_permille: u64,
    /// How many values there are; zero: every value is written once.
    pub values: u64,
    /// Whether a compare-and-set that did not find what it expected says what it found.
    pub says_what_differs: bool,
}

/// A linearizable history of registers with compare-and-set, by call.
pub fn registers(random: &mut Random, shape: &Shape, mix: &RegisterMix) -> Vec<Operation> {
    let mut states: Vec<Option<Value>> = vec![None; shape.keys as usize];
    let mut operations = Vec::with_capacity(shape.operations as usize);
    for Planned { client, key, call, ret, fate, .. } in plan(random, shape) {
        let state = &mut states[key as usize];
        let fresh: Value = operations.len() as u64;
        let value = if mix.values == 0 { fresh } else { random.below(mix.values) };
        let drawn = random.below(1_000);
        let (kind, output) = if drawn < mix.gets_permille {
            (Kind::Get, Output::Value(*state))
        } else if drawn < mix.gets_permille + mix.cas_permille {
            let expect = if random.permille(600) { *state } else { Some(random.below(mix.values.max(1))) };
            let output = match *state {
                seen if seen == expect => Output::Swapped,
                seen if mix.says_what_differs => Output::Differs(seen),
                _ => Output::Mismatch,
            };
            (Kind::Cas { expect, value }, output)
        } else {
            (Kind::Put { value }, Output::Done)
        };
        if fate != Fate::Never && matches!(output, Output::Done | Output::Swapped) {
            *state = Some(value);
        }
        // A read is never lost: one of unknown outcome says nothing.
        let is_known = fate == Fate::Known || kind == Kind::Get;
        let outcome = if is_known { Outcome::Ok(output) } else { Outcome::Unknown };
        let ret = is_known.then_some(ret);
        operations.push(Operation { client, key, call, ret, kind, outcome, position: None });
    }
    operations.sort_by_key(|operation| operation.call);
    operations
}

/// What clients of texts ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextMix {
    /// Of a thousand operations, how many are gets.
    pub gets_permille: u64,
    /// Of a thousand operations, how many are puts. What is left is appends.
    pub puts_permille: u64,
    /// Of a thousand updates, how many are acknowledged and lost: with any, the history is most likely wrong.
    pub forgotten_permille: u64,
    /// Of a thousand updates, how many repeat the text of the client's update before.
    pub repeated_permille: u64,
}

/// A history of texts, by call: linearizable unless updates are forgotten. All outcomes are known.
pub fn texts(random: &mut Random, shape: &Shape, mix: &TextMix) -> Vec<Operation<append::Kind>> {
    assert_eq!(shape.unknown_permille, 0, "a history of texts has no unknown outcomes");
    let mut states: Vec<String> = vec![String::new(); shape.keys as usize];
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let mut operations = Vec::with_capacity(shape.operations as usize);
    for Planned { client, key, call, ret, .. } in plan(random, shape) {
        let state = &mut states[key as usize];
        let drawn = random.below(1_000);
        let (kind, output) = if drawn < mix.gets_permille {
            (append::Kind::Get, append::Output::Text(state.clone()))
        } else {
            let count = counts.entry(client).or_insert(0);
            *count += u64::from(!random.permille(mix.repeated_permille));
            let text = format!("x {client} {count} y");
            let is_put = drawn < mix.gets_permille + mix.puts_permille;
            if !random.permille(mix.forgotten_permille) {
                if is_put {
                    state.clear();
                }
                state.push_str(&text);
            }
            let kind = if is_put { append::Kind::Put { text } } else { append::Kind::Append { text } };
            (kind, append::Output::Done)
        };
        let outcome = Outcome::Ok(output);
        operations.push(Operation { client, key, call, ret: Some(ret), kind, outcome, position: None });
    }
    operations.sort_by_key(|operation| operation.call);
    operations
}
