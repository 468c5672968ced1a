//! The plan of a run: plain data, drawn once from a scenario and a seed. A plan runs without its seed, is stored,
//! shrunk and replayed, and means the same for every protocol.
//!
//! Times are nanoseconds of simulated time from the start of the run. Probabilities are parts per million.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A probability in parts per million. `0 <= ppm <= 1_000_000`.
pub type Ppm = u32;

/// One million: certainty.
pub const PPM_ONE: Ppm = 1_000_000;

/// Everything a run needs but the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The scenario's title.
    pub title: String,
    /// The seed that the plan was drawn from: for reports only, a run draws nothing from it.
    pub seed: u64,
    /// The key of every stream that is drawn from while running: weather, disks, replicas.
    pub key: u64,
    /// How many nodes. `1 <= nodes <= 64`.
    pub nodes: u8,
    /// How many of them, the last ones, are told everything and count for nothing. `learners < nodes`.
    pub learners: u8,
    /// After how many entries each the servers offer a snapshot; zero: never.
    pub snapshot_every: u64,
    /// How long until the loss of a leader is noticed, in nanoseconds.
    pub detection: u64,
    /// Settings by protocol and name.
    pub settings: BTreeMap<String, BTreeMap<String, String>>,
    /// Ids of the rules left out, each with its protocol's prefix: `raft/vote-durable`, `registry/dedup`.
    pub without: Vec<String>,
    /// What links promise.
    pub links: LinkKind,
    /// The network between nodes, and between clients and nodes.
    pub network: Network,
    /// What a message costs a node.
    pub cpu: Cpu,
    /// Every node's disk.
    pub disk: Disk,
    /// Every node's clocks, in order of node.
    pub clocks: Vec<Clock>,
    /// Who asks what when.
    pub workload: Workload,
    /// What goes wrong when, in order of time.
    pub faults: Vec<Fault>,
    /// Fates that are fixed instead of drawn, by message. Empty at first; a shrinker fills it.
    pub fates: BTreeMap<FateKey, Fate>,
    /// When a run that has not converged is given up, in nanoseconds.
    pub horizon: u64,
    /// What must hold at the end.
    pub expect: Expect,
}

/// What links promise; the same for all protocols of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// Dropped, duplicated, reordered.
    Datagram,
    /// First in, first out, until the session breaks.
    Session,
}

/// A range of nanoseconds, drawn from evenly. `from <= to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Between {
    /// The least.
    pub from: u64,
    /// The most.
    pub to: u64,
}

/// The network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The base latency of the link from node `i` to node `j`, at `i * nodes + j`, in nanoseconds.
    pub base: Vec<u64>,
    /// The base latency between client `c` and node `n`, either way, at `c * nodes + n`, in nanoseconds.
    pub client_base: Vec<u64>,
    /// What a message takes beyond the base.
    pub jitter: Between,
    /// How often a message is lost; on sessions, sent again.
    pub loss: Ppm,
    /// How often a datagram arrives twice.
    pub duplicate: Ppm,
    /// How often a datagram is held back by up to `reorder_by`.
    pub reorder: Ppm,
    /// By how much, in nanoseconds.
    pub reorder_by: u64,
    /// Bytes per second of one link; zero: unlimited.
    pub bandwidth: u64,
    /// Sessions: what a lost packet costs the first time, in nanoseconds; doubles each time.
    pub retransmit: u64,
    /// Sessions: an end that heard nothing for so long breaks, in nanoseconds.
    pub session_timeout: u64,
    /// Sessions: how often a broken one is tried again, in nanoseconds.
    pub reconnect: u64,
}

/// What a message costs a node before it is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// Nanoseconds a message.
    pub per_message: u64,
    /// Nanoseconds a client's request, beside what every message costs.
    #[serde(default)]
    pub per_request: u64,
    /// Picoseconds a byte.
    pub per_byte_ps: u64,
}

/// A disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// How long a sync takes. Both zero: the disk is instant.
    pub sync: Between,
}

/// A node's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// How far the monotonic clock's rate is off, in parts per billion.
    pub drift_ppb: i64,
    /// How far the wall clock is off at the start, in nanoseconds.
    pub wall_offset: i64,
    /// How far the wall clock's rate is off from the monotonic clock's, in parts per billion.
    pub wall_drift_ppb: i64,
}

/// The clients and what they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// How many clients.
    pub clients: u32,
    /// The promise that reads are made under.
    pub reads: ReadMode,
    /// After how long without an answer an operation's outcome is recorded as unknown, in nanoseconds.
    pub timeout: u64,
    /// After how long without an answer a client tries another node, in nanoseconds.
    pub retry: u64,
    /// How many bytes a written value has. `8 <= value_bytes`.
    pub value_bytes: u32,
    /// After how long of silence a client's session expires, by the stamped wall clock, in nanoseconds.
    pub session_timeout: u64,
    /// Closed loop: a client starts its next operation when the last one has ended and its think time is over. Open
    /// loop: at the intended time, whatever became of the others.
    pub closed: bool,
    /// The operations. A client's are in order of their time.
    pub operations: Vec<Operation>,
    /// When the last operation may start, in nanoseconds.
    pub end: u64,
}

/// The promise of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadMode {
    /// See `replica::ReadMode::Linearizable`.
    Linearizable,
    /// See `replica::ReadMode::Sync`.
    Sync,
    /// See `replica::ReadMode::Sequential`.
    Sequential,
    /// See `replica::ReadMode::Stale`.
    Stale,
}

/// An operation of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Whose. `0 <= client < clients`.
    pub client: u32,
    /// Open loop: its intended start. Closed loop: the think time before it. Nanoseconds.
    pub at: u64,
    /// On which key. `0 <= key`.
    pub key: u32,
    /// What.
    pub kind: OperationKind,
    /// The value that a put or compare-and-swap writes: unique in the plan. Zero for others.
    pub value: u64,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Reads a key.
    Get,
    /// Writes a key.
    Put,
    /// Deletes a key.
    Delete,
    /// Writes a key if it holds the newest value that the client has seen of it.
    Cas,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it starts.
    pub at: u64,
    /// What happens.
    pub what: FaultKind,
    /// Whether somebody wrote it down: then it must touch something. Drawn ones may miss.
    pub explicit: bool,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A process ends; what it had written stays in the OS cache, or, with the power, only what was synced.
    Crash {
        /// Whose.
        who: Vec<Who>,
        /// What is lost.
        kind: CrashKind,
        /// How long until it starts again; none: never.
        restart_after: Option<u64>,
    },
    /// A process stops and its clocks go on; what came meanwhile is handled in a burst.
    Pause {
        /// Whose.
        who: Vec<Who>,
        /// For how long.
        duration: u64,
    },
    /// Groups that hear only themselves. A node in no group hears everyone.
    Partition {
        /// The groups.
        groups: Vec<Vec<Who>>,
        /// For how long.
        duration: u64,
    },
    /// Messages from some to others stop, one way.
    Cut {
        /// From whom.
        from: Vec<Who>,
        /// To whom.
        to: Vec<Who>,
        /// Whether the other way stops too.
        both_ways: bool,
        /// For how long.
        duration: u64,
    },
    /// Messages of some kinds from some to others are lost, one way, and all others pass. Datagram links only: a session
    /// loses nothing while it is up.
    Sieve {
        /// From whom.
        from: Vec<Who>,
        /// To whom.
        to: Vec<Who>,
        /// Names of kinds of messages, as the protocols call them; all kinds if empty.
        kinds: Vec<String>,
        /// Whether only messages that carry entries are lost.
        entries: bool,
        /// For how long.
        duration: u64,
    },
    /// Links from some to others get worse.
    Weather {
        /// From whom; everyone if empty.
        from: Vec<Who>,
        /// To whom; everyone if empty.
        to: Vec<Who>,
        /// Loss in place of the network's, if given.
        loss: Option<Ppm>,
        /// Duplication in place of the network's, if given.
        duplicate: Option<Ppm>,
        /// Reordering in place of the network's, if given.
        reorder: Option<Ppm>,
        /// Latency added to every message.
        delay: u64,
        /// For how long.
        duration: u64,
    },
    /// A clock misbehaves.
    Clock {
        /// Whose.
        who: Vec<Who>,
        /// How.
        how: ClockFault,
    },
    /// Syncs fail.
    FailDisk {
        /// Whose.
        who: Vec<Who>,
        /// For how long. A process that stops because of it starts again when it is over.
        duration: u64,
    },
    /// One durable record, somewhere before the last, is damaged. It shows when the disk is next read.
    Rot {
        /// Whose.
        who: Vec<Who>,
    },
    /// An operator asks for another leader.
    HandOver {
        /// Who is asked. Only who leads can do anything about it.
        who: Vec<Who>,
        /// Who is to lead then; none: whom the leader likes.
        to: Option<Who>,
    },
    /// Syncs take longer.
    SlowDisk {
        /// Whose.
        who: Vec<Who>,
        /// What a sync takes meanwhile, in nanoseconds.
        sync: Between,
        /// For how long.
        duration: u64,
    },
}

/// What a crash loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrashKind {
    /// The process: memory is lost, the OS cache stays.
    Process,
    /// The power: what was not synced is lost too, but for a prefix that happened to reach the disk.
    Power,
    /// The disk: everything. The node comes back as nobody.
    Wipe,
}

/// How a clock misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockFault {
    /// The wall clock jumps, either way, for good.
    Jump {
        /// By how much, in nanoseconds.
        by: i64,
    },
    /// The monotonic clock runs at another rate for a while.
    Drift {
        /// How far off, in parts per billion.
        ppb: i64,
        /// For how long.
        duration: u64,
    },
    /// The wall clock stands still for a while, then jumps to where it would be.
    Freeze {
        /// For how long.
        duration: u64,
    },
}

/// Somebody, by name or by role. Roles are resolved when the fault fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// This node.
    Node(u8),
    /// The leader of the highest round; awaited for ten detections.
    Leader,
    /// One follower: the `nth` of the running nodes that do not lead, in order of id, wrapping around.
    Follower(u8),
    /// Every node that no other group or list of this fault names.
    Rest,
    /// Every node.
    All,
    /// All clients (in a partition or a cut).
    Clients,
}

/// Names one message: its link, the simulated millisecond in which it was sent, and its place within that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FateKey {
    /// The sender.
    pub from: u8,
    /// The receiver.
    pub to: u8,
    /// The millisecond in which it was sent.
    pub millisecond: u64,
    /// How many were sent on the link in that millisecond before it.
    pub ordinal: u32,
}

impl From<FateKey> for String {
    fn from(key: FateKey) -> String {
        format!("{}>{}@{}.{}", key.from, key.to, key.millisecond, key.ordinal)
    }
}

impl TryFrom<String> for FateKey {
    type Error = String;
    fn try_from(text: String) -> Result<FateKey, String> {
        let parse = || {
            let (from, rest) = text.split_once('>')?;
            let (to, rest) = rest.split_once('@')?;
            let (millisecond, ordinal) = rest.split_once('.')?;
            Some(FateKey {
                from: from.parse().ok()?,
                to: to.parse().ok()?,
                millisecond: millisecond.parse().ok()?,
                ordinal: ordinal.parse().ok()?,
            })
        };
        parse().ok_or_else(|| format!("'{text}' is not FROM>TO@MILLISECOND.ORDINAL"))
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It arrives after so many nanoseconds.
    Deliver(u64),
    /// It arrives twice.
    Twice(u64, u64),
    /// It is lost; on sessions, `Deliver` late is what a loss looks like.
    Drop,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    /// The promise of the reads holds for the whole history (linearizability, for `linearizable` reads).
    pub linearizable: bool,
    /// For how long a read may miss what a client had been told of, in nanoseconds; none: not judged.
    pub staleness_at_most: Option<u64>,
    /// The longest span with an operation pending and none completing ok, in nanoseconds; none: not judged.
    pub unavailable_at_most: Option<u64>,
    /// How long after workload and faults are over the cluster must have converged, in nanoseconds; none: not judged.
    pub converges_within: Option<u64>,
}
