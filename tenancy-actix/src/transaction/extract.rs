//! `RequestTransaction`, the extractor.

use std::ops::{Deref, DerefMut};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use tenancy_core::TenantContext;
use tenancy_sqlx::{LentTransaction, TenantTransaction, UnitOfWork};

use crate::Error;

/// The transaction of the request, for its tenant: committed when the handler answers with a status below 400, rolled
/// back otherwise. [`TransactionMiddleware`](crate::TransactionMiddleware) does that, before the answer goes out.
///
/// ```no_run
/// use actix_web::{App, HttpResponse, web};
/// use tenancy_actix::{Error, RequestTransaction, TenantMiddleware, TransactionMiddleware};
///
/// async fn add(mut transaction: RequestTransaction, body: String) -> Result<HttpResponse, Error> {
///     sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $2)")
///         .bind(transaction.tenant().to_string())
///         .bind(body)
///         .execute(&mut *transaction)
///         .await?;
///     Ok(HttpResponse::Created().finish())
/// }
///
/// # fn app(pool: tenancy_sqlx::TenantPool, admission: tenancy_core::Admission) {
/// App::new()
///     .route("/notes", web::post().to(add))
///     .wrap(TransactionMiddleware::new(pool))
///     .wrap(TenantMiddleware::new(admission));
/// # }
/// ```
///
/// It begins when it is extracted. A middleware that has extracted it and let it go leaves it to the handler, as the
/// same transaction. Whoever needs another isolation level, or an end of their own, takes a
/// [`TenantPool`](tenancy_sqlx::TenantPool) from `web::Data` instead.
///
/// What a handler sets off is on its way before this commits: put the [envelope](tenancy_core::JobEnvelopes) of a job, and what
/// is to be done, into a table by the same transaction, so that no worker comes too early, or for what was rolled back.
///
/// # Errors
/// [`Error`]: status 500 when the route has no `TransactionMiddleware`, when no tenant was admitted, or
/// when the transaction is in use, such as by another argument of the handler; 503 when no connection is to be had.
#[derive(Debug)]
pub struct RequestTransaction(LentTransaction);

impl FromRequest for RequestTransaction {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let parts = parts(request);
        Box::pin(async move {
            let (work, tenant) = parts?;
            let transaction = work.transaction(&tenant).await;
            transaction.map(Self).map_err(Error::from)
        })
    }
}

/// What a transaction is made of.
fn parts(request: &HttpRequest) -> Result<(UnitOfWork, TenantContext), Error> {
    let (path, extensions) = (request.path(), request.extensions());
    let work = extensions.get().cloned();
    let work = work.ok_or_else(|| Error::no_transaction(path))?;
    let tenant = extensions.get().cloned();
    let tenant = tenant.ok_or_else(|| Error::not_admitted(path))?;
    Ok((work, tenant))
}

impl Deref for RequestTransaction {
    type Target = TenantTransaction;

    fn deref(&self) -> &TenantTransaction {
        &self.0
    }
}

impl DerefMut for RequestTransaction {
    fn deref_mut(&mut self) -> &mut TenantTransaction {
        &mut self.0
    }
}
