//! Roles: whom a fault means is looked up when it fires.

use sim::plan::{CrashKind, FaultKind, Who};

use crate::toys::{Do, MS, Story};

fn kill(who: Who) -> FaultKind {
    FaultKind::Crash { who: vec![who], kind: CrashKind::Process, restart_after: Some(10 * MS) }
}

#[test]
fn a_role_that_nobody_holds_is_awaited_for_ten_detections() {
    let mut story = Story::new(3);
    story.plan.horizon = 10_000 * MS;
    story.fault(100 * MS, kill(Who::Leader));
    let ran = story.run();
    let report = ran.fault(0);
    assert_eq!(report.who, "found nobody");
    assert!(!report.touched());
    assert_eq!(ran.world.quiet_and_converged().0, Some(100 * MS + 10 * 300 * MS));
}

#[test]
fn a_role_that_somebody_comes_to_hold_is_found() {
    let mut story = Story::new(3);
    story.fault(100 * MS, kill(Who::Leader)).at(500 * MS, 1, Do::Lead { round: 2 });
    let ran = story.run();
    let report = ran.fault(0);
    assert_eq!((report.who.as_str(), report.processes), ("n1", 1));
    assert!((500 * MS..=575 * MS).contains(&report.at), "looked for four times a detection");
}

#[test]
fn among_several_leaders_the_highest_round_counts() {
    let mut story = Story::new(3);
    for (node, round) in [(0, 5), (1, 7), (2, 6)] {
        story.at(10 * MS, node, Do::Lead { round });
    }
    story.fault(100 * MS, kill(Who::Leader)).fault(101 * MS, kill(Who::Leader));
    let ran = story.run();
    assert_eq!((ran.fault(0).who.as_str(), ran.fault(1).who.as_str()), ("n1", "n2"));
}

#[test]
fn followers_are_the_running_nodes_that_do_not_lead() {
    let mut story = Story::new(4);
    story.led_by(1).crash(50 * MS, 0, CrashKind::Process, None);
    for nth in 0..3 {
        story.fault(100 * MS, FaultKind::Pause { who: vec![Who::Follower(nth)], duration: MS });
    }
    story.fault(
        200 * MS,
        FaultKind::Partition { groups: vec![vec![Who::Leader], vec![Who::Rest, Who::Clients]], duration: MS },
    );
    let ran = story.run();
    // A paused node does not run: after the first is paused, there is one left, and then nobody to pause.
    let who: Vec<String> = (1..5).map(|fault| ran.fault(fault).who).collect();
    assert_eq!(who[0], "n2");
    assert_eq!(who[1], "n3");
    assert_eq!(who[2], "n2", "awaited until one is back");
    assert_eq!(who[3], "n1 | n0 n2 n3 clients");
}

#[test]
fn an_office_can_be_handed_over_only_by_who_holds_it() {
    let mut story = Story::new(3);
    story.led_by(1);
    for who in [Who::Leader, Who::Follower(1)] {
        story.fault(100 * MS, FaultKind::HandOver { who: vec![who], to: Some(Who::Node(0)) });
    }
    let ran = story.run();
    let reports = [0, 1].map(|fault| ran.fault(fault));
    assert_eq!((reports[0].who.as_str(), reports[0].processes), ("n1 | n0", 1));
    assert_eq!((reports[1].who.as_str(), reports[1].touched()), ("n2 | n0", false));
}

#[test]
fn a_learner_is_no_follower() {
    let mut story = Story::new(3);
    story.plan.learners = 1;
    story.led_by(0);
    story.fault(100 * MS, FaultKind::Pause { who: vec![Who::Follower(1)], duration: MS });
    assert_eq!(
        story.run().fault(0).who,
        "n1",
        "n2 does not vote, so that the second follower is the first again"
    );
}
