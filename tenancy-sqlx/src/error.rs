//! `Error`, what can go wrong between a tenant and the database.

use tenancy_core::{ScopeError, TenantId};

use crate::doctor::{InvalidAllowance, Unsound};

/// What can go wrong between a tenant and the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database, or the way to it, failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A statement cannot be scoped.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The database would not keep tenants apart.
    #[error(transparent)]
    Posture(#[from] Unsound),
    /// A finding is allowed that there is not, or without a reason.
    #[error(transparent)]
    Allowance(#[from] InvalidAllowance),
    /// The doctor was asked about a role that the server does not have.
    #[error("role `{0}` does not exist on this server")]
    UnknownRole(String),
    /// A statement failed earlier in the transaction, so there is nothing whole to commit. Everything was
    /// rolled back.
    #[error("a statement of this transaction failed; it was rolled back and cannot be committed")]
    Aborted,
    /// A scoped statement was built for another tenant than that of the transaction. Nothing was sent.
    #[error(
        "a statement built for tenant `{statement}` cannot run in a transaction of tenant `{transaction}`"
    )]
    ForeignStatement {
        /// The tenant that the statement was built for.
        statement: TenantId,
        /// The tenant of the transaction.
        transaction: TenantId,
    },
}
