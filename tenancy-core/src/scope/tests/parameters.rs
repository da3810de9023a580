//! Parameters keep their places, and nothing else is taken for one.

use super::*;

/// One that stands where no parameter can be, and a placeholder that is none, are not mistaken for each other.
#[test]
fn a_placeholder_is_a_parameter_only_in_its_place() {
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    let scope = scope(&sqlite);
    for (sql, at, is_one) in [
        ("SELECT ?, 'a?'", 7, true),
        ("SELECT ?, 'a?'", 12, false),
        ("SELECT ?, ?", 10, false),
    ] {
        assert_eq!(&sql[at..=at], "?");
        let text = scoped_with(&scope, sql, vec![at]);
        assert_eq!(text.is_ok(), is_one, "{sql} {at}");
    }
}

#[test]
fn parameters_keep_their_places() {
    let mysql = catalog().with_dialect(Dialect::MySql);
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
