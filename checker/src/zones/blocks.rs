//! Operations that have to come in one piece, and the order of these pieces.

use super::clusters::{Clusters, NOBODY, made, seen};
use super::conflict::Conflict;
use crate::model::{Span, State};
use crate::register::{ABSENT, Action};

/// Steps that sorting by insertion may take for each block before it gives way to a general sort. Blocks come in the
/// order of their writes, so that each is about as far from its place as there are clients.
const STEPS_PER_BLOCK: usize = 32;

/// A part of a block. The order of a block is the order of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One span.
    Span(u32),
    /// The reads of a state, in any order.
    Reads(State),
}

/// The parts of a block, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    clusters: &'a Clusters<'a>,
    next: Option<Part>,
}

impl<'a> Parts<'a> {
    /// The block that begins with this span, or with the initial state if it is [`NOBODY`].
    pub(super) fn new(clusters: &'a Clusters<'a>, head: u32) -> Parts<'a> {
        let next = if head == NOBODY { held(clusters, ABSENT) } else { Some(Part::Span(head)) };
        Parts { clusters, next }
    }
}

/// What follows when a state has been made.
fn held(clusters: &Clusters, state: State) -> Option<Part> {
    if !clusters.is_once(state) {
        return None;
    }
    match clusters.reads(state) {
        Some(_) => Some(Part::Reads(state)),
        None => clusters.swap(state).map(Part::Span),
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    #[inline]
    fn next(&mut self) -> Option<Part> {
        let part = self.next?;
        self.next = match part {
            Part::Span(span) => {
                made(&self.clusters.spans[span as usize].action).and_then(|state| held(self.clusters, state))
            }
            Part::Reads(state) => self.clusters.swap(state).map(Part::Span),
        };
        Some(part)
    }
}

/// A block as others see it.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The earliest end in it.
    first_end: u64,
    /// The latest call in it.
    last_call: u64,
    /// The span that it begins with.
    head: u32,
    /// Compare-and-sets that are linked to something before them.
    swaps: u32,
}

impl Block {
    /// Blocks are put in the order of this.
    #[inline]
    fn place(&self) -> u128 {
        u128::from(self.first_end) + u128::from(self.last_call)
    }
}

/// All blocks of a history, sorted, and nothing wrong with them.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    clusters: &'a Clusters<'a>,
    /// Without the initial one, which comes first.
    blocks: Vec<Block>,
    /// Compare-and-sets that did not find what they expected and do not say what they found. They are in no block.
    mismatches: Vec<u32>,
    /// Whether every other operation that matters was understood, so that the order of the blocks is a proof.
    are_all: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(clusters: &'a Clusters<'a>) -> Result<Blocks<'a>, Conflict> {
        let blocks = Vec::with_capacity(clusters.writes);
        let mut blocks = Blocks { clusters, blocks, mismatches: Vec::new(), are_all: true };
        let initial = measure(clusters, NOBODY)?;
        blocks.collect(initial.swaps)?;
        sort(&mut blocks.blocks);
        blocks.check(initial)?;
        Ok(blocks)
    }

    /// Compare-and-sets that are in no block.
    pub(super) fn mismatches(&self) -> &[u32] {
        &self.mismatches
    }

    /// Whether the order of the blocks proves the history linearizable, but for the mismatches.
    pub(super) fn are_all(&self) -> bool {
        self.are_all
    }

    /// Finds the blocks, in the order of the spans that begin them.
    fn collect(&mut self, mut swaps_reached: u32) -> Result<(), Conflict> {
        let clusters = self.clusters;
        let mut swaps_linked = 0;
        for (span, index) in clusters.spans.iter().zip(0..) {
            match (made(&span.action), seen(&span.action)) {
                (None, None) => {
                    check_mismatch(clusters, index)?;
                    self.mismatches.push(index);
                    continue;
                }
                (None, Some(state)) if clusters.is_once(state) || span.ret.is_none() => continue,
                (Some(_), _) if !clusters.takes_place(index) => continue,
                (Some(_), Some(state)) if clusters.is_once(state) => {
                    swaps_linked += 1;
                    continue;
                }
                (_, Some(_)) => self.are_all = false,
                (Some(_), None) => {}
            }
            let block = measure(clusters, index)?;
            swaps_reached += block.swaps;
            self.blocks.push(block);
        }
        if swaps_reached < swaps_linked { Err(Conflict::Circle) } else { Ok(()) }
    }

    /// Looks for two blocks each of which has to precede the other.
    fn check(&self, initial: Block) -> Result<(), Conflict> {
        let mut latest = initial;
        for block in &self.blocks {
            if block.first_end < latest.last_call {
                return Err(Conflict::Between { left: latest.head, right: block.head });
            }
            if latest.last_call < block.last_call {
                latest = *block;
            }
        }
        Ok(())
    }

    /// The spans in an order that proves the history linearizable.
    pub(super) fn order(&self) -> Vec<u32> {
        assert!(self.are_all);
        let clusters = self.clusters;
        let reads = Reads::new(clusters);
        let mut order = Vec::with_capacity(clusters.spans.len());
        for head in std::iter::once(NOBODY).chain(self.blocks.iter().map(|block| block.head)) {
            for part in Parts::new(clusters, head) {
                match part {
                    Part::Span(span) => order.push(span),
                    Part::Reads(state) => order.extend_from_slice(reads.of(state)),
                }
            }
        }
        order
    }
}

/// Looks for a compare-and-set that cannot but have found what it expected.
fn check_mismatch(clusters: &Clusters, index: u32) -> Result<(), Conflict> {
    let Span { call, ret, action: Action::Mismatch { expect } } = clusters.spans[index as usize] else {
        unreachable!("only a mismatch neither sees nor makes a state");
    };
    let found = |(since, until): (Option<u64>, u64)| {
        since.is_none_or(|since| since < call) && ret.is_some_and(|ret| ret < until)
    };
    if clusters.held(expect).is_some_and(found) { Err(Conflict::Missed { span: index }) } else { Ok(()) }
}

/// Holds the order within a block against real time.
fn measure(clusters: &Clusters, head: u32) -> Result<Block, Conflict> {
    let mut block = Block { first_end: u64::MAX, last_call: 0, head, swaps: 0 };
    for part in Parts::new(clusters, head) {
        let (end, call) = match part {
            Part::Span(span) => {
                block.swaps += u32::from(span != head);
                let span = &clusters.spans[span as usize];
                (span.ret.unwrap_or(u64::MAX), span.call)
            }
            Part::Reads(state) => clusters.reads(state).expect("a part of reads has some"),
        };
        if end < block.last_call {
            return Err(Conflict::Within { head });
        }
        block.first_end = block.first_end.min(end);
        block.last_call = block.last_call.max(call);
    }
    Ok(block)
}

/// Sorts blocks that are nearly sorted.
fn sort(blocks: &mut [Block]) {
    let mut steps_left = blocks.len().saturating_mul(STEPS_PER_BLOCK);
    for place in 1..blocks.len() {
        let block = blocks[place];
        let mut hole = place;
        while hole > 0 && block.place() < blocks[hole - 1].place() {
            blocks[hole] = blocks[hole - 1];
            hole -= 1;
        }
        blocks[hole] = block;
        match steps_left.checked_sub(place - hole) {
            Some(left) => steps_left = left,
            None => return blocks.sort_by_key(Block::place),
        }
    }
}

/// The reads of each state, by call.
#[derive(Debug)]
pub(super) struct Reads {
    /// For each state, where its reads end in `spans`; they begin where those of the state before end.
    ends: Vec<u32>,
    spans: Vec<u32>,
}

impl Reads {
    pub(super) fn new(clusters: &Clusters) -> Reads {
        let read = |index: u32| {
            let span = &clusters.spans[index as usize];
            seen(&span.action).filter(|_| span.ret.is_some() && made(&span.action).is_none())
        };
        let count = clusters.spans.len() as u32;
        let mut ends = vec![0; clusters.states()];
        for state in (0..count).filter_map(read) {
            ends[state as usize] += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            // Where the state's reads begin, until they are filled in below.
            let reads = std::mem::replace(end, total);
            total += reads;
        }
        let mut spans = vec![NOBODY; total as usize];
        for index in 0..count {
            let Some(state) = read(index) else { continue };
            spans[ends[state as usize] as usize] = index;
            ends[state as usize] += 1;
        }
        let mut begin = 0;
        for &end in &ends {
            let reads = &mut spans[begin as usize..end as usize];
            reads.sort_by_key(|&read| clusters.spans[read as usize].call);
            begin = end;
        }
        Reads { ends, spans }
    }

    /// The reads that saw the state.
    pub(super) fn of(&self, state: State) -> &[u32] {
        let begin = state.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.spans[begin as usize..self.ends[state as usize] as usize]
    }
}
