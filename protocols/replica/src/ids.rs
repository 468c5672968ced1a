//! The small numbers that name things, one type each, so that a swapped argument does not compile.

use core::fmt;

/// The most nodes a cluster may have: a [`NodeSet`] is one machine word.
pub const NODES_MAX: usize = 64;

/// A node: the machine, which survives a crash. `0 <= id < 64`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u8);

impl NodeId {
    /// The id as an index into a table with a row a node.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A set of nodes, a bit each. Iterates in order of id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NodeSet(pub u64);

impl NodeSet {
    /// The set of nobody.
    pub const EMPTY: NodeSet = NodeSet(0);

    /// The nodes `0..count`. `count <= 64`.
    pub fn first(count: usize) -> NodeSet {
        assert!(count <= NODES_MAX);
        if count == NODES_MAX { NodeSet(u64::MAX) } else { NodeSet((1 << count) - 1) }
    }

    /// This set and `node`.
    #[must_use]
    pub const fn with(self, node: NodeId) -> NodeSet {
        NodeSet(self.0 | 1 << node.0)
    }

    /// This set without `node`.
    #[must_use]
    pub const fn without(self, node: NodeId) -> NodeSet {
        NodeSet(self.0 & !(1 << node.0))
    }

    /// Adds `node`; true if it was not there.
    pub fn insert(&mut self, node: NodeId) -> bool {
        let before = *self;
        *self = self.with(node);
        before != *self
    }

    /// Takes `node` out; true if it was there.
    pub fn remove(&mut self, node: NodeId) -> bool {
        let before = *self;
        *self = self.without(node);
        before != *self
    }

    /// Whether `node` is in the set.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 >> node.0 & 1 == 1
    }

    /// How many nodes are in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set is of nobody.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The nodes in both sets.
    #[must_use]
    pub const fn and(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & other.0)
    }

    /// The nodes in order of id.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let id = left.trailing_zeros() as u8;
            left &= left - 1;
            Some(NodeId(id))
        })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> NodeSet {
        nodes.into_iter().fold(NodeSet::EMPTY, NodeSet::with)
    }
}

/// In a word, for people: `n0 n2`, or `nobody`.
impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nobody");
        }
        for (place, node) in self.iter().enumerate() {
            write!(f, "{}{node}", if place == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $tag:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl $name {
            /// The first of its kind; for most, the one that stands for "none yet".
            pub const ZERO: $name = $name(0);

            /// The one after this.
            #[must_use]
            pub const fn next(self) -> $name {
                $name(self.0 + 1)
            }

            /// The one before this, or zero at zero.
            #[must_use]
            pub const fn previous(self) -> $name {
                $name(self.0.saturating_sub(1))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($tag, "{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number!(
    /// The neutral word for a Paxos ballot, a Zab epoch, a Raft term. Zero is before the first.
    Round, "r"
);
number!(
    /// The neutral word for a Paxos slot, a zxid, a Raft log index. Ordered as the log is; zero is before the first.
    /// Zab packs (epoch, counter) into it, so slots need not be consecutive.
    Slot, "s"
);
number!(
    /// How many entries a node has delivered to its state machine: the same count for the same entry on every node.
    /// The first entry is delivered at position 1; position 0 is the empty state.
    Position, "p"
);
number!(
    /// The number of a record on a disk, counted across incarnations from 1. Zero: before the first.
    WriteId, "w"
);
number!(
    /// A session between two nodes (a connection). Grows with each new session of the pair. Zero where links are
    /// datagrams and there are no sessions.
    SessionNo, "c"
);
number!(
    /// A snapshot file of a replica's disk.
    BlobId, "b"
);
number!(
    /// A read that the server asked its replica about. Unique within an incarnation.
    ReadId, "q"
);
number!(
    /// A client's session with the replicated service. Zero: no session (a no-op).
    ClientSession, "u"
);
number!(
    /// An operation within a client session, counted from 1.
    Sequence, "#"
);
