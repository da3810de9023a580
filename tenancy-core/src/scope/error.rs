//! `ScopeError`, why a statement cannot be scoped.

use super::WrongTenantType;

/// A statement that cannot be proven to touch only rows of its tenant. Nothing was sent to the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// A table that is not in the catalogue.
    #[error(
        "table `{0}` is not declared; add it to the `TableCatalog` as a tenant or a shared table"
    )]
    Undeclared(String),
    /// A table that was declared twice, differently, or with a name that Postgres would cut off.
    #[error(
        "table `{0}` is declared twice and differently or longer than 63 bytes; declare it once"
    )]
    Contradictory(String),
    /// A table named with its schema, which would go around the scope.
    #[error("table `{0}` is named with its schema; name it by its bare name")]
    Qualified(String),
    /// A shared table as the target of a scoped write.
    #[error("table `{0}` is shared by all tenants and cannot be written through a scope")]
    Shared(String),
    /// Something that the proof does not reach.
    #[error("{0} cannot be proven to stay within the tenant; {1}")]
    Unproven(&'static str, &'static str),
    /// A value for the tenant column that is not the tenant of the scope.
    #[error("table `{0}` cannot be given a row of another tenant; leave the tenant column out")]
    ForeignTenant(String),
    /// The tenant column as the target of an update.
    #[error("the tenant of a row of table `{0}` cannot be changed")]
    TenantColumn(String),
    /// An INSERT whose rows and columns differ in number.
    #[error("a row for table `{table}` has {values} values for {columns} columns")]
    RowLength {
        /// The table.
        table: String,
        /// The number of columns named.
        columns: usize,
        /// The number of values given.
        values: usize,
    },
    /// A tenant that cannot stand in the tenant columns.
    #[error(transparent)]
    TenantType(#[from] WrongTenantType),
    /// An INSERT without rows or an UPDATE that sets nothing.
    #[error("a statement for table `{0}` has nothing to write")]
    Empty(String),
}
