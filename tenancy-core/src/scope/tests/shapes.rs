//! A statement of a shape that was met before is not read again, and is what it would have been.

use std::hash::BuildHasher as _;

use quick_cache::Weighter as _;
use sea_query::{Expr, ExprTrait, Query};

use super::*;
use crate::scope::shapes::{Bytes, MAX_BYTES, MAX_SQL_BYTES, Shapes};
use crate::scope::template::Binding;

const TASK: TenantTable = TenantTable::new("task", "tenant_id").with_project_column("project_id");

fn of_tenant<'a>(catalog: &'a TableCatalog, tenant: &str) -> Scope<'a> {
    Scope::new(TenantId::parse(tenant).unwrap(), None, catalog)
}

fn note(scope: &Scope<'_>, id: i32) -> (Arc<str>, Values) {
    let select = scope.select().column("body").from("note");
    let scoped = select.and_where(Expr::col("id").eq(id)).finish().unwrap();
    (scoped.shared_sql(), scoped.values().clone())
}

#[test]
fn each_statement_has_the_values_of_its_own() {
    let catalog = catalog();
    let (first, values) = note(&of_tenant(&catalog, "acme"), 1);
    assert_eq!(values.0, ["acme".into(), 1.into()]);
    let (second, values) = note(&of_tenant(&catalog, "globex"), 2);
    assert_eq!(values.0, ["globex".into(), 2.into()]);
    // The text was not made again.
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn a_tenant_that_is_given_is_compared_each_time() {
    let catalog = catalog();
    let insert = |tenant: &str| {
        let mut insert = Query::insert();
        insert.into_table("note").columns(["tenant_id", "body"]);
        insert.values_panic([tenant.into(), "hello".into()]);
        scope(&catalog).wrap(insert)
    };
    for (tenant, is_good) in [("acme", true), ("globex", false), ("acme", true)] {
        assert_eq!(insert(tenant).is_ok(), is_good, "{tenant}");
    }
}

#[test]
fn the_same_text_with_a_parameter_elsewhere_is_another_statement() {
    let sqlite = catalog().with_dialect(Dialect::Sqlite);
    let scope = scope(&sqlite);
    let sql = "SELECT ?, 'a?'";
    assert!(scoped_with(&scope, sql, vec![7]).is_ok());
    assert!(scoped_with(&scope, sql, vec![12]).is_err());
    assert!(scoped_with(&scope, sql, vec![]).is_err());
}

#[test]
fn the_level_of_the_project_is_a_part_of_the_shape() {
    let catalog = TableCatalog::of([TASK]);
    let scope = |project: Option<&str>| {
        let project = project.map(|id| ProjectId::parse(id).unwrap());
        Scope::new(TenantId::parse("acme").unwrap(), project.as_ref(), &catalog)
    };
    let tasks = |scope: Scope<'_>| scope.select().column("id").from("task").finish();

    let of_all = tasks(scope(None).across_projects()).unwrap();
    assert!(!of_all.sql().contains("project_id"));
    let of_apollo = tasks(scope(Some("apollo"))).unwrap();
    assert!(of_apollo.sql().contains("project_id"));
    let of_gemini = tasks(scope(Some("gemini"))).unwrap();
    assert!(Arc::ptr_eq(
        &of_apollo.shared_sql(),
        &of_gemini.shared_sql()
    ));
    assert_eq!(of_gemini.values().0, ["acme".into(), "gemini".into()]);
    assert!(tasks(scope(None)).is_err());
}

#[test]
fn the_tables_beside_the_target_are_a_part_of_the_shape() {
    let catalog = catalog();
    let delete = |table| {
        let delete = scope(&catalog).delete("note").using(table);
        delete.finish().map(|scoped| scoped.sql().to_owned())
    };
    assert!(delete("tag").unwrap().contains(r#"AS "tag""#));
    assert!(delete("plan").unwrap().contains(r#"AS "plan""#));
    assert!(delete("secret").is_err());
}

#[test]
fn a_catalogue_that_is_changed_knows_no_statement() {
    let catalog = catalog();
    let ids = |catalog: &TableCatalog| {
        let select = scope(catalog).select().column("id").from("note").finish();
        select.map(|scoped| scoped.sql().to_owned())
    };
    let before = ids(&catalog).unwrap();
    assert_eq!(ids(&catalog.clone()).unwrap(), before);
    assert!(ids(&catalog.clone().tenant_table("note", "owner")).is_err());
    assert!(
        ids(&catalog
            .clone()
            .with_tenant_column_type(TenantColumnType::Uuid))
        .is_err()
    );
    let sqlite = ids(&catalog.clone().with_dialect(Dialect::Sqlite)).unwrap();
    assert!(sqlite.contains("COLLATE BINARY"));
    assert_eq!(ids(&catalog).unwrap(), before);
}

#[test]
fn a_refusal_is_not_remembered_and_neither_is_a_long_statement() {
    let catalog = catalog();
    assert!(scoped(&catalog, "SELECT 1 FROM secret").is_err());
    assert!(scoped(&catalog, "SELECT 1 FROM secret").is_err());
    let long = format!("SELECT {} FROM note", "1, ".repeat(22_000) + "1");
    let one = scoped_text(&catalog, &long);
    assert_eq!(one, scoped_text(&catalog, &long));
    assert!(!Arc::ptr_eq(&one, &scoped_text(&catalog, &long)));
    let short = scoped_text(&catalog, "SELECT 1 FROM note");
    assert!(Arc::ptr_eq(
        &short,
        &scoped_text(&catalog, "SELECT 1 FROM note")
    ));
}

fn scoped_text(catalog: &TableCatalog, sql: &str) -> Arc<str> {
    let scope = scope(catalog);
    let scoping = Scoping::new(catalog, &scope.tenant, &scope.project).unwrap();
    let mut draft = Draft::new('$');
    draft.sql.push_str(sql);
    scope_draft(draft, Vec::new(), &scoping).unwrap().0
}

fn shape(sql: String) -> Shape {
    Shape {
        sql,
        places: vec![3, 5],
        using: vec!["tag".to_owned()],
        project: mem::discriminant(&ProjectLevel::All),
    }
}

fn template(sql: &str) -> Arc<Template> {
    Arc::new(Template {
        sql: sql.into(),
        bindings: vec![Binding::Stamp(0), Binding::Given(2)],
    })
}

#[test]
fn the_longest_statement_that_is_kept_has_64_kib() {
    let shapes = Shapes::default();
    for (length, known) in [(MAX_SQL_BYTES + 1, 0), (MAX_SQL_BYTES, 1)] {
        shapes.insert(shape("a".repeat(length)), template(""));
        assert_eq!(format!("{shapes:?}"), format!("Shapes({known})"));
        let found = shapes.get(&shape("a".repeat(length)));
        assert_eq!(found.is_some(), known == 1, "{length}");
    }
}

#[test]
fn what_is_kept_is_weighed_in_bytes() {
    let weight = Bytes.weight(&shape("abcde".to_owned()), &template("abcdefg"));
    assert_eq!(weight, 256 + 5 + 2 * 8 + 3 + 7 + 2 * 16);
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    const TEXT: usize = 4 << 10;
    let shapes = Shapes::default();
    let text = |number: usize| format!("{number:TEXT$}");
    let used = || shape("SELECT 1".to_owned());
    shapes.insert(used(), template("SELECT 1"));
    let count = 4 * usize::try_from(MAX_BYTES).unwrap() / TEXT;
    for number in 0..count {
        shapes.insert(shape(text(number)), template(&text(number)));
        assert!(shapes.get(&used()).is_some(), "after {number}");
    }
    let kept = (0..count).filter(|number| shapes.get(&shape(text(*number))).is_some());
    let bytes = 2 * TEXT * kept.count();
    assert!(bytes > 1 << 20, "{bytes} are kept");
    assert!(bytes as u64 <= MAX_BYTES, "{bytes} are kept");
}

#[test]
fn shapes_are_told_apart_by_their_hashes_too() {
    let hash = |sql: &str| foldhash::quality::FixedState::default().hash_one(shape(sql.to_owned()));
    assert_eq!(hash("SELECT 1"), hash("SELECT 1"));
    assert_ne!(hash("SELECT 1"), hash("SELECT 2"));
}

#[test]
fn catalogues_that_say_the_same_are_equal_whatever_was_scoped_with_them() {
    let used = catalog();
    let _ = note(&scope(&used), 1);
    assert_eq!(used, catalog());
    assert_ne!(used, catalog().shared_table("currency"));
}
