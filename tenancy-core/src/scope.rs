//! `Scope`, a query builder that knows only the rows of one tenant.
//!
//! A predicate appended to `WHERE` gets lost: in an `OR` chain, in the second arm of a `UNION`, in a
//! sub-query, on the wrong side of a `LEFT JOIN`. So the *table* is scoped, not the condition: a statement is
//! prefixed with
//!
//! ```sql
//! WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1)
//! ```
//!
//! and every `note` in it, at any depth, means those rows by the database's own name resolution
//! (`WITH` Queries, PostgreSQL manual §7.8). The planner flattens it to the plan of a hand-written predicate.
//! The target of `INSERT`, `UPDATE` and `DELETE` still is the real table; those carry the tenant themselves.

mod catalog;
mod delete;
mod error;
mod insert;
mod proof;
mod shadow;
mod update;

use std::collections::BTreeSet;

use sea_query::{
    Condition, Expr, ExprTrait, PostgresQueryBuilder, QueryStatementBuilder, SelectStatement,
    Values,
};

pub use self::catalog::{TableCatalog, TenantTable};
pub use self::delete::ScopedDelete;
pub use self::error::ScopeError;
pub use self::insert::ScopedInsert;
pub use self::update::ScopedUpdate;
use crate::TenantId;

/// Builds statements over the rows of one tenant. Made by
/// [`TenantContext::scope`](crate::TenantContext::scope).
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    tenant: TenantId,
    catalog: &'a TableCatalog,
}

/// A statement that was built for one tenant and touches no row of another.
///
/// `tenancy-sqlx` runs it in a transaction of the same tenant and refuses it in any other.
#[derive(Debug, Clone)]
pub struct Scoped<S> {
    tenant: TenantId,
    statement: S,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(tenant: TenantId, catalog: &'a TableCatalog) -> Self {
        Self { tenant, catalog }
    }

    /// Scopes a finished SELECT. Name tables by their bare names; joins, sub-queries, unions, grouping and
    /// raw expressions are written as usual.
    ///
    /// # Errors
    /// When the statement names a table that is not in the catalogue or names one with its schema, and when
    /// it contains what cannot be proven to stay inside the scope: a `WITH` of its own, a row lock (locks do
    /// not reach through the scope's own `WITH`), a function as a table, a comment, several statements.
    pub fn select(
        &self,
        mut select: SelectStatement,
    ) -> Result<Scoped<SelectStatement>, ScopeError> {
        let (sql, _) = select.build_any(&PostgresQueryBuilder);
        let tables = proof::tables(&sql, self.catalog)?;
        if let Some(shadows) = shadow::clause(&tables, &self.tenant, self.catalog) {
            select.with_cte(shadows);
        }
        Ok(self.scoped(select))
    }

    /// Starts an INSERT into a table of the tenant. The tenant column is filled in.
    pub fn insert(&self, table: &str) -> ScopedInsert<'_> {
        ScopedInsert::new(self, table)
    }

    /// Starts an UPDATE of rows of the tenant.
    pub fn update(&self, table: &str) -> ScopedUpdate<'_> {
        ScopedUpdate::new(self, table)
    }

    /// Starts a DELETE of rows of the tenant.
    pub fn delete(&self, table: &str) -> ScopedDelete<'_> {
        ScopedDelete::new(self, table)
    }

    /// The declared tenant table that a write is meant for.
    fn target(&self, name: &str) -> Result<&'a TenantTable, ScopeError> {
        match self.catalog.tenant_table_named(name) {
            Some(table) => Ok(table),
            None if self.catalog.declares(name) => Err(ScopeError::Shared(name.to_owned())),
            None => Err(ScopeError::Undeclared(name.to_owned())),
        }
    }

    /// The tenant's rows of the target of a write that meet `conditions`. Each condition stands in
    /// parentheses of its own, so that an `OR` in a raw fragment stays inside.
    fn rows_of(
        &self,
        table: &TenantTable,
        conditions: Vec<Expr>,
        read: &mut BTreeSet<String>,
    ) -> Result<Condition, ScopeError> {
        let tenant = Expr::col(table.tenant_column().to_owned()).eq(self.tenant.as_str());
        let mut all = Condition::all().add(tenant);
        for condition in conditions {
            read.extend(proof::tables_of(&condition, self.catalog)?);
            all = all.add(Expr::cust_with_exprs("($1)", [condition]));
        }
        Ok(all)
    }

    fn scoped<S>(&self, statement: S) -> Scoped<S> {
        Scoped {
            tenant: self.tenant.clone(),
            statement,
        }
    }
}

impl<S> Scoped<S> {
    /// The tenant it was built for.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

impl<S: QueryStatementBuilder> Scoped<S> {
    /// The SQL for Postgres and the values of its parameters.
    pub fn build(&self) -> (String, Values) {
        self.statement.build_any(&PostgresQueryBuilder)
    }
}
