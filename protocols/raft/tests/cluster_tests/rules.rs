//! Each rule left out, on a profile that makes it matter: something must fire, and the same seeds are clean with the
//! rule in.

use raft::{Message, rules};
use replica::{Link, Replica as _, RuleBit, Slot};

use crate::cluster::{DETECTION, MS, Options, World, n};
use crate::fuzz::{ACTS, Acts, run};

/// What makes a mutant show: few nodes, small appends, a kind of link, a mix of acts.
#[derive(Clone, Copy)]
pub struct Profile {
    pub nodes: usize,
    pub link: Link,
    pub loss: u64,
    pub dup: u64,
    pub latency: (u64, u64),
    pub sync: (u64, u64),
    pub small: bool,
    pub snapshot_every: u64,
    pub settings: &'static [(&'static str, &'static str)],
    pub acts: Acts,
}

pub const STORMY: Profile = Profile {
    nodes: 3,
    link: Link::Datagram,
    loss: 50,
    dup: 100,
    latency: (200, 20_000),
    sync: (1_000, 20_000),
    small: true,
    snapshot_every: 0,
    settings: &[],
    acts: Acts { cut: 40, power: 40, ..ACTS },
};

fn options(profile: Profile) -> Options {
    Options {
        link: profile.link,
        loss: profile.loss,
        dup: profile.dup,
        latency: profile.latency,
        sync: profile.sync,
        snapshot_every: profile.snapshot_every,
        settings: if profile.small { vec![("append_max", "1")] } else { Vec::new() },
        ..Options::calm(profile.nodes)
    }
    .set(profile.settings)
}

/// Runs seeds until one of `judges` fires without the rule; then the same seed with the rule must be clean.
pub fn check(rule: RuleBit, judges: &[&str], seeds: u64, profile: Profile) {
    let mut fired = Vec::new();
    for seed in 0..seeds {
        let mutant = run(options(profile).without(rule), profile.acts, seed, false);
        let found = mutant.found();
        let whole: World = run(options(profile), profile.acts, seed, false);
        // Where messages take as long as elections, nobody may ever win: safety is all that is asked for.
        let is_slow = DETECTION.0 / 2 < profile.latency.1 * 1000;
        if !is_slow || whole.found() != ["liveness"] {
            whole.demand_clean(&format!("seed {seed} with every rule"));
        }
        for judge in found {
            if !fired.contains(&judge) {
                println!("{}: {judge} first at seed {seed}", rules::ALL[rule.0 as usize].id);
                fired.push(judge);
            }
        }
        if judges.iter().all(|judge| fired.iter().any(|found| found == judge)) {
            return;
        }
    }
    panic!("{}: {fired:?} fired in {seeds} seeds, not {judges:?}", rules::ALL[rule.0 as usize].id);
}

#[test]
fn vote_not_durable() {
    // raft/vote-durable: thesis 3.8; paper figure 2, persistent state.
    check(rules::VOTE_DURABLE, &["claims", "raft/R6"], 600, STORMY);
}

#[test]
fn term_not_durable() {
    // raft/term-durable: paper figure 2, persistent state.
    check(rules::TERM_DURABLE, &["claims", "raft/R6"], 300, STORMY);
}

#[test]
fn acknowledged_before_durable() {
    // raft/append-durable: paper figure 2, persistent state; thesis 3.8.
    check(rules::APPEND_DURABLE, &["claims", "raft/R7", "raft/R8", "ledger"], 2000, STORMY);
}

#[test]
fn leader_counts_itself_before_durable() {
    // raft/own-durable: thesis 10.2.1.
    check(rules::OWN_DURABLE, &["raft/R7", "raft/R8"], 300, STORMY);
}

/// Figure 8 with three servers. A logs x in its term, alone; C wins the next term by B's vote and logs y, alone; A wins
/// again by B's vote, brings x (and not yet its own no-op) to B and counts two of three. If that commits x, C may still
/// win B's vote (y is of a later term than x) and overwrite it.
#[test]
fn older_term_committed_by_counting() {
    // raft/5.4.2: paper 5.4.2, figure 8.
    for is_mutant in [false, true] {
        let options = Options { settings: vec![("append_max", "1")], ..Options::calm(3) };
        let mut world =
            World::new(if is_mutant { options.without(rules::COMMIT_OWN_TERM) } else { options }, 1);
        let (a, b, c) = (n(0), n(1), n(2));
        let leads = |node| move |world: &World| world.leader() == Some(node);
        // B never wins, and nothing is replicated yet.
        world.net.keep = Some(|_, to, message| match message {
            Message::VoteReply { .. } => to == n(1),
            Message::AppendEntries { entries, .. } => !entries.is_empty(),
            _ => false,
        });
        world.cut_off(c);
        assert!(world.run_until(90 * DETECTION.0, leads(a)));
        world.run_for(10 * MS);
        world.net.cuts.clear();
        world.cut_off(a);
        assert!(world.run_until(90 * DETECTION.0, leads(c)));
        world.run_for(10 * MS);
        world.net.cuts.clear();
        world.cut_off(c);
        // A wins again and brings x to B; from then on only entries of older terms get through.
        world.net.keep = Some(|_, to, message| matches!(message, Message::VoteReply { .. } if to == n(1)));
        assert!(world.run_until(90 * DETECTION.0, |world| {
            world.leader() == Some(a) && world.host(b).replica().status().last == Slot(1)
        }));
        world.net.keep = Some(|_, to, message| match message {
            Message::VoteReply { .. } => to == n(1),
            Message::AppendEntries { term, entries, .. } => entries.iter().any(|held| held.term == *term),
            _ => false,
        });
        world.run_for(DETECTION.0 / 2);
        assert_eq!(world.delivered(a), u64::from(is_mutant));
        let term = world.term(a);
        world.crash(a, false);
        world.net.cuts.clear();
        world.net.keep = None;
        let wins_anew = |world: &World| world.leader() == Some(c) && term < world.term(c);
        assert!(world.run_until(90 * DETECTION.0, wins_anew));
        world.run_for(5 * DETECTION.0);
        let found = world.found();
        if is_mutant {
            assert!(found.contains(&"raft/R4".into()), "{found:?}");
            assert!(found.contains(&"ledger".into()), "{found:?}");
        } else {
            world.demand_clean("with the rule in");
        }
    }
}

#[test]
fn vote_for_a_log_behind() {
    // raft/5.4.1: paper 5.4.1.
    check(rules::UP_TO_DATE, &["raft/R9", "raft/R4", "raft/R8", "raft/R5", "ledger"], 300, STORMY);
}

#[test]
fn two_votes_in_a_term() {
    // raft/5.2-one-vote: paper 5.2.
    check(rules::ONE_VOTE, &["raft/R6", "raft/R1"], 2000, STORMY);
}

#[test]
fn higher_term_does_not_depose() {
    // raft/5.1-step-down: paper 5.1.
    check(rules::STEP_DOWN, &["raft/R1"], 300, STORMY);
}

#[test]
fn entries_taken_without_what_precedes_them() {
    // raft/5.3-prev: paper 5.3, consistency check.
    check(rules::PREV_LOG, &["raft/R3"], 1000, STORMY);
}

#[test]
fn suffix_cut_without_conflict() {
    // raft/5.3-cut: paper figure 2, AppendEntries step 3.
    check(rules::CUT_ON_CONFLICT, &["raft/R8"], 600, STORMY);
}

#[test]
fn commit_beyond_what_matched() {
    // raft/commit-matched: paper figure 2, AppendEntries step 5.
    check(rules::COMMIT_MATCHED, &["raft/R5", "ledger"], 1000, STORMY);
}

#[test]
fn read_before_own_term_commit() {
    // raft/6.4-own-term: thesis 6.4, step 1.
    check(rules::READ_OWN_TERM, &["raft/read", "reads"], 1000, STORMY);
}

/// A leader is cut off, another one commits, a client reads at the first: without a quorum it answers from the past.
#[test]
fn read_without_quorum() {
    // raft/6.4-quorum: thesis 6.4, step 3.
    for is_mutant in [false, true] {
        let options = Options::calm(3);
        let options = if is_mutant { options.without(rules::READ_QUORUM) } else { options };
        let mut world = World::new(options, 5);
        let old = depose(&mut world, |_| {});
        world.read(old);
        world.run_for(DETECTION.0);
        assert_eq!(world.found().contains(&"reads".into()), is_mutant);
    }
}

/// A follower's answers to the old leader are delayed until another one has committed. A read that comes then is
/// confirmed by answers to questions that were asked before it.
#[test]
fn read_confirmed_by_older_answers() {
    // raft/6.4-token: thesis 6.4, step 3.
    for is_mutant in [false, true] {
        let options = Options { link: Link::Datagram, ..Options::calm(3) };
        let options = if is_mutant { options.without(rules::READ_TOKEN) } else { options };
        let mut world = World::new(options, 5);
        let old = depose(&mut world, |world| {
            world.net.keep = Some(|_, _, message| matches!(message, Message::Appended { .. }));
            world.run_for(DETECTION.0 / 2);
            world.net.keep = None;
        });
        world.read(old);
        let delayed: Vec<_> = world.net.kept.drain(..).filter(|(_, to, ..)| *to == old).collect();
        assert!(!delayed.is_empty());
        for (from, to, _, message) in delayed {
            world.hand(from, to, message);
        }
        assert_eq!(world.found().contains(&"reads".into()), is_mutant);
    }
}

/// Elects a leader, lets `before` happen, cuts the leader off, and lets another one commit. The old leader.
fn depose(world: &mut World, before: impl FnOnce(&mut World)) -> replica::NodeId {
    assert!(world.run_until(90 * DETECTION.0, |world| world.leader().is_some() && world.is_converged()));
    let old = world.leader().unwrap();
    world.run_for(DETECTION.0);
    before(world);
    assert_eq!(world.leader(), Some(old));
    world.cut_off(old);
    assert!(world.run_until(90 * DETECTION.0, |world| world.leader() != Some(old)));
    let new = world.leader().unwrap();
    world.propose(new);
    let position = world.delivered(old);
    assert!(world.run_until(DETECTION.0, |world| position + 1 < world.delivered(new)));
    old
}

#[test]
fn stale_vote_counted() {
    // raft/stale-vote: paper 5.1.
    check(rules::STALE_VOTE, &["raft/R1"], 4000, Profile { latency: (20_000, 200_000), ..STORMY });
}

/// A server led, was deposed, lost its suffix to the next leader, and leads again. An answer to its first term arrives
/// only now: what it speaks of is gone from the follower's log, which meanwhile is cut off.
#[test]
fn stale_acknowledgment_counted() {
    // raft/stale-reply: paper 5.1.
    for is_mutant in [false, true] {
        let options = Options { link: Link::Datagram, ..Options::calm(3) };
        let options = if is_mutant { options.without(rules::STALE_REPLY) } else { options };
        let mut world = World::new(options, 6);
        let old = depose(&mut world, |_| {});
        world.heal();
        assert!(
            world
                .run_until(90 * DETECTION.0, |world| { world.is_converged() || world.leader() == Some(old) })
        );
        let leader = world.leader().unwrap();
        world.run_for(DETECTION.0);
        let (position, term) = (world.delivered(leader), world.term(leader));
        world.cut_off(leader);
        world.propose(leader);
        world.run_for(5 * MS);
        let matched = raft::Index(position + 1);
        let stale = Message::Appended { term: raft::Term(term - 1), matched, chain: 0, token: 0 };
        let follower = world.nodes().find(|node| *node != leader).unwrap();
        world.hand(follower, leader, stale);
        assert_eq!(world.delivered(leader), position + u64::from(is_mutant));
        assert_eq!(world.found().contains(&"raft/R7".into()), is_mutant);
    }
}

#[test]
fn stale_leader_obeyed() {
    // raft/5.1-stale-leader: paper 5.1; figure 2, AppendEntries step 1.
    check(rules::STALE_LEADER, &["raft/R8"], 4000, Profile { latency: (200, 60_000), ..STORMY });
}

/// No unsafe thing happens without the no-op: a leader that inherits entries neither commits them nor serves reads
/// until a client writes.
#[test]
fn no_noop_leaves_reads_waiting() {
    // raft/no-op: thesis 6.4, step 1; paper section 8.
    let mut stuck = 0;
    for seed in 0..40 {
        for (rules, may_stick) in [(true, false), (false, true)] {
            let options = Options::calm(3);
            let options = if rules { options } else { options.without(rules::NOOP) };
            let mut world = World::new(options, seed);
            assert!(world.run_until(60 * DETECTION.0, |world| world.leader().is_some()));
            let leader = world.leader().unwrap();
            world.run_for(10 * MS);
            world.read(leader);
            world.run_for(50 * MS);
            let is_stuck = 0 < world.reads_open();
            assert!(may_stick || !is_stuck, "seed {seed}: the read waits although there is a no-op");
            stuck += u64::from(is_stuck);
            world.demand_clean("a calm run");
        }
    }
    assert!(30 < stuck, "{stuck}");
}

/// For each kind of message that waits for a write: the host that forgets the wait is seen by its claims.
#[test]
fn a_host_that_does_not_wait_is_seen() {
    for (kind, name) in <raft::Message as replica::Message>::KINDS.iter().enumerate() {
        // What a leader sends never waits: its term and vote were durable before it won. What binds nobody neither.
        let waits = ["RequestVote", "VoteReply", "Appended", "Rejected"].contains(name);
        let fired = (0..if waits { 200 } else { 20 }).any(|seed| {
            let mut options = options(STORMY);
            options.unheld_kinds = 1 << kind;
            run(options, STORMY.acts, seed, false).found().iter().any(|judge| judge == "claims")
        });
        assert_eq!(fired, waits, "{name}");
    }
}
