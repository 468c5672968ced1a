//! Between clients and nodes: one connection a client and node, first in, first out either way. Clients sit in one
//! place; a partition may put them on one side. What is sent over a cut is lost, as if the connection had been given
//! up: the client's own time-outs decide what happens next.

use replica::{ConnectionId, NodeId, Replica, Service, Wire};

use super::{About, Happening, Net, Scheduled, through_codec, words};
use crate::clients::{ClientEffect, Clients};
use crate::plan::{CrashKind, PPM_ONE, Plan};
use crate::queue::Class;
use crate::rng::{scale, word};
use crate::trace::TraceKind;

/// Client links have places of their own in the weather's key, after those of nodes.
const CLIENT_PLACE: u64 = 1 << 32;

/// The links and connections of all clients.
#[derive(Clone)]
pub(super) struct ClientLinks {
    nodes: usize,
    /// The faults that cut all clients off a node, in the order in which they did; by node.
    pub(super) cut_by: Vec<Vec<usize>>,
    /// The next connection's number; by node.
    next: Vec<u64>,
    /// The connection of a client to a node; by client and node.
    open: Vec<Option<ConnectionId>>,
    /// Both ways of a client and node: the latest arrival, and how many were sent.
    lanes: Vec<Lane>,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    last_arrival: u64,
    sent: u64,
}

/// Connections are numbered so that the client can be read off the number.
const CLIENT_BITS: u32 = 32;

fn client_of(connection: ConnectionId) -> u32 {
    connection.0 as u32
}

impl ClientLinks {
    pub(super) fn new(plan: &Plan) -> ClientLinks {
        let nodes = usize::from(plan.nodes);
        let lanes = plan.workload.clients as usize * nodes;
        ClientLinks {
            nodes,
            cut_by: vec![Vec::new(); nodes],
            next: vec![0; nodes],
            open: vec![None; lanes],
            lanes: vec![Lane::default(); 2 * lanes],
        }
    }

    fn place(&self, client: u32, node: NodeId) -> usize {
        client as usize * self.nodes + node.index()
    }

    /// The connection of a client to a node, and whether it is new.
    pub(super) fn connect(&mut self, client: u32, node: NodeId) -> (ConnectionId, bool) {
        let place = self.place(client, node);
        if let Some(connection) = self.open[place] {
            return (connection, false);
        }
        self.next[node.index()] += 1;
        let connection = ConnectionId(self.next[node.index()] << CLIENT_BITS | u64::from(client));
        self.open[place] = Some(connection);
        (connection, true)
    }

    /// The connection that a client has just closed, if it was open.
    pub(super) fn close(&mut self, client: u32, node: NodeId) -> Option<ConnectionId> {
        let place = self.place(client, node);
        self.open[place].take()
    }

    /// Closes all connections to a node; the clients that had one, in order.
    fn close_all(&mut self, node: NodeId) -> Vec<u32> {
        let clients = self.open.len() / self.nodes;
        (0..clients as u32).filter(|&client| self.close(client, node).is_some()).collect()
    }

    /// When what is sent now on a lane arrives.
    fn arrival(&mut self, plan: &Plan, client: u32, node: NodeId, to_client: bool, now: u64) -> u64 {
        let pair = self.place(client, node);
        let lane = &mut self.lanes[2 * pair + usize::from(to_client)];
        lane.sent += 1;
        let place = CLIENT_PLACE + 2 * pair as u64 + u64::from(to_client);
        // An ordinal over the whole run: what one client sends to one node hardly differs between protocols until a
        // retry, and a millisecond's key would make every message the first of its millisecond.
        let draw = |what: u64| word(plan.key ^ what, place, lane.sent, 0);
        let network = &plan.network;
        let jitter = network.jitter.from + scale(draw(0), network.jitter.to - network.jitter.from + 1);
        let lost = scale(draw(1), u64::from(PPM_ONE)) < u64::from(network.loss);
        let penalty = if lost { network.retransmit } else { 0 };
        lane.last_arrival = lane.last_arrival.max(now + network.client_base[pair] + jitter + penalty);
        lane.last_arrival
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Net<R, S, C> {
    /// Whether a request finds nobody at `node`; then the kernel refuses it, or nothing answers at all.
    pub(super) fn refuse_request(&mut self, client: u32, node: NodeId) -> bool {
        let Some(down) = self.machines[node.index()].down else { return false };
        self.faults[down.by].report.operations += 1;
        if down.kind == CrashKind::Process {
            self.tell_gone(client, node);
        }
        true
    }

    fn tell_gone(&mut self, client: u32, node: NodeId) {
        if self.client_links.cut_by[node.index()].is_empty() {
            let at = self.client_links.arrival(&self.plan, client, node, true, self.now);
            self.push(at, Class::Client, client as usize, Happening::Gone { client, node });
        }
    }

    /// The kernel of a node whose process was killed closes its connections; without power nobody does.
    pub(super) fn connections_after_crash(&mut self, node: NodeId, kernel_lives: bool) {
        for client in self.client_links.close_all(node) {
            if kernel_lives {
                self.tell_gone(client, node);
            }
        }
    }

    pub(super) fn send_reply(&mut self, node: NodeId, connection: ConnectionId, reply: S::Reply) {
        let client = client_of(connection);
        if self.client_links.open[self.client_links.place(client, node)] != Some(connection) {
            return; // The client has closed it.
        }
        let reply = if self.options.codec { through_codec(reply) } else { reply };
        self.fingerprint.record([u64::from(node.0) << 8 | 11, u64::from(client), reply.digest(), 0]);
        if self.is_cut_from_clients(node) {
            return;
        }
        let about = About { client: Some(client), ..About::default() };
        let text = || format!("to client {client}: {}", words(&reply));
        let cause = self.note_about(Some(node), TraceKind::Send, "", about, text);
        let at = self.client_links.arrival(&self.plan, client, node, true, self.now);
        let what = Happening::Reply { client, node, reply };
        self.queue.push(at, Class::Client, client as usize, Scheduled { cause, what });
    }

    pub(super) fn close_connection(&mut self, node: NodeId, connection: ConnectionId) {
        let client = client_of(connection);
        if self.client_links.open[self.client_links.place(client, node)] == Some(connection) {
            self.client_links.close(client, node);
            self.tell_gone(client, node);
        }
    }

    fn is_cut_from_clients(&mut self, node: NodeId) -> bool {
        let by = self.client_links.cut_by[node.index()].last().copied();
        if let Some(by) = by {
            self.faults[by].report.operations += 1;
        }
        by.is_some()
    }

    pub(super) fn on_reply(&mut self, client: u32, node: NodeId, reply: S::Reply) {
        if self.is_cut_from_clients(node) {
            return; // The cut fell while it was on its way.
        }
        self.with_clients(|clients, now, out| clients.reply(now, client, node, reply, out));
    }

    pub(super) fn on_gone(&mut self, client: u32, node: NodeId) {
        self.with_clients(|clients, now, out| clients.gone(now, client, node, out));
    }

    pub(super) fn on_client_wake(&mut self, client: u32, ticket: u64) {
        self.with_clients(|clients, now, out| clients.wake(now, client, ticket, out));
    }

    fn with_clients(&mut self, call: impl FnOnce(&mut C, u64, &mut Vec<ClientEffect<S>>)) {
        call(&mut self.clients, self.now, &mut self.client_effects);
        self.carry_out_clients();
    }

    /// Carries out what clients asked for.
    pub(super) fn carry_out_clients(&mut self) {
        let mut effects = std::mem::take(&mut self.client_effects);
        for effect in effects.drain(..) {
            match effect {
                ClientEffect::Send { client, node, request } => self.send_request(client, node, request),
                ClientEffect::Close { client, node } => {
                    let at = self.client_links.arrival(&self.plan, client, node, false, self.now);
                    self.push(at, Class::Client, client as usize, Happening::Closed { client, node });
                }
                ClientEffect::Wake { client, at, ticket } => {
                    let at = at.max(self.now);
                    self.push(
                        at,
                        Class::ClientWake,
                        client as usize,
                        Happening::ClientWake { client, ticket },
                    );
                }
                ClientEffect::Acknowledged { session, sequence, position } => {
                    let when = self.when();
                    self.ledger.acknowledged(when, session, sequence, position);
                }
                ClientEffect::Note { client, operation, text } => {
                    let about =
                        About { client: Some(client), operation: Some(operation), ..About::default() };
                    let text = || format!("client {client}: {text}");
                    self.cause = self.note_about(None, TraceKind::Client, "", about, text);
                }
            }
        }
        self.client_effects = effects;
    }

    fn send_request(&mut self, client: u32, node: NodeId, request: S::Request) {
        let request = if self.options.codec { through_codec(request) } else { request };
        let place = u64::from(client) << 16 | u64::from(node.0) << 8 | 12;
        self.fingerprint.record([place, request.digest(), 0, 0]);
        if self.is_cut_from_clients(node) {
            return;
        }
        let at = self.client_links.arrival(&self.plan, client, node, false, self.now);
        self.push(at, Class::Client, client as usize, Happening::Request { client, node, request });
    }
}
