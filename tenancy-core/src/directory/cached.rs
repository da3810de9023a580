//! `CachedDirectory`, which remembers for a while what another directory answered.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;

use super::{TenantDirectory, TenantDirectoryUnavailable, TenantRecord};
use crate::{Clock, SystemClock, TenantId, TenantSlug};

/// Remembers for a while what another directory answered, in bounded memory.
///
/// However many requests ask about a tenant at once, the other directory is asked once. That a tenant is unknown is
/// remembered too, for a shorter while. An error is handed to those who wait and never remembered: the next request asks
/// again.
///
/// A tenant that was suspended is served until its entry expires, unless [`invalidate`](Self::invalidate) is called after
/// the change. Put it into an `Arc` to do so while [`Admission`](crate::Admission) uses it:
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tenancy_core::{CachedDirectory, MemoryDirectory, TenantId};
///
/// let cached = CachedDirectory::new(MemoryDirectory::new())
///     .max_entries(1_000_000)
///     .time_to_live(Duration::from_secs(60));
/// let cached = Arc::new(cached);
/// // `admission.directory(cached.clone())`, and later, when a tenant has changed:
/// cached.invalidate(&TenantId::parse("acme")?);
/// # Ok::<(), tenancy_core::InvalidIdentifier>(())
/// ```
pub struct CachedDirectory<D> {
    directory: D,
    entries: Cache<Key, Entry, foldhash::quality::RandomState>,
    invalidations: Invalidations,
    time_to_live: Duration,
    unknown_time_to_live: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(TenantId),
    Slug(TenantSlug),
}

#[derive(Clone)]
struct Entry {
    outcome: Result<Option<TenantRecord>, TenantDirectoryUnavailable>,
    /// How many invalidations there were when the directory was asked.
    stamp: u64,
    /// When the directory was asked.
    asked: Duration,
}

impl<D: TenantDirectory> CachedDirectory<D> {
    /// Remembers what `directory` answers: at most 100 000 answers, each for 30 seconds, or 5 when it is that there is no
    /// such tenant.
    pub fn new(directory: D) -> Self {
        Self {
            directory,
            entries: entries(100_000),
            invalidations: Invalidations::default(),
            time_to_live: Duration::from_secs(30),
            unknown_time_to_live: Duration::from_secs(5),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// The most answers that are remembered. A tenant that is asked for by its id and by its slug has two.
    pub fn max_entries(mut self, max_entries: u64) -> Self {
        self.entries = entries(max_entries);
        self
    }

    /// For how long the record of a tenant is good, counted from when it was asked for.
    pub fn time_to_live(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = time_to_live;
        self
    }

    /// For how long a tenant that was unknown is taken to be so.
    pub fn unknown_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.unknown_time_to_live = time_to_live;
        self
    }

    /// Takes time from `clock`, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Forgets what is known about this tenant, by id and by slug, and every slug that was nobody's.
    ///
    /// Call it after the change. Whoever asks after it has returned gets an answer of the directory that is newer,
    /// also when an older one is still under way.
    pub fn invalidate(&self, id: &TenantId) {
        self.invalidations.add(id);
    }

    /// Forgets everything, as [`invalidate`](Self::invalidate) does for one tenant.
    pub fn invalidate_all(&self) {
        self.invalidations.add_for_all();
    }

    async fn find(&self, key: Key) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let seen = self.invalidations.count();
        // Nearly always it is there. Only looking costs a fraction of being ready to ask, whose future is large.
        match self.entries.get(&key).await {
            Some(entry) if self.is_good(&key, &entry, self.clock.elapsed()) => entry.outcome,
            _ => Box::pin(self.find_newer(key, seen)).await,
        }
    }

    /// What was asked for after so many invalidations, or is as good.
    async fn find_newer(
        &self,
        key: Key,
        seen: u64,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        loop {
            let now = self.clock.elapsed();
            let entry = self
                .entries
                .entry_by_ref(&key)
                .or_insert_with_if(self.ask(&key), |entry| !self.is_good(&key, entry, now))
                .await
                .into_value();
            // Otherwise it is the answer to an older question, which we joined. The next one is newer than we are.
            if entry.stamp >= seen || self.is_current(&key, &entry) {
                return entry.outcome;
            }
        }
    }

    async fn ask(&self, key: &Key) -> Entry {
        let stamp = self.invalidations.count();
        let asked = self.clock.elapsed();
        let outcome = match key {
            Key::Id(id) => self.directory.by_id(id).await,
            Key::Slug(slug) => self.directory.by_slug(slug).await,
        };
        Entry {
            outcome,
            stamp,
            asked,
        }
    }

    fn is_good(&self, key: &Key, entry: &Entry, now: Duration) -> bool {
        let time_to_live = match &entry.outcome {
            Ok(Some(_)) => self.time_to_live,
            Ok(None) => self.unknown_time_to_live,
            Err(_) => return false,
        };
        now.saturating_sub(entry.asked) < time_to_live && self.is_current(key, entry)
    }

    /// Whether it was asked for after the last invalidation that concerns it.
    fn is_current(&self, key: &Key, entry: &Entry) -> bool {
        let last = match (key, &entry.outcome) {
            (Key::Id(id), _) => self.invalidations.last(id),
            (Key::Slug(_), Ok(Some(record))) => self.invalidations.last(record.id()),
            // Any tenant may have taken the slug.
            (Key::Slug(_), _) => self.invalidations.count(),
        };
        entry.stamp >= last
    }
}

fn entries<V: Clone + Send + Sync + 'static>(
    most: u64,
) -> Cache<Key, V, foldhash::quality::RandomState> {
    Cache::builder()
        .max_capacity(most)
        .build_with_hasher(foldhash::quality::RandomState::default())
}

#[async_trait::async_trait]
impl<D: TenantDirectory> TenantDirectory for CachedDirectory<D> {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.find(Key::Id(id.clone())).await
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.find(Key::Slug(slug.clone())).await
    }
}

impl<D: fmt::Debug> fmt::Debug for CachedDirectory<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedDirectory")
            .field("directory", &self.directory)
            .field("time_to_live", &self.time_to_live)
            .field("unknown_time_to_live", &self.unknown_time_to_live)
            .finish_non_exhaustive()
    }
}

/// Which entries are too old, told by counting: taking entries out of the cache would miss those that are about to be put
/// in.
///
/// Tenants share places, so that the memory is bounded. One that shares a place with a tenant that has changed is asked
/// for once more than it need be.
#[derive(Debug)]
struct Invalidations {
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
    fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    fn add(&self, id: &TenantId) {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        match self.place(id) {
            Some(place) => place.fetch_max(number, Ordering::SeqCst),
            None => self.last_for_all.fetch_max(number, Ordering::SeqCst),
        };
    }

    fn add_for_all(&self) {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.last_for_all.fetch_max(number, Ordering::SeqCst);
    }

    fn last(&self, id: &TenantId) -> u64 {
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
