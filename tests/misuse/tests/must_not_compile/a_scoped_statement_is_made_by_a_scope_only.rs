//! Whoever has one has it from a scope.

use std::marker::PhantomData;

use sea_query::{SelectStatement, Values};
use tenancy_core::{Dialect, Scoped, TenantId};

fn forged(tenant: TenantId) -> Scoped<SelectStatement> {
    Scoped {
        tenant,
        dialect: Dialect::Postgres,
        sql: "SELECT * FROM note".into(),
        values: Values(Vec::new()),
        kind: PhantomData,
    }
}

fn main() {}
