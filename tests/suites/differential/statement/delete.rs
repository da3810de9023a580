//! `Delete`, a DELETE in parts.

use sea_query::{DeleteStatement, Expr, Query, ReturningClause, WithClause};
use tenancy_core::{Scope, ScopeError, Scoped};

use super::Target;

#[derive(Debug, Clone)]
pub(in crate::differential) struct Delete {
    pub(in crate::differential) target: Target,
    pub(in crate::differential) conditions: Vec<Expr>,
    pub(in crate::differential) returning: Option<ReturningClause>,
    pub(in crate::differential) with: Option<WithClause>,
}

impl Delete {
    /// As sea-query says it.
    pub(in crate::differential) fn statement(&self) -> DeleteStatement {
        let mut delete = Query::delete();
        delete.from_table(self.target.reference.clone());
        for condition in self.conditions.clone() {
            delete.and_where(condition);
        }
        self.rest(&mut delete);
        delete
    }

    /// As [`Scope::delete`] says it.
    pub(super) fn built(&self, scope: &Scope<'_>) -> Result<Scoped<DeleteStatement>, ScopeError> {
        let mut delete = scope.delete(self.target.table);
        if let Some(reference) = self.target.beyond_its_name() {
            delete = delete.apply(|delete| delete.from_table(reference));
        }
        for condition in self.conditions.clone() {
            delete = delete.and_where(condition);
        }
        delete.apply(|delete| self.rest(delete)).finish()
    }

    /// What the builder has no word for.
    fn rest<'s>(&self, delete: &'s mut DeleteStatement) -> &'s mut DeleteStatement {
        if let Some(clause) = self.returning.clone() {
            delete.returning(clause);
        }
        if let Some(with) = self.with.clone() {
            delete.with_cte(with);
        }
        delete
    }
}
