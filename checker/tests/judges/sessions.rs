//! Session guarantees and bounded staleness: against brute force over all logs and all prefixes, against each other, and
//! one story each.

use checker::{
    Kind, Operation, Outcome, Output, Report, Verdict, bounded_staleness, linearizable, monotonic_reads,
    read_your_writes, sequential, stale,
};

use crate::generated::{self, Random, Shape};
use crate::{AMPLE, at, cas, get, history, of, on, put, unknown};

/// Whether the prefix of the first operation must not be longer than that of the second.
type Rule<'a> = &'a dyn Fn(&Operation, &Operation) -> bool;

fn is_known(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Ok(_))
}

fn is_write(operation: &Operation) -> bool {
    is_known(operation) && matches!(operation.outcome, Outcome::Ok(Output::Done | Output::Swapped))
}

fn before(left: &Operation, right: &Operation) -> bool {
    left.ret.unwrap() < right.call
}

fn same(left: &Operation, right: &Operation) -> bool {
    left.client == right.client && before(left, right)
}

const SEQUENTIAL: Rule = &|left, right| same(left, right);
const MONOTONIC_READS: Rule = &|left, right| same(left, right) && !is_write(left) && !is_write(right);
const READ_YOUR_WRITES: Rule = &|left, right| same(left, right) && is_write(left) && !is_write(right);
const FRESH: Rule = &|left, right| before(left, right);
const STALE: Rule = &|_, _| false;

/// Brute force: whether some log and some prefixes explain the history. Updates with positions stand in their order,
/// the others anywhere, or nowhere if of unknown outcome.
fn is_explained(operations: &[Operation], rule: Rule) -> bool {
    let changes = |o: &Operation| !matches!(o.outcome, Outcome::Ok(Output::Differs(_) | Output::Mismatch));
    let updates = operations.iter().filter(|o| o.kind != Kind::Get && o.outcome != Outcome::Failed);
    let (placed, loose): (Vec<&Operation>, Vec<&Operation>) =
        updates.filter(|o| o.position.is_some() || changes(o)).partition(|o| o.position.is_some());
    let mut log = placed;
    log.sort_by_key(|o| o.position);
    if log.windows(2).any(|pair| pair[0].position == pair[1].position) {
        return false;
    }
    let known: Vec<&Operation> = operations.iter().filter(|o| is_known(o)).collect();
    some_log(&mut log, &loose, &known, rule)
}

fn some_log<'a>(
    log: &mut Vec<&'a Operation>,
    loose: &[&'a Operation],
    known: &[&'a Operation],
    rule: Rule,
) -> bool {
    let Some((&first, rest)) = loose.split_first() else { return some_prefixes(log, known, rule) };
    if !is_known(first) && some_log(log, rest, known, rule) {
        return true;
    }
    (0..=log.len()).any(|place| {
        log.insert(place, first);
        let is_found = some_log(log, rest, known, rule);
        log.remove(place);
        is_found
    })
}

/// What one operation makes of a state, and whether it can have ended as it did.
fn step(operation: &Operation, state: Option<u64>) -> (Option<u64>, bool) {
    match (operation.kind, operation.outcome) {
        (Kind::Put { value }, _) => (Some(value), true),
        (Kind::Delete, _) => (None, true),
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => (state, seen == state),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Differs(seen))) => {
            (state, seen == state && expect != state)
        }
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Mismatch)) => (state, expect != state),
        (Kind::Cas { expect, value }, Outcome::Ok(_)) => (Some(value), expect == state),
        (Kind::Cas { expect, value }, _) => (if expect == state { Some(value) } else { state }, true),
        (Kind::Get, _) => (state, true),
    }
}

fn some_prefixes(log: &[&Operation], known: &[&Operation], rule: Rule) -> bool {
    let state = |key: u64, prefix: usize| {
        let on_key = log[..prefix].iter().filter(|o| o.key == key);
        on_key.fold(None, |state, operation| step(operation, state).0)
    };
    let stands = |place: usize| {
        let fits = step(log[place], state(log[place].key, place)).1;
        fits && !log[..place].iter().any(|o| is_known(log[place]) && before(log[place], o))
    };
    if !(0..log.len()).all(stands) {
        return false;
    }
    let prefixes = |o: &&Operation| -> Vec<usize> {
        match log.iter().position(|entry| std::ptr::eq(*entry, *o)) {
            Some(place) => vec![place + 1],
            None => (0..=log.len())
                .filter(|&prefix| log[..prefix].iter().all(|entry| entry.call <= o.ret.unwrap()))
                .filter(|&prefix| step(o, state(o.key, prefix)).1)
                .collect(),
        }
    };
    let prefixes: Vec<Vec<usize>> = known.iter().map(prefixes).collect();
    choose(known, &prefixes, &mut Vec::new(), rule)
}

fn choose(known: &[&Operation], prefixes: &[Vec<usize>], chosen: &mut Vec<usize>, rule: Rule) -> bool {
    let next = chosen.len();
    next == known.len()
        || prefixes[next].iter().any(|&prefix| {
            let fits = (0..next).all(|other| {
                !(rule(known[other], known[next]) && prefix < chosen[other]
                    || rule(known[next], known[other]) && chosen[other] < prefix)
            });
            chosen.push(prefix);
            let is_found = fits && choose(known, prefixes, chosen, rule);
            chosen.pop();
            is_found
        })
}

/// A history of a few operations by two clients: a good one, of which some reads then return something else.
fn small(seed: u64) -> Vec<Operation> {
    let shape = Shape { operations: 6, clients: 2, keys: 1 + seed % 2, values: 0, unknown: 15, deletes: 15 };
    let mut operations = generated::linearizable(seed, shape);
    let mut random = Random(seed ^ 77);
    for operation in &mut operations {
        if let Outcome::Ok(Output::Value(seen)) = &mut operation.outcome
            && random.percent(50)
        {
            *seen = Some(random.below(5)).filter(|&value| value > 0);
        }
        if let Kind::Get = operation.kind
            && random.percent(50)
        {
            operation.client = random.below(2);
        }
    }
    operations
}

/// The same without positions: a history of another system.
fn foreign(seed: u64) -> Vec<Operation> {
    generated::without_hints(&small(seed))
}

/// Junk by two clients.
fn junk(seed: u64) -> Vec<Operation> {
    let mut random = Random(seed);
    let mut operations = generated::anything(&mut random, 2 + seed % 4, [0, 2][seed as usize % 2]);
    operations.iter_mut().for_each(|operation| operation.client = random.below(2));
    operations
}

/// Holds a checker against brute force. How often it said ok, illegal, unknown.
fn compare(
    make: &dyn Fn(u64) -> Vec<Operation>,
    check: &dyn Fn(&[Operation]) -> Report,
    rule: Rule,
) -> [u64; 3] {
    let mut counts = [0; 3];
    for seed in 0..1_500 {
        let operations = make(seed);
        let verdict = check(&operations).verdict;
        let explained = is_explained(&operations, rule);
        match verdict {
            Verdict::Ok { .. } => assert!(explained, "seed {seed}: {operations:#?}"),
            Verdict::Illegal { .. } => assert!(!explained, "seed {seed}: {verdict:?} {operations:#?}"),
            _ => {}
        }
        let place = match verdict {
            Verdict::Ok { .. } => 0,
            Verdict::Illegal { .. } => 1,
            _ => 2,
        };
        counts[place] += 1;
    }
    counts
}

#[test]
fn every_promise_agrees_with_brute_force() {
    let late = |bound: u64| move |left: &Operation, right: &Operation| left.ret.unwrap() + bound < right.call;
    let (late_5, late_40) = (late(5), late(40));
    type Check = Box<dyn Fn(&[Operation]) -> Report>;
    let checks: [(Check, Rule, &str); 7] = [
        (Box::new(|o| stale(&history(o))), STALE, "stale"),
        (Box::new(|o| sequential(&history(o))), SEQUENTIAL, "sequential"),
        (Box::new(|o| monotonic_reads(&history(o))), MONOTONIC_READS, "monotonic reads"),
        (Box::new(|o| read_your_writes(&history(o))), READ_YOUR_WRITES, "read your writes"),
        (Box::new(|o| bounded_staleness(&history(o), 0)), FRESH, "bounded by nothing"),
        (Box::new(|o| bounded_staleness(&history(o), 5)), &late_5, "bounded by 5"),
        (Box::new(|o| bounded_staleness(&history(o), 40)), &late_40, "bounded by 40"),
    ];
    for (check, rule, name) in &checks {
        let counts =
            [compare(&small, check, *rule), compare(&foreign, check, *rule), compare(&junk, check, *rule)];
        for (counts, what) in counts.iter().zip(["positions", "none", "junk"]) {
            assert!(counts[1] > 100, "{name}, {what}: {counts:?}");
        }
        // Positions leave no doubt but about updates that nobody placed; without them there is an order now and then.
        assert!(counts[0][0] > 100 && counts[0][2] < 200, "{name}: {counts:?}");
        assert!(counts[1][0] > 30, "{name}, without positions: {counts:?}");
    }
}

#[test]
fn the_stronger_promise_implies_the_weaker_one() {
    let mut only_weaker = [0; 4];
    for seed in 0..3_000 {
        let operations = small(seed);
        let history = history(&operations);
        let is_ok = |report: Report| report.verdict.is_ok();
        let fresh = is_ok(bounded_staleness(&history, 0));
        let in_order = is_ok(sequential(&history));
        let sessions = [is_ok(monotonic_reads(&history)), is_ok(read_your_writes(&history))];
        let any = is_ok(stale(&history));
        assert!(!fresh || is_ok(linearizable(&history, AMPLE)), "seed {seed}: an order is a proof");
        assert!(!fresh || in_order, "seed {seed}");
        assert!(!in_order || sessions == [true; 2], "seed {seed}");
        assert!(sessions == [false; 2] || any, "seed {seed}");
        let bounds = [0, 1, 10, 100, u64::MAX].map(|bound| is_ok(bounded_staleness(&history, bound)));
        assert!(bounds.is_sorted(), "seed {seed}: a longer bound promises less");
        assert_eq!(bounds[4], any, "seed {seed}: without end it promises nothing more");
        let steps =
            [!fresh && in_order, !in_order && sessions[0], !in_order && sessions[1], !sessions[0] && any];
        (0..4).for_each(|step| only_weaker[step] += u64::from(steps[step]));
    }
    assert!(only_weaker.iter().all(|&count| count > 10), "{only_weaker:?}: each step is one");
}

/// Which promises hold: monotonic reads, read your writes, staleness bounded by 10.
fn hold(operations: &[Operation]) -> [bool; 3] {
    let history = history(operations);
    let reports = [monotonic_reads(&history), read_your_writes(&history), bounded_staleness(&history, 10)];
    reports.map(|report| {
        assert!(!report.verdict.is_unknown());
        report.verdict.is_ok()
    })
}

/// Two puts of client 1, soon after each other.
fn two_puts() -> [Operation; 2] {
    [of(1, at(1, put(0, 1, 5))), of(1, at(2, put(2, 3, 7)))]
}

fn with(more: &[Operation]) -> Vec<Operation> {
    [&two_puts()[..], more].concat()
}

#[test]
fn each_promise_is_broken_by_itself() {
    let backward = [of(3, get(4, 5, Some(7))), of(3, get(6, 7, Some(5)))];
    assert_eq!(hold(&with(&backward)), [false, true, true]);
    let forgets_itself = [of(1, get(4, 5, Some(5)))];
    assert_eq!(hold(&with(&forgets_itself)), [true, false, true]);
    let late = [of(2, get(14, 15, Some(5)))];
    assert_eq!(hold(&with(&late)), [true, true, false]);
    // At the very bound it may still be missed: three, and ten, and not more.
    let in_time = [of(2, get(13, 15, Some(5)))];
    assert_eq!(hold(&with(&in_time)), [true; 3]);
    // A read tells of a state as well as an acknowledgment does.
    let told = [of(1, at(1, put(0, 50, 5))), of(2, get(1, 2, Some(5))), of(3, get(14, 15, None))];
    assert_eq!(hold(&told), [true, true, false]);
}

#[test]
fn a_session_guarantee_reaches_across_keys() {
    // Key 2 was written after key 1. Whoever has seen key 2 has seen a state that holds key 1.
    let puts = [of(1, at(1, on(1, put(0, 1, 5)))), of(1, at(2, on(2, put(2, 3, 7))))];
    let reads = [of(3, on(2, get(4, 5, Some(7)))), of(3, on(1, get(6, 7, None)))];
    assert_eq!(hold(&[puts, reads].concat()), [false, true, true]);
}

#[test]
fn a_violation_names_the_operations_and_says_which_is_older() {
    let sentence = |report: Report| match report.verdict {
        Verdict::Illegal { explanation } => (explanation.sentence, explanation.core),
        verdict => panic!("{verdict:?}"),
    };
    let backward = history(&with(&[of(3, get(4, 5, Some(7))), of(3, get(6, 7, Some(5)))]));
    assert_eq!(
        sentence(monotonic_reads(&backward)),
        (
            "client 3's get of key 0 (called at 6, ended at 7), which returned 5, which is older than client 1's put of \
             7 to key 0 (called at 2, ended at 3), which was acknowledged; and client 3's get of key 0 (called at 4, \
             ended at 5), which returned 7, before it in the same session, shows a log that holds it"
                .to_owned(),
            vec![1, 2, 3]
        )
    );
    let forgets_itself = history(&with(&[of(1, get(4, 5, Some(5)))]));
    assert_eq!(
        sentence(read_your_writes(&forgets_itself)),
        (
            "client 1's get of key 0 (called at 4, ended at 5), which returned 5, which is older than client 1's put of \
             7 to key 0 (called at 2, ended at 3), which was acknowledged, of the same client, before it"
                .to_owned(),
            vec![1, 2]
        )
    );
}

#[test]
fn values_written_once_give_the_order_where_there_is_only_one() {
    let one_after_the_other = [of(1, put(0, 1, 5)), of(2, put(2, 3, 7)), of(3, get(4, 5, Some(7)))];
    let backward = [&one_after_the_other[..], &[of(3, get(6, 7, Some(5)))]].concat();
    assert!(monotonic_reads(&history(&one_after_the_other)).verdict.is_ok());
    assert!(monotonic_reads(&history(&backward)).verdict.is_illegal());
    // A compare-and-set stands behind what it replaced, and a lost put before whoever was called after its reader.
    let swapped = [of(1, put(0, 9, 5)), of(2, cas(1, 8, Some(5), 7, Output::Swapped))];
    let lost = [unknown(of(1, put(0, 9, 5))), of(4, get(1, 2, Some(5))), of(2, put(3, 4, 7))];
    let reads = [of(3, get(10, 11, Some(7))), of(3, get(12, 13, Some(5)))];
    for updates in [&swapped[..], &lost[..]] {
        assert!(monotonic_reads(&history(&[updates, &reads[..1]].concat())).verdict.is_ok());
        assert!(monotonic_reads(&history(&[updates, &reads[..]].concat())).verdict.is_illegal());
    }
    // Two puts at once: either may be the older one.
    let at_once = [of(1, put(0, 9, 5)), of(2, put(1, 8, 7))];
    assert!(monotonic_reads(&history(&[&at_once[..], &reads[..]].concat())).verdict.is_unknown());
    // What nobody ever wrote needs no order to be wrong.
    let unwritten = [of(3, get(10, 11, Some(8)))];
    assert!(monotonic_reads(&history(&[&at_once[..], &unwritten].concat())).verdict.is_illegal());
}
