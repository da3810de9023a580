//! What the text of a statement becomes, and which statements are refused.

mod golden;
mod names;
mod reading;
mod writing;

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
