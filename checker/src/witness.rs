//! Orders as evidence: proposing one from delivery positions, and verifying any.
//!
//! An order of the operations proves a history linearizable if it respects real time and the sequential
//! specification; where the order came from does not matter. So positions need no trust: a wrong one makes the proof
//! fail, never a wrong history pass.

use crate::model::{Model, Span};

/// The spans by delivery position, or `None` if one that is known to have happened has no position. A span of unknown
/// outcome without a position is left out: perhaps it never happened.
///
/// A read comes after the update at its position. Spans with equal places go by their calls: of two such, one that
/// ended before the other began was also called before it.
pub fn by_position<A>(spans: &[Span<A>], hint: impl Fn(usize) -> Option<(u64, bool)>) -> Option<Vec<u32>> {
    let mut places = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        match hint(index) {
            Some((position, is_read)) => places.push((position, is_read, span.call, index)),
            None if span.ret.is_none() => {}
            None => return None,
        }
    }
    places.sort_unstable();
    Some(places.into_iter().map(|(_, _, _, index)| index as u32).collect())
}

/// Why an order proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The span ended before an earlier one in the order was called.
    RealTime(usize),
    /// The span cannot happen in the state that the ones before it leave.
    Specification(usize),
    /// The span comes twice.
    Twice(usize),
    /// The span is known to have happened and is not in the order.
    Missing(usize),
}

/// Checks that the order proves the spans linearizable.
///
/// Real time: no span may end before one that precedes it in the order was called, so it is enough to compare each
/// end with the latest call so far. A span of unknown outcome that cannot happen where it stands is skipped.
pub fn verify<M: Model>(model: &mut M, spans: &[Span<M::Action>], order: &[u32]) -> Result<(), Flaw> {
    let mut seen = vec![false; spans.len()];
    let mut state = model.initial();
    let mut call_latest = 0;
    for &index in order {
        let index = index as usize;
        let span = &spans[index];
        if std::mem::replace(&mut seen[index], true) {
            return Err(Flaw::Twice(index));
        }
        match (model.step(state, &span.action), span.ret) {
            (Some(next), _) => state = next,
            (None, None) => continue,
            (None, Some(_)) => return Err(Flaw::Specification(index)),
        }
        if span.ret.is_some_and(|ret| ret < call_latest) {
            return Err(Flaw::RealTime(index));
        }
        call_latest = call_latest.max(span.call);
    }
    match (0..spans.len()).find(|&index| spans[index].ret.is_some() && !seen[index]) {
        Some(index) => Err(Flaw::Missing(index)),
        None => Ok(()),
    }
}

/// The order without the spans of unknown outcome that cannot happen where they stand: what [`verify`] skips.
pub fn happening<M: Model>(model: &mut M, spans: &[Span<M::Action>], order: &[u32]) -> Vec<u32> {
    let mut state = model.initial();
    let happens = |&&index: &&u32| {
        let next = model.step(state, &spans[index as usize].action);
        state = next.unwrap_or(state);
        next.is_some()
    };
    order.iter().filter(happens).copied().collect()
}
