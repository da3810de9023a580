//! `TenantRejection`, a handler asked for a tenant where none was admitted.

use std::fmt;

use actix_web::ResponseError;

/// A handler asked for the tenant, and nothing has admitted one: the route has no
/// [`TenantMiddleware`](crate::TenantMiddleware), or its path is exempt.
///
/// The client learns nothing but status 500; the developer finds a sentence in the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantRejection(());

impl TenantRejection {
    pub(crate) fn not_admitted(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Tenant` on a route without one: wrap the app in `TenantMiddleware`, or take the path \
             out of `Admission::exempt`"
        );
        Self(())
    }

    pub(crate) fn no_subject(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Subject` where a tenant was admitted without one: take `MaybeTenant`"
        );
        Self(())
    }

    pub(crate) fn no_visit(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `Visit` on a route without `TenantMiddleware`: wrap the app in one"
        );
        Self(())
    }
}

impl fmt::Display for TenantRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no tenant was admitted for this route")
    }
}

impl ResponseError for TenantRejection {
    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::InternalServerError().finish()
    }
}
