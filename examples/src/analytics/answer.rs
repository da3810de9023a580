//! What the API takes and answers, on whichever framework.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy_core::TenantContext;

use super::store::{Insight, Insights, StoreError};

/// What every data route answers.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    tenant_id: String,
    user_id: String,
    data: Vec<Insight>,
}

impl Answer {
    /// The answer for `tenant`, whatever the request said.
    pub(super) async fn of(insights: &Insights, tenant: &TenantContext) -> Result<Self, Problem> {
        Ok(Self {
            tenant_id: tenant.tenant().to_string(),
            user_id: user_id(tenant).to_owned(),
            data: insights.latest(tenant).await?,
        })
    }
}

pub(super) fn user_id(tenant: &TenantContext) -> &str {
    tenant.subject().map_or("", |subject| subject.as_str())
}

/// What a client may post. Anything else, a `tenant_id` above all, is ignored; without a `body` nothing is
/// stored.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct Entry {
    /// The text of the insight.
    body: Option<String>,
}

impl Entry {
    /// Stores it for `tenant`, and answers.
    pub(super) async fn store(
        self,
        insights: &Insights,
        tenant: &TenantContext,
    ) -> Result<Answer, Problem> {
        if let Some(body) = &self.body {
            insights.add(tenant, body).await?;
        }
        Answer::of(insights, tenant).await
    }
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

/// Why a data route cannot answer, as a problem document (RFC 9457).
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem {
    pub(super) status: u16,
    code: &'static str,
    title: &'static str,
}

impl Problem {
    pub(super) const CONTENT_TYPE: &'static str = "application/problem+json";
    pub(super) const INVALID_BODY: Self = Self {
        status: 400,
        code: "invalid_body",
        title: "Send a JSON object with a body",
    };
    const INTERNAL: Self = Self {
        status: 500,
        code: "internal",
        title: "The request could not be served",
    };

    pub(super) fn document(&self) -> String {
        let Self {
            status,
            code,
            title,
        } = self;
        json!({ "type": "about:blank", "title": title, "status": status, "code": code }).to_string()
    }
}

/// The cause is for the operator; the client learns that there is one.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::INTERNAL
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}
