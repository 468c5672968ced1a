//! Long histories of any object whose verdict is known because of how they were made.

use checker::linearizable::Part;
use checker::model::{Model, Monitored};
use checker::search::{Progress, Pruning, Search};
use checker::{Budget, History, Operation, Options, Outcome, linearizable};

use crate::generated::Random;
use crate::plain::{KEYS, Plain, Values, for_every_object};
use crate::{drawn, oracle, replay};

/// What a long history looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    pub(crate) operations: u64,
    pub(crate) clients: u64,
    pub(crate) keys: u64,
    /// How many values there are; zero: every one that is written is a new one.
    pub(crate) few: u64,
    /// Of a hundred operations, how many are of unknown outcome.
    pub(crate) unknown: u64,
    /// Whether to ask only for what the fast path of the object is made for.
    pub(crate) is_tame: bool,
}

const SHORT: Length = Length { operations: 250, clients: 6, keys: 2, few: 0, unknown: 3, is_tame: false };

/// A history that is right by construction: clients in closed loops, hidden instants. The world is changed to what it
/// is afterwards.
pub(crate) fn right<K: Plain>(
    random: &mut Random,
    length: &Length,
    world: &mut [K::State],
) -> Vec<Operation<K>> {
    let mut values = Values::new(length.few);
    values.is_tame = length.is_tame;
    let mut free = vec![0; length.clients as usize];
    let mut operations: Vec<Operation<K>> = Vec::new();
    let mut instants = Vec::new();
    for index in 0..length.operations as usize {
        let client = random.below(length.clients);
        let call = free[client as usize] + 1 + random.below(10);
        let ret = call + 1 + random.below(30);
        free[client as usize] = ret;
        let (key, kind) = (random.below(length.keys), K::draw(random, &mut values));
        instants.push((call + random.below(ret - call + 1), index));
        let outcome = Outcome::Unknown;
        operations.push(Operation { client, key, call, ret: Some(ret), kind, outcome, position: None });
    }
    instants.sort_unstable();
    for (_, index) in instants {
        let operation = &mut operations[index];
        let is_unknown = random.percent(length.unknown);
        if is_unknown && random.percent(50) {
            continue;
        }
        let came = operation.kind.perform(operation.key as usize, world, 0);
        if !is_unknown {
            operation.outcome = Outcome::Ok(K::say(came, random, &values));
        }
    }
    operations
}

/// The same, later.
fn later<K: Plain>(operations: Vec<Operation<K>>, by: u64) -> impl Iterator<Item = Operation<K>> {
    operations.into_iter().map(move |o| Operation { call: o.call + by, ret: o.ret.map(|ret| ret + by), ..o })
}

fn last<K: Plain>(operations: &[Operation<K>]) -> u64 {
    operations.iter().map(|operation| operation.ret.unwrap_or(operation.call)).max().unwrap_or(0)
}

/// What the fast path alone says, and what the search alone says; `None` if it did not decide.
fn ways<M: Model>(part: &Part<M>) -> [Option<bool>; 2] {
    let monitored = match part.model.monitor(&part.spans, true) {
        Monitored::Ok { .. } => Some(true),
        Monitored::Illegal(_) => Some(false),
        Monitored::HandOver => None,
    };
    let search = Search::new(part.model.clone(), part.spans.clone(), Pruning::ALL);
    let searched = match search.expect("few are open").run(SEARCHED) {
        Progress::Ok { .. } => Some(true),
        Progress::Illegal { .. } => Some(false),
        Progress::Pending => None,
    };
    [monitored, searched]
}

/// Configurations that a search alone may visit. Without the fast path some histories are out of its reach.
const SEARCHED: u64 = 30_000;

const BUDGET: Budget = Budget { configurations: 2_000_000 };

/// How often each of several ways decided.
type Decided = [u64; 2];

/// Judges by all paths.
fn judge<K: Plain>(operations: &[Operation<K>], expected: bool, decided: &mut Decided, name: &str) {
    let history = History::new(operations.to_vec()).expect("generated histories are valid");
    let report = linearizable(&history, Options { witness: true, ..Options::from(BUDGET) });
    assert!(!report.verdict.is_unknown(), "{name}: {:?}", report.verdict);
    assert_eq!(!report.verdict.is_illegal(), expected, "{name}: {:?}", report.verdict);
    for witness in report.keys.iter().filter_map(|key| key.witness.as_ref()) {
        assert_eq!(replay::check(operations, witness), Ok(()), "{name}");
    }
    let mut all = [Some(true); 2];
    for part in &K::parts(&history) {
        let found = ways(part);
        if let [Some(monitored), Some(searched)] = found {
            assert_eq!(monitored, searched, "{name}: fast path and search disagree");
        }
        for (way, all) in found.into_iter().zip(&mut all) {
            *all = match (way, *all) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (way, all) => way.and(all),
            };
        }
    }
    for (way, count) in all.into_iter().zip(decided) {
        *count += u64::from(way.is_some());
        assert!(way.is_none_or(|way| way == expected), "{name}: {way:?}");
    }
}

#[test]
fn what_is_right_by_construction_is_found_to_be_right_by_every_path() {
    fn trial<K: Plain>() {
        let mut decided = [0; 2];
        for seed in 0..30 {
            let mut random = Random(seed);
            let length = Length {
                few: [0, 0, 3, 6][seed as usize % 4],
                clients: [2, 6, 10][seed as usize % 3],
                is_tame: seed % 2 == 0,
                ..SHORT
            };
            let operations = right::<K>(&mut random, &length, &mut vec![K::State::default(); 2]);
            judge(&operations, true, &mut decided, &format!("{}, seed {seed}", K::NAME));
        }
        println!("{}: fast path and search alone decided {decided:?}", K::NAME);
        assert!(decided[1] > 5, "{}: {decided:?}", K::NAME);
    }
    for_every_object!(trial);
}

#[test]
fn a_contradiction_in_a_long_history_is_found_by_every_path() {
    // One client after the other brings the objects to a state that is known; then comes a small history that brute
    // force says cannot begin there; and then business as usual, which mends nothing.
    fn trial<K: Plain>() {
        let mut decided = [0; 2];
        let mut wrong = 0;
        for seed in 0..120 {
            let mut random = Random(seed);
            let few = [0, 3][seed as usize % 2];
            let mut world: [K::State; KEYS] = Default::default();
            let alone =
                Length { operations: 60, clients: 1, keys: KEYS as u64, few, unknown: 0, is_tame: few == 0 };
            let mut operations = right::<K>(&mut random, &alone, &mut world);
            let (core, _) = drawn::history::<K>(&mut random, 6);
            if oracle::is_linearizable_from(&core, &world) {
                continue;
            }
            let by = last(&operations) + 1;
            operations.extend(later(core, by));
            let by = last(&operations) + 1;
            let usual = Length { operations: 60, keys: KEYS as u64, few: 3, ..SHORT };
            operations.extend(later(right::<K>(&mut random, &usual, &mut world), by));
            judge(&operations, false, &mut decided, &format!("{}, seed {seed}", K::NAME));
            wrong += 1;
        }
        println!("{}: fast path and search alone decided {decided:?} of {wrong}", K::NAME);
        assert!(wrong > 20 && decided[1] > 10, "{}: {wrong}, {decided:?}", K::NAME);
    }
    for_every_object!(trial);
}
