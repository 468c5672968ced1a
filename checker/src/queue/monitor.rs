//! Decides a queue whose values are all different, in O(n log n).
//!
//! After Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013: with different values
//! a complete history of a queue is linearizable if and only if
//! 1. every value that is taken was put in, by an enqueue that was called before the dequeue ended;
//! 2. no value is taken twice;
//! 3. if one value is put in wholly before another, it is not taken wholly after the other, nor left behind by it;
//! 4. a dequeue that found nothing has a moment at which no value is *surely* in the queue. A value surely is from the
//!    end of its enqueue until the call of its dequeue, both excluded.
//!
//! Unknown outcomes:
//! - An enqueue whose value was taken did happen, and before that dequeue ended. One whose value nobody is known to have
//!   taken is left out: the queue is then empty more often, and everybody else takes what they took.
//! - A dequeue that was cut off before its end, and of which it is known what it took if it took effect, is given that
//!   value. With such dequeues beside those that can have taken anything a contradiction is left to the search.
//! - A dequeue can have taken one of the values that nobody is known to have taken. Giving it one never makes a
//!   condition harder: 1 and 2 do not concern it, and 3 and 4 ask of a value that stays for ever at least as much as of
//!   one that may be taken at any time from some call on. Which one to give to whom: the value whose enqueue ended
//!   first to the dequeue that was called first, and so on. If two are given crosswise and condition 3 allows it, it
//!   allows the exchange too (the value whose enqueue ended earlier is wanted earlier), and the exchange makes the
//!   time during which one of the two is surely inside no longer.

use crate::model::{Contradiction, Monitored, Span};
use crate::queue::model::Action;
use crate::queue::order;

/// No span.
pub(super) const NONE: u32 = u32::MAX;

/// Later than everything.
pub(super) const NEVER: u64 = u64::MAX;

/// The way of one value through the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// The span that puts it in.
    pub(super) enqueue: u32,
    /// The span that takes it, or [`NONE`] if it stays.
    pub(super) dequeue: u32,
    /// When the enqueue was called.
    pub(super) enqueue_call: u64,
    /// When the enqueue had taken effect: its end, or that of the dequeue if that is earlier.
    pub(super) enqueue_end: u64,
    /// From when on the dequeue can have taken effect: its call, or that of the enqueue if that is later.
    pub(super) dequeue_call: u64,
    /// The end of the dequeue; [`NEVER`] if its outcome is unknown, or the value stays.
    pub(super) dequeue_end: u64,
}

/// The moment at which a dequeue found the queue empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    /// When.
    pub(super) time: u64,
    /// The dequeue.
    pub(super) span: u32,
}

/// Decides spans over values `0..values`.
pub(super) fn decide(spans: &[Span<Action>], values: usize, want_order: bool) -> Monitored {
    let has_unknown =
        |is: fn(&Action) -> bool| spans.iter().any(|span| span.ret.is_none() && is(&span.action));
    let is_mixed = has_unknown(|action| matches!(action, Action::Took(_)))
        && has_unknown(|action| *action == Action::Dequeue);
    match decide_known(spans, values, want_order) {
        Monitored::Illegal(_) if is_mixed => Monitored::HandOver,
        decided => decided,
    }
}

fn decide_known(spans: &[Span<Action>], values: usize, want_order: bool) -> Monitored {
    let mut ways = match pair_up(spans, values) {
        Ok(Some(ways)) => ways,
        Ok(None) => return Monitored::HandOver,
        Err(contradiction) => return Monitored::Illegal(contradiction),
    };
    give_to_unknown(spans, &mut ways);
    let lives = match lives(spans, &ways) {
        Ok(lives) => lives,
        Err(contradiction) => return Monitored::Illegal(contradiction),
    };
    let cuts = match cuts(spans, &lives) {
        Ok(cuts) => cuts,
        Err(contradiction) => return Monitored::Illegal(contradiction),
    };
    match order::arrange(&lives, &cuts) {
        Ok(arranged) => Monitored::Ok { order: want_order.then(|| order::spell_out(&arranged, &cuts)) },
        Err((first, second)) => Monitored::Illegal(out_of_order(spans, &first, &second)),
    }
}

/// The enqueue and the dequeue of a value; [`NONE`] where there is none.
#[derive(Clone, Copy, Debug)]
struct Way {
    enqueue: u32,
    dequeue: u32,
}

/// The enqueue and the dequeue of every value, or nothing if a value is put in twice.
fn pair_up(spans: &[Span<Action>], values: usize) -> Result<Option<Vec<Way>>, Contradiction> {
    let mut ways = vec![Way { enqueue: NONE, dequeue: NONE }; values];
    for (span, Span { action, .. }) in (0..).zip(spans) {
        if let Action::Enqueue(value) = *action {
            let enqueue = &mut ways[value as usize].enqueue;
            if std::mem::replace(enqueue, span) != NONE {
                return Ok(None);
            }
        }
    }
    for (span, Span { action, ret, .. }) in (0..).zip(spans) {
        let Action::Took(value) = *action else { continue };
        if ret.is_none() {
            continue;
        }
        let Way { enqueue, dequeue } = &mut ways[value as usize];
        if *enqueue == NONE {
            return Err(Contradiction {
                spans: vec![span],
                sentence: "nobody ever put into the queue what was taken by {0}".to_owned(),
            });
        }
        let earlier = std::mem::replace(dequeue, span);
        if earlier != NONE {
            return Err(Contradiction {
                spans: vec![*enqueue, earlier, span],
                sentence:
                    "one value was taken twice, by {1}, and by {2}; but it was put in only once, by {0}"
                        .to_owned(),
            });
        }
    }
    Ok(Some(ways))
}

/// Lets the dequeues of unknown outcome take what nobody is known to have taken, each in the order of time.
fn give_to_unknown(spans: &[Span<Action>], ways: &mut [Way]) {
    for (index, span) in (0..).zip(spans).filter(|(_, span)| span.ret.is_none()) {
        let Action::Took(value) = span.action else { continue };
        let Way { enqueue, dequeue } = &mut ways[value as usize];
        let is_in = spans.get(*enqueue as usize).is_some_and(|put| put.ret.is_some());
        let taken = spans.get(*dequeue as usize);
        if is_in && taken.is_none_or(|taken| taken.ret.is_none() && span.call < taken.call) {
            *dequeue = index;
        }
    }
    let mut unknown: Vec<(u64, u32)> = ((0..).zip(spans))
        .filter(|(_, span)| span.action == Action::Dequeue)
        .map(|(index, span)| (span.call, index))
        .collect();
    if unknown.is_empty() {
        return;
    }
    unknown.sort_unstable();
    let end = |way: &Way| spans.get(way.enqueue as usize).and_then(|span| span.ret);
    let mut left: Vec<&mut Way> =
        ways.iter_mut().filter(|way| way.dequeue == NONE && end(way).is_some()).collect();
    left.sort_unstable_by_key(|way| (end(way), way.enqueue));
    for (way, (_, dequeue)) in left.into_iter().zip(unknown) {
        way.dequeue = dequeue;
    }
}

/// Condition 1, and the times of each value.
fn lives(spans: &[Span<Action>], ways: &[Way]) -> Result<Vec<Life>, Contradiction> {
    let mut lives = Vec::with_capacity(ways.len());
    for &Way { enqueue, dequeue } in ways {
        let Some(put) = spans.get(enqueue as usize) else { continue };
        if put.ret.is_none() && dequeue == NONE {
            continue;
        }
        let taken = spans.get(dequeue as usize);
        let dequeue_call = taken.map_or(NEVER, |span| span.call);
        let dequeue_end = taken.and_then(|span| span.ret).unwrap_or(NEVER);
        if dequeue_end < put.call {
            return Err(Contradiction {
                spans: vec![enqueue, dequeue],
                sentence: "a value was taken before it was put in: first came {1}, and only then {0}"
                    .to_owned(),
            });
        }
        lives.push(Life {
            enqueue,
            dequeue,
            enqueue_call: put.call,
            enqueue_end: put.ret.unwrap_or(NEVER).min(dequeue_end),
            dequeue_call: dequeue_call.max(put.call),
            dequeue_end,
        });
    }
    Ok(lives)
}

/// Condition 4: for every dequeue that found nothing the earliest moment at which it can have. In the order of time.
fn cuts(spans: &[Span<Action>], lives: &[Life]) -> Result<Vec<Cut>, Contradiction> {
    let is_empty =
        |&span: &u32| spans[span as usize].action == Action::Empty && spans[span as usize].ret.is_some();
    let empty: Vec<u32> = (0..spans.len() as u32).filter(is_empty).collect();
    if empty.is_empty() {
        return Ok(Vec::new());
    }
    let mut surely: Vec<&Life> = lives.iter().filter(|life| life.enqueue_end < life.dequeue_call).collect();
    surely.sort_unstable_by_key(|life| (life.enqueue_end, life.enqueue));
    let stretches = stretches(&surely);
    let mut cuts = Vec::with_capacity(empty.len());
    for span in empty {
        let Span { call, ret, .. } = spans[span as usize];
        let ret = ret.expect("those that may not have happened are left out");
        let begun = stretches.partition_point(|&(from, _)| from < call);
        let to = begun.checked_sub(1).map_or(0, |last| stretches[last].1);
        let time = call.max(to);
        if time > ret || to == NEVER {
            return Err(never_empty(span, call, ret, &surely));
        }
        cuts.push(Cut { time, span });
    }
    cuts.sort_unstable();
    Ok(cuts)
}

/// The stretches of time, bounds excluded, to which the values add up that are surely inside.
fn stretches(surely: &[&Life]) -> Vec<(u64, u64)> {
    let mut stretches: Vec<(u64, u64)> = Vec::new();
    for life in surely {
        match stretches.last_mut() {
            Some((_, to)) if life.enqueue_end < *to => *to = life.dequeue_call.max(*to),
            _ => stretches.push((life.enqueue_end, life.dequeue_call)),
        }
    }
    stretches
}

/// Values that a contradiction describes one by one.
const VALUES_LISTED_MAX: usize = 4;

/// As few values as possible that follow one another without a gap, from before the call until after the end.
fn never_empty(empty: u32, call: u64, ret: u64, surely: &[&Life]) -> Contradiction {
    let mut spans = vec![empty];
    let mut listed = Vec::new();
    let mut count = 0;
    let mut covered = call;
    let mut begun = surely.iter().peekable();
    let mut farthest: Option<&Life> = None;
    while count == 0 || covered <= ret && covered < NEVER {
        while let Some(life) = begun.next_if(|life| life.enqueue_end < covered) {
            farthest = farthest.filter(|known| known.dequeue_call >= life.dequeue_call).or(Some(life));
        }
        let life = farthest.expect("some value is inside at every moment");
        assert!(covered < life.dequeue_call, "values follow one another without a gap");
        covered = life.dequeue_call;
        let from = spans.len();
        spans.push(life.enqueue);
        spans.extend((life.dequeue != NONE).then_some(life.dequeue));
        count += 1;
        if count > VALUES_LISTED_MAX {
            continue;
        }
        listed.push(match life.dequeue {
            NONE => format!("one that was put in by {{{from}}}, and never taken"),
            _ => format!("one that was put in by {{{from}}}, and taken by {{{}}}", from + 1),
        });
    }
    if count > VALUES_LISTED_MAX {
        listed.push(format!("{} more", count - VALUES_LISTED_MAX));
    }
    let listed = listed.join("; then ");
    let sentence =
        format!("the queue cannot have been empty at any moment of {{0}}; it surely held {listed}");
    Contradiction { spans, sentence }
}

/// Condition 3, broken by two values.
fn out_of_order(spans: &[Span<Action>], first: &Life, second: &Life) -> Contradiction {
    let mut found = vec![first.enqueue, second.enqueue, second.dequeue];
    found.extend((first.dequeue != NONE).then_some(first.dequeue));
    let ahead = "first in, first out is broken: one value was put in by {0}, and only then another by {1}";
    let overtaken = match spans.get(first.dequeue as usize) {
        None => "but the second was taken, by {2}, and nobody is left who can have taken the first",
        Some(span) if span.ret.is_some() => {
            "but the second was taken first, by {2}, and the first only later, by {3}"
        }
        Some(_) => "but the second was taken, by {2}, before anybody asked who can have taken the first: {3}",
    };
    Contradiction { spans: found, sentence: format!("{ahead}; {overtaken}") }
}
