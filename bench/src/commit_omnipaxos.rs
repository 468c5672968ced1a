//! The `omnipaxos` crate in a bare loop: a queue of messages, an `OmniPaxos` and a `MemoryStorage` a node.
//!
//! No clock, no links, no faults, no judges: what the protocol itself costs. Outgoing messages are taken after every
//! message and every append: left where they are, the crate merges entries and acknowledgments into one message,
//! which is a batch.

use std::collections::VecDeque;

use omnipaxos::messages::Message;
use omnipaxos::storage::{Entry, NoSnapshot};
use omnipaxos::util::LogEntry;
use omnipaxos::{ClusterConfig, OmniPaxos, ServerConfig};
use omnipaxos_storage::memory_storage::MemoryStorage;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{COMMAND_BYTES, COMMITS, Digest, command};

/// `omnipaxos` 0.2.
pub struct Omni {
    /// Nodes of the cluster.
    pub nodes: u64,
    /// Commands that the leader has proposed and not yet applied.
    pub in_flight: u64,
}

impl Omni {
    /// The name of the row with that many nodes and commands in flight; others are compared with it.
    pub fn row(nodes: u64, in_flight: u64) -> String {
        format!("omnipaxos-0.2/n{nodes}/w{in_flight}")
    }
}

impl Contestant for Omni {
    fn name(&self) -> String {
        Omni::row(self.nodes, self.in_flight)
    }

    fn group(&self) -> Group {
        Group::Commit
    }

    fn against(&self) -> Vec<Against> {
        Vec::new()
    }

    fn run(&self) -> Measure {
        let mut cluster = Cluster::new(self.nodes);
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

/// A command as omnipaxos keeps it: inline, so that a clone allocates nothing.
#[derive(Clone, Debug)]
struct Command([u8; COMMAND_BYTES]);

impl Entry for Command {
    type Snapshot = NoSnapshot;
}

/// A node and what it applied.
struct Node {
    omni: OmniPaxos<Command, MemoryStorage<Command>>,
    digest: Digest,
}

/// All nodes and the messages between them, first in, first out.
struct Cluster {
    nodes: Vec<Node>,
    queue: VecDeque<Message<Command>>,
    /// Where outgoing messages are taken to; empty between steps.
    outgoing: Vec<Message<Command>>,
    /// Messages handled so far.
    delivered: u64,
}

impl Cluster {
    fn new(nodes: u64) -> Self {
        let cluster =
            ClusterConfig { configuration_id: 1, nodes: (1..=nodes).collect(), flexible_quorum: None };
        let nodes = (1..=nodes)
            .map(|pid| {
                let server = ServerConfig { pid, batch_size: 1, ..ServerConfig::default() };
                let omni = cluster.clone().build_for_server(server, MemoryStorage::default());
                Node { omni: omni.expect("the configuration is valid"), digest: Digest::default() }
            })
            .collect();
        Cluster { nodes, queue: VecDeque::new(), outgoing: Vec::new(), delivered: 0 }
    }

    /// The first node becomes leader and all are in its accept phase.
    fn elect_first(&mut self) {
        self.nodes[0].omni.try_become_leader();
        self.take_outgoing(0);
        while self.deliver_one() {}
        for node in &self.nodes {
            assert_eq!(node.omni.get_current_leader(), Some((1, true)));
        }
    }

    /// Appends at the leader, `in_flight` at a time, until it has applied `commits` commands.
    fn commit(&mut self, commits: u64, in_flight: u64) {
        let mut proposed = 0;
        loop {
            let applied = self.nodes[0].digest.applied;
            if applied == commits {
                return;
            }
            while proposed < commits.min(applied + in_flight) {
                let entry = Command(command(proposed));
                self.nodes[0].omni.append(entry).expect("it leads and nothing is reconfigured");
                self.take_outgoing(0);
                proposed += 1;
            }
            assert!(self.deliver_one(), "nothing in flight, and {applied} of {commits} applied");
        }
    }

    /// Hands the oldest message over. False if there was none.
    fn deliver_one(&mut self) -> bool {
        let Some(message) = self.queue.pop_front() else { return false };
        self.delivered += 1;
        let index = message.get_receiver() as usize - 1;
        self.nodes[index].omni.handle_incoming(message);
        self.nodes[index].apply_decided();
        self.take_outgoing(index);
        true
    }

    /// Queues what a node wants to send.
    fn take_outgoing(&mut self, index: usize) {
        self.nodes[index].omni.take_outgoing_messages(&mut self.outgoing);
        self.queue.extend(self.outgoing.drain(..));
    }

    /// Delivers what is left, and checks that all applied what was proposed.
    fn settle_and_check(&mut self, commits: u64) {
        while self.deliver_one() {}
        for node in &self.nodes {
            assert_eq!(node.digest, Digest::expected(commits));
        }
    }
}

impl Node {
    /// Folds what was decided since the last call.
    fn apply_decided(&mut self) {
        let applied = self.digest.applied as usize;
        if self.omni.get_decided_idx() == applied {
            return;
        }
        let decided = self.omni.read_decided_suffix(applied).expect("the index has moved");
        for entry in decided {
            match entry {
                LogEntry::Decided(Command(bytes)) => self.digest.apply(&bytes),
                _ => unreachable!("nothing is trimmed, snapshotted or stopped"),
            }
        }
    }
}
