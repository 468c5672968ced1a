//! Streams of random numbers, each derived from the seed and a label. A draw from one moves nothing in another, so that
//! one client more or one fault less leaves the rest of a plan as it was.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_128;

/// Fills the rest of the key, so that streams for plans never meet streams that a run derives from the plan's key.
const PURPOSE: u64 = u64::from_le_bytes(*b"plan-1\0\0");

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this seed and label. Streams of different seeds never coincide; those of different labels do not
    /// unless 128 bits of hash collide.
    pub fn new(seed: u64, label: &str) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(&xxh3_128(label.as_bytes()).to_le_bytes());
        key[24..].copy_from_slice(&PURPOSE.to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `0..n`: the upper half of the product of 64 random bits and `n`. `0 < n`. One number may be more
    /// likely than another by `n` in 2^64: for the largest range here, an hour in nanoseconds, that is 1 in 5 million.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(0 < n);
        ((u128::from(self.draw()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `from..=to`. `from <= to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        assert!(from <= to);
        from + self.below(to - from + 1)
    }

    /// A number from `-most..=most`. `0 <= most`.
    pub fn either_side(&mut self, most: i64) -> i64 {
        assert!(0 <= most);
        self.below(2 * most.unsigned_abs() + 1) as i64 - most
    }

    /// True `ppm` times in a million.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }

    /// Every number of `0..n` once, in random order (Fisher and Yates).
    pub fn shuffled(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn a_stream_is_a_function_of_seed_and_label() {
        let draws = |seed, label: &str| {
            let mut stream = Stream::new(seed, label);
            [stream.draw(), stream.draw(), stream.draw()]
        };
        assert_eq!(draws(7, "clock/1"), draws(7, "clock/1"));
        assert_ne!(draws(7, "clock/1"), draws(8, "clock/1"));
        assert_ne!(draws(7, "clock/1"), draws(7, "clock/2"));
    }

    #[test]
    fn numbers_stay_in_range_and_reach_both_ends() {
        let mut stream = Stream::new(1, "range");
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[stream.between(10, 16) as usize - 10] += 1;
            let side = stream.either_side(3);
            assert!((-3..=3).contains(&side));
        }
        assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
        let mut order = stream.shuffled(9);
        order.sort_unstable();
        assert_eq!(order, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn the_bits_are_the_same_on_every_machine() {
        let mut stream = Stream::new(4711, "client/0/arrivals");
        assert_eq!([stream.draw(), stream.draw()], GOLDEN);
    }

    /// Written down once: a change of it changes every plan ever drawn.
    const GOLDEN: [u64; 2] = [8830505128152604405, 1503873296643887336];
}
