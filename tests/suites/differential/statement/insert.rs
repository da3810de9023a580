//! `Insert`, an INSERT in parts.

use sea_query::{
    Expr, InsertStatement, OnConflict, Query, ReturningClause, SelectStatement, WithClause,
};
use tenancy_core::{Scope, ScopeError, Scoped, ScopedInsert};

use super::Target;

#[derive(Debug, Clone)]
pub(in crate::differential) struct Insert {
    pub(in crate::differential) target: Target,
    pub(in crate::differential) columns: Vec<&'static str>,
    pub(in crate::differential) rows: Rows,
    pub(in crate::differential) conflict: Option<OnConflict>,
    pub(in crate::differential) returning: Option<ReturningClause>,
    pub(in crate::differential) with: Option<WithClause>,
}

#[derive(Debug, Clone)]
pub(in crate::differential) enum Rows {
    /// One, of defaults.
    Defaults,
    Values(Vec<Vec<Expr>>),
    Query(Box<SelectStatement>),
}

impl Insert {
    /// As sea-query says it.
    pub(in crate::differential) fn statement(&self) -> InsertStatement {
        let mut insert = Query::insert();
        insert.into_table(self.target.reference.clone());
        if !self.columns.is_empty() {
            insert.columns(self.columns.clone());
        }
        match self.rows.clone() {
            Rows::Defaults => drop(insert.or_default_values()),
            Rows::Query(query) => drop(insert.select_from(*query).unwrap()),
            Rows::Values(rows) => {
                for row in rows {
                    insert.values_panic(row);
                }
            }
        }
        if let Some(conflict) = self.conflict.clone() {
            insert.on_conflict(conflict);
        }
        self.rest(&mut insert);
        insert
    }

    /// As [`Scope::insert`] says it.
    pub(super) fn built(&self, scope: &Scope<'_>) -> Result<Scoped<InsertStatement>, ScopeError> {
        let mut insert = scope.insert(self.target.table);
        if let Some(reference) = self.target.beyond_its_name() {
            insert = insert.apply(|insert| insert.into_table(reference));
        }
        if !self.columns.is_empty() {
            insert = insert.columns(self.columns.clone());
        }
        match self.rows.clone() {
            // What it does unless it is told otherwise.
            Rows::Defaults => {}
            Rows::Query(query) => insert = insert.select_from(*query),
            Rows::Values(rows) => insert = rows.into_iter().fold(insert, ScopedInsert::values),
        }
        if let Some(conflict) = self.conflict.clone() {
            insert = insert.on_conflict(conflict);
        }
        insert.apply(|insert| self.rest(insert)).finish()
    }

    /// What the builder has no word for.
    fn rest<'s>(&self, insert: &'s mut InsertStatement) -> &'s mut InsertStatement {
        if let Some(clause) = self.returning.clone() {
            insert.returning(clause);
        }
        if let Some(with) = self.with.clone() {
            insert.with_cte(with);
        }
        insert
    }
}
