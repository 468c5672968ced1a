//! The kinds of object that histories are about, and what a checker must know of each.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::explain::{Scene, Told};
use crate::history::{History, Names};
use crate::linearizable::Part;
use crate::model::Model;

/// A kind of object, named by what can be asked of it: the type that implements this is an operation without client,
/// times and outcome.
///
/// | object | asked | model |
/// |---|---|---|
/// | keys with put, get, delete, compare-and-set | [`kv::Kind`](crate::kv::Kind) | [`Register`](crate::register::Register) |
/// | locks with fencing tokens | [`lock::Kind`](crate::lock::Kind) | [`Lock`](crate::lock::Lock) |
/// | queues, first in, first out | [`queue::Kind`](crate::queue::Kind) | [`Queue`](crate::queue::Queue) |
/// | keys and lists of them | [`registry::Kind`](crate::registry::Kind) | [`Registry`](crate::registry::Registry) |
/// | sets | [`set::Kind`](crate::set::Kind) | [`Set`](crate::set::Set) |
/// | keys that hold texts, with append | [`append::Kind`](crate::append::Kind) | [`Texts`](crate::texts::Texts) |
pub trait Object: Clone + Eq + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What an operation returns that is known to have happened.
    type Output: Clone + Eq + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The sequential specification.
    type Model: Model;

    /// What the object is called on a command line.
    const NAME: &'static str;

    /// Whether this output can be the output of this operation.
    fn fits(&self, output: &Self::Output) -> bool;

    /// Whether the operation can change its object.
    fn is_update(&self) -> bool;

    /// What is asked, in words that follow "client 3's": "put of 7 to key 0".
    fn ask(&self, key: &str, names: &Names) -> String;

    /// What came back, in words that follow "which": "returned 7".
    fn answer(output: &Self::Output, names: &Names) -> String;

    /// A few letters for a bar in a drawing: "put 7", "get 7". `output` is `None` if the outcome is unknown.
    fn label(&self, _output: Option<&Self::Output>, names: &Names) -> String {
        self.ask("it", names)
    }

    /// Tells a contradiction by the rule that was broken, or `None` if no rule is recognized.
    fn tell(_scene: &Scene<'_, Self>) -> Option<Told> {
        None
    }

    /// Splits a history into parts that can be judged alone, in ascending order of keys, and leaves out what cannot
    /// matter.
    fn parts(history: &History<Self>) -> Vec<Part<Self::Model>>;
}
