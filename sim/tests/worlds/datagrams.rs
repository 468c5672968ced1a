//! Datagrams: dropped, repeated and reordered as often as the plan says, and alike for whoever sends as much.

use sim::plan::Fate;

use crate::toys::{Do, LATENCY, MS, Story};

const COUNT: u64 = 10_000;

#[test]
fn loss_repetition_and_reordering_are_as_frequent_as_asked() {
    let mut story = Story::of_datagrams(2);
    let network = &mut story.plan.network;
    (network.loss, network.duplicate, network.reorder) = (100_000, 50_000, 200_000);
    story.stream(0, 1, 0, MS / 10, 0..COUNT);
    let ran = story.run();
    let numbers = ran.numbers(1);
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let lost = COUNT - distinct.len() as u64;
    let repeated = (numbers.len() - distinct.len()) as u64;
    let on_time = |&&(at, n): &&(u64, u64)| at == n * MS / 10 + LATENCY;
    let held_back = distinct.len() as u64 - ran.got(1).iter().filter(on_time).count() as u64;
    // Four standard deviations of a binomial draw are 120, 85 and 160.
    assert!((880..=1120).contains(&lost), "{lost}");
    assert!((365..=535).contains(&repeated), "{repeated}");
    assert!((1640..=1960).contains(&held_back), "{held_back}");
    assert!(
        ran.got(1).iter().all(|&(at, n)| at <= n * MS / 10 + LATENCY + 20 * MS),
        "later than reordering allows"
    );
}

/// Two protocols send as many messages a millisecond over a link, at other instants of it, of other content, among
/// other traffic. The same ones of them meet the same fate.
#[test]
fn the_weather_is_the_same_for_whoever_sends_as_much() {
    let weather = |story: &mut Story| {
        let network = &mut story.plan.network;
        (network.loss, network.duplicate, network.reorder) = (100_000, 100_000, 100_000);
        network.jitter.to = MS;
    };
    let mut one = Story::of_datagrams(3);
    weather(&mut one);
    one.stream(0, 1, 0, MS / 2, 0..1000);
    let mut other = Story::of_datagrams(3);
    weather(&mut other);
    other.stream(0, 1, MS / 8, MS / 2, 5000..6000);
    other.stream(1, 0, 0, MS, 0..300);
    other.stream(2, 1, 0, MS, 9000..9700);
    let pattern = |story: &Story, first: u64, shift: u64| {
        let mut got = story.run().got(1);
        got.retain(|&(_, n)| n < 9000);
        let mut took: Vec<(u64, u64)> =
            got.into_iter().map(|(at, n)| (n - first, at - shift - (n - first) * MS / 2)).collect();
        took.sort_unstable();
        took
    };
    let (one, other) = (pattern(&one, 0, 0), pattern(&other, 5000, MS / 8));
    assert!(one.len() < 1050, "something was lost");
    assert_eq!(one, other);
}

#[test]
fn a_fixed_fate_comes_before_every_draw() {
    let mut story = Story::of_datagrams(2);
    story.plan.network.loss = 1_000_000;
    story.stream(0, 1, 10 * MS, MS, 0..4);
    story.at(20 * MS, 0, Do::Send { to: 1, n: 7 }).at(20 * MS, 0, Do::Send { to: 1, n: 8 });
    story.fate(0, 1, 10, 0, Fate::Deliver(50 * MS));
    story.fate(0, 1, 11, 0, Fate::Twice(5 * MS, 9 * MS));
    story.fate(0, 1, 20, 1, Fate::Deliver(0));
    let ran = story.run();
    assert_eq!(ran.got(1), [(16 * MS, 1), (20 * MS, 1), (20 * MS, 8), (60 * MS, 0)]);

    let mut story = Story::of_datagrams(2);
    story.stream(0, 1, 10 * MS, MS, 0..3);
    story.fate(0, 1, 11, 0, Fate::Drop);
    assert_eq!(story.run().numbers(1), [0, 2]);
}

/// On a session a fate is a latency: order stays, and a drop costs what sending again costs.
#[test]
fn fixed_fates_keep_a_session_in_order() {
    let mut story = Story::new(2);
    story.stream(0, 1, 10 * MS, MS, 0..4);
    story.fate(0, 1, 10, 0, Fate::Drop).fate(0, 1, 12, 0, Fate::Deliver(30 * MS));
    let late = 10 * MS + LATENCY + 5 * MS;
    assert_eq!(story.run().got(1), [(late, 0), (late, 1), (42 * MS, 2), (42 * MS, 3)]);
}

/// A cut drops datagrams for good.
#[test]
fn a_cut_drops_datagrams() {
    let mut story = Story::of_datagrams(2);
    story.stream(0, 1, 0, MS, 0..100);
    story.cut(20 * MS, 0, 1, 30 * MS);
    let ran = story.run();
    assert_eq!(ran.numbers(1), (0..20).chain(50..100).collect::<Vec<_>>());
    assert_eq!(ran.fault(0).messages, 30);
}
