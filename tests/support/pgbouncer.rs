//! PgBouncer in transaction mode before a test's Postgres, gone together with the process that asked for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use crate::notes::Fallible;
use crate::supervised::{Supervised, free_port};

/// The variable that names the program, and ends the search.
const OVERRIDE: &str = "TENANCY_PGBOUNCER";
/// Where packages put it, beside the folders of `PATH`.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];
/// The version that learned to follow a named statement from one server connection to the next.
const FOLLOWS_NAMED_STATEMENTS: (u32, u32) = (1, 21);
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A PgBouncer on a port of 127.0.0.1, which gives a client a server connection for one transaction at a time.
#[derive(Debug)]
pub struct PgBouncer {
    process: Supervised,
    port: u16,
    version: (u32, u32),
}

impl PgBouncer {
    /// Starts one with `connections` to the server, database and role of `server`, whose password is `password`.
    ///
    /// # Errors
    /// When PgBouncer is missing, which the text says what to do about, or does not start.
    pub async fn before(
        server: &PgConnectOptions,
        password: &str,
        connections: u32,
    ) -> Fallible<Self> {
        let program = find()?;
        let version = version(&program)?;
        let mut attempts = 0..5;
        loop {
            let port = free_port()?;
            let script = include_str!("pgbouncer/supervisor.sh");
            let process = Supervised::spawn("pgbouncer", script, &program, port)?;
            process.tell(&format!("\"{}\" \"{password}\"", server.get_username()))?;
            process.tell(&configuration(server, connections, version))?;
            let mut pooler = Self {
                process,
                port,
                version,
            };
            if pooler.lets_in(server).await? {
                return Ok(pooler);
            }
            let log = pooler.process.log_tail()?;
            // Between our look at the port and its `bind` somebody else took it.
            if !log.contains("in use") || attempts.next().is_none() {
                return Err(format!("PgBouncer did not start; its log ends in:\n{log}").into());
            }
        }
    }

    /// `options` by way of this pooler.
    pub fn options(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.host("127.0.0.1").port(self.port)
    }

    /// The folder with its configuration, which goes away with it.
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// Its process, while there is one.
    pub fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.folder().join("pid")).ok()?;
        file.trim().parse().ok()
    }

    /// Whether a client finds the statements it named on whatever server connection it is given: since 1.21.
    pub fn follows_named_statements(&self) -> bool {
        self.version >= FOLLOWS_NAMED_STATEMENTS
    }

    async fn lets_in(&mut self, server: &PgConnectOptions) -> Fallible<bool> {
        let options = self.options(server.clone());
        let admitted = async {
            while !self.process.has_ended()? {
                if let Ok(connection) = PgConnection::connect_with(&options).await {
                    connection.close().await?;
                    return Ok(true);
                }
                sleep(POLL).await;
            }
            Ok(false)
        };
        timeout(PATIENCE, admitted).await.unwrap_or(Ok(false))
    }
}

fn configuration(server: &PgConnectOptions, connections: u32, version: (u32, u32)) -> String {
    let (host, port) = (server.get_host(), server.get_port());
    // Off by default in 1.21 to 1.23, and unknown before.
    let statements = if version >= FOLLOWS_NAMED_STATEMENTS {
        "max_prepared_statements = 100\n"
    } else {
        ""
    };
    format!(
        "[databases]\n\
         * = host={host} port={port}\n\
         [pgbouncer]\n\
         pool_mode = transaction\n\
         default_pool_size = {connections}\n\
         {statements}\
         listen_addr = 127.0.0.1\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         ignore_startup_parameters = extra_float_digits\n\
         server_tls_sslmode = disable\n"
    )
}

fn find() -> Result<PathBuf, String> {
    if let Some(program) = env::var_os(OVERRIDE).map(PathBuf::from) {
        return Some(program)
            .filter(|program| program.is_file())
            .ok_or_else(|| format!("{OVERRIDE} names no file"));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            format!(
                "no PgBouncer found: install it (Debian, Ubuntu: `apt-get install pgbouncer`; macOS: \
                 `brew install pgbouncer`) or set {OVERRIDE} to its program"
            )
        })
}

/// What `PgBouncer 1.18.0` says.
fn version(program: &Path) -> Fallible<(u32, u32)> {
    let output = Command::new(program).arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok());
    let version = numbers.next().zip(numbers.next());
    version.ok_or_else(|| format!("{} tells no version: {text}", program.display()).into())
}
