//! `Bound`, a scoped statement on its way to a database: the one place that looks whose it is and binds its values.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use sea_query::Value;
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Database, Executor, FromRow, IntoArguments};
use tenancy_core::{Dialect, Scoped, TenantId};

use crate::Error;

/// A database whose SQL the builder writes.
pub trait Speaks: Database {
    /// That SQL.
    const DIALECT: Dialect;
}

impl Speaks for sqlx::Postgres {
    const DIALECT: Dialect = Dialect::Postgres;
}

#[cfg(feature = "mysql")]
impl Speaks for sqlx::MySql {
    const DIALECT: Dialect = Dialect::MySql;
}

#[cfg(feature = "sqlite")]
impl Speaks for sqlx::Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
}

/// A statement of the tenant that it is about to run for, and values that `DB` can take.
pub(crate) struct Bound<DB> {
    sql: Arc<str>,
    values: SqlxValues,
    database: PhantomData<fn() -> DB>,
}

impl<DB: Speaks> Bound<DB>
where
    SqlxValues: IntoArguments<DB>,
{
    /// Renders `statement`, if it was built for `tenant`.
    pub(crate) fn new<S>(statement: &Scoped<S>, tenant: &TenantId) -> Result<Self, Error> {
        if statement.tenant() != tenant {
            return Err(Error::ForeignStatement {
                statement: statement.tenant().clone(),
                tenant: tenant.clone(),
            });
        }
        if statement.dialect() != DB::DIALECT {
            return Err(Error::ForeignDialect {
                statement: statement.dialect(),
                database: DB::DIALECT,
            });
        }
        let values = statement.values();
        if let Some(value) = values.iter().find_map(unsupported::<DB>) {
            let database = DB::DIALECT;
            return Err(Error::UnsupportedValue { value, database });
        }
        Ok(Self {
            sql: statement.shared_sql(),
            values: SqlxValues(values.clone()),
            database: PhantomData,
        })
    }

    pub(crate) async fn fetch_all<'c, T>(
        self,
        executor: impl Executor<'c, Database = DB>,
    ) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        let query = sqlx::query_as_with(AssertSqlSafe(self.sql), self.values);
        Ok(query.fetch_all(executor).await?)
    }

    pub(crate) async fn fetch_optional<'c, T>(
        self,
        executor: impl Executor<'c, Database = DB>,
    ) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        let query = sqlx::query_as_with(AssertSqlSafe(self.sql), self.values);
        Ok(query.fetch_optional(executor).await?)
    }

    pub(crate) async fn fetch_one<'c, T>(
        self,
        executor: impl Executor<'c, Database = DB>,
    ) -> Result<T, Error>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin,
    {
        let row = self.fetch_optional(executor).await?;
        row.ok_or(Error::Database(sqlx::Error::RowNotFound))
    }

    pub(crate) async fn execute<'c>(
        self,
        executor: impl Executor<'c, Database = DB>,
    ) -> Result<DB::QueryResult, Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.values);
        Ok(query.execute(executor).await?)
    }

    /// The rows one by one. A statement that was refused is the first item and the last.
    pub(crate) fn stream<'c, T>(
        bound: Result<Self, Error>,
        executor: impl Executor<'c, Database = DB> + 'c,
    ) -> BoxStream<'c, Result<T, Error>>
    where
        T: for<'r> FromRow<'r, DB::Row> + Send + Unpin + 'c,
    {
        match bound {
            Ok(Self { sql, values, .. }) => sqlx::query_as_with(AssertSqlSafe(sql), values)
                .fetch(executor)
                .map_err(Error::from)
                .boxed(),
            Err(error) => stream::once(future::err(error)).boxed(),
        }
    }
}

/// What of a value `DB` does not have. sea-query-sqlx 0.9.1 would panic.
fn unsupported<DB: Speaks>(value: &Value) -> Option<&'static str> {
    #[cfg(any(feature = "ipnetwork", feature = "postgres-array"))]
    let elsewhere = DB::DIALECT != Dialect::Postgres;
    match value {
        Value::BigUnsigned(Some(number))
            if DB::DIALECT != Dialect::MySql && i64::try_from(*number).is_err() =>
        {
            Some("u64 above i64::MAX")
        }
        #[cfg(feature = "ipnetwork")]
        Value::IpNetwork(_) if elsewhere => Some("IpNetwork"),
        #[cfg(feature = "postgres-array")]
        Value::Array(..) if elsewhere => Some("array"),
        #[cfg(feature = "postgres-array")]
        Value::Array(_, Some(items)) => items.iter().find_map(|item| {
            if *item == item.as_null() {
                Some("array with NULL in it")
            } else {
                unsupported::<DB>(item)
            }
        }),
        _ => None,
    }
}
