//! What the text of a statement becomes, and which statements are refused.

mod dialects;
mod expressions;
mod golden;
mod hiding;
mod in_place;
mod names;
mod parameters;
mod projects;
mod reading;
mod refusing;
mod shapes;
mod tokens;
mod writing;

use sea_query::Value;

use super::*;

fn catalog() -> TableCatalog {
    TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table("tag", "tenant_id")
        .shared_table("plan")
}

fn scope(catalog: &TableCatalog) -> Scope<'_> {
    Scope::new(TenantId::parse("acme").unwrap(), None, catalog)
}

/// The raw text `sql`, scoped. No test could write all of this with sea-query, and a fragment can hold any of it.
fn scoped(catalog: &TableCatalog, sql: &str) -> Result<String, ScopeError> {
    scoped_with(&scope(catalog), sql, Vec::new()).map(|(sql, _)| sql)
}

/// The raw text `sql` in which each placeholder is a parameter, scoped, and how many parameters it has then.
fn scoped_with_parameters(
    catalog: &TableCatalog,
    sql: &str,
) -> Result<(String, usize), ScopeError> {
    let places = sql.match_indices(catalog.dialect().placeholder());
    let places = places.map(|(place, _)| place).collect();
    scoped_with(&scope(catalog), sql, places)
}

/// The raw text `sql` with parameters at `places`, scoped, and how many parameters it has then.
fn scoped_with(
    scope: &Scope<'_>,
    sql: &str,
    places: Vec<usize>,
) -> Result<(String, usize), ScopeError> {
    let scoping = Scoping::new(scope.catalog, &scope.tenant, &scope.project)?;
    let mut draft = Draft::new(scoping.dialect().placeholder());
    draft.sql.push_str(sql);
    draft.values = vec![Value::from(7); places.len()];
    draft.places = places;
    let (sql, values) = scope_draft(draft, Vec::new(), &scoping)?;
    Ok((sql.to_string(), values.0.len()))
}

/// The tables that `sql` reads, of which those of tenants are scoped.
fn tables(sql: &str) -> Result<Vec<String>, ScopeError> {
    tables_in(&catalog(), sql)
}

fn tables_in(catalog: &TableCatalog, sql: &str) -> Result<Vec<String>, ScopeError> {
    let text = scoped(catalog, sql)?;
    let names = catalog.tenant_tables().map(TenantTable::name);
    let names = names.filter(|name| {
        let quote = catalog.dialect().quote();
        let name = format!("{quote}{name}{quote}");
        text.contains(&format!("{name} AS NOT MATERIALIZED ("))
            || text.contains(&format!(") AS {name}"))
    });
    Ok(names.map(str::to_owned).collect())
}
