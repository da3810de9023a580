//! `Invalidations`, which answers are too old.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::TenantId;

/// Which answers are too old, told by counting: taking them out of the cache would miss those that are about to be put in.
///
/// Tenants share places, so that the memory is bounded. One that shares a place with a tenant that has changed is asked
/// for once more than it need be.
#[derive(Debug)]
pub(super) struct Invalidations {
    count: AtomicU64,
    last_for_all: AtomicU64,
    last: Box<[AtomicU64]>,
    hasher: foldhash::quality::RandomState,
}

const PLACES: u16 = 4096;

impl Default for Invalidations {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            last_for_all: AtomicU64::new(0),
            last: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            hasher: foldhash::quality::RandomState::default(),
        }
    }
}

impl Invalidations {
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    pub(super) fn add(&self, id: &TenantId) {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        match self.place(id) {
            Some(place) => place.fetch_max(number, Ordering::SeqCst),
            None => self.last_for_all.fetch_max(number, Ordering::SeqCst),
        };
    }

    pub(super) fn add_for_all(&self) {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.last_for_all.fetch_max(number, Ordering::SeqCst);
    }

    pub(super) fn last(&self, id: &TenantId) -> u64 {
        let of_all = self.last_for_all.load(Ordering::SeqCst);
        let own = self
            .place(id)
            .map_or(0, |place| place.load(Ordering::SeqCst));
        own.max(of_all)
    }

    fn place(&self, id: &TenantId) -> Option<&AtomicU64> {
        let place = self.hasher.hash_one(id) % u64::from(PLACES);
        self.last.get(usize::try_from(place).ok()?)
    }
}
