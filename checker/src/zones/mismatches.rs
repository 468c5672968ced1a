//! Compare-and-sets that did not find what they expected, put into an order of everything else.

use super::clusters::made;
use crate::model::{Span, State};
use crate::register::{ABSENT, Action};

/// A place in an order: before the span with this index, or at the end.
#[derive(Clone, Copy, Debug)]
struct Gap {
    /// The latest call before it.
    latest_call: u64,
    /// The earliest end after it.
    earliest_end: u64,
    /// What is held there.
    state: State,
    /// The next gap where something else is held, if there is one.
    change: usize,
}

/// Inserts the mismatches, each as early as it can be, or gives up.
///
/// As early as can be leaves most room for the others: a mismatch changes nothing, and so all that it asks of another
/// is not to come before it if that was called after it had ended. Each comes after those, for they are dealt with by
/// call.
pub(super) fn insert(spans: &[Span<Action>], order: &[u32], mismatches: &[u32]) -> Option<Vec<u32>> {
    let gaps = gaps(spans, order);
    let span = |mismatch: &u32| &spans[*mismatch as usize];
    let mut by_call: Vec<u32> = mismatches.to_vec();
    by_call.sort_by_key(|mismatch| span(mismatch).call);
    // Places by end of the mismatch: those that ended before the one at hand, and the last place of any of them.
    let mut by_end: Vec<(u64, u32)> = mismatches.iter().map(|index| (end(span(index)), *index)).collect();
    by_end.sort_unstable();
    let mut ended = by_end.into_iter().peekable();
    let mut place_of = vec![0; spans.len()];
    let mut after = 0;
    let mut placed: Vec<(usize, u32)> = Vec::with_capacity(mismatches.len());
    for index in by_call {
        let Span { call, action: Action::Mismatch { expect }, .. } = *span(&index) else { unreachable!() };
        while let Some((_, before)) = ended.next_if(|&(end, _)| end < call) {
            after = after.max(place_of[before as usize]);
        }
        let first = gaps.partition_point(|gap| gap.earliest_end < call).max(after);
        let place = if gaps[first].state == expect { gaps[first].change } else { first };
        let is_possible = gaps.get(place).is_some_and(|gap| gap.latest_call <= end(span(&index)));
        if !is_possible {
            return None;
        }
        place_of[index as usize] = place;
        placed.push((place, index));
    }
    Some(merge(order, placed))
}

fn end(span: &Span<Action>) -> u64 {
    span.ret.unwrap_or(u64::MAX)
}

/// All places, from the first to the last.
fn gaps(spans: &[Span<Action>], order: &[u32]) -> Vec<Gap> {
    let mut gaps = Vec::with_capacity(order.len() + 1);
    let mut gap = Gap { latest_call: 0, earliest_end: u64::MAX, state: ABSENT, change: usize::MAX };
    gaps.push(gap);
    for &index in order {
        let span = &spans[index as usize];
        gap.latest_call = gap.latest_call.max(span.call);
        gap.state = made(&span.action).unwrap_or(gap.state);
        gaps.push(gap);
    }
    for place in (0..order.len()).rev() {
        let next = gaps[place + 1];
        let gap = &mut gaps[place];
        gap.earliest_end = next.earliest_end.min(end(&spans[order[place] as usize]));
        gap.change = if next.state == gap.state { next.change } else { place + 1 };
    }
    gaps
}

/// Puts what has a place before the span that is there; of two with the same place the first one first.
fn merge(order: &[u32], mut placed: Vec<(usize, u32)>) -> Vec<u32> {
    placed.sort_by_key(|&(place, _)| place);
    let mut placed = placed.into_iter().peekable();
    let mut merged = Vec::with_capacity(order.len() + placed.len());
    for place in 0..=order.len() {
        while let Some((_, mismatch)) = placed.next_if(|&(its_place, _)| its_place == place) {
            merged.push(mismatch);
        }
        merged.extend(order.get(place));
    }
    merged
}
