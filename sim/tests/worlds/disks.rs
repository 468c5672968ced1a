//! Disks: a cache in front of records, one sync at a time, blobs that complete alone, and what a crash leaves.

use sim::plan::{Between, CrashKind, FaultKind, Who};

use crate::toys::{Do, LATENCY, MS, Ran, SYNC, Story, Told};

fn durable(ran: &Ran, node: u8) -> Vec<(u64, u64)> {
    ran.told(node, |told| match *told {
        Told::Durable { upto } => Some(upto),
        _ => None,
    })
}

fn blobs_at_boot(ran: &Ran, node: u8) -> Vec<Vec<(u64, u64)>> {
    let boots = ran.told(node, |told| match told {
        Told::Boot { blobs, .. } => Some(blobs.clone()),
        _ => None,
    });
    boots.into_iter().map(|(_, blobs)| blobs).collect()
}

fn read(ran: &Ran, node: u8) -> Vec<(u64, Vec<u8>)> {
    ran.told(node, |told| match told {
        Told::Bytes { bytes, .. } => Some(bytes.clone()),
        _ => None,
    })
}

/// Two records are written while a sync is under way: the next sync makes both durable. Write 1 is the genesis.
#[test]
fn what_is_written_during_a_sync_shares_the_next() {
    let mut story = Story::new(1);
    story.at(10 * MS, 0, Do::Write { n: 1 });
    story.at(11 * MS, 0, Do::Write { n: 2 }).at(12 * MS, 0, Do::Write { n: 3 });
    let ran = story.run();
    assert_eq!(durable(&ran, 0), [(10 * MS + SYNC, 2), (10 * MS + 2 * SYNC, 4)]);
}

#[test]
fn a_kill_keeps_the_cache() {
    let mut story = Story::new(1);
    story.at(10 * MS, 0, Do::Write { n: 1 }).crash(11 * MS, 0, CrashKind::Process, Some(MS));
    let ran = story.run();
    assert_eq!(ran.boots(0), [(0, vec![0]), (12 * MS, vec![0, 1])]);
    assert_eq!(ran.fault(0).writes, 0);
}

/// A record is durable, eight are in the cache when the power fails. The first survives, and of the others a prefix:
/// over many keys sometimes none and sometimes all. The report says how many went.
#[test]
fn a_power_loss_keeps_what_was_synced_and_a_prefix_of_the_rest() {
    let mut kept = Vec::new();
    for key in 0..60 {
        let mut story = Story::new(1);
        story.plan.key = key;
        story.at(10 * MS, 0, Do::Write { n: 1 });
        for n in 2..=9 {
            story.at(20 * MS, 0, Do::Write { n });
        }
        story.crash(21 * MS, 0, CrashKind::Power, Some(MS));
        let ran = story.run();
        let (_, records) = ran.boots(0).pop().expect("it started again");
        let last = *records.last().expect("the genesis at least");
        assert_eq!(records, (0..=last).collect::<Vec<_>>());
        assert!(1 <= last, "what was synced is lost");
        assert_eq!(ran.fault(0).writes, 9 - last);
        kept.push(last);
    }
    assert!(kept.contains(&1) && kept.contains(&9), "{kept:?}");
}

/// The cache outlives a kill, but not the power failing before the node is back. Once it is back, it is safe: boot
/// reads nothing that is not durable.
#[test]
fn a_kill_then_a_power_loss() {
    let (mut lost, mut safe) = (0, 0);
    for key in 0..40 {
        let story = |back_after| {
            let mut story = Story::new(1);
            story.plan.key = key;
            story.at(10 * MS, 0, Do::Write { n: 1 });
            story.crash(11 * MS, 0, CrashKind::Process, Some(back_after));
            story.crash(13 * MS, 0, CrashKind::Power, Some(20 * MS));
            story.run()
        };
        let while_down = story(10 * MS).boots(0).pop().expect("it started again");
        assert_eq!(while_down.0, 33 * MS, "it has no power before");
        lost += usize::from(while_down.1 == [0]);
        safe += usize::from(story(MS).boots(0).pop().expect("it started again").1 == [0, 1]);
    }
    assert!((10..=30).contains(&lost), "{lost} of 40");
    assert_eq!(safe, 40);
}

/// A blob comes in two parts while a record is synced. It completes on its own, and reads give its bytes.
#[test]
fn a_blob_completes_alone() {
    let mut story = Story::new(1);
    story.at(10 * MS, 0, Do::Blob { id: 5, offset: 0, bytes: b"abc", last: false });
    story.at(11 * MS, 0, Do::Write { n: 1 });
    story.at(13 * MS, 0, Do::Blob { id: 5, offset: 3, bytes: b"def", last: true });
    story.at(30 * MS, 0, Do::ReadBlob { id: 5, offset: 2, len: 3 });
    story.at(31 * MS, 0, Do::ReadBlob { id: 5, offset: 5, len: 30 });
    let ran = story.run();
    let complete = ran.told(0, |told| (*told == Told::BlobDurable { id: 5 }).then_some(()));
    assert_eq!(complete, [(13 * MS + SYNC, ())]);
    assert_eq!(durable(&ran, 0), [(11 * MS + SYNC, 2)]);
    assert_eq!(read(&ran, 0), [(30 * MS, b"cde".to_vec()), (31 * MS, b"f".to_vec())]);
}

#[test]
fn a_crash_leaves_complete_blobs_and_without_power_only_synced_ones() {
    for (kind, left) in [(CrashKind::Process, vec![(1, 3), (2, 3)]), (CrashKind::Power, vec![(1, 3)])] {
        let mut story = Story::new(1);
        story.at(10 * MS, 0, Do::Blob { id: 1, offset: 0, bytes: b"one", last: true });
        story.at(20 * MS, 0, Do::Blob { id: 2, offset: 0, bytes: b"two", last: true });
        story.at(20 * MS, 0, Do::Blob { id: 3, offset: 0, bytes: b"thr", last: false });
        story.crash(21 * MS, 0, kind, Some(MS));
        assert_eq!(blobs_at_boot(&story.run(), 0), [vec![], left], "{kind:?}");
    }
}

#[test]
fn a_forgotten_prefix_is_not_booted_from_and_numbers_go_on() {
    let mut story = Story::new(1);
    for n in 1..=4 {
        story.at(10 * MS, 0, Do::Write { n });
    }
    story.at(30 * MS, 0, Do::ForgetBefore { write: 4 });
    story.crash(40 * MS, 0, CrashKind::Power, Some(MS));
    story.at(50 * MS, 0, Do::Write { n: 5 });
    let ran = story.run();
    let boots = ran.told(0, |told| match told {
        Told::Boot { first, records, .. } => Some((*first, records.clone())),
        _ => None,
    });
    assert_eq!(boots[1].1, (4, vec![3, 4]));
    assert_eq!(durable(&ran, 0).last(), Some(&(50 * MS + SYNC, 6)));
}

#[test]
fn a_wiped_disk_is_empty() {
    let mut story = Story::new(1);
    story.at(10 * MS, 0, Do::Write { n: 1 }).crash(20 * MS, 0, CrashKind::Wipe, Some(MS));
    assert_eq!(story.run().boots(0)[1], (21 * MS, vec![]));
}

/// The disk takes no time. Completion is an input of its own all the same, after everything that the step asked for.
#[test]
fn an_instant_disk_never_re_enters() {
    let mut story = Story::new(2);
    story.plan.disk.sync = Between { from: 0, to: 0 };
    story.at(10 * MS, 0, Do::Write { n: 1 }).at(10 * MS, 0, Do::SendDurable { to: 1, n: 9 });
    story.at(10 * MS, 0, Do::Write { n: 2 }).at(10 * MS, 0, Do::Wake);
    let ran = story.run();
    let told: Vec<Told> =
        ran.told(0, |told| Some(told.clone())).into_iter().skip(2).map(|(_, told)| told).collect();
    let due = |line| Told::Due(line);
    let expected = [
        due(Do::Write { n: 1 }),
        due(Do::SendDurable { to: 1, n: 9 }),
        due(Do::Write { n: 2 }),
        due(Do::Wake),
        Told::Durable { upto: 3 },
    ];
    assert_eq!(told, expected);
    assert_eq!(ran.got(1), [(10 * MS + LATENCY, 9)]);
}

/// Two faults slow one disk. When the shorter is over, the longer still counts.
#[test]
fn slowness_within_slowness() {
    let slow = |sync: u64, duration| FaultKind::SlowDisk {
        who: vec![Who::Node(0)],
        sync: Between { from: sync, to: sync },
        duration,
    };
    let mut story = Story::new(1);
    story.fault(100 * MS, slow(40 * MS, 400 * MS)).fault(200 * MS, slow(80 * MS, 100 * MS));
    for at in [150, 220, 350, 550] {
        story.at(at * MS, 0, Do::Write { n: at });
    }
    let ran = story.run();
    let at: Vec<u64> = durable(&ran, 0).into_iter().map(|(at, _)| at / MS).collect();
    assert_eq!(at, [190, 300, 390, 554]);
    assert_eq!((ran.fault(0).writes, ran.fault(1).writes), (2, 1));
}
