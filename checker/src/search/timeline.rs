//! The spans of a history, laid out for the search. Never changes once it is made.

use crate::model::{Model, Span};
use crate::search::Pruning;

/// A span of unknown outcome never ends.
pub(super) const NEVER: u32 = u32::MAX;

/// The spans, by the events at which they come and go. An *event* is the end of a span that is known to have happened,
/// numbered in the order of ends.
#[derive(Debug)]
pub(super) struct Timeline<A> {
    pub(super) spans: Vec<Span<A>>,
    /// For each event, the span that ends there.
    pub(super) ends: Vec<u32>,
    /// For each span, where it stands.
    pub(super) places: Vec<Place>,
    /// All spans in the order in which they come.
    arrivals: Vec<u32>,
    /// For each event, the place in `arrivals` of the first span that comes there; one more at the end.
    arrivals_from: Vec<u32>,
    /// How many slots there are: as many as spans of known outcome are ever open at once.
    pub(super) slots: u32,
    /// The spans of unknown outcome.
    pub(super) classes: Classes,
    /// By states that come once.
    needs: Needs,
    /// By eras.
    eras: Needs,
}

/// Where a span stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The first event at which it is open: the first end that is not before its call.
    pub(super) from: u32,
    /// The event of its own end, or [`NEVER`].
    pub(super) until: u32,
    /// Its slot if it is known to have happened, its class if not.
    pub(super) slot: u32,
    /// What its action is like.
    pub(super) traits: Traits,
}

/// What an action is like, by the model's word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    /// [`Model::is_pure`].
    pub(super) is_pure: bool,
    /// [`Model::is_write`].
    pub(super) is_write: bool,
    /// [`Model::is_unseen`].
    pub(super) is_unseen: bool,
}

impl<A: Clone + Ord> Timeline<A> {
    pub(super) fn new<M: Model<Action = A>>(model: &M, spans: Vec<Span<A>>, pruning: Pruning) -> Timeline<A> {
        assert!(spans.len() < NEVER as usize, "fewer than 2^32 operations on one key");
        let ends = ends(&spans);
        let mut places: Vec<Place> = (spans.iter())
            .map(|span| Place { from: 0, until: NEVER, slot: NEVER, traits: traits(model, &span.action) })
            .collect();
        for (event, &span) in ends.iter().enumerate() {
            places[span as usize].until = event as u32;
        }
        let arrivals = by_call(&spans);
        let arrivals_from = arrive(&spans, &ends, &arrivals, &mut places);
        let classes = Classes::new(&spans, &mut places, pruning.symmetry);
        let (mut needs, mut eras) = (Needs::default(), Needs::default());
        if pruning.no_return {
            needs = Needs::new(&things(model, &spans, &ends));
            eras = Needs::new(&eras_needed(model, &spans, &ends));
        }
        let mut timeline =
            Timeline { spans, ends, places, arrivals, arrivals_from, slots: 0, classes, needs, eras };
        timeline.give_slots();
        timeline
    }

    /// The spans that come at an event.
    #[inline]
    pub(super) fn arrivals(&self, event: u32) -> &[u32] {
        let from = self.arrivals_from[event as usize] as usize;
        let to = self.arrivals_from[event as usize + 1] as usize;
        &self.arrivals[from..to]
    }

    /// How many events there are.
    pub(super) fn events(&self) -> u32 {
        self.ends.len() as u32
    }

    /// The action of a span.
    #[inline]
    pub(super) fn action(&self, span: u32) -> &A {
        &self.spans[span as usize].action
    }

    /// The spans that end at this event or later and need this thing, which comes once; by their ends.
    pub(super) fn needs(&self, thing: u32, event: u32) -> &[u32] {
        self.not_passed(self.needs.of(thing), event)
    }

    /// The spans that end at this event or later and need a state of this era; by their ends.
    pub(super) fn needs_era(&self, era: u32, event: u32) -> &[u32] {
        self.not_passed(self.eras.of(era), event)
    }

    fn not_passed<'a>(&self, spans: &'a [u32], event: u32) -> &'a [u32] {
        let first = spans.partition_point(|&span| self.places[span as usize].until < event);
        &spans[first..]
    }

    /// Bytes that the timeline holds, about.
    pub(super) fn memory(&self) -> u64 {
        let span = size_of::<Span<A>>() + size_of::<Place>() + 2 * size_of::<u32>();
        (self.spans.len() * span) as u64
    }

    /// Gives every span that is known to have happened a slot from its first event until its end.
    fn give_slots(&mut self) {
        let mut free: Vec<u32> = Vec::new();
        for event in 0..self.events() {
            for place in self.arrivals_from[event as usize]..self.arrivals_from[event as usize + 1] {
                let span = self.arrivals[place as usize];
                let place = &mut self.places[span as usize];
                if place.until != NEVER {
                    place.slot = free.pop().unwrap_or(self.slots);
                    self.slots = self.slots.max(place.slot + 1);
                }
            }
            let end = self.ends[event as usize];
            let slot = self.places[end as usize].slot;
            assert_ne!(slot, NEVER, "an operation is open at its own end");
            free.push(slot);
        }
    }
}

fn traits<M: Model>(model: &M, action: &M::Action) -> Traits {
    Traits { is_pure: M::is_pure(action), is_write: M::is_write(action), is_unseen: model.is_unseen(action) }
}

/// The spans that are known to have happened, by end; ties in the order of spans.
fn ends<A>(spans: &[Span<A>]) -> Vec<u32> {
    let known = spans.iter().enumerate().filter_map(|(span, it)| Some((it.ret?, span as u32)));
    let mut ends: Vec<(u64, u32)> = Vec::with_capacity(spans.len());
    ends.extend(known);
    if !ends.is_sorted() {
        ends.sort_unstable();
    }
    ends.into_iter().map(|(_, span)| span).collect()
}

/// All spans by call; most histories come so.
fn by_call<A>(spans: &[Span<A>]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..spans.len() as u32).collect();
    if !spans.is_sorted_by_key(|span| span.call) {
        order.sort_unstable_by_key(|&span| (spans[span as usize].call, span));
    }
    order
}

/// Finds the first event of every span, and for each event where its arrivals begin. An end at the instant of the call
/// does not precede it: intervals are closed.
fn arrive<A>(spans: &[Span<A>], ends: &[u32], arrivals: &[u32], places: &mut [Place]) -> Vec<u32> {
    let mut arrivals_from = Vec::with_capacity(ends.len() + 1);
    arrivals_from.push(0);
    for (count, &span) in arrivals.iter().enumerate() {
        let call = Some(spans[span as usize].call);
        while arrivals_from.len() <= ends.len() && spans[ends[arrivals_from.len() - 1] as usize].ret < call {
            arrivals_from.push(count as u32);
        }
        places[span as usize].from = arrivals_from.len() as u32 - 1;
    }
    arrivals_from.resize(ends.len() + 1, arrivals.len() as u32);
    arrivals_from
}

/// The spans of unknown outcome by class: those of a class have equal actions.
#[derive(Debug)]
pub(super) struct Classes {
    /// The spans by class, and within a class in the order in which they come.
    spans: Vec<u32>,
    /// For each class, where its spans begin; one more at the end.
    from: Vec<u32>,
}

impl Classes {
    fn new<A: Ord>(spans: &[Span<A>], places: &mut [Place], symmetry: bool) -> Classes {
        let mut unknown: Vec<u32> =
            (0..spans.len() as u32).filter(|&span| spans[span as usize].ret.is_none()).collect();
        let action = |span: u32| &spans[span as usize].action;
        unknown.sort_unstable_by_key(|&span| (action(span), places[span as usize].from, span));
        let mut from = Vec::new();
        for (place, &span) in unknown.iter().enumerate() {
            let is_same = |before: usize| symmetry && action(unknown[before]) == action(span);
            if !place.checked_sub(1).is_some_and(is_same) {
                from.push(place as u32);
            }
            places[span as usize].slot = from.len() as u32 - 1;
        }
        from.push(unknown.len() as u32);
        Classes { spans: unknown, from }
    }

    /// How many classes there are.
    pub(super) fn len(&self) -> usize {
        self.from.len() - 1
    }

    /// The spans of a class, in the order in which they come.
    #[inline]
    pub(super) fn of(&self, class: u32) -> &[u32] {
        &self.spans[self.from[class as usize] as usize..self.from[class as usize + 1] as usize]
    }

    /// How many spans each class has.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        self.from.windows(2).map(|pair| (pair[1] - pair[0]) as usize)
    }
}

/// What comes once ([`Model::needs_once`]) and is needed, with the spans that need it by end.
fn things<M: Model>(model: &M, spans: &[Span<M::Action>], ends: &[u32]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    let mut things = Vec::new();
    for &span in ends {
        model.needs_once(&spans[span as usize].action, &mut things);
        pairs.extend(things.drain(..).map(|thing| (thing, span)));
    }
    pairs
}

/// The eras ([`Model::era`]) that are needed, with the spans that need them by end.
fn eras_needed<M: Model>(model: &M, spans: &[Span<M::Action>], ends: &[u32]) -> Vec<(u32, u32)> {
    let era = |span: u32| model.needs(&spans[span as usize].action).and_then(|state| model.era(state));
    ends.iter().filter_map(|&span| Some((era(span)?, span))).collect()
}

/// For each thing that comes once, mostly a state, or for each era, which spans of known outcome need it.
#[derive(Debug, Default)]
struct Needs {
    /// The spans by what they need, and for a thing by end.
    spans: Vec<u32>,
    /// For each thing, where its spans begin; one more at the end. Things beyond have none.
    from: Vec<u32>,
}

impl Needs {
    /// From things and the spans that need them, by end.
    fn new(pairs: &[(u32, u32)]) -> Needs {
        let Some(highest) = pairs.iter().map(|&(thing, _)| thing).max() else { return Needs::default() };
        // Counting sort: the spans come by end, and so stays each thing's share of them.
        let mut from = vec![0; highest as usize + 2];
        for &(thing, _) in pairs {
            from[thing as usize + 1] += 1;
        }
        for thing in 1..from.len() {
            from[thing] += from[thing - 1];
        }
        let mut next = from.clone();
        let mut spans = vec![0; pairs.len()];
        for &(thing, span) in pairs {
            spans[next[thing as usize] as usize] = span;
            next[thing as usize] += 1;
        }
        Needs { spans, from }
    }

    fn of(&self, thing: u32) -> &[u32] {
        match self.from.get(thing as usize..thing as usize + 2) {
            Some(&[from, to]) => &self.spans[from as usize..to as usize],
            _ => &[],
        }
    }
}
