//! `TenantRecord`, what a directory knows about a tenant.

use std::fmt;
use std::sync::Arc;

use crate::text::Text;
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
#[derive(Clone, PartialEq, Eq)]
pub struct TenantRecord(Arc<Known>);

/// In one place, because a request of one tenant among a million finds none of it in the caches of the processor. In this
/// order, because each request reads the id and the status, which follow what the `Arc` counts.
#[derive(Clone, PartialEq, Eq)]
#[repr(C)]
struct Known {
    id: TenantId,
    status: TenantStatus,
    slug: Option<TenantSlug>,
    plan: Option<Text<24>>,
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
        Self(Arc::new(Known {
            id,
            slug: None,
            status: TenantStatus::Active,
            plan: None,
        }))
    }

    /// The same with this slug.
    pub fn with_slug(mut self, slug: TenantSlug) -> Self {
        Arc::make_mut(&mut self.0).slug = Some(slug);
        self
    }

    /// The same with this status.
    pub fn with_status(mut self, status: TenantStatus) -> Self {
        Arc::make_mut(&mut self.0).status = status;
        self
    }

    /// The same on the plan of this name.
    pub fn with_plan(mut self, plan: &str) -> Self {
        Arc::make_mut(&mut self.0).plan = Some(plan.into());
        self
    }

    /// Which tenant it is.
    pub fn id(&self) -> &TenantId {
        &self.0.id
    }

    /// Its name in hosts and paths, if it has one.
    pub fn slug(&self) -> Option<&TenantSlug> {
        self.0.slug.as_ref()
    }

    /// Whether it is served.
    pub fn status(&self) -> TenantStatus {
        self.0.status
    }

    /// The name of the plan that it has booked.
    pub fn plan(&self) -> Option<&str> {
        self.0.plan.as_ref().map(Text::as_str)
    }
}

impl fmt::Debug for TenantRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known {
            id,
            slug,
            status,
            plan,
        } = &*self.0;
        f.debug_struct("TenantRecord")
            .field("id", id)
            .field("slug", slug)
            .field("status", status)
            .field("plan", plan)
            .finish()
    }
}
