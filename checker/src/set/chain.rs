//! Reads of a whole set from which nothing is removed: a chain, each list within the next.
//!
//! The set only grows. So the lists that were read, by length, are the sets that it was, one after another: between two
//! of them exactly those elements came in that the later list has and the earlier has not, and what no list has came in
//! after all reads. This gives *levels*: the elements of the first list, the reads of it, the elements that are new in
//! the second list, and so on. Within a level the order does not matter; so the chain agrees with real time if and only
//! if nothing had to be over before something of a lower level can have begun. Every level then takes effect as early
//! as it can.

use crate::model::{Contradiction, Span};
use crate::set::model::{Action, Set};
use crate::set::monitor::{NEVER, NONE, Step};
use crate::set::window::Window;

/// Reads in order, and where each element stands.
pub(super) struct Chain {
    /// The reads.
    pub(super) reads: Vec<Step>,
    /// When each element comes in, and its level.
    pub(super) elements: Vec<Place>,
}

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// When it comes in; [`NEVER`] if it does not.
    pub(super) time: u64,
    /// Its level.
    pub(super) level: u32,
}

/// A span whose call holds up everything of higher levels.
#[derive(Clone, Copy, Debug)]
struct HeldUp {
    until: u64,
    span: u32,
    /// The level of what it holds up.
    level: u32,
}

/// The state of a walk over the levels.
struct Walk<'a> {
    spans: &'a [Span<Action>],
    windows: &'a [Window],
    /// The latest call in lower levels.
    held_up: HeldUp,
    /// A read of each list: list `n` has level `2 * n + 1`.
    readers: Vec<u32>,
    chain: Chain,
}

/// Arranges reads and elements, or finds a contradiction.
pub(super) fn arrange(
    set: &Set,
    spans: &[Span<Action>],
    windows: &[Window],
    reads: &[u32],
) -> Result<Chain, Contradiction> {
    let list = |span: u32| match spans[span as usize].action {
        Action::Members(list) => set.listed(list),
        _ => unreachable!("a read of the whole set"),
    };
    let mut reads = reads.to_vec();
    let number = |span: u32| match spans[span as usize].action {
        Action::Members(list) => list,
        _ => unreachable!("a read of the whole set"),
    };
    reads.sort_unstable_by_key(|&span| (list(span).len(), number(span), span));
    let nowhere = Place { time: NEVER, level: u32::MAX };
    let mut walk = Walk {
        spans,
        windows,
        held_up: HeldUp { until: 0, span: NONE, level: 0 },
        readers: Vec::new(),
        chain: Chain { reads: Vec::with_capacity(reads.len()), elements: vec![nowhere; windows.len()] },
    };
    let mut before: &[u32] = &[];
    for same in reads.chunk_by(|&left, &right| number(left) == number(right)) {
        let listed = list(same[0]);
        walk.is_list(listed, same[0])?;
        if let Some(&reader) = walk.readers.last() {
            walk.contains(before, listed, reader, same[0])?;
        }
        walk.come_in(listed, same[0])?;
        walk.read(same)?;
        before = listed;
    }
    walk.come_in_unread()?;
    Ok(walk.chain)
}

impl Walk<'_> {
    /// Whether a list can have been read at all.
    fn is_list(&self, listed: &[u32], reader: u32) -> Result<(), Contradiction> {
        if !listed.is_sorted_by(|left, right| left < right) {
            return contradiction(vec![reader], "one element comes twice in {0}");
        }
        match listed.iter().find(|&&element| self.windows[element as usize].first == NONE) {
            Some(_) => contradiction(vec![reader], "nobody ever added one of the elements of {0}"),
            None => Ok(()),
        }
    }

    /// Whether a list has everything that a shorter one, or another as long, has.
    fn contains(
        &self,
        less: &[u32],
        more: &[u32],
        less_reader: u32,
        more_reader: u32,
    ) -> Result<(), Contradiction> {
        let lacks = |list: &[u32], element: &u32| list.binary_search(element).is_err();
        let Some(&lost) = less.iter().find(|element| lacks(more, element)) else { return Ok(()) };
        let won = *more.iter().find(|element| lacks(less, element)).expect("the longer list has another one");
        let add = |element: u32| self.windows[element as usize].first;
        let sentence = "two reads contradict each other, since nobody ever removed anything: {0}, without the element \
                        of {1}; and {2}, without the element of {3}";
        contradiction(vec![less_reader, add(won), more_reader, add(lost)], sentence)
    }

    /// The level of the elements that this list is the first to have.
    fn come_in(&mut self, listed: &[u32], reader: u32) -> Result<(), Contradiction> {
        let level = 2 * self.readers.len() as u32;
        let before = self.held_up;
        for &element in listed {
            if self.chain.elements[element as usize].level != u32::MAX {
                continue;
            }
            let window = self.windows[element as usize];
            if window.until < before.until {
                return self.too_late(&window, before);
            }
            self.chain.elements[element as usize] = Place { time: window.from.max(before.until), level };
            self.hold_up(HeldUp { until: window.from, span: window.from_span, level });
        }
        self.readers.push(reader);
        Ok(())
    }

    /// The level of the reads of one list.
    fn read(&mut self, same: &[u32]) -> Result<(), Contradiction> {
        let level = 2 * self.readers.len() as u32 - 1;
        let before = self.held_up;
        for &span in same {
            let Span { call, ret, .. } = self.spans[span as usize];
            if ret.expect("what a read of unknown outcome saw is not known") < before.until {
                let sentence = match before.level % 2 {
                    0 => "an element was returned by {0}, and only then can it have come in: {1}",
                    _ => "elements vanished that nobody ever removed: first came {0}, and only then {1}",
                };
                return contradiction(vec![span, before.span], sentence);
            }
            self.chain.reads.push(Step { time: call.max(before.until), level, rank: 0, span });
            self.hold_up(HeldUp { until: call, span, level });
        }
        Ok(())
    }

    /// The last level: elements that came in and that nobody read.
    fn come_in_unread(&mut self) -> Result<(), Contradiction> {
        let level = 2 * self.readers.len() as u32;
        let before = self.held_up;
        for element in 0..self.windows.len() {
            let window = self.windows[element];
            if self.chain.elements[element].level != u32::MAX {
                continue;
            }
            if window.until < before.until {
                return self.too_late(&window, before);
            }
            let time = if window.until == NEVER { NEVER } else { window.from.max(before.until) };
            self.chain.elements[element] = Place { time, level };
        }
        Ok(())
    }

    /// An element that had come in before something of a lower level can have begun.
    fn too_late(&self, window: &Window, before: HeldUp) -> Result<(), Contradiction> {
        if before.level % 2 == 1 {
            let sentence = "an element that nobody ever removed was in by the end of {0}, and yet it is missing from {1}";
            return contradiction(vec![window.until_span, before.span], sentence);
        }
        let reader = self.readers[before.level as usize / 2];
        let sentence = "one element was in by the end of {0}, and only then can another have come in: {1}; \
                        and yet the second is there without the first in {2}";
        contradiction(vec![window.until_span, before.span, reader], sentence)
    }

    fn hold_up(&mut self, by: HeldUp) {
        if self.held_up.span == NONE || by.until > self.held_up.until {
            self.held_up = by;
        }
    }
}

fn contradiction<T>(spans: Vec<u32>, sentence: &str) -> Result<T, Contradiction> {
    Err(Contradiction { spans, sentence: sentence.to_owned() })
}
