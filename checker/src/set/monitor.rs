//! Decides sets in near-linear time where that is possible, and says where it is not.
//!
//! | history | how |
//! |---|---|
//! | no whole reads; an element that nobody removes | one moment from which on it is in ([`window`](super::window)) |
//! | no whole reads; an element that is added once | one stretch of time in which it is in ([`life`](super::life)) |
//! | no whole reads; an element added more than once, and removed | handed over |
//! | whole reads, nothing removed | the reads are a chain ([`chain`](super::chain)) |
//! | whole reads, something removed | handed over, unless one element by itself contradicts the reads |
//!
//! All but the sorting is linear, in the number of spans and the total length of the lists that were read.

use crate::model::{Contradiction, Monitored, Span};
use crate::set::model::{Action, LOOKS_MAX, Set};
use crate::set::{chain, life, window};

/// No span.
pub(super) const NONE: u32 = u32::MAX;

/// Later than everything.
pub(super) const NEVER: u64 = u64::MAX;

/// A span at its place in an order: first by time, then by what has to come first at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    /// The instant, within the span.
    pub(super) time: u64,
    /// Elements and reads in the order in which they follow one another.
    pub(super) level: u32,
    /// The order within an element.
    pub(super) rank: u8,
    /// The span.
    pub(super) span: u32,
}

/// Decides the spans of a set.
pub(super) fn decide(set: &Set, spans: &[Span<Action>], want_order: bool) -> Monitored {
    // A read that may not have happened says nothing.
    let is_read = |&span: &u32| {
        let Span { ret, action, .. } = spans[span as usize];
        ret.is_some() && matches!(action, Action::Members(_))
    };
    let reads: Vec<u32> = (0..spans.len() as u32).filter(is_read).collect();
    let elements = Elements::new(spans, set.elements());
    let found =
        if reads.is_empty() { one_by_one(spans, &elements) } else { whole(set, spans, &elements, &reads) };
    match found {
        Ok(Some(mut steps)) => {
            let mut order = || {
                steps.sort_unstable();
                steps.iter().map(|step| step.span).collect()
            };
            Monitored::Ok { order: want_order.then(&mut order) }
        }
        Ok(None) => Monitored::HandOver,
        Err(contradiction) => Monitored::Illegal(contradiction),
    }
}

/// The spans of each element.
struct Elements {
    spans: Vec<u32>,
    /// Where the spans of each element begin, and at the end where the last one's end.
    starts: Vec<u32>,
}

impl Elements {
    fn new(spans: &[Span<Action>], elements: usize) -> Elements {
        let mut starts = vec![0_u32; elements + 1];
        for element in spans.iter().filter_map(|span| element(&span.action)) {
            starts[element as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut free = starts.clone();
        let mut sorted = vec![NONE; starts[elements] as usize];
        for (index, span) in (0..).zip(spans) {
            let Some(element) = element(&span.action) else { continue };
            sorted[free[element as usize] as usize] = index;
            free[element as usize] += 1;
        }
        Elements { spans: sorted, starts }
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let group = |bounds: &[u32]| &self.spans[bounds[0] as usize..bounds[1] as usize];
        // Elements are numbered in the order of the starts.
        (0..).zip(self.starts.windows(2).map(group))
    }
}

fn element(action: &Action) -> Option<u32> {
    match *action {
        Action::Add(element)
        | Action::Insert(element)
        | Action::Remove(element)
        | Action::Delete(element) => Some(element),
        Action::Is(element, _) => Some(element),
        Action::Members(_) => None,
    }
}

fn is_removal(spans: &[Span<Action>], span: u32) -> bool {
    matches!(spans[span as usize].action, Action::Remove(_) | Action::Delete(_))
}

/// Every element by itself. A contradiction in one is final, whatever the others are.
fn one_by_one(spans: &[Span<Action>], elements: &Elements) -> Result<Option<Vec<Step>>, Contradiction> {
    let mut steps = Vec::with_capacity(spans.len());
    let mut is_decided = true;
    for (element, group) in elements.iter() {
        if group.iter().any(|&span| is_removal(spans, span)) {
            is_decided &= life::decide(spans, element, group, &mut steps)?;
        } else {
            let window = window::window(spans, group)?;
            let from = if window.until == NEVER { NEVER } else { window.until };
            window::place(spans, element, group, &window, from, &mut steps);
        }
    }
    Ok(is_decided.then_some(steps))
}

/// Reads of the whole set.
fn whole(
    set: &Set,
    spans: &[Span<Action>],
    elements: &Elements,
    reads: &[u32],
) -> Result<Option<Vec<Step>>, Contradiction> {
    if (0..spans.len() as u32).any(|span| is_removal(spans, span)) {
        return element_by_element(set, spans, reads).map(|()| None);
    }
    let windows: Result<Vec<_>, Contradiction> =
        elements.iter().map(|(_, group)| window::window(spans, group)).collect();
    let windows = windows?;
    let chain = chain::arrange(set, spans, &windows, reads)?;
    let mut steps = chain.reads;
    for (element, group) in elements.iter() {
        let place = &chain.elements[element as usize];
        window::place(spans, place.level, group, &windows[element as usize], place.time, &mut steps);
    }
    Ok(Some(steps))
}

/// Takes the reads apart into reads of each element, which proves nothing if it finds no contradiction.
fn element_by_element(set: &Set, spans: &[Span<Action>], reads: &[u32]) -> Result<(), Contradiction> {
    if reads.len() * set.elements() > LOOKS_MAX {
        return Ok(());
    }
    let mut apart = spans.to_vec();
    let mut origins: Vec<u32> = (0..spans.len() as u32).collect();
    for &read in reads {
        let Span { call, ret, action: Action::Members(list) } = spans[read as usize] else {
            unreachable!("a read of the whole set")
        };
        let listed = set.listed(list);
        if !listed.is_sorted_by(|left, right| left < right) {
            let sentence = "one element comes twice in {0}".to_owned();
            return Err(Contradiction { spans: vec![read], sentence });
        }
        for element in 0..set.elements() as u32 {
            let action = Action::Is(element, listed.binary_search(&element).is_ok());
            apart.push(Span { call, ret, action });
            origins.push(read);
        }
    }
    let found = one_by_one(&apart, &Elements::new(&apart, set.elements()));
    let as_given = |found: Contradiction| {
        let spans = found.spans.iter().map(|&span| origins[span as usize]).collect();
        Contradiction { spans, ..found }
    };
    found.map(drop).map_err(as_given)
}
