//! Histories and their consistency: what clients saw, and whether a promise was kept.
//!
//! A [`History`] is a list of operations with the times at which they were called and returned. A checker takes a
//! history and gives back a [`Report`]: a verdict for every key, an overall verdict, and how much was looked at.
//!
//! | promise | function | what a client may rely on |
//! |---|---|---|
//! | linearizable | [`linearizable()`] | every operation takes effect at one instant between its call and its return |
//! | sequential | [`sequential`] | prefixes of the log, never going backward for one client, own updates included |
//! | sync | [`sync`] | what Zab's `sync` followed by a local read promises: the sequential promise, no more |
//! | monotonic reads | [`monotonic_reads`] | no client sees time go backward |
//! | read your writes | [`read_your_writes`] | no client misses what it wrote itself |
//! | bounded staleness | [`bounded_staleness`] | nobody misses what anybody had been told of some time before |
//! | stale | [`stale`] | some prefix of the log, nothing from the future, nothing that was never written |
//!
//! Verdicts have three values, and a fourth for a checker that had nothing to look at ([`Verdict`]): a history that
//! is too hard for the [`Budget`] is *unknown*, never *ok* and never *illegal*.
//!
//! An operation whose outcome is unknown may take effect at any time after its call, or never. The two most
//! important consequences: it never constrains anything by itself, and there may be hundreds of them.
//!
//! How a key is judged, in this order ([`linearizable`](mod@linearizable) tells it in full):
//! 1. [`witness`]: the order by delivery position, taken as an untrusted proposal and verified;
//! 2. [`Model::monitor`](model::Model::monitor): the fast path of the object, near-linear where values are unique;
//! 3. [`search`]: depth-first over configurations, with a budget.
//!
//! While a history is still being made, [`Online`] judges it answer by answer.
//!
//! The kinds of object ([`Object`]) differ in what can be asked of them; everything else is shared.
//!
//! This crate knows nothing of the simulator. [`import`] reads histories of other systems.

#![deny(missing_docs)]

pub mod append;
pub mod explain;
pub mod generate;
pub mod history;
pub mod import;
mod keys;
pub mod kv;
pub mod linearizable;
pub mod lock;
pub mod model;
pub mod object;
pub mod online;
pub mod options;
mod partition;
pub mod queue;
pub mod register;
pub mod registry;
pub mod replay;
pub mod search;
pub mod set;
mod table;
pub mod texts;
mod threads;
mod trie;
pub mod verdict;
pub mod weaker;
pub mod witness;
pub mod zones;

pub use history::{History, HistoryError, Names, Operation, Outcome, Value};
pub use kv::{Kind, Output};
pub use linearizable::linearizable;
pub use object::Object;
pub use online::Online;
pub use options::Options;
pub use verdict::{Budget, By, Counts, Explanation, KeyReport, Report, Verdict, Why};
pub use weaker::{bounded_staleness, monotonic_reads, read_your_writes, sequential, stale, sync};
