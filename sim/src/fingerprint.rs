//! The fingerprint of a run: 128 bits over everything that happened, by records of fixed layout. Tracing never enters
//! it.

use xxhash_rust::xxh3::Xxh3;

/// Bytes of a record: four words.
const RECORD_BYTES: usize = 32;
/// Records are hashed in batches of this many bytes.
const BATCH_BYTES: usize = 64 * RECORD_BYTES;

/// Folds records as a run goes on.
#[derive(Clone)]
pub struct Fingerprint {
    hash: Xxh3,
    /// Records that are not hashed yet, in the first `filled` bytes.
    batch: Box<[u8; BATCH_BYTES]>,
    filled: usize,
    enabled: bool,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint { hash: Xxh3::new(), batch: Box::new([0; BATCH_BYTES]), filled: 0, enabled: true }
    }
}

impl Fingerprint {
    /// One that folds nothing: for measuring what folding costs.
    pub fn disabled() -> Fingerprint {
        Fingerprint { enabled: false, ..Fingerprint::default() }
    }

    /// Folds one record of four words.
    #[inline]
    pub fn record(&mut self, words: [u64; 4]) {
        if !self.enabled {
            return;
        }
        let record = &mut self.batch[self.filled..][..RECORD_BYTES];
        for (place, word) in record.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.filled += RECORD_BYTES;
        if self.filled == BATCH_BYTES {
            self.hash_batch();
        }
    }

    #[inline(never)]
    fn hash_batch(&mut self) {
        self.hash.update(&self.batch[..]);
        self.filled = 0;
    }

    /// The fingerprint of everything so far, as 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hash = self.hash.clone();
        hash.update(&self.batch[..self.filled]);
        format!("{:032x}", hash.digest128())
    }
}
