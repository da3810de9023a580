//! `Delete`, a DELETE in parts.

use sea_query::{DeleteStatement, Expr, Query, ReturningClause, Values, WithClause};
use tenancy_core::{Dialect, Scope, ScopeError, Scoped};

use super::{Target, text};
use crate::differential::world::quoted;

#[derive(Debug, Clone)]
pub(in crate::differential) struct Delete {
    pub(in crate::differential) target: Target,
    /// Tables beside the target, by their bare names. sea-query has no place for them, the builder has.
    pub(in crate::differential) using: Vec<&'static str>,
    pub(in crate::differential) conditions: Vec<Expr>,
    pub(in crate::differential) returning: Option<ReturningClause>,
    pub(in crate::differential) with: Option<WithClause>,
}

impl Delete {
    pub(super) fn text(&self, dialect: Dialect) -> (String, Values) {
        let (mut sql, values) = text(&self.statement(), dialect);
        if !self.using.is_empty() {
            let mut begin = Query::delete();
            begin.from_table(self.target.reference.clone());
            let (begin, _) = text(&begin, dialect);
            let at = sql.find(&begin).expect("it is a DELETE") + begin.len();
            let tables: Vec<_> = self.using.iter().map(|table| quoted(table)).collect();
            sql.insert_str(at, &format!(" USING {}", tables.join(", ")));
        }
        (sql, values)
    }

    /// As sea-query says it, without the tables beside the target.
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
        for table in &self.using {
            delete = delete.using(table);
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
