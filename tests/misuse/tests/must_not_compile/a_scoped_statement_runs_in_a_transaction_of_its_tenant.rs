//! On Postgres nothing runs outside a transaction that row-level security binds.

use sea_query::SelectStatement;
use sqlx::PgPool;
use tenancy_core::{Scoped, TenantContext};
use tenancy_sqlx::ForTenant;

async fn read(pool: &PgPool, tenant: &TenantContext, notes: &Scoped<SelectStatement>) {
    let _: Result<Vec<(String,)>, _> = pool.for_tenant(tenant).fetch_all(notes).await;
}

fn main() {}
