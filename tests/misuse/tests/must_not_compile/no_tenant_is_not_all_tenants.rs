//! A tenant that is missing goes nowhere.

use tenancy_core::{TableCatalog, TenantContext, TenantId, danger};
use tenancy_sqlx::TenantPool;

fn context(tenant: Option<TenantId>) {
    let _ = danger::assume(tenant, "a job");
}

fn scope(context: Option<TenantContext>, catalog: &TableCatalog) {
    context.scope(catalog);
}

async fn transaction(pool: &TenantPool, context: Option<&TenantContext>) {
    let _ = pool.begin(context).await;
    let _ = pool.read(None).await;
    let _ = pool.reader(context);
}

fn nobody() -> TenantId {
    TenantId::default()
}

fn unparsed(text: String) -> TenantId {
    text.into()
}

fn main() {}
