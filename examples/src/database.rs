//! The database of an example: the Postgres of `DATABASE_URL`, or an embedded one when there is none.
//!
//! Both take the same way: an administrator sets up, then the service connects as an application role that
//! row-level security binds. The embedded Postgres is told apart only where it is started and stopped, and in
//! how many connections it serves.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_lc_rs::rand;
use pglite_oxide::PgliteServer;
use sqlx::postgres::PgConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool,
};
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Rls, TenantPool, pool_options};

/// How long to wait for the server before giving up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database that was found or started.
pub struct Database {
    administrator: PgConnectOptions,
    embedded: Option<PgliteServer>,
}

/// Why there is no database to work with. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL cannot be read.
    #[error(
        "DATABASE_URL is not a Postgres URL ({0}); write postgres://user:password@host:5432/database"
    )]
    Url(sqlx::Error),
    /// Nobody answers, or not to us.
    #[error("cannot connect to the database of DATABASE_URL: {0}")]
    Connect(sqlx::Error),
    /// Nobody answers in time.
    #[error("the database of DATABASE_URL does not answer within {} seconds", CONNECT_TIMEOUT.as_secs())]
    Silent,
    /// The embedded Postgres does not start.
    #[error(
        "the embedded Postgres does not start ({0}); set DATABASE_URL to use a Postgres of yours"
    )]
    Embedded(String),
    /// The connected role may not do what set-up takes.
    #[error(
        "setting up the schema failed: {0}; connect as a role that may create roles and tables"
    )]
    SetUp(sqlx::Error),
    /// A table of the same name is there already.
    #[error("table `{table}` is there already and belongs to `{owner}`; use another database")]
    NotOurs {
        /// The table.
        table: String,
        /// Who owns it.
        owner: String,
    },
    /// The database would not keep tenants apart.
    #[error("{0}")]
    Unsafe(tenancy_sqlx::Error),
    /// The same, for a role that could not set up anything.
    #[error(
        "the role of DATABASE_URL may not create roles, so it was taken for the application role of a database \
         that is set up; {0}"
    )]
    UnsafeWithoutSetUp(tenancy_sqlx::Error),
}

impl Database {
    /// The database of `url`, or an embedded one.
    ///
    /// # Errors
    /// When the URL is wrong, nobody answers, or the embedded Postgres does not start.
    pub async fn open(url: Option<&str>) -> Result<Self, DatabaseError> {
        let database = match url {
            Some(url) => {
                if !["postgres://", "postgresql://"]
                    .iter()
                    .any(|scheme| url.starts_with(scheme))
                {
                    let problem = "it does not begin with postgres://";
                    return Err(DatabaseError::Url(sqlx::Error::Configuration(
                        problem.into(),
                    )));
                }
                let administrator = url.parse().map_err(DatabaseError::Url)?;
                Self {
                    administrator,
                    embedded: None,
                }
            }
            None => Self::embedded().await?,
        };
        database
            .administrator()
            .await?
            .close()
            .await
            .map_err(DatabaseError::Connect)?;
        Ok(database)
    }

    async fn embedded() -> Result<Self, DatabaseError> {
        let failed = |error: &dyn fmt::Display| DatabaseError::Embedded(error.to_string());
        let start = tokio::task::spawn_blocking(PgliteServer::temporary_tcp);
        let server = start
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        let administrator = server
            .database_url()
            .parse()
            .map_err(|error: sqlx::Error| failed(&error))?;
        Ok(Self {
            administrator,
            embedded: Some(server),
        })
    }

    /// What is connected to, in words.
    pub fn description(&self) -> String {
        match &self.embedded {
            Some(_) => "embedded Postgres, gone when this program ends".to_owned(),
            None => format!(
                "Postgres at {}:{}",
                self.administrator.get_host(),
                self.administrator.get_port()
            ),
        }
    }

    /// Sets up `tables`, protects those of `catalog`, and connects as the application role.
    ///
    /// When the role of `DATABASE_URL` may not create roles, it is taken for the application role of a
    /// database that was set up before.
    ///
    /// # Errors
    /// When the set-up fails, or the database would not keep the tenants apart afterwards.
    pub async fn tenant_pool(
        &self,
        tables: &'static str,
        catalog: &TableCatalog,
        connections: u32,
    ) -> Result<TenantPool, DatabaseError> {
        let mut administrator = self.administrator().await?;
        let sets_up = may_create_roles(&mut administrator).await?;
        let application = if sets_up {
            one_at_a_time(&mut administrator).await?;
            let roles = Roles::of(&mut administrator).await?;
            set_up(&mut administrator, &roles, tables, catalog).await?;
            roles.sign_in(self.administrator.clone())
        } else {
            self.administrator.clone()
        };
        administrator
            .close()
            .await
            .map_err(DatabaseError::Connect)?;
        let pool = self.connect(application, connections).await?;
        let unsound = if sets_up {
            DatabaseError::Unsafe
        } else {
            DatabaseError::UnsafeWithoutSetUp
        };
        TenantPool::builder(pool)
            .build(catalog)
            .await
            .map_err(unsound)
    }

    async fn connect(
        &self,
        options: PgConnectOptions,
        connections: u32,
    ) -> Result<PgPool, DatabaseError> {
        let authorize = format!(
            "SET SESSION AUTHORIZATION {}",
            quoted(options.get_username())
        );
        let connections = if self.embedded.is_some() {
            1
        } else {
            connections
        };
        let pool = pool_options()
            .max_connections(connections)
            .acquire_timeout(CONNECT_TIMEOUT)
            // The embedded server admits every login as its superuser; here the connection takes the place of
            // the application role. Against forgetful code that is as good as a login; against an attacker who
            // controls SQL text it is not. For a login that is the application role already, nothing changes.
            .after_connect(move |connection, _| {
                let authorize = authorize.clone();
                Box::pin(
                    async move { connection.execute(AssertSqlSafe(authorize)).await.map(drop) },
                )
            });
        in_time(pool.connect_with(options)).await
    }

    async fn administrator(&self) -> Result<PgConnection, DatabaseError> {
        in_time(self.administrator.connect()).await
    }

    /// Stops an embedded server. Close the pools first: it serves one connection and waits for its end.
    pub async fn close(self) {
        if let Some(server) = self.embedded {
            let stop = tokio::task::spawn_blocking(move || server.shutdown());
            if tokio::time::timeout(CONNECT_TIMEOUT, stop).await.is_err() {
                tracing::warn!("the embedded Postgres does not stop");
            }
        }
    }
}

/// Without the options: sqlx shows the password in them.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("embedded", &self.embedded.is_some())
            .finish_non_exhaustive()
    }
}

async fn in_time<T>(
    connect: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connect)
        .await
        .map_err(|_| DatabaseError::Silent)?;
    connected.map_err(DatabaseError::Connect)
}

/// Instances that start side by side set up one after the other. The end of the connection gives the lock back.
async fn one_at_a_time(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let lock = connection.execute("SELECT pg_advisory_lock(hashtext('tenancy example set-up'))");
    lock.await.map(drop).map_err(DatabaseError::SetUp)
}

async fn may_create_roles(connection: &mut PgConnection) -> Result<bool, DatabaseError> {
    sqlx::query_scalar(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(connection)
    .await
    .map_err(DatabaseError::SetUp)
}

/// The two roles of a service: one owns the tables and cannot log in, one works with them and owns nothing.
struct Roles {
    owner: String,
    application: String,
    password: String,
}

impl Roles {
    /// Named after the database, because roles belong to the whole cluster.
    async fn of(connection: &mut PgConnection) -> Result<Self, DatabaseError> {
        let database: String = sqlx::query_scalar("SELECT left(current_database(), 40)")
            .fetch_one(&mut *connection)
            .await
            .map_err(DatabaseError::SetUp)?;
        let application = format!("tenancy_{database}_app");
        let password = password_of(connection, &application)
            .await
            .map_err(DatabaseError::SetUp)?;
        Ok(Self {
            owner: format!("tenancy_{database}_owner"),
            application,
            password,
        })
    }

    fn sign_in(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.username(&self.application).password(&self.password)
    }
}

/// The password of the application role, made at the first start and kept where administrators alone can read
/// it, so that instances that start side by side agree on it.
async fn password_of(connection: &mut PgConnection, role: &str) -> Result<String, sqlx::Error> {
    let mut secret = [0; 16];
    rand::fill(&mut secret).map_err(|_| sqlx::Error::protocol("no randomness"))?;
    let fresh = secret
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let table = "CREATE TABLE IF NOT EXISTS tenancy_example_login (role text PRIMARY KEY, password text NOT NULL)";
    connection.execute(table).await?;
    sqlx::query("INSERT INTO tenancy_example_login VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(role)
        .bind(fresh)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar("SELECT password FROM tenancy_example_login WHERE role = $1")
        .bind(role)
        .fetch_one(connection)
        .await
}

async fn set_up(
    connection: &mut PgConnection,
    roles: &Roles,
    tables: &'static str,
    catalog: &TableCatalog,
) -> Result<(), DatabaseError> {
    for table in catalog.tenant_tables() {
        refuse_table_of_others(connection, roles, table.schema(), table.name()).await?;
    }
    let steps = set_up_steps(roles, tables, catalog);
    let run = async {
        let mut transaction = connection.begin().await?;
        for step in steps {
            sqlx::raw_sql(AssertSqlSafe(step))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    };
    run.await.map_err(DatabaseError::SetUp)
}

fn set_up_steps(roles: &Roles, tables: &'static str, catalog: &TableCatalog) -> Vec<String> {
    let protection = Rls::new(catalog)
        .owner_role(&roles.owner)
        .application_role(&roles.application)
        .create_roles()
        .set_up_sql();
    let (application, password) = (quoted(&roles.application), &roles.password);
    let password = format!("ALTER ROLE {application} PASSWORD '{password}'");
    vec![tables.to_owned(), protection, password]
}

/// A table of the same name that somebody else made is not ours to change.
async fn refuse_table_of_others(
    connection: &mut PgConnection,
    roles: &Roles,
    schema: &str,
    table: &str,
) -> Result<(), DatabaseError> {
    let owner: Option<String> = sqlx::query_scalar(
        "SELECT tableowner::text FROM pg_tables WHERE schemaname = $1 AND tablename = $2",
    )
    .bind(schema)
    .bind(table)
    .fetch_optional(connection)
    .await
    .map_err(DatabaseError::SetUp)?;
    match owner {
        Some(owner) if owner != roles.owner => Err(DatabaseError::NotOurs {
            table: format!("{schema}.{table}"),
            owner,
        }),
        _ => Ok(()),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
