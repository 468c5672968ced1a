//! The sequential specification of a lock, and of a store behind it.

use crate::lock::{Token, fence, monitor};
use crate::model::{Model, Monitored, Span, State};
use crate::table::{AsBytes, Interner};

/// An operation on a lock, or on a store behind it, together with what it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The lock was free, and is held with this token.
    Granted(Token),
    /// The lock was held.
    Busy,
    /// If the lock is free, it is held with a token that nobody has been told: an acquire of unknown outcome.
    Acquire,
    /// The lock was held with this token, and is free.
    Ended(Token),
    /// The lock was not held with this token, which was granted to somebody.
    NotHeld(Token),
    /// The lock was not held with this token, which nobody has been told that it was granted.
    NotUnseen(Token),
    /// If the lock is held with this token, it is free: a release, or an end of session, of unknown outcome.
    End(Token),
    /// The store had accepted no higher token than this one, which it accepts.
    Accepted(Token),
    /// The store had accepted a higher token.
    Refused(Token),
    /// The store accepts the token or not: a use of unknown outcome.
    Use(Token),
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    /// Nobody.
    Nobody,
    /// Somebody who was told this token.
    Known(Token),
    /// Somebody who was not told which token. It is none of these.
    Unseen(Vec<Token>),
}

/// A lock and a store.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    holder: Holder,
    /// The highest token that is known to have been granted.
    granted: Option<Token>,
    /// The highest token that the store has accepted.
    accepted: Option<Token>,
}

impl AsBytes for Condition {
    fn hash(&self) -> u64 {
        let token = |token: Option<Token>| token.map_or(0, |token| token.hash() | 1);
        let holder = match &self.holder {
            Holder::Nobody => 0,
            Holder::Known(token) => token.hash(),
            Holder::Unseen(not) => not.iter().fold(1, |hash: u64, token| (hash ^ token).hash()),
        };
        ((holder ^ token(self.granted)).hash() ^ token(self.accepted)).hash()
    }
}

/// A lock that was never held, and a store that has accepted nothing.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The tokens that somebody was told to be granted, in ascending order.
    told: Vec<Token>,
    conditions: Interner<Condition>,
}

impl Lock {
    /// A lock of whose history these tokens are known to have been granted.
    pub fn new(mut told: Vec<Token>) -> Lock {
        told.sort_unstable();
        Lock { told, conditions: Interner::new() }
    }

    /// Whether somebody was told that this token was granted.
    pub fn is_granted(&self, token: Token) -> bool {
        self.told.binary_search(&token).is_ok()
    }

    /// The condition after the lock is given back with this token, or `None` if it is not held so.
    fn given_back(&self, condition: &Condition, token: Token) -> Option<Condition> {
        let is_held = match &condition.holder {
            Holder::Nobody => false,
            Holder::Known(held) => *held == token,
            Holder::Unseen(not) => {
                !self.is_granted(token) && condition.granted < Some(token) && !not.contains(&token)
            }
        };
        let granted = condition.granted.max(Some(token));
        is_held.then(|| Condition { holder: Holder::Nobody, granted, ..condition.clone() })
    }
}

impl Model for Lock {
    type Action = Action;

    fn initial(&mut self) -> State {
        self.conditions.intern(Condition { holder: Holder::Nobody, granted: None, accepted: None })
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        let condition = self.conditions.get(state);
        let is_free = condition.holder == Holder::Nobody;
        let after = match *action {
            Action::Granted(token) if is_free && condition.granted < Some(token) => {
                Condition { holder: Holder::Known(token), granted: Some(token), ..condition.clone() }
            }
            Action::Granted(_) => return None,
            Action::Busy => return (!is_free).then_some(state),
            Action::Acquire if is_free => {
                Condition { holder: Holder::Unseen(Vec::new()), ..condition.clone() }
            }
            Action::Acquire => return Some(state),
            Action::Ended(token) => self.given_back(condition, token)?,
            Action::End(token) => match self.given_back(condition, token) {
                Some(after) => after,
                None => return Some(state),
            },
            Action::NotHeld(token) => return (condition.holder != Holder::Known(token)).then_some(state),
            Action::NotUnseen(token) => match &condition.holder {
                Holder::Unseen(not) if !not.contains(&token) => {
                    let mut not = not.clone();
                    not.push(token);
                    not.sort_unstable();
                    Condition { holder: Holder::Unseen(not), ..condition.clone() }
                }
                _ => return Some(state),
            },
            Action::Accepted(token) if condition.accepted > Some(token) => return None,
            Action::Accepted(token) | Action::Use(token) => {
                Condition { accepted: condition.accepted.max(Some(token)), ..condition.clone() }
            }
            Action::Refused(token) => return (condition.accepted > Some(token)).then_some(state),
        };
        Some(self.conditions.intern(after))
    }

    fn is_pure(action: &Action) -> bool {
        matches!(action, Action::Busy | Action::NotHeld(_) | Action::Refused(_))
    }

    fn monitor(&self, spans: &[Span<Action>], want_order: bool) -> Monitored {
        let is_use = |span: &Span<Action>| {
            matches!(span.action, Action::Accepted(_) | Action::Refused(_) | Action::Use(_))
        };
        match spans.iter().filter(|span| is_use(span)).count() {
            0 => monitor::decide(self, spans, want_order),
            uses if uses == spans.len() => fence::decide(spans, want_order),
            _ => Monitored::HandOver,
        }
    }

    fn describe(&self, state: State) -> String {
        let condition = self.conditions.get(state);
        if let Some(accepted) = condition.accepted {
            return format!("a store that had accepted token {accepted}");
        }
        match &condition.holder {
            Holder::Nobody => "a free lock".to_owned(),
            Holder::Known(token) => format!("a lock held with token {token}"),
            Holder::Unseen(_) => "a lock held with a token that nobody was told".to_owned(),
        }
    }
}
