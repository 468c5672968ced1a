//! Paper tests: one a rule, named after the sentence that it tests. One server is told what a story needs, by forged
//! messages, and what it does with the rule is held against what it does without: a message that leaves, a record, a
//! delivery, a role. Whole clusters without a rule, and what judges say of them, are in `rules.rs`.

use paxos::{Ballot, Message, Paxos, Record, Vote, rules};
use replica::{
    Boot, ClientSession, Draw, Durable, Effect, Entry, Input, Knobs, LocalTime, Members, NodeId, NodeSet,
    Output, Position, ReadId, ReadMode, Replica, Role, RuleBit, Rules, Sequence, SessionNo, SharedEntry,
    Slot, Span, WallTime, WriteId,
};

use crate::cluster::DETECTION;

type Effects = Vec<Effect<Message, Record>>;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

/// Time-outs are the shortest.
struct Shortest;

impl Draw for Shortest {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

/// One server with its disk, and nobody else: a test plays the others.
struct Server {
    paxos: Paxos,
    node: NodeId,
    nodes: usize,
    rules: Rules,
    now: u64,
    disk: Vec<Record>,
    /// How many records of the disk survive a power loss.
    synced: usize,
}

impl Server {
    fn new(node: NodeId, nodes: usize, rules: Rules, settings: &[(&str, &str)]) -> Server {
        let disk = vec![Paxos::genesis(&Members::first(nodes))];
        Server::boot((node, nodes), rules, settings, disk)
    }

    /// A server that finds this on its disk. Whatever a former incarnation granted has run out.
    fn boot(
        (node, nodes): (NodeId, usize),
        rules: Rules,
        settings: &[(&str, &str)],
        disk: Vec<Record>,
    ) -> Server {
        let settings = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let knobs = Knobs { detection: Span(DETECTION), rules, settings };
        let config = Paxos::config(&knobs).unwrap();
        let (mut effects, mut draws, mut gates) = (Vec::new(), Shortest, 0);
        let last = WriteId(disk.len() as u64);
        let mut out = Output::new(&mut effects, &mut draws, last, &mut gates, false);
        let durable = Durable { first: WriteId(1), records: &disk, blobs: &[] };
        let boot = Boot { node, incarnation: 1 };
        let paxos = Paxos::boot(boot, &config, durable, LocalTime(DETECTION), &mut out);
        let synced = disk.len();
        Server { paxos, node, nodes, rules, now: 10 * DETECTION, disk, synced }
    }

    fn step(&mut self, input: Input<Message>) -> Effects {
        let (mut effects, mut draws, mut gates) = (Vec::new(), Shortest, 0);
        let last = WriteId(self.disk.len() as u64);
        let mut out = Output::new(&mut effects, &mut draws, last, &mut gates, false);
        self.paxos.step(LocalTime(self.now), input, &mut out);
        let written = effects.iter().filter_map(|effect| match effect {
            Effect::Write(record) => Some(record.clone()),
            _ => None,
        });
        self.disk.extend(written);
        effects
    }

    fn hear(&mut self, from: NodeId, message: Message) -> Effects {
        self.step(Input::Message { from, session: SessionNo(0), message })
    }

    fn sync(&mut self) -> Effects {
        self.synced = self.disk.len();
        self.step(Input::Durable { upto: WriteId(self.synced as u64) })
    }

    fn propose(&mut self, entry: &SharedEntry) -> Effects {
        self.step(Input::Propose { entry: entry.clone() })
    }

    fn read(&mut self, read: u64) -> Effects {
        self.step(Input::Read { read: ReadId(read), mode: ReadMode::Linearizable })
    }

    /// It has heard nobody for long: it stands, in the ballot that is returned. Its promise is not durable yet.
    fn stand(&mut self) -> (Ballot, Effects) {
        self.now += 10 * DETECTION;
        let effects = self.step(Input::Deadline);
        (self.paxos.promised(), effects)
    }

    /// It leads, by its own promise and those of as many others as a majority needs, who report `votes`.
    fn lead(&mut self, votes: &[Vote]) -> (Ballot, Effects) {
        let (ballot, _) = self.stand();
        let mut effects = self.sync();
        for other in 1..=self.nodes / 2 {
            effects.extend(self.hear(NodeId(other as u8), promise(ballot, votes)));
        }
        assert_eq!(self.role(), Role::Leader);
        (ballot, effects)
    }

    fn role(&self) -> Role {
        self.paxos.status().role
    }

    /// The messages that are on the wire although nothing more reached the disk.
    fn leaving<'a>(&self, effects: &'a Effects) -> Vec<&'a Message> {
        let synced = WriteId(self.synced as u64);
        let leaves = |effect: &'a Effect<Message, Record>| match effect {
            Effect::Send { message, after, .. } if after.is_none_or(|write| write <= synced) => Some(message),
            _ => None,
        };
        effects.iter().filter_map(leaves).collect()
    }

    /// The power fails: what the server that comes back has promised.
    fn promised_after_power_loss(&self) -> Ballot {
        let disk = self.disk[..self.synced].to_vec();
        Server::boot((self.node, self.nodes), self.rules, &[], disk).paxos.promised()
    }
}

fn without(rule: RuleBit) -> Rules {
    Rules::ALL.without(rule)
}

fn ballot(counter: u64, owner: NodeId) -> Ballot {
    Ballot::new(counter, owner)
}

fn entry(number: u64) -> SharedEntry {
    Entry::new(A, ClientSession(1), Sequence(number), WallTime::NONE, &number.to_le_bytes())
}

fn vote(slot: u64, ballot: Ballot, number: u64) -> Vote {
    Vote { slot: Slot(slot), ballot, entry: entry(number) }
}

fn prepare(ballot: Ballot) -> Message {
    Message::Prepare { ballot, from: Slot(1), released: Ballot::ZERO }
}

fn promise(ballot: Ballot, votes: &[Vote]) -> Message {
    let votes = votes.iter().cloned().collect();
    let zero = Slot::ZERO;
    Message::Promise { ballot, from: Slot(1), trimmed: zero, chosen: zero, votes, next: zero }
}

fn accept(ballot: Ballot, slot: u64, number: u64) -> Message {
    Message::Accept { ballot, slot: Slot(slot), chosen: Slot::ZERO, entry: entry(number) }
}

fn heartbeat(ballot: Ballot, chosen: u64, lease: u64) -> Message {
    Message::Heartbeat { ballot, chosen: Slot(chosen), token: 0, lease: LocalTime(lease) }
}

fn confirm(ballot: Ballot, token: u64, lease: u64) -> Message {
    Message::Confirm { ballot, token, lease: LocalTime(lease) }
}

fn is_promise(message: &&Message) -> bool {
    matches!(message, Message::Promise { .. })
}

fn is_accepted(message: &&Message) -> bool {
    matches!(message, Message::Accepted { .. })
}

/// All messages, whatever they wait for.
fn sent(effects: &Effects) -> impl Iterator<Item = &Message> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Send { message, .. } => Some(message),
        _ => None,
    })
}

/// What is proposed at a slot.
fn proposed(effects: &Effects, at: u64) -> Option<SharedEntry> {
    sent(effects).find_map(|message| match message {
        Message::Accept { slot, entry, .. } if slot.0 == at => Some(entry.clone()),
        _ => None,
    })
}

/// How many votes a promise reports.
fn reported(effects: &Effects) -> Option<usize> {
    sent(effects).find_map(|message| match message {
        Message::Promise { votes, .. } => Some(votes.len()),
        _ => None,
    })
}

/// What reaches the state machine.
fn delivered(effects: &Effects) -> Vec<u64> {
    let entries = effects.iter().filter_map(|effect| match effect {
        Effect::Deliver { entry, .. } => Some(entry.digest()),
        _ => None,
    });
    entries.collect()
}

/// From which position on a read may be answered.
fn answered(effects: &Effects) -> Option<Position> {
    effects.iter().find_map(|effect| match effect {
        Effect::ReadAt { position, .. } => Some(*position),
        _ => None,
    })
}

#[test]
fn an_acceptor_answers_a_prepare_only_when_its_promise_is_durable() {
    // paxos/promise-durable: Paxos Made Simple, sections 2.2 and 2.5 (stable storage).
    let asked = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let effects = server.hear(B, prepare(ballot(5, B)));
        (server.leaving(&effects).into_iter().any(|m| is_promise(&m)), server.promised_after_power_loss())
    };
    assert_eq!(asked(Rules::ALL), (false, Ballot::ZERO), "what power takes was not said");
    assert_eq!(asked(without(rules::PROMISE_DURABLE)), (true, Ballot::ZERO), "said, and forgotten");
}

#[test]
fn an_acceptor_records_its_vote_before_it_answers() {
    // paxos/accept-durable: Paxos Made Simple, section 2.5.
    let answers = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let effects = server.hear(B, accept(ballot(5, B), 1, 1));
        assert_eq!(sent(&effects).filter(is_accepted).count(), 1);
        server.leaving(&effects).iter().any(is_accepted)
    };
    assert!(!answers(Rules::ALL));
    assert!(answers(without(rules::ACCEPT_DURABLE)));
}

#[test]
fn a_proposer_remembers_in_stable_storage_the_highest_number_it_has_tried() {
    // paxos/reserve-durable: Paxos Made Simple, section 2.5.
    let asked = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (_, effects) = server.stand();
        server.leaving(&effects).len()
    };
    assert_eq!(asked(Rules::ALL), 0);
    assert_eq!(asked(without(rules::RESERVE_DURABLE)), 2, "both others know a number that power would take");
}

#[test]
fn a_proposer_counts_its_own_promise_and_vote_only_from_disk() {
    // paxos/own-durable: Paxos Made Simple, section 2.5, for the proposer's own acceptor.
    let counted = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (ballot, _) = server.stand();
        let own = server.paxos.promises().map(|(_, from)| from);
        server.sync();
        server.hear(B, promise(ballot, &[]));
        server.propose(&entry(1));
        let voted = server.paxos.acceptances(Slot(1)).and_then(|(_, from)| from);
        (own, voted)
    };
    let (nobody, itself) = (Some(NodeSet::EMPTY), Some([A].into_iter().collect()));
    assert_eq!(counted(Rules::ALL), (nobody, nobody));
    assert_eq!(counted(without(rules::OWN_DURABLE)), (itself, itself));
}

#[test]
fn an_acceptor_promises_nothing_below_what_it_has_promised() {
    // paxos/promise-rises: Paxos Made Simple, section 2.2, phase 1(b).
    let promised = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, prepare(ballot(5, B)));
        server.hear(C, prepare(ballot(3, C)));
        server.paxos.promised()
    };
    assert_eq!(promised(Rules::ALL), ballot(5, B));
    assert_eq!(promised(without(rules::PROMISE_RISES)), ballot(3, C));
}

#[test]
fn an_acceptor_accepts_unless_it_has_promised_a_higher_number() {
    // paxos/P1a: Paxos Made Simple, section 2.2, P1a and phase 2(b).
    let accepts = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, prepare(ballot(5, B)));
        let high = server.hear(B, accept(ballot(5, B), 1, 1));
        let low = server.hear(C, accept(ballot(3, C), 2, 2));
        [high, low].map(|effects| sent(&effects).any(|m| is_accepted(&m)))
    };
    assert_eq!(accepts(Rules::ALL), [true, false]);
    assert_eq!(accepts(without(rules::ACCEPT_ABOVE)), [true, true]);
}

#[test]
fn a_vote_is_a_promise() {
    // paxos/accept-raises: PMMC, section 2.2; CASSANDRA-17162.
    let story = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, prepare(ballot(2, B)));
        server.hear(C, accept(ballot(3, C), 1, 3));
        let late = server.hear(B, accept(ballot(2, B), 1, 2));
        (server.paxos.promised(), sent(&late).any(|m| is_accepted(&m)))
    };
    assert_eq!(story(Rules::ALL), (ballot(3, C), false));
    let left_out = story(without(rules::ACCEPT_RAISES));
    assert_eq!(left_out, (ballot(2, B), true), "an older vote replaces a newer one");
}

#[test]
fn a_promise_reports_votes_in_slots_known_to_be_chosen_too() {
    // paxos/report-all: Paxos Made Simple, section 2.2, phase 1(b), and section 3.
    let reports = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let old = ballot(1, B);
        server.hear(B, accept(old, 1, 1));
        server.hear(B, accept(old, 2, 2));
        assert_eq!(delivered(&server.hear(B, heartbeat(old, 1, 0))), [entry(1).digest()]);
        reported(&server.hear(C, prepare(ballot(2, C))))
    };
    assert_eq!(reports(Rules::ALL), Some(2));
    assert_eq!(reports(without(rules::REPORT_ALL)), Some(1), "to a proposer that lags, slot 1 is a hole");
}

#[test]
fn a_proposer_takes_the_value_of_the_highest_numbered_proposal_among_the_responses() {
    // paxos/P2c: Paxos Made Simple, section 2.2, P2c and phase 2(a).
    let takes = |rules| {
        let mut server = Server::new(A, 5, rules, &[]);
        server.hear(B, Message::Nack { ballot: ballot(7, B) });
        let (own, _) = server.stand();
        server.sync();
        server.hear(B, promise(own, &[vote(1, ballot(2, B), 2)]));
        let effects = server.hear(C, promise(own, &[vote(1, ballot(1, C), 1)]));
        proposed(&effects, 1).unwrap().digest()
    };
    assert_eq!(takes(Rules::ALL), entry(2).digest());
    assert_eq!(takes(without(rules::P2C)), entry(1).digest());
}

#[test]
fn a_value_is_free_only_if_no_acceptor_of_the_quorum_has_accepted_any() {
    // paxos/consult: Paxos Made Simple, section 2.2, P2c(a), and section 3.
    let takes = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, Message::Nack { ballot: ballot(7, B) });
        let (_, mut effects) = server.lead(&[vote(1, ballot(2, B), 2)]);
        effects.extend(server.propose(&entry(9)));
        proposed(&effects, 1).unwrap().digest()
    };
    assert_eq!(takes(Rules::ALL), entry(2).digest());
    assert_eq!(takes(without(rules::CONSULT)), entry(9).digest());
}

#[test]
fn gaps_are_filled_with_a_command_that_leaves_the_state_unchanged() {
    // paxos/fill-holes: Paxos Made Simple, section 3.
    let at_the_gap = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, Message::Nack { ballot: ballot(7, B) });
        let (_, effects) = server.lead(&[vote(2, ballot(2, B), 2)]);
        assert_eq!(proposed(&effects, 2).unwrap().digest(), entry(2).digest());
        proposed(&effects, 1).map(|entry| entry.is_noop())
    };
    assert_eq!(at_the_gap(Rules::ALL), Some(true));
    assert_eq!(at_the_gap(without(rules::FILL_HOLES)), None, "slot 2 is never delivered");
}

#[test]
fn different_proposers_choose_their_numbers_from_disjoint_sets() {
    // paxos/ballot-unique: Paxos Made Simple, section 2.5.
    let numbers = |rules| [B, C].map(|node| Server::new(node, 3, rules, &[]).stand().0);
    let [b, c] = numbers(Rules::ALL);
    assert_eq!((b.owner(), c.owner()), (B, C));
    let [b, c] = numbers(without(rules::BALLOT_UNIQUE));
    assert_eq!(b, c);
}

#[test]
fn only_responses_to_the_prepare_numbered_n_count_for_n() {
    // paxos/promise-exact: Paxos Made Simple, section 2.2, phase 2(a).
    let role = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (first, _) = server.stand();
        server.sync();
        server.hear(C, Message::Nack { ballot: ballot(7, C) });
        let (second, _) = server.stand();
        server.sync();
        assert!(first < second && server.role() == Role::Candidate);
        server.hear(B, promise(first, &[]));
        server.role()
    };
    assert_eq!(role(Rules::ALL), Role::Candidate);
    assert_eq!(role(without(rules::PROMISE_EXACT)), Role::Leader);
}

#[test]
fn a_value_is_chosen_when_a_majority_accepts_one_proposal() {
    // paxos/accepted-exact: Paxos Made Simple, section 2.1.
    let chosen = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (first, _) = server.lead(&[]);
        server.hear(C, Message::Nack { ballot: ballot(7, C) });
        server.hear(C, heartbeat(ballot(7, C), 0, 0));
        let (second, _) = server.lead(&[]);
        server.propose(&entry(1));
        server.sync();
        let other = delivered(&server.hear(B, Message::Accepted { ballot: first, slot: Slot(1) }));
        let this = delivered(&server.hear(B, Message::Accepted { ballot: second, slot: Slot(1) }));
        (other.len(), this.len())
    };
    assert_eq!(chosen(Rules::ALL), (0, 1), "the vote of an old ballot is none for this one");
    assert_eq!(chosen(without(rules::ACCEPTED_EXACT)), (1, 0));
}

#[test]
fn an_acceptor_is_counted_once() {
    // paxos/count-once: PMMC, figure 6: an acceptor leaves `waitfor` once.
    let role = |rules| {
        let mut server = Server::new(A, 5, rules, &[]);
        let (ballot, _) = server.stand();
        server.sync();
        server.hear(B, promise(ballot, &[]));
        server.hear(B, promise(ballot, &[]));
        server.role()
    };
    assert_eq!(role(Rules::ALL), Role::Candidate);
    assert_eq!(role(without(rules::COUNT_ONCE)), Role::Leader, "two of five, one of them twice");
}

#[test]
fn any_two_majorities_have_an_acceptor_in_common() {
    // paxos/majority: Paxos Made Simple, section 2.1.
    let role = |rules| {
        let mut server = Server::new(A, 5, rules, &[]);
        let (ballot, _) = server.stand();
        server.sync();
        server.hear(B, promise(ballot, &[]));
        server.role()
    };
    assert_eq!(role(Rules::ALL), Role::Candidate);
    assert_eq!(role(without(rules::MAJORITY)), Role::Leader, "two of five, and two others may lead as well");
}

#[test]
fn a_master_that_was_replaced_must_not_answer_a_read_by_itself() {
    // paxos/read-quorum: Paxos Made Live, section 5.2.
    let answers = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (ballot, _) = server.lead(&[]);
        let alone = answered(&server.read(1));
        (alone, answered(&server.hear(B, confirm(ballot, 1, 0))))
    };
    let zero = Some(Position(0));
    assert_eq!(answers(Rules::ALL), (None, zero));
    assert_eq!(answers(without(rules::READ_QUORUM)), (zero, None));
}

#[test]
fn a_new_leader_serves_no_read_before_what_it_inherited_is_chosen() {
    // paxos/read-inherited: Paxos Made Simple, section 3; PMMC, section 4.2.
    let answers = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, Message::Nack { ballot: ballot(7, B) });
        let (ballot, _) = server.lead(&[vote(1, ballot(2, B), 2)]);
        server.read(1);
        answered(&server.hear(B, confirm(ballot, 1, 0)))
    };
    assert_eq!(answers(Rules::ALL), None);
    let before = answers(without(rules::READ_INHERITED));
    assert_eq!(before, Some(Position(0)), "slot 1 may have been chosen and answered long ago");
}

#[test]
fn the_round_that_confirms_a_read_starts_after_it() {
    // paxos/read-fresh: Charapko et al., HotStorage 2019; Raft dissertation, section 6.4, step 3, for the same duty.
    let answers = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (ballot, _) = server.lead(&[]);
        server.read(1);
        assert!(answered(&server.hear(B, confirm(ballot, 1, 0))).is_some());
        server.read(2);
        let old = answered(&server.hear(C, confirm(ballot, 1, 0))).is_some();
        (old, answered(&server.hear(B, confirm(ballot, 2, 0))).is_some())
    };
    assert_eq!(answers(Rules::ALL), (false, true));
    assert_eq!(
        answers(without(rules::READ_FRESH)),
        (true, false),
        "by an answer that is older than the read"
    );
}

#[test]
fn a_learner_believes_its_own_vote_only_at_the_ballot_of_the_watermark() {
    // paxos/learn-same-ballot: PMMC, section 4.2; from Paxos Made Simple, section 2.3.
    let learns = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, accept(ballot(1, B), 1, 1));
        delivered(&server.hear(C, heartbeat(ballot(2, C), 1, 0)))
    };
    assert_eq!(learns(Rules::ALL), []);
    let losing = learns(without(rules::LEARN_SAME_BALLOT));
    assert_eq!(losing, [entry(1).digest()], "ballot 2 may have chosen another");
}

#[test]
fn the_log_is_trimmed_only_once_a_snapshot_is_durable() {
    // paxos/trim-covered: Paxos Made Live, section 5.5; omnipaxos issue 131.
    let names = |rules| {
        let mut server = Server::new(A, 3, rules, &[("trailing", "0")]);
        let old = ballot(1, B);
        server.hear(B, accept(old, 1, 1));
        server.hear(B, heartbeat(old, 1, 0));
        let bytes: std::sync::Arc<[u8]> = [7u8; 3].into();
        let offered = server.step(Input::Snapshot { position: Position(1), bytes });
        let durable = server.step(Input::BlobDurable { blob: replica::BlobId(1) });
        [offered, durable].map(|effects| {
            let named = |effect| matches!(effect, &Effect::Write(Record::Snapshot { .. }));
            effects.iter().any(named)
        })
    };
    assert_eq!(names(Rules::ALL), [false, true]);
    assert_eq!(names(without(rules::TRIM_COVERED)), [true, false], "votes are gone, and the blob may be");
}

#[test]
fn a_trimmed_slot_is_learned_before_it_is_led() {
    // paxos/trimmed-transfer: Paxos Made Live, section 5.5 (catch-up).
    let story = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let (ballot, _) = server.stand();
        server.sync();
        let (votes, first) = ([].into_iter().collect(), Slot(1));
        let (trimmed, next) = (Slot(5), Slot::ZERO);
        let promise = Message::Promise { ballot, from: first, trimmed, chosen: trimmed, votes, next };
        let effects = server.hear(B, promise);
        (server.role(), sent(&effects).any(|message| matches!(message, Message::CatchUp { .. })))
    };
    assert_eq!(story(Rules::ALL), (Role::Candidate, true));
    assert_eq!(
        story(without(rules::TRIMMED_TRANSFER)),
        (Role::Leader, false),
        "its slot 1 was chosen before"
    );
}

#[test]
fn a_quorum_of_phase_1_meets_every_quorum_of_phase_2() {
    // paxos/flexible-bound: Howard et al., Flexible Paxos (2016), section 3.
    let role = |rules| {
        let mut server = Server::new(A, 5, rules, &[("q1", "2"), ("q2", "2")]);
        let (ballot, _) = server.stand();
        server.sync();
        server.hear(B, promise(ballot, &[]));
        server.role()
    };
    assert_eq!(role(Rules::ALL), Role::Candidate);
    assert_eq!(role(without(rules::FLEXIBLE_BOUND)), Role::Leader, "two others may choose");
}

#[test]
fn a_quorum_read_rinses() {
    // paxos/pqr-rinse: Charapko et al., HotStorage 2019, section 3.
    let answers = |rules| {
        let mut server = Server::new(A, 3, rules, &[("reads", "pqr")]);
        server.read(1);
        answered(&server.hear(B, Message::Voted { token: 1, upto: Slot(3) }))
    };
    assert_eq!(answers(Rules::ALL), Some(Position(3)));
    assert_eq!(answers(without(rules::PQR_RINSE)), Some(Position(0)));
}

/// Whether a leader answers a read by itself, `late` after it asked for a lease, which was granted `granted` after that.
fn answers_by_lease(rules: Rules, granted: u64, late: u64) -> bool {
    let settings = [("reads", "lease"), ("lease_drift_ppm", "10000")];
    let mut server = Server::new(A, 3, rules, &settings);
    let (ballot, effects) = server.lead(&[]);
    let asked = server.now;
    let asks = |message: &Message| matches!(message, Message::Heartbeat { lease, .. } if lease.0 == asked);
    assert!(sent(&effects).any(asks));
    server.now = asked + granted;
    server.hear(B, confirm(ballot, 0, asked));
    server.now = asked + late;
    answered(&server.read(1)).is_some()
}

#[test]
fn a_master_trusts_its_lease_for_less_than_the_replicas_keep_it() {
    // paxos/lease-drift: Paxos Made Live, section 5.2.
    let (within, drifted) = (DETECTION / 2, DETECTION - DETECTION / 100);
    assert!(answers_by_lease(Rules::ALL, 0, within));
    assert!(!answers_by_lease(Rules::ALL, 0, drifted));
    assert!(answers_by_lease(without(rules::LEASE_DRIFT), 0, drifted), "a fast clock has let the lease go");
}

#[test]
fn a_lease_counts_from_when_it_was_asked_for() {
    // paxos/lease-sent: Gray and Cheriton, Leases (1989), section 3.1.
    let (granted, late) = (DETECTION / 2, DETECTION + DETECTION / 4);
    assert!(answers_by_lease(Rules::ALL, granted, granted));
    assert!(!answers_by_lease(Rules::ALL, granted, late));
    assert!(answers_by_lease(without(rules::LEASE_SENT), granted, late));
}

#[test]
fn replicas_refuse_other_proposers_while_they_keep_a_lease() {
    // paxos/lease-kept: Paxos Made Live, section 5.2.
    let promises = |rules| {
        let mut server = Server::new(A, 3, rules, &[("reads", "lease")]);
        let asked = server.now;
        let granted = server.hear(B, heartbeat(ballot(1, B), 0, asked));
        let grants =
            |message: &Message| matches!(message, Message::Confirm { lease, .. } if lease.0 == asked);
        assert!(sent(&granted).any(grants));
        let within = server.hear(C, prepare(ballot(2, C)));
        server.now += 2 * DETECTION;
        let after = server.hear(C, prepare(ballot(3, C)));
        [within, after].map(|effects| sent(&effects).any(|m| is_promise(&m)))
    };
    assert_eq!(promises(Rules::ALL), [false, true]);
    assert_eq!(promises(without(rules::LEASE_KEPT)), [true, true]);
}

#[test]
fn a_proposer_begins_with_a_higher_number_than_any_it_has_used() {
    // paxos/ballot-fresh: Paxos Made Simple, section 2.5.
    let stands_in = |rules| {
        let disk = vec![Paxos::genesis(&Members::first(3)), Record::Promise { ballot: ballot(3, A) }];
        Server::boot((A, 3), rules, &[], disk).stand().0
    };
    assert_eq!(stands_in(Rules::ALL), ballot(4, A));
    assert_eq!(stands_in(without(rules::BALLOT_FRESH)), ballot(3, A));
}

#[test]
fn a_proposer_that_is_pre_empted_waits() {
    // paxos/back-off: Paxos Made Simple, section 2.4; PMMC, section 3.
    let role = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.stand();
        server.sync();
        server.hear(C, Message::Nack { ballot: ballot(7, C) });
        server.role()
    };
    assert_eq!(role(Rules::ALL), Role::Follower);
    assert_eq!(role(without(rules::BACKOFF)), Role::Candidate, "two such proposers duel for ever");
}

#[test]
fn a_promise_reports_votes_that_are_still_on_their_way_to_the_disk() {
    // paxos/report-current: Paxos Made Simple, section 2.2, phase 1(b); SwiftPaxos issue 2.
    let reports = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        server.hear(B, accept(ballot(1, B), 1, 1));
        server.sync();
        server.hear(B, accept(ballot(1, B), 2, 2));
        reported(&server.hear(C, prepare(ballot(2, C))))
    };
    assert_eq!(reports(Rules::ALL), Some(2));
    let left_out = reports(without(rules::REPORT_CURRENT));
    assert_eq!(left_out, Some(1), "and then the answer to slot 2 leaves as well");
}

#[test]
fn an_acceptor_that_knows_what_is_chosen_votes_for_nothing_else() {
    // paxos/known-chosen: Paxos Made Simple, section 2.2, P2b; paxi, HandleP2a.
    let votes = |rules| {
        let mut server = Server::new(A, 3, rules, &[]);
        let entries = [entry(1)].into_iter().collect();
        let told = server.hear(B, Message::Chosen { from: Slot(1), chosen: Slot(1), entries });
        assert_eq!(delivered(&told), [entry(1).digest()]);
        let other = server.hear(C, accept(ballot(2, C), 1, 2));
        let same = server.hear(C, accept(ballot(3, C), 1, 1));
        [other, same].map(|effects| sent(&effects).any(|m| is_accepted(&m)))
    };
    assert_eq!(votes(Rules::ALL), [false, true]);
    assert_eq!(votes(without(rules::KNOWN_CHOSEN)), [true, true], "and so a second value may be chosen");
}

#[test]
fn every_rule_has_a_test_that_cites_it() {
    let tests = include_str!("paper.rs");
    for rule in rules::ALL {
        assert!(tests.contains(&format!("    // {}:", rule.id)), "{} has no test", rule.id);
    }
}
