//! Ballots: the numbers by which proposers take precedence over each other. *Paxos Made Simple*, section 2.4:
//! "different proposers choose their numbers from disjoint sets of numbers".

use core::fmt;

use replica::{NodeId, Round};

/// A ballot: (counter, node), the counter first, in one word. Ordered; zero is before the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ballot {
    /// `counter << 8 | node`: the neutral word that facts and claims carry.
    round: Round,
}

replica::wire!(struct Ballot { round });

/// A node takes the low byte: `NODES_MAX` is 64.
const NODE_BITS: u32 = 8;

impl Ballot {
    /// Before the first ballot.
    pub const ZERO: Ballot = Ballot { round: Round::ZERO };

    /// The ballot of `owner` with this counter.
    pub const fn new(counter: u64, owner: NodeId) -> Ballot {
        Ballot { round: Round(counter << NODE_BITS | owner.0 as u64) }
    }

    /// The first ballot of `owner` above this one.
    #[must_use]
    pub const fn next_of(self, owner: NodeId) -> Ballot {
        Ballot::new(self.counter() + 1, owner)
    }

    /// The neutral word for it.
    pub const fn round(self) -> Round {
        self.round
    }

    /// How often a proposer went one higher.
    pub const fn counter(self) -> u64 {
        self.round.0 >> NODE_BITS
    }

    /// The one node that may propose in this ballot.
    pub const fn owner(self) -> NodeId {
        NodeId((self.round.0 & ((1 << NODE_BITS) - 1)) as u8)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.counter(), self.owner().0)
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
