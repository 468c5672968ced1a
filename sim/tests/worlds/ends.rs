//! How a run ends, what counts as converged, and worlds cloned in the middle.

use replica::{NodeId, Replica, Role};
use sim::plan::{CrashKind, FaultKind, Who};
use sim::world::WorldOptions;

use crate::toys::{Do, MS, Story};

#[test]
fn a_run_ends_when_all_is_quiet_and_the_cluster_has_converged() {
    let mut story = Story::new(3);
    story.led_by(0).until(500 * MS).crash(100 * MS, 2, CrashKind::Process, Some(50 * MS));
    let ran = story.run();
    assert_eq!(ran.world.quiet_and_converged(), (Some(500 * MS), Some(500 * MS)));
    assert_eq!(ran.world.now(), 500 * MS);

    let mut story = Story::new(3);
    story.led_by(0).until(100 * MS).crash(150 * MS, 2, CrashKind::Process, Some(250 * MS));
    assert_eq!(story.run().world.quiet_and_converged().0, Some(400 * MS), "a restart is part of its fault");
}

#[test]
fn a_run_that_does_not_converge_ends_at_its_horizon() {
    let mut story = Story::new(3);
    for n in 0..400 {
        story.at(n * 10 * MS, 0, Do::Wake);
    }
    let ran = story.run();
    assert_eq!(ran.world.quiet_and_converged(), (Some(0), None));
    assert_eq!(ran.world.now(), story.plan.horizon);
    assert_eq!(ran.done(0).len(), 201);
}

#[test]
fn a_wiped_node_is_nobody_and_is_not_waited_for() {
    let mut story = Story::new(3);
    story.led_by(0).until(300 * MS).crash(100 * MS, 2, CrashKind::Wipe, Some(100 * MS));
    let ran = story.run();
    let status = ran.world.replica(NodeId(2)).expect("it runs").status();
    assert_eq!((status.role, status.leader), (Role::Unformed, None));
    assert_eq!(ran.world.quiet_and_converged(), (Some(300 * MS), Some(300 * MS)));
}

#[test]
fn a_cluster_of_which_a_node_is_paused_has_not_converged() {
    let mut story = Story::new(3);
    story.led_by(0).pause(100 * MS, 1, 300 * MS);
    assert_eq!(story.run().world.quiet_and_converged().1, Some(400 * MS));
}

/// A busy world is cloned at many of its events: both halves end alike.
#[test]
fn both_halves_of_a_cloned_world_end_alike() {
    let mut story = Story::of_datagrams(3);
    let network = &mut story.plan.network;
    (network.loss, network.duplicate, network.reorder) = (100_000, 50_000, 100_000);
    story.plan.disk.sync.from = MS;
    for from in 0..3 {
        story.stream(from, (from + 1) % 3, 0, 3 * MS, 0..200);
        story.at(200 * MS, from, Do::Write { n: 5 });
    }
    story.crash(201 * MS, 0, CrashKind::Power, Some(100 * MS)).pause(250 * MS, 1, 100 * MS);
    story.fault(
        400 * MS,
        FaultKind::Partition { groups: vec![vec![Who::Node(0)], vec![Who::Rest]], duration: 100 * MS },
    );
    let (mut world, _) = story.world();
    let mut halves = Vec::new();
    while world.step() {
        if world.events().is_multiple_of(25) {
            halves.push(world.clone());
        }
    }
    world.finish();
    assert!(20 < halves.len());
    for mut half in halves {
        half.run();
        half.finish();
        assert_eq!((half.fingerprint(), half.events()), (world.fingerprint(), world.events()));
    }
}

/// What a world is asked to keep changes nothing of what happens in it.
#[test]
fn options_do_not_change_what_happens() {
    let mut story = Story::new(3);
    story.plan.network.loss = 50_000;
    story.stream(0, 1, 0, MS, 0..500);
    story.ask(50 * MS, 0, 1, 1).crash(300 * MS, 1, CrashKind::Power, Some(50 * MS));
    let plain = story.run();
    story.options = WorldOptions { codec: true, tracing: true, ..WorldOptions::default() };
    let watched = story.run();
    assert_eq!(watched.world.fingerprint(), plain.world.fingerprint());
    assert_eq!(watched.journal, plain.journal);
    assert!(plain.world.trace().is_empty());
    assert!(1000 < watched.world.trace().len());
    story.options.bare = true;
    assert_eq!(story.run().journal, plain.journal);
}
