//! `MemoryDirectory`, the tenants of a process that is told about them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::index::Index;
use super::{TenantDirectory, TenantDirectoryUnavailable, TenantRecord, TenantStatus};
use crate::{TenantId, TenantSlug};

/// Tenants in the memory of this process: for tests, for services with few tenants, and for those that load all at
/// start. Cheap to clone; clones share the tenants.
///
/// ```
/// use tenancy_core::{MemoryDirectory, TenantId, TenantRecord, TenantStatus};
///
/// let directory = MemoryDirectory::new();
/// let acme = TenantRecord::new(TenantId::parse("acme")?);
/// directory.add(acme.clone())?;
/// // From now on requests of acme are refused.
/// directory.set_status(acme.id(), TenantStatus::Suspended)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemoryDirectory(Arc<Tenants>);

struct Tenants {
    by_id: Index,
    /// Those that have a slug.
    by_slug: Index,
    /// Held by who changes something, so that others find what they decide by as it was.
    changing: Mutex<()>,
}

/// A record cannot be kept beside those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordConflict {
    /// There is a tenant with this id.
    #[error("there is a tenant with this id")]
    IdTaken,
    /// Another tenant has this slug.
    #[error("another tenant has this slug")]
    SlugTaken,
    /// There is no tenant with this id.
    #[error("there is no tenant with this id")]
    Unknown,
}

impl MemoryDirectory {
    /// A directory without tenants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tenant.
    ///
    /// # Errors
    /// When there is one with its id, or another has its slug. Nothing is changed then.
    pub fn add(&self, record: TenantRecord) -> Result<(), RecordConflict> {
        let _changing = self.0.change();
        if self.0.of_id(record.id()).is_some() {
            return Err(RecordConflict::IdTaken);
        }
        self.0.put(record)
    }

    /// Replaces all that is known about the tenant with the id of `record`, its slug and plan included. For its status alone
    /// there is [`set_status`](Self::set_status).
    ///
    /// # Errors
    /// When there is no such tenant, or another has its slug. Nothing is changed then.
    pub fn change(&self, record: TenantRecord) -> Result<(), RecordConflict> {
        let _changing = self.0.change();
        if self.0.of_id(record.id()).is_none() {
            return Err(RecordConflict::Unknown);
        }
        self.0.put(record)
    }

    /// Changes the status of a tenant, and nothing else that is known about it.
    ///
    /// # Errors
    /// When there is no such tenant.
    ///
    /// ```
    /// use tenancy_core::{MemoryDirectory, TenantId, TenantRecord, TenantStatus};
    ///
    /// let acme = TenantId::parse("acme")?;
    /// let directory = MemoryDirectory::new();
    /// directory.add(TenantRecord::new(acme.clone()).with_plan("business"))?;
    /// directory.set_status(&acme, TenantStatus::Suspended)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_status(&self, id: &TenantId, status: TenantStatus) -> Result<(), RecordConflict> {
        let _changing = self.0.change();
        let known = self.0.of_id(id).ok_or(RecordConflict::Unknown)?;
        self.0.put(known.with_status(status))
    }

    /// Forgets a tenant, which is unknown from now on, and says whether it was there.
    pub fn remove(&self, id: &TenantId) -> bool {
        let _changing = self.0.change();
        let Some(record) = self.0.by_id.remove(id.as_str()) else {
            return false;
        };
        if let Some(slug) = record.slug() {
            self.0.by_slug.remove(slug.as_str());
        }
        true
    }
}

impl Default for MemoryDirectory {
    fn default() -> Self {
        let by_id = Index::by(|record| record.id().as_str());
        let by_slug = Index::by(|record| record.slug().map_or("", TenantSlug::as_str));
        Self(Arc::new(Tenants {
            by_id,
            by_slug,
            changing: Mutex::default(),
        }))
    }
}

impl Tenants {
    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_id(&self, id: &TenantId) -> Option<TenantRecord> {
        self.by_id.find(id.as_str())
    }

    fn of_slug(&self, slug: &TenantSlug) -> Option<TenantRecord> {
        self.by_slug.find(slug.as_str())
    }

    fn put(&self, record: TenantRecord) -> Result<(), RecordConflict> {
        let slug = record.slug().cloned();
        if let Some(slug) = &slug {
            let holder = self.of_slug(slug);
            if holder.is_some_and(|holder| holder.id() != record.id()) {
                return Err(RecordConflict::SlugTaken);
            }
            self.by_slug.put(record.clone());
        }
        let former = self.by_id.put(record);
        if let Some(former) = former.as_ref().and_then(TenantRecord::slug)
            && Some(former) != slug.as_ref()
        {
            self.by_slug.remove(former.as_str());
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl TenantDirectory for MemoryDirectory {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        Ok(self.0.of_id(id))
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        Ok(self.0.of_slug(slug))
    }
}

/// Says how many there are, not which.
impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenants = self.0.by_id.len();
        f.debug_struct("MemoryDirectory")
            .field("tenants", &tenants)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, slug: &str) -> TenantRecord {
        let slug = TenantSlug::parse(slug).unwrap();
        TenantRecord::new(TenantId::parse(id).unwrap()).with_slug(slug)
    }

    async fn holder(directory: &MemoryDirectory, slug: &str) -> Option<String> {
        let slug = TenantSlug::parse(slug).unwrap();
        let record = directory.by_slug(&slug).await.unwrap();
        record.map(|record| record.id().to_string())
    }

    #[tokio::test]
    async fn a_slug_has_one_holder_and_follows_it() {
        let directory = MemoryDirectory::new();
        directory.add(record("1", "acme")).unwrap();
        directory.add(record("2", "globex")).unwrap();
        assert_eq!(
            directory.add(record("1", "other")),
            Err(RecordConflict::IdTaken)
        );
        assert_eq!(
            directory.add(record("3", "acme")),
            Err(RecordConflict::SlugTaken)
        );
        assert_eq!(
            directory.change(record("2", "acme")),
            Err(RecordConflict::SlugTaken)
        );
        assert_eq!(
            directory.change(record("3", "new")),
            Err(RecordConflict::Unknown)
        );
        assert_eq!(
            holder(&directory, "new").await,
            None,
            "a refused change changes nothing"
        );
        assert_eq!(holder(&directory, "globex").await.as_deref(), Some("2"));

        directory.change(record("1", "acme-eu")).unwrap();
        assert_eq!(holder(&directory, "acme").await, None);
        assert_eq!(holder(&directory, "acme-eu").await.as_deref(), Some("1"));
        directory.change(record("2", "acme")).unwrap();
        assert_eq!(holder(&directory, "acme").await.as_deref(), Some("2"));

        assert!(directory.remove(&TenantId::parse("2").unwrap()));
        assert!(!directory.remove(&TenantId::parse("2").unwrap()));
        assert_eq!(holder(&directory, "acme").await, None);
        let id = TenantId::parse("1").unwrap();
        assert!(directory.by_id(&id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_status_changes_alone_and_is_seen_by_id_and_by_slug() {
        let directory = MemoryDirectory::new();
        directory.add(record("1", "acme").with_plan("pro")).unwrap();
        let (id, slug) = (TenantId::parse("1").unwrap(), TenantSlug::parse("acme"));
        let slug = slug.unwrap();
        for status in [TenantStatus::Suspended, TenantStatus::Active] {
            directory.set_status(&id, status).unwrap();
            let by_id = directory.by_id(&id).await.unwrap().unwrap();
            let by_slug = directory.by_slug(&slug).await.unwrap().unwrap();
            assert_eq!(by_id, by_slug);
            assert_eq!((by_id.status(), by_id.plan()), (status, Some("pro")));
        }
        let nobody = TenantId::parse("2").unwrap();
        assert_eq!(
            directory.set_status(&nobody, TenantStatus::Active),
            Err(RecordConflict::Unknown)
        );
    }

    /// Also where they are the same as far as an id is kept in place, or are kept in different ways.
    #[tokio::test]
    async fn ids_that_begin_alike_are_different_tenants() {
        let directory = MemoryDirectory::new();
        let ids = [39, 40, 41, 60, 254, 255].map(|length| "x".repeat(length));
        let ends = ids
            .iter()
            .flat_map(|id| [format!("{}y", &id[1..]), id.clone()]);
        let ids: Vec<_> = ends.map(|id| TenantId::parse(&id).unwrap()).collect();
        for id in &ids {
            let record = TenantRecord::new(id.clone()).with_plan(id.as_str());
            directory.add(record).unwrap();
        }
        for id in &ids {
            let record = directory.by_id(id).await.unwrap().unwrap();
            assert_eq!((record.id(), record.plan()), (id, Some(id.as_str())));
        }
        assert!(directory.remove(&ids[5]));
        for id in &ids {
            let is_there = directory.by_id(id).await.unwrap().is_some();
            assert_eq!(is_there, *id != ids[5]);
        }
    }

    #[tokio::test]
    async fn two_tenants_change_slugs_by_way_of_a_third() {
        let directory = MemoryDirectory::new();
        directory.add(record("1", "a")).unwrap();
        directory.add(record("2", "b")).unwrap();
        directory.change(record("1", "c")).unwrap();
        directory.change(record("2", "a")).unwrap();
        directory.change(record("1", "b")).unwrap();
        // The same slug again, and none any more.
        directory.change(record("1", "b").with_plan("new")).unwrap();
        assert_eq!(holder(&directory, "a").await.as_deref(), Some("2"));
        assert_eq!(holder(&directory, "b").await.as_deref(), Some("1"));
        assert_eq!(holder(&directory, "c").await, None);
        let slug = TenantSlug::parse("b").unwrap();
        let found = directory.by_slug(&slug).await.unwrap().unwrap();
        assert_eq!(found.plan(), Some("new"));
        let without = TenantRecord::new(TenantId::parse("1").unwrap());
        directory.change(without).unwrap();
        assert_eq!(holder(&directory, "b").await, None);
        directory.add(record("3", "b")).unwrap();
        assert_eq!(holder(&directory, "b").await.as_deref(), Some("3"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_tenant_is_found_while_others_are_added_and_removed() {
        let directory = MemoryDirectory::new();
        directory.add(record("first", "first")).unwrap();
        let changed = directory.clone();
        let changing = tokio::task::spawn_blocking(move || {
            for number in 0..20_000 {
                let (id, slug) = (number.to_string(), format!("slug-{number}"));
                changed.add(record(&id, &slug)).unwrap();
            }
            for number in (0..20_000).step_by(2) {
                assert!(changed.remove(&TenantId::parse(&number.to_string()).unwrap()));
            }
        });
        while !changing.is_finished() {
            assert_eq!(holder(&directory, "first").await.as_deref(), Some("first"));
        }
        changing.await.unwrap();
        for number in 0..20_000 {
            let id = TenantId::parse(&number.to_string()).unwrap();
            let is_there = directory.by_id(&id).await.unwrap().is_some();
            assert_eq!(is_there, number % 2 == 1, "{number}");
            let by_slug = holder(&directory, &format!("slug-{number}")).await;
            assert_eq!(by_slug.is_some(), is_there, "{number}");
        }
    }
}
