//! `ScopedUpdate`: changes to rows of the tenant, which stay rows of the tenant.

use sea_query::{
    DynIden, Expr, IntoCondition, IntoIden, IntoTableRef, Query, TableRef, UpdateStatement,
};

use super::{Scope, ScopeError, Scoped, bare_name};

/// An UPDATE under construction. Made by [`Scope::update`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedUpdate<'a> {
    scope: Scope<'a>,
    name: DynIden,
    statement: UpdateStatement,
}

impl<'a> ScopedUpdate<'a> {
    pub(super) fn new(scope: Scope<'a>, table: TableRef) -> Self {
        let name = bare_name(&table);
        let mut statement = Query::update();
        statement.table(table);
        Self {
            scope,
            name,
            statement,
        }
    }

    /// Sets a column. The tenant column cannot be set.
    pub fn value(self, column: impl IntoIden, value: impl Into<Expr>) -> Self {
        self.apply(|update| update.value(column, value.into()))
    }

    /// Adds a table to read from, beside the one that is changed.
    ///
    /// ```
    /// use sea_query::{Expr, ExprTrait};
    /// # use tenancy_core::{TableCatalog, TenantId, danger};
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id").tenant_table("tag", "tenant_id");
    /// # let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
    /// # let scope = context.scope(&catalog);
    ///
    /// let pinned = scope
    ///     .update("note")
    ///     .value("pinned", true)
    ///     .from("tag")
    ///     .and_where(Expr::col(("tag", "note_id")).equals(("note", "id")))
    ///     .finish()?;
    /// assert!(pinned.sql().contains(r#"WHERE "note"."tenant_id" = $1 AND ("tag"."note_id" = "note"."id")"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from(self, table: impl IntoTableRef) -> Self {
        self.apply(|update| update.from(table))
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the update beyond the tenant.
    pub fn and_where(self, condition: Expr) -> Self {
        self.cond_where(condition)
    }

    /// Narrows the rows by a [`Condition`](sea_query::Condition).
    pub fn cond_where(self, condition: impl IntoCondition) -> Self {
        self.apply(|update| sea_query::ConditionalStatement::cond_where(update, condition))
    }

    /// Columns of the changed rows to give back.
    pub fn returning<C: IntoIden>(self, columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(IntoIden::into_iden);
        self.apply(|update| update.returning(Query::returning().columns(columns)))
    }

    /// Whatever else sea-query can say.
    pub fn apply(
        mut self,
        change: impl FnOnce(&mut UpdateStatement) -> &mut UpdateStatement,
    ) -> Self {
        change(&mut self.statement);
        self
    }

    /// The finished statement. Without a condition it changes all rows of the tenant.
    ///
    /// # Errors
    /// When nothing is set, and as for [`Scope::wrap`].
    pub fn finish(self) -> Result<Scoped<UpdateStatement>, ScopeError> {
        if self.statement.get_values().is_empty() {
            return Err(ScopeError::Empty(self.name.to_string()));
        }
        self.scope.scoped(&self.statement, Vec::new())
    }
}
