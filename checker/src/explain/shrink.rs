//! The core: a few operations that contradict each other whatever the others did.
//!
//! An operation outside the core is *relaxed*: it may take effect at any time, from before everything on, or never.
//! That only allows more. So if there is no order even then, the core contradicts itself, and the fewer operations it
//! has the better. Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE
//! TSE 28(2), 2002) removes by client, by halves, and at last one by one. Relaxing is monotone, so one pass over
//! single operations makes the core minimal: to relax any one of it makes the history linearizable.

use crate::explain::first::{Prefix, ends};
use crate::explain::probe::{Answer, Prober};
use crate::model::{Contradiction, Model, Span};

/// Ends in the first window before the one that cannot be placed; four times as many in the next.
const WINDOW_FIRST: usize = 12;

/// A core with more operations than this is shrunk again in other orders, in the hope of a smaller one.
const CORE_GOOD: usize = 3;

/// More candidates than this are not shrunk twice.
const CANDIDATES_MAX: usize = 400;

/// Operations that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Core {
    /// Spans of the whole history, by their calls.
    pub(crate) spans: Vec<u32>,
    /// Whether relaxing any of them was shown to make the history linearizable.
    pub(crate) is_minimal: bool,
}

/// What a core is cut out of.
#[derive(Debug)]
struct Stock<A> {
    spans: Vec<Span<A>>,
    original: Vec<u32>,
    client: Vec<u64>,
}

/// Shrinks the history up to the first end that cannot be placed. `client` says whose a span is.
pub(crate) fn core<M: Model>(
    prober: &mut Prober<M>,
    prefix: Prefix<M::Action>,
    last: u32,
    contradiction: Option<&Contradiction>,
    client: &dyn Fn(u32) -> u64,
) -> Option<Core> {
    let client = prefix.original.iter().map(|&span| client(span)).collect();
    let mut stock = Stock { spans: prefix.spans, original: prefix.original, client };
    let must = stock.place(last).expect("the prefix ends with it");
    let candidates = begin(prober, &stock, must, contradiction)?;
    let (mut candidates, must) = stock.restrict(prober, &candidates, must);
    if stock.spans.len() <= WINDOW_FIRST {
        // Who wrote something makes a better story than who saw it last.
        candidates = (0..stock.spans.len() as u32).collect();
        candidates.sort_by_key(|&span| stock.spans[span as usize].call);
    }
    let mut best = Reduction::of(&stock, must).run(prober, candidates.clone());
    if best.spans.len() > CORE_GOOD && candidates.len() <= CANDIDATES_MAX {
        let mut reversed = candidates.clone();
        reversed.reverse();
        let mut by_action = candidates;
        by_action.sort_by(|&left, &right| stock.action(left).cmp(stock.action(right)));
        for order in [reversed, by_action] {
            let other = Reduction::of(&stock, must).run(prober, order);
            let is_better = (!other.is_minimal, other.spans.len()) < (!best.is_minimal, best.spans.len());
            if is_better {
                best = other;
            }
        }
    }
    Some(finish(&stock, best))
}

/// Some spans that are shown to contradict each other: those of the fast path, or a window before the end.
fn begin<M: Model>(
    prober: &mut Prober<M>,
    stock: &Stock<M::Action>,
    must: u32,
    contradiction: Option<&Contradiction>,
) -> Option<Vec<u32>> {
    if let Some(found) = contradiction {
        let mut spans: Vec<u32> = found.spans.iter().filter_map(|&span| stock.place(span)).collect();
        spans.push(must);
        spans.sort_unstable_by_key(|&span| (stock.spans[span as usize].call, span));
        spans.dedup();
        if prober.relaxed(stock.relaxed(prober, &spans).0).is_broken() {
            return Some(spans);
        }
    }
    let ends = ends(&stock.spans);
    let mut window = WINDOW_FIRST;
    loop {
        let spans = stock.window(&ends, window);
        if prober.relaxed(stock.relaxed(prober, &spans).0).is_broken() {
            return Some(spans);
        }
        if window >= ends.len() {
            return None;
        }
        window *= 4;
    }
}

impl<A: Clone + Ord> Stock<A> {
    fn place(&self, original: u32) -> Option<u32> {
        self.original.binary_search(&original).ok().map(|place| place as u32)
    }

    fn action(&self, span: u32) -> &A {
        &self.spans[span as usize].action
    }

    /// The last ends, and what was called since the first of them was.
    fn window(&self, ends: &[u32], window: usize) -> Vec<u32> {
        let is_all = window >= ends.len();
        let last = &ends[ends.len().saturating_sub(window)..];
        let since = last.iter().map(|&end| self.spans[end as usize].call).min().unwrap_or(0);
        let mut is_in = vec![is_all; self.spans.len()];
        for &end in last {
            is_in[end as usize] = true;
        }
        for (index, span) in self.spans.iter().enumerate() {
            is_in[index] |= span.ret.is_none() && since <= span.call;
        }
        let mut spans: Vec<u32> = (0..self.spans.len() as u32).filter(|&span| is_in[span as usize]).collect();
        spans.sort_by_key(|&span| self.spans[span as usize].call);
        spans
    }

    /// The history with all but the core relaxed, without what cannot matter then; and where its spans stand here.
    fn relaxed<M: Model<Action = A>>(&self, prober: &Prober<M>, core: &[u32]) -> (Vec<Span<A>>, Vec<u32>) {
        let mut is_core = vec![false; self.spans.len()];
        for &span in core {
            is_core[span as usize] = true;
        }
        let mut spans = Vec::new();
        let mut places = Vec::new();
        for (index, span) in self.spans.iter().enumerate() {
            if is_core[index] {
                spans.push(span.clone());
                places.push(index as u32);
            } else if !M::is_pure(&span.action) {
                spans.push(Span { call: 0, ret: None, action: span.action.clone() });
                places.push(index as u32);
            }
        }
        let useful = prober.model().useful(&spans);
        let mut keep = useful.iter();
        spans.retain(|_| *keep.next().expect("one flag a span"));
        let mut keep = useful.iter();
        places.retain(|_| *keep.next().expect("one flag a span"));
        (spans, places)
    }

    /// Forgets what cannot matter to these candidates, and so to fewer of them; tells their new places and that of
    /// `must`.
    fn restrict<M: Model<Action = A>>(
        &mut self,
        prober: &Prober<M>,
        candidates: &[u32],
        must: u32,
    ) -> (Vec<u32>, u32) {
        let (_, places) = self.relaxed(prober, candidates);
        let now = |span: &u32| places.binary_search(span).ok().map(|place| place as u32);
        let candidates = candidates.iter().filter_map(now).collect();
        let must = now(&must).expect("what is known to have happened can matter");
        self.spans = places.iter().map(|&place| self.spans[place as usize].clone()).collect();
        self.original = places.iter().map(|&place| self.original[place as usize]).collect();
        self.client = places.iter().map(|&place| self.client[place as usize]).collect();
        (candidates, must)
    }
}

/// One way down from many candidates to few.
struct Reduction<'a, A> {
    stock: &'a Stock<A>,
    must: u32,
}

/// Where it led.
struct Reduced {
    spans: Vec<u32>,
    is_minimal: bool,
}

impl<'a, A: Clone + Ord> Reduction<'a, A> {
    fn of(stock: &'a Stock<A>, must: u32) -> Reduction<'a, A> {
        Reduction { stock, must }
    }

    fn run<M: Model<Action = A>>(&self, prober: &mut Prober<M>, candidates: Vec<u32>) -> Reduced {
        let mut spans = candidates;
        let mut clients: Vec<u64> = spans.iter().map(|&span| self.stock.client[span as usize]).collect();
        clients.sort_unstable();
        clients.dedup();
        if clients.len() < spans.len() {
            for client in clients {
                let is_kept = |&&span: &&u32| self.stock.client[span as usize] != client || span == self.must;
                let fewer = spans.iter().filter(is_kept).copied().collect();
                self.attempt(prober, &mut spans, fewer);
            }
        }
        let mut size = spans.len() / 2;
        while size > 1 {
            self.by_chunks(prober, &mut spans, size);
            size /= 2;
        }
        // Those that change nothing first: writes make better stories.
        spans.sort_by_key(|&span| !M::is_pure(self.stock.action(span)));
        let is_minimal = self.by_chunks(prober, &mut spans, 1);
        Reduced { spans, is_minimal }
    }

    /// Tries to do without each stretch of so many candidates; false if some probe said nothing.
    fn by_chunks<M: Model<Action = A>>(
        &self,
        prober: &mut Prober<M>,
        spans: &mut Vec<u32>,
        size: usize,
    ) -> bool {
        let mut is_sure = true;
        let mut at = 0;
        while at < spans.len() {
            let (chunk, rest) = spans[at..].split_at(size.min(spans.len() - at));
            let kept = chunk.iter().filter(|&&span| span == self.must);
            let kept_count = kept.clone().count();
            let fewer = spans[..at].iter().chain(kept).chain(rest).copied().collect();
            match self.attempt(prober, spans, fewer) {
                Some(true) => at += kept_count,
                Some(false) => at += size,
                None => {
                    is_sure = false;
                    at += size;
                }
            }
        }
        is_sure
    }

    /// Goes down to fewer spans if they still contradict each other; `None` if that could not be said.
    fn attempt<M: Model<Action = A>>(
        &self,
        prober: &mut Prober<M>,
        spans: &mut Vec<u32>,
        fewer: Vec<u32>,
    ) -> Option<bool> {
        if fewer.len() == spans.len() {
            return Some(false);
        }
        match prober.relaxed(self.stock.relaxed(prober, &fewer).0) {
            Answer::Broken { .. } => {
                *spans = fewer;
                Some(true)
            }
            Answer::Fine => Some(false),
            Answer::Unknown => None,
        }
    }
}

/// The core in spans of the whole history.
fn finish<A>(stock: &Stock<A>, reduced: Reduced) -> Core {
    let mut spans = reduced.spans;
    spans.sort_unstable_by_key(|&span| (stock.spans[span as usize].call, span));
    let spans = spans.into_iter().map(|span| stock.original[span as usize]).collect();
    Core { spans, is_minimal: reduced.is_minimal }
}
