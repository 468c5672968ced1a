//! The depth-first search with masks of `W` words.

use crate::model::{Model, State};
use crate::search::look_ahead::Ahead;
use crate::search::mask::{Mask, both, clear, has, set, take_first, without};
use crate::search::position::Position;
use crate::search::timeline::{NEVER, Timeline};
use crate::search::used::Used;
use crate::search::visited::Visited;
use crate::search::{Progress, Pruning};

/// Where the search stands: everything before `event` is passed, and the end at `event` still has to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Configuration<const W: usize> {
    pub(super) event: u32,
    pub(super) state: State,
    pub(super) mask: Mask<W>,
    /// Number of a vector of counts in [`Used`].
    pub(super) used: u32,
}

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Choice {
    /// An open span takes effect.
    Span(u32),
    /// One more of a class of unknown outcomes takes effect.
    Class(u32),
}

/// Room for frames and ways at the start: enough for most keys of most histories.
const FRAMES_MIN: usize = 32;

/// A configuration on the stack. Ways are looked for only when they are wanted: mostly the first one leads on.
#[derive(Clone, Copy, Debug)]
struct Frame<const W: usize> {
    configuration: Configuration<W>,
    /// The way that led here.
    chosen: Option<Choice>,
    /// Where its untried ways begin in the common stack of ways; they end where the next frame's begin.
    ways_from: u32,
    /// Which ways have been looked for.
    stage: Stage,
}

/// The kinds of ways, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// None yet.
    Fresh,
    /// The operation that ends takes effect.
    Target,
    /// Another open operation takes effect first.
    Others,
    /// An unknown outcome takes effect first.
    Unknown,
}

/// A way that is about to be ranked.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    /// Whether it keeps the operation that ends from taking effect next; then the end of what takes effect. For an
    /// unknown outcome, how long ago the last of its class was called.
    rank: (bool, u32),
    choice: Choice,
    state: State,
}

/// The depth-first search.
#[derive(Debug)]
pub(super) struct Depth<M: Model, const W: usize> {
    pub(super) model: M,
    pub(super) timeline: Timeline<M::Action>,
    pub(super) pruning: Pruning,
    /// Whether it matters how often an unknown outcome is used.
    pub(super) counted: bool,
    /// What is open where the search stands.
    pub(super) position: Position<W>,
    pub(super) ahead: Ahead,
    visited: Visited<W>,
    pub(super) used: Used,
    /// From the first configuration to the current one.
    frames: Vec<Frame<W>>,
    /// Untried ways of all frames, best last, each with the state it leads to.
    ways: Vec<(Choice, State)>,
    /// Configurations entered so far.
    pub(super) entered: u64,
    /// The farthest event at which a configuration had to stop.
    deepest: u32,
    /// The farthest event at which the look-ahead saw that a configuration would have to stop.
    blocked: Option<u32>,
    /// The way to a configuration at the deepest event, once the search has left it.
    longest: Longest,
    /// Scratch for sorting ways.
    ranked: Vec<Ranked>,
    /// The states that somebody wants at the current configuration; `None` if they are not known.
    wanted: Option<Vec<State>>,
    /// The final answer, once there is one.
    answer: Option<Progress>,
}

/// The way to the first configuration that came to the deepest event so far.
#[derive(Debug, Default)]
struct Longest {
    /// The event, one more than it; zero before the first.
    beyond: u32,
    path: Vec<Choice>,
    /// How many choices the path shares with the stack.
    shared: usize,
}

impl<M: Model, const W: usize> Depth<M, W> {
    pub(super) fn new(mut model: M, timeline: Timeline<M::Action>, pruning: Pruning) -> Depth<M, W> {
        assert!(timeline.slots as usize <= 64 * W);
        let state = model.initial();
        let first = Configuration { event: 0, state, mask: [0; W], used: Used::NONE };
        let mut depth = Depth {
            model,
            position: Position::new(&timeline),
            ahead: Ahead::new(&timeline, M::LOOKS_AHEAD && pruning.look_ahead),
            visited: Visited::new(),
            used: Used::new(timeline.classes.sizes()),
            timeline,
            pruning,
            counted: true,
            frames: Vec::with_capacity(FRAMES_MIN),
            ways: Vec::with_capacity(FRAMES_MIN),
            entered: 0,
            deepest: 0,
            blocked: None,
            longest: Longest::default(),
            ranked: Vec::new(),
            wanted: None,
            answer: None,
        };
        depth.enter(first, None);
        depth
    }

    /// Enters at most this many configurations more.
    pub(super) fn run(&mut self, configurations: u64) -> Progress {
        let limit = self.entered.saturating_add(configurations);
        while self.answer.is_none() && self.entered < limit {
            self.go_on();
        }
        self.answer.clone().unwrap_or(Progress::Pending)
    }

    /// Tries a way of the current configuration, looks for ways, or goes back.
    fn go_on(&mut self) {
        let Some(frame) = self.frames.last_mut() else {
            self.answer = Some(self.illegal());
            return;
        };
        let configuration = frame.configuration;
        if self.ways.len() > frame.ways_from as usize {
            let (choice, state) = self.ways.pop().expect("just seen");
            self.position.move_to(configuration.event, &self.timeline);
            let next = self.follow(configuration, choice, state);
            self.enter(next, Some(choice));
            return;
        }
        frame.stage = match frame.stage {
            Stage::Fresh => Stage::Target,
            Stage::Target => Stage::Others,
            Stage::Others if self.timeline.classes.len() > 0 => Stage::Unknown,
            Stage::Others | Stage::Unknown => return self.leave(),
        };
        let stage = frame.stage;
        self.position.move_to(configuration.event, &self.timeline);
        match stage {
            Stage::Fresh => unreachable!("a stage follows"),
            Stage::Target => self.find_target(&configuration),
            Stage::Others => self.find_others(&configuration),
            Stage::Unknown => self.find_unknown(&configuration),
        }
    }

    /// Goes back from a configuration from which nothing was found.
    fn leave(&mut self) {
        let Frame { configuration, .. } = *self.frames.last().expect("there is a frame to leave");
        self.visited.insert(&configuration, &self.used, self.pruning.dominance);
        if configuration.event >= self.longest.beyond {
            self.remember_longest();
        }
        self.frames.pop();
        self.longest.shared = self.longest.shared.min(self.frames.len());
    }

    /// Notes the way to the current configuration as the longest one.
    fn remember_longest(&mut self) {
        let Longest { beyond, path, shared } = &mut self.longest;
        *beyond = self.frames.last().expect("there is a configuration").configuration.event + 1;
        path.truncate(shared.saturating_sub(1));
        // The first configuration is there without a choice.
        let new = &self.frames[path.len() + 1..];
        path.extend(new.iter().map(|frame| frame.chosen.expect("only the first one is not chosen")));
        *shared = self.frames.len();
    }

    /// The configuration after a choice. The position is at its event.
    fn follow(&self, from: Configuration<W>, choice: Choice, state: State) -> Configuration<W> {
        let mut next = Configuration { state, ..from };
        let span = self.first_of(choice);
        if let Choice::Span(span) = choice {
            set(&mut next.mask, self.timeline.places[span as usize].slot);
        }
        self.take_unseen(&mut next, span);
        next
    }

    /// A span that stands for a choice.
    pub(super) fn first_of(&self, choice: Choice) -> u32 {
        match choice {
            Choice::Span(span) => span,
            Choice::Class(class) => self.timeline.classes.of(class)[0],
        }
    }

    /// Lets every open write that nobody sees take effect just before this one, if this one is a write.
    pub(super) fn take_unseen(&self, configuration: &mut Configuration<W>, write: u32) {
        if self.pruning.unseen && self.timeline.places[write as usize].traits.is_write {
            let unseen = both(&self.position.open, &self.position.unseen);
            for (word, unseen) in configuration.mask.iter_mut().zip(unseen) {
                *word |= unseen;
            }
        }
    }

    /// Whether the span that acts has to wait, since somebody else still needs what it ends for ever: the state, a part
    /// of it, or, for a write, another state of its era. The span is open, or the first of its class: then it is of
    /// unknown outcome, and nobody's need is its own.
    fn is_held_up(&self, configuration: &Configuration<W>, acting: u32) -> bool {
        let &Configuration { event, state, .. } = configuration;
        if let Some(thing) = self.model.ends(state, self.timeline.action(acting)) {
            let mut needs = self.timeline.needs(thing, event).iter();
            if needs.any(|&span| span != acting && !is_done(&self.timeline, configuration, span)) {
                return true;
            }
        }
        let is_write = self.timeline.places[acting as usize].traits.is_write;
        let Some(era) = self.model.era(state).filter(|_| is_write) else { return false };
        self.timeline.needs_era(era, event).iter().any(|&span| !is_done(&self.timeline, configuration, span))
    }

    /// Goes on to the next end that has not taken effect, and puts the configuration on the stack unless it is known
    /// to lead nowhere. The position is at its event.
    fn enter(&mut self, mut configuration: Configuration<W>, chosen: Option<Choice>) {
        if let Some(Choice::Class(class)) = chosen
            && self.counted
        {
            configuration.used = self.used.one_more(configuration.used, class);
        }
        if !self.advance(&mut configuration) {
            if !self.counted {
                self.answer = Some(Progress::Ok { order: Vec::new() });
                return;
            }
            let path: Vec<Choice> =
                self.frames.iter().filter_map(|frame| frame.chosen).chain(chosen).collect();
            let order = self.replay(&path);
            self.verify(&order);
            self.answer = Some(Progress::Ok { order });
            return;
        }
        self.deepest = self.deepest.max(configuration.event);
        let is_unknown = matches!(chosen, Some(Choice::Class(_)));
        if is_unknown && self.is_detour(&configuration)
            || self.visited.covers(&configuration, &self.used, self.pruning.dominance)
        {
            return;
        }
        if let Some(event) = self.blocked_at(&configuration) {
            self.blocked = self.blocked.max(Some(event));
            return;
        }
        self.entered += 1;
        let ways_from = self.ways.len() as u32;
        self.frames.push(Frame { configuration, chosen, ways_from, stage: Stage::Fresh });
    }

    /// Whether unknown outcomes have led back to where the search has been at this event.
    fn is_detour(&self, configuration: &Configuration<W>) -> bool {
        let &Configuration { event, state, mask, used } = configuration;
        let here = self.frames.iter().rev().map(|frame| &frame.configuration);
        self.pruning.dominance
            && here.take_while(|before| before.event == event).any(|before| {
                (before.state, before.mask) == (state, mask) && self.used.is_within(before.used, used)
            })
    }

    /// Passes ends that have taken effect; false if none is left. The position moves along.
    fn advance(&mut self, configuration: &mut Configuration<W>) -> bool {
        if configuration.event == self.timeline.events() {
            return false;
        }
        if self.pruning.greedy {
            self.take_pure(configuration);
        }
        loop {
            let end = self.timeline.ends[configuration.event as usize];
            let slot = self.timeline.places[end as usize].slot;
            if !has(&configuration.mask, slot) {
                return true;
            }
            clear(&mut configuration.mask, slot);
            configuration.event += 1;
            if configuration.event == self.timeline.events() {
                return false;
            }
            self.position.forward(&self.timeline);
            if self.pruning.greedy {
                self.take_pure_arrivals(configuration);
            }
        }
    }

    /// Lets every open pure action that fits the state take effect.
    pub(super) fn take_pure(&mut self, configuration: &mut Configuration<W>) {
        let mut pure = without(&both(&self.position.open, &self.position.pure), &configuration.mask);
        while let Some(slot) = take_first(&mut pure) {
            let span = self.position.occupant[slot as usize];
            if self.model.step(configuration.state, self.timeline.action(span)).is_some() {
                set(&mut configuration.mask, slot);
            }
        }
    }

    /// Lets every pure action that comes at this event and fits the state take effect: those that came before and fit
    /// have done so.
    fn take_pure_arrivals(&mut self, configuration: &mut Configuration<W>) {
        for &span in self.timeline.arrivals(configuration.event) {
            let place = self.timeline.places[span as usize];
            if place.traits.is_pure
                && place.until != NEVER
                && self.model.step(configuration.state, self.timeline.action(span)).is_some()
            {
                set(&mut configuration.mask, place.slot);
            }
        }
    }

    /// The operation that ends takes effect, if it can.
    fn find_target(&mut self, configuration: &Configuration<W>) {
        let end = self.timeline.ends[configuration.event as usize];
        if let Some(state) = self.step(configuration, end) {
            self.ways.push((Choice::Span(end), state));
        }
    }

    /// The state after an open span, if it can take effect now and nobody minds.
    fn step(&mut self, configuration: &Configuration<W>, span: u32) -> Option<State> {
        let state = self.model.step(configuration.state, self.timeline.action(span))?;
        let is_allowed = state == configuration.state || !self.is_held_up(configuration, span);
        is_allowed.then_some(state)
    }

    /// Other open operations than the one that ends: first those that allow it at once, then by their own ends.
    fn find_others(&mut self, configuration: &Configuration<W>) {
        let end = self.timeline.ends[configuration.event as usize];
        let mut open = without(&self.position.open, &configuration.mask);
        if self.pruning.greedy {
            open = without(&open, &self.position.pure);
        }
        let mut ranked = std::mem::take(&mut self.ranked);
        while let Some(slot) = take_first(&mut open) {
            let span = self.position.occupant[slot as usize];
            let is_twin = self.pruning.twins && self.timeline.action(span) == self.timeline.action(end);
            if span == end || is_twin {
                continue;
            }
            let Some(state) = self.step(configuration, span) else { continue };
            let rank = (false, self.timeline.places[span as usize].until);
            ranked.push(Ranked { rank, choice: Choice::Span(span), state });
        }
        if self.pruning.twins {
            self.drop_twins(&mut ranked);
        }
        self.push_ranked(ranked, end);
    }

    /// Keeps of equal actions the one that ends first: in any order that has them the other way round, the two can
    /// change places.
    fn drop_twins(&self, ranked: &mut Vec<Ranked>) {
        if ranked.len() < 2 {
            return;
        }
        ranked.sort_unstable_by_key(|ranked| (ranked.state, ranked.rank.1));
        let mut kept = 0;
        for place in 0..ranked.len() {
            let way = ranked[place];
            let action = |way: &Ranked| self.timeline.action(self.first_of(way.choice));
            let same_state = ranked[..kept].iter().rev().take_while(|before| before.state == way.state);
            if !same_state.into_iter().any(|before| action(before) == action(&way)) {
                ranked[kept] = way;
                kept += 1;
            }
        }
        ranked.truncate(kept);
    }

    /// Unknown outcomes: those called last first, since what happens at all mostly happens soon.
    fn find_unknown(&mut self, configuration: &Configuration<W>) {
        let end = self.timeline.ends[configuration.event as usize];
        let mut ranked = std::mem::take(&mut self.ranked);
        self.find_wanted(configuration);
        for class in 0..self.timeline.classes.len() as u32 {
            let available = self.position.available[class as usize];
            if available <= self.used.count(configuration.used, class) {
                continue;
            }
            let spans = self.timeline.classes.of(class);
            let action = self.timeline.action(spans[0]);
            let Some(state) = self.model.step(configuration.state, action) else { continue };
            if state == configuration.state
                || self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&state))
                || self.is_held_up(configuration, spans[0])
                || self.pruning.twins && self.has_open_twin(configuration, spans[0])
            {
                continue;
            }
            let last = self.timeline.places[spans[available as usize - 1] as usize].from;
            ranked.push(Ranked {
                rank: (false, configuration.event - last),
                choice: Choice::Class(class),
                state,
            });
        }
        self.push_ranked(ranked, end);
    }

    /// Lists the states that somebody wants who could take effect next. An unknown outcome is worth using only to get
    /// there: before a write, or where the next action could happen anyway, it might as well never have happened.
    fn find_wanted(&mut self, configuration: &Configuration<W>) {
        if !self.pruning.purpose {
            return;
        }
        let mut wanted = self.wanted.take().unwrap_or_default();
        wanted.clear();
        let mut open = without(&self.position.open, &configuration.mask);
        while let Some(slot) = take_first(&mut open) {
            let span = self.position.occupant[slot as usize];
            if self.timeline.places[span as usize].traits.is_write {
                continue;
            }
            let Some(state) = self.model.needs(self.timeline.action(span)) else { return };
            wanted.push(state);
        }
        for class in 0..self.timeline.classes.len() as u32 {
            let span = self.timeline.classes.of(class)[0];
            let is_write = self.timeline.places[span as usize].traits.is_write;
            let available = self.position.available[class as usize];
            if is_write || available <= self.used.count(configuration.used, class) {
                continue;
            }
            let Some(state) = self.model.needs(self.timeline.action(span)) else { return };
            wanted.push(state);
        }
        self.wanted = Some(wanted);
    }

    /// Whether an open operation does the same as this unknown one: it takes effect in any case, and so does it first.
    fn has_open_twin(&self, configuration: &Configuration<W>, unknown: u32) -> bool {
        let mut open = without(&self.position.open, &configuration.mask);
        while let Some(slot) = take_first(&mut open) {
            if self.timeline.action(self.position.occupant[slot as usize]) == self.timeline.action(unknown) {
                return true;
            }
        }
        false
    }

    /// Puts ways on the stack of ways, the best last.
    fn push_ranked(&mut self, mut ranked: Vec<Ranked>, end: u32) {
        for way in &mut ranked {
            way.rank.0 = self.model.step(way.state, self.timeline.action(end)).is_none();
        }
        ranked.sort_unstable_by_key(|way| std::cmp::Reverse((way.rank, way.choice)));
        self.ways.extend(ranked.drain(..).map(|way| (way.choice, way.state)));
        self.ranked = ranked;
    }

    /// The span whose end is the farthest that any configuration has come to.
    pub(super) fn deepest_span(&self) -> Option<usize> {
        let event = self.deepest.max(self.blocked.unwrap_or(0));
        self.timeline.ends.get(event as usize).map(|&span| span as usize)
    }

    /// The order of spans that leads to a configuration at the deepest event that was reached.
    pub(super) fn longest(&mut self) -> Vec<usize> {
        let is_beyond = |frame: &Frame<W>| frame.configuration.event >= self.longest.beyond;
        let path: Vec<Choice> = match self.frames.last() {
            Some(last) if is_beyond(last) => self.frames.iter().filter_map(|frame| frame.chosen).collect(),
            _ => self.longest.path.clone(),
        };
        self.replay(&path)
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> u64 {
        let frames = self.frames.capacity() * size_of::<Frame<W>>();
        let ways = self.ways.capacity() * size_of::<(Choice, State)>();
        (frames + ways) as u64 + self.visited.memory() + self.used.memory() + self.timeline.memory()
    }

    fn illegal(&self) -> Progress {
        let span = self.deepest_span().expect("a history without ends is legal");
        let is_reached = self.blocked.is_none_or(|event| event <= self.deepest);
        let states = if is_reached { self.visited.states_at(self.deepest) } else { Vec::new() };
        Progress::Illegal { span, states }
    }
}

/// Whether a span whose end is not passed has taken effect.
pub(super) fn is_done<A, const W: usize>(
    timeline: &Timeline<A>,
    configuration: &Configuration<W>,
    span: u32,
) -> bool {
    let place = timeline.places[span as usize];
    place.from <= configuration.event && has(&configuration.mask, place.slot)
}
