//! A history from a file whose object is known only when the program runs.

use std::sync::Arc;

use super::{Faults, Format, Importable, Loaded, load};
use crate::explain;
use crate::history::{History, Names};
use crate::linearizable::linearizable;
use crate::options::Options;
use crate::verdict::Report;
use crate::{append, kv, lock, queue, registry, set};

/// What a history is about, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Keys with put, get, delete and compare-and-set; registers are the same.
    Kv,
    /// Keys that hold texts, with append.
    Append,
    /// Sets.
    Set,
    /// Queues, first in, first out.
    Queue,
    /// Locks with fencing tokens.
    Lock,
    /// Keys and lists of them.
    Registry,
}

/// A history about one of the objects. Its methods are those of [`Loaded`], [`linearizable`] and [`explain::page`], compiled
/// once, here, and not in every program that reads histories.
#[derive(Clone, Debug)]
pub enum Subject {
    /// See [`About::Kv`].
    Kv(Loaded<kv::Kind>),
    /// See [`About::Append`].
    Append(Loaded<append::Kind>),
    /// See [`About::Set`].
    Set(Loaded<set::Kind>),
    /// See [`About::Queue`].
    Queue(Loaded<queue::Kind>),
    /// See [`About::Lock`].
    Lock(Loaded<lock::Kind>),
    /// See [`About::Registry`].
    Registry(Loaded<registry::Kind>),
}

macro_rules! of {
    ($subject:expr, $loaded:ident => $answer:expr) => {
        match $subject {
            Subject::Kv($loaded) => $answer,
            Subject::Append($loaded) => $answer,
            Subject::Set($loaded) => $answer,
            Subject::Queue($loaded) => $answer,
            Subject::Lock($loaded) => $answer,
            Subject::Registry($loaded) => $answer,
        }
    };
}

impl Subject {
    /// Reads a history; see [`load`].
    pub fn load(about: About, text: &str, format: Format) -> Result<Subject, Faults> {
        match about {
            About::Kv => load(text, format).map(Subject::Kv),
            About::Append => load(text, format).map(Subject::Append),
            About::Set => load(text, format).map(Subject::Set),
            About::Queue => load(text, format).map(Subject::Queue),
            About::Lock => load(text, format).map(Subject::Lock),
            About::Registry => load(text, format).map(Subject::Registry),
        }
    }

    /// Judges it; see [`linearizable`].
    pub fn linearizable(&self, options: Options) -> Report {
        fn judge<K: Importable>(loaded: &Loaded<K>, options: Options) -> Report {
            linearizable(&loaded.history, options)
        }
        of!(self, loaded => judge(loaded, options))
    }

    /// The page about it and what was found; see [`explain::page`].
    pub fn page(&self, report: &Report, title: &str) -> String {
        of!(self, loaded => explain::page(&loaded.history, report, title, &[]))
    }

    /// How many operations it has.
    pub fn operations(&self) -> usize {
        of!(self, loaded => loaded.history.operations().len())
    }

    /// How many events were left out; see [`Loaded::skipped`].
    pub fn skipped(&self) -> usize {
        of!(self, loaded => loaded.skipped)
    }

    /// What keys and values are called.
    pub fn names(&self) -> &Arc<Names> {
        of!(self, loaded => loaded.history.names())
    }

    /// The line on which an operation was called, from 1.
    pub fn line(&self, operation: usize) -> usize {
        of!(self, loaded => loaded.places[operation].call)
    }

    /// Who asked for what, when, and what came back.
    pub fn words(&self, operation: usize) -> String {
        of!(self, loaded => loaded.history.words(operation))
    }

    /// The history of keys, if it is one.
    pub fn kv(&self) -> Option<&History> {
        match self {
            Subject::Kv(loaded) => Some(&loaded.history),
            _ => None,
        }
    }
}
