//! What a world asks of its clients: they are outside of every node, never crash, and live in true simulated time.

use replica::{ClientSession, NodeId, Position, Sequence, Service};

/// A population of clients.
pub trait Clients<S: Service> {
    /// The run begins.
    fn start(&mut self, out: &mut Vec<ClientEffect<S>>);
    /// A timer of a client fired.
    fn wake(&mut self, now: u64, client: u32, ticket: u64, out: &mut Vec<ClientEffect<S>>);
    /// A server answered.
    fn reply(&mut self, now: u64, client: u32, node: NodeId, reply: S::Reply, out: &mut Vec<ClientEffect<S>>);
    /// The connection to a server is gone, or was refused.
    fn gone(&mut self, now: u64, client: u32, node: NodeId, out: &mut Vec<ClientEffect<S>>);
    /// Whether no operation is open and none is to come.
    fn done(&self) -> bool;
    /// Whether what clients were answered so far contradicts itself. Nothing that follows can mend that: the run ends.
    fn is_contradicted(&self) -> bool {
        false
    }
}

/// What clients ask of their world, in order.
#[derive(Clone)]
pub enum ClientEffect<S: Service> {
    /// Send a request, over the connection to that node, which is opened if there is none.
    Send {
        /// Who.
        client: u32,
        /// To which node.
        node: NodeId,
        /// What.
        request: S::Request,
    },
    /// Close the connection to a node.
    Close {
        /// Who.
        client: u32,
        /// To which node.
        node: NodeId,
    },
    /// Call `wake` at a time.
    Wake {
        /// Whose timer.
        client: u32,
        /// When, in nanoseconds.
        at: u64,
        /// What it is called with.
        ticket: u64,
    },
    /// A write was acknowledged: for judges.
    Acknowledged {
        /// The client's session.
        session: ClientSession,
        /// The operation in it.
        sequence: Sequence,
        /// Where the client was told that it was executed.
        position: Position,
    },
    /// What a client did, in words; only asked for when tracing.
    Note {
        /// Who.
        client: u32,
        /// The operation that it is about: its place in the plan.
        operation: usize,
        /// The words.
        text: String,
    },
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClients;

impl<S: Service> Clients<S> for NoClients {
    fn start(&mut self, _out: &mut Vec<ClientEffect<S>>) {}
    fn wake(&mut self, _now: u64, _client: u32, _ticket: u64, _out: &mut Vec<ClientEffect<S>>) {}
    fn reply(
        &mut self,
        _now: u64,
        _client: u32,
        _node: NodeId,
        _reply: S::Reply,
        _out: &mut Vec<ClientEffect<S>>,
    ) {
    }
    fn gone(&mut self, _now: u64, _client: u32, _node: NodeId, _out: &mut Vec<ClientEffect<S>>) {}
    fn done(&self) -> bool {
        true
    }
}
