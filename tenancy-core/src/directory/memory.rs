//! `MemoryDirectory`, the tenants of a process that is told about them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{TenantDirectory, TenantDirectoryUnavailable, TenantRecord};
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
/// directory.change(acme.with_status(TenantStatus::Suspended))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryDirectory(Arc<RwLock<Tenants>>);

#[derive(Default)]
struct Tenants {
    records: HashMap<TenantId, TenantRecord, foldhash::quality::RandomState>,
    slugs: HashMap<TenantSlug, TenantId, foldhash::quality::RandomState>,
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
        let mut tenants = self.write();
        if tenants.records.contains_key(record.id()) {
            return Err(RecordConflict::IdTaken);
        }
        tenants.put(record)
    }

    /// Replaces what is known about the tenant with the id of `record`.
    ///
    /// # Errors
    /// When there is no such tenant, or another has its slug. Nothing is changed then.
    pub fn change(&self, record: TenantRecord) -> Result<(), RecordConflict> {
        let mut tenants = self.write();
        if !tenants.records.contains_key(record.id()) {
            return Err(RecordConflict::Unknown);
        }
        tenants.put(record)
    }

    /// Forgets a tenant, which is unknown from now on, and says whether it was there.
    pub fn remove(&self, id: &TenantId) -> bool {
        let mut tenants = self.write();
        let Some(record) = tenants.records.remove(id) else {
            return false;
        };
        if let Some(slug) = record.slug() {
            tenants.slugs.remove(slug);
        }
        true
    }

    fn read(&self) -> RwLockReadGuard<'_, Tenants> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tenants> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenants {
    fn put(&mut self, record: TenantRecord) -> Result<(), RecordConflict> {
        let id = record.id().clone();
        if let Some(slug) = record.slug() {
            if self.slugs.get(slug).is_some_and(|holder| *holder != id) {
                return Err(RecordConflict::SlugTaken);
            }
            self.slugs.insert(slug.clone(), id.clone());
        }
        let slug = record.slug().cloned();
        let former = self.records.insert(id, record);
        if let Some(former) = former.as_ref().and_then(TenantRecord::slug)
            && Some(former) != slug.as_ref()
        {
            self.slugs.remove(former);
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
        Ok(self.read().records.get(id).cloned())
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let tenants = self.read();
        let id = tenants.slugs.get(slug);
        Ok(id.and_then(|id| tenants.records.get(id)).cloned())
    }
}

/// Says how many there are, not which.
impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenants = self.read().records.len();
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
}
