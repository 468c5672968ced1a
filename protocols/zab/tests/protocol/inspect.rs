//! What people see of a server, and how many transactions a message carries.

use std::collections::{BTreeMap, BTreeSet};

use replica::{Entry, Message as _, NodeId, Replica as _, Rules, Slot};
use zab::{Attempt, Message};

use crate::cluster::{MS, Weather, World, knobs};

fn look(world: &World, node: NodeId) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    world.replica(node).expect("it runs").inspect(&mut |name, value| fields.push((name, value)));
    fields
}

fn seen(world: &World, node: NodeId) -> BTreeMap<&'static str, String> {
    look(world, node).into_iter().collect()
}

#[test]
fn a_leader_and_its_followers_are_seen_in_zookeepers_words() {
    let mut world = World::new(3, 7, Weather::CALM, &knobs(Rules::ALL, &[]));
    world.converge(2_000 * MS);
    let leader = world.leader().expect("it has converged");
    let before = world.replica(leader).unwrap().log().len();
    for _ in 0..6 {
        world.propose(leader);
    }
    world.run_for(100 * MS);
    let epoch = world.replica(leader).unwrap().current_epoch();
    let at_leader = seen(&world, leader);
    assert_eq!(at_leader["state"], "LEADING");
    assert_eq!(at_leader["phase"], "broadcast");
    assert_eq!(at_leader["acceptedEpoch"], format!("{epoch}"));
    assert_eq!(at_leader["delivered"], format!("{}", before + 6));
    assert_eq!(at_leader["outstanding"], "none");
    let last = at_leader["lastZxid"].clone();
    assert_eq!(last, format!("{epoch}:{}", before + 6), "the first epoch's counter counts everything");
    for node in world.all().filter(|node| *node != leader) {
        assert!(at_leader["learners"].contains(&format!("{node} synced, acked {last}")), "{at_leader:?}");
        let at_follower = seen(&world, node);
        assert_eq!(at_follower["state"], "FOLLOWING");
        assert_eq!(at_follower["committed"], last);
        assert_eq!(at_follower["learners"], "-");
        assert_eq!(at_follower["last txns"].split(", ").count(), 4);
    }
}

/// Two looks are compared field by field: whatever the phase, the names and their order are the same.
#[test]
fn the_fields_stay_the_same_through_every_phase() {
    let mut world = World::new(3, 9, Weather::CALM, &knobs(Rules::ALL, &[("reads", "lease")]));
    let names = |world: &World, node| look(world, node).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let mut phases = BTreeSet::new();
    let mut first = None;
    for round in 0..4_000 {
        world.run_for(MS / 10);
        if round == 2_000 {
            let leader = world.leader().expect("200 ms elect one");
            world.isolate(leader);
        }
        for node in world.all().filter(|node| world.is_running(*node)).collect::<Vec<_>>() {
            assert_eq!(names(&world, node), *first.get_or_insert_with(|| names(&world, node)));
            let seen = seen(&world, node);
            phases.insert(format!("{} {}", seen["state"], seen["phase"]));
        }
    }
    for phase in ["LOOKING election", "FOLLOWING broadcast", "LEADING synchronization", "LEADING broadcast"] {
        assert!(phases.contains(phase), "{phase} is not among {phases:?}");
    }
}

#[test]
fn a_message_carries_the_transactions_in_it() {
    let (attempt, entry) = (Attempt(1), Entry::noop(NodeId(0)));
    let txns = (1..=3).map(|counter| (Slot(counter), entry.clone())).collect();
    assert_eq!(Message::Diff { attempt, after: Slot(0), txns, answer: false }.entries(), 3);
    assert_eq!(Message::Proposal { attempt, zxid: Slot(1), entry }.entries(), 1);
    assert_eq!(Message::Commit { attempt, zxid: Slot(1) }.entries(), 0);
}
