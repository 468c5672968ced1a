//! Locks with fencing tokens: acquire, release, the end of a holder's session, and stores that look at tokens.
//!
//! Every grant comes with a token higher than all before it. So the tokens say in which order the lock was held, and a
//! near-linear monitor ([`monitor`](self::monitor)) decides all but rare mixtures.
//!
//! A store that is written to under the lock remembers the highest token that it has accepted, and refuses lower ones.
//! It knows nothing of the lock: its operations are judged as a part of their own ([`fence`](self::fence)).

mod fence;
mod model;
mod monitor;
mod schedule;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{History, Names, Operation, Outcome};
use crate::linearizable::Part;
use crate::model::Span;
use crate::object::Object;

pub use model::{Action, Lock};

/// A fencing token. Unlike values, tokens are compared: a later grant has a higher one.
pub type Token = u64;

/// What an operation asks of its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Take the lock if it is free.
    Acquire,
    /// Give the lock back.
    Release {
        /// The token with which it was granted.
        token: Token,
    },
    /// The service ends the holder's session, and frees the lock if it is still held with this token.
    Expire {
        /// The token with which it was granted.
        token: Token,
    },
    /// Write to a store under the lock.
    Use {
        /// The token with which it was granted.
        token: Token,
    },
}

/// What an operation that is known to have happened returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// The lock was free, and is held now.
    Granted {
        /// Higher than every token before.
        token: Token,
    },
    /// The lock was held.
    Busy,
    /// The lock was held with this token, and is free now.
    Done,
    /// The lock was not held with this token.
    NotHeld,
    /// The store had accepted no higher token.
    Accepted,
    /// The store had accepted a higher token.
    Refused,
}

impl Object for Kind {
    type Output = Output;
    type Model = Lock;

    const NAME: &'static str = "lock";

    fn fits(&self, output: &Output) -> bool {
        match self {
            Kind::Acquire => matches!(output, Output::Granted { .. } | Output::Busy),
            Kind::Release { .. } | Kind::Expire { .. } => matches!(output, Output::Done | Output::NotHeld),
            Kind::Use { .. } => matches!(output, Output::Accepted | Output::Refused),
        }
    }

    fn is_update(&self) -> bool {
        true
    }

    fn ask(&self, key: &str, _names: &Names) -> String {
        match self {
            Kind::Acquire => format!("acquire of {key}"),
            Kind::Release { token } => format!("release of {key} with token {token}"),
            Kind::Expire { token } => format!("end of session for {key} with token {token}"),
            Kind::Use { token } => format!("use of {key} with token {token}"),
        }
    }

    fn answer(output: &Output, _names: &Names) -> String {
        match output {
            Output::Granted { token } => format!("was granted token {token}"),
            Output::Busy => "found it held".to_owned(),
            Output::Done => "freed it".to_owned(),
            Output::NotHeld => "found that it was not held so".to_owned(),
            Output::Accepted => "was accepted".to_owned(),
            Output::Refused => "was refused".to_owned(),
        }
    }

    fn parts(history: &History<Kind>) -> Vec<Part<Lock>> {
        // The lock comes before the store behind it.
        let mut parts: BTreeMap<(u64, bool), Vec<u32>> = BTreeMap::new();
        for (index, operation) in history.operations().iter().enumerate() {
            if operation.outcome != Outcome::Failed {
                let is_use = matches!(operation.kind, Kind::Use { .. });
                parts.entry((operation.key, is_use)).or_default().push(index as u32);
            }
        }
        parts.into_iter().map(|((key, _), indices)| part(history, key, &indices)).collect()
    }
}

fn part(history: &History<Kind>, key: u64, indices: &[u32]) -> Part<Lock> {
    let operation = |index: u32| &history.operations()[index as usize];
    let granted = indices.iter().filter_map(|&index| match operation(index).outcome {
        Outcome::Ok(Output::Granted { token }) => Some(token),
        _ => None,
    });
    let mut part = Part::new(key, Lock::new(granted.collect()));
    for &index in indices {
        let operation = operation(index);
        part.count(operation.is_ok());
        let action = action(&part.model, operation);
        let ret = operation.ret.filter(|_| operation.is_ok());
        part.push(Span { call: operation.call, ret, action }, index);
    }
    part
}

fn action(model: &Lock, operation: &Operation<Kind>) -> Action {
    match (operation.kind, operation.outcome) {
        (Kind::Acquire, Outcome::Ok(Output::Granted { token })) => Action::Granted(token),
        (Kind::Acquire, Outcome::Ok(_)) => Action::Busy,
        (Kind::Acquire, _) => Action::Acquire,
        (Kind::Release { token } | Kind::Expire { token }, Outcome::Ok(Output::Done)) => Action::Ended(token),
        (Kind::Release { token } | Kind::Expire { token }, Outcome::Ok(_)) if model.is_granted(token) => {
            Action::NotHeld(token)
        }
        (Kind::Release { token } | Kind::Expire { token }, Outcome::Ok(_)) => Action::NotUnseen(token),
        (Kind::Release { token } | Kind::Expire { token }, _) => Action::End(token),
        (Kind::Use { token }, Outcome::Ok(Output::Accepted)) => Action::Accepted(token),
        (Kind::Use { token }, Outcome::Ok(_)) => Action::Refused(token),
        (Kind::Use { token }, _) => Action::Use(token),
    }
}
