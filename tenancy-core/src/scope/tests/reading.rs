//! Tables are found wherever they stand, and what is not understood is refused.

use sea_query::Value;

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

#[test]
fn a_row_lock_reaches_the_rows() {
    let rows = r#"(SELECT * FROM "public"."note" WHERE "tenant_id" = $1)"#;
    for (sql, expected) in [
        (
            "SELECT * FROM note FOR UPDATE",
            format!(r#"SELECT * FROM {rows} AS "note" FOR UPDATE"#),
        ),
        (
            "SELECT * FROM note \"n\" FOR UPDATE",
            format!("SELECT * FROM {rows} \"n\" FOR UPDATE"),
        ),
        (
            "SELECT * FROM note AS n, plan FOR NO KEY UPDATE OF n SKIP LOCKED",
            format!(
                r#"SELECT * FROM {rows} AS n, "public".plan AS "plan" FOR NO KEY UPDATE OF n SKIP LOCKED"#
            ),
        ),
        (
            "SELECT * FROM note JOIN plan ON true WHERE EXISTS (SELECT FROM note) FOR SHARE NOWAIT",
            format!(
                r#"SELECT * FROM {rows} AS "note" JOIN "public".plan AS "plan" ON true WHERE EXISTS (SELECT FROM {rows} AS "note") FOR SHARE NOWAIT"#
            ),
        ),
        (
            "SELECT * FROM (SELECT * FROM note FOR KEY SHARE) x",
            format!(r#"SELECT * FROM (SELECT * FROM {rows} AS "note" FOR KEY SHARE) x"#),
        ),
    ] {
        assert_eq!(scoped(&catalog(), sql), Ok(expected), "{sql}");
    }
    for sql in [
        "SELECT 1 FOR",
        "SELECT 1 FROM note FOR UPDATE, secret",
        "SELECT 1 FOR READ ONLY",
    ] {
        assert!(tables(sql).is_err(), "{sql}");
    }
}

/// Where the rows stand in place of a table, they are called what the table is called, unless it has another name.
#[test]
fn a_join_is_no_other_name_of_a_table() {
    let rows = |name| format!(r#"(SELECT * FROM "public"."{name}" WHERE "tenant_id" = $1)"#);
    for (behind_note, behind_tag) in [
        (",", ""),
        ("JOIN", " ON true"),
        ("INNER JOIN", " ON true"),
        ("LEFT JOIN", " ON true"),
        ("RIGHT OUTER JOIN", " ON true"),
        ("FULL JOIN", " USING (id)"),
        ("NATURAL JOIN", ""),
        ("CROSS JOIN", " WHERE true"),
        ("CROSS JOIN", " GROUP BY a"),
        ("CROSS JOIN", " HAVING true"),
        ("CROSS JOIN", " ORDER BY a"),
        ("CROSS JOIN", " LIMIT 1"),
        ("CROSS JOIN", " OFFSET 1"),
        ("CROSS JOIN", " FETCH FIRST ROW ONLY"),
        ("CROSS JOIN", " WINDOW w AS ()"),
    ] {
        let sql = format!("SELECT * FROM note {behind_note} tag{behind_tag} FOR UPDATE");
        let (note, tag) = (rows("note"), rows("tag"));
        let expected = format!(
            r#"SELECT * FROM {note} AS "note" {behind_note} {tag} AS "tag"{behind_tag} FOR UPDATE"#
        );
        assert_eq!(scoped(&catalog(), &sql), Ok(expected));
    }
    assert_eq!(
        scoped(
            &catalog(),
            "SELECT * FROM plan UNION SELECT * FROM plan INTERSECT SELECT * FROM plan EXCEPT SELECT 1"
        ),
        Ok(
            r#"SELECT * FROM "public".plan AS "plan" UNION SELECT * FROM "public".plan AS "plan" "#
                .to_owned()
                + r#"INTERSECT SELECT * FROM "public".plan AS "plan" EXCEPT SELECT 1"#
        )
    );
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

#[test]
fn words_that_are_names_elsewhere_hide_no_table() {
    let sqlite = catalog().sql_dialect(Dialect::Sqlite);
    let mysql = catalog().sql_dialect(Dialect::MySql);
    for word in [
        "offset",
        "fetch",
        "for",
        "window",
        "lock",
        "straight_join",
        "with",
        "merge",
        "do",
        "lateral",
        "only",
        "tablesample",
        "by",
        "recursive",
        "conflict",
        "materialized",
        "returning",
        "intersect",
        "except",
        "set",
        "key",
        "no",
        "x",
    ] {
        for catalog in [&sqlite, &mysql] {
            for sql in [
                format!("SELECT * FROM plan {word}, secret"),
                format!("SELECT * FROM plan {word} JOIN secret"),
                format!("SELECT * FROM plan AS {word}, secret"),
                format!("SELECT * FROM {word} secret"),
                format!("SELECT * FROM {word} note"),
                format!("SELECT * FROM {word}"),
                format!("SELECT {word} FROM secret"),
                format!("INSERT INTO note (a) SELECT a FROM plan {word}, secret"),
                format!("INSERT INTO note (a) SELECT a FROM plan {word} JOIN secret"),
                format!("UPDATE note SET a = 1 FROM plan {word}, secret"),
                "SELECT 1 FROM plan WINDOW w AS () FETCH FIRST 1 ROWS ONLY".to_owned(),
            ] {
                let text = scoped(catalog, &sql);
                assert!(text.is_err(), "{sql}: {text:?}");
            }
        }
    }
}

#[test]
fn each_dialect_has_its_own_forms() {
    let sqlite = catalog().sql_dialect(Dialect::Sqlite);
    let mysql = catalog().sql_dialect(Dialect::MySql);
    for sql in [
        "SELECT * FROM plan WHERE a IN secret",
        // A text is a name where SQLite expects one.
        "SELECT * FROM plan WHERE a IN 'note'",
        "SELECT * FROM plan WHERE a NOT IN 'main'.'note'",
        "SELECT * FROM plan WHERE a IN main.'note'",
        "SELECT (1 IN 'note') FROM plan",
        "SELECT * FROM 'note'",
        "SELECT * FROM plan JOIN 'note'",
        "SELECT :a",
        "SELECT @a",
        "SELECT $a",
        "SELECT ?",
        "SELECT Load_Extension('x')",
        "SELECT * FROM secret('x')",
        "SELECT [a] FROM note",
    ] {
        assert!(scoped(&sqlite, sql).is_err(), "{sql}");
    }
    assert_eq!(
        tables_in(&sqlite, "SELECT * FROM plan WHERE a IN note"),
        Ok(vec!["note".into()])
    );
    for sql in [
        "SELECT * FROM json_each('[1]'), note",
        "SELECT * FROM (VALUES (1, 2), (3, 4)) AS v, note",
        "SELECT * FROM plan fetch, note lock",
        "SELECT * FROM note WHERE a IN (1, 2)",
        "SELECT * FROM note WHERE a IN (SELECT a FROM plan)",
    ] {
        assert_eq!(tables_in(&sqlite, sql), Ok(vec!["note".into()]), "{sql}");
    }
    for sql in [
        "SELECT * FROM note LOCK IN SHARE MODE",
        "SELECT * FROM note FOR UPDATE",
    ] {
        assert_eq!(
            scoped(&mysql, sql),
            Err(ScopeError::Unproven(
                "a row lock in this dialect",
                reader::WRITE_IT_DIRECTLY
            )),
            "{sql}"
        );
    }
    assert_eq!(
        tables_in(
            &mysql,
            "SELECT * FROM (VALUES ROW (1, 2), ROW (3, 4)) AS v, LATERAL (SELECT 1 FROM note) AS x"
        ),
        Ok(vec!["note".into()])
    );
    assert!(scoped(&sqlite, r"SELECT 'a\b' FROM JSON_EACH('[1]'), note").is_ok());
    for sql in [
        "SELECT \"a\" FROM note",
        "SELECT ?",
        "SELECT LOAD_FILE('/etc/passwd')",
        "DELETE FROM note WHERE true RETURNING a",
        "SELECT a FROM note GROUP BY a WITH ROLLUP",
        "SELECT @a",
        "SELECT 1 # x",
        "SELECT `\u{e9}` FROM note",
    ] {
        assert!(scoped(&mysql, sql).is_err(), "{sql}");
    }
}

/// One that stands where no parameter can be, and a placeholder that is none, are not mistaken for each other.
#[test]
fn a_placeholder_is_a_parameter_only_in_its_place() {
    let sqlite = catalog().sql_dialect(Dialect::Sqlite);
    let parameter = |at| Parameter {
        at,
        value: Value::from(7),
    };
    let scope = scope(&sqlite);
    let scoping = Scoping::new(&sqlite, &scope.tenant, &scope.project).unwrap();
    for (sql, at, is_one) in [
        ("SELECT ?, 'a?'", 7, true),
        ("SELECT ?, 'a?'", 12, false),
        ("SELECT ?, ?", 10, false),
    ] {
        assert_eq!(&sql[at..=at], "?");
        let edits = edits(sql, &[parameter(at)], &scoping, &[]);
        assert_eq!(edits.is_ok(), is_one, "{sql} {at}");
    }
}

#[test]
fn parameters_keep_their_places() {
    let mysql = catalog().sql_dialect(Dialect::MySql);
    let rows = "(SELECT * FROM `note` WHERE `tenant_id` = ? AND CAST(`tenant_id` AS BINARY) = ?) AS `note`";
    for (catalog, sql, expected) in [
        (
            &catalog(),
            "SELECT $IS NOT NULL",
            // A letter behind the number would be read as a part of it.
            Ok(("SELECT $1 IS NOT NULL".to_owned(), 1)),
        ),
        (&catalog(), "SELECT $_b", Ok(("SELECT $1 _b".to_owned(), 1))),
        (
            &catalog(),
            "SELECT a IN ($,$)",
            Ok(("SELECT a IN ($1,$2)".to_owned(), 2)),
        ),
        (
            &mysql,
            "SELECT * FROM note?",
            Ok((format!("SELECT * FROM {rows}?"), 3)),
        ),
        (
            &catalog(),
            "SELECT $5",
            Err(ScopeError::Unproven(
                "a digit behind a parameter",
                "put a space between",
            )),
        ),
        (
            &catalog(),
            "SELECT a$",
            Err(ScopeError::Unproven(
                "a parameter inside a word or a literal",
                "put spaces around it",
            )),
        ),
        (
            &catalog(),
            "SELECT 'a$'",
            Err(ScopeError::Unproven(
                "a parameter inside a word or a literal",
                "put spaces around it",
            )),
        ),
    ] {
        assert_eq!(scoped_with_parameters(catalog, sql), expected, "{sql}");
    }
}
