//! The API on axum.

use std::io;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{Admission, Refusal};
use tokio::net::TcpListener;

use super::answer::{Answer, Entry, Problem};
use super::log;
use super::store::Insights;
use crate::serve::stopped;

/// Serves the API until the program is told to stop.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    insights: Insights,
    admission: Admission,
) -> io::Result<()> {
    let app = router(insights, admission, Router::new());
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped())
        .await
}

/// The API. Routes that `more` brings stand behind the same admission.
pub fn router(insights: Insights, admission: Admission, more: Router<Insights>) -> Router {
    Router::new()
        .route("/api/data", get(list).post(add))
        .merge(more)
        .layer(from_fn(log))
        .route("/health", get(health))
        .layer(TenantLayer::new(admission))
        .layer(from_fn(log_refusal))
        .with_state(insights)
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn list(
    Tenant(tenant): Tenant,
    State(insights): State<Insights>,
) -> Result<Json<Answer>, Problem> {
    Answer::of(&insights, &tenant).await.map(Json)
}

async fn add(
    Tenant(tenant): Tenant,
    State(insights): State<Insights>,
    entry: Result<Json<Entry>, JsonRejection>,
) -> Result<Json<Answer>, Problem> {
    let Json(entry) = entry.map_err(|_| Problem::INVALID_BODY)?;
    entry.store(&insights, &tenant).await.map(Json)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let content_type = [(CONTENT_TYPE, Self::CONTENT_TYPE)];
        (status.unwrap_or_default(), content_type, self.document()).into_response()
    }
}

async fn log(Tenant(tenant): Tenant, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    log::served(&tenant, &path, response.status().as_u16());
    response
}

async fn log_refusal(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        log::refused(refusal, &path, response.status().as_u16());
    }
    response
}
