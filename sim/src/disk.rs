//! A node's disk: a write cache in front of durable records, group commit, and blobs that complete each on its own.

use std::collections::BTreeMap;

use replica::{BlobId, Draw, Durable, WriteId};

use crate::rng::SimRng;

/// A disk that holds records of type `T` as values.
#[derive(Clone)]
pub struct Disk<T> {
    /// The number of the first record kept.
    first: WriteId,
    /// Every record kept: the durable ones, then those in the cache.
    records: Vec<T>,
    /// The newest durable record. `first - 1 <= durable <= last()`.
    durable: WriteId,
    /// What the sync that is under way will make durable.
    syncing: Option<WriteId>,
    /// The first record that a failed sync dropped, where that was taken for a success: it and what follows is in the
    /// cache for good, and will not survive a power loss.
    hole: Option<WriteId>,
    /// A record whose checksum no longer matches.
    rotten: Option<WriteId>,
    /// Whether a power loss has torn the record after the last one kept.
    torn: bool,
    blobs: BTreeMap<BlobId, Blob>,
    /// Syncs done, for reports.
    pub syncs: u64,
    /// Draws of this disk: sync latencies, what survives a power loss.
    rng: SimRng,
}

#[derive(Clone, Default)]
struct Blob {
    bytes: Vec<u8>,
    complete: bool,
    durable: bool,
}

impl<T> Disk<T> {
    /// An empty disk.
    pub fn new(rng: SimRng) -> Disk<T> {
        Disk {
            first: WriteId(1),
            records: Vec::new(),
            durable: WriteId::ZERO,
            syncing: None,
            hole: None,
            rotten: None,
            torn: false,
            blobs: BTreeMap::new(),
            syncs: 0,
            rng,
        }
    }

    /// The newest record written.
    pub fn last(&self) -> WriteId {
        WriteId(self.first.0 + self.records.len() as u64).previous()
    }

    /// The newest durable record.
    pub fn durable(&self) -> WriteId {
        self.durable
    }

    /// What boot sees. Everything must be durable.
    pub fn contents<'a>(&'a self, blobs: &'a [(BlobId, u64)]) -> Durable<'a, T> {
        assert_eq!(self.durable, self.last(), "what boot reads back is synced before boot sees it");
        Durable { first: self.first, records: &self.records, blobs }
    }

    /// The complete blobs and their lengths.
    pub fn blobs(&self) -> Vec<(BlobId, u64)> {
        let durable = self.blobs.iter().filter(|(_, blob)| blob.durable);
        durable.map(|(&id, blob)| (id, blob.bytes.len() as u64)).collect()
    }

    /// Records kept, with their numbers.
    pub fn records(&self) -> impl Iterator<Item = (WriteId, &T)> {
        self.records.iter().enumerate().map(|(i, record)| (WriteId(self.first.0 + i as u64), record))
    }

    /// Puts a record into the cache.
    pub fn write(&mut self, id: WriteId, record: T) {
        assert_eq!(id, self.last().next(), "records are numbered without gaps");
        self.records.push(record);
    }

    /// Whether a sync should be started: something is in the cache and none is under way.
    pub fn wants_sync(&self) -> bool {
        self.syncing.is_none() && self.durable < self.last()
    }

    /// Starts a sync of everything written so far; how long it takes, drawn from `from..=to`.
    pub fn start_sync(&mut self, from: u64, to: u64) -> u64 {
        debug_assert!(self.wants_sync());
        self.syncing = Some(self.last());
        if to == 0 { 0 } else { self.rng.between(from, to) }
    }

    /// The sync ends: what is durable now.
    pub fn end_sync(&mut self) -> WriteId {
        self.durable = self.syncing.take().expect("a sync was under way");
        self.syncs += 1;
        self.durable
    }

    /// The sync failed, and whoever asked for it takes it for a success.
    pub fn end_failed_sync(&mut self) -> WriteId {
        let first = self.durable.next();
        self.hole.get_or_insert(first);
        self.end_sync()
    }

    /// Damages one durable record that is neither the first nor the last. False if there is none.
    pub fn rot(&mut self) -> bool {
        let inner = self.durable.0.saturating_sub(self.first.0 + 1);
        if inner == 0 {
            return false;
        }
        self.rotten = Some(WriteId(self.first.0 + 1 + self.rng.draw(inner)));
        true
    }

    /// The damaged record, if one is still there.
    pub fn rotten(&self) -> Option<WriteId> {
        self.rotten.filter(|&rotten| self.first <= rotten && rotten <= self.last())
    }

    /// Whether the record after the last one was torn. Asked once: whoever asks cuts it off.
    pub fn take_torn(&mut self) -> bool {
        std::mem::take(&mut self.torn)
    }

    /// Cuts the log before a record. Returns how many are lost.
    pub fn cut_before(&mut self, write: WriteId) -> u64 {
        let lost = self.last().0 + 1 - write.0;
        self.records.truncate((write.0 - self.first.0) as usize);
        self.durable = self.last();
        self.rotten = None;
        lost
    }

    /// The process is gone and the cache is not. Blobs that were not complete never will be.
    pub fn lose_process(&mut self) {
        self.syncing = None;
        self.blobs.retain(|_, blob| blob.complete);
    }

    /// The power is gone: of what was not durable, a prefix happened to reach the disk, and what was torn is cut.
    /// Returns how many records were lost.
    pub fn lose_power(&mut self) -> u64 {
        self.lose_process();
        self.blobs.retain(|_, blob| blob.durable);
        if let Some(hole) = self.hole.take() {
            return self.cut_before(hole.max(self.first));
        }
        let cached = self.last().0 - self.durable.0;
        let survived = self.rng.draw(cached + 1);
        self.torn = survived < cached;
        self.records.truncate((self.durable.0 + survived + 1 - self.first.0) as usize);
        self.durable = self.last();
        cached - survived
    }

    /// Syncs everything, as boot does with what the OS cache kept.
    pub fn sync_all(&mut self) {
        self.durable = self.last();
        for blob in self.blobs.values_mut() {
            blob.durable = true;
        }
    }

    /// Loses everything.
    pub fn wipe(&mut self) {
        *self = Disk { syncs: self.syncs, ..Disk::new(self.rng.clone()) };
    }

    /// Forgets the durable records before `write`.
    pub fn forget_before(&mut self, write: WriteId) {
        assert!(write <= self.durable.next(), "only durable records can be forgotten");
        let gone = write.0.saturating_sub(self.first.0);
        self.records.drain(..gone as usize);
        self.first = WriteId(self.first.0.max(write.0));
    }

    /// Writes bytes of a blob. True when it is complete and wants a sync of its own.
    pub fn write_blob(&mut self, id: BlobId, offset: u64, bytes: &[u8], last: bool) -> bool {
        let blob = self.blobs.entry(id).or_default();
        assert!(!blob.complete, "a complete blob is not written to");
        let end = offset as usize + bytes.len();
        if blob.bytes.len() < end {
            blob.bytes.resize(end, 0);
        }
        blob.bytes[offset as usize..end].copy_from_slice(bytes);
        blob.complete |= last;
        last
    }

    /// A draw of how long a blob's sync takes.
    pub fn blob_latency(&mut self, from: u64, to: u64) -> u64 {
        if to == 0 { 0 } else { self.rng.between(from, to) }
    }

    /// A complete blob's sync ended; false if it is gone.
    pub fn end_blob_sync(&mut self, id: BlobId) -> bool {
        self.syncs += 1;
        let complete = self.blobs.get_mut(&id).filter(|blob| blob.complete);
        complete.map(|blob| blob.durable = true).is_some()
    }

    /// Up to `len` bytes of a blob from `offset`; empty past its end.
    pub fn read_blob(&self, id: BlobId, offset: u64, len: u64) -> &[u8] {
        let bytes = self.blobs.get(&id).map_or(&[][..], |blob| &blob.bytes);
        let start = (offset as usize).min(bytes.len());
        let end = start.saturating_add(len as usize).min(bytes.len());
        &bytes[start..end]
    }

    /// Whether a blob is complete and will survive anything but a wipe.
    pub fn is_blob_durable(&self, id: BlobId) -> bool {
        self.blobs.get(&id).is_some_and(|blob| blob.durable)
    }

    /// Deletes a blob.
    pub fn forget_blob(&mut self, id: BlobId) {
        self.blobs.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Disk<u32> {
        Disk::new(SimRng::stream(1, "disk", 0, 0))
    }

    #[test]
    fn a_kill_keeps_the_cache_and_a_power_loss_keeps_a_prefix() {
        let mut lost = 0;
        for key in 0..64 {
            let mut disk = Disk::new(SimRng::stream(key, "disk", 0, 0));
            for i in 1..=3 {
                disk.write(WriteId(i), i as u32);
            }
            disk.start_sync(0, 0);
            disk.write(WriteId(4), 4);
            disk.end_sync();
            assert_eq!(disk.durable(), WriteId(3), "a sync covers what was written when it began");
            disk.lose_process();
            assert_eq!(disk.last(), WriteId(4));
            disk.write(WriteId(5), 5);
            lost += disk.lose_power();
            assert!(WriteId(3) <= disk.last());
            assert!(disk.records().all(|(id, &record)| id.0 == u64::from(record)));
        }
        assert!(32 < lost && lost < 96, "{lost} of 128");
    }

    #[test]
    fn a_blob_is_there_after_power_loss_only_if_it_was_synced() {
        let mut disk = disk();
        assert!(!disk.write_blob(BlobId(1), 0, b"ab", false));
        assert!(disk.write_blob(BlobId(1), 2, b"cd", true));
        assert!(disk.write_blob(BlobId(2), 0, b"x", true));
        assert!(disk.end_blob_sync(BlobId(1)));
        disk.lose_power();
        assert_eq!(disk.blobs(), [(BlobId(1), 4)]);
        assert_eq!(disk.read_blob(BlobId(1), 1, 9), b"bcd");
    }

    #[test]
    fn forgetting_a_prefix_keeps_the_numbers() {
        let mut disk = disk();
        for i in 1..=4 {
            disk.write(WriteId(i), i as u32);
        }
        disk.sync_all();
        disk.forget_before(WriteId(3));
        assert_eq!(disk.contents(&[]).first, WriteId(3));
        assert_eq!(disk.last(), WriteId(4));
    }
}
