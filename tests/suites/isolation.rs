//! The rules of isolation with plain SQL under row-level security and through the scoped builder, on a pool of
//! one connection and of eight.

use futures_util::TryStreamExt as _;
use sea_query::{Expr, ExprTrait as _, Query};
use sqlx::{AssertSqlSafe, Row as _};
use tenancy_sqlx::{Error, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::sqlstate::sqlstate;

/// On one connection every tenant follows another; on eight they stand beside each other.
const POOLS: [u32; 2] = [1, 8];

/// What plain SQL that does not mention the tenant finds.
async fn bodies(pool: &TenantPool, tenant: &str) -> Vec<String> {
    let mut transaction = pool.read(&context(tenant)).await.unwrap();
    sqlx::query_scalar("SELECT body FROM note ORDER BY id")
        .fetch_all(&mut transaction)
        .await
        .unwrap()
}

async fn count(pool: &TenantPool, tenant: &str, sql: &'static str) -> i64 {
    let mut transaction = pool.read(&context(tenant)).await.unwrap();
    sqlx::query_scalar(sql)
        .fetch_one(&mut transaction)
        .await
        .unwrap()
}

#[tokio::test]
async fn plain_sql_sees_the_rows_of_its_tenant() {
    let notes = Notes::new().await.unwrap();
    for connections in POOLS {
        let pool = notes.pool(connections).await.unwrap();
        assert_eq!(bodies(&pool, "a").await, ["a one", "a two", "a three"]);
        assert_eq!(bodies(&pool, "b").await, ["b one", "b four"]);
        assert_eq!(bodies(&pool, "nobody").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_condition_narrows_and_never_widens() {
    let notes = Notes::new().await.unwrap();
    for connections in POOLS {
        let pool = notes.pool(connections).await.unwrap();
        for (sql, expected) in [
            ("SELECT count(*) FROM note WHERE true OR tenant_id = 'b'", 3),
            ("SELECT count(*) FROM note WHERE tenant_id = 'b'", 0),
            ("SELECT count(*) FROM note WHERE NOT (tenant_id = 'a')", 0),
            ("SELECT count(*) FROM note x JOIN note y ON true", 9),
            (
                "SELECT count(*) FROM (SELECT 1 FROM note UNION ALL SELECT 1 FROM note) n",
                6,
            ),
            ("SELECT (SELECT count(*) FROM note WHERE id = 4)", 0),
            (
                "SELECT count(*) FROM plan LEFT JOIN tag ON tag.name = 'blue'",
                2,
            ),
            ("SELECT max(id) FROM note", 3),
            (
                "WITH everything AS MATERIALIZED (SELECT * FROM note) SELECT count(*) FROM everything",
                3,
            ),
            (
                "SELECT count(*) FROM note WHERE EXISTS (SELECT FROM tag WHERE name = 'blue')",
                0,
            ),
        ] {
            assert_eq!(count(&pool, "a", sql).await, expected, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_stream_sees_the_rows_of_its_tenant() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.read(&context("b")).await.unwrap();
    let rows: Vec<_> = sqlx::query("SELECT tenant_id FROM note")
        .fetch(&mut transaction)
        .try_collect()
        .await
        .unwrap();
    assert!(rows.iter().all(|row| row.get::<String, _>(0) == "b"));
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_foreign_id_updates_and_deletes_no_row() {
    let notes = Notes::new().await.unwrap();
    for connections in POOLS {
        let pool = notes.pool(connections).await.unwrap();
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        for sql in [
            "UPDATE note SET body = 'taken' WHERE id = 4",
            "UPDATE note SET body = 'taken' WHERE tenant_id = 'b'",
            "DELETE FROM note WHERE id = 4",
            "DELETE FROM note USING tag WHERE tag.name = 'blue'",
        ] {
            let touched = sqlx::query(sql)
                .execute(&mut transaction)
                .await
                .unwrap()
                .rows_affected();
            assert_eq!(touched, 0, "{sql}");
        }
        transaction.commit().await.unwrap();
        assert_eq!(bodies(&pool, "b").await, ["b one", "b four"]);
    }
}

#[tokio::test]
async fn a_row_cannot_be_given_to_another_tenant() {
    let notes = Notes::new().await.unwrap();
    for connections in POOLS {
        let pool = notes.pool(connections).await.unwrap();
        for sql in [
            "INSERT INTO note (tenant_id, body) VALUES ('b', 'planted')",
            "INSERT INTO note (tenant_id, body) VALUES ('a', 'mine'), ('b', 'planted')",
            "INSERT INTO note (tenant_id, body) SELECT 'b', body FROM note",
            "UPDATE note SET tenant_id = 'b'",
            "INSERT INTO note (id, tenant_id, body) VALUES (1, 'a', '') ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 'b'",
        ] {
            let mut transaction = pool.begin(&context("a")).await.unwrap();
            let error = sqlx::query(sql)
                .execute(&mut transaction)
                .await
                .unwrap_err();
            assert_eq!(sqlstate(&error), "42501", "{sql}: {error}");
        }
        assert_eq!(bodies(&pool, "b").await, ["b one", "b four"]);
    }
}

#[tokio::test]
async fn the_same_key_lives_in_two_tenants_and_a_conflict_reveals_nothing() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    // Key 4 is b's; for a it is free.
    let sql = "INSERT INTO note (id, tenant_id, body) VALUES (4, 'a', 'a four') \
               ON CONFLICT (tenant_id, id) DO UPDATE SET body = 'changed' RETURNING body";
    let body: String = sqlx::query_scalar(sql)
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(body, "a four");
    transaction.commit().await.unwrap();
    assert_eq!(bodies(&pool, "b").await, ["b one", "b four"]);

    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let orphan = sqlx::query("UPDATE tag SET note_id = 99")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert_eq!(sqlstate(&orphan), "23503");
}

#[tokio::test]
async fn the_scoped_builder_keeps_tenants_apart_by_itself() {
    // No row-level security, and a superuser besides: only the statements' own text holds.
    let notes = Notes::unprotected().await.unwrap();
    let mut admin = notes.admin().await.unwrap();
    let catalog = catalog();
    let (a, b) = (context("a"), context("b"));
    let scope = a.scope(&catalog);

    let everything = Query::select()
        .column("body")
        .from("note")
        .cond_where(Expr::cust("true OR true"))
        .take();
    let (sql, values) = scope.wrap(everything).unwrap().build();
    let found: Vec<String> =
        sqlx::query_scalar_with(AssertSqlSafe(sql), sea_query_sqlx::SqlxValues(values))
            .fetch_all(&mut admin)
            .await
            .unwrap();
    assert_eq!(found, ["a one", "a two", "a three"]);

    let unmatched = Query::select()
        .expr(Expr::cust("count(*)"))
        .from("plan")
        .left_join("note", Expr::col(("note", "body")).equals(("plan", "name")))
        .take();
    let union = Query::select()
        .expr(Expr::cust(
            "(SELECT count(*) FROM note) + (SELECT count(*) FROM tag)",
        ))
        .take();
    for (select, expected) in [(unmatched, 2), (union, 4)] {
        let (sql, values) = scope.wrap(select).unwrap().build();
        let count: i64 =
            sqlx::query_scalar_with(AssertSqlSafe(sql), sea_query_sqlx::SqlxValues(values))
                .fetch_one(&mut admin)
                .await
                .unwrap();
        assert_eq!(count, expected);
    }

    let mut touched = Vec::new();
    for (sql, values) in [
        scope
            .update("note")
            .value("body", "taken")
            .and_where(Expr::cust("true OR true"))
            .finish()
            .unwrap()
            .build(),
        scope
            .update("note")
            .value("body", "taken")
            .and_where(Expr::col("id").eq(4))
            .finish()
            .unwrap()
            .build(),
        scope
            .delete("tag")
            .and_where(Expr::cust("note_id IN (SELECT id FROM note)"))
            .finish()
            .unwrap()
            .build(),
        scope.delete("tag").finish().unwrap().build(),
        scope
            .insert("note")
            .columns(["body"])
            .values(["new".into()])
            .finish()
            .unwrap()
            .build(),
        b.scope(&catalog)
            .delete("note")
            .and_where(Expr::col("body").eq("taken"))
            .finish()
            .unwrap()
            .build(),
    ] {
        let result = sqlx::query_with(AssertSqlSafe(sql), sea_query_sqlx::SqlxValues(values))
            .execute(&mut admin)
            .await;
        touched.push(result.unwrap().rows_affected());
    }
    assert_eq!(
        touched,
        [3, 0, 1, 0, 1, 0],
        "each touches rows of its tenant only"
    );
    let rest: Vec<String> =
        sqlx::query_scalar("SELECT tenant_id || ' ' || body FROM note ORDER BY tenant_id, id")
            .fetch_all(&mut admin)
            .await
            .unwrap();
    assert_eq!(
        rest,
        [
            "a taken", "a taken", "a taken", "a new", "b b one", "b b four"
        ]
    );
}

#[tokio::test]
async fn a_scoped_statement_runs_for_its_own_tenant_only() {
    let notes = Notes::new().await.unwrap();
    for connections in POOLS {
        let pool = notes.pool(connections).await.unwrap();
        let catalog = catalog();
        let select = |tenant: &str| {
            let select = Query::select()
                .columns(["id", "body"])
                .from("note")
                .order_by("id", sea_query::Order::Asc)
                .take();
            context(tenant).scope(&catalog).wrap(select).unwrap()
        };
        let mut transaction = pool.read(&context("a")).await.unwrap();
        let own: Vec<(i64, String)> = transaction.fetch_all(&select("a")).await.unwrap();
        assert_eq!(own.first(), Some(&(1, "a one".to_owned())));
        let foreign = transaction
            .fetch_all::<(i64, String)>(&select("b"))
            .await
            .unwrap_err();
        assert!(
            matches!(foreign, Error::ForeignStatement { .. }),
            "{foreign}"
        );
        // Nothing was sent, so the transaction still works.
        assert_eq!(
            transaction
                .fetch_all::<(i64, String)>(&select("a"))
                .await
                .unwrap()
                .len(),
            3
        );
    }
}

#[tokio::test]
async fn a_returning_clause_yields_the_new_row() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let (catalog, a) = (catalog(), context("a"));
    let scope = a.scope(&catalog);
    let insert = scope
        .insert("note")
        .columns(["body"])
        .values(["hello".into()])
        .returning(["tenant_id", "body"])
        .finish()
        .unwrap();
    let mut transaction = pool.begin(&a).await.unwrap();
    let row: (String, String) = transaction.fetch_one(&insert).await.unwrap();
    assert_eq!(row, ("a".to_owned(), "hello".to_owned()));
    transaction.commit().await.unwrap();
    assert_eq!(bodies(&pool, "a").await.len(), 4);
}
