//! The floor: an event loop that does nothing but pop an event, draw a latency and push it back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{LATENCY_MAX, LATENCY_MIN};

/// Events of one run.
const EVENTS: u64 = 500_000;
/// Events that wait in the queue at any time: about what a cluster of five with 64 commands in flight has.
const PENDING: u64 = 256;

/// A binary heap of (time, number) and one ChaCha8 draw an event.
pub struct Floor;

impl Contestant for Floor {
    fn name(&self) -> String {
        "floor".into()
    }

    fn group(&self) -> Group {
        Group::Floor
    }

    fn against(&self) -> Vec<Against> {
        Vec::new()
    }

    fn run(&self) -> Measure {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut queue: BinaryHeap<Reverse<(u64, u64)>> =
            (0..PENDING).map(|number| Reverse((draw_latency_ns(&mut rng), number))).collect();
        let clock = CpuClock::start();
        for number in PENDING..PENDING + EVENTS {
            let Reverse((now, _)) = queue.pop().expect("as many are pushed as are popped");
            queue.push(Reverse((now + draw_latency_ns(&mut rng), number)));
        }
        let cpu = clock.elapsed();
        black_box(queue);
        Measure { units: EVENTS, messages: EVENTS, cpu }
    }
}

/// A latency, uniform between the two bounds of the mesh; integers only, as in our world.
fn draw_latency_ns(rng: &mut ChaCha8Rng) -> u64 {
    let min = LATENCY_MIN.as_nanos() as u64;
    let span = (LATENCY_MAX - LATENCY_MIN).as_nanos() as u64;
    min + ((u64::from(rng.next_u32()) * span) >> 32)
}
