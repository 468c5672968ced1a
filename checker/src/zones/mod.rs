//! Registers whose values are written once: decided without a search, in time n log n.
//!
//! After Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26(4), 1997, section 4: there the *zones* of
//! the values decide a register that knows reads and writes only. Compare-and-set is our extension, and this is the
//! argument for it.
//!
//! # What is looked at
//!
//! A state is *once* if only one operation may have made it: one operation writes it, or it is the initial state and
//! nobody deletes. Suppose that every state that anybody saw is once (a state that nobody saw may be written as
//! often as one likes: nothing can tell its writes apart from writes of different states). An operation of unknown
//! outcome *must have happened* if somebody who happened saw what it wrote; any other can be left out of every order
//! without harm, since nobody who stays in saw what it wrote. So the operations that matter are those that are known
//! to have happened or must have.
//!
//! # Blocks
//!
//! A state that is once is held during one stretch of time: from its write to the next write of any kind. A
//! successful compare-and-set ends the stretch of the state that it replaced and begins the stretch of its own, and
//! no other write fits between. So the states that compare-and-sets link, one replacing what the other left, are held
//! one right after the other, and all operations on them make up one *block*, which has to come in one piece, in the
//! order
//!
//! > write of the first state, its reads, compare-and-set to the second state, its reads, and so on.
//!
//! Only the reads of one state are free among themselves. A write that nobody replaced by compare-and-set is a block
//! with its reads, and the initial state begins a block as if something had written it before all time.
//!
//! # The theorem
//!
//! For a block `B` let `first_end(B)` be the earliest end in it and `last_call(B)` the latest call. **A history is
//! linearizable if and only if**
//! 1. *within each block*, no operation ended before one was called that the order of the block puts before it;
//! 2. *between any two blocks* `B` and `C`, not both `first_end(B) < last_call(C)` and `first_end(C) < last_call(B)`.
//!
//! *Only if.* In any order that proves the history linearizable each block is in one piece and in its own order;
//! 1 says that this respects real time. Of two blocks one precedes the other, say `B` precedes `C` as a whole; then
//! nothing in `C` ended before anything in `B` was called, which is to say that not `first_end(C) < last_call(B)`.
//!
//! *If.* Sort the blocks by `first_end + last_call` and put them one after the other, each in its own order. The
//! register allows it, for a block leaves nothing behind that the next one needs. Real time: by 1 nothing is wrong
//! within a block. Let `B` be sorted before `C`, and suppose that something in `C` ended before something in `B` was
//! called: `first_end(C) < last_call(B)`. Together with
//! `first_end(B) + last_call(B) <= first_end(C) + last_call(C)` that gives `first_end(B) < last_call(C)`, and both
//! is what 2 forbids. (The initial block has nothing before it: its `first_end` is before all time.)
//!
//! The proof is the algorithm: sort, then hold each block's `first_end` against the latest call so far; the first one
//! that fails contradicts exactly one earlier block. Gibbons and Korach call a block *forward* if
//! `first_end < last_call`. Rule 2 is their rule that no two forward zones overlap and none contains a backward one.
//!
//! # When the supposition fails
//!
//! The argument for *only if* needs no more than blocks that come in one piece, so that contradictions hold whatever
//! the rest of the history does: an operation that saw a state that is not once is a block by itself. If no
//! contradiction is found then, nothing is decided.
//!
//! A compare-and-set that did not find what it expected, and does not say what it found instead, is in no block. Since
//! it changes nothing, a contradiction among the others stands, and if there is none it needs a place in their order
//! where something else is held. If there is no such place in the one order that was found, nothing is decided.

mod blocks;
mod clusters;
mod conflict;
mod mismatches;

use crate::model::{Monitored, Span, State};
use crate::register::Action;
use blocks::Blocks;
use clusters::Clusters;
use conflict::{Conflict, explain};

/// Judges the spans of one key, whose states are below `states`; `describe` says in words what a state stands for.
pub fn decide(
    spans: &[Span<Action>],
    states: usize,
    want_order: bool,
    describe: &dyn Fn(State) -> String,
) -> Monitored {
    let clusters = Clusters::new(spans, states);
    match sorted(&clusters) {
        Err(conflict) => Monitored::Illegal(explain(&clusters, conflict, describe)),
        Ok(blocks) if !blocks.are_all() => Monitored::HandOver,
        Ok(blocks) if blocks.mismatches().is_empty() => {
            Monitored::Ok { order: want_order.then(|| blocks.order()) }
        }
        Ok(blocks) => match mismatches::insert(spans, &blocks.order(), blocks.mismatches()) {
            Some(order) => Monitored::Ok { order: want_order.then_some(order) },
            None => Monitored::HandOver,
        },
    }
}

fn sorted<'a>(clusters: &'a Clusters<'a>) -> Result<Blocks<'a>, Conflict> {
    clusters.check()?;
    Blocks::new(clusters)
}
