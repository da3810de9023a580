//! `TenantRecord`, what a directory knows about a tenant.

use std::sync::Arc;

use crate::{TenantId, TenantSlug};

/// What a directory knows about a tenant. Cheap to clone.
///
/// ```
/// use tenancy_core::{TenantId, TenantRecord, TenantSlug, TenantStatus};
///
/// let acme = TenantRecord::new(TenantId::parse("4f5b2c")?)
///     .with_slug(TenantSlug::parse("acme")?)
///     .with_plan("business");
/// assert_eq!(acme.status(), TenantStatus::Active);
/// let suspended = acme.with_status(TenantStatus::Suspended);
/// assert_eq!(suspended.plan(), Some("business"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRecord {
    id: TenantId,
    slug: Option<TenantSlug>,
    status: TenantStatus,
    plan: Option<Arc<str>>,
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenantStatus {
    /// It is.
    Active,
    /// It is not for now, for example because it has not paid.
    Suspended,
    /// It is not any more. Its rows may still be there.
    Deleted,
}

impl TenantRecord {
    /// An active tenant without slug and plan.
    pub fn new(id: TenantId) -> Self {
        Self {
            id,
            slug: None,
            status: TenantStatus::Active,
            plan: None,
        }
    }

    /// The same with this slug.
    pub fn with_slug(self, slug: TenantSlug) -> Self {
        let slug = Some(slug);
        Self { slug, ..self }
    }

    /// The same with this status.
    pub fn with_status(self, status: TenantStatus) -> Self {
        Self { status, ..self }
    }

    /// The same on the plan of this name.
    pub fn with_plan(self, plan: &str) -> Self {
        let plan = Some(plan.into());
        Self { plan, ..self }
    }

    /// Which tenant it is.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Its name in hosts and paths, if it has one.
    pub fn slug(&self) -> Option<&TenantSlug> {
        self.slug.as_ref()
    }

    /// Whether it is served.
    pub fn status(&self) -> TenantStatus {
        self.status
    }

    /// The name of the plan that it has booked.
    pub fn plan(&self) -> Option<&str> {
        self.plan.as_deref()
    }
}
