//! Client sessions: what makes a retried operation happen once (Ongaro's thesis, 6.3), with many operations in flight
//! (RIFL, SOSP 2015). A session is opened by an entry, remembers the answers above its client's acknowledged mark, and
//! expires by the *replicated clock*: the highest wall-clock stamp of any entry so far. All of it is replicated state:
//! the same on every node at the same position.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use replica::digest::fold;
use replica::{ClientSession, Position, Reader, Rules, Sequence, Span, WallTime, Wire, WireError};

use crate::rules::{EXACTLY_ONCE, SETTLED_REFUSED};
use crate::{Answer, OpName, Reason};

/// The most sessions open at once. Each costs a few hundred bytes and its kept answers.
pub const SESSIONS_MAX: usize = 65_536;
/// How far a client may run ahead of its acknowledged mark, hence the most answers kept a session.
pub const WINDOW: u64 = 1024;
/// How many ended sessions are remembered one by one, so that a late copy of their opening cannot revive them. Of
/// those before, only the newest time of ending is remembered: see [`Sessions`].
pub const ENDED_MAX: usize = 65_536;

const SESSION_SALT: u64 = 0x7365_7373;
const ANSWER_SALT: u64 = 0x616e_7377;
const ENDED_SALT: u64 = 0x656e_6465;

/// Every session, and the replicated clock.
///
/// A session's id is never used again, or a late copy of an old entry could be executed a second time in the revived
/// session. Ids of ended sessions are remembered, the last [`ENDED_MAX`] of them; and an opening stamped at or before
/// the `floor`, the time at which the newest forgotten one ended, is refused: it may be a copy that is that old. An
/// entry is stamped once, where its client asked, and a copy keeps the stamp.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    open: BTreeMap<ClientSession, Session>,
    /// One item an open session: (its `look_at`, its id).
    expiries: BTreeSet<(WallTime, ClientSession)>,
    ended: BTreeSet<ClientSession>,
    /// The same sessions as `ended`, with the clock when they ended: oldest first.
    ended_order: VecDeque<(ClientSession, WallTime)>,
    /// No opening stamped at or before this is accepted. `floor <= clock`.
    floor: WallTime,
    /// The highest stamp of any entry applied. Never goes back.
    clock: WallTime,
    /// The wrapping sum of the hashes of open sessions, their answers, and ended sessions.
    sum: u64,
}

/// One open session.
#[derive(Clone, Debug)]
struct Session {
    timeout: Span,
    /// The clock when the last entry of the session was admitted.
    last_use: WallTime,
    /// The highest mark that the client has sent. Answers up to here are forgotten.
    acknowledged: Sequence,
    /// Answers above the mark, in order of sequence.
    answers: VecDeque<Kept>,
    /// The wrapping sum of the answers' hashes.
    answers_sum: u64,
    /// When to look whether the session has expired. Never after it expires, often before: a use does not move it, so
    /// that uses cost nothing; it moves when the clock passes it, at most once a time-out.
    look_at: WallTime,
}

/// An answer, for the client's retries.
#[derive(Clone, Debug)]
struct Kept {
    sequence: Sequence,
    position: Position,
    answer: Answer,
    /// `answer_hash` of all this.
    hash: u64,
}

/// What the table says of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// It has not been executed, as far as this state knows.
    Nothing,
    /// It was executed, with this answer, at this position.
    Answered(Answer, Position),
    /// It is at or below the acknowledged mark.
    Settled,
    /// Its session has ended, for good.
    Ended,
}

/// Whether an entry may be executed.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// It may: it is the first of its name.
    Execute,
    /// It was executed before, with this answer, at this position.
    Answered(Answer, Position),
    /// It has no effect.
    Refused(Reason),
}

impl Sessions {
    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether a session is open.
    pub fn is_open(&self, session: ClientSession) -> bool {
        self.open.contains_key(&session)
    }

    /// The replicated clock.
    pub fn clock(&self) -> WallTime {
        self.clock
    }

    /// The hash of the sessions, their answers, and the clock.
    pub fn hash(&self) -> u64 {
        fold(fold(self.sum, self.clock.0), self.floor.0)
    }

    /// What is known of an operation, without touching its session.
    pub fn known(&self, name: OpName) -> Known {
        let Some(session) = self.open.get(&name.session) else {
            return if self.ended.contains(&name.session) { Known::Ended } else { Known::Nothing };
        };
        match session.answer(name.sequence) {
            _ if name.sequence <= session.acknowledged => Known::Settled,
            Some(kept) => Known::Answered(kept.answer.clone(), kept.position),
            None => Known::Nothing,
        }
    }

    /// Takes an entry's stamp: the clock moves, never back, and sessions that were not used for longer than their
    /// time-out end. How many ended.
    pub fn on_stamp(&mut self, wall: WallTime) -> usize {
        if wall <= self.clock {
            return 0;
        }
        self.clock = wall;
        let mut ended = 0;
        while let Some(&(look_at, id)) = self.expiries.first()
            && look_at < self.clock
        {
            let session = self.open.get_mut(&id).expect("only open sessions are indexed");
            assert!(session.look_at == look_at);
            let expiry = session.expiry();
            assert!(look_at <= expiry);
            if expiry < self.clock {
                self.end(id);
                ended += 1;
            } else {
                session.look_at = expiry;
                self.expiries.pop_first();
                self.expiries.insert((expiry, id));
            }
        }
        ended
    }

    /// Opens a session, or sets the time-out of an open one. `wall` is the entry's own stamp.
    pub fn open(&mut self, id: ClientSession, timeout: Span, wall: WallTime) -> Result<(), Reason> {
        assert!(id != ClientSession::ZERO, "no-ops belong to no session");
        if self.open.contains_key(&id) {
            return Ok(());
        }
        let is_too_old = self.floor != WallTime::NONE && wall <= self.floor;
        if self.ended.contains(&id) || is_too_old {
            return Err(Reason::SessionExpired);
        }
        if self.open.len() >= SESSIONS_MAX {
            return Err(Reason::TooManySessions);
        }
        let session = Session::new(timeout, self.clock, Sequence::ZERO);
        self.insert(id, session);
        Ok(())
    }

    /// Sets an open session's time-out.
    pub fn set_timeout(&mut self, id: ClientSession, timeout: Span) {
        let Some(session) = self.open.get_mut(&id) else { return };
        self.sum = self.sum.wrapping_sub(session.hash(id));
        self.expiries.remove(&(session.look_at, id));
        session.timeout = timeout;
        session.look_at = session.expiry();
        self.expiries.insert((session.look_at, id));
        self.sum = self.sum.wrapping_add(session.hash(id));
    }

    /// Closes a session.
    pub fn close(&mut self, id: ClientSession) {
        self.end(id);
    }

    /// Decides whether an entry may be executed. An entry that is not refused counts as a use of its session and
    /// raises its mark.
    pub fn admit(&mut self, name: OpName, acknowledged: Sequence, rules: Rules) -> Admission {
        assert!(acknowledged < name.sequence);
        let Some(session) = self.open.get_mut(&name.session) else {
            return Admission::Refused(Reason::SessionExpired);
        };
        if name.sequence <= session.acknowledged && rules.obeys(SETTLED_REFUSED) {
            return Admission::Refused(Reason::Settled);
        }
        let admission = match session.answer(name.sequence) {
            Some(kept) if rules.obeys(EXACTLY_ONCE) => {
                Admission::Answered(kept.answer.clone(), kept.position)
            }
            _ => Admission::Execute,
        };
        self.sum = self.sum.wrapping_sub(session.hash(name.session));
        session.on_use(self.clock, acknowledged);
        self.sum = self.sum.wrapping_add(session.hash(name.session));
        admission
    }

    /// Keeps the answer of an operation that was executed. One that closed its session has nowhere to be kept.
    pub fn keep(&mut self, name: OpName, answer: &Answer, position: Position) {
        let Some(session) = self.open.get_mut(&name.session) else { return };
        let before = session.answers_sum;
        session.keep(Kept::new(name.session, name.sequence, answer.clone(), position));
        // Of the session's hash only the answers' part has changed.
        self.sum = self.sum.wrapping_add(session.answers_sum).wrapping_sub(before);
    }

    /// Appends all sessions and the clock.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.clock.encode(out);
        self.floor.encode(out);
        (self.open.len() as u64).encode(out);
        for (id, session) in &self.open {
            id.encode(out);
            session.encode(out);
        }
        (self.ended_order.len() as u64).encode(out);
        for (id, at) in &self.ended_order {
            id.encode(out);
            at.encode(out);
        }
    }

    /// Reads all sessions and the clock.
    pub fn decode(input: &mut Reader<'_>) -> Result<Sessions, WireError> {
        let clock = WallTime::decode(input)?;
        let floor = WallTime::decode(input)?;
        let mut sessions = Sessions { clock, floor, ..Sessions::default() };
        for _ in 0..u64::decode(input)? {
            let id = ClientSession::decode(input)?;
            let session = Session::decode(id, input)?;
            if sessions.is_open(id) {
                return Err(WireError::Range);
            }
            sessions.insert(id, session);
        }
        for _ in 0..u64::decode(input)? {
            let id = ClientSession::decode(input)?;
            let at = WallTime::decode(input)?;
            if sessions.is_open(id) || !sessions.ended.insert(id) {
                return Err(WireError::Range);
            }
            sessions.ended_order.push_back((id, at));
            sessions.sum = sessions.sum.wrapping_add(ended_hash(id, at));
        }
        Ok(sessions)
    }

    fn insert(&mut self, id: ClientSession, session: Session) {
        self.sum = self.sum.wrapping_add(session.hash(id));
        self.expiries.insert((session.look_at, id));
        let before = self.open.insert(id, session);
        assert!(before.is_none(), "a session is opened once");
    }

    fn end(&mut self, id: ClientSession) {
        let session = self.open.remove(&id).expect("only an open session ends");
        self.sum = self.sum.wrapping_sub(session.hash(id));
        let was_indexed = self.expiries.remove(&(session.look_at, id));
        assert!(was_indexed);
        self.ended.insert(id);
        self.ended_order.push_back((id, self.clock));
        self.sum = self.sum.wrapping_add(ended_hash(id, self.clock));
        if self.ended_order.len() > ENDED_MAX {
            self.forget_oldest_ended();
        }
    }

    fn forget_oldest_ended(&mut self) {
        let Some((id, at)) = self.ended_order.pop_front() else { return };
        assert!(self.floor <= at);
        self.floor = at;
        self.ended.remove(&id);
        self.sum = self.sum.wrapping_sub(ended_hash(id, at));
    }
}

impl Session {
    fn new(timeout: Span, last_use: WallTime, acknowledged: Sequence) -> Session {
        let look_at = last_use + timeout;
        Session { timeout, last_use, acknowledged, answers: VecDeque::new(), answers_sum: 0, look_at }
    }

    /// The last moment of the clock at which the session still stands.
    fn expiry(&self) -> WallTime {
        self.last_use + self.timeout
    }

    fn hash(&self, id: ClientSession) -> u64 {
        let head = fold(fold(SESSION_SALT, id.0), self.timeout.0);
        fold(fold(head, self.last_use.0), self.acknowledged.0).wrapping_add(self.answers_sum)
    }

    fn place(&self, sequence: Sequence) -> Result<usize, usize> {
        match self.answers.back() {
            // The common case: operations arrive in order.
            Some(last) if last.sequence < sequence => Err(self.answers.len()),
            _ => self.answers.binary_search_by_key(&sequence, |kept| kept.sequence),
        }
    }

    fn answer(&self, sequence: Sequence) -> Option<&Kept> {
        self.place(sequence).ok().map(|at| &self.answers[at])
    }

    fn on_use(&mut self, clock: WallTime, acknowledged: Sequence) {
        assert!(self.last_use <= clock);
        self.last_use = clock;
        self.acknowledged = self.acknowledged.max(acknowledged);
        while let Some(kept) = self.answers.front()
            && kept.sequence <= self.acknowledged
        {
            self.answers_sum = self.answers_sum.wrapping_sub(kept.hash);
            self.answers.pop_front();
        }
    }

    fn keep(&mut self, kept: Kept) {
        if kept.sequence <= self.acknowledged {
            // Only a mutant executes these; there is no place for their answers.
            return;
        }
        self.answers_sum = self.answers_sum.wrapping_add(kept.hash);
        match self.place(kept.sequence) {
            Err(at) => self.answers.insert(at, kept),
            Ok(at) => {
                self.answers_sum = self.answers_sum.wrapping_sub(self.answers[at].hash);
                self.answers[at] = kept;
            }
        }
        assert!(self.answers.len() as u64 <= WINDOW);
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.timeout.encode(out);
        self.last_use.encode(out);
        self.acknowledged.encode(out);
        (self.answers.len() as u32).encode(out);
        for kept in &self.answers {
            kept.sequence.encode(out);
            kept.position.encode(out);
            kept.answer.encode(out);
        }
    }

    fn decode(id: ClientSession, input: &mut Reader<'_>) -> Result<Session, WireError> {
        let timeout = Span::decode(input)?;
        let last_use = WallTime::decode(input)?;
        let acknowledged = Sequence::decode(input)?;
        let mut session = Session::new(timeout, last_use, acknowledged);
        for _ in 0..u32::decode(input)? {
            let sequence = Sequence::decode(input)?;
            let position = Position::decode(input)?;
            let answer = Answer::decode(input)?;
            let is_in_order = session.answers.back().is_none_or(|last| last.sequence < sequence);
            if !is_in_order || sequence <= acknowledged || session.answers.len() as u64 >= WINDOW {
                return Err(WireError::Range);
            }
            session.keep(Kept::new(id, sequence, answer, position));
        }
        Ok(session)
    }
}

impl Kept {
    fn new(session: ClientSession, sequence: Sequence, answer: Answer, position: Position) -> Kept {
        let name = fold(fold(ANSWER_SALT, session.0), sequence.0);
        let hash = fold(fold(name, position.0), answer.digest());
        Kept { sequence, position, answer, hash }
    }
}

fn ended_hash(id: ClientSession, at: WallTime) -> u64 {
    fold(fold(ENDED_SALT, id.0), at.0)
}
