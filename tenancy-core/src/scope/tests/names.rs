//! Names are compared as the database compares them.

use sea_query::{Expr, ExprTrait, Value};

use super::*;

#[test]
fn a_name_in_two_schemas_is_told_by_its_schema() {
    let catalog = TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table_in("old", "note", "org")
        .shared_table_in("ref", "currency");
    assert_eq!(
        scoped(&catalog, "SELECT * FROM note"),
        Err(ScopeError::Ambiguous("note".into()))
    );
    assert_eq!(
        scoped(&catalog, "SELECT * FROM old.note JOIN ref.currency ON true").unwrap(),
        r#"SELECT * FROM (SELECT * FROM "old"."note" WHERE "org" = $1) AS "note" JOIN ref.currency ON true"#
    );
    assert_eq!(
        scoped(&catalog, "DELETE FROM old.note").unwrap(),
        r#"DELETE FROM "old"."note" WHERE "org" = $1"#
    );
    assert_eq!(
        scoped(&catalog, "SELECT * FROM currency c, currency").unwrap(),
        r#"SELECT * FROM "ref".currency c, "ref".currency AS "currency""#
    );
    assert!(scoped(&catalog, "SELECT * FROM public.currency").is_err());
}

#[test]
fn a_table_is_declared_once() {
    let twice = TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table_in("public", "note", "tenant_id");
    assert_eq!(twice.tenant_tables().count(), 1);
    assert!(scoped(&twice, "SELECT * FROM note").is_ok());
    for contradictory in [
        TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .shared_table("note"),
        TableCatalog::new()
            .shared_table("note")
            .tenant_table("note", "tenant_id"),
        TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .tenant_table("note", "org"),
        TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .shared_table_in("public", "note"),
    ] {
        assert_eq!(
            scoped(&contradictory, "SELECT * FROM note"),
            Err(ScopeError::Contradictory("note".into()))
        );
        assert_eq!(contradictory.contradictions().collect::<Vec<_>>(), ["note"]);
    }
}

#[test]
fn a_catalogue_tells_its_tables() {
    let catalog = catalog()
        .shared_table_in("ref", "currency")
        .with_dialect(Dialect::Sqlite);
    let shared: Vec<_> = catalog.shared_tables().collect();
    assert_eq!(shared, ["currency", "plan"]);
    let tenants: Vec<_> = catalog.tenant_tables().map(TenantTable::name).collect();
    assert_eq!(tenants, ["note", "tag"]);
    assert_eq!(catalog.contradictions().count(), 0);
    let schemas = [
        TenantTable::new("note", "t"),
        TenantTable::new("note", "t").in_schema("old"),
    ];
    assert_eq!(
        schemas.each_ref().map(TenantTable::schema),
        ["public", "old"]
    );
    let delete = scope(&catalog).delete("note").finish().unwrap();
    assert_eq!(delete.dialect(), Dialect::Sqlite);
}

#[test]
fn a_declared_name_is_as_long_as_postgres_allows() {
    let longest = "n".repeat(63);
    let catalog = TableCatalog::new().tenant_table(&longest, "tenant_id");
    assert_eq!(
        tables_in(&catalog, &format!("SELECT * FROM {longest}")),
        Ok(vec![longest])
    );
    let longer = "n".repeat(64);
    for catalog in [
        TableCatalog::new().tenant_table(&longer, "tenant_id"),
        TableCatalog::new().shared_table(&longer),
    ] {
        let catalog = catalog.tenant_table("note", "tenant_id");
        assert_eq!(catalog.names_too_long().collect::<Vec<_>>(), [&longer]);
        assert_eq!(catalog.contradictions().count(), 0);
        let delete = scope(&catalog).delete("note").using(&longer).finish();
        assert_eq!(delete.err(), Some(ScopeError::NameTooLong(longer.clone())));
        assert!(scoped(&catalog, &format!("SELECT * FROM {longer}")).is_err());
        // Which database it is may be said last.
        let sqlite = catalog.with_dialect(Dialect::Sqlite);
        assert_eq!(sqlite.names_too_long().count(), 0);
        assert!(scoped(&sqlite, &format!("SELECT * FROM {longer}")).is_ok());
    }
}

/// What is quoted in a catalogue may be a keyword in a statement.
#[test]
fn a_table_that_is_called_like_a_keyword_hides_none() {
    let catalog = catalog().shared_table("only").shared_table("lateral");
    for sql in [
        "SELECT * FROM ONLY note",
        "UPDATE ONLY note SET a = 1",
        "DELETE FROM ONLY note",
    ] {
        assert!(
            matches!(scoped(&catalog, sql), Err(ScopeError::Unproven(..))),
            "{sql}"
        );
    }
    assert!(scoped(&catalog, r#"SELECT * FROM "only", "lateral""#).is_ok());
}

#[test]
fn unquoted_names_are_folded_by_postgres_only() {
    assert_eq!(tables("SELECT * FROM Note"), Ok(vec!["note".into()]));
    for dialect in [Dialect::MySql, Dialect::Sqlite] {
        let catalog = catalog().with_dialect(dialect);
        assert_eq!(
            tables_in(&catalog, "SELECT * FROM Note"),
            Err(ScopeError::Undeclared("Note".into()))
        );
        // And yet it would be found there in place of the table.
        assert_eq!(
            tables_in(&catalog, "WITH Note AS (SELECT 1) SELECT * FROM note"),
            Err(ScopeError::ExpressionNamedLikeTable("Note".into()))
        );
    }
}

#[test]
fn hostile_names_stay_names() {
    let catalog = TableCatalog::new().tenant_table_in(r#"a"b"#, r#"no"te; --"#, r#"te"nant"#);
    assert_eq!(
        scoped(&catalog, r#"SELECT * FROM "no""te; --""#).unwrap(),
        r#"WITH "no""te; --" AS NOT MATERIALIZED (SELECT * FROM "a""b"."no""te; --" WHERE "te""nant" = $1) "#.to_owned()
            + r#"SELECT * FROM "no""te; --""#
    );
}

#[test]
fn the_tenant_is_of_the_type_of_its_column() {
    let uuid = "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10";
    for (kind, tenant, expected) in [
        (TenantColumnType::Uuid, uuid, "CAST($1 AS uuid)"),
        (TenantColumnType::Bigint, "7", "$1"),
    ] {
        let catalog = catalog().with_tenant_column_type(kind);
        let scope = Scope::new(TenantId::parse(tenant).unwrap(), None, &catalog);
        let delete = scope.delete("note").finish().unwrap();
        assert_eq!(
            delete.sql(),
            format!(r#"DELETE FROM "public"."note" WHERE "tenant_id" = {expected}"#)
        );
        let scope = super::scope(&catalog);
        assert!(matches!(
            scope.delete("note").finish(),
            Err(ScopeError::TenantType(_))
        ));
    }
    // A tenant that looks like a number is a text where the column is one.
    for (kind, value) in [
        (TenantColumnType::Text, Value::from("7")),
        (TenantColumnType::Bigint, Value::from(7_i64)),
    ] {
        let catalog = catalog().with_tenant_column_type(kind);
        let scope = Scope::new(TenantId::parse("7").unwrap(), None, &catalog);
        let (_, values) = scope.delete("note").finish().unwrap().build();
        assert_eq!(values.0, [value]);
    }
}

/// Another spelling of the tenant column, which sea-query does not know.
#[test]
fn the_number_of_a_row_may_be_its_tenant_in_sqlite() {
    let catalog = catalog()
        .with_dialect(Dialect::Sqlite)
        .with_tenant_column_type(TenantColumnType::Bigint);
    let scope = Scope::new(TenantId::parse("7").unwrap(), None, &catalog);
    for name in ["rowid", "OID", "_rowid_"] {
        let moved = scope.update("note").value(name, 8).finish();
        assert_eq!(moved.err(), Some(ScopeError::TenantColumn("note".into())));
        let insert = scope.insert("note").columns(["tenant_id", name]);
        let planted = insert.values([7.into(), 8.into()]).finish();
        assert_eq!(planted.err(), Some(ScopeError::TenantColumn("note".into())));
    }
    let twice = scope
        .insert("note")
        .columns(["body", "BODY"])
        .values([1.into(), 2.into()]);
    assert!(twice.finish().is_err());
    assert!(scope.update("note").value("body", "x").finish().is_ok());
    // Elsewhere it is an ordinary name, and a text is no number.
    for (dialect, kind) in [
        (Dialect::Sqlite, TenantColumnType::Text),
        (Dialect::Postgres, TenantColumnType::Bigint),
    ] {
        let catalog = super::catalog()
            .with_dialect(dialect)
            .with_tenant_column_type(kind);
        let scope = Scope::new(TenantId::parse("7").unwrap(), None, &catalog);
        assert!(scope.update("note").value("oid", 8).finish().is_ok());
    }
}

/// MySQL compares texts as `Acme` = `acmé` unless the column says otherwise, SQLite as its column says.
#[test]
fn tenants_differ_when_a_byte_does() {
    for (dialect, expected) in [
        (
            Dialect::MySql,
            "DELETE FROM `note` WHERE `tenant_id` = ? AND CAST(`tenant_id` AS BINARY) = ?",
        ),
        (
            Dialect::Sqlite,
            r#"DELETE FROM "main"."note" WHERE "tenant_id" = ? COLLATE BINARY"#,
        ),
    ] {
        let catalog = catalog().with_dialect(dialect);
        assert_eq!(
            scope(&catalog).delete("note").finish().unwrap().sql(),
            expected
        );
    }
}

/// As sea-query has it: a text, an owned text, with its schema, under another name.
#[test]
fn a_builder_takes_whatever_names_a_table() {
    use sea_query::Alias;
    let catalog = catalog().tenant_table_in("billing", "invoice", "tenant_id");
    let scope = scope(&catalog);
    let delete = |table: TableRef| {
        let delete = scope.delete(table).and_where(Expr::col("id").eq(1));
        delete.finish().map(|scoped| scoped.sql().to_owned())
    };
    for table in [
        "note".into_table_ref(),
        "note".to_owned().into_table_ref(),
        Alias::new("note").into_table_ref(),
        ("public", "note").into_table_ref(),
    ] {
        let expected = r#"DELETE FROM "public"."note" WHERE "tenant_id" = $1 AND ("id" = $2)"#;
        assert_eq!(delete(table).unwrap(), expected);
    }
    let invoice = delete(("billing", "invoice").into_table_ref()).unwrap();
    assert!(
        invoice.starts_with(r#"DELETE FROM "billing"."invoice" WHERE"#),
        "{invoice}"
    );
    assert!(delete(("billing", "note").into_table_ref()).is_err());

    let nothing = scope.update(("public", "note")).finish();
    assert_eq!(nothing.unwrap_err(), ScopeError::Empty("note".to_owned()));
}
