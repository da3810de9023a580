//! What a tenant transaction runs, in every form that sqlx has, and what it refuses to send.

use futures_util::TryStreamExt as _;
use sqlx::Executor;
use tenancy_sqlx::TenantPool;
use tenancy_tests::notes::{Notes, context};
use tenancy_tests::sqlstate::sqlstate;

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Note {
    tenant_id: String,
    body: String,
}

/// `query!` itself wants a database, or what it was told, when it is compiled; it runs by the same functions.
#[tokio::test]
async fn every_form_of_query_runs_for_the_tenant() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let b = context("b");
    let mut tx = pool.begin(&b).await.unwrap();
    let sql = "SELECT tenant_id, body FROM note ORDER BY id";
    let expected = [("b", "b one"), ("b", "b four")].map(|(tenant_id, body)| Note {
        tenant_id: tenant_id.into(),
        body: body.into(),
    });
    let rows: Vec<Note> = sqlx::query_as(sql).fetch_all(&mut tx).await.unwrap();
    assert_eq!(rows, expected);
    let rows: Vec<Note> = sqlx::query_as(sql)
        .fetch(&mut tx)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows, expected);
    let first: String = sqlx::query_scalar("SELECT body FROM note ORDER BY id")
        .fetch_one(&mut tx)
        .await
        .unwrap();
    assert_eq!(first, "b one");
    let mapped = sqlx::query(sql).map(|row: sqlx::postgres::PgRow| sqlx::Row::len(&row));
    assert_eq!(mapped.fetch_all(&mut tx).await.unwrap(), [2, 2]);
    let none = sqlx::query("SELECT FROM note WHERE tenant_id = $1").bind("a");
    assert!(none.fetch_optional(&mut tx).await.unwrap().is_none());
    // Text alone is a query as well, and so is what was prepared.
    let updated = Executor::execute(&mut tx, "UPDATE note SET body = 'new'")
        .await
        .unwrap();
    assert_eq!(updated.rows_affected(), 2);
    let statement = (&mut tx)
        .prepare(sqlx::SqlStr::from_static(
            "SELECT count(*) FROM note WHERE body = $1",
        ))
        .await
        .unwrap();
    let count: i64 = sqlx::Statement::query_scalar(&statement)
        .bind("new")
        .fetch_one(&mut tx)
        .await
        .unwrap();
    assert_eq!(count, 2);
    let described = (&mut tx)
        .describe(sqlx::SqlStr::from_static(sql))
        .await
        .unwrap();
    assert_eq!(described.columns().len(), 2);
    let mut many = Executor::fetch_many(&mut tx, sql);
    let mut steps = 0;
    while many.try_next().await.unwrap().is_some() {
        steps += 1;
    }
    assert_eq!(steps, 3);
}

async fn bodies(pool: &TenantPool, tenant: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT body FROM note ORDER BY id")
        .fetch_all(&pool.reader(&context(tenant)))
        .await
        .unwrap()
}

#[track_caller]
fn is_forbidden(error: &sqlx::Error, sql: &str) {
    let says = error
        .to_string()
        .contains("does not run in a tenant transaction");
    assert!(says, "{sql}: {error}");
}

#[tokio::test]
async fn commands_that_would_end_or_change_the_transaction_are_not_sent() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    for sql in [
        "COMMIT",
        "SET LOCAL app.current_tenant_id = 'b'",
        "RESET ROLE",
        "/* */ ROLLBACK",
        "DISCARD ALL",
    ] {
        let error = sqlx::query(sql)
            .execute(&mut transaction)
            .await
            .unwrap_err();
        is_forbidden(&error, sql);
        let error = sqlx::raw_sql(sql)
            .execute(&mut transaction)
            .await
            .unwrap_err();
        is_forbidden(&error, sql);
        assert!(
            (&mut transaction)
                .prepare(sqlx::SqlSafeStr::into_sql_str(sql))
                .await
                .is_err(),
            "{sql}"
        );
    }
    // Nothing was sent, so the transaction is whole.
    sqlx::query("UPDATE note SET body = 'changed' WHERE id = 1")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(bodies(&pool, "a").await[0], "changed");
}

#[tokio::test]
async fn a_second_statement_behind_a_semicolon_is_refused() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    for sql in [
        "SELECT 1; SET LOCAL app.current_tenant_id = 'b'",
        "SELECT 1; COMMIT",
    ] {
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        let error = Executor::execute(&mut transaction, sqlx::raw_sql(sql))
            .await
            .unwrap_err();
        assert_eq!(sqlstate(&error), "42601", "{sql}: {error}");
        drop(transaction);
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        let error = Executor::fetch_all(&mut transaction, sql)
            .await
            .unwrap_err();
        assert_eq!(sqlstate(&error), "42601", "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_row_that_is_not_there_does_not_spoil_the_transaction() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let missing = sqlx::query("SELECT * FROM note WHERE id = 4")
        .fetch_one(&mut transaction)
        .await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
    sqlx::query("DELETE FROM note WHERE id = 2")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(bodies(&pool, "a").await.len(), 2);
}

#[tokio::test]
async fn a_reading_transaction_does_not_write() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.read(&context("a")).await.unwrap();
    let error = sqlx::query("DELETE FROM note")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert_eq!(sqlstate(&error), "25006");
}

/// The macros, checked against a database with policies when they were prepared; see `tests/README.md`.
#[tokio::test]
async fn queries_that_the_compiler_checked_run_for_the_tenant() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut tx = pool.begin(&context("b")).await.unwrap();
    let record = sqlx::query!("SELECT tenant_id, body FROM note WHERE id = $1", 1)
        .fetch_one(&mut tx)
        .await
        .unwrap();
    assert_eq!([record.tenant_id, record.body], ["b", "b one"]);
    let rows = sqlx::query_as!(Note, "SELECT tenant_id, body FROM note ORDER BY id")
        .fetch_all(&mut tx)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    let id = sqlx::query_scalar!(
        "INSERT INTO note (tenant_id, body) VALUES ('b', $1) RETURNING id",
        "new"
    )
    .fetch_one(&mut tx)
    .await
    .unwrap();
    let deleted = sqlx::query!("DELETE FROM note WHERE id = $1", id)
        .execute(&mut tx)
        .await
        .unwrap();
    assert_eq!(deleted.rows_affected(), 1);
}
