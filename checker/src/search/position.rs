//! What is open at an event. The search moves from event to event, mostly by one, and this moves with it, so that
//! nothing has to be kept for each event.

use crate::search::mask::{Mask, clear, set};
use crate::search::timeline::{NEVER, Timeline};

/// What is open at one event.
#[derive(Clone, Debug)]
pub(super) struct Position<const W: usize> {
    event: u32,
    /// The slots of open spans.
    pub(super) open: Mask<W>,
    /// The slots whose latest span is pure. Means something for open slots only, as the next two.
    pub(super) pure: Mask<W>,
    /// The slots whose latest span is a write.
    pub(super) writes: Mask<W>,
    /// The slots whose latest span is unseen.
    pub(super) unseen: Mask<W>,
    /// For each open slot, its span.
    pub(super) occupant: Vec<u32>,
    /// For each class of unknown outcomes, how many have been called.
    pub(super) available: Vec<u32>,
}

impl<const W: usize> Position<W> {
    /// The first event. There must be one.
    pub(super) fn new<A: Clone + Ord>(timeline: &Timeline<A>) -> Position<W> {
        let mut position = Position {
            event: 0,
            open: [0; W],
            pure: [0; W],
            writes: [0; W],
            unseen: [0; W],
            occupant: vec![NEVER; timeline.slots as usize],
            available: vec![0; timeline.classes.len()],
        };
        if timeline.events() > 0 {
            position.welcome(timeline);
        }
        position
    }

    /// Moves to an event.
    pub(super) fn move_to<A: Clone + Ord>(&mut self, event: u32, timeline: &Timeline<A>) {
        while self.event < event {
            self.forward(timeline);
        }
        while self.event > event {
            self.backward(timeline);
        }
    }

    /// Moves to the next event, which must exist.
    #[inline]
    pub(super) fn forward<A: Clone + Ord>(&mut self, timeline: &Timeline<A>) {
        let end = timeline.ends[self.event as usize];
        clear(&mut self.open, timeline.places[end as usize].slot);
        self.event += 1;
        self.welcome(timeline);
    }

    fn backward<A: Clone + Ord>(&mut self, timeline: &Timeline<A>) {
        for &span in timeline.arrivals(self.event) {
            let place = timeline.places[span as usize];
            if place.until == NEVER {
                self.available[place.slot as usize] -= 1;
            } else {
                clear(&mut self.open, place.slot);
            }
        }
        self.event -= 1;
        self.admit(timeline.ends[self.event as usize], timeline);
    }

    /// Opens what comes at this event.
    fn welcome<A: Clone + Ord>(&mut self, timeline: &Timeline<A>) {
        for &span in timeline.arrivals(self.event) {
            let place = timeline.places[span as usize];
            if place.until == NEVER {
                self.available[place.slot as usize] += 1;
            } else {
                self.admit(span, timeline);
            }
        }
    }

    #[inline]
    fn admit<A: Clone + Ord>(&mut self, span: u32, timeline: &Timeline<A>) {
        let place = timeline.places[span as usize];
        let slot = place.slot;
        set(&mut self.open, slot);
        self.occupant[slot as usize] = span;
        let traits = place.traits;
        let marks = [
            (&mut self.pure, traits.is_pure),
            (&mut self.writes, traits.is_write),
            (&mut self.unseen, traits.is_unseen),
        ];
        for (mask, is_marked) in marks {
            if is_marked {
                set(mask, slot);
            } else {
                clear(mask, slot);
            }
        }
    }
}
