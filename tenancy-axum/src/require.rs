//! `Require`, the extractor that asks more of a request than a tenant.

use std::fmt;
use std::marker::PhantomData;

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::{Requirement, TenantContext};

use crate::{Error, admission};

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
/// [`Error`]: 403 `insufficient_scope`, or the answer for a missing credential where
/// [those are optional](tenancy_core::Admission::optional). Status 500, as for [`Tenant`](crate::Tenant), when the route has no
/// `TenantLayer` or its path is exempt.
pub struct Require<R: Requirement>(pub TenantContext, pub PhantomData<fn() -> R>);

impl<R: Requirement, S: Sync> FromRequestParts<S> for Require<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let admission = admission::of(&parts.extensions);
        let admission = admission.ok_or_else(|| Error::not_admitted(parts.uri.path()))?;
        let tenant = admission.guard(&R::guard(), parts.extensions.get())?;
        Ok(Self(tenant.clone(), PhantomData))
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
