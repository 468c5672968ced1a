//! Texts with get, put and append: the model of one key of a history of [`append`](crate::append) operations.
//!
//! A state is what the gets can tell of it. The texts that were read stand in a list in alphabetical order, and those
//! that begin with the text of a state are neighbors there: a state is the first of them and a length. Whether a read
//! is still to be had is a comparison of two ranks, and no text is ever put together. All texts that no read begins
//! with are one state, [`LOST`]: nothing tells them apart until the next put.

use crate::model::{Model, Span, State};
use crate::table::Interner;
use crate::texts::pool::Pool;
use crate::texts::sources::{Arguments, Sources};

/// The texts themselves.
mod pool;
/// Where texts that were read began.
mod sources;

/// Every text that no read begins with.
const LOST: State = 0;

/// What a text that was not read has for a rank, and one that was not put for a state.
const NONE: u32 = u32::MAX;

/// An operation on a text together with what it returned. Texts are interned by the [`Texts`] of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A get that saw this text.
    Get(u32),
    /// The text becomes this one.
    Put(u32),
    /// This text is added at the end.
    Append(u32),
}

/// A key that holds a text, at first the empty one.
#[derive(Clone, Debug)]
pub struct Texts {
    pool: Pool,
    /// The texts that were read, in alphabetical order. Their places here are their ranks.
    read: Vec<u32>,
    /// For each text, its rank, or [`NONE`].
    rank: Vec<u32>,
    /// For each text that is put, the state afterwards.
    put: Vec<State>,
    /// For each text that was read, by rank, the state in which that is so.
    seen: Vec<State>,
    /// First rank and length of each state but [`LOST`], which comes before them.
    states: Interner<(u32, u32)>,
    /// What else is known of them.
    held: Vec<Held>,
    /// The initial state.
    initial: State,
    /// What appends lead to: (state, text appended), and at the same place the state afterwards.
    appended: Interner<(u32, u32)>,
    results: Vec<State>,
    sources: Sources,
}

/// What is known of a state.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// One more than the last rank of the texts that begin with it.
    rank_end: u32,
    /// Its era, if it has one source only.
    era: Option<u32>,
}

impl Texts {
    /// Knows no text. Before anything can be asked: [`Texts::intern`] all texts, then [`Texts::survey`] the actions.
    pub fn new() -> Texts {
        Texts {
            pool: Pool::default(),
            read: Vec::new(),
            rank: Vec::new(),
            put: Vec::new(),
            seen: Vec::new(),
            states: Interner::new(),
            held: Vec::new(),
            initial: LOST,
            appended: Interner::new(),
            results: Vec::new(),
            sources: Sources::default(),
        }
    }

    /// The number of a text.
    pub fn intern(&mut self, text: &str) -> u32 {
        self.pool.intern(text.as_bytes())
    }

    /// Learns what was read and what was written, from all the actions that will be judged.
    pub fn survey<'a>(&mut self, actions: impl Iterator<Item = &'a Action> + Clone) {
        let mut arguments = vec![Arguments::default(); self.pool.len()];
        self.rank = vec![NONE; self.pool.len()];
        for action in actions.clone() {
            match *action {
                Action::Get(text) if self.rank[text as usize] == NONE => {
                    self.rank[text as usize] = 0;
                    self.read.push(text);
                }
                Action::Get(_) => {}
                Action::Put(text) => arguments[text as usize].puts += 1,
                Action::Append(text) => arguments[text as usize].appends += 1,
            }
        }
        let Texts { pool, read, .. } = self;
        read.sort_unstable_by(|&left, &right| pool.get(left).cmp(pool.get(right)));
        for (rank, &text) in self.read.iter().enumerate() {
            self.rank[text as usize] = rank as u32;
        }
        self.sources = Sources::new(&self.pool, &self.read, &arguments);
        let all = (0, self.read.len() as u32, 0);
        self.initial = self.state(all);
        self.put = vec![NONE; self.pool.len()];
        for (text, _) in arguments.iter().enumerate().filter(|(_, arguments)| arguments.puts > 0) {
            self.put[text] = self.extended(all, text as u32);
        }
        self.seen.reserve(self.read.len());
        for rank in 0..self.read.len() {
            // Of the texts that begin with it, it is the first itself.
            let text = self.pool.get(self.read[rank]);
            let is_longer = |&read: &u32| self.pool.get(read).starts_with(text);
            let longer = self.read[rank + 1..].partition_point(is_longer);
            let state = self.state((rank as u32, (rank + 1 + longer) as u32, text.len()));
            self.seen.push(state);
        }
    }

    /// The state whose text is followed by this one: those of the ranks that go on with it.
    fn extended(&mut self, (from, end, length): (u32, u32, usize), text: u32) -> State {
        let added = self.pool.get(text);
        let rest = |read: u32| {
            let rest = &self.pool.get(read)[length..];
            &rest[..added.len().min(rest.len())]
        };
        let ranks = &self.read[from as usize..end as usize];
        if let [read] = *ranks {
            let end = if rest(read) == added { end } else { from };
            return self.state((from, end, length + added.len()));
        }
        let before = ranks.partition_point(|&read| rest(read) < added);
        let there = ranks[before..].partition_point(|&read| rest(read) == added);
        let from = from + before as u32;
        self.state((from, from + there as u32, length + added.len()))
    }

    /// The state of the texts of these ranks, up to a length.
    fn state(&mut self, (from, end, length): (u32, u32, usize)) -> State {
        if from == end {
            return LOST;
        }
        let short = u32::try_from(length).expect("a text that was read is shorter than 2^32");
        let place = self.states.intern((from, short)) as usize;
        if place == self.held.len() {
            self.held.push(Held { rank_end: end, era: self.sources.era(from, length) });
        }
        place as State + 1
    }

    /// The ranks that begin with the text of a state, and its length; `None` for [`LOST`].
    fn ranks(&self, state: State) -> Option<(u32, u32, usize)> {
        let place = state.checked_sub(1)?;
        let &(from, length) = self.states.get(place);
        Some((from, self.held[place as usize].rank_end, length as usize))
    }

    fn append(&mut self, state: State, text: u32) -> State {
        let Some(ranks) = self.ranks(state) else { return LOST };
        let place = self.appended.intern((state, text)) as usize;
        if place == self.results.len() {
            let result = self.extended(ranks, text);
            self.results.push(result);
        }
        self.results[place]
    }
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::new()
    }
}

impl Model for Texts {
    type Action = Action;

    const LOOKS_AHEAD: bool = true;

    fn initial(&mut self) -> State {
        self.initial
    }

    fn step(&mut self, state: State, action: &Action) -> Option<State> {
        match *action {
            Action::Get(text) => (self.seen[self.rank[text as usize] as usize] == state).then_some(state),
            Action::Put(text) => Some(self.put[text as usize]),
            Action::Append(text) => Some(self.append(state, text)),
        }
    }

    fn is_pure(action: &Action) -> bool {
        matches!(action, Action::Get(_))
    }

    fn is_write(action: &Action) -> bool {
        matches!(action, Action::Put(_))
    }

    fn is_unseen(&self, action: &Action) -> bool {
        matches!(*action, Action::Put(text) if self.put[text as usize] == LOST)
    }

    fn needs(&self, action: &Action) -> Option<State> {
        match *action {
            Action::Get(text) => Some(self.seen[self.rank[text as usize] as usize]),
            Action::Put(_) | Action::Append(_) => None,
        }
    }

    /// Within an era texts only grow.
    fn comes_once(&self, state: State) -> bool {
        self.era(state).is_some()
    }

    fn era(&self, state: State) -> Option<u32> {
        self.held[state.checked_sub(1)? as usize].era
    }

    fn may_become(&mut self, state: State, pure: &Action) -> bool {
        let Action::Get(text) = *pure else { return true };
        let rank = self.rank[text as usize];
        self.ranks(state).is_some_and(|(from, end, _)| from <= rank && rank < end)
    }

    /// What is no part of any text that somebody saw can have been left out.
    fn useful(&self, spans: &[Span<Action>]) -> Vec<bool> {
        let seen = || self.read.iter().map(|&read| self.pool.get(read));
        let may_matter = |action: &Action| match *action {
            Action::Get(_) => false,
            Action::Put(text) => seen().any(|whole| whole.starts_with(self.pool.get(text))),
            Action::Append(text) => seen().any(|whole| contains(whole, self.pool.get(text))),
        };
        spans.iter().map(|span| span.ret.is_some() || may_matter(&span.action)).collect()
    }

    fn describe(&self, state: State) -> String {
        match self.ranks(state) {
            Some((from, _, length)) => {
                let text = &self.pool.get(self.read[from as usize])[..length];
                format!("{:?}", String::from_utf8_lossy(text))
            }
            None => "a text that no get saw".to_owned(),
        }
    }
}

/// Whether one text is part of another.
fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
