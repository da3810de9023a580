//! A real MariaDB server for tests, which goes away together with the process that asked for it.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, MySqlPool};
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

use crate::notes::Fallible;
use crate::supervised::{Supervised, free_port, random};

/// The variable that names the server's program, and ends the search.
const OVERRIDE: &str = "TENANCY_MARIADBD";
/// Where packages put it, beside the folders of `PATH`.
const FOLDERS: [&str; 3] = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/opt/mariadb/bin",
];
/// What makes a data folder: beside the server or, in Debian's packages, among the commands for everybody.
const INSTALL: &str = "mariadb-install-db";
const USER: &str = "tenancy";
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// A MariaDB server on a port of 127.0.0.1, with its data in a temporary folder.
#[derive(Debug)]
pub struct MariaDb {
    process: Supervised,
    port: u16,
    password: String,
}

impl MariaDb {
    /// The server that all tests of this process share.
    ///
    /// # Panics
    ///
    /// If it is missing or does not start: a test cannot do anything about that.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<MariaDb> = OnceCell::const_new();
        SHARED
            .get_or_init(async || match Self::start().await {
                Ok(server) => server,
                #[expect(
                    clippy::panic,
                    reason = "a test without its database has nothing to say"
                )]
                Err(error) => panic!("{error}"),
            })
            .await
    }

    /// A pool on an empty database under a new name.
    ///
    /// # Errors
    /// When MariaDB refuses.
    pub async fn database(&self) -> Fallible<MySqlPool> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("tenancy_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut connection = MySqlConnection::connect_with(&self.options()).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(MySqlPoolOptions::new()
            .max_connections(2)
            .connect_with(self.options().database(&name))
            .await?)
    }

    async fn start() -> Fallible<Self> {
        let (program, install) = find()?;
        let mut attempts = 0..5;
        loop {
            let (port, password) = (free_port()?, random()?);
            let script = include_str!("mariadb/supervisor.sh");
            let process = Supervised::spawn("mariadb", script, &program, port)?;
            process.tell(&install.to_string_lossy())?;
            process.tell(&password)?;
            let mut server = Self {
                process,
                port,
                password,
            };
            if server.lets_in().await? {
                return Ok(server);
            }
            let log = server.process.log_tail()?;
            // Between our look at the port and its `bind` somebody else took it.
            if !log.contains("already in use") || attempts.next().is_none() {
                return Err(format!("MariaDB did not start; its log ends in:\n{log}").into());
            }
        }
    }

    async fn lets_in(&mut self) -> Fallible<bool> {
        let options = self.options();
        let admitted = async {
            while !self.process.has_ended()? {
                if let Ok(connection) = MySqlConnection::connect_with(&options).await {
                    connection.close().await?;
                    return Ok(true);
                }
                sleep(POLL).await;
            }
            Ok(false)
        };
        timeout(PATIENCE, admitted).await.unwrap_or(Ok(false))
    }

    fn options(&self) -> MySqlConnectOptions {
        MySqlConnectOptions::new()
            .host("127.0.0.1")
            .port(self.port)
            .username(USER)
            .password(&self.password)
    }
}

/// The server and what makes its data folder.
fn find() -> Result<(PathBuf, PathBuf), String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path)
        .chain(FOLDERS.map(PathBuf::from))
        .collect();
    let named = env::var_os(OVERRIDE).map(PathBuf::from);
    let is_named = named.is_some();
    let program = named.or_else(|| in_folders(&folders, "mariadbd"));
    let install = program.as_deref().and_then(|program| {
        let beside = program.with_file_name(INSTALL);
        if beside.is_file() {
            Some(beside)
        } else {
            in_folders(&folders, INSTALL)
        }
    });
    match program.filter(|program| program.is_file()).zip(install) {
        Some(found) => Ok(found),
        None if is_named => Err(format!("{OVERRIDE} names no server with its {INSTALL}")),
        None => Err(format!(
            "no MariaDB server found: install it (Debian, Ubuntu: `apt-get install mariadb-server`; macOS: \
             `brew install mariadb`) or set {OVERRIDE} to its program `mariadbd`"
        )),
    }
}

fn in_folders(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    let mut files = folders.iter().map(|folder| folder.join(name));
    files.find(|file: &PathBuf| Path::is_file(file))
}
