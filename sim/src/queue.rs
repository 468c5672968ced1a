//! The event queue: a heap of small keys with the events out of line in a slab. The heap is four-ary: half as deep as a
//! binary one, and the four children of a key stand next to each other in memory.
//!
//! The key is (time, class of event, place, counter of that place): an event more in one place changes no order
//! elsewhere, and two events never compare equal.

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

#[derive(Clone, Copy)]
struct Key {
    time: u64,
    order: u64,
    slot: u32,
}

impl Key {
    /// Whether this comes first. As one wide number, so that it compiles to no branch; no two keys are equal.
    #[inline]
    fn is_before(&self, other: &Key) -> bool {
        let wide = |key: &Key| u128::from(key.time) << 64 | u128::from(key.order);
        wide(self) < wide(other)
    }
}

/// Children of a key in the heap: those of place `i` stand at `ARITY * i + 1` and after.
const ARITY: usize = 4;

/// Moves the key at `place` up to where no parent comes after it.
#[inline]
fn sift_up(heap: &mut [Key], mut place: usize) {
    let key = heap[place];
    while 0 < place {
        let parent = (place - 1) / ARITY;
        if !key.is_before(&heap[parent]) {
            break;
        }
        heap[place] = heap[parent];
        place = parent;
    }
    heap[place] = key;
}

/// Moves the key at the front down to where no child comes before it.
#[inline]
fn sift_down(heap: &mut [Key]) {
    let key = heap[0];
    let mut place = 0;
    loop {
        let first = ARITY * place + 1;
        let Some(children) = heap.get(first..heap.len().min(first + ARITY)).filter(|all| !all.is_empty())
        else {
            break;
        };
        let mut least = 0;
        for child in 1..children.len() {
            least = if children[child].is_before(&children[least]) { child } else { least };
        }
        if !children[least].is_before(&key) {
            break;
        }
        heap[place] = children[least];
        place = first + least;
    }
    heap[place] = key;
}

/// The queue of what will happen.
#[derive(Clone)]
pub struct Queue<T> {
    /// No key comes before its parent.
    heap: Vec<Key>,
    slab: Vec<Option<T>>,
    free: Vec<u32>,
    counters: [Vec<u64>; CLASSES],
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { heap: Vec::new(), slab: Vec::new(), free: Vec::new(), counters: Default::default() }
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
        self.heap.push(Key { time, order, slot });
        let last = self.heap.len() - 1;
        sift_up(&mut self.heap, last);
    }

    /// The next event, its time, and its order among those of that time.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, u64, T)> {
        let last = self.heap.pop()?;
        let Key { time, order, slot } = match self.heap.first_mut() {
            Some(front) => {
                let next = std::mem::replace(front, last);
                sift_down(&mut self.heap);
                next
            }
            None => last,
        };
        let event = self.slab[slot as usize].take().expect("a queued slot is full");
        self.free.push(slot);
        Some((time, order, event))
    }

    /// When the next event is.
    pub fn next_time(&self) -> Option<u64> {
        self.heap.first().map(|key| key.time)
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

    /// Pushes and pops in no particular order, of any depth: what comes out is what a sorted list would give.
    #[test]
    fn what_comes_out_is_sorted_at_any_depth() {
        let mut queue = Queue::default();
        let mut sorted = std::collections::BTreeMap::new();
        let mut count = 0;
        for step in 0..20_000_u64 {
            let word = crate::rng::word(1, 2, 3, step);
            if word % 16 < 9 - step / 10_000 * 2 {
                let (time, place) = (word >> 48, (word >> 32) as usize % 8);
                queue.push(time, Class::Link, place, step);
                sorted.insert((time, place, count), step);
                count += 1;
            } else {
                let least = sorted.pop_first().map(|((time, ..), step)| (time, step));
                assert_eq!(queue.pop().map(|(time, _, step)| (time, step)), least);
            }
        }
        assert!(count > 9_000, "deep enough to mean something");
    }
}
