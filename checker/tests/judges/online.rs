//! The checker that is fed event by event, against brute force on every prefix, and against the check of the whole.

use checker::online::{Handle, Online};
use checker::{Budget, Operation, Outcome, linearizable};

use crate::generated::{self, Random, Shape};
use crate::{AMPLE, at, cas, failed, get, history, oracle, put, unknown};
use checker::Output;

/// What is fed: a call or an end of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Call(usize),
    End(usize),
}

/// The events of a history in order of time; at one instant, calls first.
fn events(operations: &[Operation]) -> Vec<Event> {
    let calls = operations.iter().enumerate().map(|(index, operation)| (operation.call, Event::Call(index)));
    let ends = operations.iter().enumerate();
    let ends = ends.filter_map(|(index, operation)| operation.ret.map(|ret| (ret, Event::End(index))));
    let mut events: Vec<(u64, Event)> = calls.chain(ends).collect();
    events.sort();
    events.into_iter().map(|(_, event)| event).collect()
}

/// Feeds a history. How many events it took until the alarm, if there was one.
fn feed(operations: &[Operation]) -> (Option<usize>, Online) {
    let mut online = Online::new();
    let mut handles: Vec<Option<Handle>> = vec![None; operations.len()];
    for (fed, event) in events(operations).into_iter().enumerate() {
        match event {
            Event::Call(index) => {
                let Operation { client, key, call, kind, .. } = operations[index];
                handles[index] = Some(online.call(client, key, call, kind));
            }
            Event::End(index) => {
                let Operation { ret, outcome, position, .. } = operations[index];
                let handle = handles[index].expect("it was called");
                let alarm = online.end(handle, ret.expect("it ends"), outcome, position);
                if let Some(alarm) = alarm {
                    assert_eq!((alarm.operation, Some(alarm.time)), (handle, ret));
                    assert!(alarm.explanation.operation < online.operations().len());
                    return (Some(fed + 1), online);
                }
            }
        }
    }
    (None, online)
}

/// What is known after so many events. An end that only comes later is an unknown outcome.
fn prefix(operations: &[Operation], fed: usize) -> Vec<Operation> {
    let events = &events(operations)[..fed];
    let known = |(index, operation): (usize, &Operation)| {
        let is_called = events.contains(&Event::Call(index));
        let is_ended = events.contains(&Event::End(index));
        let open = Operation { ret: None, outcome: Outcome::Unknown, position: None, ..*operation };
        is_called.then_some(if is_ended { *operation } else { open })
    };
    operations.iter().enumerate().filter_map(known).collect()
}

/// The shortest prefix that brute force finds illegal.
fn first_illegal(operations: &[Operation]) -> Option<usize> {
    let count = events(operations).len();
    (1..=count).find(|&fed| !oracle::is_linearizable(&prefix(operations, fed)))
}

#[test]
fn the_alarm_comes_at_the_first_illegal_prefix_of_any_small_history() {
    // Junk positions, values written twice, ties in time, failures: everything that makes the running witness useless.
    // Nothing but the earliest moment is right, and never one too early.
    let mut alarms = 0;
    for seed in 0..6_000 {
        let mut random = Random(seed);
        let values = [0, 2, 3][seed as usize % 3];
        let operations = generated::anything(&mut random, 2 + seed % 5, values);
        let (alarm, _) = feed(&operations);
        assert_eq!(alarm, first_illegal(&operations), "seed {seed}: {operations:#?}");
        alarms += u64::from(alarm.is_some());
    }
    assert!((1_000..5_000).contains(&alarms), "{alarms} alarms");
}

/// A good history of a few operations whose positions are right, in a form that brute force can judge.
fn small(seed: u64, unknown: u64) -> Vec<Operation> {
    let shape = Shape { operations: 7, clients: 4, keys: 1, values: 0, unknown, deletes: 20 };
    generated::linearizable(seed, shape)
}

#[test]
fn one_wrong_answer_is_noticed_when_it_comes_and_not_before() {
    // Positions are right but for what was changed, so that the running witness carries most of the weight.
    let mut alarms = 0;
    for seed in 0..4_000 {
        let mut operations = small(seed, 25);
        let mut random = Random(seed);
        let place = random.below(7) as usize;
        let value = Some(random.below(7)).filter(|&value| value > 0);
        match &mut operations[place].outcome {
            Outcome::Ok(Output::Value(seen) | Output::Differs(seen)) => *seen = value,
            outcome => *outcome = Outcome::Failed,
        }
        let late = operations[place].call + 30;
        operations[place].ret.get_or_insert(late);
        let (alarm, _) = feed(&operations);
        assert_eq!(alarm, first_illegal(&operations), "seed {seed}: {operations:#?}");
        alarms += u64::from(alarm.is_some());
    }
    assert!((500..3_500).contains(&alarms), "{alarms} alarms");
}

#[test]
fn a_good_history_with_true_positions_is_proven_by_its_running_witness() {
    // The danger: a checker that is in doubt all the time, and so pays for a search at every answer.
    for seed in 0..200 {
        let shape =
            Shape { operations: 400, clients: 8, keys: 3, values: 0, unknown: 5 * (seed % 3), deletes: 10 };
        let (alarm, online) = feed(&generated::linearizable(seed, shape));
        assert_eq!(alarm, None, "seed {seed}");
        assert!(online.is_proven(), "seed {seed}");
    }
}

#[test]
fn the_alarm_of_a_long_history_is_where_the_check_of_prefixes_turns() {
    let mut alarms = 0;
    for seed in 0..60 {
        let shape = Shape { operations: 120, clients: 6, keys: 2, values: 0, unknown: 5, deletes: 5 };
        let mut operations = generated::linearizable(seed, shape);
        let mut random = Random(seed);
        let reads = operations.iter_mut().filter(|o| matches!(o.outcome, Outcome::Ok(Output::Value(_))));
        let mut reads: Vec<&mut Operation> = reads.collect();
        let (one, other) = (random.below(reads.len() as u64), random.below(reads.len() as u64));
        // A read returns what another one saw: what was there before, or what comes.
        let seen = reads[other as usize].outcome;
        reads[one as usize].outcome = seen;
        let is_illegal =
            |fed: usize| linearizable(&history(&prefix(&operations, fed)), AMPLE).verdict.is_illegal();
        let (alarm, online) = feed(&operations);
        match alarm {
            Some(fed) => assert!(is_illegal(fed) && !is_illegal(fed - 1), "seed {seed}"),
            None => assert!(!is_illegal(events(&operations).len()), "seed {seed}"),
        }
        if let Some(fed) = alarm {
            assert_eq!(online.operations().len(), prefix(&operations, fed).len());
        }
        alarms += u64::from(alarm.is_some());
    }
    assert!((15..60).contains(&alarms), "{alarms} alarms");
}

#[test]
fn a_read_may_tell_of_an_open_put_and_of_a_lost_chain() {
    // The answers to two puts and a compare-and-set are lost; reads tell of what they did, one after the other.
    let operations = [
        unknown(put(0, 9, 1)),
        unknown(cas(1, 9, Some(1), 2, Output::Swapped)),
        at(2, get(10, 11, Some(2))),
        at(5, put(12, 30, 3)),
        at(5, get(13, 20, Some(3))),
    ];
    let (alarm, online) = feed(&operations);
    assert_eq!((alarm, online.is_proven()), (None, true));
}

#[test]
fn a_value_that_is_seen_and_then_known_not_to_be_written_is_an_alarm() {
    let operations = [failed(put(0, 9, 1)), at(1, get(2, 3, Some(1)))];
    let (alarm, _) = feed(&operations);
    assert_eq!(alarm, Some(4), "the end of the put is the contradiction");
}

#[test]
fn what_is_too_hard_is_left_to_the_final_check() {
    // Puts of two values all at once, reads between them, and positions that help nobody: each answer would be a
    // search. The danger is an alarm that is only a guess, or a run that never ends.
    let mut operations = Vec::new();
    for round in 0..400 {
        let from = 100 * round;
        operations.extend((0..6).map(|n| put(from + n, from + 90 - n, n % 2)));
        operations.push(get(from + 10, from + 95, Some(round % 2)));
    }
    let (alarm, online) = feed(&operations);
    assert_eq!((alarm, online.is_proven()), (None, false));
    assert!(linearizable(&history(&operations), Budget::default()).verdict.is_ok());
}
