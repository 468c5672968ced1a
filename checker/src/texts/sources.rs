//! Where the texts that were read can have begun.

use crate::texts::pool::Pool;

/// How often a text occurs as an argument.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arguments {
    /// Puts of it.
    pub(super) puts: u32,
    /// Appends of it.
    pub(super) appends: u32,
}

/// For each text that was read, where it can have begun: with a put of one of its beginnings, or with the initial text
/// and an append of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// All sources of all texts; those of a text by length.
    all: Vec<Source>,
    /// For each text that was read, by rank, where its sources begin; one more at the end.
    from: Vec<u32>,
}

/// A beginning of a text that was read.
#[derive(Clone, Copy, Debug)]
struct Source {
    /// How long it is.
    length: usize,
    /// How many puts make it; the initial text counts as one.
    count: u32,
    /// The era that it begins.
    era: u32,
}

/// The era that the initial text begins. Puts begin others: the number of their text, plus one.
const INITIAL: u32 = 0;

impl Sources {
    /// Looks for the beginnings of the texts that were read among the arguments, `arguments[number]` for each text.
    pub(super) fn new(pool: &Pool, read: &[u32], arguments: &[Arguments]) -> Sources {
        let is_argument = |&text: &u32| {
            let Arguments { puts, appends } = arguments[text as usize];
            puts + appends > 0
        };
        let mut lengths: Vec<usize> =
            (0..pool.len() as u32).filter(is_argument).map(|text| pool.get(text).len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths.retain(|&length| length > 0);
        let empty = pool.find(b"").map_or(0, |text| arguments[text as usize].puts);
        let initial = |length| Source { length, count: 1 + empty, era: INITIAL };
        let mut sources = Sources::default();
        for &text in read {
            sources.from.push(sources.all.len() as u32);
            let text = pool.get(text);
            sources.all.push(initial(0));
            let mut is_appended = false;
            for &length in lengths.iter().take_while(|&&length| length <= text.len()) {
                let Some(beginning) = pool.find(&text[..length]) else { continue };
                let Arguments { puts, appends } = arguments[beginning as usize];
                if puts > 0 {
                    sources.all.push(Source { length, count: puts, era: beginning + 1 });
                }
                if appends > 0 && !is_appended {
                    is_appended = true;
                    sources.all.push(initial(length));
                }
            }
        }
        sources.from.push(sources.all.len() as u32);
        sources
    }

    /// The era to which the first `length` bytes of a text that was read belong, if they have one source only. What
    /// the initial text begins is longer than it from the first append on.
    pub(super) fn era(&self, rank: u32, length: usize) -> Option<u32> {
        let rank = rank as usize;
        let all = &self.all[self.from[rank] as usize..self.from[rank + 1] as usize];
        let (empty, others) = all.split_first().expect("the empty beginning comes first");
        if length == 0 {
            return (empty.count == 1).then_some(empty.era);
        }
        let mut sources = others.iter().take_while(|source| source.length <= length);
        let first = sources.next()?;
        (first.count == 1 && sources.next().is_none()).then_some(first.era)
    }
}
