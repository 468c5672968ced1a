//! Plans of runs in which nothing happens but the work: no clients, no faults, and every mechanism in place.

use replica::{Replica, Service};
use sim::clients::Clients;
use sim::outcome::Verdict;
use sim::plan::{
    Between, Clock, Cpu, CrashKind, Disk, Expect, Fault, FaultKind, LinkKind, Network, Plan, ReadMode, Who,
    Workload,
};
use sim::world::World;

/// Nanoseconds in a millisecond.
pub const MILLISECOND: u64 = 1_000_000;
/// How long until the loss of a leader is noticed: the example scenario's.
pub const DETECTION: u64 = 300 * MILLISECOND;

/// A plan of `span` nanoseconds without clients, in which the only fault comes when the run is over. A message takes
/// `latency.0` and a jitter of up to `latency.1`, a sync between `sync.0` and `sync.1`; clocks drift as in the example.
pub fn calm(nodes: u8, links: LinkKind, latency: (u64, u64), sync: (u64, u64), span: u64) -> Plan {
    let crash = FaultKind::Crash { who: vec![Who::Leader], kind: CrashKind::Power, restart_after: None };
    let drift = |node: u8| 1_000 * (i64::from(node) * 40 - 100);
    let clock = |node| Clock { drift_ppb: drift(node), wall_offset: 0, wall_drift_ppb: 0 };
    Plan {
        title: "bench".into(),
        seed: 1,
        key: 1,
        nodes,
        learners: 0,
        snapshot_every: 0,
        detection: DETECTION,
        settings: Default::default(),
        without: Vec::new(),
        links,
        network: Network {
            base: vec![latency.0; usize::from(nodes) * usize::from(nodes)],
            client_base: Vec::new(),
            jitter: Between { from: 0, to: latency.1 },
            loss: 0,
            duplicate: 0,
            reorder: 0,
            reorder_by: 0,
            bandwidth: 0,
            retransmit: 5 * MILLISECOND,
            session_timeout: DETECTION,
            reconnect: DETECTION / 3,
        },
        cpu: Cpu { per_message: 0, per_request: 0, per_byte_ps: 0 },
        disk: Disk { sync: Between { from: sync.0, to: sync.1 } },
        clocks: (0..nodes).map(clock).collect(),
        workload: Workload {
            clients: 0,
            reads: ReadMode::Linearizable,
            timeout: 1_000 * MILLISECOND,
            retry: 100 * MILLISECOND,
            value_bytes: 8,
            session_timeout: 10_000 * MILLISECOND,
            closed: false,
            operations: Vec::new(),
            end: span,
        },
        faults: vec![Fault { at: span + 1, what: crash, explicit: false }],
        fates: Default::default(),
        horizon: span,
        expect: Expect {
            linearizable: false,
            staleness_at_most: None,
            unavailable_at_most: None,
            converges_within: None,
        },
    }
}

/// Asserts that no judge has found anything, and, unless they were off, that some have looked.
pub fn assert_clean<R: Replica, S: Service, C: Clients<S>>(world: &World<R, S, C>, judges_off: bool) {
    let reports = world.judge_reports();
    for report in &reports {
        assert_ne!(report.verdict, Verdict::Violated, "{}: {}", report.name, report.detail);
    }
    assert!(judges_off || reports.iter().any(|report| 1_000 < report.observed), "no judge has looked");
}
