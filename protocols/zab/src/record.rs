//! What a server keeps on disk: its membership, two epochs and the transaction log (ZooKeeper: acceptedEpoch,
//! currentEpoch, FileTxnLog), here in one ordered stream of records.

use replica::{Fact, Members, Record as RecordContract, Round, SharedEntry, Slot, wire};

use crate::zxid::epoch;

/// A record.
#[derive(Clone, Debug)]
pub enum Record {
    /// The disk belongs to a member of this cluster. The first record of every member's disk.
    Genesis {
        /// The cluster's members.
        members: Members,
    },
    /// The last epoch promised: a leader with a lower one is not followed.
    AcceptedEpoch {
        /// The epoch.
        epoch: Round,
    },
    /// The last epoch whose initial history is on this disk.
    CurrentEpoch {
        /// The epoch.
        epoch: Round,
    },
    /// A transaction is appended.
    Txn {
        /// Its name.
        zxid: Slot,
        /// What it says.
        entry: SharedEntry,
    },
    /// Everything above a zxid is taken off the log.
    Truncate {
        /// The last zxid that stays.
        after: Slot,
    },
}

wire!(enum Record {
    0 => Genesis { members },
    1 => AcceptedEpoch { epoch },
    2 => CurrentEpoch { epoch },
    3 => Txn { zxid, entry },
    4 => Truncate { after },
});

impl RecordContract for Record {
    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { .. } => fact(Fact::Genesis),
            Record::AcceptedEpoch { epoch } => fact(Fact::Promised { round: *epoch }),
            Record::CurrentEpoch { epoch } => fact(Fact::Epoch { round: *epoch }),
            Record::Txn { zxid, entry } => {
                fact(Fact::Accepted { slot: *zxid, round: epoch(*zxid), digest: entry.digest() })
            }
            Record::Truncate { after } => fact(Fact::Cut { after: *after }),
        }
    }
}
