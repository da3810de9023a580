//! What the proof finds and what it refuses.

use super::*;

fn catalog() -> TableCatalog {
    TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table("tag", "tenant_id")
        .shared_table("plan")
}

fn read(sql: &str) -> Result<Vec<String>, ScopeError> {
    tables(sql, &catalog()).map(|tables| tables.into_iter().collect())
}

#[test]
fn tables_are_found_wherever_they_stand() {
    for (sql, expected) in [
        ("SELECT 1", &[][..]),
        (r#"SELECT "body" FROM "note""#, &["note"]),
        ("SELECT * FROM NOTE n, Tag AS t", &["note", "tag"]),
        (
            r#"SELECT (SELECT count(*) FROM "tag") FROM plan"#,
            &["plan", "tag"],
        ),
        (
            r#"SELECT * FROM (SELECT * FROM "note") AS "x" LEFT JOIN LATERAL (SELECT 1 FROM tag) y ON true"#,
            &["note", "tag"],
        ),
        (
            "SELECT * FROM (note JOIN tag ON true), plan",
            &["note", "plan", "tag"],
        ),
        (
            "SELECT * FROM ((note)) WHERE EXISTS (SELECT FROM tag)",
            &["note", "tag"],
        ),
        (
            "SELECT 1 FROM plan UNION ALL SELECT 2 FROM note",
            &["note", "plan"],
        ),
        (
            "SELECT extract(epoch FROM created_at), substring(body FROM 2) FROM note",
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
            &["note", "plan", "tag"],
        ),
        ("SELECT * FROM (VALUES (1, 2)) v (a, b), note", &["note"]),
    ] {
        assert_eq!(
            read(sql).as_deref(),
            Ok(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{sql}"
        );
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
        "SELECT * FROM ONLY secret",
        "SELECT * FROM note WHERE id IN (SELECT id FROM secret)",
        "SELECT * FROM note n JOIN tag t ON n.a = t.b, secret",
        "SELECT DISTINCT a FROM secret",
        "SELECT * FROM plan JOIN note ON plan.limit > 0, secret",
        "SELECT * FROM plan JOIN note ON plan.where IS NULL, secret",
        "SELECT plan.from FROM plan, secret",
        "SELECT 1 AS limit FROM plan, secret",
        r#"SELECT * FROM "Note""#.replace("Note", "secret").as_str(),
    ] {
        assert_eq!(
            read(sql),
            Err(ScopeError::Undeclared("secret".into())),
            "{sql}"
        );
    }
    assert_eq!(
        read(r#"SELECT * FROM "Note""#),
        Err(ScopeError::Undeclared("Note".into()))
    );
}

#[test]
fn the_schema_is_no_way_around() {
    for sql in [
        "SELECT * FROM public.note",
        r#"SELECT * FROM plan, "public" . "note" n"#,
    ] {
        assert_eq!(
            read(sql),
            Err(ScopeError::Qualified("public.note".into())),
            "{sql}"
        );
    }
}

#[test]
fn what_cannot_be_proven_is_refused() {
    for sql in [
        "SELECT 1; SELECT * FROM secret",
        "SELECT 1 -- FROM",
        "SELECT 1 /* */",
        "SELECT 1FROM secret",
        "SELECT 1.FROM secret",
        "SELECT 1e5FROM secret",
        "SELECT 0x1F",
        "SELECT $$a$$",
        "SELECT $x$a$x$",
        r"SELECT E'\''",
        "SELECT U&\"a\"",
        "SELECT 'a",
        "SELECT \"a",
        "SELECT (1",
        "SELECT 1)",
        "SELECT 1) FROM (note",
        "WITH x AS (SELECT 1) SELECT 1",
        "SELECT * FROM note FOR UPDATE",
        "SELECT * FROM note FOR SHARE",
        "SELECT * INTO x FROM note",
        "SELECT * FROM generate_series(1, 2)",
        "SELECT * FROM note, query_to_xml('a')",
        "TABLE note",
        "SELECT pg_catalog.query_to_xml('SELECT * FROM public.note', true, true, '')",
        "SELECT \"query_to_xml\"('SELECT * FROM public.note', true, true, '')",
        "SELECT pg_catalog.\"table_to_xml\"('note', true, true, '')",
        "SELECT (ts_stat('SELECT to_tsvector(body) FROM secret')).word",
        "SELECT set_config('a.b', 'c', false)",
        "SELECT s.body, x.is distinct FROM (SELECT 1 AS is) x, public.note s",
        "SELECT 1::is distinct FROM secret",
        "SELECT * FROM plan p JOIN plan q ON mode() WITHIN GROUP (ORDER BY p.a) > 0, secret",
        "SELECT * FROM (values JOIN plan ON true)",
        "SELECT query_to_xml('SELECT * FROM public.note', true, true, '')",
        "SELECT table_to_xml('note', true, true, '')",
        "SELECT * FROM ROWS FROM (f())",
        "SELECT (DELETE FROM note)",
        "SELECT * FROM",
    ] {
        assert!(read(sql).is_err(), "{sql}");
    }
}

#[test]
fn hostile_depth_and_length_are_refused() {
    let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = format!("SELECT * FROM {}", "n".repeat(64));
    for sql in [deep, long] {
        assert!(
            matches!(read(&sql), Err(ScopeError::Unproven(..))),
            "{sql:.40}"
        );
    }
}

#[test]
fn a_fragment_cannot_leave_its_place() {
    let catalog = catalog();
    let read = |fragment: &'static str| tables_of(&Expr::cust(fragment), &catalog);
    assert!(read("a = 1 OR b = 2").is_ok());
    assert!(read("id IN (SELECT note_id FROM tag)").is_ok());
    for fragment in [
        "1 = 1) OR (1 = 1",
        "true UNION SELECT 1",
        "true, true",
        "1 FROM secret",
        "true RETURNING id",
        "true;",
        "true ORDER BY 1",
        "true -- ",
        "id IN (SELECT id FROM secret)",
        "SELECT 1",
    ] {
        assert!(read(fragment).is_err(), "{fragment}");
    }
}
