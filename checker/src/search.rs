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
//! Each can be switched off ([`Pruning`]), so that tests can show that it changes no verdict. An order that is found
//! is replayed and verified before it is believed.

use crate::model::{Model, Span, State};
use crate::table::{AsBytes, Table};
use crate::witness;

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
}

impl Pruning {
    /// Every rule.
    pub const ALL: Pruning =
        Pruning { greedy: true, symmetry: true, dominance: true, no_return: true, unseen: true };
    /// No rule but the memory of visited configurations.
    pub const NONE: Pruning =
        Pruning { greedy: false, symmetry: false, dominance: false, no_return: false, unseen: false };
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
        /// The first span that no configuration can pass.
        span: usize,
        /// The states that the object could be in when that span ended.
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
    Narrow(Depth<M, WORDS_NARROW>),
    Medium(Depth<M, WORDS_MEDIUM>),
    Wide(Depth<M, WORDS_WIDE>),
}

impl<M: Model> Search<M> {
    /// Prepares a search, or says how many operations are open at once if that is more than [`OPEN_MAX`].
    pub fn new(model: M, spans: Vec<Span<M::Action>>, pruning: Pruning) -> Result<Search<M>, usize> {
        let timeline = Timeline::new(&model, spans, pruning);
        let core = match timeline.slots.len() {
            0..=64 => Core::Narrow(Depth::new(model, timeline, pruning)),
            65..=256 => Core::Medium(Depth::new(model, timeline, pruning)),
            257..=OPEN_MAX => Core::Wide(Depth::new(model, timeline, pruning)),
            open => return Err(open),
        };
        Ok(Search { core })
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
            Core::Narrow(depth) => depth.visited.len(),
            Core::Medium(depth) => depth.visited.len(),
            Core::Wide(depth) => depth.visited.len(),
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

    /// Bytes that the visited configurations take, about.
    pub fn memory(&self) -> u64 {
        let width = match &self.core {
            Core::Narrow(_) => WORDS_NARROW,
            Core::Medium(_) => WORDS_MEDIUM,
            Core::Wide(_) => WORDS_WIDE,
        };
        self.configurations() * (64 + 8 * width as u64)
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

/// The spans, laid out for the search. Never changes.
#[derive(Debug)]
struct Timeline<A> {
    spans: Vec<Span<A>>,
    /// The spans that are known to have happened, by end. An *event* is an index into this.
    ends: Vec<u32>,
    /// For each span, the first event at which it is open: the first end that is not before its call.
    from: Vec<u32>,
    /// For each span, the event of its own end; `u32::MAX` if its outcome is unknown.
    until: Vec<u32>,
    /// For each span that is known to have happened, its slot.
    slot: Vec<u32>,
    /// For each slot, the spans that have it, one after another.
    slots: Vec<Vec<u32>>,
    /// The spans of unknown outcome by class; within a class by first event.
    classes: Vec<Vec<u32>>,
    /// The spans that are known to have happened and need a state that comes once: (state, event of its end, span).
    needs: Vec<(State, u32, u32)>,
}

impl<A: Clone + Ord> Timeline<A> {
    fn new<M: Model<Action = A>>(model: &M, spans: Vec<Span<A>>, pruning: Pruning) -> Timeline<A> {
        let count = u32::try_from(spans.len()).expect("fewer than 2^32 operations on one key");
        let mut ends: Vec<u32> = (0..count).filter(|&span| spans[span as usize].ret.is_some()).collect();
        ends.sort_by_key(|&span| spans[span as usize].ret);
        let mut until = vec![u32::MAX; spans.len()];
        for (event, &span) in ends.iter().enumerate() {
            until[span as usize] = event as u32;
        }
        // An end at the instant of the call does not precede it: intervals are closed.
        let before = |call: u64| ends.partition_point(|&end| spans[end as usize].ret < Some(call)) as u32;
        let from: Vec<u32> = spans.iter().map(|span| before(span.call)).collect();
        let classes = classes(&spans, &from, pruning.symmetry);
        let (slot, slots) = slots(&ends, &from);
        let needs = needs(model, &spans, &until);
        Timeline { spans, ends, from, until, slot, slots, classes, needs }
    }
}

/// Groups the spans of unknown outcome by action.
fn classes<A: Ord>(spans: &[Span<A>], from: &[u32], symmetry: bool) -> Vec<Vec<u32>> {
    let mut unknown: Vec<u32> =
        (0..spans.len() as u32).filter(|&span| spans[span as usize].ret.is_none()).collect();
    let action = |span: u32| &spans[span as usize].action;
    unknown.sort_by_key(|&span| (action(span), from[span as usize]));
    let is_same = |left: &u32, right: &u32| symmetry && action(*left) == action(*right);
    unknown.chunk_by(is_same).map(<[u32]>::to_vec).collect()
}

/// Lists who needs states that come once.
fn needs<M: Model>(model: &M, spans: &[Span<M::Action>], until: &[u32]) -> Vec<(State, u32, u32)> {
    let known = (0..spans.len()).filter(|&span| spans[span].ret.is_some());
    let need = |span: usize| {
        let state = model.needs(&spans[span].action).filter(|&state| model.comes_once(state))?;
        Some((state, until[span], span as u32))
    };
    let mut needs: Vec<(State, u32, u32)> = known.filter_map(need).collect();
    needs.sort_unstable();
    needs
}

/// Gives every span that is known to have happened a slot from its first event until its end.
fn slots(ends: &[u32], from: &[u32]) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut arrivals: Vec<u32> = ends.to_vec();
    arrivals.sort_by_key(|&span| from[span as usize]);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut slot = vec![u32::MAX; from.len()];
    let mut slots: Vec<Vec<u32>> = Vec::new();
    let mut free: Vec<u32> = Vec::new();
    for (event, &end) in ends.iter().enumerate() {
        while let Some(span) = arrivals.next_if(|&span| from[span as usize] as usize <= event) {
            let place = free.pop().unwrap_or(slots.len() as u32);
            if place as usize == slots.len() {
                slots.push(Vec::new());
            }
            slots[place as usize].push(span);
            slot[span as usize] = place;
        }
        assert_ne!(slot[end as usize], u32::MAX, "an operation is open at its own end");
        free.push(slot[end as usize]);
    }
    (slot, slots)
}

/// Which slots have taken effect.
type Mask<const W: usize> = [u64; W];

fn has<const W: usize>(mask: &Mask<W>, slot: u32) -> bool {
    mask[slot as usize / 64] >> (slot % 64) & 1 == 1
}

fn set<const W: usize>(mask: &mut Mask<W>, slot: u32) {
    mask[slot as usize / 64] |= 1 << (slot % 64);
}

fn clear<const W: usize>(mask: &mut Mask<W>, slot: u32) {
    mask[slot as usize / 64] &= !(1 << (slot % 64));
}

/// Where the search stands: everything before `event` is passed, and the end at `event` still has to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Configuration<const W: usize> {
    event: u32,
    state: State,
    mask: Mask<W>,
    /// Number of a vector of counts in [`Used`].
    used: u32,
}

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// An open span takes effect.
    Span(u32),
    /// One more of a class of unknown outcomes takes effect.
    Class(u32),
}

/// A configuration on the stack, with the ways that are not tried yet.
#[derive(Clone, Copy, Debug)]
struct Frame<const W: usize> {
    configuration: Configuration<W>,
    /// Where its untried ways begin in the common stack of ways; they end where the next frame's begin.
    ways_from: usize,
    /// The way that led here.
    chosen: Option<Choice>,
}

/// The depth-first search with masks of `W` words.
#[derive(Debug)]
struct Depth<M: Model, const W: usize> {
    model: M,
    timeline: Timeline<M::Action>,
    pruning: Pruning,
    visited: Visited<W>,
    used: Used,
    /// From the first configuration to the current one.
    frames: Vec<Frame<W>>,
    /// Untried ways of all frames, best last, each with the state it leads to.
    ways: Vec<(Choice, State)>,
    /// The farthest event at which a configuration had to stop.
    deepest: u32,
    /// For each slot, the place in [`Timeline::slots`] of the span that had it last; moves with the event.
    cursors: Vec<u32>,
    /// Scratch for sorting ways.
    ranked: Vec<(u8, u32, Choice, State)>,
    /// The final answer, once there is one.
    answer: Option<Progress>,
}

impl<M: Model, const W: usize> Depth<M, W> {
    fn new(mut model: M, timeline: Timeline<M::Action>, pruning: Pruning) -> Depth<M, W> {
        assert!(timeline.slots.len() <= 64 * W);
        let state = model.initial();
        let cursors = vec![0; timeline.slots.len()];
        let used = Used::new(timeline.classes.len());
        let first = Configuration { event: 0, state, mask: [0; W], used: Used::NONE };
        let mut depth = Depth {
            model,
            timeline,
            pruning,
            visited: Visited::new(),
            used,
            frames: Vec::new(),
            ways: Vec::new(),
            deepest: 0,
            cursors,
            ranked: Vec::new(),
            answer: None,
        };
        depth.enter(first, None);
        depth
    }

    fn run(&mut self, configurations: u64) -> Progress {
        let limit = self.visited.len() + configurations;
        while self.answer.is_none() {
            if self.visited.len() >= limit {
                return Progress::Pending;
            }
            let Some(frame) = self.frames.last() else {
                self.answer = Some(self.illegal());
                break;
            };
            if self.ways.len() > frame.ways_from {
                let configuration = frame.configuration;
                let (choice, state) = self.ways.pop().expect("just seen");
                let next = self.follow(configuration, choice, state);
                self.enter(next, Some(choice));
            } else {
                self.frames.pop();
            }
        }
        self.answer.clone().expect("the loop ends with an answer")
    }

    /// The configuration after a choice.
    fn follow(&mut self, from: Configuration<W>, choice: Choice, state: State) -> Configuration<W> {
        let mut next = Configuration { state, ..from };
        match choice {
            Choice::Span(span) => {
                set(&mut next.mask, self.timeline.slot[span as usize]);
                self.take_unseen(&mut next, span);
            }
            Choice::Class(class) => {
                next.used = self.used.one_more(from.used, class);
                self.take_unseen(&mut next, self.timeline.classes[class as usize][0]);
            }
        }
        next
    }

    /// Lets every open write that nobody sees take effect just before this one, if this one is a write.
    fn take_unseen(&mut self, configuration: &mut Configuration<W>, write: u32) {
        if !self.pruning.unseen || !M::is_write(&self.timeline.spans[write as usize].action) {
            return;
        }
        for slot in 0..self.cursors.len() as u32 {
            let Some(span) = self.open_in(slot, configuration) else { continue };
            if self.model.is_unseen(&self.timeline.spans[span as usize].action) {
                set(&mut configuration.mask, slot);
            }
        }
    }

    /// Whether somebody else than `way` still needs the state of the configuration, which will not come back. `way` is
    /// `None` for an unknown outcome: it needs nothing itself.
    fn is_needed(&mut self, configuration: &Configuration<W>, way: Option<u32>) -> bool {
        let &Configuration { event, state, .. } = configuration;
        if !self.pruning.no_return {
            return false;
        }
        let first = self.timeline.needs.partition_point(|&(its, until, _)| (its, until) < (state, event));
        let needs = self.timeline.needs[first..].iter().take_while(|&&(its, ..)| its == state);
        let is_done = |span: u32| {
            let is_open = self.timeline.from[span as usize] <= event;
            is_open && has(&configuration.mask, self.timeline.slot[span as usize])
        };
        needs.map(|&(_, _, span)| span).any(|span| Some(span) != way && !is_done(span))
    }

    /// Goes on to the next end that has not taken effect, and puts the configuration on the stack unless it is known.
    fn enter(&mut self, mut configuration: Configuration<W>, chosen: Option<Choice>) {
        if !self.advance(&mut configuration) {
            let mut path: Vec<Choice> = self.frames.iter().filter_map(|frame| frame.chosen).collect();
            path.extend(chosen);
            self.answer = Some(Progress::Ok { order: self.replay(&path) });
            return;
        }
        self.deepest = self.deepest.max(configuration.event);
        let dominance = self.pruning.dominance;
        if !self.visited.insert(&configuration, &self.used, dominance) {
            return;
        }
        self.frames.push(Frame { configuration, ways_from: self.ways.len(), chosen });
        self.find_ways(&configuration);
    }

    /// Passes ends that have taken effect; false if none is left.
    fn advance(&mut self, configuration: &mut Configuration<W>) -> bool {
        while let Some(&end) = self.timeline.ends.get(configuration.event as usize) {
            if self.pruning.greedy {
                self.take_pure(configuration);
            }
            let slot = self.timeline.slot[end as usize];
            if !has(&configuration.mask, slot) {
                return true;
            }
            clear(&mut configuration.mask, slot);
            configuration.event += 1;
        }
        false
    }

    /// Lets every open pure action that fits the state take effect.
    fn take_pure(&mut self, configuration: &mut Configuration<W>) {
        for slot in 0..self.cursors.len() as u32 {
            let Some(span) = self.open_in(slot, configuration) else { continue };
            let action = &self.timeline.spans[span as usize].action;
            if M::is_pure(action) && self.model.step(configuration.state, action).is_some() {
                set(&mut configuration.mask, slot);
            }
        }
    }

    /// The span in this slot that is open and has not taken effect.
    fn open_in(&mut self, slot: u32, configuration: &Configuration<W>) -> Option<u32> {
        if has(&configuration.mask, slot) {
            return None;
        }
        let spans = &self.timeline.slots[slot as usize];
        let cursor = &mut self.cursors[slot as usize];
        let event = configuration.event;
        // The last span of the slot that has begun; the search moves little, and so does the cursor.
        while *cursor > 0 && self.timeline.from[spans[*cursor as usize] as usize] > event {
            *cursor -= 1;
        }
        while spans.get(*cursor as usize + 1).is_some_and(|&next| self.timeline.from[next as usize] <= event)
        {
            *cursor += 1;
        }
        let span = spans[*cursor as usize];
        let is_open =
            self.timeline.from[span as usize] <= event && event <= self.timeline.until[span as usize];
        is_open.then_some(span)
    }

    /// Puts the ways that lead on from a configuration on the stack of ways, the best last: first the end itself,
    /// then whatever allows it at once, then the others by their own ends, and unknown outcomes after known ones.
    fn find_ways(&mut self, configuration: &Configuration<W>) {
        let mut ranked = std::mem::take(&mut self.ranked);
        assert!(ranked.is_empty());
        let end = self.timeline.ends[configuration.event as usize];
        for slot in 0..self.cursors.len() as u32 {
            let Some(span) = self.open_in(slot, configuration) else { continue };
            let action = &self.timeline.spans[span as usize].action;
            if self.pruning.greedy && M::is_pure(action) {
                continue;
            }
            let Some(state) = self.model.step(configuration.state, action) else { continue };
            if state != configuration.state && self.is_needed(configuration, Some(span)) {
                continue;
            }
            let rank = if span == end { 0 } else { 1 + u8::from(!self.allows(state, end)) };
            ranked.push((rank, self.timeline.until[span as usize], Choice::Span(span), state));
        }
        for class in 0..self.timeline.classes.len() as u32 {
            if self.available(class, configuration.event) <= self.used.count(configuration.used, class) {
                continue;
            }
            let span = self.timeline.classes[class as usize][0];
            let action = &self.timeline.spans[span as usize].action;
            let Some(state) = self.model.step(configuration.state, action) else { continue };
            if state == configuration.state || self.is_needed(configuration, None) {
                continue;
            }
            let rank = 3 + u8::from(!self.allows(state, end));
            ranked.push((rank, class, Choice::Class(class), state));
        }
        ranked.sort_unstable_by_key(|&(rank, order, ..)| std::cmp::Reverse((rank, order)));
        self.ways.extend(ranked.drain(..).map(|(_, _, choice, state)| (choice, state)));
        self.ranked = ranked;
    }

    fn allows(&mut self, state: State, end: u32) -> bool {
        self.model.step(state, &self.timeline.spans[end as usize].action).is_some()
    }

    /// How many of a class have been called by this event.
    fn available(&self, class: u32, event: u32) -> u32 {
        let spans = &self.timeline.classes[class as usize];
        spans.partition_point(|&span| self.timeline.from[span as usize] <= event) as u32
    }

    /// Spells out the order that a path of choices stands for, and verifies it.
    fn replay(&mut self, path: &[Choice]) -> Vec<usize> {
        let mut path = path.iter();
        let mut order = Vec::new();
        let mut taken = vec![0; self.timeline.classes.len()];
        let state = self.model.initial();
        let mut at = Configuration::<W> { event: 0, state, mask: [0; W], used: Used::NONE };
        while let Some(&end) = self.timeline.ends.get(at.event as usize) {
            if self.pruning.greedy {
                let before = at.mask;
                self.take_pure(&mut at);
                for slot in
                    (0..self.cursors.len() as u32).filter(|&slot| has(&at.mask, slot) && !has(&before, slot))
                {
                    let bare = Configuration { mask: before, ..at };
                    order.push(self.open_in(slot, &bare).expect("just taken") as usize);
                }
            }
            let slot = self.timeline.slot[end as usize];
            if has(&at.mask, slot) {
                clear(&mut at.mask, slot);
                at.event += 1;
                continue;
            }
            let span = match *path.next().expect("the path leads to the last end") {
                Choice::Span(span) => {
                    set(&mut at.mask, self.timeline.slot[span as usize]);
                    span
                }
                Choice::Class(class) => {
                    taken[class as usize] += 1;
                    self.timeline.classes[class as usize][taken[class as usize] - 1]
                }
            };
            let before = at;
            self.take_unseen(&mut at, span);
            self.spell_out(&before, &at, &mut order);
            let action = &self.timeline.spans[span as usize].action;
            at.state = self.model.step(at.state, action).expect("a choice fits its state");
            order.push(span as usize);
        }
        assert!(path.next().is_none(), "the last end is the end of the path");
        let spans: Vec<u32> = order.iter().map(|&span| span as u32).collect();
        let verified = witness::verify(&mut self.model, &self.timeline.spans, &spans);
        assert_eq!(verified, Ok(()), "the search believes in an order that is none");
        order
    }

    /// Adds the spans that have taken effect between two configurations at the same event.
    fn spell_out(&mut self, before: &Configuration<W>, after: &Configuration<W>, order: &mut Vec<usize>) {
        for slot in
            (0..self.cursors.len() as u32).filter(|&slot| has(&after.mask, slot) && !has(&before.mask, slot))
        {
            order.push(self.open_in(slot, before).expect("it was open before") as usize);
        }
    }

    fn deepest_span(&self) -> Option<usize> {
        self.timeline.ends.get(self.deepest as usize).map(|&span| span as usize)
    }

    fn illegal(&self) -> Progress {
        let span = self.deepest_span().expect("a history without ends is legal");
        Progress::Illegal { span, states: self.visited.states_at(self.deepest) }
    }
}

/// Vectors of counts, one count a class, each vector once.
#[derive(Debug)]
struct Used {
    classes: usize,
    /// All vectors, one after another.
    counts: Vec<u32>,
    table: Table,
}

impl Used {
    /// The vector of zeros.
    const NONE: u32 = 0;

    fn new(classes: usize) -> Used {
        let mut used = Used { classes, counts: Vec::new(), table: Table::new() };
        let none = used.intern(&vec![0; classes]);
        assert_eq!(none, Used::NONE);
        used
    }

    fn vector(&self, used: u32) -> &[u32] {
        let start = used as usize * self.classes;
        &self.counts[start..start + self.classes]
    }

    fn count(&self, used: u32, class: u32) -> u32 {
        self.vector(used)[class as usize]
    }

    fn one_more(&mut self, used: u32, class: u32) -> u32 {
        let mut vector = self.vector(used).to_vec();
        vector[class as usize] += 1;
        self.intern(&vector)
    }

    fn intern(&mut self, vector: &[u32]) -> u32 {
        let fold = |hash: u64, &count: &u32| (hash ^ u64::from(count)).hash();
        let hash = vector.iter().fold(vector.len() as u64, fold);
        if let Some(used) = self.table.find(hash, |used| self.vector(used) == vector) {
            return used;
        }
        // Without classes there is one vector, the empty one.
        let used = self.counts.len().checked_div(self.classes).map_or(Used::NONE, |count| count as u32);
        self.counts.extend_from_slice(vector);
        self.table.insert(hash, used);
        used
    }

    /// Whether `left` used no more of any class than `right`.
    fn is_within(&self, left: u32, right: u32) -> bool {
        left == right || self.vector(left).iter().zip(self.vector(right)).all(|(left, right)| left <= right)
    }
}

/// The end of a chain in [`Visited`].
const NO_LINK: u32 = u32::MAX;

/// The configurations that have been visited.
#[derive(Debug)]
struct Visited<const W: usize> {
    table: Table,
    /// Event, state and mask, with the first link of the chain of what was used with them.
    entries: Vec<(u32, State, Mask<W>, u32)>,
    /// What was used, and the next link.
    links: Vec<(u32, u32)>,
}

impl<const W: usize> Visited<W> {
    fn new() -> Visited<W> {
        Visited { table: Table::new(), entries: Vec::new(), links: Vec::new() }
    }

    /// How many configurations have been visited.
    fn len(&self) -> u64 {
        self.links.len() as u64
    }

    /// Remembers a configuration; false if there is nothing to gain from visiting it.
    fn insert(&mut self, configuration: &Configuration<W>, used: &Used, dominance: bool) -> bool {
        let &Configuration { event, state, mask, used: counts } = configuration;
        let hash = mask.iter().fold((event, state).hash(), |hash, word| (hash ^ word).hash());
        let is_same = |entry: u32| {
            let &(its_event, its_state, its_mask, _) = &self.entries[entry as usize];
            (its_event, its_state, its_mask) == (event, state, mask)
        };
        let link = self.links.len() as u32;
        let Some(entry) = self.table.find(hash, is_same) else {
            self.table.insert(hash, self.entries.len() as u32);
            self.entries.push((event, state, mask, link));
            self.links.push((counts, NO_LINK));
            return true;
        };
        let first = self.entries[entry as usize].3;
        let mut place = first;
        while place != NO_LINK {
            let (known, next) = self.links[place as usize];
            let is_covered = if dominance { used.is_within(known, counts) } else { known == counts };
            if is_covered {
                return false;
            }
            place = next;
        }
        self.links.push((counts, first));
        self.entries[entry as usize].3 = link;
        true
    }

    /// The states in which an event was reached, in ascending order.
    fn states_at(&self, event: u32) -> Vec<State> {
        let mut states: Vec<State> =
            self.entries.iter().filter(|entry| entry.0 == event).map(|entry| entry.1).collect();
        states.sort_unstable();
        states.dedup();
        states
    }
}
