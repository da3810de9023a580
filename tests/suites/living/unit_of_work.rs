//! Who has a part in a piece of work shares its transaction, and nobody else does.

use tenancy_sqlx::{Error, LentTransaction, UnitOfWork};
use tenancy_tests::cancel;
use tenancy_tests::notes::{Notes, context};

async fn work(notes: &Notes) -> UnitOfWork {
    UnitOfWork::new(notes.pool(1).await.unwrap())
}

async fn insert(transaction: &mut LentTransaction) {
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ('a', 'new')")
        .execute(&mut **transaction)
        .await
        .unwrap();
}

async fn added(notes: &Notes) -> i64 {
    let mut admin = notes.admin().await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM note WHERE body = 'new'");
    count.fetch_one(&mut admin).await.unwrap()
}

#[tokio::test]
async fn parts_of_a_work_share_its_transaction() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    for part in 0..3 {
        let mut transaction = work.transaction(&context("a")).await.unwrap();
        let seen = sqlx::query_scalar("SELECT count(*) FROM note WHERE body = 'new'");
        let seen: i64 = seen.fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(seen, part);
        insert(&mut transaction).await;
        assert_eq!(added(&notes).await, 0);
    }
    work.commit().await.unwrap();
    assert_eq!(added(&notes).await, 3);
}

#[tokio::test]
async fn a_second_tenant_in_a_work_is_refused() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    insert(&mut work.transaction(&context("a")).await.unwrap()).await;
    let second = work.transaction(&context("b")).await;
    assert!(matches!(second.unwrap_err(), Error::SecondTenant));
    work.transaction(&context("a")).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(added(&notes).await, 1);
}

#[tokio::test]
async fn a_work_that_is_over_gives_and_commits_nothing() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    insert(&mut work.transaction(&context("a")).await.unwrap()).await;
    work.roll_back();
    let late = work.transaction(&context("a")).await;
    assert!(matches!(late.unwrap_err(), Error::Aborted));
    assert!(matches!(work.commit().await.unwrap_err(), Error::Aborted));
    assert_eq!(added(&notes).await, 0);
}

#[tokio::test]
async fn what_is_lent_is_not_lent_again_and_not_committed() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    let mut transaction = work.transaction(&context("a")).await.unwrap();
    insert(&mut transaction).await;
    let again = work.transaction(&context("a")).await;
    assert!(matches!(again.unwrap_err(), Error::TransactionInUse));
    let committed = work.commit().await;
    assert!(matches!(committed.unwrap_err(), Error::TransactionInUse));
    drop((transaction, work));
    assert_eq!(added(&notes).await, 0);
}

#[tokio::test]
async fn whoever_panics_takes_the_work_along() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    let panicking = work.clone();
    let part = tokio::spawn(async move {
        let mut transaction = panicking.transaction(&context("a")).await.unwrap();
        insert(&mut transaction).await;
        panic!("as the test wants it");
    });
    part.await.unwrap_err();
    assert!(matches!(work.commit().await.unwrap_err(), Error::Aborted));
    drop(work);
    assert_eq!(added(&notes).await, 0);
}

/// Somebody gave up before the transaction began: the next one begins it.
#[tokio::test]
async fn a_beginning_that_was_cancelled_may_be_made_again() {
    let notes = Notes::new().await.unwrap();
    let work = work(&notes).await;
    let tenant = context("a");
    for pending in 1.. {
        let beginning = work.transaction(&tenant);
        let begun = cancel::at_await(pending, beginning).await;
        if begun.is_some() {
            break;
        }
    }
    insert(&mut work.transaction(&context("a")).await.unwrap()).await;
    work.commit().await.unwrap();
    assert_eq!(added(&notes).await, 1);
}
