//! The fingerprint of a run: 128 bits over everything that happened, by records of fixed layout. Tracing never enters
//! it.

use xxhash_rust::xxh3::Xxh3;

/// Records are hashed in batches of this many words.
const BATCH_WORDS: usize = 256;

/// Folds records as a run goes on.
#[derive(Clone)]
pub struct Fingerprint {
    hash: Xxh3,
    batch: Vec<u8>,
    enabled: bool,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint { hash: Xxh3::new(), batch: Vec::with_capacity(BATCH_WORDS * 8), enabled: true }
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
        for word in words {
            self.batch.extend_from_slice(&word.to_le_bytes());
        }
        if self.batch.len() == BATCH_WORDS * 8 {
            self.hash.update(&self.batch);
            self.batch.clear();
        }
    }

    /// The fingerprint of everything so far, as 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hash = self.hash.clone();
        hash.update(&self.batch);
        format!("{:032x}", hash.digest128())
    }
}
