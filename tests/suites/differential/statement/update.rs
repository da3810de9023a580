//! `Update`, an UPDATE in parts.

use sea_query::{Expr, Query, ReturningClause, TableRef, UpdateStatement, WithClause};
use tenancy_core::{Scope, ScopeError, Scoped};

use super::Target;

#[derive(Debug, Clone)]
pub(in crate::differential) struct Update {
    pub(in crate::differential) target: Target,
    pub(in crate::differential) values: Vec<(&'static str, Expr)>,
    pub(in crate::differential) from: Vec<TableRef>,
    pub(in crate::differential) conditions: Vec<Expr>,
    pub(in crate::differential) returning: Option<ReturningClause>,
    pub(in crate::differential) with: Option<WithClause>,
}

impl Update {
    /// As sea-query says it.
    pub(in crate::differential) fn statement(&self) -> UpdateStatement {
        let mut update = Query::update();
        update.table(self.target.reference.clone());
        for (column, value) in self.values.clone() {
            update.value(column, value);
        }
        for table in self.from.clone() {
            update.from(table);
        }
        for condition in self.conditions.clone() {
            update.and_where(condition);
        }
        self.rest(&mut update);
        update
    }

    /// As [`Scope::update`] says it.
    pub(super) fn built(&self, scope: &Scope<'_>) -> Result<Scoped<UpdateStatement>, ScopeError> {
        let mut update = scope.update(self.target.table);
        if let Some(reference) = self.target.beyond_its_name() {
            update = update.apply(|update| update.table(reference));
        }
        for (column, value) in self.values.clone() {
            update = update.value(column, value);
        }
        for table in self.from.clone() {
            update = update.from(table);
        }
        for condition in self.conditions.clone() {
            update = update.and_where(condition);
        }
        update.apply(|update| self.rest(update)).finish()
    }

    /// What the builder has no word for.
    fn rest<'s>(&self, update: &'s mut UpdateStatement) -> &'s mut UpdateStatement {
        if let Some(clause) = self.returning.clone() {
            update.returning(clause);
        }
        if let Some(with) = self.with.clone() {
            update.with_cte(with);
        }
        update
    }
}
