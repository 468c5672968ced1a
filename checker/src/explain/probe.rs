//! Is this variation of the history broken as well? Asked some dozens of times for one explanation.

use crate::model::{Contradiction, Model, Monitored, Span, State};
use crate::search::{OPEN_MAX, Progress, Pruning, Search};

/// What one explanation may spend, in configurations and their like: a few seconds at most.
const WORK_MAX: u64 = 1 << 21;

/// What one look at a stretch of the real history may spend.
const PREFIX_MAX: u64 = 1 << 18;

/// What one look at a relaxed history may spend with actions of unknown outcome counted.
const COUNTED_MAX: u64 = 1 << 13;

/// The same without counting. An object whose states never end spends it all once and is not asked again.
const UNCOUNTED_MAX: u64 = 1 << 13;

/// What one look at all the states may cost, in configurations.
const LOOK_MAX: u64 = 1 << 15;

/// No such look at a longer history.
const LOOK_SPANS_MAX: usize = 1 << 15;

/// Spans whose copying and sorting cost about as much as a configuration.
const SPANS_PER_WORK: u64 = 8;

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Linearizable.
    Fine,
    /// Not linearizable.
    Broken {
        /// Where a fast path saw it.
        contradiction: Option<Contradiction>,
        /// Where a search got stuck.
        stuck: Option<Stuck>,
    },
    /// Not decided within what a probe may spend.
    Unknown,
}

/// Where a search got stuck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// The span whose end nobody passed.
    pub(crate) span: u32,
}

/// How far one gets with what ended before.
#[derive(Clone, Debug)]
pub(crate) struct Look<M> {
    /// The states in which the object can have been just before; empty if they are not all known.
    pub(crate) states: Vec<State>,
    /// The order that came farthest, in spans.
    pub(crate) longest: Vec<usize>,
    /// The model that knows the states.
    pub(crate) model: M,
}

impl Answer {
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Answer::Broken { .. })
    }
}

/// Answers probes until its work is used up.
#[derive(Debug)]
pub(crate) struct Prober<M: Model> {
    /// `None` only while a search has it.
    model: Option<M>,
    left: u64,
    /// Whether the object has few enough states to do without counting.
    uncounted: bool,
}

impl<M: Model> Prober<M> {
    pub(crate) fn new(model: M) -> Prober<M> {
        Prober { model: Some(model), left: WORK_MAX, uncounted: true }
    }

    pub(crate) fn model(&self) -> &M {
        self.model.as_ref().expect("a search gives the model back")
    }

    /// Whether a stretch of the history as it was is broken: by the fast path, then by search.
    pub(crate) fn real(&mut self, spans: &[Span<M::Action>]) -> Answer {
        if !self.pay(spans.len() as u64 / SPANS_PER_WORK) {
            return Answer::Unknown;
        }
        match self.model().monitor(spans, false) {
            Monitored::Ok { .. } => Answer::Fine,
            Monitored::Illegal(contradiction) => {
                Answer::Broken { contradiction: Some(contradiction), stuck: None }
            }
            Monitored::HandOver => self.search(spans.to_vec(), true, PREFIX_MAX),
        }
    }

    /// Whether a history is broken in which most spans are relaxed. Only the search is asked: it takes any history.
    pub(crate) fn relaxed(&mut self, spans: Vec<Span<M::Action>>) -> Answer {
        if self.uncounted {
            match self.search(spans.clone(), false, UNCOUNTED_MAX) {
                Answer::Fine if spans.iter().all(|span| span.ret.is_some()) => return Answer::Fine,
                Answer::Fine => {}
                broken @ Answer::Broken { .. } => return broken,
                Answer::Unknown => self.uncounted = false,
            }
        }
        self.search(spans, true, COUNTED_MAX)
    }

    /// How a search came to the end of this span, the last to end; `None` if that would take too long.
    pub(crate) fn look_before(&mut self, spans: &[Span<M::Action>], last: u32) -> Option<Look<M>> {
        if spans.len() > LOOK_SPANS_MAX {
            return None;
        }
        // Rules that look ahead would leave states out.
        let pruning = Pruning { no_return: false, unseen: false, look_ahead: false, ..Pruning::ALL };
        let model = self.model().clone();
        let mut search = Search::new(model, spans.to_vec(), pruning).ok()?;
        let states = match search.run(LOOK_MAX) {
            Progress::Illegal { span, states } if span == last as usize => states,
            _ => Vec::new(),
        };
        let longest = search.longest();
        Some(Look { states, longest, model: search.into_model() })
    }

    fn search(&mut self, spans: Vec<Span<M::Action>>, counted: bool, limit: u64) -> Answer {
        let known = spans.iter().filter(|span| span.ret.is_some()).count();
        let may_be_too_wide = known > OPEN_MAX;
        let model = self.model.take().expect("a search gives the model back");
        let spare = may_be_too_wide.then(|| model.clone());
        let search =
            if counted { Search::new(model, spans, Pruning::ALL) } else { Search::uncounted(model, spans) };
        let Ok(mut search) = search else {
            self.model = spare;
            return Answer::Unknown;
        };
        let progress = search.run(limit.min(self.left));
        self.left = self.left.saturating_sub(search.configurations().max(1));
        self.model = Some(search.into_model());
        match progress {
            Progress::Ok { .. } => Answer::Fine,
            Progress::Illegal { span, .. } => {
                Answer::Broken { contradiction: None, stuck: Some(Stuck { span: span as u32 }) }
            }
            Progress::Pending => Answer::Unknown,
        }
    }

    fn pay(&mut self, work: u64) -> bool {
        self.left = self.left.saturating_sub(work);
        self.left > 0
    }
}
