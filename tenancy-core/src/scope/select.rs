//! `ScopedSelect`: rows of the tenant.

use sea_query::{
    Expr, IntoColumnRef, IntoCondition, IntoIden, IntoTableRef, Order, Query, SelectStatement,
};

use super::{Scope, ScopeError, Scoped};

/// A SELECT under construction. Made by [`Scope::select`].
///
/// It has what most queries need. [`apply`](Self::apply) gives the statement of sea-query for the rest, and
/// [`Scope::wrap`] takes one that is finished.
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedSelect<'a> {
    scope: Scope<'a>,
    statement: SelectStatement,
}

impl<'a> ScopedSelect<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Self {
        Self {
            scope,
            statement: Query::select(),
        }
    }

    /// Adds a column to the result.
    pub fn column(self, column: impl IntoColumnRef) -> Self {
        self.apply(|select| select.column(column))
    }

    /// Adds columns to the result.
    pub fn columns<C: IntoColumnRef>(self, columns: impl IntoIterator<Item = C>) -> Self {
        self.apply(|select| select.columns(columns))
    }

    /// Adds an expression to the result.
    pub fn expr(self, expr: impl Into<Expr>) -> Self {
        self.apply(|select| select.expr(expr.into()))
    }

    /// Adds an expression to the result, under a name.
    pub fn expr_as(self, expr: impl Into<Expr>, name: impl IntoIden) -> Self {
        self.apply(|select| select.expr_as(expr.into(), name))
    }

    /// Adds a table to read from.
    pub fn from(self, table: impl IntoTableRef) -> Self {
        self.apply(|select| select.from(table))
    }

    /// Joins the rows of a table that meet a condition.
    pub fn inner_join(self, table: impl IntoTableRef, condition: impl IntoCondition) -> Self {
        self.apply(|select| select.inner_join(table, condition))
    }

    /// Joins the rows of a table that meet a condition, and keeps those rows that have no match.
    pub fn left_join(self, table: impl IntoTableRef, condition: impl IntoCondition) -> Self {
        self.apply(|select| select.left_join(table, condition))
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the result beyond the tenant.
    pub fn and_where(self, condition: Expr) -> Self {
        self.apply(|select| select.and_where(condition))
    }

    /// Narrows the rows by a [`Condition`](sea_query::Condition).
    pub fn cond_where(self, condition: impl IntoCondition) -> Self {
        self.apply(|select| select.cond_where(condition))
    }

    /// Makes one row of all that have the same values in these columns.
    pub fn group_by_columns<C: IntoColumnRef>(self, columns: impl IntoIterator<Item = C>) -> Self {
        self.apply(|select| select.group_by_columns(columns))
    }

    /// Orders the rows.
    pub fn order_by(self, column: impl IntoColumnRef, order: Order) -> Self {
        self.apply(|select| select.order_by(column, order))
    }

    /// Ends after so many rows.
    pub fn limit(self, rows: u64) -> Self {
        self.apply(|select| select.limit(rows))
    }

    /// Leaves out so many rows at the beginning.
    pub fn offset(self, rows: u64) -> Self {
        self.apply(|select| select.offset(rows))
    }

    /// Whatever else sea-query can say.
    ///
    /// ```
    /// use sea_query::LockType;
    /// # use tenancy_core::{TableCatalog, TenantId, danger};
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
    /// # let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
    /// # let scope = context.scope(&catalog);
    ///
    /// let locked = scope.select().column("id").from("note").apply(|select| select.lock(LockType::Update)).finish()?;
    /// # let _ = locked;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(
        mut self,
        change: impl FnOnce(&mut SelectStatement) -> &mut SelectStatement,
    ) -> Self {
        change(&mut self.statement);
        self
    }

    /// The finished statement.
    ///
    /// # Errors
    /// When nothing is selected, and as for [`Scope::wrap`].
    pub fn finish(mut self) -> Result<Scoped<SelectStatement>, ScopeError> {
        let mut selects = false;
        self.statement.exprs_mut_for_each(|_| selects = true);
        if selects {
            self.scope.scoped(&self.statement, Vec::new())
        } else {
            Err(ScopeError::NothingSelected)
        }
    }
}
