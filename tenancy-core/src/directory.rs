//! `TenantDirectory`, which knows the tenants that there are and whether they are served.

mod cached;
mod flights;
mod index;
mod invalidations;
mod memory;
mod record;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::cached::CachedDirectory;
pub use self::memory::{MemoryDirectory, RecordConflict};
pub use self::record::{TenantRecord, TenantStatus};
use crate::{TenantId, TenantSlug};

/// Knows the tenants that there are. [`Admission::directory`](crate::Admission::directory) asks it about every request.
///
/// [`MemoryDirectory`] keeps them in memory. Implement the trait over your own storage, and put a
/// [`CachedDirectory`] in front of it.
///
/// ```
/// use tenancy_core::{TenantDirectory, TenantDirectoryUnavailable, TenantId, TenantRecord, TenantSlug};
///
/// /// A deployment for one customer.
/// #[derive(Debug)]
/// struct Only(TenantRecord);
///
/// #[async_trait::async_trait]
/// impl TenantDirectory for Only {
///     async fn by_id(&self, id: &TenantId) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
///         Ok(Some(&self.0).filter(|only| only.id() == id).cloned())
///     }
///
///     async fn by_slug(&self, slug: &TenantSlug) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
///         Ok(Some(&self.0).filter(|only| only.slug() == Some(slug)).cloned())
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait TenantDirectory: fmt::Debug + Send + Sync {
    /// The tenant with this id, whatever its status. `None` when there is none and never was.
    ///
    /// # Errors
    /// When that cannot be found out now. The request is then refused with 503, not admitted.
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable>;

    /// The tenant with this slug, whatever its status.
    ///
    /// # Errors
    /// As for [`by_id`](Self::by_id).
    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable>;
}

#[async_trait::async_trait]
impl<D: TenantDirectory + ?Sized> TenantDirectory for Arc<D> {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        (**self).by_id(id).await
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        (**self).by_slug(slug).await
    }
}

/// Whether a tenant exists and is served cannot be found out now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory of tenants is unavailable: {cause}")]
pub struct TenantDirectoryUnavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What happened, for logs.
    pub cause: String,
}

impl TenantDirectoryUnavailable {
    pub(crate) fn answered_for_another() -> Self {
        Self {
            retry_after: Duration::from_secs(1),
            cause: "it answered with a tenant that was not asked for".to_owned(),
        }
    }
}
