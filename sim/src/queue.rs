//! The event queue: a binary heap of small keys with the events out of line in a slab.
//!
//! The key is (time, class of event, place, counter of that place): an event more in one place changes no order
//! elsewhere, and two events never compare equal.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What kind of event, in the order in which they happen at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// A fault begins or ends.
    Fault,
    /// A process starts or goes on.
    Process,
    /// A session comes up, breaks, or is tried.
    Session,
    /// A sync ends.
    Disk,
    /// A message arrives at a node.
    Link,
    /// A request arrives at a node, or an answer at a client.
    Client,
    /// A node has served a message.
    Cpu,
    /// A deadline of a node passes.
    Wake,
    /// A client's timer fires.
    ClientWake,
}

const CLASSES: usize = Class::ClientWake as usize + 1;
const PLACE_BITS: u32 = 20;
const COUNTER_BITS: u32 = 64 - 4 - PLACE_BITS;

/// Places per class: links are `from * 64 + to`, nodes and clients their number.
pub const PLACES_MAX: usize = 1 << PLACE_BITS;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    time: u64,
    order: u64,
    slot: u32,
}

/// The queue of what will happen.
#[derive(Clone)]
pub struct Queue<T> {
    heap: BinaryHeap<Reverse<Key>>,
    slab: Vec<Option<T>>,
    free: Vec<u32>,
    counters: [Vec<u64>; CLASSES],
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { heap: BinaryHeap::new(), slab: Vec::new(), free: Vec::new(), counters: Default::default() }
    }
}

impl<T> Queue<T> {
    /// Schedules `event` at `time`, after those of its class and place that are scheduled at the same time.
    #[inline]
    pub fn push(&mut self, time: u64, class: Class, place: usize, event: T) {
        debug_assert!(place < PLACES_MAX);
        let counters = &mut self.counters[class as usize];
        if counters.len() <= place {
            counters.resize(place + 1, 0);
        }
        let counter = counters[place];
        counters[place] += 1;
        debug_assert!(counter < 1 << COUNTER_BITS);
        let order = (class as u64) << 60 | (place as u64) << COUNTER_BITS | counter;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slab[slot as usize] = Some(event);
                slot
            }
            None => {
                self.slab.push(Some(event));
                (self.slab.len() - 1) as u32
            }
        };
        self.heap.push(Reverse(Key { time, order, slot }));
    }

    /// The next event, its time, and its order among those of that time.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, u64, T)> {
        let Reverse(Key { time, order, slot }) = self.heap.pop()?;
        let event = self.slab[slot as usize].take().expect("a queued slot is full");
        self.free.push(slot);
        Some((time, order, event))
    }

    /// When the next event is.
    pub fn next_time(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(key)| key.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_time_class_place_and_age() {
        let mut queue = Queue::default();
        queue.push(5, Class::Wake, 0, "wake");
        queue.push(5, Class::Link, 9, "far link");
        queue.push(5, Class::Link, 2, "near link, first");
        queue.push(5, Class::Link, 2, "near link, second");
        queue.push(4, Class::ClientWake, 7, "earlier");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, _, event)| event).collect();
        assert_eq!(order, ["earlier", "near link, first", "near link, second", "far link", "wake"]);
    }
}
