//! A scenario: what a file says, checked, with every default filled in.

use std::collections::BTreeMap;

use sim::plan::{Between, Cpu, Disk, Expect, Fault, LinkKind, Ppm, ReadMode};

use crate::Protocol;

/// A scenario. With a seed it makes a [`sim::plan::Plan`]. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What happens, in a sentence.
    pub title: String,
    /// What there is to learn from it, in a sentence; may be empty.
    pub teaches: String,
    /// Ids of the rules left out.
    pub without: Vec<String>,
    /// The protocols that it is for, in order.
    pub protocols: Vec<Protocol>,
    /// How many nodes. `1 <= nodes <= 64`.
    pub nodes: u8,
    /// How many of them, the last ones, do not vote. `learners < nodes`.
    pub learners: u8,
    /// After how many entries each servers offer a snapshot; zero: never.
    pub snapshot_every: u64,
    /// How long until the loss of a leader is noticed.
    pub detection: u64,
    /// Settings by protocol and name.
    pub settings: BTreeMap<String, BTreeMap<String, String>>,
    /// What links promise.
    pub links: LinkKind,
    /// What links are drawn from.
    pub network: NetworkSpec,
    /// What a message costs a node.
    pub cpu: Cpu,
    /// Every node's disk.
    pub disk: Disk,
    /// What clocks are drawn from.
    pub clock: ClockSpec,
    /// What clients are drawn from.
    pub workload: WorkloadSpec,
    /// Faults that the file names, in order of time.
    pub faults: Vec<FaultSpec>,
    /// What random faults are drawn from.
    pub nemesis: Option<NemesisSpec>,
    /// What must hold.
    pub expect: Expect,
}

/// What links are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Each link's base latency.
    pub base: Between,
    /// What a message takes beyond it.
    pub jitter: Between,
    /// How often a message is lost.
    pub loss: Ppm,
    /// How often a datagram arrives twice.
    pub duplicate: Ppm,
    /// How often a datagram is held back.
    pub reorder: Ppm,
    /// By how much at most.
    pub reorder_by: u64,
    /// Bytes per second of a link; zero: unlimited.
    pub bandwidth: u64,
    /// Sessions: what a lost packet costs the first time.
    pub retransmit: u64,
    /// Sessions: after what silence an end breaks.
    pub session_timeout: u64,
    /// Sessions: how often a broken one is tried again.
    pub reconnect: u64,
}

/// What clocks are drawn from, evenly and either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSpec {
    /// The farthest that a wall clock is off at the start. `0 <= offset`.
    pub offset: i64,
    /// The farthest that a monotonic clock's rate is off, in parts per billion. `0 <= drift_ppb`.
    pub drift_ppb: i64,
    /// The farthest that a wall clock's rate is off from the monotonic one, in parts per billion.
    pub wall_drift_ppb: i64,
}

/// What clients are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadSpec {
    /// How many clients.
    pub clients: u32,
    /// How many keys.
    pub keys: u32,
    /// When they start operations.
    pub pace: Pace,
    /// Before when no operation starts.
    pub start: u64,
    /// After when no operation starts. `start < end`.
    pub end: u64,
    /// Weights of reads, writes, compare-and-swaps and deletes. Their sum is not zero.
    pub mix: Mix,
    /// The promise that reads are made under.
    pub reads: ReadMode,
    /// When an operation's outcome is recorded as unknown.
    pub timeout: u64,
    /// When a client tries another node.
    pub retry: u64,
    /// How many bytes a written value has.
    pub value_bytes: u32,
    /// When a silent client's session expires.
    pub session_timeout: u64,
}

/// When clients start operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At intended times, whatever became of earlier operations.
    Open {
        /// Operations of all clients together, in thousandths of one a minute.
        rate: u64,
    },
    /// Each after the last one.
    Closed {
        /// How long a client thinks in between.
        think: Between,
        /// How many operations all clients together start at most; none: as many as fit.
        operations: Option<u64>,
    },
}

/// Weights of what operations do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Reads.
    pub read: u64,
    /// Writes.
    pub write: u64,
    /// Compare-and-swaps.
    pub cas: u64,
    /// Deletes.
    pub delete: u64,
}

/// A fault that the file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpec {
    /// The fault.
    pub fault: Fault,
    /// A clock's jump goes the other way for half of the seeds.
    pub either_way: bool,
}

/// What random faults are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NemesisSpec {
    /// When the first may start.
    pub from: u64,
    /// Before when the last must start.
    pub until: u64,
    /// Whether each seed draws a subset of the families first.
    pub swarm: bool,
    /// Whether more than a minority may be down at once.
    pub allow_majority: bool,
    /// The families, in the order of [`Family::ALL`].
    pub families: Vec<FamilySpec>,
}

/// One family of random faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilySpec {
    /// Which.
    pub family: Family,
    /// How often on average, in thousandths of a fault a minute.
    pub rate: u64,
    /// How long each lasts.
    pub duration: Between,
}

/// The families of random faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// A process is killed and started again.
    Crash,
    /// A node loses power and comes back.
    Power,
    /// A node loses its disk and comes back as nobody.
    Wipe,
    /// A process stands still.
    Pause,
    /// A minority is cut off, both ways.
    Partition,
    /// What one node sends to some others is lost.
    OneWay,
    /// Links lose, repeat, reorder and delay more.
    Weather,
    /// A clock jumps, drifts or freezes.
    Clock,
    /// Syncs take longer.
    Disk,
    /// The leader is asked to hand over.
    HandOver,
    /// Syncs fail.
    DiskError,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 11] = [
        Family::Crash,
        Family::Power,
        Family::Wipe,
        Family::Pause,
        Family::Partition,
        Family::OneWay,
        Family::Weather,
        Family::Clock,
        Family::Disk,
        Family::HandOver,
        Family::DiskError,
    ];

    /// The family's name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Crash => "crash",
            Family::Power => "power",
            Family::Wipe => "wipe",
            Family::Pause => "pause",
            Family::Partition => "partition",
            Family::OneWay => "one-way",
            Family::Weather => "weather",
            Family::Clock => "clock",
            Family::Disk => "disk",
            Family::HandOver => "hand-over",
            Family::DiskError => "disk-error",
        }
    }

    /// Whether a fault of it takes a node down, or cuts it off.
    pub const fn takes_down(self) -> bool {
        match self {
            Family::Crash | Family::Power | Family::Wipe | Family::DiskError => true,
            Family::Pause | Family::Partition | Family::OneWay => true,
            Family::Weather | Family::Clock | Family::Disk | Family::HandOver => false,
        }
    }
}
