//! `GuardService`, the plumbing around the decision of a guard.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_core::{Guard, Problem, TenantContext};
use tower_service::Service;

use crate::{RefusalBody, admission, grpc, response};

/// The service that [`GuardLayer`](crate::GuardLayer) makes.
#[derive(Debug, Clone)]
pub struct GuardService<S> {
    guard: Guard,
    inner: S,
}

impl<S> GuardService<S> {
    pub(crate) fn new(guard: Guard, inner: S) -> Self {
        Self { guard, inner }
    }
}

impl<S, B, R> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: RefusalBody + Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match refused(&self.guard, &request) {
            Some(response) => Box::pin(std::future::ready(Ok(response))),
            None => Box::pin(self.inner.call(request)),
        }
    }
}

/// The answer to a request that must not pass.
fn refused<B, R: RefusalBody>(guard: &Guard, request: &Request<B>) -> Option<Response<R>> {
    let is_call = || grpc::is_call(request.method(), request.version(), request.headers());
    let extensions = request.extensions();
    let Some(admission) = admission::of(extensions) else {
        tracing::error!(
            target: "tenancy::service",
            path = request.uri().path(),
            "a route has a `GuardLayer` and no `TenantLayer` outside it: add one to the router, or take the path out of \
             `Admission::exempt`"
        );
        return Some(response::unserved(Problem::Internal, is_call()));
    };
    let tenant = extensions.get::<TenantContext>();
    let refusal = admission.guard(guard, tenant).err()?;
    Some(response::refused(refusal, is_call()))
}
