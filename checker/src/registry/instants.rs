//! Lists that cannot have seen all their keys at one instant, found without a search.
//!
//! A value that only one operation writes is there from that write on, at the earliest from its call. Once it has
//! certainly been written (its write has ended, or somebody who needs it has), the first write of something else that
//! is called after that removes it for ever, at the latest by its end. So a list that saw two such values needs an
//! instant at which neither is certainly gone and neither certainly to come. A key is at first absent; that counts as a
//! value that was written before everything, unless somebody deletes.

use crate::model::{Contradiction, Span, State};
use crate::register::ABSENT;
use crate::registry::model::{Action, Shelf};

/// No span.
const NONE: u32 = u32::MAX;

/// Looks for a contradiction; `None` proves nothing.
pub(super) fn contradiction(shelf: &Shelf, spans: &[Span<Action>]) -> Option<Contradiction> {
    let keys = keys(shelf, spans);
    ((0..).zip(spans)).find_map(|(index, span)| match span.action {
        Action::List(list) => of_list(shelf, spans, &keys, index, list),
        Action::One(_) | Action::Key(..) => None,
    })
}

/// What is known of the states of one key.
#[derive(Clone, Debug, Default)]
struct Key {
    values: Vec<Held>,
    /// Writes that are known to have happened: call, end, what they write, span; by call.
    writes: Vec<(u64, u64, State, u32)>,
    /// For each of the writes, which of those from there on ends first.
    first_end: Vec<usize>,
}

/// What is known of one state of a key.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// How many operations may make it; the key's beginning counts as one.
    makers: u32,
    /// The operation that makes it, or [`NONE`] for the beginning.
    maker: u32,
    /// The operation that is the first to have ended of the one that makes it and those that need it.
    settled: u32,
}

fn keys(shelf: &Shelf, spans: &[Span<Action>]) -> Vec<Key> {
    let mut keys = vec![Key::default(); shelf.len()];
    for key in &mut keys {
        key.held(ABSENT).makers = 1;
    }
    let end = |span: u32| spans.get(span as usize).and_then(|span| span.ret).unwrap_or(u64::MAX);
    for (index, span) in (0..).zip(spans) {
        let Action::Key(place, action) = span.action else { continue };
        let key = &mut keys[place as usize];
        for state in
            [action.written(), action.observed().filter(|_| span.ret.is_some())].into_iter().flatten()
        {
            let held = key.held(state);
            if end(index) < end(held.settled) {
                held.settled = index;
            }
        }
        let Some(state) = action.written() else { continue };
        let held = key.held(state);
        (held.makers, held.maker) = (held.makers + 1, index);
        if let Some(ret) = span.ret {
            key.writes.push((span.call, ret, state, index));
        }
    }
    for key in &mut keys {
        key.writes.sort_unstable();
        key.first_end = (0..key.writes.len()).collect();
        for place in (1..key.writes.len()).rev() {
            if key.writes[key.first_end[place]].1 < key.writes[place - 1].1 {
                key.first_end[place - 1] = key.first_end[place];
            }
        }
    }
    keys
}

impl Key {
    fn held(&mut self, state: State) -> &mut Held {
        let place = state as usize;
        if self.values.len() <= place {
            self.values.resize(place + 1, Held { makers: 0, maker: NONE, settled: NONE });
        }
        &mut self.values[place]
    }

    /// The write that removes a state that is made once: its end, and its span.
    fn removal(&self, spans: &[Span<Action>], held: &Held) -> Option<(u64, u32)> {
        let is_initial = held.maker == NONE;
        let settled = spans.get(held.settled as usize).and_then(|span| span.ret);
        let later = match settled {
            _ if is_initial => 0,
            Some(settled) => self.writes.partition_point(|&(call, ..)| call <= settled),
            None => return None,
        };
        let &first = self.first_end.get(later)?;
        let (_, end, _, span) = self.writes[first];
        Some((end, span))
    }
}

/// A contradiction within what one list saw.
fn of_list(
    shelf: &Shelf,
    spans: &[Span<Action>],
    keys: &[Key],
    index: u32,
    list: u32,
) -> Option<Contradiction> {
    let list = &shelf.lists()[list as usize];
    let Span { call, ret, .. } = spans[index as usize];
    let ret = ret?;
    if !list.is_possible {
        let sentence = "a key comes twice in {0}, or one that it was not asked for".to_owned();
        return Some(Contradiction { spans: vec![index], sentence });
    }
    let mut since = (call, NONE);
    let mut until = (ret, NONE, NONE);
    for &(place, state) in &list.seen {
        let key = &keys[place as usize];
        let Some(held) = key.values.get(state as usize).filter(|held| held.makers == 1) else { continue };
        if held.maker != NONE {
            since = since.max((spans[held.maker as usize].call, held.maker));
        }
        if let Some((end, span)) = key.removal(spans, held).filter(|&(end, _)| end < until.0) {
            until = (end, span, if held.maker == NONE { NONE } else { held.settled });
        }
    }
    if since.0 <= until.0 {
        return None;
    }
    let mut found = vec![index];
    let mut sentence = "at no instant can all have been there that was returned by {0}".to_owned();
    if until.1 != NONE {
        found.push(until.1);
        sentence += "; one value was gone with the end of {1}";
        if until.2 != NONE {
            sentence += &format!(", since it was there by the end of {{{}}}", found.len());
            found.push(until.2);
        }
    }
    if since.1 != NONE {
        sentence += &format!("; another came only with {{{}}}", found.len());
        found.push(since.1);
    }
    Some(Contradiction { spans: found, sentence })
}
