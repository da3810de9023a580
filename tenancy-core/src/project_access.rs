//! `ProjectAccess`, who may enter which project, where tokens do not say so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ProjectId, TenantContext};

/// Knows who may enter which project of a tenant, for services that keep memberships in a database of theirs.
/// [`Admission::project_access`](crate::Admission::project_access) asks it about every request that is for a project.
///
/// ```
/// use tenancy_core::{ProjectAccess, ProjectAccessUnavailable, ProjectId, TenantContext};
///
/// /// Everybody may enter the playground, and those of support every project.
/// #[derive(Debug)]
/// struct Access;
///
/// #[async_trait::async_trait]
/// impl ProjectAccess for Access {
///     async fn may_enter(
///         &self,
///         tenant: &TenantContext,
///         project: &ProjectId,
///     ) -> Result<bool, ProjectAccessUnavailable> {
///         let is_of_support = tenant.roles().iter().any(|role| role == "Support");
///         Ok(is_of_support || project.as_str() == "playground")
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait ProjectAccess: fmt::Debug + Send + Sync {
    /// Whether the [subject](TenantContext::subject) of `tenant` may enter `project` of this tenant. A project that does
    /// not exist is one that nobody may enter.
    ///
    /// The context has no project yet, and is limited to projects already: what it reads of the database is of the
    /// tenant, in tables that have no column for the project. It has no subject where a request was admitted for the
    /// [default tenant](crate::danger::default_tenant).
    ///
    /// # Errors
    /// When that cannot be found out now. The request is then refused with 503, not admitted.
    async fn may_enter(
        &self,
        tenant: &TenantContext,
        project: &ProjectId,
    ) -> Result<bool, ProjectAccessUnavailable>;
}

#[async_trait::async_trait]
impl<P: ProjectAccess + ?Sized> ProjectAccess for Arc<P> {
    async fn may_enter(
        &self,
        tenant: &TenantContext,
        project: &ProjectId,
    ) -> Result<bool, ProjectAccessUnavailable> {
        (**self).may_enter(tenant, project).await
    }
}

/// Whether somebody may enter a project cannot be found out now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("access to projects cannot be looked up: {cause}")]
pub struct ProjectAccessUnavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What happened, for logs.
    pub cause: String,
}
