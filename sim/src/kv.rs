//! The clients of the key-value service: open loop or closed loop, many operations in flight, each tried again under
//! the same name on another node until it is answered or given up.
//!
//! An operation that is given up has an unknown outcome, unless every request for it was refused as one that can
//! never have an effect: then it failed. A client whose session has expired opens another.

use std::collections::BTreeMap;

use checker::online::{Alarm, Handle, Online};
use checker::{Kind, Outcome as Ending, Output};
use registry::{Answer, Command, Key, Op, OpName, Outcome, Reason, Reply, Request, Server, Value, Versioned};
use replica::{ClientSession, NodeId, Position, ReadMode, Sequence, Span};

use crate::clients::{ClientEffect, Clients};
use crate::plan::{self, OperationKind, Plan, Workload};

type Out<'a> = &'a mut Vec<ClientEffect<Server>>;

/// An operation that went nowhere is sent to the next node after this share of the retry time.
const RETRY_SOON: u64 = 8;

/// All clients of a run and what became of their operations.
#[derive(Clone)]
pub struct KvClients {
    workload: Workload,
    nodes: u8,
    tracing: bool,
    clients: Vec<Client>,
    /// In order of the plan.
    records: Vec<Record>,
    /// Operations that have not ended.
    open: u64,
    /// Who judges the answers as they come.
    watch: Option<Watch>,
}

/// A judge of answers, and what it is fed.
#[derive(Clone)]
struct Watch {
    online: Online,
    /// Whether it is fed updates only.
    updates_only: bool,
    /// What it found.
    alarm: Option<Alarm>,
}

/// What is judged as it is answered, and ends the run when it cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Nothing: answers are judged at the end.
    Nothing,
    /// Updates: reads are not promised to be linearizable.
    Updates,
    /// All operations.
    Everything,
}

/// What became of an operation.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose it is.
    pub client: u32,
    /// On which key.
    pub key: u32,
    /// When it was meant to start: open loop, by the plan; closed loop, when the think time was over.
    pub intended: u64,
    /// When it was first sent; none: it never was.
    pub called: Option<u64>,
    /// When it ended.
    pub ended: Option<u64>,
    /// What it asked for, resolved.
    pub kind: Kind,
    /// How it ended; none: it is open.
    pub ending: Option<Ending>,
    /// Where it was executed or read, as the client was told.
    pub position: Option<Position>,
    /// Its name, once it has one.
    pub name: Option<OpName>,
    /// Requests sent under its name, and how many of them were refused for good.
    sent: u32,
    refused: u32,
    /// The node last asked.
    asked: NodeId,
    /// Its handle at the judge of answers, if it was fed to one.
    watched: Option<Handle>,
}

#[derive(Clone)]
struct Client {
    /// The node it talks to.
    node: NodeId,
    session: ClientSession,
    /// How many sessions it had before.
    sessions: u64,
    is_open: bool,
    /// When the session's opening was last sent.
    sequence: Sequence,
    /// Operations in flight, by sequence; and those that wait for a session.
    in_flight: BTreeMap<Sequence, usize>,
    waiting: Vec<usize>,
    /// The operations still to come, last first. Only the next one's timer is queued.
    to_come: Vec<usize>,
    /// The newest state seen of each key: its position and value.
    known: BTreeMap<u32, (Position, Option<u64>)>,
    /// The highest position seen.
    seen: Position,
}

/// What a timer is for.
enum Ticket {
    Start(usize),
    Retry(usize, u32),
    GiveUp(usize),
    Open(u64),
}

impl Ticket {
    fn pack(self) -> u64 {
        match self {
            Ticket::Start(index) => (index as u64) << 24,
            Ticket::Retry(index, attempt) => 1 << 62 | (index as u64) << 24 | u64::from(attempt & 0xff_ffff),
            Ticket::GiveUp(index) => 2 << 62 | (index as u64) << 24,
            Ticket::Open(session) => 3 << 62 | session,
        }
    }

    fn unpack(ticket: u64) -> Ticket {
        let index = (ticket << 2 >> 26) as usize;
        match ticket >> 62 {
            0 => Ticket::Start(index),
            1 => Ticket::Retry(index, (ticket & 0xff_ffff) as u32),
            2 => Ticket::GiveUp(index),
            _ => Ticket::Open(ticket & u64::MAX >> 2),
        }
    }
}

impl KvClients {
    /// The clients of a plan, before the run.
    pub fn new(plan: &Plan, tracing: bool, watched: Watched) -> KvClients {
        let workload = plan.workload.clone();
        let mut clients: Vec<Client> =
            (0..workload.clients).map(|client| Client::new(client, plan.nodes)).collect();
        let records: Vec<Record> = workload.operations.iter().map(Record::new).collect();
        for (index, operation) in workload.operations.iter().enumerate().rev() {
            clients[operation.client as usize].to_come.push(index);
        }
        let open = records.len() as u64;
        let online = || Online::with_room(records.len());
        let watch = |updates_only| Some(Watch { online: online(), updates_only, alarm: None });
        let watch = match watched {
            Watched::Nothing => None,
            Watched::Updates => watch(true),
            Watched::Everything => watch(false),
        };
        KvClients { workload, nodes: plan.nodes, tracing, clients, records, open, watch }
    }

    /// What became of every operation, in order of the plan.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The answer that contradicts all that is possible, if there was one.
    pub fn alarm(&self) -> Option<&Alarm> {
        self.watch.as_ref()?.alarm.as_ref()
    }

    fn start_operation(&mut self, now: u64, index: usize, out: Out<'_>) {
        let client = self.records[index].client;
        self.records[index].intended = now;
        out.push(ClientEffect::Wake {
            client,
            at: now + self.workload.timeout,
            ticket: Ticket::GiveUp(index).pack(),
        });
        if self.clients[client as usize].is_open {
            self.call(now, index, out);
        } else {
            self.clients[client as usize].waiting.push(index);
        }
    }

    /// Gives an operation its name and sends it for the first time.
    fn call(&mut self, now: u64, index: usize, out: Out<'_>) {
        let operation = self.workload.operations[index];
        let record = &mut self.records[index];
        let client = &mut self.clients[record.client as usize];
        client.sequence = client.sequence.next();
        record.name = Some(OpName { session: client.session, sequence: client.sequence });
        record.called.get_or_insert(now);
        let known = client.known.get(&operation.key).and_then(|&(_, value)| value);
        record.kind = match operation.kind {
            OperationKind::Get => Kind::Get,
            OperationKind::Put => Kind::Put { value: operation.value },
            OperationKind::Delete => Kind::Delete,
            OperationKind::Cas => Kind::Cas { expect: known, value: operation.value },
        };
        client.in_flight.insert(client.sequence, index);
        if let Some(watch) = &mut self.watch {
            watch.called(now, record);
        }
        self.send(now, index, out);
    }

    /// Sends an operation to the node that its client talks to.
    fn send(&mut self, now: u64, index: usize, out: Out<'_>) {
        let record = &mut self.records[index];
        let client = &self.clients[record.client as usize];
        let name = record.name.expect("an operation has a name before it is sent");
        record.sent += 1;
        record.asked = client.node;
        let request = Request {
            session: name.session,
            sequence: name.sequence,
            acknowledged: client.acknowledged(),
            patience: Span(self.workload.timeout),
            op: op(record, &self.workload, client.seen),
        };
        if self.tracing {
            let again = if record.sent == 1 { "asks" } else { "asks again," };
            let text = format!("{again} {}: {:?}", client.node, record.kind);
            out.push(ClientEffect::Note { client: record.client, operation: index, text });
        }
        let at = now + self.workload.retry;
        let ticket = Ticket::Retry(index, record.sent).pack();
        out.push(ClientEffect::Send { client: record.client, node: client.node, request });
        out.push(ClientEffect::Wake { client: record.client, at, ticket });
    }

    /// Tries an operation again soon, wherever its client then is.
    fn retry_soon(&mut self, now: u64, index: usize, out: Out<'_>) {
        let record = &self.records[index];
        let ticket = Ticket::Retry(index, record.sent).pack();
        let at = now + self.workload.retry / RETRY_SOON;
        out.push(ClientEffect::Wake { client: record.client, at, ticket });
    }

    fn move_on(&mut self, client: u32, from: NodeId, out: Out<'_>) {
        let nodes = self.nodes;
        let state = &mut self.clients[client as usize];
        if state.node == from && 1 < nodes {
            state.node = NodeId((from.0 + 1) % nodes);
            out.push(ClientEffect::Close { client, node: from });
        }
    }

    fn open_session(&mut self, now: u64, client: u32, out: Out<'_>) {
        let state = &mut self.clients[client as usize];
        let request = Request {
            session: state.session,
            sequence: Sequence(1),
            acknowledged: Sequence::ZERO,
            patience: Span(self.workload.timeout),
            op: Op::Write { command: Command::Open { timeout: Span(self.workload.session_timeout) } },
        };
        out.push(ClientEffect::Send { client, node: state.node, request });
        let ticket = Ticket::Open(state.session.0).pack();
        out.push(ClientEffect::Wake { client, at: now + self.workload.retry, ticket });
    }

    fn session_opened(&mut self, now: u64, client: u32, out: Out<'_>) {
        let state = &mut self.clients[client as usize];
        if std::mem::replace(&mut state.is_open, true) {
            return;
        }
        for index in std::mem::take(&mut state.waiting) {
            self.call(now, index, out);
        }
    }

    /// The session is gone: operations in flight may have happened in it, unless every request of theirs was refused.
    fn session_expired(&mut self, now: u64, client: u32, session: ClientSession, out: Out<'_>) {
        let state = &mut self.clients[client as usize];
        if state.session != session {
            return;
        }
        let in_flight = std::mem::take(&mut state.in_flight);
        state.new_session(client);
        for index in in_flight.into_values() {
            let record = &mut self.records[index];
            if record.sent == record.refused {
                record.name = None;
                (record.sent, record.refused) = (0, 0);
                self.clients[client as usize].waiting.push(index);
            } else {
                self.end(now, index, Ending::Unknown, None, out);
            }
        }
        self.open_session(now, client, out);
    }

    fn end(&mut self, now: u64, index: usize, ending: Ending, position: Option<Position>, out: Out<'_>) {
        let record = &mut self.records[index];
        assert!(record.ending.is_none(), "an operation ends once");
        record.ending = Some(ending);
        record.ended = Some(now);
        record.position = position;
        let client = record.client;
        if let Some(watch) = &mut self.watch {
            watch.ended(now, record, ending);
            if self.tracing
                && let Some(alarm) = &watch.alarm
            {
                let text = format!("this cannot be placed: {}", alarm.explanation.sentence);
                out.push(ClientEffect::Note { client, operation: index, text });
            }
        }
        self.open -= 1;
        let state = &mut self.clients[client as usize];
        if let Some(name) = record.name
            && name.session == state.session
        {
            state.in_flight.remove(&name.sequence);
        }
        if self.tracing {
            let text = format!("{:?} came to {ending:?}", record.kind);
            out.push(ClientEffect::Note { client, operation: index, text });
        }
        if self.workload.closed {
            self.next_of(now, client, out);
        }
    }

    /// Queues the start of a client's next operation. `now` is when its think time begins, if it has one.
    fn next_of(&mut self, now: u64, client: u32, out: Out<'_>) {
        if let Some(index) = self.clients[client as usize].to_come.pop() {
            let at = self.workload.operations[index].at + if self.workload.closed { now } else { 0 };
            out.push(ClientEffect::Wake { client, at, ticket: Ticket::Start(index).pack() });
        }
    }

    fn answered(
        &mut self,
        now: u64,
        client: u32,
        index: usize,
        answer: Answer,
        position: Position,
        out: Out<'_>,
    ) {
        let record = &self.records[index];
        let (output, state) = match (answer, record.kind) {
            (Answer::Written, Kind::Put { value }) => (Output::Done, Some(value)),
            (Answer::Written, Kind::Cas { value, .. }) => (Output::Swapped, Some(value)),
            (Answer::Deleted { .. }, Kind::Delete) => (Output::Done, None),
            (Answer::CasFailed { seen }, Kind::Cas { .. }) => {
                let seen = seen.map(number);
                (Output::Differs(seen), seen)
            }
            (Answer::Got { found }, Kind::Get) => {
                let found = found.map(number);
                (Output::Value(found), found)
            }
            (answer, kind) => panic!("a server answered {answer:?} to {kind:?}"),
        };
        let (key, name) = (record.key, record.name.expect("it was sent"));
        if record.kind.is_update() {
            let OpName { session, sequence } = name;
            out.push(ClientEffect::Acknowledged { session, sequence, position });
        }
        let state_of = &mut self.clients[client as usize];
        state_of.seen = state_of.seen.max(position);
        let known = state_of.known.entry(key).or_insert((Position::ZERO, None));
        if known.0 <= position {
            *known = (position, state);
        }
        self.end(now, index, Ending::Ok(output), Some(position), out);
    }

    fn refused(
        &mut self,
        now: u64,
        client: u32,
        node: NodeId,
        index: usize,
        refusal: (Reason, bool),
        out: Out<'_>,
    ) {
        let (reason, definite) = refusal;
        let record = &mut self.records[index];
        if definite {
            record.refused += 1;
        }
        let session = record.name.expect("it was sent").session;
        if reason == Reason::SessionExpired {
            self.session_expired(now, client, session, out);
            return;
        }
        self.move_on(client, node, out);
        self.retry_soon(now, index, out);
    }
}

impl Clients<Server> for KvClients {
    fn start(&mut self, out: &mut Vec<ClientEffect<Server>>) {
        for client in 0..self.workload.clients {
            self.open_session(0, client, out);
            self.next_of(0, client, out);
        }
    }

    fn wake(&mut self, now: u64, client: u32, ticket: u64, out: &mut Vec<ClientEffect<Server>>) {
        match Ticket::unpack(ticket) {
            Ticket::Start(index) => {
                if !self.workload.closed {
                    self.next_of(now, client, out);
                }
                self.start_operation(now, index, out);
            }
            Ticket::Retry(index, attempt) => {
                let record = &self.records[index];
                if record.ending.is_some() || record.sent != attempt || record.name.is_none() {
                    return;
                }
                let asked = record.asked;
                self.move_on(client, asked, out);
                self.send(now, index, out);
            }
            Ticket::GiveUp(index) => {
                let record = &self.records[index];
                if record.ending.is_none() {
                    let failed = record.sent == record.refused;
                    self.clients[client as usize].waiting.retain(|&waiting| waiting != index);
                    self.end(now, index, if failed { Ending::Failed } else { Ending::Unknown }, None, out);
                }
            }
            Ticket::Open(session) => {
                let state = &self.clients[client as usize];
                if !state.is_open && state.session.0 == session && (0 < self.open) {
                    let node = state.node;
                    self.move_on(client, node, out);
                    self.open_session(now, client, out);
                }
            }
        }
    }

    fn reply(
        &mut self,
        now: u64,
        client: u32,
        node: NodeId,
        reply: Reply,
        out: &mut Vec<ClientEffect<Server>>,
    ) {
        let Reply { name, outcome } = reply;
        let state = &self.clients[client as usize];
        if name.session != state.session {
            return; // Of a session that is over.
        }
        if name.sequence == Sequence(1) {
            match outcome {
                Outcome::Ok { .. } => self.session_opened(now, client, out),
                Outcome::Refused { reason: Reason::SessionExpired, .. } => {
                    self.session_expired(now, client, name.session, out);
                }
                // The timer of the opening tries another node.
                Outcome::Refused { .. } => {}
            }
            return;
        }
        let Some(&index) = state.in_flight.get(&name.sequence) else { return };
        match outcome {
            Outcome::Ok { answer, position } => self.answered(now, client, index, answer, position, out),
            Outcome::Refused { reason, definite } => {
                self.refused(now, client, node, index, (reason, definite), out);
            }
        }
    }

    fn gone(&mut self, now: u64, client: u32, node: NodeId, out: &mut Vec<ClientEffect<Server>>) {
        self.move_on(client, node, out);
        let asked_there: Vec<usize> = {
            let in_flight = self.clients[client as usize].in_flight.values();
            in_flight.copied().filter(|&index| self.records[index].asked == node).collect()
        };
        for index in asked_there {
            self.retry_soon(now, index, out);
        }
    }

    fn done(&self) -> bool {
        self.open == 0
    }

    fn is_contradicted(&self) -> bool {
        self.alarm().is_some()
    }
}

impl Watch {
    fn called(&mut self, now: u64, record: &mut Record) {
        if self.updates_only && !record.kind.is_update() {
            return;
        }
        match record.watched {
            // In another session: every request for it in the one before was refused.
            Some(handle) => self.online.ask_again(handle, now, record.kind),
            None => {
                let (client, key) = (record.client.into(), record.key.into());
                record.watched = Some(self.online.call(client, key, now, record.kind));
            }
        }
    }

    fn ended(&mut self, now: u64, record: &Record, ending: Ending) {
        // One that was never called has no handle.
        let Some(handle) = record.watched else { return };
        let position = record.position.map(|position| position.0);
        let alarm = self.online.end(handle, now, ending, position);
        self.alarm = self.alarm.take().or(alarm);
    }
}

impl Record {
    fn new(operation: &plan::Operation) -> Record {
        Record {
            client: operation.client,
            key: operation.key,
            intended: operation.at,
            called: None,
            ended: None,
            kind: match operation.kind {
                OperationKind::Get => Kind::Get,
                OperationKind::Put => Kind::Put { value: operation.value },
                OperationKind::Delete => Kind::Delete,
                OperationKind::Cas => Kind::Cas { expect: None, value: operation.value },
            },
            ending: None,
            position: None,
            name: None,
            sent: 0,
            refused: 0,
            asked: NodeId(0),
            watched: None,
        }
    }
}

impl Client {
    fn new(client: u32, nodes: u8) -> Client {
        let mut state = Client {
            node: NodeId((client % u32::from(nodes)) as u8),
            session: ClientSession::ZERO,
            sessions: 0,
            is_open: false,
            sequence: Sequence(1),
            in_flight: BTreeMap::new(),
            waiting: Vec::new(),
            to_come: Vec::new(),
            known: BTreeMap::new(),
            seen: Position::ZERO,
        };
        state.new_session(client);
        state
    }

    /// Picks a session id that nobody has used.
    fn new_session(&mut self, client: u32) {
        self.sessions += 1;
        self.session = ClientSession((u64::from(client) + 1) << 24 | self.sessions);
        self.sequence = Sequence(1);
        self.is_open = false;
    }

    /// Everything below the first operation in flight is settled.
    fn acknowledged(&self) -> Sequence {
        self.in_flight.keys().next().map_or(self.sequence, |first| first.previous())
    }
}

fn op(record: &Record, workload: &Workload, seen: Position) -> Op {
    let key = Key::new(format!("k{}", record.key).as_bytes()).expect("a short key");
    let value = |value: u64| {
        let mut bytes = vec![0; workload.value_bytes as usize];
        bytes[..8].copy_from_slice(&value.to_le_bytes());
        Value::new(&bytes).expect("a value that a plan may ask for")
    };
    let command = match record.kind {
        Kind::Get => {
            let mode = match workload.reads {
                plan::ReadMode::Linearizable => ReadMode::Linearizable,
                plan::ReadMode::Sync => ReadMode::Sync,
                plan::ReadMode::Sequential => ReadMode::Sequential,
                plan::ReadMode::Stale => ReadMode::Stale,
            };
            return Op::Get { key, mode, seen };
        }
        Kind::Put { value: new } => Command::Put { key, value: value(new) },
        Kind::Delete => Command::Delete { key },
        Kind::Cas { expect, value: new } => {
            Command::Cas { key, expect: expect.map(value), value: value(new) }
        }
    };
    Op::Write { command }
}

fn number(versioned: Versioned) -> u64 {
    let bytes = versioned.value.bytes().first_chunk().expect("clients write numbers, and what fills them up");
    u64::from_le_bytes(*bytes)
}
