//! The `raft` crate (raft-rs, from TiKV) in a bare loop: a queue of messages, a `RawNode` and a `MemStorage` a node.
//!
//! No clock, no links, no faults, no judges: what the protocol itself costs. The loop follows the crate's own example
//! (`examples/single_mem_node`). A `Ready` is taken after every message and every proposal, as in the other loops and
//! as a simulator must, where each message arrives at a moment of its own. A second row takes one `Ready` for all that
//! waits: the messages are the same, but writes and commits are batched, so it is a bound and not a peer.

use std::collections::VecDeque;

use slog::{Discard, Logger, o};
use tikv_raft::eraftpb::{Entry, Message};
use tikv_raft::storage::MemStorage;
use tikv_raft::{Config, RawNode, StateRole};

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{COMMITS, Digest, command};

/// When a node hands out what it has to write, send and apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeReady {
    /// After each message and each proposal.
    EachMessage,
    /// After all messages that wait for it; after all proposals that fit.
    AllWaiting,
}

/// `raft` 0.7.
pub struct TikvRaft {
    /// Nodes of the cluster.
    pub nodes: u64,
    /// Commands that the leader has proposed and not yet applied.
    pub in_flight: u64,
    /// When a `Ready` is taken.
    pub take_ready: TakeReady,
}

impl TikvRaft {
    /// The name of the row with that many nodes and commands in flight, a `Ready` each message: the one that others
    /// are compared with.
    pub fn row(nodes: u64, in_flight: u64) -> String {
        format!("raft-0.7/n{nodes}/w{in_flight}")
    }
}

impl Contestant for TikvRaft {
    fn name(&self) -> String {
        let row = TikvRaft::row(self.nodes, self.in_flight);
        match self.take_ready {
            TakeReady::EachMessage => row,
            TakeReady::AllWaiting => row + "/drained",
        }
    }

    fn group(&self) -> Group {
        Group::Commit
    }

    fn against(&self) -> Vec<Against> {
        let name = TikvRaft::row(self.nodes, self.in_flight);
        match self.take_ready {
            TakeReady::EachMessage => Vec::new(),
            TakeReady::AllWaiting => vec![Against::of(name)],
        }
    }

    fn run(&self) -> Measure {
        let mut cluster = Cluster::new(self.nodes, self.take_ready);
        cluster.elect_first();
        let messages_before = cluster.delivered;
        let clock = CpuClock::start();
        cluster.commit(COMMITS, self.in_flight);
        let cpu = clock.elapsed();
        let messages = cluster.delivered - messages_before;
        cluster.settle_and_check(COMMITS);
        Measure { units: COMMITS, messages, cpu }
    }
}

/// A node and what it applied.
struct Node {
    raw: RawNode<MemStorage>,
    /// Shares its content with the one inside `raw`.
    store: MemStorage,
    digest: Digest,
}

/// All nodes and the messages between them, first in, first out.
struct Cluster {
    nodes: Vec<Node>,
    take_ready: TakeReady,
    queue: VecDeque<Message>,
    /// Messages handled so far.
    delivered: u64,
}

impl Cluster {
    fn new(nodes: u64, take_ready: TakeReady) -> Self {
        let logger = Logger::root(Discard, o!());
        let voters: Vec<u64> = (1..=nodes).collect();
        let nodes = voters
            .iter()
            .map(|&id| {
                let config = Config {
                    id,
                    // At most one entry an append message: batch size one.
                    max_size_per_msg: 0,
                    // Followers learn a commit with the next append, which saves a message and its answer.
                    skip_bcast_commit: true,
                    ..Config::default()
                };
                let store = MemStorage::new_with_conf_state((voters.clone(), vec![]));
                let raw = RawNode::new(&config, store.clone(), &logger).expect("the configuration is valid");
                Node { raw, store, digest: Digest::default() }
            })
            .collect();
        Cluster { nodes, take_ready, queue: VecDeque::new(), delivered: 0 }
    }

    /// The first node becomes leader and its empty entry is everywhere.
    fn elect_first(&mut self) {
        self.nodes[0].raw.campaign().expect("a follower may campaign");
        self.nodes[0].handle_ready(&mut self.queue);
        while self.deliver() {}
        assert_eq!(self.nodes[0].raw.raft.state, StateRole::Leader);
    }

    /// Proposes at the leader, `in_flight` at a time, until it has applied `commits` commands.
    fn commit(&mut self, commits: u64, in_flight: u64) {
        let mut proposed = 0;
        loop {
            let applied = self.nodes[0].digest.applied;
            if applied == commits {
                return;
            }
            while proposed < commits.min(applied + in_flight) {
                let leader = &mut self.nodes[0];
                leader.raw.propose(vec![], command(proposed).to_vec()).expect("it leads");
                if self.take_ready == TakeReady::EachMessage {
                    leader.handle_ready(&mut self.queue);
                }
                proposed += 1;
            }
            if self.take_ready == TakeReady::AllWaiting {
                self.nodes[0].handle_ready(&mut self.queue);
            }
            assert!(self.deliver(), "nothing in flight, and {applied} of {commits} applied");
        }
    }

    /// Hands over the oldest message, or all that wait. False if there was none.
    fn deliver(&mut self) -> bool {
        let count = match self.take_ready {
            TakeReady::EachMessage => self.queue.len().min(1),
            TakeReady::AllWaiting => self.queue.len(),
        };
        let mut touched: u64 = 0;
        for message in self.queue.drain(..count) {
            let index = message.to as usize - 1;
            self.nodes[index].raw.step(message).expect("a message of this cluster");
            touched |= 1 << index;
        }
        while touched != 0 {
            self.nodes[touched.trailing_zeros() as usize].handle_ready(&mut self.queue);
            touched &= touched - 1;
        }
        self.delivered += count as u64;
        0 < count
    }

    /// Lets the followers learn the last commit, and checks that all applied what was proposed.
    fn settle_and_check(&mut self, commits: u64) {
        while self.deliver() {}
        self.nodes[0].raw.ping();
        self.nodes[0].handle_ready(&mut self.queue);
        while self.deliver() {}
        for node in &self.nodes {
            assert_eq!(node.digest, Digest::expected(commits));
        }
    }
}

impl Node {
    /// What the driver owes after every step: send, persist, send what waited for it, apply.
    fn handle_ready(&mut self, queue: &mut VecDeque<Message>) {
        if !self.raw.has_ready() {
            return;
        }
        let mut ready = self.raw.ready();
        queue.extend(ready.take_messages());
        apply(&mut self.digest, ready.take_committed_entries());
        if !ready.entries().is_empty() || ready.hs().is_some() {
            let mut store = self.store.wl();
            store.append(ready.entries()).expect("entries follow the log");
            if let Some(hard_state) = ready.hs() {
                store.set_hardstate(hard_state.clone());
            }
        }
        queue.extend(ready.take_persisted_messages());
        let mut light = self.raw.advance(ready);
        if let Some(commit) = light.commit_index() {
            self.store.wl().mut_hard_state().commit = commit;
        }
        queue.extend(light.take_messages());
        apply(&mut self.digest, light.take_committed_entries());
        self.raw.advance_apply();
    }
}

/// Folds committed commands; a leader's first entry is empty and no command.
fn apply(digest: &mut Digest, entries: Vec<Entry>) {
    for entry in entries {
        if !entry.data.is_empty() {
            digest.apply(&entry.data);
        }
    }
}
