//! The forgetful routes on actix-web.

use actix_web::web::{Data, Json, Query, ServiceConfig, get, post};
use serde_json::Value;
use tenancy_actix::Tenant;

use super::{Victim, answer};
use crate::analytics::Insights;

/// The routes, for [`analytics::on_actix::app`](crate::analytics::on_actix::app).
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/forgetful/everything", get().to(everything))
        .route("/forgetful/insert", post().to(insert))
        .route("/forgetful/slow", get().to(slow));
}

async fn everything(Tenant(tenant): Tenant, insights: Data<Insights>) -> Json<Value> {
    Json(answer(super::everything(&insights, &tenant).await))
}

async fn insert(
    Tenant(tenant): Tenant,
    insights: Data<Insights>,
    Query(victim): Query<Victim>,
) -> Json<Value> {
    Json(answer(super::insert(&insights, &tenant, &victim).await))
}

async fn slow(Tenant(tenant): Tenant, insights: Data<Insights>) -> Json<Value> {
    Json(answer(super::slow(&insights, &tenant).await))
}
