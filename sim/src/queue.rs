//! The event queue: a heap of small keys with the events out of line in a slab. The heap is four-ary: half as deep as a
//! binary one, and the four children of a key stand next to each other in memory. It holds only the keys of the tick
//! at hand; those of later ticks wait unsorted in buckets, a tick each, and those beyond the last bucket in a heap of
//! their own. Most events are timers that are far away, and none of them makes the heap deeper meanwhile.
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

/// Adds a key to a heap.
#[inline]
fn heap_push(heap: &mut Vec<Key>, key: Key) {
    heap.push(key);
    let last = heap.len() - 1;
    sift_up(heap, last);
}

/// Takes the first key out of a heap.
#[inline]
fn heap_pop(heap: &mut Vec<Key>) -> Option<Key> {
    let last = heap.pop()?;
    let Some(front) = heap.first_mut() else { return Some(last) };
    let next = std::mem::replace(front, last);
    sift_down(heap);
    Some(next)
}

/// A tick is 2^17 ns, about an eighth of a millisecond: a few events long in a busy world.
const TICK_BITS: u32 = 17;
/// How many ticks have a bucket: about half a second, beyond most timers of a cluster within one building.
const BUCKETS: usize = 4096;

/// The ticks after the one at hand, a bucket each, and a bit each for those that hold a key.
#[derive(Clone)]
struct Buckets {
    keys: Vec<Vec<Key>>,
    full: [u64; BUCKETS / 64],
}

impl Buckets {
    #[inline]
    fn push(&mut self, tick: u64, key: Key) {
        let place = tick as usize % BUCKETS;
        self.keys[place].push(key);
        self.full[place / 64] |= 1 << (place % 64);
    }

    /// The first tick after `now` that holds a key. All ticks are within `BUCKETS` of `now`.
    fn next_after(&self, now: u64) -> Option<u64> {
        let start = (now as usize + 1) % BUCKETS;
        let (word, bit) = (start / 64, start % 64);
        let in_first = self.full[word] & u64::MAX << bit;
        let found = |word: usize, bits: u64| {
            let place = word * 64 + bits.trailing_zeros() as usize;
            now + 1 + ((place + BUCKETS - start) % BUCKETS) as u64
        };
        if in_first != 0 {
            return Some(found(word, in_first));
        }
        // All the way round, and the front of the first word again.
        (1..=self.full.len()).map(|step| (word + step) % self.full.len()).find_map(|word| {
            let bits = self.full[word];
            (bits != 0).then(|| found(word, bits))
        })
    }

    /// Moves the keys of `tick` into the heap.
    fn pour(&mut self, tick: u64, heap: &mut Vec<Key>) {
        let place = tick as usize % BUCKETS;
        self.full[place / 64] &= !(1 << (place % 64));
        for key in self.keys[place].drain(..) {
            heap_push(heap, key);
        }
    }
}

/// The queue of what will happen.
#[derive(Clone)]
pub struct Queue<T> {
    /// The keys of ticks up to `tick`. No key comes before its parent.
    heap: Vec<Key>,
    /// The tick at hand.
    tick: u64,
    /// The keys of the `BUCKETS - 1` ticks after it.
    buckets: Buckets,
    /// The keys that were later than that when they were pushed: a heap.
    beyond: Vec<Key>,
    slab: Vec<Option<T>>,
    free: Vec<u32>,
    counters: [Vec<u64>; CLASSES],
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            heap: Vec::new(),
            tick: 0,
            buckets: Buckets { keys: vec![Vec::new(); BUCKETS], full: [0; BUCKETS / 64] },
            beyond: Vec::new(),
            slab: Vec::new(),
            free: Vec::new(),
            counters: Default::default(),
        }
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
        let key = Key { time, order, slot };
        match (time >> TICK_BITS).checked_sub(self.tick) {
            None | Some(0) => heap_push(&mut self.heap, key),
            Some(ahead) if ahead < BUCKETS as u64 => self.buckets.push(time >> TICK_BITS, key),
            Some(_) => heap_push(&mut self.beyond, key),
        }
    }

    /// The next event, its time, and its order among those of that time.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, u64, T)> {
        if self.heap.is_empty() {
            self.next_tick();
        }
        let Key { time, order, slot } = heap_pop(&mut self.heap)?;
        let event = self.slab[slot as usize].take().expect("a queued slot is full");
        self.free.push(slot);
        Some((time, order, event))
    }

    /// Goes on to the next tick that holds a key, if there is one.
    fn next_tick(&mut self) {
        let near = self.buckets.next_after(self.tick);
        let far = self.beyond.first().map(|key| key.time >> TICK_BITS);
        let Some(tick) = near.into_iter().chain(far).min() else { return };
        assert!(self.tick < tick, "what is due at once is in the heap");
        self.tick = tick;
        if near == Some(tick) {
            self.buckets.pour(tick, &mut self.heap);
        }
        while self.beyond.first().is_some_and(|key| key.time >> TICK_BITS == tick) {
            let key = heap_pop(&mut self.beyond).expect("there is a first");
            heap_push(&mut self.heap, key);
        }
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

    /// Pushes and pops in no particular order, of any depth and from within a tick to far beyond the last bucket: what
    /// comes out is what a sorted list would give. As in a run, nothing is pushed before what was popped last.
    #[test]
    fn what_comes_out_is_sorted_at_any_depth_and_distance() {
        for spread in [10, 18, 24, 32, 36] {
            sorted_at(spread);
        }
    }

    fn sorted_at(spread: u32) {
        let mut now = 0;
        let mut queue = Queue::default();
        let mut sorted = std::collections::BTreeMap::new();
        let mut count = 0;
        for step in 0..20_000_u64 {
            let word = crate::rng::word(1, 2, 3, step);
            if word % 16 < 9 - step / 10_000 * 2 {
                // Near and far ones mixed: a third within a 256th of the spread.
                let narrow = if step % 3 == 0 { 8 } else { 0 };
                let (time, place) = (now + (word >> (64 - spread + narrow)), (word >> 4) as usize % 8);
                queue.push(time, Class::Link, place, step);
                sorted.insert((time, place, count), step);
                count += 1;
            } else {
                let least = sorted.pop_first().map(|((time, ..), step)| (time, step));
                assert_eq!(queue.pop().map(|(time, _, step)| (time, step)), least);
                now = least.map_or(now, |(time, _)| time);
            }
        }
        assert!(count > 9_000, "deep enough to mean something");
    }
}
