//! `TenantMiddleware`, which puts admission in front of a service.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{
    Extensions, Service, ServiceRequest, ServiceResponse, Transform, forward_ready,
};
use actix_web::{Error, HttpMessage};
use futures_util::future::LocalBoxFuture;
use tenancy_core::{Admission, Admitted, Permit, Refusal, Visit};
use tracing::Instrument as _;

use crate::head::Head;
use crate::{CountedBody, response};

/// A middleware that admits requests for a tenant and refuses all others. Give it to `App::wrap`.
///
/// Handlers take the tenant with the extractor [`Tenant`](crate::Tenant). A refused request never reaches
/// them.
#[derive(Debug, Clone)]
pub struct TenantMiddleware {
    admission: Admission,
}

impl TenantMiddleware {
    /// A middleware that asks `admission`.
    pub fn new(admission: Admission) -> Self {
        Self { admission }
    }
}

impl<S, B> Transform<S, ServiceRequest> for TenantMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<CountedBody<B>>>;
    type Error = Error;
    type InitError = ();
    type Transform = TenantService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(TenantService {
            admission: self.admission.clone(),
            inner: Rc::new(service),
        }))
    }
}

/// The service that [`TenantMiddleware`] makes.
#[derive(Debug)]
pub struct TenantService<S> {
    admission: Admission,
    inner: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for TenantService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<CountedBody<B>>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let admission = self.admission.clone();
        let inner = Rc::clone(&self.inner);
        Box::pin(async move {
            let (visit, admitted) = admission.visit(&Head(&request)).await;
            let entered = enter(admitted, &visit, &mut request.extensions_mut());
            let permit = match entered {
                Ok(permit) => permit,
                Err(refusal) => {
                    let mut response = response::refused(refusal);
                    response::end(visit, &mut response);
                    return Ok(request.into_response(response).map_into_right_body());
                }
            };
            let span = visit.span().clone();
            let served = span.in_scope(|| inner.call(request));
            match served.instrument(span.clone()).await {
                Ok(mut response) => {
                    response::add(permit.fields(), response.headers_mut());
                    response::end(visit, response.response_mut());
                    let response =
                        response.map_body(|_, body| CountedBody::new(body, permit, span));
                    Ok(response.map_into_left_body())
                }
                Err(error) => {
                    // The answer that actix-web makes of it, further out.
                    let status = error.as_response_error().status_code();
                    let refusal = error.as_error().and_then(crate::Error::refusal);
                    visit.end(status.as_u16(), refusal);
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
