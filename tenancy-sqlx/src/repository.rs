//! `Repository`, the common things that are done to the rows of a table, each a scoped statement.

mod cursor;
mod key;
mod list;

use std::fmt;

use sea_query::{Expr, ExprTrait as _};
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use tenancy_core::TableCatalog;

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
        let select = transaction
            .scope(&self.catalog)
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
        let insert = transaction
            .scope(&self.catalog)
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
        let scope = transaction.scope(&self.catalog);
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
        let delete = transaction
            .scope(&self.catalog)
            .delete(self.table.clone())
            .and_where(self.has_key(key))
            .finish()?;
        Ok(transaction.execute(&delete).await?.rows_affected() > 0)
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
        }
    }
}

impl<T, K> fmt::Debug for Repository<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("table", &self.table)
            .field("columns", &self.columns)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
