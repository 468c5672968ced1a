//! Brute force for the weaker promises: every log, every prefix. Shares no code with the checkers.

use checker::{Kind, Operation, Outcome, Output};

/// Whether some log explains the history: updates with positions in that order, those without anywhere (or nowhere
/// if of unknown outcome), and a prefix for each read; monotone in program order if `sequential`.
pub(crate) fn is_explained_by_a_log(operations: &[Operation], sequential: bool) -> bool {
    let is_logged = |o: &&Operation| {
        let changes = !matches!(o.outcome, Outcome::Ok(Output::Differs(_) | Output::Mismatch));
        o.kind != Kind::Get && o.outcome != Outcome::Failed && (o.position.is_some() || changes)
    };
    let mut log: Vec<&Operation> =
        operations.iter().filter(is_logged).filter(|o| o.position.is_some()).collect();
    log.sort_by_key(|o| o.position);
    let loose: Vec<&Operation> =
        operations.iter().filter(is_logged).filter(|o| o.position.is_none()).collect();
    let all: Vec<&Operation> = operations.iter().filter(|o| matches!(o.outcome, Outcome::Ok(_))).collect();
    insert(&mut log, &loose, &all, sequential)
}

fn insert<'a>(
    log: &mut Vec<&'a Operation>,
    loose: &[&'a Operation],
    all: &[&'a Operation],
    sequential: bool,
) -> bool {
    let Some((&first, rest)) = loose.split_first() else { return explains(log, all, sequential) };
    if first.outcome == Outcome::Unknown && insert(log, rest, all, sequential) {
        return true;
    }
    for place in 0..=log.len() {
        log.insert(place, first);
        let is_found = insert(log, rest, all, sequential);
        log.remove(place);
        if is_found {
            return true;
        }
    }
    false
}

fn explains(log: &[&Operation], all: &[&Operation], sequential: bool) -> bool {
    let states = |key: u64, prefix: usize| {
        let mut state = None;
        for entry in log[..prefix].iter().filter(|entry| entry.key == key) {
            state = apply(entry, state).unwrap_or(state);
        }
        state
    };
    for (place, entry) in log.iter().enumerate() {
        let is_ok = matches!(entry.outcome, Outcome::Ok(_));
        if is_ok && apply(entry, states(entry.key, place)).is_none() {
            return false;
        }
        if is_ok && log[..place].iter().any(|before| before.call > entry.ret.unwrap()) {
            return false;
        }
    }
    // The candidates for each operation, then all combinations.
    let candidates: Vec<Vec<usize>> = (all.iter())
        .map(|o| match log.iter().position(|entry| std::ptr::eq(*entry, *o)) {
            Some(place) => vec![place + 1],
            None => (0..=log.len())
                .filter(|&prefix| log[..prefix].iter().all(|entry| entry.call <= o.ret.unwrap()))
                .filter(|&prefix| apply(o, states(o.key, prefix)).is_some())
                .collect(),
        })
        .collect();
    if !sequential {
        return candidates.iter().all(|prefixes| !prefixes.is_empty());
    }
    combine(all, &candidates, &mut Vec::new())
}

fn combine(all: &[&Operation], candidates: &[Vec<usize>], chosen: &mut Vec<usize>) -> bool {
    let next = chosen.len();
    if next == all.len() {
        return true;
    }
    for &prefix in &candidates[next] {
        let fits = (0..next).all(|earlier| {
            let (left, right) = (all[earlier], all[next]);
            let same = left.client == right.client;
            let is_wrong = same && left.ret.unwrap() < right.call && chosen[earlier] > prefix
                || same && right.ret.unwrap() < left.call && prefix > chosen[earlier];
            !is_wrong
        });
        if fits {
            chosen.push(prefix);
            if combine(all, candidates, chosen) {
                return true;
            }
            chosen.pop();
        }
    }
    false
}

/// The state afterwards, or `None` if the operation cannot have ended as it did.
fn apply(operation: &Operation, state: Option<u64>) -> Option<Option<u64>> {
    match (operation.kind, operation.outcome) {
        (Kind::Put { value }, _) => Some(Some(value)),
        (Kind::Delete, _) => Some(None),
        (Kind::Get, Outcome::Ok(Output::Value(seen))) => (seen == state).then_some(state),
        (Kind::Get, _) => Some(state),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Differs(seen))) => {
            (seen == state && expect != state).then_some(state)
        }
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Mismatch)) => (expect != state).then_some(state),
        (Kind::Cas { expect, value }, _) => (expect == state).then_some(Some(value)),
    }
}
