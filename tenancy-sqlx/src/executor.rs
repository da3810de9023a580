//! sqlx's `Executor` for a tenant transaction: its commands checked, its failures remembered.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, future, stream};
use sqlx::postgres::{PgArguments, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Error, Execute, Executor, Postgres, SqlStr};
use sqlx_core::describe::Describe;
use sqlx_core::error::BoxDynError;

use crate::TenantTransaction;
use crate::command;

type Step = Either<PgQueryResult, PgRow>;

impl<'c> Executor<'c> for &'c mut TenantTransaction {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let checked = match Checked::new(query) {
            Ok(checked) => checked,
            Err(error) => return stream::once(future::err(error)).boxed(),
        };
        let (connection, mut failed) = self.parts();
        connection
            .fetch_many(checked)
            .inspect_err(move |error| failed.note(error))
            .boxed()
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let checked = match Checked::new(query) {
            Ok(checked) => checked,
            Err(error) => return future::err(error).boxed(),
        };
        let (connection, mut failed) = self.parts();
        connection
            .fetch_optional(checked)
            .inspect_err(move |error| failed.note(error))
            .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        if let Err(error) = allowed(&sql) {
            return future::err(error).boxed();
        }
        let (connection, mut failed) = self.parts();
        connection
            .prepare_with(sql, parameters)
            .inspect_err(move |error| failed.note(error))
            .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        if let Err(error) = allowed(&sql) {
            return future::err(error).boxed();
        }
        let (connection, mut failed) = self.parts();
        connection
            .describe(sql)
            .inspect_err(move |error| failed.note(error))
            .boxed()
    }
}

impl TenantTransaction {
    fn parts(&mut self) -> (&mut PgConnection, Failed<'_>) {
        (&mut self.connection, Failed(&mut self.failed))
    }
}

/// Remembers that a statement failed.
struct Failed<'a>(&'a mut bool);

impl Failed<'_> {
    /// A row that cannot be decoded leaves the transaction whole; any other error is one too many to commit
    /// after.
    fn note(&mut self, error: &Error) {
        let harmless = matches!(
            error,
            Error::RowNotFound | Error::ColumnDecode { .. } | Error::Decode(_)
        );
        *self.0 |= !harmless;
    }
}

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

fn allowed(sql: &SqlStr) -> Result<(), Error> {
    command::check(sql.as_str()).map_err(|forbidden| Error::Configuration(forbidden.into()))
}
