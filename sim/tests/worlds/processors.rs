//! Processors: messages wait in one queue a node, and each costs time before it is handled.

use sim::plan::{Cpu, CrashKind};

use crate::toys::{Do, LATENCY, MS, Story};

#[test]
fn messages_are_served_one_after_the_other() {
    let mut story = Story::of_datagrams(3);
    story.plan.cpu = Cpu { per_message: 2 * MS, per_request: 0, per_byte_ps: 0 };
    story.at(10 * MS, 0, Do::Send { to: 2, n: 1 }).at(10 * MS, 0, Do::Send { to: 2, n: 2 });
    story.at(10 * MS, 1, Do::Send { to: 2, n: 3 }).at(100 * MS, 1, Do::Send { to: 2, n: 4 });
    let at = |n: u64| 10 * MS + LATENCY + n * 2 * MS;
    assert_eq!(story.run().got(2), [(at(1), 1), (at(2), 2), (at(3), 3), (103 * MS, 4)]);
}

/// Four times as much comes as can be served: one a cost is served, no more and no less.
#[test]
fn a_saturated_node_serves_one_a_cost() {
    let mut story = Story::of_datagrams(2);
    // Eight bytes of a number, and a cost of half a millisecond each way to say it.
    story.plan.cpu = Cpu { per_message: MS / 2, per_request: 0, per_byte_ps: MS / 2 * 1000 / 8 };
    story.stream(0, 1, 0, MS / 4, 0..400);
    let served = story.run().got(1);
    assert_eq!(served.len(), 400);
    assert!(served.iter().zip(1..).all(|(&(at, n), nth)| at == LATENCY + nth * MS && n == nth - 1));
}

#[test]
fn clients_wait_for_the_processor_too() {
    let mut story = Story::new(1);
    story.plan.cpu = Cpu { per_message: 10 * MS, per_request: 0, per_byte_ps: 0 };
    story.ask(50 * MS, 0, 0, 1).ask(50 * MS, 1, 0, 2);
    let came = story.run().world.clients().came.clone();
    assert_eq!(came.iter().map(|&(at, ..)| at).collect::<Vec<_>>(), [62 * MS, 72 * MS]);
}

/// A request costs more than a message where the plan says so, and a message does not.
#[test]
fn requests_may_cost_more_than_messages() {
    let mut story = Story::of_datagrams(2);
    story.plan.cpu = Cpu { per_message: MS, per_request: 9 * MS, per_byte_ps: 0 };
    story.ask(50 * MS, 0, 0, 1).ask(50 * MS, 1, 0, 2).at(50 * MS, 0, Do::Send { to: 1, n: 3 });
    let seen = story.run();
    assert_eq!(seen.got(1), [(50 * MS + LATENCY + MS, 3)]);
    let came: Vec<_> = seen.world.clients().came.iter().map(|&(at, ..)| at).collect();
    assert_eq!(came, [62 * MS, 72 * MS]);
}

/// What waits is lost with the process, and the next process starts with an idle processor.
#[test]
fn a_crash_empties_the_queue() {
    let mut story = Story::of_datagrams(2);
    story.plan.cpu = Cpu { per_message: 10 * MS, per_request: 0, per_byte_ps: 0 };
    story.stream(0, 1, 10 * MS, MS, 0..5);
    story.crash(25 * MS, 1, CrashKind::Process, Some(5 * MS)).at(31 * MS, 0, Do::Send { to: 1, n: 9 });
    assert_eq!(story.run().got(1), [(21 * MS, 0), (42 * MS, 9)]);
}

/// A pause stops the processor; afterwards it goes on where it was.
#[test]
fn a_pause_stops_the_processor() {
    let mut story = Story::of_datagrams(2);
    story.plan.cpu = Cpu { per_message: 10 * MS, per_request: 0, per_byte_ps: 0 };
    story.stream(0, 1, 10 * MS, MS, 0..3);
    story.pause(15 * MS, 1, 100 * MS);
    assert_eq!(story.run().got(1), [(115 * MS, 0), (125 * MS, 1), (135 * MS, 2)]);
}
