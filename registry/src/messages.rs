//! What clients say to a server and what servers say to each other: one vocabulary for simulated and real clients.

use replica::{ClientSession, NodeId, Position, ReadMode, Sequence, SharedEntry, Span, wire};

use crate::{Key, Value};

/// The name of an operation, the same however often and through whichever server it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpName {
    /// The client's session.
    pub session: ClientSession,
    /// The operation's number in it.
    pub sequence: Sequence,
}
wire!(struct OpName { session, sequence });

/// A client's request. Sent again under the same `session` and `sequence` it is the same operation, executed at most
/// once, on whichever connection and server it arrives; the newest connection is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The client's session: an id that the client picked, never zero and never used for another session. A read's
    /// session need not be open.
    pub session: ClientSession,
    /// The operation's number in the session, from 1. Operations may be in flight side by side and arrive in any
    /// order. `acknowledged < sequence <= acknowledged + WINDOW`.
    pub sequence: Sequence,
    /// Every operation up to here is settled for the client: it will not ask for these again, and their answers may
    /// be forgotten.
    pub acknowledged: Sequence,
    /// How long the server keeps trying. Zero: as long as [`crate::Options::patience`].
    pub patience: Span,
    /// What to do.
    pub op: Op,
}
wire!(struct Request { session, sequence, acknowledged, patience, op });

impl Request {
    /// The operation's name.
    pub fn name(&self) -> OpName {
        OpName { session: self.session, sequence: self.sequence }
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Something that goes through the log.
    Write {
        /// The command.
        command: Command,
    },
    /// A read, which does not.
    Get {
        /// The key.
        key: Key,
        /// What the answer promises.
        mode: ReadMode,
        /// The highest position that the client has seen in an answer. Only [`ReadMode::Sequential`] uses it.
        seen: Position,
    },
}
wire!(enum Op { 0 => Write { command }, 1 => Get { key, mode, seen } });

/// What the log replicates. Executed in order of the log, by every node alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens the session that the entry belongs to. On an open session it sets the time-out and counts as use.
    Open {
        /// The session expires when the replicated clock passes its last use by more than this.
        timeout: Span,
    },
    /// Closes the session.
    Close,
    /// Writes a key.
    Put {
        /// The key.
        key: Key,
        /// Its new value.
        value: Value,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: Key,
    },
    /// Writes a key if it holds what the client expects.
    Cas {
        /// The key.
        key: Key,
        /// The value that it must hold; none: it must not exist.
        expect: Option<Value>,
        /// Its new value.
        value: Value,
    },
}
wire!(enum Command {
    0 => Open { timeout },
    1 => Close {},
    2 => Put { key, value },
    3 => Delete { key },
    4 => Cas { key, expect, value },
});

/// A command as an entry's bytes hold it. Session, sequence and wall clock stand in the entry's envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// The client's acknowledged mark when it asked.
    pub acknowledged: Sequence,
    /// The command.
    pub command: Command,
}
wire!(struct Logged { acknowledged, command });

/// A value and the position that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned {
    /// The value.
    pub value: Value,
    /// The position of the entry that wrote it.
    pub version: Position,
}
wire!(struct Versioned { value, version });

/// What an operation came to. Everything here is the outcome of an operation that was executed.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The session is open.
    Opened,
    /// The session is closed.
    Closed,
    /// A put, or a compare-and-swap that found what it expected: the key's version is the answer's position.
    Written,
    /// A delete.
    Deleted {
        /// Whether there was something to delete.
        existed: bool,
    },
    /// A compare-and-swap that found something else. It changed nothing.
    CasFailed {
        /// What the key held.
        seen: Option<Versioned>,
    },
    /// A read.
    Got {
        /// What the key held.
        found: Option<Versioned>,
    },
}
wire!(enum Answer {
    0 => Opened {},
    1 => Closed {},
    2 => Written {},
    3 => Deleted { existed },
    4 => CasFailed { seen },
    5 => Got { found },
});

/// Why an operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server or its replica has too much in flight.
    Busy,
    /// The server's patience ended.
    TimedOut,
    /// Another node leads, and this server does not forward.
    NotLeader {
        /// Which, if known.
        leader: Option<NodeId>,
    },
    /// The session is not open: it was never opened, has been closed, or has expired.
    SessionExpired,
    /// The sequence is at or below the session's acknowledged mark: its answer is forgotten.
    Settled,
    /// The request breaks the rules for session, sequence or mark, or its entry holds no command.
    Malformed,
    /// [`crate::SESSIONS_MAX`] sessions are open.
    TooManySessions,
}
wire!(enum Reason {
    0 => Busy {},
    1 => TimedOut {},
    2 => NotLeader { leader },
    3 => SessionExpired {},
    4 => Settled {},
    5 => Malformed {},
    6 => TooManySessions {},
});

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The operation was executed, once.
    Ok {
        /// What it came to.
        answer: Answer,
        /// A write: the position at which it was executed, also when it is answered a second time. A read: the
        /// position of the state it was read from.
        position: Position,
    },
    /// The request was refused.
    Refused {
        /// Why.
        reason: Reason,
        /// Whether this request is known to have had no effect and never to have one. Of the *operation* the client
        /// knows it only if each request it sent under this name was refused so; otherwise its outcome is unknown.
        definite: bool,
    },
}
wire!(enum Outcome { 0 => Ok { answer, position }, 1 => Refused { reason, definite } });

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Which operation it answers.
    pub name: OpName,
    /// How it ended.
    pub outcome: Outcome,
}
wire!(struct Reply { name, outcome });

/// What one server says to another. Any frame may be lost, repeated, or arrive late: names tell what it is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Propose this entry for me.
    Forward {
        /// The entry, sealed and stamped where the client asked.
        entry: SharedEntry,
    },
    /// Read this key for me. Only modes that need a leader are forwarded.
    ForwardRead {
        /// The read.
        name: OpName,
        /// The key.
        key: Key,
        /// What the answer promises.
        mode: ReadMode,
    },
    /// What your operation came to.
    Answer {
        /// The client's reply.
        reply: Reply,
    },
    /// I can do nothing for this operation now.
    Declined {
        /// The operation.
        name: OpName,
        /// Whom to ask instead, if known.
        leader: Option<NodeId>,
    },
}
wire!(enum Frame {
    0 => Forward { entry },
    1 => ForwardRead { name, key, mode },
    2 => Answer { reply },
    3 => Declined { name, leader },
});
