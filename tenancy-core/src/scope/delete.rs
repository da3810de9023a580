//! `ScopedDelete`: the end of rows of the tenant.

use std::collections::BTreeSet;

use sea_query::{DeleteStatement, Expr, Query};

use super::{Scope, ScopeError, Scoped, shadow};

/// A DELETE under construction. Made by [`Scope::delete`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedDelete<'a> {
    scope: &'a Scope<'a>,
    table: String,
    conditions: Vec<Expr>,
    returning: Vec<String>,
}

impl<'a> ScopedDelete<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, table: &str) -> Self {
        Self {
            scope,
            table: table.to_owned(),
            conditions: Vec::new(),
            returning: Vec::new(),
        }
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the deletion beyond the tenant.
    pub fn and_where(mut self, condition: Expr) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Columns of the deleted rows to give back.
    pub fn returning<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.returning = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// The finished statement. Without a condition it deletes all rows of the tenant.
    ///
    /// # Errors
    /// When the table is not a declared tenant table, or a condition reads what cannot be proven to be the
    /// tenant's.
    pub fn finish(self) -> Result<Scoped<DeleteStatement>, ScopeError> {
        let catalog = self.scope.catalog;
        let table = self.scope.target(&self.table)?;
        Scope::fit(&self.returning)?;
        let mut read = BTreeSet::new();
        let condition = self.scope.rows_of(table, self.conditions, &mut read)?;
        let mut statement = Query::delete();
        statement
            .from_table(shadow::target(table))
            .cond_where(condition);
        if !self.returning.is_empty() {
            statement.returning(Query::returning().columns(self.returning));
        }
        if let Some(shadows) = shadow::clause(&read, &self.scope.tenant_value()?, catalog) {
            statement.with_cte(shadows);
        }
        Ok(self.scope.scoped(statement))
    }
}
