//! A context comes from admission, or from `danger` with a reason.

use tenancy_core::{TenantContext, TenantId};

fn forged(tenant: TenantId) -> TenantContext {
    TenantContext { tenant }
}

fn by_itself(tenant: TenantId) -> TenantContext {
    TenantContext::new(tenant)
}

fn of_nobody() -> TenantContext {
    TenantContext::default()
}

fn moved(context: &mut TenantContext, tenant: TenantId) {
    *context.tenant() = tenant;
}

fn main() {}
