//! What an operator reads: who asked for what, and why somebody was refused.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tenancy_axum::Tenant;
use tenancy_core::{Refusal, RefusalCause, TokenProblem};

/// Logs tenant, user, path and status of each admitted request.
pub(super) async fn log(Tenant(tenant): Tenant, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let user_id = tenant
        .subject()
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::info!(tenant_id = %tenant.tenant(), user_id, path, status = response.status().as_u16(), "served");
    response
}

/// Logs each refusal under a message that the runbook lists.
pub(super) async fn log_refusal(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        tracing::warn!(path, status = response.status().as_u16(), cause = %refusal, "{}", message(refusal));
    }
    response
}

fn message(refusal: &Refusal) -> &'static str {
    match refusal.cause() {
        RefusalCause::Token(TokenProblem::TenantMissing) => "Token missing organization identifier",
        RefusalCause::Token(TokenProblem::NoMatchingKey) => "No matching signing key found in JWKS",
        RefusalCause::KeysUnavailable { .. } => "Signing keys unavailable",
        _ => "Missing or invalid authorization token",
    }
}
