//! `TenantContext`, the one value that says for whom a piece of work is done.

use std::fmt;
use std::sync::Arc;

use crate::claims::Claims;
use crate::scope::{Scope, TableCatalog};
use crate::{
    ProjectId, Refusal, RefusalCause, SubjectId, TenantId, TenantRecord, UnixTime, Verified, watch,
};

/// For which tenant, and for whom in it, a request or job acts.
///
/// Only [`Admission`](crate::Admission) makes one, from verified claims; jobs, tests and tools say so with
/// [`danger::assume`](crate::danger::assume). It is passed as an argument: nothing is kept in a task-local,
/// which a spawned task would lose and a stream would outlive. Cheap to clone.
///
/// ```
/// use tenancy_core::{TenantContext, TenantId, danger};
///
/// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
/// assert_eq!(job.tenant().as_str(), "acme");
/// assert!(job.subject().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TenantContext(Arc<Origin>);

/// Where the tenant came from.
enum Origin {
    Token {
        tenant: TenantId,
        claims: Claims,
        record: Option<TenantRecord>,
    },
    Assumed {
        tenant: TenantId,
        reason: String,
        record: Option<TenantRecord>,
    },
}

impl TenantContext {
    /// For `tenant`, which has to be one of those that the claims are for.
    pub(crate) fn admitted(
        claims: Verified<Claims>,
        tenant: TenantId,
        record: Option<TenantRecord>,
    ) -> Self {
        Self(Arc::new(Origin::Token {
            tenant,
            claims: claims.into_inner(),
            record,
        }))
    }

    pub(crate) fn assumed(tenant: TenantId, reason: String, record: Option<TenantRecord>) -> Self {
        Self(Arc::new(Origin::Assumed {
            tenant,
            reason,
            record,
        }))
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        match &*self.0 {
            Origin::Token { tenant, .. } | Origin::Assumed { tenant, .. } => tenant,
        }
    }

    /// What the directory knew about the tenant when the request was admitted. `None` where admission has no
    /// [`directory`](crate::Admission::directory).
    pub fn record(&self) -> Option<&TenantRecord> {
        match &*self.0 {
            Origin::Token { record, .. } | Origin::Assumed { record, .. } => record.as_ref(),
        }
    }

    /// The project within the tenant, if the token names one.
    pub fn project(&self) -> Option<&ProjectId> {
        self.claims().and_then(Claims::project)
    }

    /// Who acts. `None` for work that nobody asked for, such as a job.
    pub fn subject(&self) -> Option<&SubjectId> {
        self.claims().map(Claims::subject)
    }

    /// The roles of the subject in this tenant.
    pub fn roles(&self) -> &[String] {
        self.claims().map_or(&[], Claims::roles)
    }

    /// The permissions of the subject in this tenant.
    pub fn permissions(&self) -> &[String] {
        self.claims().map_or(&[], Claims::permissions)
    }

    /// Who vouches for the tenant: the issuer of the token.
    pub fn issuer(&self) -> Option<&str> {
        self.claims().map(Claims::issuer)
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.claims().map(Claims::expires_at)
    }

    /// The verified claims, for what this type does not name.
    pub fn claims(&self) -> Option<&Claims> {
        match &*self.0 {
            Origin::Token { claims, .. } => Some(claims),
            Origin::Assumed { .. } => None,
        }
    }

    /// Insists that the subject has `role` in this tenant.
    ///
    /// # Errors
    /// A refusal that answers 403 `insufficient_scope`. A job's context has no roles.
    pub fn require_role(&self, role: &str) -> Result<(), Refusal> {
        require(self.roles(), role)
    }

    /// Insists that the subject has `permission` in this tenant.
    ///
    /// # Errors
    /// A refusal that answers 403 `insufficient_scope`. A job's context has no permissions.
    ///
    /// ```
    /// use tenancy_core::{RefusalKind, TenantId, danger};
    ///
    /// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
    /// let refusal = job.require_permission("reports.write").unwrap_err();
    /// assert_eq!(refusal.kind(), RefusalKind::InsufficientScope);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require_permission(&self, permission: &str) -> Result<(), Refusal> {
        require(self.permissions(), permission)
    }

    /// A query builder for this tenant over the tables of `catalog`.
    pub fn scope<'a>(&self, catalog: &'a TableCatalog) -> Scope<'a> {
        Scope::new(self.tenant().clone(), self.project(), catalog)
    }
}

/// Compared byte for byte: there are no wildcards, and `admin` is not `Admin`.
fn require(granted: &[String], needed: &str) -> Result<(), Refusal> {
    if granted.iter().any(|one| one == needed) {
        return Ok(());
    }
    let needed = needed.to_owned();
    let refusal = Refusal::from(RefusalCause::Lacking { needed });
    watch::refusal(refusal.kind().code());
    Err(refusal)
}

impl fmt::Debug for TenantContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TenantContext");
        debug.field("tenant", &self.tenant().as_str());
        match &*self.0 {
            Origin::Token { claims, .. } => debug.field("issuer", &claims.issuer()),
            Origin::Assumed { reason, .. } => debug.field("assumed", reason),
        };
        debug.finish_non_exhaustive()
    }
}
