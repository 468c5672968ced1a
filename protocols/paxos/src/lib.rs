//! Multi-Paxos as a pure state machine.
//!
//! After Lamport's *Paxos Made Simple* (2001), with the engineering of Chandra, Griesemer and Redstone's *Paxos Made
//! Live* (2007) and van Renesse and Altinbuken's *Paxos Made Moderately Complex* (PMMC, 2015). One distinguished
//! proposer runs phase 1 once for all open slots, then phase 2 a slot, many slots at a time.
//!
//! ```text
//!   detector ──time-out──► proposer ──prepare(b, from)────────► acceptor   promises b, on disk,
//!                             ▲ └─────promise(b, votes ≥ from)◄────┘        then answers
//!                             │ a quorum: every reported slot keeps the value of its highest ballot, holes get no-ops
//!                             ▼
//!   client ──entry──────►  leader ────accept(b, s, v, chosen)─► acceptor   accepts (b, s, v), on disk,
//!                             ▲ └─────accepted(b, s)◄──────────────┘        then answers
//!                             │ a quorum: s is chosen
//!                             ▼
//!   state machine ◄──────  learner ◄──the watermark `chosen` in accepts and heartbeats, catch-up for the rest
//! ```
//!
//! # Where we differ from the papers
//! - A slot's position in the log is its number: every chosen slot is delivered, no-ops included.
//! - Ballots are (counter, node) in one word, so a ballot names its owner ([`Ballot`]).
//! - Phase 1 starts at the proposer's first undelivered slot. Slots below it are chosen and the proposer knows their
//!   values, so it will never propose there.
//! - Nobody sends separate decisions: the leader's watermark rides on the next accept. A learner believes it only for
//!   values that it accepted at the very ballot of the watermark ([`rules::LEARN_SAME_BALLOT`]).
//! - What was chosen is written down now and then, and nothing waits for it ([`Record::Chosen`]). A replica that
//!   restarts learns the rest again, from the leader's watermark or, if it comes to lead, by proposing again what its
//!   quorum accepted.
//! - Leaders are found by time-outs, or by quorum-connected ballot leader election (Omni-Paxos; `connected`).
//! - An acceptor that has trimmed a slot says so in its promise; the proposer learns the slot before it leads.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

// In reading order: the words, the state machine, its roles, what people may see of it, its judge.
mod ballot;
mod config;
mod message;
mod record;
pub mod rules;

mod paxos;

mod acceptor;
mod connected;
mod detector;
mod leader;
mod learner;
mod lease;
mod proposer;
mod quorum_reads;
mod reads;
mod restart;
mod snapshot;
mod tally;

pub mod gates;
mod inspect;
mod invariants;

pub use ballot::Ballot;
pub use config::{Backoff, Config, Detector, Reads};
pub use invariants::Invariants;
pub use message::{Message, Vote};
pub use paxos::Paxos;
pub use record::Record;
