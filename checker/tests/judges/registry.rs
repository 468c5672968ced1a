//! Registries with lists: the checker against brute force.

use std::collections::BTreeMap;

use checker::history::{History, Names, Operation, Outcome};
use checker::kv;
use checker::registry::{Kind, Output};

use crate::generated::Random;
use crate::objects::{Tally, agree, has_order, intervals, trials};

type Contents = BTreeMap<u64, u64>;

/// What a key is called, as the names below have it.
fn is_under(prefix: Option<u64>, key: u64) -> bool {
    match prefix {
        None => true,
        // "a" and "b": keys "a0", "a1" and "b0".
        Some(prefix) => (prefix == names_from(3)) == (key != names_from(2)),
    }
}

fn names_from(place: u64) -> u64 {
    Names::FIRST + place
}

fn named(operations: &[Operation<Kind>]) -> History<Kind> {
    let names = Names::new(["a0", "a1", "b0", "a", "b"].map(str::to_owned).to_vec());
    History::new(operations.to_vec()).expect("the test's history is valid").with_names(names)
}

/// The sequential specification once more, over plain values.
fn apply(operation: &Operation<Kind>, contents: &Contents) -> Option<Contents> {
    let mut after = contents.clone();
    let key = operation.key;
    let held = contents.get(&key).copied();
    let fits = match (operation.kind, &operation.outcome) {
        (Kind::List { prefix }, Outcome::Ok(Output::List(seen))) => {
            let mut seen = seen.clone();
            seen.sort_unstable();
            seen.into_iter().eq(contents
                .iter()
                .map(|(&key, &value)| (key, value))
                .filter(|&(key, _)| is_under(prefix, key)))
        }
        (Kind::List { .. }, _) => true,
        (Kind::Key(kv::Kind::Put { value }), _) => {
            after.insert(key, value);
            true
        }
        (Kind::Key(kv::Kind::Delete), _) => {
            after.remove(&key);
            true
        }
        (Kind::Key(kv::Kind::Get), outcome) => match outcome {
            Outcome::Ok(Output::Key(kv::Output::Value(seen))) => *seen == held,
            _ => true,
        },
        (Kind::Key(kv::Kind::Cas { expect, value }), outcome) => {
            if expect == held {
                after.insert(key, value);
            }
            match outcome {
                Outcome::Ok(Output::Key(kv::Output::Swapped)) => expect == held,
                Outcome::Ok(Output::Key(kv::Output::Differs(seen))) => expect != held && *seen == held,
                Outcome::Ok(_) => expect != held,
                _ => true,
            }
        }
    };
    fits.then_some(after)
}

/// A history that ran on a real registry at hidden instants, without positions.
fn ran(random: &mut Random, count: u64, values: u64, unknown_percent: u64) -> Vec<Operation<Kind>> {
    let mut contents = Contents::new();
    let spans = intervals(random, count);
    let mut operations = Vec::new();
    for (fresh, (call, ret)) in (1..).zip(spans) {
        let value = if values == 0 { fresh } else { random.below(values) };
        let key = names_from(random.below(3));
        let prefix = [None, None, Some(names_from(3)), Some(names_from(4))][random.below(4) as usize];
        let kind = match random.below(10) {
            0..4 => Kind::Key(kv::Kind::Put { value }),
            4 => Kind::Key(kv::Kind::Delete),
            5 => Kind::Key(kv::Kind::Cas { expect: contents.get(&key).copied(), value }),
            6 => Kind::Key(kv::Kind::Get),
            _ => Kind::List { prefix },
        };
        let is_unknown = random.percent(unknown_percent);
        let held = contents.get(&key).copied();
        let mut operation = Operation {
            client: call,
            key,
            call,
            ret: Some(ret),
            kind,
            outcome: Outcome::Unknown,
            position: None,
        };
        if !is_unknown || random.percent(60) {
            contents = apply(&operation, &contents).expect("nothing is known to have returned yet");
        }
        let seen =
            || contents.iter().map(|(&key, &value)| (key, value)).filter(|&(key, _)| is_under(prefix, key));
        let output = match kind {
            Kind::List { .. } => Output::List(seen().collect()),
            Kind::Key(kv::Kind::Get) => Output::Key(kv::Output::Value(held)),
            Kind::Key(kv::Kind::Cas { .. }) => Output::Key(kv::Output::Swapped),
            Kind::Key(_) => Output::Key(kv::Output::Done),
        };
        if !is_unknown {
            operation.outcome = Outcome::Ok(output);
        }
        operations.push(operation);
    }
    operations
}

/// Changes a history a little, so that it may become wrong.
fn disturb(random: &mut Random, operations: &mut [Operation<Kind>]) {
    let count = operations.len() as u64;
    let (left, right) = (random.below(count) as usize, random.below(count) as usize);
    match random.below(5) {
        0 => {
            let (call, ret) = (operations[left].call, operations[left].ret);
            (operations[left].call, operations[left].ret) = (operations[right].call, operations[right].ret);
            (operations[right].call, operations[right].ret) = (call, ret);
        }
        1 => operations[left].ret = Some(operations[left].call),
        2 => operations[left].call = operations[left].ret.unwrap(),
        3 => match &mut operations[left].outcome {
            Outcome::Ok(Output::List(seen)) if random.percent(50) => drop(seen.pop()),
            Outcome::Ok(Output::List(seen)) => seen.push((names_from(random.below(3)), random.below(count))),
            Outcome::Ok(Output::Key(kv::Output::Value(seen))) => *seen = Some(random.below(count)),
            _ => {}
        },
        _ => operations[left].outcome = Outcome::Unknown,
    }
}

#[test]
fn registries_get_the_verdict_of_brute_force() {
    for values in [0, 2] {
        let mut tally = Tally::default();
        for seed in trials(15_000) {
            let mut random = Random(seed);
            let count = 2 + random.below(6);
            let unknown_percent = [0, 0, 15, 40][random.below(4) as usize];
            let mut operations = ran(&mut random, count, values, unknown_percent);
            for _ in 0..random.below(5) {
                disturb(&mut random, &mut operations);
            }
            let expected = has_order(&operations, Contents::new(), &apply);
            agree(&named(&operations), expected, &mut tally);
        }
        println!("{values} values: {tally:?}");
        assert!(tally.ok > 3_000 && tally.illegal > 1_000, "both sides are seen: {tally:?}");
    }
}

fn put(call: u64, ret: u64, key: u64, value: u64) -> Operation<Kind> {
    let outcome = Outcome::Ok(Output::Key(kv::Output::Done));
    let kind = Kind::Key(kv::Kind::Put { value });
    Operation { client: call, key: names_from(key), call, ret: Some(ret), kind, outcome, position: None }
}

fn list(call: u64, ret: u64, seen: &[(u64, u64)]) -> Operation<Kind> {
    let entries = seen.iter().map(|&(key, value)| (names_from(key), value)).collect();
    let outcome = Outcome::Ok(Output::List(entries));
    Operation {
        client: call,
        key: 0,
        call,
        ret: Some(ret),
        kind: Kind::List { prefix: None },
        outcome,
        position: None,
    }
}

#[test]
fn a_list_from_two_instants_is_told_so_without_a_search() {
    // Each key by itself could have been read so; but the first value was gone before the second came.
    let operations = [put(1, 2, 0, 7), put(3, 20, 0, 8), put(21, 22, 1, 9), list(4, 30, &[(0, 7), (1, 9)])];
    let report = checker::linearizable(&named(&operations), crate::AMPLE);
    let checker::Verdict::Illegal { explanation } = report.verdict else { panic!("{:?}", report.verdict) };
    let found = explanation.sentence;
    assert!(
        found.starts_with("at no instant can all have been there that was returned by client 4's"),
        "{found}"
    );
    assert_eq!(report.counts.configurations, 0);
}

#[test]
fn two_lists_that_saw_two_puts_in_opposite_orders_contradict_each_other() {
    let operations = [put(1, 20, 0, 7), put(1, 20, 1, 9), list(2, 19, &[(0, 7)]), list(2, 19, &[(1, 9)])];
    assert!(checker::linearizable(&named(&operations), crate::AMPLE).verdict.is_illegal());
    assert!(checker::linearizable(&named(&operations[..3]), crate::AMPLE).verdict.is_ok());
}

#[test]
fn a_registry_history_survives_a_file() {
    let history = named(&[put(1, 20, 0, 7), list(2, 19, &[(0, 7)])]);
    let text = history.to_jsonl();
    assert!(
        text.contains(r#""kind":{"list":{}}"#) && text.contains(r#""kind":{"put":{"value":7}}"#),
        "{text}"
    );
    let back = History::<Kind>::from_jsonl(&text).expect("just written");
    assert_eq!(back.operations(), history.operations());
}

/// Puts to many keys and lists of all, at hidden instants; every value is a new one.
fn ran_wide(random: &mut Random, count: u64, keys: u64) -> Vec<Operation<Kind>> {
    let mut contents = Contents::new();
    let spans = intervals(random, count);
    let mut operations = Vec::new();
    for (value, (call, ret)) in (1..).zip(spans) {
        let key = random.below(keys);
        let (kind, output) = if random.percent(20) {
            let seen = contents.iter().map(|(&key, &value)| (key, value)).collect();
            (Kind::List { prefix: None }, Output::List(seen))
        } else if random.percent(30) {
            (Kind::Key(kv::Kind::Get), Output::Key(kv::Output::Value(contents.get(&key).copied())))
        } else {
            contents.insert(key, value);
            (Kind::Key(kv::Kind::Put { value }), Output::Key(kv::Output::Done))
        };
        let outcome = Outcome::Ok(output);
        operations.push(Operation { client: call, key, call, ret: Some(ret), kind, outcome, position: None });
    }
    operations
}

#[test]
fn a_registry_of_many_keys_takes_no_more_configurations_than_one_of_few() {
    // An order of two puts to one key is found out to be wrong by a read that may come much later; by then the other
    // keys have multiplied the ways. So a wrong order must not be taken up in the first place.
    for keys in [2, 20] {
        for seed in 0..20 {
            let operations = ran_wide(&mut Random(seed), 300, keys);
            let history = History::new(operations).expect("the test's history is valid");
            let report = checker::linearizable(&history, crate::AMPLE);
            assert!(report.verdict.is_ok(), "{:?}", report.verdict);
            assert!(report.counts.configurations < 1_000, "{keys} keys: {:?}", report.counts);
        }
    }
}
