//! What reports are drawn from, beyond an outcome's totals: every operation with its times, when who led and who knew,
//! what had been sent by then, and what clocks showed. Measured only on request; the fingerprint is the same with and
//! without.

use replica::{NodeId, Role, Round};
use serde::Serialize;

/// What was measured in a run. Times are nanoseconds of simulated time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Every operation of the plan, in its order, whether it was ever sent or not.
    pub operations: Vec<Measured>,
    /// Who began or ceased to run, to stand, to lead, to know a leader; in order of time.
    pub milestones: Vec<Milestone>,
    /// Totals and clocks, [`SAMPLES`] or a few more, evenly spread over the run.
    pub samples: Vec<Sample>,
    /// By kind of message: its name, how many left a node, their bytes, the entries that they carried.
    pub kinds: Vec<(&'static str, Sent)>,
    /// The place in `operations` of each operation of the run's history.
    pub of_history: Vec<usize>,
}

/// How many samples a run is meant to have: so many between its start and its horizon.
pub const SAMPLES: u64 = 512;

/// An operation of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Whose.
    pub client: u32,
    /// On which key.
    pub key: u32,
    /// What it does: `get`, `put`, `delete`, `cas`.
    pub kind: &'static str,
    /// When it was meant to start: open loop, by the plan; closed loop, when the think time was over.
    pub intended: u64,
    /// When it was first sent; none: never.
    pub called: Option<u64>,
    /// When it ended; none: it never did.
    pub ended: Option<u64>,
    /// How it ended.
    pub ending: Ended,
}

impl Measured {
    /// From the intended start to the answer, if it was answered.
    pub fn latency(&self) -> Option<u64> {
        (self.ending == Ended::Ok).then(|| self.ended.expect("it ended ok") - self.intended)
    }

    /// Whether it can change its key.
    pub fn is_update(&self) -> bool {
        self.kind != "get"
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// Answered.
    Ok,
    /// Known not to have happened.
    Failed,
    /// May have happened, or not, or was never answered.
    Unknown,
}

/// A change at a node, and what the cluster had sent by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// When.
    pub at: u64,
    /// Where.
    pub node: u8,
    /// What.
    pub what: Change,
    /// What replicas had sent by then.
    pub sent: Sent,
}

/// What changed at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A process started.
    Up,
    /// A process ended.
    Down,
    /// It stands for election, or prepares: it is a candidate now.
    Stands,
    /// It leads the round, for the first time by anybody.
    Leads {
        /// The round.
        round: u64,
    },
    /// It neither stands nor leads any more.
    Follows,
    /// It believes somebody else to lead than before.
    Knows {
        /// Whom; none: nobody.
        leader: Option<u8>,
    },
    /// The first entry of a client since somebody new led is delivered: here, before anywhere else.
    Commits,
}

/// Totals of what replicas sent to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Messages that left a node.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries of the log in them, as often as they were sent; see `replica::Message::entries`.
    pub entries: u64,
}

/// What was the case at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// When.
    pub at: u64,
    /// What replicas had sent by then.
    pub sent: Sent,
    /// By how much each node's wall clock was ahead of simulated time.
    pub wall: Vec<i64>,
    /// By how much each node's monotonic clock was ahead of what it would be without drift.
    pub monotonic: Vec<i64>,
}

/// Takes the measures of a run. Off, it does nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    is_on: bool,
    seen: Vec<Seen>,
    awaits_commit: bool,
    milestones: Vec<Milestone>,
    samples: Vec<Sample>,
    next_sample: u64,
    every: u64,
}

/// A node as it was last seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    role: Role,
    leader: Option<NodeId>,
}

const FRESH: Seen = Seen { role: Role::Follower, leader: None };

impl Meter {
    /// A meter for so many nodes and so long a run.
    pub(crate) fn new(is_on: bool, nodes: usize, horizon: u64) -> Meter {
        Meter { is_on, seen: vec![FRESH; nodes], every: (horizon / SAMPLES).max(1), ..Meter::default() }
    }

    /// Whether anything is measured.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether a sample is due at `now`.
    #[inline]
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.is_on && self.next_sample <= now
    }

    pub(crate) fn sample(&mut self, sample: Sample) {
        self.next_sample = (sample.at / self.every + 1) * self.every;
        self.samples.push(sample);
    }

    pub(crate) fn started(&mut self, at: u64, node: NodeId, sent: Sent) {
        if self.is_on {
            self.seen[node.index()] = FRESH;
            self.push(at, node, Change::Up, sent);
        }
    }

    pub(crate) fn ended(&mut self, at: u64, node: NodeId, sent: Sent) {
        if self.is_on {
            self.push(at, node, Change::Down, sent);
        }
    }

    pub(crate) fn leads(&mut self, at: u64, node: NodeId, round: Round, sent: Sent) {
        if self.is_on {
            self.awaits_commit = true;
            self.push(at, node, Change::Leads { round: round.0 }, sent);
        }
    }

    pub(crate) fn committed(&mut self, at: u64, node: NodeId, sent: Sent) {
        if std::mem::take(&mut self.awaits_commit) {
            self.push(at, node, Change::Commits, sent);
        }
    }

    /// A node has stepped.
    pub(crate) fn looks(&mut self, at: u64, node: NodeId, role: Role, leader: Option<NodeId>, sent: Sent) {
        let before = std::mem::replace(&mut self.seen[node.index()], Seen { role, leader });
        let is_idle = |role: Role| matches!(role, Role::Follower | Role::Unformed);
        if before.role != role && role == Role::Candidate {
            self.push(at, node, Change::Stands, sent);
        }
        if is_idle(role) && !is_idle(before.role) {
            self.push(at, node, Change::Follows, sent);
        }
        if before.leader != leader {
            self.push(at, node, Change::Knows { leader: leader.map(|leader| leader.0) }, sent);
        }
    }

    fn push(&mut self, at: u64, node: NodeId, what: Change, sent: Sent) {
        self.milestones.push(Milestone { at, node: node.0, what, sent });
    }

    pub(crate) fn taken(&self) -> (Vec<Milestone>, Vec<Sample>) {
        (self.milestones.clone(), self.samples.clone())
    }
}
