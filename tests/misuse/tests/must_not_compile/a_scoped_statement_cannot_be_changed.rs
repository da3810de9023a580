//! What was proven is what is run.

use sea_query::{Expr, PostgresQueryBuilder, SelectStatement};
use tenancy_core::{Scoped, TenantId};

fn widened(mut scoped: Scoped<SelectStatement>) {
    scoped.or_where(Expr::cust("true"));
}

fn rendered(scoped: Scoped<SelectStatement>) {
    scoped.to_string(PostgresQueryBuilder);
}

fn of_another_tenant(scoped: &mut Scoped<SelectStatement>, tenant: TenantId) {
    *scoped.tenant() = tenant;
}

fn main() {}
