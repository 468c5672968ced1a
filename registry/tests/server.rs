//! One server, input by input: whom it asks, what it answers, and what it never says.

use std::sync::Arc;

use registry::rules::{EXACTLY_ONCE, READ_SEEN, READ_WAITS, UNKNOWN_STAYS_OPEN};
use registry::{
    Answer, Command, Frame, Key, Op, OpName, Options, Outcome, Reason, Reply, Request, Server, Value,
};
use replica::{
    ClientSession, ConnectionId, LocalTime, Moment, NodeId, Position, ReadId, ReadMode, Refusal, Rules,
    Sequence, Service, ServiceEffect, ServiceInput, ServiceOutput, SharedEntry, Span, WallTime,
};

const ME: NodeId = NodeId(0);
const LEADER: NodeId = NodeId(1);
const OTHER: NodeId = NodeId(2);
const PHONE: ConnectionId = ConnectionId(1);
const LAPTOP: ConnectionId = ConnectionId(2);
const ALICE: ClientSession = ClientSession(0xa11ce);

/// A server and a clock in milliseconds.
struct Desk {
    server: Server,
    now: u64,
}

type Effects = Vec<ServiceEffect<Server>>;

impl Desk {
    fn new(options: Options) -> Desk {
        Desk { server: Server::boot(ME, &options, LocalTime(0)), now: 0 }
    }

    /// A server that has applied the opening of Alice's session, her operation 1.
    fn with_alice(options: Options) -> Desk {
        let mut desk = Desk::new(options);
        let effects = desk.ask(PHONE, 1, Command::Open { timeout: Span::seconds(60) });
        desk.deliver(1, &proposed(&effects));
        desk
    }

    fn step(&mut self, input: ServiceInput<Server>) -> Effects {
        let now = LocalTime(0) + Span::millis(self.now);
        let wall = WallTime::NONE + Span::seconds(1_000) + Span::millis(self.now);
        let mut effects = Vec::new();
        self.server.step(Moment { now, wall }, input, &mut ServiceOutput::new(&mut effects, false));
        effects
    }

    fn request(&mut self, connection: ConnectionId, sequence: u64, op: Op) -> Effects {
        let request = Request {
            session: ALICE,
            sequence: Sequence(sequence),
            acknowledged: Sequence(0),
            patience: Span::ZERO,
            op,
        };
        self.step(ServiceInput::Request { connection, request })
    }

    fn ask(&mut self, connection: ConnectionId, sequence: u64, command: Command) -> Effects {
        self.request(connection, sequence, Op::Write { command })
    }

    fn get(&mut self, sequence: u64, mode: ReadMode, seen: u64) -> Effects {
        self.request(PHONE, sequence, Op::Get { key: key(), mode, seen: Position(seen) })
    }

    fn deliver(&mut self, position: u64, entry: &SharedEntry) -> Effects {
        self.step(ServiceInput::Deliver { position: Position(position), entry: entry.clone() })
    }

    fn refuse(&mut self, sequence: u64, reason: Refusal, leader: Option<NodeId>) -> Effects {
        let request = replica::Request::Propose { session: ALICE, sequence: Sequence(sequence) };
        self.step(ServiceInput::Refused { request, reason, leader })
    }

    fn frame(&mut self, from: NodeId, frame: Frame) -> Effects {
        self.step(ServiceInput::Frame { from, frame })
    }

    /// Lets `millis` pass, stepping at each deadline on the way.
    fn pass(&mut self, millis: u64) -> Effects {
        let end = self.now + millis;
        let mut effects = Vec::new();
        while let Some(at) = self.server.deadline()
            && at <= LocalTime(0) + Span::millis(end)
        {
            self.now = at.0.div_ceil(1_000_000);
            effects.extend(self.step(ServiceInput::Deadline));
        }
        self.now = end;
        effects
    }
}

fn key() -> Key {
    Key::new(b"k").unwrap()
}

fn put(text: &str) -> Command {
    Command::Put { key: key(), value: Value::new(text.as_bytes()).unwrap() }
}

fn name(sequence: u64) -> OpName {
    OpName { session: ALICE, sequence: Sequence(sequence) }
}

fn without(rule: replica::RuleBit) -> Options {
    Options { rules: Rules::ALL.without(rule), ..Options::DEFAULT }
}

fn proposals(effects: &Effects) -> Vec<SharedEntry> {
    let each = effects.iter().filter_map(|effect| match effect {
        ServiceEffect::Propose(entry) => Some(entry.clone()),
        _ => None,
    });
    each.collect()
}

fn proposed(effects: &Effects) -> SharedEntry {
    let proposals = proposals(effects);
    assert_eq!(proposals.len(), 1, "{effects:?}");
    proposals[0].clone()
}

fn replies(effects: &Effects) -> Vec<(ConnectionId, Reply)> {
    let each = effects.iter().filter_map(|effect| match effect {
        ServiceEffect::Reply { connection, reply } => Some((*connection, reply.clone())),
        _ => None,
    });
    each.collect()
}

fn reply(effects: &Effects) -> (ConnectionId, Outcome) {
    let replies = replies(effects);
    assert_eq!(replies.len(), 1, "{effects:?}");
    (replies[0].0, replies[0].1.outcome.clone())
}

fn refusal(effects: &Effects) -> (Reason, bool) {
    match reply(effects).1 {
        Outcome::Refused { reason, definite } => (reason, definite),
        ok => panic!("{ok:?}"),
    }
}

fn frames(effects: &Effects) -> Vec<(NodeId, Frame)> {
    let each = effects.iter().filter_map(|effect| match effect {
        ServiceEffect::Frame { to, frame } => Some((*to, frame.clone())),
        _ => None,
    });
    each.collect()
}

fn asked(effects: &Effects) -> ReadId {
    let each = effects.iter().filter_map(|effect| match effect {
        ServiceEffect::Read { read, .. } => Some(*read),
        _ => None,
    });
    let asked: Vec<ReadId> = each.collect();
    assert_eq!(asked.len(), 1, "{effects:?}");
    asked[0]
}

fn written(position: u64) -> Outcome {
    Outcome::Ok { answer: Answer::Written, position: Position(position) }
}

#[test]
fn write_at_a_follower_is_forwarded_and_answered_once() {
    // The leader's server answers before the entry is delivered here, then the delivery comes: one reply.
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    let forwarded = frames(&desk.refuse(2, Refusal::NotLeader, Some(LEADER)));
    assert_eq!(forwarded, [(LEADER, Frame::Forward { entry: entry.clone() })]);
    let answer = Frame::Answer { reply: Reply { name: name(2), outcome: written(2) } };
    assert_eq!(reply(&desk.frame(LEADER, answer.clone())), (PHONE, written(2)));
    assert!(replies(&desk.deliver(2, &entry)).is_empty());
    assert!(replies(&desk.frame(LEADER, answer)).is_empty());
    assert_eq!(desk.server.pending(), 0);
}

#[test]
fn leader_answers_the_server_that_forwarded_when_it_applies() {
    let mut origin = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&origin.ask(PHONE, 2, put("a")));
    let mut leader = Desk::with_alice(Options::DEFAULT);
    leader.step(ServiceInput::Leader(Some(ME)));
    assert_eq!(proposed(&leader.frame(OTHER, Frame::Forward { entry: entry.clone() })), entry);
    // A copy of the frame is not proposed again: this replica took the entry, under the same leader.
    assert!(proposals(&leader.frame(OTHER, Frame::Forward { entry: entry.clone() })).is_empty());
    let answer = Frame::Answer { reply: Reply { name: name(2), outcome: written(2) } };
    assert_eq!(frames(&leader.deliver(2, &entry)), [(OTHER, answer.clone())]);
    // A copy that comes after it was applied is answered from the table.
    assert_eq!(frames(&leader.frame(OTHER, Frame::Forward { entry })), [(OTHER, answer)]);
}

#[test]
fn write_is_forwarded_again_when_the_leader_changes_and_when_frames_are_lost() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    desk.refuse(2, Refusal::NotLeader, Some(LEADER));
    // The leader changes: the same entry, stamp and all, goes to the new one.
    assert_eq!(proposed(&desk.step(ServiceInput::Leader(Some(OTHER)))), entry);
    let again = frames(&desk.refuse(2, Refusal::NotLeader, Some(OTHER)));
    assert_eq!(again, [(OTHER, Frame::Forward { entry: entry.clone() })]);
    // Silence: after a retry it goes again.
    assert!(desk.pass(100).is_empty());
    assert_eq!(proposed(&desk.pass(150)), entry);
}

#[test]
fn no_leader_keeps_the_write_until_there_is_one() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    assert!(desk.refuse(2, Refusal::NoLeader, None).is_empty());
    assert!(desk.step(ServiceInput::Leader(None)).is_empty());
    assert_eq!(proposed(&desk.step(ServiceInput::Leader(Some(ME)))), entry);
    assert_eq!(reply(&desk.deliver(2, &entry)), (PHONE, written(2)));
}

#[test]
fn two_servers_that_point_at_each_other_do_not_pass_a_write_to_and_fro() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    desk.ask(PHONE, 2, put("a"));
    let mut sent = frames(&desk.refuse(2, Refusal::NotLeader, Some(LEADER))).len();
    for (from, hint) in [(LEADER, OTHER), (OTHER, LEADER), (LEADER, OTHER), (OTHER, LEADER)] {
        sent += frames(&desk.frame(from, Frame::Declined { name: name(2), leader: Some(hint) })).len();
    }
    assert_eq!(sent, 2, "the first try and one hint; the rest waits for the retry");
}

#[test]
fn what_may_have_been_proposed_is_never_failed() {
    // Patience ends in four ways. Only where every attempt was refused is the end definite.
    let patience = 5_200;
    let refused = |desk: &mut Desk, leader| desk.refuse(2, Refusal::NotLeader, leader);

    let mut silent = Desk::with_alice(Options::DEFAULT);
    silent.ask(PHONE, 2, put("a"));
    assert_eq!(refusal(&silent.pass(patience)), (Reason::TimedOut, false));

    let mut forwarded = Desk::with_alice(Options { retry: Span::seconds(60), ..Options::DEFAULT });
    forwarded.ask(PHONE, 2, put("a"));
    refused(&mut forwarded, Some(LEADER));
    forwarded.frame(LEADER, Frame::Declined { name: name(2), leader: None });
    assert_eq!(refusal(&forwarded.pass(60_000)), (Reason::TimedOut, false));

    let mut never = Desk::with_alice(Options { retry: Span::seconds(60), ..Options::DEFAULT });
    never.ask(PHONE, 2, put("a"));
    refused(&mut never, None);
    assert_eq!(refusal(&never.pass(60_000)), (Reason::TimedOut, true));

    let mut mutant = Desk::with_alice(without(UNKNOWN_STAYS_OPEN));
    mutant.ask(PHONE, 2, put("a"));
    assert_eq!(refusal(&mutant.pass(patience)), (Reason::TimedOut, true), "the rule is what prevents it");
}

#[test]
fn client_that_comes_back_is_not_told_that_its_exposed_write_failed() {
    // The connection breaks while the write is in the log of nobody knows whom; the client returns; the new attempt
    // is refused. The first one may still be applied.
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    desk.step(ServiceInput::Disconnected(PHONE));
    assert_eq!(proposed(&desk.ask(LAPTOP, 2, put("a"))), entry);
    assert!(replies(&desk.refuse(2, Refusal::Busy, None)).is_empty());
    assert_eq!(reply(&desk.deliver(2, &entry)), (LAPTOP, written(2)));
}

#[test]
fn newest_connection_is_answered_and_the_older_one_is_not() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    assert!(desk.ask(LAPTOP, 2, put("a")).is_empty(), "it is already on its way");
    desk.step(ServiceInput::Disconnected(PHONE));
    assert_eq!(reply(&desk.deliver(2, &entry)), (LAPTOP, written(2)));
}

#[test]
fn executed_write_is_answered_from_the_table_without_a_proposal() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    desk.deliver(2, &entry);
    let again = desk.ask(LAPTOP, 2, put("a"));
    assert!(proposals(&again).is_empty());
    assert_eq!(reply(&again), (LAPTOP, written(2)));

    let mut mutant = Desk::with_alice(without(EXACTLY_ONCE));
    let entry = proposed(&mutant.ask(PHONE, 2, put("a")));
    mutant.deliver(2, &entry);
    proposed(&mutant.ask(LAPTOP, 2, put("a")));
}

#[test]
fn leader_does_not_fill_its_own_log_with_copies() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    desk.step(ServiceInput::Leader(Some(ME)));
    desk.ask(PHONE, 2, put("a"));
    assert!(proposals(&desk.pass(1_000)).is_empty(), "it leads and its replica has the entry");
    assert_eq!(proposals(&desk.pass(1_000)).len(), 1, "but not for ever");
    assert_eq!(proposals(&desk.step(ServiceInput::Leader(Some(ME)))).len(), 1, "a new round of its own");
}

#[test]
fn full_server_refuses_and_has_proposed_nothing() {
    let mut desk = Desk::with_alice(Options { pending_max: 2, ..Options::DEFAULT });
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    asked(&desk.get(3, ReadMode::Linearizable, 0));
    for effects in [desk.ask(PHONE, 4, put("b")), desk.get(5, ReadMode::Linearizable, 0)] {
        assert!(proposals(&effects).is_empty());
        assert_eq!(refusal(&effects), (Reason::Busy, true));
    }
    let forward = Frame::Forward { entry: entry.clone() };
    assert_eq!(
        proposals(&desk.frame(OTHER, forward)).len(),
        1,
        "an operation that waits already has its place"
    );
    assert_eq!(replies(&desk.get(6, ReadMode::Stale, 0)).len(), 1, "what needs no place is served");
    desk.deliver(2, &entry);
    assert_eq!(proposals(&desk.ask(PHONE, 4, put("b"))).len(), 1);
}

#[test]
fn busy_replica_refuses_at_once() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    desk.ask(PHONE, 2, put("a"));
    assert_eq!(refusal(&desk.refuse(2, Refusal::Busy, None)), (Reason::Busy, true));
    assert_eq!(desk.server.pending(), 0);
}

#[test]
fn without_forwarding_the_client_is_told_who_leads() {
    let mut desk = Desk::with_alice(Options { forwarding: false, ..Options::DEFAULT });
    desk.ask(PHONE, 2, put("a"));
    let not_leader = Reason::NotLeader { leader: Some(LEADER) };
    assert_eq!(refusal(&desk.refuse(2, Refusal::NotLeader, Some(LEADER))), (not_leader, true));
}

#[test]
fn malformed_requests_are_refused_before_anything_is_proposed() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    for (session, sequence, acknowledged) in
        [(0, 1, 0), (7, 0, 0), (7, 3, 3), (7, 2, u64::MAX), (7, u64::MAX, 0)]
    {
        let request = Request {
            session: ClientSession(session),
            sequence: Sequence(sequence),
            acknowledged: Sequence(acknowledged),
            patience: Span(u64::MAX),
            op: Op::Write { command: put("a") },
        };
        let effects = desk.step(ServiceInput::Request { connection: PHONE, request });
        assert!(proposals(&effects).is_empty());
        assert_eq!(refusal(&effects), (Reason::Malformed, true));
    }
}

#[test]
fn refusal_by_the_state_machine_leaves_the_outcome_open() {
    // Alice's session is unknown here: another copy of the entry may have been executed before it expired.
    let mut desk = Desk::new(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    assert_eq!(refusal(&desk.deliver(1, &entry)), (Reason::SessionExpired, false));
}

#[test]
fn stale_and_sequential_reads_are_served_here() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(PHONE, 2, put("a")));
    let nothing = Outcome::Ok { answer: Answer::Got { found: None }, position: Position(1) };
    assert_eq!(reply(&desk.get(3, ReadMode::Stale, 9)), (PHONE, nothing.clone()));
    assert_eq!(reply(&desk.get(4, ReadMode::Sequential, 1)), (PHONE, nothing.clone()));
    // The client has seen position 2 on another server: this one waits until it is there.
    assert!(desk.get(5, ReadMode::Sequential, 2).is_empty());
    let released = replies(&desk.deliver(2, &entry));
    let (_, read) = released.iter().find(|(_, reply)| reply.name == name(5)).unwrap();
    assert!(matches!(
        &read.outcome,
        Outcome::Ok { answer: Answer::Got { found: Some(_) }, position: Position(2) }
    ));

    let mut mutant = Desk::with_alice(without(READ_SEEN));
    assert_eq!(reply(&mutant.get(5, ReadMode::Sequential, 2)), (PHONE, nothing));
}

#[test]
fn linearizable_read_waits_for_the_position_that_its_replica_names() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let entry = proposed(&desk.ask(LAPTOP, 2, put("a")));
    let read = asked(&desk.get(3, ReadMode::Linearizable, 0));
    assert!(desk.step(ServiceInput::ReadAt { read, position: Position(2) }).is_empty());
    let got = replies(&desk.deliver(2, &entry));
    assert_eq!(got.len(), 2);
    assert!(matches!(&got[1].1.outcome, Outcome::Ok { answer: Answer::Got { found: Some(_) }, .. }));

    let mut mutant = Desk::with_alice(without(READ_WAITS));
    let read = asked(&mutant.get(3, ReadMode::Linearizable, 0));
    let early = mutant.step(ServiceInput::ReadAt { read, position: Position(2) });
    assert!(matches!(reply(&early).1, Outcome::Ok { answer: Answer::Got { found: None }, .. }));
}

#[test]
fn linearizable_read_at_a_follower_goes_to_the_leader_and_again_when_it_changes() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let first = asked(&desk.get(3, ReadMode::Linearizable, 0));
    let refuse = |read, leader| ServiceInput::Refused {
        request: replica::Request::Read(read),
        reason: Refusal::NotLeader,
        leader: Some(leader),
    };
    let forward = Frame::ForwardRead { name: name(3), key: key(), mode: ReadMode::Linearizable };
    assert_eq!(frames(&desk.step(refuse(first, LEADER))), [(LEADER, forward.clone())]);
    let second = asked(&desk.step(ServiceInput::Leader(Some(OTHER))));
    // What is said of the first question is of no interest any more.
    assert!(desk.step(ServiceInput::ReadAt { read: first, position: Position(1) }).is_empty());
    assert_eq!(frames(&desk.step(refuse(second, OTHER))), [(OTHER, forward)]);
    let outcome = Outcome::Ok { answer: Answer::Got { found: None }, position: Position(7) };
    let answer = Frame::Answer { reply: Reply { name: name(3), outcome: outcome.clone() } };
    assert_eq!(reply(&desk.frame(OTHER, answer.clone())), (PHONE, outcome));
    assert!(replies(&desk.frame(LEADER, answer)).is_empty());
}

#[test]
fn forwarded_read_is_answered_by_the_leaders_server_or_declined() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let forward = || Frame::ForwardRead { name: name(3), key: key(), mode: ReadMode::Linearizable };
    let read = asked(&desk.frame(OTHER, forward()));
    assert!(desk.frame(OTHER, forward()).is_empty(), "a copy joins the first");
    let answered = frames(&desk.step(ServiceInput::ReadAt { read, position: Position(1) }));
    assert!(matches!(answered[..], [(OTHER, Frame::Answer { .. })]));

    let read = asked(&desk.frame(OTHER, forward()));
    let request = replica::Request::Read(read);
    let reason = Refusal::NotLeader;
    let declined = frames(&desk.step(ServiceInput::Refused { request, reason, leader: Some(LEADER) }));
    assert_eq!(declined, [(OTHER, Frame::Declined { name: name(3), leader: Some(LEADER) })]);
    assert_eq!(desk.server.pending(), 0);
    // A read that no server forwards is no reason to fall over.
    assert!(
        desk.frame(OTHER, Frame::ForwardRead { name: name(3), key: key(), mode: ReadMode::Stale }).is_empty()
    );
}

#[test]
fn read_that_finds_nobody_is_asked_again_and_then_fails_for_good() {
    let mut desk = Desk::with_alice(Options::DEFAULT);
    let read = asked(&desk.get(3, ReadMode::Linearizable, 0));
    let request = replica::Request::Read(read);
    desk.step(ServiceInput::Refused { request, reason: Refusal::NoLeader, leader: None });
    asked(&desk.pass(225));
    assert_eq!(refusal(&desk.pass(5_000)), (Reason::TimedOut, true));
    assert_eq!(desk.server.pending(), 0);
    desk.pass(1_000);
    assert_eq!(desk.server.deadline(), None, "an idle server asks for no wake");
}

#[test]
fn restored_snapshot_answers_what_it_brings_in() {
    // The write was applied elsewhere and lies below a snapshot: its delivery will never come here.
    let mut ahead = Desk::with_alice(Options::DEFAULT);
    let mut behind = Desk::new(Options::DEFAULT);
    let entry = proposed(&behind.ask(PHONE, 2, put("a")));
    ahead.deliver(2, &entry);
    assert!(behind.get(3, ReadMode::Sequential, 2).is_empty());
    let bytes: Arc<[u8]> = ahead.server.machine().snapshot().into();
    let restored = behind.step(ServiceInput::Restore { position: Position(2), bytes });
    let restored = replies(&restored);
    assert_eq!(restored[0], (PHONE, Reply { name: name(2), outcome: written(2) }));
    assert_eq!(restored[1].1.name, name(3));
    assert_eq!(behind.server.state_hash(), ahead.server.state_hash());
    assert_eq!(behind.server.pending(), 0);
}

/// The danger: two nodes' snapshots of one position that differ, or one that is made where nobody asked for it.
#[test]
fn snapshots_are_offered_at_every_so_many_entries() {
    let mut desk = Desk::new(Options { snapshot_every: 2, ..Options::DEFAULT });
    let mut offered = Vec::new();
    for position in 1..=5 {
        let noop = replica::Entry::noop(ME);
        for effect in desk.deliver(position, &noop) {
            if let ServiceEffect::Snapshot { position, bytes } = effect {
                assert_eq!(registry::Machine::restore(&bytes, Rules::ALL).unwrap().position(), position);
                offered.push(position);
            }
        }
    }
    assert_eq!(offered, [Position(2), Position(4)]);
}
