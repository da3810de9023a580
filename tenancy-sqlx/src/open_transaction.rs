//! `OpenTransaction`, a connection inside a transaction that ends before anybody else gets it.
//!
//! Tenant and all-tenants transactions are made of it. It knows nothing of tenants: whoever opens it says so in
//! the opening message.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{
    AssertSqlSafe, Connection as _, Database, Executor as _, Postgres, SqlSafeStr, raw_sql,
};
use sqlx_core::rt;
use sqlx_core::transaction::TransactionManager;

use crate::Error;
use crate::failure::Failure;
use crate::share::Seat;

type Manager = <Postgres as Database>::TransactionManager;

/// Puts the role of the session back. The settings depend on the [`Manner`].
const RESET_ROLE: &str = "RESET ROLE; ";

/// Ends what else a committed transaction can leave to the session: cursors, temporary tables, channels listened to.
const CLEAN: &str = "CLOSE ALL; DISCARD TEMP; UNLISTEN *; ";

/// What `lastval()` tells, which a rollback keeps. It takes a snapshot, after which the isolation level is settled:
/// never before `BEGIN`.
const FORGET: &str = "; DISCARD SEQUENCES";

/// Runs the checks that were put off until now. It fails as well when the server has given the transaction up;
/// after a COMMIT the server would say so by a word that sqlx does not read.
const RUN_DEFERRED_CHECKS: &str = "SET CONSTRAINTS ALL IMMEDIATE; ";

/// The session is cleaned in a transaction of its own: before the commit that would take away what its last triggers,
/// and the commit itself, go by. The empty transaction at the end is for sqlx, which believes to be in one until the
/// ROLLBACK that rides on the release of the connection.
const COMMIT: &str = "COMMIT; BEGIN; ";
const LAST: &str = "COMMIT; BEGIN";

pub(crate) struct OpenTransaction {
    pub(crate) connection: PoolConnection<Postgres>,
    /// `BEGIN` is known to have succeeded.
    begun: bool,
    /// A statement failed: Postgres rolls back whatever is sent to end the transaction, and sqlx would report that
    /// as a successful commit.
    pub(crate) failure: Option<Failure>,
    /// Another transaction was in the way once, be it in a savepoint that was undone since.
    met_conflict: bool,
    /// A savepoint was dropped: what was done since is undone before anything else.
    undo: Option<Level>,
    manner: Manner,
    /// The right of its tenant to this connection.
    seat: Option<Seat>,
}

/// How deep a savepoint lies, counted from one.
pub(crate) type Level = u32;

/// How transactions of a pool speak to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Statements have names by which the connection knows them again.
    named_statements: bool,
    /// SQL that puts back the role and settings of the session.
    reset: Arc<str>,
}

impl OpenTransaction {
    /// Opens a transaction with `begin`, which starts with `BEGIN`, all in one message.
    pub(crate) async fn open(
        connection: PoolConnection<Postgres>,
        begin: &str,
        manner: &Manner,
    ) -> Result<Self, sqlx::Error> {
        let message = format!("{}{begin}{FORGET}", manner.reset);
        let mut open = Self {
            connection,
            begun: false,
            failure: None,
            met_conflict: false,
            undo: None,
            manner: manner.clone(),
            seat: None,
        };
        let message = AssertSqlSafe(message).into_sql_str();
        Manager::begin(&mut open.connection, Some(message)).await?;
        open.begun = true;
        Ok(open)
    }

    /// Holds `seat` until the connection is back in the pool.
    pub(crate) fn seated(mut self, seat: Option<Seat>) -> Self {
        self.seat = seat;
        self
    }

    /// Commits, and leaves nothing on the session.
    pub(crate) async fn commit(&mut self) -> Result<(), Error> {
        if self.failure.is_some() {
            return Err(Error::Aborted);
        }
        self.ready().await?;
        let undo = self.undo.take().map(undo_sql).unwrap_or_default();
        let reset = &self.manner.reset;
        let committed = self
            .control(format!(
                "{undo}{RUN_DEFERRED_CHECKS}{COMMIT}{CLEAN}{reset}{LAST}"
            ))
            .await;
        match self.failure {
            Some(Failure::InFailedTransaction) => Err(Error::Aborted),
            _ => committed,
        }
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), Error> {
        Ok(Manager::rollback(&mut self.connection).await?)
    }

    /// Starts a savepoint at `level`.
    pub(crate) async fn savepoint(&mut self, level: Level) -> Result<(), Error> {
        if self.failure.is_some() {
            return Err(Error::Aborted);
        }
        self.ready().await?;
        let undo = self.undo.take().map(undo_sql).unwrap_or_default();
        self.control(format!("{undo}SAVEPOINT tenancy_{level}"))
            .await
    }

    /// Makes what was done since the savepoint part of what was done before. The first poll sends it.
    pub(crate) async fn release(&mut self, level: Level) -> Result<(), Error> {
        self.control(format!("RELEASE SAVEPOINT tenancy_{level}"))
            .await
    }

    /// Undoes what was done since the savepoint, when the connection is used next. One that lies in it and waits to
    /// be undone goes with it.
    pub(crate) fn undo(&mut self, level: Level) {
        self.undo = Some(level);
        self.met_conflict = self.met_conflict();
        self.failure = None;
    }

    /// Whether another transaction was in the way of this one.
    pub(crate) fn met_conflict(&self) -> bool {
        self.met_conflict || self.failure == Some(Failure::Conflict)
    }

    /// Whether a savepoint waits to be undone.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.undo.is_some()
    }

    /// Undoes what a dropped savepoint has left, and leaves the connection ready.
    pub(crate) async fn settle(&mut self) -> Result<(), Error> {
        self.ready().await?;
        match self.undo.take() {
            Some(level) => self.control(undo_sql(level)).await,
            None => Ok(()),
        }
    }

    /// Reads what is left of a statement whose future was dropped.
    ///
    /// Afterwards the first poll of a message queues it, so that it is sent exactly once wherever its future is
    /// dropped.
    async fn ready(&mut self) -> Result<(), Error> {
        loop {
            match self.connection.flush().await {
                Ok(()) => return Ok(()),
                // It failed inside the savepoint that is to be undone.
                Err(sqlx::Error::Database(_)) if self.undo.is_some() => {}
                Err(error) => {
                    Failure::note(&mut self.failure, &error);
                    return Err(error.into());
                }
            }
        }
    }

    async fn control(&mut self, sql: String) -> Result<(), Error> {
        let run = self.connection.execute(raw_sql(AssertSqlSafe(sql)));
        if let Err(error) = run.await {
            Failure::note(&mut self.failure, &error);
            return Err(error.into());
        }
        Ok(())
    }

    /// What a statement needs: the connection, a place for its failure, and whether it has a name.
    pub(crate) fn parts(&mut self) -> (&mut PgConnection, &mut Option<Failure>, bool) {
        let named = self.manner.named_statements;
        (&mut self.connection, &mut self.failure, named)
    }
}

/// Rolls back to a savepoint and forgets it.
fn undo_sql(level: Level) -> String {
    format!("ROLLBACK TO SAVEPOINT tenancy_{level}; RELEASE SAVEPOINT tenancy_{level}; ")
}

impl Manner {
    /// With SQL that puts back `settings` of the session, each statement with a semicolon. Behind a pooler some
    /// settings are the pooler's.
    pub(crate) fn new(named_statements: bool, settings: &str) -> Self {
        Self {
            named_statements,
            reset: format!("{RESET_ROLE}{settings}").into(),
        }
    }
}

/// Whatever happened, the connection leaves the transaction before it is handed to anybody else: sqlx sends what
/// is queued here when the connection goes back to the pool.
///
/// Where `BEGIN` is not known to have succeeded, because of an error or because its future was dropped, the connection
/// is closed. sqlx 0.9.0 would give it back to the pool, and the next borrower would work inside this tenant's open
/// transaction.
impl Drop for OpenTransaction {
    fn drop(&mut self) {
        if self.begun {
            Manager::start_rollback(&mut self.connection);
            if let Some(seat) = self.seat.take() {
                give_back(&mut self.connection, seat);
            }
        } else {
            self.connection.close_on_drop();
        }
    }
}

/// As sqlx does it when the connection is dropped, in a task, but for the seat: until the statement that a dropped future has
/// left running is done and rolled back, the tenant still holds the connection.
fn give_back(connection: &mut PoolConnection<Postgres>, seat: Seat) {
    let given_back = connection.return_to_pool();
    rt::spawn(async move {
        given_back.await;
        drop(seat);
    });
}
