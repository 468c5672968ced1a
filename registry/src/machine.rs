//! The state machine: the table, the sessions and the position, changed by entries alone. Nothing here knows a clock,
//! a node or a client; two machines that applied the same entries are equal, and their hashes say so.

use alloc::vec::Vec;

use replica::digest::fold;
use replica::{ApplyOutcome, ClientSession, Entry, Few, Position, Reader, Rules, Sequence, Wire, WireError};

use crate::kv::{Change, Store};
use crate::rules::SNAPSHOT_SESSIONS;
use crate::sessions::{Admission, Known, Sessions, WINDOW};
use crate::{Answer, Command, Key, Logged, OpName, Reason, Value, Versioned};

/// The version of the snapshot's encoding.
const SNAPSHOT_VERSION: u8 = 1;

/// The replicated state of one node.
#[derive(Clone, Debug)]
pub struct Machine {
    store: Store,
    sessions: Sessions,
    /// How many entries have been applied.
    position: Position,
    /// The rules obeyed.
    rules: Rules,
}

/// What applying an entry came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Whether it had an effect.
    pub outcome: ApplyOutcome,
    /// What its operation came to, and the position at which it was executed; or why it was refused. A no-op has no
    /// operation and is `Refused` for nobody to see.
    pub result: Result<(Answer, Position), Reason>,
    /// What changed in the table.
    pub changes: Few<Change>,
    /// How many sessions expired just before it.
    pub expired: usize,
}

impl Machine {
    /// The empty state.
    pub fn new(rules: Rules) -> Machine {
        Machine { store: Store::default(), sessions: Sessions::default(), position: Position::ZERO, rules }
    }

    /// How many entries have been applied.
    pub fn position(&self) -> Position {
        self.position
    }

    /// A hash of everything that is replicated, at constant cost.
    pub fn state_hash(&self) -> u64 {
        self.store.hash().wrapping_add(self.sessions.hash())
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// What a key holds.
    pub fn get(&self, key: &Key) -> Option<Versioned> {
        self.store.get(key).cloned()
    }

    /// What the session's table knows of an operation.
    pub fn known(&self, name: OpName) -> Known {
        if self.rules.is_whole() { self.sessions.known(name) } else { self.known_to_mutant(name) }
    }

    /// Applies the next entry of the log.
    pub fn apply(&mut self, entry: &Entry) -> Application {
        self.position = self.position.next();
        if entry.is_noop() {
            return Application::without_effect(ApplyOutcome::Noop, Reason::Malformed, 0);
        }
        let expired = self.sessions.on_stamp(entry.wall);
        let name = OpName { session: entry.session, sequence: entry.sequence };
        let Some(Logged { acknowledged, command }) = decode_logged(entry) else {
            return Application::without_effect(ApplyOutcome::Refused, Reason::Malformed, expired);
        };
        if let Command::Open { timeout } = command
            && let Err(reason) = self.sessions.open(name.session, timeout, entry.wall)
        {
            return Application::without_effect(ApplyOutcome::Refused, reason, expired);
        }
        match self.sessions.admit(name, acknowledged, self.rules) {
            Admission::Refused(reason) => Application::without_effect(ApplyOutcome::Refused, reason, expired),
            Admission::Answered(answer, at) => Application {
                outcome: ApplyOutcome::Answered,
                result: Ok((answer, at)),
                changes: Few::None,
                expired,
            },
            Admission::Execute => {
                let (answer, changes) = self.execute(name, command);
                self.sessions.keep(name, &answer, self.position);
                let result = Ok((answer, self.position));
                Application { outcome: ApplyOutcome::Executed, result, changes, expired }
            }
        }
    }

    /// The whole state as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        if self.rules.obeys(SNAPSHOT_SESSIONS) {
            return self.encoded();
        }
        Machine { sessions: Sessions::default(), ..self.clone() }.encoded()
    }

    /// Without `registry/index-with-data`: the state as it is now under the position of a moment before.
    pub(crate) fn snapshot_named(&self, position: Position) -> Vec<u8> {
        Machine { position, ..self.clone() }.snapshot()
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        SNAPSHOT_VERSION.encode(&mut out);
        self.position.encode(&mut out);
        self.checksum().encode(&mut out);
        self.store.encode(&mut out);
        self.sessions.encode(&mut out);
        out
    }

    /// The state that [`Machine::snapshot`] made bytes of. The error says what is wrong with the bytes.
    pub fn restore(bytes: &[u8], rules: Rules) -> Result<Machine, WireError> {
        let mut input = Reader::new(bytes);
        let version = u8::decode(&mut input)?;
        if version != SNAPSHOT_VERSION {
            return Err(WireError::Tag(version));
        }
        let position = Position::decode(&mut input)?;
        let checksum = u64::decode(&mut input)?;
        let store = Store::decode(&mut input)?;
        let sessions = Sessions::decode(&mut input)?;
        let machine = Machine { store, sessions, position, rules };
        if input.left() != 0 || machine.checksum() != checksum {
            return Err(WireError::Range);
        }
        Ok(machine)
    }

    /// What a snapshot carries so that damage shows.
    fn checksum(&self) -> u64 {
        fold(self.state_hash(), self.position.0)
    }

    fn execute(&mut self, name: OpName, command: Command) -> (Answer, Few<Change>) {
        match command {
            Command::Open { timeout } => {
                self.sessions.set_timeout(name.session, timeout);
                (Answer::Opened, Few::None)
            }
            Command::Close => {
                self.sessions.close(name.session);
                (Answer::Closed, Few::None)
            }
            Command::Put { key, value } => self.put(key, value),
            Command::Delete { key } => {
                let change = self.store.delete(&key);
                (Answer::Deleted { existed: change.is_some() }, change.map_or(Few::None, Few::One))
            }
            Command::Cas { key, expect, value } => {
                let seen = self.store.get(&key);
                if seen.map(|held| &held.value) == expect.as_ref() {
                    self.put(key, value)
                } else {
                    (Answer::CasFailed { seen: seen.cloned() }, Few::None)
                }
            }
        }
    }

    fn put(&mut self, key: Key, value: Value) -> (Answer, Few<Change>) {
        (Answer::Written, Few::One(self.store.put(key, value, self.position)))
    }

    /// What the table would say if the rules that are left out had no table behind them.
    fn known_to_mutant(&self, name: OpName) -> Known {
        use crate::rules::{EXACTLY_ONCE, SETTLED_REFUSED};
        match self.sessions.known(name) {
            Known::Answered(..) if !self.rules.obeys(EXACTLY_ONCE) => Known::Nothing,
            Known::Settled if !self.rules.obeys(SETTLED_REFUSED) => Known::Nothing,
            known => known,
        }
    }
}

impl Application {
    fn without_effect(outcome: ApplyOutcome, reason: Reason, expired: usize) -> Application {
        Application { outcome, result: Err(reason), changes: Few::None, expired }
    }
}

/// Whether an operation's numbers are such as a client may send.
pub(crate) fn is_well_formed(name: OpName, acknowledged: Sequence) -> bool {
    let ahead = name.sequence.0.saturating_sub(acknowledged.0);
    name.session != ClientSession::ZERO && 0 < ahead && ahead <= WINDOW
}

/// The command of an entry. Servers seal only well-formed ones; bytes that are none are refused by every node alike.
fn decode_logged(entry: &Entry) -> Option<Logged> {
    let mut input = Reader::new(entry.bytes());
    let logged = Logged::decode(&mut input).ok()?;
    let name = OpName { session: entry.session, sequence: entry.sequence };
    (input.left() == 0 && is_well_formed(name, logged.acknowledged)).then_some(logged)
}
