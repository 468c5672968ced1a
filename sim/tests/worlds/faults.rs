//! Faults: what they touch, and what two of them do to one thing.

use sim::outcome::FaultReport;
use sim::plan::{Between, ClockFault, CrashKind, FaultKind, Ppm, Who};

use crate::toys::{Do, LATENCY, MS, Story};

fn weather(loss: Option<Ppm>, delay: u64, duration: u64) -> FaultKind {
    FaultKind::Weather { from: vec![], to: vec![], loss, duplicate: None, reorder: None, delay, duration }
}

fn clock(how: ClockFault) -> FaultKind {
    FaultKind::Clock { who: vec![Who::Node(0)], how }
}

fn slow_disk() -> FaultKind {
    let sync = Between { from: 50 * MS, to: 50 * MS };
    FaultKind::SlowDisk { who: vec![Who::Node(0)], sync, duration: 500 * MS }
}

fn partition(groups: &[&[Who]], duration: u64) -> FaultKind {
    FaultKind::Partition { groups: groups.iter().map(|group| group.to_vec()).collect(), duration }
}

fn sieve(kinds: &[&str], entries: bool) -> FaultKind {
    FaultKind::Sieve {
        from: vec![Who::Node(0)],
        to: vec![Who::Node(1)],
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        entries,
        duration: LASTING,
    }
}

/// A sieve from 0 to 1 loses what it names and passes all else; the other way is open. A toy's messages are of the kind
/// `say` and carry no entries.
#[test]
fn a_sieve_loses_only_what_it_names() {
    let got_with = |fault: FaultKind| {
        let mut story = Story::of_datagrams(2);
        story.stream(0, 1, 0, MS, 0..1000);
        story.stream(1, 0, 0, MS, 0..1000);
        story.fault(300 * MS, fault);
        let seen = story.run();
        (seen.got(1).len(), seen.got(0).len())
    };
    assert_eq!(got_with(sieve(&["say"], false)), (500, 1000));
    assert_eq!(got_with(sieve(&[], false)), (500, 1000));
    assert_eq!(got_with(sieve(&["shout"], false)), (1000, 1000));
    assert_eq!(got_with(sieve(&["say"], true)), (1000, 1000));
}

const LASTING: u64 = 500 * MS;

/// A fault in a busy world, and the fields of its report that must not be zero.
#[test]
fn every_kind_of_fault_says_what_it_touched() {
    type Field = fn(&FaultReport) -> u64;
    let (messages, timers, writes): (Field, Field, Field) = (|r| r.messages, |r| r.timers, |r| r.writes);
    let (operations, processes): (Field, Field) = (|r| r.operations, |r| r.processes);
    let crash = |kind| FaultKind::Crash { who: vec![Who::Node(0)], kind, restart_after: Some(LASTING) };
    let one_way = FaultKind::Cut {
        from: vec![Who::Node(0)],
        to: vec![Who::Rest, Who::Clients],
        both_ways: false,
        duration: LASTING,
    };
    let pause = FaultKind::Pause { who: vec![Who::Node(0)], duration: LASTING };
    let cases: Vec<(FaultKind, Vec<Field>)> = vec![
        (crash(CrashKind::Process), vec![messages, operations, processes]),
        (crash(CrashKind::Power), vec![messages, writes, operations, processes]),
        (crash(CrashKind::Wipe), vec![messages, writes, operations, processes]),
        (pause, vec![messages, timers, writes, operations, processes]),
        (partition(&[&[Who::Node(0)], &[Who::Rest, Who::Clients]], LASTING), vec![messages, operations]),
        (one_way, vec![messages, operations]),
        (sieve(&["say"], false), vec![messages]),
        (weather(Some(300_000), 0, LASTING), vec![messages]),
        (weather(None, MS, LASTING), vec![messages]),
        (clock(ClockFault::Drift { ppb: 1_000_000, duration: LASTING }), vec![timers, operations]),
        (clock(ClockFault::Jump { by: -1 }), vec![operations]),
        (clock(ClockFault::Freeze { duration: LASTING }), vec![operations]),
        (slow_disk(), vec![writes]),
    ];
    for (what, touched) in cases {
        let mut story = Story::of_datagrams(2);
        story.stream(0, 1, 0, MS, 0..1000);
        story.stream(1, 0, 0, MS, 0..1000);
        for n in 1..=20 {
            story.at(299 * MS, 0, Do::Write { n });
        }
        story.at(400 * MS, 0, Do::Write { n: 21 });
        for n in 0..50 {
            story.ask(n * 20 * MS, 0, 0, n);
        }
        story.fault(300 * MS, what.clone());
        let report = story.run().fault(0);
        assert!(touched.iter().all(|field| 0 < field(&report)), "{what:?}: {report:?}");
    }
}

/// The same faults where nothing happens. None claims to have touched anything, but those that stop a process.
#[test]
fn an_idle_fault_touches_nothing() {
    let cases = [
        partition(&[&[Who::Node(0)], &[Who::Rest, Who::Clients]], LASTING),
        weather(Some(1_000_000), MS, LASTING),
        clock(ClockFault::Drift { ppb: 1_000_000, duration: LASTING }),
        clock(ClockFault::Jump { by: -1 }),
        clock(ClockFault::Freeze { duration: LASTING }),
        slow_disk(),
    ];
    for what in cases {
        let mut story = Story::of_datagrams(2);
        story.stream(0, 1, 0, MS, 0..90);
        story.at(50 * MS, 0, Do::Write { n: 1 }).ask(50 * MS, 0, 0, 1);
        story.fault(100 * MS, what.clone());
        let report = story.run().fault(0);
        assert!(!report.touched(), "{what:?}: {report:?}");
    }
}

/// Weather that is announced and makes no difference to any message touches none.
#[test]
fn weather_touches_only_what_suffers() {
    let mut story = Story::of_datagrams(2);
    story.stream(0, 1, 0, MS, 0..1000);
    story.fault(100 * MS, weather(Some(0), 0, LASTING)).fault(700 * MS, weather(Some(500_000), 0, 200 * MS));
    let ran = story.run();
    assert_eq!(ran.fault(0).messages, 0);
    assert_eq!(ran.fault(1).messages, 1000 - ran.numbers(1).len() as u64);
}

#[test]
fn weather_within_weather() {
    let mut story = Story::of_datagrams(2);
    story.fault(100 * MS, weather(None, 20 * MS, 400 * MS)).fault(200 * MS, weather(None, 50 * MS, 100 * MS));
    for n in [150, 250, 350, 550] {
        story.at(n * MS, 0, Do::Send { to: 1, n });
    }
    let took: Vec<u64> = story.run().got(1).into_iter().map(|(at, n)| (at - n * MS - LATENCY) / MS).collect();
    assert_eq!(took, [20, 50, 20, 0]);
}

/// Two partitions cut one link. It is whole again when both have healed.
#[test]
fn a_link_cut_twice_heals_when_both_cuts_have() {
    let mut story = Story::of_datagrams(3);
    story.fault(100 * MS, partition(&[&[Who::Node(0)], &[Who::Rest]], 200 * MS));
    story.fault(200 * MS, partition(&[&[Who::Node(0), Who::Node(2)], &[Who::Node(1)]], 200 * MS));
    story.stream(0, 1, 0, 10 * MS, 0..50);
    story.stream(0, 2, 0, 10 * MS, 0..50);
    let ran = story.run();
    assert_eq!(ran.numbers(1), (0..10).chain(40..50).collect::<Vec<_>>());
    assert_eq!(ran.numbers(2), (0..10).chain(30..50).collect::<Vec<_>>());
    assert_eq!((ran.fault(0).messages, ran.fault(1).messages), (10 + 20, 20), "the newer cut has it");
}

/// A node that is down is crashed again. It is back when nothing holds it down any more, and starts once.
#[test]
fn a_node_crashed_twice_is_back_when_both_faults_let_it() {
    for (first, second) in [(50, 200), (400, 100)] {
        let mut story = Story::new(1);
        story.crash(100 * MS, 0, CrashKind::Process, Some(first * MS));
        story.crash(120 * MS, 0, CrashKind::Power, Some(second * MS));
        let ran = story.run();
        let back = (100 + first).max(120 + second);
        assert_eq!(ran.boots(0).into_iter().map(|(at, _)| at / MS).collect::<Vec<_>>(), [0, back]);
        assert_eq!(ran.fault(1).processes, 0, "there was none");
        assert_eq!(ran.world.quiet_and_converged().0, Some(back * MS));
    }
    let mut story = Story::new(1);
    story.crash(100 * MS, 0, CrashKind::Process, Some(50 * MS)).crash(120 * MS, 0, CrashKind::Process, None);
    assert_eq!(story.run().boots(0).len(), 1, "one of the faults was for good");
}

/// A killed process leaves a kernel that refuses connections. Without power there is none, whatever is killed later.
#[test]
fn a_kernel_refuses_and_a_machine_without_power_is_silent() {
    let refusals = |crashes: &[CrashKind]| {
        let mut story = Story::new(1);
        for (&kind, at) in crashes.iter().zip([100, 150]) {
            story.crash(at * MS, 0, kind, Some(500 * MS));
        }
        story.ask(200 * MS, 0, 0, 1);
        let came = story.run().world.clients().came.clone();
        came.into_iter().filter(|(.., reply)| reply.is_none()).count()
    };
    assert_eq!(refusals(&[CrashKind::Process]), 1);
    assert_eq!(refusals(&[CrashKind::Power]), 0);
    assert_eq!(refusals(&[CrashKind::Power, CrashKind::Process]), 0);
    assert_eq!(refusals(&[CrashKind::Process, CrashKind::Power]), 0);
}

/// Questions and answers keep their order on a lossy way, and a cut loses them.
#[test]
fn client_links_are_first_in_first_out_and_can_be_cut() {
    let mut story = Story::new(1);
    story.plan.network.loss = 300_000;
    for n in 0..200 {
        story.ask(n * MS / 5, 0, 0, n);
    }
    let numbers = |story: &Story| {
        let came = story.run().world.clients().came.clone();
        came.into_iter().filter_map(|(.., reply)| Some(reply?.0)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&story), (0..200).collect::<Vec<_>>());

    let mut story = Story::new(1);
    for n in 0..20 {
        story.ask(n * 10 * MS, 0, 0, n);
    }
    story.fault(55 * MS, partition(&[&[Who::Node(0)], &[Who::Clients]], 50 * MS));
    assert_eq!(numbers(&story), (0..6).chain(11..20).collect::<Vec<_>>());
}
