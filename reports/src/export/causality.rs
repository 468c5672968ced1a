//! Who did what, and what came before what, in a part of a trace. Nodes and clients are sequential processes; the world
//! that begins and ends faults is another. An event comes after the one before it at its process, and after its cause
//! (Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978).

use std::collections::BTreeMap;
use std::fmt;

use sim::trace::TraceEvent;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Process {
    /// The plan: faults.
    World,
    /// A client.
    Client(u32),
    /// A node.
    Node(u8),
}

impl Process {
    /// Whose event it is.
    pub(super) fn of(event: &TraceEvent) -> Process {
        match (event.node, event.client) {
            (Some(node), _) => Process::Node(node),
            (None, Some(client)) => Process::Client(client),
            (None, None) => Process::World,
        }
    }
}

/// One word of letters and digits: a name in every format.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Process::World => f.write_str("world"),
            Process::Client(client) => write!(f, "client{client}"),
            Process::Node(node) => write!(f, "n{node}"),
        }
    }
}

/// What comes directly before each event, as places in the part of the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// The event before it at its process.
    pub(super) here: Option<usize>,
    /// Its cause, if that is at another process.
    pub(super) there: Option<usize>,
}

/// For every event of a part of a trace. What lies before the part is left out; of two events in it, one comes before
/// the other by what is in it or not at all, since causes come earlier in the trace than what they cause.
pub(super) fn before(events: &[TraceEvent]) -> Vec<Before> {
    let first = events.first().map_or(0, |event| event.seq);
    let mut newest: BTreeMap<Process, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        let process = Process::of(event);
        let cause = event.cause.and_then(|cause| cause.checked_sub(first)).map(|place| place as usize);
        let there = cause.filter(|cause| Process::of(&events[*cause]) != process);
        all.push(Before { here: newest.insert(process, place), there });
    }
    all
}

/// The vector clock of each event: for every process, how many of its events come before this one, itself included.
/// (Fidge 1988; Mattern 1989.)
pub(super) fn clocks(events: &[TraceEvent]) -> Vec<BTreeMap<Process, u64>> {
    let mut clocks: Vec<BTreeMap<Process, u64>> = Vec::with_capacity(events.len());
    for (event, Before { here, there }) in events.iter().zip(before(events)) {
        let mut clock = here.map(|here| clocks[here].clone()).unwrap_or_default();
        for (process, time) in there.iter().flat_map(|there| &clocks[*there]) {
            let known = clock.entry(*process).or_default();
            *known = (*known).max(*time);
        }
        *clock.entry(Process::of(event)).or_default() += 1;
        clocks.push(clock);
    }
    clocks
}

/// Everybody who does something, in order.
pub(super) fn processes(events: &[TraceEvent]) -> Vec<Process> {
    let mut all: Vec<Process> = events.iter().map(Process::of).collect();
    all.sort_unstable();
    all.dedup();
    all
}
