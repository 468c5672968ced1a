//! Paper tests: one a rule, named after the sentence that it tests. With the rule left out a judge catches it on one of
//! a few seeds; the same seeds are clean with the rule in. Those of leases are in `leases.rs`.

use std::ops::Range;

use replica::{
    Boot, Draw, Durable, Effect, Input, LocalTime, Members, NodeId, Output, Replica, Role, Round, RuleBit,
    Rules, SessionNo, Slot, WriteId,
};
use zab::{Message, State, Vote, Zab, rules};

use crate::cluster::knobs;
use crate::fuzz::{BROAD, Profile, run};
use crate::mutants::{RESTLESS, RICH, SLOW};

const TINY: Profile = Profile { counter_max: "3", ..RESTLESS };
const DATAGRAMS: Profile = Profile { datagrams: true, ..RESTLESS };

/// Without these rules one of the seeds is caught by `caught_by`; with them each is clean.
fn shows_all(left_out: &[RuleBit], profile: Profile, seeds: Range<u64>, caught_by: &str) {
    let without = left_out.iter().fold(Rules::ALL, |rules, bit| rules.without(*bit));
    let caught = |seed| run(seed, without, profile).verdict().iter().any(|found| found.contains(caught_by));
    assert!(seeds.clone().any(caught), "left out, nothing is caught by {caught_by}");
    // Over datagrams Zab does not run at all: with the rule, links are sessions.
    let whole = Profile { datagrams: false, ..profile };
    for seed in seeds {
        let verdict = run(seed, Rules::ALL, whole).verdict();
        assert!(verdict.is_empty(), "seed {seed} with every rule: {verdict:?}");
    }
}

fn shows(left_out: RuleBit, profile: Profile, seeds: Range<u64>, caught_by: &str) {
    shows_all(&[left_out], profile, seeds, caught_by);
}

#[test]
fn a_follower_acknowledges_an_epoch_only_once_it_is_on_its_disk() {
    // zab/accept-durable: DSN 2011 section IV.A, step f.1.1.
    shows(rules::ACCEPT_DURABLE, RESTLESS, 0..3, "claims Promised");
}

#[test]
fn an_epoch_accepted_before_is_no_vote() {
    // zab/accept-once: Learner.registerWithLeader, "we cannot ack again".
    // Rare: one server must be promised the same number by two leaders that have both announced it already. Look for
    // another seed with `long` if schedules change.
    shows(rules::ACCEPT_ONCE, SLOW, 1155..1160, "zab/Z1");
}

#[test]
fn a_leader_announces_only_an_epoch_that_is_on_its_own_disk() {
    // zab/announce-durable: ZOOKEEPER-1291.
    shows(rules::ANNOUNCE_DURABLE, RESTLESS, 0..3, "claims Promised");
}

#[test]
fn a_leader_gives_up_if_a_follower_of_its_quorum_is_ahead() {
    // zab/not-ahead: Leader.waitForEpochAck.
    shows(rules::NOT_AHEAD, RESTLESS, 170..173, "zab/Z3");
}

#[test]
fn histories_are_compared_by_epoch_first() {
    // zab/order-by-epoch: FastLeaderElection.totalOrderPredicate. Only Z6 sees it: no client ever does.
    shows(rules::ORDER_BY_EPOCH, RESTLESS, 90..93, "zab/Z6");
}

#[test]
fn newleader_is_acknowledged_only_with_the_history_on_disk() {
    // zab/sync-durable: DSN 2011 section IV.B, step f.2.1; ZOOKEEPER-3911.
    shows(rules::SYNC_DURABLE, RESTLESS, 0..3, "zab/Z8");
}

#[test]
fn the_epoch_is_written_after_the_transactions_that_it_stands_for() {
    // zab/epoch-after-txns: ZOOKEEPER-4643, ZOOKEEPER-4785.
    shows(rules::EPOCH_AFTER_TXNS, RESTLESS, 0..3, "zab/Z8");
}

#[test]
fn the_epoch_is_written_at_newleader() {
    // zab/epoch-at-newleader: ZOOKEEPER-1282.
    shows(rules::EPOCH_AT_NEWLEADER, RESTLESS, 0..3, "zab/Z8");
}

#[test]
fn what_is_not_in_the_leaders_history_is_truncated_wherever_it_falls() {
    // zab/sync-trunc: ZOOKEEPER-1154.
    shows(rules::TRUNCATE_EXTRA, RESTLESS, 0..20, "zab/Z3");
}

#[test]
fn what_lies_above_the_leaders_last_is_truncated_too() {
    // zab/sync-trunc-above: ZOOKEEPER-2832.
    shows(rules::TRUNCATE_ABOVE, RESTLESS, 0..20, "zab/");
}

#[test]
fn proposals_go_to_learners_that_have_not_acknowledged_newleader() {
    // zab/propose-to-syncing: zookeeper-specifications, issue 1.
    shows(rules::PROPOSE_TO_SYNCING, SLOW, 0..10, "zab/expected");
}

#[test]
fn a_leader_serves_only_after_a_quorum_of_acknowledged_newleader() {
    // zab/serve-after-quorum: DSN 2011 section IV.B, step l.2.2.
    shows(rules::SERVE_AFTER_QUORUM, RESTLESS, 0..20, "zab/Z11");
}

#[test]
fn a_leader_that_does_not_hear_from_a_quorum_gives_up() {
    // zab/sync-limit: Leader.lead, the tick loop.
    shows(rules::SYNC_LIMIT, RESTLESS, 0..20, "no convergence");
}

#[test]
fn a_proposal_is_acknowledged_only_from_disk() {
    // zab/ack-durable: DSN 2011 section IV.C, step f.3.1.
    shows(rules::ACK_DURABLE, RESTLESS, 0..10, "claims Accepted");
}

#[test]
fn a_leader_counts_itself_only_from_disk() {
    // zab/leader-counts-durable: AckRequestProcessor.
    shows(rules::LEADER_COUNTS_DURABLE, SLOW, 0..5, "zab/Z11");
}

#[test]
fn transactions_are_committed_in_order() {
    // zab/commit-in-order: DSN 2011 section IV.C, step l.3.2.
    shows(rules::COMMIT_IN_ORDER, SLOW, 0..10, "zab/Z10");
}

#[test]
fn an_acknowledgment_counts_only_in_its_relation() {
    // zab/attempt: Leader.processAck.
    shows(rules::ACK_OF_THIS_ATTEMPT, RESTLESS, 1498..1502, "zab/Z11");
}

#[test]
fn a_linearizable_read_waits_for_a_quorum() {
    // zab/read-quorum: ours.
    shows(rules::READ_QUORUM, RESTLESS, 0..60, "answers a read");
}

#[test]
fn the_round_that_confirms_a_read_began_after_it() {
    // zab/read-fresh: ours; Raft's thesis, section 6.4.
    shows(rules::READ_FRESH, RESTLESS, 0..60, "answers a read");
}

#[test]
fn a_used_up_counter_makes_a_new_epoch() {
    // zab/counter-overflow: ZOOKEEPER-1277.
    shows(rules::COUNTER_OVERFLOW, TINY, 0..3, "zab/Z7");
}

#[test]
fn a_new_epoch_is_above_all_that_its_quorum_accepted() {
    // zab/epoch-recorded: DSN 2011 section IV.A, step l.1.1; ZOOKEEPER-335, 1081, 1082.
    shows(rules::EPOCH_RECORDED, RESTLESS, 0..3, "zab/Z7");
}

#[test]
fn half_a_snapshot_counts_for_nothing() {
    // zab/snap-whole: ZOOKEEPER-3642.
    shows(rules::SNAP_WHOLE, RICH, 0..20, "zab/");
}

#[test]
fn a_leader_serves_others_from_its_whole_log() {
    // zab/whole-log: ZOOKEEPER-4925.
    shows(rules::WHOLE_LOG, SLOW, 0..5, "zab/expected");
}

#[test]
fn a_learner_delivers_what_is_committed_and_nothing_else() {
    // zab/deliver-committed: ZOOKEEPER-4394.
    shows(rules::DELIVER_COMMITTED, RESTLESS, 0..3, "zab/Z11");
}

#[test]
fn sync_does_not_make_a_read_linearizable() {
    // zab/sync-is-weak: ZOOKEEPER-1675.
    shows(rules::SYNC_IS_WEAK, RESTLESS, 60..65, "answers a read");
}

#[test]
fn an_observer_is_never_elected() {
    // zab/observer-not-elected: ZOOKEEPER-764.
    shows(rules::OBSERVER_NOT_ELECTED, RICH, 0..3, "zab/Z1");
}

#[test]
fn a_looking_server_says_its_vote_again() {
    // zab/repeat-vote: ZOOKEEPER-1419.
    shows(rules::REPEAT_VOTE, BROAD, 0..5, "no convergence");
}

#[test]
fn zab_needs_links_that_keep_the_order() {
    // zab/fifo: ZooKeeper internals, "FIFO channels".
    shows(rules::FIFO, DATAGRAMS, 0..3, "zab/expected");
}

#[test]
fn a_follower_takes_only_the_next_zxid() {
    // zab/contiguous: enforceContinuousProposal. Over sessions a gap never comes by itself: the rule that makes none is
    // left out as well.
    shows_all(&[rules::CONTIGUOUS, rules::PROPOSE_TO_SYNCING], SLOW, 0..60, "zab/Z9");
}

struct NoDraw;
impl Draw for NoDraw {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

/// What a server does that two others tell that they follow it, though it is only looking.
fn told_that_it_leads(rules: Rules) -> Role {
    let config = Zab::config(&knobs(rules, &[])).unwrap();
    let (mut effects, mut gates, mut draw): (Vec<Effect<_, _>>, _, _) = (Vec::new(), 0, NoDraw);
    let mut out = Output::new(&mut effects, &mut draw, WriteId(1), &mut gates, false);
    let disk = [Zab::genesis(&Members::first(3))];
    let durable = Durable { first: WriteId(1), records: &disk, blobs: &[] };
    let boot = Boot { node: NodeId(0), incarnation: 1 };
    let mut server = Zab::boot(boot, &config, durable, LocalTime(0), &mut out);
    let vote = Vote { leader: NodeId(0), zxid: Slot(7), epoch: Round(0) };
    for peer in [NodeId(1), NodeId(2)] {
        let session = SessionNo(1);
        server.step(LocalTime(1), Input::SessionUp { peer, session }, &mut out);
        let message = Message::Notification { vote, clock: 9, state: State::Following };
        server.step(LocalTime(2), Input::Message { from: peer, session, message }, &mut out);
    }
    server.status().role
}

#[test]
fn a_looking_server_believes_only_the_leader_itself() {
    // zab/check-leader: ZOOKEEPER-975, FastLeaderElection.checkLeader.
    assert_eq!(told_that_it_leads(Rules::ALL), Role::Follower);
    assert_eq!(told_that_it_leads(Rules::ALL.without(rules::CHECK_LEADER)), Role::Candidate);
}

#[test]
fn every_rule_has_a_test_that_cites_it() {
    let tests = concat!(include_str!("paper.rs"), include_str!("leases.rs"));
    for rule in rules::ALL {
        assert!(tests.contains(&format!("// {}:", rule.id)), "{} has no test", rule.id);
    }
}
