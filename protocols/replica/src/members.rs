//! Who is in the cluster: replicated state that begins in a genesis record on every member's disk.

use crate::{NodeId, NodeSet};

/// The membership of a cluster. A later change of it is an entry of the log; the first comes from the genesis record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Members {
    /// The nodes that vote, promise and acknowledge.
    pub voters: NodeSet,
    /// The nodes that are told everything and asked nothing: Raft's learners, Zab's observers, Paxos's learners. No
    /// quorum counts them. `voters` and `learners` have no node in common.
    pub learners: NodeSet,
}

crate::wire!(struct Members { voters, learners });

impl Members {
    /// A cluster of the nodes `0..count`, all of them voters. `1 <= count <= 64`.
    pub fn first(count: usize) -> Members {
        assert!(0 < count, "a cluster has at least one node");
        Members { voters: NodeSet::first(count), learners: NodeSet::EMPTY }
    }

    /// A cluster of the nodes `0..count`, of which the last `learners` do not vote. `learners < count <= 64`.
    pub fn with_learners(count: usize, learners: usize) -> Members {
        assert!(learners < count, "a cluster has at least one voter");
        let voters = NodeSet::first(count - learners);
        Members { voters, learners: NodeSet(NodeSet::first(count).0 & !voters.0) }
    }

    /// Whether `node` is a member, voting or not.
    pub fn contains(&self, node: NodeId) -> bool {
        self.voters.contains(node) || self.learners.contains(node)
    }

    /// The smallest number of voters of which any two sets intersect.
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// Whether `set` holds a majority of the voters.
    pub fn is_quorum(&self, set: NodeSet) -> bool {
        self.voters.and(set).len() >= self.majority()
    }

    /// The voters but `node`, in order of id.
    pub fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        self.voters.without(node).iter()
    }

    /// All members but `node`, in order of id.
    pub fn everyone_but(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        NodeSet(self.voters.0 | self.learners.0).without(node).iter()
    }
}
