//! `TenantTransaction`, a transaction that cannot lose its tenant.

use std::fmt;

use sea_query::QueryStatementBuilder;
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::{AssertSqlSafe, FromRow};
use tenancy_core::{Scoped, TenantId};

use crate::Error;
use crate::executor::delegate_executor;
use crate::open_transaction::{Level, OpenTransaction};

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
    tenant: TenantId,
}

delegate_executor!(TenantTransaction);

impl TenantTransaction {
    pub(crate) fn new(open: OpenTransaction, tenant: TenantId) -> Self {
        Self {
            open,
            level: 0,
            tenant,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
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
    /// # Errors
    /// [`Error::ForeignStatement`] when it was built for another tenant; [`Error::Database`] when it fails.
    pub async fn fetch_all<T, S>(&mut self, statement: &Scoped<S>) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
        S: QueryStatementBuilder,
    {
        let (sql, values) = self.build(statement)?;
        Ok(sqlx::query_as_with(AssertSqlSafe(sql), values)
            .fetch_all(self)
            .await?)
    }

    /// Runs a scoped statement and reads the one row it yields, if any.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T, S>(&mut self, statement: &Scoped<S>) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
        S: QueryStatementBuilder,
    {
        let (sql, values) = self.build(statement)?;
        Ok(sqlx::query_as_with(AssertSqlSafe(sql), values)
            .fetch_optional(self)
            .await?)
    }

    /// Runs a scoped statement and reads the one row it yields.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), and [`sqlx::Error::RowNotFound`] when there is no row. A row of
    /// another tenant and a row that does not exist give the same answer.
    pub async fn fetch_one<T, S>(&mut self, statement: &Scoped<S>) -> Result<T, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
        S: QueryStatementBuilder,
    {
        let row = self.fetch_optional(statement).await?;
        row.ok_or(Error::Database(sqlx::Error::RowNotFound))
    }

    /// Runs a scoped statement and counts the rows it touched.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn execute<S>(&mut self, statement: &Scoped<S>) -> Result<PgQueryResult, Error>
    where
        S: QueryStatementBuilder,
    {
        let (sql, values) = self.build(statement)?;
        Ok(sqlx::query_with(AssertSqlSafe(sql), values)
            .execute(self)
            .await?)
    }

    fn build<S: QueryStatementBuilder>(
        &self,
        statement: &Scoped<S>,
    ) -> Result<(String, SqlxValues), Error> {
        if *statement.tenant() != self.tenant {
            return Err(Error::ForeignStatement {
                statement: statement.tenant().clone(),
                transaction: self.tenant.clone(),
            });
        }
        let (sql, values) = statement.build();
        Ok((sql, SqlxValues(values)))
    }
}

impl fmt::Debug for TenantTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTransaction")
            .field("tenant", &self.tenant.as_str())
            .field("failed", &self.open.failure.is_some())
            .finish_non_exhaustive()
    }
}
