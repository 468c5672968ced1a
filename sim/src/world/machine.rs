//! A node's machine: its disk, its clocks, its inbox, and whether anything runs on it. Survives every crash but a wipe.

use std::collections::VecDeque;

use replica::{LocalTime, NodeId};

use crate::clock::NodeClock;
use crate::disk::Disk;
use crate::plan::{Between, CrashKind, Plan};
use crate::rng::SimRng;

/// One node without its process.
#[derive(Clone)]
pub struct Machine<T, E> {
    /// Its disk.
    pub disk: Disk<T>,
    /// How long its syncs take now.
    pub sync: Between,
    /// The faults that slow its disk, and to what; the newest counts.
    pub slowed_by: Vec<(usize, Between)>,
    /// The faults that make its syncs fail, and until when.
    pub failing: Vec<(usize, u64)>,
    /// Whether it could not start on what its disk kept, and never will.
    pub stuck: bool,
    /// Its clocks.
    pub clock: NodeClock,
    /// The faults that make its monotonic clock run at another rate, and at which; the newest counts.
    pub drifts: Vec<(usize, i64)>,
    /// The faults that stop its wall clock.
    pub freezes: Vec<usize>,
    /// The fault that last made its wall clock jump.
    pub jumped_by: Option<usize>,
    /// What its replica draws from, in this incarnation.
    pub rng: SimRng,
    /// How many incarnations there were.
    pub incarnation: u64,
    /// Why nothing runs here, if nothing does.
    pub down: Option<Down>,
    /// How many crashes hold it down: those whose restart has not come, or never will. Zero while it is up.
    pub holds: u32,
    /// Whether its disk was ever wiped: it has no genesis and is nobody.
    pub wiped: bool,
    /// The faults that have stopped this process, in the order in which they did. A crash ends them all.
    pub paused_by: Vec<usize>,
    /// What came while it was paused.
    pub backlog: VecDeque<E>,
    /// Messages that wait for the processor. The first is being served.
    pub inbox: VecDeque<E>,
    /// Counts the processor's and the disk's appointments, so that a crash voids them.
    pub epoch: u64,
    /// The queued wake: its time on the node's monotonic clock, and its number.
    pub wake: Option<(LocalTime, u64)>,
    /// Counts wakes, so that an old one is void.
    pub wakes: u64,
    /// Whom the replica believed to lead when the server was last told.
    pub leader_seen: Option<NodeId>,
}

/// Why nothing runs on a machine.
#[derive(Clone, Copy, Debug)]
pub struct Down {
    /// What it lost.
    pub kind: CrashKind,
    /// The fault that did it.
    pub by: usize,
}

impl<T, E> Machine<T, E> {
    /// The `node`th machine at the start of a run, with nothing running.
    pub fn new(node: usize, plan: &Plan) -> Machine<T, E> {
        Machine {
            disk: Disk::new(SimRng::stream(plan.key, "disk", node as u64, 0)),
            sync: plan.disk.sync,
            slowed_by: Vec::new(),
            failing: Vec::new(),
            stuck: false,
            clock: NodeClock::new(node, &plan.clocks[node]),
            drifts: Vec::new(),
            freezes: Vec::new(),
            jumped_by: None,
            rng: SimRng::stream(plan.key, "replica", node as u64, 0),
            incarnation: 0,
            down: None,
            holds: 0,
            wiped: false,
            paused_by: Vec::new(),
            backlog: VecDeque::new(),
            inbox: VecDeque::new(),
            epoch: 0,
            wake: None,
            wakes: 0,
            leader_seen: None,
        }
    }

    /// Whether a process runs and is not paused.
    pub fn is_live(&self) -> bool {
        self.down.is_none() && self.paused_by.is_empty()
    }

    /// Whether a sync takes no time, and succeeds.
    pub fn is_instant(&self) -> bool {
        self.sync.to == 0 && self.failing.is_empty()
    }
}
