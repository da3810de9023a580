//! Projects are a second level below the tenant.

use sea_query::{Expr, ExprTrait, Value};

use super::*;

const TASK: TenantTable = TenantTable::new("task", "tenant_id").with_project_column("project_id");

#[test]
fn the_project_is_of_the_type_of_its_column() {
    let catalog = TableCatalog::of([TASK]).with_project_column_type(TenantColumnType::Bigint);
    let delete = |project: &str| {
        let project = ProjectId::parse(project).unwrap();
        let tenant = TenantId::parse("acme").unwrap();
        let scope = Scope::new(tenant, Some(&project), &catalog);
        scope.delete("task").finish()
    };
    let (_, values) = delete("7").unwrap().build();
    assert_eq!(values.0, [Value::from("acme"), Value::from(7_i64)]);
    assert_eq!(
        delete("apollo").err(),
        Some(ScopeError::ProjectType {
            project: "apollo".into(),
            expected: TenantColumnType::Bigint,
        })
    );
}

#[test]
fn rows_of_defaults_are_stamped_with_both_levels() {
    let catalog = TableCatalog::of([TASK]);
    let tenant = TenantId::parse("acme").unwrap();
    let project = ProjectId::parse("apollo").unwrap();
    let scope = Scope::new(tenant, Some(&project), &catalog);
    for sql in [
        "INSERT INTO task DEFAULT VALUES",
        "INSERT INTO task () VALUES ()",
    ] {
        let (text, _) = scoped_with(&scope, sql, Vec::new()).unwrap();
        assert_eq!(
            text, r#"INSERT INTO "public"."task" ("tenant_id", "project_id") VALUES ($1, $2)"#,
            "{sql}"
        );
    }
}

/// The credential reaches some projects only; whichever it is for now, it never reaches all.
#[test]
fn a_scope_that_is_limited_to_projects_is_not_widened_to_all() {
    let catalog = TableCatalog::of([TASK, TenantTable::new("note", "tenant_id")]);
    let project = ProjectId::parse("apollo").unwrap();
    for project in [None, Some(&project)] {
        let tenant = TenantId::parse("acme").unwrap();
        let scope = Scope::new(tenant, project, &catalog).limited_to_projects();
        let within = scope.delete("task").finish();
        assert_eq!(within.is_ok(), project.is_some());

        let all = scope.across_projects();
        let refusal = Some(ScopeError::LimitedToProjects("task".into()));
        let read = all.select().column("id").from("task").finish();
        assert_eq!(read.err(), refusal);
        let joined = all.delete("note").using("task").finish();
        assert_eq!(joined.err(), refusal);
        assert_eq!(all.delete("task").finish().err(), refusal);
        let moved = all.update("task").value("project_id", "gemini").finish();
        assert_eq!(moved.err(), refusal);
        let added = all.insert("task").columns(["id"]).values([1.into()]);
        assert_eq!(added.finish().err(), refusal);
        // What is of the whole tenant is in reach.
        assert!(all.delete("note").finish().is_ok());
    }
}

#[test]
fn a_project_narrows_further() {
    let catalog = TableCatalog::of([TASK, TenantTable::new("note", "tenant_id")]);
    let tenant = TenantId::parse("acme").unwrap();
    let project = ProjectId::parse("apollo").unwrap();
    let within = Scope::new(tenant.clone(), Some(&project), &catalog);
    let without = Scope::new(tenant, None, &catalog);

    let done = within
        .update("task")
        .value("done", true)
        .and_where(Expr::col("id").eq(1))
        .finish()
        .unwrap();
    assert_eq!(
        done.sql(),
        r#"UPDATE "public"."task" SET "done" = $3 WHERE "tenant_id" = $1 AND "project_id" = $2 AND ("id" = $4)"#
    );
    let added = within
        .insert("task")
        .columns(["id"])
        .values([1.into()])
        .finish()
        .unwrap();
    assert_eq!(
        added.sql(),
        r#"INSERT INTO "public"."task" ("id", "tenant_id", "project_id") VALUES ($3, $1, $2)"#
    );
    let partly = within
        .insert("task")
        .columns(["project_id"])
        .values(["apollo".into()])
        .finish()
        .unwrap();
    assert_eq!(
        partly.sql(),
        r#"INSERT INTO "public"."task" ("project_id", "tenant_id") VALUES ($2, $1)"#
    );
    let listed = within
        .select()
        .column("id")
        .from("task")
        .left_join("note", Expr::cust("true"))
        .finish()
        .unwrap();
    assert_eq!(
        listed.sql(),
        r#"WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1), "#.to_owned()
            + r#""task" AS NOT MATERIALIZED (SELECT * FROM "public"."task" WHERE "tenant_id" = $1 AND "project_id" = $2) "#
            + r#"SELECT "id" FROM "task" LEFT JOIN "note" ON true"#
    );
    let foreign = within
        .insert("task")
        .columns(["project_id"])
        .values(["gemini".into()])
        .finish();
    assert_eq!(
        foreign.err(),
        Some(ScopeError::ForeignTenant("task".into()))
    );
    let moved = within.update("task").value("project_id", "gemini").finish();
    assert_eq!(moved.err(), Some(ScopeError::TenantColumn("task".into())));

    assert_eq!(
        without.delete("task").finish().err(),
        Some(ScopeError::NoProject("task".into()))
    );
    assert_eq!(
        without.delete("note").using("task").finish().err(),
        Some(ScopeError::NoProject("task".into()))
    );
    let read = without.select().column("id").from("task").finish();
    assert_eq!(read.err(), Some(ScopeError::NoProject("task".into())));
    assert!(without.delete("note").finish().is_ok());
    let conflict = |columns: &[&'static str]| {
        let conflict = sea_query::OnConflict::columns(columns.iter().copied())
            .do_nothing()
            .to_owned();
        within
            .insert("task")
            .columns(["id"])
            .values([1.into()])
            .on_conflict(conflict)
            .finish()
    };
    assert!(conflict(&["tenant_id", "project_id", "id"]).is_ok());
    let of_another = conflict(&["tenant_id", "id"]).err();
    assert_eq!(of_another, Some(ScopeError::ConflictTarget("task".into())));
    let moved = without
        .across_projects()
        .update("task")
        .value("project_id", "gemini")
        .finish()
        .unwrap();
    assert_eq!(
        moved.sql(),
        r#"UPDATE "public"."task" SET "project_id" = $2 WHERE "tenant_id" = $1"#
    );
}
