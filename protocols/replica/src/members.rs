//! Who is in the cluster: replicated state that begins in a genesis record on every member's disk.

use crate::{NodeId, NodeSet};

/// The membership of a cluster. A later change of it is an entry of the log; the first comes from the genesis record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Members {
    /// The nodes that vote, promise and acknowledge.
    pub voters: NodeSet,
}

crate::wire!(struct Members { voters });

impl Members {
    /// A cluster of the nodes `0..count`, all of them voters. `1 <= count <= 64`.
    pub fn first(count: usize) -> Members {
        assert!(0 < count, "a cluster has at least one node");
        Members { voters: NodeSet::first(count) }
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
}
