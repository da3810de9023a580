//! Rows that stand where the table stood, because a row lock has to reach them.

use super::*;

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
