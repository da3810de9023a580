//! The forgetful routes on axum.

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tenancy_axum::Tenant;

use super::{Victim, answer};
use crate::analytics::Insights;

/// The routes, for [`analytics::on_axum::router`](crate::analytics::on_axum::router).
pub fn routes() -> Router<Insights> {
    Router::new()
        .route("/forgetful/everything", get(everything))
        .route("/forgetful/insert", post(insert))
        .route("/forgetful/slow", get(slow))
}

async fn everything(Tenant(tenant): Tenant, State(insights): State<Insights>) -> Json<Value> {
    Json(answer(super::everything(&insights, &tenant).await))
}

async fn insert(
    Tenant(tenant): Tenant,
    State(insights): State<Insights>,
    Query(victim): Query<Victim>,
) -> Json<Value> {
    Json(answer(super::insert(&insights, &tenant, &victim).await))
}

async fn slow(Tenant(tenant): Tenant, State(insights): State<Insights>) -> Json<Value> {
    Json(answer(super::slow(&insights, &tenant).await))
}
