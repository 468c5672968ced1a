//! The library: the scenario files that come with Quorate, by subject, embedded for use outside of a clone.

/// A file of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryFile {
    /// Its path below `scenarios/`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every file of the library, in order of path but that the first is the README's example.
pub const fn library() -> &'static [LibraryFile] {
    LIBRARY
}

/// The scenarios of the papers' figures. No part of the library: a sweep over it asks whether all holds, and some of these
/// are here because a cluster does not recover.
pub const fn figures() -> &'static [LibraryFile] {
    FIGURES
}

macro_rules! files {
    ($($path:literal,)*) => {
        &[$(LibraryFile { path: $path, text: include_str!(concat!("../", $path)) },)*]
    };
}

const LIBRARY: &[LibraryFile] = files![
    "leader-crash.toml",
    "clients/cut-from-the-leader.toml",
    "clients/expired-sessions.toml",
    "clients/impatient.toml",
    "clients/sequential-reads.toml",
    "clients/stale-reads.toml",
    "clients/sync-reads.toml",
    "clock/fast-and-slow.toml",
    "clock/jumps.toml",
    "cluster/everything-on.toml",
    "cluster/hand-over.toml",
    "cluster/learners.toml",
    "crash/all-lose-power.toml",
    "crash/kill-then-power.toml",
    "crash/lone-node.toml",
    "crash/random-crashes.toml",
    "crash/wiped-follower.toml",
    "disk/slow-leader.toml",
    "disk/slow-then-power.toml",
    "election/first-leader.toml",
    "election/leader-again-and-again.toml",
    "election/new-leader-cut-off.toml",
    "election/pause-longer-than-detection.toml",
    "election/pre-votes.toml",
    "election/quorum-connected.toml",
    "leases/within-the-bound.toml",
    "load/closed-loop.toml",
    "load/narrow-links.toml",
    "load/one-hot-key.toml",
    "partition/leader-in-minority.toml",
    "partition/one-way-leader.toml",
    "partition/partial.toml",
    "partition/random-cuts.toml",
    "partition/split-in-halves.toml",
    "reads/by-followers.toml",
    "reads/by-log.toml",
    "snapshots/lagging-node.toml",
    "snapshots/leader-crash.toml",
    "snapshots/power-loss.toml",
];

#[rustfmt::skip]
const FIGURES: &[LibraryFile] = files![
    "figures/p1-election-wan.toml",
    "figures/p1-five-logs.toml",
    "figures/p2-split-votes.toml",
    "figures/p3-leader-crash.toml",
    "figures/p4-chained.toml",
    "figures/p4-chained-load.toml",
    "figures/p4-constrained.toml",
    "figures/p4-howard-abraham-a.toml",
    "figures/p4-howard-abraham-b.toml",
    "figures/p4-quorum-loss.toml",
    "figures/p5-cluster-size.toml",
    "figures/p6-failures.toml",
    "figures/p7-ledger.toml",
    "figures/p8-leader-change.toml",
    "figures/p10-load.toml",
    "figures/p10-loss.toml",
    "figures/p11-creates.toml",
    "figures/p12-flexible-quorums.toml",
];
