//! `pool_options`, sqlx's options for a pool as they serve tenants best.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgPoolOptions;

/// How long a connection may lie idle before it is asked whether it still is one.
const IDLE: Duration = Duration::from_secs(30);

/// Options for the pool under a [`TenantPool`](crate::TenantPool), to be refined and connected.
///
/// By default sqlx asks a connection whether it is alive each time it is taken, which costs a round trip; with
/// these it asks one that was idle for more than 30 seconds. A connection that broke since is found out when a
/// transaction begins, and replaced.
///
/// ```no_run
/// # async fn example() -> Result<(), sqlx::Error> {
/// let pool = tenancy_sqlx::pool_options()
///     .max_connections(20)
///     .connect("postgres://app:secret@localhost/service")
///     .await?;
/// # let _ = pool;
/// # Ok(())
/// # }
/// ```
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
