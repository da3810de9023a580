//! `TenantReader`, single statements that read, each in a transaction of its own.

use std::fmt;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, TryStreamExt as _};
use sqlx::postgres::{PgRow, PgStatement, PgTypeInfo};
use sqlx::{Error, Execute, Executor, FromRow, Postgres, SqlStr};
use sqlx_core::describe::Describe;
use tenancy_core::{Scoped, TenantContext};

use crate::executor::Step;
use crate::scoped::Bound;
use crate::{TenantPool, TenantTransaction};

/// An executor of single statements that read, each in a transaction of its own. Made by
/// [`TenantPool::reader`].
///
/// What two statements read may differ: for one picture of the data use [`TenantPool::read`].
#[derive(Clone)]
pub struct TenantReader {
    pool: TenantPool,
    context: TenantContext,
}

impl TenantReader {
    pub(crate) fn new(pool: TenantPool, context: TenantContext) -> Self {
        Self { pool, context }
    }

    /// Runs a scoped statement and reads all rows it yields.
    ///
    /// ```no_run
    /// # use tenancy_core::{Scoped, TenantContext};
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: TenantContext, pinned: Scoped<sea_query::SelectStatement>) -> Result<(), tenancy_sqlx::Error> {
    /// let notes: Vec<(i64, String)> = pool.reader(&context).fetch_all(&pinned).await?;
    /// # let _ = notes;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`TenantTransaction::fetch_all`], and [`TenantPool::read`].
    pub async fn fetch_all<T>(&self, statement: &Scoped<impl Sized>) -> Result<Vec<T>, crate::Error>
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
        &self,
        statement: &Scoped<impl Sized>,
    ) -> Result<Option<T>, crate::Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.bind(statement)?.fetch_optional(self).await
    }

    /// Runs a scoped statement and reads the first row it yields.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), and [`sqlx::Error::RowNotFound`] when there is no row.
    pub async fn fetch_one<T>(&self, statement: &Scoped<impl Sized>) -> Result<T, crate::Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.bind(statement)?.fetch_one(self).await
    }

    /// Runs a scoped statement and reads its rows one by one, as they come.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), as an item of the stream, after which none follows.
    pub fn stream<'r, T>(
        &'r self,
        statement: &Scoped<impl Sized>,
    ) -> BoxStream<'r, Result<T, crate::Error>>
    where
        T: for<'row> FromRow<'row, PgRow> + Send + Unpin + 'r,
    {
        Bound::stream(self.bind(statement), self)
    }

    fn bind(&self, statement: &Scoped<impl Sized>) -> Result<Bound<Postgres>, crate::Error> {
        Bound::new(statement, self.context.tenant())
    }

    async fn begin(&self) -> Result<TenantTransaction, Error> {
        Ok(self.pool.read(&self.context).await?)
    }
}

impl<'c> Executor<'c> for &'c TenantReader {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(sqlx_core::try_stream! {
            let mut transaction = self.begin().await?;
            let mut steps = transaction.fetch_many(query);
            while let Some(step) = steps.try_next().await? {
                r#yield!(step);
            }
            Ok(())
        })
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        async move { Executor::fetch_optional(&mut self.begin().await?, query).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        async move {
            let mut transaction = self.begin().await?;
            transaction.prepare_with(sql, parameters).await
        }
        .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        async move { self.begin().await?.describe(sql).await }.boxed()
    }
}

impl fmt::Debug for TenantReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantReader")
            .field("tenant", &self.context.tenant().as_str())
            .finish_non_exhaustive()
    }
}
