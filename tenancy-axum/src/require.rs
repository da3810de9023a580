//! `Require`, the extractor that asks more of a request than a tenant.

use std::fmt;
use std::marker::PhantomData;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use tenancy_core::{Admission, Refusal, Requirement, TenantContext};

use crate::door::Door;
use crate::{TenantRejection, response};

/// Takes the tenant of the request if its subject has what `R` requires; otherwise the handler is not reached.
///
/// ```
/// use tenancy_axum::Require;
/// use tenancy_core::{Guard, Requirement};
///
/// struct Admin;
///
/// impl Requirement for Admin {
///     fn guard() -> Guard {
///         Guard::any_role(["Owner", "Admin"])
///     }
/// }
///
/// async fn members(Require(tenant, ..): Require<Admin>) -> String {
///     format!("the members of {}", tenant.tenant())
/// }
/// # let _ = members;
/// ```
///
/// It decides and answers as [`GuardLayer`](crate::GuardLayer) does, which stands on routes and routers instead of in
/// signatures. In front of both stands [`TenantLayer`](crate::TenantLayer).
///
/// # Rejection
/// [`RequireRejection`]: 403 `insufficient_scope`, or the answer for a missing credential where
/// [those are optional](tenancy_core::Admission::optional). Status 500, as for [`Tenant`](crate::Tenant), when the route has no
/// `TenantLayer` or its path is exempt.
pub struct Require<R: Requirement>(pub TenantContext, pub PhantomData<fn() -> R>);

impl<R: Requirement, S: Sync> FromRequestParts<S> for Require<R> {
    type Rejection = RequireRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, RequireRejection> {
        let Some(Door(admission, _)) = parts.extensions.get() else {
            let rejection = TenantRejection::not_admitted(parts.uri.path());
            return Err(RequireRejection(Cause::NotAdmitted(rejection)));
        };
        match admission.guard(&R::guard(), parts.extensions.get()) {
            Ok(tenant) => Ok(Self(tenant.clone(), PhantomData)),
            Err(refusal) => Err(RequireRejection(Cause::Denied(admission.clone(), refusal))),
        }
    }
}

/// Written by hand, so that a requirement need not be `Clone`.
impl<R: Requirement> Clone for Require<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<R: Requirement> fmt::Debug for Require<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Require").field(&self.0).finish()
    }
}

/// A handler that [requires](Require) something was not reached.
#[derive(Debug, Clone)]
pub struct RequireRejection(Cause);

#[derive(Debug, Clone)]
enum Cause {
    Denied(Admission, Refusal),
    NotAdmitted(TenantRejection),
}

impl RequireRejection {
    /// The refusal, unless it is a fault of the service.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0 {
            Cause::Denied(_, refusal) => Some(refusal),
            Cause::NotAdmitted(_) => None,
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match &self.0 {
            Cause::Denied(admission, refusal) => admission.response(refusal).status(),
            Cause::NotAdmitted(rejection) => rejection.status(),
        }
    }
}

impl fmt::Display for RequireRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Denied(_, refusal) => refusal.fmt(f),
            Cause::NotAdmitted(rejection) => rejection.fmt(f),
        }
    }
}

impl std::error::Error for RequireRejection {}

impl IntoResponse for RequireRejection {
    fn into_response(self) -> Response {
        match self.0 {
            // No call of gRPC: those do not come by way of an extractor.
            Cause::Denied(admission, refusal) => response::refused(&admission, refusal, false),
            Cause::NotAdmitted(rejection) => rejection.into_response(),
        }
    }
}
