//! A scope is made by a context, and nothing else names its tenant.

use tenancy_core::{Scope, TableCatalog, TenantId};

fn scope(tenant: TenantId, catalog: &TableCatalog) -> Scope<'_> {
    Scope::new(tenant, None, catalog)
}

fn of_a_tenant(tenant: &TenantId, catalog: &TableCatalog) {
    tenant.scope(catalog);
}

fn main() {}
