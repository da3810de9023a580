//! sqlx's `Executor` for an open transaction: its commands checked, its failures remembered.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, future, stream};
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Error, Execute, Executor, Postgres, SqlStr};
use sqlx_core::describe::Describe;
use sqlx_core::error::BoxDynError;

use crate::command;
use crate::failure::Failure;
use crate::open_transaction::OpenTransaction;

pub(crate) type Step = Either<PgQueryResult, PgRow>;

impl OpenTransaction {
    pub(crate) fn fetch_many<'e, 'q, E>(
        &'e mut self,
        query: E,
    ) -> BoxStream<'e, Result<Step, Error>>
    where
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let checked = match Checked::new(query) {
            Ok(checked) => checked,
            Err(error) => return stream::once(future::err(error)).boxed(),
        };
        if !self.is_unsettled() {
            return self.run_many(checked);
        }
        let settled = async move {
            self.settle().await?;
            Ok(self.run_many(checked))
        };
        settled.try_flatten_stream().boxed()
    }

    pub(crate) fn fetch_optional<'e, 'q, E>(
        &'e mut self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let checked = match Checked::new(query) {
            Ok(checked) => checked,
            Err(error) => return future::err(error).boxed(),
        };
        if !self.is_unsettled() {
            return self.run_optional(checked);
        }
        let settled = async move {
            self.settle().await?;
            self.run_optional(checked).await
        };
        settled.boxed()
    }

    pub(crate) fn prepare_with<'e>(
        &'e mut self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>> {
        async move {
            allowed(&sql)?;
            self.settle().await?;
            let (connection, failure, named) = self.parts();
            require_names(named)?;
            let prepared = connection.prepare_with(sql, parameters).await;
            prepared.inspect_err(|error| Failure::note(failure, error))
        }
        .boxed()
    }

    pub(crate) fn describe(
        &mut self,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Postgres>, Error>> {
        async move {
            allowed(&sql)?;
            self.settle().await?;
            let (connection, failure, named) = self.parts();
            require_names(named)?;
            let described = connection.describe(sql).await;
            described.inspect_err(|error| Failure::note(failure, error))
        }
        .boxed()
    }

    fn run_many(&mut self, mut query: Checked) -> BoxStream<'_, Result<Step, Error>> {
        let (connection, failure, named) = self.parts();
        query.persistent &= named;
        connection
            .fetch_many(query)
            .inspect_err(move |error| Failure::note(failure, error))
            .boxed()
    }

    fn run_optional(&mut self, mut query: Checked) -> BoxFuture<'_, Result<Option<PgRow>, Error>> {
        let (connection, failure, named) = self.parts();
        query.persistent &= named;
        connection
            .fetch_optional(query)
            .inspect_err(move |error| Failure::note(failure, error))
            .boxed()
    }
}

/// Implements sqlx's `Executor` for a mutable reference to `$transaction`, whose field `open` is an
/// [`OpenTransaction`].
macro_rules! delegate_executor {
    ($transaction:ty) => {
        impl<'c> sqlx::Executor<'c> for &'c mut $transaction {
            type Database = sqlx::Postgres;

            fn fetch_many<'e, 'q, E>(
                self,
                query: E,
            ) -> futures_core::stream::BoxStream<'e, Result<$crate::executor::Step, sqlx::Error>>
            where
                'c: 'e,
                'q: 'e,
                E: 'q + sqlx::Execute<'q, sqlx::Postgres>,
            {
                self.open.fetch_many(query)
            }

            fn fetch_optional<'e, 'q, E>(
                self,
                query: E,
            ) -> futures_core::future::BoxFuture<'e, Result<Option<sqlx::postgres::PgRow>, sqlx::Error>>
            where
                'c: 'e,
                'q: 'e,
                E: 'q + sqlx::Execute<'q, sqlx::Postgres>,
            {
                self.open.fetch_optional(query)
            }

            fn prepare_with<'e>(
                self,
                sql: sqlx::SqlStr,
                parameters: &'e [sqlx::postgres::PgTypeInfo],
            ) -> futures_core::future::BoxFuture<'e, Result<sqlx::postgres::PgStatement, sqlx::Error>>
            where
                'c: 'e,
            {
                self.open.prepare_with(sql, parameters)
            }

            fn describe<'e>(
                self,
                sql: sqlx::SqlStr,
            ) -> futures_core::future::BoxFuture<
                'e,
                Result<sqlx_core::describe::Describe<sqlx::Postgres>, sqlx::Error>,
            >
            where
                'c: 'e,
            {
                self.open.describe(sql)
            }
        }
    };
}

pub(crate) use delegate_executor;

/// A query whose command was checked and that always goes out by the extended protocol.
struct Checked {
    sql: SqlStr,
    arguments: Result<PgArguments, BoxDynError>,
    persistent: bool,
}

impl Checked {
    fn new<'q>(mut query: impl Execute<'q, Postgres>) -> Result<Self, Error> {
        // sqlx sends a query without arguments by the simple protocol, which takes several statements.
        let arguments = query.take_arguments().map(Option::unwrap_or_default);
        let persistent = query.persistent();
        let sql = query.sql();
        allowed(&sql)?;
        Ok(Self {
            sql,
            arguments,
            persistent,
        })
    }
}

impl Execute<'_, Postgres> for Checked {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(PgArguments::default())).map(Some)
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

/// sqlx prepares and describes by statements with names only.
fn require_names(named: bool) -> Result<(), Error> {
    if named {
        return Ok(());
    }
    let problem = "behind PgBouncer statements have no names, so they cannot be prepared or described; run them as queries";
    Err(Error::Configuration(problem.into()))
}

fn allowed(sql: &SqlStr) -> Result<(), Error> {
    command::check(sql.as_str()).map_err(|forbidden| Error::Configuration(forbidden.into()))
}
