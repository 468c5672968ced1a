//! The contract between a replica and whoever drives it, and the host that every driver is built on.
//!
//! ```text
//!            inputs                        replica                         effects
//!   deadline passed ───────────┐   ┌──────────────────────┐   ┌─ Write record ──────────► disk (ordered)
//!   message (from, session) ───┤   │ a value; step() is   │   ├─ WriteBlob / Read / Forget ─► disk (each alone)
//!   session up / down ─────────┤   │ the one method that  │   ├─ Send now ──────────────► links
//!   durable up to w ───────────┼──►│ changes it; it sees  ├──►├─ Send after w ─ held ───► links, once w is durable
//!   blob durable / bytes ──────┤   │ no socket, no disk,  │   ├─ Deliver entry, ReadAt,
//!   propose entry, read ───────┤   │ no clock, no entropy │   │  Refuse, Restore ───────► server (state machine)
//!   snapshot offered ──────────┘   └──────────────────────┘   └─ Fact, Narrate ─────────► judges, people
//!             └──────────────── Host: holds, numbers, releases, drops ────────────┘
//! ```
//!
//! # The duties of a driver
//!
//! 1. **Genesis.** Before the first boot of a member, put `Replica::genesis` on its disk, durable, as record 1. Never
//!    do it again for the same node: a wiped member with a fresh genesis has forgotten its promises.
//! 2. **Boot** a host on what the disk kept: numbered records without gaps and complete blobs. Everything handed to
//!    boot must be durable; after a process kill, what the OS cache kept is synced first. A torn last record is cut.
//! 3. **Time.** Pass the node's own monotonic clock. Call `deadline_passed` when `Host::deadline` has come; earlier or
//!    twice does no harm.
//! 4. **Writes.** Append records in the order given, under the numbers given. When all up to `w` are durable, call
//!    `Host::durable(w)` — from the event loop, never from inside a call of the host, even if the disk is instant.
//!    After a crash, what survives is a prefix. Blobs become durable each on its own.
//! 5. **Messages.** Send what `Driver::send` is given, at once. The host has already held back what depends on a
//!    write; nothing is to be reordered around it. On session links, deliver in order and only within the session.
//! 6. **Sessions.** Report each session that comes up or breaks. After a break, nothing sent on the old session may
//!    arrive as if it came on a new one. `Driver::reset` breaks a session at both ends.
//! 7. **Deliveries** go to the state machine in order; a read is answered when `ReadAt`'s position is applied. A
//!    reply to a client leaves after its entry is applied.
//! 8. **Never re-enter.** No `Driver` method calls the host. What an effect brings about is a later input.
//! 9. **Randomness** comes from `Draw`, asked at the time of the step.
//!
//! The rule behind 4 and 5 is *durable before visible*: a message that depends on a write leaves only after that write
//! is durable. A leader may send before its own write is durable, and counts itself only when told that it is.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod contract;
pub mod digest;
mod entry;
mod facts;
mod host;
mod ids;
mod members;
mod observe;
mod rules;
mod service;
mod time;
mod wire;

pub use contract::{
    Boot, Draw, Durable, Effect, EffectOf, Input, Knobs, Link, Message, Output, OutputOf, ReadMode, Record,
    Refusal, Replica, Request, Role, Setting, Status,
};
pub use entry::{Entry, Few, SharedEntry};
pub use facts::{Claim, Fact};
pub use host::{Driver, Host, HostOptions};
pub use ids::{
    BlobId, ClientSession, NODES_MAX, NodeId, NodeSet, Position, ReadId, Round, Sequence, SessionNo, Slot,
    WriteId,
};
pub use members::Members;
pub use observe::{Cluster, FINDINGS_MAX, Finding, Findings, Invariant, Observe, Step};
pub use rules::{RuleBit, RuleText, Rules};
pub use service::{
    Applied, ApplyOutcome, ConnectionId, Moment, Service, ServiceEffect, ServiceInput, ServiceOutput,
};
pub use time::{LocalTime, Span, WallTime};
pub use wire::{Reader, Wire, WireError};

/// The buffer that encodings are appended to; named so that [`wire!`] works in crates without `alloc` in scope.
pub type Bytes = alloc::vec::Vec<u8>;
