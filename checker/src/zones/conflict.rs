//! What contradicts what, in words.
//!
//! Only a history that is not linearizable comes here, and only once, so that everything is looked up again: the
//! few spans that suffice, of what may be a block of a million.

use super::blocks::{Part, Parts, Reads};
use super::clusters::{Clusters, NOBODY, made, seen};
use crate::model::{Contradiction, State};
use crate::register::{ABSENT, Action};

/// The spans that a sentence names one by one; of more it only says how many there are.
const LINKS_NAMED_MAX: usize = 4;

/// What rules a history out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// A compare-and-set failed although it saw what it expected.
    Absurd { span: u32 },
    /// A state was seen that nobody can have made.
    NeverWritten { state: State },
    /// A state that is once was replaced by two compare-and-sets.
    ReplacedTwice { state: State },
    /// Compare-and-sets replace each other in a circle.
    Circle,
    /// A compare-and-set did not find what it expected while that was there all the time.
    Missed { span: u32 },
    /// An operation ended before one was called that precedes it in its block.
    Within { head: u32 },
    /// Each of two blocks has to precede the other.
    Between { left: u32, right: u32 },
}

/// Finds the spans that show the conflict, and the words for it.
pub(super) fn explain(
    clusters: &Clusters,
    conflict: Conflict,
    describe: &dyn Fn(State) -> String,
) -> Contradiction {
    let mut story = Story { clusters, describe, spans: Vec::new() };
    let sentence = match conflict {
        Conflict::Absurd { span } => story.absurd(span),
        Conflict::NeverWritten { state } => story.never_written(state),
        Conflict::ReplacedTwice { state } => story.replaced_twice(state),
        Conflict::Circle => story.circle(),
        Conflict::Missed { span } => story.missed(span),
        Conflict::Within { head } => story.within(head),
        Conflict::Between { left, right } => story.between(left, right),
    };
    let evidence = story.evidence();
    story.close(format!("{sentence}{evidence}"))
}

/// A span of a block.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Which part of the block it belongs to, counted from one.
    position: usize,
    span: u32,
    call: u64,
    end: u64,
}

/// Two spans of a block: one that ended early and one that was called late, perhaps the same.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// `None`: the initial state, there before all time.
    early: Option<Member>,
    late: Member,
}

impl Pair {
    /// Whether the state was there for some time for certain.
    fn is_forward(&self) -> bool {
        self.early.is_none_or(|early| early.end < self.late.call)
    }

    /// The position of the one that ended early.
    fn early_position(&self) -> usize {
        self.early.map_or(0, |early| early.position)
    }
}

/// A sentence in the making.
struct Story<'a> {
    clusters: &'a Clusters<'a>,
    describe: &'a dyn Fn(State) -> String,
    /// The spans named so far.
    spans: Vec<u32>,
}

impl Story<'_> {
    /// Names a span.
    fn name(&mut self, span: u32) -> String {
        let place = self.spans.iter().position(|&named| named == span).unwrap_or_else(|| {
            self.spans.push(span);
            self.spans.len() - 1
        });
        format!("{{{place}}}")
    }

    fn noun(&self, state: State) -> String {
        if state == ABSENT { "the absent state".to_owned() } else { (self.describe)(state) }
    }

    /// Why the state is held only once.
    fn only(&self, state: State) -> String {
        if state == ABSENT {
            "nothing makes the key absent again".to_owned()
        } else {
            format!("{} was written only once", self.noun(state))
        }
    }

    /// Names those who show that the named operations of unknown outcome did happen.
    fn evidence(&mut self) -> String {
        let mut evidence = String::new();
        while let Some((span, reader)) = self.missing_evidence() {
            let (span, reader) = (self.name(span), self.name(reader));
            evidence.push_str(&format!("; it did happen, {span}, for what it wrote was seen by {reader}"));
        }
        evidence
    }

    /// A named span that is not known to have happened as far as the named spans show, and somebody who saw what it
    /// wrote.
    fn missing_evidence(&self) -> Option<(u32, u32)> {
        let is_known = |span: u32| self.clusters.spans[span as usize].ret.is_some();
        let readers = |span: u32| {
            let state = made(&self.clusters.spans[span as usize].action);
            self.seen_by(state.expect("what must have happened writes"))
        };
        let (mut evident, mut left): (Vec<u32>, Vec<u32>) =
            self.spans.iter().partition(|&&span| is_known(span));
        while let Some(place) =
            left.iter().position(|&span| readers(span).any(|reader| evident.contains(&reader)))
        {
            evident.push(left.swap_remove(place));
        }
        let known =
            left.iter().find_map(|&span| Some((span, readers(span).find(|&reader| is_known(reader))?)));
        let maybe = || {
            left.iter().find_map(|&span| Some((span, readers(span).find(|reader| !left.contains(reader))?)))
        };
        known.or_else(maybe)
    }

    /// The contradiction, with the span at which it closes as the last one.
    fn close(self, sentence: String) -> Contradiction {
        let mut spans = self.spans;
        let last = spans.len() - 1;
        let end = |&place: &usize| {
            let span = &self.clusters.spans[spans[place] as usize];
            (span.ret, span.call)
        };
        let closing = (0..spans.len()).max_by_key(end).expect("a contradiction has spans");
        spans.swap(closing, last);
        let (closing, last) = (format!("{{{closing}}}"), format!("{{{last}}}"));
        let sentence = sentence.replace(&closing, "{}").replace(&last, &closing).replace("{}", &last);
        Contradiction { spans, sentence }
    }

    fn absurd(&mut self, span: u32) -> String {
        let name = self.name(span);
        format!("a compare-and-set failed although it found what it expected: {name}")
    }

    fn never_written(&mut self, state: State) -> String {
        let first = self.seen_by(state).min_by_key(|&span| self.end(span));
        let first = self.name(first.expect("somebody saw the state"));
        format!("nothing can have written {}, and yet it was seen by {first}", self.noun(state))
    }

    fn replaced_twice(&mut self, state: State) -> String {
        let mut swaps =
            self.seen_by(state).filter(|&span| made(&self.clusters.spans[span as usize].action).is_some());
        let (one, other) = (swaps.next(), swaps.next());
        drop(swaps);
        let one = self.name(one.expect("the first of two"));
        let other = self.name(other.expect("the second of two"));
        format!("{}, and yet two compare-and-sets replaced it: {one}, and {other}", self.only(state))
    }

    /// Spans that saw the state and happened.
    fn seen_by(&self, state: State) -> impl Iterator<Item = u32> {
        let clusters = self.clusters;
        (0..clusters.spans.len() as u32).filter(move |&span| {
            seen(&clusters.spans[span as usize].action) == Some(state) && clusters.takes_place(span)
        })
    }

    fn end(&self, span: u32) -> u64 {
        self.clusters.spans[span as usize].ret.unwrap_or(u64::MAX)
    }

    fn circle(&mut self) -> String {
        let circle = self.find_circle();
        let named: Vec<String> = circle.iter().take(LINKS_NAMED_MAX).map(|&span| self.name(span)).collect();
        let more = match circle.len() - named.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let named = named.join("; ");
        format!(
            "each of these replaced what the one before it wrote, and the first what the last wrote, so that none can be first: {named}{more}"
        )
    }

    /// Compare-and-sets of which each replaced what the one before it wrote. The first in the history comes first.
    fn find_circle(&self) -> Vec<u32> {
        let clusters = self.clusters;
        let mut is_reached = vec![false; clusters.spans.len()];
        for first in 0..clusters.spans.len() as u32 {
            let mut circle = Vec::new();
            let mut next = Some(first).filter(|&span| clusters.takes_place(span));
            while let Some(span) = next.filter(|&span| !is_reached[span as usize]) {
                is_reached[span as usize] = true;
                circle.push(span);
                let state =
                    made(&clusters.spans[span as usize].action).filter(|&state| clusters.is_once(state));
                next = state.and_then(|state| clusters.swap(state));
            }
            let is_circle = next == Some(first) && !circle.is_empty();
            if is_circle {
                return circle;
            }
        }
        unreachable!("a compare-and-set that no block reaches is reached from itself");
    }

    fn missed(&mut self, span: u32) -> String {
        let clusters = self.clusters;
        let Action::Mismatch { expect } = clusters.spans[span as usize].action else {
            unreachable!("only a mismatch can miss");
        };
        let is_on = |&other: &u32| made(&clusters.spans[other as usize].action) == Some(expect);
        let on: Vec<u32> =
            (0..clusters.spans.len() as u32).filter(is_on).chain(self.seen_by(expect)).collect();
        let early = on.iter().min_by_key(|&&other| self.end(other)).expect("the state was there");
        let late = on.iter().max_by_key(|&&other| clusters.spans[other as usize].call).expect("so it was");
        let only = self.only(expect);
        if expect == ABSENT {
            let (late, missed) = (self.name(*late), self.name(span));
            return format!(
                "{only}, but it was absent for {late}; before that was called, it had not been so for {missed}"
            );
        }
        let (early, late, missed) = (self.name(*early), self.name(*late), self.name(span));
        format!(
            "{only}, so that it was there from the end of {early}, to the call of {late}; \
             but within that time a compare-and-set did not find it: {missed}"
        )
    }

    /// The spans of a block, in its order.
    fn members(&self, head: u32) -> Vec<Member> {
        let reads = Reads::new(self.clusters);
        let mut members = Vec::new();
        for (part, position) in Parts::new(self.clusters, head).zip(1..) {
            let spans = match part {
                Part::Span(span) => &[span],
                Part::Reads(state) => reads.of(state),
            };
            members.extend(spans.iter().map(|&span| {
                let call = self.clusters.spans[span as usize].call;
                Member { position, span, call, end: self.end(span) }
            }));
        }
        members
    }

    fn within(&mut self, head: u32) -> String {
        let members = self.members(head);
        let (earlier, later) = out_of_order(&members);
        let (saw, wrote) = (self.seen(later), self.made(earlier));
        let replaced = self.seen(later).filter(|_| self.made(later).is_some());
        let saw_too = self.seen(earlier).filter(|_| self.made(earlier).is_none());
        if let Some(state) = wrote.filter(|_| wrote == saw) {
            let (reader, writer) = (self.name(later.span), self.name(earlier.span));
            let state = self.noun(state);
            return format!(
                "{state} was seen before anybody asked to write it: {reader}; its only write is {writer}"
            );
        }
        if let Some(state) = replaced.filter(|_| replaced == saw_too) {
            let (swap, reader) = (self.name(later.span), self.name(earlier.span));
            let only = self.only(state);
            return format!(
                "{only}, and it was replaced by {swap}; after the end of that it was seen by {reader}"
            );
        }
        let chain = self.chain(&members, earlier, later);
        format!("{chain}; but the last of these ended before the first was called")
    }

    fn seen(&self, member: Member) -> Option<State> {
        seen(&self.clusters.spans[member.span as usize].action)
    }

    fn made(&self, member: Member) -> Option<State> {
        made(&self.clusters.spans[member.span as usize].action)
    }

    /// Says that there is no room between two spans of a block.
    fn chain(&mut self, members: &[Member], from: Member, to: Member) -> String {
        let first = self.name(from.span);
        let links = self.links(members, from.position, to);
        format!("compare-and-sets put these in this order, with nothing in between: {first}, then {links}")
    }

    /// A span of a block, and the compare-and-sets between a position and it.
    fn links(&mut self, members: &[Member], from: usize, to: Member) -> String {
        let is_between = |member: &Member| from < member.position && member.position < to.position;
        let links: Vec<u32> = (members.iter())
            .filter(|&member| is_between(member) && self.made(*member).is_some())
            .map(|member| member.span)
            .collect();
        let mut named: Vec<String> = if links.len() <= LINKS_NAMED_MAX {
            links.iter().map(|&link| self.name(link)).collect()
        } else {
            vec![format!("{} more", links.len())]
        };
        named.push(self.name(to.span));
        named.join(", then ")
    }

    fn between(&mut self, left: u32, right: u32) -> String {
        let (left_members, right_members) = (self.members(left), self.members(right));
        let early = right_members.iter().map(|member| member.end).min().expect("a block has members");
        let late = right_members.iter().map(|member| member.call).max().expect("a block has members");
        let held = closest(&left_members, late, early, left == NOBODY);
        let Some(held_early) = held.early else {
            return self.after_the_beginning(&left_members, held, &right_members);
        };
        let other = closest(&right_members, held.late.call, held_early.end, false);
        assert!(held.is_forward() || other.is_forward());
        if held.is_forward() {
            self.apart(&left_members, held, &right_members, other)
        } else {
            self.apart(&right_members, other, &left_members, held)
        }
    }

    /// Something ended before the call of an operation that needs the initial state or what it led to.
    fn after_the_beginning(&mut self, members: &[Member], held: Pair, others: &[Member]) -> String {
        let other = others.iter().min_by_key(|member| member.end).expect("a block has members");
        if self.seen(held.late) == Some(ABSENT) {
            let (only, late, other) = (self.only(ABSENT), self.name(held.late.span), self.name(other.span));
            return format!(
                "{only}, but it was absent for {late}; before that was called, there had been {other}"
            );
        }
        let (links, other) = (self.links(members, 0, held.late), self.name(other.span));
        format!(
            "compare-and-sets put these right at the beginning, with nothing in between: {links}; \
             before the last of these was called, there had been {other}"
        )
    }

    /// One block was there for some time; the other fits neither before it nor after.
    fn apart(&mut self, members: &[Member], held: Pair, others: &[Member], other: Pair) -> String {
        let stretch = self.stretch(members, held);
        let early = other.early.expect("only the first block is initial");
        if early.span == other.late.span {
            let (other, what) =
                (self.name(early.span), if self.made(early).is_some() { "written" } else { "seen" });
            return format!("{stretch}; but within that time something else was {what}: {other}");
        }
        if other.is_forward() {
            let other = self.stretch(others, other);
            return format!("{stretch}; {other}; and these times overlap");
        }
        let (too_late, too_early) = (self.name(early.span), self.name(other.late.span));
        let piece = match self.common(early, other.late) {
            Some(state) => self.only(state),
            None if early.position < other.late.position => self.chain(others, early, other.late),
            None => self.chain(others, other.late, early),
        };
        format!(
            "{stretch}; {piece}, so that all of it comes before that time or after, but before is too early for {too_early}, and after is too late for {too_late}"
        )
    }

    /// How long a block was there.
    fn stretch(&mut self, members: &[Member], held: Pair) -> String {
        let early = held.early.expect("a block that something wrote");
        match self.common(early, held.late) {
            Some(state) => {
                let (only, begin, end) = (self.only(state), self.name(early.span), self.name(held.late.span));
                format!("{only}, so that it was there from the end of {begin}, to the call of {end}")
            }
            None => {
                let chain = self.chain(members, early, held.late);
                format!("{chain}; they take up the time from the end of the first to the call of the last")
            }
        }
    }

    /// The state that both saw or made.
    fn common(&self, left: Member, right: Member) -> Option<State> {
        let right = [self.seen(right), self.made(right)];
        [self.seen(left), self.made(left)].into_iter().flatten().find(|&state| right.contains(&Some(state)))
    }
}

/// An operation of a block, and a later one that ended before it was called, as close as possible: the first that
/// ended too early, and the last before it that was called too late.
fn out_of_order(members: &[Member]) -> (Member, Member) {
    let mut latest_call = 0;
    let mut before: &[Member] = &[];
    for part in members.chunk_by(|left, right| left.position == right.position) {
        if let Some(&later) = part.iter().find(|member| member.end < latest_call) {
            let earlier = before.iter().rfind(|earlier| later.end < earlier.call);
            return (*earlier.expect("something was called at the latest call"), later);
        }
        let calls = part.iter().map(|member| member.call);
        latest_call = calls.fold(latest_call, u64::max);
        before = &members[..before.len() + part.len()];
    }
    unreachable!("something in the block is out of order");
}

/// The two spans closest in the block of which one ended before `late` and one was called after `early`.
fn closest(members: &[Member], late: u64, early: u64, is_initial: bool) -> Pair {
    let mut found: Option<Pair> = None;
    let mut ended: Option<Member> = None;
    let mut called: Option<Member> = None;
    let distance = |pair: &Pair| (pair.late.position.abs_diff(pair.early_position()), pair.early.is_none());
    for &member in members {
        ended = Some(member).filter(|member| member.end < late).or(ended);
        called = Some(member).filter(|member| early < member.call).or(called);
        let is_possible = ended.is_some() || is_initial;
        let pair = called.filter(|_| is_possible).map(|late| Pair { early: ended, late });
        found = match (found, pair) {
            (Some(found), Some(pair)) if distance(&pair) < distance(&found) => Some(pair),
            (None, pair) => pair,
            (found, _) => found,
        };
    }
    found.expect("one ended before the other block's latest call, and one was called after its earliest end")
}
