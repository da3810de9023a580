//! `Index`, many records by one of their names.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashTable;

use super::TenantRecord;

/// Finds records by a name that is part of them, so that a table needs no more of a record than where it lies.
///
/// It has several parts, each with its own lock: whoever adds a tenant makes few others wait, also when a part has to grow.
pub(super) struct Index {
    parts: Box<[Part]>,
    name: fn(&TenantRecord) -> &str,
    hasher: foldhash::quality::RandomState,
}

/// In a cache line of its own: who reads one part does not disturb who reads the next.
#[repr(align(64))]
#[derive(Default)]
struct Part(RwLock<HashTable<TenantRecord>>);

/// A power of two.
const PARTS: u64 = 64;

impl Index {
    /// By what `name` gives, which is told of no two records that are kept.
    pub(super) fn by(name: fn(&TenantRecord) -> &str) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            name,
            hasher: foldhash::quality::RandomState::default(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<TenantRecord> {
        let hash = self.hasher.hash_one(name);
        let part = self.part(hash)?.read();
        part.find(hash, |record| (self.name)(record) == name)
            .cloned()
    }

    /// Keeps `record` in the place of the one with its name, which is returned.
    pub(super) fn put(&self, record: TenantRecord) -> Option<TenantRecord> {
        let name = (self.name)(&record);
        let hash = self.hasher.hash_one(name);
        let mut part = self.part(hash)?.write();
        if let Some(kept) = part.find_mut(hash, |kept| (self.name)(kept) == name) {
            return Some(std::mem::replace(kept, record));
        }
        let rehash = |kept: &TenantRecord| self.hasher.hash_one((self.name)(kept));
        part.insert_unique(hash, record, rehash);
        None
    }

    pub(super) fn remove(&self, name: &str) -> Option<TenantRecord> {
        let hash = self.hasher.hash_one(name);
        let mut part = self.part(hash)?.write();
        let kept = part.find_entry(hash, |kept| (self.name)(kept) == name);
        kept.ok().map(|kept| kept.remove().0)
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.read().len()).sum()
    }

    /// By bits in the middle of the hash: the table goes by those at its ends.
    fn part(&self, hash: u64) -> Option<&Part> {
        self.parts.get(usize::try_from((hash >> 32) % PARTS).ok()?)
    }
}

impl Part {
    fn read(&self) -> RwLockReadGuard<'_, HashTable<TenantRecord>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashTable<TenantRecord>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
