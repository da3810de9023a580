//! `TenantContext`, the one value that says for whom a piece of work is done.

use std::fmt;
use std::sync::Arc;

use crate::claims::Claims;
use crate::scope::{Scope, TableCatalog};
use crate::{SubjectId, TenantId, UnixTime, Verified};

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
    Token(Claims),
    Assumed { tenant: TenantId, reason: String },
}

impl TenantContext {
    pub(crate) fn admitted(claims: Verified<Claims>) -> Self {
        Self(Arc::new(Origin::Token(claims.into_inner())))
    }

    pub(crate) fn assumed(tenant: TenantId, reason: String) -> Self {
        Self(Arc::new(Origin::Assumed { tenant, reason }))
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        match &*self.0 {
            Origin::Token(claims) => claims.tenant(),
            Origin::Assumed { tenant, .. } => tenant,
        }
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
            Origin::Token(claims) => Some(claims),
            Origin::Assumed { .. } => None,
        }
    }

    /// A query builder for this tenant over the tables of `catalog`.
    pub fn scope<'a>(&self, catalog: &'a TableCatalog) -> Scope<'a> {
        Scope::new(self.tenant().clone(), catalog)
    }
}

impl fmt::Debug for TenantContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TenantContext");
        debug.field("tenant", &self.tenant().as_str());
        match &*self.0 {
            Origin::Token(claims) => debug.field("issuer", &claims.issuer()),
            Origin::Assumed { reason, .. } => debug.field("assumed", reason),
        };
        debug.finish_non_exhaustive()
    }
}
