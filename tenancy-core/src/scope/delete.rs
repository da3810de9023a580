//! `ScopedDelete`: the end of rows of the tenant.

use sea_query::{DeleteStatement, Expr, IntoCondition, IntoIden, Query, TableRef};

use super::{Scope, ScopeError, Scoped};

/// A DELETE under construction. Made by [`Scope::delete`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedDelete<'a> {
    scope: Scope<'a>,
    using: Vec<String>,
    statement: DeleteStatement,
}

impl<'a> ScopedDelete<'a> {
    pub(super) fn new(scope: Scope<'a>, table: TableRef) -> Self {
        let mut statement = Query::delete();
        statement.from_table(table);
        Self {
            scope,
            using: Vec::new(),
            statement,
        }
    }

    /// Adds a table to read from, beside the one whose rows are deleted: `USING` of Postgres, which sea-query
    /// does not have. The tables of the catalogue are named by their bare names.
    ///
    /// ```
    /// use sea_query::{Expr, ExprTrait};
    /// # use tenancy_core::{TableCatalog, TenantId, danger};
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id").tenant_table("tag", "tenant_id");
    /// # let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
    /// # let scope = context.scope(&catalog);
    ///
    /// let tagged = Expr::col(("tag", "note_id")).equals(("note", "id"));
    /// let delete = scope.delete("note").using("tag").and_where(tagged).finish()?;
    /// assert!(delete.sql().starts_with(r#"DELETE FROM "public"."note" USING (SELECT * FROM "public"."tag" WHERE"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn using(mut self, table: &str) -> Self {
        self.using.push(table.to_owned());
        self
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the deletion beyond the tenant.
    pub fn and_where(self, condition: Expr) -> Self {
        self.cond_where(condition)
    }

    /// Narrows the rows by a [`Condition`](sea_query::Condition).
    pub fn cond_where(self, condition: impl IntoCondition) -> Self {
        self.apply(|delete| sea_query::ConditionalStatement::cond_where(delete, condition))
    }

    /// Columns of the deleted rows to give back.
    pub fn returning<C: IntoIden>(self, columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(IntoIden::into_iden);
        self.apply(|delete| delete.returning(Query::returning().columns(columns)))
    }

    /// Whatever else sea-query can say.
    pub fn apply(
        mut self,
        change: impl FnOnce(&mut DeleteStatement) -> &mut DeleteStatement,
    ) -> Self {
        change(&mut self.statement);
        self
    }

    /// The finished statement. Without a condition it deletes all rows of the tenant.
    ///
    /// # Errors
    /// As for [`Scope::wrap`].
    pub fn finish(self) -> Result<Scoped<DeleteStatement>, ScopeError> {
        self.scope.scoped(&self.statement, self.using)
    }
}
