//! Contradictions between values that were written once, found without a search.
//!
//! After Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26(4), 1997: there the zones decide a register
//! whose values are unique. Here they only refute: with compare-and-set they are necessary, not sufficient.
//!
//! A value that only one operation writes is held during one stretch of time, never again. The operations that
//! write it or need it (its *cluster*) all take effect within that stretch, bounds included: a successful
//! compare-and-set takes effect at the very end of one stretch and the beginning of the next. Let `first_end` be the
//! earliest end in the cluster and `last_call` the latest call.
//! - If `first_end < last_call`, something took effect no later than `first_end` and something no earlier than
//!   `last_call`: the value was held during all of that, a *forward* zone. Two forward zones with more than an
//!   instant in common are a contradiction: two values at once.
//! - Otherwise all operations of the cluster overlap in `last_call..=first_end`, a *backward* zone. One strictly
//!   inside a forward zone of another value is a contradiction: if anything in the cluster took effect inside the
//!   forward zone there were two values at once, and if nothing did, the value was held before and after it.
//!
//! Values with two possible writers are left alone, and so is the absent state once anybody may have deleted:
//! leaving clusters out makes fewer contradictions, never a false one.

use crate::model::{Span, State};
use crate::register::{ABSENT, Action};

/// A contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The spans that contradict each other.
    pub spans: Vec<usize>,
    /// What they say.
    pub conflict: Conflict,
}

/// The kinds of contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A state was needed that nobody wrote.
    NeverWritten {
        /// The state.
        state: State,
    },
    /// A state was needed by an operation that ended before the write of it was called.
    BeforeItsWrite {
        /// The state.
        state: State,
    },
    /// Two compare-and-sets both replaced the same write.
    ReplacedTwice {
        /// The state that both replaced.
        state: State,
    },
    /// Two states were held at the same time.
    Both {
        /// One of them.
        left: State,
        /// The other.
        right: State,
    },
}

/// What is known of one state.
#[derive(Clone, Debug, Default)]
struct Cluster {
    /// Spans that may write it.
    writers: Vec<usize>,
    /// Spans that are known to have happened and need it.
    readers: Vec<usize>,
}

/// Where a state must have been held, or must have been written and read.
#[derive(Clone, Copy, Debug)]
struct Zone {
    state: State,
    /// The earliest end in the cluster, plus one; zero for the initial state, which was there before everything.
    first_end: u64,
    /// The latest call in the cluster, plus one.
    last_call: u64,
    /// The span with the earliest end, unless that is the initial state.
    first: Option<usize>,
    /// The span with the latest call.
    last: usize,
}

/// Looks for a contradiction; `None` proves nothing.
pub fn contradiction(spans: &[Span<Action>]) -> Option<Contradiction> {
    let clusters = clusters(spans);
    for (state, cluster) in clusters.iter().enumerate() {
        let found = contradiction_within(spans, state as State, cluster);
        if found.is_some() {
            return found;
        }
    }
    let zones: Vec<Zone> = (clusters.iter().enumerate())
        .filter_map(|(state, cluster)| zone(spans, state as State, cluster))
        .collect();
    contradiction_between(&zones)
}

fn clusters(spans: &[Span<Action>]) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut at = |state: State, change: &mut dyn FnMut(&mut Cluster)| {
        let place = state as usize;
        if clusters.len() <= place {
            clusters.resize(place + 1, Cluster::default());
        }
        change(&mut clusters[place]);
    };
    for (index, span) in spans.iter().enumerate() {
        if let Some(state) = span.action.written() {
            at(state, &mut |cluster| cluster.writers.push(index));
        }
        if let (Some(state), Some(_)) = (span.action.observed(), span.ret) {
            at(state, &mut |cluster| cluster.readers.push(index));
        }
    }
    clusters
}

/// Contradictions that one cluster shows by itself.
fn contradiction_within(spans: &[Span<Action>], state: State, cluster: &Cluster) -> Option<Contradiction> {
    let found = |spans: Vec<usize>, conflict| Some(Contradiction { spans, conflict });
    let is_initial = state == ABSENT;
    let reader_first = *cluster.readers.iter().min_by_key(|&&reader| spans[reader].ret)?;
    match (is_initial, cluster.writers.as_slice()) {
        (false, []) => return found(vec![reader_first], Conflict::NeverWritten { state }),
        (false, &[writer]) if spans[reader_first].ret.is_some_and(|ret| ret < spans[writer].call) => {
            return found(vec![writer, reader_first], Conflict::BeforeItsWrite { state });
        }
        (false, &[_]) | (true, []) => {}
        _ => return None,
    }
    let replaces = |&&reader: &&usize| matches!(spans[reader].action, Action::Swap { .. });
    let mut swaps = cluster.readers.iter().filter(replaces).copied();
    match (swaps.next(), swaps.next()) {
        (Some(one), Some(two)) => found(vec![one, two], Conflict::ReplacedTwice { state }),
        _ => None,
    }
}

/// The zone of a cluster that is written once. A write that nobody needs is a cluster of its own if it is known to
/// have happened.
fn zone(spans: &[Span<Action>], state: State, cluster: &Cluster) -> Option<Zone> {
    let is_initial = state == ABSENT;
    let is_once = cluster.writers.len() == usize::from(!is_initial);
    let is_certain =
        !cluster.readers.is_empty() || cluster.writers.iter().any(|&writer| spans[writer].ret.is_some());
    if !is_once || !is_certain {
        return None;
    }
    let members = || cluster.writers.iter().chain(&cluster.readers).copied();
    let end = |&span: &usize| spans[span].ret.unwrap_or(u64::MAX).saturating_add(1);
    let first = members().min_by_key(end)?;
    let last = members().max_by_key(|&span| spans[span].call)?;
    let first_end = if is_initial { 0 } else { end(&first) };
    let last_call = spans[last].call.saturating_add(1);
    Some(Zone { state, first_end, last_call, first: (!is_initial).then_some(first), last })
}

/// Contradictions between two clusters.
fn contradiction_between(zones: &[Zone]) -> Option<Contradiction> {
    let both = |left: &Zone, right: &Zone| {
        let mut spans: Vec<usize> = left.first.into_iter().chain(right.first).collect();
        spans.extend([left.last, right.last]);
        spans.sort_unstable();
        spans.dedup();
        Some(Contradiction { spans, conflict: Conflict::Both { left: left.state, right: right.state } })
    };
    let mut forward: Vec<&Zone> = zones.iter().filter(|zone| zone.first_end < zone.last_call).collect();
    forward.sort_by_key(|zone| (zone.first_end, zone.last_call));
    for pair in forward.windows(2) {
        if pair[1].first_end < pair[0].last_call {
            return both(pair[0], pair[1]);
        }
    }
    // Forward zones are disjoint now, so that the last to begin before a moment is the only one that can hold it.
    for zone in zones.iter().filter(|zone| zone.last_call <= zone.first_end) {
        let begun = forward.partition_point(|forward| forward.first_end < zone.last_call);
        let Some(before) = begun.checked_sub(1).map(|place| forward[place]) else { continue };
        if zone.first_end < before.last_call {
            return both(before, zone);
        }
    }
    None
}
