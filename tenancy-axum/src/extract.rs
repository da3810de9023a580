//! `Tenant` and `Subject`, the extractors.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use tenancy_core::{SubjectId, TenantContext};

use crate::Error;

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
/// `Option<Tenant>` is for handlers that also serve exempt paths, where nobody looks at credentials, or requests
/// without one, where tenants are [optional](tenancy_core::Admission::optional): there it is `None`.
///
/// # Rejection
/// [`Error`], status 500, when the request was not admitted for a tenant, because the route has no
/// `TenantLayer` or its path is exempt: a fault of the service, not of the request.
#[derive(Debug, Clone)]
pub struct Tenant(pub TenantContext);

impl<S: Sync> FromRequestParts<S> for Tenant {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        admitted(parts).ok_or_else(|| Error::not_admitted(parts.uri.path()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Tenant {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(admitted(parts))
    }
}

/// Takes who acts: the subject of the request's credential, whom [`TenantLayer`](crate::TenantLayer) has admitted.
///
/// ```
/// use tenancy_axum::Subject;
///
/// async fn greet(Subject(subject): Subject) -> String {
///     format!("hello, {subject}")
/// }
/// # let _ = greet;
/// ```
///
/// `Option<Subject>` is `None` where [`Option<Tenant>`](Tenant) is.
///
/// # Rejection
/// [`Error`], status 500, as for [`Tenant`], and when the tenant was admitted without a subject.
#[derive(Debug, Clone)]
pub struct Subject(pub SubjectId);

impl<S: Sync> FromRequestParts<S> for Subject {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let path = parts.uri.path();
        let Tenant(tenant) = admitted(parts).ok_or_else(|| Error::not_admitted(path))?;
        let subject = tenant.subject().cloned().map(Self);
        subject.ok_or_else(|| Error::no_subject(path))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Subject {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        let tenant = admitted(parts);
        Ok(tenant.and_then(|Tenant(tenant)| tenant.subject().cloned().map(Self)))
    }
}

fn admitted(parts: &Parts) -> Option<Tenant> {
    parts.extensions.get::<TenantContext>().cloned().map(Tenant)
}
