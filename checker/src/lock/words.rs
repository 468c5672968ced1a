//! What is wrong with a lock, in sentences.

use crate::lock::schedule::{Holds, NEVER, NONE};
use crate::model::Contradiction;

fn say(spans: Vec<u32>, sentence: &str) -> Contradiction {
    Contradiction { spans, sentence: sentence.to_owned() }
}

/// Says it with the spans by which the tokens are known of those holds that began with an acquire of unknown outcome.
fn say_of(holds: &Holds, involved: &[usize], mut spans: Vec<u32>, sentence: &str) -> Contradiction {
    let mut sentence = sentence.to_owned();
    for &hold in involved {
        let (start, end) = (&holds.events[2 * hold], &holds.events[2 * hold + 1]);
        if start.ret == NEVER && end.span != NONE && !spans.contains(&end.span) {
            sentence += &format!("; one of these tokens is known from {{{}}}", spans.len());
            spans.push(end.span);
        }
    }
    Contradiction { spans, sentence }
}

/// One token for two grants.
pub(super) fn granted_twice(first: u32, again: u32) -> Contradiction {
    say(vec![first, again], "the same token was granted twice, in {0}, and in {1}")
}

/// One token given back twice.
pub(super) fn ended_twice(first: u32, again: u32) -> Contradiction {
    let sentence = "one grant ended twice, by {0}, and by {1}; but a token is never granted again";
    say(vec![first, again], sentence)
}

/// A token that was given back, and no acquire that can have been granted it.
pub(super) fn never_granted(end: u32, acquires: &[(u64, u32)]) -> Contradiction {
    if acquires.is_empty() {
        return say(vec![end], "nobody was ever granted the token of {0}");
    }
    let sentence =
        "nobody was told of the token of {0}, and others were granted to all acquires of unknown outcome";
    say(vec![end], sentence)
}

/// An event that had ended before another was called that it must follow.
pub(super) fn reversed(holds: &Holds, early: usize, late: usize) -> Contradiction {
    let span = |place: usize| holds.events[place].span;
    let start = |place: usize| span(place / 2 * 2);
    let is_end = |place: usize| place % 2 == 1;
    let (early_start, late_start) = (early / 2 * 2, late / 2 * 2);
    let tell = |spans: Vec<u32>, sentence: &str| say_of(holds, &[early / 2, late / 2], spans, sentence);
    let is_backward = holds.events[early_start].ret < holds.events[late_start].call;
    if is_backward && early_start != late_start {
        let sentence = "tokens went backward: the higher one was granted first, in {0}, and the lower one only then, in {1}";
        return tell(vec![start(early), start(late)], sentence);
    }
    match (is_end(early), is_end(late)) {
        (false, true) if span(late) == NONE => {
            let sentence = "two hold the lock at once: nobody ever ended the hold of {0}, and yet it was granted again \
                            with a higher token, in {1}";
            tell(vec![start(late), span(early)], sentence)
        }
        (false, true) => {
            let sentence = "two hold the lock at once: the hold of {0}, ended only with {1}; and before that the lock \
                            was granted with a higher token, in {2}";
            tell(vec![start(late), span(late), span(early)], sentence)
        }
        (true, false) if early_start == late_start => {
            let sentence = "a grant ended before it was made: first came {0}, and only then {1}";
            tell(vec![span(early), span(late)], sentence)
        }
        (true, false) => {
            let sentence = "tokens went backward: the hold of {0}, had ended with {1}, when a lower token was granted, in {2}";
            tell(vec![start(early), span(early), span(late)], sentence)
        }
        (true, true) if span(late) == NONE => {
            let sentence = "nobody ever ended the hold of {0}, and yet somebody held the lock with a higher token, from \
                            {1} until {2}";
            tell(vec![start(late), start(early), span(early)], sentence)
        }
        (true, true) => {
            let sentence = "two hold the lock at once: the hold of {0}, ended only with {1}; and by then the hold with a \
                            higher token had ended that began with {2}: by {3}";
            tell(vec![start(late), span(late), start(early), span(early)], sentence)
        }
        (false, false) => unreachable!("two grants in the wrong order go backward"),
    }
}

/// Somebody found the lock held between two holds; `next` is the number of the second one.
pub(super) fn free(holds: &Holds, busy: u32, next: usize) -> Contradiction {
    let mut spans = vec![busy];
    let mut sentence = "nobody can have held the lock during {0}".to_owned();
    let mut involved = Vec::new();
    if let Some(before) = next.checked_sub(1) {
        spans.extend([holds.events[2 * before].span, holds.events[2 * before + 1].span]);
        sentence += "; the hold of {1}, had ended with {2}";
        involved.push(before);
    }
    if let Some(start) = holds.events.get(2 * next).filter(|start| start.call < NEVER) {
        sentence += &format!("; and the next can have begun only with {{{}}}", spans.len());
        spans.push(start.span);
        involved.push(next);
    }
    say_of(holds, &involved, spans, &sentence)
}

/// Somebody found the lock not held with a token while it was.
pub(super) fn held(holds: &Holds, hold: usize, span: u32) -> Contradiction {
    let (start, end) = (holds.events[2 * hold].span, holds.events[2 * hold + 1].span);
    if end == NONE {
        let sentence = "the lock was held all the while during {0}: it was granted before, in {1}, and nobody ever ended that";
        return say(vec![span, start], sentence);
    }
    let sentence = "the lock was held all the while during {0}: it was granted before, in {1}, and that ended only with {2}";
    say(vec![span, start, end], sentence)
}
