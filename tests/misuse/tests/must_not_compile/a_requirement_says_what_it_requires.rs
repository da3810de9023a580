//! A handler requires what has a guard, and nothing else.

use tenancy_axum::Require;

struct Admin;

async fn members(Require(tenant, ..): Require<Admin>) -> String {
    tenant.tenant().to_string()
}

fn main() {
    let _ = members;
}
