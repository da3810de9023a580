//! Scoped statements on their way to Postgres: in transactions, savepoints and readers.

mod beside;
mod values;

use futures_util::TryStreamExt as _;
use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use tenancy_core::{Scoped, TableCatalog};
use tenancy_sqlx::{Error, TenantPool, danger};
use tenancy_tests::notes::{Notes, catalog, context};

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Note {
    id: i64,
    body: String,
}

fn all_notes(tenant: &str) -> Scoped<SelectStatement> {
    let all = Query::select()
        .columns(["id", "body"])
        .from("note")
        .order_by("id", Order::Asc)
        .take();
    context(tenant).scope(&catalog()).wrap(all).unwrap()
}

fn note_of_a(id: i64) -> Scoped<SelectStatement> {
    let one = Query::select()
        .columns(["id", "body"])
        .from("note")
        .and_where(Expr::col("id").eq(id))
        .take();
    context("a").scope(&catalog()).wrap(one).unwrap()
}

fn bodies(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.body.as_str()).collect()
}

const OF_A: [&str; 3] = ["a one", "a two", "a three"];

#[tokio::test]
async fn a_transaction_runs_them_in_every_form() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let all = all_notes("a");

    let rows = transaction.fetch_all::<Note>(&all).await.unwrap();
    assert_eq!(bodies(&rows), OF_A);
    let first: Note = transaction.fetch_one(&all).await.unwrap();
    assert_eq!(first.body, "a one");
    let first = transaction.fetch_optional::<Note>(&all).await.unwrap();
    assert_eq!(first.unwrap().body, "a one");
    let rows: Vec<Note> = transaction.stream(&all).try_collect().await.unwrap();
    assert_eq!(bodies(&rows), OF_A);

    // What b has, and what nobody has.
    for id in [4, 99] {
        let none = transaction.fetch_optional::<Note>(&note_of_a(id)).await;
        assert_eq!(none.unwrap(), None);
        let none = transaction.fetch_one::<Note>(&note_of_a(id)).await;
        assert!(matches!(
            none,
            Err(Error::Database(sqlx::Error::RowNotFound))
        ));
    }
    let catalog = catalog();
    let scope = transaction.scope(&catalog);
    let update = scope.update("note").value("body", "new").finish().unwrap();
    let touched = transaction.execute(&update).await.unwrap();
    assert_eq!(touched.rows_affected(), 3);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_savepoint_and_a_reader_run_them_too() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let (a, catalog) = (context("a"), catalog());
    let delete = a.scope(&catalog).delete("note").finish().unwrap();

    let mut transaction = pool.begin(&a).await.unwrap();
    let mut savepoint = transaction.savepoint().await.unwrap();
    savepoint.execute(&delete).await.unwrap();
    let left = savepoint.fetch_all::<Note>(&all_notes("a")).await.unwrap();
    assert_eq!(left, []);
    drop(savepoint);
    let rows: Vec<Note> = transaction
        .stream(&all_notes("a"))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(bodies(&rows), OF_A);
    drop(transaction);

    let reader = pool.reader(&a);
    let rows = reader.fetch_all::<Note>(&all_notes("a")).await.unwrap();
    assert_eq!(bodies(&rows), OF_A);
    let rows: Vec<Note> = reader.stream(&all_notes("a")).try_collect().await.unwrap();
    assert_eq!(bodies(&rows), OF_A);
    let first: Note = reader.fetch_one(&all_notes("a")).await.unwrap();
    assert_eq!(first.body, "a one");
    let none = reader.fetch_optional::<Note>(&note_of_a(4)).await.unwrap();
    assert_eq!(none, None);
}

async fn unproven_pool(notes: &Notes, catalog: &TableCatalog) -> TenantPool {
    let builder = TenantPool::builder(notes.bare_pool(1).await.unwrap());
    let builder = danger::unproven(builder, "a database without row-level security").unwrap();
    builder.build(catalog).await.unwrap()
}

#[track_caller]
fn is_foreign<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::ForeignStatement { statement, tenant }) => {
            assert_eq!([statement.as_str(), tenant.as_str()], ["b", "a"]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_statement_of_another_tenant_is_not_sent() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let (a, b, catalog) = (context("a"), context("b"), catalog());
    let foreign = all_notes("b");
    let delete = b.scope(&catalog).delete("note").finish().unwrap();

    let mut transaction = pool.begin(&a).await.unwrap();
    is_foreign(transaction.fetch_all::<Note>(&foreign).await);
    is_foreign(transaction.fetch_one::<Note>(&foreign).await);
    is_foreign(transaction.fetch_optional::<Note>(&foreign).await);
    is_foreign(transaction.stream::<Note>(&foreign).try_next().await);
    is_foreign(transaction.execute(&delete).await);
    let mut savepoint = transaction.savepoint().await.unwrap();
    is_foreign(savepoint.execute(&delete).await);
    savepoint.release().await.unwrap();
    // What was refused was not sent, so the transaction is whole.
    transaction.commit().await.unwrap();

    // Nor does a reader take a connection for it: there is none any more.
    let reader = pool.reader(&a);
    pool.close().await;
    is_foreign(reader.fetch_all::<Note>(&foreign).await);
    is_foreign(reader.fetch_one::<Note>(&foreign).await);
    is_foreign(reader.fetch_optional::<Note>(&foreign).await);
    is_foreign(reader.stream::<Note>(&foreign).try_next().await);
    let own = reader.fetch_all::<Note>(&all_notes("a")).await;
    assert!(matches!(own, Err(Error::Database(sqlx::Error::PoolClosed))));
}

#[tokio::test]
async fn a_dropped_stream_leaves_its_transaction_whole() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let all = all_notes("a");
    let mut stream = transaction.stream::<Note>(&all);
    assert_eq!(stream.try_next().await.unwrap().unwrap().body, "a one");
    drop(stream);
    let rows = transaction.fetch_all::<Note>(&all).await.unwrap();
    assert_eq!(bodies(&rows), OF_A);
    transaction.commit().await.unwrap();
    let rows: Vec<Note> = pool
        .reader(&context("b"))
        .fetch_all(&all_notes("b"))
        .await
        .unwrap();
    assert_eq!(bodies(&rows), ["b one", "b four"]);
}
