//! `Tenant`, the extractor.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::TenantContext;

use crate::TenantRejection;

/// Takes the tenant of the request, which [`TenantLayer`](crate::TenantLayer) has admitted.
///
/// ```
/// use tenancy_axum::Tenant;
///
/// async fn whoami(Tenant(tenant): Tenant) -> String {
///     format!("you are in {}", tenant.tenant())
/// }
/// # let _ = whoami;
/// ```
///
/// # Rejection
/// [`TenantRejection`], status 500, when the route has no `TenantLayer` or its path is exempt: a fault of the
/// service, not of the request.
#[derive(Debug, Clone)]
pub struct Tenant(pub TenantContext);

impl<S: Sync> FromRequestParts<S> for Tenant {
    type Rejection = TenantRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, TenantRejection> {
        let context = parts.extensions.get::<TenantContext>().cloned();
        context
            .map(Self)
            .ok_or_else(|| TenantRejection::not_admitted(parts.uri.path()))
    }
}
