//! Hash tables without random state: from a 64-bit hash to a small number, the entry's place in an arena.
//!
//! The standard maps draw their seed at random and the tree map is too slow for the search's inner loop. Here the
//! owner keeps the entries in a vector, in order of insertion, and the table only finds them.

use xxhash_rust::xxh3::xxh3_64;

/// What an empty place of a [`Table`] holds.
const EMPTY: u32 = u32::MAX;

/// Places in a new table; a power of two, as every later size.
const PLACES_MIN: usize = 64;

/// From hashes to places in an arena that the owner keeps.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Hash and entry; open addressing with linear probing, at most half full.
    places: Vec<(u64, u32)>,
    /// Entries in the table. `2 * used <= places.len()`.
    used: usize,
}

impl Table {
    /// An empty table.
    pub(crate) fn new() -> Table {
        Table { places: vec![(0, EMPTY); PLACES_MIN], used: 0 }
    }

    /// The entry with this hash for which `is` holds.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let last = self.places.len() - 1;
        let mut place = hash as usize & last;
        loop {
            let (there, entry) = self.places[place];
            if entry == EMPTY {
                return None;
            }
            if there == hash && is(entry) {
                return Some(entry);
            }
            place = (place + 1) & last;
        }
    }

    /// Adds an entry that [`Table::find`] did not find.
    pub(crate) fn insert(&mut self, hash: u64, entry: u32) {
        assert_ne!(entry, EMPTY);
        if 2 * (self.used + 1) > self.places.len() {
            self.grow();
        }
        self.put(hash, entry);
        self.used += 1;
    }

    fn grow(&mut self) {
        let doubled = vec![(0, EMPTY); 2 * self.places.len()];
        let places = std::mem::replace(&mut self.places, doubled);
        for (hash, entry) in places.into_iter().filter(|&(_, entry)| entry != EMPTY) {
            self.put(hash, entry);
        }
    }

    fn put(&mut self, hash: u64, entry: u32) {
        let last = self.places.len() - 1;
        let mut place = hash as usize & last;
        while self.places[place].1 != EMPTY {
            place = (place + 1) & last;
        }
        self.places[place] = (hash, entry);
    }
}

/// Small numbers for values, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T> {
    table: Table,
    items: Vec<T>,
}

impl<T: Eq + AsBytes> Interner<T> {
    /// An interner that knows nothing.
    pub(crate) fn new() -> Interner<T> {
        Interner { table: Table::new(), items: Vec::new() }
    }

    /// The number of an item, a new one if need be.
    pub(crate) fn intern(&mut self, item: T) -> u32 {
        let hash = item.hash();
        if let Some(number) = self.table.find(hash, |number| self.items[number as usize] == item) {
            return number;
        }
        let number = u32::try_from(self.items.len()).expect("fewer than 2^32 different items in a history");
        self.items.push(item);
        self.table.insert(hash, number);
        number
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
        xxh3_64(&self.to_le_bytes())
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
