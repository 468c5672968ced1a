//! A cluster that does nothing by itself: every message, sync and deadline is somebody's command.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;

use replica::{
    BlobId, Boot, ClientSession, Draw, Driver, Durable, Entry, Findings, Host, HostOptions, Knobs, Link,
    LocalTime, Members, Message as _, NodeId, Observe, Position, ReadId, ReadMode, Refusal, Replica, Request,
    Round, RuleBit, Rules, Sequence, SessionNo, SharedEntry, Slot, Span, Step, WallTime, WriteId,
};

/// How many steps `settle` takes before it calls the cluster restless.
const SETTLE_MAX: usize = 10_000;

type Lines = Result<Vec<String>, String>;

/// What is on its way from one node to another, oldest first.
type InFlight<M> = VecDeque<(SessionNo, M)>;

/// The cluster.
pub(super) struct Cluster<R: Replica> {
    config: R::Config,
    net: Net<R>,
    reads: u64,
    words: u64,
    sessions: u64,
}

/// Everything around the hosts.
struct Net<R: Replica> {
    link: Link,
    draw_percent: u64,
    /// What time each node's clock shows.
    clocks: Vec<LocalTime>,
    me: NodeId,
    hosts: Vec<Option<Host<R>>>,
    disks: Vec<Disk<R::Record>>,
    incarnations: Vec<u64>,
    links: BTreeMap<(NodeId, NodeId), InFlight<R::Message>>,
    /// Which session is up between two nodes, the lower first.
    up: BTreeMap<(NodeId, NodeId), SessionNo>,
    /// Bytes of blobs that were read and are not handed over yet.
    bytes_read: VecDeque<(BlobId, u64, Arc<[u8]>)>,
    /// Sessions that a replica reset in the step at hand.
    resets: Vec<NodeId>,
    ledger: Vec<(u64, String)>,
    positions: Vec<Position>,
    /// How much was delivered anywhere when each read was asked, and what the read promises.
    asked: BTreeMap<ReadId, (Position, ReadMode)>,
    judge: R::Invariants,
    findings: Findings,
    happened: Vec<String>,
}

struct Disk<T> {
    first: WriteId,
    records: Vec<T>,
    durable: WriteId,
    blobs: BTreeMap<BlobId, Blob>,
}

#[derive(Default)]
struct Blob {
    bytes: Vec<u8>,
    is_complete: bool,
    is_durable: bool,
}

impl<T> Disk<T> {
    fn last(&self) -> WriteId {
        WriteId(self.first.0 + self.records.len() as u64 - 1)
    }

    fn is_synced(&self) -> bool {
        self.durable == self.last() && self.blobs.values().all(|blob| !blob.is_complete || blob.is_durable)
    }
}

/// The cluster as the protocol's judge sees it while one replica has just stepped.
struct Seen<'a, R: Replica> {
    hosts: &'a [Option<Host<R>>],
    me: NodeId,
    stepped: &'a R,
}

impl<R: Replica> replica::Cluster<R> for Seen<'_, R> {
    fn replica(&self, node: NodeId) -> Option<&R> {
        if node == self.me {
            return Some(self.stepped);
        }
        self.hosts[node.index()].as_ref().map(Host::replica)
    }
}

impl<R: Replica> Cluster<R> {
    /// Boots a cluster as the words after `cluster` say, and what happened.
    pub(super) fn boot(words: &[&str]) -> Result<(Cluster<R>, Vec<String>), String> {
        let (count, options) = words.split_first().ok_or("how many voters?")?;
        let voters: usize = count.parse().map_err(|_| format!("`{count}` is no number of voters"))?;
        let (mut learners, mut link, mut draw_percent) = (0, R::LINK, 0);
        let mut knobs = Knobs { detection: Span::millis(100), rules: Rules::ALL, settings: BTreeMap::new() };
        for option in options {
            let (name, value) = option.split_once('=').ok_or(format!("`{option}` is not NAME=VALUE"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is no number"));
            match name {
                "learners" => learners = number()? as usize,
                "draw" => draw_percent = number()?,
                "link" if value == "session" => link = Link::Session,
                "detection" => knobs.detection = span(value)?,
                "without" => {
                    for id in value.split(',') {
                        let place = R::RULES.iter().position(|rule| rule.id == id);
                        let place = place.ok_or(format!("no rule `{id}`"))?;
                        knobs.rules = knobs.rules.without(RuleBit(place as u8));
                    }
                }
                _ => {
                    knobs.settings.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let config = R::config(&knobs)?;
        let members = Members::with_learners(voters + learners, learners);
        let nodes = voters + learners;
        let disk = || Disk {
            first: WriteId(1),
            records: vec![R::genesis(&members)],
            durable: WriteId(1),
            blobs: BTreeMap::new(),
        };
        let net = Net {
            link,
            draw_percent,
            clocks: vec![LocalTime(1); nodes],
            me: NodeId(0),
            hosts: (0..nodes).map(|_| None).collect(),
            disks: (0..nodes).map(|_| disk()).collect(),
            incarnations: vec![0; nodes],
            links: BTreeMap::new(),
            up: BTreeMap::new(),
            bytes_read: VecDeque::new(),
            resets: Vec::new(),
            ledger: Vec::new(),
            positions: vec![Position::ZERO; nodes],
            asked: BTreeMap::new(),
            judge: R::Invariants::new(&members, &config),
            findings: Findings::new(R::Invariants::INVARIANTS.len()),
            happened: Vec::new(),
        };
        let mut cluster = Cluster { config, net, reads: 0, words: 0, sessions: 0 };
        for node in cluster.nodes() {
            cluster.start(node);
        }
        for a in cluster.nodes() {
            for b in cluster.nodes().into_iter().filter(|&b| a < b) {
                cluster.connect(a, b);
            }
        }
        let lines = cluster.net.take_lines();
        Ok((cluster, lines))
    }

    /// Carries out a command; what happened, or why it is none.
    pub(super) fn command(&mut self, words: &[&str]) -> Lines {
        if let [words @ .., "quietly"] = words {
            let lines = self.command(words)?;
            return Ok(lines.into_iter().filter(|line| line.starts_with("VIOLATED")).collect());
        }
        let (&name, rest) = words.split_first().ok_or("a command has a word")?;
        match (name, rest) {
            ("timeout", [node]) => self.timeout(self.node(node)?)?,
            ("wait", [time, nodes @ ..]) => {
                let time = span(time)?;
                for node in self.nodes_or_all(nodes)? {
                    self.net.clocks[node.index()] += time;
                }
            }
            ("deliver", [from, to, kind @ ..]) => self.deliver(from, to, kind, false)?,
            ("repeat", [from, to, kind @ ..]) => self.deliver(from, to, kind, true)?,
            ("drop", ["all"]) => self.net.links.clear(),
            ("drop", [node]) => {
                let node = self.node(node)?;
                self.net.links.retain(|&(from, to), _| from != node && to != node);
            }
            ("drop", [from, to, kind @ ..]) => {
                self.take(from, to, kind, false)?;
            }
            ("sync", nodes) if !nodes.is_empty() => {
                for node in nodes {
                    self.sync(self.node(node)?);
                }
            }
            ("settle", nodes) => self.settle(nodes)?,
            ("propose", [node, word]) => {
                self.words += 1;
                let entry = Entry::new(
                    self.node(node)?,
                    ClientSession(1),
                    Sequence(self.words),
                    WallTime(1),
                    word.as_bytes(),
                );
                self.ask(node, |host, now, net| host.propose(now, entry, net))?;
            }
            ("read", [node, mode @ ..]) => {
                self.reads += 1;
                let (read, mode) = (ReadId(self.reads), read_mode(mode)?);
                self.net.asked.insert(read, (Position(self.net.ledger.len() as u64), mode));
                self.ask(node, |host, now, net| host.read(now, read, mode, net))?;
            }
            ("snapshot", [node]) => {
                let position = self.net.positions[self.node(node)?.index()];
                let bytes: Arc<[u8]> = format!("state at {position}").into_bytes().into();
                self.ask(node, |host, now, net| host.snapshot(now, position, bytes, net))?;
            }
            ("hand-over", [node, to @ ..]) => {
                let to = to.first().map(|to| self.node(to)).transpose()?;
                self.ask(node, |host, now, net| host.hand_over(now, to, net))?;
            }
            ("kill", [node]) => self.kill(self.node(node)?, false),
            ("power", [node]) => self.kill(self.node(node)?, true),
            ("wipe", [node]) => self.wipe(self.node(node)?),
            ("restart", [node]) => self.restart(self.node(node)?, true)?,
            ("restart", [node, "alone"]) => self.restart(self.node(node)?, false)?,
            ("break", [a, b]) => self.disconnect(self.node(a)?, self.node(b)?),
            ("connect", [a, b]) => self.connect(self.node(a)?, self.node(b)?),
            ("show", nodes) => {
                self.who(nodes)?;
                self.show_flight(nodes)?;
            }
            ("who", nodes) => self.who(nodes)?,
            ("disk", [node]) => self.show_disk(self.node(node)?),
            _ => return Err(format!("no command: {}", words.join(" "))),
        }
        Ok(self.net.take_lines())
    }

    fn nodes(&self) -> Vec<NodeId> {
        (0..self.net.hosts.len()).map(|index| NodeId(index as u8)).collect()
    }

    fn node(&self, word: &str) -> Result<NodeId, String> {
        let number = word.strip_prefix('n').and_then(|number| number.parse::<u8>().ok());
        let node = number.map(NodeId).filter(|node| node.index() < self.net.hosts.len());
        node.ok_or(format!("`{word}` is no node"))
    }

    fn nodes_or_all(&self, words: &[&str]) -> Result<Vec<NodeId>, String> {
        if words.is_empty() {
            return Ok(self.nodes());
        }
        words.iter().map(|word| self.node(word)).collect()
    }

    /// Steps a node's host and what follows from the step at once.
    fn step(&mut self, node: NodeId, step: impl FnOnce(&mut Host<R>, LocalTime, &mut Net<R>)) {
        let Some(mut host) = self.net.hosts[node.index()].take() else { return };
        let now = self.net.clocks[node.index()];
        self.net.me = node;
        step(&mut host, now, &mut self.net);
        while let Some((blob, offset, bytes)) = self.net.bytes_read.pop_front() {
            host.blob_bytes(now, blob, offset, bytes, &mut self.net);
        }
        self.net.hosts[node.index()] = Some(host);
        for peer in std::mem::take(&mut self.net.resets) {
            self.disconnect(node, peer);
        }
    }

    fn ask(
        &mut self,
        word: &str,
        step: impl FnOnce(&mut Host<R>, LocalTime, &mut Net<R>),
    ) -> Result<(), String> {
        let node = self.node(word)?;
        if self.net.hosts[node.index()].is_none() {
            return Err(format!("{node} is not running"));
        }
        self.step(node, step);
        Ok(())
    }

    fn timeout(&mut self, node: NodeId) -> Result<(), String> {
        let host = self.net.hosts[node.index()].as_ref().ok_or(format!("{node} is not running"))?;
        let deadline = host.deadline().filter(|&at| at != LocalTime::NEVER);
        let deadline = deadline.ok_or(format!("{node} waits for nothing"))?;
        let ahead = deadline.since(self.net.clocks[node.index()]);
        self.net.clocks.iter_mut().for_each(|clock| *clock += ahead);
        self.step(node, |host, now, net| host.deadline_passed(now, net));
        Ok(())
    }

    fn take(
        &mut self,
        from: &str,
        to: &str,
        kind: &[&str],
        keeps: bool,
    ) -> Result<(NodeId, NodeId, SessionNo, R::Message), String> {
        let (from, to) = (self.node(from)?, self.node(to)?);
        let in_flight = self.net.links.get_mut(&(from, to)).filter(|in_flight| !in_flight.is_empty());
        let in_flight = in_flight.ok_or(format!("nothing is in flight from {from} to {to}"))?;
        let place = match kind {
            [] => 0,
            [number] if number.parse::<usize>().is_ok_and(|number| 0 < number) => {
                let place = number.parse::<usize>().expect("just parsed") - 1;
                if in_flight.len() <= place {
                    return Err(format!("only {} are in flight from {from} to {to}", in_flight.len()));
                }
                place
            }
            [kind] => {
                let is_kind = |(_, message): &(_, R::Message)| R::Message::KINDS[message.kind()] == *kind;
                let kinds = R::Message::KINDS.join(", ");
                in_flight.iter().position(is_kind).ok_or(format!("no {kind} in flight; kinds are {kinds}"))?
            }
            _ => return Err("one kind at most".to_owned()),
        };
        if 0 < place && self.net.link == Link::Session {
            return Err("nothing overtakes on a session".to_owned());
        }
        let (session, message) =
            if keeps { in_flight[place].clone() } else { in_flight.remove(place).expect("it is there") };
        Ok((from, to, session, message))
    }

    fn deliver(&mut self, from: &str, to: &str, kind: &[&str], keeps: bool) -> Result<(), String> {
        let (from, to, session, message) = self.take(from, to, kind, keeps)?;
        if self.net.hosts[to.index()].is_none() {
            self.net.say(format!("{to} is not running"));
        }
        self.step(to, |host, now, net| {
            host.message(now, from, session, message, net);
        });
        Ok(())
    }

    fn sync(&mut self, node: NodeId) {
        let disk = &mut self.net.disks[node.index()];
        let blobs = disk.blobs.iter_mut().filter(|(_, blob)| blob.is_complete && !blob.is_durable);
        let hardened: Vec<BlobId> = blobs
            .map(|(&id, blob)| {
                blob.is_durable = true;
                id
            })
            .collect();
        let (before, upto) = (disk.durable, disk.last());
        disk.durable = upto;
        for blob in hardened {
            self.step(node, |host, now, net| host.blob_durable(now, blob, net));
        }
        if before < upto {
            self.net.judge.hardened(node, upto, &mut self.net.findings);
            self.step(node, |host, now, net| host.durable(now, upto, net));
        }
    }

    fn settle(&mut self, words: &[&str]) -> Result<(), String> {
        let nodes = self.nodes_or_all(words)?;
        for _ in 0..SETTLE_MAX {
            let unsynced = |node: &&NodeId| {
                self.net.hosts[node.index()].is_some() && !self.net.disks[node.index()].is_synced()
            };
            if let Some(&node) = nodes.iter().find(unsynced) {
                self.sync(node);
                continue;
            }
            let among = |(from, to): &(NodeId, NodeId)| nodes.contains(from) && nodes.contains(to);
            let mut busy = self.net.links.iter().filter(|(pair, flight)| among(pair) && !flight.is_empty());
            let Some((&(from, to), _)) = busy.next() else { return Ok(()) };
            self.deliver(&from.to_string(), &to.to_string(), &[], false)?;
        }
        Err(format!("nothing is settled after {SETTLE_MAX} steps"))
    }

    fn start(&mut self, node: NodeId) {
        let disk = &self.net.disks[node.index()];
        let records = disk.records.clone();
        let complete = disk.blobs.iter().filter(|(_, blob)| blob.is_durable);
        let blobs: Vec<(BlobId, u64)> = complete.map(|(&id, blob)| (id, blob.bytes.len() as u64)).collect();
        let durable = Durable { first: disk.first, records: &records, blobs: &blobs };
        let boot = Boot { node, incarnation: self.net.incarnations[node.index()] };
        let options = HostOptions { link: self.net.link, tracing: true, unheld_kinds: 0 };
        self.net.me = node;
        let now = self.net.clocks[node.index()];
        let mut host = Host::boot(boot, &self.config, durable, options, now, &mut self.net);
        while let Some((blob, offset, bytes)) = self.net.bytes_read.pop_front() {
            host.blob_bytes(now, blob, offset, bytes, &mut self.net);
        }
        self.net.hosts[node.index()] = Some(host);
    }

    fn kill(&mut self, node: NodeId, with_power: bool) {
        self.net.hosts[node.index()] = None;
        self.net.positions[node.index()] = Position::ZERO;
        let disk = &mut self.net.disks[node.index()];
        if with_power {
            let kept = disk.durable.0 + 1 - disk.first.0;
            let lost = disk.records.len() as u64 - kept;
            disk.records.truncate(kept as usize);
            disk.blobs.retain(|_, blob| blob.is_durable);
            if 0 < lost {
                self.net.say(format!("{node} loses {lost} records"));
            }
        }
        for peer in self.nodes() {
            self.disconnect(node, peer);
        }
    }

    fn wipe(&mut self, node: NodeId) {
        self.kill(node, true);
        let disk = &mut self.net.disks[node.index()];
        (disk.records, disk.blobs) = (Vec::new(), BTreeMap::new());
        (disk.first, disk.durable) = (WriteId(1), WriteId::ZERO);
        self.net.judge.wiped(node);
    }

    fn restart(&mut self, node: NodeId, connects: bool) -> Result<(), String> {
        if self.net.hosts[node.index()].is_some() {
            return Err(format!("{node} is running"));
        }
        let disk = &mut self.net.disks[node.index()];
        // What boot reads back is synced before boot sees it.
        disk.durable = disk.last();
        disk.blobs.retain(|_, blob| blob.is_complete);
        disk.blobs.values_mut().for_each(|blob| blob.is_durable = true);
        let survived = disk.durable;
        self.net.incarnations[node.index()] += 1;
        self.net.judge.crashed(node, survived, &mut self.net.findings);
        self.start(node);
        for peer in self.nodes().into_iter().filter(|_| connects) {
            self.connect(node, peer);
        }
        Ok(())
    }

    fn disconnect(&mut self, a: NodeId, b: NodeId) {
        if self.net.up.remove(&(a.min(b), a.max(b))).is_none() {
            return;
        }
        self.net.links.remove(&(a, b));
        self.net.links.remove(&(b, a));
        self.step(a, |host, now, net| host.session_down(now, b, net));
        self.step(b, |host, now, net| host.session_down(now, a, net));
    }

    fn connect(&mut self, a: NodeId, b: NodeId) {
        let pair = (a.min(b), a.max(b));
        let running = |node: NodeId| self.net.hosts[node.index()].is_some();
        if self.net.link != Link::Session || a == b || !running(a) || !running(b) {
            return;
        }
        if self.net.up.contains_key(&pair) {
            return;
        }
        self.sessions += 1;
        let session = SessionNo(self.sessions);
        self.net.up.insert(pair, session);
        self.step(a, |host, now, net| host.session_up(now, b, session, net));
        self.step(b, |host, now, net| host.session_up(now, a, session, net));
    }

    /// Who the nodes are.
    fn who(&mut self, words: &[&str]) -> Result<(), String> {
        for node in self.nodes_or_all(words)? {
            let line = match &self.net.hosts[node.index()] {
                None => format!("{node} is down"),
                Some(host) => {
                    let status = host.replica().status();
                    let leader = status.leader.map_or("nobody".to_owned(), |leader| leader.to_string());
                    format!(
                        "{node} {:?} {} leader {leader} last {} delivered {}",
                        status.role,
                        round_in_words::<R>(status.round),
                        shortened(&status.last.to_string()),
                        status.position
                    )
                }
            };
            self.net.happened.push(line);
        }
        Ok(())
    }

    /// What is on its way from or to the nodes.
    fn show_flight(&mut self, words: &[&str]) -> Result<(), String> {
        let nodes = self.nodes_or_all(words)?;
        for (&(from, to), in_flight) in &self.net.links {
            if words.is_empty() || nodes.contains(&from) || nodes.contains(&to) {
                let flight = in_flight
                    .iter()
                    .map(|(_, message)| format!("in flight {from} -> {to} {}", readable(message)));
                self.net.happened.extend(flight);
            }
        }
        Ok(())
    }
}

impl<R: Replica> Cluster<R> {
    /// What a disk holds, and how much of it a power loss would leave.
    fn show_disk(&mut self, node: NodeId) {
        let Disk { first, records, durable, blobs } = &self.net.disks[node.index()];
        let mut lines = Vec::new();
        for (write, record) in (first.0..).map(WriteId).zip(records) {
            let end = if *durable < write { "  (not synced)" } else { "" };
            lines.push(format!("{node} has {write}: {}{end}", readable(record)));
        }
        for (id, blob) in blobs {
            let end = if blob.is_durable { "" } else { "  (not synced)" };
            lines.push(format!("{node} has blob {id} of {} bytes{end}", blob.bytes.len()));
        }
        self.net.happened.extend(lines);
    }
}

impl<R: Replica> Net<R> {
    fn say(&mut self, line: String) {
        self.happened.push(shortened(&line));
    }

    /// What happened since the last time, and what the judge found.
    fn take_lines(&mut self) -> Vec<String> {
        for finding in self.findings.violations.drain(..) {
            let id = R::Invariants::INVARIANTS[finding.invariant].id;
            let text = shortened(&finding.text);
            self.happened.push(format!("VIOLATED {id} at {}: {text}", finding.node));
        }
        std::mem::take(&mut self.happened)
    }
}

impl<R: Replica> Draw for Net<R> {
    fn draw(&mut self, n: u64) -> u64 {
        (u128::from(n - 1) * u128::from(self.draw_percent) / 100) as u64
    }
}

impl<R: Replica> Driver<R> for Net<R> {
    fn send(&mut self, to: NodeId, session: SessionNo, message: R::Message, waited: Option<WriteId>) {
        let from = self.me;
        let waited = waited.map_or(String::new(), |write| format!("  (after write {write})"));
        self.say(format!("{from} -> {to} {}{waited}", readable(&message)));
        self.links.entry((from, to)).or_default().push_back((session, message));
    }

    fn held(&mut self, to: NodeId, message: &R::Message, after: WriteId) {
        let kind = R::Message::KINDS[message.kind()];
        self.say(format!("{} holds {kind} to {to} until write {after} is durable", self.me));
    }

    fn write(&mut self, id: WriteId, record: R::Record) {
        self.say(format!("{} writes {id}: {}", self.me, readable(&record)));
        let disk = &mut self.disks[self.me.index()];
        assert_eq!(disk.last().next(), id, "records are numbered without gaps");
        disk.records.push(record);
    }

    fn deliver(&mut self, slot: Slot, position: Position, entry: SharedEntry) {
        let me = self.me;
        self.say(format!("{me} delivers {position} (slot {slot}): {entry:?}"));
        let before = std::mem::replace(&mut self.positions[me.index()], position);
        if before.next() != position {
            self.say(format!("VIOLATED order: {me} delivers {position} after {before}"));
        }
        let place = position.0 as usize - 1;
        if place == self.ledger.len() {
            self.ledger.push((entry.digest(), format!("{entry:?}")));
        }
        if let Some((digest, first)) = self.ledger.get(place)
            && *digest != entry.digest()
        {
            let line = format!("VIOLATED agreement: position {position} was {first}");
            self.say(line);
        }
    }

    fn read_at(&mut self, read: ReadId, position: Position) {
        self.say(format!("{} may answer read {read} at {position}", self.me));
        let (delivered, mode) = self.asked[&read];
        if position < delivered {
            let breach = if mode == ReadMode::Linearizable { "VIOLATED linearizable" } else { "(stale" };
            let end = if mode == ReadMode::Linearizable { "" } else { ")" };
            self.say(format!("{breach}: {delivered} was delivered somewhere before it was asked{end}"));
        }
    }

    fn refuse(&mut self, request: Request, reason: Refusal, leader: Option<NodeId>) {
        let what = match request {
            Request::Propose { session, sequence } => format!("{session}#{sequence}"),
            Request::Read(read) => format!("read {read}"),
        };
        let hint = leader.map_or(String::new(), |leader| format!(", ask {leader}"));
        self.say(format!("{} refuses {what}: {reason:?}{hint}", self.me));
    }

    fn reset(&mut self, peer: NodeId) {
        self.say(format!("{} resets its session to {peer}", self.me));
        self.resets.push(peer);
    }

    fn forget_before(&mut self, write: WriteId) {
        self.say(format!("{} forgets writes before {write}", self.me));
        let disk = &mut self.disks[self.me.index()];
        let gone = write.0.saturating_sub(disk.first.0) as usize;
        disk.records.drain(..gone);
        disk.first = write.max(disk.first);
    }

    fn write_blob(&mut self, blob: BlobId, offset: u64, bytes: Arc<[u8]>, last: bool) {
        let end = if last { ", the last" } else { "" };
        self.say(format!("{} writes {} bytes of blob {blob} from {offset}{end}", self.me, bytes.len()));
        let to = self.disks[self.me.index()].blobs.entry(blob).or_default();
        to.bytes.truncate(offset as usize);
        to.bytes.extend_from_slice(&bytes);
        to.is_complete = last;
    }

    fn read_blob(&mut self, blob: BlobId, offset: u64, len: u64) {
        let bytes = self.disks[self.me.index()].blobs.get(&blob).map_or(&[][..], |blob| &blob.bytes);
        let rest = &bytes[(offset as usize).min(bytes.len())..];
        let part: Arc<[u8]> = rest[..(len as usize).min(rest.len())].into();
        self.bytes_read.push_back((blob, offset, part));
    }

    fn forget_blob(&mut self, blob: BlobId) {
        self.say(format!("{} forgets blob {blob}", self.me));
        self.disks[self.me.index()].blobs.remove(&blob);
    }

    fn restore(&mut self, blob: BlobId, position: Position) {
        let bytes = self.disks[self.me.index()].blobs.get(&blob).map(|blob| blob.bytes.clone());
        let state = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
        self.say(format!("{} restores position {position} from blob {blob}: {state}", self.me));
        self.positions[self.me.index()] = position;
    }

    fn receiving(&mut self, replica: &R, from: NodeId, message: &R::Message) {
        self.judge.receiving(self.me, replica, from, message, &mut self.findings);
    }

    fn stepped(&mut self, step: &Step<'_, R>) {
        let seen = Seen { hosts: &self.hosts, me: self.me, stepped: step.replica };
        self.judge.stepped(step, &seen, &mut self.findings);
    }

    fn narrate(&mut self, rule: &'static str, text: &str) {
        let rule = if rule.is_empty() { String::new() } else { format!("  [{rule}]") };
        self.say(format!("{} {}{rule}", self.me, shortened(text)));
    }
}

/// A round in the protocol's own word.
fn round_in_words<R: Replica>(round: Round) -> String {
    match R::NAME {
        "raft" => format!("term {round}"),
        "zab" => format!("epoch {round}"),
        // The owner's id is the ballot's lowest byte.
        _ => format!("ballot {}.{}", round.0 >> 8, round.0 & 0xff),
    }
}

/// A message or record in a line.
fn readable(value: &impl Debug) -> String {
    with_letters(&shortened(&format!("{value:?}")))
}

/// The bytes of a snapshot's part as the letters that they are.
fn with_letters(text: &str) -> String {
    let Some((before, (list, after))) =
        text.split_once("bytes: [").and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    else {
        return text.to_owned();
    };
    let bytes: Option<Vec<u8>> = list.split(", ").map(|byte| byte.parse().ok()).collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(letters)) => format!("{before}bytes: {letters:?}{after}"),
        _ => text.to_owned(),
    }
}

/// The text with hashes, which say nothing to people, as `~`, and zxids (or attempts, which begin anew with each
/// incarnation) as people write them: (epoch, counter).
fn shortened(text: &str) -> String {
    const HASH_DIGITS: usize = 14;
    let mut short = String::with_capacity(text.len());
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        match digits.parse::<u64>() {
            Ok(_) if HASH_DIGITS <= digits.len() => short.push('~'),
            Ok(zxid) if 1 << 32 <= zxid => {
                let (epoch, counter) = (zxid >> 32, zxid & u64::from(u32::MAX));
                // The type's letter says nothing beside the parentheses.
                if short.ends_with(" s") || short.ends_with("(s") {
                    short.pop();
                }
                let is_enclosed = short.ends_with("Attempt(");
                let (open, close) = if is_enclosed { ("", "") } else { ("(", ")") };
                short.push_str(&format!("{open}{epoch},{counter}{close}"));
            }
            _ => short.push_str(&digits),
        }
        digits.clear();
        if letter != '\0' {
            short.push(letter);
        }
    }
    short
}

fn read_mode(words: &[&str]) -> Result<ReadMode, String> {
    let name = words.first().copied().unwrap_or("linearizable");
    ReadMode::ALL.into_iter().find(|mode| mode.name() == name).ok_or(format!("no read mode `{name}`"))
}

fn span(text: &str) -> Result<Span, String> {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    let span = number("us").map(Span::micros).or(number("ms").map(Span::millis));
    span.or(number("s").map(Span::seconds)).ok_or(format!("`{text}` is no span, such as 10ms"))
}
