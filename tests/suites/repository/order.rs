//! The order of a list, and the index that it is read from.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row as _};
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Cursor, Repository};
use tenancy_tests::notes::{Notes, catalog, context};

use super::benches;

#[derive(Debug, sqlx::FromRow)]
struct Event {
    id: i64,
    at: DateTime<Utc>,
}

#[tokio::test]
async fn a_list_is_sorted_by_a_column_and_then_by_the_key() {
    let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
    for bench in benches().await {
        // Microseconds apart, and each time twice.
        bench
            .notes
            .administer(
                "ALTER TABLE note ADD at timestamptz NOT NULL DEFAULT '2026-01-01'; \
                 INSERT INTO note (id, tenant_id, body, at) \
                 SELECT n, 'a', 'x', timestamptz '2026-02-01' + (n / 2) * interval '1 microsecond' \
                 FROM generate_series(10, 29) n",
            )
            .await
            .unwrap();
        let events = Repository::new(&catalog, "note", ["id", "at"], "id", |event: &Event| {
            event.id
        });
        let mut transaction = bench.pool.read(&context("a")).await.unwrap();
        for descending in [false, true] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let mut list = events.list().order_by("at", |event| event.at).page_size(3);
                if descending {
                    list = list.descending();
                }
                let page = list.after(after).fetch(&mut transaction).await.unwrap();
                seen.extend(page.rows.iter().map(|event| event.id));
                assert!(seen.len() <= 23, "{seen:?}");
                match page.next {
                    Some(cursor) => after = Some(cursor.to_string().parse::<Cursor>().unwrap()),
                    None => break,
                }
            }
            let mut expected: Vec<i64> = (1..4).chain(10..30).collect();
            if descending {
                expected.reverse();
            }
            assert_eq!(seen, expected);
        }
    }
}

/// What Postgres does for the last statement of the application role, whatever its values are.
async fn plan_of_the_last_statement(notes: &Notes, values: &str) -> String {
    let mut admin = notes.admin().await.unwrap();
    let last = "SELECT query FROM pg_stat_activity WHERE usename = $1 AND query LIKE 'WITH%'";
    let sql: String = sqlx::query_scalar(last)
        .bind(notes.application())
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE page AS {sql}");
    sqlx::raw_sql(AssertSqlSafe(prepare))
        .execute(&mut admin)
        .await
        .unwrap();
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE page ({values})");
    let lines = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut admin);
    let lines: Vec<String> = lines.await.unwrap().iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_page_is_read_from_the_index_where_the_last_one_ended() {
    let [_, bench] = benches().await;
    bench
        .notes
        .administer(
            "ALTER TABLE note ADD at timestamptz NOT NULL DEFAULT now(); \
             INSERT INTO note (id, tenant_id, body, at) \
             SELECT n, 't' || n % 20, 'x', now() + n * interval '1 second' FROM generate_series(1, 20000) n; \
             CREATE INDEX note_by_time ON note (tenant_id, at, id); \
             ANALYZE note",
        )
        .await
        .unwrap();
    bench.notes.administer("VACUUM note").await.unwrap();
    // The index by time does not have the text. Without it in the list, all of the tenant may be read from that index and
    // sorted.
    let columns = ["id", "at", "body"];
    let events = Repository::new(&catalog(), "note", columns, "id", |event: &Event| event.id);
    let mut transaction = bench.pool.read(&context("t7")).await.unwrap();
    let tx = &mut transaction;
    let first = events.list().page_size(10).fetch(tx).await.unwrap();
    events
        .list()
        .page_size(10)
        .after(first.next)
        .fetch(tx)
        .await
        .unwrap();
    let by_key = plan_of_the_last_statement(&bench.notes, "'t7', 1, 11").await;
    assert!(
        by_key.contains("Index Cond: ((tenant_id = $1) AND (id > $2))"),
        "{by_key}"
    );
    let list = || events.list().order_by("at", |event| event.at).page_size(10);
    let first = list().fetch(tx).await.unwrap();
    list().after(first.next).fetch(tx).await.unwrap();
    let by_time = plan_of_the_last_statement(&bench.notes, "'t7', now(), 1, 11").await;
    assert!(
        by_time.contains("Index Cond: ((tenant_id = $1) AND (ROW(at, id) > ROW($2, $3)))"),
        "{by_time}"
    );
    for plan in [by_key, by_time] {
        assert!(!plan.contains("Sort"), "{plan}");
    }
}
