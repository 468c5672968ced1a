//! Digests of fixed layout: the same on every machine, cheap enough for every message of a run.

/// Folds the word `x` into the digest `h`: one 64 by 64 to 128 bit multiplication, halves xored. Not for adversaries.
#[inline]
pub const fn fold(h: u64, x: u64) -> u64 {
    // The constants keep a zero operand from absorbing the other one.
    let a = h ^ 0x9e37_79b9_7f4a_7c15;
    let b = x ^ 0xe703_7ed1_a0b4_28db;
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64) ^ h.rotate_left(23)
}

/// The digest of a byte string.
#[inline]
pub fn of_bytes(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// The next link of a log's hash chain: what the prefix up to and including this entry hashes to, given the chain of
/// the prefix before it. Judges and replicas must agree on it, so it stands here.
#[inline]
pub const fn chain(before: u64, slot: u64, round: u64, entry: u64) -> u64 {
    fold(fold(fold(before, slot), round), entry)
}
