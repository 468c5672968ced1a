//! Objects as plain as they can be: what every checker is held against. They share nothing with the checker but the
//! names of operations and outputs: states are ordinary collections, and an operation is simply carried out.

/// Keys with texts.
mod append;
/// Keys with values.
mod kv;
/// Locks and stores.
mod lock;
/// First-in-first-out queues.
mod queue;
/// Sets.
mod set;

use std::ops::Range;

use checker::Object;

use crate::generated::Random;

/// Keys of a small history. The worlds of the oracle are arrays of this length.
pub(crate) const KEYS: usize = 3;

/// Calls a generic function for every object there is. A new object is a file of this folder and a line here.
macro_rules! for_every_object {
    ($trial:ident) => {
        $trial::<checker::Kind>();
        $trial::<checker::append::Kind>();
        $trial::<checker::queue::Kind>();
        $trial::<checker::set::Kind>();
        $trial::<checker::lock::Kind>();
    };
}
pub(crate) use for_every_object;

/// An object that can be carried out, and asked at random.
pub(crate) trait Plain: Object {
    /// Whether explanations are held against brute force as well. Not yet where the fast path takes for certain what is
    /// open at the end of a prefix, so that an explanation may name too early an end.
    const IS_EXPLAINED: bool = false;

    /// What one key holds; the default is what it holds at first.
    type State: Clone + Default;

    /// Carries the operation out on its key, and says what comes back. The world is all keys. Where an object leaves
    /// open what comes back, the choice settles it.
    fn perform(&self, key: usize, world: &mut [Self::State], choice: u64) -> Self::Output;

    /// The choices with which this operation may have turned out as it did. `told` is what the client was told, if it
    /// was told.
    fn choices(&self, _key: usize, _world: &[Self::State], _told: Option<&Self::Output>) -> Range<u64> {
        0..1
    }

    /// Whether a client that was told `told` may have got `came`.
    fn agrees(came: &Self::Output, told: &Self::Output) -> bool {
        came == told
    }

    /// What a client is told of what comes back, if that leaves a choice.
    fn say(came: Self::Output, _random: &mut Random, _values: &Values) -> Self::Output {
        came
    }

    /// Something to ask.
    fn draw(random: &mut Random, values: &mut Values) -> Self;

    /// Some output of the operation, right or wrong.
    fn guess(&self, random: &mut Random, values: &Values) -> Self::Output;

    /// The same operation on values with other names.
    fn rename(&self, name: fn(u64) -> u64) -> Self;

    /// The same output with other names of values.
    fn rename_output(output: &Self::Output, name: fn(u64) -> u64) -> Self::Output;
}

/// The values of a history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    /// How many there are; zero: every one that is written is a new one.
    few: u64,
    /// Values written so far.
    written: u64,
    /// Whether to ask only for what the fast path of the object is made for.
    pub(crate) is_tame: bool,
}

impl Values {
    pub(crate) fn new(few: u64) -> Values {
        Values { few, written: 0, is_tame: false }
    }

    /// A value to write.
    pub(crate) fn next(&mut self, random: &mut Random) -> u64 {
        self.written += 1;
        if self.few == 0 { self.written } else { 1 + random.below(self.few) }
    }

    /// A value that may have been written.
    pub(crate) fn any(&self, random: &mut Random) -> u64 {
        let most = if self.few == 0 { self.written + 1 } else { self.few };
        1 + random.below(most)
    }

    /// A value that may have been written, or nothing.
    pub(crate) fn any_or_nothing(&self, random: &mut Random) -> Option<u64> {
        (!random.percent(25)).then(|| self.any(random))
    }
}
