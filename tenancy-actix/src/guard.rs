//! `GuardMiddleware`, which asks more of a request than a tenant.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage, HttpResponse};
use futures_util::future::LocalBoxFuture;
use tenancy_core::{Guard, Problem, TenantContext};

use crate::{admission, response};

/// A middleware that lets requests through whose subject has what a [`Guard`] needs.
///
/// It stands behind [`TenantMiddleware`](crate::TenantMiddleware), on a scope, a resource or a route. It has nothing to do
/// with `actix_web::guard`, which chooses among routes.
///
/// ```
/// use actix_web::{App, web};
/// use tenancy_actix::{GuardMiddleware, TenantMiddleware};
/// use tenancy_core::Guard;
///
/// # fn app(admission: tenancy_core::Admission) {
/// let admin = web::scope("/admin")
///     .route("/members", web::get().to(|| async { "members" }))
///     .wrap(GuardMiddleware::new(Guard::any_role(["Owner", "Admin"])));
/// let notes = web::resource("/notes")
///     .get(|| async { "notes" })
///     .wrap(GuardMiddleware::new(Guard::permission("notes.read")));
///
/// App::new().service(admin).service(notes).wrap(TenantMiddleware::new(admission));
/// # }
/// ```
///
/// A denied request never reaches the handler. Its answer is 403 `insufficient_scope`, or the one for a missing
/// credential where [those are optional](tenancy_core::Admission::optional). Where no tenant middleware is outside, or the
/// path is exempt, the answer is 500, and the developer finds a sentence in the logs.
#[derive(Debug, Clone)]
pub struct GuardMiddleware {
    guard: Guard,
}

impl GuardMiddleware {
    /// A middleware that asks `guard`.
    pub fn new(guard: Guard) -> Self {
        Self { guard }
    }
}

impl<S, B> Transform<S, ServiceRequest> for GuardMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = GuardService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let guard = self.guard.clone();
        ready(Ok(GuardService { guard, inner }))
    }
}

/// The service that [`GuardMiddleware`] makes.
#[derive(Debug)]
pub struct GuardService<S> {
    guard: Guard,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for GuardService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if let Some(response) = refused(&self.guard, &request) {
            let response = request.into_response(response).map_into_right_body();
            return Box::pin(ready(Ok(response)));
        }
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map_into_left_body()) })
    }
}

/// The answer to a request that must not pass.
fn refused(guard: &Guard, request: &ServiceRequest) -> Option<HttpResponse> {
    let extensions = request.extensions();
    let Some(admission) = admission::of(&extensions) else {
        tracing::error!(
            target: "tenancy::service",
            path = request.path(),
            "a route has a `GuardMiddleware` and no `TenantMiddleware` outside it: wrap the app in one, or take the path \
             out of `Admission::exempt`"
        );
        return Some(response::unserved(Problem::Internal));
    };
    let tenant = extensions.get::<TenantContext>();
    let refusal = admission.guard(guard, tenant).err()?;
    Some(response::refused(refusal))
}
