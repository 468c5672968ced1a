//! Texts by number, their bytes in one place.

use xxhash_rust::xxh3::xxh3_64;

use crate::table::Table;

/// Different texts, numbered in order of first appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// All texts, one after another.
    bytes: Vec<u8>,
    /// For each text, where it ends; it begins where the one before ends.
    ends: Vec<usize>,
    table: Table,
}

impl Pool {
    /// The number of a text, a new one if need be.
    pub(super) fn intern(&mut self, text: &[u8]) -> u32 {
        let hash = xxh3_64(text);
        if let Some(number) = self.table.find(hash, |number| self.get(number) == text) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).expect("fewer than 2^32 different texts in a history");
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.table.insert(hash, number);
        number
    }

    /// The number of a text, if it has one.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        self.table.find(xxh3_64(text), |number| self.get(number) == text)
    }

    /// The text with this number.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let from = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[from..self.ends[number]]
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}
