//! Arrays of small numbers as interned values: equal arrays have equal numbers, and an array that differs from another
//! in one place costs a path from the root to a leaf, however long it is. What states of many keys or elements are
//! made of.

use crate::table::Interner;

/// Arrays of one length, all of them binary trees of the same height with shared branches.
#[derive(Clone, Debug)]
pub(crate) struct Arrays {
    /// Inner nodes: node `n` is number `n - 1` here. The number of a leaf is its entry.
    nodes: Interner<(u32, u32)>,
    /// Levels of inner nodes: there are `1 << height` places.
    height: u32,
}

impl Arrays {
    /// The array of zeros, and each of its subtrees.
    pub(crate) const ZEROS: u32 = 0;

    /// Arrays with at least this many places.
    pub(crate) fn new(places: usize) -> Arrays {
        Arrays { nodes: Interner::new(), height: places.next_power_of_two().trailing_zeros() }
    }

    /// The entry at a place.
    pub(crate) fn get(&self, array: u32, place: u32) -> u32 {
        assert!(place >> self.height == 0, "the place is within the array");
        (0..self.height).rev().fold(array, |node, level| {
            let (left, right) = self.branches(node);
            if place >> level & 1 == 0 { left } else { right }
        })
    }

    /// The array with one entry replaced.
    pub(crate) fn with(&mut self, array: u32, place: u32, entry: u32) -> u32 {
        assert!(place >> self.height == 0, "the place is within the array");
        self.replace(array, place, entry, self.height)
    }

    /// The places that are not zero with their entries, in order.
    pub(crate) fn entries(&self, array: u32) -> Vec<(u32, u32)> {
        let mut entries = Vec::new();
        self.visit(array, 0, self.height, &mut entries);
        entries
    }

    fn replace(&mut self, node: u32, place: u32, entry: u32, height: u32) -> u32 {
        let Some(level) = height.checked_sub(1) else { return entry };
        let (left, right) = self.branches(node);
        let branches = if place >> level & 1 == 0 {
            (self.replace(left, place, entry, level), right)
        } else {
            (left, self.replace(right, place, entry, level))
        };
        if branches == (Arrays::ZEROS, Arrays::ZEROS) {
            Arrays::ZEROS
        } else {
            self.nodes.intern(branches) + 1
        }
    }

    fn branches(&self, node: u32) -> (u32, u32) {
        node.checked_sub(1).map_or((Arrays::ZEROS, Arrays::ZEROS), |number| *self.nodes.get(number))
    }

    fn visit(&self, node: u32, first: u32, height: u32, entries: &mut Vec<(u32, u32)>) {
        if node == Arrays::ZEROS {
            return;
        }
        let Some(level) = height.checked_sub(1) else { return entries.push((first, node)) };
        let (left, right) = self.branches(node);
        self.visit(left, first, level, entries);
        self.visit(right, first + (1 << level), level, entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_with_equal_entries_have_equal_numbers_however_they_came_about() {
        for places in [1_u32, 2, 5, 64] {
            let mut arrays = Arrays::new(places as usize);
            let up = (0..places).fold(Arrays::ZEROS, |array, place| arrays.with(array, place, place + 7));
            let down =
                (0..places).rev().fold(Arrays::ZEROS, |array, place| arrays.with(array, place, place + 7));
            assert_eq!(up, down);
            assert!((0..places).all(|place| arrays.get(up, place) == place + 7));
            assert_eq!(arrays.entries(up), (0..places).map(|place| (place, place + 7)).collect::<Vec<_>>());
            let cleared = (0..places).fold(up, |array, place| arrays.with(array, place, 0));
            assert_eq!(cleared, Arrays::ZEROS);
        }
    }
}
