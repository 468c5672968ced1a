//! The rules of what a setting turns on, each by the sentence of the paper or thesis that it comes from: with the rule a
//! story ends well, and without it the same story does not.

use raft::{Index, Message, Record, Term, rules};
use replica::{Effect, Link, NodeId, Observe as _, Replica as _, Role, RuleBit, Slot, Step};

use crate::cluster::{DETECTION, MS, Options, World, n};
use crate::rules::{Profile, STORMY, check};

/// A calm world that node 0 leads.
fn led_by_0(options: &Options) -> World {
    (0..200)
        .map(|seed| led_from(options, seed))
        .find(|world| world.leader() == Some(n(0)))
        .expect("it wins once")
}

fn led_from(options: &Options, seed: u64) -> World {
    let mut world = World::new(options.clone(), seed);
    assert!(world.run_until(60 * DETECTION.0, |world| world.leader().is_some() && world.is_converged()));
    world.run_for(DETECTION.0);
    world
}

/// Tells a story with the rule and without it.
fn both(rule: RuleBit, options: Options, story: impl Fn(&Options, bool)) {
    story(&options, false);
    story(&options.clone().without(rule), true);
}

fn finds(world: &World, judge: &str) -> bool {
    world.found().iter().any(|found| found == judge)
}

/// Whether some seed's story makes clients read the past.
fn some_read_is_stale(options: &Options, seeds: u64, story: impl Fn(&mut World)) -> bool {
    (0..seeds).any(|seed| {
        let mut world = led_from(options, seed);
        let leader = world.leader().unwrap();
        if leader != n(0) {
            world.hand_over(leader, Some(n(0)));
            assert!(world.run_until(DETECTION.0, |world| world.leader() == Some(n(0))));
            world.run_for(DETECTION.0);
        }
        story(&mut world);
        finds(&world, "reads")
    })
}

#[test]
fn the_later_last_term_is_more_up_to_date_whatever_the_length() {
    // raft/5.4.1-term: paper 5.4.1, last paragraph.
    check(rules::UP_TO_DATE_TERM, &["raft/R9"], 2000, STORMY);
}

#[test]
fn a_term_is_on_disk_before_the_entries_taken_in_it() {
    // raft/term-first: paper figure 2, persistent state.
    check(rules::TERM_FIRST, &["claims"], 300, STORMY);
}

#[test]
fn term_and_vote_are_one_record() {
    // raft/ballot-atomic: thesis 3.8. Power fails between the two records: the new term is left with the old vote, and
    // whom that was for asks again, with a log that is behind.
    both(rules::BALLOT_ATOMIC, Options { link: Link::Datagram, ..Options::calm(3) }, |options, is_mutant| {
        let fired = (0..100).any(|seed| {
            let mut world = led_from(options, seed);
            let old = world.leader().unwrap();
            let mut others = world.nodes().filter(|node| *node != old);
            let (voter, new) = (others.next().unwrap(), others.next().unwrap());
            let term = Term(world.term(voter) + 1);
            let ask =
                |last_index, last_term| Message::RequestVote { term, last_index, last_term, transfer: false };
            world.cut_off(voter);
            world.hand(new, voter, ask(Index(9), Term(term.0 - 1)));
            world.crash(voter, true);
            world.start(voter);
            world.hand(old, voter, ask(Index(0), Term(0)));
            finds(&world, "raft/R9")
        });
        assert_eq!(fired, is_mutant);
    });
}

#[test]
fn who_learns_of_a_higher_term_goes_on_waiting() {
    // Paper 5.2: a timer restarts for a leader, a granted vote or an election of one's own. A candidate that is asked by
    // one that cannot win would else wait anew each time, as figure 16 would be if it did.
    let mut world = led_from(&Options { link: Link::Datagram, ..Options::calm(3) }, 0);
    let leader = world.leader().unwrap();
    let mut others = world.nodes().filter(|node| *node != leader);
    let (candidate, other) = (others.next().unwrap(), others.next().unwrap());
    world.cut_off(candidate);
    let role = |world: &World| world.host(candidate).replica().status().role;
    assert!(world.run_until(10 * DETECTION.0, |world| role(world) == Role::Candidate));
    world.run_for(MS);
    let deadline = |world: &World| world.host(candidate).replica().deadline();
    let before = deadline(&world);
    let ask = |world: &World, last_index, last_term| Message::RequestVote {
        term: Term(world.term(candidate) + 1),
        last_index,
        last_term,
        transfer: false,
    };
    let behind = ask(&world, Index(0), Term(0));
    world.hand(other, candidate, behind);
    assert_eq!(role(&world), Role::Follower);
    assert_eq!(deadline(&world), before, "it was asked in vain");
    let ahead = ask(&world, Index(1_000), Term(world.term(candidate)));
    world.hand(other, candidate, ahead);
    assert_ne!(deadline(&world), before, "it gave its vote");
}

#[test]
fn a_vote_lasts_as_long_as_its_term() {
    // raft/vote-kept: paper 5.2. A leader that hears no majority steps down in the term it was elected in.
    let options = Options::calm(3).set(&[("check_quorum", "on")]);
    both(rules::VOTE_KEPT, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        world.cut_off(n(0));
        world.run_for(3 * DETECTION.0);
        assert_ne!(world.host(n(0)).replica().status().role, Role::Leader);
        assert_eq!(finds(&world, "raft/R6"), is_mutant);
    });
}

#[test]
fn a_learners_acknowledgment_commits_nothing() {
    // raft/voters-only: thesis 4.2.1. The leader of three voters reaches two learners and no voter.
    let options = Options { learners: 2, ..Options::calm(5) };
    both(rules::VOTERS_ONLY, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        for voter in [n(1), n(2)] {
            world.cut(n(0), voter);
            world.cut(voter, n(0));
        }
        world.run_for(MS);
        let before = world.delivered(n(0));
        world.propose(n(0));
        world.run_for(DETECTION.0 / 2);
        assert_eq!(world.delivered(n(0)), before + u64::from(is_mutant));
        assert_eq!(finds(&world, "raft/R7"), is_mutant);
    });
}

#[test]
fn a_pre_vote_changes_no_term() {
    // raft/9.6-pure: thesis 9.6.
    let options = Options { link: Link::Datagram, ..Options::calm(3) };
    both(rules::PREVOTE_PURE, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        let (before, term) = (world.term(n(1)), Term(50));
        world.hand(n(2), n(1), Message::PreVote { term, last_index: Index(9), last_term: term });
        assert_eq!(world.term(n(1)), if is_mutant { 51 } else { before });
    });
}

#[test]
fn a_denied_pre_vote_teaches_a_higher_term() {
    // raft/9.6-term: thesis 9.6. Else a server of a lower term asks for ever, and one of a higher term denies for ever.
    let options = Options { link: Link::Datagram, ..Options::calm(3) };
    both(rules::PREVOTE_TERM, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        let before = world.term(n(1));
        let denial = Message::PreVoteReply { asked: Term(before), term: Term(9), granted: false };
        world.hand(n(2), n(1), denial);
        assert_eq!(world.term(n(1)), if is_mutant { before } else { 9 });
    });
}

#[test]
fn an_entry_is_durable_with_its_own_write() {
    // raft/stable-write: thesis 10.2.1; etcd, append ABA race.
    check(rules::STABLE_WRITE, &["claims"], 1000, STORMY);
}

#[test]
fn a_followers_read_waits_for_the_leaders_index() {
    // raft/6.4-applied: thesis 6.4, step 4. The follower has not heard of the newest commit.
    let options = Options::calm(3).set(&[("follower_reads", "on")]);
    both(rules::READ_APPLIED, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        world.net.keep =
            Some(|_, to, message| to == n(1) && matches!(message, Message::AppendEntries { .. }));
        world.propose(n(0));
        world.run_for(10 * MS);
        let answered = world.net.reads_ok;
        world.read(n(1));
        world.run_for(10 * MS);
        assert_eq!(world.net.reads_ok, answered + 1);
        assert_eq!(finds(&world, "reads"), is_mutant);
    });
}

/// The leader's clock is slow by a fifth and the voters' are fast by as much. It is cut off and asked for reads all
/// the while, until another leader has committed.
fn reads_at_a_slow_leader(world: &mut World) {
    world.cut_off(n(0));
    let before = world.delivered(n(0));
    for _ in 0..200 {
        world.run_for(MS);
        if let Some(new) = world.leader().filter(|new| *new != n(0) && world.delivered(*new) < before + 3) {
            world.propose(new);
        }
        world.read(n(0));
    }
}

const SLOW_LEADER: [i64; 8] = [-200_000, 200_000, 200_000, 0, 0, 0, 0, 0];

#[test]
fn a_lease_leaves_room_for_drift() {
    // raft/6.4.1-drift: thesis 6.4.1.
    let settings = [("reads", "lease"), ("lease_drift_ppm", "200000")];
    let options = Options { drift: SLOW_LEADER, ..Options::calm(3) }.set(&settings);
    both(rules::LEASE_DRIFT, options, |options, is_mutant| {
        assert_eq!(some_read_is_stale(options, 60, reads_at_a_slow_leader), is_mutant);
    });
}

#[test]
fn drift_beyond_the_bound_breaks_leases_and_not_read_index() {
    // Thesis 6.4.1: "assumes a bound on clock drift". No rule is left out.
    for (reads, breaks) in [("lease", true), ("index", false), ("log", false)] {
        let settings = [("reads", reads), ("check_quorum", "on"), ("lease_drift_ppm", "1000")];
        let options = Options { drift: SLOW_LEADER, ..Options::calm(3) }.set(&settings);
        assert_eq!(some_read_is_stale(&options, 60, reads_at_a_slow_leader), breaks, "{reads}");
    }
}

#[test]
fn a_transfer_ends_the_lease() {
    // raft/6.4.1-transfer: thesis 6.4.1. The successor is elected while the old leader hears nothing of it.
    let options = Options::calm(3).set(&[("reads", "lease")]);
    both(rules::LEASE_TRANSFER, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        world.net.keep = Some(|_, to, _| to == n(0));
        world.hand_over(n(0), Some(n(1)));
        assert!(world.run_until(DETECTION.0 / 2, |world| world.leader() == Some(n(1))));
        let before = world.delivered(n(1));
        world.propose(n(1));
        assert!(world.run_until(DETECTION.0 / 4, |world| before + 2 <= world.delivered(n(1))));
        world.read(n(0));
        assert_eq!(finds(&world, "reads"), is_mutant);
    });
}

#[test]
fn a_lease_starts_when_its_round_was_sent() {
    // raft/6.4.1-sent: thesis 6.4.1. Answers are late by more than a lease.
    let options = Options { link: Link::Datagram, ..Options::calm(3) }.set(&[("reads", "lease")]);
    both(rules::LEASE_SENT, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        world.net.keep = Some(|_, to, message| to == n(0) && matches!(message, Message::Appended { .. }));
        world.run_for(DETECTION.0 / 2);
        let late: Vec<_> = world.net.kept.drain(..).collect();
        world.cut_off(n(0));
        let before = world.delivered(n(0));
        for round in 0..60 {
            world.run_for(10 * MS);
            if let Some(new) = world.leader().filter(|new| *new != n(0)) {
                world.propose(new);
            }
            let (from, _, _, message) = late[round % late.len()].clone();
            world.hand(from, n(0), message);
            if world.nodes().any(|node| before + 2 <= world.delivered(node)) {
                break;
            }
        }
        world.read(n(0));
        assert_eq!(finds(&world, "reads"), is_mutant);
    });
}

#[test]
fn voters_protect_a_leader_that_they_hear() {
    // raft/4.2.3: thesis 4.2.3, 6.4.1. A server that does not hear the leader stands; the other voter does hear it.
    let options = Options::calm(3).set(&[("reads", "lease")]);
    both(rules::VOTER_LEASE, options, |options, is_mutant| {
        let mut world = led_by_0(options);
        world.cut(n(0), n(1));
        world.cut(n(1), n(0));
        let is_deposed = world.run_until(10 * DETECTION.0, |world| world.leader() == Some(n(1)));
        assert_eq!(is_deposed, is_mutant);
        if is_mutant {
            world.cut_off(n(0));
            let before = world.delivered(n(1));
            world.propose(n(1));
            world.run_until(DETECTION.0 / 4, |world| before + 2 <= world.delivered(n(1)));
            world.read(n(0));
            assert!(finds(&world, "reads"));
        }
    });
}

#[test]
fn an_entry_is_committed_when_a_majority_holds_it() {
    // raft/5.3-majority: paper 5.3.
    check(rules::MAJORITY, &["raft/R7"], 300, Profile { nodes: 5, ..STORMY });
}

const SNAPSHOTS: Profile =
    Profile { snapshot_every: 3, settings: &[("trailing", "0"), ("chunk", "100")], ..STORMY };

#[test]
fn a_snapshot_that_conflicts_replaces_the_log() {
    // raft/7-conflict: paper figure 13, steps 6 and 7.
    check(rules::SNAPSHOT_CONFLICT, &["raft/R3"], 2000, SNAPSHOTS);
}

#[test]
fn compaction_waits_for_the_snapshot() {
    // raft/7-durable: paper section 7.
    check(rules::SNAPSHOT_DURABLE, &["ledger"], 1000, SNAPSHOTS);
}

#[test]
fn no_page_of_deliveries_skips_an_entry() {
    // raft/5.3-pages: paper 5.3; etcd commit 8ecce32.
    let profile = Profile { settings: &[("deliver_max", "1")], ..STORMY };
    check(rules::PAGES, &["raft/R5", "ledger"], 300, profile);
}

/// R2: no rule keeps a leader from cutting its log, since it takes no entries. A forged step shows that the judge looks.
#[test]
fn the_judge_sees_a_leader_that_cuts() {
    let mut world = led_by_0(&Options::calm(3));
    forge(&mut world, &[Effect::Write(Record::Cut { after: Index(0) })]);
    assert!(finds(&world, "raft/R2"), "{:?}", world.found());
}

/// R11: a delivery of an entry that the log does not have.
#[test]
fn the_judge_sees_a_delivery_beyond_the_log() {
    let mut world = led_by_0(&Options::calm(3));
    let entry = replica::Entry::noop(n(0));
    forge(&mut world, &[Effect::Deliver { slot: Slot(9), position: replica::Position(9), entry }]);
    assert!(finds(&world, "raft/R11"), "{:?}", world.found());
}

fn forge(world: &mut World, effects: &[Effect<Message, Record>]) {
    let World { net, hosts, .. } = world;
    let host = hosts[0].as_ref().expect("runs");
    let first_write = host.last_write().next();
    let step = Step { node: n(0), replica: host.replica(), effects, first_write };
    net.judge.stepped(&step, &crate::cluster::Nobody, &mut net.findings);
}

/// An operator's wish: the successor leads within a few round trips, nothing is lost, and nobody waited for a time-out.
#[test]
fn leadership_is_handed_over() {
    let mut world = led_by_0(&Options::calm(3).set(&[("check_quorum", "on"), ("pre_vote", "on")]));
    for _ in 0..5 {
        world.propose(n(0));
    }
    world.hand_over(n(0), Some(n(2)));
    assert!(world.run_until(DETECTION.0 / 2, |world| world.leader() == Some(n(2))));
    world.must_serve();
    assert_eq!(world.leader(), Some(n(2)));
    world.demand_clean("a hand-over");
}

/// A follower that was away while the log was compacted: it is brought up by the snapshot, in chunks.
#[test]
fn a_follower_behind_the_log_is_sent_the_snapshot() {
    let options = Options { snapshot_every: 10, ..Options::calm(3) };
    let mut world = led_by_0(&options.set(&[("trailing", "0"), ("chunk", "50")]));
    world.crash(n(2), true);
    for _ in 0..40 {
        world.propose(n(0));
        world.run_for(2 * MS);
    }
    world.start(n(2));
    assert!(world.run_until(10 * DETECTION.0, World::is_converged));
    assert!(0 < world.net.restored);
    world.crash(n(2), false);
    world.start(n(2));
    world.must_serve();
    world.demand_clean("a snapshot");
}

/// With PreVote a server that was cut off does not depose the leader when it comes back.
#[test]
fn a_server_that_comes_back_deposes_nobody() {
    for (pre_vote, stays) in [("on", true), ("off", false)] {
        let mut world = led_by_0(&Options::calm(3).set(&[("pre_vote", pre_vote)]));
        let term = world.term(n(0));
        world.cut_off(n(2));
        world.run_for(10 * DETECTION.0);
        world.heal();
        world.run_for(10 * DETECTION.0);
        assert_eq!(world.term(n(0)) == term, stays);
        world.demand_clean("a server that comes back");
    }
}

/// The server of the highest priority waits least, and nearly always wins the first election.
#[test]
fn the_highest_priority_stands_first() {
    let options = Options::calm(3).set(&[("priorities", "n2:4")]);
    let wins = (0..40).filter(|seed| led_from(&options, *seed).leader() == Some(n(2))).count();
    assert!(38 <= wins, "{wins} of 40");
}

/// A learner is told everything; that it hears nobody changes no term.
#[test]
fn a_learner_holds_everything_and_never_stands() {
    let mut world = led_by_0(&Options { learners: 1, ..Options::calm(4) });
    let learner: NodeId = n(3);
    world.propose(n(0));
    world.run_for(50 * MS);
    assert_eq!(world.delivered(learner), world.delivered(n(0)));
    let term = world.term(learner);
    world.cut_off(learner);
    world.run_for(20 * DETECTION.0);
    assert_eq!(world.term(learner), term);
    world.must_serve();
    world.demand_clean("a learner");
}
