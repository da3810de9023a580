//! The text of statements in each dialect, as users meet it in their logs.
//!
//! After a change that is meant, `TENANCY_BLESS=1 cargo test -p tenancy-core golden` writes the file anew.

use std::fmt::Write as _;
use std::{env, fs};

use sea_query::{
    CommonTableExpression, Expr, ExprTrait, Func, LockType, OnConflict, Order, Query,
    SelectStatement, UnionType, WithClause,
};

use super::*;

const PAGE: &str = include_str!("../../manual/scoping.md");

type Case = (&'static str, fn(&Scope<'_>) -> Result<String, ScopeError>);

const CASES: [Case; 15] = [
    ("select", |scope| {
        let select = scope.select().column("body").from("note");
        let select = select.and_where(Expr::col("pinned").eq(true));
        sql(select.order_by("id", Order::Asc).limit(20).finish())
    }),
    ("a left join keeps rows without a match", |scope| {
        let on = Expr::col(("tag", "note_id")).equals(("note", "id"));
        let select = scope
            .select()
            .column(("note", "id"))
            .column(("tag", "name"));
        sql(select.from("note").left_join("tag", on).finish())
    }),
    (
        "sub-queries, unions and a condition that is always true",
        |scope| {
            let tags = Query::select().column("note_id").from("tag").take();
            let more = Query::select().column("id").from("note").take();
            let notes = Query::select()
                .column("id")
                .from("note")
                .and_where(Expr::col("id").in_subquery(tags).or(Expr::cust("true")))
                .union(UnionType::All, more)
                .take();
            sql(scope.wrap(notes))
        },
    ),
    ("a common table expression of one's own", |scope| {
        let recent = CommonTableExpression::new()
            .table_name("recent")
            .query(Query::select().column("id").from("note").take())
            .to_owned();
        let select = Query::select().column("id").from("recent").take();
        sql(scope.wrap(select.with(WithClause::new().cte(recent).to_owned())))
    }),
    ("tables that all tenants share", |scope| {
        sql(scope.select().column("name").from("plan").finish())
    }),
    ("a row lock", |scope| {
        let select = scope.select().column("id").from("note");
        sql(select
            .apply(|select| select.lock(LockType::Update))
            .finish())
    }),
    ("a name with its schema", |scope| {
        sql(scope
            .select()
            .column("total")
            .from(("billing", "invoice"))
            .finish())
    }),
    ("insert", |scope| {
        let insert = scope.insert("note").columns(["id", "body"]);
        let insert = insert
            .values([1.into(), "a".into()])
            .values([2.into(), "b".into()]);
        sql(insert.finish())
    }),
    ("insert from a query", |scope| {
        let insert = scope.insert("tag").columns(["note_id", "name"]);
        sql(insert.select_from(tagged()).finish())
    }),
    ("upsert", |scope| {
        let mut conflict = OnConflict::columns(["tenant_id", "id"]);
        conflict.update_column("body");
        let insert = scope.insert("note").columns(["id", "body"]);
        sql(insert
            .values([1.into(), "a".into()])
            .on_conflict(conflict)
            .finish())
    }),
    ("update", |scope| {
        let update = scope.update("note").value("pinned", true);
        sql(update
            .and_where(Expr::col("id").eq(1).or(Expr::cust("true")))
            .finish())
    }),
    ("update from another table", |scope| {
        let update = scope
            .update("note")
            .value("body", Expr::col(("tag", "name")))
            .from("tag");
        sql(update
            .and_where(Expr::col(("tag", "note_id")).equals(("note", "id")))
            .finish())
    }),
    ("delete with a sub-query", |scope| {
        let newest = Query::select()
            .expr(Func::max(Expr::col("id")))
            .from("note")
            .take();
        let delete = scope.delete("note");
        sql(delete
            .and_where(Expr::col("id").not_in_subquery(newest))
            .finish())
    }),
    ("delete with another table", |scope| {
        let delete = scope.delete("note").using("tag");
        sql(delete
            .and_where(Expr::col(("tag", "note_id")).equals(("note", "id")))
            .finish())
    }),
    ("a project within the tenant", |scope| {
        let update = scope.update("task").value("done", true);
        sql(update.and_where(Expr::col("id").eq(1)).finish())
    }),
];

fn tagged() -> SelectStatement {
    let mut select = Query::select();
    select.column("id").expr(Expr::val("new")).from("note");
    select.and_where(Expr::col("pinned").eq(true)).take()
}

fn sql<S>(scoped: Result<Scoped<S>, ScopeError>) -> Result<String, ScopeError> {
    scoped.map(|scoped| scoped.sql().to_owned())
}

fn rendered() -> String {
    let mut text = String::from("# The SQL of scoped statements\n");
    for (title, build) in CASES {
        write!(text, "\n## {title}\n\n").unwrap();
        for (name, dialect) in [
            ("Postgres", Dialect::Postgres),
            ("MySQL", Dialect::MySql),
            ("SQLite", Dialect::Sqlite),
        ] {
            let catalog = catalog()
                .tenant_table_in("billing", "invoice", "tenant_id")
                .table(TenantTable::new("task", "tenant_id").with_project_column("project_id"))
                .with_dialect(dialect);
            let project = ProjectId::parse("apollo").unwrap();
            let scope = Scope::new(TenantId::parse("acme").unwrap(), Some(&project), &catalog);
            match build(&scope) {
                Ok(sql) => write!(text, "{name}\n```sql\n{sql}\n```\n").unwrap(),
                Err(error) => writeln!(text, "{name}: {error}.").unwrap(),
            }
        }
    }
    text
}

#[test]
fn the_text_of_statements_is_golden() {
    let rendered = rendered();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scope/tests/golden.md");
    if env::var_os("TENANCY_BLESS").is_some() {
        fs::write(file, &rendered).unwrap();
    }
    let golden = fs::read_to_string(file).unwrap();
    assert!(
        golden == rendered,
        "{file} is not what statements are:\n{rendered}"
    );
}

/// So that one prepared statement serves all tenants.
#[test]
fn the_text_is_the_same_for_every_tenant_and_value() {
    let catalog = catalog();
    let sql = |tenant: &str, id: i64, body: &str| {
        let scope = Scope::new(TenantId::parse(tenant).unwrap(), None, &catalog);
        let select = scope
            .select()
            .column("body")
            .from("note")
            .and_where(Expr::col("id").eq(id));
        let insert = scope
            .insert("note")
            .columns(["id", "body"])
            .values([id.into(), body.into()]);
        let update = scope
            .update("note")
            .value("body", body)
            .and_where(Expr::col("id").eq(id));
        let delete = scope.delete("note").and_where(Expr::col("body").eq(body));
        [
            sql(select.finish()),
            sql(insert.finish()),
            sql(update.finish()),
            sql(delete.finish()),
        ]
        .map(Result::unwrap)
    };
    assert_eq!(
        sql("acme", 1, "a"),
        sql("globex' --", i64::MAX, "b' OR true")
    );
}

#[test]
fn the_manual_shows_what_is_made() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let golden = words(&rendered());
    let blocks: Vec<_> = PAGE.split("```").skip(1).step_by(2).collect();
    let sql: Vec<_> = blocks
        .iter()
        .filter_map(|block| block.strip_prefix("sql\n"))
        .collect();
    assert!(sql.len() > 5);
    for block in sql {
        assert!(
            golden.contains(&words(block)),
            "no statement is this:\n{block}"
        );
    }
}
