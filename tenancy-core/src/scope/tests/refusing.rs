//! What is not understood is refused.

use super::*;

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
        "SELECT $1",
        r"SELECT E'\'",
        r"SELECT 'a\b'",
        r"SELECT 'a\'",
        r#"SELECT "a\""#,
        r"SELECT \a",
        "SELECT B'01'",
        "SELECT N'a'",
        "SELECT U&'a'",
        "SELECT U&\"a\"",
        "SELECT 'a",
        "SELECT \"a",
        "SELECT `a`",
        "SELECT 'a\0'",
        "SELECT (1",
        "SELECT 1)",
        "SELECT 1) FROM (note",
        "SELECT * INTO x FROM note",
        "SELECT * FROM note, query_to_xml('a')",
        "SELECT * FROM ONLY note",
        "SELECT * FROM note TABLESAMPLE system (10)",
        "TABLE note",
        "MERGE INTO note USING tag ON true WHEN MATCHED THEN DELETE",
        "EXPLAIN SELECT 1",
        "SELECT pg_catalog.query_to_xml('SELECT * FROM public.note', true, true, '')",
        "SELECT \"query_to_xml\"('SELECT * FROM public.note', true, true, '')",
        "SELECT pg_catalog.\"table_to_xml\"('note', true, true, '')",
        "SELECT (ts_stat('SELECT to_tsvector(body) FROM secret')).word",
        "SELECT set_config('a.b', 'c', false)",
        "SELECT Set_Config('a.b', 'c', false)",
        "SELECT lastval()",
        "SELECT pg_stat_get_activity(NULL)",
        "SELECT pg_sequence_last_value('ord')",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT ('SELECT to_tsvector(s) FROM secret'::text).ts_stat",
        "SELECT ('/etc/hostname'::text).\"pg_read_file\"",
        "SELECT x.ts_stat FROM unnest(ARRAY['SELECT 1']) AS x",
        "SELECT ctid FROM note",
        "DELETE FROM note WHERE ctid IN (SELECT \"ctid\" FROM note LIMIT 1)",
        "SELECT s::setof is distinct FROM secret",
        "SELECT a[1, (SELECT 1 FROM secret)] FROM note",
        "SELECT a[1 FROM note",
        "SELECT a 1] FROM note",
        "SELECT s \u{feff}FROM secret",
        "SELECT \u{e9} FROM note",
        "SELECT 1e-- FROM secret",
        "SELECT 1e FROM note",
        "SELECT * FROM (values JOIN plan ON true)",
        "SELECT * FROM ROWS FROM (f())",
        "SELECT (DELETE FROM note)",
        "SELECT (TABLE secret)",
        "SELECT * FROM (TABLE secret) x",
        "SELECT 1 UNION TABLE secret",
        "SELECT 1 UNION f (1)",
        "SELECT 1 TABLE secret",
        "SELECT 1 MERGE note",
        "SELECT (1 JOIN secret)",
        "SELECT (1 SELECT 1)",
        "SELECT (1 WITH x)",
        "SELECT (1 WITH x AS (SELECT 1) SELECT 1)",
        "SELECT a FROM plan GROUP BY a WITH ROLLUP",
        "SELECT 1 FROM plan WINDOW w AS () ORDER a",
        "SELECT 1 FROM plan WINDOW w AS () LOCK IN SHARE MODE",
        "WITH x AS (DELETE FROM note RETURNING *) SELECT * FROM x",
        "WITH x AS (INSERT INTO note (a) VALUES (1) RETURNING *) SELECT * FROM x",
        "SELECT 1 WITH x AS (SELECT 1) SELECT 1",
        "SELECT * FROM",
        "SELECT * FROM note WHERE",
        "SELECT 1 RETURNING 1",
        "SELECT 1 FROM plan WHERE 1 = 1, secret",
        "SELECT 1 FROM plan OFFSET 1, secret",
        "SELECT 1 FROM plan WINDOW w, secret",
        "SELECT 1 FROM plan FETCH FIRST secret ROWS ONLY",
        "SELECT 1 FROM plan FROM secret",
        "SELECT 1 WHERE true FROM secret",
        "SELECT 1 SELECT 1",
        "",
    ] {
        assert!(tables(sql).is_err(), "{sql}: {:?}", scoped(&catalog(), sql));
    }
}

#[test]
fn hostile_depth_and_length_are_refused() {
    let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let deep_query = format!(
        "SELECT {}1{}",
        "(SELECT ".repeat(50_000),
        ")".repeat(50_000)
    );
    let deep_from = format!(
        "SELECT * FROM {}note{}",
        "(".repeat(50_000),
        ")".repeat(50_000)
    );
    let wide = format!("SELECT {}1 FROM note", "(1) + ".repeat(1000));
    assert!(tables(&wide).is_ok());
    let long = format!("SELECT * FROM {}", "n".repeat(64));
    let long_quoted = format!("SELECT * FROM \"{}\"", "n".repeat(64));
    for sql in [deep, deep_query, deep_from, long, long_quoted] {
        assert!(
            matches!(tables(&sql), Err(ScopeError::Unproven(..))),
            "{sql:.40}"
        );
    }
}
