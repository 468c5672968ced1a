//! Invariants that no single rule left out shows first, seen to fail on hand-made effects; and the law of encodings.

use replica::{
    BlobId, Boot, Cluster, Draw, Durable, Effect, EffectOf, Entry, Few, Findings, LocalTime, Members, NodeId,
    Observe, Output, Position, ReadId, Reader, Replica, Round, Rules, Slot, Step, Wire, WriteId,
};
use zab::zxid::zxid;
use zab::{Attempt, Judge, Message, Place, Record, Snapshot, State, Vote, Zab};

use crate::cluster::knobs;

struct NoDraw;
impl Draw for NoDraw {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

struct Nobody;
impl Cluster<Zab> for Nobody {
    fn replica(&self, _node: NodeId) -> Option<&Zab> {
        None
    }
}

/// What a judge finds if a freshly booted server of three claims these effects for a step.
fn judged(effects: &[EffectOf<Zab>]) -> Vec<&'static str> {
    let members = Members::first(3);
    let config = Zab::config(&knobs(Rules::ALL, &[])).unwrap();
    let (mut said, mut gates, mut draw) = (Vec::new(), 0, NoDraw);
    let mut out = Output::new(&mut said, &mut draw, WriteId(1), &mut gates, false);
    let disk = [Zab::genesis(&members)];
    let durable = Durable { first: WriteId(1), records: &disk, blobs: &[] };
    let server =
        Zab::boot(Boot { node: NodeId(0), incarnation: 1 }, &config, durable, LocalTime(0), &mut out);
    let mut judge = Judge::new(&members, &config);
    let mut findings = Findings::new(Judge::INVARIANTS.len());
    let step = Step { node: NodeId(0), replica: &server, effects, first_write: WriteId(2) };
    judge.stepped(&step, &Nobody, &mut findings);
    findings.violations.iter().map(|found| Judge::INVARIANTS[found.invariant].id).collect()
}

fn deliver(epoch: u64, position: u64) -> EffectOf<Zab> {
    Effect::Deliver {
        slot: zxid(Round(epoch), 1),
        position: Position(position),
        entry: Entry::noop(NodeId(0)),
    }
}

#[test]
fn what_nobody_proposed_is_found_when_delivered() {
    assert!(judged(&[deliver(1, 1)]).contains(&"zab/Z2"));
}

#[test]
fn epochs_that_go_back_are_found_when_delivered() {
    assert!(!judged(&[deliver(1, 1), deliver(2, 2)]).contains(&"zab/Z5"));
    assert!(judged(&[deliver(2, 1), deliver(1, 2)]).contains(&"zab/Z5"));
}

#[test]
fn a_server_that_says_less_than_its_records_is_found() {
    assert!(judged(&[]).is_empty());
    assert!(judged(&[Effect::Write(Record::AcceptedEpoch { epoch: Round(4) })]).contains(&"zab/state"));
}

fn law<T: Wire>(value: &T) {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    assert_eq!(bytes.len(), value.size(), "{value:?}");
    let mut reader = Reader::new(&bytes);
    let back = T::decode(&mut reader).unwrap();
    assert_eq!(reader.left(), 0, "{value:?}");
    assert_eq!(back.digest(), value.digest(), "{value:?}");
    for short in 0..bytes.len() {
        assert!(T::decode(&mut Reader::new(&bytes[..short])).is_err(), "{value:?} cut to {short}");
    }
}

#[test]
fn every_message_and_record_survives_its_encoding() {
    let (attempt, epoch, last) = (Attempt(7), Round(3), zxid(Round(3), 4));
    let entry = Entry::noop(NodeId(2));
    let vote = Vote { leader: NodeId(1), zxid: last, epoch };
    let txns: Few<(Slot, _)> = (1..4).map(|c| (zxid(epoch, c), entry.clone())).collect();
    let at = Place { position: 7, zxid: last, chain: 9 };
    let snapshot = Snapshot { blob: BlobId(3), bytes: 100, at };
    for state in [State::Looking, State::Following, State::Leading] {
        law(&Message::Notification { vote, clock: 5, state });
    }
    let messages = [
        Message::FollowerInfo { attempt, accepted: epoch },
        Message::LeaderInfo { attempt, epoch },
        Message::AckEpoch { attempt, epoch, vote: true, current: epoch, last },
        Message::Trunc { attempt, after: last },
        Message::Truncated { attempt, last },
        Message::Diff { attempt, after: last, txns: txns.clone(), answer: true },
        Message::NewLeader { attempt, epoch, last },
        Message::AckNewLeader { attempt, epoch, last, chain: 9 },
        Message::UpToDate { attempt, committed: last },
        Message::Proposal { attempt, zxid: last, entry: entry.clone() },
        Message::Ack { attempt, zxid: last },
        Message::Commit { attempt, zxid: last },
        Message::Ping { attempt, token: 1 },
        Message::Pong { attempt, token: 1 },
        Message::Request { attempt, entry: entry.clone() },
        Message::Sync { attempt, read: ReadId(1) },
        Message::Synced { attempt, read: ReadId(1) },
        Message::Close { attempt },
        Message::DiffAck { attempt },
        Message::Snap { attempt, at, total: 9, offset: 4, bytes: vec![1, 2, 3] },
        Message::SnapAck { attempt, next: 7 },
        Message::Snapped { attempt, last },
        Message::Inform { attempt, zxid: last, entry: entry.clone() },
        Message::HandOver { attempt, vote },
    ];
    messages.iter().for_each(law);
    let records = [
        Zab::genesis(&Members::first(3)),
        Record::AcceptedEpoch { epoch },
        Record::CurrentEpoch { epoch },
        Record::Txn { zxid: last, entry },
        Record::Truncate { after: last },
        Record::Checkpoint {
            members: Members::with_learners(4, 1),
            accepted: epoch,
            current: epoch,
            snapshot,
            base: at,
            txns,
        },
    ];
    records.iter().for_each(law);
}
