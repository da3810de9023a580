//! `Error`, what can go wrong between a tenant and the database.

use tenancy_core::{Dialect, ScopeError, TenantId, WrongTenantType};

use crate::doctor::{InvalidAllowance, Unsound};
use crate::{DiscoveryError, InvalidCursor, InvalidOption, Setting};

/// What can go wrong between a tenant and the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database, or the way to it, failed.
    #[error(transparent)]
    Database(sqlx::Error),
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
    /// The tenant cannot stand in the tenant columns. Nothing was sent.
    #[error(transparent)]
    TenantType(#[from] WrongTenantType),
    /// The tenant holds as many connections as it may, and none came back before the acquire timeout of the pool.
    #[error("tenant `{tenant}` holds its share of {most} connections, and none came back in time")]
    PoolShare {
        /// The tenant.
        tenant: TenantId,
        /// How many connections it may hold at once.
        most: u32,
    },
    /// The tables of a database are no catalogue.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// A cursor that is none, or is one of another list. Nothing was sent.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// A choice for a pool that cannot be meant. Nothing was sent.
    #[error(transparent)]
    Option(#[from] InvalidOption),
    /// The connections of a pool come with settings of their own, which a transaction puts back.
    #[error(
        "the connections of this pool are set up with `SET` ({0}), which the first transaction would put back; give \
         settings to `PgConnectOptions::options`, and a role to `TenantPoolBuilder::role`"
    )]
    SessionSettings(String),
    /// The policies of [`Rls`](crate::Rls) do not see the tenant that the pool sets.
    #[error(
        "the policies do not see the tenant that this pool sets in `{setting}`; tell `Rls` and the pool the same \
         setting and the same seal, and run the SQL of `Rls` again"
    )]
    SettingNotRead {
        /// The setting of the pool.
        setting: Setting,
    },
    /// The pool seals the tenant, and the database does not insist on it.
    #[error(
        "this pool seals the tenant, and the policies also believe one without a seal; run the SQL of `Rls::sealed`"
    )]
    NotSealed,
    /// A statement failed earlier in the transaction, so there is nothing whole to commit. Everything was
    /// rolled back.
    #[error("a statement of this transaction failed; it was rolled back and cannot be committed")]
    Aborted,
    /// Somebody else has the transaction of a [`UnitOfWork`](crate::UnitOfWork).
    #[error(
        "the transaction of this work is in use; take it once, and let it go before it is taken again"
    )]
    TransactionInUse,
    /// The transaction of a [`UnitOfWork`](crate::UnitOfWork) was begun for another tenant, project or subject,
    /// or for a credential that is [limited to projects](tenancy_core::TenantContext::is_limited_to_projects) where this one
    /// is not, or the other way round.
    #[error("the transaction of this work was begun for somebody else")]
    SecondTenant,
    /// Work across tenants was asked for with a role that is not made for it.
    #[error(
        "role `{role}` may not work across tenants: it cannot write to tenancy.all_tenants_record; connect as the role \
         that was given to `Rls::all_tenants_role`, never as that of the service"
    )]
    NoAllTenantsRole {
        /// The connected role.
        role: String,
    },
    /// The role for work across tenants sees a table as if it were empty: no policy lets it see more.
    #[error(
        "role `{role}` may read {tables} and no policy shows it the rows of all tenants there; run the SQL of `Rls` with \
         `Rls::all_tenants_role` again"
    )]
    AllTenantsBlind {
        /// The connected role.
        role: String,
        /// The tables, as `schema.table`.
        tables: String,
    },
    /// A scoped statement was built for another tenant than the one that it was to run for. Nothing was sent.
    #[error("a statement built for tenant `{statement}` cannot run for tenant `{tenant}`")]
    ForeignStatement {
        /// The tenant that the statement was built for.
        statement: TenantId,
        /// The tenant of the transaction.
        tenant: TenantId,
    },
    /// A scoped statement is in the SQL of another database. Nothing was sent.
    #[error(
        "a statement for {statement:?} cannot run on {database:?}; name the database in `TableCatalog::with_dialect`"
    )]
    ForeignDialect {
        /// Whose SQL the statement is.
        statement: Dialect,
        /// The database.
        database: Dialect,
    },
    /// A value of a scoped statement is of a kind that the database does not have. Nothing was sent.
    #[error("{database:?} does not take a value of this kind: {value}")]
    UnsupportedValue {
        /// The kind of value.
        value: &'static str,
        /// The database.
        database: Dialect,
    },
}

/// What of ours went through sqlx comes out again as it was.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Configuration(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(inner) => Self::Database(sqlx::Error::Configuration(inner)),
            },
            other => Self::Database(other),
        }
    }
}

/// So that a closure, or an `Executor`, which has sqlx's errors only, can pass ours on. What sqlx has no word for
/// is [`sqlx::Error::Configuration`] with ours inside.
impl From<Error> for sqlx::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error,
            other => Self::Configuration(other.into()),
        }
    }
}
