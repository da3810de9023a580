//! Servers that go away, take too long or have no room: an error, then the next tenant is served.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Error, Rls, TenantPool, TenantPoolBuilder, pool_options};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::postgres::Cluster;
use tenancy_tests::sqlstate::sqlstate;

async fn own_rows(pool: &TenantPool, tenant: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&pool.reader(&context(tenant)))
        .await
}

/// A pool of one with a choice more.
async fn pool_with(
    notes: &Notes,
    choose: impl FnOnce(TenantPoolBuilder) -> TenantPoolBuilder,
) -> TenantPool {
    let bare = notes.bare_pool(1).await.unwrap();
    let builder = choose(TenantPool::builder(bare));
    builder.build(&catalog()).await.unwrap()
}

async fn terminate(notes: &Notes) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{}'",
        notes.application()
    );
    notes.administer(sql).await.unwrap();
}

#[tokio::test]
async fn connections_that_the_server_closed_are_replaced() {
    let notes = Notes::new().await.unwrap();
    let options = pool_options().max_connections(3);
    let pool = options.connect_with(notes.options()).await.unwrap();
    let pool = TenantPool::builder(pool).build(&catalog()).await.unwrap();
    let all = [(); 3].map(|()| async { pool.begin(&context("a")).await.unwrap() });
    drop(futures_util::future::join_all(all).await);
    terminate(&notes).await;
    // Without a ping nobody has noticed yet.
    for tenant in ["a", "b", "a", "b"] {
        let expected = if tenant == "a" { 3 } else { 2 };
        assert_eq!(own_rows(&pool, tenant).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_transaction_that_lost_its_server_ends_and_the_next_is_served() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    sqlx::query("DELETE FROM note")
        .execute(&mut transaction)
        .await
        .unwrap();
    terminate(&notes).await;
    sqlx::query("SELECT 1")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert!(matches!(
        transaction.commit().await.unwrap_err(),
        Error::Aborted
    ));
    assert_eq!(own_rows(&pool, "b").await.unwrap(), 2);
    assert_eq!(own_rows(&pool, "a").await.unwrap(), 3);
}

#[tokio::test]
async fn a_commit_that_finds_no_server_fails() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    sqlx::query("DELETE FROM note")
        .execute(&mut transaction)
        .await
        .unwrap();
    terminate(&notes).await;
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, Error::Database(_)), "{error}");
    assert_eq!(own_rows(&pool, "a").await.unwrap(), 3);
}

#[tokio::test]
async fn a_cluster_that_restarts_serves_every_tenant_its_own_rows_again() {
    let mut cluster = Cluster::start().await.unwrap();
    let database = cluster.database().await;
    let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
    let mut admin = sqlx::PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap();
    let set_up = format!(
        "CREATE ROLE app LOGIN PASSWORD 'app';
         CREATE TABLE note (tenant_id text NOT NULL);
         INSERT INTO note VALUES ('a'), ('a'), ('b');
         {}",
        Rls::new(&catalog).application_role("app").set_up_sql()
    );
    sqlx::raw_sql(AssertSqlSafe(set_up))
        .execute(&mut admin)
        .await
        .unwrap();
    let pool = pool_options()
        .max_connections(2)
        .connect_with(database.options("app", "app"))
        .await
        .unwrap();
    let pool = TenantPool::builder(pool).build(&catalog).await.unwrap();
    let mut cut = pool.begin(&context("a")).await.unwrap();

    cluster.restart().await.unwrap();

    sqlx::query("SELECT 1").execute(&mut cut).await.unwrap_err();
    drop(cut);
    for _ in 0..3 {
        assert_eq!(own_rows(&pool, "a").await.unwrap(), 2);
        assert_eq!(own_rows(&pool, "b").await.unwrap(), 1);
    }
    cluster.stop();
    own_rows(&pool, "a").await.unwrap_err();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let notes = Notes::new().await.unwrap();
    let pool = pool_with(&notes, |builder| {
        builder.statement_timeout(Duration::from_millis(500))
    })
    .await;
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let slow = sqlx::query("SELECT pg_sleep(60)").execute(&mut transaction);
    assert_eq!(sqlstate(&slow.await.unwrap_err()), "57014");
    drop(transaction);
    assert_eq!(own_rows(&pool, "b").await.unwrap(), 2);
}

/// sqlx sends no `CancelRequest`, so only the timeout gives the connection of a pool of one back.
#[tokio::test]
async fn a_statement_that_nobody_waits_for_frees_its_connection_in_time() {
    let notes = Notes::new().await.unwrap();
    let pool = pool_with(&notes, |builder| {
        builder.statement_timeout(Duration::from_millis(500))
    })
    .await;
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let slow = sqlx::query("SELECT pg_sleep(60)").execute(&mut transaction);
    let patience = Duration::from_millis(20);
    tokio::time::timeout(patience, slow).await.unwrap_err();
    drop(transaction);
    assert_eq!(own_rows(&pool, "b").await.unwrap(), 2);
}

#[tokio::test]
async fn a_transaction_that_is_idle_for_too_long_is_ended() {
    let notes = Notes::new().await.unwrap();
    let pool = pool_with(&notes, |builder| {
        builder.idle_in_transaction_timeout(Duration::from_millis(500))
    })
    .await;
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    sqlx::query("DELETE FROM note")
        .execute(&mut transaction)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    transaction.commit().await.unwrap_err();
    assert_eq!(own_rows(&pool, "a").await.unwrap(), 3);
}

#[tokio::test]
async fn a_full_pool_refuses_and_recovers() {
    let notes = Notes::new().await.unwrap();
    let options = pool_options()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(1));
    let bare = options.connect_with(notes.options()).await.unwrap();
    let pool = TenantPool::builder(bare).build(&catalog()).await.unwrap();
    let held = pool.begin(&context("a")).await.unwrap();
    let error = pool.begin(&context("b")).await.unwrap_err();
    assert!(
        matches!(error, Error::Database(sqlx::Error::PoolTimedOut)),
        "{error}"
    );
    drop(held);
    assert_eq!(own_rows(&pool, "b").await.unwrap(), 2);
}
