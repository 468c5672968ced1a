//! The first response that cannot be placed: the earliest end such that the history up to it is broken.

use crate::explain::probe::{Answer, Prober, Stuck};
use crate::model::{Contradiction, Model, Span};

/// A stretch of the history from its beginning: everything that ended up to some end, and what was called by then and
/// is still open, of unknown outcome.
#[derive(Clone, Debug)]
pub(crate) struct Prefix<A> {
    pub(crate) spans: Vec<Span<A>>,
    /// For each span, its index in the whole history.
    pub(crate) original: Vec<u32>,
}

/// The first end that cannot be placed.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// The span that ends there.
    pub(crate) span: u32,
    /// Whether everything before it was shown to be fine.
    pub(crate) is_first: bool,
    /// The end before it.
    pub(crate) fine_until: Option<u64>,
    /// What the fast path saw in the history up to it, in spans of the whole history.
    pub(crate) contradiction: Option<Contradiction>,
}

/// What is known of a broken history when its explanation begins.
#[derive(Clone, Debug)]
pub(crate) enum Hint {
    /// These spans contradict each other.
    Core(Contradiction),
    /// No order got past the end of this span.
    Stuck(u32),
}

/// The spans that are known to have happened, by end, as the search numbers its events.
pub(crate) fn ends<A>(spans: &[Span<A>]) -> Vec<u32> {
    let mut ends: Vec<u32> =
        (0..spans.len() as u32).filter(|&span| spans[span as usize].ret.is_some()).collect();
    ends.sort_by_key(|&span| spans[span as usize].ret);
    ends
}

/// The history up to and with this many ends, at least one.
pub(crate) fn prefix<A: Clone>(spans: &[Span<A>], ends: &[u32], count: usize) -> Prefix<A> {
    let mut is_in = vec![false; spans.len()];
    for &end in &ends[..count] {
        is_in[end as usize] = true;
    }
    let until = spans[ends[count - 1] as usize].ret.expect("an end is known");
    let mut prefix = Prefix { spans: Vec::with_capacity(count), original: Vec::with_capacity(count) };
    for (index, span) in spans.iter().enumerate().filter(|(_, span)| span.call <= until) {
        let ret = span.ret.filter(|_| is_in[index]);
        prefix.spans.push(Span { call: span.call, ret, action: span.action.clone() });
        prefix.original.push(index as u32);
    }
    prefix
}

/// The bounds between which the first bad end lies.
struct Bounds {
    /// So many ends are fine.
    fine: usize,
    /// So many ends are broken.
    broken: usize,
    /// What the fast path saw in them.
    contradiction: Option<Contradiction>,
    /// Whether `broken` has been probed.
    is_shown: bool,
}

/// Finds the first end that cannot be placed: gallops from the hint, then halves.
pub(crate) fn locate<M: Model>(prober: &mut Prober<M>, spans: &[Span<M::Action>], hint: &Hint) -> First {
    let ends = ends(spans);
    let mut event = vec![usize::MAX; spans.len()];
    for (place, &end) in ends.iter().enumerate() {
        event[end as usize] = place;
    }
    let mut bounds = start(&ends, &event, hint);
    let mut is_first = true;
    let mut stride = 1;
    while bounds.fine + 1 < bounds.broken {
        let half = usize::midpoint(bounds.fine, bounds.broken);
        let count = match hint {
            Hint::Core(_) => half.max(bounds.broken.saturating_sub(stride)),
            Hint::Stuck(_) => half.min(bounds.fine + stride),
        };
        stride *= 4;
        if !narrow(prober, spans, &ends, &event, &mut bounds, count) {
            is_first = false;
            break;
        }
    }
    if !bounds.is_shown {
        let count = bounds.broken;
        is_first &= narrow(prober, spans, &ends, &event, &mut bounds, count);
    }
    let last_fine = bounds.broken.checked_sub(2).map(|place| ends[place]);
    First {
        span: ends[bounds.broken - 1],
        is_first,
        fine_until: last_fine.filter(|_| is_first).and_then(|span| spans[span as usize].ret),
        contradiction: bounds.contradiction,
    }
}

fn start(ends: &[u32], event: &[usize], hint: &Hint) -> Bounds {
    match hint {
        Hint::Core(contradiction) => {
            let known = contradiction.spans.iter().map(|&span| event[span as usize]);
            let last = known.filter(|&event| event < ends.len()).max();
            let broken = last.map_or(ends.len(), |event| event + 1);
            Bounds { fine: 0, broken, contradiction: Some(contradiction.clone()), is_shown: false }
        }
        Hint::Stuck(span) => {
            let fine = event[*span as usize];
            assert!(fine < ends.len(), "a search gets stuck at an end");
            Bounds { fine, broken: ends.len(), contradiction: None, is_shown: false }
        }
    }
}

/// Probes the history up to so many ends; false if that said nothing.
fn narrow<M: Model>(
    prober: &mut Prober<M>,
    spans: &[Span<M::Action>],
    ends: &[u32],
    event: &[usize],
    bounds: &mut Bounds,
    count: usize,
) -> bool {
    let prefix = prefix(spans, ends, count);
    let original = |span: u32| prefix.original[span as usize];
    match prober.real(&prefix.spans) {
        Answer::Unknown => return false,
        Answer::Fine => bounds.fine = bounds.fine.max(count),
        Answer::Broken { contradiction, stuck } => {
            bounds.broken = count;
            bounds.is_shown = true;
            if let Some(Stuck { span }) = stuck {
                // Some order got that far, so everything before is fine.
                bounds.fine = bounds.fine.max(event[original(span) as usize]);
            }
            bounds.contradiction = contradiction.map(|found| Contradiction {
                spans: found.spans.into_iter().map(original).collect(),
                sentence: found.sentence,
            });
        }
    }
    bounds.fine < bounds.broken
}
