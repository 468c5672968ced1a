//! Search for an order: just-in-time linearization, depth-first over configurations.
//!
//! After Wing and Gong (1993) and Lowe, "Testing for linearizability" (2017). Only ends matter as events: an
//! operation takes effect when somebody's end demands it, its own or that of one which needs it first. A
//! *configuration* is
//!
//! | part | meaning |
//! |---|---|
//! | event | the next end that is not passed |
//! | state | of the object, interned |
//! | mask | which of the open operations have taken effect; an open operation has a *slot* until it ends |
//! | used | how many of each class of unknown-outcome actions have taken effect |
//!
//! and so its size does not depend on the length of the history. What keeps their number small:
//! 1. **Greedy pure actions.** An action that changes nothing takes effect as soon as the state allows: it takes
//!    nothing away from anybody.
//! 2. **Symmetry.** Equal actions of unknown outcome are interchangeable: only their number is kept.
//! 3. **Dominance.** An unknown outcome may be *never*. So a configuration is not worth visiting if one with the same
//!    event, state and mask has been visited that had used no more of any class.
//! 4. **Quiescence.** Where nothing is open, a configuration is its state (and what was used): the memory of visited
//!    ones is what cuts a history there, and the search never does the part before a cut twice for one state.
//!
//! 5. **No return.** A state that comes only once is not left while somebody still needs it.
//! 6. **Unseen writes.** When a write overwrites whatever is there, every open write that nobody sees takes effect just
//!    before it: the state is the same as without, and there is less left to do.
//!
//! 7. **Twins.** Of equal actions that are open, the one that ends first takes effect first: the two can change places.
//! 8. **Look-ahead.** A configuration is left as soon as a read cannot come out any more ([`Model::may_become`]).
//! 9. **Purpose.** An unknown outcome takes effect only if that leads to a state that an open operation, or another
//!    unknown outcome, needs: otherwise it might as well never have happened.
//!
//! Each can be switched off ([`Pruning`]), so that tests can show that it changes no verdict. An order that is found
//! is replayed and verified before it is believed.

/// The search itself.
mod depth;
/// Which reads cannot come out any more.
mod look_ahead;
/// Sets of slots.
mod mask;
/// What is open at an event.
mod position;
/// From choices to an order.
mod replay;
/// The spans by event.
mod timeline;
/// How many unknown outcomes have taken effect.
mod used;
/// Where nothing was found.
mod visited;

use crate::model::{Model, Span, State};
use crate::search::depth::Depth;
use crate::search::timeline::Timeline;

/// Open operations that a search supports; a run with more open at once on one key gets the verdict *unknown*.
pub const OPEN_MAX: usize = 64 * WORDS_WIDE;

/// Words of a mask when few operations are open, the usual case.
const WORDS_NARROW: usize = 1;
/// Words of a mask after an outage.
const WORDS_MEDIUM: usize = 4;
/// Words of a mask in a workload that never waits.
const WORDS_WIDE: usize = 16;

/// The rules that keep the search small. All are on except in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruning {
    /// Pure actions take effect at once.
    pub greedy: bool,
    /// Equal actions of unknown outcome are counted.
    pub symmetry: bool,
    /// Configurations that used more are dropped.
    pub dominance: bool,
    /// States that come once are kept while they are needed.
    pub no_return: bool,
    /// Writes that nobody sees go along with others.
    pub unseen: bool,
    /// Of equal actions the first to end takes effect first.
    pub twins: bool,
    /// Configurations are left when a read cannot come out any more.
    pub look_ahead: bool,
    /// Unknown outcomes take effect only where somebody needs it.
    pub purpose: bool,
}

impl Pruning {
    /// Every rule.
    pub const ALL: Pruning = Pruning {
        greedy: true,
        symmetry: true,
        dominance: true,
        no_return: true,
        unseen: true,
        twins: true,
        look_ahead: true,
        purpose: true,
    };
    /// No rule but the memory of visited configurations.
    pub const NONE: Pruning = Pruning {
        greedy: false,
        symmetry: false,
        dominance: false,
        no_return: false,
        unseen: false,
        twins: false,
        look_ahead: false,
        purpose: false,
    };
}

/// How far a search has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An order was found and verified: indices of spans. Those of unknown outcome that it leaves out never happened.
    Ok {
        /// The order.
        order: Vec<usize>,
    },
    /// No order exists.
    Illegal {
        /// A span that no configuration can pass: the first one, unless `states` is empty.
        span: usize,
        /// The states that the object could be in when that span ended. Empty if no configuration went as far, since
        /// the look-ahead saw before that none would pass.
        states: Vec<State>,
    },
    /// The slice is used up.
    Pending,
}

/// A search that can be continued.
#[derive(Debug)]
pub struct Search<M: Model> {
    core: Core<M>,
}

/// The search by width of its masks.
#[derive(Debug)]
enum Core<M: Model> {
    Narrow(Box<Depth<M, WORDS_NARROW>>),
    Medium(Box<Depth<M, WORDS_MEDIUM>>),
    Wide(Box<Depth<M, WORDS_WIDE>>),
}

impl<M: Model> Search<M> {
    /// Prepares a search, or says how many operations are open at once if that is more than [`OPEN_MAX`].
    pub fn new(model: M, spans: Vec<Span<M::Action>>, pruning: Pruning) -> Result<Search<M>, usize> {
        let timeline = Timeline::new(&model, spans, pruning);
        let core = match timeline.slots as usize {
            0..=64 => Core::Narrow(Box::new(Depth::new(model, timeline, pruning))),
            65..=256 => Core::Medium(Box::new(Depth::new(model, timeline, pruning))),
            257..=OPEN_MAX => Core::Wide(Box::new(Depth::new(model, timeline, pruning))),
            open => return Err(open),
        };
        Ok(Search { core })
    }

    /// A search that does not count how often actions of unknown outcome take effect: each may do so any number of
    /// times. There are far fewer configurations, and if there is no order here, there is none with counting; an
    /// order that is found means nothing and is not told.
    pub fn uncounted(model: M, spans: Vec<Span<M::Action>>) -> Result<Search<M>, usize> {
        let mut search = Search::new(model, spans, Pruning::ALL)?;
        match &mut search.core {
            Core::Narrow(depth) => depth.counted = false,
            Core::Medium(depth) => depth.counted = false,
            Core::Wide(depth) => depth.counted = false,
        }
        Ok(search)
    }

    /// Visits at most this many configurations more.
    pub fn run(&mut self, configurations: u64) -> Progress {
        match &mut self.core {
            Core::Narrow(depth) => depth.run(configurations),
            Core::Medium(depth) => depth.run(configurations),
            Core::Wide(depth) => depth.run(configurations),
        }
    }

    /// Configurations visited so far.
    pub fn configurations(&self) -> u64 {
        match &self.core {
            Core::Narrow(depth) => depth.entered,
            Core::Medium(depth) => depth.entered,
            Core::Wide(depth) => depth.entered,
        }
    }

    /// Bytes that the search holds, about.
    pub fn memory(&self) -> u64 {
        match &self.core {
            Core::Narrow(depth) => depth.memory(),
            Core::Medium(depth) => depth.memory(),
            Core::Wide(depth) => depth.memory(),
        }
    }

    /// The span whose end is the farthest that any configuration has come to.
    pub fn deepest(&self) -> Option<usize> {
        match &self.core {
            Core::Narrow(depth) => depth.deepest_span(),
            Core::Medium(depth) => depth.deepest_span(),
            Core::Wide(depth) => depth.deepest_span(),
        }
    }

    /// The order of spans by which one configuration came farthest: the longest beginning of an order that was found.
    pub fn longest(&mut self) -> Vec<usize> {
        match &mut self.core {
            Core::Narrow(depth) => depth.longest(),
            Core::Medium(depth) => depth.longest(),
            Core::Wide(depth) => depth.longest(),
        }
    }

    /// The model, when the search is over.
    pub fn into_model(self) -> M {
        match self.core {
            Core::Narrow(depth) => depth.model,
            Core::Medium(depth) => depth.model,
            Core::Wide(depth) => depth.model,
        }
    }

    /// The model, for descriptions.
    pub fn model(&self) -> &M {
        match &self.core {
            Core::Narrow(depth) => &depth.model,
            Core::Medium(depth) => &depth.model,
            Core::Wide(depth) => &depth.model,
        }
    }
}
