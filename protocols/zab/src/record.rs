//! What a server keeps on disk: its membership, two epochs and the transaction log (ZooKeeper: acceptedEpoch,
//! currentEpoch, FileTxnLog), here in one ordered stream of records.

use replica::{BlobId, Fact, Few, Members, Record as RecordContract, Round, SharedEntry, Slot, wire};

use crate::log::Place;
use crate::zxid::epoch;

/// A snapshot on disk: a complete blob, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The blob.
    pub blob: BlobId,
    /// How many bytes it has.
    pub bytes: u64,
    /// Everything up to here is in it.
    pub at: Place,
}

wire!(struct Snapshot { blob, bytes, at });

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
    /// Everything that a server must keep, in one record: what was written before it can be forgotten. One record, so
    /// that a crash leaves either what was there or what takes its place. Written when a snapshot is complete, the
    /// server's own or one that its leader sent.
    Checkpoint {
        /// The cluster's members.
        members: Members,
        /// The last epoch promised.
        accepted: Round,
        /// The last epoch adopted.
        current: Round,
        /// The snapshot that stands for the front of the log. Its blob was durable before this was written.
        snapshot: Snapshot,
        /// Where the log begins. `base.position <= snapshot.at.position`: some of what the snapshot covers is kept for
        /// followers that lag a little.
        base: Place,
        /// The log from there on, the uncommitted tail included.
        txns: Few<(Slot, SharedEntry)>,
    },
}

wire!(enum Record {
    0 => Genesis { members },
    1 => AcceptedEpoch { epoch },
    2 => CurrentEpoch { epoch },
    3 => Txn { zxid, entry },
    4 => Truncate { after },
    5 => Checkpoint { members, accepted, current, snapshot, base, txns },
});

impl RecordContract for Record {
    fn blob(&self) -> Option<BlobId> {
        match self {
            Record::Checkpoint { snapshot, .. } => Some(snapshot.blob),
            _ => None,
        }
    }

    fn facts(&self, fact: &mut impl FnMut(Fact)) {
        match self {
            Record::Genesis { .. } => fact(Fact::Genesis),
            Record::AcceptedEpoch { epoch } => fact(Fact::Promised { round: *epoch }),
            Record::CurrentEpoch { epoch } => fact(Fact::Epoch { round: *epoch }),
            Record::Txn { zxid, entry } => {
                fact(Fact::Accepted { slot: *zxid, round: epoch(*zxid), digest: entry.digest() })
            }
            Record::Truncate { after } => fact(Fact::Cut { after: *after }),
            Record::Checkpoint { members: _, accepted, current, snapshot: _, base, txns } => {
                fact(Fact::Genesis);
                fact(Fact::Promised { round: *accepted });
                fact(Fact::Epoch { round: *current });
                // For judges the snapshot is what the log goes on from; what it covers beyond that is in the log too.
                if base.position > 0 {
                    fact(Fact::Snapshot { slot: base.zxid, chain: base.chain });
                }
                fact(Fact::Cut { after: base.zxid });
                for (zxid, entry) in txns.iter() {
                    fact(Fact::Accepted { slot: *zxid, round: epoch(*zxid), digest: entry.digest() });
                }
            }
        }
    }
}
