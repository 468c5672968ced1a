//! Hash tables without random state: from a 64-bit hash to a small number, the entry's place in an arena.
//!
//! The standard maps draw their seed at random and the tree map is too slow for the search's inner loop. Here the
//! owner keeps the entries in a vector, in order of insertion, and the table only finds them.

use xxhash_rust::xxh3::xxh3_64;

/// What an empty place of a [`Table`] holds.
const EMPTY: u32 = u32::MAX;

/// Places in a table with one entry; a power of two, as every later size.
const PLACES_MIN: usize = 32;

/// Up to so many items an [`Interner`] just compares: hashing would cost more.
const COMPARED_MAX: usize = 8;

/// From hashes to places in an arena that the owner keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The upper half of the hash, and the entry. Open addressing with linear probing, at most half full; empty, or a
    /// power of two long. The highest bits of the hash say where the probing begins.
    places: Vec<(u32, u32)>,
    /// Entries in the table. `2 * used <= places.len()`.
    used: usize,
}

impl Table {
    /// An empty table, which holds no memory.
    pub(crate) fn new() -> Table {
        Table::default()
    }

    /// The entry with this hash for which `is` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let tag = tag(hash);
        let last = self.places.len() - 1;
        let mut place = self.place(tag);
        loop {
            let (there, entry) = self.places[place];
            if entry == EMPTY {
                return None;
            }
            if there == tag && is(entry) {
                return Some(entry);
            }
            place = (place + 1) & last;
        }
    }

    /// Adds an entry that [`Table::find`] did not find.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, entry: u32) {
        assert_ne!(entry, EMPTY);
        if 2 * (self.used + 1) > self.places.len() {
            self.grow();
        }
        self.put(tag(hash), entry);
        self.used += 1;
    }

    /// Bytes that the table holds.
    pub(crate) fn memory(&self) -> u64 {
        (self.places.capacity() * size_of::<(u32, u32)>()) as u64
    }

    fn grow(&mut self) {
        let doubled = vec![(0, EMPTY); (2 * self.places.len()).max(PLACES_MIN)];
        let places = std::mem::replace(&mut self.places, doubled);
        for (tag, entry) in places.into_iter().filter(|&(_, entry)| entry != EMPTY) {
            self.put(tag, entry);
        }
    }

    fn put(&mut self, tag: u32, entry: u32) {
        let last = self.places.len() - 1;
        let mut place = self.place(tag);
        while self.places[place].1 != EMPTY {
            place = (place + 1) & last;
        }
        self.places[place] = (tag, entry);
    }

    /// Where probing for a tag begins.
    fn place(&self, tag: u32) -> usize {
        let bits = self.places.len().trailing_zeros();
        (u64::from(tag) >> (u32::BITS - bits)) as usize
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Stirs a word into a hash: one round of a multiply-and-fold mixer. Fast, and good enough where nobody chooses the
/// words to do harm; the table compares entries anyway.
#[inline]
pub(crate) fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (product >> 64) as u64 ^ product as u64
}

/// Small numbers for values, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T> {
    /// Finds items once there are more than [`COMPARED_MAX`]; empty before.
    table: Table,
    items: Vec<T>,
}

impl<T: Eq + AsBytes> Interner<T> {
    /// An interner that knows nothing.
    pub(crate) fn new() -> Interner<T> {
        Interner { table: Table::new(), items: Vec::new() }
    }

    /// The number of an item, a new one if need be.
    #[inline]
    pub(crate) fn intern(&mut self, item: T) -> u32 {
        let number = u32::try_from(self.items.len()).expect("fewer than 2^32 different items in a history");
        if self.items.len() < COMPARED_MAX {
            if let Some(known) = self.items.iter().position(|known| *known == item) {
                return known as u32;
            }
        } else {
            if self.items.len() == COMPARED_MAX {
                self.fill();
            }
            let hash = item.hash();
            if let Some(known) = self.table.find(hash, |known| self.items[known as usize] == item) {
                return known;
            }
            self.table.insert(hash, number);
        }
        self.items.push(item);
        number
    }

    /// Begins to hash.
    fn fill(&mut self) {
        self.table = Table::new();
        for (number, item) in self.items.iter().enumerate() {
            self.table.insert(item.hash(), number as u32);
        }
    }

    /// The item with this number.
    pub(crate) fn get(&self, number: u32) -> &T {
        &self.items[number as usize]
    }

    /// How many different items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

/// What can be hashed by its bytes.
pub(crate) trait AsBytes {
    /// The hash, the same on every machine.
    fn hash(&self) -> u64;
}

impl AsBytes for u64 {
    fn hash(&self) -> u64 {
        mix(0, *self)
    }
}

impl AsBytes for (u32, u32) {
    fn hash(&self) -> u64 {
        (u64::from(self.0) << 32 | u64::from(self.1)).hash()
    }
}

impl AsBytes for Box<[u32]> {
    fn hash(&self) -> u64 {
        self.iter().fold(self.len() as u64, |hash, &number| (hash ^ u64::from(number)).hash())
    }
}

impl AsBytes for String {
    fn hash(&self) -> u64 {
        xxh3_64(self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interner_numbers_by_first_appearance_however_many_there_are() {
        let mut interner = Interner::new();
        for round in 0..2 {
            for item in 0..1_000_u64 {
                assert_eq!(u64::from(interner.intern(item * 977)), item, "round {round}");
            }
        }
        assert_eq!((interner.len(), *interner.get(999)), (1_000, 999 * 977));
    }

    #[test]
    fn a_table_tells_entries_of_equal_hash_apart() {
        let mut table = Table::new();
        assert_eq!(table.find(7 << 40, |_| true), None);
        for entry in 0..100 {
            table.insert(7 << 40, entry);
        }
        for entry in 0..100 {
            assert_eq!(table.find(7 << 40, |found| found == entry), Some(entry));
        }
        assert_eq!(table.find(8 << 40, |_| true), None);
    }
}
