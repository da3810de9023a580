//! `TenantService`, the plumbing around the decision of `Admission`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Request, Response};
use tenancy_core::{Admission, Admitted, Permit, Refusal, Visit};
use tower_service::Service;
use tracing::Instrument as _;

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
            let permit = match enter(admitted, &visit, &mut parts.extensions) {
                Ok(permit) => permit,
                Err(refusal) => {
                    let is_call = grpc::is_call(&parts.method, parts.version, &parts.headers);
                    let mut response = response::refused(refusal, is_call);
                    response::end(visit, &mut response);
                    return Ok(response);
                }
            };
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

/// Lets a request in that was admitted. What stands behind finds there for whom.
fn enter(
    admitted: Result<Admitted, Refusal>,
    visit: &Visit,
    extensions: &mut Extensions,
) -> Result<Permit, Refusal> {
    let permit = match admitted? {
        Admitted::For(context, permit) => {
            extensions.insert(context);
            permit
        }
        Admitted::Anonymous | Admitted::Exempt => Permit::default(),
    };
    extensions.insert(visit.context());
    Ok(permit)
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::sync::{Arc, Mutex};

    use tenancy_core::{ApiKeys, AuditEvent, AuditOutcome, AuditSink, MemoryApiKeys};

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Written(Arc<Mutex<Vec<AuditEvent>>>);

    impl AuditSink for Written {
        fn record(&self, event: &AuditEvent) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    /// As a service of tower may, and none of axum does.
    #[derive(Clone)]
    struct Ends(Result<(), &'static str>);

    impl Service<Request<()>> for Ends {
        type Response = Response<String>;
        type Error = &'static str;
        type Future = Ready<Result<Response<String>, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(self.0.map(|()| Response::new(String::new())))
        }
    }

    #[tokio::test]
    async fn a_service_that_gives_an_error_has_failed() {
        for (ends, outcome, status) in [
            (Ok(()), AuditOutcome::Allowed, Some(200)),
            (Err("gone"), AuditOutcome::Failed, None),
        ] {
            let written = Written::default();
            let nobody = Admission::api_keys_only(ApiKeys::new(MemoryApiKeys::new()));
            let admission = nobody.optional().audit(written.clone());
            let answer = TenantService::new(admission, Ends(ends)).call(Request::new(()));
            assert_eq!(answer.await.map(drop), ends);
            let events = written.0.lock().unwrap();
            let told: Vec<_> = events.iter().map(|it| (it.outcome, it.status)).collect();
            assert_eq!(told, [(outcome, status)]);
        }
    }
}
