//! Writes are bound to the tenant, and rows are stamped.

use sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::*;

fn sql(text: &str) -> String {
    scoped(&catalog(), text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_condition_keeps_to_its_parentheses() {
    for (text, expected) in [
        (
            r#"UPDATE "note" SET "a" = 1"#,
            r#"UPDATE "public"."note" SET "a" = 1 WHERE "tenant_id" = $1"#,
        ),
        (
            "UPDATE note SET a = 1, (b, c) = (2, 3) WHERE true OR true RETURNING a, b",
            r#"UPDATE "public"."note" SET a = 1, (b, c) = (2, 3) WHERE "tenant_id" = $1 AND (true OR true) RETURNING a, b"#,
        ),
        (
            "UPDATE note AS n SET a = p.a FROM plan p WHERE p.a = n.a",
            r#"UPDATE "public"."note" AS n SET a = p.a FROM "public".plan p WHERE "n"."tenant_id" = $1 AND (p.a = n.a)"#,
        ),
        (
            "DELETE FROM note RETURNING *",
            r#"DELETE FROM "public"."note" WHERE "tenant_id" = $1 RETURNING *"#,
        ),
        (
            "DELETE FROM note USING plan WHERE plan.a = note.a",
            r#"DELETE FROM "public"."note" USING "public".plan AS "plan" WHERE "note"."tenant_id" = $1 AND (plan.a = note.a)"#,
        ),
        (
            "DELETE FROM public.note n WHERE a = 1 ORDER BY a, b LIMIT 1",
            r#"DELETE FROM "public"."note" n WHERE "tenant_id" = $1 AND (a = 1) ORDER BY a, b LIMIT 1"#,
        ),
        (
            "DELETE FROM note WHERE id IN (SELECT max(id) FROM note)",
            &(r#"WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1) "#.to_owned()
                + r#"DELETE FROM "public"."note" WHERE "tenant_id" = $1 AND (id IN (SELECT max(id) FROM note))"#),
        ),
    ] {
        assert_eq!(sql(text), expected);
    }
    for text in [
        "UPDATE note SET a = 1 WHERE true) OR (true",
        "UPDATE note SET a = 1 WHERE",
        "UPDATE note SET a = 1 WHERE true, true",
        "UPDATE note SET a = 1 WHERE true WHERE true",
        "UPDATE ONLY note SET a = 1",
        "UPDATE note, tag SET a = 1",
        "UPDATE note JOIN tag ON true SET a = 1",
        "UPDATE note SET",
        "DELETE FROM ONLY note",
        "DELETE note",
        "DELETE FROM note WHERE true UNION SELECT 1",
        "DELETE FROM note FROM secret",
        "DELETE FROM note ORDER a",
    ] {
        assert!(scoped(&catalog(), text).is_err(), "{text}");
    }
}

#[test]
fn the_tenant_column_cannot_be_set() {
    for text in [
        "UPDATE note SET tenant_id = 'b'",
        r#"UPDATE note SET a = 1, "tenant_id" = 'b'"#,
        "UPDATE note SET TENANT_ID = 'b'",
        "UPDATE note SET (a, tenant_id) = (1, 'b')",
        "UPDATE note SET tenant_id[1] = 'b'",
        "UPDATE note SET tenant_id.x = 'b'",
        "UPDATE note SET note.tenant_id = 'b'",
        "INSERT INTO note (a) VALUES (1) ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = 'b'",
        "INSERT INTO note (a) VALUES (1) ON CONFLICT (tenant_id) DO UPDATE SET (a, tenant_id) = (1, 'b')",
    ] {
        assert_eq!(
            scoped(&catalog(), text),
            Err(ScopeError::TenantColumn("note".into())),
            "{text}"
        );
    }
    for dialect in [Dialect::Sqlite, Dialect::MySql] {
        let catalog = catalog().with_dialect(dialect);
        let text = scoped(&catalog, "UPDATE note SET Tenant_ID = 'b'");
        assert_eq!(text, Err(ScopeError::TenantColumn("note".into())));
    }
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    assert!(scoped(&sqlite, "UPDATE note SET 'tenant_id' = 'b'").is_err());
}

#[test]
fn rows_are_stamped() {
    let with =
        r#"WITH "tag" AS NOT MATERIALIZED (SELECT * FROM "public"."tag" WHERE "tenant_id" = $1) "#;
    for (text, expected) in [
        (
            "INSERT INTO note (a, b) VALUES (1, 2), (3, DEFAULT) RETURNING a",
            r#"INSERT INTO "public"."note" (a, b, "tenant_id") VALUES (1, 2, $1), (3, DEFAULT, $1) RETURNING a"#.to_owned(),
        ),
        (
            "INSERT INTO note () VALUES ()",
            r#"INSERT INTO "public"."note" ("tenant_id") VALUES ($1)"#.to_owned(),
        ),
        (
            "INSERT INTO note DEFAULT VALUES",
            r#"INSERT INTO "public"."note" ("tenant_id") VALUES ($1)"#.to_owned(),
        ),
        (
            "INSERT INTO note VALUES (DEFAULT), (DEFAULT) RETURNING *",
            r#"INSERT INTO "public"."note" ("tenant_id") VALUES ($1), ($1) RETURNING *"#.to_owned(),
        ),
        (
            "INSERT INTO note (a) SELECT a FROM tag WHERE true",
            with.to_owned() + r#"INSERT INTO "public"."note" (a, "tenant_id") SELECT a, $1 FROM tag WHERE true"#,
        ),
        (
            "INSERT INTO note (a) SELECT DISTINCT ON (a) a FROM tag UNION (SELECT 1 ORDER BY 1) EXCEPT SELECT 2 LIMIT 1",
            with.to_owned()
                + r#"INSERT INTO "public"."note" (a, "tenant_id") SELECT DISTINCT ON (a) a, $1 FROM tag "#
                + "UNION (SELECT 1, $1 ORDER BY 1) EXCEPT SELECT 2, $1 LIMIT 1",
        ),
        (
            "INSERT INTO note (a) WITH x AS (SELECT a FROM tag) SELECT a FROM x RETURNING a",
            with.to_owned()
                + r#"INSERT INTO "public"."note" (a, "tenant_id") WITH x AS (SELECT a FROM tag) SELECT a, $1 FROM x RETURNING a"#,
        ),
        (
            "INSERT INTO note (a) (SELECT\"id\"FROM tag)",
            with.to_owned() + r#"INSERT INTO "public"."note" (a, "tenant_id") (SELECT"id", $1 FROM tag)"#,
        ),
        (
            "INSERT INTO note (a) VALUES ((1)) ON CONFLICT (tenant_id, a) DO NOTHING",
            r#"INSERT INTO "public"."note" (a, "tenant_id") VALUES ((1), $1) ON CONFLICT (tenant_id, a) DO NOTHING"#.to_owned(),
        ),
        (
            "INSERT INTO note AS n (a) VALUES (1) ON CONFLICT (tenant_id, a) DO NOTHING",
            r#"INSERT INTO "public"."note" AS n (a, "tenant_id") VALUES (1, $1) ON CONFLICT (tenant_id, a) DO NOTHING"#.to_owned(),
        ),
        (
            "INSERT INTO note (a) VALUES (1) ON CONFLICT (\"tenant_id\", lower(a)) WHERE a > 0 DO UPDATE SET a = excluded.a WHERE note.a > 1 OR true",
            r#"INSERT INTO "public"."note" (a, "tenant_id") VALUES (1, $1) ON CONFLICT ("tenant_id", lower(a)) WHERE a > 0 "#
                .to_owned()
                + r#"DO UPDATE SET a = excluded.a WHERE "note"."tenant_id" = $1 AND (note.a > 1 OR true)"#,
        ),
    ] {
        assert_eq!(sql(text), expected);
    }
    for text in [
        "INSERT INTO note (a) VALUES (1, 2)",
        "INSERT INTO note (a, b) VALUES (1)",
        "INSERT INTO note (a) VALUES ()",
        "INSERT INTO note (a) VALUES (1), (1, 2)",
        "INSERT INTO note (a, tenant_id) VALUES (1)",
    ] {
        let error = scoped(&catalog(), text).unwrap_err();
        assert!(
            matches!(error, ScopeError::RowLength { .. }),
            "{text}: {error}"
        );
    }
    for text in [
        "INSERT INTO note (a)",
        "INSERT INTO note ()",
        "INSERT INTO note () SELECT",
        "INSERT INTO note () SELECT 1",
        "INSERT INTO note (a) SELECT FROM tag",
        "INSERT INTO note (a) SELECT a FROM tag UNION VALUES (1)",
        "INSERT INTO note (a, a) VALUES (1, 2)",
        "INSERT INTO note (a, tenant_id) (SELECT 1, 'b')",
        "INSERT INTO note (a) VALUES (1), ",
        "INSERT INTO note (a) VALUES (1 SELECT 2)",
        "INSERT INTO note (a) VALUES (1) UNION SELECT 2",
        "INSERT INTO note VALUES (1)",
        "INSERT INTO note OVERRIDING SYSTEM VALUE VALUES (1)",
        "INSERT OR REPLACE INTO note (a) VALUES (1)",
        "REPLACE INTO note (a) VALUES (1)",
        "INSERT INTO note (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
        "INSERT INTO plan (a) VALUES (1)",
    ] {
        assert!(scoped(&catalog(), text).is_err(), "{text}");
    }
}

/// The words of a conflict are names where no conflict can stand.
#[test]
fn a_join_within_an_insert_has_its_own_condition() {
    let text = "INSERT INTO note (a) SELECT a FROM (SELECT * FROM (SELECT 1) p JOIN (SELECT 2) q ON conflict) AS x";
    assert_eq!(
        sql(text),
        r#"INSERT INTO "public"."note" (a, "tenant_id") SELECT a, $1 FROM "#.to_owned()
            + "(SELECT * FROM (SELECT 1) p JOIN (SELECT 2) q ON conflict) AS x"
    );
}

#[test]
fn a_conflict_is_one_within_the_tenant() {
    for conflict in [
        "ON CONFLICT DO NOTHING",
        "ON CONFLICT (a) DO NOTHING",
        "ON CONFLICT (a) DO UPDATE SET a = 1",
        "ON CONFLICT ON CONSTRAINT note_pkey DO NOTHING",
        "ON CONFLICT (lower(tenant_id)) DO NOTHING",
        "ON CONFLICT ((tenant_id || a)) DO NOTHING",
        "ON CONFLICT (a) WHERE tenant_id = 'a' DO NOTHING",
        "ON CONFLICT (tenant_id COLLATE other, a) DO NOTHING",
    ] {
        let text = format!("INSERT INTO note (a) VALUES (1) {conflict}");
        assert_eq!(
            scoped(&catalog(), &text),
            Err(ScopeError::ConflictTarget("note".into())),
            "{text}"
        );
    }
}

#[test]
fn a_given_tenant_is_that_of_the_scope() {
    let catalog = catalog();
    let scope = scope(&catalog);
    let named = |tenants: &[Expr]| {
        let mut insert = scope.insert("note").columns(["tenant_id", "body"]);
        for tenant in tenants {
            insert = insert.values([tenant.clone(), "x".into()]);
        }
        insert.finish()
    };
    let own = named(&["acme".into(), "acme".into()]).unwrap().build();
    assert_eq!(
        own.0,
        r#"INSERT INTO "public"."note" ("tenant_id", "body") VALUES ($1, $2), ($1, $3)"#
    );
    assert_eq!(own.1.0, ["acme".into(), "x".into(), "x".into()]);
    for foreign in [
        Expr::val("globex"),
        Expr::val(""),
        Expr::val(1),
        Expr::cust("'globex'"),
        Expr::cust("'acme'"),
        Expr::cust_with_values("lower($1)", ["acme"]),
        Expr::val("acme").add("x"),
        Expr::null(),
    ] {
        assert_eq!(
            named(&["acme".into(), foreign.clone()]).err(),
            Some(ScopeError::ForeignTenant("note".into())),
            "{foreign:?}"
        );
    }
    let select = Query::select()
        .column("tenant_id")
        .column("name")
        .from("tag")
        .take();
    let insert = scope
        .insert("note")
        .columns(["tenant_id", "body"])
        .select_from(select);
    assert_eq!(
        insert.finish().err(),
        Some(ScopeError::ForeignTenant("note".into()))
    );
}

#[test]
fn builders_say_what_is_missing() {
    let catalog = catalog();
    let scope = scope(&catalog);
    assert_eq!(
        scope.delete("plan").finish().err(),
        Some(ScopeError::Shared("plan".into()))
    );
    assert_eq!(
        scope.delete("secret").finish().err(),
        Some(ScopeError::Undeclared("secret".into()))
    );
    assert_eq!(
        scope.update("note").finish().err(),
        Some(ScopeError::Empty("note".into()))
    );
    for nothing in [scope.select(), scope.select().from("note")] {
        assert_eq!(nothing.finish().err(), Some(ScopeError::NothingSelected));
    }
    let applied = scope.select().apply(|select| select.expr(Expr::val(1)));
    assert!(applied.finish().is_ok());
    let moved = scope.update("note").value("tenant_id", "acme");
    assert_eq!(
        moved.finish().err(),
        Some(ScopeError::TenantColumn("note".into()))
    );
    let short = scope
        .insert("note")
        .columns(["body"])
        .values([])
        .values([1.into()]);
    assert!(matches!(
        short.finish().err(),
        Some(ScopeError::RowLength {
            columns: 1,
            values: 0,
            ..
        })
    ));
    let replace = scope
        .insert("note")
        .columns(["body"])
        .values(["x".into()])
        .apply(|insert| insert.replace());
    assert!(replace.finish().is_err());
    let default = scope.insert("note").returning(["id"]).finish().unwrap();
    assert_eq!(
        default.sql(),
        r#"INSERT INTO "public"."note" ("tenant_id") VALUES ($1) RETURNING "id""#
    );
    let used = scope
        .delete("note")
        .using("tag")
        .using("plan")
        .and_where(Expr::cust("note.id = tag.note_id"));
    assert_eq!(
        used.finish().unwrap().sql(),
        r#"DELETE FROM "public"."note" USING (SELECT * FROM "public"."tag" WHERE "tenant_id" = $1) AS "tag", "public"."plan" AS "plan" "#
            .to_owned()
            + r#"WHERE "note"."tenant_id" = $1 AND (note.id = tag.note_id)"#
    );
    let conflict = OnConflict::columns(["tenant_id", "id"])
        .do_nothing()
        .to_owned();
    let upsert = scope
        .insert("note")
        .columns(["id"])
        .values([7.into()])
        .on_conflict(conflict);
    assert_eq!(
        upsert.finish().unwrap().sql(),
        r#"INSERT INTO "public"."note" ("id", "tenant_id") VALUES ($2, $1) ON CONFLICT ("tenant_id", "id") DO NOTHING"#
    );
}

#[test]
fn a_fragment_cannot_leave_its_place() {
    let catalog = catalog();
    let scope = scope(&catalog);
    let delete = |fragment: &'static str| {
        let delete = scope.delete("note").and_where(Expr::col("id").eq(1));
        delete.and_where(Expr::cust(fragment)).finish()
    };
    assert!(delete("a = 1 OR b = 2").is_ok());
    assert_eq!(
        delete("1 = 1) OR (1 = 1").unwrap().sql(),
        r#"DELETE FROM "public"."note" WHERE "tenant_id" = $1 AND ("id" = $2 AND (1 = 1) OR (1 = 1))"#
    );
    assert!(delete("id IN (SELECT note_id FROM tag)").is_ok());
    for fragment in [
        "1 = 1) OR 1 = 1",
        "true UNION SELECT 1",
        "true;",
        "true -- ",
        "id IN (SELECT id FROM secret)",
        "id = $1",
    ] {
        assert!(delete(fragment).is_err(), "{fragment}");
    }
}
