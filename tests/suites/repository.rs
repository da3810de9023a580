//! The repository, under row-level security and by its statements alone.

use std::collections::BTreeSet;

use sea_query::{Expr, ExprTrait as _};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row as _};
use tenancy_core::{ScopeError, TableCatalog, TenantContext, TenantTable};
use tenancy_sqlx::{
    Cursor, Error, InvalidCursor, Page, Repository, Rls, TenantPool, TenantTransaction, danger,
};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::person::context_of;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
struct Note {
    id: i64,
    body: String,
    tenant_id: String,
}

fn repository() -> Repository<Note, i64> {
    let columns = ["id", "body", "tenant_id"];
    Repository::new(&catalog(), "note", columns, "id", |note: &Note| note.id)
}

/// The same rows with policies and without.
struct Bench {
    notes: Notes,
    pool: TenantPool,
}

async fn benches() -> [Bench; 2] {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(2).await.unwrap();
    let with_policies = Bench { notes, pool };
    let notes = Notes::unprotected().await.unwrap();
    let builder = TenantPool::builder(notes.bare_pool(2).await.unwrap());
    let builder = danger::unproven(builder, "a database without row-level security").unwrap();
    let pool = builder.build(&catalog()).await.unwrap();
    [with_policies, Bench { notes, pool }]
}

impl Bench {
    /// All rows of all tenants, as `tenant id body`.
    async fn rows(&self) -> Vec<String> {
        let mut admin = self.notes.admin().await.unwrap();
        let rows = "SELECT concat_ws(' ', tenant_id, id, body) FROM note ORDER BY tenant_id, id";
        sqlx::query_scalar(rows)
            .fetch_all(&mut admin)
            .await
            .unwrap()
    }

    async fn page(&self, tenant: &TenantContext, after: Option<Cursor>, size: u32) -> Page<Note> {
        let repository = repository();
        let mut transaction = self.pool.read(tenant).await.unwrap();
        let list = repository.list().page_size(size).after(after);
        list.fetch(&mut transaction).await.unwrap()
    }
}

fn ids(page: &Page<Note>) -> Vec<i64> {
    page.rows.iter().map(|note| note.id).collect()
}

const OF_B: [&str; 2] = ["b 1 b one", "b 4 b four"];

#[tokio::test]
async fn without_policies_only_the_statements_hold() {
    let [with, without] = benches().await;
    for (bench, seen) in [(with, 3), (without, 5)] {
        let all: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
            .fetch_one(&bench.pool.reader(&context("a")))
            .await
            .unwrap();
        assert_eq!(all, seen);
    }
}

#[tokio::test]
async fn rows_are_created_read_changed_and_deleted() {
    let notes = repository();
    for bench in benches().await {
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let new = notes.create(tx, [("body", "new".into())]).await.unwrap();
        assert_eq!([&new.body, &new.tenant_id], ["new", "a"]);
        let read = notes.get(tx, new.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&new));
        let changed = notes.update(tx, new.id, [("body", "changed".into())]).await;
        assert_eq!(changed.unwrap().unwrap().body, "changed");
        assert!(notes.delete(tx, 2).await.unwrap());
        assert!(!notes.delete(tx, 2).await.unwrap());
        transaction.commit().await.unwrap();
        let of_a = ["a 1 a one", "a 3 a three", "a 100 changed"];
        assert_eq!(bench.rows().await, [&of_a[..], &OF_B].concat());
    }
}

#[tokio::test]
async fn a_foreign_id_is_an_unknown_id() {
    let notes = repository();
    for bench in benches().await {
        let before = bench.rows().await;
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        // Row 4 is b's, and nobody has 99.
        for id in [4, 99] {
            assert_eq!(notes.get(tx, id).await.unwrap(), None);
            let taken = notes.update(tx, id, [("body", "taken".into())]).await;
            assert_eq!(taken.unwrap(), None);
            assert!(!notes.delete(tx, id).await.unwrap());
        }
        // Row 1 both have.
        assert_eq!(notes.get(tx, 1).await.unwrap().unwrap().body, "a one");
        transaction.commit().await.unwrap();
        assert_eq!(bench.rows().await, before);
    }
}

#[tokio::test]
async fn an_entity_of_another_tenant_is_not_saved() {
    let notes = repository();
    for bench in benches().await {
        let before = bench.rows().await;
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let values = [("body", Expr::val("planted")), ("tenant_id", "b".into())];
        let created = notes.create(tx, values.clone()).await.unwrap_err();
        assert!(
            matches!(created, Error::Scope(ScopeError::ForeignTenant(_))),
            "{created}"
        );
        let updated = notes.update(tx, 1, values).await.unwrap_err();
        assert!(
            matches!(updated, Error::Scope(ScopeError::TenantColumn(_))),
            "{updated}"
        );
        let nothing = notes.update(tx, 1, []).await.unwrap_err();
        assert!(
            matches!(nothing, Error::Scope(ScopeError::Empty(_))),
            "{nothing}"
        );
        transaction.commit().await.unwrap();
        assert_eq!(bench.rows().await, before);
    }
}

#[tokio::test]
async fn a_table_that_is_not_the_tenants_has_no_repository() {
    let bench = &benches().await[0];
    let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
    let tx = &mut transaction;
    let over = |table| {
        Repository::new(&catalog(), table, ["name"], "name", |(name,): &(String,)| {
            name.clone()
        })
    };
    for (table, is_declared) in [("plan", true), ("secret", false)] {
        let table = over(table);
        let created = table.create(tx, [("name", "x".into())]).await;
        assert!(matches!(created, Err(Error::Scope(_))));
        let read = table.get(tx, "free".to_owned()).await;
        assert_eq!(read.is_ok(), is_declared);
        assert_eq!(table.list().fetch(tx).await.is_ok(), is_declared);
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Task {
    id: i64,
    project_id: String,
}

/// Tasks of `a` in two projects, and one of `b` in a project that is called like one of them.
const TASKS: &str = "
    CREATE TABLE task (
        tenant_id text NOT NULL, project_id text NOT NULL, id bigint NOT NULL, done boolean NOT NULL DEFAULT false,
        PRIMARY KEY (tenant_id, project_id, id)
    );
    INSERT INTO task (tenant_id, project_id, id) VALUES ('a', 'apollo', 1), ('a', 'gemini', 2), ('b', 'apollo', 3);";

async fn every_operation(
    tasks: &Repository<Task, i64>,
    tx: &mut TenantTransaction,
) -> [Result<(), Error>; 5] {
    let done = [("done", true.into())];
    [
        tasks.list().fetch(tx).await.map(drop),
        tasks.get(tx, 1).await.map(drop),
        tasks.delete(tx, 1).await.map(drop),
        tasks.update(tx, 1, done).await.map(drop),
        tasks.create(tx, [("id", 4.into())]).await.map(drop),
    ]
}

#[tokio::test]
async fn work_across_projects_stays_within_the_tenant() {
    const TASK: TenantTable =
        TenantTable::new("task", "tenant_id").with_project_column("project_id");
    let catalog = TableCatalog::of([TASK]);
    let columns = ["id", "project_id"];
    let of_one = Repository::new(&catalog, "task", columns, "id", |task: &Task| task.id);
    let of_all = of_one.clone().across_projects();
    let in_apollo = context_of("a", "ada", "apollo", &[]).await.unwrap();
    let without_project = context("a");

    for (bench, is_protected) in benches().await.into_iter().zip([true, false]) {
        let role = bench.notes.application();
        let rls = Rls::new(&catalog).application_role(role).set_up_sql();
        let protection = if is_protected { rls } else { String::new() };
        let sql = format!("{TASKS} GRANT ALL ON task TO {role}; {protection}");
        bench.notes.administer(sql).await.unwrap();

        let mut transaction = bench.pool.begin(&without_project).await.unwrap();
        let tx = &mut transaction;
        for refused in every_operation(&of_one, tx).await {
            let refusal = ScopeError::NoProject("task".into());
            assert!(matches!(refused, Err(Error::Scope(error)) if error == refusal));
        }
        drop(transaction);

        let mut transaction = bench.pool.begin(&without_project).await.unwrap();
        let tx = &mut transaction;
        let tasks = of_all.list().fetch(tx).await.unwrap().rows;
        let seen: Vec<_> = tasks.iter().map(|task| task.id).collect();
        assert_eq!(seen, [1, 2]);
        assert_eq!(
            of_all.get(tx, 2).await.unwrap().unwrap().project_id,
            "gemini"
        );
        let moved = [("project_id", "apollo".into())];
        let moved = of_all.update(tx, 2, moved).await.unwrap().unwrap();
        assert_eq!(moved.project_id, "apollo");
        let new = [("id", 4.into()), ("project_id", "gemini".into())];
        assert_eq!(of_all.create(tx, new).await.unwrap().project_id, "gemini");
        assert!(of_all.delete(tx, 1).await.unwrap());
        assert!(of_all.get(tx, 3).await.unwrap().is_none());
        assert!(!of_all.delete(tx, 3).await.unwrap());
        drop(transaction);

        let mut transaction = bench.pool.begin(&in_apollo).await.unwrap();
        let tx = &mut transaction;
        assert!(of_one.get(tx, 2).await.unwrap().is_none());
        assert!(of_one.get(tx, 1).await.unwrap().is_some());
        // The token is for one project, and nothing makes it one for all.
        for refused in every_operation(&of_all, tx).await {
            let refusal = ScopeError::LimitedToProjects("task".into());
            assert!(matches!(refused, Err(Error::Scope(error)) if error == refusal));
        }
    }
}

#[tokio::test]
async fn a_filter_narrows_and_never_widens() {
    let notes = repository();
    for bench in benches().await {
        let mut transaction = bench.pool.read(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let first = notes.list().page_size(1).fetch(tx).await.unwrap();
        for (filter, all, after_the_first) in [
            (Expr::cust("true OR true"), vec![1, 2, 3], vec![2, 3]),
            (Expr::col("tenant_id").eq("b"), vec![], vec![]),
            (Expr::col("id").is_in([1, 4]), vec![1], vec![]),
            (
                Expr::col("id").eq(3).or(Expr::cust("true")),
                vec![1, 2, 3],
                vec![2, 3],
            ),
            (
                Expr::cust("id IN (SELECT note_id FROM tag)"),
                vec![1],
                vec![],
            ),
        ] {
            let list = || notes.list().filter(filter.clone());
            assert_eq!(ids(&list().fetch(tx).await.unwrap()), all, "{filter:?}");
            let next = list().after(first.next.clone()).fetch(tx).await.unwrap();
            assert_eq!(ids(&next), after_the_first, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn pages_are_stable_while_rows_come_and_go() {
    let a = context("a");
    for bench in benches().await {
        let sql = "INSERT INTO note (id, tenant_id, body) SELECT n * 10, t, 'x' \
                   FROM generate_series(1, 20) n, (VALUES ('a'), ('b')) AS t (t)";
        bench.notes.administer(sql).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        for round in 0.. {
            let page = bench.page(&a, after, 5).await;
            assert!(page.rows.iter().all(|note| note.tenant_id == "a"));
            seen.extend(ids(&page));
            // Before and behind where the reader is, and one it has yet to see goes.
            let last = seen.last().unwrap();
            bench
                .notes
                .administer(format!(
                    "INSERT INTO note (id, tenant_id, body) VALUES (-{round}, 'a', 'x'), ({last} + 1, 'a', 'x'), \
                     ({last} + 2, 'b', 'x'); \
                     DELETE FROM note WHERE tenant_id = 'a' AND id = (SELECT max(id) FROM note WHERE id < 200)"
                ))
                .await
                .unwrap();
            match page.next {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{seen:?}");
        assert!(
            seen.is_sorted() && seen.iter().all(|id| *id > 0),
            "{seen:?}"
        );
        // Those of the first rows that nobody deleted, and what came behind the pages.
        for id in [1, 2, 3, 10, 20, 30, 200] {
            assert!(unique.contains(&id), "{id} in {seen:?}");
        }
        assert!(unique.contains(&21), "{seen:?}");
    }
}

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

#[tokio::test]
async fn a_cursor_carries_no_authority_and_tells_nothing() {
    let (a, b) = (context("a"), context("b"));
    for bench in benches().await {
        let of_a = bench.page(&a, None, 1).await.next.unwrap();
        // The same text in both tenants: it is the key of the last row, and both have a row 1.
        let of_b = bench.page(&b, None, 1).await.next.unwrap();
        assert_eq!(of_a.to_string(), of_b.to_string());
        assert_eq!(of_a.to_string(), "WyIxIl0");

        let taken_along = bench.page(&b, Some(of_a), 10).await;
        assert_eq!(ids(&taken_along), [4]);
        assert!(taken_along.rows.iter().all(|note| note.tenant_id == "b"));
        // One that no page had.
        let forged: Cursor = serde_json::from_str("\"WyItNSJd\"").unwrap();
        assert_eq!(ids(&bench.page(&b, Some(forged), 10).await), [1, 4]);
    }
}

#[tokio::test]
async fn what_is_no_cursor_is_refused_before_anything_is_sent() {
    let encode = |json: &str| {
        use base64::Engine as _;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json)
    };
    for garbage in [
        String::new(),
        "!".into(),
        "WyIxIl0=".into(),
        encode("{}"),
        encode("[1]"),
        encode(r#"["1"] "x""#),
        encode(r#"["a\u0000"]"#),
        encode(&format!(r#"["{}"]"#, "1".repeat(5000))),
    ] {
        assert_eq!(garbage.parse::<Cursor>(), Err(InvalidCursor), "{garbage}");
        let json = serde_json::to_string(&garbage).unwrap();
        assert!(serde_json::from_str::<Cursor>(&json).is_err());
    }

    let bench = &benches().await[0];
    let notes = repository();
    let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
    for other in [
        "[]",
        r#"["1","2"]"#,
        r#"["one"]"#,
        r#"["1 OR true"]"#,
        r#"["9223372036854775808"]"#,
    ] {
        let cursor: Cursor = encode(other).parse().unwrap();
        let list = notes.list().after(cursor).fetch(&mut transaction).await;
        assert!(
            matches!(list, Err(Error::Cursor(InvalidCursor))),
            "{other}: {list:?}"
        );
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_page_has_a_bound() {
    let bench = &benches().await[0];
    let a = context("a");
    let sql = "INSERT INTO note (tenant_id, body) SELECT 'a', 'x' FROM generate_series(1, 600)";
    bench.notes.administer(sql).await.unwrap();
    for (size, rows) in [(1, 1), (0, 50), (500, 500), (501, 500), (u32::MAX, 500)] {
        let page = bench.page(&a, None, size).await;
        assert_eq!(page.rows.len(), rows);
        assert!(page.next.is_some());
    }
    // The last page says that it is the last, also where it is full.
    let page = bench.page(&context("b"), None, 2).await;
    assert_eq!((page.rows.len(), page.next), (2, None));
}

#[tokio::test]
async fn a_page_is_an_answer() {
    let bench = &benches().await[0];
    let page = bench.page(&context("b"), None, 1).await;
    let row = serde_json::json!({"id": 1, "body": "b one", "tenant_id": "b"});
    let answer = serde_json::json!({"rows": [row], "next": "WyIxIl0"});
    assert_eq!(serde_json::to_value(page).unwrap(), answer);
}
