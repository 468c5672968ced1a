//! The state machine and its sessions, entry by entry: what happens once, what is forgotten, what expires, and that
//! the hash knows of all of it.

use registry::rules::{EXACTLY_ONCE, SETTLED_REFUSED};
use registry::{
    Answer, Application, Command, ENDED_MAX, Key, Known, Logged, Machine, OpName, Reason, SESSIONS_MAX,
    Value, Versioned, WINDOW,
};
use replica::{ApplyOutcome, ClientSession, Entry, NodeId, Position, Rules, Sequence, Span, WallTime, Wire};

const ALICE: ClientSession = ClientSession(0xa11ce);
const BOB: ClientSession = ClientSession(0xb0b);

fn key(text: &str) -> Key {
    Key::new(text.as_bytes()).unwrap()
}

fn value(text: &str) -> Value {
    Value::new(text.as_bytes()).unwrap()
}

fn put(k: &str, v: &str) -> Command {
    Command::Put { key: key(k), value: value(v) }
}

fn cas(k: &str, expect: Option<&str>, v: &str) -> Command {
    Command::Cas { key: key(k), expect: expect.map(value), value: value(v) }
}

fn open(seconds: u64) -> Command {
    Command::Open { timeout: Span::seconds(seconds) }
}

fn name(session: ClientSession, sequence: u64) -> OpName {
    OpName { session, sequence: Sequence(sequence) }
}

fn entry(
    session: ClientSession,
    sequence: u64,
    acknowledged: u64,
    at: u64,
    command: Command,
) -> std::sync::Arc<Entry> {
    let mut bytes = Vec::new();
    Logged { acknowledged: Sequence(acknowledged), command }.encode(&mut bytes);
    let wall = WallTime::NONE + Span::seconds(at);
    Entry::new(NodeId(0), session, Sequence(sequence), wall, &bytes)
}

/// A machine in which Alice's session is open at second 100 for ten seconds, as her operation 1.
fn with_alice(rules: Rules) -> Machine {
    let mut machine = Machine::new(rules);
    let opened = machine.apply(&entry(ALICE, 1, 0, 100, open(10)));
    assert_eq!(opened.result, Ok((Answer::Opened, Position(1))));
    machine
}

fn refused(application: &Application) -> Reason {
    assert_eq!(application.outcome, ApplyOutcome::Refused);
    assert!(application.changes.is_empty());
    application.result.clone().unwrap_err()
}

#[test]
fn put_then_cas_then_delete_tell_what_changed() {
    // Each write names the key's version before and after: this is what watches will be fed from.
    let mut machine = with_alice(Rules::ALL);
    let first = machine.apply(&entry(ALICE, 2, 0, 100, put("k", "a")));
    assert_eq!((first.changes[0].before, first.changes[0].after), (None, Some(Position(2))));

    let failed = machine.apply(&entry(ALICE, 3, 0, 100, cas("k", Some("b"), "c")));
    let seen = Some(Versioned { value: value("a"), version: Position(2) });
    assert_eq!(failed.outcome, ApplyOutcome::Executed, "a failed compare-and-swap is executed too");
    assert_eq!(failed.result, Ok((Answer::CasFailed { seen }, Position(3))));
    assert!(failed.changes.is_empty());

    let swapped = machine.apply(&entry(ALICE, 4, 0, 100, cas("k", Some("a"), "c")));
    assert_eq!(swapped.result, Ok((Answer::Written, Position(4))));
    assert_eq!((swapped.changes[0].before, swapped.changes[0].after), (Some(Position(2)), Some(Position(4))));

    let deleted = machine.apply(&entry(ALICE, 5, 0, 100, Command::Delete { key: key("k") }));
    assert_eq!(deleted.result, Ok((Answer::Deleted { existed: true }, Position(5))));
    assert_eq!((deleted.changes[0].before, deleted.changes[0].after), (Some(Position(4)), None));

    let nothing = machine.apply(&entry(ALICE, 6, 0, 100, Command::Delete { key: key("k") }));
    assert_eq!(nothing.result, Ok((Answer::Deleted { existed: false }, Position(6))));
    let created = machine.apply(&entry(ALICE, 7, 0, 100, cas("k", None, "d")));
    assert_eq!(created.result, Ok((Answer::Written, Position(7))));
}

#[test]
fn retry_is_answered_from_the_table_with_its_first_position() {
    // Alice's compare-and-swap succeeds, its reply is lost, she sends it again. Executed twice it would fail, and she
    // would believe that somebody else holds the lock that is hers.
    let take = || cas("lock", None, "alice");
    let mut machine = with_alice(Rules::ALL);
    let first = machine.apply(&entry(ALICE, 2, 0, 100, take()));
    machine.apply(&entry(ALICE, 3, 0, 101, put("k", "later")));
    let again = machine.apply(&entry(ALICE, 2, 0, 102, take()));
    assert_eq!(again.outcome, ApplyOutcome::Answered);
    assert_eq!(again.result, first.result);
    assert_eq!(machine.known(name(ALICE, 2)), Known::Answered(Answer::Written, Position(2)));

    let mut mutant = with_alice(Rules::ALL.without(EXACTLY_ONCE));
    mutant.apply(&entry(ALICE, 2, 0, 100, take()));
    let again = mutant.apply(&entry(ALICE, 2, 0, 102, take()));
    assert_eq!(again.outcome, ApplyOutcome::Executed, "the rule is what prevents it");
    assert!(matches!(again.result, Ok((Answer::CasFailed { .. }, _))));
}

#[test]
fn sequence_at_or_below_the_mark_is_refused() {
    // Answers at or below the mark are forgotten: a late copy of such an operation cannot be told from a new one.
    let mut machine = with_alice(Rules::ALL);
    machine.apply(&entry(ALICE, 2, 0, 100, put("k", "old")));
    machine.apply(&entry(ALICE, 3, 2, 100, put("k", "new")));
    assert_eq!(refused(&machine.apply(&entry(ALICE, 2, 0, 100, put("k", "old")))), Reason::Settled);
    assert_eq!(machine.known(name(ALICE, 2)), Known::Settled);
    assert_eq!(machine.get(&key("k")).unwrap().value, value("new"));

    let mut mutant = with_alice(Rules::ALL.without(SETTLED_REFUSED));
    mutant.apply(&entry(ALICE, 2, 0, 100, put("k", "old")));
    mutant.apply(&entry(ALICE, 3, 2, 100, put("k", "new")));
    mutant.apply(&entry(ALICE, 2, 0, 100, put("k", "old")));
    assert_eq!(mutant.get(&key("k")).unwrap().value, value("old"), "the rule is what prevents it");
}

#[test]
fn operations_in_flight_arrive_in_any_order_and_keep_their_answers() {
    let mut machine = with_alice(Rules::ALL);
    for sequence in [5, 3, 4, 2] {
        let put = put(&format!("k{sequence}"), "v");
        assert_eq!(machine.apply(&entry(ALICE, sequence, 1, 100, put)).outcome, ApplyOutcome::Executed);
    }
    // A mark that arrives late, with an old entry, does not go back.
    machine.apply(&entry(ALICE, 7, 3, 100, put("k7", "v")));
    machine.apply(&entry(ALICE, 6, 1, 100, put("k6", "v")));
    assert_eq!(machine.known(name(ALICE, 3)), Known::Settled);
    for sequence in [4, 5, 6, 7] {
        assert!(matches!(machine.known(name(ALICE, sequence)), Known::Answered(Answer::Written, _)));
    }
}

#[test]
fn unknown_session_is_refused_and_may_be_opened_later() {
    let mut machine = Machine::new(Rules::ALL);
    assert_eq!(refused(&machine.apply(&entry(BOB, 2, 0, 100, put("k", "v")))), Reason::SessionExpired);
    assert!(machine.store().is_empty());
    assert!(machine.apply(&entry(BOB, 1, 0, 100, open(10))).result.is_ok());
    assert!(machine.apply(&entry(BOB, 2, 0, 100, put("k", "v"))).result.is_ok());
}

#[test]
fn session_expires_by_stamps_and_its_id_is_never_used_again() {
    // Bob's server stamps 111: Alice's last use was at 100, her time-out is ten seconds. Without memory of the id, a
    // late copy of her opening would revive the session with an empty table, and a late copy of her put would be
    // executed a second time.
    let mut machine = with_alice(Rules::ALL);
    machine.apply(&entry(ALICE, 2, 0, 100, put("k", "alice")));
    let at_the_limit = machine.apply(&entry(BOB, 1, 0, 110, open(60)));
    assert_eq!(at_the_limit.expired, 0);
    let past = machine.apply(&entry(BOB, 2, 0, 111, put("k", "bob")));
    assert_eq!(past.expired, 1);
    assert_eq!(machine.known(name(ALICE, 2)), Known::Ended);
    assert_eq!(refused(&machine.apply(&entry(ALICE, 1, 0, 100, open(10)))), Reason::SessionExpired);
    let late = machine.apply(&entry(ALICE, 2, 0, 100, put("k", "alice")));
    assert_eq!(refused(&late), Reason::SessionExpired);
    assert_eq!(machine.get(&key("k")).unwrap().value, value("bob"));
}

#[test]
fn use_renews_a_session_and_its_own_late_entry_does_not() {
    let mut machine = with_alice(Rules::ALL);
    for at in [105, 110, 119] {
        assert!(machine.apply(&entry(ALICE, at, 0, at, put("k", "v"))).result.is_ok());
    }
    // The entry that moves the clock past the limit is too late itself.
    assert_eq!(refused(&machine.apply(&entry(ALICE, 200, 0, 130, put("k", "v")))), Reason::SessionExpired);
}

#[test]
fn wall_clocks_that_jump_back_do_not_move_the_replicated_clock() {
    let mut machine = with_alice(Rules::ALL);
    machine.apply(&entry(BOB, 1, 0, 105, open(10)));
    // A node whose clock is an hour behind proposes: a use at the clock of 105, not at second 3.
    machine.apply(&entry(BOB, 2, 0, 3, put("k", "v")));
    assert_eq!(machine.sessions().clock(), WallTime::NONE + Span::seconds(105));
    assert_eq!(machine.apply(&entry(BOB, 3, 0, 115, put("k", "v"))).expired, 1, "Alice only");
    // A no-op is not stamped.
    machine.apply(&Entry::noop(NodeId(1)));
    assert_eq!(machine.sessions().clock(), WallTime::NONE + Span::seconds(115));
    assert_eq!(machine.position(), Position(5));
}

#[test]
fn shorter_timeout_set_by_opening_again_is_obeyed() {
    // The index of expiries holds a time that is never too late: a shorter time-out must move it.
    let mut machine = Machine::new(Rules::ALL);
    machine.apply(&entry(ALICE, 1, 0, 100, open(1000)));
    machine.apply(&entry(ALICE, 2, 0, 100, open(5)));
    machine.apply(&entry(BOB, 1, 0, 106, open(5)));
    assert!(!machine.sessions().is_open(ALICE));
    // And a time-out beyond the end of time never comes.
    machine.apply(&entry(BOB, 2, 0, 106, Command::Open { timeout: Span(u64::MAX) }));
    machine.apply(&entry(ClientSession(9), 1, 0, 1_000_000, open(5)));
    assert!(machine.sessions().is_open(BOB));
}

#[test]
fn closed_session_is_gone_for_good() {
    let mut machine = with_alice(Rules::ALL);
    assert_eq!(
        machine.apply(&entry(ALICE, 2, 1, 100, Command::Close)).result,
        Ok((Answer::Closed, Position(2)))
    );
    assert_eq!(refused(&machine.apply(&entry(ALICE, 2, 1, 100, Command::Close))), Reason::SessionExpired);
    assert_eq!(refused(&machine.apply(&entry(ALICE, 3, 1, 100, open(10)))), Reason::SessionExpired);
}

#[test]
fn malformed_entries_are_refused_and_change_nothing() {
    let mut machine = with_alice(Rules::ALL);
    let garbage = Entry::new(NodeId(0), ALICE, Sequence(2), WallTime::NONE, &[9, 9, 9]);
    let beyond_window = entry(ALICE, WINDOW + 1, 0, 100, put("k", "v"));
    let not_above_its_mark = entry(ALICE, 2, 2, 100, put("k", "v"));
    let mut trailing = Vec::new();
    Logged { acknowledged: Sequence(0), command: Command::Close }.encode(&mut trailing);
    trailing.push(0);
    let trailing = Entry::new(NodeId(0), ALICE, Sequence(2), WallTime::NONE, &trailing);
    let before = machine.state_hash();
    for entry in [garbage, beyond_window, not_above_its_mark, trailing] {
        assert_eq!(refused(&machine.apply(&entry)), Reason::Malformed);
        assert_eq!(machine.state_hash(), before);
    }
}

#[test]
fn keys_and_values_have_bounds() {
    assert_eq!(size_of::<Key>(), 24);
    let mut last = None;
    for len in 0..=registry::KEY_BYTES_MAX {
        // Short keys are held in place and long ones are not: nobody may see it.
        let bytes = vec![b'x'; len];
        let key = Key::new(&bytes).unwrap();
        assert_eq!(key.bytes(), bytes);
        assert!(last < Some(key.clone()));
        last = Some(key);
    }
    assert!(Key::new(&[0; registry::KEY_BYTES_MAX + 1]).is_none());
    let mut bytes = Vec::new();
    vec![0u8; registry::KEY_BYTES_MAX + 1].encode(&mut bytes);
    assert_eq!(Key::decode(&mut replica::Reader::new(&bytes)).unwrap_err(), replica::WireError::Range);
}

#[test]
fn sessions_are_bounded_and_so_is_the_memory_of_ended_ones() {
    let mut machine = Machine::new(Rules::ALL);
    for id in 1..=SESSIONS_MAX as u64 {
        machine.apply(&entry(ClientSession(id), 1, 0, 100 + id, open(1_000_000)));
    }
    let late = machine.apply(&entry(ALICE, 1, 0, 1_000, open(10)));
    assert_eq!(refused(&late), Reason::TooManySessions);
    // All of them end, and more: the first one's id is forgotten, but what was stamped before its end stays refused.
    for id in 1..=ENDED_MAX as u64 + 1 {
        let close = entry(ClientSession(id), 2, 1, 200_000 + id, Command::Close);
        if id > SESSIONS_MAX as u64 {
            machine.apply(&entry(ClientSession(id), 1, 0, 200_000 + id, open(10)));
        }
        assert!(machine.apply(&close).result.is_ok());
    }
    assert_eq!(machine.known(name(ClientSession(1), 2)), Known::Nothing);
    let copy = machine.apply(&entry(ClientSession(1), 1, 0, 101, open(1_000_000)));
    assert_eq!(refused(&copy), Reason::SessionExpired);
    assert!(machine.apply(&entry(ALICE, 1, 0, 300_000, open(10))).result.is_ok());
}

#[test]
fn hash_is_of_the_state_and_not_of_its_history() {
    // Two machines reach the same table on different ways: equal hashes. Anything replicated that differs, shows.
    let mut a = with_alice(Rules::ALL);
    let mut b = with_alice(Rules::ALL);
    a.apply(&entry(ALICE, 2, 0, 100, put("x", "1")));
    b.apply(&entry(ALICE, 2, 0, 100, put("y", "1")));
    assert_ne!(a.state_hash(), b.state_hash());
    // The kept answer is of another key but equal; deleting brings the tables together, and marks forget the rest.
    a.apply(&entry(ALICE, 3, 0, 100, Command::Delete { key: key("x") }));
    b.apply(&entry(ALICE, 3, 0, 100, Command::Delete { key: key("y") }));
    assert_eq!(a.state_hash(), b.state_hash());
    // A mark alone is state.
    let before = b.state_hash();
    b.apply(&entry(ALICE, 4, 3, 100, Command::Delete { key: key("y") }));
    a.apply(&entry(ALICE, 4, 2, 100, Command::Delete { key: key("y") }));
    assert_ne!(a.state_hash(), b.state_hash());
    assert_ne!(before, b.state_hash());
}

#[test]
fn snapshot_brings_back_the_same_state() {
    // Keys, open sessions with answers, ended sessions, the clock: after a restore the machine must not only hash the
    // same, it must go on the same, expiries included.
    let mut machine = with_alice(Rules::ALL);
    let mut x = 7u64;
    for sequence in 2..400 {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let id = ClientSession(1 + x % 17);
        let k = format!("k{}", (x >> 20) % 23);
        let command = match (x >> 33) % 6 {
            0 => open(1 + (x >> 40) % 30),
            1 => Command::Delete { key: key(&k) },
            2 => cas(&k, None, "cas"),
            3 if x.is_multiple_of(5) => Command::Close,
            _ => put(&k, "v"),
        };
        machine.apply(&entry(id, sequence, sequence.saturating_sub(9), 100 + sequence / 4, command));
    }
    assert!(!machine.sessions().is_empty());
    assert!(!machine.store().is_empty());
    let bytes = machine.snapshot();
    let mut restored = Machine::restore(&bytes, Rules::ALL).unwrap();
    assert_eq!(restored.state_hash(), machine.state_hash());
    assert_eq!(restored.position(), machine.position());
    assert_eq!(restored.snapshot(), bytes);
    for sequence in 400..600 {
        let next =
            entry(ClientSession(1 + sequence % 17), sequence, sequence - 5, 100 + sequence / 3, open(9));
        assert_eq!(restored.apply(&next), machine.apply(&next));
        assert_eq!(restored.state_hash(), machine.state_hash());
    }
}

#[test]
fn broken_snapshot_is_an_error_and_never_a_panic() {
    let mut machine = with_alice(Rules::ALL);
    machine.apply(&entry(ALICE, 2, 0, 100, put("k", "v")));
    let bytes = machine.snapshot();
    for len in 0..bytes.len() {
        assert!(Machine::restore(&bytes[..len], Rules::ALL).is_err());
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x41;
        assert!(Machine::restore(&flipped, Rules::ALL).is_err(), "byte {at}");
    }
}
