//! `RequestTransaction`, the extractor.

use std::ops::{Deref, DerefMut};

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::TenantContext;
use tenancy_sqlx::{LentTransaction, TenantTransaction, UnitOfWork};

use crate::Error;

/// The transaction of the request, for its tenant: committed when the handler answers with a status below 400, rolled
/// back otherwise. [`TransactionLayer`](crate::TransactionLayer) does that, before the answer goes out.
///
/// ```no_run
/// use axum::http::StatusCode;
/// use axum::{Router, routing::post};
/// use tenancy_axum::{Error, RequestTransaction, TenantLayer, TransactionLayer};
///
/// async fn add(mut transaction: RequestTransaction, body: String) -> Result<StatusCode, Error> {
///     sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $2)")
///         .bind(transaction.tenant().to_string())
///         .bind(body)
///         .execute(&mut *transaction)
///         .await?;
///     Ok(StatusCode::CREATED)
/// }
///
/// # fn app(pool: tenancy_sqlx::TenantPool, admission: tenancy_core::Admission) -> Router {
/// Router::new()
///     .route("/notes", post(add))
///     .layer(TransactionLayer::new(pool))
///     .layer(TenantLayer::new(admission))
/// # }
/// ```
///
/// It begins when it is extracted. A middleware that has extracted it and let it go leaves it to the handler, as the
/// same transaction. Whoever needs another isolation level, or an end of their own, takes a
/// [`TenantPool`](tenancy_sqlx::TenantPool) from the state instead.
///
/// What a handler sets off is on its way before this commits: put the [envelope](tenancy_core::JobEnvelopes) of a job, and what
/// is to be done, into a table by the same transaction, so that no worker comes too early, or for what was rolled back.
///
/// # Rejection
/// [`Error`]: status 500 when the route has no `TransactionLayer`, when no tenant was admitted, or when
/// the transaction is in use, such as by another argument of the handler; 503 when no connection is to be had.
#[derive(Debug)]
pub struct RequestTransaction(LentTransaction);

impl<S: Sync> FromRequestParts<S> for RequestTransaction {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let path = parts.uri.path();
        let work = parts.extensions.get::<UnitOfWork>();
        let work = work.ok_or_else(|| Error::no_transaction(path))?;
        let tenant = parts.extensions.get::<TenantContext>();
        let tenant = tenant.ok_or_else(|| Error::not_admitted(path))?;
        let transaction = work.transaction(tenant).await;
        transaction.map(Self).map_err(Error::from)
    }
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
