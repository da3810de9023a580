//! Real Postgres servers for tests, which go away together with the process that asked for them.

// Spelled out because the benchmarks include this file by its path, which would be searched beside it.
#[path = "postgres/binaries.rs"]
mod binaries;

use std::{
    fmt, fs, io,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    sync::OnceCell,
    time::{sleep, timeout},
};

use crate::supervised::{Supervised, free_port, random};

const SUPERUSER: &str = "postgres";
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A Postgres server on a port of 127.0.0.1, with its data in a temporary folder.
///
/// Server and folder go away when this process ends, even by SIGKILL.
#[derive(Debug)]
pub struct Cluster {
    process: Supervised,
    port: u16,
    password: String,
}

/// A database of one's own on a [`Cluster`].
#[derive(Clone, Debug)]
pub struct Database {
    name: String,
    port: u16,
    password: String,
}

/// Why there is no server.
#[derive(Debug)]
pub enum ClusterError {
    /// Postgres is not installed; the text says what to do about it.
    NotInstalled(String),
    /// The server's process or its folder could not be made.
    Io(io::Error),
    /// The server ended, or did not let anybody in for 30 seconds; the text is the end of its log.
    NotReady(String),
}

impl Cluster {
    /// The server that all tests of this process share.
    ///
    /// # Panics
    ///
    /// If it does not start: a test cannot do anything about that.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Cluster> = OnceCell::const_new();
        SHARED
            .get_or_init(async || Self::start().await.unwrap_or_else(|error| fail(&error)))
            .await
    }

    /// The server of the newest Postgres on this machine, 18 at least, that all tests of this process share.
    ///
    /// It is the [`shared`](Self::shared) one where that is the newest.
    ///
    /// # Panics
    ///
    /// If there is none, or it does not start.
    pub async fn newest() -> &'static Self {
        static NEWEST: OnceCell<Cluster> = OnceCell::const_new();
        let newest = binaries::newest().map_err(ClusterError::NotInstalled);
        let newest = newest.unwrap_or_else(|error| fail(&error));
        if binaries::find().is_ok_and(|shared| shared == newest) {
            return Self::shared().await;
        }
        NEWEST
            .get_or_init(async || {
                let started = Self::start_from(&newest).await;
                started.unwrap_or_else(|error| fail(&error))
            })
            .await
    }

    /// Starts a server of one's own, for a test that restarts or stops it.
    ///
    /// # Errors
    ///
    /// [`ClusterError`], if Postgres is missing or does not start.
    pub async fn start() -> Result<Self, ClusterError> {
        let bin = binaries::find().map_err(ClusterError::NotInstalled)?;
        Self::start_from(&bin).await
    }

    async fn start_from(bin: &Path) -> Result<Self, ClusterError> {
        let mut attempts = 0..5;
        loop {
            let mut cluster = Self::spawn(bin)?;
            match cluster.ready(None).await {
                // Between our look at the port and Postgres's `bind` somebody else took it.
                Err(ClusterError::NotReady(log))
                    if log.contains("Address already in use") && attempts.next().is_some() => {}
                result => return result.map(|()| cluster),
            }
        }
    }

    /// Cuts all connections, as a crash does, and starts the server again on its data and port.
    ///
    /// # Errors
    ///
    /// [`ClusterError`], if the server does not come back.
    pub async fn restart(&mut self) -> Result<(), ClusterError> {
        let previous = self.server_pid();
        self.process.tell("")?;
        self.ready(previous).await
    }

    /// Cuts all connections and stops the server for good, as dropping it does.
    pub fn stop(self) {
        drop(self);
    }

    /// Creates an empty database under a new name.
    ///
    /// # Panics
    ///
    /// If Postgres refuses: a test cannot do anything about that.
    pub async fn database(&self) -> Database {
        let database = self.named(unique("tenancy"));
        let sql = format!("CREATE DATABASE {} TEMPLATE template0", database.name);
        let created = async {
            let mut admin = PgConnection::connect_with(&self.admin_options()).await?;
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut admin)
                .await?;
            admin.close().await
        };
        created.await.unwrap_or_else(|error| fail(&error));
        database
    }

    /// The folder with the server's data, which goes away with the server.
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// The server's main process, while there is one.
    pub fn server_pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.folder().join("data/postmaster.pid")).ok()?;
        file.lines().next()?.parse().ok()
    }

    fn spawn(bin: &Path) -> Result<Self, ClusterError> {
        let script = include_str!("postgres/supervisor.sh");
        let (port, password) = (free_port()?, random()?);
        let process = Supervised::spawn("postgres", script, bin, port)?;
        process.tell(&password)?;
        Ok(Self {
            process,
            port,
            password,
        })
    }

    /// Waits until a server other than `previous` lets us in.
    async fn ready(&mut self, previous: Option<u32>) -> Result<(), ClusterError> {
        let options = self.admin_options();
        let admitted = async {
            loop {
                if self.process.has_ended()? {
                    return Ok::<_, io::Error>(false);
                }
                let pid = self.server_pid();
                if pid.is_some()
                    && pid != previous
                    && let Ok(connection) = PgConnection::connect_with(&options).await
                {
                    let _ = connection.close().await;
                    return Ok(true);
                }
                sleep(POLL).await;
            }
        };
        match timeout(PATIENCE, admitted).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(false)) | Err(_) => Err(ClusterError::NotReady(self.process.log_tail()?)),
        }
    }

    fn admin_options(&self) -> PgConnectOptions {
        self.named(SUPERUSER.to_owned()).admin_options()
    }

    fn named(&self, name: String) -> Database {
        Database {
            name,
            port: self.port,
            password: self.password.clone(),
        }
    }
}

impl Database {
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connects as `user`.
    pub fn options(&self, user: &str, password: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(user)
            .password(password)
            .database(&self.name)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Connects as the superuser, whom no row-level security holds back.
    pub fn admin_options(&self) -> PgConnectOptions {
        self.options(SUPERUSER, &self.password)
    }

    /// [`admin_options`](Self::admin_options) as a URL.
    pub fn admin_url(&self) -> String {
        let Self {
            name,
            port,
            password,
        } = self;
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{name}")
    }
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled(advice) => f.write_str(advice),
            Self::Io(error) => write!(f, "cannot start Postgres: {error}"),
            Self::NotReady(log) => write!(f, "Postgres did not start; its log ends in:\n{log}"),
        }
    }
}

impl std::error::Error for ClusterError {}

impl From<io::Error> for ClusterError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A role name that no other test of this process uses: roles belong to a whole [`Cluster`].
pub fn unique_role(prefix: &str) -> String {
    unique(prefix)
}

fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[expect(
    clippy::panic,
    reason = "a test without its database has nothing to say"
)]
fn fail(error: &dyn std::error::Error) -> ! {
    panic!("{error}")
}
