//! Clocks: timers run on a node's own monotonic clock; the wall clock is only ever stamped.

use sim::plan::{Clock, ClockFault, FaultKind, Who};

use crate::toys::{Do, LATENCY, MS, Ran, Story};

fn clock(node: u8, how: ClockFault) -> FaultKind {
    FaultKind::Clock { who: vec![Who::Node(node)], how }
}

/// When node 0 sent each number, by the right clock of node 1.
fn sent(ran: &Ran) -> Vec<u64> {
    ran.got(1).into_iter().map(|(at, _)| at - LATENCY).collect()
}

#[test]
fn timers_on_a_drifting_clock_fire_when_it_says() {
    let mut story = Story::new(2);
    story.plan.clocks[0] = Clock { drift_ppb: 100_000_000, wall_offset: 0, wall_drift_ppb: 0 };
    story.at(110 * MS, 0, Do::Send { to: 1, n: 1 }).at(1_100 * MS, 0, Do::Send { to: 1, n: 2 });
    let late: Vec<u64> =
        sent(&story.run()).iter().zip([100 * MS, 1_000 * MS]).map(|(&at, due)| at - due).collect();
    // The inverse of a drifting clock rounds up.
    assert!(late.iter().all(|&late| late <= 1), "{late:?}");
}

/// The clock runs at half its rate for a while. A wake that was queued before must come later, and one queued
/// meanwhile must come earlier than it seemed.
#[test]
fn a_queued_wake_follows_its_clock() {
    let mut story = Story::new(2);
    story.fault(100 * MS, clock(0, ClockFault::Drift { ppb: -500_000_000, duration: 200 * MS }));
    for at in [90, 150, 250] {
        story.at(at * MS, 0, Do::Send { to: 1, n: at });
    }
    let ran = story.run();
    assert_eq!(sent(&ran), [90 * MS, 200 * MS, 350 * MS]);
    assert_eq!(ran.fault(0).timers, 1);
}

/// One drift within another. When the inner is over, the outer still counts; then the clock's own rate.
#[test]
fn drifts_within_drifts() {
    let mut story = Story::new(2);
    story.fault(100 * MS, clock(0, ClockFault::Drift { ppb: -500_000_000, duration: 200 * MS }));
    story.fault(200 * MS, clock(0, ClockFault::Drift { ppb: 500_000_000, duration: 50 * MS }));
    // True 100 is 100, 200 is 150, 250 is 225, 300 is 250.
    for at in [125, 180, 240, 260] {
        story.at(at * MS, 0, Do::Send { to: 1, n: at });
    }
    assert_eq!(sent(&story.run()), [150 * MS, 220 * MS, 280 * MS, 310 * MS]);
}

/// A wall clock jumps, freezes and thaws. Only stamps show it: timers stay on time.
#[test]
fn jumps_and_freezes_alter_only_stamps() {
    let mut story = Story::new(1);
    story.fault(100 * MS, clock(0, ClockFault::Jump { by: 5_000 * MS as i64 }));
    story.fault(200 * MS, clock(0, ClockFault::Freeze { duration: 100 * MS }));
    story.fault(250 * MS, clock(0, ClockFault::Freeze { duration: 150 * MS }));
    for at in [50, 150, 220, 280, 350, 450] {
        story.ask(at * MS - LATENCY, 0, 0, at);
    }
    for at in 1..50 {
        story.at(at * 10 * MS, 0, Do::Wake);
    }
    let ran = story.run();
    let came = &ran.world.clients().came;
    let walls: Vec<u64> = came.iter().map(|&(.., reply)| reply.expect("it was answered").1).collect();
    let since: Vec<u64> = walls.iter().map(|wall| (wall - (walls[0] - 50 * MS)) / MS).collect();
    assert_eq!(since, [50, 5_150, 5_200, 5_200, 5_200, 5_450]);
    assert!(ran.done(0).iter().zip(1..).all(|(&(at, _), n)| at == n * 10 * MS));
    for (fault, operations) in [(0, 5), (1, 1), (2, 2)] {
        let report = ran.fault(fault);
        assert_eq!((report.timers, report.operations), (0, operations), "fault {fault}");
    }
}
