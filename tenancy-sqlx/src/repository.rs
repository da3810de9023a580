//! `Repository`, the common things that are done to the rows of a table, each a scoped statement.

mod cursor;
mod key;
mod list;

use std::fmt;

use sea_query::{Expr, ExprTrait as _};
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use tenancy_core::{Scope, TableCatalog};

pub use self::cursor::{Cursor, InvalidCursor};
pub use self::key::RowKey;
pub use self::list::{List, Page};
use crate::{Error, TenantTransaction};

/// Lists, gets, creates, updates and deletes rows of one table, read as `T`, whose key is a `K`.
///
/// It is made once and works in any [`TenantTransaction`], for the tenant of that transaction. Every statement is a
/// scoped one, so it holds without row-level security too: the id of another tenant's row is an id that does not
/// exist. For anything else there is the builder itself, by [`TenantTransaction::scope`].
///
/// ```no_run
/// use sea_query::{Expr, ExprTrait};
/// use tenancy_core::{TableCatalog, TenantContext};
/// use tenancy_sqlx::{Cursor, Error, Page, Repository, TenantPool};
///
/// #[derive(sqlx::FromRow)]
/// struct Note {
///     id: i64,
///     body: String,
///     pinned: bool,
/// }
///
/// fn notes(tables: &TableCatalog) -> Repository<Note, i64> {
///     Repository::new(tables, "note", ["id", "body", "pinned"], "id", |note| note.id)
/// }
///
/// async fn pinned(
///     pool: &TenantPool,
///     tenant: &TenantContext,
///     notes: &Repository<Note, i64>,
///     after: Option<Cursor>,
/// ) -> Result<Page<Note>, Error> {
///     let mut transaction = pool.read(tenant).await?;
///     let pinned = notes.list().filter(Expr::col("pinned").eq(true)).descending().page_size(20).after(after);
///     pinned.fetch(&mut transaction).await
/// }
///
/// async fn work(pool: &TenantPool, tenant: &TenantContext, notes: &Repository<Note, i64>) -> Result<(), Error> {
///     let mut transaction = pool.begin(tenant).await?;
///     let new = notes.create(&mut transaction, [("body", "hello".into())]).await?;
///     let changed: Option<Note> = notes.update(&mut transaction, new.id, [("pinned", true.into())]).await?;
///     let known: Option<Note> = notes.get(&mut transaction, 7).await?;
///     let was_there: bool = notes.delete(&mut transaction, 7).await?;
///     transaction.commit().await
/// }
/// ```
pub struct Repository<T, K> {
    catalog: TableCatalog,
    table: String,
    columns: Vec<String>,
    key: String,
    key_of: fn(&T) -> K,
    across_projects: bool,
}

impl<T, K> Repository<T, K>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static,
    K: RowKey,
{
    /// Over a tenant table of `catalog`: the `columns` of a `T`, the column that is its key within a tenant, and where
    /// the key stands in a `T`.
    ///
    /// Whether the catalogue has the table is told by the first statement.
    pub fn new<'c>(
        catalog: &TableCatalog,
        table: &str,
        columns: impl IntoIterator<Item = &'c str>,
        key: &str,
        key_of: fn(&T) -> K,
    ) -> Self {
        Self {
            catalog: catalog.clone(),
            table: table.to_owned(),
            columns: columns.into_iter().map(str::to_owned).collect(),
            key: key.to_owned(),
            key_of,
            across_projects: false,
        }
    }

    /// The same tenant, and all of its projects, as by [`Scope::across_projects`]: the column of the project is an
    /// ordinary one then, and the key has to tell the rows of all of them apart. Without this a table that has the
    /// column is refused to a context that has no project, and with it to one that is
    /// [limited to projects](tenancy_core::TenantContext::is_limited_to_projects).
    ///
    /// ```
    /// use tenancy_core::{TableCatalog, TenantTable};
    /// use tenancy_sqlx::Repository;
    ///
    /// #[derive(sqlx::FromRow)]
    /// struct Task {
    ///     id: i64,
    ///     project_id: String,
    /// }
    ///
    /// const TASK: TenantTable = TenantTable::new("task", "tenant_id").with_project_column("project_id");
    /// let catalog = TableCatalog::of([TASK]);
    ///
    /// let of_one_project = Repository::new(&catalog, "task", ["id", "project_id"], "id", |task: &Task| task.id);
    /// let of_all = of_one_project.clone().across_projects();
    /// # let _ = of_all;
    /// ```
    #[must_use = "the repository that it is called on is used up"]
    pub fn across_projects(self) -> Self {
        Self {
            across_projects: true,
            ..self
        }
    }

    /// Starts a list of the tenant's rows, a page at a time, by their keys unless said otherwise.
    pub fn list(&self) -> List<'_, T, K> {
        List::new(self)
    }

    /// The row with this key, if the tenant has one.
    ///
    /// # Errors
    /// [`Error::Scope`] when the catalogue does not have the table; [`Error::Database`] when the database refuses.
    pub async fn get(
        &self,
        transaction: &mut TenantTransaction,
        key: K,
    ) -> Result<Option<T>, Error> {
        let select = self
            .scope(transaction)
            .select()
            .columns(self.columns.iter().cloned())
            .from(self.table.clone())
            .and_where(self.has_key(key))
            .finish()?;
        transaction.fetch_optional(&select).await
    }

    /// Adds a row of the tenant and reads it back. Leave the tenant column out: it is filled in.
    ///
    /// # Errors
    /// As for [`get`](Self::get), and [`Error::Scope`] when the values name another tenant or there is none.
    pub async fn create<'c>(
        &self,
        transaction: &mut TenantTransaction,
        values: impl IntoIterator<Item = (&'c str, Expr)>,
    ) -> Result<T, Error> {
        let values = values.into_iter();
        let (columns, values): (Vec<_>, Vec<_>) = values.map(owned).unzip();
        let insert = self
            .scope(transaction)
            .insert(self.table.clone())
            .columns(columns)
            .values(values)
            .returning(self.columns.iter().cloned())
            .finish()?;
        transaction.fetch_one(&insert).await
    }

    /// Changes columns of the row with this key and reads it back. `None` when the tenant has none.
    ///
    /// # Errors
    /// As for [`get`](Self::get), and [`Error::Scope`] when nothing is set, or the tenant column is.
    pub async fn update<'c>(
        &self,
        transaction: &mut TenantTransaction,
        key: K,
        values: impl IntoIterator<Item = (&'c str, Expr)>,
    ) -> Result<Option<T>, Error> {
        let scope = self.scope(transaction);
        let mut update = scope
            .update(self.table.clone())
            .and_where(self.has_key(key));
        for (column, value) in values.into_iter().map(owned) {
            update = update.value(column, value);
        }
        let update = update.returning(self.columns.iter().cloned()).finish()?;
        transaction.fetch_optional(&update).await
    }

    /// Deletes the row with this key. `false` when the tenant has none.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn delete(&self, transaction: &mut TenantTransaction, key: K) -> Result<bool, Error> {
        let delete = self
            .scope(transaction)
            .delete(self.table.clone())
            .and_where(self.has_key(key))
            .finish()?;
        Ok(transaction.execute(&delete).await?.rows_affected() > 0)
    }

    fn scope(&self, transaction: &TenantTransaction) -> Scope<'_> {
        let scope = transaction.scope(&self.catalog);
        if self.across_projects {
            scope.across_projects()
        } else {
            scope
        }
    }

    fn has_key(&self, key: K) -> Expr {
        Expr::col(self.key.clone()).eq(Expr::val(key))
    }
}

fn owned((column, value): (&str, Expr)) -> (String, Expr) {
    (column.to_owned(), value)
}

impl<T, K> Clone for Repository<T, K> {
    fn clone(&self) -> Self {
        Self {
            catalog: self.catalog.clone(),
            table: self.table.clone(),
            columns: self.columns.clone(),
            key: self.key.clone(),
            key_of: self.key_of,
            across_projects: self.across_projects,
        }
    }
}

impl<T, K> fmt::Debug for Repository<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("table", &self.table)
            .field("columns", &self.columns)
            .field("key", &self.key)
            .field("across_projects", &self.across_projects)
            .finish_non_exhaustive()
    }
}
