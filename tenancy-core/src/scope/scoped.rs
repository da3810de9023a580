//! `Scoped`, a statement that names no row of another tenant.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use sea_query::Values;

use super::Dialect;
use crate::TenantId;

/// A statement that was built for one tenant and names no row of another. `S` says of which kind it is.
///
/// One thing is out of a builder's reach: a function that runs SQL text of its own. Those that the databases
/// bring along are refused; behind your own only row-level security holds.
///
/// `tenancy-sqlx` runs it in a transaction of the same tenant, or on SQLite and MySQL by `ForTenant`, and refuses it for
/// any other tenant. The project is not compared: it is part of the statement.
#[derive(Clone)]
pub struct Scoped<S> {
    tenant: TenantId,
    dialect: Dialect,
    sql: Arc<str>,
    values: Values,
    kind: PhantomData<fn() -> S>,
}

impl<S> Scoped<S> {
    pub(super) fn new(tenant: TenantId, dialect: Dialect, sql: Arc<str>, values: Values) -> Self {
        Self {
            tenant,
            dialect,
            sql,
            values,
            kind: PhantomData,
        }
    }

    /// The tenant it was built for.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The database whose SQL it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The SQL. It is the same for each tenant and each value, so that a prepared statement serves all of them.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The SQL, without a copy: statements of one shape share it.
    pub fn shared_sql(&self) -> Arc<str> {
        Arc::clone(&self.sql)
    }

    /// The values of its parameters, in the order of their numbers.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The SQL and the values of its parameters, for a driver.
    ///
    /// ```
    /// # use tenancy_core::{TableCatalog, TenantId, danger};
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
    /// # let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
    /// let delete = context.scope(&catalog).delete("note").finish()?;
    /// let (sql, values) = delete.build();
    /// assert_eq!(sql, r#"DELETE FROM "public"."note" WHERE "tenant_id" = $1"#);
    /// assert_eq!(values.0, ["acme".into()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(&self) -> (String, Values) {
        (self.sql.as_ref().to_owned(), self.values.clone())
    }
}

/// Without the values, which are the rows of a tenant.
impl<S> fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("tenant", &self.tenant.as_str())
            .field("sql", &self.sql)
            .finish_non_exhaustive()
    }
}
