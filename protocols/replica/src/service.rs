//! What sits above a replica on a node: the state machine that its deliveries build, and the server that speaks to
//! clients and to the servers of other nodes. Sans-IO like the replica, so that simulated and real clients are served
//! by the same code.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::{
    ClientSession, LocalTime, NodeId, Position, ReadId, ReadMode, Refusal, Request, Sequence, SharedEntry,
    WallTime, Wire,
};

/// A client's connection to one server. Never used again within an incarnation of the server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ConnectionId(pub u64);

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conn{}", self.0)
    }
}

/// The server logic and state machine of one node. Lives and dies with the replica's process.
pub trait Service: Sized {
    /// What a client says on its connection.
    type Request: Wire;
    /// What it is answered, and what is pushed to it.
    type Reply: Wire;
    /// What servers say to each other: forwarded requests, their answers. Travels on the links of the replicas.
    type Frame: Wire;
    /// Time-outs and limits, the same on every node.
    type Options: Clone + fmt::Debug;

    /// A server with an empty state machine, at the start of an incarnation.
    fn boot(node: NodeId, options: &Self::Options, now: LocalTime) -> Self;
    /// Takes one input. Never re-entered.
    fn step(&mut self, at: Moment, input: ServiceInput<Self>, out: &mut ServiceOutput<'_, Self>);
    /// When to step it with [`ServiceInput::Deadline`] if nothing else comes first.
    fn deadline(&self) -> Option<LocalTime>;
    /// How many entries the state machine has applied.
    fn position(&self) -> Position;
    /// A hash of the replicated state, kept incrementally: equal states at equal positions, whatever the node.
    fn state_hash(&self) -> u64;
}

/// When a server steps, by its node's own clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The monotonic clock: for time-outs.
    pub now: LocalTime,
    /// The wall clock: stamped into entries, never compared locally.
    pub wall: WallTime,
}

/// What a server is told.
#[derive(Clone, Debug)]
pub enum ServiceInput<S: Service> {
    /// The deadline has passed. May come early.
    Deadline,
    /// A client connected.
    Connected(ConnectionId),
    /// A client's connection is gone.
    Disconnected(ConnectionId),
    /// A client's request.
    Request {
        /// On which connection.
        connection: ConnectionId,
        /// What it asks.
        request: S::Request,
    },
    /// A frame of another server. Frames may be lost; on session links, only with the session.
    Frame {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        frame: S::Frame,
    },
    /// The replica's idea of the leader changed.
    Leader(Option<NodeId>),
    /// The next entry of the log: apply it.
    Deliver {
        /// The position it brings the state to: the one after the last.
        position: Position,
        /// The entry.
        entry: SharedEntry,
    },
    /// A read may be answered once `position` is applied.
    ReadAt {
        /// The read.
        read: ReadId,
        /// The position.
        position: Position,
    },
    /// The replica refuses a request. Nothing of it was proposed.
    Refused {
        /// Which.
        request: Request,
        /// Why.
        reason: Refusal,
        /// Whom to ask instead, if known.
        leader: Option<NodeId>,
    },
    /// Replace the state by a snapshot.
    Restore {
        /// The position it stands for.
        position: Position,
        /// Its bytes.
        bytes: Arc<[u8]>,
    },
}

/// What a server asks of its driver, in order.
#[derive(Clone, Debug)]
pub enum ServiceEffect<S: Service> {
    /// Ask the replica to agree on an entry.
    Propose(SharedEntry),
    /// Ask the replica about a read.
    Read {
        /// The server's name for it.
        read: ReadId,
        /// What it promises.
        mode: ReadMode,
    },
    /// Answer a client, or push something to it.
    Reply {
        /// On which connection.
        connection: ConnectionId,
        /// What.
        reply: S::Reply,
    },
    /// Close a client's connection.
    Close(ConnectionId),
    /// Send a frame to another server: dropped if no session is up.
    Frame {
        /// To whom.
        to: NodeId,
        /// What.
        frame: S::Frame,
    },
    /// An entry was applied: for judges.
    Applied(Applied),
    /// A snapshot of the state, for the replica to keep.
    Snapshot {
        /// The position it stands for.
        position: Position,
        /// Its bytes.
        bytes: Arc<[u8]>,
    },
    /// A step in words, for people; only when tracing.
    Narrate(Box<str>),
}

/// What applying an entry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The position that the state is at now.
    pub position: Position,
    /// The client session of the entry; zero for a no-op.
    pub session: ClientSession,
    /// Its number in the session.
    pub sequence: Sequence,
    /// Whether it had an effect.
    pub outcome: ApplyOutcome,
    /// The state's hash after it.
    pub state: u64,
}

/// Whether an applied entry had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// The operation was executed, for the first and only time. A failed compare-and-swap is executed too.
    Executed,
    /// It had been executed before: its answer came from the session's table.
    Answered,
    /// It was refused without effect: the session is unknown or expired, or the sequence is at or below the
    /// session's acknowledged mark.
    Refused,
    /// A protocol's own no-op.
    Noop,
}

/// Where a server's step puts its effects.
pub struct ServiceOutput<'a, S: Service> {
    effects: &'a mut Vec<ServiceEffect<S>>,
    tracing: bool,
}

impl<'a, S: Service> ServiceOutput<'a, S> {
    /// An output for one step.
    pub fn new(effects: &'a mut Vec<ServiceEffect<S>>, tracing: bool) -> ServiceOutput<'a, S> {
        ServiceOutput { effects, tracing }
    }

    /// Asks for an effect.
    #[inline]
    pub fn effect(&mut self, effect: ServiceEffect<S>) {
        self.effects.push(effect);
    }

    /// Tells people what happened. `text` is only made when tracing.
    #[inline]
    pub fn narrate(&mut self, text: impl FnOnce() -> String) {
        if self.tracing {
            self.effects.push(ServiceEffect::Narrate(text().into_boxed_str()));
        }
    }
}
