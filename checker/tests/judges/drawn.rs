//! Small histories of any object, drawn at random: some of arbitrary operations and outputs, most of them right by
//! construction and then spoiled a little, which is where a checker is most likely to be wrong.
//!
//! With equal times, unknown outcomes with and without an end, failed operations, clients that have several open, one
//! to three keys, values written once and values written again, and positions that are true, junk, or missing.

use checker::{Operation, Outcome};

use crate::generated::Random;
use crate::plain::{KEYS, Plain, Values};

/// What a drawn history looks like.
#[derive(Clone, Copy, Debug)]
struct Look {
    operations: u64,
    keys: u64,
    /// Of a hundred operations, how many are of unknown outcome.
    unknown: u64,
    /// Of a hundred operations, how many failed.
    failed: u64,
    /// The longest interval.
    width: u64,
    /// All calls fall below this.
    calls: u64,
}

impl Look {
    fn draw(random: &mut Random, operations_max: u64) -> Look {
        let one_of =
            |random: &mut Random, choices: &[u64]| choices[random.below(choices.len() as u64) as usize];
        Look {
            operations: 1 + random.below(operations_max),
            keys: one_of(random, &[1, 1, 1, 2, KEYS as u64]),
            unknown: one_of(random, &[0, 10, 20, 50]),
            failed: one_of(random, &[0, 0, 10]),
            width: one_of(random, &[2, 5, 12]),
            calls: one_of(random, &[6, 12, 24]),
        }
    }
}

/// A history. `true` with it: it is linearizable by construction.
pub(crate) fn history<K: Plain>(random: &mut Random, operations_max: u64) -> (Vec<Operation<K>>, bool) {
    let look = Look::draw(random, operations_max);
    let few = random.below(4);
    let mut values = Values::new(few);
    let mut operations = ask::<K>(random, &look, &mut values);
    let is_anything = random.percent(20);
    if is_anything {
        for operation in &mut operations {
            let output = operation.kind.guess(random, &values);
            operation.outcome = outcome(random, &look, output);
        }
    } else {
        carry_out(random, &look, &values, &mut operations);
    }
    let spoils = if is_anything { 0 } else { random.below(4) };
    for _ in 0..spoils {
        spoil(random, &values, &mut operations);
    }
    forget_ends(random, &mut operations);
    let is_right = !is_anything && spoils == 0;
    place(random, &mut operations, is_right);
    (operations, is_right)
}

/// Who asks for what and when. The outcomes come later.
fn ask<K: Plain>(random: &mut Random, look: &Look, values: &mut Values) -> Vec<Operation<K>> {
    let clients = 1 + random.below(look.operations);
    let draw = |_| {
        let call = random.below(look.calls);
        let ret = Some(call + random.below(look.width));
        let (client, key) = (random.below(clients), random.below(look.keys));
        let kind = K::draw(random, values);
        Operation { client, key, call, ret, kind, outcome: Outcome::Failed, position: None }
    };
    (0..look.operations).map(draw).collect()
}

fn outcome<R>(random: &mut Random, look: &Look, output: R) -> Outcome<R> {
    match random.below(100) {
        percent if percent < look.unknown => Outcome::Unknown,
        percent if percent < look.unknown + look.failed => Outcome::Failed,
        _ => Outcome::Ok(output),
    }
}

/// Carries the operations out at hidden instants. What is of unknown outcome may happen after its end, or never.
/// Positions are true.
fn carry_out<K: Plain>(random: &mut Random, look: &Look, values: &Values, operations: &mut [Operation<K>]) {
    let mut instants = Vec::new();
    for (index, operation) in operations.iter_mut().enumerate() {
        operation.outcome = match outcome(random, look, ()) {
            Outcome::Unknown => Outcome::Unknown,
            _ => Outcome::Failed,
        };
        let is_late = operation.outcome == Outcome::Unknown && random.percent(50);
        let width = operation.ret.expect("drawn with an end") - operation.call + if is_late { 20 } else { 0 };
        instants.push((operation.call + random.below(width + 1), random.below(100), index));
    }
    instants.sort_unstable();
    let mut world: [K::State; KEYS] = Default::default();
    let mut position = 0;
    for (_, _, index) in instants {
        let operation = &mut operations[index];
        let is_unknown = operation.outcome == Outcome::Unknown;
        let never = if is_unknown { 40 } else { look.failed };
        if random.percent(never) {
            continue;
        }
        position += u64::from(operation.kind.is_update());
        operation.position = Some(position);
        let choices = operation.kind.choices(operation.key as usize, &world, None);
        let choice = random.below(choices.end).min(random.below(choices.end)).min(1);
        let came = operation.kind.perform(operation.key as usize, &mut world, choice);
        if !is_unknown {
            operation.outcome = Outcome::Ok(K::say(came, random, values));
        }
    }
}

/// Changes one thing.
pub(crate) fn spoil<K: Plain>(random: &mut Random, values: &Values, operations: &mut [Operation<K>]) {
    let one = random.below(operations.len() as u64) as usize;
    let other = random.below(operations.len() as u64) as usize;
    let guess = operations[one].kind.guess(random, values);
    match random.below(8) {
        0..3 => operations[one].outcome = Outcome::Ok(guess),
        3 => {
            let (left, right) = (operations[one].outcome.clone(), operations[other].outcome.clone());
            let fits = |operation: &Operation<K>, outcome: &Outcome<K::Output>| match outcome {
                Outcome::Ok(output) => operation.kind.fits(output),
                _ => true,
            };
            if fits(&operations[one], &right) && fits(&operations[other], &left) {
                (operations[one].outcome, operations[other].outcome) = (right, left);
            }
        }
        4 | 5 => {
            let call = random.below(24);
            (operations[one].call, operations[one].ret) = (call, Some(call + random.below(4)));
        }
        6 => operations[one].outcome = Outcome::Failed,
        _ => {
            let (call, ret) = (operations[one].call, operations[one].ret);
            (operations[one].call, operations[one].ret) = (operations[other].call, operations[other].ret);
            (operations[other].call, operations[other].ret) = (call, ret);
        }
    }
}

/// Of some operations that are not ok nobody knows when the client gave up.
fn forget_ends<K: Plain>(random: &mut Random, operations: &mut [Operation<K>]) {
    for operation in operations.iter_mut().filter(|operation| !operation.is_ok()) {
        operation.ret = operation.ret.filter(|_| random.percent(50));
    }
}

/// Leaves positions as they are, or draws them, or leaves some or all out.
fn place<K: Plain>(random: &mut Random, operations: &mut [Operation<K>], is_right: bool) {
    let style = random.below(if is_right { 4 } else { 5 });
    for operation in operations {
        operation.position = match style {
            0 => operation.position,
            1 => operation.position.filter(|_| random.percent(80)),
            2 => Some(random.below(8)),
            3 => None,
            _ => Some(operation.call),
        };
    }
}
