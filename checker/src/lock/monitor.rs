//! Decides locks in O(n log n).
//!
//! Tokens increase from grant to grant, so they tell the order of the holds. That leaves *when* they were, between an
//! earliest and a latest moment each ([`schedule`](super::schedule)):
//! - Who found the lock held needs long holds, and all of them can be as long as possible at once. If even then the
//!   lock was free all the while, that is a contradiction.
//! - Who found the lock not held with a token needs that hold to be short, and all can be as short as possible at once.
//!   If even then the token was held all the while, that is a contradiction.
//! - Otherwise the holds that somebody needs to be short are made so, and the others long. If that does not explain
//!   everybody, the history is handed over: it is a rare one.
//!
//! Unknown outcomes:
//! - A release or an end of session ended the hold if nobody else is known to have; which one does not matter, the one
//!   called first is best.
//! - An acquire was granted the token that somebody gave back and that nobody was told; in the order of tokens and of
//!   calls. One more may hold the lock for ever, after all others. If it may have been granted a token that only
//!   operations of unknown outcome name, and only that would explain why the lock was found held, the history is handed
//!   over; and so it is if only a grant that was cut off would explain it.

use crate::lock::Token;
use crate::lock::model::{Action, Lock};
use crate::lock::schedule::{Event, Holds, NEVER, NONE, held_during};
use crate::lock::words;
use crate::model::{Contradiction, Monitored, Span};

/// The spans of a lock by what they say.
#[derive(Default)]
struct Sorted {
    granted: Vec<(Token, u32)>,
    /// Grants that were cut off before their ends.
    may_be_granted: Vec<(Token, u32)>,
    ended: Vec<(Token, u32)>,
    /// Ends of unknown outcome: token, call, span.
    may_end: Vec<(Token, u64, u32)>,
    /// Acquires of unknown outcome: call, span.
    acquires: Vec<(u64, u32)>,
    busy: Vec<u32>,
    not_held: Vec<(Token, u32)>,
}

/// Decides the spans of a lock.
pub(super) fn decide(lock: &Lock, spans: &[Span<Action>], want_order: bool) -> Monitored {
    let sorted = sort(spans);
    let found =
        holds(lock, spans, &sorted).and_then(|(holds, is_all)| explain(spans, &sorted, &holds, is_all));
    match found {
        Ok(Some(mut steps)) => {
            let order = || {
                steps.sort_unstable();
                steps.into_iter().map(|(_, _, span)| span).collect()
            };
            Monitored::Ok { order: want_order.then(order) }
        }
        Ok(None) => Monitored::HandOver,
        Err(contradiction) => Monitored::Illegal(contradiction),
    }
}

fn sort(spans: &[Span<Action>]) -> Sorted {
    let mut sorted = Sorted::default();
    for (index, span) in (0..).zip(spans) {
        let is_known = span.ret.is_some();
        match span.action {
            Action::Granted(token) if is_known => sorted.granted.push((token, index)),
            Action::Granted(token) => sorted.may_be_granted.push((token, index)),
            Action::Ended(token) if is_known => sorted.ended.push((token, index)),
            Action::Ended(token) | Action::End(token) => sorted.may_end.push((token, span.call, index)),
            Action::Acquire => sorted.acquires.push((span.call, index)),
            // Who may not have looked says nothing.
            Action::Busy | Action::NotHeld(_) | Action::NotUnseen(_) if !is_known => {}
            Action::Busy => sorted.busy.push(index),
            Action::NotHeld(token) | Action::NotUnseen(token) => sorted.not_held.push((token, index)),
            Action::Accepted(_) | Action::Refused(_) | Action::Use(_) => {
                unreachable!("a store is another part")
            }
        }
    }
    sorted.granted.sort_unstable();
    sorted.ended.sort_unstable();
    sorted.may_end.sort_unstable();
    sorted.acquires.sort_unstable();
    sorted
}

/// The holds, and whether there can have been no other.
fn holds(lock: &Lock, spans: &[Span<Action>], sorted: &Sorted) -> Result<(Holds, bool), Contradiction> {
    if let Some([first, again]) = twice(&sorted.granted) {
        return Err(words::granted_twice(first, again));
    }
    if let Some([first, again]) = twice(&sorted.ended) {
        return Err(words::ended_twice(first, again));
    }
    let event = |span: u32| {
        let Span { call, ret, .. } = spans[span as usize];
        Event { span, call, ret: ret.unwrap_or(NEVER) }
    };
    let mut acquires = sorted.acquires.iter();
    let mut starts = sorted.granted.clone();
    let is_told = |token: Token| sorted.granted.binary_search_by_key(&token, |&(granted, _)| granted).is_ok();
    for &(token, span) in sorted.ended.iter().filter(|&&(token, _)| !is_told(token)) {
        let cut_off = sorted.may_be_granted.iter().find(|&&(granted, _)| granted == token);
        // A token that somebody is told, perhaps only later, was not granted to anybody else.
        let mut acquire =
            || if lock.is_granted(token) { None } else { acquires.next().map(|&(_, span)| span) };
        let start = cut_off.map(|&(_, start)| start).or_else(&mut acquire);
        let Some(start) = start else {
            return Err(words::never_granted(span, &sorted.acquires));
        };
        starts.push((token, start));
    }
    starts.sort_unstable();
    let mut holds = Holds::default();
    let mut ended = sorted.ended.iter().peekable();
    for &(token, start) in &starts {
        let known = ended.next_if(|&&(its, _)| its == token).map(|&(_, span)| event(span));
        let place = sorted.may_end.partition_point(|&(its, ..)| its < token);
        let unknown =
            sorted.may_end.get(place).filter(|&&(its, ..)| its == token).map(|&(.., span)| event(span));
        let for_ever = Event { span: NONE, call: NEVER, ret: NEVER };
        holds.push(Some(token), event(start), known.or(unknown).unwrap_or(for_ever));
    }
    let left = acquires.next();
    if let Some(&(_, acquire)) = left
        && holds.events.last().is_none_or(|end| end.ret < NEVER)
    {
        holds.push(None, event(acquire), Event { span: NONE, call: NEVER, ret: NEVER });
    }
    let is_named = |&(token, ..): &(Token, u64, u32)| holds.find(token).is_none();
    let is_idle = |&(token, _): &(Token, u32)| holds.find(token).is_none();
    let is_all = (left.is_none() || !sorted.may_end.iter().any(is_named))
        && !sorted.may_be_granted.iter().any(is_idle);
    match holds.settle() {
        Ok(()) => Ok((holds, is_all)),
        Err((early, late)) => Err(words::reversed(&holds, early, late)),
    }
}

/// The first two spans with the same token.
fn twice(spans: &[(Token, u32)]) -> Option<[u32; 2]> {
    let pair = spans.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some([pair[0].1, pair[1].1])
}

/// A span at its place in an order: by time, then by what has to come first at the same time.
type Step = (u64, usize, u32);

/// Looks for a schedule that explains everybody.
fn explain(
    spans: &[Span<Action>],
    sorted: &Sorted,
    holds: &Holds,
    is_all: bool,
) -> Result<Option<Vec<Step>>, Contradiction> {
    let long = holds.schedule(|_| false);
    for &span in &sorted.busy {
        if let Err(next) = held_during(&long, spans[span as usize].call, end(spans, span)) {
            return if is_all { Err(words::free(holds, span, next)) } else { Ok(None) };
        }
    }
    let mut is_short = vec![false; holds.tokens.len()];
    let mut is_long_fine = true;
    for &(token, span) in &sorted.not_held {
        let Some(hold) = holds.find(token) else { continue };
        let (call, ret) = (spans[span as usize].call, end(spans, span));
        if holds.latest[2 * hold] < call && ret < holds.earliest[2 * hold + 1] {
            return Err(words::held(holds, hold, span));
        }
        is_short[hold] = true;
        is_long_fine &= call <= long[2 * hold] || long[2 * hold + 1] <= ret;
    }
    if is_long_fine {
        return Ok(place(spans, sorted, holds, &long));
    }
    Ok(place(spans, sorted, holds, &holds.schedule(|hold| is_short[hold])))
}

fn end(spans: &[Span<Action>], span: u32) -> u64 {
    spans[span as usize].ret.expect("what an operation of unknown outcome found is not known")
}

/// Puts everybody at a place in a schedule, unless there is none for somebody.
fn place(spans: &[Span<Action>], sorted: &Sorted, holds: &Holds, times: &[u64]) -> Option<Vec<Step>> {
    // Event `n` has place `2 * n + 1`; who looks at the lock comes in between.
    let mut steps: Vec<Step> = (holds.events.iter().zip(times).enumerate())
        .filter(|&(_, (event, &time))| event.span != NONE && time < NEVER)
        .map(|(number, (event, &time))| (time, 2 * number + 1, event.span))
        .collect();
    for &span in &sorted.busy {
        let (hold, time) = held_during(times, spans[span as usize].call, end(spans, span)).ok()?;
        steps.push((time, 4 * hold + 2, span));
    }
    for &(token, span) in &sorted.not_held {
        let (call, ret) = (spans[span as usize].call, end(spans, span));
        let (time, place) = match holds.find(token) {
            None => (call, 0),
            Some(hold) if call <= times[2 * hold] => (call, 4 * hold),
            Some(hold) if times[2 * hold + 1] <= ret => (call.max(times[2 * hold + 1]), 4 * hold + 4),
            Some(_) => return None,
        };
        steps.push((time, place, span));
    }
    Some(steps)
}
