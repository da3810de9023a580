//! `ScopeError`, why a statement cannot be scoped.

use super::{TenantColumnType, WrongTenantType};

/// A statement that cannot be proven to touch only rows of its tenant. Nothing was sent to the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// A table that is not in the catalogue.
    #[error(
        "table `{0}` is not declared; add it to the `TableCatalog` as a tenant or a shared table"
    )]
    Undeclared(String),
    /// A table that was declared twice, differently.
    #[error("table `{0}` is declared twice and differently; declare it once")]
    Contradictory(String),
    /// A table whose declared name Postgres would cut off, and then take for another.
    #[error(
        "table `{0}` has a name longer than 63 bytes, of which Postgres keeps no more; declare the name that it kept"
    )]
    NameTooLong(String),
    /// A bare name that several schemas have a table of.
    #[error(
        "several tables are called `{0}`; name the one that is meant with its schema, in a statement for `Scope::wrap`"
    )]
    Ambiguous(String),
    /// A common table expression that has the name of a table.
    #[error("the common table expression `{0}` has the name of a table; give it another")]
    ExpressionNamedLikeTable(String),
    /// A shared table as the target of a scoped write.
    #[error("table `{0}` is shared by all tenants and cannot be written through a scope")]
    Shared(String),
    /// Something that the proof does not reach.
    #[error("{0} cannot be proven to stay within the tenant; {1}")]
    Unproven(&'static str, &'static str),
    /// A value for the tenant column that is not the tenant of the scope.
    #[error("table `{0}` cannot be given a row of another tenant; leave the tenant column out")]
    ForeignTenant(String),
    /// The tenant column, or that of the project, as the target of an update.
    #[error(
        "the tenant and the project of a row of table `{0}` cannot be changed; leave their columns out"
    )]
    TenantColumn(String),
    /// An `ON CONFLICT` that a row of another tenant could be the reason of.
    #[error(
        "the key of a conflict in table `{0}` may be another tenant's; name the tenant column among the columns of \
         ON CONFLICT"
    )]
    ConflictTarget(String),
    /// A table with a column for the project, and a context without a project.
    #[error(
        "table `{0}` is divided by project and the context has none; let the request name one, or say \
         `Scope::across_projects`"
    )]
    NoProject(String),
    /// A table with a column for the project, all of whose rows a context asks for that is limited to projects.
    #[error(
        "table `{0}` is divided by project and the credential is limited to some; let the request name one, or do the \
         work in the name of the service, by `danger::assume`"
    )]
    LimitedToProjects(String),
    /// A project that cannot stand in the project columns.
    #[error("project `{project}` cannot stand in a column of type {}", expected.sql())]
    ProjectType {
        /// The project.
        project: String,
        /// The type of the column.
        expected: TenantColumnType,
    },
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
    /// A SELECT without columns.
    #[error(
        "a SELECT has nothing to select; name what it answers by `ScopedSelect::column`, `columns`, `expr` or `expr_as`"
    )]
    NothingSelected,
}
