//! `TenantPool`, connections that are handed out for one tenant at a time.

use std::fmt;
use std::sync::Arc;

use sqlx::PgPool;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use tenancy_core::{TableCatalog, TenantContext, TenantId};

use crate::doctor::prove;
use crate::setting::literal;
use crate::{Error, Setting, TenantTransaction};

/// A pool of connections that work for one tenant at a time. Cheap to clone.
///
/// There is no way to a connection without a tenant: every statement runs in a [`TenantTransaction`].
///
/// ```no_run
/// use sqlx::PgPool;
/// use tenancy_core::{TableCatalog, TenantContext};
/// use tenancy_sqlx::TenantPool;
///
/// # async fn example(context: TenantContext) -> Result<(), tenancy_sqlx::Error> {
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
/// let pool = TenantPool::builder(PgPool::connect("postgres://app@localhost/app").await?)
///     .build(&catalog)
///     .await?;
///
/// let mut transaction = pool.read(&context).await?;
/// let notes: Vec<(i64, String)> = sqlx::query_as("SELECT id, body FROM note")
///     .fetch_all(&mut transaction)
///     .await?;
/// # let _ = notes;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TenantPool {
    pool: PgPool,
    setting: Arc<Setting>,
}

/// The choices for a [`TenantPool`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct TenantPoolBuilder {
    pool: PgPool,
    setting: Setting,
}

impl TenantPool {
    /// Starts a pool over `pool`, which should be used for nothing else: its role must be one that row-level
    /// security binds.
    pub fn builder(pool: PgPool) -> TenantPoolBuilder {
        TenantPoolBuilder {
            pool,
            setting: Setting::default(),
        }
    }

    /// Begins a transaction for the tenant of `context`. One message opens it and sets the tenant.
    ///
    /// Cancelling the future at any point leaves nothing behind: the connection goes back to the pool only
    /// once the transaction is known to be open, and is closed otherwise.
    ///
    /// # Errors
    /// When no connection is to be had or the server refuses.
    pub async fn begin(&self, context: &TenantContext) -> Result<TenantTransaction, Error> {
        self.open("BEGIN", context.tenant().clone()).await
    }

    /// Begins a transaction that only reads. Drop it when done: there is nothing to commit, and the rollback
    /// travels in the background, one round trip less than a write.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn read(&self, context: &TenantContext) -> Result<TenantTransaction, Error> {
        self.open("BEGIN READ ONLY", context.tenant().clone()).await
    }

    async fn open(&self, begin: &str, tenant: TenantId) -> Result<TenantTransaction, Error> {
        let statement = format!(
            "{begin}; SET LOCAL {} = {}",
            self.setting,
            literal(tenant.as_str())
        );
        let connection = connection(&self.pool).await?;
        TenantTransaction::open(connection, tenant, statement).await
    }

    /// Closes the pool and waits until all connections are closed.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl TenantPoolBuilder {
    /// The setting that carries the tenant, the one that the policies read. `app.current_tenant_id` by
    /// default.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    /// The pool, once the database has shown that it keeps the tenants of `catalog` apart.
    ///
    /// # Errors
    /// [`Error::Posture`] with every [`Finding`](crate::Finding): a role that row-level
    /// security does not bind or that may create tables, a declared table that is missing, unprotected or open to
    /// a stranger, a table that is open and not declared.
    pub async fn build(self, catalog: &TableCatalog) -> Result<TenantPool, Error> {
        let pool = TenantPool {
            pool: self.pool,
            setting: Arc::new(self.setting),
        };
        let connection = connection(&pool.pool).await?;
        let nobody =
            TenantId::parse("nobody").map_err(|error| sqlx::Error::Decode(error.into()))?;
        let mut transaction =
            TenantTransaction::open(connection, nobody, "BEGIN READ ONLY".to_owned()).await?;
        let select_tenant = |tenant: &TenantId| {
            format!("SET LOCAL {} = {}", pool.setting, literal(tenant.as_str()))
        };
        prove(
            &mut transaction.connection,
            catalog,
            &pool.setting,
            &select_tenant,
        )
        .await?;
        drop(transaction);
        Ok(pool)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that takes a connection, to bind it to a tenant"
)]
async fn connection(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    pool.acquire().await
}

impl fmt::Debug for TenantPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantPool")
            .field("setting", &self.setting.as_str())
            .finish_non_exhaustive()
    }
}
