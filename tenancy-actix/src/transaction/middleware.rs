//! `TransactionMiddleware`, which ends the transaction of each request.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpMessage};
use futures_util::future::LocalBoxFuture;
use tenancy_sqlx::{TenantPool, UnitOfWork};

use crate::response;

/// A middleware that gives each request a transaction, for handlers that ask for a
/// [`RequestTransaction`](crate::RequestTransaction). Give it to `App::wrap`.
///
/// What the handler answers decides. A status below 400 commits, and the answer goes out when the database has
/// confirmed it. Any other status rolls back, and so do a panic, an error of an inner middleware, and a client that goes away
/// where actix-web drops its handler. Requests whose handlers do not ask cost no connection.
///
/// When the commit fails, the client gets status 500 with a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) in place of the answer, or 503 where the database says that another attempt may
/// succeed, and the cause is logged. It gets 500 too when the
/// handler has answered and something else, such as a spawned task or the body of the answer, still has the transaction.
///
/// It stands behind [`TenantMiddleware`](crate::TenantMiddleware). In front of it works too, but then what is recorded of a
/// request is what was answered before the commit.
#[derive(Debug, Clone)]
pub struct TransactionMiddleware {
    pool: TenantPool,
}

impl TransactionMiddleware {
    /// A middleware that begins transactions in `pool`.
    pub fn new(pool: TenantPool) -> Self {
        Self { pool }
    }
}

impl<S, B> Transform<S, ServiceRequest> for TransactionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = TransactionService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let pool = self.pool.clone();
        ready(Ok(TransactionService { pool, inner }))
    }
}

/// The service that [`TransactionMiddleware`] makes.
#[derive(Debug)]
pub struct TransactionService<S> {
    pool: TenantPool,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for TransactionService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let work = UnitOfWork::new(self.pool.clone());
        request.extensions_mut().insert(work.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            // Dropped here, by an error or with this future, the work is rolled back.
            let answer = answer.await?;
            if answer.status() >= StatusCode::BAD_REQUEST {
                work.roll_back();
                return Ok(answer.map_into_left_body());
            }
            if let Err(error) = work.commit().await {
                let problem = tenancy_sqlx::problem_of_commit(&error);
                let unserved = answer.into_response(response::unserved(problem));
                return Ok(unserved.map_into_right_body());
            }
            Ok(answer.map_into_left_body())
        })
    }
}
