//! `ScopedUpdate`: changes to rows of the tenant, which stay rows of the tenant.

use std::collections::BTreeSet;

use sea_query::{Condition, Expr, Query, UpdateStatement};

use super::{Scope, ScopeError, Scoped, proof, shadow};

/// An UPDATE under construction. Made by [`Scope::update`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedUpdate<'a> {
    scope: &'a Scope<'a>,
    table: String,
    values: Vec<(String, Expr)>,
    conditions: Vec<Expr>,
    returning: Vec<String>,
}

impl<'a> ScopedUpdate<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, table: &str) -> Self {
        Self {
            scope,
            table: table.to_owned(),
            values: Vec::new(),
            conditions: Vec::new(),
            returning: Vec::new(),
        }
    }

    /// Sets a column. The tenant column cannot be set.
    pub fn value(mut self, column: &str, value: impl Into<Expr>) -> Self {
        self.values.push((column.to_owned(), value.into()));
        self
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the update beyond the tenant.
    pub fn and_where(mut self, condition: Expr) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Columns of the changed rows to give back.
    pub fn returning<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.returning = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// The finished statement.
    ///
    /// # Errors
    /// When the table is not a declared tenant table, nothing is set, the tenant column is set, or a value
    /// or condition reads what cannot be proven to be the tenant's.
    pub fn finish(self) -> Result<Scoped<UpdateStatement>, ScopeError> {
        let catalog = self.scope.catalog;
        let table = self.scope.target(&self.table)?;
        let columns = self.values.iter().map(|(column, _)| column);
        Scope::fit(columns.chain(&self.returning))?;
        if self.values.is_empty() {
            return Err(ScopeError::Empty(self.table));
        }
        if self
            .values
            .iter()
            .any(|(column, _)| column == table.tenant_column())
        {
            return Err(ScopeError::TenantColumn(self.table));
        }
        let mut read = BTreeSet::new();
        for (_, value) in &self.values {
            read.extend(proof::tables_of(value, catalog)?);
        }
        let condition: Condition = self.scope.rows_of(table, self.conditions, &mut read)?;
        let mut statement = Query::update();
        statement
            .table(shadow::target(table))
            .values(self.values)
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
