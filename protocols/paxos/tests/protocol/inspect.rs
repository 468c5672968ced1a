//! What people see of a node, and how many entries a message carries.

use std::collections::{BTreeMap, BTreeSet};

use paxos::{Ballot, Message, Vote};
use replica::{Entry, Message as _, NodeId, Replica as _, Rules, Slot};

use crate::cluster::{DETECTION, MS, Weather, World};

fn look(world: &World, node: NodeId) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    world.replica(node).expect("it runs").inspect(&mut |name, value| fields.push((name, value)));
    fields
}

fn seen(world: &World, node: NodeId) -> BTreeMap<&'static str, String> {
    look(world, node).into_iter().collect()
}

#[test]
fn a_leader_and_its_acceptors_are_seen_in_the_papers_words() {
    let mut world = World::with_settings(3, 7, Rules::ALL, Weather::CALM, &[]);
    assert!(world.run_until(10 * DETECTION, |world| world.leader().is_some()), "somebody leads");
    let leader = world.leader().unwrap();
    for _ in 0..6 {
        world.propose(leader);
    }
    world.run(DETECTION);
    let ballot = world.replica(leader).unwrap().promised();
    let at_leader = seen(&world, leader);
    assert_eq!(at_leader["role"], "leader (phase 2)");
    assert_eq!(at_leader["ballot"], format!("{ballot}"));
    assert_eq!(at_leader["chosen"], "up to 6");
    assert_eq!(at_leader["accepted beyond"], "none");
    assert!(at_leader["window"].starts_with("0 of "), "{at_leader:?}");
    assert!(at_leader["last votes"].starts_with(&format!("3 b{ballot} u")), "{at_leader:?}");
    assert_eq!(at_leader["last votes"].split(", ").count(), 4);
    for node in world.ids().filter(|node| *node != leader) {
        let at_acceptor = seen(&world, node);
        assert_eq!(at_acceptor["role"], "follower");
        assert_eq!(at_acceptor["promised"], format!("{ballot}"));
        assert_eq!(at_acceptor["leader"], format!("{leader}"));
        assert_eq!(at_acceptor["ballot"], "-");
        assert_eq!(at_acceptor["watermark"], format!("6 by the leader of {ballot}"));
    }
    // Cut off, it proposes on: what it accepts alone is not chosen.
    world.isolate(leader, true);
    world.propose(leader);
    world.propose(leader);
    world.run(10 * MS);
    let cut_off = seen(&world, leader);
    assert_eq!(cut_off["accepted beyond"], "slots 7..8");
    assert!(cut_off["window"].starts_with("2 of "), "{cut_off:?}");
    assert!(cut_off["window"].contains(&format!("7 accepted by {leader}")), "{cut_off:?}");
}

/// Two looks are compared field by field: whatever the role, the names and their order are the same.
#[test]
fn the_fields_stay_the_same_through_every_role() {
    let settings = [("detector", "quorum-connected"), ("reads", "lease")];
    let mut world = World::with_settings(3, 9, Rules::ALL, Weather::CALM, &settings);
    let names = |world: &World, node| look(world, node).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let mut roles = BTreeSet::new();
    let first = names(&world, NodeId(0));
    for round in 0..4_000 {
        world.run(MS / 10);
        if round == 2_000 {
            let leader = world.leader().expect("200 ms elect one");
            world.isolate(leader, true);
        }
        for node in world.ids() {
            assert_eq!(names(&world, node), first);
            roles.insert(seen(&world, node)["role"].clone());
        }
    }
    for role in ["follower", "candidate (phase 1)", "leader (phase 2)"] {
        assert!(roles.contains(role), "{role} is not among {roles:?}");
    }
}

#[test]
fn a_message_carries_the_entries_in_it() {
    let (ballot, entry) = (Ballot::new(1, NodeId(0)), Entry::noop(NodeId(0)));
    let votes = (1..=3).map(|slot| Vote { slot: Slot(slot), ballot, entry: entry.clone() }).collect();
    let (from, none) = (Slot(1), Slot(0));
    assert_eq!(
        Message::Promise { ballot, from, trimmed: none, chosen: none, votes, next: none }.entries(),
        3
    );
    assert_eq!(Message::Accept { ballot, slot: Slot(1), chosen: none, entry }.entries(), 1);
    assert_eq!(Message::Accepted { ballot, slot: Slot(1) }.entries(), 0);
}
