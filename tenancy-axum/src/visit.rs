//! `Visit`, the extractor for what a handler wants to know of its request, beside its tenant.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::VisitContext;

use crate::Error;

/// Takes what is known of the request: its id, the address of the client, and its place in the audit log.
///
/// ```
/// use tenancy_axum::{Tenant, Visit};
/// use tenancy_core::AuditOutcome;
///
/// async fn delete_note(Tenant(tenant): Tenant, Visit(visit): Visit) -> String {
///     // …
///     visit.audit("note.delete", "note/5", AuditOutcome::Allowed);
///     format!("deleted a note of {} in request {}", tenant.tenant(), visit.request_id())
/// }
/// # let _ = delete_note;
/// ```
///
/// It is there on exempt paths and without a credential too.
///
/// # Rejection
/// [`Error`], status 500, when the route has no [`TenantLayer`](crate::TenantLayer).
#[derive(Debug, Clone)]
pub struct Visit(pub VisitContext);

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let visit = parts.extensions.get().cloned().map(Self);
        visit.ok_or_else(|| Error::no_visit(parts.uri.path()))
    }
}
