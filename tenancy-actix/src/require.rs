//! `Require`, the extractor that asks more of a request than a tenant.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use tenancy_core::{Admission, Refusal, Requirement, TenantContext};

use crate::{TenantRejection, admission, response};

/// Takes the tenant of the request if its subject has what `R` requires; otherwise the handler is not reached.
///
/// ```
/// use tenancy_actix::Require;
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
/// It decides and answers as [`GuardMiddleware`](crate::GuardMiddleware) does, which stands on scopes and resources instead of in
/// signatures. In front of both stands [`TenantMiddleware`](crate::TenantMiddleware).
///
/// # Errors
/// [`RequireRejection`]: 403 `insufficient_scope`, or the answer for a missing credential where
/// [those are optional](tenancy_core::Admission::optional). Status 500, as for [`Tenant`](crate::Tenant), when the route has no
/// `TenantMiddleware` or its path is exempt.
pub struct Require<R: Requirement>(pub TenantContext, pub PhantomData<fn() -> R>);

impl<R: Requirement> FromRequest for Require<R> {
    type Error = RequireRejection;
    type Future = Ready<Result<Self, RequireRejection>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(required::<R>(request).map(|tenant| Self(tenant, PhantomData)))
    }
}

fn required<R: Requirement>(request: &HttpRequest) -> Result<TenantContext, RequireRejection> {
    let extensions = request.extensions();
    let Some(admission) = admission::of(&extensions) else {
        let rejection = TenantRejection::not_admitted(request.path());
        return Err(RequireRejection(Cause::NotAdmitted(rejection)));
    };
    let tenant = admission.guard(&R::guard(), extensions.get());
    let denied = |refusal| RequireRejection(Cause::Denied(admission.clone(), refusal));
    tenant.cloned().map_err(denied)
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
}

impl fmt::Display for RequireRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Denied(_, refusal) => refusal.fmt(f),
            Cause::NotAdmitted(rejection) => rejection.fmt(f),
        }
    }
}

impl ResponseError for RequireRejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        match &self.0 {
            Cause::Denied(admission, refusal) => response::refused(admission, refusal.clone()),
            Cause::NotAdmitted(rejection) => rejection.error_response(),
        }
    }
}
