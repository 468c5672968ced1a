//! Sets of slots as bits.

/// A set of slots, a bit each.
pub(super) type Mask<const W: usize> = [u64; W];

/// Whether the slot is in the set.
#[inline]
pub(super) fn has<const W: usize>(mask: &Mask<W>, slot: u32) -> bool {
    mask[slot as usize / 64] >> (slot % 64) & 1 == 1
}

/// Puts the slot into the set.
#[inline]
pub(super) fn set<const W: usize>(mask: &mut Mask<W>, slot: u32) {
    mask[slot as usize / 64] |= 1 << (slot % 64);
}

/// Takes the slot out of the set.
#[inline]
pub(super) fn clear<const W: usize>(mask: &mut Mask<W>, slot: u32) {
    mask[slot as usize / 64] &= !(1 << (slot % 64));
}

/// What both sets have.
#[inline]
pub(super) fn both<const W: usize>(left: &Mask<W>, right: &Mask<W>) -> Mask<W> {
    std::array::from_fn(|word| left[word] & right[word])
}

/// What the left set has and the right one has not.
#[inline]
pub(super) fn without<const W: usize>(left: &Mask<W>, right: &Mask<W>) -> Mask<W> {
    std::array::from_fn(|word| left[word] & !right[word])
}

/// Takes the first slot out of the set; `None` if the set is empty.
#[inline]
pub(super) fn take_first<const W: usize>(mask: &mut Mask<W>) -> Option<u32> {
    for (place, word) in mask.iter_mut().enumerate() {
        if *word != 0 {
            let bit = word.trailing_zeros();
            *word &= *word - 1;
            return Some(64 * place as u32 + bit);
        }
    }
    None
}
