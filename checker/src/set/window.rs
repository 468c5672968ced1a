//! An element that nobody removes: it is out until some moment, and in from then on.
//!
//! The moment is that of the first add. It is no earlier than the call of some add, nor than the call of anybody who
//! did not find the element; and no later than the end of any add, or of anybody who found it. Every moment within
//! these bounds will do: the add that was called first is still open then, since none has ended.

use crate::model::{Contradiction, Span};
use crate::set::model::Action;
use crate::set::monitor::{NEVER, NONE, Step};

/// When an element can have come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The add that brings it in, or [`NONE`] if there is none.
    pub(super) first: u32,
    /// Not before this.
    pub(super) from: u64,
    /// The span whose call says so.
    pub(super) from_span: u32,
    /// Not after this; [`NEVER`] if it need not have come in.
    pub(super) until: u64,
    /// The span whose end says so.
    pub(super) until_span: u32,
}

/// The window of an element, unless it has none.
pub(super) fn window(spans: &[Span<Action>], group: &[u32]) -> Result<Window, Contradiction> {
    let mut window = Window { first: NONE, from: NEVER, from_span: NONE, until: NEVER, until_span: NONE };
    let mut anew = NONE;
    for &index in group {
        let Span { call, ret, action } = spans[index as usize];
        if let Action::Insert(_) = action
            && ret.is_some()
            && std::mem::replace(&mut anew, index) != NONE
        {
            let both = group
                .iter()
                .copied()
                .filter(|&span| matches!(spans[span as usize].action, Action::Insert(_)));
            let sentence = "one element was added anew twice, by {0}, and by {1}; but nobody ever removed it";
            return Err(contradiction(both.take(2).collect(), sentence));
        }
        let is_add = matches!(action, Action::Add(_) | Action::Insert(_));
        if is_add && (window.first == NONE || call < window.from) {
            (window.first, window.from, window.from_span) = (index, call, index);
        }
        let ret = ret.unwrap_or(NEVER);
        if !matches!(action, Action::Is(_, false)) && ret < window.until {
            (window.until, window.until_span) = (ret, index);
        }
    }
    if window.first == NONE {
        return match window.until_span {
            NONE => Ok(window),
            found => Err(contradiction(vec![found], "nobody ever added the element of {0}")),
        };
    }
    if anew != NONE {
        (window.first, window.from, window.from_span) = (anew, spans[anew as usize].call, anew);
    }
    for &index in group {
        let Span { call, ret, action } = spans[index as usize];
        if matches!(action, Action::Is(_, false)) && ret.is_some() && call > window.from {
            (window.from, window.from_span) = (call, index);
        }
    }
    if window.until < window.from { Err(too_late(spans, &window)) } else { Ok(window) }
}

fn contradiction(spans: Vec<u32>, sentence: &str) -> Contradiction {
    Contradiction { spans, sentence: sentence.to_owned() }
}

fn too_late(spans: &[Span<Action>], window: &Window) -> Contradiction {
    let sentence = match spans[window.from_span as usize].action {
        Action::Add(_) => "an element was found before anybody added it: first came {0}, and only then {1}",
        Action::Insert(_) => "an element was in by the end of {0}, and yet added anew later, by {1}",
        _ => "an element that nobody ever removed was in by the end of {0}, and yet out later, for {1}",
    };
    contradiction(vec![window.until_span, window.from_span], sentence)
}

/// Puts the spans of an element in order, given the moment from which on it is in; [`NEVER`] if it never is.
pub(super) fn place(
    spans: &[Span<Action>],
    level: u32,
    group: &[u32],
    window: &Window,
    from: u64,
    steps: &mut Vec<Step>,
) {
    for &index in group {
        let Span { call, ret, action } = spans[index as usize];
        let (time, rank) = match ret {
            _ if index == window.first && from < NEVER => (from, 1),
            // Never happened: others brought the element in, or nobody.
            None => continue,
            Some(ret) if matches!(action, Action::Is(_, false)) => (ret.min(from), 0),
            Some(_) => (call.max(from), 2),
        };
        steps.push(Step { time, level, rank, span: index });
    }
}
