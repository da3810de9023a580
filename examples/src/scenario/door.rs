//! Steps at the door: which credentials open it.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{ACME, Reply, Stage};
use crate::identity_provider::{SigningKey, encode_part};

const DATA: &str = "/api/data";
/// How long the service may take to notice new keys. The quickstart sets a cooldown of one second.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn health(stage: &Stage<'_>) -> Result<String, String> {
    opens(&stage.send(Method::GET, "/health", None, None).await?)
}

pub(super) async fn missing_token(stage: &Stage<'_>) -> Result<String, String> {
    stage
        .send(Method::GET, DATA, None, None)
        .await?
        .refuses(403, "missing_token")
}

pub(super) async fn malformed_credential(stage: &Stage<'_>) -> Result<String, String> {
    stage
        .send(Method::GET, DATA, Some("Bearer one, two"), None)
        .await?
        .refuses(400, "invalid_request")
}

pub(super) async fn stranger(stage: &Stage<'_>) -> Result<String, String> {
    let stranger = SigningKey::rsa(1).map_err(|error| error.to_string())?;
    // The stranger even claims the id of the real key.
    let header = stage.provider.rsa_key().header();
    let token = stranger.sign_with(&header, &stage.provider.claims(ACME.id, "mallory", 3600));
    bad(stage, &token).await
}

pub(super) async fn unsigned(stage: &Stage<'_>) -> Result<String, String> {
    let header = json!({ "alg": "none", "typ": "JWT" }).to_string();
    let claims = stage.provider.claims(ACME.id, "mallory", 3600).to_string();
    let message = format!("{}.{}", encode_part(&header), encode_part(&claims));
    bad(stage, &format!("{message}.")).await?;
    bad(stage, &format!("{message}.AA")).await
}

pub(super) async fn expired(stage: &Stage<'_>) -> Result<String, String> {
    let claims = stage.provider.claims(ACME.id, "ada", -3600);
    bad(stage, &stage.provider.rsa_key().sign(&claims)).await
}

pub(super) async fn without_organisation(stage: &Stage<'_>) -> Result<String, String> {
    let mut claims = stage.provider.claims(ACME.id, "ada", 3600);
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("org_id");
    }
    bad(stage, &stage.provider.rsa_key().sign(&claims)).await
}

pub(super) async fn tampered(stage: &Stage<'_>) -> Result<String, String> {
    let token = stage.token(ACME);
    let signature = token.rsplit('.').next().unwrap_or_default();
    let header = encode_part(&stage.provider.rsa_key().header().to_string());
    let claims = encode_part(&stage.provider.claims("globex", "ada", 3600).to_string());
    bad(stage, &format!("{header}.{claims}.{signature}")).await
}

pub(super) async fn elliptic_curve(stage: &Stage<'_>) -> Result<String, String> {
    let token = stage
        .provider
        .ec_key()
        .sign(&stage.provider.claims(ACME.id, "ada", 3600));
    opens(&stage.get(DATA, &token).await?)
}

/// A token of the new key opens the door, without a restart; one of the withdrawn key no longer does.
pub(super) async fn rotation(stage: &Stage<'_>) -> Result<String, String> {
    let old = stage.token(ACME);
    opens(&stage.get(DATA, &old).await?)?;
    stage.provider.rotate().map_err(|error| error.to_string())?;
    let new = stage.token(ACME);
    let mut waited = Duration::ZERO;
    let mut reply = stage.get(DATA, &new).await?;
    while reply.status == 401 && waited < PATIENCE {
        let pause = Duration::from_millis(250);
        tokio::time::sleep(pause).await;
        waited += pause;
        reply = stage.get(DATA, &new).await?;
    }
    let opened = opens(&reply)?;
    let refused = bad(stage, &old).await?;
    Ok(format!("new key: {opened}; withdrawn key: {refused}"))
}

fn opens(reply: &Reply) -> Result<String, String> {
    if reply.status == 200 {
        Ok("200".to_owned())
    } else {
        Err(format!("expected 200, got {} {}", reply.status, reply.body))
    }
}

async fn bad(stage: &Stage<'_>, token: &str) -> Result<String, String> {
    stage.get(DATA, token).await?.refuses(401, "invalid_token")
}
