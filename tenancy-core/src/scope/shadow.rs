//! The `WITH` that makes a table's name mean one tenant's rows of it.

use std::collections::BTreeSet;

use sea_query::{Asterisk, CommonTableExpression, Expr, ExprTrait, Query, WithClause};

use super::TableCatalog;
use super::catalog::TenantTable;

/// One common table expression for each tenant table among `tables`; `None` when there is none.
pub(super) fn clause(
    tables: &BTreeSet<String>,
    tenant: &Expr,
    catalog: &TableCatalog,
) -> Option<WithClause> {
    let mut clause = WithClause::new();
    let mut any = false;
    for table in tables
        .iter()
        .filter_map(|name| catalog.tenant_table_named(name))
    {
        clause.cte(shadow(table, tenant));
        any = true;
    }
    any.then_some(clause)
}

/// The real table is named with its schema: neither `search_path` nor a temporary table gets in between.
fn shadow(table: &TenantTable, tenant: &Expr) -> CommonTableExpression {
    let rows = Query::select()
        .column(Asterisk)
        .from(target(table))
        .and_where(Expr::col(table.tenant_column().to_owned()).eq(tenant.clone()))
        .take();
    CommonTableExpression::new()
        .table_name(table.name().to_owned())
        .materialized(false)
        .query(rows)
        .to_owned()
}

/// The real table, as the target of a write.
pub(super) fn target(table: &TenantTable) -> (String, String) {
    (table.schema().to_owned(), table.name().to_owned())
}
