//! How much a checker may spend, and what it shall tell.

use std::time::Instant;

use crate::verdict::Budget;

/// What a history is judged with. The verdict depends on the history and on [`Options::budget`] and
/// [`Options::memory`] alone, unless a deadline passes; never on [`Options::threads`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Configurations that all searches together may visit: the limit for automated use, the same on every machine.
    pub budget: Budget,
    /// When to give up, by the clock: the limit for people who wait. Looked at every [`Options::STRIDE`]
    /// configurations.
    pub deadline: Option<Instant>,
    /// Bytes that all searches together may hold.
    pub memory: u64,
    /// Threads that judge parts; zero for one a core. Small histories stay on one thread in any case.
    pub threads: usize,
    /// Stop all searches at the end of the round that found a violation.
    pub first_only: bool,
    /// Give the order that proves an *ok*.
    pub witness: bool,
    /// Shrink a violation to a few operations that still contradict each other.
    pub explain: bool,
}

impl Options {
    /// Configurations between two looks at the clock.
    pub const STRIDE: u64 = 256;

    /// What searches may hold by default, in bytes.
    pub const MEMORY_DEFAULT: u64 = 4 << 30;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            budget: Budget::default(),
            deadline: None,
            memory: Options::MEMORY_DEFAULT,
            threads: 1,
            first_only: false,
            witness: false,
            explain: false,
        }
    }
}

impl From<Budget> for Options {
    fn from(budget: Budget) -> Options {
        Options { budget, ..Options::default() }
    }
}
