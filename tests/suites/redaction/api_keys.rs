//! API keys in every place where a request can put one, and everything that holds one.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{
    Admission, ApiKey, ApiKeyError, ApiKeyHash, ApiKeyRecord, ApiKeys, JwtVerifier, MemoryApiKeys,
    Presented, Refusal, SigningKey, SubjectId, TenantId, TokenIssuer, TracingAudit, UnixTime,
};
use tower_service::Service as _;

use super::capture::Log;
use super::{
    AUDIENCE, EMAIL, PERMISSION, ROLE, SUBJECT, Said, shared_secret, without_the_verified,
};

fn record(said: &mut Said, name: &str, keys: &MemoryApiKeys) -> (String, ApiKeyRecord) {
    let key = ApiKey::generate().unwrap();
    said.debug("`ApiKey`", &key);
    let tenant = TenantId::parse("acme").unwrap();
    let record = ApiKeyRecord::new(key.hash(), tenant, SubjectId::parse(SUBJECT).unwrap())
        .with_roles([ROLE])
        .with_permissions([PERMISSION]);
    let key = key.expose();
    // The prefix is that of every key.
    said.secrets.add(name, &key[4..]);
    keys.insert(record.clone());
    (key, record)
}

/// Asks a service on axum, which answers with what it knows of the tenant.
async fn ask(said: &mut Said, admission: &Admission, path: &str, fields: &[(&str, &str)]) -> u16 {
    let who = |Tenant(tenant): Tenant| async move { format!("{tenant:?}\n{:?}", tenant.api_key()) };
    let mut app = Router::new()
        .route("/who", get(who))
        .route("/open", get(who))
        .layer(TenantLayer::new(admission.clone()));
    let mut request = Request::get(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.call(request).await.unwrap();
    said.debug("an answer", &response);
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        said.error("a `Refusal`", refusal);
        said.debug("a `RefusalCause`", refusal.cause());
        said.debug("a `RefusalResponse`", refusal.response());
    }
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    said.text("an answer", String::from_utf8_lossy(&body));
    status
}

#[test]
fn no_api_key_is_logged_answered_or_shown() {
    let mut said = Said::with_canaries();
    let ((), log) = Log::of(requests_with_keys(&mut said));
    for line in ["refused a request", "refused an API key"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    said.text("the log", without_the_verified(SUBJECT, &log));
    assert!(said.said.len() > 60);
    assert_eq!(said.leaks(), []);
}

async fn requests_with_keys(said: &mut Said) {
    let keys = MemoryApiKeys::new();
    let (good, good_record) = record(said, "a good key", &keys);
    let (revoked, revoked_record) = record(said, "a revoked key", &keys);
    keys.revoke(revoked_record.hash());
    let (expired, expired_record) = record(said, "an expired key", &keys);
    keys.insert(expired_record.with_expiry(UnixTime::from_seconds(1)));
    let (unknown, unknown_record) = record(said, "an unknown key", &keys);
    keys.remove(unknown_record.hash());
    let misspelt = format!("{}!", &good[..good.len() - 1]);
    let as_bearer = format!("Bearer {good}");
    let in_query = format!("/who?access_token={good}");
    let key = SigningKey::shared_secret(shared_secret());
    let issuer = TokenIssuer::new("us", AUDIENCE, key).unwrap();
    let admission = Admission::new(JwtVerifier::new([issuer.issuer()]).unwrap())
        .token_query_parameter("access_token")
        .unwrap()
        .tenant_header("x-tenant-id")
        .unwrap()
        .api_keys(ApiKeys::new(keys.clone()))
        .audit(TracingAudit)
        .exempt("/open")
        .unwrap();
    for (path, fields, expected) in [
        ("/who", &[("x-api-key", good.as_str())][..], 200),
        ("/who", &[("x-api-key", &revoked)], 401),
        ("/who", &[("x-api-key", &expired)], 401),
        ("/who", &[("x-api-key", &unknown)], 401),
        ("/who", &[("x-api-key", &misspelt)], 400),
        ("/who", &[("x-api-key", &as_bearer)], 400),
        ("/who", &[("x-api-key", EMAIL)], 400),
        ("/who", &[("x-api-key", &good), ("x-api-key", &good)], 400),
        (
            "/who",
            &[("x-api-key", &good), ("authorization", &as_bearer)],
            400,
        ),
        ("/who", &[("authorization", &as_bearer)], 401),
        (&in_query, &[], 401),
        ("/who", &[("x-api-key", &good), ("x-tenant-id", &good)], 403),
        ("/open", &[("x-api-key", &good)], 500),
    ] {
        assert_eq!(
            ask(said, &admission, path, fields).await,
            expected,
            "{path} {fields:?}"
        );
    }
    said.debug("`Admission`", &admission);
    said.debug("`ApiKeys`", &ApiKeys::new(keys.clone()));
    said.debug("`MemoryApiKeys`", &keys);
    said.debug("`ApiKeyRecord`", &good_record);
    let hash = ApiKeyHash::of(&good).unwrap();
    said.debug("`ApiKeyHash`", &hash);
    said.text("`Display` of `ApiKeyHash`", hash.to_string());
    said.debug("`Presented`", &Presented::ApiKey(hash));
    let error: ApiKeyError = ApiKey::generate_with_prefix(EMAIL).unwrap_err();
    said.error("an `ApiKeyError`", &error);
}
