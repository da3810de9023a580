//! A commit says the truth: what it reports is what the database has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use tenancy_sqlx::{Error, Isolation, TenantTransaction, TransactionOptions};
use tenancy_tests::notes::{Notes, context};
use tenancy_tests::sqlstate::sqlstate;

use super::{CONFLICT, begun};

async fn insert(transaction: &mut TenantTransaction) -> Result<(), Error> {
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ('a', 'new')")
        .execute(transaction)
        .await?;
    Ok(())
}

async fn rows_of_a(notes: &Notes) -> i64 {
    let mut admin = notes.admin().await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(
        "SELECT count(*) FROM note WHERE tenant_id = 'a'",
    ))
    .fetch_one(&mut admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_not_committed() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    sqlx::query("SELECT 1 / 0")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert!(matches!(
        transaction.commit().await.unwrap_err(),
        Error::Aborted
    ));
    assert_eq!(rows_of_a(&notes).await, 3);
}

/// Nobody has seen the error: the future was dropped before the statement failed. A COMMIT would be answered by
/// ROLLBACK, and sqlx would say that all is well.
#[tokio::test]
async fn a_statement_that_fails_after_its_future_was_dropped_is_not_committed() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    let slow = sqlx::query("SELECT pg_sleep(1), 1 / (SELECT count(*) - 4 FROM note)");
    tokio::time::timeout(Duration::from_millis(50), slow.execute(&mut transaction))
        .await
        .unwrap_err();
    transaction.commit().await.unwrap_err();
    assert_eq!(rows_of_a(&notes).await, 3);
}

/// The same with a stream of which only the first row was read.
#[tokio::test]
async fn a_stream_that_fails_after_it_was_dropped_is_not_committed() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    {
        let mut rows = sqlx::query("SELECT 1 / (20000 - n) FROM generate_series(1, 20000) n")
            .fetch(&mut transaction);
        rows.try_next().await.unwrap().unwrap();
    }
    transaction.commit().await.unwrap_err();
    assert_eq!(rows_of_a(&notes).await, 3);
}

#[tokio::test]
async fn what_was_read_in_part_is_committed_all_the_same() {
    let notes = Notes::new().await.unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    {
        let mut rows =
            sqlx::query("SELECT * FROM generate_series(1, 20000)").fetch(&mut transaction);
        rows.try_next().await.unwrap().unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(rows_of_a(&notes).await, 4);
}

#[tokio::test]
async fn a_check_that_was_put_off_fails_the_commit() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(
            "ALTER TABLE tag ADD CONSTRAINT later FOREIGN KEY (tenant_id, note_id)
             REFERENCES note (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
             ALTER TABLE tag DROP CONSTRAINT tag_tenant_id_note_id_fkey",
        )
        .await
        .unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    sqlx::query("INSERT INTO tag VALUES ('a', 77, 'red')")
        .execute(&mut transaction)
        .await
        .unwrap();
    let Error::Database(error) = transaction.commit().await.unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(sqlstate(&error), "23503", "{error}");
    assert_eq!(rows_of_a(&notes).await, 3);
}

/// Triggers that wait for the commit still run for the tenant.
#[tokio::test]
async fn a_trigger_that_waits_for_the_commit_knows_the_tenant() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(
            "CREATE FUNCTION count_notes() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 UPDATE tag SET name = (SELECT count(*)::text FROM note);
                 RETURN NULL;
             END $$;
             CREATE CONSTRAINT TRIGGER later AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION count_notes()",
        )
        .await
        .unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let mut admin = notes.admin().await.unwrap();
    let names: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT tenant_id, name FROM tag ORDER BY 1")
            .fetch_all(&mut admin)
            .await
            .unwrap();
    let expected = [("a", "4"), ("b", "blue")].map(|(tenant, name)| (tenant.into(), name.into()));
    assert_eq!(names, expected);
}

/// What a trigger puts off once more runs with the commit itself, for the same tenant.
#[tokio::test]
async fn what_is_put_off_to_the_last_knows_the_tenant() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(
            "CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 SET CONSTRAINTS ALL DEFERRED;
                 IF NEW.body = 'new' THEN
                     INSERT INTO note (tenant_id, body)
                     VALUES (current_setting('app.current_tenant_id'), 'from the trigger');
                 END IF;
                 RETURN NULL;
             END $$;
             CREATE CONSTRAINT TRIGGER later AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION put_off()",
        )
        .await
        .unwrap();
    let mut transaction = begun(&notes).await;
    insert(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(rows_of_a(&notes).await, 5);
}

#[tokio::test]
async fn a_closure_is_committed_when_it_succeeds_and_undone_when_it_does_not() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let a = context("a");
    let kept = pool.with(&a, insert).await;
    kept.unwrap();
    assert_eq!(rows_of_a(&notes).await, 4);

    let failed: Result<(), Error> = pool
        .with(&a, async |transaction| {
            insert(transaction).await?;
            Err(Error::Aborted)
        })
        .await;
    failed.unwrap_err();
    // Success is not believed when a statement failed.
    let swallowed: Result<(), Error> = pool
        .with(&a, async |transaction| {
            insert(transaction).await?;
            let _ = sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await;
            Ok(())
        })
        .await;
    assert!(matches!(swallowed.unwrap_err(), Error::Aborted));
    assert_eq!(rows_of_a(&notes).await, 4);
}

/// A closure serves handlers and tasks, which ask that its future be `Send`, and may have sqlx's errors.
#[tokio::test]
async fn a_closure_runs_in_a_task() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let task = tokio::spawn(async move {
        let body = String::from("from a task");
        let work = async |transaction: &mut TenantTransaction| {
            sqlx::query_scalar("INSERT INTO note (tenant_id, body) VALUES ('a', $1) RETURNING body")
                .bind(&body)
                .fetch_one(&mut *transaction)
                .await
        };
        let read: Result<String, sqlx::Error> = pool.with(&context("a"), work).await;
        read
    });
    assert_eq!(task.await.unwrap().unwrap(), "from a task");
}

#[tokio::test]
async fn serialization_failures_are_tried_again_and_nothing_else_is() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(format!(
            "{CONFLICT};
             CREATE TABLE counter (tenant_id text PRIMARY KEY, value int NOT NULL);
             INSERT INTO counter VALUES ('a', 0)"
        ))
        .await
        .unwrap();
    notes
        .administer(format!(
            "GRANT SELECT, UPDATE ON counter TO {}",
            notes.application()
        ))
        .await
        .unwrap();
    let catalog = tenancy_tests::notes::catalog().shared_table("counter");
    let pool = tenancy_sqlx::TenantPool::builder(notes.bare_pool(8).await.unwrap())
        .build(&catalog)
        .await
        .unwrap();
    let serializable = TransactionOptions::new()
        .isolation(Isolation::Serializable)
        .attempts(100);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let attempts = Arc::new(AtomicU32::new(0));
                let tries = Arc::clone(&attempts);
                let counted: Result<(), sqlx::Error> = pool
                    .retry(
                        &context("a"),
                        serializable,
                        async move |transaction: &mut TenantTransaction| {
                            tries.fetch_add(1, Ordering::Relaxed);
                            let value: i32 = sqlx::query_scalar("SELECT value FROM counter")
                                .fetch_one(&mut *transaction)
                                .await?;
                            tokio::time::sleep(Duration::from_millis(5)).await;
                            sqlx::query("UPDATE counter SET value = $1")
                                .bind(value + 1)
                                .execute(&mut *transaction)
                                .await?;
                            Ok(())
                        },
                    )
                    .await;
                counted.unwrap();
                attempts.load(Ordering::Relaxed)
            })
        })
        .collect();
    let mut attempts = 0;
    for task in tasks {
        attempts += task.await.unwrap();
    }
    let value: i32 = sqlx::query_scalar("SELECT value FROM counter")
        .fetch_one(&pool.reader(&context("a")))
        .await
        .unwrap();
    assert_eq!(value, 8);
    assert!(attempts > 8, "nobody was in anybody's way");

    // In a savepoint that was given up, too.
    let mut attempts = 0;
    let inside: Result<(), sqlx::Error> = pool
        .retry(
            &context("a"),
            serializable,
            async |transaction: &mut TenantTransaction| {
                attempts += 1;
                let mut savepoint = transaction.savepoint().await?;
                if attempts < 3 {
                    sqlx::query("SELECT conflict()")
                        .execute(&mut *savepoint)
                        .await?;
                }
                Ok(savepoint.release().await?)
            },
        )
        .await;
    inside.unwrap();
    assert_eq!(attempts, 3);

    let mut attempts = 0;
    let failed: Result<(), sqlx::Error> = pool
        .retry(
            &context("a"),
            serializable,
            async |transaction: &mut TenantTransaction| {
                attempts += 1;
                sqlx::query("SELECT 1 / 0")
                    .execute(&mut *transaction)
                    .await?;
                Ok(())
            },
        )
        .await;
    failed.unwrap_err();
    assert_eq!(attempts, 1);
}
