//! A connection that goes back to the pool carries nothing of its tenant: after commit, rollback, error, panic
//! and cancellation at every await, on a pool of one.

mod cancellation;
mod committing;
mod ending;
mod savepoints;
mod servers;
mod sessions;
mod stress;
mod unit_of_work;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgPool};
use tenancy_sqlx::{Error, TenantPool, TenantTransaction};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::slow_link::SlowLink;

/// A tenant pool and, over the same single connection, a bare one to look at what is left behind.
///
/// The link is slow: on loopback an answer may be there before the future waits for it, and then there is
/// nothing to cancel.
struct Shared {
    notes: Notes,
    bare: PgPool,
    pool: TenantPool,
    _link: SlowLink,
}

/// What a borrower without a tenant finds on the connection.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    tenant: Option<String>,
    rows: i64,
    open_transactions: i64,
}

const NOTHING: Left = Left {
    tenant: None,
    rows: 0,
    open_transactions: 0,
};

impl Shared {
    async fn new() -> Self {
        let notes = Notes::new().await.unwrap();
        notes.administer(CONFLICT).await.unwrap();
        let (bare, link) = slow_pool(&notes).await;
        let pool = TenantPool::builder(bare.clone())
            .build(&catalog())
            .await
            .unwrap();
        Self {
            notes,
            bare,
            pool,
            _link: link,
        }
    }

    async fn left(&self) -> Left {
        look(&self.bare, &self.notes).await
    }

    /// Tenant b works on the connection next and finds its own rows, and a has lost none.
    async fn next_tenant_is_served(&self) {
        let mut transaction = self.pool.begin(&context("b")).await.unwrap();
        let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
            .fetch_all(&mut transaction)
            .await
            .unwrap();
        assert_eq!(owners, ["b"]);
        transaction.commit().await.unwrap();
    }
}

/// One connection over a slow link.
async fn slow_pool(notes: &Notes) -> (PgPool, SlowLink) {
    let options = notes.options();
    let link = SlowLink::to(options.get_host(), options.get_port())
        .await
        .unwrap();
    let options = options
        .host(&link.address().ip().to_string())
        .port(link.address().port());
    (
        PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap(),
        link,
    )
}

async fn look(bare: &PgPool, notes: &Notes) -> Left {
    let (tenant, rows): (Option<String>, i64) = sqlx::query_as(
        "SELECT nullif(current_setting('app.current_tenant_id', true), ''), (SELECT count(*) FROM note)",
    )
    .fetch_one(bare)
    .await
    .unwrap();
    let mut admin = notes.admin().await.unwrap();
    let open_transactions = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state LIKE 'idle in transaction%'",
    )
    .bind(notes.application())
    .fetch_one(&mut admin)
    .await
    .unwrap();
    admin.close().await.unwrap();
    Left {
        tenant,
        rows,
        open_transactions,
    }
}

/// A transaction of tenant a, on a pool of one.
async fn begun(notes: &Notes) -> TenantTransaction {
    let pool = notes.pool(1).await.unwrap();
    pool.begin(&context("a")).await.unwrap()
}

async fn write(transaction: &mut TenantTransaction) {
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ('a', $1)")
        .bind("x")
        .execute(transaction)
        .await
        .unwrap();
}

const CONFLICT: &str = "
    CREATE FUNCTION conflict() RETURNS void LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'somebody was in the way' USING ERRCODE = '40001'; END $$";

/// Fails as a statement does that another transaction is in the way of.
async fn conflict(transaction: &mut TenantTransaction) -> Result<(), Error> {
    sqlx::query("SELECT conflict()")
        .execute(transaction)
        .await?;
    Ok(())
}
