//! Scripted stories: the situation, the danger, what must hold.

use raft::{Index, Message, Term};
use replica::{Claim, Few, Link, Message as _, NodeId, Replica as _, Role};

use crate::cluster::{DETECTION, MS, Options, World, n};

fn elected(options: Options, seed: u64) -> (World, NodeId) {
    let mut world = World::new(options, seed);
    assert!(world.run_until(60 * DETECTION.0, |world| world.leader().is_some() && world.is_converged()));
    let leader = world.leader().unwrap();
    (world, leader)
}

/// A cluster of one: nobody else's answer comes to its rescue, so its own vote and entries must count, once durable.
#[test]
fn a_single_server_leads_and_commits() {
    let (mut world, leader) = elected(Options::calm(1), 1);
    world.run_for(10 * MS);
    world.propose(leader);
    assert_eq!(world.delivered(leader), 1, "only the no-op: the entry is not durable yet");
    world.run_for(5 * MS);
    assert_eq!(world.delivered(leader), 2);
    world.read(leader);
    assert_eq!(world.net.reads_ok, 1);
    world.demand_clean("one server");
}

/// A leader loses power with entries that only it has. They may vanish; what was delivered may not, and the old leader
/// takes the new one's log.
#[test]
fn a_deposed_leader_gives_up_its_suffix() {
    let (mut world, old) = elected(Options::calm(3), 2);
    for _ in 0..3 {
        world.propose(old);
    }
    world.run_for(20 * MS);
    world.cut_off(old);
    for _ in 0..5 {
        world.propose(old);
    }
    let term = world.term(old);
    assert!(
        world.run_until(20 * DETECTION.0, |world| world.leader().is_some_and(|node| term < world.term(node)))
    );
    let new = world.leader().unwrap();
    assert_ne!(new, old);
    world.propose(new);
    world.must_serve();
    let gates = world.all_gates();
    assert!(gates >> raft::gates::DEPOSED_WITH_SUFFIX & 1 == 1);
    assert!(gates >> raft::gates::SUFFIX_CUT & 1 == 1);
    world.demand_clean("a deposed leader");
}

/// A read at a leader that was cut off and deposed: it must wait or be refused, never be answered.
#[test]
fn a_cut_off_leader_answers_no_read() {
    let (mut world, old) = elected(Options::calm(5), 3);
    world.cut_off(old);
    world.run_for(5 * DETECTION.0);
    let answered = world.net.reads_ok;
    world.read(old);
    world.run_for(5 * DETECTION.0);
    assert_eq!(world.net.reads_ok, answered);
    assert_eq!(world.reads_open(), 1);
    world.must_serve();
    assert_eq!(world.reads_open(), 0, "refused when it stepped down");
    world.demand_clean("a cut-off leader");
}

/// Many reads at once share one round: two messages a peer, not two a read and peer.
#[test]
fn many_reads_share_a_round() {
    let (mut world, leader) = elected(Options::calm(3), 4);
    world.run_for(50 * MS);
    let before = world.net.messages;
    for _ in 0..100 {
        world.read(leader);
    }
    assert!(world.run_until(10 * MS, |world| world.net.reads_ok == 100));
    // The first read starts a round; the other 99 wait for the next.
    assert!(world.net.messages - before <= 8, "{}", world.net.messages - before);
    world.demand_clean("reads");
}

/// All servers lose power in mid-burst: each comes back with what its disk has, and delivers it again from the start.
#[test]
fn power_loss_of_all_in_mid_burst() {
    for seed in 0..20 {
        let (mut world, leader) = elected(Options::calm(5), seed);
        for _ in 0..50 {
            world.propose(leader);
        }
        world.run_for(seed * MS / 4);
        for node in world.nodes() {
            world.crash(node, true);
        }
        world.must_serve();
        world.demand_clean("power loss of all");
    }
}

/// A wiped server has forgotten what it promised: it must not vote, acknowledge or hold anything.
#[test]
fn a_wiped_server_takes_part_in_nothing() {
    let (mut world, leader) = elected(Options::calm(3), 6);
    let wiped = world.nodes().find(|node| *node != leader).unwrap();
    world.propose(leader);
    world.run_for(20 * MS);
    world.crash(wiped, true);
    world.wipe(wiped);
    world.start(wiped);
    world.must_serve();
    assert_eq!(world.host(wiped).replica().status().role, Role::Unformed);
    assert_eq!(world.delivered(wiped), 0);
    assert!(!world.propose(wiped) || !world.net.refused.is_empty());
    world.demand_clean("a wiped server");
}

/// Datagrams: the last append of a burst is lost and nothing follows it. The retry timer must find out.
#[test]
fn a_lost_tail_is_sent_again() {
    let options = Options { link: Link::Datagram, ..Options::calm(3) };
    let (mut world, leader) = elected(options, 7);
    world.run_for(50 * MS);
    world.net.keep = Some(
        |_, _, message| matches!(message, Message::AppendEntries { entries, .. } if !entries.is_empty()),
    );
    world.propose(leader);
    world.run_for(MS);
    world.net.keep = None;
    world.run_for(DETECTION.0);
    assert!(world.is_converged());
    assert_eq!(world.delivered(leader), 2);
    assert!(world.all_gates() >> raft::gates::RETRIED & 1 == 1);
    world.demand_clean("a lost tail");
}

/// An idle cluster: followers learn a commit well before the next heartbeat.
#[test]
fn idle_followers_learn_the_commit_soon() {
    let (mut world, leader) = elected(Options::calm(3), 8);
    world.run_for(50 * MS);
    world.propose(leader);
    world.run_for(8 * MS);
    for node in world.nodes() {
        assert_eq!(world.delivered(node), 2, "{node}");
    }
}

/// A claim that is not true is seen even in a message that waits for no write.
#[test]
fn a_forged_claim_is_seen() {
    let message = Message::AppendEntries {
        term: Term(9),
        prev_index: Index(0),
        prev_term: Term(0),
        commit: Index(0),
        token: 0,
        entries: Few::None,
    };
    let mut claims = Vec::new();
    message.claims(n(0), n(1), &mut |claim| claims.push(claim));
    assert_eq!(claims, [Claim::Promised { round: Term(9) }]);
    let (mut world, leader) = elected(Options::calm(3), 9);
    let other = world.nodes().find(|node| *node != leader).unwrap();
    replica::Driver::<raft::Raft>::send(&mut world.net, other, replica::SessionNo::ZERO, message, None);
    assert_eq!(world.found(), ["claims"]);
}

/// Steady state with 64 operations in flight: two messages a follower and commit, no more than a twentieth above.
#[test]
fn messages_a_commit_at_64_in_flight() {
    for (nodes, sync) in [(3, (0, 0)), (5, (0, 0)), (3, (100, 1_000)), (5, (100, 1_000))] {
        let options = Options { sync, ..Options::calm(nodes) };
        let (mut world, leader) = elected(options, 10);
        world.run_for(50 * MS);
        let (start, messages) = (world.delivered(leader), world.net.messages);
        let mut proposed = start;
        let until = world.net.now + 500 * MS;
        while world.net.now < until {
            while proposed < world.delivered(leader) + 64 {
                world.propose(leader);
                proposed += 1;
            }
            world.step(until);
        }
        let commits = world.delivered(leader) - start;
        let least = 2 * (nodes as u64 - 1) * commits;
        let sent = world.net.messages - messages;
        println!(
            "{nodes} nodes, sync {sync:?} us: {commits} commits, {:.3} messages a commit",
            sent as f64 / commits as f64
        );
        assert!(sent <= least + least / 20 + 2 * 64 * (nodes as u64 - 1), "{sent} for {least}");
        world.demand_clean("steady state");
    }
}
