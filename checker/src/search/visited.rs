//! The configurations from which nothing was found. Those that the search is still at work on need not be remembered:
//! no configuration leads back to itself.

use crate::model::State;
use crate::search::depth::Configuration;
use crate::search::mask::Mask;
use crate::search::used::Used;
use crate::table::{Table, mix};

/// The end of a chain.
const NO_LINK: u32 = u32::MAX;

/// The configurations from which nothing was found.
#[derive(Debug)]
pub(super) struct Visited<const W: usize> {
    table: Table,
    /// Each event, state and mask once.
    entries: Vec<Entry<W>>,
    /// What was used beside an entry's own, and the next link.
    links: Vec<(u32, u32)>,
}

/// An event, state and mask, with the chain of what was used. No member of a chain used at most as much of everything
/// as another, if dominance is on.
#[derive(Clone, Copy, Debug)]
struct Entry<const W: usize> {
    event: u32,
    state: State,
    mask: Mask<W>,
    /// The first member of the chain.
    used: u32,
    /// The second, in [`Visited::links`], or [`NO_LINK`].
    next: u32,
}

impl<const W: usize> Visited<W> {
    pub(super) fn new() -> Visited<W> {
        Visited { table: Table::new(), entries: Vec::new(), links: Vec::new() }
    }

    /// Whether nothing can be gained from this configuration, since nothing was from one like it that had used no more.
    #[inline]
    pub(super) fn covers(&self, configuration: &Configuration<W>, used: &Used, dominance: bool) -> bool {
        let Some(entry) = self.find(configuration) else { return false };
        let Entry { used: known, mut next, .. } = self.entries[entry as usize];
        let is_covered = |known: u32| {
            if dominance { used.is_within(known, configuration.used) } else { known == configuration.used }
        };
        if is_covered(known) {
            return true;
        }
        while next != NO_LINK {
            let (known, after) = self.links[next as usize];
            if is_covered(known) {
                return true;
            }
            next = after;
        }
        false
    }

    /// Remembers a configuration that is not covered.
    pub(super) fn insert(&mut self, configuration: &Configuration<W>, used: &Used, dominance: bool) {
        let &Configuration { event, state, mask, used: counts } = configuration;
        let Some(entry) = self.find(configuration) else {
            self.table.insert(hash(configuration), self.entries.len() as u32);
            self.entries.push(Entry { event, state, mask, used: counts, next: NO_LINK });
            return;
        };
        let entry = &mut self.entries[entry as usize];
        if dominance && used.is_within(counts, entry.used) {
            entry.used = counts;
            return;
        }
        let mut link = entry.next;
        while link != NO_LINK {
            let (known, after) = &mut self.links[link as usize];
            if dominance && used.is_within(counts, *known) {
                *known = counts;
                return;
            }
            link = *after;
        }
        self.links.push((counts, entry.next));
        entry.next = self.links.len() as u32 - 1;
    }

    /// The states in which an event was reached and not passed, in ascending order.
    pub(super) fn states_at(&self, event: u32) -> Vec<State> {
        let mut states: Vec<State> =
            self.entries.iter().filter(|entry| entry.event == event).map(|entry| entry.state).collect();
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> u64 {
        let entries = self.entries.capacity() * size_of::<Entry<W>>();
        let links = self.links.capacity() * size_of::<(u32, u32)>();
        (entries + links) as u64 + self.table.memory()
    }

    #[inline]
    fn find(&self, configuration: &Configuration<W>) -> Option<u32> {
        let &Configuration { event, state, mask, .. } = configuration;
        let is_same = |entry: u32| {
            let entry = &self.entries[entry as usize];
            (entry.event, entry.state) == (event, state) && entry.mask == mask
        };
        self.table.find(hash(configuration), is_same)
    }
}

#[inline]
fn hash<const W: usize>(configuration: &Configuration<W>) -> u64 {
    let first = mix(0, u64::from(configuration.event) << 32 | u64::from(configuration.state));
    configuration.mask.iter().fold(first, |hash, &word| mix(hash, word))
}
