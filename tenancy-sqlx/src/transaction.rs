//! `TenantTransaction`, a transaction that cannot lose its tenant.

use std::fmt;

use futures_core::stream::BoxStream;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::{FromRow, Postgres};
use tenancy_core::{Scope, Scoped, TableCatalog, TenantContext, TenantId};

use crate::Error;
use crate::executor::delegate_executor;
use crate::open_transaction::{Level, OpenTransaction};
use crate::scoped::Bound;

/// A transaction in which row-level security shows the rows of one tenant.
///
/// Made by [`TenantPool::begin`](crate::TenantPool::begin) and [`read`](crate::TenantPool::read). It runs
/// everything that sqlx offers: pass `&mut transaction` where sqlx wants an executor.
///
/// ```no_run
/// # async fn example(pool: tenancy_sqlx::TenantPool, context: tenancy_core::TenantContext) -> Result<(), tenancy_sqlx::Error> {
/// let mut transaction = pool.begin(&context).await?;
/// sqlx::query("UPDATE note SET body = $1 WHERE id = $2")
///     .bind("hello")
///     .bind(7_i64)
///     .execute(&mut transaction)
///     .await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// - Dropped without a commit, it is rolled back; the rollback travels when the connection goes back to the
///   pool, before anybody else gets it.
/// - It does not deref to the connection, and it refuses commands that would end it, change its tenant or
///   outlive it, such as `COMMIT`, `SET` and `DISCARD` ([`ForbiddenCommand`](crate::ForbiddenCommand)). A part that
///   can be undone alone is a [`savepoint`](Self::savepoint).
/// - Statements go out by the extended protocol only: a second one behind a semicolon is an error.
/// - A statement whose future was dropped halfway may have run or not; a commit keeps what has run.
/// - Drop it inside a tokio runtime: sqlx gives the connection back in a task.
#[must_use = "dropped, it is rolled back"]
pub struct TenantTransaction {
    pub(crate) open: OpenTransaction,
    /// The level of the innermost savepoint.
    pub(crate) level: Level,
    context: TenantContext,
}

delegate_executor!(TenantTransaction);

impl TenantTransaction {
    pub(crate) fn new(open: OpenTransaction, context: TenantContext) -> Self {
        Self {
            open,
            level: 0,
            context,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        self.context.tenant()
    }

    /// Whether it was begun for the tenant, project and subject of `context`, and reaches as far.
    pub(crate) fn is_for(&self, context: &TenantContext) -> bool {
        let begun = &self.context;
        begun.tenant() == context.tenant()
            && begun.project() == context.project()
            && begun.subject() == context.subject()
            && begun.is_limited_to_projects() == context.is_limited_to_projects()
    }

    /// A query builder for the tenant over the tables of `catalog`, whose statements run here.
    pub fn scope<'a>(&self, catalog: &'a TableCatalog) -> Scope<'a> {
        self.context.scope(catalog)
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a statement failed before, whatever was done about it since, also one whose future
    /// was dropped; [`Error::Database`] when a check that was put off until now fails, or the server refuses or
    /// cannot be reached. When the connection breaks at this very point, whether the server committed is unknown,
    /// as with every database.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.open.commit().await
    }

    /// Rolls back and waits until that is done. Dropping the transaction does the same in the background.
    ///
    /// # Errors
    /// When the server cannot be reached. The transaction is over all the same.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.open.rollback().await
    }

    /// Runs a scoped statement and reads all rows it yields.
    ///
    /// ```no_run
    /// # use tenancy_core::{Scoped, TenantContext};
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: TenantContext, pinned: Scoped<sea_query::SelectStatement>) -> Result<(), tenancy_sqlx::Error> {
    /// #[derive(sqlx::FromRow)]
    /// struct Note {
    ///     id: i64,
    ///     body: String,
    /// }
    ///
    /// let mut transaction = pool.read(&context).await?;
    /// let notes = transaction.fetch_all::<Note>(&pinned).await?;
    /// # let _ = notes;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Before anything is sent: [`Error::ForeignStatement`] when it was built for another tenant,
    /// [`Error::ForeignDialect`] when it was built for another database, [`Error::UnsupportedValue`] when Postgres has
    /// no place for one of its values. [`Error::Database`] when it fails.
    pub async fn fetch_all<T>(&mut self, statement: &Scoped<impl Sized>) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.bind(statement)?.fetch_all(self).await
    }

    /// Runs a scoped statement and reads the first row it yields, if any.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T>(
        &mut self,
        statement: &Scoped<impl Sized>,
    ) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.bind(statement)?.fetch_optional(self).await
    }

    /// Runs a scoped statement and reads the first row it yields.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), and [`sqlx::Error::RowNotFound`] when there is no row. A row of
    /// another tenant and a row that does not exist give the same answer.
    pub async fn fetch_one<T>(&mut self, statement: &Scoped<impl Sized>) -> Result<T, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.bind(statement)?.fetch_one(self).await
    }

    /// Runs a scoped statement and reads its rows one by one, as they come.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt as _;
    ///
    /// # use tenancy_core::{Scoped, TenantContext};
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: TenantContext, all: Scoped<sea_query::SelectStatement>) -> Result<(), tenancy_sqlx::Error> {
    /// let mut transaction = pool.read(&context).await?;
    /// let mut notes = transaction.stream::<(i64, String)>(&all);
    /// while let Some((id, body)) = notes.try_next().await? {
    ///     println!("{id}: {body}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), as an item of the stream, after which none follows.
    pub fn stream<'t, T>(
        &'t mut self,
        statement: &Scoped<impl Sized>,
    ) -> BoxStream<'t, Result<T, Error>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin + 't,
    {
        Bound::stream(self.bind(statement), self)
    }

    /// Runs a scoped statement and counts the rows it touched.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn execute(
        &mut self,
        statement: &Scoped<impl Sized>,
    ) -> Result<PgQueryResult, Error> {
        self.bind(statement)?.execute(self).await
    }

    fn bind(&self, statement: &Scoped<impl Sized>) -> Result<Bound<Postgres>, Error> {
        Bound::new(statement, self.tenant())
    }
}

impl fmt::Debug for TenantTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTransaction")
            .field("tenant", &self.tenant().as_str())
            .field("failed", &self.open.failure.is_some())
            .finish_non_exhaustive()
    }
}
