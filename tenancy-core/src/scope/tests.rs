//! What the text of a statement becomes, and which statements are refused.

mod expressions;
mod golden;
mod hiding;
mod names;
mod reading;
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
    let scope = scope(catalog);
    let scoping = Scoping::new(catalog, &scope.tenant, &scope.project)?;
    let edits = edits(sql, &[], &scoping, &[])?;
    Ok(assemble(sql, Vec::new(), edits, &scoping).0)
}

/// The raw text `sql` in which each placeholder is a parameter, scoped, and how many parameters it has then.
fn scoped_with_parameters(
    catalog: &TableCatalog,
    sql: &str,
) -> Result<(String, usize), ScopeError> {
    let parameters = || {
        let places = sql.match_indices(catalog.dialect().placeholder());
        let parameter = |(at, _)| Parameter {
            at,
            value: Value::from(7),
        };
        places.map(parameter).collect::<Vec<_>>()
    };
    let scope = scope(catalog);
    let scoping = Scoping::new(catalog, &scope.tenant, &scope.project)?;
    let edits = edits(sql, &parameters(), &scoping, &[])?;
    let (sql, values) = assemble(sql, parameters(), edits, &scoping);
    Ok((sql, values.0.len()))
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
