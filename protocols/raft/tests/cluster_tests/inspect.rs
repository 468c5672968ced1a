//! What people see of a server, and how many entries a message carries.

use std::collections::BTreeMap;

use raft::{Index, LogEntry, Message, Term};
use replica::{Entry, Few, Message as _, NodeId, Replica as _};

use crate::cluster::{DETECTION, MS, Options, World};

fn look(world: &World, node: NodeId) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    world.host(node).replica().inspect(&mut |name, value| fields.push((name, value)));
    fields
}

fn seen(world: &World, node: NodeId) -> BTreeMap<&'static str, String> {
    look(world, node).into_iter().collect()
}

#[test]
fn a_leader_and_its_followers_are_seen_in_the_papers_words() {
    let mut world = World::new(Options::calm(3), 2);
    assert!(world.run_until(60 * DETECTION.0, |world| world.leader().is_some() && world.is_converged()));
    let leader = world.leader().unwrap();
    let lost = world.nodes().find(|node| *node != leader).unwrap();
    let kept = world.nodes().find(|node| *node != leader && *node != lost).unwrap();
    world.run_for(20 * MS);
    world.cut_off(lost);
    for _ in 0..6 {
        world.propose(leader);
    }
    world.run_for(10 * MS);
    let term = world.term(leader);
    let at_leader = seen(&world, leader);
    assert_eq!(at_leader["role"], "leader");
    assert_eq!(at_leader["currentTerm"], format!("{term}"));
    assert_eq!(at_leader["votedFor"], format!("{leader}"));
    assert_eq!(at_leader["commitIndex"], "7");
    assert_eq!(at_leader["log"], format!("ends at 7 in term {term}"));
    assert!(at_leader["last entries"].starts_with(&format!("4 t{term} u")), "{at_leader:?}");
    assert_eq!(at_leader["last entries"].split(", ").count(), 4);
    let mut rows = [(lost, 1), (kept, 7)];
    rows.sort();
    let rows: Vec<String> = rows.iter().map(|(node, matched)| format!("{node} {matched}")).collect();
    assert_eq!(at_leader["matchIndex"], rows.join(", "));
    let at_follower = seen(&world, kept);
    assert_eq!(at_follower["role"], "follower");
    assert_eq!(at_follower["leader"], format!("{leader}"));
    assert_eq!(at_follower["nextIndex"], "-");
    assert_eq!(seen(&world, lost)["log"], format!("ends at 1 in term {term}"));
}

/// Two looks are compared field by field: whatever the role, the names and their order are the same.
#[test]
fn the_fields_stay_the_same_through_every_role() {
    let mut world = World::new(Options::calm(3).set(&[("pre_vote", "on"), ("reads", "lease")]), 5);
    let names = |world: &World, node| look(world, node).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let first = names(&world, NodeId(0));
    let mut roles = std::collections::BTreeSet::new();
    for round in 0..400 {
        world.run_for(MS);
        if round == 200 {
            let leader = world.leader().expect("200 ms elect one");
            world.cut_off(leader);
        }
        for node in world.nodes() {
            assert_eq!(names(&world, node), first);
            roles.insert(seen(&world, node)["role"].clone());
        }
    }
    assert!(roles.contains("follower") && roles.contains("leader"), "{roles:?}");
}

#[test]
fn a_message_carries_the_entries_of_its_log() {
    let entry = LogEntry { term: Term(1), entry: Entry::noop(NodeId(0)) };
    let append = |entries: Few<LogEntry>| Message::AppendEntries {
        term: Term(1),
        prev_index: Index(0),
        prev_term: Term(0),
        commit: Index(0),
        token: 0,
        entries,
    };
    assert_eq!(append(Few::None).entries(), 0);
    assert_eq!(append(std::iter::repeat_n(entry, 3).collect()).entries(), 3);
    assert_eq!(Message::VoteReply { term: Term(1), granted: true }.entries(), 0);
}
