//! Where a token begins and ends, and for what reason a text has none.

use super::*;

fn refusal(dialect: Dialect, sql: &str) -> Option<&'static str> {
    match scoped(&catalog().with_dialect(dialect), sql) {
        Err(ScopeError::Unproven(what, _)) => Some(what),
        Err(other) => panic!("{sql}: {other}"),
        Ok(_) => None,
    }
}

#[test]
fn an_operator_that_looks_like_something_else_is_one() {
    let all = [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite];
    for sql in [
        "SELECT 1 - 2",
        "SELECT 1 - -2",
        "SELECT 4 / 2",
        "SELECT 4 / - 2",
    ] {
        for dialect in all {
            assert_eq!(refusal(dialect, sql), None, "{dialect:?} {sql}");
        }
    }
    for sql in [
        "SELECT 5 # 3",
        "SELECT @ -5",
        "SELECT body::text ? 'a' FROM note",
    ] {
        assert_eq!(refusal(Dialect::Postgres, sql), None, "{sql}");
    }
}

#[test]
fn each_refusal_names_its_own_reason() {
    use Dialect::{MySql, Postgres, Sqlite};
    let variable = "a variable of the session";
    let placeholder = "a placeholder without a value";
    for (dialect, sql, reason) in [
        (Postgres, "SELECT 1 -- 2", "a comment"),
        (Postgres, "SELECT 1 /* 2 */", "a comment"),
        (MySql, "SELECT 1 # 2", "a comment"),
        (Postgres, "SELECT $1", placeholder),
        (Postgres, "SELECT $$a$$", "a dollar-quoted string"),
        (MySql, "SELECT $a", "a dollar-quoted string"),
        (Sqlite, "SELECT $a", placeholder),
        (Sqlite, "SELECT :a", placeholder),
        (Sqlite, "SELECT @a", placeholder),
        (Sqlite, "SELECT ?", placeholder),
        (MySql, "SELECT ?", placeholder),
        (MySql, "SELECT @a", variable),
        (Sqlite, "SELECT [body] FROM note", "brackets"),
        (MySql, "SELECT a[1] FROM note", "brackets"),
        (Sqlite, "SELECT body] FROM note", "brackets"),
        (Sqlite, "SELECT body[ FROM note", "brackets"),
        (Postgres, "SELECT E'a\0'", "an unknown character"),
        (Postgres, "SELECT 'a\0'", "an unknown character"),
        (Postgres, "SELECT 1; SELECT 2", "more than one statement"),
    ] {
        assert_eq!(refusal(dialect, sql), Some(reason), "{dialect:?} {sql}");
    }
}

/// MySQL takes `1e` without digits for a name, and what comes behind it for a comment.
#[test]
fn a_number_ends_where_its_digits_end() {
    for sql in [
        "SELECT 1e5",
        "SELECT 1e+5",
        "SELECT 1E-5, 1.5e5, .5",
        "SELECT 1e5-- 1",
    ] {
        let reason = sql.contains("--").then_some("a comment");
        assert_eq!(refusal(Dialect::MySql, sql), reason, "{sql}");
    }
    for sql in [
        "SELECT 1e-- 1",
        "SELECT 1e+ 1",
        "SELECT 1e",
        "SELECT 1e-",
        "SELECT 1FROM note",
    ] {
        let reason = Some("a number with letters");
        assert_eq!(refusal(Dialect::MySql, sql), reason, "{sql}");
    }
}

/// `E'…'` ends at a quote that is neither doubled nor behind a backslash.
#[test]
fn an_escaped_text_ends_at_its_last_quote() {
    let catalog = catalog();
    for sql in [
        r"SELECT E'it''s' FROM note",
        r"SELECT E'it\'s' FROM note",
        r"SELECT E'a\\' FROM note",
        r"SELECT E'''' FROM note",
        r"SELECT E'it''s\n' FROM note",
    ] {
        assert_eq!(tables(sql).unwrap(), ["note"], "{sql}");
    }
    for sql in [
        r"SELECT E'''' || E' FROM secret --' FROM secret",
        r"SELECT E'\\' FROM secret WHERE body = E'\\'",
        r"SELECT E'a''b' FROM secret",
    ] {
        let secret = ScopeError::Undeclared("secret".to_owned());
        assert_eq!(scoped(&catalog, sql), Err(secret), "{sql}");
    }
    for sql in [r"SELECT E'a''", r"SELECT E'a\'", r"SELECT E'"] {
        let reason = Some("an unterminated quote");
        assert_eq!(refusal(Dialect::Postgres, sql), reason, "{sql}");
    }
}

/// Postgres cuts off what is longer (manual §4.1.1), and others keep or refuse it.
#[test]
fn a_name_has_up_to_63_bytes_in_quotes_and_without() {
    for (length, reason) in [(63, None), (64, Some("a name longer than 63 bytes"))] {
        let name = "a".repeat(length);
        for sql in [
            format!("SELECT {name} FROM note"),
            format!(r#"SELECT "{name}" FROM note"#),
            format!(
                r#"SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, "{name}" FROM note"#
            ),
        ] {
            assert_eq!(refusal(Dialect::Postgres, &sql), reason, "{sql}");
            assert_eq!(refusal(Dialect::Sqlite, &sql), None, "{sql}");
        }
        let sql = format!("SELECT {name} FROM note");
        assert_eq!(refusal(Dialect::MySql, &sql), None, "{sql}");
    }
}
