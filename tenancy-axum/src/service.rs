//! `TenantService`, the plumbing around the decision of `Admission`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_core::{Admission, Admitted, Permit, WeakPermit};
use tower_service::Service;
use tracing::Instrument as _;

use crate::door::Door;
use crate::{CountedBody, RefusalBody, grpc, head::Head, response};

/// The service that [`TenantLayer`](crate::TenantLayer) makes.
#[derive(Debug, Clone)]
pub struct TenantService<S> {
    admission: Admission,
    inner: S,
}

impl<S> TenantService<S> {
    pub(crate) fn new(admission: Admission, inner: S) -> Self {
        Self { admission, inner }
    }
}

impl<S, B, R> Service<Request<B>> for TenantService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: RefusalBody,
{
    type Response = Response<CountedBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone is not known to be ready; the service that was polled is.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let admission = self.admission.clone();
        let (mut parts, body) = request.into_parts();
        Box::pin(async move {
            let (visit, admitted) = admission.visit(&Head(&parts)).await;
            let mut permit = Permit::default();
            match admitted {
                Ok(Admitted::For(context, its)) => {
                    parts.extensions.insert(context);
                    parts.extensions.insert(Door(admission, its.downgrade()));
                    permit = its;
                }
                Ok(Admitted::Anonymous) => {
                    parts
                        .extensions
                        .insert(Door(admission, WeakPermit::default()));
                }
                Ok(Admitted::Exempt) => {}
                Err(refusal) => {
                    let is_call = grpc::is_call(&parts.method, parts.version, &parts.headers);
                    let mut response = response::refused(&admission, refusal, is_call);
                    response::end(visit, &mut response);
                    return Ok(response);
                }
            }
            parts.extensions.insert(visit.context());
            let span = visit.span().clone();
            let served = span.in_scope(|| inner.call(Request::from_parts(parts, body)));
            match served.instrument(span.clone()).await {
                Ok(mut response) => {
                    response::add(permit.fields(), response.headers_mut());
                    response::end(visit, &mut response);
                    Ok(response.map(|body| CountedBody::new(body, permit, span)))
                }
                Err(error) => {
                    visit.fail();
                    Err(error)
                }
            }
        })
    }
}
