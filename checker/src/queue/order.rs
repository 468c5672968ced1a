//! An order of a queue's values, and from it one of its spans.
//!
//! A value must come before another if its enqueue had taken effect before the other's was called, or if its dequeue
//! ended before the other's was called. Each of the two relations is an interval order; if two values never stand in
//! them the opposite way, their union has no cycle (of two pairs `a < b` and `c < d` of an interval order, also `a < d`
//! or `c < b`: so every longer cycle has a shortcut). So a value that both relations leave first can be taken away,
//! again and again. If there is none, the two values that end first in either relation contradict each other.
//!
//! A dequeue that found nothing cuts the history: a value that can have come and gone by then is taken to have, and
//! every other can come after it. What comes before a cut precedes what comes after it in both relations.

use crate::queue::monitor::{Cut, Life, NEVER, NONE};

/// A moment in an order that cuts divide: the number of cuts before it, and the time.
type Moment = (u32, u64);

/// A value with the moments of its two spans' calls and ends.
#[derive(Clone, Copy, Debug)]
struct Placed {
    enqueue_call: Moment,
    enqueue_end: Moment,
    dequeue_call: Moment,
    dequeue_end: Moment,
}

/// An order of values: each with the number of cuts before it.
pub(super) type Arranged = Vec<(u32, Life)>;

/// Puts the values in order, or gives two that contradict each other: the first came first and was not taken first.
pub(super) fn arrange(lives: &[Life], cuts: &[Cut]) -> Result<Arranged, (Life, Life)> {
    let placed: Vec<Placed> = lives.iter().map(|life| place(life, cuts)).collect();
    let enqueue_calls = sorted(&placed, |life| life.enqueue_call);
    let enqueue_ends = sorted(&placed, |life| life.enqueue_end);
    let dequeue_calls = sorted(&placed, |life| life.dequeue_call);
    let dequeue_ends = sorted(&placed, |life| life.dequeue_end);
    let (mut enqueue_call, mut enqueue_end, mut dequeue_call, mut dequeue_end) = (0, 0, 0, 0);
    // In how many of the two relations nobody is left before it; [`GONE`] once it is in order.
    let mut free = vec![0_u8; lives.len()];
    let mut ready: Vec<u32> = Vec::new();
    let mut arranged = Vec::with_capacity(lives.len());
    while arranged.len() < lives.len() {
        enqueue_end += count_gone(&enqueue_ends[enqueue_end..], &free);
        dequeue_end += count_gone(&dequeue_ends[dequeue_end..], &free);
        let (first_in, first_out) = (enqueue_ends[enqueue_end], dequeue_ends[dequeue_end]);
        let mut release = |calls: &[(Moment, u32)], from: &mut usize, end: Moment| {
            while let Some(&(_, life)) = calls.get(*from).filter(|&&(call, _)| call <= end) {
                free[life as usize] += 1;
                ready.extend((free[life as usize] == FREE).then_some(life));
                *from += 1;
            }
        };
        release(&enqueue_calls, &mut enqueue_call, first_in.0);
        release(&dequeue_calls, &mut dequeue_call, first_out.0);
        if ready.is_empty() {
            return Err((lives[first_in.1 as usize], lives[first_out.1 as usize]));
        }
        for life in ready.drain(..) {
            free[life as usize] = GONE;
            arranged.push((placed[life as usize].enqueue_call.0, lives[life as usize]));
        }
    }
    Ok(arranged)
}

/// Free in both relations.
const FREE: u8 = 2;
/// In order already.
const GONE: u8 = 3;

fn count_gone(ends: &[(Moment, u32)], free: &[u8]) -> usize {
    ends.iter().take_while(|&&(_, life)| free[life as usize] == GONE).count()
}

fn sorted(placed: &[Placed], moment: impl Fn(&Placed) -> Moment) -> Vec<(Moment, u32)> {
    let mut moments: Vec<(Moment, u32)> = placed.iter().map(moment).zip(0..).collect();
    moments.sort_unstable();
    moments
}

fn place(life: &Life, cuts: &[Cut]) -> Placed {
    let earliest = life.enqueue_call.max(life.dequeue_call);
    let before = cuts.partition_point(|cut| cut.time < earliest) as u32;
    Placed {
        enqueue_call: (before, life.enqueue_call),
        enqueue_end: (before, life.enqueue_end),
        dequeue_call: (before, life.dequeue_call),
        dequeue_end: (before, life.dequeue_end),
    }
}

/// The spans in order. Every span gets an instant in its interval, no earlier than those before it.
pub(super) fn spell_out(arranged: &[(u32, Life)], cuts: &[Cut]) -> Vec<u32> {
    let mut events: Vec<(Moment, Event, u32)> = Vec::with_capacity(2 * arranged.len() + cuts.len());
    let (mut put, mut taken) = (0, 0);
    for &(before, life) in arranged {
        let since = before.checked_sub(1).map_or(0, |cut| cuts[cut as usize].time);
        put = life.enqueue_call.max(put).max(since);
        events.push(((before, put), Event::Enqueue, life.enqueue));
        if life.dequeue != NONE {
            taken = life.dequeue_call.max(put).max(taken);
            events.push(((before, taken), Event::Dequeue, life.dequeue));
        }
    }
    let empty = |(before, cut): (u32, &Cut)| ((before, NEVER), Event::Empty, cut.span);
    events.extend((0..).zip(cuts).map(empty));
    // Stable: values whose instants are equal stay in their order.
    events.sort_by_key(|&(moment, event, _)| (moment, event));
    events.into_iter().map(|(_, _, span)| span).collect()
}

/// What happens at an instant, in the order in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Enqueue,
    Dequeue,
    Empty,
}
