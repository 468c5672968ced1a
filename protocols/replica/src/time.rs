//! Time, as three things that must not be mixed: a span, a node's own monotonic clock, a node's wall clock.

use core::fmt;
use core::ops::{Add, AddAssign, Div, Mul, Sub};

/// A length of time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// `n` microseconds.
    pub const fn micros(n: u64) -> Span {
        Span(n * 1_000)
    }

    /// `n` milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000_000)
    }

    /// `n` seconds.
    pub const fn seconds(n: u64) -> Span {
        Span(n * 1_000_000_000)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl Sub for Span {
    type Output = Span;
    /// What is left of this span, never below zero.
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0 * times)
    }
}

impl Div<u64> for Span {
    type Output = Span;
    fn div(self, parts: u64) -> Span {
        Span(self.0 / parts)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Span {
    /// Writes the span in the largest unit that loses nothing: `3s`, `250ms`, `1500us`, `7ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            0 => (0, "s"),
            n if n % 1_000_000_000 == 0 => (n / 1_000_000_000, "s"),
            n if n % 1_000_000 == 0 => (n / 1_000_000, "ms"),
            n if n % 1_000 == 0 => (n / 1_000, "us"),
            n => (n, "ns"),
        };
        write!(f, "{value}{unit}")
    }
}

/// A reading of a node's own monotonic clock, in nanoseconds. Only comparable with readings of the same incarnation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LocalTime(pub u64);

impl LocalTime {
    /// A time that never comes: what an idle timer is set to.
    pub const NEVER: LocalTime = LocalTime(u64::MAX);

    /// The time from `earlier` to this, zero if `earlier` is later.
    pub fn since(self, earlier: LocalTime) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for LocalTime {
    type Output = LocalTime;
    fn add(self, span: Span) -> LocalTime {
        LocalTime(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for LocalTime {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

/// A reading of a node's wall clock, in nanoseconds since an epoch that all clocks share. Clocks disagree; it may jump
/// either way. Zero means "not stamped".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct WallTime(pub u64);

impl WallTime {
    /// No stamp: what a protocol's own entries (no-ops) carry.
    pub const NONE: WallTime = WallTime(0);
}

impl Add<Span> for WallTime {
    type Output = WallTime;
    fn add(self, span: Span) -> WallTime {
        WallTime(self.0.saturating_add(span.0))
    }
}
