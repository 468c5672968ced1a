//! Each invariant is seen to fail on a hand-made violation, and to stay silent on the legal neighbor of it.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use replica::{
    Boot, ClientSession, Draw, Durable, EffectOf, Entry, Input, Knobs, LocalTime, Output, Position, Replica,
    Rules, Sequence, SessionNo, SharedEntry, Slot, Span, WallTime,
};

struct NoDraw;

impl Draw for NoDraw {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

fn entry(n: u64) -> SharedEntry {
    Entry::new(A, ClientSession(1), Sequence(n), WallTime::NONE, &[n as u8])
}

/// A judge of three nodes, told by hand what happens. The replica it is shown promises what the test says.
struct Story {
    judge: Invariants,
    findings: Findings,
    written: Vec<u64>,
}

impl Story {
    fn new() -> Story {
        let members = Members::first(3);
        let config = Paxos::config(&knobs()).unwrap();
        let judge = Invariants::new(&members, &config);
        Story { judge, findings: Findings::new(Invariants::INVARIANTS.len()), written: vec![0; 3] }
    }

    fn write(&mut self, node: NodeId, record: Record) {
        self.written[node.index()] += 1;
        let write = WriteId(self.written[node.index()]);
        self.judge.on_write(node, write, &record, &mut self.findings);
    }

    fn sync(&mut self, node: NodeId) {
        self.judge.hardened(node, WriteId(self.written[node.index()]), &mut self.findings);
    }

    /// `owner` promises itself a ballot and hears the promises of `others`.
    fn lead(&mut self, owner: NodeId, ballot: Ballot, others: &[NodeId]) {
        self.write(owner, Record::Promise { ballot });
        self.sync(owner);
        for other in others {
            self.write(*other, Record::Promise { ballot });
            self.sync(*other);
            self.judge.hear_promise(owner, *other, ballot);
        }
    }

    fn propose(&mut self, ballot: Ballot, slot: u64, value: u64) {
        self.propose_as(ballot.owner(), ballot, slot, value);
    }

    fn propose_as(&mut self, node: NodeId, ballot: Ballot, slot: u64, value: u64) {
        let accept = Message::Accept { ballot, slot: Slot(slot), chosen: Slot::ZERO, entry: entry(value) };
        self.judge.on_send(node, &accept, &mut self.findings);
    }

    fn vote(&mut self, node: NodeId, ballot: Ballot, slot: u64, value: u64) {
        self.write(node, Record::Accept { promised: ballot, ballot, slot: Slot(slot), entry: entry(value) });
        self.sync(node);
    }

    fn deliver(&mut self, node: NodeId, slot: Slot, position: Position, digest: u64) {
        self.judge.check_in_order(node, slot, position, &mut self.findings);
        self.judge.check_chosen(node, slot, digest, &mut self.findings);
    }

    /// What was found, by place in the list.
    fn found(&self) -> Vec<usize> {
        let mut found: Vec<usize> =
            self.findings.violations.iter().map(|finding| finding.invariant).collect();
        found.dedup();
        found
    }
}

fn knobs() -> Knobs {
    Knobs { detection: Span::millis(100), rules: Rules::ALL, settings: Default::default() }
}

/// A replica as it boots from these records.
fn replica(node: NodeId, records: &[Record]) -> Paxos {
    let genesis = [Paxos::genesis(&Members::first(3))];
    let records: Vec<Record> = genesis.iter().chain(records).cloned().collect();
    let (mut effects, mut gates): (Vec<EffectOf<Paxos>>, u64) = (Vec::new(), 0);
    let mut draws = NoDraw;
    let mut out = Output::new(&mut effects, &mut draws, WriteId(records.len() as u64), &mut gates, false);
    let durable = Durable { first: WriteId(1), records: &records, blobs: &[] };
    let config = Paxos::config(&knobs()).unwrap();
    Paxos::boot(Boot { node, incarnation: 0 }, &config, durable, LocalTime(0), &mut out)
}

const fn ballot(counter: u64, owner: NodeId) -> Ballot {
    Ballot::new(counter, owner)
}

#[test]
fn a_legal_take_over_is_silent() {
    // A's value 1 is voted by A and B; C takes over with B's promise and proposes 1 again. Slot 2 was A's alone, which
    // C did not hear of: another value there is legal, whatever A voted.
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    for (slot, value) in [(1, 1), (2, 2)] {
        story.propose(ballot(1, A), slot, value);
        story.vote(A, ballot(1, A), slot, value);
    }
    story.vote(B, ballot(1, A), 1, 1);
    story.lead(C, ballot(2, C), &[B]);
    story.propose(ballot(2, C), 1, 1);
    story.propose(ballot(2, C), 2, 3);
    story.vote(B, ballot(2, C), 2, 3);
    story.vote(C, ballot(2, C), 2, 3);
    for (slot, value) in [(1, 1), (2, 3)] {
        story.deliver(C, Slot(slot), Position(slot), entry(value).digest());
    }
    assert_eq!(story.found(), []);
    assert!(story.findings.observed[P1] > 0 && story.findings.observed[P4] > 0);
}

#[test]
fn p1_two_values_chosen_in_one_slot() {
    let mut story = Story::new();
    for (counter, value) in [(1, 1), (2, 2)] {
        story.vote(A, ballot(counter, C), 1, value);
        story.vote(B, ballot(counter, C), 1, value);
    }
    assert!(story.found().contains(&P1));
}

#[test]
fn p1_votes_that_a_crash_took_choose_nothing() {
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.vote(A, ballot(1, A), 1, 1);
    let record =
        Record::Accept { promised: ballot(1, A), ballot: ballot(1, A), slot: Slot(1), entry: entry(1) };
    story.write(B, record);
    let survived = WriteId(story.written[B.index()] - 1);
    story.judge.crashed(B, survived, &mut story.findings);
    assert_eq!(story.judge.places[0].chosen, None);
    story.lead(C, ballot(2, C), &[B]);
    story.propose(ballot(2, C), 1, 2);
    assert_eq!(story.found(), []);
}

#[test]
fn p2_two_values_in_one_ballot_and_a_stranger_in_it() {
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.propose(ballot(1, A), 1, 2);
    assert_eq!(story.found(), [P2]);
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.propose_as(B, ballot(1, A), 1, 1);
    assert_eq!(story.found(), [P2_OWNER]);
}

#[test]
fn p3_a_promise_goes_down_or_a_vote_is_below_it() {
    let mut story = Story::new();
    story.write(B, Record::Promise { ballot: ballot(2, A) });
    story.write(B, Record::Promise { ballot: ballot(1, A) });
    assert_eq!(story.found(), [P3]);
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.write(B, Record::Promise { ballot: ballot(2, C) });
    story.vote(B, ballot(1, A), 1, 1);
    assert_eq!(story.found(), [P3]);
}

#[test]
fn p3_a_restart_forgets_a_durable_promise() {
    let mut story = Story::new();
    story.write(B, Record::Promise { ballot: ballot(2, A) });
    story.sync(B);
    story.judge.crashed(B, WriteId(1), &mut story.findings);
    let kept = replica(B, &[Record::Promise { ballot: ballot(2, A) }]);
    story.judge.check_promise_kept(B, &kept, &mut story.findings);
    assert_eq!(story.found(), []);
    let forgotten = replica(B, &[]);
    story.judge.check_promise_kept(B, &forgotten, &mut story.findings);
    assert_eq!(story.found(), [P3]);
}

#[test]
fn p4_a_proposal_without_a_quorum_of_promises() {
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[]);
    story.propose(ballot(1, A), 1, 1);
    assert!(story.found().contains(&P4));
}

#[test]
fn p4_a_proposal_against_the_highest_vote() {
    // A voted 1 in ballot 1, B voted 2 in ballot 2 (with C's promise). A prepares ballot 3 with B: it must propose 2.
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[C]);
    story.propose(ballot(1, A), 1, 1);
    story.vote(A, ballot(1, A), 1, 1);
    story.lead(B, ballot(2, B), &[C]);
    story.propose(ballot(2, B), 1, 2);
    story.vote(B, ballot(2, B), 1, 2);
    story.lead(A, ballot(3, A), &[B]);
    assert_eq!(story.found(), []);
    let mut wrong =
        Story { judge: story.judge.clone(), findings: story.findings.clone(), written: vec![9; 3] };
    wrong.propose(ballot(3, A), 1, 1);
    // P5 too: C may still vote for 2 in ballot 2, and then 2 is chosen.
    assert_eq!(wrong.found(), [P4, P5]);
    story.propose(ballot(3, A), 1, 2);
    assert_eq!(story.found(), []);
}

#[test]
fn p5_a_proposal_while_another_value_can_still_be_chosen() {
    // B's promise of ballot 2 reaches C, but B's disk loses it: B may still vote for A's value in ballot 1.
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.vote(A, ballot(1, A), 1, 1);
    story.lead(C, ballot(2, C), &[]);
    story.write(B, Record::Promise { ballot: ballot(2, C) });
    story.judge.hear_promise(C, B, ballot(2, C));
    let survived = WriteId(story.written[B.index()] - 1);
    story.judge.crashed(B, survived, &mut story.findings);
    story.propose(ballot(2, C), 1, 2);
    assert_eq!(story.found(), [P5]);
}

#[test]
fn p6_a_vote_for_what_nobody_proposed() {
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.vote(B, ballot(1, A), 1, 1);
    assert_eq!(story.found(), [P6]);
}

#[test]
fn p7_and_p8_a_delivery_out_of_order_or_of_what_is_not_chosen() {
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    for (slot, value) in [(1, 1), (2, 2)] {
        story.propose(ballot(1, A), slot, value);
        story.vote(A, ballot(1, A), slot, value);
        story.vote(B, ballot(1, A), slot, value);
    }
    story.deliver(B, Slot(2), Position(2), entry(2).digest());
    assert_eq!(story.found(), [P7]);
    let mut story = Story::new();
    story.lead(A, ballot(1, A), &[B]);
    story.propose(ballot(1, A), 1, 1);
    story.vote(A, ballot(1, A), 1, 1);
    story.deliver(A, Slot(1), Position(1), entry(1).digest());
    assert_eq!(story.found(), [P8]);
}

#[test]
fn p10_a_stale_promise_counts() {
    // The mutant without `promise-exact` counts a promise of ballot 1 in ballot 2.
    for (rules, expected) in
        [(Rules::ALL, vec![]), (Rules::ALL.without(crate::rules::PROMISE_EXACT), vec![P10])]
    {
        let mut story = Story::new();
        let mut node = replica(A, &[]);
        node.config.rules = rules;
        let (mut effects, mut gates): (Vec<EffectOf<Paxos>>, u64) = (Vec::new(), 0);
        let mut draws = NoDraw;
        let mut out = Output::new(&mut effects, &mut draws, WriteId(1), &mut gates, false);
        node.step(LocalTime(1 << 40), Input::Deadline, &mut out);
        assert_eq!(node.promises().map(|(own, _)| own), Some(ballot(1, A)));
        let stale = ballot(0, B);
        story.judge.hear_promise(A, B, stale);
        story.judge.expect_promise(A, &node, B, stale);
        let message = Message::Promise {
            ballot: stale,
            from: Slot(1),
            trimmed: Slot::ZERO,
            chosen: Slot::ZERO,
            votes: replica::Few::None,
            next: Slot::ZERO,
        };
        let mut out = Output::new(&mut effects, &mut draws, WriteId(2), &mut gates, false);
        let input = Input::Message { from: B, session: SessionNo::ZERO, message };
        node.step(LocalTime(1 << 40), input, &mut out);
        story.judge.check_answer_counted(A, &node, &mut story.findings);
        assert_eq!(story.found(), expected);
    }
}
