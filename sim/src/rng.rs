//! Randomness: one stream a purpose, derived from the plan's key and a label, so that a new draw in one place moves
//! nothing elsewhere; and counter-based draws, a word from a key and a counter, for the weather.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use replica::Draw;
use replica::digest::{fold, of_bytes};

/// A stream of draws. Values are stable across versions of its library: see the golden vector in the tests.
#[derive(Clone, Debug)]
pub struct SimRng(ChaCha8Rng);

impl SimRng {
    /// The stream of `label`, `a` and `b` under `key`.
    pub fn stream(key: u64, label: &str, a: u64, b: u64) -> SimRng {
        let seed = fold(fold(fold(key, of_bytes(label.as_bytes())), a), b);
        SimRng(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number drawn evenly from `from..=to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        assert!(from <= to);
        from + self.draw((to - from).saturating_add(1))
    }
}

impl Draw for SimRng {
    /// Multiplies instead of dividing: the bias is below `n / 2^64`.
    fn draw(&mut self, n: u64) -> u64 {
        assert!(0 < n);
        scale(self.0.next_u64(), n)
    }
}

/// Scales a random word to `0..n`.
#[inline]
pub fn scale(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

/// The random word that `key` gives the counter (`a`, `b`, `c`): the same whenever it is asked for.
#[inline]
pub fn word(key: u64, a: u64, b: u64, c: u64) -> u64 {
    // Three folds, then the finalizer of SplitMix64, whose output passes the usual batteries for counters.
    let mut x = fold(fold(fold(key, a), b), c);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_stable_and_independent() {
        let mut stream = SimRng::stream(42, "disk", 1, 0);
        let drawn: Vec<u64> = (0..4).map(|_| stream.draw(1_000_000)).collect();
        assert_eq!(drawn, GOLDEN, "a library changed its values: every golden fingerprint would move");
        let mut other = SimRng::stream(42, "disk", 2, 0);
        assert_ne!(other.draw(1 << 60), SimRng::stream(42, "disk", 1, 0).draw(1 << 60));
    }

    const GOLDEN: [u64; 4] = [476537, 87397, 261169, 580453];

    #[test]
    fn counter_based_words_are_even() {
        // A thousand buckets, a million counters: each bucket is within five sigma of its share.
        let mut buckets = vec![0u32; 1000];
        for i in 0..1_000_000 {
            buckets[scale(word(7, 3, i / 50, i % 50), 1000) as usize] += 1;
        }
        assert!(buckets.iter().all(|&n| (840..1160).contains(&n)), "{buckets:?}");
    }
}
