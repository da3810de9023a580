//! What a tenant reads, counts and learns: its own rows.

use sea_query::{Asterisk, Expr, ExprTrait as _, Func, Query};
use sqlx::AssertSqlSafe;
use tenancy_core::ScopeError;
use tenancy_sqlx::Error;
use tenancy_tests::notes::{Notes, catalog, context};

use super::layers::{self, Layer, Sql};

/// A statement, and what it answers tenant `a`.
type Case = (&'static str, &'static [&'static str]);

async fn assert_answers(layers: &[Layer], cases: &[Case]) {
    for (sql, expected) in cases {
        for layer in layers {
            let answer = layer.answer("a", Sql((*sql).to_owned())).await;
            let answer = answer.unwrap_or_else(|error| panic!("{}: {sql}: {error}", layer.name));
            assert_eq!(answer, *expected, "{}: {sql}", layer.name);
        }
    }
}

/// Each case is one that tells of another tenant where nothing keeps them apart.
async fn assert_control_fails(cases: &[Case]) {
    let control = layers::control().await;
    for (sql, expected) in cases {
        let answer = control.answer("a", Sql((*sql).to_owned())).await.unwrap();
        assert_ne!(answer, *expected, "{}: {sql}", control.name);
    }
}

/// On each layer, on SQLite too, and not without one.
async fn hold(cases: &[Case]) {
    assert_answers(&layers::everywhere().await, cases).await;
    assert_control_fails(cases).await;
}

#[tokio::test]
async fn rows_counts_exists_aggregates_windows_and_pages_are_the_tenants() {
    hold(&[
        (
            "SELECT body FROM note ORDER BY id",
            &["a one", "a two", "a three"],
        ),
        ("SELECT count(*) FROM note", &["3"]),
        ("SELECT EXISTS (SELECT 1 FROM note WHERE id = 4)", &["0"]),
        ("SELECT max(body), max(id) FROM note", &["a two 3"]),
        (
            "SELECT tenant_id, count(*) FROM note GROUP BY tenant_id ORDER BY tenant_id",
            &["a 3"],
        ),
        (
            "SELECT name FROM tag GROUP BY name HAVING count(*) > 1",
            &[],
        ),
        ("SELECT DISTINCT name FROM tag", &["red"]),
        (
            "SELECT id, count(*) OVER () FROM note ORDER BY id",
            &["1 3", "2 3", "3 3"],
        ),
        (
            "SELECT body, row_number() OVER (ORDER BY id DESC) FROM note ORDER BY id LIMIT 1",
            &["a one 3"],
        ),
        (
            "SELECT body, lead(body) OVER (ORDER BY id, body) FROM note ORDER BY id, body",
            &["a one a two", "a two a three", "a three -"],
        ),
        (
            "SELECT body FROM note ORDER BY id, body LIMIT 2 OFFSET 1",
            &["a two", "a three"],
        ),
        (
            "SELECT body FROM note WHERE id > 3 ORDER BY id LIMIT 2",
            &[],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_stream_yields_rows_of_the_tenant() {
    let sql = "SELECT body FROM note ORDER BY id";
    for layer in layers::everywhere().await {
        for (tenant, expected) in [
            ("a", &["a one", "a two", "a three"][..]),
            ("b", &["b one", "b four", "b five"]),
            ("nobody", &[]),
        ] {
            let rows = layer.stream(tenant, sql).await.unwrap();
            assert_eq!(rows, expected, "{}: {tenant}", layer.name);
        }
    }
    let all = layers::control().await.stream("a", sql).await.unwrap();
    assert_eq!(all.len(), 6);
}

/// On one connection every tenant follows another; on eight they stand beside each other.
#[tokio::test]
async fn tenants_that_share_connections_share_no_row() {
    let notes = Notes::new().await.unwrap();
    for connections in [1, 8] {
        let pool = notes.pool(connections).await.unwrap();
        let read = async |tenant: &str| -> Vec<String> {
            let mut transaction = pool.read(&context(tenant)).await.unwrap();
            sqlx::query_scalar("SELECT body FROM note ORDER BY id")
                .fetch_all(&mut transaction)
                .await
                .unwrap()
        };
        for _ in 0..3 {
            let (a, b, nobody) = tokio::join!(read("a"), read("b"), read("nobody"));
            assert_eq!(a, ["a one", "a two", "a three"]);
            assert_eq!(b, ["b one", "b four"]);
            assert_eq!(nobody, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_foreign_id_and_an_unknown_id_give_the_same_answer() {
    for mut layer in layers::everywhere().await {
        for sql in [
            "SELECT body FROM note WHERE id = {id}",
            "SELECT count(*) FROM note WHERE id = {id}",
            "SELECT EXISTS (SELECT 1 FROM note WHERE id = {id})",
            "SELECT n.body FROM note n JOIN tag t ON t.note_id = n.id WHERE n.id = {id}",
            "UPDATE note SET body = 'x' WHERE id = {id} RETURNING id",
            "DELETE FROM note WHERE id = {id} RETURNING id",
            // Errors too: the parent is not there, whoever has it.
            "INSERT INTO tag (note_id, name) VALUES ({id}, 'x') RETURNING name",
            "UPDATE tag SET note_id = {id} RETURNING name",
        ] {
            // Row 4 is b's, and nobody has 9.
            let [foreign, unknown] = ["4", "9"].map(|id| Sql(sql.replace("{id}", id)));
            let foreign = Layer::untouched(layer.written("a", foreign).await);
            let unknown = Layer::untouched(layer.written("a", unknown).await);
            let text = |answer: Result<Vec<String>, Error>| match answer {
                Ok(lines) => lines.join("\n"),
                Err(Error::Database(sqlx::Error::Database(error))) => {
                    let detail = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
                    let detail = detail.and_then(sqlx::postgres::PgDatabaseError::detail);
                    format!("{error} {}", detail.unwrap_or_default())
                }
                Err(other) => panic!("{}: {sql}: {other}", layer.name),
            };
            let (foreign, unknown) = (text(foreign), text(unknown));
            let of_a_key = |text: String, id| text.replace(&format!("(a, {id})"), "(a, key)");
            assert_eq!(
                of_a_key(foreign, "4"),
                of_a_key(unknown, "9"),
                "{}: {sql}",
                layer.name
            );
        }
    }
}

/// What peers get wrong: any equality on the tenant column switches the scoping of activerecord-multi-tenant off.
#[tokio::test]
async fn a_condition_narrows_and_never_widens() {
    hold(&[
        ("SELECT body FROM note WHERE tenant_id = 'b' ORDER BY id", &[]),
        ("SELECT body FROM note WHERE note.tenant_id = 'b' AND id = 1", &[]),
        ("SELECT count(*) FROM note WHERE tenant_id = tenant_id", &["3"]),
        ("SELECT count(*) FROM note WHERE tenant_id = 'a' OR tenant_id = 'b'", &["3"]),
        ("SELECT count(*) FROM note WHERE tenant_id IN ('a', 'b')", &["3"]),
        ("SELECT count(*) FROM note WHERE NOT (tenant_id = 'a')", &["0"]),
        ("SELECT count(*) FROM note WHERE tenant_id <> 'a'", &["0"]),
        ("SELECT count(*) FROM note WHERE true OR true", &["3"]),
        ("SELECT count(*) FROM note WHERE id = 1 OR 1 = 1 AND NOT false", &["3"]),
        ("SELECT count(*) FROM note WHERE (id = 4) OR (1 = 1)", &["3"]),
        ("SELECT count(*) FROM note WHERE CASE WHEN tenant_id = 'a' THEN false ELSE true END", &["0"]),
        ("SELECT p.name FROM plan p JOIN note n ON n.tenant_id = 'b' ORDER BY p.name", &[]),
        ("SELECT count(*) FROM plan p LEFT JOIN note n ON n.id = 4 OR true WHERE n.tenant_id = 'b'", &["0"]),
        ("SELECT tenant_id FROM note GROUP BY tenant_id HAVING tenant_id = 'b' OR true", &["a"]),
    ])
    .await;
}

/// The same as sea-query writes it, with values that are parameters.
#[tokio::test]
async fn an_equality_on_the_tenant_column_narrows_in_every_form() {
    let is_b = || Expr::col("tenant_id").eq("b");
    let count = || {
        Query::select()
            .expr(Func::count(Expr::col(Asterisk)))
            .from("note")
            .take()
    };
    let where_all = |condition: Expr| count().and_where(condition).take();
    let cases = [
        (where_all(is_b()), "0"),
        (where_all(is_b().not()), "3"),
        (where_all(is_b().or(Expr::cust("true"))), "3"),
        (
            where_all(Expr::col(("note", "tenant_id")).is_in(["a", "b"])),
            "3",
        ),
        (where_all(Expr::col("tenant_id").ne("a")), "0"),
        (
            count()
                .and_where(is_b())
                .and_where(Expr::cust("true"))
                .take(),
            "0",
        ),
        (
            count()
                .inner_join("tag", Expr::col(("tag", "tenant_id")).eq("b"))
                .take(),
            "0",
        ),
    ];
    for layer in layers::everywhere().await {
        for (select, expected) in &cases {
            let answer = layer.answer("a", select.clone()).await.unwrap();
            assert_eq!(answer, [*expected], "{}: {select:?}", layer.name);
        }
    }
}

#[tokio::test]
async fn every_join_is_scoped_on_both_sides_and_keeps_unmatched_rows() {
    hold(&[
        ("SELECT n.body FROM note AS n ORDER BY n.id", &["a one", "a two", "a three"]),
        ("SELECT count(*) FROM note x, note y", &["9"]),
        ("SELECT count(*) FROM note x JOIN note y ON x.id = y.id", &["3"]),
        ("SELECT count(*) FROM note x CROSS JOIN tag", &["3"]),
        ("SELECT n.id, t.name FROM note n INNER JOIN tag t ON t.note_id = n.id", &["1 red"]),
        ("SELECT count(*) FROM note JOIN tag USING (tenant_id)", &["3"]),
        ("SELECT count(*) FROM note NATURAL JOIN tag", &["3"]),
        ("SELECT n.id, t.name FROM note n LEFT JOIN tag t ON t.note_id = n.id ORDER BY n.id", &[
            "1 red", "2 -", "3 -",
        ]),
        ("SELECT p.name, t.name FROM plan p LEFT JOIN tag t ON t.name = 'blue' ORDER BY p.name", &[
            "free -", "paid -",
        ]),
        ("SELECT p.name, t.name FROM tag t RIGHT JOIN plan p ON t.name = 'blue' ORDER BY p.name", &[
            "free -", "paid -",
        ]),
        (
            "SELECT n.id, t.name FROM note n FULL JOIN tag t ON t.note_id = n.id + 1 ORDER BY coalesce(n.id, 9)",
            &["1 -", "2 -", "3 -", "- red"],
        ),
        ("SELECT p.name FROM plan p LEFT JOIN (note n JOIN tag t ON t.note_id = n.id) ON t.name = 'blue' \
          WHERE n.id IS NOT NULL", &[]),
    ])
    .await;
    let on_postgres: [Case; 3] = [
        (
            "SELECT n.id, l.name FROM note n LEFT JOIN LATERAL \
             (SELECT t.name FROM tag t WHERE t.note_id = n.id ORDER BY t.name LIMIT 1) AS l ON true ORDER BY n.id",
            &["1 red", "2 -", "3 -"],
        ),
        (
            "SELECT p.name FROM plan p, LATERAL (SELECT * FROM tag WHERE tag.name = 'blue') AS l",
            &[],
        ),
        (
            "SELECT count(*) FROM generate_series(1, (SELECT max(id) FROM note)) AS g",
            &["3"],
        ),
    ];
    assert_answers(&layers::on_postgres().await, &on_postgres).await;
    assert_control_fails(&on_postgres).await;
}

#[tokio::test]
async fn sub_queries_are_scoped_in_every_clause() {
    hold(&[
        ("SELECT (SELECT count(*) FROM note), (SELECT max(name) FROM tag)", &["3 red"]),
        ("SELECT count(*) FROM (SELECT * FROM (SELECT * FROM note) AS x) AS y", &["3"]),
        ("SELECT id FROM note WHERE id IN (SELECT note_id FROM tag WHERE name = 'blue')", &[]),
        ("SELECT name FROM plan WHERE EXISTS (SELECT 1 FROM tag WHERE name = 'blue')", &[]),
        ("SELECT name FROM plan WHERE (SELECT count(*) FROM note) = 6", &[]),
        ("SELECT p.name FROM plan p JOIN plan q ON EXISTS (SELECT 1 FROM tag WHERE name = 'blue')", &[]),
        ("SELECT name FROM plan GROUP BY name HAVING count(*) < (SELECT count(*) FROM tag)", &[]),
        ("SELECT name FROM plan ORDER BY (name = 'paid') = (SELECT count(*) = 3 FROM note)", &["free", "paid"]),
        ("SELECT name FROM plan ORDER BY name LIMIT (SELECT count(*) FROM tag)", &["free"]),
        ("SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM tag WHERE name = 'blue')) FROM plan", &["0"]),
        ("SELECT CASE WHEN EXISTS (SELECT 1 FROM note WHERE id = 4) THEN 'leak' ELSE 'none' END", &["none"]),
        ("SELECT * FROM (VALUES ((SELECT count(*) FROM note))) AS v", &["3"]),
        ("SELECT n.id FROM note n WHERE n.id = (SELECT max(note.id) FROM note) ORDER BY n.id", &["3"]),
    ])
    .await;
    let on_postgres: [Case; 2] = [
        (
            "SELECT id FROM note WHERE id = ANY (ARRAY(SELECT note_id FROM tag WHERE name = 'blue'))",
            &[],
        ),
        (
            "SELECT name FROM plan WHERE 'blue' = ANY (SELECT name FROM tag)",
            &[],
        ),
    ];
    assert_answers(&layers::on_postgres().await, &on_postgres).await;
    assert_control_fails(&on_postgres).await;
}

#[tokio::test]
async fn common_table_expressions_are_scoped() {
    hold(&[
        (
            "WITH mine AS (SELECT * FROM note) SELECT count(*) FROM mine",
            &["3"],
        ),
        (
            "WITH mine AS MATERIALIZED (SELECT * FROM note) SELECT count(*) FROM mine",
            &["3"],
        ),
        (
            "WITH x AS (SELECT * FROM tag), y AS (SELECT * FROM x) SELECT name FROM y",
            &["red"],
        ),
        (
            "SELECT (WITH x AS (SELECT * FROM note) SELECT count(*) FROM x)",
            &["3"],
        ),
        (
            "WITH RECURSIVE up (id) AS (SELECT min(id) FROM note UNION ALL \
             SELECT up.id + 1 FROM up JOIN note ON note.id = up.id) SELECT id FROM up ORDER BY id",
            &["1", "2", "3", "4"],
        ),
    ])
    .await;
}

/// The builder refuses it: to tell which of the two is meant is not worth a mistake. Policies are about the table.
#[tokio::test]
async fn a_common_table_expression_named_like_a_table_hides_nothing() {
    let sql = "WITH tag AS (SELECT * FROM note) SELECT count(*) FROM tag";
    for layer in layers::everywhere().await {
        let answer = layer.answer("a", Sql(sql.to_owned())).await;
        match answer {
            Err(Error::Scope(error)) if layer.is_scoped() => {
                assert_eq!(error, ScopeError::ExpressionNamedLikeTable("tag".into()));
            }
            Ok(answer) if !layer.is_scoped() => assert_eq!(answer, ["3"]),
            other => panic!("{}: {other:?}", layer.name),
        }
    }
}

#[tokio::test]
async fn every_arm_of_a_union_is_scoped() {
    hold(&[
        ("SELECT body FROM note UNION ALL SELECT name FROM tag ORDER BY 1", &["a one", "a three", "a two", "red"]),
        ("SELECT 'x' UNION SELECT name FROM tag ORDER BY 1", &["red", "x"]),
        ("SELECT name FROM plan UNION ALL SELECT body FROM note WHERE tenant_id = 'b' ORDER BY 1", &["free", "paid"]),
        ("SELECT name FROM tag INTERSECT SELECT 'blue'", &[]),
        ("SELECT 'blue' EXCEPT SELECT name FROM tag", &["blue"]),
        ("SELECT count(*) FROM (SELECT id FROM note UNION ALL SELECT note_id FROM tag) AS x", &["4"]),
    ])
    .await;
    let on_postgres: [Case; 1] = [(
        "SELECT 0 UNION ALL (SELECT count(*) FROM note UNION (SELECT count(*) FROM tag)) ORDER BY 1",
        &["0", "1", "3"],
    )];
    assert_answers(&layers::on_postgres().await, &on_postgres).await;
    assert_control_fails(&on_postgres).await;
}

#[tokio::test]
async fn a_locking_read_locks_rows_of_the_tenant() {
    let cases: [Case; 2] = [
        (
            "SELECT id FROM note ORDER BY id FOR UPDATE",
            &["1", "2", "3"],
        ),
        (
            "SELECT n.id FROM note n JOIN tag t ON t.note_id = n.id FOR NO KEY UPDATE OF n SKIP LOCKED",
            &["1"],
        ),
    ];
    assert_answers(&layers::on_postgres().await, &cases).await;
    assert_control_fails(&cases).await;
}

#[tokio::test]
async fn a_statement_built_for_a_does_not_run_for_b() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    for connections in [1, 8] {
        let pool = notes.pool(connections).await.unwrap();
        let of_a = context("a");
        let select = of_a.scope(&catalog).select().column("body").from("note");
        let select = select.finish().unwrap();
        let mut transaction = pool.read(&context("b")).await.unwrap();
        let error = transaction
            .fetch_all::<(String,)>(&select)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ForeignStatement { .. }), "{error}");
        // Nor do policies show anything to its text, taken past the builder with the tenant that is in it.
        let (sql, values) = select.build();
        let values = sea_query_sqlx::SqlxValues(values);
        let rows: Vec<String> = sqlx::query_scalar_with(AssertSqlSafe(sql), values)
            .fetch_all(&mut transaction)
            .await
            .unwrap();
        assert_eq!(rows, Vec::<String>::new());
        // It was refused before it was sent: the transaction is whole.
        transaction.commit().await.unwrap();
    }
}
