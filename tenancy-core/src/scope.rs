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
mod column_type;
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
pub use self::column_type::{TenantColumnType, WrongTenantType};
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

/// A statement that was built for one tenant and names no row of another.
///
/// One thing is out of a builder's reach: a function that runs SQL text of its own. Those that Postgres brings
/// along are refused; behind your own only row-level security holds.
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
        if let Some(shadows) = shadow::clause(&tables, &self.tenant_value()?, self.catalog) {
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
        self.catalog.require(name)?;
        self.catalog
            .tenant_table_named(name)
            .ok_or_else(|| ScopeError::Shared(name.to_owned()))
    }

    /// The tenant as a parameter, of the type that the tenant columns have.
    fn tenant_value(&self) -> Result<Expr, ScopeError> {
        Ok(self.catalog.column_type().value(&self.tenant)?)
    }

    /// Refuses names of columns that Postgres would cut off.
    fn fit<'n>(names: impl IntoIterator<Item = &'n String>) -> Result<(), ScopeError> {
        names.into_iter().try_for_each(|name| proof::fits(name))
    }

    /// The tenant's rows of the target of a write that meet `conditions`. Each condition stands in
    /// parentheses of its own, so that an `OR` in a raw fragment stays inside.
    fn rows_of(
        &self,
        table: &TenantTable,
        conditions: Vec<Expr>,
        read: &mut BTreeSet<String>,
    ) -> Result<Condition, ScopeError> {
        let tenant = Expr::col(table.tenant_column().to_owned()).eq(self.tenant_value()?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_keeps_to_its_parentheses() {
        let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
        let tenant = TenantId::parse("acme").unwrap();
        let scope = Scope::new(tenant, &catalog);
        let update = scope
            .update("note")
            .value("body", "x")
            .and_where(Expr::cust("true OR true"))
            .and_where(Expr::col("id").eq(1).or(Expr::cust("true")));
        assert_eq!(
            update.finish().unwrap().build().0,
            r#"UPDATE "public"."note" SET "body" = $1 WHERE "tenant_id" = $2 AND ((true OR true)) AND (("id" = $3 OR (true)))"#,
        );
        for fragment in [
            "true) OR (true",
            "true) OR true --",
            "true; DELETE FROM note",
        ] {
            let delete = scope.delete("note").and_where(Expr::cust(fragment));
            assert!(delete.finish().is_err(), "{fragment}");
        }
    }

    #[test]
    fn the_tenant_column_is_stamped_and_never_chosen() {
        let catalog = TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .shared_table("plan");
        let scope = Scope::new(TenantId::parse("acme").unwrap(), &catalog);
        let insert = scope.insert("note").columns(["body"]).values(["x".into()]);
        assert_eq!(
            insert.finish().unwrap().build().0,
            r#"INSERT INTO "public"."note" ("body", "tenant_id") VALUES ($1, $2)"#,
        );
        let named = |tenant: &str| {
            let insert = scope.insert("note").columns(["tenant_id", "body"]);
            insert
                .values(["acme".into(), "x".into()])
                .values([tenant.into(), "y".into()])
                .finish()
        };
        assert!(named("acme").is_ok());
        assert_eq!(
            named("globex").err(),
            Some(ScopeError::ForeignTenant("note".into()))
        );
        let computed = scope
            .insert("note")
            .columns(["tenant_id"])
            .values([Expr::cust("'globex'")]);
        assert_eq!(
            computed.finish().err(),
            Some(ScopeError::ForeignTenant("note".into()))
        );
        let moved = scope.update("note").value("tenant_id", "acme");
        assert_eq!(
            moved.finish().err(),
            Some(ScopeError::TenantColumn("note".into()))
        );
        let twice = TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .shared_table("note");
        let scope_of_twice = Scope::new(TenantId::parse("acme").unwrap(), &twice);
        let select = sea_query::Query::select()
            .column("body")
            .from("note")
            .take();
        assert_eq!(
            scope_of_twice.select(select).err(),
            Some(ScopeError::Contradictory("note".into()))
        );
        assert_eq!(
            scope.delete("plan").finish().err(),
            Some(ScopeError::Shared("plan".into()))
        );
        assert_eq!(
            scope.delete("secret").finish().err(),
            Some(ScopeError::Undeclared("secret".into()))
        );
        assert_eq!(
            scope.update("note").finish().err(),
            Some(ScopeError::Empty("note".into()))
        );
        let short = scope.insert("note").columns(["body"]).values([]);
        assert!(matches!(
            short.finish().err(),
            Some(ScopeError::RowLength {
                columns: 1,
                values: 0,
                ..
            })
        ));
    }
}
