//! `TransactionRejection`, a handler asked for a transaction that it cannot have.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use tenancy_sqlx::{Error, Problem};

use crate::{TenantRejection, problem};

/// A handler asked for a [`RequestTransaction`](crate::RequestTransaction), and there is none.
///
/// The client gets a problem document that says no more than its status; the logs say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionRejection(Problem);

impl TransactionRejection {
    pub(crate) fn no_layer(path: &str) -> Self {
        tracing::error!(
            target: "tenancy::service",
            path,
            "a handler asks for `RequestTransaction` on a route without one: add `TransactionLayer` to the router"
        );
        Self(Problem::Internal)
    }

    pub(crate) fn not_admitted(path: &str) -> Self {
        TenantRejection::not_admitted(path);
        Self(Problem::Internal)
    }

    pub(crate) fn not_begun(error: &Error) -> Self {
        tracing::error!(target: "tenancy::transaction", %error, "the transaction of a request did not begin");
        Self(error.into())
    }

    /// The status of the answer.
    pub fn status(self) -> u16 {
        self.0.status()
    }
}

impl fmt::Display for TransactionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no transaction for this request")
    }
}

impl std::error::Error for TransactionRejection {}

impl IntoResponse for TransactionRejection {
    fn into_response(self) -> Response {
        problem::response(self.0)
    }
}
