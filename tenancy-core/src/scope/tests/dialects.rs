//! Each dialect has words and forms of its own.

use super::*;

#[test]
fn words_that_are_names_elsewhere_hide_no_table() {
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    let mysql = catalog().with_dialect(Dialect::MySql);
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
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    let mysql = catalog().with_dialect(Dialect::MySql);
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

/// Texts are compared byte by byte, whatever the column makes of case. Numbers have none.
#[test]
fn only_texts_are_compared_byte_by_byte() {
    let tenant = TenantId::parse("7").unwrap();
    for (dialect, of_text) in [
        (Dialect::Sqlite, "COLLATE BINARY"),
        (Dialect::MySql, "AS BINARY"),
    ] {
        for (column_type, is_text) in [
            (TenantColumnType::Text, true),
            (TenantColumnType::Bigint, false),
        ] {
            let catalog = catalog().with_dialect(dialect);
            let catalog = catalog.with_tenant_column_type(column_type);
            let scope = Scope::new(tenant.clone(), None, &catalog);
            let (sql, _) = scoped_with(&scope, "DELETE FROM note", Vec::new()).unwrap();
            assert_eq!(sql.contains(of_text), is_text, "{sql}");
        }
    }
}
