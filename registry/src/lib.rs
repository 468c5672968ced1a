//! What the log replicates, and the server logic above a replica: written once, for simulated and real clients.
//!
//! ```text
//!   client ── Request ──►┌────────── Server ───────────┐── Propose, Read ──►┌─────────┐
//!   client ◄── Reply ────│ pending writes and reads    │◄─ Deliver, ReadAt ─│ replica │
//!                        │            │ apply          │   Refused, Leader  └─────────┘
//!   other    ◄─ Frame ──►│         Machine             │
//!   servers              │  Store (keys) + Sessions    │── Applied ──► judges
//!                        └─────────────────────────────┘
//! ```
//!
//! - [`Machine`] is the replicated state: it changes by entries alone and hashes itself as it does.
//! - [`Server`] is a node's own business: who waits for what, whom to ask, when to try again. None of it is replicated,
//!   and all of it dies with the process.
//!
//! **What a client is promised.** An operation is executed at most once, however often its client sends it. A refusal
//! that is `definite` had no effect; every other end without an answer leaves the outcome unknown, and the server says
//! so instead of guessing.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod bytes;
mod kv;
mod machine;
mod messages;
pub mod rules;
mod server;
mod sessions;

pub use bytes::{KEY_BYTES_MAX, Key, VALUE_BYTES_MAX, Value};
pub use kv::{Change, Store};
pub use machine::{Application, Machine};
pub use messages::{Answer, Command, Frame, Logged, Op, OpName, Outcome, Reason, Reply, Request, Versioned};
pub use server::{Options, Server};
pub use sessions::{Admission, ENDED_MAX, Known, SESSIONS_MAX, Sessions, WINDOW};
