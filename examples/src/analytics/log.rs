//! What an operator reads: who asked for what, and why somebody was refused.

use tenancy_core::{Refusal, RefusalCause, TenantContext, TokenProblem};

use super::answer::user_id;

/// Tenant, user, path and status of an admitted request.
pub(super) fn served(tenant: &TenantContext, path: &str, status: u16) {
    let user_id = user_id(tenant);
    tracing::info!(tenant_id = %tenant.tenant(), user_id, path, status, "served");
}

/// A refusal, under a message that the runbook lists.
pub(super) fn refused(refusal: &Refusal, path: &str, status: u16) {
    tracing::warn!(path, status, cause = %refusal, "{}", message(refusal));
}

fn message(refusal: &Refusal) -> &'static str {
    match refusal.cause() {
        RefusalCause::Token(TokenProblem::TenantMissing) => "Token missing organization identifier",
        RefusalCause::Token(TokenProblem::NoMatchingKey) => "No matching signing key found in JWKS",
        RefusalCause::KeysUnavailable { .. } => "Signing keys unavailable",
        _ => "Missing or invalid authorization token",
    }
}
