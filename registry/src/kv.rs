//! The key-value table: what commands read and write, with a hash kept as it changes.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::vec::Vec;

use replica::{Position, Reader, Wire, WireError, digest::fold};

use crate::{Key, Value, Versioned};

/// Sets the hashes of keys apart from those of sessions, which are added to the same sum.
const KEY_SALT: u64 = 0x6b65_7973;

/// What an entry changed, in the order in which it did: for those who wait for a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub key: Key,
    /// Its version before; none: it did not exist.
    pub before: Option<Position>,
    /// Its version now; none: it is gone.
    pub after: Option<Position>,
}

/// Keys and what they hold.
#[derive(Clone, Debug, Default)]
pub struct Store {
    slots: BTreeMap<Key, Slot>,
    /// The wrapping sum of the hashes of all slots: independent of order, and a change costs one subtraction and one
    /// addition.
    sum: u64,
}

/// What a key holds.
#[derive(Clone, Debug)]
struct Slot {
    held: Versioned,
    /// `slot_hash` of the key and `held`.
    hash: u64,
}

impl Store {
    /// What a key holds.
    pub fn get(&self, key: &Key) -> Option<&Versioned> {
        self.slots.get(key).map(|slot| &slot.held)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Keys and what they hold, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Versioned)> {
        self.slots.iter().map(|(key, slot)| (key, &slot.held))
    }

    /// The hash of the table.
    pub fn hash(&self) -> u64 {
        self.sum
    }

    /// Writes a key.
    pub fn put(&mut self, key: Key, value: Value, version: Position) -> Change {
        let held = Versioned { value, version };
        let hash = slot_hash(&key, &held);
        self.sum = self.sum.wrapping_add(hash);
        let slot = Slot { held, hash };
        match self.slots.entry(key) {
            btree_map::Entry::Vacant(vacant) => {
                let key = vacant.key().clone();
                vacant.insert(slot);
                Change { key, before: None, after: Some(version) }
            }
            btree_map::Entry::Occupied(mut occupied) => {
                let key = occupied.key().clone();
                let old = occupied.insert(slot);
                assert!(old.held.version <= version, "a key's versions do not go backward");
                self.sum = self.sum.wrapping_sub(old.hash);
                Change { key, before: Some(old.held.version), after: Some(version) }
            }
        }
    }

    /// Removes a key; nothing if there was none.
    pub fn delete(&mut self, key: &Key) -> Option<Change> {
        let (key, old) = self.slots.remove_entry(key)?;
        self.sum = self.sum.wrapping_sub(old.hash);
        Some(Change { key, before: Some(old.held.version), after: None })
    }

    /// Appends the whole table.
    pub fn encode(&self, out: &mut Vec<u8>) {
        (self.slots.len() as u64).encode(out);
        for (key, held) in self.iter() {
            key.encode(out);
            held.encode(out);
        }
    }

    /// Reads a whole table.
    pub fn decode(input: &mut Reader<'_>) -> Result<Store, WireError> {
        let mut store = Store::default();
        for _ in 0..u64::decode(input)? {
            let key = Key::decode(input)?;
            let held = Versioned::decode(input)?;
            if store.get(&key).is_some() {
                return Err(WireError::Range);
            }
            store.put(key, held.value, held.version);
        }
        Ok(store)
    }
}

fn slot_hash(key: &Key, held: &Versioned) -> u64 {
    fold(fold(fold(KEY_SALT, key.digest()), held.value.digest()), held.version.0)
}
