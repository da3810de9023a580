//! The routes of the API on axum.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{Admission, TenantContext};

use super::log::log;
use super::store::{Insight, Insights, StoreError};

/// What every data route answers.
#[derive(Debug, Serialize)]
pub struct Answer {
    tenant_id: String,
    user_id: String,
    data: Vec<Insight>,
}

/// What a client may post. Anything else, a `tenant_id` above all, is ignored; without a `body` nothing is
/// stored.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Entry {
    /// The text of the insight.
    pub body: Option<String>,
}

/// Through a map, because serde reads an array as a struct too; and Postgres keeps no NUL in a text.
impl TryFrom<Map<String, Value>> for Entry {
    type Error = &'static str;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        match members.get("body") {
            None | Some(Value::Null) => Ok(Self { body: None }),
            Some(Value::String(body)) if !body.contains('\0') => Ok(Self {
                body: Some(body.clone()),
            }),
            Some(_) => Err("body is not a text"),
        }
    }
}

/// The API. Routes that `more` brings stand behind the same admission.
pub fn router(insights: Insights, admission: Admission, more: Router<Insights>) -> Router {
    Router::new()
        .route("/api/data", get(list).post(add))
        .merge(more)
        .layer(from_fn(log))
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .layer(TenantLayer::new(admission))
        .layer(from_fn(super::log::log_refusal))
        .with_state(insights)
}

async fn list(
    Tenant(tenant): Tenant,
    State(insights): State<Insights>,
) -> Result<Json<Answer>, StoreError> {
    Answer::of(&insights, &tenant).await.map(Json)
}

async fn add(
    Tenant(tenant): Tenant,
    State(insights): State<Insights>,
    entry: Result<Json<Entry>, JsonRejection>,
) -> Result<Response, StoreError> {
    let Ok(Json(entry)) = entry else {
        return Ok(problem(
            StatusCode::BAD_REQUEST,
            "invalid_body",
            "Send a JSON object with a body",
        ));
    };
    if let Some(body) = &entry.body {
        insights.add(&tenant, body).await?;
    }
    Ok(Json(Answer::of(&insights, &tenant).await?).into_response())
}

impl Answer {
    /// The answer for `tenant`, whatever the request said.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn of(insights: &Insights, tenant: &TenantContext) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id: tenant.tenant().to_string(),
            user_id: tenant
                .subject()
                .map(ToString::to_string)
                .unwrap_or_default(),
            data: insights.latest(tenant).await?,
        })
    }
}

impl IntoResponse for StoreError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "the store failed");
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The request could not be served",
        )
    }
}

/// A problem document (RFC 9457).
fn problem(status: StatusCode, code: &str, title: &str) -> Response {
    let body =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code });
    (
        status,
        [(CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}
