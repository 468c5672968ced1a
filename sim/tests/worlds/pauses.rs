//! Pauses: a process stands still, its clocks do not, and what came meanwhile is handled in a burst.

use sim::plan::{ClockFault, CrashKind, FaultKind, Who};

use crate::toys::{Do, LATENCY, MS, SESSION_TIMEOUT, Story};

#[test]
fn what_comes_in_a_pause_is_handled_in_order_when_it_ends() {
    let mut story = Story::new(2);
    story.stream(0, 1, 50 * MS, MS, 0..200);
    story.at(150 * MS, 1, Do::Wake).at(250 * MS, 1, Do::Wake);
    story.pause(100 * MS, 1, 100 * MS);
    let ran = story.run();
    assert_eq!(ran.numbers(1), (0..200).collect::<Vec<_>>());
    let burst = ran.got(1).iter().filter(|&&(at, _)| at == 200 * MS).count();
    assert_eq!(burst, 101, "a hundred that came in the pause, and the one that comes now");
    assert_eq!(
        ran.done(1),
        [(200 * MS, Do::Wake), (250 * MS, Do::Wake)],
        "timers are late by the pause, no more"
    );
    assert_eq!(ran.sessions(0, 1).len(), 1, "shorter than the session's patience");
    let report = ran.fault(0);
    assert_eq!((report.messages, report.timers, report.processes), (100, 1, 1));
}

#[test]
fn a_long_pause_breaks_sessions_by_silence() {
    let mut story = Story::new(2);
    story.pause(100 * MS, 1, 600 * MS);
    let ran = story.run();
    assert_eq!(ran.sessions(0, 1)[1], (100 * MS + SESSION_TIMEOUT, false));
    assert_eq!(ran.sessions(1, 0)[1], (700 * MS, false), "the reset is in its backlog");
    let again = ran.sessions(1, 0)[2];
    assert!(again.1 && 700 * MS < again.0 && again.0 <= 800 * MS + LATENCY, "{again:?}");
}

#[test]
fn of_two_pauses_the_later_end_counts() {
    let mut story = Story::new(1);
    story.pause(100 * MS, 0, 200 * MS).pause(200 * MS, 0, 300 * MS).at(150 * MS, 0, Do::Wake);
    assert_eq!(story.run().done(0), [(500 * MS, Do::Wake)]);
}

/// A process is paused, killed and started again; the new one is paused by another fault. The danger: the end of the
/// first pause, which the kill has ended, wakes the new process.
#[test]
fn a_pause_dies_with_its_process() {
    let mut story = Story::new(1);
    story.pause(100 * MS, 0, 500 * MS).crash(150 * MS, 0, CrashKind::Process, Some(50 * MS));
    story.at(250 * MS, 0, Do::Wake).at(700 * MS, 0, Do::Wake);
    story.pause(300 * MS, 0, 600 * MS);
    let ran = story.run();
    assert_eq!(ran.done(0), [(250 * MS, Do::Wake), (900 * MS, Do::Wake)]);
}

/// What a paused process had not seen is lost with it.
#[test]
fn a_kill_in_a_pause_loses_the_backlog() {
    let mut story = Story::of_datagrams(2);
    story.pause(100 * MS, 1, 500 * MS).crash(200 * MS, 1, CrashKind::Process, Some(10 * MS));
    story.stream(0, 1, 150 * MS, 30 * MS, 0..5);
    let ran = story.run();
    assert_eq!(ran.got(1), [(211 * MS, 2), (241 * MS, 3), (271 * MS, 4)]);
}

/// A clock is set right while its process is paused. The danger: the timer's wake was in the backlog, is void now, and
/// nobody sets another, because nothing else ever happens here.
#[test]
fn a_drift_that_ends_in_a_pause_loses_no_timer() {
    let mut story = Story::new(1);
    let how = ClockFault::Drift { ppb: 500_000_000, duration: 200 * MS };
    story.fault(100 * MS, FaultKind::Clock { who: vec![Who::Node(0)], how });
    story.pause(200 * MS, 0, 300 * MS).at(300 * MS, 0, Do::Wake).at(1_000 * MS, 0, Do::Wake);
    let ran = story.run();
    // The clock gained a hundred milliseconds: true 500 is its 600, and its 1000 is true 900.
    assert_eq!(ran.done(0), [(600 * MS, Do::Wake), (1_000 * MS, Do::Wake)]);
}

#[test]
fn the_down_are_not_paused() {
    let mut story = Story::new(1);
    story.crash(100 * MS, 0, CrashKind::Process, Some(100 * MS)).pause(150 * MS, 0, 500 * MS);
    story.at(300 * MS, 0, Do::Wake);
    let ran = story.run();
    assert_eq!(ran.done(0), [(300 * MS, Do::Wake)]);
    assert!(!ran.fault(1).touched());
}
