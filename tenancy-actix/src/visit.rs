//! `Visit`, the extractor for what a handler wants to know of its request, beside its tenant.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use tenancy_core::VisitContext;

use crate::Error;

/// Takes what is known of the request: its id, the address of the client, and its place in the audit log.
///
/// ```
/// use tenancy_actix::{Tenant, Visit};
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
/// # Errors
/// [`Error`], status 500, when the route has no [`TenantMiddleware`](crate::TenantMiddleware).
#[derive(Debug, Clone)]
pub struct Visit(pub VisitContext);

impl FromRequest for Visit {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let visit = request.extensions().get().cloned().map(Self);
        ready(visit.ok_or_else(|| Error::no_visit(request.path())))
    }
}
