//! `TransactionService`, the plumbing around a unit of work.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use tenancy_sqlx::{TenantPool, UnitOfWork};
use tower_service::Service;

use crate::{RefusalBody, grpc, response};

/// The service that [`TransactionLayer`](crate::TransactionLayer) makes.
#[derive(Debug, Clone)]
pub struct TransactionService<S> {
    pool: TenantPool,
    inner: S,
}

impl<S> TransactionService<S> {
    pub(crate) fn new(pool: TenantPool, inner: S) -> Self {
        Self { pool, inner }
    }
}

impl<S, B, R> Service<Request<B>> for TransactionService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: RefusalBody + Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let is_call = grpc::is_call(request.method(), request.version(), request.headers());
        let work = UnitOfWork::new(self.pool.clone());
        request.extensions_mut().insert(work.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            // Dropped here, by an error or with this future, the work is rolled back.
            let response = answer.await?;
            if response.status() >= StatusCode::BAD_REQUEST || grpc::has_failed(response.headers())
            {
                work.roll_back();
                return Ok(response);
            }
            if let Err(error) = work.commit().await {
                let problem = tenancy_sqlx::problem_of_commit(&error);
                return Ok(response::unserved(problem, is_call));
            }
            Ok(response)
        })
    }
}
