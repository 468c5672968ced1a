//! An element that is added once, and removed: it is in during one stretch of time, `from..=to`.
//!
//! `from` is the moment of the add. The stretch holds a moment of everybody who found the element; it ends with a remove
//! that found it, if there is one, else with some remove, or never. Everybody who did not find it, and every other
//! remove, has a moment outside.
//!
//! Which stretch to try:
//! 1. An instant. If the add, all who found the element, and a remove have an instant in common, the element can be in
//!    just then, and everybody else has a moment before or after it.
//! 2. Otherwise the latest `from` with the earliest `to` for it. Take any stretch that will do, and move its `from` later
//!    as far as the add and all who found it allow: those before it stay before it, and those after `to` stay. If it
//!    meets `to`, there was an instant after all.

use crate::model::{Contradiction, Span};
use crate::set::model::Action;
use crate::set::monitor::{NEVER, NONE, Step};

/// The spans of an element.
struct Life<'a> {
    spans: &'a [Span<Action>],
    group: &'a [u32],
    /// The add.
    add: u32,
    /// The remove that found it, or [`NONE`].
    delete: u32,
    /// Of the add and those who found the element, the one that ended first.
    first_end: u32,
    /// Of those who found the element, the one that was called last; [`NONE`] if nobody did.
    last_call: u32,
}

/// When an element is in, and the remove that ends it.
#[derive(Clone, Copy)]
struct Stretch {
    from: u64,
    to: u64,
    closer: u32,
}

/// Decides an element; false if it is not one that is added once.
pub(super) fn decide(
    spans: &[Span<Action>],
    element: u32,
    group: &[u32],
    steps: &mut Vec<Step>,
) -> Result<bool, Contradiction> {
    let is_add = |&&span: &&u32| matches!(spans[span as usize].action, Action::Add(_) | Action::Insert(_));
    let is_known = |span: u32| spans[span as usize].ret.is_some();
    let is_found = |&&span: &&u32| {
        is_known(span) && matches!(spans[span as usize].action, Action::Is(_, true) | Action::Delete(_))
    };
    let mut adds = group.iter().filter(is_add);
    let (add, another) = (adds.next(), adds.next());
    if another.is_some() {
        return Ok(false);
    }
    let last_call = group.iter().filter(is_found).max_by_key(|&&span| spans[span as usize].call);
    let (add, last_call) = match (add, last_call) {
        (None, None) => return Ok(stay_out(spans, element, group, steps)),
        (None, Some(&found)) => return Err(contradiction(&[found], "nobody ever added the element of {0}")),
        (Some(&add), None) if spans[add as usize].ret.is_none() => {
            return Ok(stay_out(spans, element, group, steps));
        }
        (Some(&add), found) => (add, found.copied().unwrap_or(NONE)),
    };
    let is_delete =
        |&&span: &&u32| is_known(span) && matches!(spans[span as usize].action, Action::Delete(_));
    let mut deletes = group.iter().filter(is_delete);
    let delete = deletes.next().copied().unwrap_or(NONE);
    if let Some(&again) = deletes.next() {
        let sentence = "one element was taken out twice, by {0}, and by {1}, but added only once, by {2}";
        return Err(contradiction(&[delete, again, add], sentence));
    }
    let ends = group.iter().filter(is_found).chain([&add]);
    let first_end = *ends.min_by_key(|&&span| end(spans, span)).expect("the add is one of them");
    let life = Life { spans, group, add, delete, first_end, last_call };
    let stretch = life.stretch()?;
    life.place(element, stretch, steps);
    Ok(true)
}

fn end(spans: &[Span<Action>], span: u32) -> u64 {
    spans[span as usize].ret.unwrap_or(NEVER)
}

fn contradiction(spans: &[u32], sentence: &str) -> Contradiction {
    Contradiction { spans: spans.to_vec(), sentence: sentence.to_owned() }
}

/// The element is never in.
fn stay_out(spans: &[Span<Action>], element: u32, group: &[u32], steps: &mut Vec<Step>) -> bool {
    let known = group.iter().filter(|&&span| spans[span as usize].ret.is_some());
    steps.extend(known.map(|&span| Step { time: spans[span as usize].call, level: element, rank: 0, span }));
    true
}

impl Life<'_> {
    fn call(&self, span: u32) -> u64 {
        self.spans[span as usize].call
    }

    fn end(&self, span: u32) -> u64 {
        end(self.spans, span)
    }

    /// The removes that do not say what they found, and those that may not have happened.
    fn removes(&self) -> impl Iterator<Item = u32> {
        let is_remove = |&span: &u32| match self.spans[span as usize].action {
            Action::Remove(_) => true,
            Action::Delete(_) => self.spans[span as usize].ret.is_none(),
            _ => false,
        };
        self.group.iter().copied().filter(is_remove)
    }

    /// The bounds that those who found the element set: `from` is no later than the first, `to` no earlier than the
    /// second.
    fn bounds(&self) -> (u64, u64) {
        (self.end(self.first_end), if self.last_call == NONE { 0 } else { self.call(self.last_call) })
    }

    fn stretch(&self) -> Result<Stretch, Contradiction> {
        let (from_max, to_min) = self.bounds();
        if from_max < self.call(self.add) {
            let sentence = "an element was found before it was added: first came {0}, and only then {1}";
            return Err(contradiction(&[self.first_end, self.add], sentence));
        }
        if self.delete != NONE && self.end(self.delete) < to_min {
            let sentence = "an element was taken out by {0}, and found only after that by {1}; \
                            but it was added only once, by {2}";
            return Err(contradiction(&[self.delete, self.last_call, self.add], sentence));
        }
        if let Some(instant) = self.instant() {
            return Ok(instant);
        }
        let stretch = self.latest();
        for &span in self.group {
            self.is_outside(span, stretch)?;
        }
        Ok(stretch)
    }

    /// A stretch that is an instant.
    fn instant(&self) -> Option<Stretch> {
        let (until, to_min) = self.bounds();
        let since = to_min.max(self.call(self.add));
        let common = |span: u32| {
            let time = since.max(self.call(span));
            (time <= until.min(self.end(span))).then_some(Stretch { from: time, to: time, closer: span })
        };
        if self.delete == NONE { self.removes().find_map(common) } else { common(self.delete) }
    }

    /// The stretch with the latest `from`.
    fn latest(&self) -> Stretch {
        let (from, to_min) = self.bounds();
        let to_min = to_min.max(from);
        let close = |span: u32| Stretch { from, to: to_min.max(self.call(span)), closer: span };
        if self.delete != NONE {
            return close(self.delete);
        }
        let closing = self.removes().filter(|&span| to_min <= self.end(span)).map(close);
        closing.min_by_key(|stretch| stretch.to).unwrap_or(Stretch { from, to: NEVER, closer: NONE })
    }

    /// Whether a span that needs the element to be out, or takes it out, fits a stretch that it does not close.
    fn is_outside(&self, span: u32, stretch: Stretch) -> Result<(), Contradiction> {
        let is_removal = match self.spans[span as usize].action {
            Action::Remove(_) if span != stretch.closer => true,
            Action::Is(_, false) => false,
            _ => return Ok(()),
        };
        if self.call(span) <= stretch.from || stretch.to <= self.end(span) {
            return Ok(());
        }
        let mut spans = vec![self.first_end, span];
        let mut sentence = "an element was in by the end of {0}, then out for {1}".to_owned();
        if is_removal {
            sentence = "an element was in by the end of {0}, then removed by {1}".to_owned();
        }
        if self.last_call != NONE && self.end(span) < self.call(self.last_call) {
            spans.push(self.last_call);
            sentence += ", and then in again for {2}, though it was added only once";
        } else {
            sentence += "; but no remove that was called in time can have come in between";
        }
        if self.first_end != self.add {
            sentence += &format!("; it was added by {{{}}}", spans.len());
            spans.push(self.add);
        }
        Err(Contradiction { spans, sentence })
    }

    fn place(&self, element: u32, stretch: Stretch, steps: &mut Vec<Step>) {
        let Stretch { from, to, closer } = stretch;
        for &span in self.group {
            let Span { call, ret, action } = self.spans[span as usize];
            let (time, rank) = match (action, ret) {
                _ if span == self.add => (from, 1),
                _ if span == closer => (to, 3),
                // A remove that never happened.
                (_, None) => continue,
                (Action::Is(_, true), Some(_)) => (call.max(from), 2),
                (_, Some(ret)) if call <= from => (ret.min(from), 0),
                (_, Some(_)) => (call.max(to), 4),
            };
            steps.push(Step { time, level: element, rank, span });
        }
    }
}
