//! `Error`, why a handler was not reached, or has no answer.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
#[cfg(feature = "sqlx")]
use tenancy_core::ScopeError;
use tenancy_core::{Refusal, Unserved};

use crate::response;

/// Why a handler was not reached, or has no answer.
///
/// The extractors of this crate reject with it. In a handler, `?` makes one of a [`Refusal`] and, with the feature `sqlx`, of an error of
/// `tenancy-sqlx` or sqlx:
///
#[cfg_attr(feature = "sqlx", doc = "```no_run")]
#[cfg_attr(not(feature = "sqlx"), doc = "```ignore")]
/// use axum::{Json, extract::State};
/// use tenancy_axum::{Error, Tenant};
/// use tenancy_sqlx::TenantPool;
///
/// async fn notes(Tenant(tenant): Tenant, State(pool): State<TenantPool>) -> Result<Json<Vec<String>>, Error> {
///     tenant.require_permission("notes.read")?;
///     let mut transaction = pool.read(&tenant).await?;
///     let notes = sqlx::query_scalar("SELECT body FROM note").fetch_all(&mut transaction).await?;
///     Ok(Json(notes))
/// }
/// # let _ = notes;
/// ```
///
/// The client gets a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) that says nothing of the cause, and the
/// logs get the cause.
///
/// | cause | status and code |
/// |---|---|
/// | a [`Refusal`], such as of [`TenantContext::require`](tenancy_core::TenantContext::require) | those of its [response](Refusal::response): 403 `insufficient_scope` |
/// | the database is not to be had, or not now: no connection in time, the share of the tenant is taken, a timeout of Postgres, a deadlock or another failure to serialize | 503 `temporarily_unavailable` |
/// | a `tenancy_sqlx::Cursor` that is none, or is one of another list | 400 `invalid_cursor` |
/// | anything else that the database or `tenancy-sqlx` says | 500 `internal` |
/// | an extractor on a route without the layer that it needs | 500 `internal` |
#[derive(Debug)]
pub struct Error(Unserved);

impl Error {
    pub(crate) fn not_admitted(path: &str) -> Self {
        Self::misused(
            path,
            "a handler asks for `Tenant` on a route without one: add `TenantLayer` to the router, or take the path out of `Admission::exempt`",
        )
    }

    pub(crate) fn no_subject(path: &str) -> Self {
        Self::misused(
            path,
            "a handler asks for `Subject` where a tenant was admitted without one: take `Option<Subject>`",
        )
    }

    pub(crate) fn no_visit(path: &str) -> Self {
        Self::misused(
            path,
            "a handler asks for `Visit` on a route without `TenantLayer`: add one to the router",
        )
    }

    pub(crate) fn no_permit(path: &str) -> Self {
        Self::misused(
            path,
            "a handler asks for `Permit` where nothing counts: add `TenantLayer` to the router, or take the path out of `Admission::exempt`",
        )
    }

    #[cfg(feature = "sqlx")]
    pub(crate) fn no_transaction(path: &str) -> Self {
        Self::misused(
            path,
            "a handler asks for `RequestTransaction` on a route without one: add `TransactionLayer` to the router",
        )
    }

    fn misused(path: &str, what_to_do: &'static str) -> Self {
        Self(Unserved::misused(path, what_to_do))
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal()
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.0.response().status()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self(Unserved::Refused(refusal))
    }
}

#[cfg(feature = "sqlx")]
impl From<tenancy_sqlx::Error> for Error {
    fn from(error: tenancy_sqlx::Error) -> Self {
        let problem = tenancy_sqlx::problem(&error);
        Self(Unserved::Failed(problem, error.into()))
    }
}

#[cfg(feature = "sqlx")]
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        tenancy_sqlx::Error::from(error).into()
    }
}

/// Of a statement that cannot be finished.
#[cfg(feature = "sqlx")]
impl From<ScopeError> for Error {
    fn from(error: ScopeError) -> Self {
        tenancy_sqlx::Error::from(error).into()
    }
}

#[cfg(feature = "sqlx")]
impl From<tenancy_sqlx::InvalidCursor> for Error {
    fn from(error: tenancy_sqlx::InvalidCursor) -> Self {
        tenancy_sqlx::Error::from(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self.0 {
            // No call of gRPC: those do not come by way of a handler of axum.
            Unserved::Refused(refusal) => response::refused(refusal, false),
            other => response::document(&other.response()),
        }
    }
}
