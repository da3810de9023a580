//! Steps behind the door: whose rows a request reaches.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ACME, GLOBEX, Reply, Stage, Tenant};

const DATA: &str = "/api/data";

pub(super) async fn own_data(stage: &Stage<'_>, tenant: Tenant) -> Result<String, String> {
    belongs_to(tenant, &stage.get(DATA, &stage.token(tenant)).await?)
}

pub(super) async fn foreign_tenant_in_body(stage: &Stage<'_>) -> Result<String, String> {
    let token = format!("Bearer {}", stage.token(ACME));
    let posted = "Accounts with a named owner renew earlier";
    let body =
        json!({ "tenant_id": GLOBEX.id, "body": posted, "data": { "tenant_id": GLOBEX.id } });
    let reply = stage
        .send(Method::POST, DATA, Some(&token), Some(body))
        .await?;
    let came_back = belongs_to(ACME, &reply)?;
    let stored = reply
        .rows()
        .iter()
        .any(|row| row.get("body").and_then(Value::as_str) == Some(posted));
    if !stored {
        return Err("what was posted is not among the data".to_owned());
    }
    own_data(stage, GLOBEX).await?;
    Ok(came_back)
}

pub(super) async fn foreign_tenant_in_query(stage: &Stage<'_>) -> Result<String, String> {
    let path = format!("{DATA}?tenant_id={}&org_id={}", GLOBEX.id, GLOBEX.id);
    belongs_to(ACME, &stage.get(&path, &stage.token(ACME)).await?)
}

pub(super) async fn select_without_where(stage: &Stage<'_>) -> Result<String, String> {
    let acme = everything(stage, ACME).await?;
    let globex = everything(stage, GLOBEX).await?;
    Ok(format!(
        "{} rows for acme, {} for globex, none of the other",
        acme.rows, globex.rows
    ))
}

pub(super) async fn insert_for_another(stage: &Stage<'_>) -> Result<String, String> {
    let before = everything(stage, GLOBEX).await?;
    let token = format!("Bearer {}", stage.token(ACME));
    let path = format!("/forgetful/insert?tenant={}", GLOBEX.id);
    let reply = stage.send(Method::POST, &path, Some(&token), None).await?;
    // 42501, insufficient_privilege: the row violates the policy.
    if reply.body.get("refused").and_then(Value::as_str) != Some("42501") {
        return Err(format!(
            "expected the database to refuse, got {} {}",
            reply.status, reply.body
        ));
    }
    let after = everything(stage, GLOBEX).await?;
    if after.rows != before.rows {
        return Err("globex has a row more than before".to_owned());
    }
    Ok("refused by row-level security (SQLSTATE 42501)".to_owned())
}

/// acme's request is inside its transaction when acme hangs up. The service has one connection, so globex
/// is served on the same one next, and finds neither acme's tenant nor acme's open transaction.
pub(super) async fn hang_up(stage: &Stage<'_>) -> Result<String, String> {
    let before = everything(stage, ACME).await?;
    let token = stage.token(ACME);
    let request = stage.get("/forgetful/slow", &token);
    if tokio::time::timeout(Duration::from_millis(200), request)
        .await
        .is_ok()
    {
        return Err("the request was answered before acme could hang up".to_owned());
    }
    let globex = everything(stage, GLOBEX).await?;
    let after = everything(stage, ACME).await?;
    if globex.connection != before.connection || after.connection != before.connection {
        return Err("the service used another connection, so this proves nothing".to_owned());
    }
    if after.rows != before.rows {
        return Err(format!(
            "acme had {} rows and has {}",
            before.rows, after.rows
        ));
    }
    Ok(format!(
        "globex sees its {} rows; what acme left unfinished is gone",
        globex.rows
    ))
}

/// What a SELECT without WHERE found, all of it the tenant's.
struct Everything {
    rows: usize,
    connection: Option<i64>,
}

async fn everything(stage: &Stage<'_>, tenant: Tenant) -> Result<Everything, String> {
    let reply = stage
        .get("/forgetful/everything", &stage.token(tenant))
        .await?;
    let owners = reply.body.get("owners").and_then(Value::as_array);
    let owners =
        owners.ok_or_else(|| format!("expected rows, got {} {}", reply.status, reply.body))?;
    if owners.is_empty() || owners.iter().any(|owner| owner.as_str() != Some(tenant.id)) {
        return Err(format!("{} sees rows of {owners:?}", tenant.id));
    }
    Ok(Everything {
        rows: owners.len(),
        connection: reply.body.get("connection").and_then(Value::as_i64),
    })
}

/// The answer is that of `tenant`, and every row in it was written by one of its users.
fn belongs_to(tenant: Tenant, reply: &Reply) -> Result<String, String> {
    let named = reply.body.get("tenant_id").and_then(Value::as_str);
    let user = reply.body.get("user_id").and_then(Value::as_str);
    if reply.status != 200 || named != Some(tenant.id) || user != tenant.users.first().copied() {
        return Err(format!(
            "expected data of {}, got {} {}",
            tenant.id, reply.status, reply.body
        ));
    }
    let rows = reply.rows();
    let foreign = rows
        .iter()
        .filter_map(|row| row.get("author")?.as_str())
        .find(|author| !tenant.users.contains(author));
    match foreign {
        Some(author) => Err(format!("{} was given a row by {author}", tenant.id)),
        None if rows.is_empty() => Err(format!("{} was given no rows", tenant.id)),
        None => Ok(format!("200, {} rows, all of {}", rows.len(), tenant.id)),
    }
}

impl Reply {
    fn rows(&self) -> &[Value] {
        self.body
            .get("data")
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }
}
