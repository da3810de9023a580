//! `CachedDirectory`, which remembers for a while what another directory answered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::flights::Flights;
use super::invalidations::Invalidations;
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
    remembered: Remembered,
    under_way: Flights<Question, Result<Answer, TenantDirectoryUnavailable>>,
    invalidations: Invalidations,
    time_to_live: Duration,
    unknown_time_to_live: Duration,
    clock: Arc<dyn Clock>,
}

/// Not of moka, which takes note of each reading in a queue and keeps an answer in several places: of a million tenants
/// none of them is in the caches of the processor.
type Remembered = Cache<Question, Answer, UnitWeighter, foldhash::quality::RandomState>;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Question {
    Id(TenantId),
    Slug(TenantSlug),
}

#[derive(Clone)]
struct Answer {
    record: Option<TenantRecord>,
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
            remembered: remembered(100_000),
            under_way: Flights::default(),
            invalidations: Invalidations::default(),
            time_to_live: Duration::from_secs(30),
            unknown_time_to_live: Duration::from_secs(5),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// The most answers that are remembered, shared out among parts that are equal but for rounding up. A tenant that is
    /// asked for by its id and by its slug has two.
    pub fn max_entries(mut self, max_entries: u64) -> Self {
        self.remembered = remembered(max_entries);
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

    async fn find(
        &self,
        question: Question,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        // Nearly always it is there. Only looking costs a fraction of being ready to ask, whose future is large.
        match self.recall(&question) {
            Some(answer) => Ok(answer.record),
            None => Box::pin(self.find_newer(question)).await,
        }
    }

    /// What is remembered and good.
    fn recall(&self, question: &Question) -> Option<Answer> {
        let answer = self.remembered.get(question)?;
        self.is_good(question, &answer).then_some(answer)
    }

    async fn find_newer(
        &self,
        question: Question,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let seen = self.invalidations.count();
        loop {
            let answer = self.under_way.join(&question, self.ask(&question)).await?;
            // Otherwise it is the answer to an older question, which we joined. The next one is newer than we are.
            if answer.stamp >= seen || self.is_current(&question, &answer) {
                return Ok(answer.record);
            }
        }
    }

    async fn ask(&self, question: &Question) -> Result<Answer, TenantDirectoryUnavailable> {
        // Somebody else may have been answered between our looking and asking.
        if let Some(answer) = self.recall(question) {
            return Ok(answer);
        }
        let stamp = self.invalidations.count();
        let asked = self.clock.elapsed();
        let record = match question {
            Question::Id(id) => self.directory.by_id(id).await?,
            Question::Slug(slug) => self.directory.by_slug(slug).await?,
        };
        let answer = Answer {
            record,
            stamp,
            asked,
        };
        self.remembered.insert(question.clone(), answer.clone());
        Ok(answer)
    }

    fn is_good(&self, question: &Question, answer: &Answer) -> bool {
        let time_to_live = match &answer.record {
            Some(_) => self.time_to_live,
            None => self.unknown_time_to_live,
        };
        let age = self.clock.elapsed().saturating_sub(answer.asked);
        age < time_to_live && self.is_current(question, answer)
    }

    /// Whether it was asked for after the last invalidation that concerns it.
    fn is_current(&self, question: &Question, answer: &Answer) -> bool {
        // Nearly always there was none since.
        if answer.stamp == self.invalidations.count() {
            return true;
        }
        let last = match (question, &answer.record) {
            (Question::Id(id), _) => self.invalidations.last(id),
            (Question::Slug(_), Some(record)) => self.invalidations.last(record.id()),
            // Any tenant may have taken the slug.
            (Question::Slug(_), None) => self.invalidations.count(),
        };
        answer.stamp >= last
    }
}

fn remembered(most: u64) -> Remembered {
    Cache::with(
        usize::try_from(most).unwrap_or(usize::MAX),
        most,
        UnitWeighter,
        foldhash::quality::RandomState::default(),
        DefaultLifecycle::default(),
    )
}

#[async_trait::async_trait]
impl<D: TenantDirectory> TenantDirectory for CachedDirectory<D> {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.find(Question::Id(id.clone())).await
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.find(Question::Slug(slug.clone())).await
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
