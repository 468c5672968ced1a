//! Sessions between nodes: first in, first out, until they break; then a prefix has arrived, and both ends know.

use sim::plan::{CrashKind, Fate, FaultKind};

use crate::toys::{Do, LATENCY, MS, RECONNECT, SESSION_TIMEOUT, Story, Told};

/// Node 0 streams over a link that loses every tenth packet. Late is what a loss looks like: nothing is missing, and
/// nothing overtakes.
#[test]
fn a_session_is_first_in_first_out_under_loss() {
    let mut story = Story::new(2);
    story.plan.network.loss = 100_000;
    story.stream(0, 1, 10 * MS, MS / 2, 0..500);
    let ran = story.run();
    assert_eq!(ran.numbers(1), (0..500).collect::<Vec<_>>());
    let waits = ran.got(1).iter().filter(|&&(at, n)| at != 10 * MS + n * MS / 2 + LATENCY).count();
    assert!(50 < waits, "only {waits} were late");
}

/// Node 0 says three things and resets the session at once. All three arrive, then the break; the next session comes
/// up after the usual time and has another number.
#[test]
fn a_reset_arrives_behind_everything_that_was_sent_before() {
    let mut story = Story::new(2);
    story.plan.network.loss = 300_000;
    for n in 1..=3 {
        story.at(10 * MS, 0, Do::Send { to: 1, n });
    }
    story.at(10 * MS, 0, Do::Reset { peer: 1 });
    let ran = story.run();
    let told = ran.told(1, |told| (!matches!(told, Told::Boot { .. })).then(|| told.clone()));
    let told: Vec<Told> = told.into_iter().map(|(_, told)| told).collect();
    let Some(Told::Up { session: first, .. }) = told.first() else {
        panic!("a session comes first: {told:?}")
    };
    let got = |n| Told::Got { from: 0, n, session: *first };
    let up = |session| Told::Up { peer: 0, session };
    assert_eq!(told, [up(*first), got(1), got(2), got(3), Told::Down { peer: 0 }, up(first + 1)]);
    let again = 10 * MS + RECONNECT + 2 * LATENCY;
    assert_eq!(ran.sessions(0, 1), [(2 * LATENCY, true), (again, true)], "who resets is not told of it");
}

/// What node 0 sends is cut off. Node 1 hears nothing and breaks the session; its reset still gets through. Once the
/// cut heals there is a session again.
#[test]
fn a_one_way_cut_makes_the_other_end_time_out() {
    let (cut, heal) = (100 * MS, 700 * MS);
    let mut story = Story::new(2);
    story.cut(cut, 0, 1, heal - cut);
    let ran = story.run();
    let broken = cut + SESSION_TIMEOUT;
    assert_eq!(ran.sessions(1, 0)[..2], [(LATENCY, true), (broken, false)]);
    assert_eq!(ran.sessions(0, 1)[..2], [(2 * LATENCY, true), (broken + LATENCY, false)]);
    let again = ran.sessions(1, 0)[2];
    assert!(again.1 && heal < again.0 && again.0 <= heal + RECONNECT + LATENCY, "{again:?}");
    assert_eq!(ran.sessions(0, 1)[2], (again.0 + LATENCY, true));
}

/// A cut shorter than the session's patience: what was held back arrives late and in order, and nothing breaks.
#[test]
fn a_short_cut_only_holds_back() {
    let mut story = Story::new(2);
    story.cut(50 * MS, 0, 1, 100 * MS).stream(0, 1, 10 * MS, MS, 0..200);
    let ran = story.run();
    assert_eq!(ran.numbers(1), (0..200).collect::<Vec<_>>());
    assert_eq!(ran.sessions(1, 0).len(), 1);
    assert_eq!(ran.fault(0).messages, 100);
}

/// Node 1 resets while node 0 streams. Of what was in flight a prefix has arrived; the rest never does, and what is
/// sent with no session up is dropped.
#[test]
fn of_what_is_in_flight_at_a_break_a_prefix_arrives() {
    let mut story = Story::new(2);
    story.stream(0, 1, 10 * MS, MS / 4, 0..1000);
    story.at(50 * MS + MS / 8, 1, Do::Reset { peer: 0 });
    let ran = story.run();
    let numbers = ran.numbers(1);
    let gap = numbers.windows(2).position(|pair| pair[1] != pair[0] + 1).expect("there is a gap") + 1;
    assert_eq!(numbers[..gap], (0..gap as u64).collect::<Vec<_>>());
    assert_eq!(numbers[gap..], (numbers[gap]..1000).collect::<Vec<_>>());
    let sent_by_then = 4 * 40;
    assert_eq!(gap as u64, sent_by_then + 1 - 4, "what was sent a latency before arrived, and no more");
    assert!(sent_by_then + 4 * 100 <= numbers[gap], "what was sent with no session up arrived");
}

/// A message waits for a write when its session breaks. It must not leave on the next session.
#[test]
fn a_message_held_for_durability_is_dropped_when_its_session_breaks() {
    let mut story = Story::new(2);
    story.plan.disk.sync.from = 400 * MS;
    story.plan.disk.sync.to = 400 * MS;
    story.at(10 * MS, 0, Do::Write { n: 1 }).at(10 * MS, 0, Do::SendDurable { to: 1, n: 1 });
    story.at(12 * MS, 0, Do::Reset { peer: 1 });
    story.at(200 * MS, 0, Do::SendDurable { to: 1, n: 2 });
    let ran = story.run();
    assert_eq!(ran.got(1), [(410 * MS + LATENCY, 2)]);
}

/// Node 1 is killed and comes back. Its kernel tells node 0 one latency later; the new incarnation gets a session with
/// a higher number.
#[test]
fn a_new_incarnation_has_a_new_session() {
    let mut story = Story::new(2);
    story.crash(100 * MS, 1, CrashKind::Process, Some(50 * MS));
    let ran = story.run();
    let mine = [(2 * LATENCY, true), (100 * MS + LATENCY, false), (150 * MS + 2 * LATENCY, true)];
    assert_eq!(ran.sessions(0, 1), mine);
    let numbers = |node| {
        ran.told(node, |told| match *told {
            Told::Up { session, .. } => Some(session),
            _ => None,
        })
    };
    let numbers = (numbers(0), numbers(1));
    assert!(numbers.0[0].1 < numbers.0[1].1);
    assert_eq!(numbers.0[1].1, numbers.1[1].1, "both ends call it the same");
}

/// Without power nobody tells node 0. It notices by silence, or by the first packet of the new incarnation.
#[test]
fn a_power_loss_is_noticed_by_silence_or_by_the_next_incarnation() {
    let mut story = Story::new(2);
    story.crash(100 * MS, 1, CrashKind::Power, None);
    let ran = story.run();
    assert_eq!(ran.sessions(0, 1)[1..], [(100 * MS + SESSION_TIMEOUT, false)]);

    let mut story = Story::new(2);
    story.crash(100 * MS, 1, CrashKind::Power, Some(50 * MS));
    let ran = story.run();
    let again = 150 * MS + 2 * LATENCY;
    assert_eq!(ran.sessions(0, 1)[1..], [(again, false), (again, true)]);
}

/// A message of node 0's first life is on its way for long. Its second life has a session when it arrives.
#[test]
fn nothing_of_an_old_session_arrives_on_a_new_one() {
    let mut story = Story::new(2);
    story.at(10 * MS, 0, Do::Send { to: 1, n: 1 });
    story.fate(0, 1, 10, 0, Fate::Deliver(400 * MS));
    story.crash(20 * MS, 0, CrashKind::Power, Some(10 * MS));
    story.at(100 * MS, 0, Do::Send { to: 1, n: 2 });
    let ran = story.run();
    assert_eq!(ran.numbers(1), [2]);
}

/// The answer to a handshake meets a cut. Node 1 thinks that a session is up and node 0 does not; they find together.
#[test]
fn a_handshake_whose_answer_is_lost_is_tried_again() {
    let mut story = Story::new(2);
    story.cut(MS / 2, 1, 0, 20 * MS).at(90 * MS, 1, Do::Send { to: 0, n: 1 });
    story.stream(1, 0, 300 * MS, MS, 2..5);
    let ran = story.run();
    assert_eq!(ran.sessions(0, 1), [(2 * LATENCY + RECONNECT + 2 * LATENCY, true)]);
    assert_eq!(ran.numbers(0), [2, 3, 4]);
}

/// Node 1 gives up, since node 0 is cut off, and its reset meets a short cut of the other way. The danger: node 0 takes
/// the session for good until the long cut heals, since the way to it is open again.
#[test]
fn an_end_whose_peer_has_given_up_learns_it_even_if_the_reset_is_lost() {
    let mut story = Story::new(2);
    story.cut(100 * MS, 0, 1, 1_200 * MS).cut(390 * MS, 1, 0, 50 * MS);
    let ran = story.run();
    assert_eq!(ran.sessions(1, 0)[1], (100 * MS + SESSION_TIMEOUT, false));
    assert_eq!(ran.sessions(0, 1)[1], (390 * MS + SESSION_TIMEOUT, false));
    assert_eq!(ran.sessions(0, 1).len(), 3, "and after the long cut there is a session again");
}

/// A link loses everything for a while. The danger: doubling the time between two tries holds the link back for
/// minutes after the weather is fair again. Like a cut it breaks the session, and a new one starts afresh.
#[test]
fn a_link_that_loses_everything_breaks_its_session() {
    let mut story = Story::new(2);
    let storm = FaultKind::Weather {
        from: vec![],
        to: vec![],
        loss: Some(1_000_000),
        duplicate: None,
        reorder: None,
        delay: 0,
        duration: 400 * MS,
    };
    story.fault(100 * MS, storm).stream(0, 1, 10 * MS, MS, 0..1500);
    let ran = story.run();
    assert_eq!(ran.sessions(1, 0)[1], (100 * MS + SESSION_TIMEOUT, false));
    assert!(ran.numbers(1).contains(&1499));
    let numbers = ran.numbers(1);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    let gap = numbers.windows(2).map(|pair| pair[1] - pair[0]).max().expect("there are some");
    assert!((400..=700).contains(&gap), "{gap} ms without a message");
}

/// Both ends of a slow link start again at almost the same time, and reconnects come more often than a handshake
/// takes. The danger: each start of a handshake voids the one before, for ever.
#[test]
fn two_boots_do_not_void_each_others_handshakes() {
    let mut story = Story::new(2);
    story.plan.network.base = vec![0, 10 * MS, 10 * MS, 0];
    story.plan.network.reconnect = MS;
    story.crash(100 * MS, 0, CrashKind::Power, Some(50 * MS));
    story.crash(100 * MS, 1, CrashKind::Power, Some(63 * MS));
    let ran = story.run();
    let last = *ran.sessions(0, 1).last().expect("there were sessions");
    assert!(last.1 && last.0 <= 200 * MS, "{last:?}");
    assert_eq!(ran.sessions(0, 1).len(), 2);
    assert_eq!(ran.sessions(1, 0).len(), 2);
}
