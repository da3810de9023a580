//! A part of a transaction that is undone alone, and the transaction goes on.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};
use tenancy_sqlx::{Error, TenantTransaction};
use tenancy_tests::cancel::at_await;
use tenancy_tests::notes::{Notes, context};

use super::{Shared, begun, write};

async fn insert(transaction: &mut TenantTransaction, body: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ('a', $1)")
        .bind(body)
        .execute(transaction)
        .await
        .map(drop)
}

/// What is committed of tenant a beside the three notes that it had.
async fn added(notes: &Notes) -> Vec<String> {
    let mut admin = notes.admin().await.unwrap();
    let added = "SELECT body FROM note WHERE tenant_id = 'a' AND id >= 100 ORDER BY id";
    let bodies = sqlx::query_scalar(AssertSqlSafe(added))
        .fetch_all(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    bodies
}

#[tokio::test]
async fn what_was_done_since_a_dropped_savepoint_is_undone_alone() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction, "before").await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    insert(&mut savepoint, "undone").await.unwrap();
    drop(savepoint);
    insert(&mut transaction, "after").await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    insert(&mut savepoint, "kept").await.unwrap();
    savepoint.release().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(added(&notes).await, ["before", "after", "kept"]);
}

#[tokio::test]
async fn a_savepoint_that_is_dropped_last_is_undone_by_the_commit() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction, "before").await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    insert(&mut savepoint, "undone").await.unwrap();
    drop(savepoint);
    transaction.commit().await.unwrap();
    assert_eq!(added(&notes).await, ["before"]);
}

#[tokio::test]
async fn savepoints_have_savepoints() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    let mut outer = transaction.savepoint().await.unwrap();
    insert(&mut outer, "outer").await.unwrap();
    let mut inner = outer.savepoint().await.unwrap();
    insert(&mut inner, "inner, undone").await.unwrap();
    drop(inner);
    let mut inner = outer.savepoint().await.unwrap();
    insert(&mut inner, "inner").await.unwrap();
    inner.release().await.unwrap();
    outer.release().await.unwrap();
    // Both at once: the inner one ends with the outer one.
    let mut outer = transaction.savepoint().await.unwrap();
    insert(&mut outer, "undone").await.unwrap();
    let mut inner = outer.savepoint().await.unwrap();
    insert(&mut inner, "undone as well").await.unwrap();
    drop(inner);
    drop(outer);
    transaction.commit().await.unwrap();
    assert_eq!(added(&notes).await, ["outer", "inner"]);
}

#[tokio::test]
async fn a_statement_that_fails_spoils_its_savepoint_only() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction, "before").await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    sqlx::query("SELECT 1 / 0")
        .execute(&mut *savepoint)
        .await
        .unwrap_err();
    assert!(matches!(
        savepoint.savepoint().await.unwrap_err(),
        Error::Aborted
    ));
    assert!(matches!(
        savepoint.release().await.unwrap_err(),
        Error::Aborted
    ));
    insert(&mut transaction, "after").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(added(&notes).await, ["before", "after"]);
}

#[tokio::test]
async fn a_savepoint_keeps_the_tenant() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    for _ in 0..2 {
        let mut savepoint = transaction.savepoint().await.unwrap();
        let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
            .fetch_all(&mut *savepoint)
            .await
            .unwrap();
        assert_eq!(owners, ["a"]);
    }
    assert_eq!(transaction.tenant().as_str(), "a");
}

/// With sqlx's own nested transactions the outer one is rolled back, and its commit says that all is well.
#[tokio::test]
async fn a_transaction_survives_a_savepoint_cancelled_at_any_await() {
    for awaits in 1.. {
        let shared = Shared::new().await;
        let mut transaction = shared.pool.begin(&context("a")).await.unwrap();
        insert(&mut transaction, "before").await.unwrap();
        let finished = at_await(awaits, async {
            let mut savepoint = transaction.savepoint().await.unwrap();
            write(&mut savepoint).await;
            write(&mut savepoint).await;
        })
        .await
        .is_some();
        insert(&mut transaction, "after").await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(
            added(&shared.notes).await,
            ["before", "after"],
            "cancelled at await {awaits}"
        );
        if finished {
            assert!(awaits > 3, "cancelled at {awaits} awaits only");
            break;
        }
    }
}

/// The statement runs on when its future is dropped, and fails later: inside what is undone.
#[tokio::test]
async fn a_failure_after_cancellation_is_undone_with_its_savepoint() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction, "before").await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    let slow =
        sqlx::query("SELECT pg_sleep(1), 1 / (SELECT count(*) - 3 FROM note WHERE id < 100)");
    let patience = Duration::from_millis(50);
    tokio::time::timeout(patience, slow.execute(&mut *savepoint))
        .await
        .unwrap_err();
    drop(savepoint);
    // Gives up while the statement still runs, and is asked again.
    tokio::time::timeout(patience, transaction.savepoint())
        .await
        .unwrap_err();
    insert(&mut transaction, "after").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(added(&notes).await, ["before", "after"]);
}

#[tokio::test]
async fn many_dropped_savepoints_do_not_pile_up() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    for _ in 0..300 {
        let mut savepoint = transaction.savepoint().await.unwrap();
        insert(&mut savepoint, "undone").await.unwrap();
    }
    insert(&mut transaction, "after").await.unwrap();
    // Each savepoint that is left behind would lie in the next one, and hold the lock of its own identifier.
    let identifiers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND pid = pg_backend_pid()",
    )
    .fetch_one(&mut transaction)
    .await
    .unwrap();
    assert_eq!(identifiers, 1);
    let error = sqlx::query("SELECT 1 / 0").execute(&mut transaction).await;
    error.unwrap_err();
    assert!(matches!(
        transaction.commit().await.unwrap_err(),
        Error::Aborted
    ));
}
