//! Look-ahead: a configuration is given up as soon as some read cannot come out as it did.
//!
//! A read that has not taken effect needs the state to become what it saw. Either the current state may become that
//! without a write in between ([`Model::may_become`]), or a write comes first whose own state may: one that is open
//! now, or one that is called before the read ends. If there is neither, nothing is found from this configuration.
//! Reads that are open are asked, the next one to end of those that are not, and the next ones that need the era of
//! the state.

use crate::model::Model;
use crate::search::depth::{Configuration, Depth, is_done};
use crate::search::mask::{both, take_first, without};
use crate::search::timeline::Timeline;

/// Reads of the era of a state that are asked. They mostly agree with one another, so that more would cost more than
/// they tell.
const ERA_READS_MAX: usize = 16;

/// What is known of the reads to come. Empty if the model does not look ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// For each event, the first one from there on at which a pure action ends; one more at the end.
    next_pure: Vec<u32>,
    /// For each event at which a read ends, how far back its sources have been looked for.
    scans: Vec<Scan>,
}

/// The search for writes, of those called before a read ends, that may become what it saw: backward from its end.
#[derive(Clone, Copy, Debug)]
struct Scan {
    /// Of what is called after this event nothing has been left out.
    from: u32,
    /// The last event at which a source is called, if one has been found.
    found: Option<u32>,
}

impl Ahead {
    pub(super) fn new<A: Clone + Ord>(timeline: &Timeline<A>, is_on: bool) -> Ahead {
        if !is_on {
            return Ahead::default();
        }
        let events = timeline.events();
        let mut next_pure = vec![events; events as usize + 1];
        for event in (0..events).rev() {
            let end = timeline.ends[event as usize];
            let is_pure = timeline.places[end as usize].traits.is_pure;
            next_pure[event as usize] = if is_pure { event } else { next_pure[event as usize + 1] };
        }
        let scans = (0..events).map(|event| Scan { from: event, found: None }).collect();
        Ahead { next_pure, scans }
    }

    fn is_on(&self) -> bool {
        !self.next_pure.is_empty()
    }
}

impl<M: Model, const W: usize> Depth<M, W> {
    /// The event at which a read ends that cannot come out as it did, if one is seen from here. The position is at the
    /// event of the configuration.
    pub(super) fn blocked_at(&mut self, configuration: &Configuration<W>) -> Option<u32> {
        if !self.ahead.is_on() {
            return None;
        }
        let mut open = without(&both(&self.position.open, &self.position.pure), &configuration.mask);
        while let Some(slot) = take_first(&mut open) {
            let read = self.position.occupant[slot as usize];
            if !self.can_come_out(configuration, read) {
                return Some(self.timeline.places[read as usize].until);
            }
        }
        if let Some(event) = self.next_to_come(configuration.event)
            && !self.can_come_out(configuration, self.timeline.ends[event as usize])
        {
            return Some(event);
        }
        self.blocked_in_era(configuration)
    }

    /// The event at which a read ends that needs another state of the same era and cannot have it any more.
    fn blocked_in_era(&mut self, configuration: &Configuration<W>) -> Option<u32> {
        let era = self.model.era(configuration.state)?;
        let reads = self.timeline.needs_era(era, configuration.event).iter().take(ERA_READS_MAX);
        for &read in reads.filter(|&&read| !is_done(&self.timeline, configuration, read)) {
            if !self.model.may_become(configuration.state, self.timeline.action(read)) {
                return Some(self.timeline.places[read as usize].until);
            }
        }
        None
    }

    /// The event of the first pure action that is not open yet.
    fn next_to_come(&self, now: u32) -> Option<u32> {
        let mut event = self.ahead.next_pure[now as usize];
        while event < self.timeline.events() {
            let read = self.timeline.ends[event as usize];
            if self.timeline.places[read as usize].from > now {
                return Some(event);
            }
            event = self.ahead.next_pure[event as usize + 1];
        }
        None
    }

    fn can_come_out(&mut self, configuration: &Configuration<W>, read: u32) -> bool {
        self.model.may_become(configuration.state, self.timeline.action(read))
            || self.has_open_source(configuration, read)
            || self.has_unknown_source(configuration, read)
            || self.has_later_source(configuration, read)
    }

    /// Whether an open write may become what was read.
    fn has_open_source(&mut self, configuration: &Configuration<W>, read: u32) -> bool {
        let mut writes = without(&both(&self.position.open, &self.position.writes), &configuration.mask);
        while let Some(slot) = take_first(&mut writes) {
            if self.is_source(configuration, self.position.occupant[slot as usize], read) {
                return true;
            }
        }
        false
    }

    /// Whether a write of unknown outcome may, of those that have been called.
    fn has_unknown_source(&mut self, configuration: &Configuration<W>, read: u32) -> bool {
        for class in 0..self.timeline.classes.len() as u32 {
            let available = self.position.available[class as usize];
            let is_left = available > self.used.count(configuration.used, class);
            let span = self.timeline.classes.of(class)[0];
            let is_write = self.timeline.places[span as usize].traits.is_write;
            if is_left && is_write && self.is_source(configuration, span, read) {
                return true;
            }
        }
        false
    }

    /// Whether a write may that is called later, before the read ends.
    fn has_later_source(&mut self, configuration: &Configuration<W>, read: u32) -> bool {
        let end = self.timeline.places[read as usize].until as usize;
        let mut scan = self.ahead.scans[end];
        while scan.found.is_none() && scan.from > configuration.event {
            for place in 0..self.timeline.arrivals(scan.from).len() {
                let span = self.timeline.arrivals(scan.from)[place];
                let is_write = self.timeline.places[span as usize].traits.is_write;
                if is_write && self.is_source(configuration, span, read) {
                    scan.found = Some(scan.from);
                }
            }
            scan.from -= 1;
        }
        self.ahead.scans[end] = scan;
        scan.found.is_some_and(|event| event > configuration.event)
    }

    /// Whether what this write leaves behind may become what was read. It leaves the same in every state.
    fn is_source(&mut self, configuration: &Configuration<W>, write: u32, read: u32) -> bool {
        let state = self.model.step(configuration.state, self.timeline.action(write));
        state.is_some_and(|state| self.model.may_become(state, self.timeline.action(read)))
    }
}
