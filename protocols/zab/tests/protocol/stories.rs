//! Scripted stories: a situation, a danger, and what must hold.

use replica::{
    Boot, Draw, Durable, Effect, Entry, Input, LocalTime, Members, NodeId, Output, ReadMode, Replica, Role,
    Round, Rules, Slot, WriteId,
};
use zab::zxid::zxid;
use zab::{Record, Zab, gates};

use crate::cluster::{DETECTION, MS, Weather, World, knobs};

const ALL: [NodeId; 3] = [NodeId(0), NodeId(1), NodeId(2)];

fn calm(n: usize, seed: u64) -> World {
    World::new(n, seed, Weather::CALM, &knobs(Rules::ALL, &[]))
}

fn clean(world: &World) {
    assert!(world.verdict().is_empty(), "{:#?}", world.verdict());
}

fn reached(world: &World, gate: usize) -> bool {
    world.all_gates() >> gate & 1 == 1
}

/// A disk with a history: (acceptedEpoch, currentEpoch, zxids).
fn disk(n: usize, accepted: u64, current: u64, zxids: &[(u64, u64)]) -> Vec<Record> {
    let mut records = vec![
        Zab::genesis(&Members::first(n)),
        Record::AcceptedEpoch { epoch: Round(accepted) },
        Record::CurrentEpoch { epoch: Round(current) },
    ];
    records.extend(zxids.iter().map(|&(e, c)| {
        // The same zxid is the same transaction on every disk.
        let entry = Entry::new(
            NodeId(0),
            replica::ClientSession(9),
            replica::Sequence(e * 100 + c),
            replica::WallTime::NONE,
            &[],
        );
        Record::Txn { zxid: zxid(Round(e), c), entry }
    }));
    records
}

fn zxids(world: &World, node: NodeId) -> Vec<Slot> {
    let log = world.replica(node).unwrap().log();
    (0..log.len()).map(|place| log.at(place).zxid).collect()
}

/// A fresh cluster of any size. Danger: an election that never settles. It must serve within a detection.
#[test]
fn a_fresh_cluster_of_any_size_serves_within_a_detection() {
    for n in 1..=9 {
        let mut world = calm(n, n as u64);
        world.run_for(DETECTION);
        let leader = world.leader().expect("somebody leads");
        world.propose(leader);
        world.run_for(20 * MS);
        assert_eq!(world.ledger.len(), 1, "{n} nodes");
        clean(&world);
    }
}

/// The leader dies in the middle of the work. Danger: a long outage, or lost writes. The others must go on within a
/// detection (the session tells them at once), and the dead one must come back to the same history.
#[test]
fn a_leader_dies_and_the_others_go_on() {
    let mut longest = 0;
    for seed in 0..20 {
        let mut world = calm(5, seed);
        world.run_for(DETECTION);
        let old = world.leader().unwrap();
        for _ in 0..5 {
            world.propose(old);
        }
        world.run_for(20 * MS);
        let died = world.now;
        world.kill(old, seed % 2 == 0);
        while world.leader().is_none() || world.ledger.len() < 6 {
            world.run_for(MS);
            if let Some(leader) = world.leader() {
                world.propose(leader);
            }
            assert!(world.now < died + 2 * DETECTION, "seed {seed}");
        }
        longest = longest.max(world.now - died);
        world.converge(10 * DETECTION);
        clean(&world);
    }
    println!("fail-over took at most {} ms of detection {} ms", longest / MS, DETECTION / MS);
    assert!(longest < DETECTION);
}

/// ZOOKEEPER-1154: A logs a transaction that nobody else gets; everybody dies; B and C lead a later epoch and commit
/// in it; A returns, and its transaction lies between two of the leader's. It must be truncated.
#[test]
fn an_uncommitted_transaction_within_the_leaders_range_is_truncated() {
    let mut world = World::with_disks(
        vec![
            disk(3, 1, 1, &[(1, 1), (1, 2), (1, 3)]),
            disk(3, 2, 2, &[(1, 1), (1, 2), (2, 1)]),
            disk(3, 2, 2, &[(1, 1), (1, 2), (2, 1)]),
        ],
        1,
        Weather::CALM,
        &knobs(Rules::ALL, &[]),
    );
    world.run_for(2 * DETECTION);
    assert!(reached(&world, gates::TRUNCATED));
    assert!(reached(&world, gates::TRUNCATED_THEN_DIFF));
    let expected = vec![zxid(Round(1), 1), zxid(Round(1), 2), zxid(Round(2), 1)];
    assert!(ALL.iter().all(|node| zxids(&world, *node) == expected));
    assert!(world.problems.is_empty(), "{:?}", world.problems);
}

/// A follower's log ends in epochs that its leader never saw. Danger: the leader supposes that after TRUNC the
/// follower's log ends where it asked, and leaves the transaction (1,2) in it. It must ask again.
#[test]
fn one_truncation_is_not_enough_when_the_real_end_is_not_the_leaders_either() {
    let mut world = World::with_disks(
        vec![
            disk(3, 3, 3, &[(1, 1), (1, 2), (3, 1)]),
            disk(3, 4, 4, &[(1, 1), (2, 1)]),
            disk(3, 4, 4, &[(1, 1), (2, 1)]),
        ],
        1,
        Weather::CALM,
        &knobs(Rules::ALL, &[]),
    );
    world.run_for(2 * DETECTION);
    assert!(reached(&world, gates::TRUNCATED_AGAIN));
    let expected = vec![zxid(Round(1), 1), zxid(Round(2), 1)];
    assert!(ALL.iter().all(|node| zxids(&world, *node) == expected));
    assert!(world.problems.is_empty(), "{:?}", world.problems);
}

/// Everybody loses power in mid-burst. Danger: what was delivered depends on what was not synced. Whatever was
/// delivered anywhere must be delivered again, by everybody, at the same positions.
#[test]
fn everybody_loses_power_in_mid_burst() {
    for seed in 0..30 {
        let mut world =
            World::new(3, seed, Weather { sync: (MS, 20 * MS), ..Weather::CALM }, &knobs(Rules::ALL, &[]));
        world.run_for(2 * DETECTION);
        let leader = world.leader().unwrap();
        for _ in 0..40 {
            world.propose(leader);
            world.run_for(MS / 2);
        }
        for node in ALL {
            world.kill(node, true);
        }
        world.converge(20 * DETECTION);
        clean(&world);
    }
}

/// The leader is cut off and does not know it. Danger: it answers a linearizable read from its own state while the
/// others commit. Its read must be refused, and it must give up within about the sync limit.
#[test]
fn a_leader_without_its_quorum_answers_no_linearizable_read_and_gives_up() {
    let mut world = calm(3, 4);
    world.run_for(DETECTION);
    let old = world.leader().unwrap();
    world.propose(old);
    world.run_for(20 * MS);
    world.isolate(old);
    world.read(old, ReadMode::Linearizable);
    world.run_for(2 * DETECTION);
    assert_eq!((world.reads_answered, world.refused), (0, 1));
    assert_ne!(world.replica(old).unwrap().status().role, Role::Leader);
    let new = world.leader().expect("the others lead");
    assert_ne!(new, old);
    world.read(new, ReadMode::Linearizable);
    world.run_for(20 * MS);
    assert_eq!(world.reads_answered, 1);
    world.converge(10 * DETECTION);
    clean(&world);
}

/// A follower is asked for sync + read, and for a write. Danger: it answers before it has what was outstanding. The
/// read must come at a position that holds the write.
#[test]
fn a_follower_forwards_a_write_and_syncs_after_it() {
    let mut world = calm(3, 5);
    world.run_for(DETECTION);
    let leader = world.leader().unwrap();
    let follower = ALL.into_iter().find(|node| *node != leader).unwrap();
    world.propose(follower);
    world.read(follower, ReadMode::Sync);
    world.run_for(20 * MS);
    assert_eq!((world.syncs_answered, world.ledger.len()), (1, 1));
    assert_eq!(world.replica(follower).unwrap().status().position.0, 1);
    clean(&world);
}

/// Two servers lead epoch 2; a third comes back that has accepted epoch 9 from a leader that never established it.
/// Danger: it is turned away again and again. The leader must give up, and the next epoch must be above 9.
#[test]
fn a_server_that_accepted_a_later_epoch_deposes_the_leader() {
    let history = &[(1, 1), (1, 2)];
    let disks = vec![disk(3, 1, 1, history), disk(3, 1, 1, history), disk(3, 9, 1, history)];
    let mut world = World::with_disks(disks, 1, Weather::CALM, &knobs(Rules::ALL, &[]));
    world.kill(NodeId(2), false);
    world.run_for(DETECTION);
    let old = world.leader().expect("the two lead");
    assert_eq!(world.replica(old).unwrap().leads(), Some(Round(2)));
    world.boot(NodeId(2));
    world.run_for(2 * DETECTION);
    assert!(reached(&world, gates::DEPOSED_BY_EPOCH));
    let new = world.leader().expect("all three lead");
    assert_eq!(world.replica(new).unwrap().leads(), Some(Round(10)));
    assert!(world.problems.is_empty(), "{:?}", world.problems);
}

/// A cluster that takes snapshots and keeps little below them.
fn with_snapshots(n: usize, observers: usize, seed: u64) -> World {
    let settings = [("trailing", "2"), ("chunk", "64")];
    let mut world = World::with_observers(n, observers, seed, Weather::CALM, &knobs(Rules::ALL, &settings));
    world.snapshot_every = 10;
    world
}

fn propose_many(world: &mut World, count: usize) {
    let leader = world.leader().expect("somebody leads");
    for _ in 0..count {
        world.propose(leader);
        world.run_for(2 * MS);
    }
}

/// A follower is away while the log goes on and its front is forgotten. Danger: what it lacks is nowhere. It must be
/// brought up by SNAP, and then go on with what followed; and after a restart it must start from that snapshot.
#[test]
fn a_follower_that_lags_too_far_is_sent_a_snapshot() {
    let mut world = with_snapshots(3, 0, 3);
    world.run_for(DETECTION);
    let leader = world.leader().unwrap();
    let away = ALL.into_iter().find(|node| *node != leader).unwrap();
    world.kill(away, true);
    propose_many(&mut world, 35);
    assert!(0 < world.replica(leader).unwrap().log().base().position, "the front is forgotten");
    world.boot(away);
    world.run_for(2 * DETECTION);
    assert!(reached(&world, gates::SNAPPED));
    assert_eq!(world.replica(away).unwrap().status().position.0, 35);
    world.kill(away, true);
    world.boot(away);
    world.converge(10 * DETECTION);
    assert!(reached(&world, gates::RESTORED));
    clean(&world);
}

/// A leader dies in the middle of a SNAP. Danger: the next leader supposes that the follower has what the snapshot
/// stands for. The follower must report what it had, and be brought up by the next.
#[test]
fn a_snapshot_that_breaks_off_counts_for_nothing() {
    for seed in 0..10 {
        let mut world = with_snapshots(3, 0, seed);
        world.run_for(DETECTION);
        let leader = world.leader().unwrap();
        let away = ALL.into_iter().find(|node| *node != leader).unwrap();
        world.kill(away, true);
        propose_many(&mut world, 45);
        world.boot(away);
        // Ten parts and more, each a round trip and a read.
        while !reached(&world, gates::SNAP) {
            world.run_for(MS);
        }
        world.run_for(4 * MS);
        world.kill(leader, false);
        world.run_for(2 * DETECTION);
        assert!(reached(&world, gates::SNAP_ABANDONED), "seed {seed}");
        world.converge(10 * DETECTION);
        clean(&world);
    }
}

/// Three vote and two observe; all observers but no quorum of voters is up. Danger: observers are counted, or one of
/// them is elected. Nothing may be committed; and with the voters back the observers must get everything.
#[test]
fn observers_are_told_everything_and_counted_nowhere() {
    let mut world = with_snapshots(5, 2, 7);
    world.run_for(2 * DETECTION);
    propose_many(&mut world, 15);
    let observers = [NodeId(3), NodeId(4)];
    world.run_for(20 * MS);
    for node in observers {
        assert_eq!(world.replica(node).unwrap().status().position.0, 15, "it is told what is committed");
    }
    world.read(observers[0], ReadMode::Sync);
    world.propose(observers[1]);
    world.run_for(20 * MS);
    assert_eq!((world.syncs_answered, world.ledger.len()), (1, 16), "it serves and forwards");
    let leader = world.leader().unwrap();
    for node in ALL.into_iter().filter(|node| *node != leader) {
        world.kill(node, false);
    }
    world.propose(leader);
    world.run_for(4 * DETECTION);
    assert_eq!(world.ledger.len(), 16, "observers are no quorum");
    assert_eq!(world.leader(), None);
    world.converge(20 * DETECTION);
    clean(&world);
}

/// An operator asks the leader to hand over to a follower that an election would not prefer. Danger: a long outage, or
/// the same leader again. The follower must lead within a fraction of the detection.
#[test]
fn a_leader_hands_over_to_whom_it_is_asked_to() {
    for seed in 0..10 {
        let mut world = calm(5, seed);
        world.run_for(DETECTION);
        let old = world.leader().unwrap();
        for _ in 0..5 {
            world.propose(old);
        }
        let to = NodeId(if old == NodeId(0) { 1 } else { 0 });
        world.hand_over(old, Some(to));
        world.run_for(DETECTION / 4);
        assert_eq!(world.leader(), Some(to), "seed {seed}");
        assert_eq!(world.ledger.len(), 5, "nothing is lost");
        world.converge(10 * DETECTION);
        clean(&world);
    }
}

/// Counters end at 5. Danger: the counter runs over into the epoch. New epochs must begin, and every write must be
/// committed in its turn.
#[test]
fn epochs_begin_for_want_of_zxids() {
    let mut world = World::new(3, 1, Weather::CALM, &knobs(Rules::ALL, &[("counter_max", "5")]));
    world.run_for(DETECTION);
    while world.ledger.len() < 23 {
        if let Some(leader) = world.leader() {
            world.propose(leader);
        }
        world.run_for(2 * MS);
        assert!(world.now < 60 * DETECTION, "it goes on");
    }
    assert!(reached(&world, gates::COUNTER_USED_UP));
    assert!(4 < world.leads.len());
    world.converge(10 * DETECTION);
    clean(&world);
}

struct NoDraw;
impl Draw for NoDraw {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

/// A disk without a genesis. Danger: a member that forgot its promises votes again. It must do nothing but refuse.
#[test]
fn a_server_without_a_genesis_takes_part_in_nothing() {
    let config = Zab::config(&knobs(Rules::ALL, &[])).unwrap();
    let (mut effects, mut gates, mut draw) = (Vec::new(), 0, NoDraw);
    let mut out = Output::new(&mut effects, &mut draw, WriteId::ZERO, &mut gates, false);
    let boot = Boot { node: NodeId(0), incarnation: 1 };
    let empty = Durable { first: WriteId(1), records: &[], blobs: &[] };
    let mut server = Zab::boot(boot, &config, empty, LocalTime(0), &mut out);
    server.step(LocalTime(1), Input::SessionUp { peer: NodeId(1), session: replica::SessionNo(1) }, &mut out);
    server.step(LocalTime(2), Input::Propose { entry: Entry::noop(NodeId(0)) }, &mut out);
    server.step(LocalTime(3), Input::Deadline, &mut out);
    assert_eq!(server.status().role, Role::Unformed);
    assert_eq!(server.deadline(), None);
    assert!(matches!(effects.as_slice(), [Effect::Refuse { .. }]));
}
