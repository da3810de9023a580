//! `Require`, the extractor that asks more of a request than a tenant.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use tenancy_core::{Requirement, TenantContext};

use crate::{Error, admission};

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
/// [`Error`]: 403 `insufficient_scope`, or the answer for a missing credential where
/// [those are optional](tenancy_core::Admission::optional). Status 500, as for [`Tenant`](crate::Tenant), when the route has no
/// `TenantMiddleware` or its path is exempt.
pub struct Require<R: Requirement>(pub TenantContext, pub PhantomData<fn() -> R>);

impl<R: Requirement> FromRequest for Require<R> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(required::<R>(request).map(|tenant| Self(tenant, PhantomData)))
    }
}

fn required<R: Requirement>(request: &HttpRequest) -> Result<TenantContext, Error> {
    let extensions = request.extensions();
    let admission = admission::of(&extensions);
    let admission = admission.ok_or_else(|| Error::not_admitted(request.path()))?;
    let tenant = admission.guard(&R::guard(), extensions.get())?;
    Ok(tenant.clone())
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
