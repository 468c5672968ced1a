//! How many unknown outcomes of each class have taken effect: vectors of small counts, packed, each vector once.

use crate::table::{Table, mix};

/// All vectors of counts that occur.
#[derive(Debug)]
pub(super) struct Used {
    /// For each class, where its count stands in a vector.
    fields: Vec<Field>,
    /// For each word of a vector, one bit above each count: always clear in a vector.
    guards: Vec<u64>,
    /// All vectors, one after another.
    vectors: Vec<u64>,
    table: Table,
}

/// A count within a vector: as many bits as the largest count needs, and a guard bit above.
#[derive(Clone, Copy, Debug)]
struct Field {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Used {
    /// The vector of zeros.
    pub(super) const NONE: u32 = 0;

    /// For classes of these sizes.
    pub(super) fn new(sizes: impl Iterator<Item = usize>) -> Used {
        let mut used =
            Used { fields: Vec::new(), guards: Vec::new(), vectors: Vec::new(), table: Table::new() };
        let mut shift = u64::BITS;
        for size in sizes {
            let bits = usize::BITS - size.leading_zeros();
            if shift + bits + 1 > u64::BITS {
                used.guards.push(0);
                shift = 0;
            }
            let word = used.guards.len() - 1;
            used.fields.push(Field { word, shift, bits });
            used.guards[word] |= 1 << (shift + bits);
            shift += bits + 1;
        }
        used.vectors.resize(used.guards.len(), 0);
        if !used.guards.is_empty() {
            used.table.insert(hash(&used.vectors), Used::NONE);
        }
        used
    }

    /// The count of a class.
    #[inline]
    pub(super) fn count(&self, used: u32, class: u32) -> u32 {
        let Field { word, shift, bits } = self.fields[class as usize];
        (self.vector(used)[word] >> shift & ((1 << bits) - 1)) as u32
    }

    /// The vector with one more of a class.
    pub(super) fn one_more(&mut self, used: u32, class: u32) -> u32 {
        let words = self.guards.len();
        let start = used as usize * words;
        let end = self.vectors.len();
        self.vectors.extend_from_within(start..start + words);
        let Field { word, shift, .. } = self.fields[class as usize];
        self.vectors[end + word] += 1 << shift;
        assert_eq!(self.vectors[end + word] & self.guards[word], 0, "no more of a class than there are");
        let (known, new) = self.vectors.split_at(end);
        let hash = hash(new);
        let is_same = |used: u32| known[used as usize * words..][..words] == *new;
        if let Some(found) = self.table.find(hash, is_same) {
            self.vectors.truncate(end);
            return found;
        }
        let number = u32::try_from(end / words).expect("fewer than 2^32 vectors of counts");
        self.table.insert(hash, number);
        number
    }

    /// Whether `left` used no more of any class than `right`: with the guards set, no subtraction borrows from one.
    #[inline]
    pub(super) fn is_within(&self, left: u32, right: u32) -> bool {
        let pairs = self.vector(left).iter().zip(self.vector(right)).zip(&self.guards);
        left == right
            || pairs.into_iter().all(|((left, right), guard)| ((right | guard) - left) & guard == *guard)
    }

    /// Bytes that the vectors hold.
    pub(super) fn memory(&self) -> u64 {
        (self.vectors.capacity() * size_of::<u64>()) as u64 + self.table.memory()
    }

    #[inline]
    fn vector(&self, used: u32) -> &[u64] {
        let words = self.guards.len();
        &self.vectors[used as usize * words..][..words]
    }
}

fn hash(vector: &[u64]) -> u64 {
    vector.iter().fold(0, |hash, &word| mix(hash, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_compared_class_by_class() {
        // Three classes share a word, the fourth needs one of its own.
        let mut used = Used::new([3, 1, 7, usize::MAX >> 3].into_iter());
        let first = used.one_more(Used::NONE, 0);
        let other = used.one_more(Used::NONE, 3);
        let both = used.one_more(first, 3);
        assert_eq!(both, used.one_more(other, 0));
        assert!(used.is_within(first, both) && used.is_within(other, both) && used.is_within(both, both));
        assert!(
            !used.is_within(both, first) && !used.is_within(first, other) && !used.is_within(other, first)
        );
        let two = used.one_more(first, 0);
        let full = used.one_more(two, 0);
        assert_eq!([0, 1, 2, 3].map(|class| used.count(full, class)), [3, 0, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "no more of a class than there are")]
    fn a_class_cannot_be_overdrawn() {
        let mut used = Used::new([1].into_iter());
        let first = used.one_more(Used::NONE, 0);
        used.one_more(first, 0);
    }
}
