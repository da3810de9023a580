//! However a transaction ends, the next borrower finds nothing of it.

use futures_util::StreamExt as _;
use tenancy_tests::notes::context;

use super::{NOTHING, Shared};

#[tokio::test]
async fn nothing_is_left_after_commit_rollback_drop_and_error() {
    let shared = Shared::new().await;
    let a = context("a");
    shared.pool.begin(&a).await.unwrap().commit().await.unwrap();
    assert_eq!(shared.left().await, NOTHING);
    shared
        .pool
        .begin(&a)
        .await
        .unwrap()
        .rollback()
        .await
        .unwrap();
    assert_eq!(shared.left().await, NOTHING);
    drop(shared.pool.read(&a).await.unwrap());
    assert_eq!(shared.left().await, NOTHING);
    let mut transaction = shared.pool.begin(&a).await.unwrap();
    sqlx::query("SELECT 1 / 0")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    drop(transaction);
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}

#[tokio::test]
async fn nothing_is_left_after_a_panic() {
    let shared = Shared::new().await;
    let pool = shared.pool.clone();
    let panicked = tokio::spawn(async move {
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        sqlx::query("DELETE FROM note")
            .execute(&mut transaction)
            .await
            .unwrap();
        panic!("in the middle of a transaction");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}

#[tokio::test]
async fn nothing_is_left_when_a_stream_is_dropped() {
    let shared = Shared::new().await;
    let mut transaction = shared.pool.begin(&context("a")).await.unwrap();
    {
        let mut rows =
            sqlx::query("SELECT * FROM note, generate_series(1, 10000)").fetch(&mut transaction);
        rows.next().await.unwrap().unwrap();
    }
    drop(transaction);
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}
