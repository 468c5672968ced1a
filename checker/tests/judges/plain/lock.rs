//! Locks with tokens, and stores that look at tokens.
//!
//! Which token is granted is open, as long as it is higher than all before: the choice says by how much.

use std::ops::Range;

use checker::lock::{Kind, Output};

use crate::generated::Random;
use crate::plain::{Plain, Values};

/// By how much the token of an acquire of unknown outcome may exceed the one before: more than there are tokens in a
/// small history.
const CHOICES: u64 = 10;

/// A lock and the store behind it.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The token of the holder.
    held: Option<u64>,
    /// The highest token that was granted.
    granted: u64,
    /// The highest token that the store has accepted.
    accepted: u64,
}

impl Plain for Kind {
    type State = State;

    fn perform(&self, key: usize, world: &mut [State], choice: u64) -> Output {
        let lock = &mut world[key];
        match *self {
            Kind::Acquire if lock.held.is_some() => Output::Busy,
            Kind::Acquire => {
                lock.granted += 1 + choice;
                lock.held = Some(lock.granted);
                Output::Granted { token: lock.granted }
            }
            Kind::Release { token } | Kind::Expire { token } if lock.held == Some(token) => {
                lock.held = None;
                Output::Done
            }
            Kind::Release { .. } | Kind::Expire { .. } => Output::NotHeld,
            Kind::Use { token } if token < lock.accepted => Output::Refused,
            Kind::Use { token } => {
                lock.accepted = token;
                Output::Accepted
            }
        }
    }

    fn choices(&self, key: usize, world: &[State], told: Option<&Output>) -> Range<u64> {
        let lock = &world[key];
        match told {
            Some(&Output::Granted { token }) if token <= lock.granted => 0..0,
            Some(&Output::Granted { token }) => token - lock.granted - 1..token - lock.granted,
            None if *self == Kind::Acquire && lock.held.is_none() => 0..CHOICES,
            _ => 0..1,
        }
    }

    fn draw(random: &mut Random, values: &mut Values) -> Kind {
        match random.below(10) {
            0..4 => {
                values.next(random);
                Kind::Acquire
            }
            4..6 => Kind::Release { token: values.any(random) },
            6..8 => Kind::Expire { token: values.any(random) },
            _ => Kind::Use { token: values.any(random) },
        }
    }

    fn guess(&self, random: &mut Random, values: &Values) -> Output {
        let is = random.percent(70);
        match self {
            Kind::Acquire if is => Output::Granted { token: values.any(random) },
            Kind::Acquire => Output::Busy,
            Kind::Release { .. } | Kind::Expire { .. } if is => Output::Done,
            Kind::Release { .. } | Kind::Expire { .. } => Output::NotHeld,
            Kind::Use { .. } if is => Output::Accepted,
            Kind::Use { .. } => Output::Refused,
        }
    }

    /// Tokens are compared, so their names matter.
    fn rename(&self, _name: fn(u64) -> u64) -> Kind {
        *self
    }

    fn rename_output(output: &Output, _name: fn(u64) -> u64) -> Output {
        *output
    }
}
