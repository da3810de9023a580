//! The statements, as they are written with the scope, and as they are written with sea-query alone.

use std::sync::atomic::{AtomicU64, Ordering};

use sea_query::{Expr, ExprTrait, InsertStatement, Query, SelectStatement, UpdateStatement};
use tenancy_core::{Scope, ScopeError, Scoped};

use super::TENANT;

/// How many rows the long INSERT has.
pub(super) const ROWS: i64 = 1000;

pub(super) fn scoped_select(scope: &Scope<'_>) -> Result<Scoped<SelectStatement>, ScopeError> {
    scope
        .select()
        .columns(["id", "body"])
        .from("note")
        .and_where(Expr::col("pinned").eq(true))
        .limit(20)
        .finish()
}

pub(super) fn plain_select() -> SelectStatement {
    Query::select()
        .columns(["id", "body"])
        .from("note")
        .and_where(Expr::col("tenant_id").eq(TENANT))
        .and_where(Expr::col("pinned").eq(true))
        .limit(20)
        .take()
}

/// The simple select again, each time with a name in it that no statement had before.
pub(super) fn scoped_new_select(scope: &Scope<'_>) -> Result<Scoped<SelectStatement>, ScopeError> {
    scope
        .select()
        .column("id")
        .expr_as(Expr::col("body"), new_name())
        .from("note")
        .and_where(Expr::col("pinned").eq(true))
        .limit(20)
        .finish()
}

pub(super) fn plain_new_select() -> SelectStatement {
    Query::select()
        .column("id")
        .expr_as(Expr::col("body"), new_name())
        .from("note")
        .and_where(Expr::col("tenant_id").eq(TENANT))
        .and_where(Expr::col("pinned").eq(true))
        .limit(20)
        .take()
}

/// All of them are equally long.
fn new_name() -> String {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    format!("body_{:012}", NAMES.fetch_add(1, Ordering::Relaxed))
}

pub(super) fn scoped_join(scope: &Scope<'_>) -> Result<Scoped<SelectStatement>, ScopeError> {
    scope
        .select()
        .column(("note", "id"))
        .column(("author", "name"))
        .column(("tag", "name"))
        .from("note")
        .inner_join(
            "author",
            Expr::col(("author", "id")).equals(("note", "author_id")),
        )
        .left_join("tag", Expr::col(("tag", "note_id")).equals(("note", "id")))
        .and_where(Expr::col(("note", "pinned")).eq(true))
        .finish()
}

pub(super) fn plain_join() -> SelectStatement {
    let of_tenant = |table: &'static str| Expr::col((table, "tenant_id")).eq(TENANT);
    Query::select()
        .column(("note", "id"))
        .column(("author", "name"))
        .column(("tag", "name"))
        .from("note")
        .inner_join(
            "author",
            Expr::col(("author", "id"))
                .equals(("note", "author_id"))
                .and(of_tenant("author")),
        )
        .left_join(
            "tag",
            Expr::col(("tag", "note_id"))
                .equals(("note", "id"))
                .and(of_tenant("tag")),
        )
        .and_where(of_tenant("note"))
        .and_where(Expr::col(("note", "pinned")).eq(true))
        .take()
}

pub(super) fn scoped_insert(scope: &Scope<'_>) -> Result<Scoped<InsertStatement>, ScopeError> {
    (0..ROWS)
        .fold(
            scope.insert("note").columns(["id", "author_id", "body"]),
            |insert, row| insert.values([row.into(), 7_i64.into(), "the body of a note".into()]),
        )
        .finish()
}

pub(super) fn plain_insert() -> InsertStatement {
    let mut insert = Query::insert();
    insert
        .into_table("note")
        .columns(["tenant_id", "id", "author_id", "body"]);
    for row in 0..ROWS {
        insert.values_panic([
            TENANT.into(),
            row.into(),
            7_i64.into(),
            "the body of a note".into(),
        ]);
    }
    insert
}

pub(super) fn scoped_update(scope: &Scope<'_>) -> Result<Scoped<UpdateStatement>, ScopeError> {
    scope
        .update("note")
        .value("body", "changed")
        .value("pinned", true)
        .and_where(Expr::col("id").eq(7))
        .finish()
}

pub(super) fn plain_update() -> UpdateStatement {
    Query::update()
        .table("note")
        .value("body", "changed")
        .value("pinned", true)
        .and_where(Expr::col("tenant_id").eq(TENANT))
        .and_where(Expr::col("id").eq(7))
        .take()
}
