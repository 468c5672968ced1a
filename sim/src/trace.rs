//! A trace: every event of a run in order, each with the event that caused it, so that happens-before is a graph.
//! Made only on request; the fingerprint is the same with and without.

use serde::{Deserialize, Serialize};

/// What a trace is of. The first line of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The version of the file format.
    pub quorate_trace: u32,
    /// The scenario's title.
    pub title: String,
    /// The protocol's name.
    pub protocol: String,
    /// How many nodes.
    pub nodes: u8,
    /// The seed of the plan.
    pub seed: u64,
    /// Ids of the rules left out.
    pub without: Vec<String>,
}

/// The version of the trace file format that this build writes.
pub const TRACE_VERSION: u32 = 1;

/// One event. The other lines of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When, in nanoseconds of simulated time.
    pub time: u64,
    /// Where; none for the world itself (faults, clients, verdicts).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u8>,
    /// What kind of event.
    pub kind: TraceKind,
    /// The event that led to this one; none for those that the plan starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// The rule applied, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The event in words, short enough for a column.
    pub text: String,
}

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceKind {
    /// A process started.
    Boot,
    /// A process ended.
    Crash,
    /// A deadline passed.
    Timer,
    /// A message left.
    Send,
    /// A message arrived.
    Receive,
    /// A message was lost.
    Drop,
    /// A session came up or broke.
    Session,
    /// A record was handed to the disk.
    Write,
    /// Records became durable.
    Durable,
    /// An entry was delivered to the state machine.
    Deliver,
    /// A step in a replica's or server's own words.
    Note,
    /// A client's operation began, was sent again or ended.
    Client,
    /// A fault began or ended.
    Fault,
    /// A judge found a violation.
    Violation,
}
