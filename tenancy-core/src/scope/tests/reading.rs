//! Tables are found wherever they stand, under whatever name.

use super::*;

/// A query, and the tables of tenants that it reads.
const READING: &[(&str, &[&str])] = &[
    ("SELECT 1", &[]),
    (r#"SELECT "body" FROM "note""#, &["note"]),
    ("SELECT * FROM NOTE n, Tag AS t", &["note", "tag"]),
    (r#"SELECT (SELECT count(*) FROM "tag") FROM plan"#, &["tag"]),
    (
        r#"SELECT * FROM (SELECT * FROM "note") AS "x" LEFT JOIN LATERAL (SELECT 1 FROM tag) y ON true"#,
        &["note", "tag"],
    ),
    (
        "SELECT * FROM (note JOIN tag ON true), plan",
        &["note", "tag"],
    ),
    (
        "SELECT * FROM ((note)) WHERE EXISTS (SELECT FROM tag)",
        &["note", "tag"],
    ),
    ("SELECT 1 FROM plan UNION ALL SELECT 2 FROM note", &["note"]),
    ("(SELECT 1 FROM plan)", &[]),
    (
        "SELECT ((SELECT 1 FROM tag) UNION SELECT 2 FROM note)",
        &["note", "tag"],
    ),
    (
        "SELECT extract(epoch FROM created_at), substring(body FROM 2 FOR 3), trim(both FROM body) FROM note",
        &["note"],
    ),
    (
        "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM c FROM note ORDER BY x, y",
        &["note"],
    ),
    (
        "SELECT a::timestamp with time zone, 'FROM secret' FROM note",
        &["note"],
    ),
    (
        "SELECT * FROM note JOIN tag USING (a, b), plan",
        &["note", "tag"],
    ),
    ("SELECT * FROM (VALUES (1, 2)) v (a, b), note", &["note"]),
    (
        "SELECT * FROM note JOIN tag ON a IS DISTINCT FROM b, plan",
        &["note", "tag"],
    ),
    (
        "SELECT * FROM generate_series(1, (SELECT 2 FROM tag)) WITH ORDINALITY AS g (a, b), note",
        &["note", "tag"],
    ),
    (
        "SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM tag)) OVER (PARTITION BY a ORDER BY b) FROM note",
        &["note", "tag"],
    ),
    (
        "SELECT DISTINCT ON (a, b) a FROM note GROUP BY a HAVING true WINDOW w AS (), v AS (ORDER BY a) LIMIT 1 OFFSET 2",
        &["note"],
    ),
    (
        "SELECT a FROM note ORDER BY a FETCH FIRST 5 ROWS WITH TIES",
        &["note"],
    ),
    (
        "SELECT 1 FROM note UNION DISTINCT SELECT 2 FROM tag",
        &["note", "tag"],
    ),
    (
        "SELECT 1 FROM note UNION VALUES ((SELECT 2 FROM tag)), (3) EXCEPT VALUES (4)",
        &["note", "tag"],
    ),
    ("SELECT position('a' IN body) FROM note", &["note"]),
    ("SELECT a FROM note FETCH NEXT (1 + 1) ROWS ONLY", &["note"]),
    (
        "SELECT a FROM note, tag FOR UPDATE OF note, tag",
        &["note", "tag"],
    ),
    (
        "SELECT * FROM note, LATERAL unnest(a) AS u, LATERAL (SELECT 1 FROM tag) AS v",
        &["note", "tag"],
    ),
    // A column that has the name of a function.
    ("SELECT lastval FROM note", &["note"]),
    ("SELECT (a::timestamp with time zone) FROM note", &["note"]),
    // Keywords of other databases.
    ("SELECT * FROM plan lock, note", &["note"]),
    // A column of the name of a keyword.
    ("SELECT (values + 1), (plan.values) FROM note", &["note"]),
    // Words that are keywords in an INSERT only.
    (
        "SELECT * FROM note JOIN tag ON conflict = nothing WHERE plan IS NULL",
        &["note", "tag"],
    ),
    (
        "SELECT 1 WHERE 1 IN (SELECT 1 FROM note) AND 2 = ANY (SELECT 2 FROM tag)",
        &["note", "tag"],
    ),
    (
        "SELECT ARRAY[a, b], a[1:2] FROM note WHERE tags && ARRAY[[1, 2], [3, 4]]",
        &["note"],
    ),
    (
        "SELECT 'x' IS DISTINCT FROM a, 1 IS NOT DISTINCT FROM b, E'it\\'s \\\\' FROM note",
        &["note"],
    ),
    ("SELECT pg_typeof(a), 1e5, 1.5E-3 FROM note", &["note"]),
    ("VALUES (1)", &[]),
];

#[test]
fn tables_are_found_wherever_they_stand() {
    for (sql, expected) in READING {
        if sql.starts_with("SELECT") {
            let found = tables(sql);
            let found = found.unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(found, *expected, "{sql}");
        } else {
            // sea-query begins no statement so.
            assert!(tables(sql).is_err(), "{sql}");
        }
    }
}

#[test]
fn tables_that_are_not_declared_are_refused() {
    for sql in [
        "SELECT * FROM secret",
        "SELECT * FROM note, secret",
        "SELECT * FROM note JOIN secret ON true",
        "SELECT (SELECT 1 FROM secret) FROM note",
        "SELECT 1 FROM note UNION SELECT 1 FROM secret",
        "SELECT * FROM (note CROSS JOIN secret)",
        "SELECT * FROM note WHERE id IN (SELECT id FROM secret)",
        "SELECT * FROM note n JOIN tag t ON n.a = t.b, secret",
        "SELECT DISTINCT a FROM secret",
        "SELECT * FROM plan JOIN note ON plan.limit > 0, secret",
        "SELECT * FROM plan JOIN note ON plan.where IS NULL, secret",
        "SELECT plan.from FROM plan, secret",
        "SELECT 1 AS limit FROM plan, secret",
        "SELECT * FROM f(1), secret",
        "WITH x AS (SELECT * FROM secret) SELECT 1",
        "SELECT ((SELECT 1) UNION SELECT 1 FROM secret)",
        "SELECT 1::is distinct FROM secret",
        "SELECT (WITH x AS (SELECT 1) SELECT 1 FROM secret)",
        "UPDATE note SET a = (SELECT 1 FROM secret)",
        "UPDATE note SET a = 1 FROM secret",
        "UPDATE secret SET a = 1",
        "DELETE FROM note USING secret",
        "DELETE FROM note ORDER BY (SELECT 1 FROM secret)",
        "DELETE FROM note LIMIT (SELECT 1 FROM secret)",
        "DELETE FROM note RETURNING (SELECT 1 FROM secret)",
        "DELETE FROM note WHERE EXISTS (SELECT FROM secret)",
        "INSERT INTO note (a) SELECT a FROM secret",
        "INSERT INTO note (a) VALUES ((SELECT a FROM secret))",
        "INSERT INTO note (a) VALUES (1) ON CONFLICT (tenant_id) DO UPDATE SET a = (SELECT 1 FROM secret)",
        "INSERT INTO note (a) VALUES (1) RETURNING (SELECT 1 FROM secret)",
        "INSERT INTO secret (a) VALUES (1)",
        "SELECT * FROM plan p JOIN plan q ON mode() WITHIN GROUP (ORDER BY p.a) > 0, secret",
    ] {
        assert_eq!(
            tables(sql),
            Err(ScopeError::Undeclared("secret".into())),
            "{sql}"
        );
    }
    let quoted = Err(ScopeError::Undeclared("Note".into()));
    assert_eq!(tables(r#"SELECT * FROM "Note""#), quoted);
}

#[test]
fn the_schema_is_no_way_around() {
    assert_eq!(
        scoped(
            &catalog(),
            r#"SELECT * FROM plan, "public" . "note" n, public.note"#
        )
        .unwrap(),
        r#"SELECT * FROM "public".plan AS "plan", (SELECT * FROM "public"."note" WHERE "tenant_id" = $1) n, "#
            .to_owned()
            + r#"(SELECT * FROM "public"."note" WHERE "tenant_id" = $1) AS "note""#,
    );
    for (sql, name) in [
        ("SELECT * FROM private.note", "private.note"),
        (
            "SELECT * FROM information_schema.tables",
            "information_schema.tables",
        ),
        (
            "SELECT s.body, x.is distinct FROM (SELECT 1 AS is) x, private.note s",
            "private.note",
        ),
        ("UPDATE private.note SET a = 1", "private.note"),
    ] {
        assert_eq!(
            tables(sql),
            Err(ScopeError::Undeclared(name.into())),
            "{sql}"
        );
    }
    // A database in front is one name more than is looked at.
    for sql in [
        "SELECT * FROM other.public.note",
        "SELECT * FROM public.other.note",
        "SELECT * FROM public.other.plan",
        "DELETE FROM public.other.note",
        "SELECT * FROM pg_catalog.pg_class",
    ] {
        assert!(tables(sql).is_err(), "{sql}");
    }
}

#[test]
fn common_table_expressions_are_seen_from_where_they_are_on() {
    assert_eq!(
        scoped(
            &catalog(),
            "WITH x AS (SELECT * FROM note), y (a) AS MATERIALIZED (SELECT a FROM x) SELECT * FROM x, y"
        )
        .unwrap(),
        r#"WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1), "#.to_owned()
            + "x AS (SELECT * FROM note), y (a) AS MATERIALIZED (SELECT a FROM x) SELECT * FROM x, y",
    );
    for sql in [
        "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT a FROM x) SELECT * FROM x",
        "WITH RECURSIVE x (a) AS (SELECT 1) SEARCH DEPTH FIRST BY a, b SET c CYCLE a SET d TO true DEFAULT false USING e SELECT * FROM x",
        "WITH RECURSIVE x (a) AS (SELECT 1) CYCLE a SET d TO 'yes' DEFAULT 'no' USING e SELECT * FROM x",
        "SELECT (WITH x AS (SELECT 1) SELECT 1 FROM x)",
        "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x UNION SELECT * FROM x) y",
        "WITH x AS (SELECT 1) UPDATE note SET a = (SELECT 1 FROM x)",
        "INSERT INTO note (a) WITH x AS (SELECT 1) SELECT 1 FROM x",
    ] {
        assert!(tables(sql).is_ok(), "{sql}: {:?}", tables(sql));
    }
    for sql in [
        "WITH x AS (SELECT * FROM x) SELECT 1",
        "WITH y AS (SELECT * FROM x), x AS (SELECT 1) SELECT 1",
        "WITH RECURSIVE y AS (SELECT * FROM x), x AS (SELECT 1) SELECT 1",
        "SELECT (WITH x AS (SELECT 1) SELECT 1 FROM x), (SELECT 1 FROM x)",
        "SELECT (WITH x AS (SELECT 1) SELECT 1) FROM x",
        "WITH y AS (WITH x AS (SELECT 1) SELECT * FROM x) SELECT * FROM x",
        "WITH x AS (SELECT 1) SELECT * FROM public.x",
        r#"WITH x AS (SELECT 1) SELECT * FROM "X""#,
    ] {
        assert!(
            matches!(tables(sql), Err(ScopeError::Undeclared(_))),
            "{sql}"
        );
    }
    for sql in [
        "WITH note AS (SELECT 1) SELECT * FROM note",
        "WITH NOTE AS (SELECT 1) SELECT 1",
        "WITH plan AS (SELECT 1) SELECT 1",
        "SELECT (WITH note AS (SELECT 1) SELECT 1)",
        "WITH x AS (SELECT 1), note AS (SELECT 1) SELECT 1",
    ] {
        assert!(
            matches!(tables(sql), Err(ScopeError::ExpressionNamedLikeTable(_))),
            "{sql}"
        );
    }
}
