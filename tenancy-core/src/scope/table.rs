//! `TenantTable`, a table whose rows belong to tenants.

use std::borrow::Cow;
use std::mem;

use super::Dialect;

/// A table whose rows belong to tenants. A constant of a service, or made by
/// [`TableCatalog::tenant_table`](super::TableCatalog::tenant_table).
///
/// Names are taken as Postgres stores them: in lower case unless the table was created with quotes.
///
/// ```
/// use tenancy_core::{TableCatalog, TenantTable};
///
/// const NOTE: TenantTable = TenantTable::new("note", "tenant_id");
/// const TASK: TenantTable = TenantTable::new("task", "tenant_id")
///     .in_schema("work")
///     .with_project_column("project_id");
///
/// let catalog = TableCatalog::of([NOTE, TASK]).shared_table("plan");
/// assert_eq!(catalog.tenant_tables().count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantTable {
    schema: Option<Cow<'static, str>>,
    name: Cow<'static, str>,
    tenant_column: Cow<'static, str>,
    project_column: Option<Cow<'static, str>>,
}

impl TenantTable {
    /// The table `name`, whose `tenant_column` holds the tenant: in the schema `public`, or in the database that
    /// the connection has chosen where there are no schemas.
    pub const fn new(name: &'static str, tenant_column: &'static str) -> Self {
        Self {
            schema: None,
            name: Cow::Borrowed(name),
            tenant_column: Cow::Borrowed(tenant_column),
            project_column: None,
        }
    }

    /// In a schema. Statements may name the table by its bare name all the same, unless another has it too.
    pub const fn in_schema(mut self, schema: &'static str) -> Self {
        // Whatever was there is a constant: to forget it costs nothing, and dropping is no constant expression.
        mem::forget(self.schema.replace(Cow::Borrowed(schema)));
        self
    }

    /// With a column for the project, the second level: a scope of a context that has a project sees and writes
    /// rows of that project only. A context without a project is refused; see
    /// [`Scope::across_projects`](super::Scope::across_projects). The policies of `tenancy-sqlx` know of no
    /// project: the builder holds it alone, unless you [add one](crate::manual::admission).
    pub const fn with_project_column(mut self, column: &'static str) -> Self {
        mem::forget(self.project_column.replace(Cow::Borrowed(column)));
        self
    }

    pub(super) fn owned(schema: Option<&str>, name: &str, tenant_column: &str) -> Self {
        let owned = |text: &str| Cow::Owned(text.to_owned());
        Self {
            schema: schema.map(owned),
            name: owned(name),
            tenant_column: owned(tenant_column),
            project_column: None,
        }
    }

    /// The schema in Postgres: `public` unless another was declared.
    pub fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or("public")
    }

    /// The bare name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column that holds the tenant.
    pub fn tenant_column(&self) -> &str {
        &self.tenant_column
    }

    /// The column that holds the project, if the table has that level.
    pub fn project_column(&self) -> Option<&str> {
        self.project_column.as_deref()
    }

    pub(super) fn has_columns_of(&self, other: &Self) -> bool {
        self.tenant_column == other.tenant_column && self.project_column == other.project_column
    }

    pub(super) fn declared_schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The schema in `dialect`. `None` is the database that the connection has chosen.
    pub(super) fn schema_in(&self, dialect: Dialect) -> Option<&str> {
        self.schema.as_deref().or(dialect.default_schema())
    }
}
