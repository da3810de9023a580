//! Values of many types, on their way there and back.

use sea_query::{ArrayType, Expr, ExprTrait as _, Query, Value};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, Uuid};
use sqlx::{IntoArguments, Postgres};
use tenancy_core::{Dialect, TableCatalog};
use tenancy_sqlx::Error;
use tenancy_tests::notes::{Notes, catalog, context};

use super::{Note, OF_A, bodies, unproven_pool};

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
