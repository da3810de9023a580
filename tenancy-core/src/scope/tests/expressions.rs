//! What belongs to an expression, and what ends it.

use super::*;

/// Words that begin a clause, a join, a query or a command.
const BEGINNINGS: &[&str] = &[
    "SELECT 1",
    "FROM plan",
    "WHERE true",
    "GROUP BY a",
    "HAVING true",
    "WINDOW w AS ()",
    "OFFSET 1",
    "FOR UPDATE",
    "UNION 1",
    "INTERSECT 1",
    "EXCEPT 1",
    "JOIN plan",
    "STRAIGHT_JOIN plan",
    "TABLESAMPLE system (10)",
    "INTO x",
    "TABLE plan",
    "INSERT",
    "UPDATE plan",
    "DELETE",
    "MERGE",
    "SET a = 1",
    "ON true",
    "DO NOTHING",
    "WITH x",
];

#[test]
fn a_condition_ends_where_something_else_begins() {
    for beginning in BEGINNINGS {
        for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
            let catalog = catalog().with_dialect(dialect);
            for sql in [
                format!("DELETE FROM note WHERE true {beginning}"),
                format!("UPDATE note SET a = 1 WHERE true {beginning}"),
            ] {
                let text = scoped(&catalog, &sql);
                assert!(
                    matches!(text, Err(ScopeError::Unproven(..))),
                    "{sql}: {text:?}"
                );
            }
        }
    }
}

#[test]
fn in_parentheses_no_query_and_no_command_begins_late() {
    for beginning in [
        "SELECT 1",
        "UNION 1",
        "INTERSECT 1",
        "EXCEPT 1",
        "JOIN plan",
        "STRAIGHT_JOIN plan",
        "INTO x",
        "TABLE plan",
        "INSERT",
        "UPDATE plan",
        "DELETE",
        "MERGE",
        "WITH x",
    ] {
        for sql in [
            format!("SELECT (1 {beginning}) FROM note"),
            format!("SELECT f(1, 2 {beginning}) FROM note"),
        ] {
            let text = scoped(&catalog(), &sql);
            assert!(
                matches!(text, Err(ScopeError::Unproven(..))),
                "{sql}: {text:?}"
            );
        }
    }
}

#[test]
fn a_query_in_parentheses_has_further_arms() {
    for arm in ["UNION", "UNION ALL", "INTERSECT", "EXCEPT"] {
        let sql = format!("SELECT ((SELECT 1 FROM tag) {arm} SELECT 2 FROM note)");
        assert_eq!(tables(&sql), Ok(vec!["note".into(), "tag".into()]), "{sql}");
    }
}

/// There FROM is a part of the comparison, and `b` is a column.
#[test]
fn whatever_is_a_value_can_be_told_apart() {
    for value in [
        "a", r#""a""#, "note.a", "1", "'x'", "(a)", "lower(a)", "a[1]", "$",
    ] {
        for operator in ["IS DISTINCT FROM", "IS NOT DISTINCT FROM"] {
            let sql = format!("SELECT {value} {operator} b FROM note");
            let text = scoped_with_parameters(&catalog(), &sql);
            let (text, _) = text.unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert!(text.starts_with(r#"WITH "note" AS"#), "{sql}: {text}");
        }
    }
}

#[test]
fn a_bracket_is_closed_by_its_like() {
    for sql in [
        "SELECT a[1)] FROM note",
        "SELECT (a[1)] FROM note",
        "SELECT (a]) FROM note",
        "SELECT (a[1)]) FROM note",
    ] {
        assert_eq!(
            scoped(&catalog(), sql),
            Err(ScopeError::Unproven(
                "a raw fragment with unbalanced parentheses",
                "balance it"
            )),
            "{sql}"
        );
    }
}

#[test]
fn a_refusal_says_what_stands_in_the_way() {
    let command = "a command inside a statement";
    let part = "a part of a table";
    let parentheses = "a raw fragment with unbalanced parentheses";
    let other = "a raw fragment that is more than an expression";
    for (sql, expected) in [
        ("SELECT 1 INTO x", command),
        ("SELECT 1 TABLE plan", command),
        ("SELECT 1 INSERT", command),
        ("SELECT 1 UPDATE plan", command),
        ("SELECT 1 DELETE", command),
        ("SELECT 1 MERGE", command),
        ("SELECT * FROM ONLY plan", part),
        ("SELECT * FROM plan TABLESAMPLE system (10)", part),
        ("SELECT 1)", parentheses),
        ("SELECT a]", parentheses),
        ("SELECT 1 WITH x", "a WITH clause at this place"),
        ("SELECT (1", "a statement that ends too early"),
        ("SELECT 1 SELECT 1", other),
    ] {
        let error = scoped(&catalog(), sql).unwrap_err();
        assert!(
            matches!(error, ScopeError::Unproven(what, _) if what == expected),
            "{sql}: {error}"
        );
    }
}

#[test]
fn a_parameter_may_say_how_many_rows_are_wanted() {
    for clause in [
        "LIMIT $",
        "OFFSET $",
        "LIMIT $ OFFSET 1",
        "FETCH FIRST $ ROWS ONLY",
        "FETCH NEXT $ ROWS WITH TIES",
    ] {
        let sql = format!("SELECT a FROM note ORDER BY a {clause}");
        let text = scoped_with_parameters(&catalog(), &sql);
        assert!(matches!(text, Ok((_, 2))), "{sql}: {text:?}");
    }
}

/// Postgres takes nothing else there.
#[test]
fn a_cycle_is_marked_with_constants() {
    let marked = |mark| {
        let sql = format!(
            "WITH RECURSIVE x AS (SELECT 1 AS a) CYCLE a SET d TO {mark} DEFAULT 'no' USING e SELECT * FROM x"
        );
        scoped_with_parameters(&catalog(), &sql)
    };
    assert!(marked("'yes'").is_ok());
    assert!(marked("$").is_err());
}
