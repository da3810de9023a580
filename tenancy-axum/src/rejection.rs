//! `TenantRejection`, a handler asked for a tenant where none was admitted.

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

/// A handler asked for the tenant, and nothing has admitted one: the route has no
/// [`TenantLayer`](crate::TenantLayer), or its path is exempt.
///
/// The client learns nothing but status 500; the developer finds a sentence in the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantRejection(());

impl TenantRejection {
    pub(crate) fn not_admitted(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Tenant` on a route without one: add `TenantLayer` to the router, or take the path out \
             of `Admission::exempt`"
        );
        Self(())
    }

    pub(crate) fn no_subject(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Subject` where a tenant was admitted without one: take `Option<Subject>`"
        );
        Self(())
    }

    pub(crate) fn no_visit(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Visit` on a route without `TenantLayer`: add one to the router"
        );
        Self(())
    }

    pub(crate) fn no_permit(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Permit` where nothing counts: add `TenantLayer` to the router, or take the path out of \
             `Admission::exempt`"
        );
        Self(())
    }

    /// The status of the answer.
    pub fn status(self) -> u16 {
        StatusCode::INTERNAL_SERVER_ERROR.as_u16()
    }
}

impl std::fmt::Display for TenantRejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no tenant was admitted for this route")
    }
}

impl std::error::Error for TenantRejection {}

impl IntoResponse for TenantRejection {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
