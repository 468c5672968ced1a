//! What an object does when one operation follows another: the sequential specification, as the search wants it.

use std::fmt::Debug;

/// A state, interned by its model: equal states have equal numbers, so that a configuration is a few words.
pub type State = u32;

/// A sequential specification.
///
/// An *action* is an operation together with what it returned. Equal actions are interchangeable: the search counts
/// how many unknown ones of a kind took effect, not which.
///
/// What a model says of a history must also hold of the same history with some actions left out or made unknown.
pub trait Model: Clone + Debug + Send {
    /// An operation and its output.
    type Action: Clone + Ord + Debug + Send;

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

    /// Adds to `needs` what the action needs that comes only once in this history: by default the one state in which it
    /// can happen. A model whose states have parts that come and go by themselves numbers those instead.
    fn needs_once(&self, action: &Self::Action, needs: &mut Vec<u32>) {
        needs.extend(self.needs(action).filter(|&state| self.comes_once(state)));
    }

    /// What is gone, and may be for ever, once the action has changed this state; numbered as by
    /// [`Model::needs_once`].
    fn ends(&self, state: State, _action: &Self::Action) -> Option<u32> {
        Some(state)
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

    /// The era to which the state belongs, if there is one and it comes once: only writes ([`Model::is_write`]) begin
    /// and end eras, and this one is begun once at most in this history. A state that a pure action needs has the same
    /// era as the action.
    fn era(&self, _state: State) -> Option<u32> {
        None
    }

    /// Whether [`Model::may_become`] ever says no. Where it does not, the search does not ask.
    const LOOKS_AHEAD: bool = false;

    /// Whether the state may become one in which the pure action can happen, without a write
    /// ([`Model::is_write`]) in between. When in doubt, yes.
    fn may_become(&mut self, _state: State, _pure: &Self::Action) -> bool {
        true
    }

    /// Which spans can matter to those that are known to have happened: the others can be left out, and nothing
    /// changes. With fewer known ones, never more than before.
    fn useful(&self, spans: &[Span<Self::Action>]) -> Vec<bool> {
        spans.iter().map(|span| span.ret.is_some() || !Self::is_pure(&span.action)).collect()
    }

    /// Decides a history of actions without a search, if it meets a precondition that makes that possible; near-linear.
    /// `want_order`: whether an order is wanted as the proof of an *ok*.
    fn monitor(&self, _spans: &[Span<Self::Action>], _want_order: bool) -> Monitored {
        Monitored::HandOver
    }

    /// The state in words.
    fn describe(&self, state: State) -> String;
}

/// What a fast path found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Monitored {
    /// Linearizable. The order of spans that proves it, if it was wanted; those of unknown outcome that it leaves out
    /// never happened.
    Ok {
        /// The order, as indices of spans.
        order: Option<Vec<u32>>,
    },
    /// Not linearizable.
    Illegal(Contradiction),
    /// The precondition does not hold, or nothing was decided: the search has to.
    HandOver,
}

/// Spans that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Indices of the spans, two to five of them if it can be helped.
    pub spans: Vec<u32>,
    /// The contradiction in a sentence; `{0}`, `{1}` and so on stand for the spans above, and are replaced by words
    /// such as "client 3's get of key 0 (called at 17, ended at 20), which returned 7".
    pub sentence: String,
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
