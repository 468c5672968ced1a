//! What a commit costs in messages, and (for people) what a step costs in time.

use std::collections::VecDeque;
use std::time::Instant;

use replica::{
    BlobId, Boot, ClientSession, Draw, Driver, Durable, Entry, Host, HostOptions, Link, LocalTime, Members,
    Message as _, NodeId, Position, ReadId, Refusal, Replica, Request, Rules, Sequence, SessionNo,
    SharedEntry, Slot, WallTime, WriteId,
};
use zab::{Message, Record, Zab};

use crate::cluster::{DETECTION, MS, Weather, World, knobs};

/// Sixty-four in flight, one entry a proposal. Each commit is a PROPOSAL, an ACK and a COMMIT a follower, and pings
/// must not add more than a twentieth.
#[test]
fn a_commit_costs_three_messages_a_follower() {
    for n in [3, 5] {
        let mut world = World::new(n, 7, Weather::CALM, &knobs(Rules::ALL, &[]));
        world.judge_claims = false;
        world.run_for(DETECTION);
        let leader = world.leader().unwrap();
        let (sent, began) = (world.sent, world.now);
        let mut proposed = 0;
        while world.ledger.len() < 20_000 {
            while proposed < world.ledger.len() + 64 {
                world.propose(leader);
                proposed += 1;
            }
            world.run_for(MS / 10);
        }
        let commits = world.ledger.len() as f64;
        let all: u64 = world.sent.iter().zip(sent).map(|(now, before)| now - before).sum();
        for (kind, name) in Message::KINDS.iter().enumerate() {
            let count = world.sent[kind] - sent[kind];
            if count > 0 {
                println!("n={n} {name} {:.3} a commit", count as f64 / commits);
            }
        }
        let each = all as f64 / commits;
        println!("n={n} {each:.3} messages a commit, {} ms", (world.now - began) / MS);
        assert!(each < 3.0 * (n - 1) as f64 * 1.05);
        assert!(world.verdict().is_empty());
    }
}

/// As little as can surround hosts: messages in a queue, disks that sync between two rounds.
#[derive(Default)]
struct Bare {
    from: NodeId,
    queue: VecDeque<(NodeId, NodeId, Message)>,
    written: [u64; 8],
    delivered: u64,
}

impl Draw for Bare {
    fn draw(&mut self, _n: u64) -> u64 {
        0
    }
}

impl Driver<Zab> for Bare {
    fn send(&mut self, to: NodeId, _session: SessionNo, message: Message, _waited: Option<WriteId>) {
        self.queue.push_back((self.from, to, message));
    }
    fn write(&mut self, id: WriteId, _record: Record) {
        self.written[self.from.index()] = id.0;
    }
    fn deliver(&mut self, _slot: Slot, _position: Position, _entry: SharedEntry) {
        self.delivered += 1;
    }
    fn read_at(&mut self, _read: ReadId, _position: Position) {}
    fn refuse(&mut self, _request: Request, _reason: Refusal, _leader: Option<NodeId>) {}
    fn reset(&mut self, _peer: NodeId) {}
    fn forget_before(&mut self, _write: WriteId) {}
    fn write_blob(&mut self, _blob: BlobId, _offset: u64, _bytes: std::sync::Arc<[u8]>, _last: bool) {}
    fn read_blob(&mut self, _blob: BlobId, _offset: u64, _len: u64) {}
    fn forget_blob(&mut self, _blob: BlobId) {}
    fn restore(&mut self, _blob: BlobId, _position: Position) {}
}

#[test]
#[ignore = "a measurement, for people: run it with --release"]
fn what_a_step_costs() {
    const N: usize = 3;
    let members = Members::first(N);
    let config = Zab::config(&knobs(Rules::ALL, &[])).unwrap();
    let mut bare = Bare { written: [1; 8], ..Bare::default() };
    let now = LocalTime(1);
    let mut hosts: Vec<Host<Zab>> = (0..N as u8)
        .map(|node| {
            bare.from = NodeId(node);
            let options = HostOptions { link: Link::Session, tracing: false, unheld_kinds: 0 };
            let disk = [Zab::genesis(&members)];
            let durable = Durable { first: WriteId(1), records: &disk, blobs: &[] };
            let boot = Boot { node: NodeId(node), incarnation: 1 };
            Host::boot(boot, &config, durable, options, now, &mut bare)
        })
        .collect();
    for (a, host) in hosts.iter_mut().enumerate() {
        for b in (0..N).filter(|b| *b != a) {
            bare.from = NodeId(a as u8);
            host.session_up(now, NodeId(b as u8), SessionNo(1), &mut bare);
        }
    }
    let mut steps = 0;
    let mut settle = |hosts: &mut Vec<Host<Zab>>, bare: &mut Bare| {
        loop {
            while let Some((from, to, message)) = bare.queue.pop_front() {
                bare.from = to;
                steps += u64::from(hosts[to.index()].message(now, from, SessionNo(1), message, bare));
            }
            for (node, host) in hosts.iter_mut().enumerate() {
                if host.last_write().0 > bare.written[7 - node] {
                    bare.written[7 - node] = host.last_write().0;
                    bare.from = NodeId(node as u8);
                    host.durable(now, host.last_write(), bare);
                    steps += 1;
                }
            }
            if bare.queue.is_empty() {
                return steps;
            }
        }
    };
    settle(&mut hosts, &mut bare);
    let leader = hosts.iter().position(|host| host.replica().leads().is_some()).expect("one leads");
    let before = settle(&mut hosts, &mut bare);
    let (began, rounds) = (Instant::now(), 20_000);
    for round in 0..rounds {
        for at in 0..64 {
            let number = Sequence(round * 64 + at + 1);
            let entry = Entry::new(NodeId(0), ClientSession(1), number, WallTime::NONE, &[7; 64]);
            bare.from = NodeId(leader as u8);
            hosts[leader].propose(now, entry, &mut bare);
        }
        settle(&mut hosts, &mut bare);
    }
    let commits = rounds * 64;
    let steps = settle(&mut hosts, &mut bare) - before + commits;
    let nanos = began.elapsed().as_nanos() as u64;
    assert_eq!(bare.delivered, commits * N as u64);
    println!("{} ns a commit, {} ns a step of {steps}", nanos / commits, nanos / steps);
}
