//! `Tenant`, `MaybeTenant` and `Subject`, the extractors.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use tenancy_core::{SubjectId, TenantContext};

use crate::Error;

/// Takes the tenant of the request, which [`TenantMiddleware`](crate::TenantMiddleware) has admitted.
///
/// ```
/// use tenancy_actix::Tenant;
///
/// async fn whoami(Tenant(tenant): Tenant) -> String {
///     format!("you are in {}", tenant.tenant())
/// }
/// # let _ = whoami;
/// ```
///
/// # Errors
/// [`Error`], status 500, when the route has no `TenantMiddleware` or its path is exempt: a fault of
/// the service, not of the request.
#[derive(Debug, Clone)]
pub struct Tenant(pub TenantContext);

impl FromRequest for Tenant {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(
            admitted(request)
                .map(Self)
                .ok_or_else(|| Error::not_admitted(request.path())),
        )
    }
}

/// Takes the tenant of the request if one was admitted, for handlers that also serve exempt paths, where nobody
/// looks at credentials, or requests without one, where tenants are
/// [optional](tenancy_core::Admission::optional): there it is `None`.
///
/// Use it instead of `Option<Tenant>`: actix-web's `Option` turns every error into `None`.
#[derive(Debug, Clone)]
pub struct MaybeTenant(pub Option<TenantContext>);

impl FromRequest for MaybeTenant {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(admitted(request))))
    }
}

/// Takes who acts: the subject of the request's credential, whom [`TenantMiddleware`](crate::TenantMiddleware) has
/// admitted. Where there may be none, take [`MaybeTenant`] and ask it.
///
/// ```
/// use tenancy_actix::Subject;
///
/// async fn greet(Subject(subject): Subject) -> String {
///     format!("hello, {subject}")
/// }
/// # let _ = greet;
/// ```
///
/// # Errors
/// [`Error`], status 500, as for [`Tenant`], and when the tenant was admitted without a subject.
#[derive(Debug, Clone)]
pub struct Subject(pub SubjectId);

impl FromRequest for Subject {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let path = request.path();
        let tenant = admitted(request).ok_or_else(|| Error::not_admitted(path));
        ready(tenant.and_then(|tenant| {
            let subject = tenant.subject().cloned().map(Self);
            subject.ok_or_else(|| Error::no_subject(path))
        }))
    }
}

fn admitted(request: &HttpRequest) -> Option<TenantContext> {
    request.extensions().get::<TenantContext>().cloned()
}
