//! The way to the database.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::trouble::Trouble;

const PATIENCE: Duration = Duration::from_secs(10);
/// What the command says it is in `pg_stat_activity`.
const NAME: &str = "tenancy";

/// A database that answers.
#[derive(Debug)]
pub(crate) struct Database {
    options: PgConnectOptions,
    connection: PgConnection,
}

impl Database {
    /// One connection by itself: a pool would try a refused one again and again, and then say less about it.
    pub(crate) async fn connect(url: &str) -> Result<Self, Trouble> {
        let options = options(url)?;
        let place = place(&options);
        match tokio::time::timeout(PATIENCE, options.connect()).await {
            Ok(Ok(connection)) => Ok(Self {
                options,
                connection,
            }),
            Ok(Err(error)) => Err(Trouble::Connect { place, error }),
            Err(_) => Err(Trouble::Silence {
                place,
                seconds: PATIENCE.as_secs(),
            }),
        }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// A pool instead of the connection.
    pub(crate) async fn into_pool(self) -> PgPool {
        // It has answered all that it was asked, so how it ends does not matter.
        let _ = self.connection.close().await;
        PgPoolOptions::new()
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(self.options)
    }
}

fn options(url: &str) -> Result<PgConnectOptions, Trouble> {
    let (_, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
        .ok_or(Trouble::Scheme)?;
    // A password that was not encoded would be taken apart, and its end for the name of a database that may be told.
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if rest.get(authority..).is_some_and(|rest| rest.contains('@')) {
        return Err(Trouble::Unencoded);
    }
    let options: PgConnectOptions = url.parse().map_err(Trouble::Url)?;
    Ok(options.application_name(NAME))
}

fn place(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    match options.get_socket() {
        Some(socket) => format!("database `{database}` at {} as `{user}`", socket.display()),
        None => format!("database `{database}` at {host}:{port} as `{user}`"),
    }
}
