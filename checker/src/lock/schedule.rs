//! When a lock was held: one stretch of time a token, in the order of the tokens.
//!
//! Start and end of each hold, in the order of the tokens, are a chain of events, each with a call and a return. Every
//! event has an earliest moment, the latest call so far, and a latest one, the earliest return from there on; if no
//! event's earliest moment is after its return, every choice between the two that does not go backward will do.

use crate::lock::Token;

/// No span.
pub(super) const NONE: u32 = u32::MAX;

/// Later than everything.
pub(super) const NEVER: u64 = u64::MAX;

/// A start or an end of a hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// The span that does it, or [`NONE`] for an end that nobody ever asked for.
    pub(super) span: u32,
    /// Its call.
    pub(super) call: u64,
    /// Its return; [`NEVER`] if its outcome is unknown.
    pub(super) ret: u64,
}

/// The holds of a lock in the order of their tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Holds {
    /// The tokens. One that nobody was told, and that is held for ever, comes last as `None`.
    pub(super) tokens: Vec<Option<Token>>,
    /// Start and end of each hold.
    pub(super) events: Vec<Event>,
    /// For each event, the earliest moment at which it can happen. Written by [`Holds::settle`].
    pub(super) earliest: Vec<u64>,
    /// For each event, the latest moment at which it can happen. Written by [`Holds::settle`].
    pub(super) latest: Vec<u64>,
}

/// Two events of which the first had ended before the second was called, though it must come after it.
pub(super) type Reversed = (usize, usize);

impl Holds {
    /// Adds a hold with a higher token than all before it.
    pub(super) fn push(&mut self, token: Option<Token>, start: Event, end: Event) {
        self.tokens.push(token);
        self.events.extend([start, end]);
    }

    /// Finds out when each event can happen.
    pub(super) fn settle(&mut self) -> Result<(), Reversed> {
        let mut called_last = 0;
        for (place, event) in self.events.iter().enumerate() {
            if event.ret < self.events[called_last].call {
                return Err((place, called_last));
            }
            if event.call > self.events[called_last].call {
                called_last = place;
            }
            self.earliest.push(self.events[called_last].call);
        }
        self.latest = self.events.iter().map(|event| event.ret).collect();
        for place in (1..self.latest.len()).rev() {
            self.latest[place - 1] = self.latest[place - 1].min(self.latest[place]);
        }
        Ok(())
    }

    /// A moment for every event: a hold is as long as it can be, or as short.
    pub(super) fn schedule(&self, is_short: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut times = Vec::with_capacity(self.events.len());
        let mut now = 0;
        for place in 0..self.events.len() {
            let is_end = place % 2 == 1;
            let is_late = is_end != is_short(place / 2);
            now = if is_late { self.latest[place] } else { self.earliest[place].max(now) };
            assert!(self.earliest[place] <= now && now <= self.latest[place]);
            times.push(now);
        }
        times
    }

    /// The hold with this token.
    pub(super) fn find(&self, token: Token) -> Option<usize> {
        let told = self.tokens.len() - usize::from(self.tokens.last() == Some(&None));
        self.tokens[..told].binary_search(&Some(token)).ok()
    }
}

/// A hold that has a moment in common with the interval, and that moment.
pub(super) fn held_during(times: &[u64], call: u64, ret: u64) -> Result<(usize, u64), usize> {
    let ends = times.len() / 2;
    let (mut low, mut high) = (0, ends);
    while low < high {
        let middle = (low + high) / 2;
        if times[2 * middle + 1] < call { low = middle + 1 } else { high = middle }
    }
    match times.get(2 * low) {
        Some(&start) if start <= ret => Ok((low, start.max(call))),
        _ => Err(low),
    }
}
