//! What stands behind a table or between quotes is seen.

use super::*;

/// The query of an INSERT may end with its tables, and then the conflict follows them.
#[test]
fn a_conflict_behind_a_table_is_no_condition_of_a_join() {
    let with =
        r#"WITH "tag" AS NOT MATERIALIZED (SELECT * FROM "public"."tag" WHERE "tenant_id" = $1) "#;
    let insert = r#"INSERT INTO "public"."note" (a, "tenant_id") SELECT a, $1 FROM tag "#;
    assert_eq!(
        scoped(
            &catalog(),
            "INSERT INTO note (a) SELECT a FROM tag ON CONFLICT (tenant_id, a) DO NOTHING"
        ),
        Ok(format!(
            "{with}{insert}ON CONFLICT (tenant_id, a) DO NOTHING"
        ))
    );
    assert_eq!(
        scoped(
            &catalog(),
            "INSERT INTO note (a) SELECT a FROM tag ON CONFLICT (a) DO NOTHING"
        ),
        Err(ScopeError::ConflictTarget("note".into()))
    );
}

#[test]
fn behind_a_table_no_with_clause_begins() {
    for sql in [
        "SELECT * FROM note WITH x",
        "SELECT * FROM note WITH (nolock)",
        "SELECT * FROM generate_series(1, 2) WITH x AS (SELECT 1)",
        "SELECT * FROM (note JOIN tag ON true WITH x)",
    ] {
        assert_eq!(
            scoped(&catalog(), sql),
            Err(ScopeError::Unproven(
                "a WITH clause at this place",
                "put it in front of the query"
            )),
            "{sql}"
        );
    }
}

/// A join of MySQL in one word, which could be taken for another name of the table before it.
#[test]
fn a_straight_join_hides_no_table() {
    let mysql = catalog().with_dialect(Dialect::MySql);
    for sql in [
        "SELECT * FROM note STRAIGHT_JOIN tag",
        "SELECT * FROM note JOIN plan ON true STRAIGHT_JOIN tag",
        "SELECT * FROM (note STRAIGHT_JOIN tag)",
    ] {
        let found = tables_in(&mysql, sql);
        assert_eq!(found, Ok(vec!["note".into(), "tag".into()]), "{sql}");
    }
    for sql in [
        "SELECT * FROM plan STRAIGHT_JOIN secret",
        "SELECT * FROM plan p STRAIGHT_JOIN secret ON true",
        "SELECT * FROM plan JOIN note ON true STRAIGHT_JOIN secret",
    ] {
        assert_eq!(
            tables_in(&mysql, sql),
            Err(ScopeError::Undeclared("secret".into())),
            "{sql}"
        );
    }
}

#[test]
fn quotes_hide_no_function_and_no_system_column() {
    let mysql = catalog().with_dialect(Dialect::MySql);
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    let function = "a function that reaches beyond the tables";
    let column = "a system column";
    for (catalog, sql, what) in [
        (&catalog(), r#"SELECT "lastval"()"#, function),
        (
            &catalog(),
            r#"SELECT pg_catalog."set_config"('a.b', 'c', false)"#,
            function,
        ),
        (
            &catalog(),
            r#"SELECT ('SELECT 1'::text)."ts_stat""#,
            function,
        ),
        (&catalog(), r#"SELECT "ctid" FROM note"#, column),
        (&catalog(), r#"SELECT note."xmin" FROM note"#, column),
        (&mysql, "SELECT `last_insert_id`()", function),
        (&sqlite, r#"SELECT "changes"()"#, function),
    ] {
        assert_eq!(
            scoped(catalog, sql),
            Err(ScopeError::Unproven(what, reader::WRITE_IT_DIRECTLY)),
            "{sql}"
        );
    }
    // A name that only begins like one of them.
    assert_eq!(
        tables(r#"SELECT "ctids", "lastvalue"(a) FROM note"#),
        Ok(vec!["note".into()])
    );
}

/// In SQLite a table may stand behind `IN`.
#[test]
fn quotes_hide_no_table_behind_in() {
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    for sql in [
        r#"SELECT * FROM plan WHERE a IN "note""#,
        r#"SELECT * FROM plan WHERE a NOT IN "main"."note""#,
        r#"SELECT (1 IN main."note") FROM plan"#,
    ] {
        let text = scoped(&sqlite, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let rows = r#"(SELECT * FROM "main"."note" WHERE "tenant_id" = ? COLLATE BINARY)"#;
        assert!(text.contains(rows), "{sql}: {text}");
    }
    for sql in [
        r#"SELECT * FROM plan WHERE a IN "secret""#,
        r#"SELECT (1 NOT IN "secret") FROM plan"#,
        r#"DELETE FROM note WHERE a IN "secret""#,
    ] {
        assert_eq!(
            tables_in(&sqlite, sql),
            Err(ScopeError::Undeclared("secret".into())),
            "{sql}"
        );
    }
}

#[test]
fn the_target_of_a_write_may_have_a_quoted_name() {
    assert_eq!(
        scoped(
            &catalog(),
            r#"UPDATE note "N" SET a = p.a FROM plan p WHERE "N".a = 1"#
        )
        .unwrap(),
        r#"UPDATE "public"."note" "N" SET a = p.a FROM "public".plan p WHERE "N"."tenant_id" = $1 AND ("N".a = 1)"#
    );
    assert_eq!(
        scoped(&catalog(), r#"DELETE FROM note "N" USING plan p"#).unwrap(),
        r#"DELETE FROM "public"."note" "N" USING "public".plan p WHERE "N"."tenant_id" = $1"#
    );
}
