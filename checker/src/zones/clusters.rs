//! What is known of each state of a register: who made it, who saw it, who replaced it.

use super::conflict::Conflict;
use crate::model::{Span, State};
use crate::register::{ABSENT, Action};

/// Stands for a span where there is none.
pub(super) const NOBODY: u32 = u32::MAX;

/// Stands for a span where there are two or more.
const MANY: u32 = u32::MAX - 1;

/// The operations on one state, as far as they matter.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    /// The earliest end of a read that saw the state.
    reads_end: u64,
    /// The latest call of a read that saw the state.
    reads_call: u64,
    /// A read that saw the state, or [`NOBODY`].
    reader: u32,
    /// The span that may have made the state, or [`NOBODY`], or [`MANY`].
    writer: u32,
    /// The compare-and-set that replaced the state, or [`NOBODY`], or [`MANY`]. Among them only those that are known
    /// to have happened or must have.
    swap: u32,
}

impl Cluster {
    const EMPTY: Cluster =
        Cluster { reads_end: u64::MAX, reads_call: 0, reader: NOBODY, writer: NOBODY, swap: NOBODY };

    fn is_seen(&self) -> bool {
        self.reader != NOBODY || self.swap != NOBODY
    }
}

/// What is known of all states.
#[derive(Debug)]
pub(super) struct Clusters<'a> {
    pub(super) spans: &'a [Span<Action>],
    clusters: Vec<Cluster>,
    /// Spans that are known to have happened and write.
    pub(super) writes: usize,
    /// An operation that contradicts itself, or [`NOBODY`].
    absurd: u32,
}

/// The state that an action saw. A compare-and-set from a state to itself sees it and changes nothing.
pub(super) fn seen(action: &Action) -> Option<State> {
    match *action {
        Action::Read { state } | Action::Differs { seen: state, .. } => Some(state),
        Action::Swap { expect, .. } => Some(expect),
        Action::Write { .. } | Action::Mismatch { .. } => None,
    }
}

/// The state that an action made of another.
pub(super) fn made(action: &Action) -> Option<State> {
    match *action {
        Action::Write { state } => Some(state),
        Action::Swap { expect, value } if expect != value => Some(value),
        Action::Swap { .. } | Action::Read { .. } | Action::Differs { .. } | Action::Mismatch { .. } => None,
    }
}

impl<'a> Clusters<'a> {
    pub(super) fn new(spans: &'a [Span<Action>], states: usize) -> Clusters<'a> {
        assert!(spans.len() < MANY as usize, "fewer than 2^32 - 2 operations on one key");
        let clusters = vec![Cluster::EMPTY; states];
        let mut clusters = Clusters { spans, clusters, writes: 0, absurd: NOBODY };
        let mut maybe = Vec::new();
        for (span, index) in spans.iter().zip(0..) {
            clusters.note_writer(index);
            match span.ret {
                Some(ret) => clusters.note_known(index, ret),
                None if matches!(span.action, Action::Swap { .. }) => maybe.push(index),
                None => {}
            }
        }
        for swap in maybe {
            clusters.require(swap);
        }
        clusters
    }

    /// How many states there are.
    pub(super) fn states(&self) -> usize {
        self.clusters.len()
    }

    fn action(&self, span: u32) -> &Action {
        &self.spans[span as usize].action
    }

    fn note_writer(&mut self, index: u32) {
        let Some(state) = made(self.action(index)) else { return };
        let writer = &mut self.clusters[state as usize].writer;
        *writer = if *writer == NOBODY { index } else { MANY };
    }

    /// Notes what a span that is known to have happened saw.
    fn note_known(&mut self, index: u32, ret: u64) {
        let Span { call, action, .. } = self.spans[index as usize];
        self.writes += usize::from(made(&action).is_some());
        let Some(state) = seen(&action) else { return };
        if made(&action).is_some() {
            self.note_swap(state, index);
            return;
        }
        if matches!(action, Action::Differs { expect, seen } if expect == seen) && self.absurd == NOBODY {
            self.absurd = index;
        }
        let cluster = &mut self.clusters[state as usize];
        cluster.reads_end = cluster.reads_end.min(ret);
        cluster.reads_call = cluster.reads_call.max(call);
        cluster.reader = cluster.reader.min(index);
    }

    /// Notes that the state was replaced; true if that was not known.
    fn note_swap(&mut self, state: State, index: u32) -> bool {
        let swap = &mut self.clusters[state as usize].swap;
        let is_new = *swap == NOBODY;
        if is_new {
            *swap = index;
        } else if *swap != index {
            *swap = MANY;
        }
        is_new
    }

    /// Notes what a compare-and-set of unknown outcome saw if it must have happened, and so on back along its chain.
    fn require(&mut self, index: u32) {
        let mut next = index;
        while next < MANY && self.spans[next as usize].ret.is_none() && self.takes_place(next) {
            let Action::Swap { expect, .. } = *self.action(next) else { return };
            if !self.note_swap(expect, next) || !self.is_once(expect) {
                return;
            }
            next = self.clusters[expect as usize].writer;
        }
    }

    /// Whether the state is held during one stretch at most.
    pub(super) fn is_once(&self, state: State) -> bool {
        let writer = self.clusters[state as usize].writer;
        if state == ABSENT { writer == NOBODY } else { writer < MANY }
    }

    /// Whether the span is known to have happened, or must have, as somebody saw what only it wrote.
    pub(super) fn takes_place(&self, index: u32) -> bool {
        let is_needed = || {
            made(self.action(index)).is_some_and(|state| {
                let cluster = &self.clusters[state as usize];
                cluster.writer == index && self.is_once(state) && cluster.is_seen()
            })
        };
        self.spans[index as usize].ret.is_some() || is_needed()
    }

    /// The time during which a state that is once was held for certain: after the first instant, before the second.
    /// The initial state was there before all time.
    pub(super) fn held(&self, state: State) -> Option<(Option<u64>, u64)> {
        let cluster = &self.clusters[state as usize];
        let writer = Some(cluster.writer).filter(|&writer| writer < MANY);
        if !self.is_once(state) || writer.is_some_and(|writer| !self.takes_place(writer)) {
            return None;
        }
        let bounds = |&span: &u32| {
            let span = &self.spans[span as usize];
            (span.ret.unwrap_or(u64::MAX), span.call)
        };
        let swap = Some(cluster.swap).filter(|&swap| swap < MANY);
        let members = [self.reads(state), writer.as_ref().map(bounds), swap.as_ref().map(bounds)];
        let merge = |left: (u64, u64), right: (u64, u64)| (left.0.min(right.0), left.1.max(right.1));
        let (end, call) = members.into_iter().flatten().reduce(merge)?;
        Some(((state != ABSENT).then_some(end), call))
    }

    /// The earliest end and the latest call of the reads that saw the state.
    pub(super) fn reads(&self, state: State) -> Option<(u64, u64)> {
        let cluster = &self.clusters[state as usize];
        (cluster.reader != NOBODY).then_some((cluster.reads_end, cluster.reads_call))
    }

    /// The compare-and-set that replaced the state.
    pub(super) fn swap(&self, state: State) -> Option<u32> {
        let swap = self.clusters[state as usize].swap;
        assert_ne!(swap, MANY, "a state that is replaced twice is a contradiction");
        (swap != NOBODY).then_some(swap)
    }

    /// Looks for contradictions that times have no part in.
    pub(super) fn check(&self) -> Result<(), Conflict> {
        if self.absurd != NOBODY {
            return Err(Conflict::Absurd { span: self.absurd });
        }
        for (cluster, state) in self.clusters.iter().zip(0..) {
            if cluster.writer == NOBODY && state != ABSENT && cluster.is_seen() {
                return Err(Conflict::NeverWritten { state });
            }
            if cluster.swap == MANY && self.is_once(state) {
                return Err(Conflict::ReplacedTwice { state });
            }
        }
        Ok(())
    }
}
