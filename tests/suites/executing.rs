//! Scoped statements on their way to Postgres: in transactions, savepoints and readers, with values of many types.

use futures_util::TryStreamExt as _;
use sea_query::{ArrayType, Expr, ExprTrait as _, Order, Query, SelectStatement, Value};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, Uuid};
use sqlx::{IntoArguments, Postgres};
use tenancy_core::{Dialect, Scope, ScopeError, Scoped, TableCatalog};
use tenancy_sqlx::{Error, TenantPool, TenantTransaction, danger};
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

/// The builder alone, and with row-level security behind it.
async fn without_policies_and_with_them() -> [(Notes, TenantPool); 2] {
    let alone = Notes::unprotected().await.unwrap();
    let unproven = unproven_pool(&alone, &catalog()).await;
    let protected = Notes::new().await.unwrap();
    let proven = protected.pool(1).await.unwrap();
    [(alone, unproven), (protected, proven)]
}

/// What is not `a`'s, by plain SQL, as far as no policy hides it.
async fn of_others(transaction: &mut TenantTransaction) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', 'note', id, body) FROM note WHERE tenant_id <> 'a' \
               UNION ALL SELECT concat_ws(' ', 'tag', note_id, name) FROM tag WHERE tenant_id <> 'a' ORDER BY 1";
    let rows = sqlx::query_scalar(sql).fetch_all(transaction).await;
    rows.unwrap()
}

/// A write, the tables beside its target, a condition, and how many rows of `a` it touches.
type Beside = (&'static str, &'static [&'static str], &'static str, u64);

/// Runs for `a` what `write` makes of each case, and expects that nobody else's rows are touched.
async fn only_own_rows_are_touched<S>(
    cases: &[Beside],
    write: impl Fn(&Scope<'_>, &Beside) -> Result<Scoped<S>, ScopeError>,
) {
    let (a, catalog) = (context("a"), catalog());
    for (_notes, pool) in without_policies_and_with_them().await {
        for case in cases {
            let write = write(&a.scope(&catalog), case).unwrap();
            let mut transaction = pool.begin(&a).await.unwrap();
            let before = of_others(&mut transaction).await;
            let touched = transaction.execute(&write).await.unwrap();
            assert_eq!(touched.rows_affected(), case.3, "{}", write.sql());
            assert_eq!(of_others(&mut transaction).await, before, "{}", write.sql());
            transaction.rollback().await.unwrap();
        }
    }
}

/// Note 1 of `a` has a red tag; `b` has a note 1 too, and its tag is blue. `plan` is shared.
#[tokio::test]
async fn a_delete_using_other_tables_meets_no_row_of_another_tenant() {
    let cases: [Beside; 10] = [
        ("note", &["tag"], "tag.note_id = note.id", 1),
        ("note", &["tag"], "tag.name = 'blue'", 0),
        ("note", &["tag"], "tag.name = 'blue' OR tag.note_id = 4", 0),
        ("note", &["tag"], "true OR true", 3),
        ("note", &["plan"], "plan.name = 'free'", 3),
        ("note", &["plan"], "plan.name = 'none'", 0),
        (
            "note",
            &["plan", "tag"],
            "plan.name = 'paid' AND tag.name = 'blue'",
            0,
        ),
        (
            "note",
            &["tag", "plan"],
            "plan.name = 'paid' AND tag.note_id = note.id",
            1,
        ),
        ("tag", &["note"], "note.body = 'a three'", 1),
        (
            "tag",
            &["note"],
            "note.id = tag.note_id AND note.body = 'b one'",
            0,
        ),
    ];
    only_own_rows_are_touched(&cases, |scope, (table, beside, condition, _)| {
        let delete = beside
            .iter()
            .fold(scope.delete(*table), |delete, table| delete.using(table));
        delete.and_where(Expr::cust(*condition)).finish()
    })
    .await;
}

#[tokio::test]
async fn an_update_from_other_tables_meets_no_row_of_another_tenant() {
    let cases: [Beside; 6] = [
        ("note", &["tag"], "tag.note_id = note.id", 1),
        ("note", &["tag"], "tag.name = 'blue' OR tag.note_id = 4", 0),
        ("note", &["plan"], "plan.name = 'free'", 3),
        (
            "note",
            &["plan", "tag"],
            "plan.name = 'paid' AND tag.name = 'blue'",
            0,
        ),
        (
            "note",
            &["tag", "plan"],
            "plan.name = 'paid' AND tag.note_id = note.id",
            1,
        ),
        ("note", &["tag"], "true OR true", 3),
    ];
    only_own_rows_are_touched(&cases, |scope, (table, beside, condition, _)| {
        let update = scope.update(*table).value("body", "new");
        let update = beside
            .iter()
            .fold(update, |update, table| update.from(*table));
        update.and_where(Expr::cust(*condition)).finish()
    })
    .await;
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

type Item = (
    String,
    Uuid,
    DateTime<Utc>,
    Json<serde_json::Value>,
    Vec<i32>,
);

/// What the features bring: `uuid`, `chrono`, `json`, `postgres-array`.
#[tokio::test]
async fn values_of_many_types_go_in_and_come_back() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(format!(
            "CREATE TABLE item (tenant_id text, id uuid, at timestamptz, data jsonb, sizes integer[]); \
             INSERT INTO item VALUES ('b', gen_random_uuid(), now(), '{{}}', '{{1}}'); \
             GRANT ALL ON item TO {}",
            notes.application()
        ))
        .await
        .unwrap();
    let catalog = TableCatalog::new().tenant_table("item", "tenant_id");
    let pool = unproven_pool(&notes, &catalog).await;

    let id = Uuid::from_u128(0x5d3c_f3d8_86a5_4b1c_9bb1_5d6c_8a5e_2f10);
    let at: DateTime<Utc> = "2026-02-28T23:59:59.123456Z".parse().unwrap();
    let data = serde_json::json!({"size": 3, "tags": ["new", null]});
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let scope = transaction.scope(&catalog);
    let insert = scope
        .insert("item")
        .columns(["id", "at", "data", "sizes"])
        .values([
            Expr::val(id),
            Expr::val(at),
            Expr::val(data.clone()),
            Expr::val(vec![3, 4]),
        ])
        .returning(["tenant_id", "id", "at", "data", "sizes"])
        .finish()
        .unwrap();
    let found = Query::select()
        .columns(["tenant_id", "id", "at", "data", "sizes"])
        .from("item")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("at").eq(at))
        .and_where(Expr::col("data").eq(data.clone()))
        .take();
    let found = scope.wrap(found).unwrap();
    let expected = ("a".to_owned(), id, at, Json(data), vec![3, 4]);
    let inserted: Item = transaction.fetch_one(&insert).await.unwrap();
    assert_eq!(inserted, expected);
    let read: Vec<Item> = transaction.fetch_all(&found).await.unwrap();
    assert_eq!(read, [expected]);
}

#[tokio::test]
async fn a_value_that_postgres_does_not_have_is_not_sent() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    // Each a text of its own: sqlx knows a prepared statement again by its text, whatever the types are.
    let with = |value: Value| {
        let text = format!("{value:?}");
        let select = Query::select()
            .columns(["id", "body"])
            .from("note")
            .and_where(Expr::val(value).is_not_null())
            .and_where(Expr::cust(format!("'{text}' <> ''")))
            .take();
        context("a").scope(&catalog()).wrap(select).unwrap()
    };
    let array = |number| Value::Array(ArrayType::Int, Some(Box::new(vec![Value::Int(number)])));
    let large = |number| {
        let number = Value::BigUnsigned(Some(number));
        Value::Array(ArrayType::BigUnsigned, Some(Box::new(vec![number])))
    };
    for (value, is_taken) in [
        (Value::BigUnsigned(Some(u64::MAX)), false),
        (Value::BigUnsigned(Some(i64::MAX as u64)), true),
        (array(None), false),
        (array(Some(7)), true),
        (large(u64::MAX), false),
        (large(7), true),
    ] {
        let result = transaction.fetch_all::<Note>(&with(value.clone())).await;
        match result {
            Ok(rows) if is_taken => assert_eq!(bodies(&rows), OF_A),
            Err(Error::UnsupportedValue { database, .. }) if !is_taken => {
                assert_eq!(database, Dialect::Postgres);
            }
            other => panic!("{value:?}: {other:?}"),
        }
        // Why it must not get further.
        let values = sea_query_sqlx::SqlxValues(sea_query::Values(vec![value.clone()]));
        let bound = std::panic::catch_unwind(|| IntoArguments::<Postgres>::into_arguments(values));
        assert_eq!(bound.is_ok(), is_taken, "{value:?}");
    }
    transaction.commit().await.unwrap();
}
