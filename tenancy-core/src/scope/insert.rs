//! `ScopedInsert`: rows that belong to the tenant by construction.

use sea_query::{
    DynIden, Expr, InsertStatement, IntoIden, OnConflict, Query, SelectStatement, TableRef, error,
};

use super::{Scope, ScopeError, Scoped, bare_name};

/// An INSERT under construction. Made by [`Scope::insert`].
#[derive(Debug)]
#[must_use = "finish it and run it"]
pub struct ScopedInsert<'a> {
    scope: Scope<'a>,
    name: DynIden,
    statement: InsertStatement,
    /// A row that does not go with the columns.
    misfit: Option<ScopeError>,
}

impl<'a> ScopedInsert<'a> {
    pub(super) fn new(scope: Scope<'a>, table: TableRef) -> Self {
        let name = bare_name(&table);
        let mut statement = Query::insert();
        statement.into_table(table).or_default_values();
        Self {
            scope,
            name,
            statement,
            misfit: None,
        }
    }

    /// The columns that each row gives. Leave the tenant column out: it is filled in. If it is named,
    /// every row must hold the tenant of the scope there.
    pub fn columns<C: IntoIden>(self, columns: impl IntoIterator<Item = C>) -> Self {
        self.apply(|insert| insert.columns(columns))
    }

    /// Adds a row.
    pub fn values(mut self, values: impl IntoIterator<Item = Expr>) -> Self {
        if let Err(error) = self.statement.values(values) {
            self.misfit = Some(self.misfit_of(&error));
        }
        self
    }

    /// Adds the rows of a query, which is scoped as well.
    ///
    /// ```
    /// use sea_query::Query;
    /// # use tenancy_core::{TableCatalog, TenantId, danger};
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id").tenant_table("archive", "tenant_id");
    /// # let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
    /// # let scope = context.scope(&catalog);
    ///
    /// let notes = Query::select().columns(["id", "body"]).from("note").take();
    /// let archived = scope.insert("archive").columns(["id", "body"]).select_from(notes).finish()?;
    /// assert!(archived.sql().ends_with(r#"SELECT "id", "body", $1 FROM "note""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select_from(mut self, select: SelectStatement) -> Self {
        if let Err(error) = self.statement.select_from(select) {
            self.misfit = Some(self.misfit_of(&error));
        }
        self
    }

    /// What happens to a row whose key is taken. The target has to name the tenant column.
    pub fn on_conflict(self, conflict: OnConflict) -> Self {
        self.apply(|insert| insert.on_conflict(conflict))
    }

    /// Columns of the new rows to give back.
    pub fn returning<C: IntoIden>(self, columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(IntoIden::into_iden);
        self.apply(|insert| insert.returning(Query::returning().columns(columns)))
    }

    /// Whatever else sea-query can say.
    pub fn apply(
        mut self,
        change: impl FnOnce(&mut InsertStatement) -> &mut InsertStatement,
    ) -> Self {
        change(&mut self.statement);
        self
    }

    /// The finished statement. Without columns and values it is a row of defaults.
    ///
    /// # Errors
    /// When a row has another number of values than there are columns, and as for [`Scope::wrap`].
    pub fn finish(self) -> Result<Scoped<InsertStatement>, ScopeError> {
        match self.misfit {
            Some(misfit) => Err(misfit),
            None => self.scope.scoped(&self.statement, Vec::new()),
        }
    }

    fn misfit_of(&self, error: &error::Error) -> ScopeError {
        let error::Error::ColValNumMismatch { col_len, val_len } = error;
        ScopeError::RowLength {
            table: self.name.to_string(),
            columns: *col_len,
            values: *val_len,
        }
    }
}
