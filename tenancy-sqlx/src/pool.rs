//! `TenantPool`, connections that are handed out for one tenant at a time.

use std::fmt;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tenancy_core::TenantContext;

use crate::builder::TenantPoolBuilder;
use crate::failure::is_gone;
use crate::open_transaction::{Manner, OpenTransaction};
use crate::opening::Opening;
use crate::share::Share;
use crate::{Error, TenantReader, TenantTransaction, TransactionOptions};

/// A pool of connections that work for one tenant at a time. Cheap to clone.
///
/// There is no way to a connection without a tenant: every statement runs in a [`TenantTransaction`].
///
/// ```no_run
/// use tenancy_core::{TableCatalog, TenantContext};
/// use tenancy_sqlx::{TenantPool, pool_options};
///
/// # async fn example(context: TenantContext) -> Result<(), tenancy_sqlx::Error> {
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
/// let pool = pool_options().connect("postgres://app@localhost/app").await?;
/// let pool = TenantPool::builder(pool).build(&catalog).await?;
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
pub struct TenantPool(Arc<Inner>);

struct Inner {
    pool: PgPool,
    opening: Opening,
    manner: Manner,
    share: Option<Arc<Share>>,
}

impl TenantPool {
    /// Starts a pool over `pool`, which should be used for nothing else: its role must be one that row-level
    /// security binds, and what its sessions are set to is put back again and again. Make it with
    /// [`pool_options`](crate::pool_options).
    pub fn builder(pool: PgPool) -> TenantPoolBuilder {
        TenantPoolBuilder::new(pool)
    }

    pub(crate) fn new(
        pool: PgPool,
        opening: Opening,
        manner: Manner,
        share: Option<Share>,
    ) -> Self {
        Self(Arc::new(Inner {
            pool,
            opening,
            manner,
            share: share.map(Arc::new),
        }))
    }

    /// Begins a transaction for the tenant of `context`. One message opens it and sets the tenant.
    ///
    /// Cancelling the future at any point leaves nothing behind: the connection goes back to the pool only
    /// once the transaction is known to be open, and is closed otherwise. A connection that the server has
    /// closed meanwhile is replaced by another.
    ///
    /// # Errors
    /// [`Error::TenantType`] when the tenant cannot stand in the tenant columns, before anything is sent;
    /// [`Error::PoolShare`] when it [holds as many connections](TenantPoolBuilder::tenant_share) as it may;
    /// [`Error::Database`] when no connection is to be had or the server refuses.
    pub async fn begin(&self, context: &TenantContext) -> Result<TenantTransaction, Error> {
        self.begin_with(context, TransactionOptions::new()).await
    }

    /// Begins a transaction that only reads. Drop it when done: there is nothing to commit, and the rollback
    /// travels in the background, one round trip less than a write.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn read(&self, context: &TenantContext) -> Result<TenantTransaction, Error> {
        let options = TransactionOptions::new().read_only();
        self.begin_with(context, options).await
    }

    /// Begins a transaction with an isolation level and the like.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn begin_with(
        &self,
        context: &TenantContext,
        options: TransactionOptions,
    ) -> Result<TenantTransaction, Error> {
        let Inner {
            pool,
            opening,
            manner,
            share,
        } = &*self.0;
        let begin = opening.message(options, context)?;
        let seat = match share {
            Some(share) => {
                let patience = pool.options().get_acquire_timeout();
                Some(share.seat(context.tenant(), patience).await?)
            }
            None => None,
        };
        let open = open(pool, &begin, manner).await?.seated(seat);
        Ok(TenantTransaction::new(open, context.clone()))
    }

    /// Runs single statements that read, each in a transaction of its own, without a transaction in sight.
    ///
    /// ```no_run
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: tenancy_core::TenantContext) -> Result<(), sqlx::Error> {
    /// let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
    ///     .fetch_one(&pool.reader(&context))
    ///     .await?;
    /// # let _ = notes;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(&self, context: &TenantContext) -> TenantReader {
        TenantReader::new(self.clone(), context.clone())
    }

    /// Closes the pool and waits until all connections are closed.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }
}

/// Opens a transaction on a connection that still is one. Nothing has run on one that the server has closed, so
/// another may take its place, at most once for each that may lie idle in the pool.
pub(crate) async fn open(
    pool: &PgPool,
    begin: &str,
    manner: &Manner,
) -> Result<OpenTransaction, sqlx::Error> {
    let mut stale = pool.size();
    loop {
        let connection = connection(pool).await?;
        match OpenTransaction::open(connection, begin, manner).await {
            Err(error) if stale > 0 && is_gone(&error) => stale -= 1,
            opened => return opened,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that takes a connection, for those who close it unless its transaction is known to be over"
)]
pub(crate) async fn connection(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    pool.acquire().await
}

impl fmt::Debug for TenantPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantPool")
            .field("setting", &self.0.opening.setting.as_str())
            .finish_non_exhaustive()
    }
}
