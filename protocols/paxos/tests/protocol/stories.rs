//! Scripted stories: a situation, the danger in it, and what must hold.

use crate::cluster::{Crash, DETECTION, MS, Weather, World};
use paxos::gates;
use replica::{Message as _, NodeId, Role, Rules};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

/// A calm cluster with a leader.
fn led(nodes: usize, seed: u64, settings: &[(&str, &str)]) -> (World, NodeId) {
    let mut world = World::with_settings(nodes, seed, Rules::ALL, Weather::CALM, settings);
    assert!(world.run_until(10 * DETECTION, |world| world.leader().is_some()), "somebody leads");
    let leader = world.leader().unwrap();
    world.run(DETECTION / 10);
    (world, leader)
}

/// Three nodes and a leader; the leader and the two others, in order of id.
fn three(seed: u64) -> (World, NodeId, NodeId, NodeId) {
    let (world, leader) = led(3, seed, &[]);
    let [one, other]: [NodeId; 2] =
        [A, B, C].into_iter().filter(|n| *n != leader).collect::<Vec<_>>().try_into().unwrap();
    (world, leader, one, other)
}

fn reached(world: &World, gate: usize) -> bool {
    world.gates >> gate & 1 == 1
}

fn assert_clean(world: &World) {
    assert!(world.violations.is_empty(), "{:#?}", world.violations);
}

#[test]
fn clusters_of_every_size_elect_and_commit() {
    // One node, even sizes, seven. The danger: quorums of half, a lone node that waits for others.
    for nodes in 1..=9 {
        let (mut world, leader) = led(nodes, nodes as u64, &[]);
        for _ in 0..10 {
            world.propose(leader);
        }
        world.run(DETECTION);
        assert!(world.ids().all(|node| world.position(node) == 10), "{nodes} nodes");
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn two_messages_a_follower_and_commit_under_load() {
    // 64 proposals in flight. The danger: watermarks, heartbeats and resends that grow with the load. The watermark rides
    // on accepts: an accept and an accepted for each follower, and at most a twentieth more.
    for nodes in [3, 5] {
        let (mut world, leader) = led(nodes, 7, &[]);
        let mut proposed = 0;
        world.sent.iter_mut().for_each(|count| *count = 0);
        while world.position(leader) < 20_000 {
            while proposed < world.position(leader) + 64 {
                world.propose(leader);
                proposed += 1;
            }
            world.run(MS / 100);
        }
        let (sent, commits) = (world.sent.iter().sum::<u64>(), world.position(leader));
        let ideal = 2 * (nodes as u64 - 1) * commits;
        println!(
            "{nodes} nodes: {sent} messages for {commits} commits, {:.3} of 2(n-1)",
            sent as f64 / ideal as f64
        );
        assert!(sent * 100 <= ideal * 105, "{sent} messages for {commits} commits of {nodes} nodes");
        assert_clean(&world);
    }
}

#[test]
fn idle_followers_learn_soon() {
    // One proposal and then silence. The danger: nothing follows that could carry the watermark.
    let (mut world, leader) = led(5, 3, &[]);
    world.propose(leader);
    world.run(DETECTION / 10);
    assert!(world.ids().all(|node| world.position(node) == 1));
    assert_clean(&world);
}

#[test]
fn a_lagging_node_leads_and_learns_in_phase_1() {
    // C is cut off while A and B choose; then the leader dies and only C and the other are left. The danger: C proposes
    // its own values where it knows of none. It must bring back all that was chosen, from the other's promise.
    for seed in 0..20 {
        let (mut world, leader, other, lagging) = three(seed);
        world.isolate(lagging, true);
        for _ in 0..20 {
            world.propose(leader);
        }
        world.run(DETECTION / 2);
        assert_eq!(world.position(leader), 20);
        world.crash(leader, Crash::Power);
        // The other must not stand: its prepares are lost.
        world.mend();
        world.set_cut(other, lagging, true);
        assert!(!world.run_until(DETECTION / 2, |world| world.leader().is_some()));
        world.set_cut(other, lagging, false);
        let led = world.run_until(20 * DETECTION, |world| world.leader().is_some());
        assert!(led, "one of the two leads");
        world.run(DETECTION);
        assert_eq!(world.position(lagging), 20, "seed {seed}");
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn a_hole_is_filled_with_a_no_op() {
    // The leader's accept of one slot is lost, the next one arrives at a follower; the leader dies for good. The danger:
    // nothing is ever proposed in the empty slot, and the log stands still; or the later value is lost though it may
    // have been chosen.
    let (mut world, leader, heir, late) = three(5);
    world.isolate(leader, true);
    world.propose(leader);
    world.set_cut(leader, heir, false);
    let kept = world.propose(leader);
    world.run(5 * MS);
    world.crash(leader, Crash::Kill);
    let tell = |world: &World| [heir, late].iter().all(|node| world.position(*node) == 2);
    assert!(world.run_until(20 * DETECTION, tell));
    assert!(reached(&world, gates::HOLE_FILLED));
    assert_eq!(world.ledger[1], kept);
    world.must_converge();
    assert_clean(&world);
}

#[test]
fn a_deposed_leader_serves_no_read() {
    // The leader is cut off and does not know that the others went on. The danger: it answers from its old state.
    let (mut world, old, _, _) = three(9);
    world.isolate(old, true);
    assert!(world.run_until(20 * DETECTION, |world| world.leader() != Some(old)));
    let new = world.leader().unwrap();
    world.propose(new);
    world.run(DETECTION);
    assert_eq!(world.replica(old).unwrap().delivered().0, 0);
    world.read(old);
    world.run(DETECTION);
    assert_eq!(world.reads_served, 0);
    world.mend();
    world.run(10 * DETECTION);
    assert!(reached(&world, gates::READS_LOST), "the read is refused once the old leader learns the truth");
    world.must_converge();
    assert_clean(&world);
}

#[test]
fn a_watermark_of_another_ballot_is_not_believed() {
    // The old leader votes for x alone; a new ballot chooses y there. The danger: back again, the old leader hears "slot 1
    // is chosen" and delivers its x. It must ask, and deliver y.
    let (mut world, old, _, _) = three(11);
    world.isolate(old, true);
    let lost = world.propose(old);
    world.run(5 * MS);
    assert!(world.run_until(20 * DETECTION, |world| world.leader() != Some(old)));
    let new = world.leader().unwrap();
    let kept = world.propose(new);
    world.run(DETECTION);
    world.mend();
    world.run(10 * DETECTION);
    assert!(reached(&world, gates::OTHER_BALLOT));
    assert!(reached(&world, gates::CAUGHT_UP));
    assert_ne!(lost, kept);
    assert_eq!((world.ledger[0], world.position(old)), (kept, 1));
    world.must_converge();
    assert_clean(&world);
}

#[test]
fn power_fails_everywhere_in_the_middle_of_a_burst() {
    // All disks lose what they had not synced. The danger: something acknowledged was on no disk.
    for seed in 0..20 {
        let (mut world, leader) = led(5, seed, &[]);
        for _ in 0..100 {
            world.propose(leader);
        }
        world.run(seed * MS / 8);
        world.ids().for_each(|node| world.crash(node, Crash::Power));
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn a_wiped_node_takes_part_in_nothing() {
    // A node comes back on an empty disk: it has forgotten its promises. The danger: it promises and votes again. It must
    // stay silent, and a majority of those that remember goes on without it.
    let (mut world, leader, one, other) = three(2);
    world.propose(leader);
    world.run(DETECTION);
    world.crash(one, Crash::Power);
    world.wipe(one);
    world.restart(one);
    world.propose(leader);
    world.run(DETECTION);
    assert_eq!(world.replica(one).map(|r| replica::Replica::status(r).role), Some(Role::Unformed));
    world.propose(one);
    assert_eq!((world.position(other), world.refused), (2, 1));
    // With another node down there is no quorum that remembers: nothing is chosen.
    world.crash(other, Crash::Kill);
    world.propose(leader);
    world.run(10 * DETECTION);
    assert_eq!(world.position(leader), 2);
    world.restart(other);
    world.must_converge();
    assert_clean(&world);
}

#[test]
fn proposers_without_backoff_burn_ballots() {
    // Five nodes that are pre-empted all the time: everybody's time-outs are short against the links. The danger: ballots
    // overtake each other for ever. With back-off one of them gets through, and few ballots are used.
    let slow = Weather { delay: (40 * MS, 60 * MS), ..Weather::CALM };
    let used = ["exponential", "none"].map(|backoff| {
        let settings = [("backoff", backoff)];
        let mut world = World::with_settings(5, 4, Rules::ALL, slow, &settings);
        world.run(50 * DETECTION);
        assert_clean(&world);
        world.ids().map(|node| world.replica(node).unwrap().promised().counter()).max().unwrap()
    });
    println!("ballots used with back-off and without: {used:?}");
    assert!(2 * used[0] < used[1], "with back-off {} ballots, without {}", used[0], used[1]);
}

#[test]
fn a_full_window_queues_and_then_refuses() {
    // A window of 4 and no quorum. The danger: a leader that takes work without bound. Four in flight, four wait, the rest
    // is refused as busy.
    let (mut world, leader) = led(3, 6, &[("window", "4")]);
    world.isolate(leader, true);
    for _ in 0..10 {
        world.propose(leader);
    }
    assert_eq!(world.refused, 2);
    world.mend();
    world.must_converge();
    assert_clean(&world);
}

#[test]
fn reads_share_a_round() {
    // Many reads at once. The danger: a round each. Those that come while a round is under way wait for the next, together.
    let (mut world, leader) = led(3, 8, &[]);
    world.sent.iter_mut().for_each(|count| *count = 0);
    for _ in 0..50 {
        world.read(leader);
    }
    world.run(5 * MS);
    assert_eq!(world.reads_served, 50);
    let confirm = paxos::Message::KINDS.iter().position(|kind| *kind == "confirm").unwrap();
    assert!(world.sent[confirm] <= 4, "two rounds");
    assert!(reached(&world, gates::READS_SHARED));
    assert_clean(&world);
}

/// Five nodes and a leader by the second detector, and the others in order of id.
fn by_rounds(seed: u64) -> (World, NodeId, Vec<NodeId>) {
    let (world, leader) = led(5, seed, &[("detector", "quorum-connected")]);
    let others = world.ids().filter(|node| *node != leader).collect();
    (world, leader, others)
}

/// Cuts every link between two of `nodes` but those of `hub`.
fn only_through(world: &mut World, hub: NodeId, nodes: &[NodeId]) {
    for one in nodes {
        for other in nodes.iter().filter(|other| *other != one && *one != hub && **other != hub) {
            world.set_cut(*one, *other, true);
        }
    }
}

/// Whether `node` leads the highest ballot and what it is given is chosen.
fn settles_on(world: &mut World, node: NodeId) -> bool {
    if !world.run_until(6 * DETECTION, |world| world.leader() == Some(node)) {
        return false;
    }
    let before = world.position(node);
    world.propose(node);
    world.run_until(DETECTION, |world| before < world.position(node))
}

#[test]
fn rounds_elect_one_leader_and_keep_it() {
    // All hear each other. The danger: ballots overtake each other though nothing is wrong. One ballot is used, and the
    // next one when its owner dies.
    for seed in 0..10 {
        let (mut world, leader, others) = by_rounds(seed);
        let used = world.replica(leader).unwrap().promised();
        world.run(30 * DETECTION);
        assert!(world.ids().all(|node| world.replica(node).unwrap().promised() == used), "seed {seed}");
        world.crash(leader, Crash::Power);
        assert!(world.run_until(4 * DETECTION, |world| world.leader().is_some()));
        let next = world.leader().unwrap();
        assert!(others.contains(&next) && settles_on(&mut world, next));
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn quorum_loss_settles_on_the_hub() {
    // Omni-Paxos 2, quorum loss: everybody hears one node and nobody hears anybody else, the leader included. The danger:
    // who hears the leader is content although the leader can choose nothing.
    for seed in 0..10 {
        let (mut world, leader, others) = by_rounds(seed);
        let all: Vec<NodeId> = world.ids().collect();
        only_through(&mut world, others[0], &all);
        assert!(settles_on(&mut world, others[0]), "seed {seed}: led by {:?}", world.leader());
        let used = world.replica(others[0]).unwrap().promised();
        world.run(20 * DETECTION);
        assert_eq!(world.replica(others[0]).unwrap().promised(), used, "and stays with it");
        assert!(reached(&world, gates::RAISED) && reached(&world, gates::NOT_CONNECTED));
        assert_ne!(world.leader(), Some(leader));
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn a_constrained_election_settles_on_the_hub() {
    // Omni-Paxos 2, constrained election: the leader is cut off, and one node alone hears a quorum. It lags, on purpose.
    // The danger: only those may win that cannot, or whose log is longest.
    for seed in 0..10 {
        let (mut world, leader, others) = by_rounds(seed);
        world.isolate(others[0], true);
        for _ in 0..5 {
            world.propose(leader);
        }
        world.run(DETECTION / 10);
        assert_eq!(world.position(leader), 5);
        world.mend();
        only_through(&mut world, others[0], &others);
        world.isolate(leader, true);
        assert!(settles_on(&mut world, others[0]), "seed {seed}: led by {:?}", world.leader());
        world.run(DETECTION);
        assert_eq!(world.position(others[0]), 6);
        world.must_converge();
        assert_clean(&world);
    }
}

#[test]
fn a_chain_changes_its_leader_once() {
    // Omni-Paxos 2, chained: the leader and one of two followers do not hear each other. The danger: each deposes the
    // other for ever, by ballots that the one in the middle passes on.
    for seed in 0..10 {
        let (mut world, leader) = led(3, seed, &[("detector", "quorum-connected")]);
        let others: Vec<NodeId> = world.ids().filter(|node| *node != leader).collect();
        world.set_cut(leader, others[1], true);
        world.set_cut(others[1], leader, true);
        assert!(settles_on(&mut world, others[1]), "seed {seed}");
        let used = world.replica(others[1]).unwrap().promised();
        world.run(30 * DETECTION);
        assert_eq!(world.replica(others[1]).unwrap().promised(), used, "seed {seed}");
        assert!(settles_on(&mut world, others[1]));
        world.must_converge();
        assert_clean(&world);
    }
}
