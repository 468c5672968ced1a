//! Which events of a run a page shows: all, or ten thousand around what is interesting.

use std::ops::Range;

use sim::trace::{TraceEvent, TraceKind};

use crate::page::Story;
use crate::page::interest::{Interest, interest};

/// Events of a run that a page shows at most.
pub(super) const EVENTS_MAX: usize = 10_000;

/// What is shown of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The places of the events that are shown.
    pub(super) range: Range<usize>,
    /// The time that the page opens at.
    pub(super) anchor: u64,
    /// What is there, in words.
    pub(super) around: &'static str,
}

/// A window a story. All of them are around one time, so that the runs can be compared: the first violation of any of
/// them, else the first fault, else the start.
pub(super) fn choose(stories: &[Story]) -> Vec<Window> {
    let (anchor, around, before) = anchor(stories);
    let window = |story: &Story| {
        let range = around_time(&story.events, anchor, before);
        Window { range, anchor, around }
    };
    stories.iter().map(window).collect()
}

/// A time, what is there, and how many of the events shown come before it.
fn anchor(stories: &[Story]) -> (u64, &'static str, usize) {
    let violations = stories.iter().filter_map(first_violation);
    if let Some(at) = violations.min() {
        // What led to it is the story; a little of what followed is enough.
        return (at, "the first violation", EVENTS_MAX * 4 / 5);
    }
    let first_fault = |story: &Story| {
        story.events.iter().find(|event| event.kind == TraceKind::Fault).map(|event| event.time)
    };
    match stories.iter().filter_map(first_fault).min() {
        Some(at) => (at, "the first fault", EVENTS_MAX / 5),
        None => (0, "the start", 0),
    }
}

/// When a run's first violation showed, by its trace or else by its judges.
fn first_violation(story: &Story) -> Option<u64> {
    let is_violation = |event: &&TraceEvent| interest(event) == Some(Interest::Violation);
    let traced = story.events.iter().find(is_violation).map(|event| event.time);
    let judged = story.outcome.first_violation().and_then(|judge| judge.first_at);
    traced.into_iter().chain(judged).min()
}

/// So many events before a time, and the rest of those that may be shown after it; where one side has fewer, the other
/// has more.
fn around_time(events: &[TraceEvent], at: u64, before: usize) -> Range<usize> {
    let place = events.partition_point(|event| event.time < at);
    let from = place.saturating_sub(before).min(events.len().saturating_sub(EVENTS_MAX));
    from..events.len().min(from + EVENTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: u64) -> Vec<TraceEvent> {
        (0..count).map(|time| TraceEvent { seq: time + 1, time, ..TraceEvent::of(TraceKind::Note) }).collect()
    }

    #[test]
    fn a_short_run_is_shown_whole_and_a_long_one_around_its_anchor() {
        assert_eq!(around_time(&events(10), 5, EVENTS_MAX), 0..10);
        assert_eq!(around_time(&events(30_000), 20_000, 8_000), 12_000..22_000);
        assert_eq!(around_time(&events(30_000), 29_999, 8_000), 20_000..30_000);
        assert_eq!(around_time(&events(30_000), 100, 8_000), 0..10_000);
        assert_eq!(around_time(&events(30_000), 99_000, 8_000), 20_000..30_000);
    }
}
