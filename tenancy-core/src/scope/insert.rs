//! `ScopedInsert`: rows that belong to the tenant by construction.

use std::collections::BTreeSet;

use sea_query::{Expr, InsertStatement, Query};

use super::{Scope, ScopeError, Scoped, proof, shadow};

/// An INSERT under construction. Made by [`Scope::insert`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedInsert<'a> {
    scope: &'a Scope<'a>,
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Expr>>,
    returning: Vec<String>,
}

impl<'a> ScopedInsert<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, table: &str) -> Self {
        Self {
            scope,
            table: table.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            returning: Vec::new(),
        }
    }

    /// The columns that each row gives. Leave the tenant column out: it is filled in. If it is named,
    /// every row must hold the tenant of the scope there.
    pub fn columns<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.columns = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Adds a row.
    pub fn values(mut self, values: impl IntoIterator<Item = Expr>) -> Self {
        self.rows.push(values.into_iter().collect());
        self
    }

    /// Columns of the new rows to give back.
    pub fn returning<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.returning = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// The finished statement.
    ///
    /// # Errors
    /// When the table is not a declared tenant table, a row names another tenant or has another number of
    /// values than there are columns, there is no row, or a value reads what cannot be proven to be the
    /// tenant's.
    pub fn finish(self) -> Result<Scoped<InsertStatement>, ScopeError> {
        let catalog = self.scope.catalog;
        let table = self.scope.target(&self.table)?;
        Scope::fit(self.columns.iter().chain(&self.returning))?;
        if self.rows.is_empty() {
            return Err(ScopeError::Empty(self.table));
        }
        let stamp = self.scope.tenant_value()?;
        let plain = Expr::val(self.scope.tenant.as_str());
        let given = self
            .columns
            .iter()
            .position(|column| column == table.tenant_column());
        let mut statement = Query::insert();
        let mut columns = self.columns.clone();
        if given.is_none() {
            columns.push(table.tenant_column().to_owned());
        }
        statement.into_table(shadow::target(table)).columns(columns);

        let mut read = BTreeSet::new();
        for mut row in self.rows {
            if row.len() != self.columns.len() {
                let (columns, values) = (self.columns.len(), row.len());
                return Err(ScopeError::RowLength {
                    table: self.table,
                    columns,
                    values,
                });
            }
            for value in &row {
                read.extend(proof::tables_of(value, catalog)?);
            }
            match given.map(|position| row.get_mut(position)) {
                None => row.push(stamp.clone()),
                Some(Some(value)) if *value == plain => *value = stamp.clone(),
                Some(_) => return Err(ScopeError::ForeignTenant(self.table)),
            }
            statement.values_panic(row);
        }
        if !self.returning.is_empty() {
            statement.returning(Query::returning().columns(self.returning));
        }
        if let Some(shadows) = shadow::clause(&read, &stamp, catalog) {
            statement.with_cte(shadows);
        }
        Ok(self.scope.scoped(statement))
    }
}
