//! What an object does when one operation follows another: the sequential specification, as the search wants it.

use std::fmt::Debug;

/// A state, interned by its model: equal states have equal numbers, so that a configuration is a few words.
pub type State = u32;

/// A sequential specification.
///
/// An *action* is an operation together with what it returned. Equal actions are interchangeable: the search counts
/// how many unknown ones of a kind took effect, not which.
pub trait Model {
    /// An operation and its output.
    type Action: Clone + Ord + Debug;

    /// The state before the first operation.
    fn initial(&mut self) -> State;

    /// The state after the action, or `None` if the action cannot happen (with that output) in this state.
    fn step(&mut self, state: State, action: &Self::Action) -> Option<State>;

    /// Whether the action never changes any state. Such an action takes effect as soon as it can: it costs nothing
    /// and takes nothing away.
    fn is_pure(action: &Self::Action) -> bool;

    /// The one state in which the action can happen, if there is only one and the model knows it.
    fn needs(&self, _action: &Self::Action) -> Option<State> {
        None
    }

    /// Whether the state, once left, cannot come back in this history: it is the initial one and nothing makes it, or
    /// one action makes it.
    fn comes_once(&self, _state: State) -> bool {
        false
    }

    /// Whether the action can happen in every state and leaves the same one behind every time.
    fn is_write(_action: &Self::Action) -> bool {
        false
    }

    /// Whether the action is a write of a state that makes no difference to any other action of this history, except
    /// that it is not the state before.
    fn is_unseen(&self, _action: &Self::Action) -> bool {
        false
    }

    /// The state in words.
    fn describe(&self, state: State) -> String;
}

/// An action and the closed interval in which it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<A> {
    /// When it was called.
    pub call: u64,
    /// When it returned; `None` if its outcome is unknown: it may take effect at any time after its call, or never.
    pub ret: Option<u64>,
    /// What it did.
    pub action: A,
}
