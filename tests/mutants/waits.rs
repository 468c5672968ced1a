//! Durable before visible, one kind of message at a time. A kind that waits for a write is sent without its wait, by a
//! deliberate fault of the host, and the judge must notice. A kind that asserts something and never waits is forged.
//! A kind that asserts nothing is shown to. Every kind of every protocol is listed here, so that a new one must be
//! decided on.

use std::collections::BTreeSet;

use paxos::Ballot;
use raft::LogEntry;
use replica::{Claim, Entry, Few, LocalTime, Message, NodeId, ReadId, Record, Replica, Round, Slot, WriteId};
use scenarios::Protocol;
use sim::judge::{Disks, When};
use sim::outcome::{Outcome, Verdict};
use sim::run::RunOptions;
use zab::{Attempt, State};

use super::{outcome, scenario};

const JUDGE: &str = "durable-before-visible";
const SCENARIO: &str = include_str!("waits.toml");
/// The seeds that a kind without its wait must be noticed on.
const SEEDS: std::ops::Range<u64> = 0..5;

/// What a kind of message asserts of its sender's disk, and whether it waits for that to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It asserts something, and waits for the write that makes it true.
    Waits,
    /// It asserts what was made durable before it could be sent.
    Asserts,
    /// It asserts nothing.
    Silent,
}
use Kind::{Asserts, Silent, Waits};

const RAFT: &[(&str, Kind)] = &[
    ("RequestVote", Waits),
    ("VoteReply", Waits),
    // A leader's term was durable before it could win. Of the entries that it sends it asserts nothing.
    ("AppendEntries", Asserts),
    ("Appended", Waits),
    ("Rejected", Waits),
    // What is asked before an election, how far a snapshot has come, and where to read: they bind nobody to anything.
    ("PreVote", Silent),
    ("PreVoteReply", Silent),
    ("TimeoutNow", Asserts),
    ("InstallSnapshot", Asserts),
    ("InstallReply", Silent),
    ("ReadIndex", Silent),
    ("ReadIndexReply", Silent),
];

const ZAB: &[(&str, Kind)] = &[
    ("NOTIFICATION", Silent),
    ("FOLLOWERINFO", Silent),
    ("LEADERINFO", Waits),
    ("ACKEPOCH", Waits),
    ("TRUNC", Silent),
    ("TRUNCATED", Silent),
    ("DIFF", Silent),
    ("NEWLEADER", Silent),
    ("ACK-NEWLEADER", Waits),
    ("UPTODATE", Silent),
    ("PROPOSAL", Silent),
    ("ACK", Waits),
    ("COMMIT", Silent),
    ("PING", Silent),
    ("PONG", Silent),
    ("REQUEST", Silent),
    ("SYNC", Silent),
    ("SYNCED", Silent),
    ("CLOSE", Silent),
    ("DIFF-ACK", Silent),
    ("SNAP", Silent),
    ("SNAP-ACK", Silent),
    ("SNAPPED", Silent),
    ("INFORM", Silent),
    ("HANDOVER", Silent),
];

const PAXOS: &[(&str, Kind)] = &[
    ("prepare", Waits),
    ("promise", Waits),
    ("accept", Silent),
    ("accepted", Waits),
    ("nack", Silent),
    ("heartbeat", Silent),
    ("confirm", Silent),
    ("catch-up", Silent),
    ("chosen", Silent),
    ("offer", Silent),
    ("fetch", Silent),
    ("chunk", Silent),
    ("probe", Silent),
    ("voted", Silent),
    ("rinse", Silent),
    ("hand-over", Silent),
    ("heartbeat-request", Silent),
    ("heartbeat-reply", Silent),
];

#[test]
fn raft_messages_that_do_not_wait_are_noticed() {
    // Every answer and every request for a vote speaks of a term, a vote or entries that may still be on their way to
    // the disk. The danger: power fails in between, and the sender says something else next time.
    dropping_a_wait_is_noticed(Protocol::Raft, RAFT);
}

#[test]
fn zab_messages_that_do_not_wait_are_noticed() {
    // An epoch announced, an epoch acknowledged, a history adopted, a transaction acknowledged: each a promise that a
    // power loss must not take back.
    dropping_a_wait_is_noticed(Protocol::Zab, ZAB);
}

#[test]
fn paxos_messages_that_do_not_wait_are_noticed() {
    // A ballot reserved, a promise, a vote: an acceptor that forgets one of them chooses twice.
    dropping_a_wait_is_noticed(Protocol::Paxos, PAXOS);
}

#[test]
fn raft_claims_are_judged_kind_by_kind() {
    // A message of each kind, from a sender whose disk holds nothing but its genesis: what asserts anything is a lie,
    // and what is listed as silent must have nothing to lie about.
    let (n0, n1) = (NodeId(0), NodeId(1));
    let (term, last_term) = (Round(3), Round(2));
    let entry = || LogEntry { term, entry: Entry::noop(n0) };
    let append = |entries| raft::Message::AppendEntries {
        term,
        prev_index: Slot(1),
        prev_term: last_term,
        commit: Slot(1),
        token: 1,
        entries,
    };
    let samples = [
        raft::Message::RequestVote { term, last_index: Slot(1), last_term, transfer: false },
        raft::Message::VoteReply { term, granted: true },
        raft::Message::VoteReply { term, granted: false },
        append(Few::None),
        append(Few::One(entry())),
        raft::Message::Appended { term, matched: Slot(1), chain: 7, token: 1 },
        raft::Message::Rejected {
            term,
            prev_index: Slot(1),
            hint_index: Slot(1),
            hint_term: last_term,
            token: 1,
        },
        raft::Message::PreVote { term, last_index: Slot(1), last_term },
        raft::Message::PreVoteReply { asked: last_term, term, granted: true },
        raft::Message::TimeoutNow { term },
        raft::Message::InstallSnapshot {
            term,
            index: Slot(1),
            last_term,
            chain: 7,
            offset: 0,
            bytes: vec![1],
            done: true,
        },
        raft::Message::InstallReply { term, index: Slot(1), received: 1 },
        raft::Message::ReadIndex { token: 1 },
        raft::Message::ReadIndexReply { token: 1, index: Slot(1) },
    ];
    claims_are_judged::<raft::Raft>(RAFT, &samples);

    // The kind that asserts without waiting: true once its term is durable, and not while it is on its way.
    let when = When::default();
    let mut disks = Disks::new(2, &[]);
    disks.wrote(when, n0, WriteId(1), &raft::Record::Ballot { term, vote: Some(n0) });
    disks.hardened(n0, WriteId(1));
    disks.left(when, n0, n1, &append(Few::One(entry())));
    assert!(disks.visible.is_clean(), "{:?}", disks.visible.violation());
    let term = Round(4);
    disks.wrote(when, n0, WriteId(2), &raft::Record::Ballot { term, vote: Some(n0) });
    let forged = raft::Message::AppendEntries {
        term,
        prev_index: Slot(0),
        prev_term: Round(0),
        commit: Slot(0),
        token: 0,
        entries: Few::None,
    };
    disks.left(when, n0, n1, &forged);
    let said = disks.visible.violation().expect("the term is not durable yet");
    assert!(said.contains("AppendEntries"), "{said}");
}

#[test]
fn zab_claims_are_judged_kind_by_kind() {
    // As above, in Zab's words.
    let (attempt, epoch, zxid) = (Attempt(1), Round(2), Slot(2 << 32 | 1));
    let (entry, read, leader) = (Entry::noop(NodeId(0)), ReadId(1), NodeId(1));
    let vote = zab::Vote { leader, zxid, epoch };
    let at = zab::Place { position: 1, zxid, chain: 7 };
    let samples = [
        zab::Message::Notification { vote, clock: 1, state: State::Looking },
        zab::Message::Notification { vote, clock: 1, state: State::Leading },
        zab::Message::FollowerInfo { attempt, accepted: epoch },
        zab::Message::LeaderInfo { attempt, epoch },
        zab::Message::AckEpoch { attempt, epoch, vote: true, current: epoch, last: zxid },
        zab::Message::AckEpoch { attempt, epoch, vote: false, current: Round(0), last: Slot(0) },
        zab::Message::Trunc { attempt, after: zxid },
        zab::Message::Truncated { attempt, last: zxid },
        zab::Message::Diff { attempt, after: Slot(0), txns: Few::One((zxid, entry.clone())), answer: true },
        zab::Message::NewLeader { attempt, epoch, last: zxid },
        zab::Message::AckNewLeader { attempt, epoch, last: zxid, chain: 7 },
        zab::Message::UpToDate { attempt, committed: zxid },
        zab::Message::Proposal { attempt, zxid, entry: entry.clone() },
        zab::Message::Ack { attempt, zxid },
        zab::Message::Commit { attempt, zxid },
        zab::Message::Ping { attempt, token: 1 },
        zab::Message::Pong { attempt, token: 1 },
        zab::Message::Request { attempt, entry: entry.clone() },
        zab::Message::Sync { attempt, read },
        zab::Message::Synced { attempt, read },
        zab::Message::Close { attempt },
        zab::Message::DiffAck { attempt },
        zab::Message::Snap { attempt, at, total: 2, offset: 0, bytes: vec![1, 2] },
        zab::Message::SnapAck { attempt, next: 1 },
        zab::Message::Snapped { attempt, last: zxid },
        zab::Message::Inform { attempt, zxid, entry },
        zab::Message::HandOver { attempt, vote },
    ];
    claims_are_judged::<zab::Zab>(ZAB, &samples);
}

#[test]
fn paxos_claims_are_judged_kind_by_kind() {
    // As above, in the words of Paxos.
    let (ballot, slot, chosen) = (Ballot::new(2, NodeId(0)), Slot(1), Slot(1));
    let entry = Entry::noop(NodeId(0));
    let vote = paxos::Vote { slot, ballot, entry: entry.clone() };
    let promise = |votes, next| paxos::Message::Promise {
        ballot,
        from: slot,
        trimmed: Slot::ZERO,
        chosen,
        votes,
        next,
    };
    let samples = [
        paxos::Message::Prepare { ballot, from: slot, released: Ballot::ZERO },
        promise(Few::None, Slot::ZERO),
        promise(Few::One(vote.clone()), Slot::ZERO),
        promise(Few::One(vote), Slot(2)),
        paxos::Message::Accept { ballot, slot, chosen, entry: entry.clone() },
        paxos::Message::Accepted { ballot, slot },
        paxos::Message::Nack { ballot },
        paxos::Message::Heartbeat { ballot, chosen, token: 1, lease: LocalTime(1) },
        paxos::Message::Confirm { ballot, token: 1, lease: LocalTime(1) },
        paxos::Message::CatchUp { from: slot },
        paxos::Message::Chosen { from: slot, chosen, entries: Few::One(entry) },
        paxos::Message::Offer { ballot, slot, chain: 7, len: 1 },
        paxos::Message::Fetch { slot, offset: 0 },
        paxos::Message::Chunk { slot, offset: 0, bytes: vec![1] },
        paxos::Message::Probe { token: 1 },
        paxos::Message::Voted { token: 1, upto: slot },
        paxos::Message::Rinse { upto: slot },
        paxos::Message::HandOver { ballot },
        paxos::Message::HeartbeatRequest { round: 1 },
        paxos::Message::HeartbeatReply { round: 1, ballot, connected: true, lacks: ballot },
    ];
    claims_are_judged::<paxos::Paxos>(PAXOS, &samples);
}

/// Runs a protocol with one kind's wait dropped, for each kind.
fn dropping_a_wait_is_noticed(protocol: Protocol, kinds: &[(&str, Kind)]) {
    let scenario = scenario(SCENARIO);
    let plans: Vec<_> = SEEDS.map(|seed| scenario.plan(seed)).collect();
    let whole: Vec<Outcome> =
        plans.iter().map(|plan| outcome(protocol, plan, &RunOptions::default())).collect();
    for run in &whole {
        assert_eq!(run.verdict(), Verdict::Ok, "seed {}: {:?}", run.seed, run.first_violation());
        assert_eq!(run.traffic.by_kind.len(), kinds.len(), "every kind is decided on");
    }
    for (bit, &(name, kind)) in kinds.iter().enumerate() {
        let options = RunOptions { unheld_kinds: 1 << bit, ..RunOptions::default() };
        let runs = plans.iter().map(|plan| outcome(protocol, plan, &options));
        if kind == Waits {
            let noticed = runs.into_iter().find_map(|run| {
                let judge = run.judges.into_iter().find(|judge| judge.name == JUDGE)?;
                (judge.verdict == Verdict::Violated).then_some((run.seed, judge))
            });
            let (seed, judge) = noticed.unwrap_or_else(|| panic!("{name} without its wait is not noticed"));
            assert!(judge.detail.contains(&format!("sent {name} claiming")), "{name}: {}", judge.detail);
            println!(
                "{:<6} {name:<14} seed {seed}, event {:<6} {}",
                protocol.name(),
                judge.first_event.unwrap_or_default(),
                judge.detail
            );
        } else {
            // There is no wait to drop: nothing at all is different.
            for (run, whole) in runs.zip(&whole) {
                assert_eq!(
                    run.fingerprint, whole.fingerprint,
                    "{name} waits for a write, and is not so listed"
                );
            }
        }
    }
}

/// Holds samples of every kind against a disk that holds a genesis and nothing else.
fn claims_are_judged<R: Replica>(kinds: &[(&str, Kind)], samples: &[R::Message]) {
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, R::Message::KINDS, "every kind is decided on");
    let sampled: BTreeSet<usize> = samples.iter().map(Message::kind).collect();
    assert_eq!(sampled.len(), kinds.len(), "every kind has a sample");
    let (when, from, to) = (When::default(), NodeId(0), NodeId(1));
    for message in samples {
        let (name, kind) = kinds[message.kind()];
        let mut claims: Vec<Claim> = Vec::new();
        message.claims(from, to, &mut |claim| claims.push(claim));
        assert_eq!(claims.is_empty(), kind == Silent, "{name} asserts {claims:?}");
        let mut disks = Disks::new(2, &[]);
        disks.wrote(when, from, WriteId(1), &genesis::<R>());
        disks.hardened(from, WriteId(1));
        disks.left(when, from, to, message);
        assert_eq!(disks.visible.is_clean(), kind == Silent, "{name}: {:?}", disks.visible.violation());
    }
}

fn genesis<R: Replica>() -> R::Record {
    let genesis = R::genesis(&replica::Members::first(2));
    let mut facts = 0;
    genesis.facts(&mut |_| facts += 1);
    assert_eq!(facts, 1, "a genesis says that the disk is a member's, and no more");
    genesis
}
