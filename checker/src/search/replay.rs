//! From a path of choices to an order of spans.

use crate::model::Model;
use crate::search::depth::{Choice, Configuration, Depth};
use crate::search::mask::{clear, has, set, take_first, without};
use crate::search::position::Position;
use crate::search::used::Used;
use crate::witness;

impl<M: Model, const W: usize> Depth<M, W> {
    /// Spells out the order that a path stands for: what was chosen, and what took effect by itself.
    pub(super) fn replay(&mut self, path: &[Choice]) -> Vec<usize> {
        let position = std::mem::replace(&mut self.position, Position::new(&self.timeline));
        let mut path = path.iter();
        let mut order = Vec::with_capacity(self.timeline.spans.len());
        let mut taken = vec![0; self.timeline.classes.len()];
        let state = self.model.initial();
        let mut at = Configuration::<W> { event: 0, state, mask: [0; W], used: Used::NONE };
        while self.catch_up(&mut at, &mut order) {
            let Some(&choice) = path.next() else { break };
            let before = at;
            let span = match choice {
                Choice::Span(span) => span,
                Choice::Class(class) => {
                    taken[class as usize] += 1;
                    self.timeline.classes.of(class)[taken[class as usize] - 1]
                }
            };
            self.take_unseen(&mut at, span);
            if let Choice::Span(span) = choice {
                clear(&mut at.mask, self.timeline.places[span as usize].slot);
            }
            self.spell_out(&before, &at, &mut order);
            if let Choice::Span(span) = choice {
                set(&mut at.mask, self.timeline.places[span as usize].slot);
            }
            at.state =
                self.model.step(at.state, self.timeline.action(span)).expect("a choice fits its state");
            order.push(span as usize);
        }
        assert!(path.next().is_none(), "the last end is the end of the path");
        self.position = position;
        order
    }

    /// An order is believed when it is verified.
    pub(super) fn verify(&mut self, order: &[usize]) {
        let order: Vec<u32> = order.iter().map(|&span| span as u32).collect();
        let verified = witness::verify(&mut self.model, &self.timeline.spans, &order);
        assert_eq!(verified, Ok(()), "the search believes in an order that is none");
    }

    /// Passes ends that have taken effect; false if none is left.
    fn catch_up(&mut self, at: &mut Configuration<W>, order: &mut Vec<usize>) -> bool {
        while at.event < self.timeline.events() {
            self.position.move_to(at.event, &self.timeline);
            if self.pruning.greedy {
                let before = *at;
                self.take_pure(at);
                self.spell_out(&before, at, order);
            }
            let end = self.timeline.ends[at.event as usize];
            let slot = self.timeline.places[end as usize].slot;
            if !has(&at.mask, slot) {
                return true;
            }
            clear(&mut at.mask, slot);
            at.event += 1;
        }
        false
    }

    /// Adds the spans that have taken effect between two configurations at the same event.
    fn spell_out(&self, before: &Configuration<W>, after: &Configuration<W>, order: &mut Vec<usize>) {
        let mut new = without(&after.mask, &before.mask);
        while let Some(slot) = take_first(&mut new) {
            order.push(self.position.occupant[slot as usize] as usize);
        }
    }
}
