//! Scoped statements on databases that have no row-level security, one suite for each.
#![expect(
    clippy::disallowed_methods,
    reason = "plain pools of sqlx are what these databases have; no tenant is kept on a connection"
)]

use futures_util::TryStreamExt as _;
use sea_query::{Expr, ExprTrait as _, Order, SelectStatement};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, Uuid};
use sqlx::{MySqlConnection, MySqlPool, Row as _, SqliteConnection, SqlitePool};
use tenancy_core::{Dialect, Scoped, TableCatalog};
use tenancy_sqlx::{Error, ForTenant as _};
use tenancy_tests::mariadb::MariaDb;
use tenancy_tests::notes::{Notes, context};

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Note {
    id: i64,
    body: String,
}

/// The rows of [`Notes`], and one of other types.
const TABLES: [&str; 4] = [
    "CREATE TABLE note (tenant_id varchar(64) NOT NULL, id bigint NOT NULL, body text NOT NULL, \
     PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE plan (name varchar(64) PRIMARY KEY)",
    "INSERT INTO note VALUES ('a', 1, 'a one'), ('a', 2, 'a two'), ('a', 3, 'a three'), ('b', 1, 'b one'), \
     ('b', 4, 'b four')",
    "INSERT INTO plan VALUES ('free'), ('paid')",
];

fn catalog(dialect: Dialect) -> TableCatalog {
    TableCatalog::new()
        .with_dialect(dialect)
        .tenant_table("note", "tenant_id")
        .tenant_table("item", "tenant_id")
        .shared_table("plan")
}

fn all_notes(dialect: Dialect, tenant: &str) -> Scoped<SelectStatement> {
    let catalog = catalog(dialect);
    let scope = context(tenant).scope(&catalog);
    let all = scope.select().columns(["id", "body"]).from("note");
    all.order_by("id", Order::Asc).finish().unwrap()
}

#[track_caller]
fn is_foreign<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::ForeignStatement { .. }), "{error}");
}

async fn sqlite() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    for sql in TABLES {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool
}

async fn mysql() -> MySqlPool {
    let pool = MariaDb::shared().await.database().await.unwrap();
    for sql in TABLES {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool
}

macro_rules! suite {
    ($module:ident, $dialect:expr, $connection:ty, item = $item:literal, loose = $loose:literal) => {
        mod $module {
            use super::*;

            #[tokio::test]
            async fn each_tenant_sees_its_own_rows() {
                let pool = super::$module().await;
                for (tenant, bodies) in [
                    ("a", &["a one", "a two", "a three"][..]),
                    ("b", &["b one", "b four"]),
                    ("nobody", &[]),
                ] {
                    let all = all_notes($dialect, tenant);
                    let tenant = context(tenant);
                    let rows: Vec<Note> = pool.for_tenant(&tenant).fetch_all(&all).await.unwrap();
                    let seen: Vec<_> = rows.iter().map(|note| note.body.as_str()).collect();
                    assert_eq!(seen, bodies);
                    let streamed = pool.for_tenant(&tenant).stream::<Note>(&all);
                    assert_eq!(streamed.try_collect::<Vec<_>>().await.unwrap(), rows);
                    let first = pool.for_tenant(&tenant).fetch_optional(&all).await;
                    assert_eq!(first.unwrap().as_ref(), rows.first());
                    let first = pool.for_tenant(&tenant).fetch_one::<Note>(&all).await;
                    assert_eq!(first.ok().as_ref(), rows.first());
                }
            }

            /// The control: nothing but the builder keeps them apart.
            #[tokio::test]
            async fn plain_sql_sees_all_tenants() {
                let pool = super::$module().await;
                let all: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                assert_eq!(all, 5);
            }

            #[tokio::test]
            async fn a_condition_narrows_and_never_widens() {
                let pool = super::$module().await;
                let catalog = catalog($dialect);
                let a = context("a");
                let scope = a.scope(&catalog);
                let count = || scope.select().expr(Expr::cust("count(*)"));
                for (select, expected) in [
                    (count().from("note").and_where(Expr::cust("true OR true")), 3),
                    (
                        count()
                            .from("note")
                            .and_where(Expr::col("tenant_id").eq("b")),
                        0,
                    ),
                    (
                        count().from("plan").left_join(
                            "note",
                            Expr::col(("note", "body")).equals(("plan", "name")),
                        ),
                        2,
                    ),
                    (
                        count()
                            .from("plan")
                            .and_where(Expr::cust("(SELECT count(*) FROM note) = 3")),
                        2,
                    ),
                ] {
                    let select = select.finish().unwrap();
                    let counted: (i64,) = pool.for_tenant(&a).fetch_one(&select).await.unwrap();
                    assert_eq!(counted.0, expected, "{}", select.sql());
                }
            }

            /// Of a column that takes `Acme` and `acme` for the same.
            #[tokio::test]
            async fn tenants_differ_when_a_byte_does() {
                let pool = super::$module().await;
                sqlx::query($loose).execute(&pool).await.unwrap();
                sqlx::query("INSERT INTO loose VALUES ('Acme', 1)").execute(&pool).await.unwrap();
                let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM loose WHERE tenant_id = 'acme'")
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                assert_eq!(taken, 1);
                let catalog = catalog($dialect).tenant_table("loose", "tenant_id");
                for (tenant, rows) in [("acme", 0_i64), ("ACME", 0), ("Acme", 1)] {
                    let tenant = context(tenant);
                    let scope = tenant.scope(&catalog);
                    let count = scope.select().expr(Expr::cust("count(*)")).from("loose").finish();
                    let counted: (i64,) =
                        pool.for_tenant(&tenant).fetch_one(&count.unwrap()).await.unwrap();
                    let update = scope.update("loose").value("n", Expr::cust("n + 1")).finish();
                    let updated = pool.for_tenant(&tenant).execute(&update.unwrap()).await;
                    assert_eq!((counted.0, updated.unwrap().rows_affected()), (rows, rows.unsigned_abs()));
                }
            }

            #[tokio::test]
            async fn a_transaction_writes_rows_of_its_tenant_only() {
                let pool = super::$module().await;
                let catalog = catalog($dialect);
                let a = context("a");
                let scope = a.scope(&catalog);
                let insert = scope.insert("note").columns(["id", "body"]);
                // Key 4 is b's; for a it is free.
                let insert = insert.values([4.into(), "a four".into()]).finish().unwrap();
                let update = scope.update("note").value("body", "changed");
                let update = update.and_where(Expr::col("id").eq(1)).finish().unwrap();
                let delete = scope.delete("note").and_where(Expr::cust("true OR true"));
                let delete = delete.and_where(Expr::col("id").eq(2)).finish().unwrap();

                let rows = async || -> Vec<String> {
                    let rows = "SELECT body FROM note ORDER BY tenant_id, id";
                    sqlx::query_scalar(rows).fetch_all(&pool).await.unwrap()
                };
                let before = rows().await;
                for commits in [false, true] {
                    let mut transaction = pool.begin().await.unwrap();
                    let inserted = transaction.for_tenant(&a).execute(&insert).await.unwrap();
                    let updated = transaction.for_tenant(&a).execute(&update).await.unwrap();
                    let deleted = transaction.for_tenant(&a).execute(&delete).await.unwrap();
                    let touched = [inserted, updated, deleted].map(|done| done.rows_affected());
                    assert_eq!(touched, [1, 1, 1]);
                    if commits {
                        transaction.commit().await.unwrap();
                    } else {
                        transaction.rollback().await.unwrap();
                        assert_eq!(rows().await, before);
                    }
                }
                let after = ["changed", "a three", "a four", "b one", "b four"];
                assert_eq!(rows().await, after);
            }

            #[tokio::test]
            async fn a_foreign_statement_is_not_sent() {
                let pool = super::$module().await;
                let catalog = catalog($dialect);
                let (a, b) = (context("a"), context("b"));
                let foreign = all_notes($dialect, "b");
                let delete = b.scope(&catalog).delete("note").finish().unwrap();
                let mut transaction = pool.begin().await.unwrap();
                is_foreign(transaction.for_tenant(&a).execute(&delete).await);
                transaction.commit().await.unwrap();
                // Nor does it take a connection: there is none any more.
                pool.close().await;
                is_foreign(pool.for_tenant(&a).execute(&delete).await);
                is_foreign(pool.for_tenant(&a).fetch_all::<Note>(&foreign).await);
                is_foreign(pool.for_tenant(&a).fetch_one::<Note>(&foreign).await);
                is_foreign(pool.for_tenant(&a).fetch_optional::<Note>(&foreign).await);
                is_foreign(pool.for_tenant(&a).stream::<Note>(&foreign).try_next().await);
                let own = pool.for_tenant(&b).execute(&delete).await;
                assert!(matches!(own, Err(Error::Database(sqlx::Error::PoolClosed))));
            }

            #[tokio::test]
            async fn a_statement_of_another_dialect_is_not_sent() {
                let pool = super::$module().await;
                pool.close().await;
                for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
                    let all = all_notes(dialect, "a");
                    let result = pool.for_tenant(&context("a")).fetch_all::<Note>(&all).await;
                    match result.unwrap_err() {
                        Error::ForeignDialect {
                            statement,
                            database,
                        } => {
                            assert_eq!((statement, database), (dialect, $dialect));
                            assert_ne!(statement, database);
                        }
                        other => assert!(dialect == $dialect, "{other}"),
                    }
                }
            }

            #[tokio::test]
            async fn values_of_many_types_go_in_and_come_back() {
                let pool = super::$module().await;
                sqlx::query($item).execute(&pool).await.unwrap();
                let catalog = catalog($dialect);
                let a = context("a");
                let id = Uuid::from_u128(0x5d3c_f3d8_86a5_4b1c_9bb1_5d6c_8a5e_2f10);
                let at: DateTime<Utc> = "2026-02-28T23:59:59.123456Z".parse().unwrap();
                let data = serde_json::json!({"size": 3, "tags": ["new", null]});
                let scope = a.scope(&catalog);
                let insert = scope
                    .insert("item")
                    .columns(["id", "at", "data"])
                    .values([Expr::val(id), Expr::val(at), Expr::val(data.clone())])
                    .finish()
                    .unwrap();
                let found = scope
                    .select()
                    .columns(["tenant_id", "id", "at", "data"])
                    .from("item")
                    .and_where(Expr::col("id").eq(id))
                    .and_where(Expr::col("at").eq(at))
                    .finish()
                    .unwrap();
                let mut connection = pool.acquire().await.unwrap();
                let connection: &mut $connection = &mut connection;
                (&mut *connection).for_tenant(&a).execute(&insert).await.unwrap();
                let read: Vec<(String, Uuid, DateTime<Utc>, Json<serde_json::Value>)> =
                    connection.for_tenant(&a).fetch_all(&found).await.unwrap();
                assert_eq!(read, [("a".to_owned(), id, at, Json(data))]);
            }

            #[tokio::test]
            async fn a_value_that_the_database_does_not_have_is_not_sent() {
                let pool = super::$module().await;
                let catalog = catalog($dialect);
                let a = context("a");
                let scope = a.scope(&catalog);
                let large = Expr::val(u64::MAX);
                for (value, is_taken) in [
                    (large, $dialect == Dialect::MySql),
                    (Expr::val(u64::MAX / 2), true),
                    (Expr::val(vec![1, 2]), false),
                ] {
                    let select = scope.select().column("name").from("plan");
                    let select = select.and_where(value.clone().is_not_null()).finish().unwrap();
                    let result: Result<Vec<(String,)>, _> =
                        pool.for_tenant(&a).fetch_all(&select).await;
                    match result {
                        Ok(plans) => assert!(is_taken && plans.len() == 2, "{value:?}"),
                        Err(Error::UnsupportedValue { database, .. }) => {
                            assert!(!is_taken && database == $dialect, "{value:?}");
                        }
                        Err(other) => panic!("{value:?}: {other}"),
                    }
                }
            }
        }
    };
}

suite!(
    sqlite,
    Dialect::Sqlite,
    SqliteConnection,
    item = "CREATE TABLE item (tenant_id text, id blob, at text, data text)",
    loose = "CREATE TABLE loose (tenant_id text COLLATE NOCASE, n bigint)"
);
suite!(
    mysql,
    Dialect::MySql,
    MySqlConnection,
    item = "CREATE TABLE item (tenant_id varchar(64), id binary(16), at datetime(6), data json)",
    loose = "CREATE TABLE loose (tenant_id varchar(64), n bigint)"
);

/// The comparison of bytes stands beside one that the index serves.
#[tokio::test]
async fn mysql_reads_a_tenant_from_the_index() {
    let pool = mysql().await;
    let rows = "INSERT INTO note SELECT concat('t', seq % 100), seq, 'x' FROM seq_100_to_9999";
    sqlx::query(rows).execute(&pool).await.unwrap();
    sqlx::query("ANALYZE TABLE note")
        .execute(&pool)
        .await
        .unwrap();
    let sql = format!("EXPLAIN {}", all_notes(Dialect::MySql, "t7").sql());
    let plan = sqlx::query(sqlx::AssertSqlSafe(sql)).bind("t7").bind("t7");
    let plan = plan.fetch_one(&pool).await.unwrap();
    assert_eq!(plan.get::<String, _>("key"), "PRIMARY");
    assert_eq!(plan.get::<String, _>("type"), "ref");
}

#[tokio::test]
async fn postgres_does_not_run_the_sql_of_another_database() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let a = context("a");
    let mut transaction = pool.begin(&a).await.unwrap();
    for dialect in [Dialect::MySql, Dialect::Sqlite] {
        let all = all_notes(dialect, "a");
        let result = transaction.fetch_all::<Note>(&all).await;
        assert!(matches!(result, Err(Error::ForeignDialect { .. })));
        let result = pool.reader(&a).fetch_all::<Note>(&all).await;
        assert!(matches!(result, Err(Error::ForeignDialect { .. })));
    }
    transaction.commit().await.unwrap();
}
