//! What a forgetful developer adds to the API, and what must come of it all the same.
//!
//! None of this uses the scoped builder. Only row-level security and `TenantTransaction` stand between these
//! routes and the rows of another tenant.

pub mod on_actix;
pub mod on_axum;

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::Row as _;
use tenancy_core::TenantContext;

use crate::analytics::Insights;

/// For whom to insert.
#[derive(Debug, Deserialize)]
pub struct Victim {
    /// The tenant that the row shall belong to.
    pub tenant: String,
}

/// `SELECT * FROM insight`, and not a word about the tenant.
///
/// # Errors
/// When the database refuses.
pub async fn everything(
    insights: &Insights,
    tenant: &TenantContext,
) -> Result<Value, tenancy_sqlx::Error> {
    let mut transaction = insights.pool().read(tenant).await?;
    let rows = sqlx::query("SELECT *, pg_backend_pid() AS connection FROM insight")
        .fetch_all(&mut transaction)
        .await?;
    let mut owners = Vec::new();
    let mut bodies = Vec::new();
    let mut connection = None;
    for row in &rows {
        owners.push(row.try_get::<String, _>("tenant_id")?);
        bodies.push(row.try_get::<String, _>("body")?);
        connection = Some(row.try_get::<i32, _>("connection")?);
    }
    Ok(json!({ "owners": owners, "bodies": bodies, "connection": connection }))
}

/// An INSERT for whichever tenant the client names.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    insights: &Insights,
    tenant: &TenantContext,
    victim: &Victim,
) -> Result<Value, tenancy_sqlx::Error> {
    let mut transaction = insights.pool().begin(tenant).await?;
    sqlx::query("INSERT INTO insight (tenant_id, author, body) VALUES ($1, 'intruder', 'planted')")
        .bind(&victim.tenant)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(json!({ "inserted": true }))
}

/// Writes, then dawdles, so that there is time to hang up before the commit.
///
/// # Errors
/// When the database refuses.
pub async fn slow(
    insights: &Insights,
    tenant: &TenantContext,
) -> Result<Value, tenancy_sqlx::Error> {
    let mut transaction = insights.pool().begin(tenant).await?;
    sqlx::query(
        "INSERT INTO insight (tenant_id, author, body) VALUES ($1, 'dawdler', 'never finished')",
    )
    .bind(tenant.tenant().as_str())
    .execute(&mut transaction)
    .await?;
    sqlx::query("SELECT pg_sleep(0.5)")
        .execute(&mut transaction)
        .await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    transaction.commit().await?;
    Ok(json!({ "finished": true }))
}

/// The result as an answer; a refusal of the database by its SQLSTATE.
fn answer(result: Result<Value, tenancy_sqlx::Error>) -> Value {
    result.unwrap_or_else(|error| json!({ "refused": sqlstate(&error) }))
}

/// The SQLSTATE of an error, such as 42501 for a violated policy.
pub fn sqlstate(error: &tenancy_sqlx::Error) -> String {
    let code = match error {
        tenancy_sqlx::Error::Database(sqlx::Error::Database(error)) => {
            error.code().map(|code| code.to_string())
        }
        _ => None,
    };
    code.unwrap_or_else(|| error.to_string())
}
