//! Keys that hold a value or nothing: the rules that clients see broken.

use crate::explain::story::{Scene, Told};
use crate::history::{Outcome, Value};
use crate::kv::{Kind, Output};

/// What a key holds.
type Held = Option<Value>;

/// The core of a contradiction on one key.
type On<'a, 'b> = &'a Scene<'b, Kind>;

/// Tells a contradiction on one key.
pub(crate) fn tell(scene: On) -> Option<Told> {
    let rules = [differs_from_itself, never_there, swapped_twice, overwritten, back_and_forth, two_at_once];
    rules.iter().find_map(|rule| rule(scene))
}

/// What the key holds afterwards, if the operation changes it.
fn makes(scene: On, index: usize) -> Option<Held> {
    let operation = scene.operation(index);
    match (operation.kind, operation.outcome) {
        (_, Outcome::Ok(Output::Differs(_) | Output::Mismatch)) | (Kind::Get, _) => None,
        (Kind::Put { value } | Kind::Cas { value, .. }, _) => Some(Some(value)),
        (Kind::Delete, _) => Some(None),
    }
}

/// What the key must have held for the operation to end as it did.
fn needs(scene: On, index: usize) -> Option<Held> {
    let operation = scene.operation(index);
    match (operation.kind, operation.outcome) {
        (_, Outcome::Ok(Output::Value(seen) | Output::Differs(seen))) => Some(seen),
        (Kind::Cas { expect, .. }, Outcome::Ok(Output::Swapped) | Outcome::Unknown) => Some(expect),
        _ => None,
    }
}

/// What the key held when the operation had taken effect.
fn shows(scene: On, index: usize) -> Option<Held> {
    makes(scene, index).or(needs(scene, index))
}

/// What may have made the key hold this before the end that cannot be placed, by calls.
fn makers(scene: On, held: Held) -> Vec<usize> {
    scene.by_call(scene.called_in_time().filter(|&index| makes(scene, index) == Some(held)))
}

/// Those of them that the core does not show.
fn beside(scene: On, operations: &[usize]) -> Vec<usize> {
    operations.iter().copied().filter(|index| !scene.core().contains(index)).collect()
}

/// "7", or "nothing".
fn name(scene: On, held: Held) -> String {
    scene.names().held(held)
}

/// A failed compare-and-set that found just what it expected.
fn differs_from_itself(scene: On) -> Option<Told> {
    let &[only] = scene.core() else { return None };
    let Kind::Cas { expect, .. } = scene.operation(only).kind else { return None };
    let is_itself = scene.operation(only).outcome == Outcome::Ok(Output::Differs(expect));
    is_itself.then(|| Told::plainly(format!("{}, which is just what it expected", scene.did(only))))
}

/// A value that nobody had written when it was found.
fn never_there(scene: On) -> Option<Told> {
    let &[only] = scene.core() else { return None };
    let needed = needs(scene, only)?;
    let what = name(scene, needed);
    if !makers(scene, needed).is_empty() {
        return None;
    }
    let later = scene.by_call(scene.all().filter(|&index| makes(scene, index) == Some(needed)));
    let (reason, beside) = match (later.first(), failed_writer(scene, needed)) {
        (Some(&later), _) => {
            (format!("{what} was written only after that had ended, by {}", scene.who(later)), vec![later])
        }
        (None, Some(failed)) => {
            (format!("{what} was never written: {} failed", scene.who(failed)), vec![failed])
        }
        (None, None) => (format!("nobody ever wrote {what}"), Vec::new()),
    };
    Some(Told { sentence: format!("{}, but {reason}", scene.did(only)), beside })
}

/// An operation that would have written this, and is known not to have happened.
fn failed_writer(scene: On, held: Held) -> Option<usize> {
    scene.failed().find(|&index| match scene.operation(index).kind {
        Kind::Put { value } | Kind::Cas { value, .. } => Some(value) == held,
        Kind::Get | Kind::Delete => false,
    })
}

/// Lost update: two compare-and-sets replaced one and the same write.
fn swapped_twice(scene: On) -> Option<Told> {
    let swaps: Vec<usize> = (scene.core().iter().copied())
        .filter(|&index| makes(scene, index).is_some() && needs(scene, index).is_some())
        .filter(|&index| makes(scene, index) != needs(scene, index))
        .collect();
    let &[one, two] = swaps.as_slice() else { return None };
    let needed = needs(scene, one)?;
    let makers = makers(scene, needed);
    if needs(scene, two) != Some(needed)
        || scene.core().iter().any(|index| ![one, two].contains(index) && !makers.contains(index))
    {
        return None;
    }
    let what = name(scene, needed);
    let once = match (needed, makers.as_slice()) {
        (None, []) => format!("{} held nothing only once, at the beginning", scene.key()),
        (Some(_), &[maker]) => format!("{what} was written only once, by {}", scene.who(maker)),
        _ => return None,
    };
    let sentence =
        format!("lost update: {} and {} both replaced {what}, but {once}", scene.who(one), scene.who(two),);
    Some(Told { sentence, beside: beside(scene, &makers) })
}

/// Stale: whatever wrote what was found had ended before something else was there, and that was before the operation
/// began.
fn overwritten(scene: On) -> Option<Told> {
    let last = scene.last();
    let needed = needs(scene, last)?;
    let makers = makers(scene, needed);
    let is_fence = |&fence: &usize| {
        shows(scene, fence).is_some_and(|shown| shown != needed)
            && scene.precedes(fence, last)
            && makers.iter().all(|&maker| scene.precedes(maker, fence))
    };
    let fence = scene.core().iter().copied().find(is_fence)?;
    if needed.is_some() && makers.is_empty() {
        return None;
    }
    let what = name(scene, needed);
    let noun = scene.operation(last).kind.noun();
    let had_been = had_been(scene, fence);
    let by = scene.who(fence);
    let sentence = match (needed, makers.as_slice()) {
        (None, []) => format!(
            "{}, but {had_been} before the {noun} began, by {by}, and {} was never deleted",
            scene.did(last),
            scene.key(),
        ),
        (Some(_), &[maker]) => format!(
            "{}, but {had_been} after {what} and before the {noun} began: {what} by {}, and then {by}",
            scene.did(last),
            scene.who(maker),
        ),
        (_, makers) => {
            let &latest = makers.iter().max_by_key(|&&maker| scene.operation(maker).ret)?;
            let writes = match (needed, makers.len()) {
                (None, 1) => "the only delete".to_owned(),
                (None, count) => format!("all {count} deletes"),
                (Some(_), 2) => format!("both writes of {what}"),
                (Some(_), count) => format!("all {count} writes of {what}"),
            };
            format!(
                "{}, but {had_been} before the {noun} began, by {by}, after {writes} had ended, the last of which was {}",
                scene.did(last),
                scene.who(latest),
            )
        }
    };
    Some(Told { sentence, beside: beside(scene, &makers) })
}

/// "9 had been written", "9 had been seen", "key 0 had been deleted".
fn had_been(scene: On, fence: usize) -> String {
    match (makes(scene, fence), needs(scene, fence)) {
        (Some(Some(value)), _) => format!("{} had been written", scene.names().value(value)),
        (Some(None), _) => format!("{} had been deleted", scene.key()),
        (None, Some(Some(value))) => format!("{} had been seen", scene.names().value(value)),
        (None, _) => format!("{} had been seen to hold nothing", scene.key()),
    }
}

/// Backward: one operation found `x`, a later one something else, and an even later one `x`, which was there once.
fn back_and_forth(scene: On) -> Option<Told> {
    let last = scene.last();
    let needed = needs(scene, last)?;
    let makers = makers(scene, needed);
    if scene.core().len() > 3 || makers.len() > usize::from(needed.is_some()) {
        return None;
    }
    let others = || scene.core().iter().copied().filter(|&index| index != last);
    let newer = others().find(|&index| {
        shows(scene, index).is_some_and(|shown| shown != needed) && scene.precedes(index, last)
    })?;
    let older =
        others().find(|&index| shows(scene, index) == Some(needed) && scene.precedes(index, newer))?;
    let what = name(scene, needed);
    let once = match makers.first() {
        Some(&maker) => format!("written only once, by {}", scene.who(maker)),
        None => "there only once, at the beginning".to_owned(),
    };
    let sentence = format!(
        "{} went backward: before it, {}, and before that, {}; {what} was {once}",
        scene.did(last),
        scene.did(newer),
        scene.did(older),
    );
    Some(Told { sentence, beside: beside(scene, &makers) })
}

/// A stretch of time in which a value that was written once must have been there.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    value: Held,
    /// The operation about it that ended first.
    first: usize,
    /// The operation about it that was called last.
    last: usize,
    from: u64,
    until: u64,
}

/// Two values, each written once, and the key must have held both at the same time.
fn two_at_once(scene: On) -> Option<Told> {
    let mut values: Vec<Held> =
        scene.core().iter().flat_map(|&index| [makes(scene, index), needs(scene, index)]).flatten().collect();
    values.sort_unstable();
    values.dedup();
    let stretches: Vec<Stretch> = values.into_iter().filter_map(|value| stretch(scene, value)).collect();
    let is_overlap = |left: &Stretch, right: &Stretch| left.from < right.until && right.from < left.until;
    let pairs = stretches
        .iter()
        .enumerate()
        .flat_map(|(place, left)| stretches[place + 1..].iter().map(move |right| (left, right)));
    let (left, right) = pairs.into_iter().find(|(left, right)| is_overlap(left, right))?;
    let sentence = format!(
        "{} must have held {} and {} at once, though each was written only once: {}; {}",
        scene.key(),
        name(scene, left.value),
        name(scene, right.value),
        in_words(scene, left),
        in_words(scene, right),
    );
    Some(Told::plainly(sentence))
}

fn in_words(scene: On, stretch: &Stretch) -> String {
    format!(
        "{} was there when {} and still when {}",
        name(scene, stretch.value),
        scene.did(stretch.first),
        scene.did(stretch.last),
    )
}

fn stretch(scene: On, value: Held) -> Option<Stretch> {
    if value.is_none() || makers(scene, value).len() != 1 {
        return None;
    }
    let about = || {
        let is_about = |&index: &usize| [makes(scene, index), needs(scene, index)].contains(&Some(value));
        scene.core().iter().copied().filter(is_about).filter(|&index| scene.operation(index).is_ok())
    };
    let first = about().min_by_key(|&index| scene.operation(index).ret)?;
    let last = about().max_by_key(|&index| scene.operation(index).call)?;
    let from = scene.operation(first).ret?;
    let until = scene.operation(last).call;
    (from < until).then_some(Stretch { value, first, last, from, until })
}
